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
    /// The projects that were compared with other departments', up to this id.
    Compared,
}

impl Counter {
    const fn name(self) -> &'static str {
        match self {
            Self::Project => "project",
            Self::Delivery => "delivery",
            Self::Job => "job",
            Self::Finding => "finding",
            Self::Photo => "photo",
            Self::Compared => "compared",
        }
    }
}

/// Takes `count` numbers and gives the first of them.
///
/// Until the transaction ends, another that takes numbers from the same counter waits.
pub fn take(conn: &mut Conn<'_>, counter: Counter, count: usize) -> Result<i64, DbError> {
    let count = i64::try_from(count).map_err(|_| DbError::Unreadable("a count of rows".into()))?;
    let (last, _) = turn(conn, counter, count)?;
    Ok(last - count + 1)
}

/// Takes `count` numbers: the last of them, and how often the counter was taken, this time too.
fn turn(conn: &mut Conn<'_>, counter: Counter, count: i64) -> Result<(i64, i64), DbError> {
    Ok(each!(conn, c => diesel::update(counters::table.find(counter.name()))
        .set((counters::value.eq(counters::value + count), counters::turns.eq(counters::turns + 1)))
        .returning((counters::value, counters::turns))
        .get_result(c))?)
}

/// Waits until no other transaction holds this counter, and keeps others waiting until this one ends.
///
/// A transaction that changes several projects takes [`Counter::Project`] first, so that two of them never wait for each other's
/// rows in a circle; one that chooses deliveries takes [`Counter::Delivery`], one that begins a job [`Counter::Job`].
///
/// Answers how often the counter was taken before: where that is what [`turns`] answered earlier, no transaction has held it in between.
pub fn lock(conn: &mut Conn<'_>, counter: Counter) -> Result<i64, DbError> {
    let (_, turns) = turn(conn, counter, 0)?;
    Ok(turns - 1)
}

/// How often the counter was taken.
pub fn turns(conn: &mut Conn<'_>, counter: Counter) -> Result<i64, DbError> {
    Ok(each!(conn, c => counters::table.find(counter.name()).select(counters::turns).first(c))?)
}
