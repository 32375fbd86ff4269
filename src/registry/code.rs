//! The registry's own code of a project.

use std::fmt;
use std::str::FromStr;

/// `LC-YYYY-NNNNNN`: the year of entry and the project's id, six or more digits. The platform's `source_id`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegistryCode {
    /// The year of entry.
    pub year: i64,
    /// The project.
    pub id: i64,
}

impl fmt::Display for RegistryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LC-{:04}-{:06}", self.year, self.id)
    }
}

impl serde::Serialize for RegistryCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Not of the form `LC-YYYY-NNNNNN`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoCode;

impl FromStr for RegistryCode {
    type Err = NoCode;

    /// Reads exactly what [`fmt::Display`] writes; letters in either case.
    fn from_str(text: &str) -> Result<Self, NoCode> {
        let upper = text.to_ascii_uppercase();
        let (year, id) = upper
            .strip_prefix("LC-")
            .and_then(|rest| rest.split_once('-'))
            .ok_or(NoCode)?;
        let code = Self {
            year: year.parse().map_err(|_| NoCode)?,
            id: id.parse().map_err(|_| NoCode)?,
        };
        if code.to_string() == upper {
            Ok(code)
        } else {
            Err(NoCode)
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn codes_read_back_as_written() {
        for (year, id, text) in [(2026, 1, "LC-2026-000001"), (2026, 1_234_567, "LC-2026-1234567")] {
            assert_eq!(RegistryCode { year, id }.to_string(), text);
            assert_eq!(text.parse(), Ok(RegistryCode { year, id }));
        }
        assert_eq!("lc-2026-000001".parse::<RegistryCode>().unwrap().id, 1);
        for text in [
            "",
            "LC-2026-1",
            "LC-2026-+00001",
            "LC-26-000001",
            "LC-2026-0000001",
            "XX-2026-000001",
        ] {
            assert_eq!(text.parse::<RegistryCode>(), Err(NoCode), "{text}");
        }
    }
}
