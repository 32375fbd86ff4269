//! What becomes of a cell: a value, or the fault that says why not.

use super::types::Value;
use crate::catalogue::{Field, FieldType};
use crate::record::Read;

/// What is wrong with a cell, in the officer's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The V rule.
    pub(crate) code: &'static str,
    /// What was found and what is wrong with it.
    pub(crate) message: String,
    /// What to write instead.
    pub(crate) suggestion: Option<String>,
}

impl Fault {
    pub(super) fn new(code: &'static str, message: String, suggestion: impl Into<String>) -> Self {
        Self {
            code,
            message,
            suggestion: Some(suggestion.into()),
        }
    }
}

/// The rule by which a cell of a field is not read, whatever stands in it.
pub(crate) const fn unread_code(field: Field) -> &'static str {
    match field.field_type() {
        FieldType::Integer | FieldType::Decimal(_) | FieldType::Percent => "V002",
        FieldType::Month | FieldType::Date => "V003",
        FieldType::Text(_) | FieldType::Uscc | FieldType::Phone => "V006",
        _ => "V004",
    }
}

/// A value of a field that another field's cell carries.
pub(crate) type Carried = (Field, Value);

/// What became of a cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reading {
    /// The value, or that it is blank or unread.
    pub(crate) read: Read,
    /// Why it is unread, or a hint on what was read.
    pub(crate) fault: Option<Fault>,
    /// Values of other fields that the cell carries too: the acceleration of `7度（0.15g）`, the unit of `20户`. For a coordinate out of
    /// its range: the number itself, because the two coordinates may have been swapped.
    pub(crate) also: Vec<Carried>,
    /// Whether the value says something else than what was written: a unit was converted, a date's number understood, a name mapped.
    pub(crate) changed: bool,
}

impl Reading {
    pub(super) fn value(value: Value) -> Self {
        Self {
            read: Read::Value(value),
            ..Self::default()
        }
    }

    pub(crate) fn fault(fault: Fault) -> Self {
        Self {
            read: Read::Unread,
            fault: Some(fault),
            ..Self::default()
        }
    }

    /// The same; `changed` where the value says something else than what was written.
    pub(super) fn changed(self, changed: bool) -> Self {
        Self { changed, ..self }
    }
}
