//! The closed sets of states and kinds, each with its word in the database.

/// A closed set of states that the database keeps as one lower-case word each.
pub trait Word: Copy + Sized + 'static {
    /// Every state there is, for constraints and for reading back.
    const ALL: &'static [Self];

    /// The word in the database and in JSON.
    fn word(self) -> &'static str;

    /// Reads a word back; `None` where it names no state.
    fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|state| state.word() == word)
    }
}

/// What the platform is to do with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// Take the record in, or replace it by this higher revision.
    Upsert,
    /// Remove a project that had been entered in error. Carries no values.
    Withdraw,
}

impl Word for Op {
    const ALL: &'static [Self] = &[Self::Upsert, Self::Withdraw];

    fn word(self) -> &'static str {
        match self {
            Self::Upsert => "upsert",
            Self::Withdraw => "withdraw",
        }
    }
}

/// The state of a delivery; the module's head draws how it moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryState {
    /// Waits to be sent. The registry creates it so, in the transaction of the approval.
    Ready,
    /// Held by a run that has sent nothing of it. Free again (as good as `ready`) when that run is over.
    Claimed,
    /// It may have been sent, and nobody knows what became of it. In an open batch: that batch is asked about first. In
    /// no batch: the batch ended without a receipt for it, and it may be claimed again, because the platform answers
    /// the repeat of a revision that it holds with `unchanged`.
    Unknown,
    /// The platform took its batch in; its receipt is awaited.
    Pending,
    /// The platform holds this revision.
    Accepted,
    /// The platform refused this revision; it goes back to its department.
    Rejected,
    /// The platform held the same revision with the same content already.
    Unchanged,
    /// The platform held a higher revision already.
    Stale,
    /// A later revision of the project overtook it before it was sent.
    Superseded,
}

impl Word for DeliveryState {
    const ALL: &'static [Self] = &[
        Self::Ready,
        Self::Claimed,
        Self::Unknown,
        Self::Pending,
        Self::Accepted,
        Self::Rejected,
        Self::Unchanged,
        Self::Stale,
        Self::Superseded,
    ];

    fn word(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Claimed => "claimed",
            Self::Unknown => "unknown",
            Self::Pending => "pending",
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Unchanged => "unchanged",
            Self::Stale => "stale",
            Self::Superseded => "superseded",
        }
    }
}

/// How a run left a delivery to those after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeftState {
    /// Its receipt was awaited.
    Pending,
    /// What became of it was not known.
    Unknown,
    /// It was not sent.
    NotSent,
}

impl Word for LeftState {
    const ALL: &'static [Self] = &[Self::Pending, Self::Unknown, Self::NotSent];

    fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Unknown => "unknown",
            Self::NotSent => "not-sent",
        }
    }
}

/// The state of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchState {
    /// Its key and body are stored; whether the platform has it is not known (yet). Open.
    Unknown,
    /// The platform has it and works on it. Open.
    Pending,
    /// The platform said `done`. Closed.
    Done,
    /// The platform refused it whole, or it surely never arrived: it had no effect, and its members were given back.
    /// Closed.
    Returned,
}

impl Word for BatchState {
    const ALL: &'static [Self] = &[Self::Unknown, Self::Pending, Self::Done, Self::Returned];

    fn word(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Pending => "pending",
            Self::Done => "done",
            Self::Returned => "returned",
        }
    }
}

/// The state of a delivery run, and how it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunState {
    /// At work.
    Running,
    /// Every selected record has its final receipt (or nothing was selected).
    Done,
    /// Some receipts are still awaited; what was not sent waits behind them.
    Pending,
    /// Of some records it is not known what became of them, or they were not sent; the next run goes on with them.
    Partial,
    /// The platform could not be reached, or answered with nothing but failures.
    PlatformDown,
    /// The platform kept asking to wait (429) for longer than the run may.
    PlatformBusy,
    /// The platform refuses us: key, signature, division, path or the whole envelope. A person must look.
    Refused,
    /// Refused because our clock and the platform's are more than 300 s apart.
    ClockSkew,
    /// The run's window ended.
    WindowClosed,
    /// The process died; the work was taken up by a later run.
    Abandoned,
    /// Our own fault: the database failed, or a bug.
    Failed,
}

impl Word for RunState {
    const ALL: &'static [Self] = &[
        Self::Running,
        Self::Done,
        Self::Pending,
        Self::Partial,
        Self::PlatformDown,
        Self::PlatformBusy,
        Self::Refused,
        Self::ClockSkew,
        Self::WindowClosed,
        Self::Abandoned,
        Self::Failed,
    ];

    fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Pending => "pending",
            Self::Partial => "partial",
            Self::PlatformDown => "platform-down",
            Self::PlatformBusy => "platform-busy",
            Self::Refused => "refused",
            Self::ClockSkew => "clock-skew",
            Self::WindowClosed => "window-closed",
            Self::Abandoned => "abandoned",
            Self::Failed => "failed",
        }
    }
}

/// What a request about a batch asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttemptKind {
    /// Sent the batch.
    Post,
    /// Asked for its state and receipts by its number. An answer `processing` that brings nothing new is not recorded.
    Ask,
}

impl Word for AttemptKind {
    const ALL: &'static [Self] = &[Self::Post, Self::Ask];

    fn word(self) -> &'static str {
        match self {
            Self::Post => "post",
            Self::Ask => "ask",
        }
    }
}

/// The platform's verdict on one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Taken in.
    Accepted,
    /// Refused; the errors say why.
    Rejected,
    /// Held already, the same.
    Unchanged,
    /// A higher revision is held.
    Stale,
}

impl Word for Verdict {
    const ALL: &'static [Self] = &[Self::Accepted, Self::Rejected, Self::Unchanged, Self::Stale];

    fn word(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Unchanged => "unchanged",
            Self::Stale => "stale",
        }
    }
}

/// What is wrong with a stray receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StrayKind {
    /// None came although the batch is `done`.
    Missing,
    /// Of a record, or a revision, that is not in the batch.
    Foreign,
    /// Not of the agreed form, or two that contradict each other.
    Malformed,
}

impl Word for StrayKind {
    const ALL: &'static [Self] = &[Self::Missing, Self::Foreign, Self::Malformed];

    fn word(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Foreign => "foreign",
            Self::Malformed => "malformed",
        }
    }
}

/// The state of one run of a scheduled job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobState {
    /// At work.
    Running,
    /// Ended well.
    Done,
    /// Ended with an error.
    Failed,
    /// Its process died. It is taken up, unless a later run of the job has begun.
    Abandoned,
}

impl Word for JobState {
    const ALL: &'static [Self] = &[Self::Running, Self::Done, Self::Failed, Self::Abandoned];

    fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Abandoned => "abandoned",
        }
    }
}
