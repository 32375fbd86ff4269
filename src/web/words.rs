//! How values are said to officers: labels for codes, business time for instants, figures with their separators.

use chrono::{DateTime, Datelike as _, NaiveDate, NaiveTime};
use chrono_tz::Asia::Shanghai;
use chrono_tz::Tz;
use retrofit_import::catalogue::{Catalogue, CodeList, Field, FieldType};
use retrofit_import::finding::Severity;
use retrofit_import::values::Canonical;
use retrofit_jobs::store::UtcMillis;

use crate::registry::{Registry, business_day};
use crate::reports::bulletin::money;

/// Characters of a cell that are shown.
const LONGEST: usize = 80;

/// An instant in business time.
pub(super) fn local(at: UtcMillis) -> DateTime<Tz> {
    DateTime::from_timestamp_millis(at)
        .unwrap_or_default()
        .with_timezone(&Shanghai)
}

/// An instant as officers read it: `2026-11-23 18:05`.
pub(super) fn moment(at: UtcMillis) -> String {
    local(at).format("%Y-%m-%d %H:%M").to_string()
}

/// The beginning of a business day, UTC milliseconds.
pub(super) fn midnight(day: NaiveDate) -> UtcMillis {
    day.and_time(NaiveTime::MIN).and_utc().timestamp_millis() - 8 * 3_600_000
}

/// The business day of now.
pub(super) fn today(registry: &Registry) -> NaiveDate {
    business_day(registry.clock.now())
}

/// A day's month as uploads name it: `2026-11`.
pub(super) fn period(day: NaiveDate) -> String {
    format!("{:04}-{:02}", day.year(), day.month())
}

/// A period as officers read it: `2026年11月`; what is no period as it is.
pub(super) fn period_label(period: &str) -> String {
    match period.split_once('-') {
        Some((year, month)) => format!("{year}年{}月", month.trim_start_matches('0')),
        None => period.into(),
    }
}

/// Money as the bulletin tells it, with separators: `12,345.60`.
pub(super) fn ten_thousands(yuan: i64) -> String {
    let exact = money(yuan);
    let (whole, rest) = exact.split_once('.').unwrap_or((&exact, "00"));
    let digits = whole.trim_start_matches('-');
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    let sign = if whole.starts_with('-') { "-" } else { "" };
    format!("{sign}{text}.{rest}")
}

/// A field's value as officers read it: labels for codes, names for divisions, and the unit.
pub(super) fn value(catalogue: &Catalogue, field: Field, value: &Canonical) -> String {
    let one = |text: &str| match field.field_type() {
        FieldType::Code(list) | FieldType::Codes(list) => catalogue.code_label(list, text).to_owned(),
        FieldType::YesNo => catalogue.code_label(CodeList::YesNo, text).to_owned(),
        FieldType::County | FieldType::Township => catalogue.divisions().name(text).to_owned(),
        _ => format!("{text}{}", unit(&catalogue.field(field).unit)),
    };
    match value {
        Canonical::One(text) => one(text),
        Canonical::Many(codes) => codes.iter().map(|code| one(code)).collect::<Vec<_>>().join("、"),
    }
}

/// The catalogue's units in the officers' words.
fn unit(unit: &str) -> &str {
    match unit {
        "m2" => " ㎡",
        "m" => " 米",
        "10k CNY" => " 万元",
        "storey" => " 层",
        "year" => " 年",
        "s" => " 秒",
        "degree" => "°",
        "%" => "%",
        other => other,
    }
}

/// What was written in a cell, cut where it is too long to be looked at.
pub(super) fn written(text: Option<&str>) -> String {
    let text = text.unwrap_or_default();
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}……（共 {} 字）", &text[..end], text.chars().count()),
        None => text.into(),
    }
}

/// A department's short name, or its code where the catalogue does not know it.
pub(super) fn department<'a>(catalogue: &'a Catalogue, code: &'a str) -> &'a str {
    catalogue
        .department(code)
        .map_or(code, |department| &department.short_name)
}

/// Who did something: a person, or an office at the server's console.
pub(super) fn actor(name: &str) -> &str {
    if name.starts_with("console-") {
        "服务器控制台"
    } else {
        name
    }
}

/// From where something was done: an address, or the server itself.
pub(super) fn origin(origin: &str) -> String {
    match origin.split_once(':') {
        Some(("console", account)) => format!("服务器控制台（{account}）"),
        _ if origin == "console" => "服务器控制台".into(),
        _ if origin.is_empty() || origin == "unknown" => "地址不明".into(),
        _ => origin.into(),
    }
}

/// The class of a severity in the stylesheet.
pub(super) fn severity_class(severity: Severity) -> &'static str {
    match severity {
        Severity::Hint => "hint",
        Severity::Confirm => "confirm",
        Severity::Error => "error",
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn values_are_said_with_labels_and_units() {
        let catalogue = Catalogue::load(None).unwrap();
        let said = |field, text: &str| value(&catalogue, field, &Canonical::One(text.into()));
        assert_eq!(said(Field::Category, "02"), "学校");
        assert_eq!(said(Field::County, "371502"), "东昌府区");
        assert_eq!(said(Field::FloorAreaM2, "1200.5"), "1200.5 ㎡");
        assert_eq!(said(Field::Isolation, "1"), "是");
        assert_eq!(said(Field::Name, "<b>"), "<b>");
        let methods = Canonical::Many(vec!["01".into(), "02".into()]);
        assert!(value(&catalogue, Field::RetrofitMethods, &methods).contains('、'));
    }

    #[test]
    fn money_is_told_in_ten_thousands() {
        let told = [0, 49, 50, 12_345_678, 99_999_999_950, -1_234_567_890, -20].map(ten_thousands);
        assert_eq!(
            told,
            [
                "0.00",
                "0.00",
                "0.01",
                "1,234.57",
                "10,000,000.00",
                "-123,456.79",
                "0.00"
            ]
        );
    }

    #[test]
    fn long_cells_are_cut() {
        assert_eq!(written(Some("短")), "短");
        assert_eq!(written(Some(&"长".repeat(80))), "长".repeat(80));
        assert_eq!(
            written(Some(&"长".repeat(200))),
            format!("{}……（共 200 字）", "长".repeat(80))
        );
    }

    #[test]
    fn time_is_business_time() {
        // 2026-11-30 17:00 UTC is the first of December in Liaocheng.
        let at = 1_796_058_000_000;
        assert_eq!(moment(at), "2026-12-01 01:00");
        assert_eq!(period(local(at).date_naive()), "2026-12");
        assert_eq!(period_label("2026-02"), "2026年2月");
    }
}
