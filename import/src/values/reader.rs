//! One cell of a field to its typed value, or the faults that say why not.

use std::borrow::Cow;
use std::sync::Arc;

use rust_decimal::{Decimal, RoundingStrategy};

use super::codes::{CodeIndex, nearest};
use super::date::{self, NoDate};
use super::fold::{clean, fold};
use super::text::{BadUscc, check_uscc, is_phone};
use super::types::Value;
use super::unit::{Unit, quantity, unit};
use super::{coordinate, number};
use crate::catalogue::{Catalogue, CodeEntry, CodeList, Field, FieldType};
use crate::record::Read;
use crate::workbook::Content;

/// What is wrong with a cell, in the officer's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The V rule.
    pub(crate) code: &'static str,
    /// What was found and what is wrong with it.
    pub(crate) message: String,
    /// What to write instead.
    pub(crate) suggestion: Option<String>,
}

impl Fault {
    fn new(code: &'static str, message: String, suggestion: impl Into<String>) -> Self {
        Self {
            code,
            message,
            suggestion: Some(suggestion.into()),
        }
    }
}

/// A value of a field that another field's cell carries.
pub(crate) type Carried = (Field, Value);

/// What became of a cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reading {
    /// The value, or that it is blank or unread.
    pub(crate) read: Read,
    /// Why it is unread, or a hint on what was read.
    pub(crate) fault: Option<Fault>,
    /// A value of another field that the cell carries too: the acceleration of `7度（0.15g）`, the unit of `20户`. For a coordinate out of
    /// its range: the number itself, because the two coordinates may have been swapped.
    pub(crate) also: Option<Carried>,
}

impl Reading {
    fn value(value: Value) -> Self {
        Self {
            read: Read::Value(value),
            ..Self::default()
        }
    }

    fn fault(fault: Fault) -> Self {
        Self {
            read: Read::Unread,
            fault: Some(fault),
            ..Self::default()
        }
    }
}

/// Reads cells by the catalogue in force.
#[derive(Clone, Debug)]
pub(crate) struct Reader {
    catalogue: Arc<Catalogue>,
    index: CodeIndex,
}

impl Reader {
    pub(crate) fn new(catalogue: Arc<Catalogue>) -> Self {
        let index = CodeIndex::new(&catalogue);
        Self { catalogue, index }
    }

    /// The county or zone that a folded text names, for heading rows.
    pub(crate) fn county(&self, folded: &str) -> Option<Arc<str>> {
        self.index.county(&self.catalogue, folded)
    }

    /// Reads a cell; `column_unit` is the folded unit of its header or of a line above the table, which a unit in the cell beats.
    pub(crate) fn read(
        &self,
        field: Field,
        content: &Content,
        column_unit: Option<&str>,
        county: Option<&str>,
    ) -> Reading {
        if let Some(error) = excel_error(content) {
            let message = format!("单元格是 Excel 错误值 {error}，读不出内容。");
            return Reading::fault(Fault::new("V007", message, "请检查公式，或直接填写数值、文字。"));
        }
        let written = written(content);
        let text = clean(&written);
        if text.is_empty() {
            return Reading::default();
        }
        match field.field_type() {
            FieldType::Text(limit) => self.read_text(field, &text, limit),
            FieldType::Code(list) => self.read_code(field, list, &text, content),
            FieldType::YesNo => self.read_code(field, CodeList::YesNo, &text, content),
            FieldType::Codes(list) => self.read_codes(list, &text),
            FieldType::Uscc => read_uscc(&text),
            FieldType::Phone => read_phone(&text),
            FieldType::County => self.read_county(&text),
            FieldType::Township => self.read_township(&text, county),
            FieldType::Decimal(decimals) => self.read_number(field, &text, column_unit, decimals.into()),
            FieldType::Percent => self.read_number(field, &text, column_unit, 2),
            FieldType::Integer => self.read_number(field, &text, column_unit, 0),
            FieldType::Month | FieldType::Date => self.read_date(field, &text, content),
        }
    }

    fn read_text(&self, field: Field, text: &str, limit: u16) -> Reading {
        let label = self.catalogue.label(field);
        if text.chars().any(char::is_control) {
            let message = format!("「{label}」里有看不见的控制字符。");
            return Reading::fault(Fault::new("V006", message, "请删去重新输入，不要从其他软件直接粘贴。"));
        }
        let length = text.chars().count();
        if length > usize::from(limit) {
            let message = format!("「{label}」有 {length} 个字，超过上限 {limit} 个字。");
            return Reading::fault(Fault::new("V006", message, format!("请缩短到 {limit} 个字以内。")));
        }
        Reading::value(Value::Text(text.into()))
    }

    fn read_code(&self, field: Field, list: CodeList, text: &str, content: &Content) -> Reading {
        let folded = fold(text);
        let code = match content {
            Content::Number(digits) => self.index.code_of_number(list, digits),
            Content::Bool(yes) => self.index.code(list, if *yes { "1" } else { "0" }),
            _ => self.index.code(list, &folded),
        };
        if let Some(code) = code {
            return Reading::value(Value::Code(code));
        }
        if field == Field::Intensity
            && let Some((intensity, acceleration)) = self.intensity_with_acceleration(&folded)
        {
            let also = Some((Field::AccelerationG, Value::Code(acceleration)));
            return Reading {
                also,
                ..Reading::value(Value::Code(intensity))
            };
        }
        Reading::fault(self.not_in_list(list, text))
    }

    /// Intensity and acceleration in one cell: `7度(0.15g)`, `7度0.15g`, `7(0.15)`.
    fn intensity_with_acceleration(&self, folded: &str) -> Option<(Arc<str>, Arc<str>)> {
        let at = folded
            .find(['(', ',', '/', '、'])
            .or_else(|| folded.find('度').map(|at| at + '度'.len_utf8()))?;
        let (intensity, acceleration) = folded.split_at(at);
        let acceleration = acceleration.trim_matches(['(', ')', ',', '/', '、', ':', '=']);
        Some((
            self.index.code(CodeList::Intensity, intensity)?,
            self.index.code(CodeList::Acceleration, acceleration)?,
        ))
    }

    fn read_codes(&self, list: CodeList, text: &str) -> Reading {
        match self.index.codes(list, &fold(text)) {
            Ok(codes) => Reading::value(Value::Codes(codes)),
            Err(part) => Reading::fault(self.not_in_list(list, &part)),
        }
    }

    fn not_in_list(&self, list: CodeList, text: &str) -> Fault {
        let entries = self.catalogue.codes(list);
        let names = entries
            .iter()
            .flat_map(|entry| std::iter::once(&entry.label).chain(&entry.synonyms));
        let label_of = |name: &&str| {
            let is_name = |entry: &&CodeEntry| entry.label == *name || entry.synonyms.iter().any(|same| same == name);
            entries.iter().find(is_name).map(|entry| entry.label.as_str())
        };
        let mut near: Vec<&str> = nearest(text, names.map(String::as_str))
            .iter()
            .filter_map(label_of)
            .collect();
        near.dedup();
        let suggestion = if near.is_empty() {
            let all: Vec<&str> = entries.iter().map(|entry| entry.label.as_str()).take(12).collect();
            let more = if entries.len() > all.len() { "等" } else { "" };
            format!("请从下列值中选填：{}{more}。", all.join("、"))
        } else {
            format!("最接近的是：{}。", near.join("、"))
        };
        Fault::new("V004", format!("“{text}”不在可选值中。"), suggestion)
    }

    fn read_county(&self, text: &str) -> Reading {
        if let Some(code) = self.index.county(&self.catalogue, &fold(text)) {
            return Reading::value(Value::Division(code));
        }
        let names: Vec<&str> = self
            .catalogue
            .divisions()
            .counties()
            .map(|county| county.name.as_str())
            .collect();
        let near = nearest(text, names.iter().copied());
        let suggestion = if near.is_empty() { names } else { near };
        let message = format!("“{text}”不是聊城市的县（市、区）。");
        Reading::fault(Fault::new(
            "V004",
            message,
            format!("请填写：{}。", suggestion.join("、")),
        ))
    }

    fn read_township(&self, text: &str, county: Option<&str>) -> Reading {
        let divisions = self.catalogue.divisions();
        if let Some(found) = self.index.township(&self.catalogue, &fold(text), county) {
            return Reading::value(Value::Division(found.code.clone()));
        }
        let within: Vec<&str> = county
            .map(|county| divisions.townships(county).map(|found| found.name.as_str()).collect())
            .unwrap_or_default();
        let all = divisions
            .all()
            .iter()
            .filter(|found| found.level == crate::catalogue::Level::Township);
        let mut near = nearest(text, within.iter().copied());
        if near.is_empty() {
            near = nearest(text, all.map(|found| found.name.as_str()));
        }
        let suggestion = if near.is_empty() {
            "请按民政区划填写乡镇（街道）全称。".to_owned()
        } else {
            format!("最接近的是：{}。", near.join("、"))
        };
        Reading::fault(Fault::new(
            "V004",
            format!("没有名为“{text}”的乡镇（街道）。"),
            suggestion,
        ))
    }

    fn read_number(&self, field: Field, text: &str, column_unit: Option<&str>, decimals: u32) -> Reading {
        let folded = fold(text);
        let coordinate = matches!(field, Field::Longitude | Field::Latitude);
        let bare = if coordinate {
            coordinate::without_hemisphere(&folded)
        } else {
            &folded
        };
        if coordinate && let Some(degrees) = coordinate::from_dms(bare) {
            return self.in_range(field, degrees, text);
        }
        let Some(found) = number::written(bare) else {
            return Reading::fault(self.no_number(field, text));
        };
        let (factor, also) = match self.unit_factor(field, &found.rest, column_unit) {
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
        reading.also = reading.also.or(also);
        if reading.fault.is_none() && rounded != exact {
            let message = format!("“{text}”保留 {decimals} 位小数，按 {} 读取。", rounded.normalize());
            reading.fault = Some(Fault::new("V010", message, "如需精确，请按规定的小数位数填写。"));
        }
        reading
    }

    /// Whether a folded text is a unit that numbers of the field may have, or that is refused by name.
    pub(crate) fn is_unit(&self, field: Field, folded: &str) -> bool {
        quantity(field).is_some_and(|quantity| unit(quantity, folded).is_some())
            || (field == Field::ScaleValue && self.index.code(CodeList::ScaleUnit, folded).is_some())
    }

    /// The factor of the unit behind the number, else of the column; and the scale's unit where the cell names it.
    fn unit_factor(
        &self,
        field: Field,
        rest: &str,
        column_unit: Option<&str>,
    ) -> Result<(Decimal, Option<Carried>), Option<&'static str>> {
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
        if field == Field::ScaleValue {
            let (written, factor) = match written.strip_prefix('万') {
                Some(rest) => (rest, Decimal::from(10_000)),
                None => (written, Decimal::ONE),
            };
            if let Some(code) = self.index.code(CodeList::ScaleUnit, written) {
                return Ok((factor, Some((Field::ScaleUnit, Value::Code(code)))));
            }
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
            reading.also = Some((field, Value::Decimal(number)));
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

    fn read_date(&self, field: Field, text: &str, content: &Content) -> Reading {
        let date = match content {
            Content::Date(iso) => date::from_iso(iso),
            Content::Number(digits) => date::from_number(digits),
            Content::Text(_) => date::from_text(text),
            Content::Percent(_) | Content::Bool(_) | Content::Error(_) => Err(NoDate::Unlike),
        };
        match date {
            Ok(date) if field.field_type() == FieldType::Month => Reading::value(Value::Date(date.to_month())),
            Ok(date) => Reading::value(Value::Date(date)),
            Err(reason) => Reading::fault(self.no_date(field, text, reason)),
        }
    }

    fn no_date(&self, field: Field, text: &str, reason: NoDate) -> Fault {
        let message = match reason {
            NoDate::NoSuchDay => format!("“{text}”这一天（月）不存在。"),
            NoDate::Vague => format!("“{text}”不是确切的日期。"),
            NoDate::Unlike => format!("「{}」填的是“{text}”，读不出日期。", self.catalogue.label(field)),
        };
        Fault::new(
            "V003",
            message,
            "请写成 2023-05-12；只知道月份写 2023-05，只知道年份写 2023。",
        )
    }
}

fn read_uscc(text: &str) -> Reading {
    let code = fold(text).to_ascii_uppercase();
    let fault = match check_uscc(&code) {
        Ok(()) => return Reading::value(Value::Text(code.into())),
        Err(BadUscc::Length(length)) => format!("“{text}”有 {length} 位，统一社会信用代码应为 18 位。"),
        Err(BadUscc::Character(c)) => format!("“{text}”里的“{c}”不会出现在统一社会信用代码中（不用 I、O、S、V、Z）。"),
        Err(BadUscc::Check { wanted }) => format!("“{text}”的校验码不对：按前 17 位算，末位应是 {wanted}。"),
    };
    Reading::fault(Fault::new("V008", fault, "请对照营业执照或法人证书逐位核对。"))
}

fn read_phone(text: &str) -> Reading {
    let fault = (!is_phone(&fold(text))).then(|| {
        Fault::new(
            "V009",
            format!("“{text}”不像电话号码。"),
            "手机号 11 位，座机请带区号，如 0635-8200000。",
        )
    });
    Reading {
        fault,
        ..Reading::value(Value::Text(text.into()))
    }
}

/// The Excel error that a cell holds; a csv holds it as text.
fn excel_error(content: &Content) -> Option<&str> {
    const ERRORS: &[&str] = &[
        "#REF!",
        "#N/A",
        "#VALUE!",
        "#NAME?",
        "#DIV/0!",
        "#NULL!",
        "#NUM!",
        "#SPILL!",
        "#CALC!",
        "#GETTING_DATA",
    ];
    match content {
        Content::Error(error) => Some(error),
        Content::Text(text) => ERRORS.iter().find(|error| text.trim() == **error).copied(),
        _ => None,
    }
}

/// What a cell shows, as text.
pub(crate) fn written(content: &Content) -> Cow<'_, str> {
    match content {
        Content::Text(text) | Content::Number(text) | Content::Error(text) => Cow::Borrowed(text),
        Content::Percent(text) => Cow::Owned(format!("{text}%")),
        Content::Date(iso) => Cow::Borrowed(iso.strip_suffix("T00:00:00").unwrap_or(iso)),
        Content::Bool(true) => Cow::Borrowed("TRUE"),
        Content::Bool(false) => Cow::Borrowed("FALSE"),
    }
}
