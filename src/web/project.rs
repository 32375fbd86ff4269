//! `/projects/{code}`: one project: its values, its versions and what differs between them, findings, deliveries.

use askama::Template;
use axum::extract::{Extension, Path, Query, State};
use axum::response::{Redirect, Response};
use axum_extra::extract::Form;
use retrofit_jobs::store::{DeliveryState, Word as _};
use serde::Deserialize;

use super::error::{WebError, seen};
use super::findings::{ChangeLine, row_place};
use super::frame::{Frame, blocking, page as render};
use super::guard::Officer;
use super::map::Position;
use super::{photos, words};
use crate::db::batches::TrailRow;
use crate::db::comments::CommentRow;
use crate::db::deliveries::DeliveryRow;
use crate::db::revisions::RevisionRow;
use crate::registry::people::{Operator, Session};
use crate::registry::projects::{self, Record};
use crate::registry::{Error, Registry, RegistryCode, State as ReviewState, Step, lists};

#[derive(Template)]
#[template(path = "project.html")]
struct ProjectPage {
    frame: Frame,
    /// Where it lies, where that is given.
    position: Option<Position>,
    code: String,
    name: String,
    department: String,
    state: &'static str,
    class: String,
    reason: Option<String>,
    groups: Vec<Group>,
    findings: Vec<FindingLine>,
    /// Rules that are waived for it: the rule, the waiver, by whom and when.
    waivers: Vec<(String, String, String)>,
    revisions: Vec<RevisionLine>,
    /// The two versions that are compared, where there are two.
    compared: Option<Compared>,
    deliveries: Vec<DeliveryLine>,
    comments: Vec<CommentLine>,
    /// With whom it waits, where that is not the secretariat.
    step: Option<&'static str>,
    /// Of the works and of the acceptance.
    photos: Vec<(&'static str, Vec<photos::Shown>)>,
    may_send: bool,
    may_resubmit: bool,
    may_withdraw: bool,
    /// Where the secretariat waives a rule for it.
    waive: Option<String>,
}

/// Fields that stand together.
struct Group {
    title: &'static str,
    /// Labels and values, and what the roster says where that is something else.
    values: Vec<(String, String, Option<String>)>,
}

struct FindingLine {
    code: String,
    message: String,
    basis: String,
    /// The words, who gave them, and for which revision they were given first.
    explanation: Option<(String, String, Option<i64>)>,
}

struct CommentLine {
    body: String,
    by: String,
    at: String,
    revision: i64,
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
    endorsed: Option<(String, String)>,
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
    errors: Vec<(String, String)>,
    /// The requests about it.
    trail: Vec<String>,
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
    blocking(&registry, move |registry| {
        let record = find(registry, &session.operator, &code)?;
        render(&ProjectPage::new(registry, &session, &record, &asked)?)
    })
    .await
}

/// The project of an address.
fn find(registry: &Registry, operator: &Operator, code: &str) -> Result<Record, WebError> {
    let code = code.parse().map_err(|_| WebError::NotFound)?;
    seen(projects::record(registry, operator, code))
}

/// What the forms for a returned or wrong project send.
#[derive(Deserialize)]
pub(super) struct Reason {
    note: String,
}

/// `POST /projects/{code}/resubmit`: sends a returned project again as it is.
pub(super) async fn resubmit(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Path(code): Path<String>,
    Form(Reason { note }): Form<Reason>,
) -> Result<Redirect, WebError> {
    revise(registry, session, code, note, projects::resubmit).await
}

/// `POST /projects/{code}/withdraw`: proposes to remove a project that was entered in error.
pub(super) async fn withdraw(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Path(code): Path<String>,
    Form(Reason { note }): Form<Reason>,
) -> Result<Redirect, WebError> {
    revise(registry, session, code, note, |registry, operator, code, note| {
        projects::propose_withdrawal(registry, operator, &[code], note)
    })
    .await
}

/// What the form for a comment sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Comment {
    body: String,
}

/// `POST /projects/{code}/comments`: says something of a project.
pub(super) async fn comment(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Path(code): Path<String>,
    Form(Comment { body }): Form<Comment>,
) -> Result<Redirect, WebError> {
    blocking(&registry, move |registry| {
        let code = find(registry, &session.operator, &code)?.project.code();
        projects::comment(registry, &session.operator, code, &body)?;
        Ok(Redirect::to(&format!("/projects/{code}#comments")))
    })
    .await
}

async fn revise(
    registry: Registry,
    session: Session,
    code: String,
    note: String,
    how: fn(&Registry, &Operator, RegistryCode, &str) -> Result<(), Error>,
) -> Result<Redirect, WebError> {
    blocking(&registry, move |registry| {
        let code = find(registry, &session.operator, &code)?.project.code();
        how(registry, &session.operator, code, &note)?;
        Ok(Redirect::to(&format!("/projects/{code}")))
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
                let shown = words::value(catalogue, info.field, value);
                let written = record.written.get(&info.field);
                Some((
                    info.label.clone(),
                    shown,
                    written.map(|text| words::written(Some(text))),
                ))
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
            let differing = before.map(|before| changes(before, row.revision)).transpose()?;
            let endorsed = record.endorsements.iter().find(|found| found.revision == row.revision);
            let endorsed = endorsed.map(|found| (found.endorsed_by.clone(), words::moment(found.endorsed_at)));
            revisions.push(RevisionLine {
                endorsed,
                ..revision_line(row, differing.unwrap_or_default())
            });
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
        let may_send = session.operator.may_send(&project.department);
        let findings = record.findings.iter().map(|(finding, explanation)| FindingLine {
            code: finding.code.clone(),
            message: finding.message.clone(),
            basis: finding.basis.clone().unwrap_or_default(),
            explanation: explanation
                .as_ref()
                .map(|given| (given.explanation.clone(), given.given_by.clone(), given.carried_from)),
        });
        Ok(Self {
            step: (record.step == Some(Step::Lead)).then_some("在部门负责人处"),
            comments: record.comments.iter().map(comment_line).collect(),
            photos: photos::shown(registry, session, project.code(), may_send)?,
            may_send,
            may_resubmit: may_send && state == Some(ReviewState::Returned),
            waive: session
                .operator
                .may_review()
                .then(|| format!("/waivers?code={}", project.code())),
            may_withdraw: may_send && project.op != "withdraw",
            frame: Frame::new(registry, session, project.name.clone(), "/review"),
            code: project.code().to_string(),
            position: Position::new(catalogue, project),
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
            waivers: record
                .waivers
                .iter()
                .map(|row| {
                    let by = format!("{} {}", row.granted_by, words::moment(row.granted_at));
                    (row.rule.clone(), row.label(), by)
                })
                .collect(),
            revisions,
            compared,
            deliveries: record
                .deliveries
                .iter()
                .rev()
                .map(|row| delivery_line(registry, record, row))
                .collect::<Result<_, _>>()?,
        })
    }
}

fn comment_line(comment: &CommentRow) -> CommentLine {
    CommentLine {
        body: comment.body.clone(),
        by: comment.written_by.clone(),
        at: words::moment(comment.written_at),
        revision: comment.revision,
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
        endorsed: None,
        decided: row.decided_by.clone().zip(row.decided_at.map(words::moment)),
        reason: row.reason.clone(),
        changes,
    }
}

fn delivery_line(registry: &Registry, record: &Record, row: &DeliveryRow) -> Result<DeliveryLine, WebError> {
    let receipt = record
        .receipts
        .iter()
        .rev()
        .find(|receipt| receipt.delivery_id == row.id);
    Ok(DeliveryLine {
        revision: row.revision,
        at: words::moment(row.changed_at),
        state: match DeliveryState::from_word(&row.state) {
            Some(DeliveryState::Rejected) if row.batch_id.is_none() => "本系统核对未通过，未上传",
            state => state.map_or("", delivery_words),
        },
        class: row.state.clone(),
        platform_no: receipt
            .and_then(|receipt| receipt.platform_no.clone())
            .unwrap_or_default(),
        trail: record
            .trail
            .iter()
            .filter(|asked| asked.delivery_id == row.id)
            .map(trail_line)
            .collect(),
        errors: match receipt {
            Some(receipt) => lists::errors(registry, &receipt.errors_json)?,
            None => Vec::new(),
        },
    })
}

/// One request about a delivery: when, what, how it was answered, and the number that the platform's log has it under.
fn trail_line(asked: &TrailRow) -> String {
    let what = if asked.kind == "post" { "发送" } else { "查询回执" };
    let answer = match (asked.status, &asked.problem) {
        (None, Some(problem)) if problem == "unreachable" => "无法连接".to_owned(),
        (None, _) => "没有应答".to_owned(),
        (Some(status), None) => format!("应答 {status}"),
        (Some(status), Some(problem)) => format!("应答 {status}（{problem}）"),
    };
    format!(
        "{} {what} 批次 {}：{answer}，{} 毫秒，请求号 {}",
        words::moment(asked.started_at),
        asked.batch_no,
        asked.duration_ms,
        asked.request_id
    )
}

/// The state of a delivery in the officers' words.
pub(super) fn delivery_words(state: DeliveryState) -> &'static str {
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
