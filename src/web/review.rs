//! `/review`: what waits for the secretariat, or for a department's lead, and their decisions. The filters stand in the address.

use std::collections::HashSet;

use askama::Template;
use axum::extract::{Extension, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum_extra::extract::Form;
use retrofit_import::catalogue::CodeList;
use retrofit_jobs::store::UtcMillis;
use serde::Deserialize;

use super::error::{WebError, refusing};
use super::findings::ChangeLine;
use super::frame::{Frame, blocking, page as render};
use super::guard::Officer;
use super::review_filters::{AT_LEAD, Asked, Choice, filters};
use super::words;
use crate::db::projects::ProjectRow;
use crate::registry::people::{Operator, Role, Session};
use crate::registry::review::{self, Decided, Refused, Ruling, Selection, Shown};
use crate::registry::{Registry, RegistryCode, State as ReviewState, Step, lists};

/// Projects on a page.
const PAGE: i64 = 50;
/// Refused decisions that are named one by one.
const NAMED: usize = 20;

/// Common reasons for a return.
const PHRASES: [&str; 6] = [
    "与原始材料不一致，请对照材料核改",
    "情况说明不充分，请补充依据",
    "位置或地址与实际不符，请核实",
    "工程进度与时间不一致，请核实",
    "资金数据请与财务核对",
    "疑似与其他工程重复，请核实",
];

#[derive(Template)]
#[template(path = "review.html")]
struct QueuePage {
    frame: Frame,
    message: Option<Message>,
    filters: Vec<Choice>,
    narrows: bool,
    /// The address of those that are decided on here, where others are shown with them.
    to_decide: Option<String>,
    state: ReviewState,
    /// The officers' word for what is shown.
    label: &'static str,
    role: Role,
    may_decide: bool,
    matching: i64,
    rows: Vec<Line>,
    /// The address of the next page.
    next: Option<String>,
    /// The address of this page, for the form.
    query: String,
    shown_at: UtcMillis,
    reason: String,
    /// Common reasons, and whether each is chosen.
    phrases: Vec<(&'static str, bool)>,
}

/// What came of a decision.
struct Message {
    good: bool,
    words: String,
    refused: Vec<Refused>,
    more: usize,
}

impl Message {
    /// Nothing was decided.
    fn refused(words: String) -> Self {
        Self {
            good: false,
            words,
            refused: Vec::new(),
            more: 0,
        }
    }
}

struct Line {
    code: String,
    revision: i64,
    name: String,
    department: String,
    category: String,
    county: String,
    stage: String,
    asks: Asks,
    changes: Vec<ChangeLine>,
    explained: i64,
    comments: i64,
    by: String,
    at: String,
    reason: String,
    /// Sent by the reviewer, who therefore cannot decide on it.
    own: bool,
    checked: bool,
}

/// What a revision asks the secretariat for.
enum Asks {
    New,
    Change,
    Withdrawal,
}

impl Decision {
    /// The reason: what was ticked and what was written.
    fn whole_reason(&self) -> String {
        let ticked = PHRASES
            .iter()
            .filter(|phrase| self.phrase.iter().any(|chosen| chosen == *phrase));
        let written = Some(self.reason.trim()).filter(|written| !written.is_empty());
        let parts: Vec<&str> = ticked.copied().chain(written).collect();
        parts.join("；")
    }
}

impl QueuePage {
    /// An approval passes on to the secretariat.
    fn lead(&self) -> bool {
        self.role == Role::Lead
    }

    fn waiting(&self) -> bool {
        self.state == ReviewState::Pending
    }
}

/// `GET /review`.
pub(super) async fn queue(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Query(asked): Query<Asked>,
) -> Result<Response, WebError> {
    blocking(&registry, move |registry| {
        render(&page(registry, &session, &asked, None, &Decision::default())?)
    })
    .await
}

fn page(
    registry: &Registry,
    session: &Session,
    asked: &Asked,
    message: Option<Message>,
    kept: &Decision,
) -> Result<QueuePage, WebError> {
    let operator = &session.operator;
    // Where nothing waits elsewhere, everything that waits is what is decided on here.
    let elsewhere = match operator.decides_at() {
        Some(Step::Secretariat) => asked.at(Step::Lead),
        Some(Step::Lead) => asked.at(Step::Secretariat),
        None => None,
    };
    let elsewhere = elsewhere.map(|asked| review::count(registry, operator, &asked.filter(registry, operator)));
    let mine = operator.decides_at().and_then(|step| asked.at(step));
    let asked = &match (elsewhere.transpose()?, &mine) {
        (Some(0), Some(mine)) => mine.clone(),
        _ => asked.clone(),
    };
    let filter = asked.filter(registry, operator);
    // Before the rows are read, so that what moves in between counts as moved.
    let shown_at = registry.clock.now();
    let mut rows = review::list(registry, operator, &filter, asked.after.unwrap_or(0), PAGE + 1)?;
    let next = (i64::try_from(rows.len()).unwrap_or(i64::MAX) > PAGE).then(|| {
        rows.pop();
        let after = rows.last().map(|row| row.id);
        asked.query_after(after)
    });
    let changes = lists::pending_changes(registry, &rows)?;
    let reasons = lists::reasons(registry, &rows)?;
    let comments = lists::comments(registry, &rows)?;
    let checked: HashSet<&str> = kept.project.iter().map(String::as_str).collect();
    let line = |row: &ProjectRow| {
        let differing = changes.get(&row.id).into_iter().flatten();
        let code = row.code().to_string();
        Line {
            revision: row.revision,
            name: row.name.clone(),
            department: words::department(&registry.catalogue, &row.department).to_owned(),
            category: registry
                .catalogue
                .code_label(CodeList::Category, &row.category)
                .to_owned(),
            county: registry.catalogue.divisions().name(&row.county).to_owned(),
            stage: registry.catalogue.code_label(CodeList::Stage, &row.stage).to_owned(),
            asks: match row.approved_revision {
                _ if row.op == "withdraw" => Asks::Withdrawal,
                None => Asks::New,
                Some(_) => Asks::Change,
            },
            changes: differing
                .map(|change| ChangeLine::new(&registry.catalogue, change))
                .collect(),
            explained: row.explained,
            comments: comments.get(&row.id).copied().unwrap_or_default(),
            by: row.submitted_by.clone(),
            at: words::moment(row.updated_at),
            reason: reasons.get(&row.id).cloned().unwrap_or_default(),
            own: row.submitted_by == operator.name,
            checked: checked.contains(format!("{code}:{}", row.revision).as_str()),
            code,
        }
    };
    Ok(QueuePage {
        frame: Frame::new(registry, session, "审核", "/review"),
        message,
        filters: filters(registry, operator, asked),
        narrows: asked.narrows(),
        to_decide: mine
            .filter(|mine| mine.query() != asked.query())
            .map(|mine| mine.query()),
        state: asked.state(),
        label: match asked.step(operator) {
            Some(Step::Lead) => AT_LEAD,
            _ => asked.state().label(),
        },
        role: operator.role,
        may_decide: asked.step(operator).is_some() && asked.step(operator) == operator.decides_at(),
        matching: review::count(registry, operator, &filter)?,
        rows: rows.iter().map(line).collect(),
        next,
        query: asked.query(),
        shown_at,
        reason: kept.reason.clone(),
        phrases: PHRASES
            .into_iter()
            .map(|phrase| (phrase, kept.phrase.iter().any(|chosen| chosen == phrase)))
            .collect(),
    })
}

/// What the queue's form sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Decision {
    /// `CODE:REVISION` of each chosen project.
    project: Vec<String>,
    /// `all` for everything that matches.
    scope: String,
    /// `approve` or `return`.
    ruling: String,
    reason: String,
    /// Common reasons that were ticked.
    phrase: Vec<String>,
    /// The address of the queue that was shown.
    query: String,
    /// When it was shown.
    shown_at: UtcMillis,
}

/// `POST /review`.
pub(super) async fn decide(
    State(registry): State<Registry>,
    Extension(session): Officer,
    Form(decision): Form<Decision>,
) -> Result<Response, WebError> {
    blocking(&registry, move |registry| {
        let asked: Asked = serde_urlencoded::from_str(&decision.query).unwrap_or_default();
        let reason = decision.whole_reason();
        let chosen = choose(registry, &session.operator, &asked, (&decision, &reason))?;
        match chosen {
            Ok((chosen, ruling)) => {
                let decided = review::decide(registry, &session.operator, &chosen, ruling)?;
                let lead = session.operator.decides_at() == Some(Step::Lead);
                let message = said(&decided, ruling, lead);
                render(&page(registry, &session, &asked, Some(message), &Decision::default())?)
            }
            Err(words) => {
                let message = Message::refused(words.clone());
                let page = page(registry, &session, &asked, Some(message), &decision)?;
                refusing(StatusCode::UNPROCESSABLE_ENTITY, &page, &words)
            }
        }
    })
    .await
}

/// What is decided on, and how; in words what is missing.
fn choose<'a>(
    registry: &Registry,
    operator: &Operator,
    asked: &Asked,
    (decision, reason): (&Decision, &'a str),
) -> Result<Result<(Selection, Ruling<'a>), String>, WebError> {
    let ruling = match &*decision.ruling {
        "approve" => Ruling::Approve,
        "return" if reason.is_empty() => return Ok(Err("退回要写明原因，部门才知道改什么。".into())),
        "return" => Ruling::Return(reason),
        _ => return Ok(Err("请选择“通过”或“退回”。".into())),
    };
    let chosen = if decision.scope == "all" {
        match review::shown(registry, operator, &asked.filter(registry, operator), decision.shown_at)? {
            Shown::All(chosen) => chosen,
            Shown::Moved(moved) => {
                return Ok(Err(format!(
                    "您打开页面之后，又有 {moved} 个工程报送进来或有了变化。没有做任何审核；请看过下面的新列表后再操作。"
                )));
            }
        }
    } else {
        Selection::These(decision.project.iter().filter_map(|project| shown(project)).collect())
    };
    if chosen.is_empty() {
        return Ok(Err("还没有选工程。请先在表中勾选，或者选“符合条件的全部”。".into()));
    }
    Ok(Ok((chosen, ruling)))
}

/// A chosen project with the revision that was shown.
fn shown(project: &str) -> Option<(RegistryCode, Option<i64>)> {
    let (code, revision) = project.split_once(':')?;
    Some((code.parse().ok()?, Some(revision.parse().ok()?)))
}

fn said(decided: &Decided, ruling: Ruling<'_>, lead: bool) -> Message {
    let done = match ruling {
        Ruling::Approve if lead => format!("已通过 {} 个工程，转秘书处审核。", decided.decided),
        Ruling::Approve => format!("已通过 {} 个工程，今晚自动上报国家平台。", decided.decided),
        Ruling::Return(_) => format!("已退回 {} 个工程，报送部门会在首页看到原因。", decided.decided),
    };
    let refused = decided.refused.len();
    Message {
        good: refused == 0,
        words: match (decided.decided, refused) {
            (_, 0) => done,
            (0, _) => "没有办成：".into(),
            _ => format!("{done}另有 {refused} 个没有办："),
        },
        refused: decided.refused.iter().take(NAMED).cloned().collect(),
        more: refused.saturating_sub(NAMED),
    }
}
