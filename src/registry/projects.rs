//! One project: its values, its history, and what a department does with it outside of a roster.

use std::collections::BTreeMap;

use retrofit_import::catalogue::Field;
use retrofit_jobs::store::{Op, UtcMillis, Word as _};

use super::code::RegistryCode;
use super::month::Month;
use super::people::{Operator, Sight};
use super::states::{State, Step};
use super::values::{Values, changed_fields, changes, from_json};
use super::{Change, Error, Registry, audit, review, snapshots};
use crate::db::approved;
pub use crate::db::approved::ApprovedFilter;
use crate::db::batches::{self, ReceiptRow, TrailRow};
use crate::db::comments::{self, CommentRow};
use crate::db::counters::{self, Counter};
use crate::db::deliveries::{self, DeliveryRow};
use crate::db::figures::Sums;
use crate::db::projects::{self, ProjectRow};
use crate::db::queue::{self, EndorsementRow, QueueRow};
use crate::db::revisions::{self, DecisionRow, ExplanationRow, FindingRow, RevisionRow};
use crate::db::waivers::{self, WaiverRow};
use crate::db::written;
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
    /// What departments' leads passed on, oldest first.
    pub endorsements: Vec<EndorsementRow>,
    /// Who decides on the current revision, where it waits.
    pub step: Option<Step>,
    /// What was said of it, oldest first.
    pub comments: Vec<CommentRow>,
    /// The findings of the current revision, each with its explanation.
    pub findings: Vec<(FindingRow, Option<ExplanationRow>)>,
    /// The waivers of rules for it, by rule, oldest first.
    pub waivers: Vec<WaiverRow>,
    /// What the roster's row says of the values that were read as something else.
    pub written: BTreeMap<Field, String>,
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
        let history = revisions::of_project(conn, code.id)?;
        Ok(Record {
            decisions: revisions::decisions_of_project(conn, code.id)?,
            endorsements: queue::endorsements_of(conn, code.id)?,
            step: queue::of_projects(conn, &[code.id])?
                .first()
                .and_then(|row| Step::from_word(&row.step)),
            comments: comments::of_project(conn, code.id)?,
            findings: revisions::findings_of(conn, code.id, project.revision)?,
            waivers: waivers::of_project(conn, code.id)?,
            written: written_of(conn, code.id, &history)?,
            deliveries: deliveries::of_project(conn, code.id)?,
            receipts: batches::receipts_of_project(conn, code.id)?,
            trail: batches::trail(conn, code.id)?,
            revisions: history,
            project,
        })
    })
}

/// What the roster says of the values that were read as something else: in the last row that was sent, however often it was sent again.
fn written_of(conn: &mut Conn<'_>, id: i64, history: &[RevisionRow]) -> Result<BTreeMap<Field, String>, Error> {
    let sent = history.iter().rev().find(|row| row.upload_id.is_some());
    let Some(sent) = sent else { return Ok(BTreeMap::new()) };
    let unreadable = |error| DbError::Unreadable(format!("what revision {} of {id} says: {error}", sent.revision));
    match written::of_revision(conn, id, sent.revision)? {
        None => Ok(BTreeMap::new()),
        Some(text) => Ok(serde_json::from_str(&text).map_err(unreadable)?),
    }
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
    revise(registry, operator, &[code], note, Revise::Again)
}

/// Proposes to remove projects that were entered in error, all or none; the secretariat decides.
///
/// # Errors
/// Refused where the operator may not send for their departments, one was withdrawn already, or the note is empty.
pub fn propose_withdrawal(
    registry: &Registry,
    operator: &Operator,
    codes: &[RegistryCode],
    note: &str,
) -> Result<(), Error> {
    revise(registry, operator, codes, note, Revise::Withdraw)
}

/// The longest comment, in characters.
pub const LONGEST_COMMENT: usize = 500;

/// Says something of a project, for its department and the secretariat to read.
///
/// # Errors
/// Refused where the operator neither sends for its department nor reviews, or there is nothing to say or too much.
pub fn comment(registry: &Registry, operator: &Operator, code: RegistryCode, body: &str) -> Result<(), Error> {
    let body = body.trim();
    if body.is_empty() {
        return Err(Error::refused("还没有写留言。"));
    }
    if body.chars().count() > LONGEST_COMMENT {
        return Err(Error::refused(format!("留言最多 {LONGEST_COMMENT} 字，请写得短一些。")));
    }
    let now = registry.clock.now();
    registry.db.write(|conn| {
        counters::lock(conn, Counter::Project)?;
        let project = seen(conn, operator, code)?;
        if !operator.may_send(&project.department) {
            return Err(Error::refused(format!("用户“{}”不能在这里留言。", operator.name)));
        }
        let before = comments::of_project(conn, project.id)?.len();
        let row = CommentRow {
            project_id: project.id,
            seq: i64::try_from(before).unwrap_or(i64::MAX),
            revision: project.revision,
            body: body.into(),
            written_by: operator.name.clone(),
            written_at: now,
        };
        comments::insert(conn, &row)?;
        let action = ("project.comment", audit::Outcome::Done);
        let detail = serde_json::json!({ "revision": row.revision });
        Ok(audit::note(conn, operator, now, action, &code.to_string(), &detail)?)
    })
}

/// A revision that no roster brings.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Revise {
    Again,
    Withdraw,
}

fn revise(
    registry: &Registry,
    operator: &Operator,
    codes: &[RegistryCode],
    note: &str,
    how: Revise,
) -> Result<(), Error> {
    let note = note.trim();
    if note.is_empty() {
        return Err(Error::refused("请写明原因（--reason），审核人才知道为什么。"));
    }
    let now = registry.clock.now();
    registry.db.write(|conn| {
        counters::lock(conn, Counter::Project)?;
        for &code in codes {
            let project = seen(conn, operator, code)?;
            let revision = Revision {
                operator,
                note,
                how,
                now,
            };
            revision.append(conn, code, project)?;
        }
        Ok(())
    })
}

/// A revision that no roster brings, being appended.
struct Revision<'a> {
    operator: &'a Operator,
    note: &'a str,
    how: Revise,
    now: UtcMillis,
}

impl Revision<'_> {
    fn append(&self, conn: &mut Conn<'_>, code: RegistryCode, project: ProjectRow) -> Result<(), Error> {
        let (operator, now) = (self.operator, self.now);
        if !operator.may_send(&project.department) {
            return Err(Error::refused(format!("用户“{}”不能代该部门报送。", operator.name)));
        }
        let (allowed, op, action) = match self.how {
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
            note: Some(self.note.into()),
            submitted_by: operator.name.clone(),
            submitted_at: now,
            state: State::Pending.word().into(),
            decided_by: None,
            decided_at: None,
            reason: None,
            ..current
        };
        let values = from_json(&next.values_json)?;
        revisions::insert(conn, &[next])?;
        let severity = carry_over(conn, project.id, project.revision)?;
        let before = project.revision;
        let row = ProjectRow {
            revision: before + 1,
            op,
            state: State::Pending.word().into(),
            submitted_by: operator.name.clone(),
            updated_at: now,
            ..project
        };
        projects::replace(conn, &[(row.clone(), before)])?;
        let approved: Vec<(i64, i64)> = row
            .approved_revision
            .map(|revision| (row.id, revision))
            .into_iter()
            .collect();
        let approved = revisions::values_of(conn, &approved)?.remove(&row.id);
        let changed = approved.map(|json| Ok::<_, DbError>(changed_fields(&from_json(&json)?, &values)));
        let step = review::first_step(conn, operator, &row.department)?;
        let waiting = QueueRow {
            severity,
            changed: changed.transpose()?.unwrap_or_default(),
            ..review::waiting(&row, &values, step)
        };
        queue::remove(conn, &[row.id])?;
        queue::insert(conn, &[waiting])?;
        let detail = serde_json::json!({ "revision": row.revision, "note": self.note });
        let action = (action, audit::Outcome::Done);
        Ok(audit::note(conn, operator, now, action, &code.to_string(), &detail)?)
    }
}

/// Gives the findings of a revision, and what was explained of them, to the next, which says the same; answers the gravest severity.
fn carry_over(conn: &mut Conn<'_>, project: i64, revision: i64) -> Result<String, DbError> {
    let (mut findings, mut explanations) = (Vec::new(), Vec::new());
    for (mut finding, explanation) in revisions::findings_of(conn, project, revision)? {
        finding.revision += 1;
        findings.push(finding);
        explanations.extend(explanation.map(|row| ExplanationRow {
            revision: row.revision + 1,
            carried_from: row.carried_from.or(Some(row.revision)),
            ..row
        }));
    }
    revisions::insert_findings(conn, &findings)?;
    revisions::insert_explanations(conn, &explanations)?;
    let of = |severity: &str| findings.iter().any(|finding| finding.severity == severity);
    let gravest = ["confirm", "hint"].into_iter().find(|severity| of(severity));
    Ok(gravest.unwrap_or("none").into())
}

fn current_revision(conn: &mut Conn<'_>, project: &ProjectRow) -> Result<RevisionRow, DbError> {
    revisions::of_project(conn, project.id)?
        .pop()
        .ok_or_else(|| DbError::Unreadable(format!("project {} without a revision", project.id)))
}

/// A project by its latest approved revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approved {
    /// Its code.
    pub code: RegistryCode,
    /// The department that reports it.
    pub department: String,
    /// What the approved revision says.
    pub values: Values,
}

/// The approved projects that match and that the operator sees, as they are or as they were at the end of a month; by code, those after `after`
/// (0: from the first).
///
/// # Errors
/// Only our own faults.
pub fn approved(
    registry: &Registry,
    operator: &Operator,
    filter: ApprovedFilter,
    as_of: Option<Month>,
    part: (i64, i64),
) -> Result<Vec<Approved>, Error> {
    let Some(filter) = seen_of(operator, filter) else {
        return Ok(Vec::new());
    };
    let rows = registry.db.read(|conn| match as_of {
        None => approved::current(conn, &filter, part),
        Some(month) => approved::at_end_of(conn, month.end(), &filter, part),
    })?;
    let approved = rows.into_iter().map(|row| {
        Ok(Approved {
            code: RegistryCode {
                year: row.entry_year,
                id: row.id,
            },
            department: row.department,
            values: from_json(&row.values_json)?,
        })
    });
    approved.collect()
}

/// How many approved projects match and are seen, and their sums, as they are or as they were at the end of a month: out of the figures that are
/// kept. `None` for a month that none were kept of.
///
/// # Errors
/// Only our own faults.
pub fn approved_sums(
    registry: &Registry,
    operator: &Operator,
    filter: ApprovedFilter,
    as_of: Option<Month>,
) -> Result<Option<Sums>, Error> {
    let mut sums = Sums::default();
    let Some(filter) = seen_of(operator, filter) else {
        return Ok(Some(sums));
    };
    let month = as_of.unwrap_or_else(|| Month::at(registry.clock.now()));
    let Some(figures) = snapshots::figures(registry, month, filter.department.as_deref())? else {
        return Ok(None);
    };
    for (_, of_kind) in figures.into_iter().filter(|(kind, _)| filter.counts(kind)) {
        sums.add(of_kind, 1);
    }
    Ok(Some(sums))
}

/// The filter, narrowed to what the operator sees; `None` where that is nothing.
fn seen_of(operator: &Operator, filter: ApprovedFilter) -> Option<ApprovedFilter> {
    let department = match (operator.sees(), filter.department) {
        (Sight::All, asked) => asked,
        (Sight::Department(own), None) => Some(own.to_owned()),
        (Sight::Department(own), Some(asked)) if asked == own => Some(asked),
        (Sight::Department(_) | Sight::Nothing, _) => return None,
    };
    Some(ApprovedFilter { department, ..filter })
}

/// How many projects of each department have a current revision in each state: (department, state, projects).
///
/// # Errors
/// Only our own faults.
pub fn by_state(registry: &Registry) -> Result<Vec<(String, String, i64)>, Error> {
    Ok(registry.db.read(projects::by_state)?)
}
