//! A store in memory, as the traits' words have it, with the guards that the database has in SQL.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Condvar, Mutex, MutexGuard};

use retrofit_jobs::store::{
    Attempt, BatchChange, BatchId, BatchState, Counts, DeliveryId, DeliveryState, DeliveryStore, Fence, JobEnd,
    JobLease, JobState, JobStore, LastJobRun, Left, NewBatch, NewJobRun, NewRun, Op, OpenBatch, OpenMember, Outgoing,
    Plain, Receipt, Rejection, RunEnd, RunId, RunState, StoreError, StrayReceipt, Unsent, UtcMillis, Verdict, Word,
};

#[derive(Default)]
pub(crate) struct Memory {
    tables: Mutex<Tables>,
    renewed: Condvar,
}

#[derive(Default)]
pub(crate) struct Tables {
    pub(crate) deliveries: Vec<Delivery>,
    pub(crate) batches: Vec<Batch>,
    pub(crate) attempts: Vec<(BatchId, Attempt)>,
    pub(crate) receipts: Vec<Receipt>,
    pub(crate) rejections: Vec<Rejection>,
    pub(crate) strays: Vec<StrayReceipt>,
    pub(crate) runs: Vec<Run>,
    pub(crate) jobs: Vec<Job>,
    pub(crate) paused: Vec<String>,
}

pub(crate) struct Delivery {
    pub(crate) out: Outgoing,
    pub(crate) state: DeliveryState,
    pub(crate) run: Option<RunId>,
    pub(crate) batch: Option<BatchId>,
}

pub(crate) struct Batch {
    pub(crate) new: NewBatch,
    pub(crate) state: BatchState,
    pub(crate) run: RunId,
    recorded_at: UtcMillis,
}

pub(crate) struct Run {
    pub(crate) state: RunState,
    pub(crate) lease_until: UtcMillis,
    pub(crate) counts: Counts,
}

pub(crate) struct Job {
    pub(crate) new: NewJobRun,
    pub(crate) state: JobState,
    pub(crate) token: i64,
    pub(crate) outcome: String,
}

impl Memory {
    pub(crate) fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap()
    }

    /// An approval: earlier revisions that wait are overtaken.
    pub(crate) fn approve(&self, source_id: &str, revision: i64, op: Op, values: BTreeMap<String, Plain>) {
        let mut tables = self.tables();
        for earlier in &mut tables.deliveries {
            if earlier.out.source_id == source_id && earlier.state == DeliveryState::Ready {
                earlier.state = DeliveryState::Superseded;
            }
        }
        let delivery_id = DeliveryId(i64::try_from(tables.deliveries.len()).unwrap() + 1);
        let out = Outgoing {
            delivery_id,
            source_id: source_id.to_owned(),
            revision,
            op,
            values,
        };
        tables.deliveries.push(Delivery {
            out,
            state: DeliveryState::Ready,
            run: None,
            batch: None,
        });
    }

    /// Waits until a run's lease lasts beyond an instant.
    pub(crate) fn await_renewal(&self, run: RunId, beyond: UtcMillis) {
        let lapses = |tables: &mut Tables| tables.runs[at(run.0)].lease_until <= beyond;
        drop(self.renewed.wait_while(self.tables(), lapses).unwrap());
    }

    /// The process of every run dies: nothing is finished, the leases run out.
    pub(crate) fn die(&self) {
        for run in &mut self.tables().runs {
            run.lease_until = 0;
        }
    }

    /// How many deliveries are in each state, by its word.
    pub(crate) fn states(&self) -> BTreeMap<&'static str, usize> {
        let mut states = BTreeMap::new();
        for delivery in &self.tables().deliveries {
            *states.entry(delivery.state.word()).or_default() += 1;
        }
        states
    }
}

fn at(id: i64) -> usize {
    usize::try_from(id - 1).unwrap()
}

/// Whether a run that is limited to these stages may send it.
fn wanted(row: &Delivery, stages: &[String]) -> bool {
    let stage = row.out.values.get("stage");
    stages.is_empty() || row.out.op == Op::Withdraw || stages.iter().any(|one| stage == Some(&Plain::One(one.clone())))
}

impl Tables {
    fn over(&self, run: RunId, now: UtcMillis) -> bool {
        let run = &self.runs[at(run.0)];
        run.state != RunState::Running || run.lease_until < now
    }

    fn delivery(&mut self, id: DeliveryId) -> &mut Delivery {
        &mut self.deliveries[at(id.0)]
    }

    fn free(&self, row: &Delivery, me: RunId, now: UtcMillis) -> bool {
        match row.state {
            DeliveryState::Ready => true,
            DeliveryState::Claimed => row.run.is_some_and(|run| self.over(run, now)),
            DeliveryState::Unknown => row.batch.is_none() && row.run != Some(me),
            _ => false,
        }
    }

    fn claimable(&self, me: RunId, stages: &[String], now: UtcMillis) -> Vec<usize> {
        let free = |row: &Delivery| self.free(row, me, now);
        let open = |row: &Delivery| {
            !free(row)
                && matches!(
                    row.state,
                    DeliveryState::Claimed | DeliveryState::Unknown | DeliveryState::Pending
                )
        };
        // per project: whether a delivery of it is open, and the highest revision that is free
        let mut projects: HashMap<&str, (bool, i64)> = HashMap::new();
        for row in &self.deliveries {
            let (is_open, highest) = projects.entry(&row.out.source_id).or_default();
            *is_open |= open(row);
            *highest = if free(row) {
                row.out.revision.max(*highest)
            } else {
                *highest
            };
        }
        let rows = self.deliveries.iter().enumerate();
        rows.filter(|(_, row)| {
            free(row) && wanted(row, stages) && projects.get(&*row.out.source_id) == Some(&(false, row.out.revision))
        })
        .map(|(index, _)| index)
        .collect()
    }

    fn fence(&self, run: RunId, batch: BatchId) -> bool {
        let row = &self.batches[at(batch.0)];
        row.run == run && matches!(row.state, BatchState::Unknown | BatchState::Pending)
    }

    fn settle(&mut self, id: DeliveryId, to: DeliveryState) {
        let row = self.delivery(id);
        assert!(
            matches!(row.state, DeliveryState::Unknown | DeliveryState::Pending),
            "{:?} to {to:?}",
            row.state
        );
        row.state = to;
    }
}

impl DeliveryStore for Memory {
    fn begin_run(&self, run: &NewRun) -> Result<RunId, StoreError> {
        let mut tables = self.tables();
        tables.runs.push(Run {
            state: RunState::Running,
            lease_until: run.lease_until,
            counts: Counts::default(),
        });
        Ok(RunId(i64::try_from(tables.runs.len()).unwrap()))
    }

    fn renew_run(&self, run: RunId, counts: &Counts, lease_until: UtcMillis) -> Result<Fence, StoreError> {
        let row = &mut self.tables().runs[at(run.0)];
        if row.state != RunState::Running {
            return Ok(Fence::Lost);
        }
        row.lease_until = lease_until;
        row.counts = *counts;
        self.renewed.notify_all();
        Ok(Fence::Held)
    }

    fn finish_run(
        &self,
        run: RunId,
        unsent: Unsent<'_>,
        end: &dyn Fn(&Left) -> RunEnd,
        now: UtcMillis,
    ) -> Result<Option<RunEnd>, StoreError> {
        let not_sent = match unsent {
            Unsent::Waiting(stages) => self.waiting(run, stages, now)?,
            Unsent::None | Unsent::Returned => 0,
        };
        let mut tables = self.tables();
        let held = |state: DeliveryState| {
            let rows = tables.deliveries.iter();
            rows.filter(move |row| row.run == Some(run) && row.state == state)
        };
        let returned = [DeliveryState::Ready, DeliveryState::Superseded].map(|state| held(state).count() as u64);
        let left = Left {
            pending: held(DeliveryState::Pending).count() as u64,
            unknown: held(DeliveryState::Unknown).count() as u64,
            missing: held(DeliveryState::Unknown).filter(|row| row.batch.is_none()).count() as u64,
            not_sent: if unsent == Unsent::Returned {
                returned.iter().sum()
            } else {
                not_sent
            },
        };
        for row in &mut tables.deliveries {
            if row.state == DeliveryState::Claimed && row.run == Some(run) {
                row.state = DeliveryState::Ready;
            }
        }
        let row = &mut tables.runs[at(run.0)];
        if row.state != RunState::Running {
            return Ok(None);
        }
        let end = end(&left);
        row.state = end.state;
        row.counts = end.counts;
        Ok(Some(end))
    }

    fn take_up(&self, run: RunId, limit: usize, now: UtcMillis) -> Result<Vec<OpenBatch>, StoreError> {
        let mut tables = self.tables();
        let mut open = Vec::new();
        for index in 0..tables.batches.len() {
            let owner = tables.batches[index].run;
            let state = tables.batches[index].state;
            let is_open = matches!(state, BatchState::Unknown | BatchState::Pending);
            if open.len() == limit || !is_open || owner == run || !tables.over(owner, now) {
                continue;
            }
            if tables.runs[at(owner.0)].state == RunState::Running {
                tables.runs[at(owner.0)].state = RunState::Abandoned;
            }
            tables.batches[index].run = run;
            let batch_id = BatchId(i64::try_from(index).unwrap() + 1);
            for row in &mut tables.deliveries {
                let open = matches!(row.state, DeliveryState::Unknown | DeliveryState::Pending);
                if open && row.batch == Some(batch_id) {
                    row.run = Some(run);
                }
            }
            let batch = &tables.batches[index];
            let members = batch.new.members.iter().map(|member| {
                let row = &tables.deliveries[at(member.delivery_id.0)];
                OpenMember {
                    delivery_id: member.delivery_id,
                    source_id: row.out.source_id.clone(),
                    revision: row.out.revision,
                    open: row.batch == Some(batch_id)
                        && matches!(row.state, DeliveryState::Unknown | DeliveryState::Pending),
                }
            });
            open.push(OpenBatch {
                batch_id,
                batch_no: batch.new.batch_no.clone(),
                idempotency_key: batch.new.idempotency_key.clone(),
                state,
                recorded_at: batch.recorded_at,
                members: members.collect(),
            });
        }
        Ok(open)
    }

    fn body(&self, batch: BatchId) -> Result<Vec<u8>, StoreError> {
        Ok(self.tables().batches[at(batch.0)].new.body.clone())
    }

    fn waiting(&self, run: RunId, stages: &[String], now: UtcMillis) -> Result<u64, StoreError> {
        let tables = self.tables();
        let overtaken = |row: &Delivery| {
            let later =
                |other: &Delivery| other.out.source_id == row.out.source_id && other.out.revision > row.out.revision;
            tables.deliveries.iter().any(later)
        };
        let waits = |row: &&Delivery| {
            let mine = row.state == DeliveryState::Claimed && row.run == Some(run);
            (mine || tables.free(row, run, now)) && wanted(row, stages) && !overtaken(row)
        };
        Ok(tables.deliveries.iter().filter(waits).count() as u64)
    }

    fn claim(&self, run: RunId, stages: &[String], limit: usize, now: UtcMillis) -> Result<Vec<Outgoing>, StoreError> {
        let mut tables = self.tables();
        let mut claimed = HashMap::new();
        for index in tables.claimable(run, stages, now).into_iter().take(limit) {
            let row = &mut tables.deliveries[index];
            (row.state, row.run, row.batch) = (DeliveryState::Claimed, Some(run), None);
            claimed.insert(row.out.source_id.clone(), row.out.clone());
        }
        for row in &mut tables.deliveries {
            let lower = claimed
                .get(&row.out.source_id)
                .is_some_and(|out| row.out.revision < out.revision);
            let unsent = matches!(
                row.state,
                DeliveryState::Ready | DeliveryState::Claimed | DeliveryState::Unknown
            );
            if lower && unsent {
                row.state = DeliveryState::Superseded;
            }
        }
        let mut claimed: Vec<_> = claimed.into_values().collect();
        claimed.sort_by_key(|out| out.delivery_id.0);
        Ok(claimed)
    }

    fn record_batch(&self, run: RunId, batch: &NewBatch, now: UtcMillis) -> Result<Option<BatchId>, StoreError> {
        let mut tables = self.tables();
        let unique =
            |row: &Batch| row.new.batch_no != batch.batch_no && row.new.idempotency_key != batch.idempotency_key;
        assert!(
            tables.batches.iter().all(unique),
            "numbers and keys are unique for ever"
        );
        let mine = |tables: &mut Tables, id| {
            let row = tables.delivery(id);
            row.state == DeliveryState::Claimed && row.run == Some(run)
        };
        if !batch.members.iter().all(|member| mine(&mut tables, member.delivery_id)) {
            return Ok(None);
        }
        tables.batches.push(Batch {
            new: batch.clone(),
            state: BatchState::Unknown,
            run,
            recorded_at: now,
        });
        let id = BatchId(i64::try_from(tables.batches.len()).unwrap());
        for member in &batch.members {
            let row = tables.delivery(member.delivery_id);
            (row.state, row.batch) = (DeliveryState::Unknown, Some(id));
        }
        Ok(Some(id))
    }

    fn advance(
        &self,
        run: RunId,
        batch: BatchId,
        attempt: Option<&Attempt>,
        change: &BatchChange,
        _now: UtcMillis,
    ) -> Result<Fence, StoreError> {
        let mut tables = self.tables();
        tables.attempts.extend(attempt.map(|attempt| (batch, attempt.clone())));
        if !tables.fence(run, batch) {
            return Ok(Fence::Lost);
        }
        if let BatchChange::Receipts { receipts, strays, .. } = change {
            for receipt in receipts {
                let to = match receipt.verdict {
                    Verdict::Accepted => DeliveryState::Accepted,
                    Verdict::Rejected => DeliveryState::Rejected,
                    Verdict::Unchanged => DeliveryState::Unchanged,
                    Verdict::Stale => DeliveryState::Stale,
                };
                assert_eq!(tables.delivery(receipt.delivery_id).batch, Some(batch));
                tables.settle(receipt.delivery_id, to);
                tables.receipts.push(receipt.clone());
            }
            tables.strays.extend(strays.iter().cloned());
        }
        let (batch_to, members_to, keeps_batch) = match change {
            BatchChange::Nothing => return Ok(Fence::Held),
            BatchChange::Taken { .. } | BatchChange::Receipts { done: false, .. } => {
                (BatchState::Pending, DeliveryState::Pending, true)
            }
            BatchChange::Receipts { done: true, .. } => (BatchState::Done, DeliveryState::Unknown, false),
            BatchChange::Returned { keep: true } => (BatchState::Returned, DeliveryState::Claimed, false),
            BatchChange::Returned { keep: false } => (BatchState::Returned, DeliveryState::Ready, false),
        };
        tables.batches[at(batch.0)].state = batch_to;
        for row in &mut tables.deliveries {
            if row.batch == Some(batch) && matches!(row.state, DeliveryState::Unknown | DeliveryState::Pending) {
                (row.state, row.run) = (members_to, Some(run));
                row.batch = row.batch.filter(|_| keeps_batch);
            }
        }
        Ok(Fence::Held)
    }

    fn reject(&self, run: RunId, rejections: &[Rejection], _now: UtcMillis) -> Result<(), StoreError> {
        let mut tables = self.tables();
        for rejection in rejections {
            let row = tables.delivery(rejection.delivery_id);
            if row.state == DeliveryState::Claimed && row.run == Some(run) {
                row.state = DeliveryState::Rejected;
                tables.rejections.push(rejection.clone());
            }
        }
        Ok(())
    }
}

impl JobStore for Memory {
    fn last_job_run(&self, job: &str) -> Result<Option<LastJobRun>, StoreError> {
        let tables = self.tables();
        let last = tables
            .jobs
            .iter()
            .filter(|row| row.new.job == job)
            .max_by_key(|row| row.new.due_at);
        Ok(last.map(|row| LastJobRun {
            due_at: row.new.due_at,
            state: row.state,
            lease_until: row.new.lease_until,
        }))
    }

    fn abandon_job_runs(&self, now: UtcMillis) -> Result<usize, StoreError> {
        let mut count = 0;
        for row in &mut self.tables().jobs {
            if row.state == JobState::Running && row.new.lease_until < now {
                row.state = JobState::Abandoned;
                count += 1;
            }
        }
        Ok(count)
    }

    fn begin_job_run(&self, run: &NewJobRun) -> Result<Option<JobLease>, StoreError> {
        let mut tables = self.tables();
        if run.operator.is_none() && tables.paused.contains(&run.job) {
            return Ok(None);
        }
        let live = |row: &Job| row.state == JobState::Running && row.new.lease_until >= run.started_at;
        if tables.jobs.iter().any(|row| row.new.job == run.job && live(row)) {
            return Ok(None);
        }
        for row in &mut tables.jobs {
            if row.new.job == run.job && row.new.due_at < run.due_at && row.state == JobState::Running {
                row.state = JobState::Abandoned;
            }
        }
        let same = tables
            .jobs
            .iter()
            .position(|row| row.new.job == run.job && row.new.due_at == run.due_at);
        let index = match same {
            None => {
                let outcome = String::new();
                tables.jobs.push(Job {
                    new: run.clone(),
                    state: JobState::Running,
                    token: 1,
                    outcome,
                });
                tables.jobs.len() - 1
            }
            Some(index) if matches!(tables.jobs[index].state, JobState::Running | JobState::Abandoned) => {
                tables.jobs[index].state = JobState::Running;
                tables.jobs[index].new = run.clone();
                tables.jobs[index].token += 1;
                index
            }
            Some(_) => return Ok(None),
        };
        Ok(Some(JobLease {
            id: i64::try_from(index).unwrap() + 1,
            token: tables.jobs[index].token,
        }))
    }

    fn renew_job_run(&self, lease: JobLease, _now: UtcMillis, lease_until: UtcMillis) -> Result<Fence, StoreError> {
        let row = &mut self.tables().jobs[at(lease.id)];
        if row.token != lease.token || row.state != JobState::Running {
            return Ok(Fence::Lost);
        }
        row.new.lease_until = lease_until;
        Ok(Fence::Held)
    }

    fn finish_job_run(&self, lease: JobLease, end: &JobEnd, _now: UtcMillis) -> Result<Fence, StoreError> {
        let row = &mut self.tables().jobs[at(lease.id)];
        if row.token != lease.token || row.state != JobState::Running {
            return Ok(Fence::Lost);
        }
        row.state = end.state;
        row.outcome.clone_from(&end.outcome);
        Ok(Fence::Held)
    }
}
