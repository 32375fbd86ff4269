//! `data` of an upsert in profile `national-v1`: what each member must look like, and its canonical JSON.
//!
//! # Canonical JSON
//! RFC 8785 asks for sorted member names, the shortest escapes in strings and numbers as ECMAScript prints them. `data` is
//! a flat object of strings, numbers and arrays of strings; its member names are ASCII, so sorting their bytes is sorting
//! their UTF-16 units. `serde_json` writes strings with exactly RFC 8785's escapes. A number is accepted in plain notation
//! with at most six decimals and fifteen digits; such a number survives the double it stands for, so what ECMAScript
//! prints is its own digits without trailing zeros.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::json::{Members, array, string};

/// What is wrong with one member of a record, as its receipt says it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordError {
    /// The member of `data`, or of the record itself (`digest`, `revision` …).
    pub field: String,
    /// A stable English word.
    pub code: String,
    /// For the officer, in Chinese.
    pub message: String,
}

impl RecordError {
    pub(crate) fn new(field: &str, code: &str, message: impl Into<String>) -> Self {
        Self {
            field: field.to_owned(),
            code: code.to_owned(),
            message: message.into(),
        }
    }
}

/// What a member's value must be.
enum Kind {
    /// A string of 1 to this many characters.
    Text(usize),
    /// A string of exactly this many digits.
    Digits(usize),
    /// One of these strings.
    OneOf(&'static [&'static str]),
    /// A code whose list the contract leaves open: up to 16 ASCII letters, digits, `-` or `_`.
    Code,
    /// A non-empty array of strings of two digits.
    Codes,
    /// A JSON number: greatest count of decimals, least and greatest value.
    Number(usize, i64, i64),
    /// `YYYY-MM-DD`.
    Day,
    /// `YYYY` or `YYYY-MM`.
    Month,
    /// A unified social credit code: 18 characters of the GB 32100-2015 alphabet.
    CreditCode,
}

use Kind::{Code, Codes, CreditCode, Day, Digits, Month, Number, OneOf, Text};

/// No limit is stated for these texts; a body is limited anyway.
const ANY_LENGTH: usize = usize::MAX;
const MOST: i64 = 1_000_000_000_000;

/// The contract's table: member, required, kind.
#[rustfmt::skip]
const MEMBERS: &[(&str, bool, Kind)] = &[
    ("gcbh",    true,  Text(ANY_LENGTH)), // equals source_id
    ("gcmc",    true,  Text(120)),
    ("gclb",    true,  Digits(2)),
    ("gcxz",    true,  OneOf(&["1", "2", "3", "4", "5"])),
    ("yt",      true,  Digits(3)),
    ("xzqh",    true,  Digits(6)),        // inside the batch's division, and no zone
    ("xzjd",    false, Digits(9)),
    ("dz",      true,  Text(ANY_LENGTH)),
    ("jd",      false, Number(6, 73, 136)),
    ("wd",      false, Number(6, 3, 54)),
    ("jglx",    false, Digits(2)),
    ("gm",      false, Number(6, 0, MOST)),
    ("gmdw",    false, Code),
    ("jzmj",    false, Number(6, 0, MOST)),
    ("sjjgsj",  false, Month),
    ("sfld",    false, OneOf(&["0", "6", "7", "8", "9"])),
    ("jsd",     false, OneOf(&["0.05", "0.10", "0.15", "0.20", "0.30", "0.40"])),
    ("dzfz",    false, OneOf(&["1", "2", "3"])),
    ("cdlb",    false, OneOf(&["I0", "I1", "II", "III", "IV"])),
    ("sflb",    false, OneOf(&["A", "B", "C", "D"])),
    ("jgfs",    false, Codes),
    ("hxsynx",  false, Number(0, 1, 100)),
    ("sfgzjz",  false, OneOf(&["0", "1"])),
    ("jd_zt",   false, OneOf(&["10", "20", "30", "40", "50", "90"])),
    ("kgsj",    false, Day),
    ("wcsj",    false, Day),
    ("yssj",    false, Day),
    ("ztz",     false, Number(2, 0, MOST)),
    ("wctz",    false, Number(2, 0, MOST)),
    ("dwmc",    false, Text(ANY_LENGTH)),
    ("tyshxydm", false, CreditCode),
];

/// Zones that are no GB/T 2260 divisions: the contract wants the district that they lie in, 371502.
const ZONES: &[&str] = &["371571", "371572", "371573"];

/// `data` that passed: its canonical JSON, and the division that it lies in.
#[derive(Debug)]
pub(crate) struct Accepted {
    pub(crate) canonical: String,
    pub(crate) county: String,
}

/// Judges `data` of the record `source_id` in a batch of `division`. All faults are reported, not only the first.
pub(crate) fn judge(data: &RawValue, source_id: &str, division: &str) -> Result<Accepted, Vec<RecordError>> {
    let Some(members) = Members::of(data) else {
        return Err(vec![RecordError::new("data", "wrong_type", "data 应为 JSON 对象")]);
    };
    let mut errors = Vec::new();
    let mut canonical: BTreeMap<&str, String> = BTreeMap::new();
    for (name, value) in &members.0 {
        let judged = match MEMBERS.iter().find(|(member, ..)| member == name) {
            None => Err(("unknown_member", "不是本接口约定的字段".to_owned())),
            Some(_) if canonical.contains_key(name.as_str()) => Err(("duplicate_member", "字段重复出现".to_owned())),
            Some((_, _, kind)) => kind.canonical(value),
        };
        match judged {
            Ok(text) => drop(canonical.insert(name, text)),
            Err((code, message)) => errors.push(RecordError::new(name, code, message)),
        }
    }
    for (name, required, _) in MEMBERS {
        if *required && members.get(name).is_none() {
            errors.push(RecordError::new(name, "missing", "必填字段缺失"));
        }
    }
    let text = |name: &str| {
        members
            .get(name)
            .filter(|_| canonical.contains_key(name))
            .and_then(string)
    };
    if text("gcbh").is_some_and(|number| number != source_id) {
        errors.push(RecordError::new(
            "gcbh",
            "source_id_mismatch",
            "工程编号应与 source_id 一致",
        ));
    }
    let county = text("xzqh").unwrap_or_default();
    if !county.is_empty() {
        errors.extend(misplaced(&county, division));
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let body: Vec<String> = canonical
        .iter()
        .map(|(name, value)| format!("\"{name}\":{value}"))
        .collect();
    Ok(Accepted {
        canonical: format!("{{{}}}", body.join(",")),
        county,
    })
}

/// What is wrong with a county code in a batch of `division`.
fn misplaced(county: &str, division: &str) -> Option<RecordError> {
    if ZONES.contains(&county) {
        return Some(RecordError::new(
            "xzqh",
            "bad_code",
            "功能区不是法定行政区划，应填 371502",
        ));
    }
    let inside = match division.strip_suffix("00") {
        Some(city) => county.starts_with(city) && county != division,
        None => county == division,
    };
    (!inside).then(|| {
        RecordError::new(
            "xzqh",
            "outside_division",
            format!("行政区划 {county} 不在报送单位 {division} 之内"),
        )
    })
}

/// A code and a Chinese message.
type Fault = (&'static str, String);

impl Kind {
    /// The canonical JSON of a value of this kind.
    fn canonical(&self, raw: &RawValue) -> Result<String, Fault> {
        match self {
            Number(decimals, least, most) => canonical_number(raw.get(), *decimals, *least, *most),
            Codes => canonical_codes(raw),
            _ => {
                let text = string(raw).ok_or_else(|| ("wrong_type", "应为字符串".to_owned()))?;
                if text.trim().is_empty() {
                    return Err(("empty", "空值不应报送，应略去该字段".to_owned()));
                }
                self.check_text(&text).map(|()| quoted(&text))
            }
        }
    }

    fn check_text(&self, text: &str) -> Result<(), Fault> {
        let (sound, code, message) = match self {
            Text(most) => (
                text.chars().count() <= *most,
                "too_long",
                format!("不得超过 {most} 个字"),
            ),
            Digits(length) => (
                is_digits(text, *length),
                "bad_code",
                format!("应为 {length} 位数字代码"),
            ),
            OneOf(codes) => (
                codes.contains(&text),
                "bad_code",
                format!("应为下列代码之一：{}", codes.join("、")),
            ),
            Code => (is_code(text), "bad_code", "应为代码，不是名称".to_owned()),
            Day => (is_day(text), "bad_date", "应为 YYYY-MM-DD 形式的真实日期".to_owned()),
            Month => (is_month(text), "bad_date", "应为 YYYY 或 YYYY-MM".to_owned()),
            CreditCode => (
                is_credit_code(text),
                "bad_code",
                "应为 18 位统一社会信用代码".to_owned(),
            ),
            Number(..) | Codes => return Ok(()),
        };
        if sound { Ok(()) } else { Err((code, message)) }
    }
}

fn canonical_codes(raw: &RawValue) -> Result<String, Fault> {
    let codes = array(raw).ok_or_else(|| ("wrong_type", "应为代码数组".to_owned()))?;
    if codes.is_empty() {
        return Err(("empty", "空值不应报送，应略去该字段".to_owned()));
    }
    let codes: Result<Vec<_>, _> = codes.into_iter().map(|code| Digits(2).canonical(code)).collect();
    Ok(format!("[{}]", codes?.join(",")))
}

/// The number's own digits without trailing zeros; see the module's head for why that is canonical.
fn canonical_number(text: &str, decimals: usize, least: i64, most: i64) -> Result<String, Fault> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    if !unsigned.starts_with(|first: char| first.is_ascii_digit()) {
        return Err(("wrong_type", "应为 JSON 数字".to_owned()));
    }
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    if text.contains(['e', 'E']) || whole.len() + fraction.len() > 15 {
        return Err(("bad_number", "应为不带指数、不超过 15 位的数字".to_owned()));
    }
    if fraction.len() > decimals {
        return Err(("too_many_decimals", format!("小数不得超过 {decimals} 位")));
    }
    // At most 15 digits, padded to six decimals, fit an i128 with room.
    let scaled: i128 = format!("{whole}{fraction:0<6}").parse().unwrap_or(i128::MAX);
    let scaled = if unsigned == text { scaled } else { -scaled };
    if !(i128::from(least) * 1_000_000..=i128::from(most) * 1_000_000).contains(&scaled) {
        return Err(("out_of_range", format!("应在 {least} 与 {most} 之间")));
    }
    let fraction = fraction.trim_end_matches('0');
    let sign = if scaled < 0 { "-" } else { "" };
    let point = if fraction.is_empty() { "" } else { "." };
    Ok(format!("{sign}{whole}{point}{fraction}"))
}

/// A JSON string with RFC 8785's escapes.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn is_digits(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_code(text: &str) -> bool {
    text.len() <= 16
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

fn is_day(text: &str) -> bool {
    text.len() == 10 && NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok_and(|day| day.to_string() == text)
}

fn is_month(text: &str) -> bool {
    is_digits(text, 4) || is_day(&format!("{text}-01"))
}

fn is_credit_code(text: &str) -> bool {
    text.len() == 18
        && text
            .bytes()
            .all(|byte| b"0123456789ABCDEFGHJKLMNPQRTUWXY".contains(&byte))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_ecmascript_prints_them() {
        let canonical = |text| canonical_number(text, 6, -200, 200);
        let table = [
            ("115.980", "115.98"),
            ("36.0", "36"),
            ("-0.0", "0"),
            ("0.000001", "0.000001"),
            ("-1.50", "-1.5"),
        ];
        for (sent, expected) in table {
            assert_eq!(canonical(sent).unwrap(), expected);
            // The same through the float that RFC 8785 has in mind.
            assert_eq!(format!("{}", sent.parse::<f64>().unwrap() + 0.0), expected);
        }
        for (sent, code) in [
            ("1e2", "bad_number"),
            ("1.2345678", "too_many_decimals"),
            ("12345678901.123456", "bad_number"),
            ("200.000001", "out_of_range"),
            ("\"1\"", "wrong_type"),
            ("null", "wrong_type"),
        ] {
            assert_eq!(canonical(sent).unwrap_err().0, code, "{sent}");
        }
    }
}
