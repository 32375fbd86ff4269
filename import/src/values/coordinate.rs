//! Coordinates as they are written in cells: decimal degrees, or degrees, minutes and seconds.

use rust_decimal::{Decimal, RoundingStrategy};

use super::fold::fold;
use super::number;

/// Decimals of a coordinate in degrees, about a tenth of a metre.
pub(crate) const DECIMALS: u32 = 6;

/// What people type for the degree sign and folding would make a letter, a digit or an accent of.
const DEGREE_SIGNS: &[char] = &['º', '˚', '⁰', 'ᵒ', '゜', 'ﾟ', '∘'];

/// The text of a coordinate as it is compared, with one sign for degrees.
pub(crate) fn folded(text: &str) -> String {
    fold(&text.replace(DEGREE_SIGNS, "°"))
}

/// Reads a folded text in degrees, minutes and seconds (`116°07′03″`, `36度33分`), rounded to six decimals.
pub(crate) fn from_dms(folded: &str) -> Option<Decimal> {
    let mut rest = without_hemisphere(folded);
    let mut total = Decimal::ZERO;
    let mut any = false;
    for (marks, parts) in [
        (&["°", "度"][..], 1),
        (&["'", "′", "’", "分", "‘"][..], 60),
        (&["\"", "″", "”", "秒", "''", "′′"][..], 3600),
    ] {
        if rest.is_empty() {
            break;
        }
        let written = number::written(rest)?;
        let mark = marks
            .iter()
            .filter(|mark| written.rest.starts_with(**mark))
            .max_by_key(|mark| mark.len())?;
        let limit = if parts == 1 {
            Decimal::from(180)
        } else {
            Decimal::from(60)
        };
        if written.number.is_sign_negative() || written.number >= limit {
            return None;
        }
        total += written.number / Decimal::from(parts);
        rest = &rest[rest.len() - written.rest.len() + mark.len()..];
        any = true;
    }
    (any && rest.is_empty()).then(|| total.round_dp_with_strategy(DECIMALS, RoundingStrategy::MidpointAwayFromZero))
}

/// The text without 东经, 北纬, E or N before or behind it.
pub(crate) fn without_hemisphere(folded: &str) -> &str {
    let before = ["东经", "北纬", "经度", "纬度", "e", "n"]
        .iter()
        .find_map(|word| folded.strip_prefix(word))
        .unwrap_or(folded);
    before.trim_start_matches(':').trim_end_matches(['e', 'n'])
}

/// Reads a text in degrees, decimal or with minutes and seconds.
fn degrees(text: &str) -> Option<Decimal> {
    let folded = folded(text);
    let bare = without_hemisphere(folded.trim_matches(['(', ')', ',', ';']));
    from_dms(bare).or_else(|| {
        number::written(bare)
            .filter(|found| found.rest.is_empty())
            .map(|found| found.number)
    })
}

/// Reads longitude and latitude from one text, in either order: `116.015,36.64`, `北纬36°38′24″ 东经116°0′54″`. In China a longitude is
/// the greater number.
pub(crate) fn pair(text: &str) -> Option<(Decimal, Decimal)> {
    let parts: [&dyn Fn(char) -> bool; 2] = [
        &|c: char| matches!(c, ',' | '，' | '、' | ';' | '；' | '/' | '／' | '|'),
        &|c: char| c.is_whitespace(),
    ];
    let split = |is_separator: &&dyn Fn(char) -> bool| {
        let parts: Vec<&str> = text
            .split(is_separator)
            .filter(|part| !part.trim().is_empty())
            .collect();
        match parts.as_slice() {
            [first, second] => Some((degrees(first)?, degrees(second)?)),
            _ => None,
        }
    };
    // Without a separator the second one's hemisphere stands between them, or the first one's behind it.
    let by_hemisphere = || {
        let folded = folded(text);
        let before = ["北纬", "东经", "纬度", "经度"]
            .iter()
            .filter_map(|word| folded.rfind(word))
            .max()
            .filter(|at| *at > 0);
        let behind = folded
            .find(['e', 'n'])
            .map(|at| at + 1)
            .filter(|at| *at > 1 && folded.ends_with(['e', 'n']));
        let (first, second) = folded.split_at_checked(before.or(behind)?)?;
        Some((degrees(first)?, degrees(second)?))
    };
    let (first, second) = parts.iter().find_map(split).or_else(by_hemisphere)?;
    Some((first.max(second), first.min(second)))
}

#[cfg(test)]
mod tests {
    use super::{folded, from_dms, pair};

    #[test]
    fn reads_degrees_minutes_and_seconds() {
        let cases = [
            ("116°07′03″", Some("116.1175")),
            ("116°0′54″", Some("116.015")),
            ("36°33′22″", Some("36.556111")),
            ("东经116度7分3秒", Some("116.1175")),
            ("115°37'3.5\"E", Some("115.617639")),
            ("36°33′", Some("36.55")),
            ("36°", Some("36")),
            ("116º07'03''", Some("116.1175")),
            ("116˚07′03″", Some("116.1175")),
            ("116⁰07′03″", Some("116.1175")),
            ("36∘", Some("36")),
            ("36°61′", None),
            ("36.5", None),
            ("36°33′22″西", None),
            ("", None),
        ];
        for (written, wanted) in cases {
            let got = from_dms(&folded(written)).map(|degrees| degrees.normalize().to_string());
            assert_eq!(got.as_deref(), wanted, "{written}");
        }
    }

    #[test]
    fn reads_two_coordinates_in_one_text() {
        for text in [
            "116.015,36.64",
            "36.64，116.015",
            "（116.015, 36.64）",
            "116.015 36.64",
            "116.015/36.64",
            "东经116.015 北纬36.64",
            "北纬36.64东经116.015",
            "E116.015,N36.64",
            "116.015°E 36.64°N",
            "116.015E36.64N",
            "116°0′54″,36°38′24″",
            "116° 0′ 54″、36° 38′ 24″",
            "116°0′54″E36°38′24″N",
            "116º0'54''E36˚38′24″N",
            "116⁰0′54″ 36゜38′24″",
            "东经116度0分54秒\n北纬36度38分24秒",
        ] {
            let got =
                pair(text).map(|(longitude, latitude)| format!("{} {}", longitude.normalize(), latitude.normalize()));
            assert_eq!(got.as_deref(), Some("116.015 36.64"), "{text}");
        }
        for text in ["116.015", "116.015,36.64,5", "见附件，另报", "1.2e5", ""] {
            assert_eq!(pair(text), None, "{text}");
        }
    }
}
