//! The runs of the delivery, as they are shown: one whose process has died is over, whether or not another run has found it yet.

use retrofit_jobs::delivery::SyncOutcome;
use retrofit_jobs::store::{Counts, DeliveryState, RunId, RunState, UtcMillis, Word as _};

use super::delivery::read_word;
use super::people::{Operator, Sight};
use super::{Error, Registry};
use crate::db::sync_runs::{self, CountsRow, SyncRunRow};
use crate::db::{Conn, DbError, batches, deliveries};
use crate::process;

/// The latest runs of the delivery, newest first: for those who see every department. A run whose lease has lapsed, or whose process was
/// of this machine and is gone, is `abandoned`, with the counts of what it left.
///
/// # Errors
/// Refused to others.
pub fn runs(registry: &Registry, operator: &Operator, limit: i64) -> Result<Vec<SyncRunRow>, Error> {
    runs_before(registry, operator, i64::MAX, limit)
}

/// As [`runs`], those before this one.
///
/// # Errors
/// Refused to others.
pub fn runs_before(
    registry: &Registry,
    operator: &Operator,
    before: i64,
    limit: i64,
) -> Result<Vec<SyncRunRow>, Error> {
    sees_runs(operator)?;
    let now = registry.clock.now();
    registry.db.read(|conn| {
        let mut runs = sync_runs::latest(conn, before, limit)?;
        for run in runs.iter_mut().filter(|run| run.state == RunState::Running.word()) {
            if run.lease_until < now || process::is_dead(&run.holder) {
                run.state = RunState::Abandoned.word().into();
                (run.counts, run.batches) = left_by(conn, run.id)?;
            }
        }
        Ok(runs)
    })
}

/// How many deliveries are in each state: for those who see every department.
///
/// # Errors
/// Refused to others.
pub fn outbox(registry: &Registry, operator: &Operator) -> Result<Vec<(String, i64)>, Error> {
    sees_runs(operator)?;
    Ok(registry.db.read(deliveries::count_by_state)?)
}

/// How many batches wait for their receipts, or for being asked about, and are no living run's.
///
/// # Errors
/// Only our own faults.
pub fn open_batches(registry: &Registry) -> Result<i64, Error> {
    let now = registry.clock.now();
    Ok(registry.db.read(|conn| {
        let live = sync_runs::live(conn, now)?;
        batches::count_open(conn, &live)
    })?)
}

pub(super) fn sees_runs(operator: &Operator) -> Result<(), Error> {
    if operator.sees() == Sight::All {
        Ok(())
    } else {
        Err(Error::refused("只有秘书处和审计员可以查看上报任务。"))
    }
}

/// A stored run in the form in which a delivery reports its own.
///
/// # Errors
/// Its state cannot be read: our own fault.
pub fn outcome(run: &SyncRunRow) -> Result<SyncOutcome, Error> {
    let number = |count: i64| u64::try_from(count).unwrap_or_default();
    let counts = Counts {
        accepted: number(run.counts.accepted),
        rejected: number(run.counts.rejected),
        unchanged: number(run.counts.unchanged),
        stale: number(run.counts.stale),
        pending: number(run.counts.pending),
        unknown: number(run.counts.unknown),
        not_sent: number(run.counts.not_sent),
    };
    Ok(SyncOutcome {
        run_id: RunId(run.id),
        state: read_word(&run.state)?,
        selected: counts.selected(),
        counts,
        batches: number(run.batches),
        detail: run.detail.clone(),
    })
}

/// Declares running runs whose lease has lapsed abandoned, each with the counts of what it leaves. Comes before any of that is taken over.
pub(super) fn abandon_lapsed(conn: &mut Conn<'_>, now: UtcMillis) -> Result<(), DbError> {
    for run in sync_runs::lapsed(conn, now)? {
        let (counts, batches) = left_by(conn, run)?;
        let end = sync_runs::End {
            state: RunState::Abandoned.word(),
            counts,
            batches,
            detail: None,
            at: now,
        };
        sync_runs::finish(conn, run, &end)?;
    }
    Ok(())
}

/// How the deliveries that a run settled or still holds stand, and how many batches are its own.
fn left_by(conn: &mut Conn<'_>, run: i64) -> Result<(CountsRow, i64), DbError> {
    let mut counts = CountsRow::default();
    for (state, count) in deliveries::count_of_run(conn, run)? {
        let of_state = match read_word(&state)? {
            DeliveryState::Accepted => &mut counts.accepted,
            DeliveryState::Rejected => &mut counts.rejected,
            DeliveryState::Unchanged => &mut counts.unchanged,
            DeliveryState::Stale => &mut counts.stale,
            DeliveryState::Pending => &mut counts.pending,
            DeliveryState::Unknown => &mut counts.unknown,
            DeliveryState::Ready | DeliveryState::Claimed | DeliveryState::Superseded => &mut counts.not_sent,
        };
        *of_state += count;
    }
    Ok((counts, batches::count_of_run(conn, run)?))
}
