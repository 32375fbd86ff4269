//! JSON read for judging: members in the order sent, repeated names and the digits of every number kept.
//!
//! A value stays the text that was sent ([`RawValue`]), so no number ever passes through a float.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The members of one JSON object, as sent.
pub(crate) struct Members<'a>(pub(crate) Vec<(String, &'a RawValue)>);

impl<'a> Members<'a> {
    /// The members of `raw`, or nothing where it is no object.
    pub(crate) fn of(raw: &'a RawValue) -> Option<Self> {
        serde_json::from_str(raw.get()).ok()
    }

    pub(crate) fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.0
            .iter()
            .find(|(member, _)| member == name)
            .map(|(_, value)| *value)
    }

    /// The first member that is not among `allowed` or comes a second time.
    pub(crate) fn unexpected(&self, allowed: &[&str]) -> Option<&str> {
        let repeated = |at: usize, name: &str| self.0[..at].iter().any(|(earlier, _)| earlier == name);
        let mut members = self.0.iter().map(|(name, _)| name.as_str()).enumerate();
        members
            .find(|(at, name)| !allowed.contains(name) || repeated(*at, name))
            .map(|(_, name)| name)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Vec<(String, &'de RawValue)>;

            fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(Collect).map(Members)
    }
}

/// The text of a JSON string.
pub(crate) fn string(raw: &RawValue) -> Option<String> {
    serde_json::from_str(raw.get()).ok()
}

/// The elements of a JSON array.
pub(crate) fn array(raw: &RawValue) -> Option<Vec<&RawValue>> {
    serde_json::from_str(raw.get()).ok()
}

/// A JSON integer from 1 to 2^53 - 1, written without fraction or exponent.
pub(crate) fn positive_integer(raw: &RawValue) -> Option<i64> {
    serde_json::from_str(raw.get())
        .ok()
        .filter(|number| (1..(1 << 53)).contains(number))
}
