//! Cells of number fields: their units, their ranges and their decimals.

use std::borrow::Cow;
use std::sync::Arc;

use rust_decimal::{Decimal, RoundingStrategy};

use super::fold::fold;
use super::reader::Reader;
use super::reading::{Carried, Fault, Reading};
use super::types::Value;
use super::unit::{Quantity, Unit, quantity, unit};
use super::{coordinate, number};
use crate::catalogue::{CodeList, Field, FieldType};
use crate::record::Read;
use crate::workbook::Content;

impl Reader {
    pub(super) fn read_number(
        &self,
        field: Field,
        text: &str,
        content: &Content,
        column_unit: Option<&str>,
        decimals: u32,
    ) -> Reading {
        let folded = match content {
            Content::Number(digits) => Cow::Borrowed(&**digits),
            _ if quantity(field) == Some(Quantity::Degrees) => Cow::Owned(coordinate::folded(text)),
            _ => Cow::Owned(fold(text)),
        };
        let mut bare = &*folded;
        let mut column_unit = column_unit;
        match quantity(field) {
            Some(Quantity::Degrees) if !matches!(content, Content::Number(_)) => {
                if let Some(degrees) = coordinate::from_dms(&folded) {
                    let minutes = !folded.ends_with(['°', '度']);
                    return self.in_range(field, degrees, text).changed(minutes);
                }
                if let Some(pair) = coordinate::pair(text) {
                    return self.read_pair(field, pair, text);
                }
                bare = coordinate::without_hemisphere(&folded);
            }
            Some(Quantity::Money) => {
                let named = folded.trim_start_matches("人民币");
                bare = named.trim_start_matches('¥');
                // The sign is also that of a format which people choose for amounts in 万元: a unit that the column names holds.
                column_unit = column_unit.or((bare != named).then_some("元"));
            }
            Some(Quantity::Percent) => {
                if let Some(percent) = folded.strip_prefix("百分之") {
                    bare = percent;
                }
            }
            Some(Quantity::Storeys) => {
                let own = if field == Field::FloorsBelow {
                    "地下"
                } else {
                    "地上"
                };
                bare = folded.trim_start_matches(own);
            }
            _ => {}
        }
        let Some(found) = number::written(bare) else {
            return Reading::fault(self.no_number(field, text));
        };
        let (factor, also) = match self.unit_factor(field, found.rest, column_unit) {
            Ok(found) => found,
            Err(Some(reason)) => {
                let message = format!("“{text}”的单位不能用：{reason}。");
                return Reading::fault(Fault::new("V002", message, self.number_hint(field)));
            }
            Err(None) => return Reading::fault(self.no_number(field, text)),
        };
        let Some(exact) = found.number.checked_mul(factor) else {
            return Reading::fault(self.out_of_range(field, text));
        };
        let rounded = exact.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero);
        let mut reading = self.in_range(field, rounded, text);
        let rounding = reading.fault.is_none() && rounded != exact;
        reading.changed =
            factor != Decimal::ONE || also.is_some() || rounding || matches!(content, Content::Percent(_));
        reading.also.extend(also);
        if rounding {
            let message = format!("“{text}”保留 {decimals} 位小数，按 {} 读取。", rounded.normalize());
            reading.fault = Some(Fault::new("V010", message, "如需精确，请按规定的小数位数填写。"));
        }
        reading
    }

    /// A cell of either coordinate that holds both.
    fn read_pair(&self, field: Field, (longitude, latitude): (Decimal, Decimal), text: &str) -> Reading {
        let (own, other) = match field {
            Field::Longitude => (longitude, (Field::Latitude, latitude)),
            _ => (latitude, (Field::Longitude, longitude)),
        };
        let rounded = |number: Decimal| {
            number.round_dp_with_strategy(coordinate::DECIMALS, RoundingStrategy::MidpointAwayFromZero)
        };
        let mut reading = self.in_range(field, rounded(own), text).changed(true);
        let carried = self.in_range(other.0, rounded(other.1), text);
        match carried.read {
            Read::Value(value) if reading.fault.is_none() => {
                reading.also.push((other.0, value));
                reading
            }
            // Two numbers in one cell are no swapped columns.
            _ => {
                let fault = reading.fault.or(carried.fault);
                Reading::fault(fault.unwrap_or_else(|| self.out_of_range(field, text)))
            }
        }
    }

    /// Whether a folded text is a unit that numbers of the field may have, or that is refused by name.
    pub(crate) fn is_unit(&self, field: Field, folded: &str) -> bool {
        quantity(field).is_some_and(|quantity| unit(quantity, folded).is_some())
            || (field == Field::ScaleValue && self.scale_unit(folded).is_some())
    }

    /// The unit of a scale and what the number is multiplied by: `户`, `万㎡`.
    fn scale_unit(&self, folded: &str) -> Option<(Decimal, Arc<str>)> {
        let code = |text: &str| self.index.code(CodeList::ScaleUnit, text);
        let ten_thousands = || code(folded.strip_prefix('万')?);
        code(folded)
            .map(|code| (Decimal::ONE, code))
            .or_else(|| Some((Decimal::from(10_000), ten_thousands()?)))
    }

    /// The factor of the unit behind the number, else of the column; and the scale's unit where the cell names it.
    fn unit_factor(
        &self,
        field: Field,
        rest: &str,
        column_unit: Option<&str>,
    ) -> Result<(Decimal, Option<Carried>), Option<&'static str>> {
        let rest = rest.trim_matches(['(', ')', '[', ']', '。']);
        let written = if rest.is_empty() { column_unit } else { Some(rest) };
        let (Some(written), Some(quantity)) = (written, quantity(field)) else {
            return if rest.is_empty() {
                Ok((Decimal::ONE, None))
            } else {
                Err(None)
            };
        };
        match unit(quantity, written) {
            Some(Unit::Factor(factor)) => return Ok((factor, None)),
            Some(Unit::Refused(reason)) => return Err(Some(reason)),
            None => {}
        }
        if field == Field::ScaleValue
            && let Some((factor, code)) = self.scale_unit(written)
        {
            return Ok((factor, Some((Field::ScaleUnit, Value::Code(code)))));
        }
        Err(None)
    }

    fn no_number(&self, field: Field, text: &str) -> Fault {
        Fault::new("V002", format!("“{text}”不是数字。"), self.number_hint(field))
    }

    fn number_hint(&self, field: Field) -> String {
        let unit = self.catalogue.field(field).unit_label();
        let unit = unit.map(|unit| format!("，单位{unit}")).unwrap_or_default();
        format!("请只填数字{unit}；没有的留空。")
    }

    /// Keeps a number inside the field's range. A coordinate that would fit the other coordinate is kept as written: P002 speaks of it.
    fn in_range(&self, field: Field, number: Decimal, text: &str) -> Reading {
        let range = self.catalogue.field(field).range;
        if range.is_none_or(|(low, high)| (low..=high).contains(&number)) {
            return Reading::value(match field.field_type() {
                FieldType::Integer => match i64::try_from(number) {
                    Ok(whole) => Value::Integer(whole),
                    Err(_) => return Reading::fault(self.out_of_range(field, text)),
                },
                _ => Value::Decimal(number),
            });
        }
        let mut reading = Reading::fault(self.out_of_range(field, text));
        if matches!(field, Field::Longitude | Field::Latitude) {
            reading.also.push((field, Value::Decimal(number)));
        }
        reading
    }

    fn out_of_range(&self, field: Field, text: &str) -> Fault {
        let info = self.catalogue.field(field);
        let message = format!("「{}」填的是“{text}”，超出合理范围。", info.label);
        let suggestion = match info.range {
            Some((low, high)) => format!(
                "应在 {} 到 {} 之间，请核对数值和单位。",
                low.normalize(),
                high.normalize()
            ),
            None => "请核对数值和单位。".to_owned(),
        };
        Fault::new("V005", message, suggestion)
    }
}
