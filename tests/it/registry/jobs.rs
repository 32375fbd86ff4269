//! The jobs: each is run twice, and the second time does nothing. And an administrator's hand on them.

use retrofit_registry::registry::{projects, schedule};
use serde_json::Value;

use crate::support::rosters::{code, school};
use crate::support::{World, administrator, reporter, secretariat};

/// `retrofit jobs …`, and whether it ended well.
fn jobs(world: &World, args: &[&str]) -> (String, Option<i32>) {
    let output = world.command(&[&["jobs"], args].concat()).output().unwrap();
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    (said, output.status.code())
}

fn json(world: &World, args: &[&str]) -> Value {
    let (said, _) = jobs(world, &[args, &["--format", "json"]].concat());
    serde_json::from_str(&said).unwrap_or_else(|error| panic!("{args:?}: {error}: {said}"))
}

#[test]
fn a_backup_is_a_whole_database_and_the_days_second_does_nothing() {
    for world in World::both() {
        world.import([school(1), school(2)]);
        let (said, exit) = jobs(&world, &["run", "backup"]);
        assert_eq!(exit, Some(0), "{said}");
        let folder = world.folder().join("backups");
        if !world.is_sqlite() {
            assert!(said.contains("pg_dump"), "{said}");
            assert!(!folder.exists());
            continue;
        }
        let files = || {
            let mut names: Vec<_> = std::fs::read_dir(&folder)
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            names.sort();
            names
        };
        assert!(said.contains("已备份到"), "{said}");
        assert_eq!(files().len(), 1);
        let copy = folder.join(&files()[0]);
        let mut config = world.config.clone();
        config.database_url = copy.display().to_string();
        let restored = crate::support::open(&config, &world.clock);
        let record = projects::record(&restored, &secretariat(), code(2)).unwrap();
        assert_eq!(record.project.name, "第2小学教学楼");
        drop(restored);

        let before = std::fs::read(&copy).unwrap();
        let (said, exit) = jobs(&world, &["run", "backup"]);
        assert_eq!(exit, Some(0), "{said}");
        assert!(said.contains("已经备份过"), "{said}");
        assert_eq!(std::fs::read(&copy).unwrap(), before);
        for day in 1..=20 {
            std::fs::write(folder.join(format!("registry-2020-01-{day:02}.db")), "old").unwrap();
        }
        std::fs::remove_file(&copy).unwrap();
        assert_eq!(jobs(&world, &["run", "backup"]).1, Some(0));
        let kept: Vec<_> = files()
            .into_iter()
            .filter(|name| name.starts_with("registry-"))
            .collect();
        assert_eq!((kept.len(), kept[0].as_str()), (14, "registry-2020-01-08.db"));
    }
}

#[test]
fn jobs_without_anything_to_do_say_so_twice() {
    for world in World::both() {
        for job in ["retention", "receipt-follow-up", "reminders", "month-snapshot"] {
            let first = jobs(&world, &["run", job]);
            assert_eq!(first.1, Some(0), "{}", first.0);
            let second = jobs(&world, &["run", job]);
            assert_eq!(jobs(&world, &["run", job]), second);
            assert!(
                [" 0 ", "没有"].iter().any(|nothing| second.0.contains(nothing)),
                "{}",
                second.0
            );
        }
        let history = json(&world, &["history"]);
        let runs = history["runs"].as_array().unwrap();
        assert_eq!(runs.len(), 12);
        assert!(
            runs.iter()
                .all(|run| run["state"] == "done" && run["operator"] == "console-administrator"),
            "{history}"
        );
    }
}

#[test]
fn a_job_that_fails_says_why_and_exits_so() {
    let world = World::sqlite();
    let (said, exit) = jobs(&world, &["run", "nightly-sync"]);
    assert!(
        exit == Some(1) && said.contains("RETROFIT_PLATFORM_URL"),
        "{exit:?} {said}"
    );
    let runs = schedule::job_runs(&world.registry, &administrator(), Some("nightly-sync"), 5).unwrap();
    assert_eq!(runs[0].state, "failed");
}

#[test]
fn jobs_are_paused_and_resumed_by_administrators_alone() {
    for world in World::both() {
        let (said, exit) = jobs(&world, &["pause", "backup"]);
        assert!(exit == Some(0) && said.contains("已暂停"), "{said}");
        assert!(jobs(&world, &["pause", "backup"]).0.contains("本来就是"));
        let listed = json(&world, &["list"]);
        let backup = listed["jobs"]
            .as_array()
            .unwrap()
            .iter()
            .find(|job| job["job"] == "backup")
            .unwrap();
        assert_eq!(backup["paused_by"], "console-administrator", "{listed}");
        let (said, _) = jobs(&world, &["list"]);
        assert!(
            said.contains("夜间上报") && said.contains("已由 console-administrator 暂停"),
            "{said}"
        );
        assert!(jobs(&world, &["resume", "backup"]).0.contains("已恢复"));
        let (said, exit) = jobs(&world, &["pause", "no-such-job"]);
        assert!(exit == Some(2) && said.contains("nightly-sync"), "{said}");
        for operator in [secretariat(), reporter("JTJ")] {
            assert!(schedule::pause(&world.registry, &operator, "backup").is_err());
            assert!(schedule::resume(&world.registry, &operator, "backup").is_err());
        }
        assert!(schedule::pauses(&world.registry, &reporter("JTJ")).is_err());
    }
}
