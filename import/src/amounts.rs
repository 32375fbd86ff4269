//! Amounts that cannot be taken as they stand: of several rows together, or in a unit that is not certain.

use std::sync::Arc;

use rust_decimal::Decimal;

use crate::catalogue::Field;
use crate::layout::{Table, contradicts};
use crate::record::Read;
use crate::values::{Fault, Quantity, Reader, Value, quantity};
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

/// A cell whose column measures something.
#[derive(Debug)]
pub(crate) struct Measured<'a> {
    pub(crate) field: Field,
    /// The field's label.
    pub(crate) label: &'a str,
    /// What is written in it, cleaned.
    pub(crate) text: &'a str,
    /// The cell; of a merged area its first.
    pub(crate) address: Option<Address>,
    /// Its row, 1-based, and its column, from 0.
    pub(crate) at: (u32, u32),
    /// The unit in force for its column.
    pub(crate) unit: Option<&'a str>,
}

impl Measured<'_> {
    /// Why what was read cannot be taken as it stands, where it cannot. `unit_line` is a line between the row and its header that names other units.
    pub(crate) fn doubt(
        &self,
        read: &Read,
        reader: &Reader,
        table: &Table,
        unit_line: Option<&(u32, Arc<[String]>)>,
    ) -> Option<Fault> {
        if self.address.is_some_and(|address| address.row + 1 < self.at.0) {
            return shared_amount(self.field, self.label, read, self.text);
        }
        if self.field == Field::ProgressPercent {
            return self.is_fraction(read);
        }
        unit_line.and_then(|(row, units)| self.under_other_unit(*row, units, reader, table))
    }

    /// A progress below one percent whose column and cell do not say that it is one: 0.35 is how a spreadsheet holds 35%.
    fn is_fraction(&self, read: &Read) -> Option<Fault> {
        let text = self.text;
        let Read::Value(Value::Decimal(number)) = read else {
            return None;
        };
        let plain = self.unit.is_none() && text.ends_with(|c: char| c.is_ascii_digit());
        if !plain || number.is_zero() || number.fract() != *number {
            return None;
        }
        let percent = (number * Decimal::ONE_HUNDRED).normalize();
        Some(Fault {
            code: "V002",
            message: format!("“{text}”是 {percent}% 还是 {text}%，看不出来。"),
            suggestion: Some(format!("请写成百分数，如 {percent}%。")),
        })
    }

    /// A number without a unit of its own, under a line that names another one than its column has.
    fn under_other_unit(&self, row: u32, units: &[String], reader: &Reader, table: &Table) -> Option<Fault> {
        let mut columns = table.columns.iter().chain(&table.added);
        let column = columns.find(|column| column.at == self.at.1)?;
        let bare = self.text.ends_with(|c: char| c.is_ascii_digit());
        (bare && contradicts(reader, column, self.unit, units)).then(|| Fault {
            code: "V002",
            message: format!("第{}行写着另一个单位，“{}”该按哪个单位读，看不出来。", row + 1, self.text),
            suggestion: Some(
                "请把单位写在表头里或表头上面；下面的行换了单位的，把表头再写一遍，或在数的后面写明单位，如 120万元、800㎡。"
                    .to_owned(),
            ),
        })
    }
}
