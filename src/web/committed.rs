//! The page of an upload that was committed: what stayed behind.

use std::collections::{BTreeMap, HashMap};

use askama::Template;
use retrofit_import::finding::Severity;

use super::findings::{FindingLine, Head, Lines, RowLine, held_line, title};
use super::frame::Frame;
use super::home::{self, Counts, UploadForm};
use super::words;
use crate::db::uploads::{HeldRow, UploadFindingRow};
use crate::registry::Registry;
use crate::registry::intake::Upload;
use crate::registry::people::Session;

/// The page of an upload that was committed.
#[derive(Template)]
#[template(path = "upload_committed.html")]
pub(super) struct CommittedPage {
    frame: Frame,
    head: Head,
    committed_at: String,
    counts: Option<Counts>,
    held: Lines<KeptLine>,
    /// Rows that later uploads brought again: the upload, and how many.
    superseded: Vec<(i64, usize)>,
    may_send: bool,
    form: UploadForm,
}

/// A row that stays with the upload, with its findings.
struct KeptLine {
    row: RowLine,
    /// Where the secretariat waives a rule for it.
    waive: Option<String>,
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
        let (mut open, mut superseded) = (Vec::new(), BTreeMap::<_, usize>::new());
        for row in rows {
            match row.superseded_by {
                None => open.push(row),
                Some(later) => *superseded.entry(later).or_default() += 1,
            }
        }
        Self {
            superseded: superseded.into_iter().collect(),
            frame: Frame::new(registry, session, upload.file_name.clone(), "/"),
            head: Head::new(catalogue, upload),
            committed_at: upload.committed_at.map(words::moment).unwrap_or_default(),
            counts: home::counts(upload),
            held: Lines::of(&open, |row| KeptLine {
                row: held_line(catalogue, row),
                why: why(&row.reason),
                waive: (row.reason == "errors" && session.operator.may_review()).then(|| {
                    let asked = [
                        ("upload", upload.id.to_string()),
                        ("row", row.row_no.to_string()),
                        ("sheet", row.sheet.clone()),
                    ];
                    format!("/waivers?{}", serde_urlencoded::to_string(asked).unwrap_or_default())
                }),
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
pub(super) fn why(reason: &str) -> &'static str {
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
        title: title(&finding.code),
    }
}
