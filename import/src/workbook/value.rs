//! A workbook's values, numbers among them as the decimal text that Excel shows.

use std::sync::Arc;

use calamine::{DataRef, ExcelDateTime};
use chrono::{TimeDelta, Timelike as _};

use super::cells::Content;
use super::format_code::{self, Frame};

/// Digits that Excel keeps and shows of a number.
const DIGITS: usize = 15;

/// How a number format shows a number, as far as that changes what is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Shown {
    /// As Excel shows it unasked.
    #[default]
    Plain,
    /// As a percentage.
    Percent,
    /// With two decimals.
    TwoDecimals,
    /// With a text around it, filled up with zeros, or in thousands.
    Framed(Arc<Frame>),
}

impl Shown {
    /// What a format's code shows.
    pub(super) fn of_code(code: &str) -> Self {
        if format_code::is_percent(code) {
            Self::Percent
        } else if let Some(frame) = Frame::of_code(code) {
            Self::Framed(Arc::new(frame))
        } else if format_code::has_two_decimals(code) {
            Self::TwoDecimals
        } else {
            Self::Plain
        }
    }

    /// What one of Excel's own formats shows, by its number.
    pub(super) const fn built_in(number: u32) -> Self {
        match number {
            9 | 10 => Self::Percent,
            2 | 4 | 39 | 40 | 43 | 44 => Self::TwoDecimals,
            _ => Self::Plain,
        }
    }
}

/// What a cell holds, if anything, and how its number format shows a number.
pub(super) fn content(value: &DataRef, shown: &Shown) -> Option<Content> {
    let of_number = |value| shown_number(value, shown);
    Some(match value {
        DataRef::Empty => return None,
        #[expect(
            clippy::cast_precision_loss,
            reason = "a workbook's integers are floats without a fraction"
        )]
        DataRef::Int(value) => of_number(*value as f64),
        DataRef::Float(value) => of_number(*value),
        DataRef::String(text) | DataRef::DurationIso(text) => Content::Text(text.as_str().into()),
        DataRef::SharedString(text) => Content::Text((*text).into()),
        DataRef::Bool(value) => Content::Bool(*value),
        DataRef::DateTime(value) => date(*value),
        DataRef::DateTimeIso(text) => Content::Date(whole_day(text).into()),
        DataRef::Error(error) => Content::Error(error.to_string().into()),
    })
}

/// Whether a number stands in the file as [`number`] would write it: at most 15 digits, none for show, and no exponent. A float of so many
/// digits has no shorter text.
pub(super) fn is_shown_as_written(written: &str) -> bool {
    let bare = written.strip_prefix('-').unwrap_or(written);
    let (whole, fraction) = bare.split_once('.').unwrap_or((bare, "1"));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let for_show = (whole.starts_with('0') && whole != "0") || fraction.ends_with('0');
    // Nought has no sign, and very small numbers are written otherwise.
    let small = whole == "0" && (fraction.starts_with("0000") || bare.len() < written.len());
    digits(whole)
        && digits(fraction)
        && !whole.is_empty()
        && !fraction.is_empty()
        && bare.len() <= DIGITS
        && !for_show
        && !small
}

/// A number as its shortest text of at most 15 significant digits; one that is none (infinite) is an Excel error value.
pub(super) fn number(value: f64) -> Content {
    match decimal(value, 0) {
        Some(text) => Content::Number(text.into()),
        None => Content::Error("#NUM!".into()),
    }
}

/// A number that is shown as a percentage: the decimal point stands two places further right, with no arithmetic on a float.
pub(super) fn percent(value: f64) -> Content {
    match decimal(value, 2) {
        Some(text) => Content::Percent(text.into()),
        None => Content::Error("#NUM!".into()),
    }
}

/// A number as its format shows it, but to all its digits.
pub(super) fn shown_number(value: f64, shown: &Shown) -> Content {
    match (shown, number(value)) {
        (Shown::Percent, _) => percent(value),
        (Shown::TwoDecimals, Content::Number(text)) if is_first_month(&text) => {
            Content::Number(format!("{text}0").into())
        }
        (Shown::Framed(frame), plain) => framed(value, frame).unwrap_or(plain),
        (_, content) => content,
    }
}

/// A number in its frame: a text where there is more than a number to it. Formats show negative numbers in ways of their own.
pub(super) fn framed(value: f64, frame: &Frame) -> Option<Content> {
    let mut number = decimal(value, frame.shift).filter(|_| value >= 0.0)?;
    if frame.decimals == 2 && is_first_month(&number) {
        number.push('0');
    }
    let digits = number.find('.').unwrap_or(number.len());
    let zeros = frame.whole.saturating_sub(digits);
    let Frame { before, after, .. } = frame;
    if zeros == 0 && before.is_empty() && after.is_empty() {
        return Some(Content::Number(number.into()));
    }
    Some(Content::Text(
        format!("{before}{}{number}{after}", "0".repeat(zeros)).into(),
    ))
}

/// `2023.1`: with two decimals it is shown as `2023.10`, which means October to whoever looks at it. No other number of a year and a month
/// changes its meaning with a zero behind it.
pub(crate) fn is_first_month(number: &str) -> bool {
    number.len() == 6 && number.ends_with(".1") && !number.starts_with('-')
}

/// A number that is shown as a date. Durations, times of day and numbers outside Excel's calendar stay numbers.
pub(super) fn date(value: ExcelDateTime) -> Content {
    /// 9999-12-31.
    const LAST_DAY: f64 = 2_958_466.0;
    if value.is_duration() || !(1.0..LAST_DAY).contains(&value.as_f64()) {
        return number(value.as_f64());
    }
    // Seconds are all that Excel shows; half a second rounds up.
    let Some(instant) = value
        .as_datetime()
        .and_then(|at| at.checked_add_signed(TimeDelta::milliseconds(500)))
    else {
        return number(value.as_f64());
    };
    let text = match instant.num_seconds_from_midnight() {
        0 => instant.date().to_string(),
        _ => instant.format("%Y-%m-%dT%H:%M:%S").to_string(),
    };
    Content::Date(text.into())
}

/// A number of which only the month, or the year, is shown: so many bytes of the date. What is not shown was not written by anybody.
pub(super) fn part_of_date(value: ExcelDateTime, length: usize) -> Content {
    match date(value) {
        Content::Date(iso) => Content::Text(iso.get(..length).unwrap_or(&iso).into()),
        other => other,
    }
}

/// An ISO date without a time of midnight.
pub(super) fn whole_day(iso: &str) -> &str {
    iso.strip_suffix("T00:00:00").unwrap_or(iso)
}

/// The value times ten to the power of `shift`; none for an infinite one or none at all.
fn decimal(value: f64, shift: i32) -> Option<String> {
    if !value.is_finite() {
        return None;
    }
    if shift == 0 && (1e-5..1e15).contains(&value.abs()) {
        // The shortest text that reads back as this float; if it has no more digits than Excel keeps, it is what Excel shows.
        let text = value.to_string();
        if text.bytes().filter(u8::is_ascii_digit).count() <= DIGITS {
            return Some(text);
        }
    }
    let scientific = format!("{:.*e}", DIGITS - 1, value.abs());
    let (mantissa, exponent) = scientific.split_once('e')?;
    let digits = mantissa.replace('.', "");
    let digits = digits.trim_end_matches('0');
    if digits.is_empty() {
        return Some("0".to_owned());
    }
    let exponent = exponent.parse::<i32>().ok()? + shift;
    let sign = if value < 0.0 { "-" } else { "" };
    Some(format!("{sign}{}", place_point(digits, exponent)))
}

/// Digits `d1d2d3…` that mean `d1.d2d3… * 10^exponent`: plain where that is readable, else with the exponent.
fn place_point(digits: &str, exponent: i32) -> String {
    let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap_or_default());
    match exponent {
        0..=20 => {
            let whole = usize::try_from(exponent).unwrap_or_default() + 1;
            match digits.split_at_checked(whole) {
                Some((whole, "")) => whole.to_owned(),
                Some((whole, fraction)) => format!("{whole}.{fraction}"),
                None => format!("{digits}{}", "0".repeat(whole - digits.len())),
            }
        }
        -9..=-1 => format!("0.{}{digits}", zeros(-exponent - 1)),
        _ => {
            let (first, rest) = digits.split_at(1);
            let point = if rest.is_empty() { "" } else { "." };
            format!("{first}{point}{rest}e{exponent}")
        }
    }
}

#[cfg(test)]
mod tests {
    use calamine::ExcelDateTimeType;

    use super::*;

    fn text(value: f64) -> String {
        decimal(value, 0).unwrap_or_default()
    }

    #[test]
    fn numbers_read_as_excel_shows_them() {
        for (value, shown) in [
            (0.1 + 0.2, "0.3"),
            (0.0, "0"),
            (-0.0, "0"),
            (12.50, "12.5"),
            (-3.25, "-3.25"),
            (1_234_567_890_123.456_7, "1234567890123.46"),
            (1e15, "1000000000000000"),
            (1.2e20, "120000000000000000000"),
            (1e21, "1e21"),
            (1.5e-7, "0.00000015"),
            (2.5e-12, "2.5e-12"),
            (116.009_999_999_999_99, "116.01"),
            (999_999_999_999_999.9, "1000000000000000"),
        ] {
            assert_eq!(text(value), shown, "{value:e}");
        }
    }

    #[test]
    fn percentages_move_the_point_only() {
        for (value, shown) in [
            (0.45, "45"),
            (0.07, "7"),
            (0.285, "28.5"),
            (1.0, "100"),
            (-0.5, "-50"),
            (0.0, "0"),
        ] {
            assert_eq!(percent(value), Content::Percent(shown.into()));
        }
    }

    #[test]
    fn infinite_numbers_are_error_values() {
        assert_eq!(number(f64::INFINITY), Content::Error("#NUM!".into()));
        assert_eq!(percent(f64::NAN), Content::Error("#NUM!".into()));
    }

    #[test]
    fn dates_of_both_calendars() {
        let at = |value, from_1904| date(ExcelDateTime::new(value, ExcelDateTimeType::DateTime, from_1904));
        assert_eq!(at(45058.0, false), Content::Date("2023-05-12".into()));
        assert_eq!(at(43596.0, true), Content::Date("2023-05-12".into()));
        assert_eq!(at(45058.75, false), Content::Date("2023-05-12T18:00:00".into()));
        assert_eq!(at(0.5, false), Content::Number("0.5".into()));
        assert_eq!(at(-1.0, false), Content::Number("-1".into()));
        assert_eq!(at(1e300, false), Content::Number("1e300".into()));
    }

    #[test]
    fn formats_with_a_text_or_zeros_show_all_digits_of_a_number() {
        for (code, value, wanted) in [
            ("0000", 7.0, Content::Text("0007".into())),
            ("0000", 12345.0, Content::Number("12345".into())),
            ("\"WJ\"000", 7.0, Content::Text("WJ007".into())),
            ("#,##0.00\"元\"", 120_000.0, Content::Text("120000元".into())),
            ("0.00\"万㎡\"", 0.1197, Content::Text("0.1197万㎡".into())),
            ("[$¥-804]#,##0.00", 120_000.5, Content::Text("¥120000.5".into())),
            ("0!.0,\"万\"", 1_200_000.0, Content::Text("120万".into())),
            ("0\\.0000", 1_234_567.0, Content::Number("123.4567".into())),
            ("0\\.00", 202_310.0, Content::Number("2023.10".into())),
            ("0.00\"年\"", 2023.1, Content::Text("2023.10年".into())),
            ("0\"元\"", -3.0, Content::Number("-3".into())),
        ] {
            assert_eq!(shown_number(value, &Shown::of_code(code)), wanted, "{code}");
        }
    }

    #[test]
    fn a_month_with_two_decimals_keeps_its_zero() {
        for (code, is) in [
            ("0.00", true),
            ("0.00_ ", true),
            ("#,##0.00;[Red]\\-#,##0.00", true),
            ("[$-804]#,##0.00", true),
            ("General", false),
            ("0.0", false),
            ("0.000", false),
            ("0;0.00", false),
            ("0.0\"0\"", false),
            ("mm:ss.00", false),
            ("0.00E+00", false),
            ("0.00%", false),
        ] {
            assert_eq!(Shown::of_code(code) == Shown::TwoDecimals, is, "{code}");
        }
        for (value, shown, text) in [
            (2023.1, Shown::TwoDecimals, "2023.10"),
            (2023.1, Shown::Plain, "2023.1"),
            (2023.5, Shown::TwoDecimals, "2023.5"),
            (2023.11, Shown::TwoDecimals, "2023.11"),
            (12023.1, Shown::TwoDecimals, "12023.1"),
            (-223.1, Shown::TwoDecimals, "-223.1"),
        ] {
            assert_eq!(shown_number(value, &shown), Content::Number(text.into()));
        }
    }
}
