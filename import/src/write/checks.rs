//! What a spreadsheet program asks of a cell while it is filled: dropdowns, numbers in their range, dates, lengths.
//!
//! What our reader would refuse is stopped; what it reads and a colleague may not is only warned of.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use rust_xlsxwriter::{
    DataValidation, DataValidationErrorStyle, DataValidationRule, Formula, IntoDataValidationValue, XlsxError,
};

use super::help;
use super::lists::Lists;
use crate::catalogue::{Catalogue, Field, FieldInfo, FieldType};
use crate::workbook::{Address, column_name};

/// Characters that a spreadsheet takes for the title and for the text of a message.
const TITLE: usize = 32;
const MESSAGE: usize = 255;

/// The check of a field's cells, the first of which is `cell`; `county` is the cell with that row's county.
pub(super) fn check(
    catalogue: &Catalogue,
    info: &FieldInfo,
    lists: &Lists,
    cell: Address,
    county: Address,
) -> Result<Option<DataValidation>, XlsxError> {
    let field = info.field;
    let blank = DataValidation::new();
    let checked = match field.field_type() {
        FieldType::Text(limit) => blank.allow_text_length(DataValidationRule::LessThanOrEqualTo(u32::from(limit))),
        FieldType::Uscc => blank.allow_text_length(DataValidationRule::EqualTo(18)),
        FieldType::Decimal(_) | FieldType::Percent => match bounds(info, Decimal::to_f64) {
            Some(rule) => blank.allow_decimal_number(rule),
            None => return Ok(None),
        },
        FieldType::Integer => match bounds(info, Decimal::to_i32) {
            Some(rule) => blank.allow_whole_number(rule),
            None => return Ok(None),
        },
        FieldType::Month | FieldType::Date => blank.allow_custom(is_date(cell)),
        FieldType::Codes(_) => blank.allow_any_value(),
        FieldType::Phone => return Ok(None),
        FieldType::Code(_) | FieldType::YesNo | FieldType::County | FieldType::Township => {
            match lists.source(field.field_type(), county) {
                Some(source) => blank.allow_list_formula(source),
                None => return Ok(None),
            }
        }
    };
    let only_warned = matches!(
        field.field_type(),
        FieldType::Month | FieldType::Date | FieldType::Township | FieldType::Uscc
    ) || matches!(field, Field::Longitude | Field::Latitude);
    let style = if only_warned {
        DataValidationErrorStyle::Warning
    } else {
        DataValidationErrorStyle::Stop
    };
    let checked = checked
        .set_error_style(style)
        .set_error_title(clipped(&info.label, TITLE))?
        .set_error_message(clipped(&help::how(info), MESSAGE))?;
    let told = match field.field_type() {
        _ if field == Field::RegistryCode => info.meaning.clone(),
        FieldType::Codes(list) => format!("{}{}", help::how(info), help::choices(catalogue, list)),
        FieldType::Month | FieldType::Date => help::how(info),
        _ => return Ok(Some(checked)),
    };
    let titled = checked.set_input_title(clipped(&info.label, TITLE))?;
    Ok(Some(titled.set_input_message(clipped(&told, MESSAGE))?))
}

fn bounds<T: IntoDataValidationValue>(
    info: &FieldInfo,
    number: impl Fn(&Decimal) -> Option<T>,
) -> Option<DataValidationRule<T>> {
    let (low, high) = info.range?;
    Some(DataValidationRule::Between(number(&low)?, number(&high)?))
}

/// A day that the program knows, or a text such as 2023, 2023-05 or 2023-05-12: each filled up to a day must be one.
fn is_date(cell: Address) -> Formula {
    let cell = format!("{}{}", column_name(cell.column), cell.row + 1);
    Formula::new(format!(
        "=OR(ISNUMBER({cell}),ISNUMBER(DATEVALUE(LEFT({cell}&\"-01-01\",10))))"
    ))
}

/// The beginning of a text, in so many units of UTF-16.
fn clipped(text: &str, most: usize) -> String {
    let mut units = 0;
    let fits = |c: &char| {
        units += c.len_utf16();
        units <= most
    };
    text.chars().take_while(fits).collect()
}
