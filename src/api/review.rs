//! The review: what waits, and decisions on it.

use chrono::NaiveDate;
use retrofit_import::catalogue::Field;
use retrofit_jobs::store::Word;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::body::Json;
use super::catalogue::exported;
use super::endpoint::{Call, Endpoint, In, get, post};
use super::preview::ChangeLine;
use super::problem::{Code, Problem};
use super::projects::{ProjectLine, line};
use super::reply::Plain;
use super::roles::{DATA, DECIDE};
use super::types::{Cursor, File, Instant, Nothing, OneOf, Page, Text, Window, Workbook};
use crate::registry::review::{self, Filter, Ruling, Selection, Shown};
use crate::registry::{RegistryCode, State, Step, lists};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        get(
            "/review",
            DATA,
            "What waits for a decision, by code, each with what it changes",
            queue,
        ),
        get("/review/count", DATA, "How many wait", count),
        get("/review/export", DATA, "What waits, as a roster", export),
        post(
            "/review/decisions",
            DECIDE,
            "Approves or returns revisions; one that is no longer current, or that the caller sent, is refused and said so",
            decide,
        ),
        post(
            "/review/decisions/all",
            DECIDE,
            "Approves or returns everything that waits and matches, as it was counted; where any of it has moved since, nothing",
            decide_all,
        )
        .of_what_was_shown(),
    ]
}

/// The gravest finding of what waits.
#[derive(Clone, Copy, Debug)]
enum Gravest {
    Nothing,
    Hint,
    Confirm,
}

impl Word for Gravest {
    const ALL: &'static [Self] = &[Self::Nothing, Self::Hint, Self::Confirm];

    fn word(self) -> &'static str {
        match self {
            Self::Nothing => "none",
            Self::Hint => "hint",
            Self::Confirm => "confirm",
        }
    }
}

/// Which of what waits: each part that is given narrows the choice.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "WaitingFilter")]
struct Asked {
    /// Who decides.
    step: Option<OneOf<Step>>,
    /// Department code.
    department: Option<String>,
    /// Category code.
    category: Option<String>,
    /// County or zone code.
    county: Option<String>,
    /// Stage code.
    stage: Option<String>,
    /// Whether any finding went in with an explanation.
    explained: Option<bool>,
    /// The gravest finding.
    severity: Option<OneOf<Gravest>>,
    /// A field that differs from the approved revision.
    changed: Option<String>,
    /// To be finished before this day, and not finished.
    #[schemars(with = "Option<String>", extend("format" = "date"))]
    due_before: Option<NaiveDate>,
}

/// Which of what waits, and which part of that.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AskedPart {
    /// Where the list goes on.
    cursor: Option<Text<Cursor>>,
    /// Lines at most: 1 to 200, usually 50.
    #[schemars(range(min = 1, max = 200))]
    limit: Option<u16>,
    /// Who decides.
    step: Option<OneOf<Step>>,
    /// Department code.
    department: Option<String>,
    /// Category code.
    category: Option<String>,
    /// County or zone code.
    county: Option<String>,
    /// Stage code.
    stage: Option<String>,
    /// Whether any finding went in with an explanation.
    explained: Option<bool>,
    /// The gravest finding.
    severity: Option<OneOf<Gravest>>,
    /// A field that differs from the approved revision.
    changed: Option<String>,
    /// To be finished before this day, and not finished.
    #[schemars(with = "Option<String>", extend("format" = "date"))]
    due_before: Option<NaiveDate>,
}

impl AskedPart {
    fn split(self) -> Result<(Window, Asked), Problem> {
        let window = Window::new(self.cursor, self.limit)?;
        let asked = Asked {
            step: self.step,
            department: self.department,
            category: self.category,
            county: self.county,
            stage: self.stage,
            explained: self.explained,
            severity: self.severity,
            changed: self.changed,
            due_before: self.due_before,
        };
        Ok((window, asked))
    }
}

impl Asked {
    fn filter(&self) -> Result<Filter, Problem> {
        let field = |id: &str| Field::from_id(id).ok_or_else(|| Problem::invalid(format!("没有名为“{id}”的字段。")));
        Ok(Filter {
            state: Some(State::Pending),
            step: self.step.map(|OneOf(step)| step),
            department: self.department.clone(),
            category: self.category.clone(),
            county: self.county.clone(),
            stage: self.stage.clone(),
            explained: self.explained,
            severity: self.severity.map(|OneOf(gravest)| gravest.word().to_owned()),
            changed: self.changed.as_deref().map(field).transpose()?,
            due_before: self.due_before,
            waiting_before: None,
        })
    }
}

/// A revision that waits.
#[derive(Serialize, JsonSchema)]
struct WaitingLine {
    /// The project by it.
    project: ProjectLine,
    /// What it changes against the approved revision; of a new project nothing.
    changes: Vec<ChangeLine>,
    /// How many comments there are.
    comments: i64,
}

fn queue(call: &Call<'_>, input: In<Nothing, AskedPart>) -> Result<Page<WaitingLine>, Problem> {
    let (window, asked) = input.query.split()?;
    let filter = asked.filter()?;
    let rows = review::list(
        call.registry,
        call.operator,
        &filter,
        window.after_or(0),
        window.probe(),
    )?;
    let mut changes = lists::pending_changes(call.registry, &rows)?;
    let comments = lists::comments(call.registry, &rows)?;
    Ok(Page::of(
        rows,
        window,
        |row| Cursor(row.id, 0),
        |row| WaitingLine {
            project: line(&row),
            changes: changes
                .remove(&row.id)
                .unwrap_or_default()
                .into_iter()
                .map(Into::into)
                .collect(),
            comments: comments.get(&row.id).copied().unwrap_or_default(),
        },
    ))
}

/// How many.
#[derive(Serialize, JsonSchema)]
struct Count {
    count: i64,
    /// When that was counted: what is decided on all of it names this.
    as_of: Instant,
}

fn count(call: &Call<'_>, input: In<Nothing, Asked>) -> Result<Plain<Count>, Problem> {
    // Before it is counted, so that what moves in between counts as moved.
    let as_of = Instant(call.registry.clock.now());
    let count = review::count(call.registry, call.operator, &input.query.filter()?)?;
    Ok(Plain(Count { count, as_of }))
}

fn export(call: &Call<'_>, input: In<Nothing, Asked>) -> Result<File<Workbook>, Problem> {
    let filter = input.query.filter()?;
    if filter
        .department
        .as_deref()
        .is_some_and(|code| !call.operator.may_see(code))
    {
        return Err(Problem::not_found());
    }
    let bytes = exported(call.registry, call.operator, &filter)?;
    Ok(File::new("待审核工程清单.xlsx", bytes))
}

/// What is decided.
#[derive(Clone, Copy, Debug)]
enum Verdict {
    Approve,
    Return,
}

impl Word for Verdict {
    const ALL: &'static [Self] = &[Self::Approve, Self::Return];

    fn word(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Return => "return",
        }
    }
}

/// A decision.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewDecision {
    /// What is decided; a lead's approval passes on to the secretariat.
    decision: OneOf<Verdict>,
    /// Why it is returned.
    reason: Option<String>,
    /// On what: each project with the revision that was seen.
    #[schemars(length(min = 1, max = 5000))]
    projects: Vec<Named>,
}

/// A revision of a project.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Named {
    /// The project.
    code: Text<RegistryCode>,
    /// The revision that was seen.
    revision: i64,
}

/// What came of a decision.
#[derive(Serialize, JsonSchema)]
struct Decided {
    /// How many revisions were decided.
    decided: u64,
    /// Those that were not.
    refused: Vec<Refused>,
}

/// A decision that was refused.
#[derive(Serialize, JsonSchema)]
struct Refused {
    /// The project.
    code: Text<RegistryCode>,
    /// Why.
    reason: String,
}

fn decide(call: &Call<'_>, input: In<Nothing, Nothing, Json<NewDecision>>) -> Result<Plain<Decided>, Problem> {
    let NewDecision {
        decision,
        reason,
        projects,
    } = input.body.0;
    if projects.is_empty() {
        return Err(Problem::refused("没有写明对哪些工程。"));
    }
    let chosen = projects.iter().map(|named| (named.code.0, Some(named.revision)));
    let selection = Selection::These(chosen.collect());
    decided(call, &selection, ruling(decision, reason.as_deref()))
}

fn ruling(OneOf(verdict): OneOf<Verdict>, reason: Option<&str>) -> Ruling<'_> {
    match verdict {
        Verdict::Approve => Ruling::Approve,
        Verdict::Return => Ruling::Return(reason.unwrap_or_default()),
    }
}

fn decided(call: &Call<'_>, selection: &Selection, ruling: Ruling<'_>) -> Result<Plain<Decided>, Problem> {
    let decided = review::decide(call.registry, call.operator, selection, ruling)?;
    Ok(Plain(Decided {
        decided: decided.decided.try_into().unwrap_or(u64::MAX),
        refused: decided
            .refused
            .into_iter()
            .map(|refused| Refused {
                code: Text(refused.code),
                reason: refused.reason,
            })
            .collect(),
    }))
}

/// A decision on all that matches.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewDecisionOnAll {
    /// What is decided; a lead's approval passes on to the secretariat.
    decision: OneOf<Verdict>,
    /// Why it is returned.
    reason: Option<String>,
    /// The `as_of` of the count that was looked at.
    as_of: Instant,
    /// What that count was of; what the caller sent stays as it is.
    #[serde(default)]
    filter: Asked,
}

fn decide_all(call: &Call<'_>, input: In<Nothing, Nothing, Json<NewDecisionOnAll>>) -> Result<Plain<Decided>, Problem> {
    let NewDecisionOnAll {
        decision,
        reason,
        as_of: Instant(as_of),
        filter,
    } = input.body.0;
    match review::shown(call.registry, call.operator, &filter.filter()?, as_of)? {
        Shown::All(chosen) if chosen.is_empty() => Err(Problem::refused("没有符合条件、可由您审核的工程。")),
        Shown::All(chosen) => decided(call, &chosen, ruling(decision, reason.as_deref())),
        Shown::Moved(moved) => Err(Problem::new(
            Code::SelectionMoved,
            format!("这之后又有 {moved} 个工程报送进来或有了变化，没有做任何审核。请重新查看后再审核。"),
        )),
    }
}
