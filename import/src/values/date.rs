//! Dates as they are written in cells, with the precision they were written in.

use std::borrow::Cow;

use chrono::{Datelike, Days, NaiveDate};

use super::fold::fold;
use super::number::chinese_digit;
use super::types::PartialDate;

/// Why a text is no date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoDate {
    /// It looks like a date, but there is no such month or day.
    NoSuchDay,
    /// It names a time that is no date: 年底, 上半年, 春节后.
    Vague,
    /// It names several months or days, or reads as if it did: 2023年5-12月, 2023.5/6.
    Several,
    /// It does not look like a date.
    Unlike,
}

/// The years that a project's dates can lie in; anything else is a number that happens to stand in a date's column.
const YEARS: std::ops::RangeInclusive<i32> = 1000..=2999;

/// Reads a text: `2023-05-12`, `2023/5`, `2023.5.12`, `2023年5月`, `20230512`, `二〇二三年五月`, a serial number that lost its format, each
/// with or without a time of day.
pub(crate) fn from_text(text: &str) -> Result<PartialDate, NoDate> {
    let folded = fold(&parted_by_space(without_time(text))).replace("月份", "月");
    let arabic = chinese_to_arabic(&folded);
    let text = arabic.trim_end_matches(['日', '号', '.', '、']);
    let mut parts: Vec<&str> = text
        .split(['-', '/', '.', '年', '月', '\\', '、', ',', '—', '–'])
        .collect();
    if matches!(text.chars().last(), Some('年' | '月')) {
        parts.pop();
    }
    if parts
        .iter()
        .any(|part| part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_digit()))
    {
        return Err(if vague(&folded) { NoDate::Vague } else { NoDate::Unlike });
    }
    let numbers: Option<Vec<i32>> = parts.iter().map(|part| part.parse().ok()).collect();
    match (numbers.as_deref(), parts.as_slice()) {
        (Some([serial]), [digits]) if digits.len() == 5 => from_serial(*serial).ok_or(NoDate::Unlike),
        (Some([only]), [digits]) => from_digits(*only, digits.len()),
        (Some([first, last]), [_, end]) if end.len() == 4 && YEARS.contains(first) && YEARS.contains(last) => {
            Err(NoDate::Vague)
        }
        (Some([year, month]), _) => whole_year(*year)?.month(*month),
        (Some([year, _, _]), _) if YEARS.contains(year) && names_several(text) => Err(NoDate::Several),
        (Some([year, month, day]), _) => whole_year(*year)?.day(*month, *day),
        _ => Err(NoDate::Unlike),
    }
}

/// Whether the last two of three numbers stand side by side: they end in a month, or what parts them is neither 月 nor what parts the first
/// two.
fn names_several(text: &str) -> bool {
    let mut marks = text.chars().filter(|c| !c.is_ascii_digit());
    let (first, second) = (marks.next(), marks.next());
    text.ends_with('月') || (second != Some('月') && second != first)
}

/// Reads a number cell in a date's column: a year, `2023.5` (May 2023), `202305`, `20230512`, or a day's serial number.
pub(crate) fn from_number(digits: &str) -> Result<PartialDate, NoDate> {
    let Some((whole, fraction)) = digits.split_once('.') else {
        let number = digits.parse().map_err(|_| NoDate::Unlike)?;
        return match digits.len() {
            5 => from_serial(number).ok_or(NoDate::Unlike),
            _ => from_digits(number, digits.len()),
        };
    };
    let year = whole.parse().map_err(|_| NoDate::Unlike)?;
    if whole.len() == 5 && fraction.chars().all(|c| c.is_ascii_digit()) {
        return from_serial(year).ok_or(NoDate::Unlike);
    }
    let month = fraction.parse().map_err(|_| NoDate::Unlike)?;
    if fraction.len() > 2 {
        return Err(NoDate::Unlike);
    }
    whole_year(year)?.month(month)
}

/// Reads the ISO text of a cell that the workbook formats as a date; a time of day is dropped.
pub(crate) fn from_iso(text: &str) -> Result<PartialDate, NoDate> {
    let day = text.split(['T', ' ']).next().unwrap_or_default();
    let date: NaiveDate = day.parse().map_err(|_| NoDate::Unlike)?;
    whole_year(date.year())?;
    Ok(PartialDate::Day(date))
}

fn from_digits(number: i32, digits: usize) -> Result<PartialDate, NoDate> {
    match digits {
        4 => Ok(PartialDate::Year(whole_year(number)?.0)),
        6 => whole_year(number / 100)?.month(number % 100),
        8 => whole_year(number / 10_000)?.day(number / 100 % 100, number % 100),
        _ => Err(NoDate::Unlike),
    }
}

/// The day with this serial number in Excel's 1900 system, from 1928 to 2118: smaller and larger numbers are hardly dates.
fn from_serial(serial: i32) -> Option<PartialDate> {
    let days = u64::try_from(serial)
        .ok()
        .filter(|days| (10_000..80_000).contains(days))?;
    NaiveDate::from_ymd_opt(1899, 12, 30)?
        .checked_add_days(Days::new(days))
        .map(PartialDate::Day)
}

/// A year that a date may lie in.
struct Year(i32);

fn whole_year(year: i32) -> Result<Year, NoDate> {
    if YEARS.contains(&year) {
        Ok(Year(year))
    } else {
        Err(NoDate::Unlike)
    }
}

impl Year {
    fn month(&self, month: i32) -> Result<PartialDate, NoDate> {
        u32::try_from(month)
            .ok()
            .and_then(|month| PartialDate::from_month(self.0, month))
            .ok_or(NoDate::NoSuchDay)
    }

    fn day(&self, month: i32, day: i32) -> Result<PartialDate, NoDate> {
        let (month, day) = (u32::try_from(month).ok(), u32::try_from(day).ok());
        month
            .zip(day)
            .and_then(|(month, day)| PartialDate::from_day(self.0, month, day))
            .ok_or(NoDate::NoSuchDay)
    }
}

/// Drops a time of day (`2023-5-12 0:00:00`, `2023-05-12T08:00`).
fn without_time(text: &str) -> &str {
    let end = text
        .rfind(':')
        .and_then(|_| text.find([' ', 'T', '\u{a0}', '\u{3000}']));
    end.map_or(text, |at| &text[..at])
}

/// `2023 5 12` with its parts kept apart: folding drops what is between them, and 2023 5 is no serial number.
fn parted_by_space(text: &str) -> Cow<'_, str> {
    if !text.contains(char::is_whitespace) {
        return Cow::Borrowed(text);
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    let digits = words.iter().all(|word| word.chars().all(|c| c.is_ascii_digit()));
    Cow::Owned(words.join(if digits { "-" } else { "" }))
}

/// Chinese digits and small numerals made Arabic: `二〇二三年十二月` to `2023年12月`.
fn chinese_to_arabic(folded: &str) -> String {
    let chars: Vec<char> = folded.chars().collect();
    let mut text = String::with_capacity(folded.len());
    for (at, c) in chars.iter().enumerate() {
        let digit_at = |at: Option<usize>| at.and_then(|at| chars.get(at)).copied().and_then(chinese_digit);
        match (c, chinese_digit(*c)) {
            (_, Some(digit)) => text.push_str(&digit.to_string()),
            ('十', None) => {
                let (before, after) = (digit_at(at.checked_sub(1)), digit_at(Some(at + 1)));
                match (before.is_some(), after.is_some()) {
                    (true, true) => {}
                    (true, false) => text.push('0'),
                    (false, true) => text.push('1'),
                    (false, false) => text.push_str("10"),
                }
            }
            _ => text.push(*c),
        }
    }
    text
}

fn vague(folded: &str) -> bool {
    [
        "底", "初", "末", "中旬", "上旬", "下旬", "半年", "季度", "前", "后", "左右", "年代", "至", "~", "约",
    ]
    .iter()
    .any(|word| folded.contains(word))
}

#[cfg(test)]
mod tests {
    use super::{NoDate, from_iso, from_number, from_text};

    #[test]
    fn reads_dates_with_their_precision() {
        let cases = [
            ("2023-05-12", Ok("2023-05-12")),
            ("2023/5/2", Ok("2023-05-02")),
            ("2023.5.12", Ok("2023-05-12")),
            ("2023年5月12日", Ok("2023-05-12")),
            ("2023年5月", Ok("2023-05")),
            ("2023年", Ok("2023")),
            ("2023", Ok("2023")),
            ("2020.10", Ok("2020-10")),
            ("202305", Ok("2023-05")),
            ("20230512", Ok("2023-05-12")),
            ("2023-5-12 0:00:00", Ok("2023-05-12")),
            ("2023-5-1 00:00:00", Ok("2023-05-01")),
            ("2023-05-12 13:45", Ok("2023-05-12")),
            ("2023-05-12T00:00:00", Ok("2023-05-12")),
            ("二〇二三年五月", Ok("2023-05")),
            ("二○二三年十二月三十一日", Ok("2023-12-31")),
            ("一九八〇年十月二十日", Ok("1980-10-20")),
            ("２０２３．５", Ok("2023-05")),
            ("2023.5.12.", Ok("2023-05-12")),
            ("2023年5月12", Ok("2023-05-12")),
            ("2023—05—12", Ok("2023-05-12")),
            ("45291", Ok("2023-12-31")),
            ("2023年5月份", Ok("2023-05")),
            ("2023 5", Ok("2023-05")),
            ("2023 05 12", Ok("2023-05-12")),
            ("2023 年 5 月 12 日", Ok("2023-05-12")),
            ("2023 13", Err(NoDate::NoSuchDay)),
            ("2020-2021年", Err(NoDate::Vague)),
            ("2023年5-12月", Err(NoDate::Several)),
            ("2023年5、6月", Err(NoDate::Several)),
            ("2023年5、6月份", Err(NoDate::Several)),
            ("二〇二三年五、六月", Err(NoDate::Several)),
            ("2023-5-12月", Err(NoDate::Several)),
            ("2023年5-12", Err(NoDate::Several)),
            ("2023.5-12", Err(NoDate::Several)),
            ("2023.5/6", Err(NoDate::Several)),
            ("2023-5、6", Err(NoDate::Several)),
            ("2023.5.12日", Ok("2023-05-12")),
            ("2023-5月", Ok("2023-05")),
            ("2023-5月12日", Ok("2023-05-12")),
            ("2023\\5\\12", Ok("2023-05-12")),
            ("2024.6.31", Err(NoDate::NoSuchDay)),
            ("2021-00-12", Err(NoDate::NoSuchDay)),
            ("2023.13", Err(NoDate::NoSuchDay)),
            ("2023年底", Err(NoDate::Vague)),
            ("八十年代初", Err(NoDate::Vague)),
            ("改革开放前", Err(NoDate::Vague)),
            ("23.5.12", Err(NoDate::Unlike)),
            ("见附件", Err(NoDate::Unlike)),
            ("2023-05-12-01", Err(NoDate::Unlike)),
            ("-", Err(NoDate::Unlike)),
        ];
        for (written, wanted) in cases {
            assert_eq!(
                from_text(written).map(|date| date.to_string()),
                wanted.map(str::to_owned),
                "{written}"
            );
        }
    }

    #[test]
    fn reads_number_cells() {
        let cases = [
            ("2023", Ok("2023")),
            ("2023.5", Ok("2023-05")),
            ("1978.12", Ok("1978-12")),
            ("20190907", Ok("2019-09-07")),
            ("45291", Ok("2023-12-31")),
            ("45291.5", Ok("2023-12-31")),
            ("36", Err(NoDate::Unlike)),
            ("2023.13", Err(NoDate::NoSuchDay)),
        ];
        for (written, wanted) in cases {
            assert_eq!(
                from_number(written).map(|date| date.to_string()),
                wanted.map(str::to_owned),
                "{written}"
            );
        }
        assert_eq!(
            from_iso("2023-05-12T08:00:00").map(|date| date.to_string()),
            Ok("2023-05-12".to_owned())
        );
    }
}
