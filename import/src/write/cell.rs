//! A roster's cell, written as it was.

use chrono::{NaiveDate, NaiveDateTime};
use rust_xlsxwriter::{Worksheet, XlsxError};

use super::style::{Place, Shown, Style, Styles};
use crate::finding::Severity;
use crate::workbook::{Cell, Content};

/// Writes a cell with its look. A text is written as a string, whatever it begins with.
pub(crate) fn write_cell(
    to: &mut Worksheet,
    row: u32,
    cell: &Cell,
    place: Place,
    severity: Option<Severity>,
    styles: &mut Styles,
) -> Result<(), XlsxError> {
    let column = u16::try_from(cell.column).unwrap_or(u16::MAX);
    let shown = shown(&cell.content);
    let format = styles.format(Style { place, severity, shown });
    let written = match &cell.content {
        Content::Text(_) | Content::Error(_) => None,
        Content::Bool(value) => Some(to.write_boolean_with_format(row, column, *value, format)),
        Content::Number(text) => {
            let number = text.parse::<f64>().ok();
            number.map(|number| to.write_number_with_format(row, column, number, format))
        }
        Content::Percent(text) => {
            let number = text.parse::<f64>().ok();
            number.map(|number| to.write_number_with_format(row, column, number / 100.0, format))
        }
        Content::Date(text) if shown == Shown::Date => {
            let day = text.parse::<NaiveDate>().ok();
            day.map(|day| to.write_datetime_with_format(row, column, day, format))
        }
        Content::Date(text) => {
            let time = text.parse::<NaiveDateTime>().ok();
            time.map(|time| to.write_datetime_with_format(row, column, time, format))
        }
    };
    if !matches!(written, Some(Ok(_))) {
        // Text, and what Excel has no value for: a date before 1900, say.
        let text = match &cell.content {
            Content::Percent(text) => format!("{text}%"),
            Content::Bool(value) => value.to_string().to_uppercase(),
            Content::Text(text) | Content::Error(text) | Content::Number(text) | Content::Date(text) => {
                clipped(text).to_owned()
            }
        };
        to.write_string_with_format(row, column, text, format)?;
    }
    Ok(())
}

fn shown(content: &Content) -> Shown {
    match content {
        Content::Text(text) if text.contains('\n') => Shown::Lines,
        Content::Date(text) if text.contains('T') => Shown::DateTime,
        Content::Date(_) => Shown::Date,
        Content::Percent(text) => {
            Shown::Percent(text.split_once('.').map_or(0, |(_, decimals)| decimals.len().min(10)))
        }
        Content::Number(text) if text.contains('.') && text.ends_with('0') => Shown::TwoDecimals,
        Content::Text(_) | Content::Number(_) | Content::Bool(_) | Content::Error(_) => Shown::General,
    }
}

/// No longer than Excel takes; no text of ours or of a roster comes near, but for its limit of cells being raised.
pub(crate) fn clipped(text: &str) -> &str {
    /// UTF-16 units, of which a character takes up to two.
    const MOST: usize = 32_000;
    if text.len() <= MOST {
        return text;
    }
    let end = text.char_indices().scan(0, |units, (at, char)| {
        *units += char.len_utf16();
        (*units <= MOST).then_some(at + char.len_utf8())
    });
    &text[..end.last().unwrap_or_default()]
}
