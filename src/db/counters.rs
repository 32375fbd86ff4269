//! Numbers that only grow, and the lock of the registry.

use diesel::prelude::*;

use super::schema::counters;
use super::{Conn, DbError, each};

/// A counter.
#[derive(Clone, Copy, Debug)]
pub enum Counter {
    /// The ids of projects.
    Project,
    /// The ids of deliveries.
    Delivery,
    /// No numbers; the lock of the schedule.
    Job,
    /// The ids of findings of inspections.
    Finding,
    /// The ids of photos.
    Photo,
}

impl Counter {
    const fn name(self) -> &'static str {
        match self {
            Self::Project => "project",
            Self::Delivery => "delivery",
            Self::Job => "job",
            Self::Finding => "finding",
            Self::Photo => "photo",
        }
    }
}

/// Takes `count` numbers and gives the first of them.
///
/// Until the transaction ends, another that takes numbers from the same counter waits.
pub fn take(conn: &mut Conn<'_>, counter: Counter, count: usize) -> Result<i64, DbError> {
    let count = i64::try_from(count).map_err(|_| DbError::Unreadable("a count of rows".into()))?;
    let last: i64 = each!(conn, c => diesel::update(counters::table.find(counter.name()))
        .set(counters::value.eq(counters::value + count))
        .returning(counters::value)
        .get_result(c))?;
    Ok(last - count + 1)
}

/// Waits until no other transaction holds this counter, and keeps others waiting until this one ends.
///
/// A transaction that changes several projects takes [`Counter::Project`] first, so that two of them never wait for each other's
/// rows in a circle; one that chooses deliveries takes [`Counter::Delivery`], one that begins a job [`Counter::Job`].
pub fn lock(conn: &mut Conn<'_>, counter: Counter) -> Result<(), DbError> {
    take(conn, counter, 0).map(drop)
}
