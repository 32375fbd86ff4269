//! Records: one project as a roster states it, with the cell that each value came from.

use std::collections::BTreeMap;
use std::sync::Arc;

use rust_decimal::Decimal;

use crate::catalogue::Field;
use crate::values::{Canonical, PartialDate, Value};
use crate::workbook::Address;

/// What became of a field's cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Read {
    /// The cell is blank, or the sheet has no column for the field.
    #[default]
    Blank,
    /// Something was written and a V finding refused it.
    Unread,
    /// It was read.
    Value(Value),
}

/// One field of a record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// What was read.
    pub read: Read,
    /// The cell that a finding on the field flags: the cell it was read from (in a merged area the first one's row, or the row's own,
    /// as the layout decides), or none where the sheet has no such column.
    pub address: Option<Address>,
    /// What was written, for messages; empty where nothing was.
    pub written: Box<str>,
}

/// A value whose meaning the reading changed, for the officer to see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Normalised<'a> {
    /// The field.
    pub field: Field,
    /// What was written.
    pub written: &'a str,
    /// What it was read as.
    pub canonical: Canonical,
}

/// One data row, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The sheet's name; of a csv the empty text.
    pub sheet: Arc<str>,
    /// The row, 1-based as Excel shows it.
    pub row: u32,
    entries: Box<[Entry]>,
    /// A bit for each field whose value says something else than what was written.
    changed: u64,
}

const _: () = assert!(Field::COUNT <= u64::BITS as usize, "a bit for each field");

impl Record {
    /// A record with nothing read yet.
    pub fn new(sheet: Arc<str>, row: u32) -> Self {
        Self {
            sheet,
            row,
            entries: (0..Field::COUNT).map(|_| Entry::default()).collect(),
            changed: 0,
        }
    }

    /// A record kept as canonical values: of no sheet and row, each value written as it stands. One that its field cannot hold is unread.
    pub fn from_values(values: &BTreeMap<Field, Canonical>) -> Self {
        let mut record = Self::new("".into(), 0);
        for (&field, canonical) in values {
            let written = match canonical {
                Canonical::One(text) => text.clone(),
                Canonical::Many(texts) => texts.join("、"),
            };
            *record.entry_mut(field) = Entry {
                read: Value::from_canonical(field.field_type(), canonical).map_or(Read::Unread, Read::Value),
                address: None,
                written: written.into(),
            };
        }
        record
    }

    /// A field's entry.
    pub fn entry(&self, field: Field) -> &Entry {
        &self.entries[field.index()]
    }

    /// A field's entry, to fill it.
    pub fn entry_mut(&mut self, field: Field) -> &mut Entry {
        &mut self.entries[field.index()]
    }

    /// Marks a field's value as saying something else than what was written, not merely in another way: a unit was converted, an old name
    /// mapped, a number understood as a date, two values in one cell taken apart.
    pub fn mark_changed(&mut self, field: Field) {
        self.changed |= 1 << field.index();
    }

    /// The value, where one was read.
    pub fn value(&self, field: Field) -> Option<&Value> {
        match &self.entry(field).read {
            Read::Value(value) => Some(value),
            Read::Blank | Read::Unread => None,
        }
    }

    /// Whether something was written in the field, read or not.
    pub fn is_given(&self, field: Field) -> bool {
        self.entry(field).read != Read::Blank
    }

    /// The text of a text field.
    pub fn text(&self, field: Field) -> Option<&str> {
        match self.value(field)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The code of a code, yes-or-no or division field.
    pub fn code(&self, field: Field) -> Option<&str> {
        match self.value(field)? {
            Value::Code(code) | Value::Division(code) => Some(code),
            _ => None,
        }
    }

    /// The codes of a field that takes several.
    pub fn codes(&self, field: Field) -> Option<&[Arc<str>]> {
        match self.value(field)? {
            Value::Codes(codes) => Some(codes),
            _ => None,
        }
    }

    /// A whole number.
    pub fn integer(&self, field: Field) -> Option<i64> {
        match self.value(field)? {
            Value::Integer(number) => Some(*number),
            _ => None,
        }
    }

    /// A number, whole or decimal, in the field's unit.
    pub fn decimal(&self, field: Field) -> Option<Decimal> {
        match self.value(field)? {
            Value::Decimal(number) => Some(*number),
            Value::Integer(number) => Some(Decimal::from(*number)),
            _ => None,
        }
    }

    /// A date.
    pub fn date(&self, field: Field) -> Option<PartialDate> {
        match self.value(field)? {
            Value::Date(date) => Some(*date),
            _ => None,
        }
    }

    /// The canonical values of the fields that were read.
    pub fn values(&self) -> BTreeMap<Field, Canonical> {
        let value = |field: &Field| Some((*field, self.value(*field)?.canonical()));
        Field::ALL.iter().filter_map(value).collect()
    }

    /// The values that say something else than what was written, in the order of the catalogue.
    pub fn normalised(&self) -> impl Iterator<Item = Normalised<'_>> {
        // Most rows say everything as it is kept.
        let fields = if self.changed == 0 { &[] } else { Field::ALL };
        let changed = fields.iter().filter(|field| self.changed & (1 << field.index()) != 0);
        changed.filter_map(|field| {
            Some(Normalised {
                field: *field,
                written: &self.entry(*field).written,
                canonical: self.value(*field)?.canonical(),
            })
        })
    }
}
