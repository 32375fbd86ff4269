//! The administrator's pages of people, and each officer's own account.

use reqwest::{Method, StatusCode};
use retrofit_registry::registry::people::Role;

use super::{Browser, PASSWORD, Page, Site};

/// The one-time password that a page shows.
fn secret(page: &Page) -> String {
    let (_, rest) = page.text.split_once("<code class=\"secret\">").expect("no password");
    rest.split_once('<').unwrap().0.to_owned()
}

/// The ids of the logins that a page offers to end.
fn logins(page: &Page) -> Vec<String> {
    let ids = page.text.split("name=\"session\" value=\"").skip(1);
    ids.map(|rest| rest.split_once('"').unwrap().0.to_owned()).collect()
}

/// Where a person's page is, from the list.
fn address(list: &Page, name: &str) -> String {
    let (before, _) = list.text.split_once(&format!("\">{name}</a>")).expect(name);
    before.rsplit_once("href=\"").unwrap().1.to_owned()
}

/// Somebody new at work with a one-time password: it opens nothing but the change of it.
async fn begins(site: &Site, name: &str, first: &str) -> Browser {
    let browser = site.stranger();
    assert_eq!(browser.log_in(name, first).await.path, "/password");
    let form = [("old", first), ("new", PASSWORD), ("again", PASSWORD)];
    assert_eq!(browser.post("/password", &form).await.path, "/login");
    browser.log_in(name, PASSWORD).await;
    browser
}

#[tokio::test]
async fn an_administrator_adds_an_officer_with_a_password_that_is_shown_once() {
    let site = Site::new().await;
    let keeper = site.officer("guanli", Role::Administrator, None).await;
    let form = [("name", " 王芳 "), ("role", "reporter"), ("department", "JTJ")];
    let page = keeper.post("/people", &form).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.shows("已添加用户“王芳”") && page.shows("只显示这一次"));
    let first = secret(&page);
    let list = keeper.get("/people").await;
    assert!(list.shows("王芳") && list.shows("下次登录须改密码") && !list.shows(&first));

    let officer = begins(&site, "王芳", &first).await;
    assert_eq!(officer.get("/").await.path, "/");
    assert!(officer.get("/account").await.shows("部门填报员"));

    for form in [
        [("name", "王芳"), ("role", "reporter"), ("department", "JTJ")],
        [("name", "li"), ("role", "reporter"), ("department", "")],
        [("name", "li"), ("role", "auditor"), ("department", "JTJ")],
        [("name", "li"), ("role", "king"), ("department", "JTJ")],
        [("name", "li li"), ("role", "auditor"), ("department", "")],
    ] {
        let page = keeper.post("/people", &form).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{form:?}");
        let typed = format!("value=\"{}\"", form[0].1);
        assert!(page.shows("role=\"alert\"") && page.shows(&typed), "{form:?}");
    }
}

#[tokio::test]
async fn what_the_administrator_does_to_an_account_counts_at_the_next_request() {
    let site = Site::new().await;
    let keeper = site.officer("guanli", Role::Administrator, None).await;
    let officer = site.reporter("JTJ").await;
    let at = address(&keeper.get("/people").await, "jtj");

    let page = keeper
        .post(&format!("{at}/role"), &[("role", "lead"), ("department", "WJW")])
        .await;
    assert!(page.shows("角色和部门已修改") && page.shows("部门负责人"));
    assert_eq!(officer.get("/").await.path, "/login");
    officer.log_in("jtj", PASSWORD).await;
    assert!(officer.get("/account").await.shows("部门负责人"));

    let page = keeper.post(&format!("{at}/active"), &[("active", "off")]).await;
    assert!(page.shows("账号已停用") && page.shows("启用账号"));
    assert_eq!(officer.get("/").await.path, "/login");
    assert_eq!(officer.log_in("jtj", PASSWORD).await.status, StatusCode::UNAUTHORIZED);
    keeper.post(&format!("{at}/active"), &[("active", "on")]).await;
    officer.log_in("jtj", PASSWORD).await;

    let page = keeper.post(&format!("{at}/password"), &[]).await;
    assert_eq!(officer.get("/").await.path, "/login");
    begins(&site, "jtj", &secret(&page)).await;

    for _ in 0..5 {
        site.stranger().log_in("jtj", "wrong").await;
    }
    let page = keeper.get(&at).await;
    assert!(page.shows("锁定到 10:15") && page.shows("解锁"));
    assert!(keeper.post(&format!("{at}/unlock"), &[]).await.shows("账号已解锁"));
    assert_eq!(officer.log_in("jtj", PASSWORD).await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_officer_ends_the_own_logins_and_the_administrator_anyones() {
    let site = Site::new().await;
    let keeper = site.officer("guanli", Role::Administrator, None).await;
    let office = site.reporter("JTJ").await;
    site.world.clock.shift(60_000);
    let home = site.stranger();
    home.log_in("jtj", PASSWORD).await;

    let page = office.get("/account").await;
    assert!(page.shows("127.0.0.1") && page.shows("当前") && page.shows("2026-11-23 10:01"));
    let open = logins(&page);
    assert_eq!(open.len(), 2);
    office.post("/account/sessions", &[("session", &open[0])]).await;
    assert_eq!(home.get("/").await.path, "/login");
    home.log_in("jtj", PASSWORD).await;
    assert_eq!(office.post("/account/sessions", &[]).await.path, "/account");
    assert_eq!(home.get("/").await.path, "/login", "all others are ended");

    let at = address(&keeper.get("/people").await, "jtj");
    let seen = logins(&keeper.get(&at).await);
    assert_eq!(seen.len(), 1);
    let page = keeper.post(&format!("{at}/sessions"), &[("session", &seen[0])]).await;
    assert!(page.shows("现在没有登录"));
    assert_eq!(office.get("/").await.path, "/login");

    // The id of the administrator's login ends nothing of the officer's, and the other way round.
    office.log_in("jtj", PASSWORD).await;
    let foreign = logins(&keeper.get("/account").await);
    office.post("/account/sessions", &[("session", &foreign[0])]).await;
    assert_eq!(keeper.get("/people").await.status, StatusCode::OK);
}

#[tokio::test]
async fn behind_a_proxy_on_this_machine_the_address_is_the_officers() {
    let site = Site::new().await;
    let officer = site.reporter("JTJ").await;
    let ask = officer
        .ask(Method::GET, "/account")
        .header("x-forwarded-for", "6.6.6.6, 10.37.2.18");
    let page = officer.send(ask).await;
    assert!(page.shows("最近来自 10.37.2.18") && !page.shows("6.6.6.6"));
    let odd = officer.ask(Method::GET, "/account").header("x-forwarded-for", "<b>");
    assert!(!officer.send(odd).await.shows("最近来自"));
}

#[tokio::test]
async fn an_auditor_sees_people_and_changes_none() {
    let site = Site::new().await;
    let auditor = site.officer("shenji", Role::Auditor, None).await;
    site.reporter("JTJ").await;
    let list = auditor.get("/people").await;
    assert!(list.shows("jtj") && !list.shows("添加用户"));
    let page = auditor.get(&address(&list, "jtj")).await;
    assert!(page.shows("127.0.0.1") && !page.shows("<form method=\"post\" action=\"/people"));
    let missing = auditor.get("/people/999").await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
}
