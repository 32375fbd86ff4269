//! Faults on demand: what goes wrong, in which requests and how often.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::{Method, StatusCode};
use serde::Deserialize;
use tokio::sync::watch;

use crate::line::Line;
use crate::problem::Problem;

/// What goes wrong.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FaultKind {
    /// The connection is closed without an HTTP answer. Before processing, nothing of the request has any effect.
    Drop,
    /// This status instead of the answer: 500, 502, 503, 429, or a refusal of the whole batch by 400 or 422.
    /// Statuses outside 400 to 599 become 500.
    Answer {
        /// The HTTP status.
        status: u16,
        /// Seconds for `Retry-After`; absent: no such header.
        #[serde(default)]
        retry_after: Option<u64>,
    },
    /// The answer is late by so many milliseconds. For demonstrations; tests use [`FaultKind::Hold`].
    Delay {
        /// How late, in milliseconds.
        millis: u64,
    },
    /// The request waits at a gate until the test opens it.
    #[serde(skip)]
    Hold(Gate),
    /// The answer's body is no JSON. Strikes after processing.
    NotJson,
    /// Receipts whose members have the wrong types. Strikes a finished batch's status.
    WrongTypes,
    /// With a `source_id`, its receipt is missing; without one, all are. Strikes a finished batch's status.
    MissingReceipts,
    /// A receipt for this record, which is not in the batch, is added. Strikes a finished batch's status.
    ForeignReceipt {
        /// The record that the batch does not hold.
        source_id: String,
    },
    /// Each receipt comes twice, word for word. Strikes a finished batch's status.
    TwiceReceipts,
    /// Each receipt (one, with a `source_id`) is followed by one that says the contrary. Strikes a finished batch's status.
    ContraryReceipts,
    /// The receipts are of the next revision. Strikes a finished batch's status.
    WrongRevisions,
    /// The answer breaks off in the middle of its body. Strikes after processing.
    Torn,
    /// A finished batch still says `processing`: once for each time the fault strikes.
    StillProcessing,
    /// Records (one, with a `source_id`) are rejected with this error. Strikes once for each record.
    Reject {
        /// The member said to be wrong.
        field: String,
        /// The error's code.
        code: String,
        /// The error's message.
        message: String,
    },
}

/// The endpoints of the contract, as faults name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    /// `POST /api/v1/batches`
    SubmitBatch,
    /// Both `GET` forms of `/api/v1/batches`
    ReadBatch,
    /// `GET /api/v1/records`
    ListRecords,
    /// `PUT /api/v1/records/…/photos/…`
    PutPhoto,
    /// `GET /api/v1/health`
    Health,
}

impl Endpoint {
    pub(crate) fn of(method: &Method, path: &str) -> Option<Self> {
        match (method.as_str(), path.strip_prefix("/api/v1/")?) {
            ("POST", "batches") => Some(Self::SubmitBatch),
            ("GET", path) if path == "batches" || path.starts_with("batches/") => Some(Self::ReadBatch),
            ("GET", "records") => Some(Self::ListRecords),
            ("PUT", path) if path.starts_with("records/") => Some(Self::PutPhoto),
            ("GET", "health") => Some(Self::Health),
            _ => None,
        }
    }
}

/// One fault, waiting for the requests that it is meant for. Faults strike in the order in which they were injected, at
/// most one at each point of a request.
///
/// ```
/// use platform_simulator::{Endpoint, Fault, FaultKind};
/// Fault::once(FaultKind::Drop).after_processing();
/// Fault::always(FaultKind::Answer { status: 422, retry_after: None }).holding("LC-2026-000007");
/// Fault::times(3, FaultKind::Answer { status: 503, retry_after: Some(2) }).at(Endpoint::ReadBatch);
/// ```
#[derive(Clone, Debug)]
pub struct Fault {
    kind: FaultKind,
    endpoint: Option<Endpoint>,
    after: bool,
    source_id: Option<String>,
    /// Strikes left; nothing: without end.
    left: Option<u32>,
}

impl Fault {
    /// Strikes once.
    pub fn once(kind: FaultKind) -> Self {
        Self::times(1, kind)
    }

    /// Strikes so many times.
    pub fn times(count: u32, kind: FaultKind) -> Self {
        Self {
            left: Some(count),
            ..Self::always(kind)
        }
    }

    /// Strikes until [`crate::Simulator::clear_faults`]. Faults in receipts strike where a batch is read, all others
    /// where one is sent, before it is processed, unless said otherwise below.
    pub fn always(kind: FaultKind) -> Self {
        let endpoint = match Point::of(&kind) {
            Some(Point::Receipts) => Endpoint::ReadBatch,
            _ => Endpoint::SubmitBatch,
        };
        let after = matches!(kind, FaultKind::NotJson | FaultKind::Torn);
        Self {
            kind,
            endpoint: Some(endpoint),
            after,
            source_id: None,
            left: None,
        }
    }

    /// Strikes at this endpoint.
    #[must_use]
    pub fn at(self, endpoint: Endpoint) -> Self {
        Self {
            endpoint: Some(endpoint),
            ..self
        }
    }

    /// Strikes at every endpoint.
    #[must_use]
    pub fn everywhere(self) -> Self {
        Self { endpoint: None, ..self }
    }

    /// Strikes only batches that hold this record: sending them, and reading them once they are found.
    #[must_use]
    pub fn holding(self, source_id: impl Into<String>) -> Self {
        Self {
            source_id: Some(source_id.into()),
            ..self
        }
    }

    /// Strikes after the request has been processed and its effects stored, instead of before, and only where it
    /// succeeded.
    #[must_use]
    pub fn after_processing(self) -> Self {
        Self { after: true, ..self }
    }

    fn point(&self) -> Point {
        Point::of(&self.kind).unwrap_or(if self.after { Point::After } else { Point::Before })
    }
}

/// Where in a request a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Point {
    Before,
    Judging,
    Receipts,
    After,
}

impl Point {
    /// The only point at which this kind can strike; nothing where the fault says it.
    fn of(kind: &FaultKind) -> Option<Self> {
        match kind {
            FaultKind::Drop | FaultKind::Answer { .. } | FaultKind::Delay { .. } | FaultKind::Hold(_) => None,
            FaultKind::NotJson | FaultKind::Torn => Some(Self::After),
            FaultKind::Reject { .. } => Some(Self::Judging),
            FaultKind::WrongTypes
            | FaultKind::MissingReceipts
            | FaultKind::ForeignReceipt { .. }
            | FaultKind::TwiceReceipts
            | FaultKind::ContraryReceipts
            | FaultKind::WrongRevisions
            | FaultKind::StillProcessing => Some(Self::Receipts),
        }
    }
}

/// A fault that strikes now: what goes wrong, and the record that it is about.
pub(crate) struct Strike {
    pub(crate) kind: FaultKind,
    pub(crate) source_id: Option<String>,
}

impl Strike {
    /// Acts out a fault of the points [`Point::Before`] and [`Point::After`]; an error is the answer instead.
    pub(crate) async fn act(self, line: &Line, closing: watch::Receiver<()>) -> Result<(), Problem> {
        match self.kind {
            FaultKind::Drop => {
                line.cut();
                Err(Problem::commanded(StatusCode::INTERNAL_SERVER_ERROR, None))
            }
            FaultKind::Answer { status, retry_after } => {
                let status = StatusCode::from_u16(status)
                    .ok()
                    .filter(|s| s.is_client_error() || s.is_server_error());
                Err(Problem::commanded(
                    status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
                    retry_after,
                ))
            }
            FaultKind::Delay { millis } => {
                tokio::time::sleep(Duration::from_millis(millis)).await;
                Ok(())
            }
            FaultKind::Hold(gate) => gate.hold(line, closing).await,
            _ => Ok(()),
        }
    }
}

/// The faults that wait.
#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<Vec<Fault>>);

impl Faults {
    pub(crate) fn add(&self, fault: Fault) {
        self.lock().push(fault);
    }

    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    /// Spends the first fault meant for this point of a request about these records.
    pub(crate) fn strike(&self, point: Point, endpoint: Endpoint, records: &[String]) -> Option<Strike> {
        let mut faults = self.lock();
        let at = faults.iter().position(|fault| {
            fault.point() == point
                && fault.endpoint.is_none_or(|wanted| wanted == endpoint)
                && fault.source_id.as_ref().is_none_or(|wanted| records.contains(wanted))
                && fault.left != Some(0)
        })?;
        let fault = &mut faults[at];
        fault.left = fault.left.map(|left| left - 1);
        Some(Strike {
            kind: fault.kind.clone(),
            source_id: fault.source_id.clone(),
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Fault>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A gate that holds requests until it is opened, so that a test can be in the middle of one without sleeping.
#[derive(Clone, Debug)]
pub struct Gate {
    open: Arc<watch::Sender<bool>>,
    arrived: Arc<watch::Sender<usize>>,
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            open: Arc::new(watch::Sender::new(false)),
            arrived: Arc::new(watch::Sender::new(0)),
        }
    }
}

impl Gate {
    /// A closed gate.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets everything that waits, and that will come, pass.
    pub fn open(&self) {
        self.open.send_replace(true);
    }

    /// Waits until so many requests have come to the gate.
    pub async fn arrived(&self, count: usize) {
        // Its sender lives in `self`, so the wait ends only by the count.
        let _ = self.arrived.subscribe().wait_for(|arrived| *arrived >= count).await;
    }

    /// Holds a request; a simulator that stops drops the connections of those that still wait.
    async fn hold(&self, line: &Line, mut closing: watch::Receiver<()>) -> Result<(), Problem> {
        self.arrived.send_modify(|arrived| *arrived += 1);
        let mut open = self.open.subscribe();
        tokio::select! {
            _ = open.wait_for(|open| *open) => Ok(()),
            _ = closing.changed() => {
                line.cut();
                Err(Problem::commanded(StatusCode::SERVICE_UNAVAILABLE, None))
            }
        }
    }
}
