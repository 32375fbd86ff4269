//! Numbers as they are written in cells, exact, with what is written behind them.

use rust_decimal::Decimal;

/// A number and the folded text behind it, which may be a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Written<'a> {
    /// The number.
    pub(crate) number: Decimal,
    /// What stands behind it, folded; empty where nothing does.
    pub(crate) rest: &'a str,
}

/// Reads a folded text that begins with a number: `3,124.6`, `-5`, `1.2e3`, `十二`, each with or without a unit behind it.
pub(crate) fn written(folded: &str) -> Option<Written<'_>> {
    // Nearly every number is one already.
    let plain_digits = folded.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') && !folded.ends_with('.');
    if let Some(number) = folded.parse().ok().filter(|_| plain_digits) {
        return Some(Written { number, rest: "" });
    }
    let (digits, rest) = split(folded);
    if digits.is_empty() {
        let (number, rest) = chinese(folded)?;
        return Some(Written { number, rest });
    }
    let number = plain(digits)?;
    // What follows a number that ends too early ("12..5", "1-2", "3.1.2") is no unit.
    let broken = rest.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | '-' | '+' | '~' | '/'));
    (!broken).then_some(Written { number, rest })
}

/// Splits the digits, signs and separators of a number from what is behind them.
fn split(text: &str) -> (&str, &str) {
    let bytes = text.as_bytes();
    let mut at = usize::from(matches!(bytes.first(), Some(b'-' | b'+')));
    let digits = |mut at: usize| {
        while bytes.get(at).is_some_and(|byte| byte.is_ascii_digit() || *byte == b',') {
            at += 1;
        }
        at
    };
    let start = at;
    at = digits(at);
    if at == start && bytes.get(at) != Some(&b'.') {
        return ("", text);
    }
    if bytes.get(at) == Some(&b'.') && bytes.get(at + 1).is_some_and(u8::is_ascii_digit) {
        at += 1;
        while bytes.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
    }
    if bytes.get(at) == Some(&b'e') {
        let sign = at + 1 + usize::from(matches!(bytes.get(at + 1), Some(b'-' | b'+')));
        if bytes.get(sign).is_some_and(u8::is_ascii_digit) {
            at = sign;
            while bytes.get(at).is_some_and(u8::is_ascii_digit) {
                at += 1;
            }
        }
    }
    text.split_at(at)
}

/// Reads digits, with commas only where they part thousands (or tens of thousands).
fn plain(text: &str) -> Option<Decimal> {
    let (mantissa, exponent) = match text.split_once('e') {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if fraction.contains(',') || !grouped(whole.trim_start_matches(['-', '+'])) {
        return None;
    }
    let number: Decimal = if mantissa.contains(',') {
        mantissa.replace(',', "").parse().ok()?
    } else {
        mantissa.parse().ok()?
    };
    if exponent == 0 {
        return Some(number);
    }
    // Too small counts as nothing, too large as the most there is: out of every range, but a number.
    match Decimal::from_scientific(&format!("{number}e{exponent}")) {
        Ok(number) => Some(number),
        Err(_) if exponent < 0 => Some(Decimal::ZERO),
        Err(_) => Some(if number.is_sign_negative() {
            Decimal::MIN
        } else {
            Decimal::MAX
        }),
    }
}

fn grouped(whole: &str) -> bool {
    let mut groups = whole.split(',');
    let first = groups.next().unwrap_or_default();
    let rest: Vec<&str> = groups.collect();
    rest.is_empty()
        || (!first.is_empty()
            && (rest.iter().all(|group| group.len() == 3) || rest.iter().all(|group| group.len() == 4)))
}

/// Reads a Chinese numeral (`三`, `十二`, `二十`, `一百零五`, `三点五`), not one whose last unit is left out (`一百五`), and gives what is behind it. A 万 or 亿 at its end is left to the unit.
fn chinese(text: &str) -> Option<(Decimal, &str)> {
    let (mut total, mut section, mut digit) = (0_i64, 0_i64, None);
    // 一百二 is 120 as people speak, and 102 nowhere.
    let mut last_unit = 1;
    let mut zero = false;
    let mut end = 0;
    // What was read before a last 万 or 亿.
    let mut before_unit = None;
    for (at, c) in text.char_indices() {
        if let Some(value) = chinese_digit(c) {
            if digit.is_some_and(|before| before != 0) {
                return None;
            }
            zero |= value == 0;
            digit = Some(value);
            before_unit = None;
        } else if let Some(unit) = chinese_unit(c) {
            (last_unit, zero) = (unit, false);
            let count = match digit.take() {
                Some(count) => count,
                None if unit == 10 && section == 0 => 1,
                None if unit >= 10_000 && section > 0 => 0,
                None => return None,
            };
            if unit >= 10_000 {
                section += count;
                let wider = if unit == 10_000 { total / unit } else { total };
                before_unit = Some((wider + section, at));
                total = match unit {
                    10_000 => total.checked_add(section * unit)?,
                    _ => total.checked_add(section)?.checked_mul(unit)?,
                };
                section = 0;
            } else {
                section = section.checked_add(count * unit)?;
                before_unit = None;
            }
        } else {
            break;
        }
        end = at + c.len_utf8();
    }
    if end == 0 {
        return None;
    }
    if let Some((number, at)) = before_unit {
        return Some((Decimal::from(number), &text[at..]));
    }
    if last_unit > 10 && digit.is_some_and(|digit| digit > 0) && !zero {
        return None;
    }
    let whole = total.checked_add(section)?.checked_add(digit.unwrap_or(0))?;
    let Some(fraction) = text[end..].strip_prefix('点') else {
        return Some((Decimal::from(whole), &text[end..]));
    };
    let digits: String = fraction
        .chars()
        .map_while(chinese_digit)
        .map(|digit| digit.to_string())
        .collect();
    let rest = fraction.trim_start_matches(|c| chinese_digit(c).is_some());
    Some((
        format!("{whole}.{digits}")
            .parse()
            .ok()
            .filter(|_| !digits.is_empty())?,
        rest,
    ))
}

/// The value of a Chinese digit.
pub(crate) fn chinese_digit(c: char) -> Option<i64> {
    Some(match c {
        '〇' | '零' | '○' => 0,
        '一' | '壹' => 1,
        '二' | '两' | '贰' => 2,
        '三' | '叁' => 3,
        '四' | '肆' => 4,
        '五' | '伍' => 5,
        '六' | '陆' => 6,
        '七' | '柒' => 7,
        '八' | '捌' => 8,
        '九' | '玖' => 9,
        _ => return None,
    })
}

fn chinese_unit(c: char) -> Option<i64> {
    Some(match c {
        '十' | '拾' => 10,
        '百' | '佰' => 100,
        '千' | '仟' => 1000,
        '万' | '萬' => 10_000,
        '亿' => 100_000_000,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::written;

    #[test]
    fn reads_numbers_as_written() {
        let cases = [
            ("3,124.6", Some(("3124.6", ""))),
            ("1,2345", Some(("12345", ""))),
            ("12,34", None),
            ("-5", Some(("-5", ""))),
            ("1.2e3", Some(("1200", ""))),
            ("2.5e-1m", Some(("0.25", "m"))),
            ("0.1197万m2", Some(("0.1197", "万m2"))),
            ("675100元", Some(("675100", "元"))),
            ("5层", Some(("5", "层"))),
            ("三层", Some(("3", "层"))),
            ("十二", Some(("12", ""))),
            ("二十层", Some(("20", "层"))),
            ("一百零五", Some(("105", ""))),
            ("三万元", Some(("3", "万元"))),
            ("三万五千元", Some(("35000", "元"))),
            ("一亿二千万", Some(("12000", "万"))),
            ("三百万", Some(("300", "万"))),
            ("十二点五", Some(("12.5", ""))),
            ("1e40", Some(("79228162514264337593543950335", ""))),
            ("1e-40", Some(("0", ""))),
            ("三点", None),
            ("九万九千亿亿亿亿亿", None),
            (".5", Some(("0.5", ""))),
            ("12..5", None),
            ("1-2", None),
            ("1.2.3", None),
            ("约5", None),
            ("见附件", None),
            ("-", None),
            ("", None),
        ];
        for (text, wanted) in cases {
            let got = written(text).map(|found| (found.number.normalize().to_string(), found.rest.to_owned()));
            assert_eq!(
                got,
                wanted.map(|(number, rest)| (number.to_owned(), rest.to_owned())),
                "{text}"
            );
        }
    }
}
