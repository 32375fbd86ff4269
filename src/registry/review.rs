//! The review: what waits, and the secretariat's decisions.
//!
//! A decision is on one revision of a project, the one that was shown. Where it is no longer the current one, or no longer waits, or where
//! the reviewer sent it, the decision on it is refused and said so; the rest of the selection goes through. An approval and its row in
//! the outbox are one transaction.

use std::collections::HashMap;

use retrofit_jobs::store::{DeliveryState, Op, UtcMillis, Word};
use serde::Serialize;

use super::code::RegistryCode;
use super::people::{Operator, Sight};
use super::states::{State, Verb, target};
use super::{Error, Registry, audit, snapshots};
use crate::db::counters::{self, Counter};
use crate::db::deliveries::{self, DeliveryRow};
use crate::db::projects::{self, ProjectRow};
use crate::db::revisions::{self, Decision};
use crate::db::{CHUNK, Conn, DbError};

/// Which projects: each part that is given narrows the choice.
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
}

impl Filter {
    /// As the database takes it, narrowed to what the operator sees; `None` where that is nothing.
    fn seen_by(&self, operator: &Operator) -> Option<projects::Filter> {
        let department = match (operator.sees(), self.department.as_deref()) {
            (Sight::All, asked) => asked,
            (Sight::Department(own), None) => Some(own),
            (Sight::Department(own), Some(asked)) if asked == own => Some(own),
            (Sight::Department(_) | Sight::Nothing, _) => return None,
        };
        Some(projects::Filter {
            state: self.state.map(|state| state.word().into()),
            department: department.map(Into::into),
            category: self.category.clone(),
            county: self.county.clone(),
            stage: self.stage.clone(),
            explained: self.explained,
        })
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
        Some(filter) => Ok(registry
            .db
            .read(|conn| projects::matching(conn, &filter, after, limit))?),
        None => Ok(Vec::new()),
    }
}

/// How many projects match and are seen.
///
/// # Errors
/// Only our own faults.
pub fn count(registry: &Registry, operator: &Operator, filter: &Filter) -> Result<i64, Error> {
    match filter.seen_by(operator) {
        Some(filter) => Ok(registry.db.read(|conn| projects::count(conn, &filter))?),
        None => Ok(0),
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

/// What the secretariat decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ruling<'a> {
    /// Approves.
    Approve,
    /// Returns, with a reason.
    Return(&'a str),
}

/// On what.
#[derive(Clone, Debug)]
pub enum Selection {
    /// Everything that waits and matches; the filter's own state is not looked at.
    Matching(Filter),
    /// These projects, each with the revision that was shown, or whichever is current.
    These(Vec<(RegistryCode, Option<i64>)>),
}

/// What came of a decision.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Decided {
    /// How many revisions were decided.
    pub decided: usize,
    /// Those that were not.
    pub refused: Vec<Refused>,
}

/// A decision that was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refused {
    /// The project.
    pub code: RegistryCode,
    /// Why, for people.
    pub reason: String,
}

/// Decides a selection, in one transaction.
///
/// # Errors
/// Refused to all but the secretariat, and a return without a reason. Our own faults leave everything undecided.
pub fn decide(
    registry: &Registry,
    operator: &Operator,
    selection: &Selection,
    ruling: Ruling<'_>,
) -> Result<Decided, Error> {
    if !operator.may_review() {
        return Err(Error::refused(format!(
            "用户“{}”不是秘书处成员，不能审核。",
            operator.name
        )));
    }
    let (verb, reason) = match ruling {
        Ruling::Approve => (Verb::Approve, None),
        Ruling::Return(reason) if reason.trim().is_empty() => {
            return Err(Error::refused("退回须写明原因（--reason），部门才知道改什么。"));
        }
        Ruling::Return(reason) => (Verb::Return, Some(reason.trim())),
    };
    let now = registry.clock.now();
    registry.db.write(|conn| {
        counters::lock(conn, Counter::Project)?;
        snapshots::close_months(conn, now)?;
        let session = Session {
            operator,
            verb,
            reason,
            now,
        };
        let mut decided = Decided::default();
        match selection {
            Selection::These(chosen) => session.decide_these(conn, chosen, &mut decided)?,
            Selection::Matching(filter) => session.decide_matching(conn, filter, &mut decided)?,
        }
        let action = match verb {
            Verb::Approve => "review.approve",
            Verb::Return | Verb::SendBack => "review.return",
        };
        let detail =
            serde_json::json!({ "decided": decided.decided, "refused": decided.refused.len(), "reason": reason });
        audit::note(conn, operator, now, (action, audit::Outcome::Done), "projects", &detail)?;
        Ok(decided)
    })
}

/// One decision being carried out.
struct Session<'a> {
    operator: &'a Operator,
    verb: Verb,
    reason: Option<&'a str>,
    now: UtcMillis,
}

impl Session<'_> {
    fn decide_these(
        &self,
        conn: &mut Conn<'_>,
        chosen: &[(RegistryCode, Option<i64>)],
        decided: &mut Decided,
    ) -> Result<(), DbError> {
        // A project that is named twice is decided once.
        let shown: HashMap<RegistryCode, Option<i64>> = chosen.iter().copied().collect();
        let mut ids: Vec<i64> = shown.keys().map(|code| code.id).collect();
        ids.sort_unstable();
        for chunk in ids.chunks(CHUNK) {
            let rows: HashMap<i64, ProjectRow> = projects::with_ids(conn, chunk)?
                .into_iter()
                .map(|row| (row.id, row))
                .collect();
            let mut sound = Vec::new();
            let mut here: Vec<_> = shown.iter().filter(|(code, _)| chunk.contains(&code.id)).collect();
            here.sort_unstable_by_key(|(code, _)| code.id);
            for (&code, &revision) in here {
                match rows.get(&code.id).filter(|row| row.code() == code) {
                    None => decided.refuse(code, "登记库中没有这个工程。".into()),
                    Some(row) => match self.objection(row, revision) {
                        Some(reason) => decided.refuse(code, reason),
                        None => sound.push(row.clone()),
                    },
                }
            }
            decided.decided += self.decide_chunk(conn, &sound)?;
        }
        Ok(())
    }

    fn decide_matching(&self, conn: &mut Conn<'_>, filter: &Filter, decided: &mut Decided) -> Result<(), DbError> {
        let waiting = Filter {
            state: Some(State::Pending),
            ..filter.clone()
        };
        let Some(filter) = waiting.seen_by(self.operator) else {
            return Ok(());
        };
        let mut after = 0;
        loop {
            let rows = projects::matching(conn, &filter, after, CHUNK.try_into().unwrap_or(i64::MAX))?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = last.id;
            let mut sound = Vec::with_capacity(rows.len());
            for row in rows {
                match self.objection(&row, None) {
                    Some(reason) => decided.refuse(row.code(), reason),
                    None => sound.push(row),
                }
            }
            decided.decided += self.decide_chunk(conn, &sound)?;
        }
    }

    /// Why this decision on a project's revision cannot be.
    fn objection(&self, row: &ProjectRow, shown: Option<i64>) -> Option<String> {
        let current = row.revision;
        if let Some(shown) = shown.filter(|&shown| shown != current) {
            return Some(format!(
                "所审的第 {shown} 版已不是最新版，现为第 {current} 版。请重新查看后再审核。"
            ));
        }
        let allowed = state_and_op(row).and_then(|(state, op)| target(state, op, self.verb));
        if allowed.is_none() {
            let state = State::label_of(&row.state);
            return Some(format!("当前为“{state}”，不在待审核状态。"));
        }
        (row.submitted_by == self.operator.name).then(|| "本人报送的，须由他人审核。".into())
    }

    /// Decides the current revisions of these projects, at most [`CHUNK`] of them.
    fn decide_chunk(&self, conn: &mut Conn<'_>, rows: &[ProjectRow]) -> Result<usize, DbError> {
        for op in Op::ALL {
            let of_op: Vec<(i64, i64)> = rows
                .iter()
                .filter(|row| row.op == op.word())
                .map(|row| (row.id, row.revision))
                .collect();
            let Some(to) = target(State::Pending, *op, self.verb).filter(|_| !of_op.is_empty()) else {
                continue;
            };
            let decision = Decision {
                from: State::Pending.word(),
                to: to.word(),
                by: &self.operator.name,
                at: self.now,
                reason: self.reason,
            };
            move_revisions(conn, &of_op, &decision)?;
            if self.verb == Verb::Approve {
                let ids: Vec<i64> = of_op.iter().map(|&(id, _)| id).collect();
                projects::set_approved(conn, &ids, to == State::Withdrawn)?;
            }
        }
        if self.verb == Verb::Approve && !rows.is_empty() {
            self.put_in_outbox(conn, rows)?;
        }
        Ok(rows.len())
    }

    fn put_in_outbox(&self, conn: &mut Conn<'_>, rows: &[ProjectRow]) -> Result<(), DbError> {
        let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
        let first = counters::take(conn, Counter::Delivery, rows.len())?;
        let outbox: Vec<DeliveryRow> = rows
            .iter()
            .zip(first..)
            .map(|(row, id)| DeliveryRow {
                project_id: row.id,
                id,
                revision: row.revision,
                op: row.op.clone(),
                stage: row.stage.clone(),
                state: DeliveryState::Ready.word().into(),
                run_id: None,
                batch_id: None,
                created_at: self.now,
                changed_at: self.now,
            })
            .collect();
        deliveries::insert(conn, &outbox)?;
        deliveries::supersede(conn, &ids, self.now)
    }
}

impl Decided {
    fn refuse(&mut self, code: RegistryCode, reason: String) {
        self.refused.push(Refused { code, reason });
    }
}

fn state_and_op(row: &ProjectRow) -> Option<(State, Op)> {
    Some((State::from_word(&row.state)?, Op::from_word(&row.op)?))
}

/// Moves the current revisions of these projects (project, revision), and the projects with them.
fn move_revisions(conn: &mut Conn<'_>, which: &[(i64, i64)], decision: &Decision<'_>) -> Result<(), DbError> {
    for (revision, ids) in revisions::by_revision(which) {
        let decided = revisions::decide(conn, &ids, revision, decision)?;
        let moved = projects::set_state(conn, &ids, revision, decision.from, decision.to, decision.at)?;
        if decided != ids.len() || moved != ids.len() {
            return Err(DbError::Moved("review"));
        }
    }
    Ok(())
}

/// What the platform rejected: (project, revision, its words).
pub(super) type Rejected = (i64, i64, String);

/// Gives back what the platform rejected to its departments, with the platform's words. Where the department has sent a later revision
/// meanwhile, only the history says so.
pub(super) fn send_back(conn: &mut Conn<'_>, rejected: &[Rejected], now: UtcMillis) -> Result<(), DbError> {
    for (project, revision, words) in rejected {
        for (from, op) in [(State::Approved, Op::Upsert), (State::Withdrawn, Op::Withdraw)] {
            let Some(to) = target(from, op, Verb::SendBack) else {
                continue;
            };
            let decision = Decision {
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
