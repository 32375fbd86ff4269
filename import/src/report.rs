//! What a check found, as a whole: for JSON, for the terminal and for pages.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;
use std::path::Path;
use std::sync::Arc;

use chrono::NaiveDate;
use serde::Serialize;

use crate::catalogue::Field;
use crate::check::{CheckedRow, Checker, SheetSummary, Summary};
use crate::finding::{Finding, Severity};
use crate::rules::Incident;
use crate::values::Canonical;
use crate::workbook::Address;

/// The whole result of checking one file.
#[derive(Clone, Debug)]
pub struct Report {
    /// The sheets, the counts, and the findings on the file, its sheets and their headers.
    pub summary: Summary,
    /// Every finding: those on the file, its sheets and their headers, and then those on rows.
    pub findings: Vec<Finding>,
    /// The data rows of which there is more to say than that they are sound.
    pub rows: Vec<RowState>,
    /// The canonical values of each data row, where they were asked for.
    pub records: Option<Vec<RowValues>>,
}

/// How a data row stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Nothing is asked.
    Sound,
    /// There were findings to confirm, and the officer explained them.
    Explained,
    /// It waits for an explanation.
    ToExplain,
    /// It waits until it is mended.
    ToMend,
}

impl Verdict {
    /// The officers' word for it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Sound => "合格",
            Self::Explained => "已说明",
            Self::ToExplain => "需说明",
            Self::ToMend => "需更正",
        }
    }

    /// Whether the row waits for the officer.
    pub fn is_open(self) -> bool {
        self >= Self::ToExplain
    }
}

/// What is said of a data row as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowState {
    /// The sheet's name.
    pub sheet: Arc<str>,
    /// The row, 1-based.
    pub row: u32,
    /// How it stands.
    pub verdict: Verdict,
    /// What is to be done besides its findings.
    pub remark: Option<String>,
    /// The code of its project, where it is known and the row does not state it.
    pub registry_code: Option<String>,
}

impl RowState {
    /// The state of a row by its findings alone; none where there is nothing to say.
    fn of(row: &CheckedRow) -> Option<Self> {
        let verdict = match (row.gravest()?, &row.explanation) {
            (Severity::Error, _) => Verdict::ToMend,
            (Severity::Confirm, None) => Verdict::ToExplain,
            (Severity::Confirm, Some(_)) => Verdict::Explained,
            (Severity::Hint, _) => return None,
        };
        Some(Self {
            sheet: row.record.sheet.clone(),
            row: row.record.row,
            verdict,
            remark: None,
            registry_code: None,
        })
    }
}

/// The canonical values of a data row.
#[derive(Clone, Debug, Serialize)]
pub struct RowValues {
    /// The sheet's name.
    pub sheet: String,
    /// The row, 1-based.
    pub row: u32,
    /// The values that were read.
    pub values: BTreeMap<Field, Canonical>,
}

impl Report {
    /// Checks a file and keeps all that was found; the records only when asked for.
    ///
    /// # Errors
    /// As [`Checker::check`].
    pub fn new(checker: &Checker, file: &Path, today: NaiveDate, with_records: bool) -> io::Result<Self> {
        let mut row_findings = Vec::new();
        let mut records = Vec::new();
        let mut rows = Vec::new();
        let summary = checker.check(file, today, &mut |row| {
            rows.extend(RowState::of(&row));
            row_findings.extend(row.findings);
            if with_records {
                let values = row.record.values();
                records.push(RowValues {
                    sheet: row.record.sheet.to_string(),
                    row: row.record.row,
                    values,
                });
            }
        })?;
        let mut findings = summary.findings.clone();
        if summary.refusal.is_none() {
            findings.extend(row_findings);
        } else {
            records.clear();
            rows.clear();
        }
        Ok(Self {
            summary,
            findings,
            rows,
            records: with_records.then_some(records),
        })
    }

    /// How many rows stand so.
    pub fn count(&self, verdict: Verdict) -> usize {
        match verdict {
            Verdict::Sound => {
                let others = self.rows.iter().filter(|row| row.verdict != Verdict::Sound).count();
                self.summary.rows.saturating_sub(others)
            }
            _ => self.rows.iter().filter(|row| row.verdict == verdict).count(),
        }
    }

    /// The findings, equal ones down a column together, gravest first.
    pub fn groups(&self) -> Vec<Group<'_>> {
        groups(&self.findings)
    }

    /// The report as `retrofit check --format json` prints it for a file.
    pub fn json<'a>(&'a self, file: &'a str, department: Option<&'a str>) -> impl Serialize + 'a {
        FileJson {
            file,
            department,
            sheets: self.summary.sheets.iter().map(SheetJson::from).collect(),
            rows: self.summary.rows,
            sound: self.summary.sound,
            held: self.summary.held,
            to_confirm: self.summary.to_confirm,
            findings: self.findings.iter().map(FindingJson::from).collect(),
            incidents: self.summary.incidents.iter().map(IncidentJson::from).collect(),
            records: self.records.as_deref(),
        }
    }
}

/// Findings that are equal but for their cells, all in one column.
#[derive(Clone, Debug)]
pub struct Group<'a> {
    /// The first of them; the others differ in their cells and rows, and those of a hint that does not quote its cell in their values.
    pub first: &'a Finding,
    /// What is written in the cells, each text once.
    pub values: Vec<&'a str>,
    /// Where they are, from the top, each cell once.
    pub addresses: Vec<Address>,
    /// How many there are: more than the addresses where several rows share a merged cell.
    pub count: usize,
}

/// Runs of cells that a place in short names.
const RUNS_SHOWN: usize = 3;
/// Values that a group names.
const VALUES_SHOWN: usize = 3;

impl Group<'_> {
    /// The cells in short: `U15`, `U5–U48，44 处`, `U5、U9、U31–U40 等 35 处`; empty for a finding on a sheet or a file.
    pub fn place(&self) -> String {
        let runs = self.runs();
        match runs.len() {
            ..=RUNS_SHOWN => self.with_count(&runs),
            _ => format!("{} 等 {} 处", runs[..RUNS_SHOWN].join("、"), self.addresses.len()),
        }
    }

    /// Every cell, where [`Self::place`] does not name them all.
    pub fn whole_place(&self) -> Option<String> {
        let runs = self.runs();
        (runs.len() > RUNS_SHOWN).then(|| self.with_count(&runs))
    }

    /// What is written in the cells, in short: `2024-06`, `2024-06、2024-07、2025 等 12 种`; empty where nothing is.
    pub fn value(&self) -> String {
        match self.values.len() {
            ..=VALUES_SHOWN => self.values.join("、"),
            count => format!("{} 等 {count} 种", self.values[..VALUES_SHOWN].join("、")),
        }
    }

    /// The same where the message leaves it to the table beside it.
    pub fn unsaid_value(&self) -> Option<String> {
        leaves_value(self.first).then(|| self.value())
    }

    fn with_count(&self, runs: &[String]) -> String {
        let cells = runs.join("、");
        match self.addresses.len() {
            ..=2 => cells,
            count => format!("{cells}，{count} 处"),
        }
    }

    /// The cells, those of consecutive rows as `U5–U48`.
    fn runs(&self) -> Vec<String> {
        let runs = self.addresses.chunk_by(|above, below| above.row + 1 == below.row);
        let shown = runs.filter_map(|run| match (run.first()?, run.last()?) {
            (first, last) if first == last => Some(first.to_string()),
            (first, last) => Some(format!("{first}–{last}")),
        });
        shown.collect()
    }
}

/// Whether a finding asks for nothing and does not quote its cell: it says the same of any value.
fn leaves_value(finding: &Finding) -> bool {
    let unquoted = |value: &String| !finding.message.contains(value.as_str());
    finding.severity == Severity::Hint && finding.value.as_ref().is_some_and(unquoted)
}

/// Groups the findings that are equal down a column: the same rule and severity say the same of the same value in the same words. What
/// differs in anything that an officer is told stands apart, so that no group hides a finding. A hint that does not quote its cell says the
/// same of any value: the group then names them. Gravest first, else in the order given.
pub fn groups<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> Vec<Group<'a>> {
    let mut places: HashMap<_, usize> = HashMap::new();
    let mut values: HashSet<(usize, &str)> = HashSet::new();
    let mut groups: Vec<Group<'a>> = Vec::new();
    for finding in findings {
        let value = finding.value.as_deref();
        let cell = (
            finding.sheet.as_deref(),
            finding.address.map(|address| address.column),
            finding.field,
            value.filter(|_| !leaves_value(finding)),
        );
        let said = (
            finding.message.as_str(),
            finding.suggestion.as_deref(),
            finding.basis.as_deref(),
        );
        let key = (finding.code, finding.severity, cell, said);
        let place = *places.entry(key).or_insert(groups.len());
        if place == groups.len() {
            groups.push(Group {
                first: finding,
                values: Vec::new(),
                addresses: Vec::new(),
                count: 0,
            });
        }
        groups[place].count += 1;
        groups[place].addresses.extend(finding.address);
        groups[place]
            .values
            .extend(value.filter(|value| values.insert((place, value))));
    }
    for group in &mut groups {
        group.addresses.sort_unstable();
        group.addresses.dedup();
    }
    groups.sort_by_key(|group| std::cmp::Reverse(group.first.severity));
    groups
}

#[derive(Serialize)]
struct FileJson<'a> {
    file: &'a str,
    department: Option<&'a str>,
    sheets: Vec<SheetJson<'a>>,
    rows: usize,
    sound: usize,
    held: usize,
    to_confirm: usize,
    findings: Vec<FindingJson<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    incidents: Vec<IncidentJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    records: Option<&'a [RowValues]>,
}

#[derive(Serialize)]
struct SheetJson<'a> {
    name: &'a str,
    header_row: u32,
    data_rows: &'a [u32],
}

impl<'a> From<&'a SheetSummary> for SheetJson<'a> {
    fn from(sheet: &'a SheetSummary) -> Self {
        Self {
            name: &sheet.name,
            header_row: sheet.header_row,
            data_rows: &sheet.data_rows,
        }
    }
}

/// A rule that broke down on a row: that row was not judged by it.
#[derive(Serialize)]
struct IncidentJson<'a> {
    rule: &'a str,
    sheet: Option<&'a str>,
    row: Option<u32>,
}

impl<'a> From<&'a Incident> for IncidentJson<'a> {
    fn from(incident: &'a Incident) -> Self {
        let (sheet, row) = incident.record.as_ref().map(|(sheet, row)| (&**sheet, *row)).unzip();
        Self {
            rule: incident.code,
            sheet,
            row,
        }
    }
}

/// A finding as JSON gives it; what does not apply is null.
#[derive(Clone, Debug, Serialize)]
pub struct FindingJson<'a> {
    code: &'a str,
    severity: Severity,
    sheet: Option<&'a str>,
    cell: Option<String>,
    row: Option<u32>,
    field: Option<Field>,
    value: Option<&'a str>,
    message: &'a str,
    suggestion: Option<&'a str>,
    basis: Option<&'a str>,
}

impl<'a> From<&'a Finding> for FindingJson<'a> {
    fn from(finding: &'a Finding) -> Self {
        Self {
            code: finding.code,
            severity: finding.severity,
            sheet: finding.sheet.as_deref(),
            cell: finding.address.map(|address| address.to_string()),
            row: finding.row,
            field: finding.field,
            value: finding.value.as_deref(),
            message: &finding.message,
            suggestion: finding.suggestion.as_deref(),
            basis: finding.basis.as_deref(),
        }
    }
}
