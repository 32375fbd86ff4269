//! One cell of a field to its typed value, or the faults that say why not.

use std::borrow::Cow;
use std::sync::Arc;

use super::codes::{CodeIndex, nearest, nearest_named};
use super::date::{self, NoDate};
use super::fold::fold;
use super::reading::{Carried, Fault, Reading, unread_code};
use super::text::{BadUscc, check_uscc, is_ditto, is_phone, says_nothing};
use super::types::{PartialDate, Value};
use crate::catalogue::{Catalogue, CodeList, Field, FieldType};
use crate::workbook::{Content, NO_RESULT};

/// Reads cells by the catalogue in force.
#[derive(Clone, Debug)]
pub(crate) struct Reader {
    pub(super) catalogue: Arc<Catalogue>,
    pub(super) index: CodeIndex,
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

    /// Whether a folded text is the name of a township, in whichever county, or of a category.
    pub(crate) fn is_section(&self, folded: &str) -> bool {
        let category = || self.index.code(CodeList::Category, folded);
        self.index.township(&self.catalogue, folded, None).is_some() || category().is_some()
    }

    /// Reads a cell, whose cleaned text is `text`; `column_unit` is the folded unit of its header or of a line above the table, which a unit in the cell beats.
    pub(crate) fn read(
        &self,
        field: Field,
        content: &Content,
        text: &str,
        column_unit: Option<&str>,
        county: Option<&str>,
    ) -> Reading {
        if let Some(error) = excel_error(content) {
            if error == NO_RESULT {
                let message = "单元格是公式，文件里没有它的计算结果，读不出内容。".to_owned();
                let suggestion = "请用 Excel 或 WPS 打开原文件，保存一次再报送；或直接填写数值、文字。";
                return Reading::fault(Fault::new("V007", message, suggestion));
            }
            let message = format!("单元格是 Excel 错误值 {error}，读不出内容。");
            return Reading::fault(Fault::new("V007", message, "请检查公式，或直接填写数值、文字。"));
        }
        if text.is_empty() || is_stroke(text) {
            return Reading::default();
        }
        if is_ditto(text) {
            let message = format!("“{text}”不是内容。");
            let suggestion = "每一行单独登记，请写出完整的内容。";
            return Reading::fault(Fault::new(unread_code(field), message, suggestion));
        }
        match field.field_type() {
            FieldType::Text(limit) => self.read_text(field, text, limit),
            FieldType::Code(list) => self.read_code(field, list, text, content),
            FieldType::YesNo => self.read_code(field, CodeList::YesNo, text, content),
            FieldType::Codes(list) => self.read_codes(list, &written(content)),
            FieldType::Uscc => read_uscc(text),
            FieldType::Phone => match self.invisible(field, text) {
                Some(fault) => Reading::fault(fault),
                None => read_phone(text),
            },
            FieldType::County => self.read_county(text),
            FieldType::Township => self.read_township(text, county),
            FieldType::Decimal(decimals) => self.read_number(field, text, content, column_unit, decimals.into()),
            FieldType::Percent => self.read_number(field, text, content, column_unit, 2),
            FieldType::Integer => self.read_number(field, text, content, column_unit, 0),
            FieldType::Month | FieldType::Date => self.read_date(field, text, content),
        }
    }

    fn read_text(&self, field: Field, text: &str, limit: u16) -> Reading {
        let info = self.catalogue.field(field);
        let label = &info.label;
        if let Some(fault) = self.invisible(field, text) {
            return Reading::fault(fault);
        }
        if info.required && says_nothing(text) {
            let message = format!("「{label}」填的是“{text}”，不是内容。");
            return Reading::fault(Fault::new("V006", message, format!("请填写{label}。")));
        }
        let length = text.chars().count();
        if length > usize::from(limit) {
            let message = format!("「{label}」有 {length} 个字，超过上限 {limit} 个字。");
            return Reading::fault(Fault::new("V006", message, format!("请缩短到 {limit} 个字以内。")));
        }
        Reading::value(Value::Text(text.into()))
    }

    /// The fault of a text with control characters.
    fn invisible(&self, field: Field, text: &str) -> Option<Fault> {
        let message = || format!("「{}」里有看不见的控制字符。", self.catalogue.label(field));
        let found = text.chars().any(char::is_control);
        found.then(|| Fault::new("V006", message(), "请删去重新输入，不要从其他软件直接粘贴。"))
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
        let near = nearest_named(text, entries.iter().map(|entry| (entry.label.as_str(), entry.names())));
        let all: Vec<&str> = entries.iter().map(|entry| entry.label.as_str()).take(12).collect();
        let more = if entries.len() > all.len() { "等" } else { "" };
        let suggestion = if near.is_empty() || near.len() == entries.len() {
            format!("请从下列值中选填：{}{more}。", all.join("、"))
        } else if entries.len() <= SHORT_LIST {
            format!("最接近的是：{}。可选的值：{}。", near.join("、"), all.join("、"))
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
        let near = match nearest(text, names.iter().copied()).as_slice() {
            [] => String::new(),
            near => format!("最接近的是：{}。", near.join("、")),
        };
        let message = format!("“{text}”不是聊城市的县（市、区）。");
        let suggestion = format!("{near}可填的有：{}。", names.join("、"));
        Reading::fault(Fault::new("V004", message, suggestion))
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
            NoDate::Several => format!("“{text}”像是几个月（日），不是一个日期。"),
            NoDate::Unlike => format!("「{}」填的是“{text}”，读不出日期。", self.catalogue.label(field)),
        };
        let suggestion = match reason {
            NoDate::Several => "请只写一个月份或日期，如 2023-05 或 2023-05-12。",
            _ => "请写成 2023-05-12；只知道月份写 2023-05，只知道年份写 2023；没有的留空。",
        };
        Fault::new("V003", message, suggestion)
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

/// Lists of so few values are named whole.
const SHORT_LIST: usize = 7;

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

/// `/`, `—`: drawn through a cell in which there is nothing to say.
fn is_stroke(text: &str) -> bool {
    text.chars()
        .all(|c| matches!(c, '-' | '/' | '\\' | '—' | '–' | '―' | '－' | '／' | '＼' | '_'))
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
        NO_RESULT,
    ];
    match content {
        Content::Error(error) => Some(error),
        Content::Text(text) if text.contains('#') => ERRORS.iter().find(|error| text.trim() == **error).copied(),
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
