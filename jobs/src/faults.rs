//! Named points at which a test can kill the process (feature `faults`, which only test builds have).
//!
//! `RETROFIT_FAULT=name` aborts the process when the point is reached, `RETROFIT_FAULT=name:3` when it is reached the
//! third time.

/// The batch's number, key and body are stored; no byte of it was sent.
pub const AFTER_KEY_STORED: &str = "after-key-stored";
/// The batch was sent; nothing of the answer is stored.
pub const AFTER_SENT: &str = "after-sent";
/// Receipts came; nothing of them is stored.
pub const AFTER_RECEIPT: &str = "after-receipt";

/// Nothing, without the feature.
#[cfg(not(feature = "faults"))]
#[inline]
pub(crate) fn point(_name: &str) {}

/// Dies here, as if by SIGKILL: no destructor runs, nothing is flushed, if the environment says so.
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
        std::process::abort();
    }
}
