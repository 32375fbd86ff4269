//! Named points at which a test can kill the process (feature `faults`, which only test builds have).
//!
//! `RETROFIT_FAULT=name` kills the process (SIGKILL) when the point is reached, `RETROFIT_FAULT=name:3` when it is
//! reached the third time.

/// Records are claimed; no batch of them is stored.
pub const AFTER_CLAIMED: &str = "after-claimed";
/// What a dead run left is this run's; nothing of it was asked about.
pub const AFTER_TAKEN_UP: &str = "after-taken-up";
/// The batch's number, key and body are stored; no byte of it was sent.
pub const AFTER_KEY_STORED: &str = "after-key-stored";
/// The batch was sent; nothing of the answer is stored.
pub const AFTER_SENT: &str = "after-sent";
/// The answer to the batch is stored; its receipts were not asked for.
pub const AFTER_TAKEN: &str = "after-taken";
/// The batch was refused whole, and that is stored; its halves are not.
pub const AFTER_REFUSED: &str = "after-refused";
/// Receipts came; nothing of them is stored.
pub const AFTER_RECEIPT: &str = "after-receipt";
/// Everything is stored but the end of the run.
pub const BEFORE_FINISH: &str = "before-finish";

/// Every point, in the order of a delivery.
pub const ALL: [&str; 8] = [
    AFTER_CLAIMED,
    AFTER_TAKEN_UP,
    AFTER_KEY_STORED,
    AFTER_SENT,
    AFTER_TAKEN,
    AFTER_REFUSED,
    AFTER_RECEIPT,
    BEFORE_FINISH,
];

/// Nothing, without the feature.
#[cfg(not(feature = "faults"))]
#[inline]
pub(crate) fn point(_name: &str) {}

/// Dies here by SIGKILL, if the environment says so: no destructor runs, nothing is flushed.
#[cfg(feature = "faults")]
pub(crate) fn point(name: &str) {
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicU32, Ordering};

    static WISH: LazyLock<Option<(String, u32)>> = LazyLock::new(|| {
        let text = std::env::var("RETROFIT_FAULT").ok()?;
        let (name, nth) = text.split_once(':').unwrap_or((&text, "1"));
        Some((name.to_owned(), nth.parse().unwrap_or(1)))
    });
    static PASSED: AtomicU32 = AtomicU32::new(0);

    if let Some((wished, nth)) = &*WISH
        && wished == name
        && PASSED.fetch_add(1, Ordering::SeqCst) + 1 == *nth
    {
        // a process may always kill itself
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        loop {
            std::thread::park();
        }
    }
}
