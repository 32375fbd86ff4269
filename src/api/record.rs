//! What goes with a project's record: findings, comments, waivers, its way to the platform.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::body::Json;
use super::endpoint::{Call, Endpoint, In, get, post};
use super::problem::Problem;
use super::projects::{ProjectCode, find};
use super::reply::{Made, Plain};
use super::roles::{DATA, KEEP, SEND};
use super::types::{Instant, Nothing, Page};
use super::uploads::may_send;
use crate::registry::lists;
use crate::registry::projects::{self, Record};
use crate::registry::waivers::{self, Grant, Subject};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        get(
            "/projects/{code}/findings",
            DATA,
            "The findings of the current revision",
            findings,
        ),
        get(
            "/projects/{code}/deliveries",
            DATA,
            "Its way to the platform, oldest first",
            deliveries,
        ),
        get(
            "/projects/{code}/comments",
            DATA,
            "What was said of it, oldest first",
            comments,
        ),
        post("/projects/{code}/comments", SEND, "Says something of it", comment),
        get(
            "/projects/{code}/waivers",
            DATA,
            "Rules that are waived for it",
            waivers,
        ),
        post(
            "/projects/{code}/waivers",
            KEEP,
            "Waives a rule for it until a day",
            waive,
        ),
    ]
}

/// A finding that the current revision went in with.
#[derive(Serialize, JsonSchema)]
struct FindingLine {
    /// The rule.
    code: String,
    /// `confirm` or `hint`.
    severity: String,
    /// The cell of the upload.
    cell: Option<String>,
    /// The field.
    field: Option<String>,
    /// What was written there.
    written: Option<String>,
    /// What is wrong.
    message: String,
    /// The standard that it rests on.
    basis: Option<String>,
    /// What was explained.
    explanation: Option<String>,
    /// By whom.
    explained_by: Option<String>,
    /// Since which revision.
    carried_from: Option<i64>,
}

fn findings(call: &Call<'_>, input: In<ProjectCode>) -> Result<Page<FindingLine>, Problem> {
    let record = find(call, input.path.code)?;
    let lines = record.findings.into_iter().map(|(finding, explanation)| FindingLine {
        code: finding.code,
        severity: finding.severity,
        cell: finding.cell,
        field: finding.field,
        written: finding.written,
        message: finding.message,
        basis: finding.basis,
        explained_by: explanation.as_ref().map(|row| row.given_by.clone()),
        carried_from: explanation.as_ref().and_then(|row| row.carried_from),
        explanation: explanation.map(|row| row.explanation),
    });
    Ok(Page::whole(lines.collect()))
}

/// A delivery to the platform.
#[derive(Serialize, JsonSchema)]
struct DeliveryLine {
    /// The revision.
    revision: i64,
    /// `upsert` or `withdraw`.
    op: String,
    /// `ready`, `claimed`, `unknown`, `pending`, `accepted`, `rejected`, `unchanged`, `stale` or `superseded`.
    state: String,
    /// The run that sent it.
    run: Option<i64>,
    /// Since when it is in this state.
    changed_at: Instant,
    /// The platform's number of the record.
    platform_no: Option<String>,
    /// Why the platform rejected it.
    errors: Vec<ErrorLine>,
    /// The requests about it.
    requests: Vec<RequestLine>,
}

/// An error of the platform's.
#[derive(Serialize, JsonSchema)]
pub(super) struct ErrorLine {
    /// The field, or the platform's name of it.
    pub(super) field: String,
    /// The platform's words.
    pub(super) message: String,
}

pub(super) fn error_lines(errors: Vec<(String, String)>) -> Vec<ErrorLine> {
    errors
        .into_iter()
        .map(|(field, message)| ErrorLine { field, message })
        .collect()
}

/// A request to the platform.
#[derive(Serialize, JsonSchema)]
struct RequestLine {
    /// The batch.
    batch_no: String,
    /// `post` or `receipts`.
    kind: String,
    /// Under which the platform's log has it.
    request_id: String,
    /// When.
    started_at: Instant,
    /// For how long.
    duration_ms: i64,
    /// The HTTP status that was answered.
    status: Option<i64>,
    /// What went wrong.
    problem: Option<String>,
}

fn deliveries(call: &Call<'_>, input: In<ProjectCode>) -> Result<Page<DeliveryLine>, Problem> {
    let record = find(call, input.path.code)?;
    let mut lines = Vec::with_capacity(record.deliveries.len());
    for row in &record.deliveries {
        let receipt = record
            .receipts
            .iter()
            .rev()
            .find(|receipt| receipt.delivery_id == row.id);
        let errors = match receipt {
            Some(receipt) => lists::errors(call.registry, &receipt.errors_json)?,
            None => Vec::new(),
        };
        let asked = record.trail.iter().filter(|asked| asked.delivery_id == row.id);
        lines.push(DeliveryLine {
            revision: row.revision,
            op: row.op.clone(),
            state: row.state.clone(),
            run: row.run_id,
            changed_at: Instant(row.changed_at),
            platform_no: receipt.and_then(|receipt| receipt.platform_no.clone()),
            errors: error_lines(errors),
            requests: asked
                .map(|asked| RequestLine {
                    batch_no: asked.batch_no.clone(),
                    kind: asked.kind.clone(),
                    request_id: asked.request_id.clone(),
                    started_at: Instant(asked.started_at),
                    duration_ms: asked.duration_ms,
                    status: asked.status,
                    problem: asked.problem.clone(),
                })
                .collect(),
        });
    }
    Ok(Page::whole(lines))
}

/// A comment.
#[derive(Serialize, JsonSchema)]
struct CommentLine {
    /// The words.
    body: String,
    /// The revision that was current.
    revision: i64,
    /// Who wrote it.
    written_by: String,
    /// When.
    written_at: Instant,
}

fn comment_lines(record: Record) -> Vec<CommentLine> {
    let lines = record.comments.into_iter().map(|row| CommentLine {
        body: row.body,
        revision: row.revision,
        written_by: row.written_by,
        written_at: Instant(row.written_at),
    });
    lines.collect()
}

fn comments(call: &Call<'_>, input: In<ProjectCode>) -> Result<Page<CommentLine>, Problem> {
    Ok(Page::whole(comment_lines(find(call, input.path.code)?)))
}

/// What is said.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewComment {
    /// The words, at most 500 characters.
    body: String,
}

fn comment(
    call: &Call<'_>,
    input: In<ProjectCode, Nothing, Json<NewComment>>,
) -> Result<Made<Page<CommentLine>>, Problem> {
    let code = input.path.code;
    let record = find(call, code)?;
    may_send(call.operator, &record.project.department)?;
    projects::comment(call.registry, call.operator, code.0, &input.body.0.body)?;
    let lines = comment_lines(find(call, code)?);
    Ok(Made(format!("/projects/{}/comments", code.0), Page::whole(lines)))
}

/// A rule that is waived for a project.
#[derive(Serialize, JsonSchema)]
struct WaiverLine {
    /// The rule.
    rule: String,
    /// The last day on which it holds.
    until: String,
    /// Why.
    reason: String,
    /// Who granted it.
    granted_by: String,
    /// When.
    granted_at: Instant,
}

fn waivers(call: &Call<'_>, input: In<ProjectCode>) -> Result<Page<WaiverLine>, Problem> {
    let record = find(call, input.path.code)?;
    let lines = record.waivers.into_iter().map(|row| WaiverLine {
        rule: row.rule,
        until: row.until,
        reason: row.reason,
        granted_by: row.granted_by,
        granted_at: Instant(row.granted_at),
    });
    Ok(Page::whole(lines.collect()))
}

/// A waiver to be granted.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewWaiver {
    /// The rule's code.
    rule: String,
    /// The last day on which it holds.
    #[schemars(with = "String", extend("format" = "date"))]
    until: chrono::NaiveDate,
    /// Why.
    reason: String,
}

fn waive(
    call: &Call<'_>,
    input: In<ProjectCode, Nothing, Json<NewWaiver>>,
) -> Result<Plain<Page<WaiverLine>>, Problem> {
    let code = input.path.code;
    find(call, code)?;
    let NewWaiver { rule, until, reason } = input.body.0;
    let grant = Grant {
        rule: &rule,
        until,
        reason: &reason,
    };
    waivers::waive(call.registry, call.operator, &Subject::Project(code.0), &grant)?;
    self::waivers(
        call,
        In {
            path: input.path,
            query: Nothing {},
            body: Nothing {},
        },
    )
    .map(Plain)
}
