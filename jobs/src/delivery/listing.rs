//! The platform's own list of its records, page by page.

use super::Patience;
use super::repeat::{Settled, repeat};
use super::tally::Stop;
use crate::platform::{Listed, Platform};
use crate::store::UtcMillis;

/// Reads the listing from its beginning to its end.
pub(super) struct Listings<'a> {
    platform: &'a Platform,
    since: Option<UtcMillis>,
    cursor: Option<String>,
    at_end: bool,
}

impl<'a> Listings<'a> {
    /// Records changed at or after `since`; `None`: all.
    pub(super) fn new(platform: &'a Platform, since: Option<UtcMillis>) -> Self {
        Self {
            platform,
            since,
            cursor: None,
            at_end: false,
        }
    }

    /// The next page; `None` at the end. A record that changes meanwhile may come twice, the later state last.
    pub(super) async fn next(
        &mut self,
        patience: &Patience,
        window_end: Option<UtcMillis>,
    ) -> Result<Option<Vec<Listed>>, Stop> {
        if self.at_end {
            return Ok(None);
        }
        let (platform, since, cursor) = (self.platform, self.since, self.cursor.as_deref());
        let asked = repeat(&platform.clock, patience, window_end, || {
            platform.list_records(since, cursor)
        })
        .await?;
        match asked {
            Settled::Sound(page) => {
                // a cursor that does not move would go round for ever
                self.at_end = page.next_cursor.is_none() || page.next_cursor == self.cursor;
                self.cursor = page.next_cursor;
                Ok(Some(page.records))
            }
            Settled::NotFound(problem) | Settled::Refused(problem) => Err(Stop::denied(&problem, None)),
        }
    }
}
