//! A package that takes long to write.

use retrofit_jobs::clock::Clock;
use retrofit_jobs::delivery::{Actor, SyncError, make_package};
use retrofit_jobs::platform::Profile;
use retrofit_jobs::store::{
    BatchChange, BatchId, DeliveryStore as _, NewBatch, NewRun, Op, OpenBatch, PackageStore, RunId, RunState,
    StoreError, UtcMillis,
};

use crate::memory::Memory;
use crate::world::{NIGHT, code, values};

impl PackageStore for Memory {
    fn record_package(&self, run: RunId, package: &NewBatch, now: UtcMillis) -> Result<Option<BatchId>, StoreError> {
        let stored = self.record_batch(run, package, now)?;
        if let Some(id) = stored {
            let taken = BatchChange::Taken {
                platform_batch_id: String::new(),
            };
            self.advance(run, id, None, &taken, now)?;
        }
        Ok(stored)
    }

    fn take_package(&self, _: RunId, _: &str, _: UtcMillis) -> Result<Option<OpenBatch>, StoreError> {
        Ok(None)
    }
}

#[test]
fn a_package_that_takes_longer_than_a_lease_is_made_all_the_same() {
    let (store, clock) = (Memory::default(), Clock::held(NIGHT));
    for number in 1..=3 {
        store.approve(&code(number), 1, Op::Upsert, values("教学楼"));
    }
    let actor = Actor {
        holder: "test".into(),
        name: "tester".into(),
    };
    let made = make_package(&store, &Profile::national_v1(), &clock, &actor, |contents| {
        assert_eq!(contents.records.len(), 3);
        for _ in 0..2 {
            clock.shift(100_000);
            store.await_renewal(RunId(1), clock.now() + 100_000);
        }
        let other = NewRun {
            holder: "other".into(),
            started_by: "other".into(),
            started_at: clock.now(),
            lease_until: clock.now() + 120_000,
        };
        let other = store.begin_run(&other)?;
        assert!(store.claim(other, &[], 10, clock.now())?.is_empty(), "they are held");
        Ok::<_, SyncError>(b"a package".to_vec())
    });
    let (outcome, number) = made.unwrap().unwrap();
    assert_eq!((outcome.state, outcome.counts.pending), (RunState::Pending, 3));
    assert!(number.is_some());
}
