//! The delivery as an operator keeps it, by the binary: what would be sent, what is still open, and a platform's profile that does not fit.

use std::time::Duration;

use platform_simulator::{Settings, Simulator};
use retrofit_jobs::store::{BatchId, DeliveryStore as _};
use serde_json::Value;

use crate::support::rosters::school;
use crate::support::{APP_KEY, SECRET, World};

struct Desk {
    world: World,
    platform: Simulator,
}

impl Desk {
    async fn new(world: World, receipts_after_polls: u32) -> Self {
        let mut settings = Settings::new(APP_KEY, SECRET);
        settings.receipts_after_polls = receipts_after_polls;
        let platform = Simulator::start(settings).await.unwrap();
        Self { world, platform }
    }

    /// What a command prints, what it complains, and its exit code.
    fn run(&self, args: &[&str]) -> (String, String, Option<i32>) {
        let output = self
            .world
            .command_reaching(&self.platform.url(), args)
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (text(output.stdout), text(output.stderr), output.status.code())
    }

    fn posts(&self) -> usize {
        let requests = self.platform.requests();
        requests.iter().filter(|request| request.method == "POST").count()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_preview_is_what_is_sent_and_a_follow_up_takes_on_what_is_pending() {
    for world in World::both() {
        let desk = Desk::new(world, 3).await;
        desk.world.import((1..=3).map(school));
        let preview = ["sync", "preview", "--project", "LC-2026-000002"];
        let (_, complaint, exit) = desk.run(&preview);
        assert!(
            exit == Some(2) && complaint.contains("还没有审核通过"),
            "{exit:?} {complaint}"
        );
        desk.world.approve_all();
        let (record, _, exit) = desk.run(&preview);
        assert_eq!(exit, Some(0));

        let (said, follows, exit) = desk.run(&["sync", "run", "--wait", "0"]);
        assert!(
            exit == Some(1) && said.contains("已发出，等待回执") && said.contains("待回执 3"),
            "{said}"
        );
        assert!(
            follows.contains("发送：") && follows.contains("共 3"),
            "progress in lines: {follows}"
        );
        let body = desk.world.registry.body(BatchId(1)).unwrap();
        let body = String::from_utf8(body).unwrap();
        assert!(body.contains(record.trim_end()), "{record} in {body}");

        let (said, _, exit) = desk.run(&["jobs", "run", "receipt-follow-up"]);
        assert!(exit == Some(0) && said.contains("应报 3 = 接收 3"), "{said}");
        assert_eq!(desk.posts(), 1, "nothing is sent again");
        let (said, _, _) = desk.run(&["jobs", "run", "receipt-follow-up"]);
        assert!(said.contains("没有等待回执的批次"), "{said}");
        let (said, _, _) = desk.run(&["jobs", "history", "--format", "json"]);
        let history: Value = serde_json::from_str(&said).unwrap();
        assert_eq!(history["runs"].as_array().unwrap().len(), 2);
        desk.platform.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_that_does_not_fit_the_catalogue_is_refused_with_the_place() {
    let desk = Desk::new(World::sqlite(), 0).await;
    let file = desk.world.folder().join("platform.toml");
    let national = include_str!("../../../jobs/profiles/national-v1.toml");
    for (written, said) in [
        (national.replace("\"floor_area_m2\"", "\"floor_space\""), "floor_space"),
        ("stages = 5".into(), "platform.toml"),
    ] {
        assert_ne!(written, national);
        std::fs::write(&file, &written).unwrap();
        for args in [
            &["serve"][..],
            &["sync", "run"],
            &["sync", "preview", "--project", "LC-2026-000001"],
        ] {
            let mut command = desk.world.command_reaching(&desk.platform.url(), args);
            command
                .env("RETROFIT_PLATFORM_PROFILE", &file)
                .env("RETROFIT_BIND", "127.0.0.1:0");
            let output = tokio::time::timeout(Duration::from_mins(1), tokio::process::Command::from(command).output());
            let output = output.await.expect("it is refused at once").unwrap();
            let complaint = String::from_utf8_lossy(&output.stderr);
            assert!(
                !output.status.success() && complaint.contains(said),
                "{args:?} {said}: {complaint}"
            );
        }
    }
    assert_eq!(desk.posts(), 0);
}
