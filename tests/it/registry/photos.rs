//! Photos: what is taken, what is answered, what is kept.

use std::io::Cursor;

use retrofit_registry::registry::Error;
use retrofit_registry::registry::photos::{self, Fate, Kind, Limits, MOST_OF_A_KIND, Outcome};

use crate::support::pictures::{archive, jpeg};
use crate::support::rosters::{JTJ, code, school};
use crate::support::{World, reporter, secretariat};

impl World {
    fn zip(&self, bytes: Vec<u8>) -> Result<Vec<Fate>, Error> {
        let kind = Kind::Construction;
        photos::add_zip(
            &self.registry,
            &reporter(JTJ),
            JTJ,
            kind,
            Cursor::new(bytes),
            &Limits::default(),
        )
    }

    fn photo(&self, id: i64, kind: Kind, bytes: Vec<u8>) -> Outcome {
        let files = vec![("照片.jpg".to_owned(), bytes)];
        photos::add(&self.registry, &reporter(JTJ), code(id), kind, files)
            .unwrap()
            .remove(0)
            .outcome
    }
}

fn words(fate: &Fate) -> &str {
    match &fate.outcome {
        Outcome::Refused(words) => words,
        other => panic!("{}: {other:?}", fate.name),
    }
}

#[test]
fn a_zip_of_three_hundred_lets_the_good_ones_in_and_answers_each_of_the_others() {
    for world in World::both() {
        world.import((1..=290).map(school));
        let mut names: Vec<String> = (1..=288).map(|row| format!("JTJ-{row:04}_施工_1.jpg")).collect();
        names.push("LC-2026-000289 验收（2）.JPG".into());
        names.push("验收/JTJ-0290/正面.jpg".into());
        let mut entries: Vec<(&str, Vec<u8>)> = names
            .iter()
            .zip(1..)
            .map(|(name, seed)| (name.as_str(), jpeg(640, 480, seed)))
            .collect();
        entries.extend([
            ("JTJ-9999_施工.jpg", jpeg(640, 480, 1001)),
            ("IMG_20261120.jpg", jpeg(640, 480, 1002)),
            ("JTJ-0001_施工_2.jpg", b"%PDF-1.7 a report".to_vec()),
            ("JTJ-0002_施工_2.jpg", jpeg(8000, 5000, 1003)),
            ("../../JTJ-0003_施工.jpg", jpeg(640, 480, 1004)),
            ("/tmp/JTJ-0004.jpg", jpeg(640, 480, 1005)),
            ("JTJ-0005_施工_2.jpg", jpeg(640, 480, 1006)[..40].to_vec()),
            ("JTJ-0001_施工_3.jpg", jpeg(640, 480, 1)),
            ("JTJ-0006_空.jpg", Vec::new()),
            ("JTJ-0007_大.jpg", [jpeg(640, 480, 1007), vec![0; 20_000_000]].concat()),
            ("__MACOSX/._JTJ-0001.jpg", b"x".to_vec()),
        ]);
        let fates = world.zip(archive(entries)).unwrap();
        assert_eq!(fates.len(), 300, "what the system left is not spoken of");
        assert!(
            fates[..290]
                .iter()
                .all(|fate| matches!(fate.outcome, Outcome::Taken(_))),
            "{fates:?}"
        );
        let told = ["对不上", "对不上", "PDF", "8000×5000", "越出", "越出", "不完整"];
        for (fate, told) in fates[290..297].iter().zip(told) {
            assert!(words(fate).contains(told), "{}: {}", fate.name, words(fate));
        }
        assert_eq!(fates[297].outcome, Outcome::Same(code(1)));
        assert!(words(&fates[298]).contains("空") && words(&fates[299]).contains("20 MB"));

        let photos = photos::of_project(&world.registry, &secretariat(), code(290)).unwrap();
        assert_eq!(
            (photos.len(), photos[0].kind.as_str(), photos[0].width),
            (1, "acceptance", 640)
        );
        let first = photos::of_project(&world.registry, &reporter(JTJ), code(1)).unwrap();
        let (media_type, bytes) = photos::bytes(
            &world.registry,
            &reporter(JTJ),
            code(1),
            Kind::Construction,
            &first[0].sha256,
        )
        .unwrap();
        assert_eq!(media_type, "image/jpeg");
        assert!(!String::from_utf8_lossy(&bytes).contains("GPS"));
        let folder = std::fs::read_dir(world.folder().join("photos")).unwrap();
        assert_eq!(folder.count(), 290, "a file for each picture, and none else");
        assert!(photos::of_project(&world.registry, &reporter("WJW"), code(1)).is_err());
    }
}

#[test]
fn what_is_no_archive_or_too_much_of_one_is_refused() {
    let world = World::sqlite();
    world.import([school(1)]);
    let refused = |bytes, limits: &Limits| {
        let zip = Cursor::new(bytes);
        match photos::add_zip(&world.registry, &reporter(JTJ), JTJ, Kind::Construction, zip, limits) {
            Err(Error::Refused(words)) => words,
            other => panic!("{other:?}"),
        }
    };
    assert!(refused(jpeg(4, 4, 1), &Limits::default()).contains("不是 ZIP"));
    let two = archive([("a.jpg", vec![1]), ("b.jpg", vec![2])]);
    let one = Limits {
        entries: 1,
        ..Limits::default()
    };
    assert!(refused(two, &one).contains("2 个文件"));
    // Megabytes of nothing, in a few bytes: unpacked no further than the limit.
    let limits = Limits {
        unpacked_bytes: 100_000,
        ..Limits::default()
    };
    let bomb = archive([("JTJ-0001.jpg", vec![0; 50_000_000]), ("JTJ-0001_2.jpg", jpeg(4, 4, 1))]);
    let fates = photos::add_zip(
        &world.registry,
        &reporter(JTJ),
        JTJ,
        Kind::Construction,
        Cursor::new(bomb),
        &limits,
    );
    assert!(fates.unwrap().iter().all(|fate| words(fate).contains("太大")));
    let other = photos::add_zip(
        &world.registry,
        &reporter("WJW"),
        JTJ,
        Kind::Construction,
        Cursor::new(archive([])),
        &Limits::default(),
    );
    assert!(other.is_err(), "another department's");
}

#[test]
fn a_project_has_so_many_photos_of_a_kind_and_one_not_sent_can_go() {
    for world in World::both() {
        world.import([school(1)]);
        for seed in 1..=u32::try_from(MOST_OF_A_KIND).unwrap() {
            assert_eq!(
                world.photo(1, Kind::Construction, jpeg(64, 48, seed)),
                Outcome::Taken(code(1))
            );
        }
        let more = world.photo(1, Kind::Construction, jpeg(64, 48, 99));
        assert!(matches!(more, Outcome::Refused(words) if words.contains("上限")));
        assert_eq!(
            world.photo(1, Kind::Acceptance, jpeg(64, 48, 99)),
            Outcome::Taken(code(1)),
            "another kind"
        );
        let first = photos::of_project(&world.registry, &secretariat(), code(1))
            .unwrap()
            .remove(0);
        let remove = |department| {
            photos::remove(
                &world.registry,
                &reporter(department),
                code(1),
                Kind::Construction,
                &first.sha256,
            )
        };
        assert!(remove("WJW").is_err());
        remove(JTJ).unwrap();
        assert!(remove(JTJ).is_err());
        assert_eq!(
            world.photo(1, Kind::Construction, jpeg(64, 48, 99)),
            Outcome::Taken(code(1))
        );
        assert_eq!(
            photos::count_by_state(&world.registry, &reporter(JTJ)).unwrap()["ready"],
            21
        );
        assert!(
            photos::waiting(&world.registry, 0, 10).unwrap().is_empty(),
            "the platform has no record yet"
        );
    }
}
