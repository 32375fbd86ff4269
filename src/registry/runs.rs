//! The runs of the delivery, as they are shown: one whose process has died is over, whether or not another run has found it yet.

use retrofit_jobs::delivery::SyncOutcome;
use retrofit_jobs::store::{Counts, DeliveryState, Left, LeftState, RunId, RunState, Unsent, UtcMillis, Word as _};

use super::code::RegistryCode;
use super::delivery::read_word;
use super::people::{Operator, Sight};
use super::{Error, Registry};
use crate::db::run_left::{self, LeftRow};
use crate::db::sync_runs::{self, CountsRow, SyncRunRow};
use crate::db::{Conn, DbError, batches, deliveries};
use crate::process;

/// Of so many runs, the latest, it is kept by record what they left: of those that the page shows. A platform that is down for a month leaves the same
/// records every time.
pub const LISTS_KEPT: i64 = 30;
/// Records that are forgotten in one transaction, so that it is soon over.
const PART: i64 = 10_000;

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

/// A record that a run left to those after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOver {
    /// The delivery.
    pub delivery: i64,
    /// The project.
    pub code: RegistryCode,
    /// The department that reports it.
    pub department: String,
    /// Its name.
    pub name: String,
    /// The revision.
    pub revision: i64,
    /// How the delivery stands now.
    pub state: DeliveryState,
    /// The run that holds or settled it; none where it waits.
    pub run: Option<i64>,
}

/// The records that a run left so, those after a delivery, oldest first: for those who see every department. Runs that are not over have
/// none, nor have those before the latest [`LISTS_KEPT`].
///
/// # Errors
/// Refused to others.
pub fn left(
    registry: &Registry,
    operator: &Operator,
    (run, left): (i64, LeftState),
    after: i64,
    limit: i64,
) -> Result<Vec<LeftOver>, Error> {
    sees_runs(operator)?;
    let rows = registry
        .db
        .read(|conn| run_left::of_run(conn, run, left.word(), after, limit))?;
    rows.into_iter()
        .map(|row| {
            Ok(LeftOver {
                delivery: row.delivery_id,
                code: RegistryCode {
                    year: row.entry_year,
                    id: row.project_id,
                },
                department: row.department,
                name: row.name,
                revision: row.revision,
                state: read_word(&row.state)?,
                run: row.run_id,
            })
        })
        .collect()
}

/// Forgets by record what runs left, but for the latest [`LISTS_KEPT`]; how many records. Their figures stay.
///
/// # Errors
/// Only our own faults.
pub fn forget_left(registry: &Registry) -> Result<usize, Error> {
    let mut forgotten = 0;
    loop {
        let part = registry.db.write(|conn| {
            let Some(upto) = sync_runs::latest_but(conn, LISTS_KEPT)? else {
                return Ok(0);
            };
            let part = run_left::forget(conn, upto, PART)?;
            // Afterwards, so that it is noted also where a run has ended in between.
            sync_runs::forget_left(conn, upto)?;
            Ok::<_, DbError>(part)
        })?;
        if part == 0 {
            return Ok(forgotten);
        }
        forgotten += part;
    }
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

/// Declares running runs whose lease has lapsed abandoned, each with the counts of what it leaves, which is kept by record. Comes before any of
/// that is taken over.
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
        if sync_runs::finish(conn, run, &end)? {
            let not_sent = not_sent_by(conn, run)?;
            keep(conn, run, not_sent)?;
        }
    }
    Ok(())
}

/// Deliveries (project, delivery, in a batch).
type Held = Vec<(i64, i64, bool)>;

fn held(conn: &mut Conn<'_>, run: i64, states: &[DeliveryState]) -> Result<Held, DbError> {
    let words: Vec<&str> = states.iter().map(|state| state.word()).collect();
    deliveries::held(conn, run, &words)
}

/// What a run has given back, or holds and has not sent: (project, delivery).
fn not_sent_by(conn: &mut Conn<'_>, run: i64) -> Result<Vec<(i64, i64)>, DbError> {
    let states = [DeliveryState::Ready, DeliveryState::Claimed, DeliveryState::Superseded];
    let held = held(conn, run, &states)?.into_iter();
    Ok(held.map(|(project, delivery, _)| (project, delivery)).collect())
}

/// Keeps what a run leaves when it ends, before any of it is given back.
pub(super) fn keep_left(conn: &mut Conn<'_>, run: RunId, unsent: Unsent<'_>, now: UtcMillis) -> Result<Left, DbError> {
    let not_sent = match unsent {
        Unsent::None => Vec::new(),
        Unsent::Waiting(stages) => {
            let live = sync_runs::live(conn, now)?;
            deliveries::waiting(conn, run.0, stages, &live)?
        }
        Unsent::Returned => not_sent_by(conn, run.0)?,
    };
    keep(conn, run.0, not_sent)
}

/// Keeps what a run holds without a receipt, and what it has not sent.
fn keep(conn: &mut Conn<'_>, run: i64, not_sent: Vec<(i64, i64)>) -> Result<Left, DbError> {
    let pending = held(conn, run, &[DeliveryState::Pending])?;
    let unknown = held(conn, run, &[DeliveryState::Unknown])?;
    let left = Left {
        pending: pending.len() as u64,
        unknown: unknown.len() as u64,
        missing: unknown.iter().filter(|(.., in_batch)| !in_batch).count() as u64,
        not_sent: not_sent.len() as u64,
    };
    let row = |state: LeftState| {
        move |(project_id, delivery_id)| LeftRow {
            run_id: run,
            delivery_id,
            project_id,
            state: state.word(),
        }
    };
    let ids = |held: Held| held.into_iter().map(|(project, delivery, _)| (project, delivery));
    let rows: Vec<LeftRow> = ids(pending)
        .map(row(LeftState::Pending))
        .chain(ids(unknown).map(row(LeftState::Unknown)))
        .chain(not_sent.into_iter().map(row(LeftState::NotSent)))
        .collect();
    run_left::insert(conn, &rows)?;
    Ok(left)
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
