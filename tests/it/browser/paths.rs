//! The ways that people go, click by click, in a browser: the month's cycle of both roles, without scripts, by keyboard, on a narrow screen;
//! and how few clicks lead to what is wrong.

use fantoccini::Locator;
use fantoccini::key::Key;
use retrofit_registry::registry::people::Role;

use super::chrome::{self, DESK, PHONE, View};
use super::{Person, SCRIPT};
use crate::web::{Site, roster, school};

/// No scripts run.
const PLAIN: View = View { scripts: false, ..DESK };

impl Person {
    /// Clicks on the link or button with these words, as soon as it is there.
    async fn press(&self, words: &str) {
        let path = format!(
            "//main//*[(self::a or self::button or self::summary) and contains(normalize-space(.), '{words}')]"
        );
        let found = self.client.wait().for_element(Locator::XPath(&path)).await;
        let found = found.unwrap_or_else(|error| panic!("nothing says {words}: {error}"));
        found.click().await.unwrap();
    }

    async fn shows(&self, words: &str) -> bool {
        let main = self.client.find(Locator::Css("main")).await.unwrap();
        main.text().await.unwrap().contains(words)
    }

    /// Waits for the page that says this: a click does not wait for what it leads to.
    async fn must_show(&self, words: &str) {
        let path = format!("//main[contains(normalize-space(.), '{words}')]");
        let found = self.client.wait().for_element(Locator::XPath(&path)).await;
        let at = self.client.current_url().await.unwrap();
        assert!(found.is_ok(), "{at} does not say {words}");
    }

    /// Chooses a roster's file and sends it.
    async fn send_roster(&self, site: &Site, name: &str, rows: &[crate::web::School]) {
        let path = site.folder().join(name);
        std::fs::write(&path, roster(rows)).unwrap();
        let input = self.client.wait().for_element(Locator::Css("#file")).await.unwrap();
        input.send_keys(path.to_str().unwrap()).await.unwrap();
        self.press("上传并检查").await;
        // With scripts the page comes by itself; its address tells.
        let head = format!("//h1[contains(., '{name}')]");
        self.client.wait().for_element(Locator::XPath(&head)).await.unwrap();
    }
}

/// A month of both roles: the department sends, explains, mends and confirms; the secretariat returns one and approves the rest; the department
/// sees why.
async fn month(view: View) {
    let site = Site::new().await;
    site.officer("jtj", Role::Reporter, Some("JTJ")).await;
    site.officer("mishu", Role::Secretariat, None).await;
    let Some(department) = Person::at(&site, "jtj", view).await else {
        return;
    };
    let rows = [school(1), school(2).below_zonation(), school(3).without_owner()];
    department.send_roster(&site, "十一月.csv", &rows).await;
    department.must_show("没有填写").await;
    department
        .fill("#explain table textarea", "按2015年图纸，场地资料已核对")
        .await;
    department.press("保存说明并重新比对").await;
    department.press("确认提交这 2 个工程").await;
    department.must_show("等秘书处审核").await;
    // The third one mended.
    department
        .send_roster(&site, "改好.csv", &[school(1), school(2).below_zonation(), school(3)])
        .await;
    // One of three is new: that is to be looked at.
    department.click("input[name=checked]").await;
    department.press("确认提交这 1 个工程").await;
    department.must_show("等秘书处审核").await;

    let office = Person::at(&site, "mishu", view).await.unwrap();
    office.must_show("待审核 3 个").await;
    office.click("input[value='LC-2026-000001:1']").await;
    office.fill("#reason", "地址请写到门牌号").await;
    office.click("button[value=return]").await;
    office.must_show("已退回 1 个工程").await;
    office.click("input[name=scope][value=all]").await;
    office.click("button[value=approve]").await;
    office.must_show("已通过 2 个工程").await;
    office.go("/progress").await;
    office.must_show("已审核的工程").await;

    department.go("/").await;
    department.must_show("地址请写到门牌号").await;
    for person in [&department, &office] {
        assert_eq!(chrome::overhang(&person.client).await, 0);
    }
    department.leave().await;
    office.leave().await;
}

#[tokio::test]
async fn a_month_goes_its_way_for_both_roles() {
    month(DESK).await;
}

#[tokio::test]
async fn a_month_goes_its_way_without_scripts() {
    month(PLAIN).await;
}

#[tokio::test]
async fn a_month_goes_its_way_on_a_narrow_screen() {
    month(PHONE).await;
}

#[tokio::test]
async fn the_keyboard_alone_reaches_and_does_everything() {
    let site = Site::new().await;
    let reporter = site.reporter("JTJ").await;
    let shown = reporter.upload("一.csv", roster(&[school(1), school(2)])).await;
    reporter.confirm(&shown, "").await;
    site.officer("mishu", Role::Secretariat, None).await;
    let Some(office) = Person::at(&site, "mishu", DESK).await else {
        return;
    };
    // The first stop leads past the head line.
    let body = office.client.find(Locator::Css("body")).await.unwrap();
    body.send_keys(&Key::Tab.to_string()).await.unwrap();
    assert_eq!(office.focused().await, "跳到正文");
    office.type_keys(&Key::Enter.to_string()).await;
    // To the box of the first project, which the space bar ticks, and on to the return.
    office.tab_to("选择 第1小学教学楼").await;
    office.type_keys(" ").await;
    office.tab_to("reason").await;
    office.type_keys("请核实").await;
    office.tab_to("退回").await;
    office.type_keys(&Key::Enter.to_string()).await;
    office.must_show("已退回 1 个工程").await;
    office.leave().await;
}

impl Person {
    /// What has the focus: its label, words or id.
    async fn focused(&self) -> String {
        let script = "const at = document.activeElement;
            return at.getAttribute('aria-label') || at.id || at.textContent.trim();";
        let name = self.client.execute(script, Vec::new()).await.unwrap();
        name.as_str().unwrap_or_default().to_owned()
    }

    async fn type_keys(&self, keys: &str) {
        let at = self.client.active_element().await.unwrap();
        at.send_keys(keys).await.unwrap();
    }

    async fn tab_to(&self, name: &str) {
        let mut passed = Vec::new();
        for _ in 0..60 {
            self.type_keys(&Key::Tab.to_string()).await;
            let at = self.focused().await;
            if at == name {
                return;
            }
            passed.push(at);
        }
        panic!("no way to {name} by keyboard: {passed:?}");
    }
}

#[tokio::test]
async fn what_is_wrong_is_few_clicks_away() {
    let site = Site::new().await;
    let reporter = site.reporter("JTJ").await;
    let shown = reporter
        .upload("一.csv", roster(&[school(1), school(3).without_owner()]))
        .await;
    reporter.confirm(&shown, "").await;
    // Sent and not confirmed, with a cell that is wrong.
    reporter
        .upload("二.csv", roster(&[school(1), school(4).without_owner()]))
        .await;
    // The 27th of the next month: who has sent nothing is late.
    site.wait_days(34);
    site.officer("mishu", Role::Secretariat, None).await;
    let Some(department) = Person::at(&site, "jtj", DESK).await else {
        return;
    };
    let office = Person::at(&site, "mishu", DESK).await.unwrap();
    // From the log-in to the first wrong cell, the log-in's button being the first click.
    let clicks = ["二.csv"];
    for words in clicks {
        department.press(words).await;
    }
    department.must_show("产权单位").await;
    department.must_show("强制性").await;
    assert!(clicks.len() < 3);

    // From a board to the rows that the late department owes: from the progress, from the home page's notice, from who reports in time.
    for (board, clicks) in [
        (
            "/progress",
            &["a[href*='show=overdue']", "a[href='/timeliness/JTJ']"][..],
        ),
        ("/", &["main .note a", "a[href='/timeliness/JTJ']"]),
        ("/timeliness", &["a[href='/timeliness/JTJ']"]),
    ] {
        office.go(board).await;
        for link in clicks {
            let found = office.client.wait().for_element(Locator::Css(link)).await;
            found.unwrap().click().await.unwrap();
        }
        office.must_show("教育和体育局的报送").await;
        office.must_show("第3小学教学楼").await;
        assert!(clicks.len() <= 2, "{board}");
    }
    department.leave().await;
    office.leave().await;
}

#[tokio::test]
async fn script_never_runs_wherever_it_is_written() {
    let site = Site::new().await;
    let (reporter, secretariat) = site.hostile(SCRIPT).await;
    let mut told = 0;
    for (role, name, browser) in [
        (Role::Reporter, "jtj", &reporter),
        (Role::Secretariat, "mishu", &secretariat),
    ] {
        let Some(person) = Person::at(&site, name, DESK).await else {
            return;
        };
        for path in crate::web::pages(role) {
            assert!(browser.is_page(&path).await, "{path} {role:?}");
            person.go(&path).await;
            // It would have put its mark on the page, or stopped the browser with a box.
            let ran = person
                .client
                .execute("return window.ran === true;", Vec::new())
                .await
                .unwrap();
            assert_eq!(ran, false, "{path}");
            let images = person.client.find_all(Locator::Css("img[src='x']")).await.unwrap();
            assert!(images.is_empty(), "{path}");
            told += usize::from(person.shows("<script>window.ran").await);
        }
        person.leave().await;
    }
    assert!(told >= 20, "shown as text on {told} pages");
}
