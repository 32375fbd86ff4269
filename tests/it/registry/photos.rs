//! Photos: what is taken, what is answered, what is kept, what reaches the platform.

use std::io::Cursor;

use platform_simulator::{Endpoint, Fault, FaultKind, HeldPhoto, Settings, Simulator};
use retrofit_jobs::store::{PhotoKind, PhotoStore as _};
use retrofit_registry::registry::Error;
use retrofit_registry::registry::photos::{self, Fate, Limits, MOST_OF_A_KIND, Outcome};

use sha2::{Digest as _, Sha256};

use crate::support::pictures::{archive, jpeg};
use crate::support::rosters::{JTJ, code, school};
use crate::support::{APP_KEY, SECRET, World, reporter, secretariat};

impl World {
    fn zip(&self, bytes: Vec<u8>) -> Result<Vec<Fate>, Error> {
        let kind = PhotoKind::Construction;
        photos::add_zip(
            &self.registry,
            &reporter(JTJ),
            JTJ,
            kind,
            Cursor::new(bytes),
            &Limits::default(),
        )
    }

    fn photo(&self, id: i64, kind: PhotoKind, bytes: Vec<u8>) -> Outcome {
        let files = vec![("照片.jpg".to_owned(), bytes)];
        photos::add(&self.registry, &reporter(JTJ), code(id), kind, files)
            .unwrap()
            .remove(0)
            .outcome
    }
}

/// Of each of 290 projects one: most under way, two accepted.
fn good_names() -> Vec<String> {
    let mut names: Vec<String> = (1..=288).map(|row| format!("JTJ-{row:04}_施工_1.jpg")).collect();
    names.push("LC-2026-000289 验收（2）.JPG".into());
    names.push("验收/JTJ-0290/正面.jpg".into());
    names
}

/// Under each name another picture.
fn good_pictures(names: &[String]) -> Vec<(&str, Vec<u8>)> {
    let pictures = names.iter().zip(1..);
    pictures
        .map(|(name, seed)| (name.as_str(), jpeg(640, 480, seed)))
        .collect()
}

fn sha256(bytes: &[u8]) -> String {
    let hex: Vec<String> = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    hex.concat()
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
        let names = good_names();
        let mut entries = good_pictures(&names);
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
            PhotoKind::Construction,
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
        match photos::add_zip(
            &world.registry,
            &reporter(JTJ),
            JTJ,
            PhotoKind::Construction,
            zip,
            limits,
        ) {
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
        PhotoKind::Construction,
        Cursor::new(bomb),
        &limits,
    );
    assert!(fates.unwrap().iter().all(|fate| words(fate).contains("太大")));
    let other = photos::add_zip(
        &world.registry,
        &reporter("WJW"),
        JTJ,
        PhotoKind::Construction,
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
                world.photo(1, PhotoKind::Construction, jpeg(64, 48, seed)),
                Outcome::Taken(code(1))
            );
        }
        let more = world.photo(1, PhotoKind::Construction, jpeg(64, 48, 99));
        assert!(matches!(more, Outcome::Refused(words) if words.contains("上限")));
        assert_eq!(
            world.photo(1, PhotoKind::Acceptance, jpeg(64, 48, 99)),
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
                PhotoKind::Construction,
                &first.sha256,
            )
        };
        assert!(remove("WJW").is_err());
        remove(JTJ).unwrap();
        assert!(remove(JTJ).is_err());
        assert_eq!(
            world.photo(1, PhotoKind::Construction, jpeg(64, 48, 99)),
            Outcome::Taken(code(1))
        );
        assert_eq!(
            photos::count_by_state(&world.registry, &reporter(JTJ)).unwrap()["ready"],
            21
        );
        assert!(
            world.registry.waiting_photos(0, 10).unwrap().is_empty(),
            "the platform has no record yet"
        );
    }
}

#[test]
fn the_good_photos_of_an_archive_reach_the_platform_byte_for_byte_and_once() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build();
    let runtime = runtime.unwrap();
    for world in World::both() {
        let platform = runtime
            .block_on(Simulator::start(Settings::new(APP_KEY, SECRET)))
            .unwrap();
        let run = |args: &[&str]| {
            let output = world.command_reaching(&platform.url(), args).output().unwrap();
            (String::from_utf8(output.stdout).unwrap(), output.status.code())
        };
        world.import((1..=290).map(school));
        let names = good_names();
        let mut entries = good_pictures(&names);
        entries.push(("IMG_20261120.jpg", jpeg(640, 480, 1002)));
        assert_eq!(world.zip(archive(entries)).unwrap().len(), 291);
        let (said, exit) = run(&["jobs", "run", "nightly-sync"]);
        assert!(
            exit == Some(0) && !said.contains("照片"),
            "before their records: {said}"
        );
        assert_eq!(platform.photos().unwrap(), []);

        world.approve_all();
        platform.inject(Fault::once(FaultKind::Drop).at(Endpoint::PutPhoto).after_processing());
        let refusal = FaultKind::Answer {
            status: 400,
            retry_after: None,
        };
        platform.inject(Fault::once(refusal).at(Endpoint::PutPhoto));
        let (said, exit) = run(&["jobs", "run", "nightly-sync"]);
        assert!(
            said.contains("接收 290") && said.contains("照片：上报 289 张，平台退回 1 张"),
            "{said}"
        );
        assert_eq!(exit, Some(0), "{said}");

        let reporter = reporter(JTJ);
        let refused = photos::latest(&world.registry, &reporter, Some("refused"), (i64::MAX, 10)).unwrap();
        assert_eq!(refused.len(), 1, "its department sees it");
        assert!(
            refused[0]
                .photo
                .problem
                .as_deref()
                .is_some_and(|words| words.contains("400")),
            "{refused:?}"
        );
        let mut kept: Vec<HeldPhoto> = (1..=290)
            .flat_map(|id| photos::of_project(&world.registry, &reporter, code(id)).unwrap())
            .filter(|row| row.state == "sent")
            .map(|row| {
                let file = std::fs::read(world.folder().join("photos").join(&row.sha256)).unwrap();
                HeldPhoto {
                    source_id: code(row.project_id).to_string(),
                    kind: row.kind,
                    sha256: sha256(&file),
                    bytes: i64::try_from(file.len()).unwrap(),
                }
            })
            .collect();
        kept.sort_by(|a, b| a.source_id.cmp(&b.source_id));
        assert_eq!(kept, platform.photos().unwrap());
        assert_eq!(kept.len(), 289);
        assert_eq!(kept.iter().filter(|photo| photo.kind == "acceptance").count(), 2);

        let sent = platform.requests().len();
        let (said, exit) = run(&["sync", "run"]);
        assert!(exit == Some(0) && !said.contains("照片"), "{said}");
        assert_eq!(
            platform.requests().len(),
            sent,
            "nothing is sent twice, and what was refused not again"
        );
        runtime.block_on(platform.stop());
    }
}

#[test]
fn a_spoiled_file_is_told_and_keeps_no_other_photo_back() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let world = World::sqlite();
    let platform = runtime
        .block_on(Simulator::start(Settings::new(APP_KEY, SECRET)))
        .unwrap();
    world.import([school(1)]);
    world.approve_all();
    for seed in [1, 2] {
        world.photo(1, PhotoKind::Acceptance, jpeg(64, 48, seed));
    }
    let first = photos::of_project(&world.registry, &secretariat(), code(1))
        .unwrap()
        .remove(0);
    std::fs::write(world.folder().join("photos").join(&first.sha256), "spoiled").unwrap();
    let output = world
        .command_reaching(&platform.url(), &["sync", "run", "--format", "json"])
        .output();
    let output = output.unwrap();
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (
            &told["state"],
            &told["photos"]["delivered"],
            &told["photos"]["unreadable"]
        ),
        (&"done".into(), &1.into(), &1.into())
    );
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(platform.photos().unwrap().len(), 1);
}
