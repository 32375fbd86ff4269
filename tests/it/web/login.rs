//! Logging in and out, lost sessions, and posts from elsewhere.

use reqwest::header::{ORIGIN, SET_COOKIE};
use reqwest::{Method, StatusCode};
use retrofit_registry::registry::people::{IDLE, Role};

use super::{FIRST, PASSWORD, Site, roster, school};

#[tokio::test]
async fn the_fifth_wrong_password_locks_the_account_and_says_until_when() {
    let site = Site::new().await;
    site.add("officer", Role::Reporter, Some("JTJ"));
    let browser = site.stranger();
    for _ in 0..4 {
        let page = browser.log_in("officer", "wrong").await;
        assert_eq!(page.status, StatusCode::UNAUTHORIZED);
        assert!(page.shows("用户名或密码不对"));
    }
    // It is ten in the morning.
    let locked = browser.log_in("officer", "wrong").await;
    assert!(locked.shows("已锁定到 10:15"));
    assert_eq!(locked.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(browser.log_in("officer", FIRST).await.shows("已锁定到 10:15"));
    site.world.clock.shift(15 * 60_000);
    assert_eq!(browser.log_in("officer", FIRST).await.path, "/password");
}

#[tokio::test]
async fn the_first_login_leads_nowhere_but_to_a_new_password() {
    let site = Site::new().await;
    site.add("officer", Role::Reporter, Some("JTJ"));
    let browser = site.stranger();
    assert_eq!(browser.log_in("officer", FIRST).await.path, "/password");
    let page = browser.get("/").await;
    assert_eq!(page.path, "/password");
    assert!(!page.text.contains("<nav"), "every way would lead back here");

    let change = async |new, again| {
        let form = [("old", FIRST), ("new", new), ("again", again)];
        browser.post("/password", &form).await
    };
    assert!(change("short", "short").await.shows("不少于 10 个字符"));
    assert!(change(PASSWORD, "another").await.shows("两次输入的新密码不一样"));
    let page = change(PASSWORD, PASSWORD).await;
    assert_eq!(page.path, "/login");
    assert!(page.shows("密码已修改"));
    assert_eq!(browser.log_in("officer", PASSWORD).await.path, "/");
}

#[tokio::test]
async fn each_role_begins_at_its_own_page() {
    let site = Site::new().await;
    for (name, role, department, home) in [
        ("n1", Role::Reporter, Some("JTJ"), "/"),
        ("n2", Role::Lead, Some("JTJ"), "/"),
        ("n3", Role::Secretariat, None, "/review"),
        ("n4", Role::Auditor, None, "/progress"),
        ("n5", Role::Administrator, None, "/people"),
    ] {
        let browser = site.officer(name, role, department).await;
        assert_eq!(browser.log_in(name, PASSWORD).await.path, home, "{name}");
        assert_eq!(browser.get("/").await.status, StatusCode::OK, "{name}");
    }
}

#[tokio::test]
async fn a_lost_session_returns_to_where_the_officer_was() {
    let site = Site::new().await;
    let browser = site.secretariat().await;
    site.world.clock.shift(IDLE);
    let login = browser.get("/review?county=371502").await;
    assert_eq!(login.path, "/login");
    assert!(login.shows("离开太久"));
    let form = [
        ("name", "mishu"),
        ("password", PASSWORD),
        ("next", "/review?county=371502"),
    ];
    assert_eq!(login.hidden("next"), form[2].1);
    let page = browser.post("/login", &form).await;
    assert_eq!(page.path, "/review");
    assert!(page.shows("<option value=\"371502\" selected>"));

    let elsewhere = [("name", "mishu"), ("password", PASSWORD), ("next", "//evil.example/")];
    assert_eq!(browser.post("/login", &elsewhere).await.path, "/review");
}

#[tokio::test]
async fn a_form_sent_with_a_lost_session_is_kept_for_the_one_who_wrote_it() {
    let site = Site::new().await;
    let department = site.reporter("JTJ").await;
    let shown = department.upload("a.csv", roster(&[school(1)])).await;
    assert!(department.confirm(&shown, "").await.shows("已于"));
    let office = site.secretariat().await;
    site.officer("tongshi", Role::Secretariat, None).await;
    let decision = [
        ("project", "LC-2026-000001:1"),
        ("scope", "page"),
        ("ruling", "return"),
        ("reason", "地址<b>请核实"),
    ];
    site.world.clock.shift(IDLE);
    let login = office.post("/review", &decision).await;
    assert_eq!(login.status, StatusCode::UNAUTHORIZED);
    assert!(login.shows("刚才填写的内容还在"), "{}", login.text);
    let again = |name: &'static str, password: &'static str| {
        let kept =
            ["kept_path", "kept_form", "kept_by"].map(|field| (field, login.hidden(field).replace("&#38;", "&")));
        let mut form = vec![("name", name.to_owned()), ("password", password.to_owned())];
        form.extend(kept);
        form
    };
    let send = async |form: Vec<(&str, String)>| {
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        office.post("/login", &form).await
    };
    // A wrong password does not lose it; another person does not get it.
    let wrong = send(again("mishu", "wrong")).await;
    assert_eq!(wrong.hidden("kept_path"), "/review");
    let other = send(again("tongshi", PASSWORD)).await;
    assert!(
        other.shows("只有本人登录后才能提交") && !other.shows("请核实"),
        "{}",
        other.text
    );
    let own = send(again("mishu", PASSWORD)).await;
    assert!(
        own.shows("继续提交") && own.shows("地址&#60;b&#62;请核实") && !own.shows("<b>请核实"),
        "{}",
        own.text
    );
    assert_eq!(own.hidden("ruling"), "return");
    assert!(office.post("/review", &decision).await.shows("已退回 1 个工程"));

    // Files are not carried along.
    let login = department.upload("b.csv", roster(&[school(2)])).await;
    assert_eq!(login.path, "/login");
    assert!(login.shows("请重新选择文件上传"), "{}", login.text);
}

#[tokio::test]
async fn logging_out_ends_the_session_on_the_server() {
    let site = Site::new().await;
    let browser = site.reporter("JTJ").await;
    let login = browser
        .ask(Method::POST, "/login")
        .form(&[("name", "jtj"), ("password", PASSWORD)]);
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let answer = client.execute(login.build().unwrap()).await.unwrap();
    let cookie = answer.headers()[SET_COOKIE].to_str().unwrap().to_owned();
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"),
        "{cookie}"
    );

    let with_cookie = || {
        let request = site.stranger().ask(Method::GET, "/");
        request.header("cookie", cookie.split(';').next().unwrap())
    };
    let stranger = site.stranger();
    assert_eq!(stranger.send(with_cookie()).await.path, "/");
    let out = stranger
        .ask(Method::POST, "/logout")
        .header("cookie", cookie.split(';').next().unwrap());
    assert_eq!(stranger.send(out).await.path, "/login");
    assert_eq!(stranger.send(with_cookie()).await.path, "/login");
}

#[tokio::test]
async fn posts_from_other_sites_are_refused() {
    let site = Site::new().await;
    let browser = site.reporter("JTJ").await;
    let own = format!("http://{}", site.address);
    for (header, value, status) in [
        (ORIGIN.as_str(), "http://evil.example", StatusCode::FORBIDDEN),
        (ORIGIN.as_str(), "null", StatusCode::FORBIDDEN),
        ("sec-fetch-site", "cross-site", StatusCode::FORBIDDEN),
        ("sec-fetch-site", "same-site", StatusCode::FORBIDDEN),
        (ORIGIN.as_str(), &own, StatusCode::UNPROCESSABLE_ENTITY),
        ("sec-fetch-site", "same-origin", StatusCode::UNPROCESSABLE_ENTITY),
    ] {
        let form = [("old", "x"), ("new", "x"), ("again", "x")];
        let request = browser.ask(Method::POST, "/password").header(header, value).form(&form);
        assert_eq!(browser.send(request).await.status, status, "{header}: {value}");
    }
}
