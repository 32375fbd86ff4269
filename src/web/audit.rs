//! `/audit`: who did what, on what, from where, when, and whether it was done.

use askama::Template;
use axum::extract::{Extension, Query, State};
use axum::response::Response;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::error::WebError;
use super::frame::{Frame, blocking, page as render};
use super::guard::Officer;
use super::{audit_words, words};
use crate::db::audit::Entry;
use crate::registry::Registry;
use crate::registry::audit::{self, Filter, Part};

/// Entries on a page.
const PAGE: u8 = 100;

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditPage {
    frame: Frame,
    lines: Vec<Line>,
    asked: Asked,
    /// The address of the next page, where there is one.
    next: Option<String>,
    areas: Vec<(String, &'static str)>,
}

struct Line {
    id: i64,
    at: String,
    actor: String,
    action: String,
    object: String,
    /// The page of the object, where it has one.
    address: Option<String>,
    detail: String,
    origin: String,
    refused: bool,
}

/// The filter, as the address holds it.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct Asked {
    actor: String,
    action: String,
    object: String,
    outcome: String,
    from: String,
    to: String,
    before: Option<i64>,
}

/// `GET /audit`.
pub(super) async fn page(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Query(asked): Query<Asked>,
) -> Result<Response, WebError> {
    blocking(&registry, move |registry| {
        let mut found = audit::entries(registry, &session.operator, &filter(&asked), i64::from(PAGE) + 1)?;
        let more = found.len() > usize::from(PAGE);
        found.truncate(usize::from(PAGE));
        let next = found.last().filter(|_| more).map(|(id, _)| Asked {
            before: Some(*id),
            ..asked.clone()
        });
        render(&AuditPage {
            frame: Frame::new(registry, &session, "操作记录", "/audit"),
            lines: found.into_iter().map(|entry| line(registry, entry)).collect(),
            next: next.map(|next| format!("/audit?{}", serde_urlencoded::to_string(next).unwrap_or_default())),
            asked,
            areas: audit::AREAS
                .iter()
                .map(|&(area, label)| (format!("{area}."), label))
                .collect(),
        })
    })
    .await
}

fn filter(asked: &Asked) -> Filter {
    // A day that is none asks for all.
    let day = |text: &str| text.trim().parse::<NaiveDate>().ok();
    Filter {
        actor: asked.actor.trim().into(),
        action: asked.action.trim().into(),
        object: asked.object.trim().into(),
        outcome: asked.outcome.clone(),
        from: day(&asked.from).map(words::midnight),
        to: day(&asked.to).and_then(|day| day.succ_opt()).map(words::midnight),
        part: Part::All,
        before: asked.before,
    }
}

fn line(registry: &Registry, (id, entry): (i64, Entry)) -> Line {
    let catalogue = &registry.catalogue;
    let (object, address) = audit_words::object(catalogue, &entry.action, &entry.object);
    Line {
        id,
        at: words::local(entry.at).format("%Y-%m-%d %H:%M:%S").to_string(),
        action: audit_words::action(&entry.action),
        detail: audit_words::detail(catalogue, &entry.action, &entry.detail),
        origin: words::origin(&entry.origin),
        actor: entry.actor,
        object,
        address,
        refused: entry.outcome == "refused",
    }
}
