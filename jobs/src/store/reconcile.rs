//! What the platform holds, beside what we believe that it holds.

use std::collections::HashSet;

use super::{StoreError, UtcMillis, Word};

/// How a record stands at the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeldState {
    /// Not inspected yet.
    InReview,
    /// Inspected and found good.
    Passed,
    /// Inspected and given back.
    Returned,
    /// Withdrawn by us.
    Withdrawn,
}

impl Word for HeldState {
    const ALL: &'static [Self] = &[Self::InReview, Self::Passed, Self::Returned, Self::Withdrawn];

    fn word(self) -> &'static str {
        match self {
            Self::InReview => "in-review",
            Self::Passed => "passed",
            Self::Returned => "returned",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// A record as the platform lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The registry code, as the platform has it.
    pub source_id: String,
    /// The highest revision that it took.
    pub revision: i64,
    /// The digest of its data.
    pub digest: Option<String>,
    /// How it stands.
    pub state: HeldState,
    /// The inspector's note.
    pub note: Option<String>,
}

/// What can differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DifferenceKind {
    /// The platform took it, we believe, and does not list it.
    MissingThere,
    /// The platform lists it, and we never delivered it.
    MissingHere,
    /// Another revision, other content, or withdrawn on one side only.
    Different,
    /// The platform's inspection gave it back.
    Returned,
}

impl Word for DifferenceKind {
    const ALL: &'static [Self] = &[Self::MissingThere, Self::MissingHere, Self::Different, Self::Returned];

    fn word(self) -> &'static str {
        match self {
            Self::MissingThere => "missing-there",
            Self::MissingHere => "missing-here",
            Self::Different => "different",
            Self::Returned => "returned",
        }
    }
}

/// A comparison under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reconciliation {
    /// Its id.
    pub id: i64,
    /// When it began: what was delivered since is left out.
    pub started_at: UtcMillis,
    /// What the platform misses, or holds in a lower revision, is to be delivered again.
    pub redeliver: bool,
}

/// The comparison with the platform. Projects with a delivery on its way, or settled since the comparison began, are left out of
/// it. Nothing is ever removed, here or there; doing it again changes nothing more.
pub trait ReconcileStore: Send + Sync + 'static {
    /// Begins a comparison.
    fn begin_reconciliation(
        &self,
        started_by: &str,
        redeliver: bool,
        now: UtcMillis,
    ) -> Result<Reconciliation, StoreError>;

    /// Compares what the platform lists, and notes what differs; a later state of a record replaces an earlier one. What the
    /// platform's inspection returned goes back to its department with the note, once. Gives the projects that the records
    /// are of.
    fn compare(&self, this: Reconciliation, held: &[Held], now: UtcMillis) -> Result<Vec<i64>, StoreError>;

    /// Looks through up to `limit` projects after the project `after` of which we believe that the platform holds a record,
    /// and notes those that it did not list. Gives the last project looked at; `None` at the end.
    fn note_missing(
        &self,
        this: Reconciliation,
        listed: &HashSet<i64>,
        after: i64,
        limit: usize,
        now: UtcMillis,
    ) -> Result<Option<i64>, StoreError>;

    /// Ends the comparison: how many records were listed, and, in Chinese, why it broke off.
    fn end_reconciliation(
        &self,
        this: Reconciliation,
        listed: u64,
        trouble: Option<&str>,
        now: UtcMillis,
    ) -> Result<(), StoreError>;
}
