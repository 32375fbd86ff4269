//! Requests that a client repeats because it did not hear the answer: done once, and answered the same each time.
//!
//! A request is known by who sends it and the key that the client gives it. Its key, what it does and its answer are one transaction
//! ([`Registry::together`]): a process that dies has done all of it, or nothing. Of two at once under the same key the later waits for the first.

use retrofit_jobs::store::UtcMillis;

use super::people::Operator;
use super::{Error, Registry};
use crate::db::counters::{self, Counter};
use crate::db::requests::{self, RequestRow};

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
pub enum Standing {
    /// It is to be done now.
    Fresh,
    /// It was done, and answered.
    Answered(Kept),
    /// Its key was used for another one.
    Other,
}

/// How a request under a key stands. `identity` names what is sent where.
///
/// # Errors
/// Only our own faults.
pub fn standing(registry: &Registry, operator: &Operator, key: &str, identity: &str) -> Result<Standing, Error> {
    let row = registry.db.read(|conn| requests::find(conn, &operator.name, key))?;
    Ok(match row {
        Some(row) if row.request_hash != identity => Standing::Other,
        Some(row) => kept(row).map_or(Standing::Fresh, Standing::Answered),
        None => Standing::Fresh,
    })
}

fn kept(row: RequestRow) -> Option<Kept> {
    Some(Kept {
        status: u16::try_from(row.status?).ok()?,
        headers: row.headers?,
        body: row.body?,
    })
}

/// Takes a key for a request that is about to be done in the same transaction, where it is fresh.
///
/// # Errors
/// Only our own faults.
pub fn claim(registry: &Registry, operator: &Operator, key: &str, identity: &str) -> Result<Standing, Error> {
    let row = RequestRow {
        actor: operator.name.clone(),
        request_key: key.into(),
        request_hash: identity.into(),
        begun_at: registry.clock.now(),
        status: None,
        headers: None,
        body: None,
    };
    if registry.db.write(|conn| requests::insert(conn, &row))? {
        return Ok(Standing::Fresh);
    }
    standing(registry, operator, key, identity)
}

/// Keeps what a request was answered, in the transaction that did it.
///
/// # Errors
/// Only our own faults.
pub fn keep(registry: &Registry, operator: &Operator, key: &str, kept: &Kept) -> Result<(), Error> {
    let answer = (i64::from(kept.status), &*kept.headers, &*kept.body);
    Ok(registry
        .db
        .write(|conn| requests::finish(conn, (&operator.name, key), answer))?)
}

/// Keeps others from changing anything until the transaction ends: what is read from here on stays as it is.
///
/// # Errors
/// Only our own faults.
pub fn hold_still(registry: &Registry) -> Result<(), Error> {
    Ok(registry
        .db
        .write(|conn| counters::lock(conn, Counter::Project).map(drop))?)
}

/// Forgets the requests that were begun before then; how many.
///
/// # Errors
/// Only our own faults.
pub fn forget_before(registry: &Registry, before: UtcMillis) -> Result<usize, Error> {
    Ok(registry.db.write(|conn| requests::forget_before(conn, before))?)
}
