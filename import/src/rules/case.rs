//! What a rule is given, and what it answers.

use chrono::NaiveDate;

use super::Basis;
use crate::catalogue::{Catalogue, CodeList, Field, FieldType};
use crate::finding::Severity;
use crate::record::{Read, Record};
use crate::values::Value;

/// A record under judgement.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// The record.
    pub record: &'a Record,
    /// The business day, Asia/Shanghai.
    pub today: NaiveDate,
    /// The catalogue in force.
    pub catalogue: &'a Catalogue,
}

impl Case<'_> {
    /// The label of a field.
    pub fn label(&self, field: Field) -> &str {
        self.catalogue.label(field)
    }

    /// The label of a code.
    pub fn code_label<'c>(&'c self, list: CodeList, code: &'c str) -> &'c str {
        self.catalogue.code_label(list, code)
    }

    /// What was read in a field, as officers read it: labels instead of codes; empty where nothing was read.
    pub fn shown(&self, field: Field) -> String {
        let list = match field.field_type() {
            FieldType::Code(list) | FieldType::Codes(list) => Some(list),
            FieldType::YesNo => Some(CodeList::YesNo),
            _ => None,
        };
        let label = |code| list.map_or(code, |list| self.code_label(list, code));
        match self.record.value(field) {
            None => String::new(),
            Some(Value::Code(code)) => label(code).to_owned(),
            Some(Value::Codes(codes)) => codes.iter().map(|code| label(code)).collect::<Vec<_>>().join("、"),
            Some(Value::Division(code)) => self.catalogue.divisions().name(code).to_owned(),
            Some(value) => value.canonical().as_one().unwrap_or_default().to_owned(),
        }
    }

    /// Whether the code read in a field is one of these.
    pub fn code_in(&self, field: Field, codes: &[&str]) -> bool {
        self.record.code(field).is_some_and(|code| codes.contains(&code))
    }

    /// Whether a field is blank: neither read nor written unreadably.
    pub fn is_blank(&self, field: Field) -> bool {
        !self.record.is_given(field)
    }

    /// Whether something was written in a field that could not be read, so that a rule that needs it stays silent.
    pub fn is_unread(&self, field: Field) -> bool {
        self.record.entry(field).read == Read::Unread
    }
}

/// What a rule finds wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The field whose cell is flagged.
    pub field: Field,
    /// What it asks for, where that differs from the rule's severity.
    pub severity: Option<Severity>,
    /// What was found and what is wrong, in one or two plain Chinese sentences.
    pub message: String,
    /// What to write instead.
    pub suggestion: String,
    /// The clause that it rests on, where that is narrower than the rule's.
    pub basis: Option<Basis>,
}

impl Fault {
    /// A fault of the rule's own severity.
    pub fn new(field: Field, message: impl Into<String>, suggestion: impl Into<String>) -> Self {
        Self {
            field,
            severity: None,
            message: message.into(),
            suggestion: suggestion.into(),
            basis: None,
        }
    }

    /// The same fault, resting on this clause alone.
    #[must_use]
    pub fn resting_on(mut self, basis: Basis) -> Self {
        self.basis = Some(basis);
        self
    }

    /// The same fault, asking for an explanation only.
    #[must_use]
    pub fn to_confirm(mut self) -> Self {
        self.severity = Some(Severity::Confirm);
        self
    }
}

/// What a rule finds wrong with a roster as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RosterFault {
    /// What was found and what is wrong, in one or two plain Chinese sentences.
    pub message: String,
    /// What to do.
    pub suggestion: String,
}
