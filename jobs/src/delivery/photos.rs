//! Photos, after their records: put one by one, each known to the platform by its hash.

use std::sync::Arc;

use serde::Serialize;

use super::repeat::{Settled, repeat};
use super::run::blocking;
use super::{Patience, SyncError};
use crate::platform::Platform;
use crate::store::{PhotoFate, PhotoStore, UtcMillis};

/// Photos asked for at a time.
const PAGE: usize = 100;

/// How the photos of a run ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PhotosOutcome {
    /// The platform has them.
    pub delivered: u64,
    /// The platform refuses them, in words that are kept with each.
    pub refused: u64,
    /// The platform does not know their record yet: sent again next time.
    pub waiting: u64,
    /// Their files cannot be read; why is told to the log.
    pub unreadable: u64,
    /// Why the rest was not sent, for people, in Chinese.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
}

/// Sends the photos that wait. Those that could not be sent wait for the next time.
///
/// # Errors
/// Only our own faults.
pub async fn deliver_photos(
    store: Arc<dyn PhotoStore>,
    platform: &Platform,
    patience: Patience,
    window_end: Option<UtcMillis>,
) -> Result<PhotosOutcome, SyncError> {
    let mut outcome = PhotosOutcome::default();
    let mut after = 0;
    loop {
        let photos = blocking(&store, move |store| store.waiting_photos(after, PAGE)).await?;
        let Some(last) = photos.last() else { return Ok(outcome) };
        after = last.id;
        for photo in photos {
            let id = photo.id;
            let bytes = match blocking(&store, move |store| store.photo_bytes(id)).await {
                Ok(Some(bytes)) => bytes,
                Ok(None) => continue,
                // one spoiled file keeps none of the others back
                Err(SyncError::Store(error)) => {
                    tracing::error!(photo = id, source_id = %photo.source_id, %error, "a photo cannot be read");
                    outcome.unreadable += 1;
                    continue;
                }
                Err(error) => return Err(error),
            };
            let sent = repeat(&platform.clock, &patience, window_end, || {
                platform.put_photo(&photo, &bytes)
            })
            .await;
            let fate = match sent {
                Ok(Settled::Sound(())) => PhotoFate::Delivered,
                Ok(Settled::Refused(problem)) => PhotoFate::Refused(problem.to_string()),
                Ok(Settled::NotFound(_)) => {
                    outcome.waiting += 1;
                    continue;
                }
                Err(stop) => {
                    outcome.stopped = Some(stop.detail);
                    return Ok(outcome);
                }
            };
            match &fate {
                PhotoFate::Delivered => outcome.delivered += 1,
                PhotoFate::Refused(words) => {
                    tracing::warn!(photo = id, source_id = %photo.source_id, %words, "the platform refused a photo");
                    outcome.refused += 1;
                }
            }
            let now = platform.clock.now();
            blocking(&store, move |store| store.settle_photo(id, &fate, now)).await?;
        }
    }
}
