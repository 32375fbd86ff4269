//! A document's tables as a workbook: a sheet a table, each with a chart that Excel and WPS draw themselves, so that it can be changed there.

use rust_xlsxwriter::{Chart, ChartType, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError};

use super::document::{Document, Table};

/// Which columns of a table its chart stacks, by their heads.
const STACKED: [&str; 3] = ["已完成", "正在加固", "未开工"];

/// The tables of a document as the bytes of a .xlsx file.
///
/// # Errors
/// The workbook cannot be put together: our own fault.
pub fn book(document: &Document) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    for table in document.tables() {
        let sheet = workbook.add_worksheet();
        // `表1 各类工程进展` is the sheet 各类工程进展.
        let name = table.caption.split_once(' ').map_or(&*table.caption, |(_, name)| name);
        sheet.set_name(name.replace(['[', ']', ':', '*', '?', '/', '\\'], " "))?;
        fill(sheet, document, table)?;
    }
    workbook.save_to_buffer()
}

fn fill(sheet: &mut Worksheet, document: &Document, table: &Table) -> Result<(), XlsxError> {
    let title = Format::new().set_bold().set_font_size(16);
    let head = Format::new()
        .set_bold()
        .set_border(FormatBorder::Thin)
        .set_background_color("#E6F0F2")
        .set_align(FormatAlign::Center)
        .set_text_wrap();
    let words = Format::new().set_border(FormatBorder::Thin).set_text_wrap();
    let figure = words.clone().set_align(FormatAlign::Right);
    let money = figure.clone().set_num_format("0.00");
    sheet.write_string_with_format(0, 0, &table.caption, &title)?;
    sheet.write_string(1, 0, format!("{}　{}", document.title, document.date))?;
    for (text, column) in table.heads.iter().zip(0..) {
        sheet.write_string_with_format(2, column, text, &head)?;
        let width = match usize::from(column) {
            0 => 22,
            at if at < table.words => 28,
            _ => 13,
        };
        sheet.set_column_width(column, width)?;
    }
    for (cells, row) in table.rows.iter().zip(3..) {
        for (text, column) in cells.iter().zip(0..) {
            // A workbook knows binary numbers only; these have at most two decimals.
            match text.parse::<f64>() {
                Ok(number) if usize::from(column) >= table.words => {
                    let format = if text.contains('.') { &money } else { &figure };
                    sheet.write_number_with_format(row, column, number, format)?
                }
                _ if usize::from(column) >= table.words => {
                    sheet.write_string_with_format(row, column, text, &figure)?
                }
                _ => sheet.write_string_with_format(row, column, text, &words)?,
            };
        }
    }
    sheet.set_freeze_panes(3, 1)?;
    sheet.set_landscape().set_print_fit_to_pages(1, 0);
    // The last row is the total, which no chart shows; a table of nothing else has none, nor one without figures.
    let rows = u32::try_from(table.rows.len()).unwrap_or_default();
    if rows < 2 || !table.heads.iter().any(|head| STACKED.contains(&head.as_str())) {
        return Ok(());
    }
    let last = rows + 1;
    let mut chart = Chart::new(ChartType::BarStacked);
    for (text, column) in table.heads.iter().zip(0_u16..) {
        if STACKED.contains(&text.as_str()) {
            chart
                .add_series()
                .set_name((sheet.name().as_str(), 2, column))
                .set_categories((sheet.name().as_str(), 3, 0, last, 0))
                .set_values((sheet.name().as_str(), 3, column, last, column));
        }
    }
    chart.title().set_name(table.caption.as_str());
    // The first line on top, as in the table.
    chart.y_axis().set_reverse();
    chart.set_width(760).set_height(420);
    sheet.insert_chart(last + 4, 0, &chart)?;
    Ok(())
}
