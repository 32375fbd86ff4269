//! Decisions on what waits: of the secretariat, and before it of a department's own lead.

use std::collections::HashMap;

use retrofit_jobs::store::{DeliveryState, Op, UtcMillis, Word};
use serde::Serialize;

use super::{Filter, list};
use crate::db::approved::{self, Moment};
use crate::db::counters::{self, Counter};
use crate::db::deliveries::{self, DeliveryRow};
use crate::db::projects::{self, ProjectRow};
use crate::db::queue::{self, EndorsementRow, QueueRow};
use crate::db::revisions::{self, Decision};
use crate::db::{CHUNK, Conn, DbError};
use crate::registry::code::RegistryCode;
use crate::registry::month::Month;
use crate::registry::people::Operator;
use crate::registry::states::{Standing, State, Step, Verb, target};
use crate::registry::{Error, Registry, audit, snapshots};

/// What the secretariat or a department's lead decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ruling<'a> {
    /// Approves; a lead passes on to the secretariat.
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

/// What waits and matches as it was shown at an instant.
#[derive(Clone, Debug)]
pub enum Shown {
    /// All of it that somebody else sent, each with the revision that was shown: the operator's own is not his or hers to decide.
    All(Selection),
    /// So many have come in or changed since: what was shown is not what there is.
    Moved(usize),
}

/// Everything that waits for the operator's decision and matches, as it was shown at an instant.
///
/// # Errors
/// Only our own faults.
pub fn shown(registry: &Registry, operator: &Operator, filter: &Filter, at: UtcMillis) -> Result<Shown, Error> {
    let filter = Filter {
        state: Some(State::Pending),
        step: operator.decides_at(),
        ..filter.clone()
    };
    let (mut chosen, mut moved, mut after) = (Vec::new(), 0, 0);
    loop {
        let rows = list(registry, operator, &filter, after, CHUNK.try_into().unwrap_or(i64::MAX))?;
        let Some(last) = rows.last() else { break };
        after = last.id;
        moved += rows.iter().filter(|row| row.updated_at > at).count();
        let others = rows.iter().filter(|row| row.submitted_by != operator.name);
        chosen.extend(others.map(|row| (row.code(), Some(row.revision))));
    }
    Ok(if moved > 0 {
        Shown::Moved(moved)
    } else {
        Shown::All(Selection::These(chosen))
    })
}

impl Selection {
    /// Whether nothing is chosen.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::These(chosen) if chosen.is_empty())
    }
}

/// What came of a decision.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Decided {
    /// How many revisions were decided.
    pub decided: usize,
    /// Of which projects.
    #[serde(skip)]
    pub codes: Vec<RegistryCode>,
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
/// Refused to all but the secretariat and leads, and a return without a reason. Our own faults leave everything undecided.
pub fn decide(
    registry: &Registry,
    operator: &Operator,
    selection: &Selection,
    ruling: Ruling<'_>,
) -> Result<Decided, Error> {
    let Some(step) = operator.decides_at() else {
        return Err(Error::refused(format!(
            "用户“{}”不是秘书处成员，也不是部门负责人，不能审核。",
            operator.name
        )));
    };
    let (verb, reason) = match ruling {
        Ruling::Approve if step == Step::Lead => (Verb::Endorse, None),
        Ruling::Approve => (Verb::Approve, None),
        Ruling::Return(reason) if reason.trim().is_empty() => {
            return Err(Error::refused("退回须写明原因（--reason），部门才知道改什么。"));
        }
        Ruling::Return(reason) => (Verb::Return, Some(reason.trim())),
    };
    registry.db.write(|conn| {
        counters::lock(conn, Counter::Project)?;
        // Not before: who waited for the lock over a month's end must not add to a month that another has closed meanwhile.
        let now = registry.clock.now();
        snapshots::close_months(conn, now)?;
        let session = Session {
            operator,
            step,
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
            Verb::Endorse => "review.endorse",
            Verb::Approve => "review.approve",
            Verb::Return | Verb::SendBack => "review.return",
        };
        let outcome = match decided.decided {
            0 if !decided.refused.is_empty() => audit::Outcome::Refused,
            _ => audit::Outcome::Done,
        };
        let refused: Vec<&Refused> = decided.refused.iter().take(TOLD).collect();
        let detail = serde_json::json!({
            "decided": decided.decided, "projects": ranges(&decided.codes),
            "not_decided": decided.refused.len(), "refused": refused, "reason": reason,
        });
        let object = match (&*decided.codes, &*decided.refused) {
            ([one], []) => one.to_string(),
            ([], [one]) => one.code.to_string(),
            _ => format!("{} projects", decided.codes.len() + decided.refused.len()),
        };
        audit::note(conn, operator, now, (action, outcome), &object, &detail)?;
        Ok(decided)
    })
}

/// Refused decisions that the audit log tells one by one.
const TOLD: usize = 100;

/// Codes in short: those that follow each other as the first and the last of them.
fn ranges(codes: &[RegistryCode]) -> Vec<String> {
    let mut codes = codes.to_vec();
    codes.sort_unstable();
    codes
        .chunk_by(|one, next| one.year == next.year && one.id + 1 == next.id)
        .filter_map(|run| match run {
            [] => None,
            [one] => Some(one.to_string()),
            [first, .., last] => Some(format!("{first}–{last}")),
        })
        .collect()
}

/// One decision being carried out.
struct Session<'a> {
    operator: &'a Operator,
    step: Step,
    verb: Verb,
    reason: Option<&'a str>,
    now: UtcMillis,
}

impl Session<'_> {
    fn moment(&self) -> Moment {
        Moment {
            at: self.now,
            month_began: Month::at(self.now).previous().end(),
        }
    }

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
            let steps = steps(conn, chunk)?;
            let mut sound = Vec::new();
            let mut here: Vec<_> = shown.iter().filter(|(code, _)| chunk.contains(&code.id)).collect();
            here.sort_unstable_by_key(|(code, _)| code.id);
            for (&code, &revision) in here {
                let seen = |row: &&ProjectRow| row.code() == code && self.operator.may_see(&row.department);
                match rows.get(&code.id).filter(seen) {
                    None => decided.refuse(code, "登记库中没有这个工程。".into()),
                    Some(row) => match self.objection(row, steps.get(&code.id).copied(), revision) {
                        Some(reason) => decided.refuse(code, reason),
                        None => sound.push(row.clone()),
                    },
                }
            }
            decided.take(&sound, self.decide_chunk(conn, &sound)?);
        }
        Ok(())
    }

    fn decide_matching(&self, conn: &mut Conn<'_>, filter: &Filter, decided: &mut Decided) -> Result<(), DbError> {
        let waiting = Filter {
            state: Some(State::Pending),
            step: Some(self.step),
            ..filter.clone()
        };
        let Some(seen) = waiting.seen_by(self.operator) else {
            return Ok(());
        };
        let mut after = 0;
        loop {
            let rows = seen.list(conn, after, CHUNK.try_into().unwrap_or(i64::MAX))?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = last.id;
            let mut sound = Vec::with_capacity(rows.len());
            for row in rows {
                match self.objection(&row, Some(self.step), None) {
                    Some(reason) => decided.refuse(row.code(), reason),
                    None => sound.push(row),
                }
            }
            decided.take(&sound, self.decide_chunk(conn, &sound)?);
        }
    }

    /// Why this decision on a project's revision cannot be.
    fn objection(&self, row: &ProjectRow, step: Option<Step>, shown: Option<i64>) -> Option<String> {
        let current = row.revision;
        if let Some(shown) = shown.filter(|&shown| shown != current) {
            return Some(format!(
                "所审的第 {shown} 版已不是最新版，现为第 {current} 版。请重新查看后再审核。"
            ));
        }
        let allowed = standing_and_op(row, step).and_then(|(standing, op)| target(standing, op, self.verb));
        if allowed.is_none() || step != Some(self.step) {
            return Some(match step {
                Some(Step::Lead) => "还在等报送部门负责人审核，不在秘书处。".into(),
                Some(Step::Secretariat) => "已在秘书处待审核，不在部门负责人处。".into(),
                None => format!("当前为“{}”，不在待审核状态。", State::label_of(&row.state)),
            });
        }
        (row.submitted_by == self.operator.name).then(|| "本人报送的，须由他人审核。".into())
    }

    /// Decides the current revisions of these projects, at most [`CHUNK`] of them.
    fn decide_chunk(&self, conn: &mut Conn<'_>, rows: &[ProjectRow]) -> Result<usize, DbError> {
        if self.verb == Verb::Endorse {
            self.pass_on(conn, rows)?;
            return Ok(rows.len());
        }
        for op in Op::ALL {
            let of_op: Vec<(i64, i64)> = rows
                .iter()
                .filter(|row| row.op == op.word())
                .map(|row| (row.id, row.revision))
                .collect();
            let from = Standing(State::Pending, Some(self.step));
            let Some(Standing(to, _)) = target(from, *op, self.verb).filter(|_| !of_op.is_empty()) else {
                continue;
            };
            let month = Month::at(self.now).to_string();
            let decision = Decision {
                month: &month,
                from: State::Pending.word(),
                to: to.word(),
                by: &self.operator.name,
                at: self.now,
                reason: self.reason,
            };
            move_revisions(conn, &of_op, &decision)?;
            let ids: Vec<i64> = of_op.iter().map(|&(id, _)| id).collect();
            queue::remove(conn, &ids)?;
            if self.verb == Verb::Approve {
                approved::set(conn, &ids, to == State::Withdrawn, self.moment())?;
            }
        }
        if self.verb == Verb::Approve && !rows.is_empty() {
            self.put_in_outbox(conn, rows)?;
        }
        Ok(rows.len())
    }

    /// Passes what waits for the lead on to the secretariat.
    fn pass_on(&self, conn: &mut Conn<'_>, rows: &[ProjectRow]) -> Result<(), DbError> {
        let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
        if queue::pass_on(conn, &ids, self.now)? != ids.len() {
            return Err(DbError::Moved("review"));
        }
        let endorsed: Vec<EndorsementRow> = rows
            .iter()
            .map(|row| EndorsementRow {
                project_id: row.id,
                revision: row.revision,
                endorsed_by: self.operator.name.clone(),
                endorsed_at: self.now,
            })
            .collect();
        queue::endorse(conn, &endorsed)
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
    fn take(&mut self, rows: &[ProjectRow], decided: usize) {
        self.decided += decided;
        self.codes.extend(rows.iter().map(ProjectRow::code));
    }

    fn refuse(&mut self, code: RegistryCode, reason: String) {
        self.refused.push(Refused { code, reason });
    }
}

fn standing_and_op(row: &ProjectRow, step: Option<Step>) -> Option<(Standing, Op)> {
    Some((Standing(State::from_word(&row.state)?, step), Op::from_word(&row.op)?))
}

/// Who decides on each of these projects that waits.
fn steps(conn: &mut Conn<'_>, ids: &[i64]) -> Result<HashMap<i64, Step>, DbError> {
    let waiting = queue::of_projects(conn, ids)?.into_iter();
    let step = |row: QueueRow| {
        let step = Step::from_word(&row.step);
        step.map(|step| (row.project_id, step))
            .ok_or_else(|| DbError::Unreadable(format!("step `{}`", row.step)))
    };
    waiting.map(step).collect()
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
