//! What is watched: a delivery at work, the jobs, a project's way to the platform, and the measures.

use platform_simulator::{Settings, Simulator};
use reqwest::StatusCode;
use retrofit_jobs::delivery::{SyncOptions, deliver};
use retrofit_jobs::platform::{Platform, PlatformSettings, Profile};
use retrofit_jobs::store::{Counts, DeliveryStore as _, NewRun};
use retrofit_registry::registry::people::Role;

use super::Site;
use crate::support::World;
use crate::support::rosters::school;

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
