//! `/bulletin`: the bulletin of a month or a quarter, to read, to print, and to take away as a Word file and a workbook.

use askama::Template;
use axum::extract::{Extension, Path, Query, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::error::WebError;
use super::frame::{Frame, blocking, page as render};
use super::guard::Officer;
use crate::registry::month::Month;
use crate::registry::people::Session;
use crate::registry::{Registry, snapshots};
use crate::reports::book::book;
use crate::reports::bulletin::{Span, bulletin};
use crate::reports::document::{Document, Part};
use crate::reports::word::word;

#[derive(Template)]
#[template(path = "bulletin.html")]
struct BulletinPage {
    frame: Frame,
    /// (query's value, label) of the spans that can be asked for, and which is shown.
    spans: Vec<(String, String)>,
    chosen: String,
    document: Document,
}

/// What an address asks for: `2026-11`, or `2026-12-q` for the quarter that ends then.
#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    span: Option<String>,
}

/// `GET /bulletin`.
pub(super) async fn page(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Query(asked): Query<Asked>,
) -> Result<Response, WebError> {
    blocking(&registry, move |registry| {
        let span = span(registry, asked.span.as_deref())?;
        let mut spans: Vec<Span> = Vec::new();
        for month in snapshots::months(registry)? {
            let quarter = Span::quarter_of(month);
            if !spans.contains(&quarter) {
                spans.push(quarter);
            }
            spans.push(Span::Month(month));
        }
        let document = document(registry, &session, span)?;
        render(&BulletinPage {
            frame: Frame::new(registry, &session, "工作通报", "/bulletin"),
            spans: spans.into_iter().map(|span| (word_of(span), span.label())).collect(),
            chosen: word_of(span),
            document,
        })
    })
    .await
}

/// `GET /bulletin/{file}`: the Word file or the workbook.
pub(super) async fn file(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Path(file): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, WebError> {
    blocking(&registry, move |registry| {
        let span = span(registry, asked.span.as_deref())?;
        let document = document(registry, &session, span)?;
        let (bytes, kind) = match file.as_str() {
            "bulletin.docx" => (
                word(&document).map_err(WebError::Failed)?,
                "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            ),
            "bulletin.xlsx" => (
                book(&document).map_err(|error| WebError::Failed(error.into()))?,
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            ),
            _ => return Err(WebError::NotFound),
        };
        let name = format!("attachment; filename=\"{}-{file}\"", word_of(span));
        Ok(([(CONTENT_TYPE, kind), (CONTENT_DISPOSITION, &*name)], bytes).into_response())
    })
    .await
}

fn document(registry: &Registry, session: &Session, span: Span) -> Result<Document, WebError> {
    bulletin(registry, &session.operator, span)?.ok_or(WebError::NotFound)
}

/// The span that is asked for: this month where none is.
fn span(registry: &Registry, asked: Option<&str>) -> Result<Span, WebError> {
    let Some(asked) = asked else {
        return Ok(Span::Month(Month::at(registry.clock.now())));
    };
    let (month, quarter) = match asked.strip_suffix("-q") {
        Some(month) => (month, true),
        None => (asked, false),
    };
    let month: Month = month.parse().map_err(|_| WebError::NotFound)?;
    Ok(if quarter {
        Span::quarter_of(month)
    } else {
        Span::Month(month)
    })
}

fn word_of(span: Span) -> String {
    match span {
        Span::Month(month) => month.to_string(),
        Span::Quarter(month) => format!("{month}-q"),
    }
}
