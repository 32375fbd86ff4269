//! One cell of a field to its typed value, or the faults that say why not.

use std::borrow::Cow;
use std::sync::Arc;

use rust_decimal::{Decimal, RoundingStrategy};

use super::codes::{CodeIndex, nearest};
use super::date::{self, NoDate};
use super::fold::{clean, fold};
use super::text::{BadUscc, check_uscc, is_phone};
use super::types::{PartialDate, Value};
use super::unit::{Quantity, Unit, quantity, unit};
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
    /// Values of other fields that the cell carries too: the acceleration of `7度（0.15g）`, the unit of `20户`. For a coordinate out of
    /// its range: the number itself, because the two coordinates may have been swapped.
    pub(crate) also: Vec<Carried>,
    /// Whether the value says something else than what was written: a unit was converted, a date's number understood, a name mapped.
    pub(crate) changed: bool,
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

    /// The same; `changed` where the value says something else than what was written.
    fn changed(self, changed: bool) -> Self {
        Self { changed, ..self }
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
            FieldType::Codes(list) => self.read_codes(list, &written),
            FieldType::Uscc => read_uscc(&text),
            FieldType::Phone => read_phone(&text),
            FieldType::County => self.read_county(&text),
            FieldType::Township => self.read_township(&text, county),
            FieldType::Decimal(decimals) => self.read_number(field, &text, content, column_unit, decimals.into()),
            FieldType::Percent => self.read_number(field, &text, content, column_unit, 2),
            FieldType::Integer => self.read_number(field, &text, content, column_unit, 0),
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
        let folded = match content {
            Content::Bool(yes) => if *yes { "1" } else { "0" }.to_owned(),
            _ => fold(text),
        };
        let value = |code| Reading::value(Value::Code(code));
        let exact = self.index.exact(list, &folded).map(value);
        // A second number that is no acceleration is no remark either.
        let seismic = matches!(list, CodeList::Intensity | CodeList::Acceleration) && folded.contains('.');
        let loosely = || self.index.code(list, ticked(&folded).unwrap_or(&folded)).map(value);
        exact
            .or_else(|| self.read_fortification(field, text))
            .or_else(|| loosely().filter(|_| !seismic))
            .unwrap_or_else(|| Reading::fault(self.not_in_list(list, text)))
    }

    /// Intensity, acceleration and group in one cell of either of the first two: `7度（0.15g）`, `7度、0.15g、第二组`, `7度设防`.
    fn read_fortification(&self, field: Field, text: &str) -> Option<Reading> {
        // What was fortified once is of another time than the other fields: only the degree is kept.
        let own = match field {
            Field::OriginalIntensity | Field::Intensity => Field::Intensity,
            Field::AccelerationG => field,
            _ => return None,
        };
        let mut found: Vec<Carried> = Vec::new();
        let separates = |c: char| c.is_whitespace() || "()（）,，、;；/／:：=".contains(c);
        for part in text.split(separates) {
            let mut part = fold(part);
            for word in FORTIFICATION_WORDS {
                part = part.replace(word, "");
            }
            let at = part.find('度').map_or(0, |at| at + '度'.len_utf8());
            let (degree, rest) = part.split_at(at);
            for piece in [degree, rest.trim_matches(['-', '+'])]
                .into_iter()
                .filter(|piece| !piece.is_empty())
            {
                let (field, list) = if piece.ends_with('组') {
                    (Field::DesignGroup, CodeList::DesignGroup)
                } else if piece.contains('.') {
                    (Field::AccelerationG, CodeList::Acceleration)
                } else {
                    (Field::Intensity, CodeList::Intensity)
                };
                if found.iter().any(|(same, _)| *same == field) {
                    return None;
                }
                found.push((field, Value::Code(self.index.code(list, piece)?)));
            }
        }
        let at = found.iter().position(|(same, _)| *same == own)?;
        let (_, value) = found.swap_remove(at);
        let changed = !found.is_empty();
        let also = if field == Field::OriginalIntensity {
            Vec::new()
        } else {
            found
        };
        Some(Reading {
            also,
            ..Reading::value(value).changed(changed)
        })
    }

    fn read_codes(&self, list: CodeList, text: &str) -> Reading {
        match self.index.codes(list, text) {
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
            let divisions = self.catalogue.divisions();
            let old = divisions.get(&code).is_some_and(|county| county.is_old_name(text));
            return Reading::value(Value::Division(code)).changed(old);
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

    fn read_number(
        &self,
        field: Field,
        text: &str,
        content: &Content,
        column_unit: Option<&str>,
        decimals: u32,
    ) -> Reading {
        let folded = fold(text);
        let mut bare = folded.as_str();
        match quantity(field) {
            Some(Quantity::Degrees) if !matches!(content, Content::Number(_)) => {
                if let Some(degrees) = coordinate::from_dms(&folded) {
                    let minutes = !folded.ends_with(['°', '度', 'º']);
                    return self.in_range(field, degrees, text).changed(minutes);
                }
                if let Some(pair) = coordinate::pair(text) {
                    return self.read_pair(field, pair, text);
                }
                bare = coordinate::without_hemisphere(&folded);
            }
            Some(Quantity::Money) => bare = folded.trim_start_matches("人民币").trim_start_matches(['¥', '￥']),
            Some(Quantity::Percent) => {
                if let Some(percent) = folded.strip_prefix("百分之") {
                    bare = percent;
                }
            }
            Some(Quantity::Storeys) => bare = folded.trim_start_matches("地上").trim_start_matches("地下"),
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
            Read::Value(value) if reading.fault.is_none() => reading.also.push((other.0, value)),
            // Two numbers in one cell are not swapped columns.
            _ => {
                reading = Reading::fault(
                    reading
                        .fault
                        .or(carried.fault)
                        .unwrap_or_else(|| self.out_of_range(field, text)),
                )
            }
        }
        reading
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
        let rest = rest.trim_matches(['(', ')', '[', ']']);
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

    fn read_date(&self, field: Field, text: &str, content: &Content) -> Reading {
        let date = match content {
            Content::Date(iso) => date::from_iso(iso),
            Content::Number(digits) => date::from_number(digits),
            Content::Text(_) => date::from_text(text),
            Content::Percent(_) | Content::Bool(_) | Content::Error(_) => Err(NoDate::Unlike),
        };
        match date {
            Ok(date) => {
                let kept = if field.field_type() == FieldType::Month {
                    date.to_month()
                } else {
                    date
                };
                // A number became a date, or a day its month.
                let understood = matches!(content, Content::Number(_)) && !matches!(date, PartialDate::Year(_));
                Reading::value(Value::Date(kept)).changed(kept != date || understood)
            }
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

/// Words in a cell of the seismic fields that say what its numbers are.
const FORTIFICATION_WORDS: &[&str] = &[
    "抗震",
    "设防",
    "烈度",
    "设计",
    "基本",
    "地震",
    "加速度",
    "峰值",
    "数值",
    "值",
    "为",
    "分",
];

/// The answer that a folded text of boxes has ticked: `☑是□否`, `是√否□`.
fn ticked(folded: &str) -> Option<&str> {
    let ticks = ['☑', '√', '✓', '✔', '■'];
    let at = folded.find(ticks).filter(|_| folded.contains('□'))?;
    let (before, after) = (&folded[..at], folded[at..].trim_start_matches(ticks));
    let mark = |c: char| c == '□' || ticks.contains(&c);
    if folded.starts_with(mark) {
        after.split(mark).next()
    } else {
        before.rsplit(mark).next()
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
