//! A sheet of texts, written by rust_xlsxwriter.

use std::collections::HashMap;

use rust_xlsxwriter::utility::quote_sheet_name;
use rust_xlsxwriter::{Color, Format, FormatUnderline, Url, Worksheet, XlsxError};

use super::cell::clipped;
use super::style;
use crate::workbook::marks::{Draft, Look};

/// Writes the draft; `sheet_name` gives the name under which a sheet of the original stands.
pub(super) fn write(
    sheet: &mut Worksheet,
    draft: &Draft,
    sheet_name: &dyn Fn(&str) -> Option<String>,
) -> Result<(), XlsxError> {
    for (column, width) in (0..).zip(&draft.widths) {
        sheet.set_column_width(column, *width)?;
    }
    sheet.set_landscape().set_print_fit_to_pages(1, 0);
    let mut formats: HashMap<Look, Format> = HashMap::new();
    for (row, drafted) in (0..).zip(&draft.rows) {
        if let Some(height) = drafted.height {
            sheet.set_row_height(row, height)?;
        }
        for cell in &drafted.cells {
            let format = formats.entry(cell.look).or_insert_with(|| format(cell.look));
            let target = cell.link.as_ref().and_then(|(name, at)| Some((sheet_name(name)?, at)));
            match target {
                Some((name, at)) => {
                    let link = Url::new(format!("internal:{}!{at}", quote_sheet_name(&name))).set_text(&*cell.text);
                    sheet.write_url_with_format(row, cell.column, link, format)?;
                }
                None if cell.text.is_empty() => {
                    sheet.write_blank(row, cell.column, format)?;
                }
                None => {
                    sheet.write_string_with_format(row, cell.column, clipped(&cell.text), format)?;
                }
            }
        }
    }
    Ok(())
}

fn format(look: Look) -> Format {
    let base = style::base();
    let body = || style::grid(style::base().set_text_wrap());
    match look {
        Look::Title => base.set_bold().set_font_size(16),
        Look::Lead => base.set_bold().set_font_size(12),
        Look::Plain => base,
        Look::Header => style::header(base),
        Look::Body => body(),
        Look::Link => body()
            .set_underline(FormatUnderline::Single)
            .set_font_color(Color::RGB(0x0005_63C1)),
        Look::Coloured(severity) => style::coloured(body(), severity),
    }
}
