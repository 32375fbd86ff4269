//! The delivery of approved records: take up what earlier runs left open, claim, batch, send, halve, read receipts.
//!
//! What holds it together: a batch's key and body are stored before its first byte is sent; what was sent and not
//! answered is *unknown*, never failed; and every change is fenced by the run's id, so that a process which was thought
//! dead changes nothing.

mod batch;
mod exchange;
mod listing;
mod package;
mod photos;
mod receipts;
mod reconcile;
mod repeat;
mod run;
mod tally;

use std::sync::Arc;
use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::store::{Counts, RunId, RunState, StoreError, UtcMillis, Word as _};

pub use package::{Actor, Contents, Line, PackageReceipt, Registered, lose_package, make_package, register_receipts};
pub use photos::{PhotosOutcome, deliver_photos};
pub use reconcile::{Reconciled, reconcile};
pub use run::deliver;

/// How one run is to go about it.
#[derive(Clone)]
pub struct SyncOptions {
    /// This process: host, process id, a random part. For people.
    pub holder: String,
    /// The operator's name, or the job's.
    pub started_by: String,
    /// How long to wait for receipts once everything is sent.
    pub wait: Duration,
    /// Nothing is begun after this instant; `None`: no window.
    pub window_end: Option<UtcMillis>,
    /// Batches that are sent at a time, at least 1; and as many questions for receipts beside them.
    pub concurrency: usize,
    /// Waits and retries.
    pub patience: Patience,
    /// Told of each step.
    pub watcher: Option<Watcher>,
    /// Nothing new is sent: only what earlier runs left open is followed up.
    pub only_follow_up: bool,
}

impl SyncOptions {
    /// Two minutes for receipts, no window, four batches at a time, nobody watching.
    pub fn new(holder: impl Into<String>, started_by: impl Into<String>) -> Self {
        Self {
            holder: holder.into(),
            started_by: started_by.into(),
            wait: Duration::from_mins(2),
            window_end: None,
            concurrency: 4,
            patience: Patience::default(),
            watcher: None,
            only_follow_up: false,
        }
    }
}

/// How often and how long to wait for a platform that does not answer as it should.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Requests about one batch that may fail in a row.
    pub attempts: u32,
    /// The pause after the first failure is drawn from 0 to this (full jitter), and twice as much after each further
    /// one.
    pub base: Duration,
    /// The pause is drawn from no more than this.
    pub cap: Duration,
    /// A `Retry-After` over this ends the run instead.
    pub longest_pause: Duration,
    /// Between two questions for receipts: this at first, and up to ten times as much.
    pub poll: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            attempts: 6,
            base: Duration::from_secs(1),
            cap: Duration::from_mins(1),
            longest_pause: Duration::from_mins(15),
            poll: Duration::from_secs(1),
        }
    }
}

/// Is told of each step of a run. Must return at once.
pub type Watcher = Arc<dyn Fn(&Progress) + Send + Sync>;

/// How far a run has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// The run.
    pub run_id: RunId,
    /// What it is at.
    pub phase: Phase,
    /// Records with a final receipt.
    pub done: u64,
    /// Records that were sent, with and without receipt.
    pub sent: u64,
    /// Records to deliver, as far as known.
    pub total: u64,
}

/// What a run is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Finds out what became of the batches that earlier runs left open.
    TakingUp,
    /// Sends.
    Sending,
    /// Waits for receipts.
    AwaitingReceipts,
    /// Is over.
    Finished,
}

/// How a run ended. `selected` is always the sum of the seven after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SyncOutcome {
    /// The run.
    pub run_id: RunId,
    /// The named end state.
    #[serde(serialize_with = "as_word")]
    pub state: RunState,
    /// Records that the run took in hand, those of earlier runs among them: the sum of `counts`.
    pub selected: u64,
    /// How they ended; in JSON beside `selected`.
    #[serde(flatten)]
    pub counts: Counts,
    /// Batches that it began to post, each number once, whether or not the platform could be reached.
    pub batches: u64,
    /// Why it ended so, for the officer, in Chinese.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn as_word<S: Serializer>(state: &RunState, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(state.word())
}

/// Our own fault: the run could not go on. What it had stored stands; the next run takes it up.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A task of the run ended by a bug.
    #[error("a task of the run ended unexpectedly: {0}")]
    Task(#[from] tokio::task::JoinError),
}
