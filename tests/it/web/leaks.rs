//! Of a department, another sees nothing: on no page, in no file, in no refusal and no count.

use reqwest::{Method, StatusCode};
use retrofit_registry::registry::people::Role;
use retrofit_registry::web::{Route, routes};

use super::{Site, roster, school};

/// Stands in everything that the department JTJ writes; no page of ours says it otherwise.
const SECRET: &str = "密密";

/// An address with the department's own parameters.
fn address(route: &Route, acceptance: &str, evidence: &str) -> String {
    let path = route
        .path
        .replace("/projects/{code}", "/projects/LC-2026-000001")
        .replace("/bulletin/{file}", "/bulletin/bulletin.docx")
        .replace("/static/{file}", "/static/style.css")
        .replace("{code}", "S001")
        .replace("{id}", "1")
        .replace("{department}", "JTJ")
        .replace("{kind}", "acceptance");
    let sha256 = if path.starts_with("/rectifications") {
        evidence
    } else {
        acceptance
    };
    path.replace("{sha256}", sha256)
}

#[tokio::test]
async fn another_department_sees_nothing_of_it_on_any_page() {
    let site = Site::new().await;
    let owner = site.reporter("JTJ").await;
    let named = |number: u32| school(number).named(&format!("{SECRET}小学{number}教学楼"));
    let rows = [named(1), named(2).below_zonation(), named(3).without_owner()];
    let shown = owner.upload(&format!("{SECRET}.csv"), roster(&rows)).await;
    let explained = owner.confirm(&shown, &format!("{SECRET}情况说明")).await;
    assert!(owner.confirm(&explained, "").await.shows("新增 2 个"));
    let photos = site.keep_ledgers_with(SECRET);
    let comment = [("body", "密密留言")];
    owner.post("/projects/LC-2026-000001/comments", &comment).await;
    assert!(owner.get("/projects/LC-2026-000001").await.text.matches(SECRET).count() > 2);

    let strangers = [
        site.reporter("WJW").await,
        site.officer("lead", Role::Lead, Some("WJW")).await,
        site.officer("guanli", Role::Administrator, None).await,
    ];
    let mut asked = 0;
    for browser in &strangers {
        for route in routes().iter().filter(|route| route.method == Method::GET) {
            let path = address(route, &photos.acceptance, &photos.evidence);
            if path.ends_with("/live") {
                continue;
            }
            let page = browser.get(&path).await;
            assert!(!page.shows(SECRET) && !page.shows("第1小学"), "{path}: {}", page.text);
            let parameters = route.path.contains('{');
            let of_department = ["/uploads", "/projects", "/rosters", "/inspections", "/rectifications"];
            if parameters && of_department.iter().any(|begin| path.starts_with(begin)) {
                let refused = [StatusCode::NOT_FOUND, StatusCode::FORBIDDEN];
                assert!(refused.contains(&page.status), "{path}: {}", page.status);
            }
            asked += 1;
        }
        // Nothing is counted that is not theirs.
        for path in ["/", "/projects", "/review"] {
            let page = browser.get(path).await;
            if page.status == StatusCode::OK && page.path == path {
                assert!(
                    !page.shows("<dd>2</dd>") && !page.shows("2 个"),
                    "{path}: {}",
                    page.text
                );
            }
        }
    }
    assert!(asked > 90, "{asked}");
    // Nor do they change anything of it.
    for (path, form) in [
        ("/uploads/1/commit", &[("fingerprint", "x")][..]),
        ("/uploads/1/explain", &[("rule:S001", "x")]),
        ("/uploads/1/match", &[("2:", "new")]),
        ("/uploads/1/withdraw", &[("project", "LC-2026-000001"), ("note", "x")]),
        ("/projects/LC-2026-000001/resubmit", &[("note", "x")]),
        ("/projects/LC-2026-000001/withdraw", &[("note", "x")]),
        ("/projects/LC-2026-000001/comments", &[("body", "x")]),
        ("/rectifications/1/answer", &[("note", "x")]),
        ("/meetings/1/answer", &[("note", "x")]),
    ] {
        let before = owner.get("/projects/LC-2026-000001").await.text;
        for browser in &strangers {
            let page = browser.post(path, form).await;
            assert!(
                page.status.is_client_error() && !page.shows(SECRET),
                "{path}: {}",
                page.text
            );
        }
        assert_eq!(owner.get("/projects/LC-2026-000001").await.text, before, "{path}");
    }
}
