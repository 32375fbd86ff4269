//! The comparison with the platform, on both databases, against the simulator; and the job that makes it.

use std::sync::Arc;

use platform_simulator::{Endpoint, Fault, FaultKind, Settings, Simulator};
use retrofit_jobs::delivery::{Patience, Reconciled, SyncOptions, SyncOutcome, deliver, reconcile};
use retrofit_jobs::platform::{Platform, Profile};
use retrofit_registry::registry::reconcile::{Report, latest};
use retrofit_registry::registry::{RegistryCode, projects};

use crate::support::rosters::{code, school};
use crate::support::{APP_KEY, SECRET, World, secretariat};

struct Sides {
    world: World,
    simulator: Simulator,
    platform: Platform,
}

/// Half the profile's page, so that there are several.
fn profile() -> Profile {
    Profile::parse(&include_str!("../../../jobs/profiles/national-v1.toml").replace("page = 1000", "page = 2")).unwrap()
}

impl Sides {
    async fn new(world: World, schools: u32) -> Self {
        world.import((1..=schools).map(school));
        world.approve_all();
        let (simulator, platform) = world.platform(profile()).await;
        let sides = Self {
            world,
            simulator,
            platform,
        };
        assert_eq!(sides.sync().await.counts.accepted, u64::from(schools));
        sides
    }

    async fn sync(&self) -> SyncOutcome {
        let store = Arc::new(self.world.registry.clone());
        deliver(store, &self.platform, SyncOptions::new("test", "tester"))
            .await
            .unwrap()
    }

    async fn compare(&self, redeliver: bool) -> (Reconciled, Report) {
        self.world.clock.shift(60_000);
        let store = Arc::new(self.world.registry.clone());
        let done = reconcile(store, &self.platform, "tester", redeliver, Patience::default(), None)
            .await
            .unwrap();
        (done, latest(&self.world.registry, &secretariat()).unwrap().unwrap())
    }

    fn state(&self, project: i64) -> (String, Option<String>) {
        let record = projects::record(&self.world.registry, &secretariat(), code(project)).unwrap();
        (
            record.project.state.clone(),
            record.revisions.last().unwrap().reason.clone(),
        )
    }
}

fn said(report: &Report) -> Vec<(String, &str, &str)> {
    let said = report.differences.iter();
    said.map(|row| (row.source_id.clone(), &*row.kind, &*row.done))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_agrees_is_no_difference() {
    for world in World::both() {
        let sides = Sides::new(world, 5).await;
        let (done, report) = sides.compare(true).await;
        assert_eq!((done.listed, done.trouble), (5, None));
        assert!(
            report.differences.is_empty() && report.row.ended_at.is_some(),
            "{report:?}"
        );
        assert_eq!(sides.sync().await.selected, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_platform_lost_is_reported_and_on_request_delivered_again() {
    for world in World::both() {
        let sides = Sides::new(world, 3).await;
        sides.simulator.forget_record(&code(2).to_string()).unwrap();
        let missing = |done| vec![(code(2).to_string(), "missing-there", done)];
        assert_eq!(said(&sides.compare(false).await.1), missing("nothing"));
        assert_eq!(sides.sync().await.selected, 0, "a report changes nothing");
        assert_eq!(said(&sides.compare(true).await.1), missing("redelivered"));
        assert_eq!(said(&sides.compare(true).await.1), [], "it is on its way");
        let again = sides.sync().await;
        assert_eq!((again.selected, again.counts.accepted), (1, 1));
        assert_eq!(sides.simulator.records().unwrap().len(), 3);
        assert_eq!(said(&sides.compare(true).await.1), []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_inspection_returned_goes_back_once_with_its_note() {
    for world in World::both() {
        let sides = Sides::new(world, 3).await;
        sides
            .simulator
            .return_record(&code(2).to_string(), "照片不清晰")
            .unwrap();
        sides.simulator.pass_record(&code(3).to_string()).unwrap();
        let returned = |done| vec![(code(2).to_string(), "returned", done)];
        assert_eq!(said(&sides.compare(false).await.1), returned("sent-back"));
        let (state, reason) = sides.state(2);
        assert_eq!(state, "returned");
        assert!(reason.unwrap().contains("照片不清晰"));
        assert_eq!(said(&sides.compare(false).await.1), returned("nothing"));
        // mended, approved and delivered in a higher revision, it is returned no more
        let mended = school(2).with(retrofit_import::catalogue::Field::Stage, "40");
        sides.world.import([mended]);
        sides.world.approve_all();
        assert_eq!(sides.sync().await.counts.accepted, 1);
        assert_eq!(said(&sides.compare(false).await.1), []);
        assert_eq!(sides.state(2).0, "approved");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_and_other_revisions_are_told_and_never_removed() {
    for world in World::both() {
        let sides = Sides::new(world, 2).await;
        let stranger = RegistryCode { year: 2026, id: 777 }.to_string();
        sides.simulator.hold_record(&code(1).to_string(), &stranger, 4).unwrap();
        sides
            .simulator
            .hold_record(&code(2).to_string(), &code(2).to_string(), 9)
            .unwrap();
        let (_, report) = sides.compare(true).await;
        let expected = [
            (code(2).to_string(), "different", "nothing"),
            (stranger, "missing-here", "nothing"),
        ];
        assert_eq!(said(&report), expected);
        assert_eq!(sides.simulator.records().unwrap().len(), 3);
        assert_eq!(sides.sync().await.selected, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listing_that_breaks_off_finds_nothing_missing() {
    for world in World::both() {
        let sides = Sides::new(world, 5).await;
        sides
            .simulator
            .inject(Fault::times(2, FaultKind::Drop).at(Endpoint::ListRecords));
        assert_eq!(
            said(&sides.compare(true).await.1),
            [],
            "a dropped page is asked for again"
        );
        sides
            .simulator
            .inject(Fault::always(FaultKind::NotJson).at(Endpoint::ListRecords));
        let (done, report) = sides.compare(true).await;
        assert!(done.trouble.is_some() && report.row.trouble.is_some());
        assert_eq!(said(&report), []);
        assert_eq!(sides.sync().await.selected, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_job_reports_twice_the_same_and_delivers_nothing_again() {
    for world in World::both() {
        // the binary goes by the machine's clock
        world.import((1..=3).map(school));
        world.approve_all();
        let platform = Simulator::start(Settings::new(APP_KEY, SECRET)).await.unwrap();
        let run = |args: &[&str]| {
            let output = world.command_reaching(&platform.url(), args).output().unwrap();
            (String::from_utf8(output.stdout).unwrap(), output.status.code())
        };
        assert_eq!(run(&["sync", "run"]).1, Some(0));
        platform.forget_record(&code(2).to_string()).unwrap();
        platform.return_record(&code(3).to_string(), "照片不清晰").unwrap();
        let posts = || {
            platform
                .requests()
                .iter()
                .filter(|request| request.method == "POST")
                .count()
        };
        let sent = posts();
        for _ in 0..2 {
            let (said, exit) = run(&["jobs", "run", "reconciliation"]);
            let expected = "平台共有 2 条。平台缺少 1，本地缺少 0，两边不一致 0，平台质检退回 1";
            assert!(exit == Some(0) && said.contains(expected), "{said}");
        }
        let report = latest(&world.registry, &secretariat()).unwrap().unwrap();
        assert_eq!(report.row.started_by, "reconciliation");
        let returned = projects::record(&world.registry, &secretariat(), code(3)).unwrap();
        assert_eq!(returned.project.state, "returned");
        assert_eq!(run(&["sync", "run"]).1, Some(0));
        assert_eq!(posts(), sent, "nothing was sent again");

        platform.inject(
            Fault::always(FaultKind::Answer {
                status: 403,
                retry_after: None,
            })
            .at(Endpoint::ListRecords),
        );
        let (said, exit) = run(&["jobs", "run", "reconciliation"]);
        assert!(exit == Some(1) && said.contains("核对没有完成"), "{said}");
        platform.stop().await;
    }
}
