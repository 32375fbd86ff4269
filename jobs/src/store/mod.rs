//! What the delivery and the schedule ask of the registry's database: two small traits over plain data.
//!
//! Every method is one short transaction, is called from a blocking thread, and holds no lock when it returns: no lock
//! is ever held while the network is used. Times are UTC milliseconds and are passed in. The conventions that all
//! methods share:
//!
//! - **A run's id is its fencing token.** Ids grow, and no id is given twice. Deliveries and batches carry the id of
//!   the run that works on them (`run_id`); the lease stands once, in the run's own row (`lease_until`). A run is
//!   *over* when it is finished or its lease has lapsed (`lease_until < now`). Another run may take its work by writing
//!   its own id over the old one; each change by the old run then finds no row (`WHERE run_id = me AND state = …`) and
//!   answers [`Fence::Lost`], having changed nothing.
//! - **One open delivery per project.** While a delivery of a project is `pending`, `unknown` in a batch, or `claimed`
//!   by a run that is not over, no other of that project is claimed; and of several that wait, only the highest
//!   revision is. So a lower revision never follows a higher one.
//! - **Attempts and receipts are appended**, never changed or removed.
//!
//! A delivery moves like this (a guard in SQL allows nothing else):
//!
//! ```text
//! ready ──claim──▶ claimed ──record_batch──▶ unknown ──Taken──▶ pending
//!   │  ▲            │ ▲ │                     │    │               │
//!   │  └─run is over┘ │ └─reject─▶ rejected   │    └───Receipts────┴─▶ accepted, rejected, unchanged, stale
//!   │  ▲              └───────────────────────┤                    └─▶ unknown, in no batch (done without its receipt):
//!   │  └──────────────────────Returned────────┴─(from pending too)                may be claimed again, or superseded
//!   └──a later revision is approved, or claimed──▶ superseded
//! ```

mod jobs;
mod packages;
mod photos;
mod reconcile;
mod words;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use jobs::{JobEnd, JobLease, JobStore, LastJobRun, NewJobRun};
pub use packages::PackageStore;
pub use photos::{Photo, PhotoFate, PhotoKind, PhotoStore};
pub use reconcile::{DifferenceKind, Held, HeldState, ReconcileStore, Reconciliation};
pub use words::{AttemptKind, BatchState, DeliveryState, JobState, LeftState, Op, RunState, StrayKind, Verdict, Word};

/// An instant: milliseconds since 1970-01-01T00:00:00Z.
pub type UtcMillis = i64;

/// The id of a delivery run (`sync_runs`), and its fencing token: ids only grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct RunId(pub i64);

/// The id of a batch (`batches`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct BatchId(pub i64);

/// The id of a delivery (`deliveries`): one per project and approved revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct DeliveryId(pub i64);

/// How the records of a run ended. What was selected is always the sum: [`Counts::selected`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Accepted by a receipt.
    pub accepted: u64,
    /// Rejected by a receipt, by a refusal of the record alone, or because it cannot be put into the platform's form.
    pub rejected: u64,
    /// The platform held the same already.
    pub unchanged: u64,
    /// The platform held a higher revision already.
    pub stale: u64,
    /// Taken in; the receipt is awaited.
    pub pending: u64,
    /// May have been sent; the answer is not known.
    pub unknown: u64,
    /// Ready to be sent when the run ended, and not sent: also what waits behind an earlier revision that is on its way.
    pub not_sent: u64,
}

impl Counts {
    /// How many records the run selected: new ones, and those taken up from earlier runs.
    pub fn selected(&self) -> u64 {
        self.settled() + self.pending + self.unknown + self.not_sent
    }

    /// How many have their final receipt.
    pub fn settled(&self) -> u64 {
        self.accepted + self.rejected + self.unchanged + self.stale
    }

    /// The settled ones, with what is left.
    #[must_use]
    pub fn leaving(self, left: &Left) -> Self {
        Self {
            pending: left.pending,
            unknown: left.unknown,
            not_sent: left.not_sent,
            ..self
        }
    }
}

/// A run about to begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRun {
    /// The process: host, process id and a random part. For people; the fence is the run's id.
    pub holder: String,
    /// The operator's name, or the name of the job.
    pub started_by: String,
    /// The beginning.
    pub started_at: UtcMillis,
    /// The lease; [`DeliveryStore::renew_run`] extends it.
    pub lease_until: UtcMillis,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunEnd {
    /// Never [`RunState::Running`] nor [`RunState::Abandoned`].
    pub state: RunState,
    /// How the records ended.
    pub counts: Counts,
    /// Batches that it began to post, each number once.
    pub batches: u64,
    /// Why, for the officer, in Chinese; `None` where the state says it all.
    pub detail: Option<String>,
}

/// What a run leaves to those after it, as the store finds it when the run ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Left {
    /// Taken in; the receipt is awaited.
    pub pending: u64,
    /// May have been sent; the answer is not known.
    pub unknown: u64,
    /// Those of the unknown whose batch the platform closed without their receipt.
    pub missing: u64,
    /// Not sent.
    pub not_sent: u64,
}

/// Which deliveries a run leaves as not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsent<'a> {
    /// None: it was to send nothing new.
    None,
    /// What [`DeliveryStore::waiting`] with these stages counts.
    Waiting(&'a [String]),
    /// What it has given back.
    Returned,
}

/// Whether a change was still this run's to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fence {
    /// It was, and is stored.
    Held,
    /// Another run has taken the work over: nothing was changed (but attempts, which are facts, are kept).
    Lost,
}

/// A value of a record, canonical: codes, divisions and text as they are, decimals as strings, dates `YYYY-MM-DD`,
/// `YYYY-MM` or `YYYY`, yes and no as `"1"` and `"0"`. Reads and writes as the JSON of a stored revision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Plain {
    /// One value.
    One(String),
    /// Several codes.
    Many(Vec<String>),
}

/// A delivery that a run holds and may send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// The delivery.
    pub delivery_id: DeliveryId,
    /// The registry code, `LC-YYYY-NNNNNN`.
    pub source_id: String,
    /// The revision, growing per project. A withdrawal has a revision of its own.
    pub revision: i64,
    /// What is to be done.
    pub op: Op,
    /// Field id to value; blanks are absent; empty for a withdrawal. `county` is the six-digit code for upload: the
    /// registry has put the county in the place of a city-run zone.
    pub values: BTreeMap<String, Plain>,
}

/// A batch as it will be sent, to be stored before its first byte is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewBatch {
    /// Our number, at most 64 visible ASCII characters, unique for ever.
    pub batch_no: String,
    /// The idempotency key (a UUID), unique for ever.
    pub idempotency_key: String,
    /// SHA-256 of `body`, lower-case hex.
    pub body_sha256: String,
    /// The JSON before compression: what a repeat under the same key must equal. Kept until the batch is closed; the
    /// store may drop it then (the hash stays).
    pub body: Vec<u8>,
    /// The deliveries in it.
    pub members: Vec<NewMember>,
}

/// One record of a [`NewBatch`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMember {
    /// The delivery.
    pub delivery_id: DeliveryId,
    /// SHA-256 of the canonical JSON of its data, lower-case hex, kept with the delivery for reconciliation; `None` for
    /// a withdrawal.
    pub digest: Option<String>,
}

/// A batch that is not closed, with what is needed to ask about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenBatch {
    /// The batch.
    pub batch_id: BatchId,
    /// Our number.
    pub batch_no: String,
    /// The idempotency key.
    pub idempotency_key: String,
    /// [`BatchState::Unknown`] or [`BatchState::Pending`].
    pub state: BatchState,
    /// When the key and the body were stored: the key's life at the platform can have begun no earlier.
    pub recorded_at: UtcMillis,
    /// All its members, settled ones too: a receipt is foreign only if it is of none of them.
    pub members: Vec<OpenMember>,
}

/// A record of an [`OpenBatch`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenMember {
    /// The delivery.
    pub delivery_id: DeliveryId,
    /// The registry code.
    pub source_id: String,
    /// The revision that was sent.
    pub revision: i64,
    /// It still has no believed receipt.
    pub open: bool,
}

/// One request about a batch, as it went. Appended, never changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// What was asked.
    pub kind: AttemptKind,
    /// The nonce of its signature: names the request in both sides' logs.
    pub request_id: String,
    /// When it began.
    pub started_at: UtcMillis,
    /// How long it took, in milliseconds.
    pub duration_ms: i64,
    /// The HTTP status; `None` where no answer came.
    pub status: Option<u16>,
    /// The platform's problem code, or our own word: `unreachable`, `no-answer`, `malformed`.
    pub problem: Option<String>,
    /// `Retry-After`, in seconds.
    pub retry_after_s: Option<i64>,
}

/// One reason of a rejection, in the platform's words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordError {
    /// Our field id, where the profile maps the platform's member to one.
    pub field: Option<String>,
    /// The platform's name of the member; empty where it named none.
    pub member: String,
    /// The platform's code.
    pub code: String,
    /// The platform's words.
    pub message: String,
}

/// A believed receipt: of a record that is in the batch, with the revision that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The delivery.
    pub delivery_id: DeliveryId,
    /// The verdict. The delivery takes the state of the same name.
    pub verdict: Verdict,
    /// The platform's number of the record.
    pub platform_no: Option<String>,
    /// Why it was rejected.
    pub errors: Vec<RecordError>,
}

/// A receipt that is kept as evidence and never believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StrayReceipt {
    /// What is wrong with it.
    pub kind: StrayKind,
    /// The member of the batch that it is about, where that can be told.
    pub delivery_id: Option<DeliveryId>,
    /// As it came, cut to 2,000 characters; empty for a missing one.
    pub raw: String,
}

/// What an answer changes about a batch. The batch must be open and this run's, else [`Fence::Lost`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BatchChange {
    /// Nothing: only the attempt is recorded.
    Nothing,
    /// The platform took it in. Batch and open members: `unknown` to `pending`. A batch that is `pending` stays so.
    Taken {
        /// The platform's id of the batch, for people.
        platform_batch_id: String,
    },
    /// Receipts came. The named deliveries move from `unknown` or `pending` to their verdict (and the registry moves
    /// its review states along, in the same transaction). Other open members: `pending`; where `done`, `unknown` and in
    /// no batch.
    Receipts {
        /// The platform's id of the batch, for people.
        platform_batch_id: String,
        /// The believed receipts. Each is of an open member, each member at most once.
        receipts: Vec<Receipt>,
        /// What else came, or did not: kept beside the batch. Empty until `done`.
        strays: Vec<StrayReceipt>,
        /// The platform said `done`: the batch is closed.
        done: bool,
    },
    /// It had no effect and will have none. Batch to `returned`.
    Returned {
        /// Open members become `claimed` by this run, which puts them into other batches; else `ready`.
        keep: bool,
    },
}

/// A record that is rejected alone: the platform refused the batch that held nothing else, or it cannot be put into the
/// platform's form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// The delivery, `claimed` by this run.
    pub delivery_id: DeliveryId,
    /// The batch that was refused, `returned`; `None` where nothing was sent.
    pub batch_id: Option<BatchId>,
    /// Why.
    pub errors: Vec<RecordError>,
}

/// The store failed. Never a matter of the platform or of an officer.
#[derive(Debug, thiserror::Error)]
#[error("the registry's store failed: {0}")]
pub struct StoreError(#[source] Box<dyn std::error::Error + Send + Sync>);

impl StoreError {
    /// Wraps the error of the database.
    pub fn new(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(cause.into())
    }
}

/// The outbox, its batches and its runs. See the module's head for what all methods share.
pub trait DeliveryStore: Send + Sync + 'static {
    /// Adds a run in the state `running` and gives its id.
    fn begin_run(&self, run: &NewRun) -> Result<RunId, StoreError>;

    /// Extends the lease of a running run and stores its counts so far, for those who watch. [`Fence::Lost`] where the
    /// run was declared abandoned: it stops then.
    fn renew_run(&self, run: RunId, counts: &Counts, lease_until: UtcMillis) -> Result<Fence, StoreError>;

    /// Ends a running run and frees its claims (`claimed` to `ready`). Its open batches stay open, for the next run to
    /// take up. What it leaves is kept by record, and `end` says from it how the run ended: so the run's balance is that
    /// of the records. `None`, and nothing was changed: another run has taken over.
    fn finish_run(
        &self,
        run: RunId,
        unsent: Unsent<'_>,
        end: &dyn Fn(&Left) -> RunEnd,
        now: UtcMillis,
    ) -> Result<Option<RunEnd>, StoreError>;

    /// Takes up to `limit` open batches of runs that are over, oldest first, and makes them this run's. Running runs
    /// whose lease has lapsed become `abandoned`. Called until it gives nothing.
    fn take_up(&self, run: RunId, limit: usize, now: UtcMillis) -> Result<Vec<OpenBatch>, StoreError>;

    /// The stored body of an open batch, for a repeat under its key.
    fn body(&self, batch: BatchId) -> Result<Vec<u8>, StoreError>;

    /// How many deliveries wait: what `claim` with these `stages` could still give, now or once the earlier revision of
    /// its project that is on its way has its receipt, and what this run holds claimed. Of a project only the highest
    /// revision counts.
    fn waiting(&self, run: RunId, stages: &[String], now: UtcMillis) -> Result<u64, StoreError>;

    /// Claims up to `limit` deliveries, oldest first: `ready` ones, `claimed` ones of runs that are over, and `unknown`
    /// ones in no batch that another run left so; per project only the one with the highest revision (the lower ones
    /// among them become `superseded`), and none of a project that has another delivery open. Where `stages` is not
    /// empty, upserts are limited to projects in one of these stages (codes); withdrawals are never held back.
    fn claim(&self, run: RunId, stages: &[String], limit: usize, now: UtcMillis) -> Result<Vec<Outgoing>, StoreError>;

    /// Stores a batch before its first byte is sent: batch `unknown`, members `claimed` to `unknown`. `None` where a
    /// member is no longer claimed by this run: then nothing was stored.
    fn record_batch(&self, run: RunId, batch: &NewBatch, now: UtcMillis) -> Result<Option<BatchId>, StoreError>;

    /// Records a request about a batch, if there was one, and the change that follows from it, in one transaction.
    fn advance(
        &self,
        run: RunId,
        batch: BatchId,
        attempt: Option<&Attempt>,
        change: &BatchChange,
        now: UtcMillis,
    ) -> Result<Fence, StoreError>;

    /// Rejects records that stand alone: `claimed` by this run to `rejected`, with a receipt of ours that carries the
    /// errors (and the review states along with it). Rows that are no longer claimed by this run are left as they are.
    fn reject(&self, run: RunId, rejections: &[Rejection], now: UtcMillis) -> Result<(), StoreError>;
}
