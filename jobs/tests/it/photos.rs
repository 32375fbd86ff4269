//! Photos against the simulator.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use platform_simulator::{Endpoint, Fault, FaultKind};
use retrofit_jobs::delivery::{Patience, deliver_photos};
use retrofit_jobs::store::{Photo, PhotoFate, PhotoKind, PhotoStore, StoreError, UtcMillis};
use sha2::{Digest, Sha256};

use crate::world::{World, code};

#[derive(Default)]
struct Album {
    photos: BTreeMap<i64, (Photo, Vec<u8>)>,
    fates: Mutex<BTreeMap<i64, PhotoFate>>,
}

impl Album {
    fn add(&mut self, project: usize, kind: PhotoKind, bytes: &[u8]) {
        let id = i64::try_from(self.photos.len()).unwrap() + 1;
        let photo = Photo {
            id,
            source_id: code(project),
            kind,
            sha256: hex::encode(Sha256::digest(bytes)),
        };
        self.photos.insert(id, (photo, bytes.to_vec()));
    }
}

impl PhotoStore for Album {
    fn waiting_photos(&self, after: i64, limit: usize) -> Result<Vec<Photo>, StoreError> {
        let fates = self.fates.lock().unwrap();
        let waiting = self.photos.range(after + 1..).filter(|(id, _)| !fates.contains_key(id));
        Ok(waiting.take(limit).map(|(_, (photo, _))| photo.clone()).collect())
    }

    fn photo_bytes(&self, id: i64) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.photos.get(&id).map(|(_, bytes)| bytes.clone()))
    }

    fn settle_photo(&self, id: i64, fate: &PhotoFate, _now: UtcMillis) -> Result<(), StoreError> {
        self.fates.lock().unwrap().insert(id, fate.clone());
        Ok(())
    }
}

#[tokio::test]
async fn photos_follow_their_records_and_go_once() {
    let world = World::new().await;
    world.approve(1);
    world.sync().await;
    let mut album = Album::default();
    album.add(1, PhotoKind::Construction, b"\xff\xd8\xff construction");
    album.add(1, PhotoKind::Acceptance, b"\x89PNG\r\n\x1a\n acceptance");
    album.add(1, PhotoKind::Acceptance, b"not a picture");
    album.add(7, PhotoKind::Acceptance, b"\xff\xd8\xff of a record that is not there");
    let album = Arc::new(album);
    for fault in [
        FaultKind::Drop,
        FaultKind::Answer {
            status: 503,
            retry_after: Some(5),
        },
    ] {
        world
            .simulator
            .inject(Fault::once(fault.clone()).at(Endpoint::PutPhoto));
        world
            .simulator
            .inject(Fault::once(fault).at(Endpoint::PutPhoto).after_processing());
    }
    let platform = world.platform();
    let send = || deliver_photos(album.clone(), &platform, Patience::default(), None);
    let first = send().await.unwrap();
    assert_eq!(
        (first.delivered, first.refused, first.waiting, first.stopped),
        (2, 1, 1, None)
    );
    let fates = album.fates.lock().unwrap().clone();
    assert_eq!((fates.len(), &fates[&2]), (3, &PhotoFate::Delivered));
    assert!(
        matches!(&fates[&3], PhotoFate::Refused(words) if words.contains("bad_photo")),
        "{fates:?}"
    );
    let second = send().await.unwrap();
    assert_eq!((second.delivered, second.refused, second.waiting), (0, 0, 1));

    world
        .simulator
        .inject(Fault::always(FaultKind::Drop).at(Endpoint::PutPhoto));
    assert!(send().await.unwrap().stopped.unwrap().contains("平台"));
}
