//! What the registry knows that bears on a roster: plain data that the caller loads in batches.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::catalogue::Field;
use crate::values::Canonical;

/// What the registry knows of one record of a roster.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Whose project the record's registry code names; none where the record carries no code.
    pub code_owner: Option<CodeOwner>,
    /// The current revision of the department's project that the record was matched with.
    pub current: Option<BTreeMap<Field, Canonical>>,
    /// The latest approved revision of that project.
    pub approved: Option<BTreeMap<Field, Canonical>>,
    /// Projects of other departments that may be the same building: those with the same credit code, and those nearby.
    pub neighbours: Vec<Neighbour>,
}

/// Whose project a registry code names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeOwner {
    /// The sender's.
    Own,
    /// Another department's.
    Other,
    /// Nobody's.
    Nobody,
}

/// A project of another department.
#[derive(Clone, Debug)]
pub struct Neighbour {
    /// The short name of the department that reports it.
    pub department: String,
    /// The project's name.
    pub name: String,
    /// The owner's credit code.
    pub uscc: Option<String>,
    /// Longitude and latitude, degrees.
    pub point: Option<(Decimal, Decimal)>,
}

/// What the registry knows of a roster as a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KnownRoster {
    /// Rows that were matched with a project.
    pub matched: usize,
    /// Rows among them whose name is not the project's.
    pub renamed: usize,
    /// The department's projects, among the categories and counties that occur in the file, that the roster does not list.
    pub not_listed: usize,
}
