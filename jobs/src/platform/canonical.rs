//! Canonical JSON (RFC 8785) for the shapes that are sent: objects of strings, arrays of strings, decimal numbers
//! and further objects.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use rust_decimal::{Decimal, RoundingStrategy};

/// The text of a number is no decimal, or has more than 15 significant digits, which a receiver's floats need not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a decimal of at most 15 significant digits")]
pub(super) struct NotANumber;

/// Writes a canonical decimal text as a JSON number of at most `decimals` decimals, rounded half up (away from zero).
///
/// RFC 8785 wants the shortest digits that ECMAScript would print. For decimals of at most 15 significant digits, and
/// not under 0.000001, these are the decimal's own digits without trailing zeros, so no float is needed, nor used.
pub(super) fn number(text: &str, decimals: u32) -> Result<String, NotANumber> {
    let exact = Decimal::from_str_exact(text).map_err(|_| NotANumber)?;
    let rounded = exact
        .round_dp_with_strategy(decimals.min(6), RoundingStrategy::MidpointAwayFromZero)
        .normalize();
    if rounded.mantissa().unsigned_abs() >= 10_u128.pow(15) {
        return Err(NotANumber);
    }
    Ok(if rounded.is_zero() {
        "0".to_owned()
    } else {
        rounded.to_string()
    })
}

/// A string as JSON. `serde_json` escapes exactly as RFC 8785 (section 3.2.2.2) does.
pub(super) fn string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// An array of strings.
pub(super) fn strings(texts: &[String]) -> String {
    serde_json::Value::from(texts).to_string()
}

/// An object of members (name or dotted path, canonical JSON). Member names are ASCII (the profile sees to it), so their
/// byte order is the order of UTF-16 code units that RFC 8785 asks for.
pub(super) fn object<J: AsRef<str>>(members: &[(&str, J)]) -> String {
    // what stands under each name: its value, or the members of an object
    let mut by_name: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
    for (path, value) in members {
        let (name, rest) = path.split_once('.').unwrap_or((path, ""));
        by_name.entry(name).or_default().push((rest, value.as_ref()));
    }
    let mut json = String::from("{");
    for (index, (name, inner)) in by_name.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        let value = match inner[..] {
            [("", value)] => value.to_owned(),
            _ => object(inner),
        };
        // writing to a string cannot fail
        let _ = write!(json, "{comma}{}:{value}", string(name));
    }
    json.push('}');
    json
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_their_own_shortest_digits() {
        for (text, decimals, json) in [
            ("0", 6, "0"),
            ("-0", 6, "0"),
            ("0.00", 2, "0"),
            ("007", 0, "7"),
            ("1250.50", 2, "1250.5"),
            ("115.985432", 6, "115.985432"),
            ("0.000001", 6, "0.000001"),
            ("0.0000004", 6, "0"),
            ("36.4500000000", 6, "36.45"),
            ("1.005", 2, "1.01"),
            ("2.675", 2, "2.68"),
            ("-2.675", 2, "-2.68"),
            ("-0.001", 2, "0"),
            ("0.1", 6, "0.1"),
            ("100", 2, "100"),
            ("999999999999999", 0, "999999999999999"),
        ] {
            assert_eq!(
                number(text, decimals).as_deref(),
                Ok(json),
                "{text} with {decimals} decimals"
            );
        }
        for text in [
            "",
            "x",
            "1e5",
            "1,000",
            "0x10",
            "1000000000000000",
            "99999999999999999999999999999999",
            "NaN",
        ] {
            assert_eq!(number(text, 2), Err(NotANumber), "{text}");
        }
    }

    #[test]
    fn no_number_changes_on_its_way_through_a_float() {
        let mut digits = 1_u64;
        for _ in 0..2_000 {
            // a fixed walk over 15-digit numbers
            digits = digits
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let text = Decimal::from_i128_with_scale(i128::from(digits % 1_000_000_000_000_000), 6).to_string();
            let json = number(&text, 6).unwrap_or_default();
            let through_float = json.parse::<f64>().map(|float| float.to_string());
            assert_eq!(Ok(&json), through_float.as_ref(), "{text}");
        }
    }

    #[test]
    fn members_are_sorted_and_escaped() {
        let members = [
            ("wd", "36.45".to_owned()),
            ("dz", string("东昌府区\"柳园\"\u{1}\n路\\1号/\u{7f}\u{20ac}")),
            ("jgfs", strings(&["01".into(), "05".into()])),
        ];
        assert_eq!(
            object(&members),
            "{\"dz\":\"东昌府区\\\"柳园\\\"\\u0001\\n路\\\\1号/\u{7f}\u{20ac}\",\"jgfs\":[\"01\",\"05\"],\"wd\":36.45}"
        );
        assert_eq!(object::<&str>(&[]), "{}");
        let nested = [("b.y", "1"), ("a", "2"), ("b.x.z", "3"), ("b-", "4")];
        assert_eq!(object(&nested), r#"{"a":2,"b":{"x":{"z":3},"y":1},"b-":4}"#);
    }
}
