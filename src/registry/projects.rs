//! One project: its values, its history, and what a department does with it outside of a roster.

use retrofit_jobs::store::{Op, Word as _};

use super::code::RegistryCode;
use super::people::Operator;
use super::states::State;
use super::values::{Values, changes, from_json};
use super::{Change, Error, Registry, audit};
use crate::db::batches::{self, ReceiptRow, TrailRow};
use crate::db::counters::{self, Counter};
use crate::db::deliveries::{self, DeliveryRow};
use crate::db::projects::{self, ProjectRow};
use crate::db::revisions::{self, DecisionRow, ExplanationRow, FindingRow, RevisionRow};
use crate::db::waivers::{self, WaiverRow};
use crate::db::{Conn, DbError};

/// Everything that is known of a project.
#[derive(Clone, Debug)]
pub struct Record {
    /// The current revision, projected.
    pub project: ProjectRow,
    /// Its revisions, oldest first.
    pub revisions: Vec<RevisionRow>,
    /// The decisions on them, oldest first.
    pub decisions: Vec<DecisionRow>,
    /// The findings of the current revision, each with its explanation.
    pub findings: Vec<(FindingRow, Option<ExplanationRow>)>,
    /// The waivers of rules for it, by rule, oldest first.
    pub waivers: Vec<WaiverRow>,
    /// Its deliveries, oldest first.
    pub deliveries: Vec<DeliveryRow>,
    /// The platform's verdicts on them, oldest first.
    pub receipts: Vec<ReceiptRow>,
    /// The requests about them, oldest first.
    pub trail: Vec<TrailRow>,
}

impl Record {
    /// The values of a revision.
    ///
    /// # Errors
    /// What is stored cannot be read: our own fault.
    pub fn values(&self, revision: i64) -> Result<Values, Error> {
        let row = self.revisions.iter().find(|row| row.revision == revision);
        Ok(row
            .map(|row| from_json(&row.values_json))
            .transpose()?
            .unwrap_or_default())
    }

    /// What differs between two revisions, field by field; revision 0 is the project before it was entered.
    ///
    /// # Errors
    /// As [`Record::values`].
    pub fn changes(&self, before: i64, after: i64) -> Result<Vec<Change>, Error> {
        Ok(changes(&self.values(before)?, &self.values(after)?))
    }
}

/// A project with its history.
///
/// # Errors
/// Refused where there is none, or it is another department's.
pub fn record(registry: &Registry, operator: &Operator, code: RegistryCode) -> Result<Record, Error> {
    registry.db.read(|conn| {
        let project = seen(conn, operator, code)?;
        Ok(Record {
            revisions: revisions::of_project(conn, code.id)?,
            decisions: revisions::decisions_of_project(conn, code.id)?,
            findings: revisions::findings_of(conn, code.id, project.revision)?,
            waivers: waivers::of_project(conn, code.id)?,
            deliveries: deliveries::of_project(conn, code.id)?,
            receipts: batches::receipts_of_project(conn, code.id)?,
            trail: batches::trail(conn, code.id)?,
            project,
        })
    })
}

fn seen(conn: &mut Conn<'_>, operator: &Operator, code: RegistryCode) -> Result<ProjectRow, Error> {
    projects::with_ids(conn, &[code.id])?
        .pop()
        .filter(|row| row.code() == code && operator.may_see(&row.department))
        .ok_or_else(|| Error::refused(format!("没有登记编号为 {code} 的工程。")))
}

/// Sends a returned project again as it is, on purpose, with a note that says why: a new revision with the same values.
///
/// # Errors
/// Refused where the operator may not send for its department, the project was not returned, or the note is empty.
pub fn resubmit(registry: &Registry, operator: &Operator, code: RegistryCode, note: &str) -> Result<(), Error> {
    revise(registry, operator, code, note, Revise::Again)
}

/// Proposes to remove a project that was entered in error; the secretariat decides.
///
/// # Errors
/// Refused where the operator may not send for its department, it was withdrawn already, or the note is empty.
pub fn propose_withdrawal(
    registry: &Registry,
    operator: &Operator,
    code: RegistryCode,
    note: &str,
) -> Result<(), Error> {
    revise(registry, operator, code, note, Revise::Withdraw)
}

/// A revision that no roster brings.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Revise {
    Again,
    Withdraw,
}

fn revise(registry: &Registry, operator: &Operator, code: RegistryCode, note: &str, how: Revise) -> Result<(), Error> {
    let note = note.trim();
    if note.is_empty() {
        return Err(Error::refused("请写明原因（--reason），审核人才知道为什么。"));
    }
    let now = registry.clock.now();
    registry.db.write(|conn| {
        counters::lock(conn, Counter::Project)?;
        let project = seen(conn, operator, code)?;
        if !operator.may_send(&project.department) {
            return Err(Error::refused(format!("用户“{}”不能代该部门报送。", operator.name)));
        }
        let (allowed, op, action) = match how {
            Revise::Again => (
                project.state == State::Returned.word(),
                project.op.clone(),
                "project.resubmit",
            ),
            Revise::Withdraw => (
                project.state != State::Withdrawn.word(),
                Op::Withdraw.word().into(),
                "project.withdraw",
            ),
        };
        if !allowed {
            let state = State::label_of(&project.state);
            return Err(Error::refused(format!("工程 {code} 当前为“{state}”，不能这样处理。")));
        }
        let current = current_revision(conn, &project)?;
        let next = RevisionRow {
            revision: project.revision + 1,
            op: op.clone(),
            note: Some(note.into()),
            submitted_by: operator.name.clone(),
            submitted_at: now,
            state: State::Pending.word().into(),
            decided_by: None,
            decided_at: None,
            reason: None,
            ..current
        };
        revisions::insert(conn, &[next])?;
        let before = project.revision;
        let row = ProjectRow {
            revision: before + 1,
            op,
            state: State::Pending.word().into(),
            submitted_by: operator.name.clone(),
            updated_at: now,
            ..project
        };
        projects::replace(conn, &row, before)?;
        let detail = serde_json::json!({ "revision": row.revision, "note": note });
        Ok(audit::note(
            conn,
            operator,
            now,
            (action, audit::Outcome::Done),
            &code.to_string(),
            &detail,
        )?)
    })
}

fn current_revision(conn: &mut Conn<'_>, project: &ProjectRow) -> Result<RevisionRow, DbError> {
    revisions::of_project(conn, project.id)?
        .pop()
        .ok_or_else(|| DbError::Unreadable(format!("project {} without a revision", project.id)))
}

/// How many projects stand in each category and stage by their latest approved revision: (category, stage, projects).
///
/// # Errors
/// Only our own faults.
pub fn progress(registry: &Registry) -> Result<Vec<(String, String, i64)>, Error> {
    Ok(registry.db.read(projects::approved_by_stage)?)
}

/// How many projects of each department have a current revision in each state: (department, state, projects).
///
/// # Errors
/// Only our own faults.
pub fn by_state(registry: &Registry) -> Result<Vec<(String, String, i64)>, Error> {
    Ok(registry.db.read(projects::by_state)?)
}
