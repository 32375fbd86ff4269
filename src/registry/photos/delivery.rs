//! The registry as the store that photos are delivered from.

use retrofit_jobs::store::{Photo, PhotoFate, PhotoKind, PhotoStore, StoreError, UtcMillis, Word as _};

use super::files;
use crate::db::{DbError, photos};
use crate::registry::Registry;
use crate::registry::code::RegistryCode;

impl PhotoStore for Registry {
    fn waiting_photos(&self, after: i64, limit: usize) -> Result<Vec<Photo>, StoreError> {
        let limit = limit.try_into().unwrap_or(i64::MAX);
        let rows = self.db.read(|conn| photos::waiting(conn, after, limit));
        let photo = |(row, year): (photos::PhotoRow, i64)| {
            let code = RegistryCode {
                year,
                id: row.project_id,
            };
            Ok(Photo {
                id: row.id,
                source_id: code.to_string(),
                kind: PhotoKind::from_word(&row.kind)
                    .ok_or_else(|| DbError::Unreadable(format!("the kind `{}` of a photo", row.kind)))?,
                sha256: row.sha256,
            })
        };
        let photos: Result<_, DbError> = rows.and_then(|rows| rows.into_iter().map(photo).collect());
        photos.map_err(StoreError::new)
    }

    fn photo_bytes(&self, id: i64) -> Result<Option<Vec<u8>>, StoreError> {
        let row = self.db.read(|conn| photos::find(conn, id)).map_err(StoreError::new)?;
        let bytes = row.map(|row| files::read(self, &row.sha256));
        bytes.transpose().map_err(StoreError::new)
    }

    fn settle_photo(&self, id: i64, fate: &PhotoFate, now: UtcMillis) -> Result<(), StoreError> {
        let settled = self.db.write(|conn| match fate {
            PhotoFate::Delivered => photos::set_sent(conn, id, now),
            PhotoFate::Refused(words) => photos::set_refused(conn, id, words),
        });
        settled.map_err(StoreError::new)
    }
}
