//! What the page of an upload shows: findings, what would change, and after the commit what stayed behind.

use std::collections::HashMap;

use askama::Template;
use retrofit_import::catalogue::{Catalogue, Field};
use retrofit_import::finding::{Finding, Severity};
use retrofit_import::report::groups;
use retrofit_import::rules;

use super::error::WebError;
use super::frame::Frame;
use super::home::{self, Counts, UploadForm};
use super::upload::Again;
use super::words;
use crate::db::uploads::{HeldRow, UploadFindingRow};
use crate::registry::intake::{self, Fate, Preview, Row, Upload};
use crate::registry::people::Session;
use crate::registry::{Change, Registry, Values};

/// Lines that the page shows of each list: with all of them it stays light, and who has more mends the first hundred first.
const SHOWN: usize = 100;

/// The first lines of a list, and how many more there are.
pub(super) struct Lines<T> {
    pub(super) shown: Vec<T>,
    pub(super) more: usize,
}

impl<T> Lines<T> {
    fn of<S>(all: &[S], line: impl FnMut(&S) -> T) -> Self {
        Self {
            shown: all.iter().take(SHOWN).map(line).collect(),
            more: all.len().saturating_sub(SHOWN),
        }
    }
}

/// What is said of an upload at its head.
struct Head {
    id: i64,
    file_name: String,
    department: String,
    period: String,
    by: String,
    at: String,
}

impl Head {
    fn new(catalogue: &Catalogue, upload: &Upload) -> Self {
        Self {
            id: upload.id,
            file_name: upload.file_name.clone(),
            department: words::department(catalogue, &upload.department).to_owned(),
            period: words::period_label(&upload.period),
            by: upload.received_by.clone(),
            at: words::moment(upload.received_at),
        }
    }
}

/// A finding, or several that are equal but for their cells.
struct FindingLine {
    severity: &'static str,
    class: &'static str,
    sheet: String,
    place: String,
    /// Every cell, where `place` does not name them all.
    every_place: String,
    written: String,
    message: String,
    suggestion: String,
    basis: String,
    code: String,
    title: &'static str,
}

/// The page of an upload that is to be looked at and confirmed.
#[derive(Template)]
#[template(path = "upload.html")]
pub(super) struct OpenPage {
    frame: Frame,
    head: Head,
    again: Option<Again>,
    readable: bool,
    counts: intake::Counts,
    /// The number to quote where the reader broke down on the file.
    incident: Option<String>,
    findings: Lines<FindingLine>,
    errors: usize,
    confirms: usize,
    hints: usize,
    plan: PlanView,
    explain: String,
    fingerprint: String,
    may_send: bool,
    form: UploadForm,
}

/// What an upload would change.
struct PlanView {
    new: Lines<RowLine>,
    changed: Lines<ChangedLine>,
    /// Rows equal to a returned revision: they stay returned.
    returned: Lines<ChangedLine>,
    held: Lines<HeldLine>,
    not_listed: Lines<String>,
}

/// A row of the file.
struct RowLine {
    place: String,
    name: String,
    about: String,
}

/// A project that changes, or was returned.
struct ChangedLine {
    row: RowLine,
    code: String,
    changes: Vec<ChangeLine>,
    reason: String,
}

/// A row that is held.
struct HeldLine {
    row: RowLine,
    why: String,
}

/// A field's value before and after.
pub(super) struct ChangeLine {
    pub(super) label: String,
    pub(super) before: String,
    pub(super) after: String,
}

impl ChangeLine {
    /// A change as officers read it; a blank is said as such.
    pub(super) fn new(catalogue: &Catalogue, change: &Change) -> Self {
        let said = |value: &Option<_>| {
            value
                .as_ref()
                .map_or_else(|| "（空）".into(), |value| words::value(catalogue, change.field, value))
        };
        Self {
            label: catalogue.label(change.field).to_owned(),
            before: said(&change.before),
            after: said(&change.after),
        }
    }
}

impl OpenPage {
    /// The page of a preview.
    pub(super) fn new(
        registry: &Registry,
        session: &Session,
        preview: &Preview,
        again: Option<Again>,
    ) -> Result<Self, WebError> {
        let catalogue = &*registry.catalogue;
        let upload = &preview.upload;
        let roster = &preview.roster;
        let on_rows = roster.rows.iter().flat_map(|row| &row.findings);
        let all: Vec<&Finding> = roster.summary.findings.iter().chain(on_rows).collect();
        let of = |severity| all.iter().filter(|finding| finding.severity == severity).count();
        Ok(Self {
            frame: Frame::new(registry, session, format!("核对 {}", upload.file_name), "/"),
            head: Head::new(catalogue, upload),
            again,
            readable: roster.is_readable(),
            counts: preview.counts(),
            incident: roster
                .summary
                .refusal
                .as_ref()
                .and_then(|refusal| refusal.incident.clone()),
            findings: Lines::of(&groups(all.iter().copied()), |group| {
                let finding = group.first;
                FindingLine {
                    severity: finding.severity.label(),
                    class: words::severity_class(finding.severity),
                    sheet: finding.sheet.clone().unwrap_or_default(),
                    place: group.place(),
                    every_place: group.whole_place().unwrap_or_default(),
                    written: words::written(finding.value.as_deref()),
                    message: finding.message.clone(),
                    suggestion: finding.suggestion.clone().unwrap_or_default(),
                    basis: finding.basis.clone().unwrap_or_default(),
                    code: finding.code.to_owned(),
                    title: title(finding.code),
                }
            }),
            errors: of(Severity::Error),
            confirms: of(Severity::Confirm),
            hints: of(Severity::Hint),
            plan: PlanView::new(catalogue, preview)?,
            explain: preview.explain.clone().unwrap_or_default(),
            fingerprint: preview.fingerprint().to_owned(),
            may_send: session.operator.may_send(&upload.department),
            form: UploadForm::new(registry, session, Some(upload)),
        })
    }

    /// Rows that go in when this is confirmed.
    fn going_in(&self) -> usize {
        self.counts.new + self.counts.changed
    }
}

impl PlanView {
    fn new(catalogue: &Catalogue, preview: &Preview) -> Result<Self, WebError> {
        let rows = preview.rows()?;
        let (mut new, mut changed, mut returned, mut held) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (row, fate) in &rows {
            match fate {
                Fate::New => new.push(*row),
                Fate::Changed { code, changes } => changed.push((*row, code, changes)),
                Fate::Unchanged {
                    code,
                    returned: Some(reason),
                } => returned.push((*row, code, reason)),
                Fate::Unchanged { returned: None, .. } => {}
                Fate::Held { why, .. } => held.push((*row, why)),
            }
        }
        Ok(Self {
            new: Lines::of(&new, |row| row_line(catalogue, row)),
            changed: Lines::of(&changed, |(row, code, changes)| ChangedLine {
                row: row_line(catalogue, row),
                code: code.to_string(),
                changes: changes
                    .iter()
                    .map(|change| ChangeLine::new(catalogue, change))
                    .collect(),
                reason: String::new(),
            }),
            returned: Lines::of(&returned, |(row, code, reason)| ChangedLine {
                row: row_line(catalogue, row),
                code: code.to_string(),
                changes: Vec::new(),
                reason: (*reason).clone(),
            }),
            held: Lines::of(&held, |(row, why)| HeldLine {
                row: row_line(catalogue, row),
                why: why.message(),
            }),
            not_listed: Lines::of(preview.not_listed(), ToString::to_string),
        })
    }
}

fn row_line(catalogue: &Catalogue, row: &Row) -> RowLine {
    line(catalogue, &row.sheet, row.row.into(), &row.json)
}

/// A row by its place, its project's name, and its category and county.
fn line(catalogue: &Catalogue, sheet: &str, row: i64, json: &str) -> RowLine {
    // What cannot be read back is shown by its place alone.
    let values: Values = serde_json::from_str(json).unwrap_or_default();
    let said = |field| values.get(&field).map(|value| words::value(catalogue, field, value));
    let about = [Field::Category, Field::County].into_iter().filter_map(said);
    RowLine {
        place: row_place(sheet, row),
        name: said(Field::Name).unwrap_or_else(|| "（工程名称未读出）".into()),
        about: about.collect::<Vec<_>>().join("，"),
    }
}

/// A row's place: the sheet, where it has a name, and the row.
pub(super) fn row_place(sheet: &str, row: i64) -> String {
    if sheet.is_empty() {
        format!("第 {row} 行")
    } else {
        format!("{sheet} 第 {row} 行")
    }
}

fn title(code: &str) -> &'static str {
    rules::find(code).map_or("", |rule| rule.title)
}

/// The page of an upload that was committed.
#[derive(Template)]
#[template(path = "upload_committed.html")]
pub(super) struct CommittedPage {
    frame: Frame,
    head: Head,
    committed_at: String,
    counts: Option<Counts>,
    held: Lines<KeptLine>,
    may_send: bool,
    form: UploadForm,
}

/// A row that stays with the upload, with its findings.
struct KeptLine {
    row: RowLine,
    why: &'static str,
    findings: Vec<FindingLine>,
}

impl CommittedPage {
    /// The page of a committed upload with its held rows and the findings that stay with it.
    pub(super) fn new(
        registry: &Registry,
        session: &Session,
        upload: &Upload,
        rows: &[HeldRow],
        findings: &[UploadFindingRow],
    ) -> Self {
        let catalogue = &*registry.catalogue;
        let mut by_row: HashMap<_, Vec<&UploadFindingRow>> = HashMap::new();
        for finding in findings {
            let Some(row) = finding.row_no else { continue };
            by_row
                .entry((finding.sheet.as_deref().unwrap_or_default(), row))
                .or_default()
                .push(finding);
        }
        Self {
            frame: Frame::new(registry, session, upload.file_name.clone(), "/"),
            head: Head::new(catalogue, upload),
            committed_at: upload.committed_at.map(words::moment).unwrap_or_default(),
            counts: home::counts(upload),
            held: Lines::of(rows, |row| KeptLine {
                row: line(catalogue, &row.sheet, row.row_no, &row.values_json),
                why: why(&row.reason),
                findings: by_row
                    .get(&(&*row.sheet, row.row_no))
                    .into_iter()
                    .flatten()
                    .map(|finding| kept(finding))
                    .collect(),
            }),
            may_send: session.operator.may_send(&upload.department),
            form: UploadForm::new(registry, session, Some(upload)),
        }
    }
}

/// Why a row stayed, in short; its findings say the rest.
fn why(reason: &str) -> &'static str {
    match reason {
        "errors" => "有强制性问题",
        "unexplained" => "缺情况说明",
        "met-twice" => "与另一行是同一工程",
        "ambiguous" => "登记库中有多个工程与它同名同址",
        "foreign-code" => "登记编号不属于本部门",
        "number-taken" => "工程编号已属于另一个工程",
        "withdrawn" => "工程已撤销",
        _ => "暂缓",
    }
}

fn kept(finding: &UploadFindingRow) -> FindingLine {
    let rule = rules::find(&finding.code);
    let severity = match &*finding.severity {
        "hint" => Severity::Hint,
        "confirm" => Severity::Confirm,
        _ => Severity::Error,
    };
    FindingLine {
        severity: severity.label(),
        class: words::severity_class(severity),
        sheet: String::new(),
        place: finding.cell.clone().unwrap_or_default(),
        every_place: String::new(),
        written: words::written(finding.written.as_deref()),
        message: finding.message.clone(),
        suggestion: finding.suggestion.clone().unwrap_or_default(),
        basis: finding.basis.clone().unwrap_or_default(),
        code: finding.code.clone(),
        title: rule.map_or("", |rule| rule.title),
    }
}
