//! Typed values of cells, and their canonical text.

use std::fmt::{self, Write as _};
use std::sync::Arc;

use chrono::{Datelike, NaiveDate};
use rust_decimal::Decimal;
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::catalogue::FieldType;

/// What a cell was read as. Every value has one canonical text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Text, trimmed.
    Text(Box<str>),
    /// The code of a code list, or `"1"` and `"0"` for yes and no.
    Code(Arc<str>),
    /// Several codes, in the order written, each once.
    Codes(Vec<Arc<str>>),
    /// The code of a county (six digits; a zone by its own code) or township (nine digits).
    Division(Arc<str>),
    /// A whole number.
    Integer(i64),
    /// A decimal in the field's unit (money in 10,000 CNY, areas in m², lengths in m).
    Decimal(Decimal),
    /// A date with the precision it was written in.
    Date(PartialDate),
}

impl Value {
    /// The value that a canonical form stands for; none where a field of this type has no such value.
    pub(crate) fn from_canonical(field_type: FieldType, canonical: &Canonical) -> Option<Self> {
        let text = match (field_type, canonical) {
            (FieldType::Codes(_), Canonical::Many(codes)) => {
                return Some(Self::Codes(codes.iter().map(|code| code.as_str().into()).collect()));
            }
            (_, canonical) => canonical.as_one()?,
        };
        Some(match field_type {
            FieldType::Text(_) | FieldType::Uscc | FieldType::Phone => Self::Text(text.into()),
            FieldType::Code(_) | FieldType::YesNo => Self::Code(text.into()),
            FieldType::Codes(_) => return None,
            FieldType::County | FieldType::Township => Self::Division(text.into()),
            FieldType::Integer => Self::Integer(text.parse().ok()?),
            FieldType::Decimal(_) | FieldType::Percent => Self::Decimal(text.parse().ok()?),
            FieldType::Month | FieldType::Date => Self::Date(PartialDate::parse(text)?),
        })
    }

    /// The canonical form, as kept in records.
    pub fn canonical(&self) -> Canonical {
        match self {
            Self::Codes(codes) => Canonical::Many(codes.iter().map(ToString::to_string).collect()),
            one => Canonical::One(one.text(&mut String::new()).to_owned()),
        }
    }

    /// The canonical text of a single value, written into `scratch` where it is not kept as a text; of several codes the empty text.
    pub fn text<'a>(&'a self, scratch: &'a mut String) -> &'a str {
        // Writing to a String cannot fail.
        let _ = match self {
            Self::Codes(_) => return "",
            Self::Text(text) => return text,
            Self::Code(code) | Self::Division(code) => return code,
            Self::Integer(number) => write!(scratch, "{number}"),
            Self::Decimal(number) => write!(scratch, "{}", number.normalize()),
            Self::Date(date) => write!(scratch, "{date}"),
        };
        scratch
    }
}

/// A value in its canonical text: what records, JSON and revisions hold.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(untagged)]
pub enum Canonical {
    /// One value.
    One(String),
    /// Several codes, in the order written.
    Many(Vec<String>),
}

impl Canonical {
    /// The text of a single value; of several codes none.
    pub fn as_one(&self) -> Option<&str> {
        match self {
            Self::One(text) => Some(text),
            Self::Many(_) => None,
        }
    }
}

impl<'de> Deserialize<'de> for Canonical {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMany;
        impl<'de> Visitor<'de> for OneOrMany {
            type Value = Canonical;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a list of texts")
            }

            fn visit_str<E>(self, text: &str) -> Result<Canonical, E> {
                Ok(Canonical::One(text.into()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut codes: A) -> Result<Canonical, A::Error> {
                let mut many = Vec::new();
                while let Some(code) = codes.next_element()? {
                    many.push(code);
                }
                Ok(Canonical::Many(many))
            }
        }
        deserializer.deserialize_any(OneOrMany)
    }
}

/// A date as precise as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PartialDate {
    /// A year alone.
    Year(i32),
    /// A month: its first day.
    Month(NaiveDate),
    /// A full date.
    Day(NaiveDate),
}

impl PartialDate {
    /// A year alone, from 1 to 9999.
    pub fn from_year(year: i32) -> Option<Self> {
        (1..=9999).contains(&year).then_some(Self::Year(year))
    }

    /// A month of a year.
    pub fn from_month(year: i32, month: u32) -> Option<Self> {
        (1..=9999)
            .contains(&year)
            .then(|| NaiveDate::from_ymd_opt(year, month, 1))
            .flatten()
            .map(Self::Month)
    }

    /// A day.
    pub fn from_day(year: i32, month: u32, day: u32) -> Option<Self> {
        (1..=9999)
            .contains(&year)
            .then(|| NaiveDate::from_ymd_opt(year, month, day))
            .flatten()
            .map(Self::Day)
    }

    /// The first day of the span.
    pub fn first(self) -> NaiveDate {
        match self {
            Self::Year(year) => NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or_default(),
            Self::Month(first) | Self::Day(first) => first,
        }
    }

    /// The last day of the span.
    pub fn last(self) -> NaiveDate {
        match self {
            Self::Year(year) => NaiveDate::from_ymd_opt(year, 12, 31).unwrap_or_default(),
            Self::Month(first) => {
                let next = if first.month() == 12 {
                    NaiveDate::from_ymd_opt(first.year() + 1, 1, 1)
                } else {
                    NaiveDate::from_ymd_opt(first.year(), first.month() + 1, 1)
                };
                next.and_then(|day| day.pred_opt()).unwrap_or(first)
            }
            Self::Day(day) => day,
        }
    }

    /// The same span, no more precise than a month.
    #[must_use]
    pub fn to_month(self) -> Self {
        match self {
            Self::Day(day) => Self::Month(day.with_day(1).unwrap_or(day)),
            other => other,
        }
    }

    /// Reads the canonical text back.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let year = parts.next()?.parse().ok()?;
        match (parts.next(), parts.next(), parts.next()) {
            (None, ..) => Self::from_year(year),
            (Some(month), None, _) => Self::from_month(year, month.parse().ok()?),
            (Some(month), Some(day), None) => Self::from_day(year, month.parse().ok()?, day.parse().ok()?),
            _ => None,
        }
    }
}

impl fmt::Display for PartialDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Year(year) => write!(f, "{year:04}"),
            Self::Month(first) => write!(f, "{:04}-{:02}", first.year(), first.month()),
            Self::Day(day) => write!(f, "{:04}-{:02}-{:02}", day.year(), day.month(), day.day()),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_written_as_its_canonical_form_and_read_back() {
        let values = [
            Value::Text("一中\"东\"楼\n".into()),
            Value::Code("07".into()),
            Value::Codes(vec!["03".into(), "01".into()]),
            Value::Codes(Vec::new()),
            Value::Division("371502001".into()),
            Value::Integer(-40),
            Value::Decimal("12.500".parse().unwrap()),
            Value::Date(PartialDate::parse("1998-07").unwrap()),
        ];
        for value in values {
            let canonical = value.canonical();
            let json = serde_json::to_string(&canonical).unwrap();
            assert_eq!(serde_json::from_str::<Canonical>(&json).unwrap(), canonical);
        }
        assert!(serde_json::from_str::<Canonical>("7").is_err());
    }
}
