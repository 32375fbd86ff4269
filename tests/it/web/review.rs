//! The secretariat's queue: filters, decisions on what was shown, reasons that arrive.

use reqwest::StatusCode;

use retrofit_registry::registry::people::Role;
use retrofit_registry::registry::settings;

use super::{Browser, Page, Site, roster, school};
use crate::support::{World, administrator};

/// Decides on these.
async fn decide(browser: &Browser, shown: &Page, ruling: &str, reason: &str, chosen: &[&str]) -> Page {
    let scope = if chosen.is_empty() { "all" } else { "page" };
    let mut form = vec![
        ("query", shown.hidden("query")),
        ("shown_at", shown.hidden("shown_at")),
        ("scope", scope),
        ("ruling", ruling),
        ("reason", reason),
    ];
    form.extend(chosen.iter().map(|project| ("project", *project)));
    browser.post("/review", &form).await
}

async fn three_schools(site: &Site) -> Browser {
    let browser = site.reporter("JTJ").await;
    let shown = browser
        .upload("a.csv", roster(&[school(1), school(2), school(3)]))
        .await;
    assert!(browser.confirm(&shown, "").await.shows("已于"));
    browser
}

#[tokio::test]
async fn what_was_chosen_is_approved_and_what_is_returned_reaches_its_department() {
    let site = Site::new().await;
    let department = three_schools(&site).await;
    let secretariat = site.secretariat().await;
    let queue = secretariat.get("/review").await;
    assert!(
        queue.shows("待审核 3 个") && queue.shows("LC-2026-000001:1"),
        "{}",
        queue.text
    );

    let approved = decide(&secretariat, &queue, "approve", "", &["LC-2026-000001:1"]).await;
    assert!(
        approved.shows("已通过 1 个工程") && approved.shows("待审核 2 个"),
        "{}",
        approved.text
    );

    let unsaid = decide(&secretariat, &queue, "return", " ", &["LC-2026-000002:1"]).await;
    assert_eq!(unsaid.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        unsaid.shows("退回要写明原因")
            && unsaid.shows("value=\"LC-2026-000002:1\" aria-label=\"选择 第2小学教学楼\" checked"),
        "{}",
        unsaid.text
    );
    let returned = decide(&secretariat, &queue, "return", "地址不对", &["LC-2026-000002:1"]).await;
    assert!(returned.shows("已退回 1 个工程"));

    let home = department.get("/").await;
    assert!(home.shows("LC-2026-000002") && home.shows("地址不对"), "{}", home.text);
    let none = decide(&secretariat, &queue, "approve", "", &["nonsense"]).await;
    assert!(none.shows("还没有选工程"));
}

#[tokio::test]
async fn a_decision_on_a_version_that_is_no_longer_current_is_refused_and_says_so() {
    let site = Site::new().await;
    let department = three_schools(&site).await;
    let secretariat = site.secretariat().await;
    let queue = secretariat.get("/review").await;

    site.world.clock.shift(60_000);
    let mended = department.upload("b.csv", roster(&[school(1).with_area("4000")])).await;
    department.confirm(&mended, "").await;

    let chosen = ["LC-2026-000001:1", "LC-2026-000002:1"];
    let page = decide(&secretariat, &queue, "approve", "", &chosen).await;
    assert!(
        page.shows("已通过 1 个工程") && page.shows("已不是最新版"),
        "{}",
        page.text
    );
}

#[tokio::test]
async fn all_that_match_means_all_that_were_shown() {
    let site = Site::new().await;
    let department = three_schools(&site).await;
    let secretariat = site.secretariat().await;
    let queue = secretariat.get("/review?category=02").await;
    assert!(queue.shows("符合条件的全部 3 个"));

    site.world.clock.shift(60_000);
    let more = department.upload("b.csv", roster(&[school(4)])).await;
    department.confirm(&more, "").await;
    let page = decide(&secretariat, &queue, "approve", "", &[]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        page.shows("又有 1 个工程") && page.shows("待审核 4 个"),
        "{}",
        page.text
    );

    let page = decide(&secretariat, &page, "approve", "", &[]).await;
    assert!(page.shows("已通过 4 个工程"), "{}", page.text);
    let progress = secretariat.get("/progress").await;
    assert!(progress.shows("stage=counted\">4</a>"), "{}", progress.text);
}

#[tokio::test]
async fn filters_stand_in_the_address_and_narrow_the_queue() {
    let site = Site::new().await;
    let department = three_schools(&site).await;
    let secretariat = site.secretariat().await;
    for (query, count) in [
        ("department=JTJ", 3),
        ("department=WJW", 0),
        ("county=371502&category=02&stage=10", 3),
        ("county=371521", 0),
        ("state=approved", 0),
        ("explained=yes", 0),
    ] {
        let page = secretariat.get(&format!("/review?{query}")).await;
        assert!(page.shows(&format!(" {count} 个</h2>")), "{query}");
    }
    assert!(secretariat.get("/review?after=2").await.shows("LC-2026-000003:1"));
    // A department's own people have one department, and none to choose.
    assert!(secretariat.get("/review").await.shows("全部部门"));
    let own = department.get("/review").await;
    assert!(own.shows(" 3 个</h2>") && !own.shows("全部部门"), "{}", own.text);
}

#[tokio::test]
async fn changes_are_shown_against_what_was_approved_and_own_rosters_are_left_to_others() {
    let site = Site::new().await;
    let department = three_schools(&site).await;
    let secretariat = site.secretariat().await;
    let queue = secretariat.get("/review").await;
    decide(&secretariat, &queue, "approve", "", &[]).await;
    let mended = department.upload("b.csv", roster(&[school(1).with_area("4000")])).await;
    department.confirm(&mended, "").await;
    let queue = secretariat.get("/review").await;
    assert!(
        queue.shows("<del>3124.6 ㎡</del> → <ins>4000 ㎡</ins>"),
        "{}",
        queue.text
    );
    let record = secretariat.get("/projects/LC-2026-000001?from=1&to=2").await;
    assert!(
        record.shows("第 1 版与第 2 版相比") && record.shows("报送 2"),
        "{}",
        record.text
    );
    assert!(record.shows("等待上报"));

    let file = reqwest::multipart::Part::bytes(roster(&[school(9)])).file_name("own.csv");
    let form = reqwest::multipart::Form::new()
        .text("department", "YJJ")
        .text("period", "2026-11")
        .part("file", file);
    let own = secretariat
        .send(secretariat.ask(reqwest::Method::POST, "/uploads").multipart(form))
        .await;
    assert!(secretariat.confirm(&own, "").await.shows("已于"));
    let queue = secretariat.get("/review?department=YJJ").await;
    assert!(
        queue.shows("本人报送的，须由他人审核") && !queue.shows("name=\"project\""),
        "{}",
        queue.text
    );
    let refused = decide(&secretariat, &queue, "approve", "", &["LC-2026-000004:1"]).await;
    assert!(
        refused.shows("没有办成") && refused.shows("须由他人审核"),
        "{}",
        refused.text
    );
}

#[tokio::test]
async fn a_returned_project_is_sent_again_on_purpose_and_a_wrong_one_withdrawn() {
    let site = Site::new().await;
    let department = three_schools(&site).await;
    let secretariat = site.secretariat().await;
    let queue = secretariat.get("/review").await;
    decide(&secretariat, &queue, "return", "地址不对", &["LC-2026-000001:1"]).await;

    let again = department
        .post("/projects/LC-2026-000001/resubmit", &[("note", "已实地核对")])
        .await;
    assert_eq!(again.path, "/projects/LC-2026-000001");
    assert!(again.shows("第 2 版") && again.shows("已实地核对"), "{}", again.text);
    let wrong = department
        .post("/projects/LC-2026-000002/withdraw", &[("note", "重复录入")])
        .await;
    assert!(wrong.shows("申请撤销") && wrong.shows("重复录入"));
    let queue = secretariat.get("/review").await;
    assert!(
        queue.shows("LC-2026-000001:2") && queue.shows("申请撤销"),
        "{}",
        queue.text
    );

    let hospitals = site.reporter("WJW").await;
    let other = hospitals
        .post("/projects/LC-2026-000003/withdraw", &[("note", "x")])
        .await;
    assert_eq!(other.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_departments_lead_is_told_at_home_what_waits() {
    for world in World::both() {
        settings::set_lead_review(&world.registry, &administrator(), "JTJ", true).unwrap();
        let site = Site::of(world).await;
        let lead = site.officer("fuzeren", Role::Lead, Some("JTJ")).await;
        assert!(!lead.get("/").await.shows("等您审核"));
        let reporter = three_schools(&site).await;
        let home = lead.get("/").await;
        assert!(
            home.text.contains("<a href=\"/review\">3 个工程等您审核："),
            "{}",
            home.text
        );
        assert!(lead.get("/review").await.shows("3 个"));
        assert!(!reporter.get("/").await.shows("等您审核"), "who sends does not decide");
        let other = site.officer("fuzeren2", Role::Lead, Some("WJW")).await;
        assert!(!other.get("/").await.shows("等您审核"), "another department's");
    }
}
