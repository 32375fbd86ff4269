//! The time, and waiting for it to pass.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use chrono_tz::Asia::Shanghai;
use tokio::sync::watch;

use crate::store::UtcMillis;

/// Tells the time and sleeps. Cheap to clone; clones share their time.
#[derive(Clone, Debug)]
pub struct Clock(Option<Arc<Moved>>);

/// A clock that stands still unless it is moved.
#[derive(Debug)]
struct Moved {
    now: watch::Sender<UtcMillis>,
    /// A sleep moves the clock; else it waits until somebody does.
    jumps: bool,
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self(None)
    }

    /// A clock that stands still, but jumps ahead by each sleep at once: for tests, and for commands that are given
    /// their date.
    pub fn driven(now: UtcMillis) -> Self {
        Self::moved(now, true)
    }

    /// A clock that stands still until it is shifted; sleeps last until then. For tests.
    pub fn held(now: UtcMillis) -> Self {
        Self::moved(now, false)
    }

    fn moved(now: UtcMillis, jumps: bool) -> Self {
        Self(Some(Arc::new(Moved {
            now: watch::Sender::new(now),
            jumps,
        })))
    }

    /// Now.
    pub fn now(&self) -> UtcMillis {
        self.0
            .as_ref()
            .map_or_else(|| Utc::now().timestamp_millis(), |clock| *clock.now.borrow())
    }

    /// Now, as a date and time.
    pub(crate) fn utc(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.now()).unwrap_or_default()
    }

    /// The business day (Asia/Shanghai), `YYYYMMDD`.
    pub(crate) fn day(&self) -> String {
        self.utc().with_timezone(&Shanghai).format("%Y%m%d").to_string()
    }

    /// Moves such a clock, back too; the machine's clock is left alone.
    pub fn shift(&self, millis: i64) {
        if let Some(clock) = &self.0 {
            clock.now.send_modify(|now| *now = now.saturating_add(millis));
        }
    }

    /// Waits for a span.
    pub async fn sleep(&self, span: Duration) {
        self.sleep_until(self.now().saturating_add(millis(span))).await;
    }

    /// Waits until an instant, as the clock shows it now: the machine's clock may be set meanwhile.
    pub async fn sleep_until(&self, at: UtcMillis) {
        match &self.0 {
            None => {
                let left = u64::try_from(at.saturating_sub(self.now())).unwrap_or(0);
                tokio::time::sleep(Duration::from_millis(left)).await;
            }
            Some(clock) if clock.jumps => {
                clock.now.send_modify(|now| *now = at.max(*now));
                tokio::task::yield_now().await;
            }
            Some(clock) => {
                // an error would say that the clock is gone, but it is here
                let _ = clock.now.subscribe().wait_for(|now| *now >= at).await;
            }
        }
    }
}

/// A span in milliseconds.
pub(crate) fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}
