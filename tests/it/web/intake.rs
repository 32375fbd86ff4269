//! A roster's way through the pages: upload, findings, explanation, confirmation.

use reqwest::StatusCode;

use super::{Site, roster, school};
use crate::support::World;

#[tokio::test]
async fn a_roster_is_looked_at_confirmed_and_kept() {
    let site = Site::new().await;
    let browser = site.reporter("JTJ").await;
    assert!(browser.get("/").await.shows("还没有报送过"));

    let shown = browser
        .upload("学校.csv", roster(&[school(1), school(2), school(3).without_owner()]))
        .await;
    assert_eq!((shown.status, &*shown.path), (StatusCode::OK, "/uploads/1"));
    assert!(
        shown.shows("读出 <strong>3</strong> 个工程：新增 2 个"),
        "{}",
        shown.text
    );
    assert!(
        shown.shows("V001") && shown.shows("F4") && shown.shows("确认提交这 2 个工程"),
        "{}",
        shown.text
    );
    assert!(browser.get("/").await.shows("未提交，待核对"));

    let done = browser.confirm(&shown, "").await;
    assert_eq!((done.status, &*done.path), (StatusCode::OK, "/uploads/1"));
    assert!(done.shows("已于 2026-11-23 10:00 提交"), "{}", done.text);
    assert!(done.shows("第3小学教学楼") && done.shows("有强制性问题"));
    assert!(browser.get("/").await.shows("已提交，有暂缓"));

    let again = browser
        .upload("学校.csv", roster(&[school(1), school(2).with_area("5000"), school(3)]))
        .await;
    assert_eq!(again.path, "/uploads/2");
    assert!(again.shows("新增 1 个，有变化 1 个，没变化 1 个"), "{}", again.text);
    assert!(
        again.shows("<del>3124.6 ㎡</del> → <ins>5000 ㎡</ins>"),
        "{}",
        again.text
    );
}

#[tokio::test]
async fn what_is_explained_goes_in_with_its_explanation() {
    let site = Site::new().await;
    let browser = site.reporter("JTJ").await;
    let shown = browser
        .upload("a.csv", roster(&[school(1), school(2).below_zonation()]))
        .await;
    assert!(
        shown.shows("暂缓 <strong>1</strong> 个（其中 1 个写明情况即可入库）"),
        "{}",
        shown.text
    );

    // What would go in now is more than was shown: it is shown first.
    let more = browser.confirm(&shown, "按 2015 年的施工图").await;
    assert_eq!(more.status, StatusCode::CONFLICT);
    assert!(
        more.shows("已记下情况说明") && more.shows("确认提交这 2 个工程"),
        "{}",
        more.text
    );

    // What was written is kept: on the page, and for whoever opens it next.
    let preview = browser.get("/uploads/1").await;
    assert_eq!(preview.hidden("fingerprint"), more.hidden("fingerprint"));
    assert!(
        preview.shows("1 处，已说明 1 处") && preview.shows("按 2015 年的施工图</textarea>"),
        "{}",
        preview.text
    );
    assert!(browser.confirm(&preview, "").await.shows("新增 2 个"));
    assert!(
        browser
            .get("/projects/LC-2026-000002")
            .await
            .shows("按 2015 年的施工图")
    );
}

#[tokio::test]
async fn a_registry_that_moved_is_shown_again_and_nothing_is_done() {
    let site = Site::new().await;
    let browser = site.reporter("JTJ").await;
    let first = browser.upload("a.csv", roster(&[school(1), school(2)])).await;
    let second = browser.upload("b.csv", roster(&[school(1)])).await;
    browser.confirm(&second, "").await;

    let moved = browser.confirm(&first, "").await;
    assert_eq!(moved.status, StatusCode::CONFLICT);
    assert!(
        moved.shows("登记库刚才有了变动") && moved.shows("新增 1 个，有变化 0 个，没变化 1 个"),
        "{}",
        moved.text
    );
    assert_eq!(
        browser.get("/projects/LC-2026-000002").await.status,
        StatusCode::NOT_FOUND
    );

    let form = [("fingerprint", moved.hidden("fingerprint")), ("checked", "yes")];
    assert!(browser.post("/uploads/1/commit", &form).await.shows("已于"));
    assert_eq!(browser.get("/projects/LC-2026-000002").await.status, StatusCode::OK);
}

#[tokio::test]
async fn another_departments_upload_and_projects_are_not_there() {
    let site = Site::new().await;
    let schools = site.reporter("JTJ").await;
    let shown = schools.upload("a.csv", roster(&[school(1)])).await;
    schools.confirm(&shown, "").await;
    let hospitals = site.reporter("WJW").await;
    for path in ["/uploads/1", "/projects/LC-2026-000001"] {
        assert_eq!(schools.get(path).await.status, StatusCode::OK, "{path}");
        let page = hospitals.get(path).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
        assert!(!page.shows("教学楼"));
    }
    let form = [("fingerprint", shown.hidden("fingerprint")), ("note", "误报")];
    for path in [
        "/uploads/1/explain",
        "/uploads/1/match",
        "/uploads/1/withdraw",
        "/uploads/1/commit",
    ] {
        assert_eq!(
            hospitals.post(path, &form).await.status,
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
    let home = hospitals.get("/").await;
    assert!(!home.shows("a.csv") && home.shows("还没有报送过"));
}

#[tokio::test]
async fn a_file_that_cannot_be_read_says_why_and_what_to_do() {
    let site = Site::new().await;
    let browser = site.reporter("JTJ").await;
    let page = browser.upload("扫描.xlsx", b"\x89PNG\r\n\x1a\n0000".to_vec()).await;
    assert!(
        page.shows("没有读出任何工程") && page.shows("F001") && page.shows("改好了，重新上传"),
        "{}",
        page.text
    );
    assert!(browser.get("/").await.shows("无法读取"));

    let page = browser.upload("", Vec::new()).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.shows("没有选择文件"));
}

#[tokio::test]
async fn looking_at_a_file_that_cannot_be_read_writes_nothing() {
    let site = Site::new().await;
    let browser = site.reporter("JTJ").await;
    let sent = site.world.receive("no table at all");
    let page = browser.get(&format!("/uploads/{}", sent.id)).await;
    assert!(page.shows("没有读出任何工程"), "{}", page.text);
    assert!(browser.get("/").await.shows("未提交，待核对"));
}

#[tokio::test]
async fn a_file_over_the_limit_is_refused_with_the_limit() {
    let mut world = World::sqlite();
    world.registry.checker.limits.file_bytes = 1 << 20;
    let site = Site::of(world).await;
    let browser = site.reporter("JTJ").await;
    let page = browser.upload("big.csv", vec![b'a'; (1 << 20) + 1]).await;
    assert_eq!(page.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(page.shows("超过了 1 MB"));
    assert!(browser.get("/").await.shows("还没有报送过"));
}

#[tokio::test]
async fn the_annotated_roster_and_the_template_are_workbooks_to_take_away() {
    let site = Site::new().await;
    let browser = site.reporter("JTJ").await;
    browser
        .upload("学校 \"一\".csv", roster(&[school(1).without_owner()]))
        .await;
    for (path, name) in [
        ("/uploads/1/annotated", "%E5%AD%A6%E6%A0%A1%20%22%E4%B8%80"),
        ("/templates/JTJ", "%E6%95%99"),
    ] {
        let answer = browser.ask(reqwest::Method::GET, path).send().await.unwrap();
        let disposition = answer.headers()["content-disposition"].to_str().unwrap().to_owned();
        assert!(
            disposition.starts_with("attachment;") && disposition.contains(name),
            "{disposition}"
        );
        assert!(answer.bytes().await.unwrap().starts_with(b"PK"), "{path}");
    }
    let hospitals = site.reporter("WJW").await;
    assert_eq!(
        hospitals.get("/uploads/1/annotated").await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(hospitals.get("/templates/XXX").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_rule_that_broke_down_is_told_and_the_rest_stands() {
    let site = Site::new().await;
    let browser = site.reporter("JTJ").await;
    let shown = browser
        .upload("a.csv", roster(&[school(1), school(2).without_owner()]))
        .await;
    assert!(!shown.shows("程序故障") && shown.shows("V001"), "{}", shown.text);
    // No rule breaks down: the reading that is kept says that one did.
    site.world.execute(
        "UPDATE upload_readings SET summary = REPLACE(summary, '\"incidents\":[]', '\"incidents\":[[\"S005\",[\"\",2]],[\"S005\",[\"\",3]]]')",
    );
    let shown = browser.get("/uploads/1").await;
    assert!(
        shown.shows("程序故障：规则 S005 没有判断成功（第 2 行等 2 行），请告诉系统管理员。其余检查照常。"),
        "{}",
        shown.text
    );
    assert!(
        shown.shows("V001") && shown.shows("确认提交这 1 个工程"),
        "{}",
        shown.text
    );
}
