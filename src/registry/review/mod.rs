//! The review: what waits, and the decisions of the secretariat, and before it of a department's own lead where it has that step.
//!
//! A decision is on one revision of a project, the one that was shown. Where it is no longer the current one, or no longer waits, or where
//! the reviewer sent it, the decision on it is refused and said so; the rest of the selection goes through. An approval and its row in
//! the outbox are one transaction.

mod deciding;

use chrono::NaiveDate;
use retrofit_import::catalogue::Field;
use retrofit_jobs::store::{Op, UtcMillis, Word};

use super::code::RegistryCode;
use super::month::Month;
use super::people::{Operator, Role, Sight};
use super::states::{Standing, State, Step, Verb, target};
use super::values::{Fields, due};
use super::{Error, Registry};
use crate::db::projects::{self, ProjectRow};
use crate::db::queue::{self, QueueRow};
use crate::db::revisions::{self, Decision};
use crate::db::{Conn, DbError};
pub use deciding::{Decided, Refused, Ruling, Selection, Shown, decide, shown};

/// Which projects: each part that is given narrows the choice. From `step` on, a part chooses among what waits and is otherwise not looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// The state of the current revision.
    pub state: Option<State>,
    /// Department code.
    pub department: Option<String>,
    /// Category code.
    pub category: Option<String>,
    /// County or zone code.
    pub county: Option<String>,
    /// Stage code.
    pub stage: Option<String>,
    /// Whether any of its findings went in with an explanation.
    pub explained: Option<bool>,
    /// Who decides.
    pub step: Option<Step>,
    /// The gravest of its findings: `none`, `hint` or `confirm`.
    pub severity: Option<String>,
    /// A field that differs from the approved revision.
    pub changed: Option<Field>,
    /// Those that were to be finished before this day and are not.
    pub due_before: Option<NaiveDate>,
    /// Those that have waited for the decision since before this instant.
    pub waiting_before: Option<UtcMillis>,
}

/// A filter as the database takes it, narrowed to what the operator sees.
enum Seen {
    /// Among what waits.
    Waiting(queue::Filter),
    /// Among all projects.
    Projects(projects::Filter),
}

impl Filter {
    /// `None` where the operator sees nothing of it.
    fn seen_by(&self, operator: &Operator) -> Option<Seen> {
        let department = match (operator.sees(), self.department.as_deref()) {
            (Sight::All, asked) => asked,
            (Sight::Department(own), None) => Some(own),
            (Sight::Department(own), Some(asked)) if asked == own => Some(own),
            (Sight::Department(_) | Sight::Nothing, _) => return None,
        };
        let department = department.map(Into::into);
        let (category, county, stage) = (self.category.clone(), self.county.clone(), self.stage.clone());
        Some(if self.state == Some(State::Pending) {
            Seen::Waiting(queue::Filter {
                step: self.step.map(|step| step.word().into()),
                department,
                category,
                county,
                stage,
                severity: self.severity.clone(),
                explained: self.explained,
                changed: self.changed.map(|field| field.id().into()),
                due_before: self.due_before.map(|day| day.to_string()),
                waiting_before: self.waiting_before,
            })
        } else {
            Seen::Projects(projects::Filter {
                state: self.state.map(|state| state.word().into()),
                department,
                category,
                county,
                stage,
                explained: self.explained,
            })
        })
    }
}

impl Seen {
    fn list(&self, conn: &mut Conn<'_>, after: i64, limit: i64) -> Result<Vec<ProjectRow>, DbError> {
        match self {
            Self::Projects(filter) => projects::matching(conn, filter, after, limit),
            Self::Waiting(filter) => {
                let ids = queue::matching(conn, filter, after, limit)?;
                let mut rows = projects::with_ids(conn, &ids)?;
                rows.sort_unstable_by_key(|row| row.id);
                Ok(rows)
            }
        }
    }

    fn count(&self, conn: &mut Conn<'_>) -> Result<i64, DbError> {
        match self {
            Self::Projects(filter) => projects::count(conn, filter),
            Self::Waiting(filter) => queue::count(conn, filter),
        }
    }
}

/// The projects that match and that the operator sees, by code, those after `after` (0: from the first).
///
/// # Errors
/// Only our own faults.
pub fn list(
    registry: &Registry,
    operator: &Operator,
    filter: &Filter,
    after: i64,
    limit: i64,
) -> Result<Vec<ProjectRow>, Error> {
    match filter.seen_by(operator) {
        Some(seen) => Ok(registry.db.read(|conn| seen.list(conn, after, limit))?),
        None => Ok(Vec::new()),
    }
}

/// How many projects match and are seen.
///
/// # Errors
/// Only our own faults.
pub fn count(registry: &Registry, operator: &Operator, filter: &Filter) -> Result<i64, Error> {
    match filter.seen_by(operator) {
        Some(seen) => Ok(registry.db.read(|conn| seen.count(conn))?),
        None => Ok(0),
    }
}

/// Who decides first on what this operator sends for a department: its lead, where it has that step and no lead sends it.
pub(super) fn first_step(conn: &mut Conn<'_>, operator: &Operator, department: &str) -> Result<Step, DbError> {
    let by_lead = operator.role != Role::Lead && queue::has_lead_review(conn, department)?;
    Ok(if by_lead { Step::Lead } else { Step::Secretariat })
}

/// A revision that begins to wait, without findings and differences.
pub(super) fn waiting(project: &ProjectRow, values: &impl Fields, step: Step) -> QueueRow {
    QueueRow {
        project_id: project.id,
        revision: project.revision,
        step: step.word().into(),
        department: project.department.clone(),
        category: project.category.clone(),
        county: project.county.clone(),
        stage: project.stage.clone(),
        severity: "none".into(),
        explained: project.explained,
        changed: String::new(),
        due: due(values),
        waiting_since: project.updated_at,
    }
}

impl ProjectRow {
    /// The project's code.
    pub fn code(&self) -> RegistryCode {
        RegistryCode {
            year: self.entry_year,
            id: self.id,
        }
    }
}

/// What the platform rejected: (project, revision, its words).
pub(super) type Rejected = (i64, i64, String);

/// Gives back what the platform rejected to its departments, with the platform's words. Where the department has sent a later revision
/// meanwhile, only the history says so.
pub(super) fn send_back(conn: &mut Conn<'_>, rejected: &[Rejected], now: UtcMillis) -> Result<(), DbError> {
    let month = Month::at(now).to_string();
    for (project, revision, words) in rejected {
        for (from, op) in [(State::Approved, Op::Upsert), (State::Withdrawn, Op::Withdraw)] {
            let Some(Standing(to, _)) = target(Standing(from, None), op, Verb::SendBack) else {
                continue;
            };
            let decision = Decision {
                month: &month,
                from: from.word(),
                to: to.word(),
                by: PLATFORM,
                at: now,
                reason: Some(words),
            };
            if revisions::is_in(conn, *project, *revision, from.word())? {
                revisions::decide(conn, &[*project], *revision, &decision)?;
                projects::set_state(conn, &[*project], *revision, decision.from, decision.to, now)?;
                break;
            }
        }
    }
    Ok(())
}

/// The name under which the history keeps what the platform decided.
const PLATFORM: &str = "platform";
