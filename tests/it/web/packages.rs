//! The delivery by hand on its page: made, taken away, answered, lost.

use reqwest::multipart::{Form, Part};
use reqwest::{Method, StatusCode};
use retrofit_registry::registry::packages;

use super::{Browser, Page, Site, roster, school};
use crate::support::secretariat;

async fn answer(browser: &Browser, number: &str, csv: &str) -> Page {
    let file = Part::bytes(csv.as_bytes().to_vec()).file_name("回执.csv");
    let request = browser.ask(Method::POST, &format!("/packages/{number}/receipts"));
    browser.send(request.multipart(Form::new().part("file", file))).await
}

#[tokio::test]
async fn a_package_is_taken_away_and_its_receipts_come_back() {
    let site = Site::new().await;
    let department = site.reporter("JTJ").await;
    let shown = department
        .upload("a.csv", roster(&[school(1), school(2), school(3)]))
        .await;
    assert!(department.confirm(&shown, "").await.shows("已于"));
    site.world.approve_all();
    let browser = site.secretariat().await;
    assert!(browser.get("/packages").await.shows("没有待回执的数据包"));
    let made = browser.post("/packages", &[]).await;
    assert!(
        made.shows("3 条") && made.shows("待人工录入平台后登记回执"),
        "{}",
        made.text
    );
    assert!(browser.post("/packages", &[]).await.shows("没有待报的工程"));

    let number = packages::open(&site.world.registry, &secretariat()).unwrap()[0]
        .batch_no
        .clone();
    let file = browser.get(&format!("/packages/{number}/file")).await;
    assert!(file.status == StatusCode::OK && file.shows("manifest.json"));
    assert!(!browser.is_page(&format!("/packages/{number}/file")).await);

    let csv = "source_id,result,platform_no,message\nLC-2026-000001,接收,QG1,\nLC-2026-000002,退回,,<b>ztz</b>：总投资超限\nLC-2026-000009,接收,,\n";
    let told = answer(&browser, &number, csv).await;
    assert!(
        told.shows("接收 1 + 退回 1") && told.shows("待回执 1") && told.shows("LC-2026-000009"),
        "{}",
        told.text
    );
    assert!(told.shows("A4"), "the row is named by its cell");
    let refused = answer(&browser, &number, "一段文字").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);

    let runs = browser.get("/runs").await;
    assert!(runs.shows(&number), "{}", runs.text);
    let home = department.get("/").await;
    assert!(
        home.shows("&lt;b&gt;") || home.shows("&#60;b&#62;"),
        "text, never HTML: {}",
        home.text
    );

    let lost = browser.post(&format!("/packages/{number}/lost"), &[]).await;
    assert!(lost.shows("没有待回执的数据包"), "{}", lost.text);
    assert!(browser.post("/packages", &[]).await.shows("1 条"));
}
