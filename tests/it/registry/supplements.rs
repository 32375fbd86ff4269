//! Held rows until a later upload brings them again, supplements, alarms, and two officers at once.

use std::sync::Barrier;
use std::thread;

use retrofit_import::catalogue::Field;
use retrofit_import::finding::Severity;
use retrofit_registry::registry::intake::{self, Alarm, Outcome, Preview};
use retrofit_registry::registry::{projects, review};

use crate::support::rosters::{JTJ, Line, code, fates, roster, school};
use crate::support::{World, reporter, secretariat};

/// What these lines would change, as an upload of their own.
fn upload(world: &World, bytes: &str, lines: impl IntoIterator<Item = Line>) -> Preview {
    let upload = world.receive(bytes);
    intake::preview(&world.registry, &upload, roster(lines), None).unwrap()
}

/// The rows of an upload that no later one brought again.
fn open(world: &World, preview: &Preview) -> Vec<i64> {
    let (rows, _) = intake::held(&world.registry, &reporter(JTJ), preview.upload.id).unwrap();
    let open = rows.iter().filter(|row| row.superseded_by.is_none());
    open.map(|row| row.row_no).collect()
}

#[test]
fn held_rows_stay_until_a_later_upload_brings_them_again() {
    for world in World::both() {
        world.import([school(9)]);
        let bad = |row| school(row).found(Severity::Error);
        let nameless = bad(5)
            .without(Field::ProjectNo)
            .without(Field::Name)
            .without(Field::Address);
        let lines = [
            bad(1),
            bad(2).without(Field::ProjectNo),
            bad(3),
            bad(4),
            nameless,
            bad(9).with(Field::Stage, "40"),
        ];
        let first = upload(&world, "first", lines);
        world.commit(&first);
        assert_eq!(open(&world, &first), [1, 2, 3, 4, 5, 9]);

        // By number; by place; held again; not in it; the same row; by the project.
        let mended = [
            school(1),
            school(2).without(Field::ProjectNo),
            bad(3),
            school(5).with(Field::ProjectNo, "JTJ-55"),
            school(8)
                .with(Field::RegistryCode, "LC-2026-000001")
                .with(Field::Stage, "40"),
        ];
        let second = upload(&world, "second", mended);
        world.commit(&second);
        assert_eq!(open(&world, &first), [4], "what nobody brought again is still open");
        assert_eq!(open(&world, &second), [3]);
        let uploads = intake::uploads(&world.registry, &reporter(JTJ), 10).unwrap();
        let counts = intake::open_held(&world.registry, &uploads).unwrap();
        assert_eq!(
            (counts.get(&first.upload.id), counts.get(&second.upload.id)),
            (Some(&1), Some(&1))
        );
    }
}

#[test]
fn a_supplement_misses_nothing_and_rings_no_alarm() {
    for world in World::both() {
        world.import((1..=10).map(school));
        let part = upload(&world, "part", [school(1).with(Field::Stage, "40"), school(11)]);
        assert_eq!(part.alarms(), [Alarm::ManyNew, Alarm::ManyNotListed]);
        let mut sent = part.upload.clone();
        intake::declare_supplement(&world.registry, &reporter(JTJ), &mut sent, true).unwrap();
        assert!(intake::declare_supplement(&world.registry, &reporter("WJW"), &mut sent, false).is_err());
        let part = upload(&world, "part", [school(1).with(Field::Stage, "40"), school(11)]);
        assert_eq!((part.alarms(), part.not_listed().len()), (vec![], 0));
        assert_eq!(fates(&part), ["changed 1", "new"]);
        world.commit(&part);
    }
}

#[test]
fn alarms_ring_above_a_fifth() {
    for world in World::both() {
        let all = upload(&world, "first", (1..=10).map(school));
        assert_eq!(all.alarms(), [], "there is nothing to compare with yet");
        world.commit(&all);
        let with_new = |new: u32| upload(&world, "new", (1..=10 + new).map(school)).alarms();
        assert_eq!((with_new(2), with_new(3)), (vec![], vec![Alarm::ManyNew]));
        let without = |left_out: u32| upload(&world, "less", (1 + left_out..=10).map(school)).alarms();
        assert_eq!((without(1), without(2)), (vec![], vec![Alarm::ManyNotListed]));
        let renamed = upload(
            &world,
            "renamed",
            (1..=10).map(|row| school(row).with(Field::Name, &format!("换名的第{row}教学楼"))),
        );
        assert_eq!(renamed.alarms(), [Alarm::Renamed]);
    }
}

#[test]
fn of_two_officers_who_commit_at_once_one_is_shown_the_registry_of_now() {
    for world in World::both() {
        world.import([school(1), school(2)]);
        let previews = [
            upload(&world, "one", [school(1).with(Field::FloorAreaM2, "4000"), school(3)]),
            upload(
                &world,
                "other",
                [school(1).with(Field::Remarks, "备注"), school(3), school(2)],
            ),
        ];
        let barrier = Barrier::new(2);
        let outcomes: Vec<Outcome> = thread::scope(|scope| {
            let officers: Vec<_> = previews
                .iter()
                .map(|preview| {
                    scope.spawn(|| {
                        let registry = world.another();
                        barrier.wait();
                        intake::commit(&registry, &reporter(JTJ), preview).unwrap()
                    })
                })
                .collect();
            officers.into_iter().map(|officer| officer.join().unwrap()).collect()
        });
        let moved: Vec<&Preview> = outcomes
            .iter()
            .filter_map(|outcome| match outcome {
                Outcome::Moved(preview) => Some(&**preview),
                Outcome::Committed(_) => None,
            })
            .collect();
        let [moved] = moved.as_slice() else {
            panic!("{outcomes:?}")
        };
        assert_eq!(fates(moved)[..2], ["changed 1", "unchanged 3"]);
        let record = projects::record(&world.registry, &secretariat(), code(1)).unwrap();
        assert_eq!(record.project.revision, 2, "one of the two changes");
        let all = review::count(&world.registry, &secretariat(), &review::Filter::default()).unwrap();
        assert_eq!(all, 3, "the new one once");
        world.commit(moved);
        let record = projects::record(&world.registry, &secretariat(), code(1)).unwrap();
        assert_eq!(record.project.revision, 3);
    }
}

#[test]
fn a_record_that_changes_between_preview_and_commit_is_not_overwritten() {
    for world in World::both() {
        world.import([school(1), school(2)]);
        let lines = || [school(1).with(Field::Stage, "40"), school(2)];
        let preview = upload(&world, "roster", lines());
        projects::propose_withdrawal(&world.registry, &secretariat(), &[code(1)], "重复").unwrap();
        let outcome = intake::commit(&world.registry, &reporter(JTJ), &preview).unwrap();
        let Outcome::Moved(now) = outcome else {
            panic!("{outcome:?}")
        };
        assert_eq!(fates(&now), ["changed 1", "unchanged 2"]);
        let record = projects::record(&world.registry, &secretariat(), code(1)).unwrap();
        assert_eq!((record.project.revision, record.project.op.as_str()), (2, "withdraw"));
    }
}
