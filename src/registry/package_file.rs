//! The file of a package: a ZIP with the manifest, the records as JSON lines and as a workbook, and in that workbook a sheet to
//! note the receipts in.

use std::io::{Cursor, Write as _};

use retrofit_jobs::delivery::Contents;
use rust_xlsxwriter::{Color, DataValidation, Format, FormatBorder, Workbook, Worksheet, XlsxError};
use serde_json::Value;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::receipts_file::{COLUMNS, RESULTS, SHEET};

/// Why a package could not be written: our own fault.
#[derive(Debug, thiserror::Error)]
pub(super) enum PackageError {
    #[error("cannot write the workbook of a package: {0}")]
    Workbook(#[from] XlsxError),
    #[error("cannot write the file of a package: {0}")]
    Zip(#[from] zip::result::ZipError),
    #[error("cannot write the file of a package: {0}")]
    Io(#[from] std::io::Error),
    #[error("a record is no JSON: {0}")]
    Json(#[from] serde_json::Error),
}

pub(super) fn write(contents: &Contents<'_>) -> Result<Vec<u8>, PackageError> {
    let (workbook, lines) = (workbook(contents)?, contents.jsonl());
    let files = [("records.xlsx", &*workbook), ("records.jsonl", lines.as_bytes())];
    let manifest = contents.manifest(&files);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in [("manifest.json", manifest.as_bytes())].into_iter().chain(files) {
        zip.start_file(name, SimpleFileOptions::default())?;
        zip.write_all(bytes)?;
    }
    Ok(zip.finish()?.into_inner())
}

fn workbook(contents: &Contents<'_>) -> Result<Vec<u8>, PackageError> {
    let mut workbook = Workbook::new();
    let header = Format::new()
        .set_bold()
        .set_background_color(Color::RGB(0x00E7_ECF3))
        .set_border(FormatBorder::Thin)
        .set_border_color(Color::RGB(0x00A0_A8B4));
    let records = workbook.add_worksheet().set_name("records")?;
    for (column, name) in (0..).zip(contents.columns()) {
        records.write_string_with_format(0, column, name, &header)?;
    }
    for (row, values) in (1..).zip(contents.rows()?) {
        for (column, value) in (0..).zip(&values) {
            cell(records, row, column, value)?;
        }
    }
    records.set_freeze_panes(1, 1)?;
    records.set_autofit_max_width(320);
    records.autofit();
    receipts(workbook.add_worksheet().set_name(SHEET)?, contents, &header)?;
    Ok(workbook.save_to_buffer()?)
}

/// The sheet that the operator notes the platform's answers in. What names the package comes last, for us.
fn receipts(sheet: &mut Worksheet, contents: &Contents<'_>, header: &Format) -> Result<(), XlsxError> {
    for ((column, name), width) in (0..).zip(COLUMNS).zip([20.0, 12.0, 26.0, 50.0, 10.0, 40.0]) {
        sheet.write_string_with_format(0, column, name, header)?;
        sheet.set_column_width(column, width)?;
    }
    for (row, record) in (1..).zip(&contents.records) {
        sheet.write_string(row, 0, record.source_id)?;
        sheet.write_string(row, 4, record.revision.to_string())?;
        sheet.write_string(row, 5, contents.batch_no)?;
    }
    let last = u32::try_from(contents.records.len()).unwrap_or(u32::MAX);
    let results = DataValidation::new()
        .allow_list_strings(&RESULTS.map(|(_, label)| label))?
        .set_input_title("平台的结果")?
        .set_input_message("尚无结果的留空。退回的请把平台的原话写在 message 栏。")?
        .set_error_message("请从下拉列表中选择。")?;
    sheet.add_data_validation(1, 1, last, 1, &results)?;
    sheet.set_freeze_panes(1, 1)?;
    Ok(())
}

/// Numbers as numbers, all else as text: codes keep their zeros, and nothing becomes a formula.
fn cell(sheet: &mut Worksheet, row: u32, column: u16, value: &Value) -> Result<(), XlsxError> {
    match value {
        Value::Null => {}
        Value::Number(number) => drop(sheet.write_number(row, column, number.as_f64().unwrap_or_default())?),
        Value::String(text) => drop(sheet.write_string(row, column, text)?),
        Value::Array(codes) => {
            let codes: Vec<&str> = codes.iter().filter_map(Value::as_str).collect();
            sheet.write_string(row, column, codes.join(","))?;
        }
        other => drop(sheet.write_string(row, column, other.to_string())?),
    }
    Ok(())
}
