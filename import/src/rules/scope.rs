//! Which records a rule is about: groups of codes that several rules share.

use super::Case;
use crate::catalogue::Field;

/// Categories that are buildings: dwellings, schools, hospitals, farmhouses and others.
pub(super) const BUILDINGS: &[&str] = &["01", "02", "03", "04", "99"];
/// Categories whose cost and storey area are known to keep within bounds.
pub(super) const HOUSES: &[&str] = &["01", "02", "03", "04"];
/// Stages from the start of the works on.
pub(super) const STARTED: &[&str] = &["30", "40", "50"];
/// Stages from the end of the works on.
pub(super) const COMPLETED: &[&str] = &["40", "50"];
/// Stages before the start of the works.
pub(super) const PREPARING: &[&str] = &["10", "20"];

impl Case<'_> {
    /// Whether the record's category is a building's.
    pub(super) fn is_building(&self) -> bool {
        self.code_in(Field::Category, BUILDINGS)
    }

    /// Whether the works retrofit what stands (工程性质 加固).
    pub(super) fn is_retrofit(&self) -> bool {
        self.code_in(Field::RecordKind, &["1"])
    }

    /// Whether the record's stage is one of these.
    pub(super) fn stage_in(&self, stages: &[&str]) -> bool {
        self.code_in(Field::Stage, stages)
    }

    /// Whether a shelter (use 951) has a building of its own: storeys above ground or a floor area are given.
    pub(super) fn has_building(&self) -> bool {
        !self.is_blank(Field::FloorsAbove) || !self.is_blank(Field::FloorAreaM2)
    }

    /// Of two fields that go together, the one that is given and the one that is blank; none where both are either.
    pub(super) fn half_given(&self, one: Field, other: Field) -> Option<(Field, Field)> {
        match (self.is_blank(one), self.is_blank(other)) {
            (false, true) => Some((one, other)),
            (true, false) => Some((other, one)),
            _ => None,
        }
    }
}
