//! `/projects/{code}`: one project: its values, its versions and what differs between them, findings, deliveries.

use askama::Template;
use axum::extract::{Extension, Path, Query, State};
use axum::response::Response;
use retrofit_import::catalogue::Field;
use retrofit_jobs::store::{DeliveryState, RecordError, Word as _};
use serde::Deserialize;

use super::error::WebError;
use super::findings::{ChangeLine, row_place};
use super::frame::{Frame, blocking, page as render};
use super::guard::Officer;
use super::words;
use crate::db::batches::ReceiptRow;
use crate::db::revisions::RevisionRow;
use crate::registry::people::Session;
use crate::registry::projects::{self, Record};
use crate::registry::{Error, Registry, RegistryCode, State as ReviewState};

#[derive(Template)]
#[template(path = "project.html")]
struct ProjectPage {
    frame: Frame,
    code: String,
    name: String,
    department: String,
    state: &'static str,
    class: String,
    reason: Option<String>,
    groups: Vec<Group>,
    findings: Vec<FindingLine>,
    revisions: Vec<RevisionLine>,
    /// The two versions that are compared, where there are two.
    compared: Option<Compared>,
    deliveries: Vec<DeliveryLine>,
}

/// Fields that stand together.
struct Group {
    title: &'static str,
    values: Vec<(String, String)>,
}

struct FindingLine {
    code: String,
    message: String,
    basis: String,
    explanation: Option<(String, String)>,
}

struct RevisionLine {
    number: i64,
    state: &'static str,
    class: String,
    withdraw: bool,
    at: String,
    by: String,
    source: Option<(i64, String)>,
    note: Option<String>,
    decided: Option<(String, String)>,
    reason: Option<String>,
    changes: Vec<ChangeLine>,
}

struct Compared {
    from: i64,
    to: i64,
    changes: Vec<ChangeLine>,
}

struct DeliveryLine {
    revision: i64,
    at: String,
    state: &'static str,
    class: String,
    platform_no: String,
    errors: Vec<String>,
}

/// The groups of the catalogue, in the officers' words.
const GROUPS: [(&str, &str); 7] = [
    ("identity", "工程"),
    ("place", "地点"),
    ("building", "建筑"),
    ("seismic", "抗震"),
    ("progress", "进度"),
    ("money", "资金"),
    ("parties", "单位和联系人"),
];

/// Which versions are to be compared.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    from: Option<i64>,
    to: Option<i64>,
}

/// `GET /projects/{code}`.
pub(super) async fn page(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Path(code): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, WebError> {
    let code: RegistryCode = code.parse().map_err(|_| WebError::NotFound)?;
    blocking(&registry, move |registry| {
        let record = projects::record(registry, &session.operator, code).map_err(|error| match error {
            Error::Refused(_) => WebError::NotFound,
            failed @ Error::Failed(_) => failed.into(),
        })?;
        render(&ProjectPage::new(registry, &session, &record, &asked)?)
    })
    .await
}

impl ProjectPage {
    fn new(registry: &Registry, session: &Session, record: &Record, asked: &Asked) -> Result<Self, WebError> {
        let catalogue = &registry.catalogue;
        let project = &record.project;
        let values = record.values(project.revision)?;
        let group = |(id, title): (&str, &'static str)| {
            let fields = catalogue.fields().iter().filter(|info| info.group == id);
            let said = fields.filter_map(|info| {
                let value = values.get(&info.field)?;
                Some((info.label.clone(), words::value(catalogue, info.field, value)))
            });
            Group {
                title,
                values: said.collect(),
            }
        };
        let changes = |from, to| {
            let changes = record.changes(from, to)?;
            Ok::<_, WebError>(
                changes
                    .iter()
                    .map(|change| ChangeLine::new(catalogue, change))
                    .collect::<Vec<_>>(),
            )
        };
        let mut revisions = Vec::with_capacity(record.revisions.len());
        for (at, row) in record.revisions.iter().enumerate().rev() {
            let before = at.checked_sub(1).map(|before| record.revisions[before].revision);
            let changed = before.map(|before| changes(before, row.revision)).transpose()?;
            revisions.push(revision_line(row, changed.unwrap_or_default()));
        }
        let compared = match (asked.from, asked.to) {
            (Some(from), Some(to)) => Some(Compared {
                from,
                to,
                changes: changes(from, to)?,
            }),
            _ => None,
        };
        let state = ReviewState::from_word(&project.state);
        let findings = record.findings.iter().map(|(finding, explanation)| FindingLine {
            code: finding.code.clone(),
            message: finding.message.clone(),
            basis: finding.basis.clone().unwrap_or_default(),
            explanation: explanation
                .as_ref()
                .map(|given| (given.explanation.clone(), given.given_by.clone())),
        });
        Ok(Self {
            frame: Frame::new(registry, session, project.name.clone(), "/review"),
            code: project.code().to_string(),
            name: project.name.clone(),
            department: words::department(catalogue, &project.department).to_owned(),
            state: state.map_or("", ReviewState::label),
            class: project.state.clone(),
            reason: record.revisions.last().and_then(|row| row.reason.clone()),
            groups: GROUPS
                .into_iter()
                .map(group)
                .filter(|group| !group.values.is_empty())
                .collect(),
            findings: findings.collect(),
            revisions,
            compared,
            deliveries: record
                .deliveries
                .iter()
                .rev()
                .map(|row| delivery_line(registry, record, row))
                .collect(),
        })
    }
}

fn revision_line(row: &RevisionRow, changes: Vec<ChangeLine>) -> RevisionLine {
    RevisionLine {
        number: row.revision,
        state: ReviewState::from_word(&row.state).map_or("", ReviewState::label),
        class: row.state.clone(),
        withdraw: row.op == "withdraw",
        at: words::moment(row.submitted_at),
        by: row.submitted_by.clone(),
        source: row.upload_id.map(|upload| {
            let place = row_place(row.sheet.as_deref().unwrap_or_default(), row.row_no.unwrap_or_default());
            (upload, place)
        }),
        note: row.note.clone(),
        decided: row.decided_by.clone().zip(row.decided_at.map(words::moment)),
        reason: row.reason.clone(),
        changes,
    }
}

fn delivery_line(registry: &Registry, record: &Record, row: &crate::db::deliveries::DeliveryRow) -> DeliveryLine {
    let receipt = record
        .receipts
        .iter()
        .rev()
        .find(|receipt| receipt.delivery_id == row.id);
    DeliveryLine {
        revision: row.revision,
        at: words::moment(row.changed_at),
        state: DeliveryState::from_word(&row.state).map_or("", delivery_words),
        class: row.state.clone(),
        platform_no: receipt
            .and_then(|receipt| receipt.platform_no.clone())
            .unwrap_or_default(),
        errors: receipt.map(|receipt| errors(registry, receipt)).unwrap_or_default(),
    }
}

fn errors(registry: &Registry, receipt: &ReceiptRow) -> Vec<String> {
    let errors: Vec<RecordError> = serde_json::from_str(&receipt.errors_json).unwrap_or_default();
    errors
        .into_iter()
        .map(|error| {
            let field = error.field.as_deref().and_then(Field::from_id);
            let label = field.map_or(&*error.member, |field| registry.catalogue.label(field));
            format!("{label}：{}（{}）", error.message, error.code)
        })
        .collect()
}

/// The state of a delivery in the officers' words.
fn delivery_words(state: DeliveryState) -> &'static str {
    match state {
        DeliveryState::Ready => "等待上报",
        DeliveryState::Claimed => "正在上报",
        DeliveryState::Unknown => "已发出，结果待查",
        DeliveryState::Pending => "平台处理中",
        DeliveryState::Accepted => "平台已接收",
        DeliveryState::Rejected => "平台退回",
        DeliveryState::Unchanged => "平台已有，无变化",
        DeliveryState::Stale => "平台已有更新的版本",
        DeliveryState::Superseded => "已由后一版代替",
    }
}
