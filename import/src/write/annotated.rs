//! The annotated workbook: what the officer sent, with each finding at its cell, to be mended and sent as it is.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

use rust_xlsxwriter::{Workbook, XlsxError};
use thiserror::Error;

use super::copy::Copy;
use super::sheet_names::SheetNames;
use super::supplement::Supplement;
use super::{draft, mark, result_sheet};
use crate::check::{Checker, SheetSummary};
use crate::feedback;
use crate::report::Report;
use crate::workbook::marks::Marks;
use crate::workbook::{Format, Refusal};

/// Bytes of a workbook that is edited in place: its parts are held in memory whole.
const MOST_IN_PLACE: u64 = 20 << 20;

const MARKED: &str = "本文件就是您报送的文件：格式、公式、图片和隐藏的行列都是原样，只加了本页、右边几栏、有问题的单元格的底色和批注；有问题的行调高了行高。";
const REBUILT: &str = "本文件按原表的内容重新生成：数值、行列、合并单元格和隐藏的行列与原表相同；字体、列宽、公式（以计算结果代替）和图片没有保留。";

/// Why an annotated workbook was not written.
#[derive(Debug, Error)]
pub enum AnnotateError {
    /// The original could not be opened, or its reader not be started.
    #[error("cannot read the original")]
    Read(#[from] io::Error),
    /// The original was read before and is refused now: it has changed, or the machine is short of something.
    #[error("the original is refused on second reading: {}", .0.message)]
    Refused(Refusal),
    /// The workbook could not be written.
    #[error("cannot write the annotated workbook")]
    Write(#[from] XlsxError),
}

/// Writes to `out` what `report` found in `original`, marked at its cells. Of a file that could not be read only the first sheet is written.
///
/// # Errors
/// The original is no longer readable, or `out` cannot be written.
pub fn annotated(checker: &Checker, original: &Path, report: &Report, out: &Path) -> Result<(), AnnotateError> {
    if let Some(marks) = in_place(checker, original, report)? {
        let mut file = BufWriter::new(File::create(out)?);
        let marked = checker.worker.mark(original, &checker.limits, &marks, &mut file)?;
        file.flush()?;
        if marked.is_ok() {
            return Ok(());
        }
    }
    let mut made = Vec::new();
    if report.summary.is_readable() {
        made.push(REBUILT.to_owned());
        made.extend(of_macros(report));
    }
    rebuild(checker, original, report, None, &made, out)
}

/// The marks for the original itself, where it is a workbook whose parts are edited; larger ones and all others are rebuilt.
fn in_place(checker: &Checker, original: &Path, report: &Report) -> io::Result<Option<Marks>> {
    let summary = &report.summary;
    let is_package = matches!(summary.format, Some(Format::Xlsx { .. }));
    if !is_package || !summary.is_readable() || original.metadata()?.len() > MOST_IN_PLACE {
        return Ok(None);
    }
    let sheets = mark::sheets(&checker.catalogue, report);
    // A workbook that came back with its columns whole has them again where they were.
    let fits = |table: &SheetSummary| {
        let marks = sheets.iter().find(|marks| marks.name == table.name);
        table.feedback.zip(marks).is_none_or(|(feedback, marks)| {
            let first = marks.first;
            (feedback.result, feedback.problems, feedback.explanation) == (Some(first), Some(first + 1), first + 2)
        })
    };
    if !summary.sheets.iter().all(fits) {
        return Ok(None);
    }
    let mut made = vec![MARKED.to_owned()];
    made.extend(of_macros(report));
    let mut names = SheetNames::default();
    let others = summary.outlines.iter().filter(|outline| !outline.is_result);
    for outline in others {
        names.name(&outline.name);
    }
    let replaced = summary.outlines.iter().find(|outline| outline.is_result);
    Ok(Some(Marks {
        front: result_sheet::draft(&checker.catalogue, report, false, &made),
        front_name: names.name(feedback::SHEET),
        replaces: replaced.map(|outline| outline.name.clone()),
        sheets,
    }))
}

/// Writes to `out` the rows of `original` that wait for the officer, and only these: a supplement, in which what is not listed is not
/// missing. Answers how many they are; without any, nothing is written.
///
/// # Errors
/// As [`annotated`].
pub fn only_held(checker: &Checker, original: &Path, report: &Report, out: &Path) -> Result<usize, AnnotateError> {
    let part = Supplement::new(report);
    let rows = part.report.rows.len();
    if rows > 0 {
        let made = [
            "改好后保存，作为补报单独报送即可。“原表第几行”指这一行在您原来的文件里的位置；提示文字里的其他行号也都是原文件的。"
                .to_owned(),
        ];
        rebuild(checker, original, &part.report, Some(&part), &made, out)?;
    }
    Ok(rows)
}

fn of_macros(report: &Report) -> Option<String> {
    let macros = report.summary.format.is_some_and(Format::has_macros);
    macros.then(|| "原文件里的宏没有运行，也没有带到本文件里；需要宏的请继续用原文件。".to_owned())
}

/// Reads the original once more through the child process and writes it as it comes, so that memory is bounded by one row and the
/// findings.
fn rebuild(
    checker: &Checker,
    original: &Path,
    report: &Report,
    part: Option<&Supplement>,
    made: &[String],
    out: &Path,
) -> Result<(), AnnotateError> {
    let mut names = SheetNames::default();
    let front_name = names.name(feedback::SHEET);
    let outlines = report.summary.outlines.iter().filter(|outline| !outline.is_result);
    let names: Vec<(&str, String)> = outlines
        .map(|outline| (outline.name.as_str(), names.name(&outline.name)))
        .collect();
    let front = result_sheet::draft(&checker.catalogue, report, part.is_some(), made);
    let mut book = Workbook::new();
    let written = |name: &str| {
        let found = names.iter().find(|(original, _)| *original == name);
        found.map(|(_, written)| written.clone())
    };
    draft::write(book.add_worksheet().set_name(front_name)?, &front, &written)?;
    if report.summary.refusal.is_none() {
        let mut copy = Copy::new(
            &mut book,
            report,
            &names,
            mark::sheets(&checker.catalogue, report),
            part,
        );
        let read = checker
            .worker
            .read(original, &checker.limits, &mut |event| copy.take(event))?;
        copy.finish()?;
        read.map_err(AnnotateError::Refused)?;
    }
    book.save(out)?;
    Ok(())
}
