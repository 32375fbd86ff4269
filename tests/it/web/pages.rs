//! What holds for every page: text stays text, nothing comes from outside, and the bones of the HTML are sound.

use reqwest::{Method, StatusCode};

use retrofit_registry::registry::people::Role;

use super::{Browser, Page, Site, roster, school};

const SCRIPT: &str = "<script>alert('x')</script>\"><img src=x onerror=alert(1)>";

impl Site {
    /// A registry in which this stands in everything that is written: a name, a file's name and column, an explanation, a reason, a comment, an
    /// inspection, its answer, a meeting's matter, a photo's name, a waiver, a token. One of JTJ's reporters, and one of the secretariat.
    pub async fn hostile(&self, script: &str) -> (Browser, Browser) {
        let department = self.reporter("JTJ").await;
        let schools = [
            school(1).named(script),
            school(2).named(&format!("{script}<b>y")).without_owner(),
            school(3).named(&format!("{script}<i>b")).below_zonation(),
        ];
        let quoted = format!(",\"{}\"\n", script.replace('"', "\"\""));
        let bytes = String::from_utf8(roster(&schools))
            .unwrap()
            .replacen(",备注\n", &quoted, 1);
        let file = format!("{script}.csv");
        let shown = department.upload(&file, bytes.into_bytes()).await;
        let explained = department.confirm(&shown, script).await;
        let done = department.confirm(&explained, "").await;
        assert!(done.shows("已于"), "{}", done.text);
        let secretariat = self.secretariat().await;
        secretariat.give_back("LC-2026-000001:1", script).await;
        self.keep_ledgers_with(script);
        self.begin_run();
        let project = "/projects/LC-2026-000001";
        let waiver = [
            ("code", "LC-2026-000001"),
            ("rule", "S001"),
            ("until", "2026-12-31"),
            ("reason", script),
        ];
        for (browser, path, form) in [
            (&department, &*format!("{project}/comments"), &[("body", script)][..]),
            (&department, "/meetings/1/answer", &[("version", "0"), ("note", script)]),
            (
                &department,
                "/tokens",
                &[("label", "x<script>"), ("days", "90"), ("scope", "read")],
            ),
            (&secretariat, "/waivers", &waiver),
        ] {
            let page = browser.post(path, form).await;
            assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.text);
        }
        (department, secretariat)
    }
}

/// Every page that a department's reporter and a secretariat's member can open, on a registry in which every text is hostile, and what comes of
/// forms.
async fn hostile() -> Vec<Page> {
    let site = Site::new().await;
    let (department, secretariat) = site.hostile(SCRIPT).await;
    let mut pages = Vec::new();
    let shown = department
        .upload(&format!("{SCRIPT}.csv"), roster(&[school(4).named(SCRIPT)]))
        .await;
    let form = [("fingerprint", shown.hidden("fingerprint")), ("checked", "yes")];
    pages.push(department.post("/uploads/2/commit", &form).await);
    pages.push(shown);
    let form = [
        ("project", "LC-2026-000003:1"),
        ("ruling", "return"),
        ("reason", SCRIPT),
    ];
    pages.push(secretariat.post("/review", &form).await);
    for (browser, role) in [(&department, Role::Reporter), (&secretariat, Role::Secretariat)] {
        for path in super::pages(role) {
            pages.push(browser.get(&path).await);
        }
    }
    for path in ["/login", "/login?next=%22%3E%3Cscript%3E", "/nowhere%3Cscript%3E"] {
        pages.push(secretariat.get(path).await);
    }
    pages
}

#[tokio::test]
async fn what_comes_from_a_cell_a_file_name_or_a_form_is_text() {
    let mut told = 0;
    for page in hostile().await {
        assert!(
            !page.shows("<script>") && !page.shows("<img src=x") && !page.shows("<b>y") && !page.shows("<i>b"),
            "{}: {}",
            page.path,
            page.text
        );
        told += usize::from(page.shows("&#60;script&#62;alert"));
    }
    assert!(told >= 20, "{told}");
}

#[tokio::test]
async fn every_page_has_one_head_line_its_language_labels_and_nothing_from_outside() {
    for page in hostile().await {
        let count = |words: &str| page.text.matches(words).count();
        let at = (&page.path, &page.text);
        assert_eq!(count("<h1"), 1, "{at:?}");
        assert!(
            page.shows("<html lang=\"zh-CN\">") && page.shows("name=\"viewport\""),
            "{at:?}"
        );
        assert!(
            !page.shows("http://") && !page.shows("https://") && !page.shows("style=\"") && !page.shows("onclick"),
            "{at:?}"
        );
        assert_eq!(count("<table"), count("<caption"), "{at:?}");
        for kind in ["<select id=\"", "<textarea id=\"", "<input id=\""] {
            for rest in page.text.split(kind).skip(1) {
                let id = rest.split('"').next().unwrap();
                assert!(
                    page.shows(&format!("<label for=\"{id}\">")),
                    "{id} has no label: {at:?}"
                );
            }
        }
    }
}

#[tokio::test]
async fn answers_carry_a_strict_policy_and_assets_may_be_kept() {
    let site = Site::new().await;
    let stranger = site.stranger();
    let answer = stranger.ask(Method::GET, "/login").send().await.unwrap();
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    let policy = header("content-security-policy");
    assert!(
        policy.starts_with("default-src 'none'") && !policy.contains("unsafe"),
        "{policy}"
    );
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert_eq!(header("cache-control"), "no-store");

    let page = stranger.get("/login").await;
    for (kind, mark) in [("href=\"/static/", "text/css"), ("src=\"/static/", "text/javascript")] {
        let file = page.text.split(kind).nth(1).unwrap().split('"').next().unwrap();
        let answer = stranger
            .ask(Method::GET, &format!("/static/{file}"))
            .send()
            .await
            .unwrap();
        assert!(answer.headers()["content-type"].to_str().unwrap().starts_with(mark));
        assert!(
            answer.headers()["cache-control"]
                .to_str()
                .unwrap()
                .contains("immutable")
        );
    }
    assert_eq!(stranger.get("/static/style.css").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_is_not_there_says_what_to_do() {
    let site = Site::new().await;
    let browser = site.reporter("JTJ").await;
    for path in ["/nowhere", "/rules/X999", "/projects/LC-1", "/uploads/99", "/static/x"] {
        let page = browser.get(path).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
        assert!(
            page.shows("没有这个页面") && page.shows("回到首页"),
            "{path}: {}",
            page.text
        );
    }
    for path in ["/nowhere", "/uploads/99", "/uploads/x", "/progress"] {
        let page = browser.get(path).await;
        assert!(page.text.contains("<nav") && page.shows("退出"), "the way back: {path}");
        let nobody = site.stranger().get(path).await;
        assert!(!nobody.text.contains("<nav"), "{path}");
    }
    assert_eq!(browser.get("/uploads/x").await.status, StatusCode::NOT_FOUND);
    assert!(browser.get("/progress").await.shows("您的账号不能使用这个功能"));
}

#[tokio::test]
async fn each_way_that_a_request_can_fail_has_its_page() {
    let site = Site::new().await;
    let browser = site.reporter("JTJ").await;
    let foreign = browser
        .ask(Method::POST, "/uploads/1/commit")
        .header("origin", "http://evil.example");
    let plain = browser
        .ask(Method::POST, "/password")
        .header("content-type", "text/plain")
        .body("old=1");
    let long = "长".repeat(600_000);
    let cases = [
        (
            browser.ask(Method::GET, "/nowhere"),
            StatusCode::NOT_FOUND,
            "没有这个页面",
        ),
        (
            browser.ask(Method::GET, "/progress"),
            StatusCode::FORBIDDEN,
            "您的账号不能使用",
        ),
        (
            browser.ask(Method::POST, "/departments"),
            StatusCode::METHOD_NOT_ALLOWED,
            "不能直接打开",
        ),
        (foreign, StatusCode::FORBIDDEN, "请求被拦下"),
        (plain, StatusCode::UNSUPPORTED_MEDIA_TYPE, "发来的内容认不出来"),
        (
            browser
                .ask(Method::POST, "/password")
                .form(&[("old", &*long), ("new", ""), ("again", "")]),
            StatusCode::PAYLOAD_TOO_LARGE,
            "一次提交的内容太多",
        ),
        (
            browser.ask(Method::POST, "/password").form(&[("old", "x")]),
            StatusCode::UNPROCESSABLE_ENTITY,
            "没有办成",
        ),
    ];
    for (request, status, words) in cases {
        let page = browser.send(request).await;
        assert_eq!(page.status, status, "{words}: {}", page.text);
        assert!(
            page.shows(words) && page.shows("回到首页") && page.shows("请"),
            "{}",
            page.text
        );
    }
}

#[tokio::test]
async fn our_own_fault_has_a_number_and_tells_nothing_else() {
    let site = Site::new().await;
    let browser = site.reporter("JTJ").await;
    browser.upload("a.csv", roster(&[school(1)])).await;
    std::fs::remove_dir_all(site.world.folder().join("uploads")).unwrap();
    assert_eq!(
        browser.get("/uploads/1").await.status,
        StatusCode::OK,
        "what was read is kept"
    );
    let page = browser.get("/uploads/1/annotated").await;
    assert_eq!(page.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(
        page.shows("<code>E-") && page.shows("编号") && !page.shows("uploads"),
        "{}",
        page.text
    );
}
