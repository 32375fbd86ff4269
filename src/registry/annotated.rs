//! What an officer sent, with each finding at its cell, to be mended and sent again.

use std::io;

use retrofit_import::report::Report;
use retrofit_import::write::{self, AnnotateError};
use tempfile::NamedTempFile;

use super::intake::{self, UPLOADS};
use super::people::Operator;
use super::{Error, Registry, business_day, file_failure};

/// The annotated workbook of an upload, as of today's business day; the file goes when it is dropped.
///
/// # Errors
/// As [`intake::upload`]; refused where the original cannot be read any more.
pub fn annotated(registry: &Registry, operator: &Operator, upload: i64) -> Result<NamedTempFile, Error> {
    let upload = intake::upload(registry, operator, upload)?;
    let original = registry.folder(UPLOADS)?.join(&upload.stored);
    let failed = |source| file_failure(&original, source);
    let today = business_day(registry.clock.now());
    let report = Report::new(&registry.checker, &original, today, false).map_err(failed)?;
    let out = NamedTempFile::with_suffix(".xlsx").map_err(failed)?;
    write::annotated(&registry.checker, &original, &report, out.path()).map_err(|error| match error {
        AnnotateError::Refused(refusal) => Error::refused(refusal.message),
        AnnotateError::Read(source) => failed(source).into(),
        AnnotateError::Write(error) => failed(io::Error::other(error)).into(),
    })?;
    Ok(out)
}
