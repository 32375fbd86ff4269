//! The registry as the store that `retrofit_jobs` delivers from.
//!
//! It lives here and not beside the SQL because receipts move review states: what the platform rejects goes back to its department.

use std::collections::BTreeMap;

use retrofit_import::catalogue::Field;
use retrofit_jobs::store::{
    Attempt, BatchChange, BatchId, BatchState, Counts, DeliveryId, DeliveryState, DeliveryStore, Fence, Left, NewBatch,
    NewRun, Op, OpenBatch, OpenMember, Outgoing, PackageStore, Plain, Receipt, RecordError, Rejection, RunEnd, RunId,
    StoreError, StrayReceipt, Unsent, UtcMillis, Verdict, Word,
};

use super::code::RegistryCode;
use super::people::Operator;
use super::review::{self, Rejected};
use super::runs::{self as kept_runs, abandon_lapsed, sees_runs};
pub use super::runs::{LISTS_KEPT, LeftOver, forget_left, left, open_batches, outbox, outcome, runs, runs_before};
use super::{Error, Registry};
use crate::db::batches::{self, AttemptRow, MemberRow, ReceiptRow, StrayRow};
use crate::db::counters::{self, Counter};
use crate::db::deliveries::{self, Claimed, DeliveryRow};
use crate::db::job_runs;
use crate::db::sync_runs::{self, CountsRow};
use crate::db::{Conn, DbError};
use crate::process;

/// A transaction that was found not to be this run's: rolled back.
enum Undone {
    Lost,
    Db(DbError),
}

impl From<DbError> for Undone {
    fn from(error: DbError) -> Self {
        Self::Db(error)
    }
}

pub(super) fn store_error(error: DbError) -> StoreError {
    StoreError::new(error)
}

pub(super) fn fence(held: bool) -> Fence {
    if held { Fence::Held } else { Fence::Lost }
}

fn as_limit(limit: usize) -> i64 {
    limit.try_into().unwrap_or(i64::MAX)
}

fn counts_row(counts: &Counts) -> CountsRow {
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    CountsRow {
        accepted: number(counts.accepted),
        rejected: number(counts.rejected),
        unchanged: number(counts.unchanged),
        stale: number(counts.stale),
        pending: number(counts.pending),
        unknown: number(counts.unknown),
        not_sent: number(counts.not_sent),
    }
}

const OPEN: [&str; 2] = ["unknown", "pending"];

impl DeliveryStore for Registry {
    fn begin_run(&self, run: &NewRun) -> Result<RunId, StoreError> {
        let begun = self.db.write(|conn| {
            end_leases_of_the_dead(conn, run.started_at)?;
            sync_runs::insert(conn, &run.holder, &run.started_by, run.started_at, run.lease_until)
        });
        begun.map(RunId).map_err(store_error)
    }

    fn renew_run(&self, run: RunId, counts: &Counts, lease_until: UtcMillis) -> Result<Fence, StoreError> {
        let held = self
            .db
            .write(|conn| sync_runs::renew(conn, run.0, &counts_row(counts), lease_until));
        held.map(fence).map_err(store_error)
    }

    fn finish_run(
        &self,
        run: RunId,
        unsent: Unsent<'_>,
        end: &dyn Fn(&Left) -> RunEnd,
        now: UtcMillis,
    ) -> Result<Option<RunEnd>, StoreError> {
        let ended = self.db.write(|conn| {
            if !sync_runs::is_running(conn, run.0)? {
                return Ok(None);
            }
            let left = kept_runs::keep_left(conn, run, unsent, now)?;
            let end = end(&left);
            let row = sync_runs::End {
                state: end.state.word(),
                counts: counts_row(&end.counts),
                batches: i64::try_from(end.batches).unwrap_or(i64::MAX),
                detail: end.detail.as_deref(),
                at: now,
            };
            // Another has declared it over meanwhile: what was kept goes with the transaction.
            if !sync_runs::finish(conn, run.0, &row)? {
                return Err(Undone::Lost);
            }
            deliveries::release(conn, run.0, now)?;
            Ok(Some(end))
        });
        match ended {
            Ok(end) => Ok(end),
            Err(Undone::Lost) => Ok(None),
            Err(Undone::Db(error)) => Err(store_error(error)),
        }
    }

    fn take_up(&self, run: RunId, limit: usize, now: UtcMillis) -> Result<Vec<OpenBatch>, StoreError> {
        let taken = self.db.write(|conn| {
            counters::lock(conn, Counter::Delivery)?;
            abandon_lapsed(conn, now)?;
            let live = sync_runs::live(conn, now)?;
            let rows = batches::take_up(conn, run.0, as_limit(limit), &live)?;
            taken_up(conn, run, rows)
        });
        taken.map_err(store_error)
    }

    fn body(&self, batch: BatchId) -> Result<Vec<u8>, StoreError> {
        let body = self.db.read(|conn| {
            batches::body(conn, batch.0)?
                .ok_or_else(|| DbError::Unreadable(format!("batch {} without its body", batch.0)))
        });
        body.map_err(store_error)
    }

    fn waiting(&self, run: RunId, stages: &[String], now: UtcMillis) -> Result<u64, StoreError> {
        let waiting = self.db.read(|conn| {
            let live = sync_runs::live(conn, now)?;
            deliveries::waiting(conn, run.0, stages, &live)
        });
        waiting.map(|rows| rows.len() as u64).map_err(store_error)
    }

    fn claim(&self, run: RunId, stages: &[String], limit: usize, now: UtcMillis) -> Result<Vec<Outgoing>, StoreError> {
        let claimed = self.db.write(|conn| {
            counters::lock(conn, Counter::Delivery)?;
            abandon_lapsed(conn, now)?;
            let live = sync_runs::live(conn, now)?;
            deliveries::claim(conn, run.0, stages, as_limit(limit), &live, now)
        });
        let outgoing = claimed.and_then(|rows| rows.iter().map(|row| self.outgoing(row)).collect());
        outgoing.map_err(store_error)
    }

    fn record_batch(&self, run: RunId, batch: &NewBatch, now: UtcMillis) -> Result<Option<BatchId>, StoreError> {
        self.record(run, batch, (batches::WIRE, BatchState::Unknown.word()), now)
    }

    fn advance(
        &self,
        run: RunId,
        batch: BatchId,
        attempt: Option<&Attempt>,
        change: &BatchChange,
        now: UtcMillis,
    ) -> Result<Fence, StoreError> {
        let held = self.db.write(|conn| {
            if let BatchChange::Receipts { receipts, .. } = change
                && receipts.iter().any(|receipt| receipt.verdict == Verdict::Rejected)
            {
                counters::lock(conn, Counter::Project)?;
            }
            if let Some(attempt) = attempt {
                batches::insert_attempt(conn, &attempt_row(run, batch, attempt))?;
            }
            self.change_batch(conn, run, batch, change, now)
        });
        held.map(fence).map_err(store_error)
    }

    fn reject(&self, run: RunId, rejections: &[Rejection], now: UtcMillis) -> Result<(), StoreError> {
        let rejected = self.db.write(|conn| {
            counters::lock(conn, Counter::Project)?;
            for rejection in rejections {
                let receipt = Receipt {
                    delivery_id: rejection.delivery_id,
                    verdict: Verdict::Rejected,
                    platform_no: None,
                    errors: rejection.errors.clone(),
                };
                let batch = rejection.batch_id.map(|batch| batch.0);
                self.settle(conn, run, batch, &["claimed"], &[receipt], now)?;
            }
            Ok(())
        });
        rejected.map_err(store_error)
    }
}

impl PackageStore for Registry {
    fn record_package(&self, run: RunId, package: &NewBatch, now: UtcMillis) -> Result<Option<BatchId>, StoreError> {
        self.record(run, package, (batches::PACKAGE, BatchState::Pending.word()), now)
    }

    fn take_package(&self, run: RunId, batch_no: &str, now: UtcMillis) -> Result<Option<OpenBatch>, StoreError> {
        let taken = self.db.write(|conn| {
            counters::lock(conn, Counter::Delivery)?;
            abandon_lapsed(conn, now)?;
            let live = sync_runs::live(conn, now)?;
            let row = batches::take_package(conn, run.0, batch_no, &live)?;
            taken_up(conn, run, Vec::from_iter(row))
        });
        taken.map(|mut batches| batches.pop()).map_err(store_error)
    }
}

/// Batches that have become this run's, with their members, which become so too.
fn taken_up(conn: &mut Conn<'_>, run: RunId, rows: Vec<batches::OpenBatchRow>) -> Result<Vec<OpenBatch>, DbError> {
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    deliveries::take_up(conn, run.0, &ids)?;
    let mut members: BTreeMap<i64, Vec<OpenMember>> = BTreeMap::new();
    for member in deliveries::members(conn, &ids)? {
        members.entry(member.batch_id).or_default().push(OpenMember {
            delivery_id: DeliveryId(member.id),
            source_id: source_id(member.entry_year, member.project_id),
            revision: member.revision,
            open: OPEN.contains(&member.state.as_str()),
        });
    }
    let batch = |row: batches::OpenBatchRow| {
        Ok(OpenBatch {
            members: members.remove(&row.id).unwrap_or_default(),
            batch_id: BatchId(row.id),
            batch_no: row.batch_no,
            idempotency_key: row.idempotency_key,
            state: read_word::<BatchState>(&row.state)?,
            recorded_at: row.recorded_at,
        })
    };
    rows.into_iter().map(batch).collect()
}

/// Lets the leases of runs lapse whose process was of this machine and is gone: what they left is taken up at once.
fn end_leases_of_the_dead(conn: &mut Conn<'_>, now: UtcMillis) -> Result<(), DbError> {
    let dead = |runs: Vec<(i64, String)>| -> Vec<i64> {
        let gone = runs.into_iter().filter(|(_, holder)| process::is_dead(holder));
        gone.map(|(id, _)| id).collect()
    };
    let runs = dead(sync_runs::running(conn)?);
    sync_runs::end_leases(conn, &runs, now)?;
    let jobs = dead(job_runs::running(conn)?);
    job_runs::end_leases(conn, &jobs, now)
}

impl Registry {
    /// Lets the leases of runs and jobs lapse whose process was of this machine and is gone. Every run of the delivery begins so;
    /// the schedule does so once, before it looks what is due.
    ///
    /// # Errors
    /// Only our own faults.
    pub fn end_leases_of_the_dead(&self) -> Result<(), Error> {
        let now = self.clock.now();
        Ok(self.db.write(|conn| end_leases_of_the_dead(conn, now))?)
    }

    /// A project's latest approved revision as it goes to the platform: for those who see every department.
    ///
    /// # Errors
    /// Refused to others, and where there is no such project or revision.
    pub fn to_deliver(&self, operator: &Operator, code: RegistryCode) -> Result<Outgoing, Error> {
        sees_runs(operator)?;
        let latest = self.db.read(|conn| deliveries::latest(conn, code.id))?;
        match latest.filter(|latest| latest.entry_year == code.year) {
            Some(latest) => Ok(self.outgoing(&latest)?),
            None => Err(Error::refused(format!("工程 {code} 不存在，或还没有审核通过的版本。"))),
        }
    }

    /// Stores a batch of this transport; it and its members are in `state`.
    fn record(
        &self,
        run: RunId,
        batch: &NewBatch,
        (transport, state): (&str, &str),
        now: UtcMillis,
    ) -> Result<Option<BatchId>, StoreError> {
        let row = batches::NewBatch {
            batch_no: &batch.batch_no,
            idempotency_key: &batch.idempotency_key,
            body_sha256: &batch.body_sha256,
            body: &batch.body,
            run_id: run.0,
            state,
            recorded_at: now,
            transport,
        };
        let digests: BTreeMap<i64, Option<&str>> = batch
            .members
            .iter()
            .map(|member| (member.delivery_id.0, member.digest.as_deref()))
            .collect();
        let ids: Vec<i64> = digests.keys().copied().collect();
        let stored = self.db.write(|conn| {
            let id = batches::insert(conn, &row)?;
            let members = deliveries::put_in_batch(conn, run.0, &ids, id, state, now)?;
            if members.len() != ids.len() {
                return Err(Undone::Lost);
            }
            let members: Vec<MemberRow<'_>> = members
                .into_iter()
                .map(|(project_id, delivery_id)| MemberRow {
                    project_id,
                    delivery_id,
                    batch_id: id,
                    digest: digests.get(&delivery_id).copied().flatten(),
                })
                .collect();
            batches::insert_members(conn, &members)?;
            Ok(id)
        });
        match stored {
            Ok(id) => Ok(Some(BatchId(id))),
            Err(Undone::Lost) => Ok(None),
            Err(Undone::Db(error)) => Err(store_error(error)),
        }
    }

    /// A claimed delivery with its values resolved for upload.
    fn outgoing(&self, claimed: &Claimed) -> Result<Outgoing, DbError> {
        let op = read_word(&claimed.op)?;
        let source_id = source_id(claimed.entry_year, claimed.project_id);
        let mut values: BTreeMap<String, Plain> = BTreeMap::new();
        if op == Op::Upsert {
            values = serde_json::from_str(&claimed.values_json)
                .map_err(|error| DbError::Unreadable(format!("the values of {source_id}: {error}")))?;
            values.insert(Field::RegistryCode.id().into(), Plain::One(source_id.clone()));
            if let Some(Plain::One(county)) = values.get_mut(Field::County.id()) {
                *county = self.catalogue.divisions().base_county(county).to_owned();
            }
        }
        Ok(Outgoing {
            delivery_id: DeliveryId(claimed.id),
            source_id,
            revision: claimed.revision,
            op,
            values,
        })
    }

    /// Carries out what an answer changes; whether the batch was open and this run's.
    fn change_batch(
        &self,
        conn: &mut Conn<'_>,
        run: RunId,
        batch: BatchId,
        change: &BatchChange,
        now: UtcMillis,
    ) -> Result<bool, DbError> {
        match change {
            BatchChange::Nothing => batches::is_held(conn, batch.0, run.0),
            BatchChange::Taken { platform_batch_id } => {
                let held = batches::set_taken(conn, batch.0, run.0, platform_batch_id)?;
                if held {
                    deliveries::move_open(conn, batch.0, DeliveryState::Pending.word(), now)?;
                }
                Ok(held)
            }
            BatchChange::Returned { keep } => {
                let held = batches::close(conn, batch.0, run.0, BatchState::Returned.word(), None, now)?;
                if held {
                    let to = if *keep {
                        DeliveryState::Claimed
                    } else {
                        DeliveryState::Ready
                    };
                    deliveries::move_open(conn, batch.0, to.word(), now)?;
                }
                Ok(held)
            }
            BatchChange::Receipts {
                platform_batch_id,
                receipts,
                strays,
                done,
            } => {
                let held = if *done {
                    let state = BatchState::Done.word();
                    batches::close(conn, batch.0, run.0, state, Some(platform_batch_id), now)?
                } else {
                    batches::set_taken(conn, batch.0, run.0, platform_batch_id)?
                };
                if held {
                    self.settle(conn, run, Some(batch.0), &OPEN, receipts, now)?;
                    let rest = if *done {
                        DeliveryState::Unknown
                    } else {
                        DeliveryState::Pending
                    };
                    deliveries::move_open(conn, batch.0, rest.word(), now)?;
                    batches::insert_strays(conn, batch.0, &stray_rows(batch, strays, now))?;
                }
                Ok(held)
            }
        }
    }

    /// Settles deliveries that the run holds in one of the states `from`, keeps their receipts, and gives back what was rejected.
    fn settle(
        &self,
        conn: &mut Conn<'_>,
        run: RunId,
        batch: Option<i64>,
        from: &[&str],
        receipts: &[Receipt],
        now: UtcMillis,
    ) -> Result<(), DbError> {
        let mut rows = Vec::with_capacity(receipts.len());
        let mut rejected = Vec::new();
        for verdict in Verdict::ALL {
            let of_verdict: BTreeMap<i64, &Receipt> = receipts
                .iter()
                .filter(|receipt| receipt.verdict == *verdict)
                .map(|receipt| (receipt.delivery_id.0, receipt))
                .collect();
            let ids: Vec<i64> = of_verdict.keys().copied().collect();
            for delivery in deliveries::settle(conn, run.0, &ids, from, verdict.word(), batch, now)? {
                let Some(receipt) = of_verdict.get(&delivery.id) else {
                    continue;
                };
                rows.push(receipt_row(&delivery, run, batch, receipt, now)?);
                if *verdict == Verdict::Rejected {
                    rejected.push(self.rejected(&delivery, batch, &receipt.errors));
                }
            }
        }
        batches::insert_receipts(conn, &rows)?;
        review::send_back(conn, &rejected, now)
    }

    /// Why a record was rejected, in the words that the department reads: by the platform, or, in no batch, by ourselves.
    fn rejected(&self, delivery: &DeliveryRow, batch: Option<i64>, errors: &[RecordError]) -> Rejected {
        let words: Vec<String> = errors
            .iter()
            .map(|error| {
                let field = error.field.as_deref().and_then(Field::from_id);
                let label = field.map_or(error.member.as_str(), |field| self.catalogue.label(field));
                let colon = if label.is_empty() { "" } else { "：" };
                format!("{label}{colon}{}（{}）", error.message, error.code)
            })
            .collect();
        let words = if words.is_empty() {
            "未说明原因".into()
        } else {
            words.join("；")
        };
        let by = batch.map_or("本系统核对未通过，未上传", |_| "平台退回");
        (delivery.project_id, delivery.revision, format!("{by}：{words}"))
    }
}

fn source_id(year: i64, id: i64) -> String {
    RegistryCode { year, id }.to_string()
}

pub(super) fn read_word<T: Word>(word: &str) -> Result<T, DbError> {
    T::from_word(word).ok_or_else(|| DbError::Unreadable(format!("the word `{word}`")))
}

fn attempt_row(run: RunId, batch: BatchId, attempt: &Attempt) -> AttemptRow<'_> {
    AttemptRow {
        batch_id: batch.0,
        run_id: run.0,
        kind: attempt.kind.word(),
        request_id: &attempt.request_id,
        started_at: attempt.started_at,
        duration_ms: attempt.duration_ms,
        status: attempt.status.map(i64::from),
        problem: attempt.problem.as_deref(),
        retry_after_s: attempt.retry_after_s,
    }
}

fn receipt_row(
    delivery: &DeliveryRow,
    run: RunId,
    batch: Option<i64>,
    receipt: &Receipt,
    now: UtcMillis,
) -> Result<ReceiptRow, DbError> {
    Ok(ReceiptRow {
        project_id: delivery.project_id,
        delivery_id: delivery.id,
        run_id: run.0,
        batch_id: batch,
        verdict: receipt.verdict.word().into(),
        platform_no: receipt.platform_no.clone(),
        errors_json: serde_json::to_string(&receipt.errors).map_err(|error| DbError::Unreadable(error.to_string()))?,
        received_at: now,
    })
}

fn stray_rows(batch: BatchId, strays: &[StrayReceipt], now: UtcMillis) -> Vec<StrayRow> {
    strays
        .iter()
        .map(|stray| StrayRow {
            batch_id: batch.0,
            delivery_id: stray.delivery_id.map(|id| id.0),
            kind: stray.kind.word().into(),
            raw: stray.raw.clone(),
            received_at: now,
        })
        .collect()
}
