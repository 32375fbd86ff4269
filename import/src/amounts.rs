//! Amounts that cannot be taken as they stand: of several rows together, or in a unit that is not certain.

use std::sync::Arc;

use rust_decimal::Decimal;

use crate::catalogue::Field;
use crate::layout::{Table, contradicts};
use crate::record::Read;
use crate::values::{Fault, Quantity, Reader, Reading, Value, quantity};
use crate::workbook::Address;

/// What is wrong with an amount in a merged area begun above, which several projects then share: each of them would be counted with the whole.
fn shared_amount(field: Field, label: &str, read: &Read, text: &str) -> Option<Fault> {
    let is_amount = matches!(
        quantity(field),
        Some(Quantity::Money | Quantity::Area | Quantity::Scale)
    );
    let is_zero = match read {
        Read::Value(Value::Decimal(number)) => number.is_zero(),
        Read::Value(Value::Integer(number)) => *number == 0,
        _ => true,
    };
    (is_amount && !is_zero).then(|| Fault {
        code: "V002",
        message: format!("「{label}」与上面的行合并成一格：{text}是这几行合在一起的数，还是每行都是，看不出来。"),
        suggestion: Some("请取消合并，每行填写各自的数。".to_owned()),
    })
}

/// A reading, unless it is an amount of a merged area begun in a row above.
pub(crate) fn of_own_row(
    reading: Reading,
    (field, label): (Field, &str),
    text: &str,
    address: Option<Address>,
    row: u32,
) -> Reading {
    let is_shared = address.is_some_and(|address| address.row + 1 < row);
    let fault = is_shared
        .then(|| shared_amount(field, label, &reading.read, text))
        .flatten();
    fault.map_or(reading, Reading::fault)
}

/// A reading, unless a line between the row and its header names another unit and the cell none.
pub(crate) fn under_one_unit(
    reading: Reading,
    reader: &Reader,
    table: &Table,
    (at, unit): (u32, Option<&str>),
    text: &str,
    said: Option<&(u32, Arc<[String]>)>,
) -> Reading {
    let Some((row, units)) = said.filter(|_| text.ends_with(|c: char| c.is_ascii_digit())) else {
        return reading;
    };
    let mut columns = table.columns.iter().chain(&table.added);
    let of_table = columns.find(|of_table| of_table.at == at);
    if !of_table.is_some_and(|of_table| contradicts(reader, of_table, unit, units)) {
        return reading;
    }
    Reading::fault(Fault {
        code: "V002",
        message: format!("第{}行写着另一个单位，“{text}”该按哪个单位读，看不出来。", row + 1),
        suggestion: Some(
            "请把单位写在表头里或表头上面；下面的行换了单位的，把表头再写一遍，或在数的后面写明单位，如 120万元、800㎡。"
                .to_owned(),
        ),
    })
}

/// A reading, unless it is a progress below one percent whose column and cell do not say that it is one: 0.35 is how a spreadsheet holds 35%.
pub(crate) fn of_whole_percents(reading: Reading, field: Field, unit: Option<&str>, text: &str) -> Reading {
    let plain = field == Field::ProgressPercent && unit.is_none() && text.ends_with(|c: char| c.is_ascii_digit());
    let fraction = match &reading.read {
        Read::Value(Value::Decimal(number)) if plain => Some(*number).filter(|number| number.fract() == *number),
        _ => None,
    };
    let Some(fraction) = fraction.filter(|fraction| !fraction.is_zero()) else {
        return reading;
    };
    let percent = (fraction * Decimal::ONE_HUNDRED).normalize();
    Reading::fault(Fault {
        code: "V002",
        message: format!("“{text}”是 {percent}% 还是 {text}%，看不出来。"),
        suggestion: Some(format!("请写成百分数，如 {percent}%。")),
    })
}
