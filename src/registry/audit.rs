//! The audit log, as the registry writes and reads it.

use retrofit_jobs::store::UtcMillis;

use super::people::Operator;
use super::{Error, Registry};
use crate::db::audit::{self, Entry};
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
