//! A project's cell: a canonical value to what is shown of it, so that our own reader finds the same value in it.

use rust_xlsxwriter::{Format, Worksheet, XlsxError};

use crate::catalogue::{Catalogue, CodeList, Field, FieldType};
use crate::values::Canonical;

/// Significant digits that a spreadsheet keeps of a number; one with more is written as text.
const DIGITS: usize = 15;

/// Writes what is shown of a value. A text never becomes a formula.
pub(super) fn write(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    field: Field,
    shown: &str,
    format: &Format,
) -> Result<(), XlsxError> {
    match number(field, shown) {
        Some(number) => sheet.write_number_with_format(row, column, number, format)?,
        None => sheet.write_string_with_format(row, column, shown, format)?,
    };
    Ok(())
}

/// The number that a cell of the field holds; the nearest binary number shows the same decimal again.
fn number(field: Field, text: &str) -> Option<f64> {
    if !is_number(field) || text.bytes().filter(u8::is_ascii_digit).count() > DIGITS {
        return None;
    }
    text.parse().ok()
}

/// Whether cells of the field hold numbers.
pub(super) fn is_number(field: Field) -> bool {
    matches!(
        field.field_type(),
        FieldType::Decimal(_) | FieldType::Integer | FieldType::Percent
    )
}

/// A value as officers read it: labels instead of codes, names instead of divisions' codes.
pub(super) fn shown(catalogue: &Catalogue, field: Field, value: &Canonical) -> String {
    let one = |text: &str| match field.field_type() {
        FieldType::Code(list) | FieldType::Codes(list) => catalogue.code_label(list, text).to_owned(),
        FieldType::YesNo => catalogue.code_label(CodeList::YesNo, text).to_owned(),
        FieldType::County | FieldType::Township => division(catalogue, text),
        _ => text.to_owned(),
    };
    match value {
        Canonical::One(text) => one(text),
        Canonical::Many(texts) => texts.iter().map(|text| one(text)).collect::<Vec<_>>().join("、"),
    }
}

/// The name of a division; its code where the name could mean another one.
fn division(catalogue: &Catalogue, code: &str) -> String {
    let divisions = catalogue.divisions();
    let name = divisions.name(code);
    if divisions.named(name).count() > 1 { code } else { name }.to_owned()
}
