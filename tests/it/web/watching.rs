//! What is watched: a delivery at work, the jobs, a project's way to the platform, and the measures.

use platform_simulator::{Settings, Simulator};
use reqwest::StatusCode;
use retrofit_jobs::delivery::{SyncOptions, deliver};
use retrofit_jobs::platform::{Platform, PlatformSettings, Profile};
use retrofit_jobs::store::{Counts, DeliveryStore as _, Left, LeftState, NewRun, RunEnd, RunState, Unsent};
use retrofit_registry::registry::delivery;
use retrofit_registry::registry::people::Role;

use super::Site;
use crate::support::rosters::school;
use crate::support::{World, secretariat};

#[tokio::test]
async fn a_delivery_at_work_is_followed_by_its_stream() {
    let site = Site::new().await;
    let browser = site.secretariat().await;
    let idle = browser.get("/runs/live").await;
    assert!(idle.text.contains("event: end"), "{}", idle.text);

    let now = site.world.clock.now();
    let store = site.world.registry.clone();
    let begin = NewRun {
        holder: "somebody".into(),
        started_by: "tester".into(),
        started_at: now,
        lease_until: now + 120_000,
    };
    let run = store.begin_run(&begin).unwrap();
    let counts = Counts {
        accepted: 3,
        not_sent: 4,
        ..Counts::default()
    };
    store.renew_run(run, &counts, now + 120_000).unwrap();
    let page = browser.get("/runs").await;
    assert!(page.text.contains("<progress max=\"7\" value=\"3\""), "{}", page.text);

    // its process dies: the stream tells how it stood, and ends
    let mut answer = browser.ask(reqwest::Method::GET, "/runs/live").send().await.unwrap();
    let first = String::from_utf8(answer.chunk().await.unwrap().unwrap().to_vec()).unwrap();
    assert!(
        first.contains("event: run") && first.contains("\"selected\":7") && first.contains("\"settled\":3"),
        "{first}"
    );
    site.world.clock.shift(121_000);
    let mut rest = String::new();
    while let Some(chunk) = answer.chunk().await.unwrap() {
        rest += std::str::from_utf8(&chunk).unwrap();
    }
    assert!(rest.contains("event: end") && rest.contains("abandoned"), "{rest}");
}

#[tokio::test]
async fn a_projects_page_tells_every_request_about_it() {
    let world = World::sqlite();
    world.import([school(1)]);
    world.approve_all();
    // the platform's clock and ours are to agree
    let (clock, platform) = (world.clock.clone(), {
        let mut settings = Settings::new("city-key", "hush");
        let clock = world.clock.clone();
        settings.clock = std::sync::Arc::new(move || chrono::DateTime::from_timestamp_millis(clock.now()).unwrap());
        Simulator::start(settings).await.unwrap()
    });
    let settings = PlatformSettings {
        url: platform.url(),
        app_key: "city-key".into(),
        secret: "hush".into(),
        ca_file: None,
        proxy: None,
    };
    let client = Platform::new(settings, Profile::national_v1(), clock).unwrap();
    let store = std::sync::Arc::new(world.registry.clone());
    deliver(store, &client, SyncOptions::new("test", "tester"))
        .await
        .unwrap();
    let site = Site::of(world).await;
    let browser = site.secretariat().await;
    let page = browser.get("/projects/LC-2026-000001").await;
    for words in [
        "与平台的往来 2 次",
        "发送 批次 371500-",
        "应答 202",
        "查询回执",
        "应答 200",
    ] {
        assert!(page.text.contains(words), "{words}: {}", page.text);
    }
    let measures = site.stranger().get("/metrics").await;
    for line in [
        "retrofit_deliveries{state=\"accepted\"} 1",
        "retrofit_requests_total{kind=\"post\",status=\"202\"} 1",
        "retrofit_last_delivery_records{state=\"accepted\"} 1",
    ] {
        assert!(measures.text.contains(line), "{line}: {}", measures.text);
    }
}

#[tokio::test]
async fn an_administrator_pauses_resumes_and_runs_a_job() {
    let site = Site::new().await;
    let administrator = site.officer("guanli", Role::Administrator, None).await;
    let page = administrator.post("/jobs/retention/pause", &[]).await;
    assert!(
        page.path == "/jobs" && page.text.contains("已暂停") && page.text.contains("guanli"),
        "{}",
        page.text
    );
    let page = administrator.post("/jobs/retention/resume", &[]).await;
    assert!(!page.text.contains("已暂停"), "{}", page.text);
    administrator.post("/jobs/retention/run", &[]).await;
    loop {
        let page = administrator.get("/jobs").await;
        if page.text.contains("一律保留") {
            assert!(page.text.contains("guanli 发起"), "{}", page.text);
            break;
        }
    }
    assert_eq!(
        administrator.post("/jobs/none/run", &[]).await.status,
        StatusCode::NOT_FOUND
    );
    let auditor = site.officer("shenji", Role::Auditor, None).await;
    let page = auditor.get("/jobs").await;
    assert!(
        page.text.contains("夜间上报") && !page.text.contains("立即执行"),
        "{}",
        page.text
    );
}

/// Ends a run that has sent nothing.
fn end_a_run(world: &World) {
    let now = world.clock.now();
    let begin = NewRun {
        holder: "somebody".into(),
        started_by: "tester".into(),
        started_at: now,
        lease_until: now + 120_000,
    };
    let run = world.registry.begin_run(&begin).unwrap();
    let end = |left: &Left| RunEnd {
        state: RunState::PlatformDown,
        counts: Counts::default().leaving(left),
        batches: 0,
        detail: None,
    };
    let ended = world.registry.finish_run(run, Unsent::Waiting(&[]), &end, now);
    assert!(ended.unwrap().is_some());
}

#[tokio::test]
async fn what_the_latest_thirty_runs_left_is_kept_by_record_and_of_those_before_the_figures() {
    for world in World::both() {
        world.import((1..=2).map(school));
        world.approve_all();
        // More than is forgotten at once: deliveries without projects, which the database takes with its eyes shut.
        let blind = if world.is_sqlite() {
            "PRAGMA foreign_keys = OFF;"
        } else {
            "SET session_replication_role = replica;"
        };
        world.execute(&format!(
            "{blind} INSERT INTO deliveries (project_id, id, revision, op, stage, state, created_at, changed_at)
             WITH RECURSIVE n (i) AS (SELECT 1001 UNION ALL SELECT i + 1 FROM n WHERE i < 13000)
             SELECT i, i, 1, 'upsert', '30', 'ready', 0, 0 FROM n"
        ));
        end_a_run(&world);
        world.execute("UPDATE deliveries SET state = 'superseded' WHERE project_id > 1000");
        for _ in 2..=32 {
            end_a_run(&world);
        }
        for forgotten in ["清单 12004 行", "清单 0 行"] {
            let output = world.command(&["jobs", "run", "retention"]).output().unwrap();
            let said = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success() && said.contains(forgotten), "{output:?}");
        }
        let left = |run| {
            let records = delivery::left(&world.registry, &secretariat(), (run, LeftState::NotSent), 0, 10);
            records.unwrap().len()
        };
        assert_eq!([1, 2, 3, 32].map(left), [0, 0, 2, 2]);

        let site = Site::of(world).await;
        let browser = site.secretariat().await;
        for (run, number, leads_on) in [(1, "12002", false), (2, "2", false), (3, "2", true), (32, "2", true)] {
            let address = format!("/runs/{run}?left=not-sent");
            let link = format!("<a href=\"{address}\">{number}</a>");
            let page = browser.get(&format!("/runs/{run}")).await;
            assert_eq!(page.shows(&link), leads_on, "{run}: {}", page.text);
            assert!(page.shows(&format!(">{number}<")), "{run}: {}", page.text);
            let all = browser.get("/runs").await;
            assert_eq!(all.shows(&link), leads_on, "{run}: {}", all.text);
            let list = browser.get(&address).await;
            let why_not = list.shows("这次任务只留下了数字。清单只保留最近 30 次任务的。");
            assert_eq!(why_not, !leads_on, "{run}: {}", list.text);
        }
    }
}
