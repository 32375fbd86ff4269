//! What was found in an upload, and what its officer explains.

use axum::http::Method;
use retrofit_import::finding;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::body::Json;
use super::catalogue::severity;
use super::endpoint::{Call, Endpoint, In, change, get};
use super::problem::Problem;
use super::reply::Tagged;
use super::roles::{DATA, SEND};
use super::types::{Cursor, Instant, Nothing, Page};
use super::uploads::{Asked, UploadId, find, may_send, plan};
use crate::db::uploads::UploadFindingRow;
use crate::registry::Registry;
use crate::registry::intake::{self, Answer, Source};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        get(
            "/uploads/{id}/findings",
            DATA,
            "What was found: before the commit in the whole roster, after it in what stayed behind",
            findings,
        ),
        get(
            "/uploads/{id}/explanations",
            DATA,
            "What was explained of findings to confirm",
            explanations,
        ),
        change(
            Method::PUT,
            "/uploads/{id}/explanations",
            SEND,
            "Explains findings to confirm, in the place of what was explained before",
            explain,
        ),
    ]
}

/// A finding.
#[derive(Serialize, JsonSchema)]
struct Finding {
    /// The rule.
    code: String,
    /// `error` holds the row, `confirm` asks for an explanation, `hint` asks for nothing.
    severity: String,
    /// The sheet; of a csv the empty text.
    sheet: Option<String>,
    /// The row, as the spreadsheet shows it.
    row: Option<i64>,
    /// The cell, such as `F12`.
    cell: Option<String>,
    /// The field.
    field: Option<String>,
    /// What is written there.
    written: Option<String>,
    /// What is wrong.
    message: String,
    /// What to write instead.
    suggestion: Option<String>,
    /// The standard that it rests on.
    basis: Option<String>,
    /// Names it, where an explanation is to be about it alone.
    scope: Option<String>,
    /// Names it and those that are equal but for their cells.
    group_scope: Option<String>,
    /// What was explained.
    explanation: Option<Explained>,
}

/// An explanation, and where it comes from.
#[derive(Serialize, JsonSchema)]
struct Explained {
    /// The words.
    text: String,
    /// `page`: written for this upload; `file`: the roster's own column; `carried`: given before for the same project, rule and value;
    /// `all`: one answer to everything.
    source: &'static str,
    /// By whom.
    by: Option<String>,
    /// When.
    at: Option<Instant>,
}

impl From<&Answer> for Explained {
    fn from(answer: &Answer) -> Self {
        let (source, by, at) = match &answer.source {
            Source::Page { by, at } => ("page", Some(by), Some(*at)),
            Source::Carried { by, at, .. } => ("carried", Some(by), Some(*at)),
            Source::File => ("file", None, None),
            Source::All => ("all", None, None),
        };
        Self {
            text: answer.text.clone(),
            source,
            by: by.cloned(),
            at: at.map(Instant),
        }
    }
}

fn found(finding: &finding::Finding, answer: Option<&Answer>) -> Finding {
    Finding {
        code: finding.code.into(),
        severity: severity(finding.severity).into(),
        sheet: finding.sheet.clone(),
        row: finding.row.map(i64::from),
        cell: finding.address.map(|address| address.to_string()),
        field: finding.field.map(|field| field.id().into()),
        written: finding.value.clone(),
        message: finding.message.clone(),
        suggestion: finding.suggestion.clone(),
        basis: finding.basis.clone(),
        scope: Some(intake::finding_scope(finding)),
        group_scope: Some(intake::group_scope(finding)),
        explanation: answer.map(Explained::from),
    }
}

fn kept(row: UploadFindingRow) -> Finding {
    Finding {
        code: row.code,
        severity: row.severity,
        sheet: row.sheet,
        row: row.row_no,
        cell: row.cell,
        field: row.field,
        written: row.written,
        message: row.message,
        suggestion: row.suggestion,
        basis: row.basis,
        scope: None,
        group_scope: None,
        explanation: None,
    }
}

/// Findings of the roster as a whole stand before those of its first row.
const OF_ROSTER: i64 = -1;

fn findings(call: &Call<'_>, input: In<UploadId, Asked>) -> Result<Page<Finding>, Problem> {
    let window = input.query.window()?;
    let upload = find(call, input.path.id)?;
    let begin = window.after.unwrap_or(Cursor(OF_ROSTER, -1));
    let is_after = |at: &Cursor| (at.0, at.1) > (begin.0, begin.1);
    if upload.state != "received" {
        let (_, rows) = intake::held(call.registry, call.operator, upload.id)?;
        let mut rows: Vec<_> = rows.into_iter().filter(|row| is_after(&Cursor(row.seq, 0))).collect();
        rows.truncate(window.limit + 1);
        return Ok(Page::of(rows, window, |row| Cursor(row.seq, 0), kept));
    }
    let preview = plan(call.registry, &upload)?;
    let of_roster = preview.roster.summary.findings.iter();
    let of_roster = of_roster
        .zip(0..)
        .map(|(finding, of)| (Cursor(OF_ROSTER, of), finding, None));
    let of_rows = preview.roster.rows.iter().enumerate().flat_map(|(at, row)| {
        let preview = &preview;
        row.findings.iter().enumerate().map(move |(of, finding)| {
            let key = |place: usize| i64::try_from(place).unwrap_or(i64::MAX);
            (Cursor(key(at), key(of)), finding, preview.answer(at, of))
        })
    });
    let lines = of_roster.chain(of_rows).filter(|(at, ..)| is_after(at));
    let lines: Vec<_> = lines.take(window.limit + 1).collect();
    Ok(Page::of(
        lines,
        window,
        |(at, ..)| *at,
        |(_, finding, answer)| found(finding, answer),
    ))
}

/// What was explained of an upload.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Explanations {
    /// Each with what it is about.
    #[schemars(length(max = 5000))]
    explanations: Vec<Explanation>,
}

/// An explanation.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Explanation {
    /// A finding's `scope` or `group_scope`, or `rule:` and a rule's code.
    #[schemars(regex(pattern = r"^(rule|group|finding):.+$"))]
    scope: String,
    /// The words, at most 500 characters; none where nothing is explained.
    #[schemars(length(max = 500))]
    text: String,
}

fn explained(registry: &Registry, upload: &intake::Upload) -> Result<Explanations, Problem> {
    let mut explanations: Vec<Explanation> = intake::drafts(registry, upload)?
        .into_iter()
        .map(|(scope, text)| Explanation { scope, text })
        .collect();
    explanations.sort_unstable_by(|one, other| one.scope.cmp(&other.scope));
    Ok(Explanations { explanations })
}

fn explanations(call: &Call<'_>, input: In<UploadId>) -> Result<Tagged<Explanations>, Problem> {
    let upload = find(call, input.path.id)?;
    Ok(Tagged(explained(call.registry, &upload)?))
}

fn explain(call: &Call<'_>, input: In<UploadId, Nothing, Json<Explanations>>) -> Result<Tagged<Explanations>, Problem> {
    let upload = find(call, input.path.id)?;
    may_send(call.operator, &upload.department)?;
    let before = explained(call.registry, &upload)?;
    call.must_match(Some(&before))?;
    let given = input.body.0.explanations;
    let is_scope = |scope: &str| {
        ["rule:", "group:", "finding:"]
            .iter()
            .any(|kind| scope.starts_with(kind))
    };
    if let Some(odd) = given.iter().find(|one| !is_scope(&one.scope)) {
        return Err(Problem::refused(format!("“{}”不是问题的 scope。", odd.scope)));
    }
    let gone = before.explanations.into_iter().filter(|one| {
        let named = |other: &Explanation| other.scope == one.scope;
        !given.iter().any(named)
    });
    let gone = gone.map(|one| (one.scope, String::new()));
    let texts: Vec<(String, String)> = gone
        .chain(given.iter().map(|one| (one.scope.clone(), one.text.clone())))
        .collect();
    intake::explain(call.registry, call.operator, &upload, &texts)?;
    Ok(Tagged(explained(call.registry, &upload)?))
}
