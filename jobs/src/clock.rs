//! The time, and waiting for it to pass.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::store::UtcMillis;

/// Tells the time and sleeps. Cheap to clone; clones share their time.
#[derive(Clone, Debug)]
pub struct Clock(Option<Arc<AtomicI64>>);

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self(None)
    }

    /// A clock that stands still until it is told otherwise, and for which a sleep passes at once: for tests, and for
    /// commands that are given their date.
    pub fn driven(now: UtcMillis) -> Self {
        Self(Some(Arc::new(AtomicI64::new(now))))
    }

    /// Now.
    pub fn now(&self) -> UtcMillis {
        self.0
            .as_ref()
            .map_or_else(|| Utc::now().timestamp_millis(), |now| now.load(Ordering::SeqCst))
    }

    /// Now, as a date and time.
    pub(crate) fn utc(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.now()).unwrap_or_default()
    }

    /// Moves a driven clock, back too; the machine's clock is left alone.
    pub fn shift(&self, millis: i64) {
        if let Some(now) = &self.0 {
            now.fetch_add(millis, Ordering::SeqCst);
        }
    }

    /// Waits. A driven clock jumps ahead by as much.
    pub async fn sleep(&self, span: Duration) {
        if self.0.is_some() {
            self.shift(millis(span));
            tokio::task::yield_now().await;
        } else {
            tokio::time::sleep(span).await;
        }
    }
}

/// A span in milliseconds.
pub(crate) fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}
