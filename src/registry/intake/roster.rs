//! A roster as it was read and checked: the form that plans are made from and that is kept with its upload.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use retrofit_import::catalogue::Field;
use retrofit_import::check::{CheckedRow, Summary};
use retrofit_import::finding::{Finding, Severity};
use retrofit_import::workbook::Address;
use serde::{Deserialize, Serialize};

use super::plan::Plan;
use super::{known, reading};
use crate::registry::values::{Point, Values, number_key, owner_key, place_key, point, sha256, to_json};

/// The fields that a row keeps beside its JSON: by these it meets projects.
const KNOWN_BY: [Field; 10] = [
    Field::RegistryCode,
    Field::ProjectNo,
    Field::Name,
    Field::Category,
    Field::OwnerUscc,
    Field::County,
    Field::Township,
    Field::Address,
    Field::Longitude,
    Field::Latitude,
];

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
    /// The canonical JSON of its values, without the registry's code.
    pub json: String,
    /// The digest of that.
    pub digest: String,
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
    /// The addresses of the cells that the comparison may flag.
    pub(super) flagged: Vec<(Field, Address)>,
    pub(super) category: Option<String>,
    pub(super) county: Option<String>,
    pub(super) name: Option<String>,
    pub(super) owner: Option<String>,
    pub(super) point: Option<Point>,
    pub(super) code: Option<String>,
    pub(super) number: Option<String>,
    pub(super) place: Option<String>,
}

impl Roster {
    /// A roster of these rows.
    pub fn new(rows: impl IntoIterator<Item = CheckedRow>, summary: Summary) -> Self {
        let mut roster = Self::of_rows(rows);
        roster.sum_up(summary);
        roster
    }

    pub(super) fn of_rows(rows: impl IntoIterator<Item = CheckedRow>) -> Self {
        let mut roster = Self::default();
        for row in rows {
            roster.push(row);
        }
        roster
    }

    pub(super) fn sum_up(&mut self, summary: Summary) {
        self.checked = (summary.findings.len(), summary.incidents.len());
        self.summary = summary;
    }

    fn push(&mut self, checked: CheckedRow) {
        let record = &checked.record;
        let known_by = KNOWN_BY.iter();
        let values = known_by.filter_map(|&field| Some((field, record.value(field)?.canonical())));
        let values: Values = values.collect();
        let one = |field| values.get(&field).and_then(|value| value.as_one()).map(str::to_owned);
        let flagged = known::FLAGGED
            .iter()
            .filter_map(|&field| Some((field, record.entry(field).address?)));
        let written = record.normalised();
        let written = written.map(|it| (it.field, it.written.to_owned())).collect();
        let json = to_json(record);
        self.take(Box::new(Row {
            sheet: record.sheet.clone(),
            row: record.row,
            digest: sha256(json.as_bytes()),
            json,
            written,
            checked: checked.findings.len(),
            flagged: flagged.collect(),
            category: one(Field::Category),
            county: one(Field::County),
            name: one(Field::Name),
            owner: owner_key(&values),
            point: point(&values),
            code: one(Field::RegistryCode),
            number: number_key(&values),
            place: place_key(&values),
            explanation: checked.explanation,
            findings: checked.findings,
        }));
    }

    pub(super) fn take(&mut self, row: Box<Row>) {
        for (seen, value) in [(&mut self.categories, &row.category), (&mut self.counties, &row.county)] {
            if let Some(value) = value
                && !seen.contains(value)
            {
                seen.insert(value.clone());
            }
        }
        self.rows.push(row);
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
