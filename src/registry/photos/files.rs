//! The files of photos: each under the SHA-256 of its bytes, so that a picture is kept once however often it comes.

use std::fs;
use std::io::{self, Write as _};

use sha2::{Digest as _, Sha256};

use super::image::{Format, Picture};
use crate::registry::values::hex;
use crate::registry::{Failure, Registry, file_failure};

/// The folder below the data folder.
const PHOTOS: &str = "photos";

/// A picture that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::registry) struct Kept {
    /// SHA-256 of its bytes, lower-case hex.
    pub(in crate::registry) sha256: String,
    /// Its size.
    pub(in crate::registry) bytes: i64,
}

/// Keeps a picture. What is kept without a row in the database is harmless.
pub(in crate::registry) fn keep(registry: &Registry, picture: &Picture) -> Result<Kept, Failure> {
    let sha256 = hex(&Sha256::digest(&picture.bytes));
    let folder = registry.folder(PHOTOS)?;
    let target = folder.join(&sha256);
    let whole = fs::metadata(&target).is_ok_and(|file| file.len() == picture.bytes.len() as u64);
    if !whole {
        // Under a name of its own first: nobody ever reads half a file.
        let mut file = tempfile::NamedTempFile::new_in(&folder).map_err(|source| file_failure(&folder, source))?;
        file.write_all(&picture.bytes)
            .and_then(|()| file.as_file().sync_all())
            .map_err(|source| file_failure(&target, source))?;
        file.persist(&target)
            .map_err(|error| file_failure(&target, error.error))?;
    }
    Ok(Kept {
        sha256,
        bytes: i64::try_from(picture.bytes.len()).unwrap_or(i64::MAX),
    })
}

/// The bytes of a picture that a row of the database names.
pub(in crate::registry) fn read(registry: &Registry, sha256: &str) -> Result<Vec<u8>, Failure> {
    let path = registry.folder(PHOTOS)?.join(sha256);
    let bytes = fs::read(&path).map_err(|source| file_failure(&path, source))?;
    if hex(&Sha256::digest(&bytes)) == sha256 {
        Ok(bytes)
    } else {
        let spoiled = io::Error::new(io::ErrorKind::InvalidData, "the file is not what was kept");
        Err(file_failure(&path, spoiled))
    }
}

/// The media type of a format as the database names it.
pub(in crate::registry) fn media_type(format: &str) -> &'static str {
    if format == Format::Png.word() {
        Format::Png.media_type()
    } else {
        Format::Jpeg.media_type()
    }
}
