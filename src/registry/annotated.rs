//! What an officer sent, with each finding at its cell, to be mended and sent again.

use retrofit_import::write::{self, AnnotateError};
use tempfile::NamedTempFile;

use super::intake::{self, UPLOADS};
use super::people::Operator;
use super::{Error, Failure, Registry, business_day, file_failure};

/// How much of an upload an annotated workbook holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// All that was sent.
    Whole,
    /// The rows that wait for the officer: a supplement.
    OnlyHeld,
}

/// The annotated workbook of an upload, as of today's business day and the registry as it is; the file goes when it is dropped.
///
/// # Errors
/// As [`intake::upload`]; refused where the original cannot be read any more, or no row is held.
pub fn annotated(registry: &Registry, operator: &Operator, upload: i64, part: Part) -> Result<NamedTempFile, Error> {
    let upload = intake::upload(registry, operator, upload)?;
    let original = registry.folder(UPLOADS)?.join(&upload.stored);
    let failed = |source| file_failure(&original, source);
    let roster = intake::read(registry, &upload, business_day(registry.clock.now()))?;
    let report = intake::preview(registry, &upload, roster, None)?.report()?;
    let out = NamedTempFile::with_suffix(".xlsx").map_err(failed)?;
    let written = match part {
        Part::Whole => write::annotated(&registry.checker, &original, &report, out.path()).map(|()| None),
        Part::OnlyHeld => write::only_held(&registry.checker, &original, &report, out.path()).map(Some),
    };
    let rows = written.map_err(|error| match error {
        AnnotateError::Refused(refusal) => Error::refused(refusal.message),
        AnnotateError::Read(source) => failed(source).into(),
        AnnotateError::Write(error) => Failure::Workbook(error).into(),
    })?;
    if rows == Some(0) {
        return Err(Error::refused("这次报送没有暂缓的行。"));
    }
    Ok(out)
}
