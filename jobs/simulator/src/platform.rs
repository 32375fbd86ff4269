//! What all handlers share: the settings, the store, the waiting faults and the log of requests.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch;

use crate::Clock;
use crate::fault::{Endpoint, Faults, Point};
use crate::line::Line;
use crate::problem::Problem;
use crate::store::Store;

/// A request that arrived, in the order of arrival.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// The method.
    pub method: String,
    /// Path and query, as sent.
    pub path: String,
    /// The answer's status; nothing where there was no answer: not yet, or the connection broke first.
    pub status: Option<u16>,
    /// The `Idempotency-Key` header.
    pub idempotency_key: Option<String>,
    /// The `Content-Encoding` header.
    pub content_encoding: Option<String>,
}

/// The conditions that a test can set at any time.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Conditions {
    pub(crate) clock_offset: TimeDelta,
    pub(crate) maintenance_until: Option<DateTime<Utc>>,
}

/// The platform.
pub(crate) struct Platform {
    pub(crate) app_key: String,
    pub(crate) secret: String,
    /// The city's division code; its key may report everything inside.
    pub(crate) city: String,
    pub(crate) receipts_after_polls: u32,
    pub(crate) clock: Clock,
    pub(crate) faults: Faults,
    pub(crate) conditions: Mutex<Conditions>,
    pub(crate) arrivals: Mutex<Vec<Arrival>>,
    pub(crate) store: Mutex<Store>,
    /// The Idempotency-Keys being worked on.
    pub(crate) working: Mutex<HashSet<String>>,
    /// Changes, or ends, when the simulator stops.
    pub(crate) closing: watch::Receiver<()>,
}

impl Platform {
    /// The platform's clock, which a test may have put wrong.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        let now = (self.clock)();
        now.checked_add_signed(lock(&self.conditions).clock_offset)
            .unwrap_or(now)
    }

    /// The same in Unix milliseconds.
    pub(crate) fn now_ms(&self) -> i64 {
        self.now().timestamp_millis()
    }

    /// Does blocking `work` on the store.
    pub(crate) async fn with_store<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self, &mut Store) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let platform = Arc::clone(self);
        let done = tokio::task::spawn_blocking(move || work(&platform, &mut lock(&platform.store))).await;
        done.unwrap_or_else(|error| Err(Problem::internal(format!("the work on the store ended early: {error}"))))
    }

    /// Acts out a fault that waits for this point; an error is the answer instead.
    pub(crate) async fn suffer(
        &self,
        point: Point,
        endpoint: Endpoint,
        records: &[String],
        line: &Line,
    ) -> Result<(), Problem> {
        match self.faults.strike(point, endpoint, records) {
            Some(strike) => strike.act(line, self.closing.clone()).await,
            None => Ok(()),
        }
    }

    /// Marks an Idempotency-Key as being worked on until the mark is dropped; nothing where it is already.
    pub(crate) fn begin(self: &Arc<Self>, key: &str) -> Option<Working> {
        let fresh = lock(&self.working).insert(key.to_owned());
        fresh.then(|| Working {
            platform: Arc::clone(self),
            key: key.to_owned(),
        })
    }
}

/// An Idempotency-Key that is being worked on.
pub(crate) struct Working {
    platform: Arc<Platform>,
    key: String,
}

impl Drop for Working {
    fn drop(&mut self) {
        lock(&self.platform.working).remove(&self.key);
    }
}

/// Locks. Nothing is left half-done under a lock here (the store works in transactions), so a poisoned one is still good.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
