//! `/duplicates`: projects that two departments very likely both report.

use askama::Template;
use axum::extract::{Extension, State};
use axum::response::Response;
use retrofit_import::catalogue::CodeList;
use retrofit_jobs::store::Word as _;

use super::error::WebError;
use super::frame::{Frame, blocking, page as render};
use super::guard::Officer;
use super::words;
use crate::registry::duplicates::{self, Pair, Side};
use crate::registry::people::{Session, Sight};
use crate::registry::{Registry, State as ReviewState};

/// Pairs that the page shows.
const SHOWN: usize = 100;

#[derive(Template)]
#[template(path = "duplicates.html")]
struct DuplicatesPage {
    frame: Frame,
    /// Both sides are shown.
    all: bool,
    pairs: Vec<PairLine>,
    more: bool,
}

struct PairLine {
    one: SideLine,
    other: SideLine,
    why: &'static str,
    at: String,
}

struct SideLine {
    department: String,
    project: Option<ProjectLine>,
}

struct ProjectLine {
    code: String,
    name: String,
    place: String,
    stage: String,
    state: &'static str,
    class: String,
    explanation: String,
}

/// `GET /duplicates`.
pub(super) async fn page(State(registry): State<Registry>, Extension(session): Officer) -> Result<Response, WebError> {
    blocking(&registry, move |registry| render(&list(registry, &session)?)).await
}

fn list(registry: &Registry, session: &Session) -> Result<DuplicatesPage, WebError> {
    // One more tells whether there are others.
    let limit = i64::try_from(SHOWN + 1).unwrap_or(i64::MAX);
    let mut pairs = duplicates::pairs(registry, &session.operator, limit)?;
    let more = pairs.len() > SHOWN;
    pairs.truncate(SHOWN);
    Ok(DuplicatesPage {
        frame: Frame::new(registry, session, "疑似重复", "/duplicates"),
        all: session.operator.sees() == Sight::All,
        pairs: pairs.into_iter().map(|pair| line(registry, pair)).collect(),
        more,
    })
}

fn line(registry: &Registry, pair: Pair) -> PairLine {
    PairLine {
        one: side(registry, pair.one),
        other: side(registry, pair.other),
        why: if pair.same_place {
            "名称、乡镇、地址都相同"
        } else {
            "名称相近，且产权单位相同或相距 50 米以内"
        },
        at: words::moment(pair.found_at),
    }
}

fn side(registry: &Registry, side: Side) -> SideLine {
    let catalogue = &registry.catalogue;
    SideLine {
        department: words::department(catalogue, &side.department).to_owned(),
        project: side.project.map(|(row, explanation)| ProjectLine {
            code: row.code().to_string(),
            place: format!(
                "{}{}",
                catalogue.divisions().name(&row.county),
                catalogue.divisions().name(&row.township)
            ),
            stage: catalogue.code_label(CodeList::Stage, &row.stage).to_owned(),
            state: ReviewState::from_word(&row.state).map_or("", ReviewState::label),
            class: row.state,
            name: row.name,
            explanation: explanation.unwrap_or_default(),
        }),
    }
}
