//! One batch: sent, asked about, sent again, until it is closed, taken in, refused, or no more can be done in this run.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use super::SyncError;
use super::listing::Listings;
use super::receipts::judge;
use super::run::Run;
use super::tally::Stop;
use crate::clock::millis;
use crate::faults;
use crate::platform::{Answer, BatchStatus, Exchange, Problem, Progress};
use crate::store::{
    Attempt, AttemptKind, BatchChange, BatchId, BatchState, DeliveryId, Fence, NewBatch, OpenBatch, OpenMember,
    Receipt, RunState, StrayKind, UtcMillis, Verdict,
};

/// A batch that this run works on.
#[derive(Debug)]
pub(super) struct Tracked {
    id: BatchId,
    batch_no: String,
    key: String,
    recorded_at: UtcMillis,
    state: BatchState,
    members: Vec<OpenMember>,
    /// The body, as long as this run tries to get it there; else the store has it.
    body: Option<Arc<Vec<u8>>>,
    /// A request with it may have reached the platform, and the platform has not denied it since.
    maybe_arrived: bool,
    posted: bool,
    /// Its receipts were asked for.
    pub(super) asked: bool,
}

impl Tracked {
    /// Just recorded: no byte of it was sent.
    pub(super) fn fresh(id: BatchId, batch: NewBatch, members: Vec<OpenMember>, now: UtcMillis) -> Self {
        Self {
            id,
            batch_no: batch.batch_no,
            key: batch.idempotency_key,
            recorded_at: now,
            state: BatchState::Unknown,
            members,
            body: Some(Arc::new(batch.body)),
            maybe_arrived: false,
            posted: false,
            asked: false,
        }
    }

    /// Left open by a run that is over.
    pub(super) fn taken_up(open: OpenBatch) -> Self {
        Self {
            id: open.batch_id,
            batch_no: open.batch_no,
            key: open.idempotency_key,
            recorded_at: open.recorded_at,
            state: open.state,
            members: open.members,
            body: None,
            maybe_arrived: true,
            posted: false,
            asked: false,
        }
    }

    pub(super) fn is_pending(&self) -> bool {
        self.state == BatchState::Pending
    }

    /// Members without a receipt.
    pub(super) fn open(&self) -> u64 {
        self.members.iter().filter(|member| member.open).count() as u64
    }
}

/// What became of a batch.
#[derive(Debug)]
pub(super) enum Driven {
    /// Closed, awaited, or left for the next run: the tally has it.
    Through,
    /// Refused whole: it had no effect, and this run holds its members.
    Refused(BatchId, Problem),
}

/// Why a request is to be repeated.
enum Trouble {
    Busy,
    Lost,
    /// With the reason, for people.
    Unreachable(String),
}

/// What follows from an answer.
enum Next {
    Closed,
    Pending,
    Do(AttemptKind),
    Retry(AttemptKind, Trouble, Option<Duration>),
    /// Its key means nothing any more: its records are looked for before they go into a new batch.
    Reconcile,
    Refused(Problem),
    Denied(Problem, Option<i64>),
}

/// An answer as it is stored, and what follows from it. Without a change nothing is stored.
struct Reaction {
    attempt: Attempt,
    change: Option<BatchChange>,
    next: Next,
}

impl Run {
    /// Works on one batch until nothing more can be done about it now.
    pub(super) async fn drive(&self, mut batch: Tracked, mut step: AttemptKind) -> Result<Driven, SyncError> {
        let mut failures = 0;
        loop {
            if step == AttemptKind::Post && self.window_over(Duration::ZERO) {
                self.stop(Stop::window_closed());
            }
            if self.stopped() {
                return self.leave(batch).await;
            }
            let reaction = match step {
                AttemptKind::Post => self.post(&mut batch).await?,
                AttemptKind::Ask => self.ask(&mut batch).await,
            };
            if let Some(change) = reaction.change
                && self.advance(&mut batch, Some(reaction.attempt), change).await? == Fence::Lost
            {
                tracing::warn!(batch_no = %batch.batch_no, "another run has taken the batch over");
                return Ok(Driven::Through);
            }
            match reaction.next {
                Next::Closed => return Ok(Driven::Through),
                Next::Pending => return self.leave(batch).await,
                Next::Reconcile => return self.reconcile(batch).await,
                Next::Refused(problem) => return Ok(Driven::Refused(batch.id, problem)),
                Next::Denied(problem, skew) => {
                    tracing::error!(status = problem.status, code = %problem.code, ?skew, "the platform refuses us");
                    self.stop(Stop::denied(&problem, skew));
                    return self.leave(batch).await;
                }
                Next::Do(next) => step = next,
                Next::Retry(next, trouble, asked) => {
                    failures += 1;
                    if !self.pause(failures, trouble, asked).await {
                        return self.leave(batch).await;
                    }
                    step = next;
                }
            }
        }
    }

    async fn post(&self, batch: &mut Tracked) -> Result<Reaction, SyncError> {
        let body = self.body(batch).await?;
        if !batch.posted {
            batch.posted = true;
            self.tally().batches += 1;
        }
        let Exchange { attempt, answer } = self.platform.post_batch(&batch.batch_no, &batch.key, &body).await;
        faults::point(faults::AFTER_SENT);
        let (change, next) = match answer {
            Answer::Sound(taken) => {
                self.sound(true);
                (
                    BatchChange::Taken {
                        platform_batch_id: taken.batch_id,
                    },
                    Next::Pending,
                )
            }
            Answer::Busy(asked) => (
                BatchChange::Nothing,
                Next::Retry(AttemptKind::Post, Trouble::Busy, asked),
            ),
            Answer::Unreachable(reason) => (
                BatchChange::Nothing,
                Next::Retry(AttemptKind::Post, Trouble::Unreachable(reason), None),
            ),
            Answer::Lost(asked) => {
                batch.maybe_arrived = true;
                (
                    BatchChange::Nothing,
                    Next::Retry(AttemptKind::Ask, Trouble::Lost, asked),
                )
            }
            Answer::Refused(problem) => {
                self.sound(false);
                // only of its own records does this run know what is needed to put them into other batches
                (
                    BatchChange::Returned {
                        keep: batch.body.is_some(),
                    },
                    Next::Refused(problem),
                )
            }
            Answer::NotFound(problem) => (BatchChange::Nothing, Next::Denied(problem, None)),
            Answer::Denied(problem, skew) => (BatchChange::Nothing, Next::Denied(problem, skew)),
        };
        Ok(Reaction {
            attempt,
            change: Some(change),
            next,
        })
    }

    async fn ask(&self, batch: &mut Tracked) -> Reaction {
        let Exchange { attempt, answer } = self.platform.ask_batch(&batch.batch_no).await;
        let (change, next) = match answer {
            Answer::Sound(status) => {
                self.sound(false);
                self.read_status(batch, status)
            }
            Answer::NotFound(_) if self.key_is_over(batch) => (Some(BatchChange::Nothing), Next::Reconcile),
            Answer::NotFound(_) => {
                batch.maybe_arrived = false;
                (Some(BatchChange::Nothing), Next::Do(AttemptKind::Post))
            }
            Answer::Busy(asked) => (
                Some(BatchChange::Nothing),
                Next::Retry(AttemptKind::Ask, Trouble::Busy, asked),
            ),
            Answer::Lost(asked) => (
                Some(BatchChange::Nothing),
                Next::Retry(AttemptKind::Ask, Trouble::Lost, asked),
            ),
            Answer::Unreachable(reason) => (
                Some(BatchChange::Nothing),
                Next::Retry(AttemptKind::Ask, Trouble::Unreachable(reason), None),
            ),
            Answer::Refused(problem) => (Some(BatchChange::Nothing), Next::Denied(problem, None)),
            Answer::Denied(problem, skew) => (Some(BatchChange::Nothing), Next::Denied(problem, skew)),
        };
        Reaction { attempt, change, next }
    }

    fn read_status(&self, batch: &Tracked, status: BatchStatus) -> (Option<BatchChange>, Next) {
        let done = status.status == Progress::Done;
        let judged = judge(&self.platform.profile, &batch.members, &status.receipts, done);
        let nothing_new = batch.is_pending() && !done && judged.receipts.is_empty();
        if !judged.receipts.is_empty() {
            faults::point(faults::AFTER_RECEIPT);
        }
        let change = BatchChange::Receipts {
            platform_batch_id: status.batch_id,
            receipts: judged.receipts,
            strays: judged.strays,
            done,
        };
        (
            (!nothing_new).then_some(change),
            if done { Next::Closed } else { Next::Pending },
        )
    }

    /// The platform does not know the batch's number, and a repeat under its key could be a second batch: what the
    /// platform holds of its records all the same is settled, the rest goes into new batches.
    async fn reconcile(&self, mut batch: Tracked) -> Result<Driven, SyncError> {
        let held = match self.held_of(&batch).await {
            Ok(held) => held,
            Err(stop) => {
                self.stop(stop);
                return self.leave(batch).await;
            }
        };
        let mut changes = vec![BatchChange::Returned { keep: false }];
        if !held.is_empty() {
            let change = BatchChange::Receipts {
                platform_batch_id: String::new(),
                receipts: held,
                strays: Vec::new(),
                done: false,
            };
            changes.insert(0, change);
        }
        for change in changes {
            if self.advance(&mut batch, None, change).await? == Fence::Lost {
                break;
            }
        }
        Ok(Driven::Through)
    }

    /// The open members that the platform lists in the revision that was sent: it holds them already.
    async fn held_of(&self, batch: &Tracked) -> Result<Vec<Receipt>, Stop> {
        let open: HashMap<_, _> = batch
            .members
            .iter()
            .filter(|member| member.open)
            .map(|member| ((&*member.source_id, member.revision), member.delivery_id))
            .collect();
        let mut held: HashMap<DeliveryId, Receipt> = HashMap::new();
        // the clocks may differ by as much as signatures bear, and more
        let since = batch.recorded_at - millis(Duration::from_hours(1));
        let mut listing = Listings::new(&self.platform, Some(since));
        while let Some(records) = listing.next(&self.options.patience, self.options.window_end).await? {
            for record in records {
                if let Some(&delivery_id) = open.get(&(&*record.source_id, record.revision)) {
                    let receipt = Receipt {
                        delivery_id,
                        verdict: Verdict::Unchanged,
                        platform_no: record.platform_no,
                        errors: Vec::new(),
                    };
                    held.insert(delivery_id, receipt);
                }
            }
        }
        Ok(held.into_values().collect())
    }

    /// Stores a change and, where it was ours to make, follows it in the batch and the tally.
    async fn advance(
        &self,
        batch: &mut Tracked,
        attempt: Option<Attempt>,
        change: BatchChange,
    ) -> Result<Fence, SyncError> {
        let (run, id, now) = (self.id, batch.id, self.platform.clock.now());
        let (change, fence) = self
            .store(move |store| {
                let fence = store.advance(run, id, attempt.as_ref(), &change, now)?;
                Ok((change, fence))
            })
            .await?;
        if fence == Fence::Lost {
            return Ok(fence);
        }
        match change {
            BatchChange::Nothing => {}
            BatchChange::Returned { .. } => batch.state = BatchState::Returned,
            BatchChange::Taken { .. } => {
                faults::point(faults::AFTER_TAKEN);
                batch.state = BatchState::Pending;
            }
            BatchChange::Receipts {
                receipts, strays, done, ..
            } => {
                batch.state = if done { BatchState::Done } else { BatchState::Pending };
                let settled: HashSet<_> = receipts.iter().map(|receipt| receipt.delivery_id).collect();
                for member in &mut batch.members {
                    member.open &= !settled.contains(&member.delivery_id);
                }
                let missing = strays.iter().filter(|stray| stray.kind == StrayKind::Missing).count() as u64;
                self.tally().settle(&receipts, missing);
            }
        }
        if batch.state != BatchState::Unknown {
            // kept by the store, should it be needed once more
            batch.body = None;
        }
        self.tell();
        Ok(fence)
    }

    /// Puts a batch that is still open where the end of the run finds it. One that surely never arrived is given back.
    async fn leave(&self, mut batch: Tracked) -> Result<Driven, SyncError> {
        if batch.is_pending() {
            self.tally().pending.push(batch);
            self.taken.notify_one();
        } else if batch.maybe_arrived {
            self.tally().counts.unknown += batch.open();
        } else {
            self.advance(&mut batch, None, BatchChange::Returned { keep: false })
                .await?;
        }
        Ok(Driven::Through)
    }

    async fn body(&self, batch: &Tracked) -> Result<Arc<Vec<u8>>, SyncError> {
        if let Some(body) = &batch.body {
            return Ok(body.clone());
        }
        let id = batch.id;
        self.store(move |store| store.body(id)).await.map(Arc::new)
    }

    fn key_is_over(&self, batch: &Tracked) -> bool {
        let life = Duration::from_secs(u64::from(self.platform.profile.key_life_hours) * 3_600);
        self.platform.clock.now() - batch.recorded_at >= millis(life)
    }

    /// Waits before a repeat; false where there is to be none.
    async fn pause(&self, failures: u32, trouble: Trouble, asked: Option<Duration>) -> bool {
        let Some(pause) = self.options.patience.pause(failures, asked) else {
            self.give_up(trouble);
            return false;
        };
        if self.window_over(pause) {
            self.stop(Stop::window_closed());
            return false;
        }
        self.platform.clock.sleep(pause).await;
        !self.stopped()
    }

    /// The circuit: a platform that cannot be reached, or asks for more time than there is, stops the run at once; one
    /// that does not answer as agreed, with the second batch in a row, for the first may have been at fault itself.
    fn give_up(&self, trouble: Trouble) {
        match trouble {
            Trouble::Busy => self.stop(Stop::new(
                RunState::PlatformBusy,
                "平台一直要求稍后再试（429），本次不再等待；未发送的记录留待下次",
            )),
            Trouble::Unreachable(reason) => self.stop(Stop::new(
                RunState::PlatformDown,
                format!("无法连接平台（{reason}），已停止发送；请核对平台地址和网络，未发送的记录留待下次"),
            )),
            Trouble::Lost => {
                let strikes = {
                    let mut tally = self.tally();
                    tally.strikes += 1;
                    tally.strikes
                };
                if strikes >= 2 {
                    let words = "平台连续无应答或报错，已停止发送；未发送的记录留待下次，结果未知的批次下次先行查询";
                    self.stop(Stop::new(RunState::PlatformDown, words));
                }
            }
        }
    }
}
