//! The figures of the months: how the approved projects stood at the end of each.
//!
//! The figures of now are kept by each approval. What closes a month is either the job of the first of the next, or the first approval after
//! it, whichever comes first: both keep the figures of now, which are still those of the month's end. So a snapshot is exact however late
//! the job runs. [`recount`] gives the same figures from the history alone, and a test holds the two together.

use std::collections::BTreeMap;

use retrofit_jobs::store::{Op, UtcMillis, Word as _};

use super::month::Month;
use super::values::{from_json, project};
use super::{Error, Registry};
use crate::db::counters::{self, Counter};
use crate::db::figures::{self, Counted, Figures};
use crate::db::projects::ProjectRow;
use crate::db::{CHUNK, Conn, DbError, projects, revisions};

/// Keeps the figures at the end of `month`, and of any earlier month that has none yet. Taken before, or not over yet: does nothing. How many
/// months were closed.
///
/// # Errors
/// Only our own faults.
pub fn take(registry: &Registry, month: Month, now: UtcMillis) -> Result<usize, Error> {
    let until = month.next().min(Month::at(now));
    registry.db.write(|conn| {
        counters::lock(conn, Counter::Project)?;
        Ok(close_before(conn, until, now)?)
    })
}

/// Closes every month before the one of `now`: each approval does so first. The caller holds [`Counter::Project`].
pub(super) fn close_months(conn: &mut Conn<'_>, now: UtcMillis) -> Result<usize, DbError> {
    close_before(conn, Month::at(now), now)
}

fn close_before(conn: &mut Conn<'_>, until: Month, now: UtcMillis) -> Result<usize, DbError> {
    let last = figures::last_month(conn)?.map(|month| read_month(&month)).transpose()?;
    let mut closed = 0;
    if let Some(last) = last {
        let mut month = last.next();
        if month < until {
            let standing = figures::current(conn, None)?;
            while month < until {
                figures::keep(conn, &month.to_string(), &standing, now)?;
                (month, closed) = (month.next(), closed + 1);
            }
        }
        return Ok(closed);
    }
    // The first time. A registry that decided before it kept snapshots has its months from the history; a new one closes the month before.
    let first = revisions::first_decision(conn)?.map_or(until.previous(), Month::at);
    let mut month = first.min(until.previous());
    while month < until {
        let stood = recount_in(conn, month.end())?;
        figures::keep(conn, &month.to_string(), &stood, now)?;
        (month, closed) = (month.next(), closed + 1);
    }
    Ok(closed)
}

fn read_month(text: &str) -> Result<Month, DbError> {
    text.parse()
        .map_err(|_| DbError::Unreadable(format!("the month `{text}`")))
}

fn as_of(
    conn: &mut Conn<'_>,
    month: Month,
    now: UtcMillis,
    department: Option<&str>,
) -> Result<Option<Figures>, DbError> {
    let current = Month::at(now);
    let last = figures::last_month(conn)?.map(|month| read_month(&month)).transpose()?;
    // After the last snapshot nothing was approved before the month of now.
    if month == current || (month < current && last.is_some_and(|last| month > last)) {
        return Ok(Some(figures::current(conn, department)?));
    }
    if !figures::months(conn)?.contains(&month.to_string()) {
        return Ok(None);
    }
    Ok(Some(figures::at_end_of(conn, &month.to_string(), department)?))
}

/// The months that can be asked for, the latest first: that of now, and those that a snapshot was taken of.
///
/// # Errors
/// Only our own faults.
pub fn months(registry: &Registry) -> Result<Vec<Month>, Error> {
    let now = Month::at(registry.clock.now());
    let kept = registry.db.read(figures::months)?;
    let mut months: Vec<Month> = kept.iter().map(|month| read_month(month)).collect::<Result<_, _>>()?;
    // A month that nothing closed yet stands as now does.
    let mut open = months.first().map_or(now, |last| last.next());
    while open <= now {
        months.insert(0, open);
        open = open.next();
    }
    Ok(months)
}

/// The figures at an instant, counted anew from the decisions and the revisions: slow, for checking.
///
/// # Errors
/// Only our own faults.
pub fn recount(registry: &Registry, until: UtcMillis) -> Result<Figures, Error> {
    Ok(registry.db.read(|conn| recount_in(conn, until))?)
}

/// The figures at the end of a month, or as they stand in that of now; of one department or of all. `None` for a month before the first snapshot,
/// and for one to come.
///
/// # Errors
/// Only our own faults.
pub fn figures(registry: &Registry, month: Month, department: Option<&str>) -> Result<Option<Figures>, Error> {
    let now = registry.clock.now();
    Ok(registry.db.read(|conn| as_of(conn, month, now, department))?)
}

fn recount_in(conn: &mut Conn<'_>, until: UtcMillis) -> Result<Figures, DbError> {
    let mut counted = Figures::new();
    let mut after = 0;
    loop {
        let approved = revisions::approved_before(conn, until, after, CHUNK)?;
        let Some(&(last, _)) = approved.last() else {
            return Ok(counted);
        };
        after = last;
        let ids: Vec<i64> = approved.iter().map(|&(id, _)| id).collect();
        let departments: BTreeMap<i64, String> = projects::with_ids(conn, &ids)?
            .into_iter()
            .map(|row| (row.id, row.department))
            .collect();
        let withdrawn = revisions::with_op(conn, &approved, Op::Withdraw.word())?;
        let mut values = revisions::values_of(conn, &approved)?;
        for (id, department) in departments {
            let Some(json) = values.remove(&id).filter(|_| !withdrawn.contains(&id)) else {
                continue;
            };
            let mut row = ProjectRow::default();
            project(&from_json(&json)?, &mut row);
            let (kind, sums) = Counted {
                department,
                category: row.category,
                county: row.county,
                stage: row.stage,
                completion_first: row.completion_first,
                scale_e2: row.scale_e2,
                scale_unit: row.scale_unit,
                planned_yuan: row.planned_yuan,
                done_yuan: row.done_yuan,
            }
            .figure();
            counted.entry(kind).or_default().add(sums, 1);
        }
    }
}
