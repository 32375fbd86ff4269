//! The audit log, as the registry writes and reads it.

use retrofit_jobs::store::UtcMillis;

use super::people::{Operator, Role};
use super::{Error, Registry};
use crate::db::audit::{self, Entry};
pub use crate::db::audit::{Filter, Part};
use crate::db::{Conn, DbError};

/// Whether something was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Done,
    Refused,
}

/// Notes what `operator` did or was refused, in the transaction that does it.
pub(super) fn note(
    conn: &mut Conn<'_>,
    operator: &Operator,
    now: UtcMillis,
    (action, outcome): (&str, Outcome),
    object: &str,
    detail: &serde_json::Value,
) -> Result<(), DbError> {
    let entry = Entry {
        at: now,
        actor: operator.name.clone(),
        action: action.into(),
        object: object.into(),
        detail: detail.to_string(),
        origin: operator.origin.clone(),
        outcome: match outcome {
            Outcome::Done => "done",
            Outcome::Refused => "refused",
        }
        .into(),
    };
    audit::append(conn, &entry)
}

/// Hands an answer through, and notes it where it refuses what was asked: who was refused what, on what, and in which words.
///
/// # Errors
/// The answer's; and our own faults, for a refusal that cannot be noted is not given.
pub(super) fn refusal_noted<T>(
    registry: &Registry,
    operator: &Operator,
    (action, object): (&str, &str),
    answer: Result<T, Error>,
) -> Result<T, Error> {
    if let Err(Error::Refused(words)) = &answer {
        let now = registry.clock.now();
        let detail = serde_json::json!({ "reason": words });
        let refused = (action, Outcome::Refused);
        registry
            .db
            .write(|conn| note(conn, operator, now, refused, object, &detail))?;
    }
    answer
}

/// Notes that somebody was refused what an address stands for.
///
/// # Errors
/// Only our own faults.
pub fn note_refused_access(registry: &Registry, operator: &Operator, what: &str) -> Result<(), Error> {
    let now = registry.clock.now();
    let refused = ("access.page", Outcome::Refused);
    let nothing = serde_json::json!({});
    Ok(registry
        .db
        .write(|conn| note(conn, operator, now, refused, what, &nothing))?)
}

/// A page of the entries that the operator may read and that a filter lets through, newest first, each with its id: auditors read all,
/// administrators those on accounts and access, the secretariat those on data.
///
/// # Errors
/// Refused to other roles.
pub fn entries(
    registry: &Registry,
    operator: &Operator,
    filter: &Filter,
    limit: i64,
) -> Result<Vec<(i64, Entry)>, Error> {
    let part = match operator.role {
        Role::Auditor => Part::All,
        Role::Administrator => Part::Accounts,
        Role::Secretariat => Part::Data,
        Role::Reporter | Role::Lead => {
            return Err(Error::refused("只有审计员、管理员和秘书处可以查看操作记录。"));
        }
    };
    let filter = Filter { part, ..filter.clone() };
    registry.db.read(|conn| Ok(audit::matching(conn, &filter, limit)?))
}

/// The latest entries, newest first: for administrators and auditors.
///
/// # Errors
/// Refused to other roles.
pub fn latest(registry: &Registry, operator: &Operator, limit: i64) -> Result<Vec<Entry>, Error> {
    if !operator.may_read_audit() {
        return Err(Error::refused("只有管理员和审计员可以查看操作记录。"));
    }
    registry.db.read(|conn| Ok(audit::latest(conn, limit)?))
}
