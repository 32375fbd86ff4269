//! The photos of records that the platform is to have.

use super::{StoreError, UtcMillis, Word};

/// What a photo shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhotoKind {
    /// The works under way.
    Construction,
    /// The finished works, as accepted.
    Acceptance,
}

impl Word for PhotoKind {
    const ALL: &'static [Self] = &[Self::Construction, Self::Acceptance];

    fn word(self) -> &'static str {
        match self {
            Self::Construction => "construction",
            Self::Acceptance => "acceptance",
        }
    }
}

/// A photo that waits to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Photo {
    /// Its id in the registry.
    pub id: i64,
    /// The registry code of its project.
    pub source_id: String,
    /// What it shows.
    pub kind: PhotoKind,
    /// SHA-256 of its bytes, lower-case hex: the same photo is never held twice.
    pub sha256: String,
}

/// What became of a photo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PhotoFate {
    /// The platform has it.
    Delivered,
    /// The platform refuses it, in its words; it is not sent again.
    Refused(String),
}

/// The photos of the registry. See the head of [`super`] for what all methods share. Sending a photo twice does no harm (the
/// platform knows it by its hash), so nothing is claimed.
pub trait PhotoStore: Send + Sync + 'static {
    /// Up to `limit` photos with an id above `after`, by id, that the platform does not have yet and whose record it has
    /// accepted.
    fn waiting_photos(&self, after: i64, limit: usize) -> Result<Vec<Photo>, StoreError>;

    /// The bytes of a photo, JPEG or PNG; `None` where it is gone meanwhile.
    fn photo_bytes(&self, id: i64) -> Result<Option<Vec<u8>>, StoreError>;

    /// Stores what became of a photo.
    fn settle_photo(&self, id: i64, fate: &PhotoFate, now: UtcMillis) -> Result<(), StoreError>;
}
