//! What the catalogue knows of places: zonation and the counties' bounds.

use chrono::NaiveDate;
use rust_decimal::Decimal;

/// How sure a figure of the catalogue is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceStatus {
    /// Read in a public source.
    Read,
    /// Written from memory of the standard, to be confirmed against the printed text.
    Memory,
    /// To be verified by the deployment.
    ToVerify,
}

impl SourceStatus {
    /// The status with the name that the catalogue's files use.
    pub fn from_id(id: &str) -> Option<Self> {
        Some(match id {
            "read" => Self::Read,
            "memory" => Self::Memory,
            "to-verify" => Self::ToVerify,
            _ => return None,
        })
    }

    /// The name that the catalogue's files use.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Memory => "memory",
            Self::ToVerify => "to-verify",
        }
    }
}

/// The seismic ground-motion zonation of a county or township (GB 18306-2015).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zonation {
    /// The county's or township's code.
    pub division: String,
    /// Fortification intensity, degrees, as its code.
    pub intensity: String,
    /// Design basic acceleration, g, as its code (`0.15`).
    pub acceleration: String,
    /// Design earthquake group, as its code.
    pub design_group: String,
    /// The day from which the values hold.
    pub since: NaiveDate,
    /// How sure the acceleration is.
    pub acceleration_status: SourceStatus,
    /// How sure the group is.
    pub group_status: SourceStatus,
    /// Where the values come from.
    pub source: String,
}

/// The bounds of a county, degrees of CGCS2000.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The county's code.
    pub division: String,
    /// West edge.
    pub min_longitude: Decimal,
    /// South edge.
    pub min_latitude: Decimal,
    /// East edge.
    pub max_longitude: Decimal,
    /// North edge.
    pub max_latitude: Decimal,
}

/// A department of the work plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Department {
    /// Our short code (`JTJ`).
    pub code: String,
    /// Its full name.
    pub name: String,
    /// Its usual short name.
    pub short_name: String,
    /// Whether it is (part of) the joint meeting's secretariat.
    pub secretariat: bool,
    /// The categories that it leads, as codes.
    pub lead_categories: Vec<String>,
    /// How sure the entry is, as the file says: `named-in-notice` is public, all else waits for the user's word.
    pub status: String,
}

impl Department {
    /// Whether a published notice names the department, or the deployment has confirmed it; the others are placeholders for the user to
    /// confirm.
    pub fn is_confirmed(&self) -> bool {
        matches!(self.status.as_str(), "named-in-notice" | "confirmed")
    }
}
