//! A run: what earlier runs left open, then what is ready, then the receipts, which free later revisions; and its balance.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::{JoinSet, spawn_blocking};

use super::batch::{Prepared, members, pack, prepare, seal};
use super::exchange::{Driven, Tracked};
use super::tally::{Stop, Tally};
use super::{Phase, Progress, SyncError, SyncOptions, SyncOutcome};
use crate::clock::millis;
use crate::faults;
use crate::platform::Platform;
use crate::store::{
    AttemptKind, Counts, DeliveryStore, Fence, Left, NewRun, RecordError, Rejection, RunEnd, RunId, RunState,
    StoreError, Unsent, Word as _,
};

/// How long a run's work is its own without a sign of life.
pub(super) const LEASE: Duration = Duration::from_mins(2);
/// How often a run gives a sign of life and stores its counts, for those who watch.
pub(super) const BEAT: Duration = Duration::from_secs(2);
/// Open batches that are taken up in one transaction.
const TAKE_UP: usize = 100;
/// So many refusals of whole batches in a row, and not one taken in between: it is not the records. (One bad record
/// among 500 makes at most ten in a row.)
const REFUSALS: u32 = 40;
/// How often a run sends and awaits receipts at most: a platform that takes batches in, forgets and then refuses them
/// would keep it busy for ever.
const ROUNDS: usize = 5;

/// Delivers what is ready, and what earlier runs left open, and waits for receipts.
///
/// # Errors
/// Only our own faults; whatever the platform does ends in a named state of the outcome.
pub async fn deliver(
    store: Arc<dyn DeliveryStore>,
    platform: &Platform,
    options: SyncOptions,
) -> Result<SyncOutcome, SyncError> {
    let now = platform.clock.now();
    let begin = NewRun {
        holder: options.holder.clone(),
        started_by: options.started_by.clone(),
        started_at: now,
        lease_until: now + millis(LEASE),
    };
    let id = blocking(&store, move |store| store.begin_run(&begin)).await?;
    let run = Arc::new(Run {
        id,
        store,
        platform: platform.clone(),
        options,
        tally: Mutex::default(),
        taken: Notify::new(),
    });
    let worked = tokio::select! {
        worked = Arc::clone(&run).work() => worked,
        () = run.keep_lease() => Ok(()),
    };
    run.finish(worked).await
}

/// A run at work, shared by its workers.
pub(super) struct Run {
    pub(super) id: RunId,
    store: Arc<dyn DeliveryStore>,
    pub(super) platform: Platform,
    pub(super) options: SyncOptions,
    tally: Mutex<Tally>,
    /// A batch was taken in, or none will be any more.
    pub(super) taken: Notify,
}

impl Run {
    async fn work(self: Arc<Self>) -> Result<(), SyncError> {
        let waiting = self.waiting().await?;
        self.tally().total = waiting;
        self.enter(Phase::TakingUp);
        self.take_up().await?;
        if self.options.only_follow_up {
            self.enter(Phase::AwaitingReceipts);
            return self.await_receipts().await;
        }
        // a receipt frees the later revisions of its project: they go out in the next round
        for round in 0..ROUNDS {
            self.tally().claimed = false;
            self.enter(Phase::Sending);
            self.send_and_read_behind().await?;
            self.judge_suspects().await?;
            if self.stopped() || (round > 0 && !self.tally().claimed) {
                break;
            }
            self.enter(Phase::AwaitingReceipts);
            self.await_receipts().await?;
        }
        Ok(())
    }

    /// What earlier runs left open is this run's now: each batch is asked about first.
    async fn take_up(self: &Arc<Self>) -> Result<(), SyncError> {
        loop {
            let (run, now) = (self.id, self.platform.clock.now());
            let open = self.store(move |store| store.take_up(run, TAKE_UP, now)).await?;
            if open.is_empty() {
                return self.ask_queue().await;
            }
            faults::point(faults::AFTER_TAKEN_UP);
            let mut tally = self.tally();
            for batch in open {
                let batch = Tracked::taken_up(batch);
                tally.total += batch.open();
                tally.queue.push_back(batch);
            }
        }
    }

    async fn ask_queue(self: &Arc<Self>) -> Result<(), SyncError> {
        self.in_parallel(|run| async move {
            loop {
                let next = run.tally().queue.pop_front();
                let Some(batch) = next else { return Ok(()) };
                // refused: its records are ready again, and are sent anew below or by the next run
                let (Driven::Through | Driven::Refused(..)) = run.drive(batch, AttemptKind::Ask).await?;
            }
        })
        .await
    }

    /// Sends what can be claimed; and meanwhile asks, once, for the receipts of batches that were sent some time ago.
    async fn send_and_read_behind(self: &Arc<Self>) -> Result<(), SyncError> {
        self.tally().sending = true;
        let sending = async {
            let sent = self.in_parallel(|run| async move { run.send_claims().await }).await;
            self.tally().sending = false;
            self.taken.notify_one();
            sent
        };
        let reading = self.in_parallel(|run| async move { run.read_behind().await });
        tokio::try_join!(sending, reading).map(drop)
    }

    /// One worker: asks for receipts as long as others send.
    async fn read_behind(&self) -> Result<(), SyncError> {
        loop {
            self.taken.notified().await;
            if !self.tally().sending {
                self.taken.notify_one(); // the other readers end, too
                return Ok(());
            }
            loop {
                let next = self.tally().next_behind(self.options.concurrency);
                let Some(batch) = next else { break };
                let (Driven::Through | Driven::Refused(..)) = self.drive(batch, AttemptKind::Ask).await?;
            }
        }
    }

    /// One worker: claims and sends until there is nothing left or the run stops.
    async fn send_claims(&self) -> Result<(), SyncError> {
        while !self.stopped() {
            let (run, now) = (self.id, self.platform.clock.now());
            let profile = Arc::clone(&self.platform.profile);
            let claimed = self
                .store(move |store| store.claim(run, &profile.stages, profile.limits.records, now))
                .await?;
            if claimed.is_empty() {
                return Ok(());
            }
            self.tally().claimed = true;
            faults::point(faults::AFTER_CLAIMED);
            let (records, unfit) = prepare(&self.platform.profile, claimed);
            self.reject(unfit).await?;
            self.send_halving(pack(&self.platform.profile, records)).await?;
        }
        Ok(())
    }

    /// Sends batches; halves one that is refused whole, until the record that it is refused for stands alone.
    async fn send_halving(&self, mut batches: Vec<Vec<Prepared>>) -> Result<(), SyncError> {
        while let Some(mut records) = batches.pop() {
            if self.stopped() {
                return Ok(()); // what is claimed and not sent is free again when the run is over
            }
            let Driven::Refused(batch_id, problem) = self.send(&records).await? else {
                continue;
            };
            faults::point(faults::AFTER_REFUSED);
            tracing::warn!(records = records.len(), problem = %problem, "the platform refused a whole batch");
            if records.len() > 1 {
                batches.push(records.split_off(records.len() / 2));
                batches.push(records);
            } else {
                let error = RecordError {
                    field: None,
                    member: String::new(),
                    code: problem.code.clone(),
                    message: problem.words.clone(),
                };
                let suspects = records.iter().map(|record| Rejection {
                    delivery_id: record.delivery_id,
                    batch_id: Some(batch_id),
                    errors: vec![error.clone()],
                });
                self.tally().suspects.extend(suspects);
            }
            if self.count_refusal() > REFUSALS {
                self.stop(Stop::whole_refusal(&problem.code, &problem.words));
            }
        }
        Ok(())
    }

    async fn send(&self, records: &[Prepared]) -> Result<Driven, SyncError> {
        let place = {
            let mut tally = self.tally();
            tally.sealed += 1;
            tally.sealed
        };
        let now = self.platform.clock.now();
        let day = self.platform.clock.day();
        let batch = seal(&self.platform.profile, self.id, &day, place, records);
        let run = self.id;
        let (batch, id) = self
            .store(move |store| {
                let id = store.record_batch(run, &batch, now)?;
                Ok((batch, id))
            })
            .await?;
        let Some(id) = id else {
            tracing::warn!(run = run.0, "another run has taken claimed records over");
            return Ok(Driven::Through);
        };
        faults::point(faults::AFTER_KEY_STORED);
        self.drive(Tracked::fresh(id, batch, members(records), now), AttemptKind::Post)
            .await
    }

    /// A record that was refused alone is to blame if the platform took another batch of this run, or if there is no
    /// other to compare it with. Else the fault is ours or the platform's, and no department hears of it.
    async fn judge_suspects(&self) -> Result<(), SyncError> {
        let (suspects, taken) = {
            let mut tally = self.tally();
            (std::mem::take(&mut tally.suspects), tally.taken)
        };
        if taken || suspects.len() == 1 {
            return self.reject(suspects).await;
        }
        if let Some(error) = suspects.first().and_then(|suspect| suspect.errors.first()) {
            self.stop(Stop::whole_refusal(&error.code, &error.message));
        }
        Ok(())
    }

    async fn reject(&self, rejections: Vec<Rejection>) -> Result<(), SyncError> {
        if rejections.is_empty() {
            return Ok(());
        }
        let (run, now, count) = (self.id, self.platform.clock.now(), rejections.len() as u64);
        self.store(move |store| store.reject(run, &rejections, now)).await?;
        self.tally().counts.rejected += count;
        self.tell();
        Ok(())
    }

    async fn await_receipts(self: &Arc<Self>) -> Result<(), SyncError> {
        let clock = &self.platform.clock;
        let wait_end = clock.now().saturating_add(millis(self.options.wait));
        let end = self
            .options
            .window_end
            .map_or(wait_end, |window_end| window_end.min(wait_end));
        let longest = self.options.patience.poll.saturating_mul(10);
        let mut pause = self.options.patience.poll;
        loop {
            let awaited = {
                let mut tally = self.tally();
                let pending = std::mem::take(&mut tally.pending);
                tally.queue.extend(pending);
                !tally.queue.is_empty()
            };
            if !awaited {
                return Ok(());
            }
            self.ask_queue().await?;
            let left = u64::try_from(end - clock.now()).unwrap_or(0);
            if left == 0 || self.stopped() || self.tally().pending.is_empty() {
                return Ok(());
            }
            clock.sleep(pause.min(Duration::from_millis(left))).await;
            pause = pause.saturating_mul(2).min(longest);
        }
    }

    /// Ends the run and draws its balance.
    async fn finish(&self, worked: Result<(), SyncError>) -> Result<SyncOutcome, SyncError> {
        let stopped = if worked.is_err() {
            Some(Stop::new(
                RunState::Failed,
                "系统内部错误，详见日志；已存的进度有效，下次继续",
            ))
        } else {
            self.tally().stop.clone()
        };
        let (counts, batches, missing) = {
            let tally = self.tally();
            (tally.counts(), tally.batches, tally.missing)
        };
        let ended = move |left: &Left| {
            let counts = counts.leaving(left);
            let state = end_state(stopped.as_ref().map(|stop| stop.state), &counts);
            let detail = match state {
                RunState::Pending | RunState::Partial => Some(left_open(&counts, left.missing)),
                _ => stopped.as_ref().map(|stop| stop.detail.clone()),
            };
            RunEnd {
                state,
                counts,
                batches,
                detail,
            }
        };
        let (run, now, profile) = (self.id, self.platform.clock.now(), Arc::clone(&self.platform.profile));
        let only_follow_up = self.options.only_follow_up;
        faults::point(faults::BEFORE_FINISH);
        let finished = self
            .store(move |store| {
                let unsent = if only_follow_up {
                    Unsent::None
                } else {
                    Unsent::Waiting(&profile.stages)
                };
                let end = store.finish_run(run, unsent, &ended, now)?;
                // Another run has what was left: told is what this one knew of it.
                Ok(end.unwrap_or_else(|| {
                    let left = Left {
                        pending: counts.pending,
                        unknown: counts.unknown,
                        missing,
                        not_sent: 0,
                    };
                    RunEnd {
                        state: RunState::Abandoned,
                        ..ended(&left)
                    }
                }))
            })
            .await;
        worked?;
        let RunEnd {
            state,
            counts,
            batches,
            detail,
        } = finished?;
        self.enter(Phase::Finished);
        tracing::info!(
            "delivery {} {}: {} selected = {} accepted + {} rejected + {} unchanged + {} stale + {} pending + {} unknown \
             + {} not sent, in {batches} batches",
            run.0,
            state.word(),
            counts.selected(),
            counts.accepted,
            counts.rejected,
            counts.unchanged,
            counts.stale,
            counts.pending,
            counts.unknown,
            counts.not_sent,
        );
        Ok(SyncOutcome {
            run_id: run,
            state,
            selected: counts.selected(),
            counts,
            batches,
            detail,
        })
    }

    /// Extends the lease as long as the run lasts; ends only when the lease is lost.
    async fn keep_lease(&self) {
        loop {
            tokio::time::sleep(BEAT).await;
            let (run, counts, until) = (self.id, self.counts_so_far(), self.platform.clock.now() + millis(LEASE));
            match self.store(move |store| store.renew_run(run, &counts, until)).await {
                Ok(Fence::Held) => {}
                Ok(Fence::Lost) => {
                    self.stop(Stop::new(RunState::Abandoned, "本次上传已由另一进程接手"));
                    return;
                }
                // what follows is fenced; the next try may do
                Err(error) => tracing::error!(run = run.0, %error, "the run's lease could not be extended"),
            }
        }
    }

    /// The counts so far; what is not sent yet stands under `not_sent`.
    fn counts_so_far(&self) -> Counts {
        let tally = self.tally();
        let counts = tally.counts();
        Counts {
            not_sent: tally.total.saturating_sub(counts.selected()),
            ..counts
        }
    }

    /// Runs so many copies of a worker as there may be requests at a time. The first error ends the others.
    async fn in_parallel<W, F>(self: &Arc<Self>, worker: W) -> Result<(), SyncError>
    where
        W: Fn(Arc<Self>) -> F,
        F: Future<Output = Result<(), SyncError>> + Send + 'static,
    {
        let mut tasks = JoinSet::new();
        for _ in 0..self.options.concurrency.max(1) {
            tasks.spawn(worker(Arc::clone(self)));
        }
        while let Some(ended) = tasks.join_next().await {
            ended??;
        }
        Ok(())
    }

    async fn waiting(&self) -> Result<u64, SyncError> {
        if self.options.only_follow_up {
            return Ok(0);
        }
        let (run, now, profile) = (self.id, self.platform.clock.now(), Arc::clone(&self.platform.profile));
        self.store(move |store| store.waiting(run, &profile.stages, now)).await
    }

    pub(super) async fn store<T: Send + 'static>(
        &self,
        call: impl FnOnce(&dyn DeliveryStore) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, SyncError> {
        blocking(&self.store, call).await
    }

    pub(super) fn tally(&self) -> MutexGuard<'_, Tally> {
        // numbers and lists that each holder leaves whole
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first reason stands.
    pub(super) fn stop(&self, stop: Stop) {
        let mut tally = self.tally();
        if tally.stop.is_none() {
            tracing::warn!(run = self.id.0, state = stop.state.word(), "delivery stops");
            tally.stop = Some(stop);
        }
    }

    pub(super) fn stopped(&self) -> bool {
        self.tally().stop.is_some()
    }

    /// Whether the window will be over after a pause.
    pub(super) fn window_over(&self, pause: Duration) -> bool {
        self.options
            .window_end
            .is_some_and(|end| self.platform.clock.now().saturating_add(millis(pause)) >= end)
    }

    /// The platform answered as agreed; `taken`: it took a batch in.
    pub(super) fn sound(&self, taken: bool) {
        let mut tally = self.tally();
        tally.strikes = 0;
        if taken {
            tally.taken = true;
            tally.refusals = 0;
        }
    }

    fn count_refusal(&self) -> u32 {
        let mut tally = self.tally();
        tally.refusals += 1;
        tally.refusals
    }

    fn enter(&self, phase: Phase) {
        self.tally().phase = Some(phase);
        self.tell();
    }

    /// Tells the watcher how far the run has come.
    pub(super) fn tell(&self) {
        let Some(watcher) = &self.options.watcher else { return };
        let progress = {
            let tally = self.tally();
            let Some(phase) = tally.phase else { return };
            let counts = tally.counts();
            let sent = counts.settled() + counts.pending + counts.unknown;
            Progress {
                run_id: self.id,
                phase,
                done: counts.settled(),
                sent,
                total: tally.total.max(sent),
            }
        };
        watcher(&progress);
    }
}

/// Calls a store from a blocking thread.
pub(super) async fn blocking<S: ?Sized + Send + Sync + 'static, T: Send + 'static>(
    store: &Arc<S>,
    call: impl FnOnce(&S) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, SyncError> {
    let store = Arc::clone(store);
    Ok(spawn_blocking(move || call(&*store)).await??)
}

/// The window's end is no matter once everything is sent: then only receipts are awaited.
pub(super) fn end_state(stopped: Option<RunState>, counts: &Counts) -> RunState {
    match stopped {
        Some(RunState::WindowClosed) if counts.not_sent == 0 => {}
        Some(state) => return state,
        None => {}
    }
    if counts.unknown > 0 {
        RunState::Partial
    } else if counts.pending > 0 {
        RunState::Pending
    } else if counts.not_sent > 0 {
        RunState::Partial
    } else {
        RunState::Done
    }
}

/// What a run that nothing stopped leaves to the next. `missing`: those among the unknown whose batch is closed.
fn left_open(counts: &Counts, missing: u64) -> String {
    let open = [
        (counts.pending, "已送达，平台尚未给出回执，下次继续查询"),
        (counts.unknown - missing, "已发出，结果不明，下次先向平台查询"),
        (
            missing,
            "平台已办结却没有给出回执，下次重新发送（同一版本平台不会重复登记）",
        ),
        (
            counts.not_sent,
            "未发送（同一工程的前一版尚无结果，或刚审核通过），留待下次",
        ),
    ];
    let said = open.iter().filter(|(count, _)| *count > 0);
    said.map(|(count, words)| format!("{count} 条{words}"))
        .collect::<Vec<_>>()
        .join("；")
}
