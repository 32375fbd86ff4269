//! A roster as it was read and checked: the form that plans are made from and that is kept with its upload.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use retrofit_import::catalogue::Field;
use retrofit_import::check::{CheckedRow, Summary};
use retrofit_import::finding::{Finding, Severity};
use retrofit_import::record::Record;
use retrofit_import::workbook::Address;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::plan::Plan;
use super::{known, reading};
use crate::registry::packed::{Packed, Packer, View};
use crate::registry::values::{Fields as _, number_key, place_key, sha256};

/// A roster, read and checked: what a plan is made from.
#[derive(Clone, Debug, Default)]
pub struct Roster {
    /// Its data rows, each in a place of its own: moving hundreds of thousands of them as their list grows would take as much memory again.
    pub rows: Vec<Box<Row>>,
    /// What the check says of the file besides.
    pub summary: Summary,
    pub(super) categories: BTreeSet<String>,
    pub(super) counties: BTreeSet<String>,
    /// How many of the summary's findings and incidents are the check's; those of the comparison with the registry follow.
    pub(super) checked: (usize, usize),
}

/// A data row, in the form that is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Row {
    /// The sheet; of a csv the empty text.
    pub sheet: Arc<str>,
    /// The row, 1-based.
    pub row: u32,
    /// Its values, without the registry's code.
    pub values: Packed,
    /// The digest of their JSON, once it was asked for.
    #[serde(with = "asked", default)]
    digest: OnceLock<String>,
    /// Its findings: the check's, and after a preview those of the comparison with the registry.
    #[serde(with = "reading::findings")]
    pub findings: Vec<Finding>,
    /// How many of them are the check's.
    pub(super) checked: usize,
    /// What it says of the values that were read as something else.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) written: BTreeMap<Field, String>,
    /// What the officer wrote of them in the column 情况说明.
    pub(super) explanation: Option<Arc<str>>,
    /// The cells that the comparison may flag. Rows of one table share them.
    flagged: Arc<[Flagged]>,
    pub(super) code: Option<String>,
    pub(super) number: Option<String>,
    pub(super) place: Option<String>,
}

/// A field's cell as it lies to its row: how many rows above it, and its column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Flagged(Field, u32, u32);

impl Row {
    /// The digest of its values' JSON, by which it is known to say the same as a revision.
    pub(super) fn digest(&self) -> &str {
        self.digest.get_or_init(|| sha256(self.values.json().as_bytes()))
    }

    /// What a revision keeps of it: its values' JSON, and the digest of that.
    pub(super) fn content(&self) -> (String, String) {
        let json = self.values.json();
        let digest = self.digest.get_or_init(|| sha256(json.as_bytes())).clone();
        (json, digest)
    }

    /// The cell of a field that the comparison may flag.
    pub(super) fn address(&self, field: Field) -> Option<Address> {
        let of_field = |flagged: &&Flagged| flagged.0 == field;
        let &Flagged(_, above, column) = self.flagged.iter().find(of_field)?;
        Some(Address::new(self.row.wrapping_sub(above), column))
    }
}

/// Digests that were asked for.
mod asked {
    use super::{Deserialize as _, Deserializer, OnceLock, Serialize as _, Serializer};

    pub(super) fn serialize<S: Serializer>(digest: &OnceLock<String>, serializer: S) -> Result<S::Ok, S::Error> {
        digest.get().serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<OnceLock<String>, D::Error> {
        let digest: Option<String> = Option::deserialize(deserializer)?;
        Ok(digest.map_or_else(OnceLock::new, OnceLock::from))
    }
}

/// Brings checked rows into the form that is kept.
#[derive(Default)]
pub(super) struct Keeper {
    pub(super) roster: Roster,
    packer: Packer,
    /// Whether there are projects that rows are compared with.
    compared: bool,
}

impl Keeper {
    /// Of a roster that is compared with projects, the digests are worked out at once: beside the reading, they cost no time.
    pub(super) fn new(compared: bool) -> Self {
        Self {
            compared,
            ..Self::default()
        }
    }

    /// Keeps a row, and gives its record back.
    pub(super) fn keep(&mut self, checked: CheckedRow) -> Record {
        let record = checked.record;
        let values = self.packer.pack(&record);
        let view = values.view();
        self.roster.note(&view);
        let (number, place) = (number_key(&view), place_key(&view));
        let written = record.normalised();
        let written = written.map(|it| (it.field, it.written.to_owned())).collect();
        let row = Row {
            sheet: record.sheet.clone(),
            row: record.row,
            digest: OnceLock::new(),
            values,
            written,
            checked: checked.findings.len(),
            flagged: self.flagged(&record),
            code: record.text(Field::RegistryCode).map(str::to_owned),
            number,
            place,
            explanation: checked.explanation,
            findings: checked.findings,
        };
        if self.compared {
            row.digest();
        }
        self.roster.rows.push(Box::new(row));
        record
    }

    fn flagged(&self, record: &Record) -> Arc<[Flagged]> {
        let flagged = || {
            let cell = |&field: &Field| {
                let Address { row, column } = record.entry(field).address?;
                Some(Flagged(field, record.row.wrapping_sub(row), column))
            };
            known::FLAGGED.iter().filter_map(cell)
        };
        match self.roster.rows.last() {
            Some(last) if last.flagged.iter().copied().eq(flagged()) => last.flagged.clone(),
            _ => flagged().collect(),
        }
    }
}

impl Roster {
    /// A roster of these rows.
    pub fn new(rows: impl IntoIterator<Item = CheckedRow>, summary: Summary) -> Self {
        let mut roster = Self::of_rows(rows);
        roster.sum_up(summary);
        roster
    }

    pub(super) fn of_rows(rows: impl IntoIterator<Item = CheckedRow>) -> Self {
        let mut keeper = Keeper::default();
        for row in rows {
            keeper.keep(row);
        }
        keeper.roster
    }

    pub(super) fn sum_up(&mut self, summary: Summary) {
        self.checked = (summary.findings.len(), summary.incidents.len());
        self.summary = summary;
    }

    pub(super) fn take(&mut self, row: Box<Row>) {
        self.note(&row.values.view());
        self.rows.push(row);
    }

    /// Notes which category and county a row is of.
    fn note(&mut self, row: &View<'_>) {
        for (seen, field) in [
            (&mut self.categories, Field::Category),
            (&mut self.counties, Field::County),
        ] {
            if let Some(value) = row.one(field)
                && !seen.contains(value)
            {
                seen.insert(value.to_owned());
            }
        }
    }

    /// Puts what a plan found beside what the check found.
    pub(super) fn take_compared(&mut self, plan: &Plan) {
        for row in &mut self.rows {
            row.findings.truncate(row.checked);
        }
        for (at, finding) in &plan.of_rows {
            self.rows[*at].findings.push(finding.clone());
        }
        let (findings, incidents) = self.checked;
        self.summary.findings.truncate(findings);
        self.summary.findings.extend_from_slice(&plan.of_roster);
        self.summary.incidents.truncate(incidents);
        self.summary.incidents.extend_from_slice(&plan.incidents);
    }

    /// Whether there is anything to work with.
    pub fn is_readable(&self) -> bool {
        !self.rows.is_empty()
    }

    /// Whether a part of the file could not be read: a sheet that lacks a column, say.
    pub fn has_file_errors(&self) -> bool {
        self.summary
            .findings
            .iter()
            .any(|finding| finding.severity == Severity::Error)
    }
}
