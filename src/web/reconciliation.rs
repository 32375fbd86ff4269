//! `/reconciliation`: how the platform's list and our outbox compared last.

use askama::Template;
use axum::extract::{Extension, Query, State};
use axum::response::Response;
use retrofit_jobs::store::{DifferenceKind, Word as _};
use serde::Deserialize;

use super::error::WebError;
use super::frame::{Frame, blocking, page as render};
use super::guard::Officer;
use super::words;
use crate::db::reconciliations::DifferenceRow;
use crate::registry::{Registry, reconcile};
use crate::tasks;

#[derive(Template)]
#[template(path = "reconciliation.html")]
struct ReconciliationPage {
    frame: Frame,
    report: Option<Report>,
}

struct Report {
    at: String,
    by: String,
    listed: i64,
    /// Why it is not complete; empty where it is.
    trouble: String,
    /// Each kind of difference: its word, its label, and how many.
    counts: Vec<(&'static str, &'static str, i64)>,
    /// The label of the kind that is listed; none: all.
    only: Option<&'static str>,
    differences: Vec<Line>,
}

struct Line {
    code: String,
    /// It is a project of ours.
    is_ours: bool,
    kind: &'static str,
    here: String,
    there: String,
    note: String,
    done: &'static str,
}

/// Which differences.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    kind: String,
}

/// `GET /reconciliation`.
pub(super) async fn page(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Query(asked): Query<Asked>,
) -> Result<Response, WebError> {
    blocking(&registry, move |registry| {
        let only = DifferenceKind::from_word(&asked.kind);
        let report = reconcile::latest(registry, &session.operator)?.map(|found| report(found, only));
        render(&ReconciliationPage {
            frame: Frame::new(registry, &session, "与平台核对", "/reconciliation"),
            report,
        })
    })
    .await
}

fn report(report: reconcile::Report, only: Option<DifferenceKind>) -> Report {
    let row = report.row;
    let trouble = match (row.trouble, row.ended_at) {
        (Some(trouble), _) => trouble,
        (None, None) => "还在进行，或程序中途停过".into(),
        (None, Some(_)) => String::new(),
    };
    let revision = |revision: Option<i64>| revision.map_or("无".into(), |revision| format!("第 {revision} 版"));
    let counts = DifferenceKind::ALL.iter().map(|kind| {
        let count = report.counts.get(kind.word()).copied().unwrap_or_default();
        (kind.word(), reconcile::label(*kind), count)
    });
    let listed = |line: &DifferenceRow| only.is_none_or(|kind| kind.word() == line.kind);
    let lines = report.differences.into_iter().filter(listed).map(|line| Line {
        is_ours: line.revision_here.is_some(),
        kind: DifferenceKind::from_word(&line.kind).map_or("", reconcile::label),
        here: revision(line.revision_here),
        there: revision(line.revision_there),
        note: line.note.unwrap_or_default(),
        done: reconcile::done_label(&line.done).trim_start_matches('；'),
        code: line.source_id,
    });
    Report {
        at: words::moment(row.started_at),
        by: tasks::label(&row.started_by).to_owned(),
        listed: row.listed,
        trouble,
        counts: counts.collect(),
        only: only.map(reconcile::label),
        differences: lines.collect(),
    }
}
