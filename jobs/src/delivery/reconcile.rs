//! Reconciliation: the platform's whole list beside our outbox.

use std::collections::HashSet;
use std::sync::Arc;

use super::listing::Listings;
use super::run::blocking;
use super::{Patience, SyncError};
use crate::platform::{Listed, Platform};
use crate::store::{Held, HeldState, ReconcileStore, UtcMillis, Word as _};

/// Projects looked through in one transaction.
const PAGE: usize = 1_000;

/// How a comparison went. What differs stands in the store, under its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reconciled {
    /// Its id.
    pub id: i64,
    /// Records that the platform listed.
    pub listed: u64,
    /// Why it broke off before the end, for people, in Chinese.
    pub trouble: Option<String>,
}

/// Compares the platform's list with what we believe that it holds.
///
/// # Errors
/// Only our own faults; whatever the platform does is the trouble of the outcome.
pub async fn reconcile(
    store: Arc<dyn ReconcileStore>,
    platform: &Platform,
    started_by: &str,
    redeliver: bool,
    patience: Patience,
    window_end: Option<UtcMillis>,
) -> Result<Reconciled, SyncError> {
    let clock = &platform.clock;
    let (name, now) = (started_by.to_owned(), clock.now());
    let this = blocking(&store, move |store| store.begin_reconciliation(&name, redeliver, now)).await?;
    let mut listing = Listings::new(platform, None);
    let mut projects: HashSet<i64> = HashSet::new();
    let mut listed = 0;
    let trouble = loop {
        let page = match listing.next(&patience, window_end).await {
            Ok(Some(page)) => page,
            Ok(None) => break None,
            Err(stop) => break Some(stop.detail),
        };
        listed += page.len() as u64;
        let Some(held) = page.into_iter().map(held).collect::<Option<Vec<_>>>() else {
            break Some("平台的清单中有无法识别的记录状态，未比对".to_owned());
        };
        let now = clock.now();
        projects.extend(blocking(&store, move |store| store.compare(this, &held, now)).await?);
    };
    if trouble.is_none() {
        let projects = Arc::new(projects);
        let mut after = Some(0);
        while let Some(from) = after {
            let (projects, now) = (Arc::clone(&projects), clock.now());
            after = blocking(&store, move |store| {
                store.note_missing(this, &projects, from, PAGE, now)
            })
            .await?;
        }
    }
    let (words, now) = (trouble.clone(), clock.now());
    blocking(&store, move |store| {
        store.end_reconciliation(this, listed, words.as_deref(), now)
    })
    .await?;
    tracing::info!(reconciliation = this.id, listed, ?trouble, "reconciliation ended");
    Ok(Reconciled {
        id: this.id,
        listed,
        trouble,
    })
}

fn held(listed: Listed) -> Option<Held> {
    Some(Held {
        state: HeldState::from_word(&listed.status)?,
        source_id: listed.source_id,
        revision: listed.revision,
        digest: listed.digest,
        note: listed.review_note,
    })
}
