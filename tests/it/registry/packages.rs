//! The delivery by hand, on both databases: nothing lost or doubled, whatever becomes of a package.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read as _};
use std::path::PathBuf;

use retrofit_jobs::platform::Profile;
use retrofit_jobs::store::{DeliveryStore as _, LeftState, NewRun, RunState};
use retrofit_registry::registry::packages::{self, ReceiptsReport};
use retrofit_registry::registry::{Error, delivery, projects, review};
use rust_xlsxwriter::Workbook;
use sha2::{Digest as _, Sha256};

use crate::support::rosters::{JTJ, code, school};
use crate::support::{World, reporter, secretariat};

impl World {
    fn package(&self) -> (u64, Option<String>) {
        let made = packages::make(&self.registry, &secretariat(), &Profile::national_v1()).unwrap();
        made.map_or((0, None), |(outcome, number)| (outcome.counts.pending, number))
    }

    fn parts(&self, number: &str) -> BTreeMap<String, Vec<u8>> {
        let file = packages::file(&self.registry, &secretariat(), number).unwrap();
        let mut zip = zip::ZipArchive::new(Cursor::new(file)).unwrap();
        (0..zip.len())
            .map(|index| {
                let mut part = zip.by_index(index).unwrap();
                let mut bytes = Vec::new();
                part.read_to_end(&mut bytes).unwrap();
                (part.name().unwrap().into_owned(), bytes)
            })
            .collect()
    }

    fn receipts(&self, csv: &str) -> PathBuf {
        let path = self.folder().join("receipts.csv");
        std::fs::write(&path, csv).unwrap();
        path
    }

    fn register(&self, csv: &str, number: Option<&str>) -> Result<ReceiptsReport, Error> {
        let path = self.receipts(csv);
        packages::register(&self.registry, &secretariat(), &Profile::national_v1(), &path, number)
    }

    fn outbox(&self) -> BTreeMap<String, i64> {
        delivery::outbox(&self.registry, &secretariat())
            .unwrap()
            .into_iter()
            .collect()
    }

    fn approve(&self, schools: impl IntoIterator<Item = u32>) {
        self.import(schools.into_iter().map(school));
        self.approve_all();
    }
}

fn counts(report: &ReceiptsReport) -> (u64, u64, u64, u64) {
    let counts = report.outcome.counts;
    (counts.accepted, counts.rejected, counts.pending, report.known)
}

#[test]
fn a_package_holds_what_waits_and_says_so() {
    for world in World::both() {
        world.approve(1..=3);
        let (records, number) = world.package();
        let number = number.unwrap();
        assert_eq!(records, 3);
        let parts = world.parts(&number);
        assert_eq!(
            parts.keys().collect::<Vec<_>>(),
            ["manifest.json", "records.jsonl", "records.xlsx"]
        );
        let manifest: serde_json::Value = serde_json::from_slice(&parts["manifest.json"]).unwrap();
        assert_eq!(
            (&manifest["batch_no"], &manifest["count"]),
            (&number.as_str().into(), &3.into())
        );
        assert_eq!(
            (&manifest["profile"], &manifest["profile_version"]),
            (&"national-v1".into(), &"1".into())
        );
        for file in manifest["files"].as_array().unwrap() {
            let bytes = &parts[file["name"].as_str().unwrap()];
            let hash: Vec<String> = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(file["sha256"], hash.concat());
        }
        let lines: Vec<serde_json::Value> = std::str::from_utf8(&parts["records.jsonl"])
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines.len(), 3);
        assert_eq!(lines[0]["data"]["xzqh"], "371502", "a zone goes as its district");

        let mut book =
            calamine::open_workbook_from_rs::<calamine::Xlsx<_>, _>(Cursor::new(&parts["records.xlsx"])).unwrap();
        let sheet = calamine::Reader::worksheet_range(&mut book, "records").unwrap();
        let header: Vec<String> = sheet.rows().next().unwrap().iter().map(ToString::to_string).collect();
        let profile = Profile::national_v1();
        let columns: Vec<&str> = ["source_id", "revision", "op"]
            .into_iter()
            .chain(profile.columns().map(|(name, _)| name))
            .collect();
        assert_eq!(header, columns);
        assert_eq!(sheet.height(), 4);
        assert_eq!(sheet.get((1, 5)).unwrap().to_string(), "02", "a code keeps its zero");

        // made twice: nothing waits any more, and the first is there still, byte for byte
        assert_eq!(world.package(), (0, None));
        assert_eq!(world.parts(&number), parts);
        assert_eq!(world.outbox(), BTreeMap::from([("pending".into(), 3)]));
        let open = packages::open(&world.registry, &secretariat()).unwrap();
        assert_eq!((open.len(), open[0].records, open[0].open), (1, 3, 3));
        assert!(matches!(
            packages::make(&world.registry, &reporter(JTJ), &profile),
            Err(Error::Refused(_))
        ));
    }
}

#[test]
fn receipts_in_parts_twice_and_of_strangers_settle_each_record_once() {
    for world in World::both() {
        world.approve(1..=4);
        let number = world.package().1.unwrap();
        let first = format!(
            "\u{feff}source_id,result,platform_no,message\r\n{},accepted,QG1,\r\n{},退回,,ztz：总投资超限\r\n{},,,\r\nLC-2026-000777,accepted,QG9,\r\n{},也许,,\r\n",
            code(1),
            code(2),
            code(3),
            code(4)
        );
        let report = world.register(&first, None).unwrap();
        assert_eq!(counts(&report), (1, 1, 2, 0));
        assert_eq!(
            (report.outcome.state, report.outcome.selected, report.blank),
            (RunState::Pending, 4, 1)
        );
        let strange: Vec<_> = report
            .strange
            .iter()
            .map(|row| (&*row.at, row.reason.contains("未登记")))
            .collect();
        assert_eq!(strange, [("A5", true), ("A6", true)]);

        let returned = projects::record(&world.registry, &secretariat(), code(2)).unwrap();
        assert_eq!(returned.project.state, "returned");
        let reason = returned.revisions.last().unwrap().reason.clone().unwrap();
        assert!(
            reason.contains("计划总投资") || reason.contains("总投资超限"),
            "{reason}"
        );

        // the same once more
        let again = world.register(&first, Some(&number)).unwrap();
        assert_eq!(counts(&again), (0, 0, 2, 2));

        // a contradiction is not believed; the rest closes the package
        let contradicting = format!(
            "登记编号,结果,平台编号,说明\n{0},accepted,,\n{0},rejected,,\n{1},unchanged,,\n",
            code(3),
            code(4)
        );
        let report = world.register(&contradicting, None).unwrap();
        assert_eq!((report.outcome.counts.unchanged, report.outcome.counts.pending), (1, 1));
        assert!(report.strange.iter().any(|row| row.reason.contains("不同的结果")));
        let last = format!("source_id,result,platform_no,message\n{},accepted,,\n", code(3));
        assert_eq!(world.register(&last, None).unwrap().outcome.state, RunState::Done);
        assert_eq!(
            world.outbox(),
            BTreeMap::from([("accepted".into(), 2), ("rejected".into(), 1), ("unchanged".into(), 1)])
        );
        let refused = world.register(&last, Some(&number)).unwrap_err().to_string();
        assert!(refused.contains("不在待回执之列"), "{refused}");
        for run in delivery::runs(&world.registry, &secretariat(), 100).unwrap() {
            let outcome = delivery::outcome(&run).unwrap();
            assert_eq!(outcome.selected, outcome.counts.selected());
        }
    }
}

#[test]
fn a_lost_package_goes_again_in_the_same_revisions_and_late_receipts_change_nothing() {
    for world in World::both() {
        world.approve(1..=3);
        let lost = world.package().1.unwrap();
        world
            .register(
                &format!("source_id,result,platform_no,message\n{},accepted,,\n", code(1)),
                None,
            )
            .unwrap();
        let before = world.parts(&lost)["records.jsonl"].clone();
        assert_eq!(packages::lose(&world.registry, &secretariat(), &lost).unwrap(), 2);
        let losing = delivery::runs(&world.registry, &secretariat(), 1).unwrap()[0].id;
        let left = delivery::left(&world.registry, &secretariat(), (losing, LeftState::NotSent), 0, 10).unwrap();
        assert_eq!(left.len(), 2, "what waits again");
        assert_eq!(
            world.outbox(),
            BTreeMap::from([("accepted".into(), 1), ("ready".into(), 2)])
        );
        assert!(packages::lose(&world.registry, &secretariat(), &lost).is_err());

        let (records, again) = world.package();
        let again = again.unwrap();
        assert_eq!(records, 2);
        let lines = |bytes: &[u8]| -> BTreeSet<String> {
            std::str::from_utf8(bytes).unwrap().lines().map(str::to_owned).collect()
        };
        let after = world.parts(&again)["records.jsonl"].clone();
        assert!(
            lines(&after).is_subset(&lines(&before)),
            "the same revisions, the same bytes"
        );

        // the receipts of the lost one turn up after all
        let late = format!("source_id,result,batch_no\n{},rejected,{lost}\n", code(2));
        assert!(world.register(&late, None).is_err());
        let report = world.register(&late, Some(&again)).unwrap();
        assert_eq!((report.outcome.counts.pending, report.strange.len()), (2, 1));
        // and of another revision than the one in the package
        let other = format!("source_id,result,revision\n{},rejected,7\n", code(2));
        assert_eq!(world.register(&other, None).unwrap().strange.len(), 1);
        let sound = format!(
            "source_id,result,revision,batch_no\n{},unchanged,1,{again}\n{},accepted,1,{again}\n",
            code(2),
            code(3)
        );
        assert_eq!(world.register(&sound, None).unwrap().outcome.state, RunState::Done);
    }
}

#[test]
fn no_run_over_the_wire_takes_a_package_or_its_projects_along() {
    for world in World::both() {
        world.approve(1..=2);
        world.package().1.unwrap();
        world.approve([3]);
        // a later revision of the first waits behind the package
        world.import([school(1).with(retrofit_import::catalogue::Field::Stage, "40")]);
        world.approve_all();
        let now = world.clock.now();
        let run = world
            .registry
            .begin_run(&NewRun {
                holder: "somebody".into(),
                started_by: "nightly-sync".into(),
                started_at: now,
                lease_until: now + 120_000,
            })
            .unwrap();
        assert!(world.registry.take_up(run, 100, now).unwrap().is_empty());
        let claimed = world.registry.claim(run, &[], 100, now).unwrap();
        assert_eq!(
            claimed.iter().map(|record| &*record.source_id).collect::<Vec<_>>(),
            [code(3).to_string()]
        );
    }
}

#[test]
fn a_withdrawal_goes_in_a_package_too() {
    for world in World::both() {
        world.approve([1]);
        world.package().1.unwrap();
        world
            .register(
                &format!("source_id,result,platform_no,message\n{},accepted,,\n", code(1)),
                None,
            )
            .unwrap();
        projects::propose_withdrawal(&world.registry, &reporter(JTJ), &[code(1)], "重复登记").unwrap();
        world.approve_all();
        let number = world.package().1.unwrap();
        let parts = world.parts(&number);
        let line: serde_json::Value = serde_json::from_slice(&parts["records.jsonl"]).unwrap();
        assert_eq!((&line["op"], line.get("data")), (&"withdraw".into(), None));
        let report = world
            .register(
                &format!("source_id,result,platform_no,message\n{},接收,,\n", code(1)),
                None,
            )
            .unwrap();
        assert_eq!(report.outcome.state, RunState::Done);
    }
}

#[test]
fn the_packages_own_workbook_comes_back_as_receipts_and_foreign_bytes_are_refused() {
    for world in World::both() {
        world.approve(1..=2);
        let number = world.package().1.unwrap();
        let mut book = Workbook::new();
        let sheet = book.add_worksheet().set_name("回执").unwrap();
        for (row, cells) in [
            ["source_id", "result", "platform_no", "message", "revision", "batch_no"],
            [&code(1).to_string(), "接收", "QG1", "", "1", &number],
            [&code(2).to_string(), "已有新版", "", "", "1", &number],
        ]
        .iter()
        .enumerate()
        {
            for (column, text) in cells.iter().enumerate() {
                sheet
                    .write_string(u32::try_from(row).unwrap(), u16::try_from(column).unwrap(), *text)
                    .unwrap();
            }
        }
        let path = world.folder().join("records.xlsx");
        book.save(&path).unwrap();
        let register = |path: &std::path::Path| {
            packages::register(&world.registry, &secretariat(), &Profile::national_v1(), path, None)
        };
        for (name, bytes) in [
            ("a.xlsx", &b"PK\x03\x04 torn"[..]),
            ("b.csv", b"a,b\n1,2\n"),
            ("c.xls", b"\xd0\xcf\x11\xe0"),
        ] {
            let foreign = world.folder().join(name);
            std::fs::write(&foreign, bytes).unwrap();
            assert!(
                matches!(register(&foreign), Err(Error::Refused(words)) if !words.is_empty()),
                "{name}"
            );
        }
        let report = register(&path).unwrap();
        assert_eq!((report.outcome.counts.accepted, report.outcome.counts.stale), (1, 1));
        let state = review::list(&world.registry, &secretariat(), &review::Filter::default(), 0, 10).unwrap();
        assert_eq!(state.len(), 2);
    }
}
