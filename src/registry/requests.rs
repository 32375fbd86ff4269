//! Requests that a client repeats because it did not hear the answer: worked on once, and answered the same each time.
//!
//! A request is known by who sends it and the key that the client gives it. It is noted before the work begins, and its answer after; what
//! a process that died has left unanswered may be begun again by the next try. (What the registry does in one transaction it then finds
//! done: an upload is the same upload, a decision or a commit names what it saw.)

use retrofit_jobs::store::UtcMillis;

use super::people::Operator;
use super::{Error, Registry};
use crate::db::counters::{self, Counter};
use crate::db::requests::{self, RequestRow};
use crate::process;

/// Longer than any request is worked on.
const LONGEST_WORK: i64 = 10 * 60_000;

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The HTTP status.
    pub status: u16,
    /// The headers, as JSON.
    pub headers: String,
    /// The body.
    pub body: String,
}

/// How a request stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begun {
    /// It is to be worked on now.
    Fresh,
    /// It was answered.
    Answered(Kept),
    /// It is being worked on.
    Busy,
    /// Its key was used for another one.
    Other,
}

/// Begins a request under a key, where that is still to be done. `identity` names what is sent where.
///
/// # Errors
/// Only our own faults.
pub fn begin(registry: &Registry, operator: &Operator, key: &str, identity: &str) -> Result<Begun, Error> {
    let now = registry.clock.now();
    registry.db.write(|conn| {
        counters::lock(conn, Counter::Project)?;
        if let Some(row) = requests::find(conn, &operator.name, key)? {
            if row.request_hash != identity {
                return Ok(Begun::Other);
            }
            if let Some(kept) = kept(&row) {
                return Ok(Begun::Answered(kept));
            }
            if now < row.begun_at + LONGEST_WORK && !process::is_dead(&row.holder) {
                return Ok(Begun::Busy);
            }
            requests::remove(conn, &operator.name, key)?;
        }
        let row = RequestRow {
            actor: operator.name.clone(),
            request_key: key.into(),
            request_hash: identity.into(),
            holder: process::holder(),
            begun_at: now,
            status: None,
            headers: None,
            body: None,
        };
        requests::insert(conn, &row)?;
        Ok(Begun::Fresh)
    })
}

fn kept(row: &RequestRow) -> Option<Kept> {
    Some(Kept {
        status: u16::try_from(row.status?).ok()?,
        headers: row.headers.clone()?,
        body: row.body.clone()?,
    })
}

/// Keeps what a request was answered.
///
/// # Errors
/// Only our own faults.
pub fn finish(registry: &Registry, operator: &Operator, key: &str, kept: &Kept) -> Result<(), Error> {
    let answer = (i64::from(kept.status), &*kept.headers, &*kept.body);
    Ok(registry
        .db
        .write(|conn| requests::finish(conn, (&operator.name, key), answer))?)
}

/// Forgets a request that came to nothing, so that it may be tried again.
///
/// # Errors
/// Only our own faults.
pub fn forget(registry: &Registry, operator: &Operator, key: &str) -> Result<(), Error> {
    Ok(registry.db.write(|conn| requests::remove(conn, &operator.name, key))?)
}

/// Forgets the requests that were begun before then; how many.
///
/// # Errors
/// Only our own faults.
pub fn forget_before(registry: &Registry, before: UtcMillis) -> Result<usize, Error> {
    Ok(registry.db.write(|conn| requests::forget_before(conn, before))?)
}
