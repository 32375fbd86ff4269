//! Coordinates as they are written in cells: decimal degrees, or degrees, minutes and seconds.

use rust_decimal::{Decimal, RoundingStrategy};

use super::number;

/// Decimals of a coordinate in degrees, about a tenth of a metre.
pub(crate) const DECIMALS: u32 = 6;

/// Reads a folded text in degrees, minutes and seconds (`116°07′03″`, `36度33分`), rounded to six decimals.
pub(crate) fn from_dms(folded: &str) -> Option<Decimal> {
    let mut rest = without_hemisphere(folded);
    let mut total = Decimal::ZERO;
    let mut any = false;
    for (marks, parts) in [
        (&["°", "度", "º"][..], 1),
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
    let before = ["东经", "北纬", "e", "n"]
        .iter()
        .find_map(|word| folded.strip_prefix(word))
        .unwrap_or(folded);
    before.trim_start_matches(':').trim_end_matches(['e', 'n'])
}

#[cfg(test)]
mod tests {
    use super::from_dms;
    use crate::values::fold::fold;

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
            ("36°61′", None),
            ("36.5", None),
            ("36°33′22″西", None),
            ("", None),
        ];
        for (written, wanted) in cases {
            let got = from_dms(&fold(written)).map(|degrees| degrees.normalize().to_string());
            assert_eq!(got.as_deref(), wanted, "{written}");
        }
    }
}
