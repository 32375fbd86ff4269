//! Packages: batches that an operator carries by hand.

use super::{BatchId, DeliveryStore, NewBatch, OpenBatch, RunId, StoreError, UtcMillis};

/// The packages of the registry. A package is a batch whose body is the file itself, so that it can be handed out again, byte
/// for byte, until it is closed. It is never unknown: it is in the operator's hands, `pending`, from the moment that it
/// is stored. No run takes it up by itself ([`DeliveryStore::take_up`] passes it over).
pub trait PackageStore: DeliveryStore {
    /// Stores a package before it is handed out: batch `pending`, members `claimed` to `pending`. `None` where a member is
    /// no longer claimed by this run: then nothing was stored.
    fn record_package(&self, run: RunId, package: &NewBatch, now: UtcMillis) -> Result<Option<BatchId>, StoreError>;

    /// Makes an open package this run's. `None` where there is no open package of this number, or where a run that is not
    /// over holds it.
    fn take_package(&self, run: RunId, batch_no: &str, now: UtcMillis) -> Result<Option<OpenBatch>, StoreError>;
}
