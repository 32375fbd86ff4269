//! `/review`: what waits for the secretariat, and its decisions. The filters stand in the address.

use std::collections::HashSet;

use askama::Template;
use axum::extract::{Extension, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::Form;
use retrofit_import::catalogue::CodeList;
use retrofit_jobs::store::{UtcMillis, Word as _};
use serde::{Deserialize, Serialize};

use super::error::WebError;
use super::findings::ChangeLine;
use super::frame::{Frame, blocking, page as render};
use super::guard::Officer;
use super::words;
use crate::db::projects::ProjectRow;
use crate::registry::people::{Operator, Session};
use crate::registry::review::{self, Decided, Filter, Refused, Ruling, Selection};
use crate::registry::{Registry, RegistryCode, State as ReviewState, lists};

/// Projects on a page.
const PAGE: i64 = 50;
/// Projects that are gone through at a time for a decision on all that match.
const CHUNK: i64 = 1000;
/// Refused decisions that are named one by one.
const NAMED: usize = 20;

/// Common reasons for a return.
const PHRASES: [&str; 5] = [
    "情况说明不充分，请补充依据",
    "位置或地址与实际不符，请核实",
    "工程进度与时间不一致，请核实",
    "资金数据请与财务核对",
    "疑似与其他工程重复，请核实",
];

/// What the address says: which projects, and after which one the page begins.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct Asked {
    #[serde(skip_serializing_if = "String::is_empty")]
    state: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    department: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    category: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    county: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    stage: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    explained: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<i64>,
}

impl Asked {
    pub(super) fn state(&self) -> ReviewState {
        ReviewState::from_word(&self.state).unwrap_or(ReviewState::Pending)
    }

    pub(super) fn filter(&self) -> Filter {
        let given = |text: &String| (!text.is_empty()).then(|| text.clone());
        Filter {
            state: Some(self.state()),
            department: given(&self.department),
            category: given(&self.category),
            county: given(&self.county),
            stage: given(&self.stage),
            explained: (self.explained == "yes").then_some(true),
        }
    }

    fn query(&self) -> String {
        serde_urlencoded::to_string(self).unwrap_or_default()
    }

    fn narrows(&self) -> bool {
        self.filter() != Self::default().filter()
    }
}

#[derive(Template)]
#[template(path = "review.html")]
struct QueuePage {
    frame: Frame,
    message: Option<Message>,
    filters: Vec<Choice>,
    explained: bool,
    narrows: bool,
    state: ReviewState,
    may_decide: bool,
    matching: i64,
    rows: Vec<Line>,
    /// The address of the next page.
    next: Option<String>,
    /// The address of this page, for the form.
    query: String,
    shown_at: UtcMillis,
    reason: String,
    phrases: &'static [&'static str],
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

/// A filter: a list to choose from.
struct Choice {
    name: &'static str,
    label: &'static str,
    /// The word for no choice; none where one must be made.
    any: Option<&'static str>,
    /// Value, label, and whether it is chosen.
    options: Vec<(String, String, bool)>,
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

impl QueuePage {
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
    let filter = asked.filter();
    // Before the rows are read, so that what moves in between counts as moved.
    let shown_at = registry.clock.now();
    let mut rows = review::list(registry, operator, &filter, asked.after.unwrap_or(0), PAGE + 1)?;
    let next = (i64::try_from(rows.len()).unwrap_or(i64::MAX) > PAGE).then(|| {
        rows.pop();
        let after = rows.last().map(|row| row.id);
        Asked { after, ..asked.clone() }.query()
    });
    let changes = lists::pending_changes(registry, &rows)?;
    let reasons = lists::reasons(registry, &rows)?;
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
        filters: filters(registry, asked),
        explained: asked.explained == "yes",
        narrows: asked.narrows(),
        state: asked.state(),
        may_decide: operator.may_review() && asked.state() == ReviewState::Pending,
        matching: review::count(registry, operator, &filter)?,
        rows: rows.iter().map(line).collect(),
        next,
        query: asked.query(),
        shown_at,
        reason: kept.reason.clone(),
        phrases: &PHRASES,
    })
}

fn filters(registry: &Registry, asked: &Asked) -> Vec<Choice> {
    let catalogue = &registry.catalogue;
    let codes = |list, chosen: &str| {
        let entries = catalogue.codes(list).iter();
        entries
            .map(|entry| (entry.code.to_string(), entry.label.clone(), &*entry.code == chosen))
            .collect()
    };
    let departments = catalogue.departments().iter().map(|department| {
        let chosen = department.code == asked.department;
        (department.code.clone(), department.short_name.clone(), chosen)
    });
    let counties = catalogue.divisions().counties();
    let states = ReviewState::ALL.iter().map(|state| {
        let chosen = *state == asked.state();
        (state.word().to_owned(), state.label().to_owned(), chosen)
    });
    vec![
        Choice {
            name: "state",
            label: "状态",
            any: None,
            options: states.collect(),
        },
        Choice {
            name: "department",
            label: "部门",
            any: Some("全部部门"),
            options: departments.collect(),
        },
        Choice {
            name: "category",
            label: "类别",
            any: Some("全部类别"),
            options: codes(CodeList::Category, &asked.category),
        },
        Choice {
            name: "county",
            label: "县（市、区）",
            any: Some("全市"),
            options: counties
                .map(|county| {
                    (
                        county.code.to_string(),
                        county.name.clone(),
                        *county.code == *asked.county,
                    )
                })
                .collect(),
        },
        Choice {
            name: "stage",
            label: "工程进度",
            any: Some("全部进度"),
            options: codes(CodeList::Stage, &asked.stage),
        },
    ]
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
        let chosen = choose(registry, &session.operator, &asked, &decision)?;
        let (status, message, kept) = match chosen {
            Ok((chosen, ruling)) => {
                let decided = review::decide(registry, &session.operator, &chosen, ruling)?;
                (StatusCode::OK, said(&decided, ruling), &Decision::default())
            }
            Err(words) => (StatusCode::UNPROCESSABLE_ENTITY, Message::refused(words), &decision),
        };
        let answer = render(&page(registry, &session, &asked, Some(message), kept)?)?;
        Ok((status, answer).into_response())
    })
    .await
}

/// What is decided on, and how; in words what is missing.
fn choose<'a>(
    registry: &Registry,
    operator: &Operator,
    asked: &Asked,
    decision: &'a Decision,
) -> Result<Result<(Selection, Ruling<'a>), String>, WebError> {
    let reason = decision.reason.trim();
    let ruling = match &*decision.ruling {
        "approve" => Ruling::Approve,
        "return" if reason.is_empty() => return Ok(Err("退回要写明原因，部门才知道改什么。".into())),
        "return" => Ruling::Return(reason),
        _ => return Ok(Err("请选择“通过”或“退回”。".into())),
    };
    let chosen = if decision.scope == "all" {
        match all_shown(registry, operator, asked, decision.shown_at)? {
            Ok(chosen) => chosen,
            Err(words) => return Ok(Err(words)),
        }
    } else {
        decision.project.iter().filter_map(|project| shown(project)).collect()
    };
    if chosen.is_empty() {
        return Ok(Err("还没有选工程。请先在表中勾选，或者选“符合条件的全部”。".into()));
    }
    Ok(Ok((Selection::These(chosen), ruling)))
}

type Chosen = Vec<(RegistryCode, Option<i64>)>;

/// A chosen project with the revision that was shown.
fn shown(project: &str) -> Option<(RegistryCode, Option<i64>)> {
    let (code, revision) = project.split_once(':')?;
    Some((code.parse().ok()?, Some(revision.parse().ok()?)))
}

/// Everything that matched when the page was shown; in words, where something has moved since.
fn all_shown(
    registry: &Registry,
    operator: &Operator,
    asked: &Asked,
    shown_at: UtcMillis,
) -> Result<Result<Chosen, String>, WebError> {
    let filter = Filter {
        state: Some(ReviewState::Pending),
        ..asked.filter()
    };
    let (mut chosen, mut moved, mut after) = (Vec::new(), 0, 0);
    loop {
        let rows = review::list(registry, operator, &filter, after, CHUNK)?;
        let Some(last) = rows.last() else { break };
        after = last.id;
        moved += rows.iter().filter(|row| row.updated_at > shown_at).count();
        // Their own are not theirs to decide, and were shown so.
        let others = rows.iter().filter(|row| row.submitted_by != operator.name);
        chosen.extend(others.map(|row| (row.code(), Some(row.revision))));
    }
    if moved > 0 {
        return Ok(Err(format!(
            "您打开页面之后，又有 {moved} 个工程报送进来或有了变化。没有做任何审核；请看过下面的新列表后再操作。"
        )));
    }
    Ok(Ok(chosen))
}

fn said(decided: &Decided, ruling: Ruling<'_>) -> Message {
    let done = match ruling {
        Ruling::Approve => format!("已通过 {} 个工程，今晚自动上报国家平台。", decided.decided),
        Ruling::Return(_) => format!("已退回 {} 个工程，报送部门会在首页看到原因。", decided.decided),
    };
    let refused = decided.refused.len();
    Message {
        good: refused == 0,
        words: if refused == 0 {
            done
        } else {
            format!("{done}另有 {refused} 个没有办：")
        },
        refused: decided.refused.iter().take(NAMED).cloned().collect(),
        more: refused.saturating_sub(NAMED),
    }
}
