//! Who may use which route. A route without a row here fails.

use std::collections::BTreeSet;

use reqwest::{Method, StatusCode};
use retrofit_registry::registry::people::Role::{self, Administrator, Auditor, Lead, Reporter, Secretariat};
use retrofit_registry::web::{Access, routes};

use super::ledgers::Photos;
use super::{Browser, PASSWORD, Site, roster, school};

/// Every route with the roles that may use it; `None` for everybody, logged in or not.
const MATRIX: &[(&str, &str, Option<&[Role]>)] = &[
    ("GET", "/login", None),
    ("POST", "/login", None),
    ("GET", "/static/{file}", None),
    ("POST", "/logout", Some(EVERY)),
    ("GET", "/password", Some(EVERY)),
    ("POST", "/password", Some(EVERY)),
    ("GET", "/account", Some(EVERY)),
    ("POST", "/account/sessions", Some(EVERY)),
    ("GET", "/people", Some(&[Auditor, Administrator])),
    ("POST", "/people", Some(&[Administrator])),
    ("GET", "/people/{id}", Some(&[Auditor, Administrator])),
    ("POST", "/people/{id}/role", Some(&[Administrator])),
    ("POST", "/people/{id}/password", Some(&[Administrator])),
    ("POST", "/people/{id}/active", Some(&[Administrator])),
    ("POST", "/people/{id}/unlock", Some(&[Administrator])),
    ("POST", "/people/{id}/sessions", Some(&[Administrator])),
    ("GET", "/", Some(EVERY)),
    ("GET", "/departments", Some(EVERY)),
    ("GET", "/templates/{department}", Some(EVERY)),
    (
        "GET",
        "/rosters/{department}",
        Some(&[Reporter, Lead, Secretariat, Auditor]),
    ),
    ("GET", "/tokens", Some(EVERY)),
    ("POST", "/tokens", Some(EVERY)),
    ("POST", "/tokens/{id}/revoke", Some(EVERY)),
    ("GET", "/rules", Some(EVERY)),
    ("GET", "/rules/{code}", Some(EVERY)),
    ("POST", "/uploads", Some(&[Reporter, Lead, Secretariat])),
    ("GET", "/uploads/{id}", Some(&[Reporter, Lead, Secretariat, Auditor])),
    (
        "GET",
        "/uploads/{id}/annotated",
        Some(&[Reporter, Lead, Secretariat, Auditor]),
    ),
    (
        "GET",
        "/uploads/{id}/held",
        Some(&[Reporter, Lead, Secretariat, Auditor]),
    ),
    (
        "GET",
        "/uploads/{id}/columns",
        Some(&[Reporter, Lead, Secretariat, Auditor]),
    ),
    ("POST", "/uploads/{id}/columns", Some(&[Reporter, Lead, Secretariat])),
    ("POST", "/uploads/{id}/explain", Some(&[Reporter, Lead, Secretariat])),
    ("POST", "/uploads/{id}/match", Some(&[Reporter, Lead, Secretariat])),
    ("POST", "/uploads/{id}/withdraw", Some(&[Reporter, Lead, Secretariat])),
    ("POST", "/uploads/{id}/commit", Some(&[Reporter, Lead, Secretariat])),
    ("GET", "/projects", Some(&[Reporter, Lead, Secretariat, Auditor])),
    ("GET", "/projects/{code}", Some(&[Reporter, Lead, Secretariat, Auditor])),
    (
        "POST",
        "/projects/{code}/resubmit",
        Some(&[Reporter, Lead, Secretariat]),
    ),
    (
        "POST",
        "/projects/{code}/withdraw",
        Some(&[Reporter, Lead, Secretariat]),
    ),
    ("GET", "/waivers", Some(&[Secretariat, Auditor])),
    ("POST", "/waivers", Some(&[Secretariat])),
    ("GET", "/audit", Some(&[Secretariat, Auditor, Administrator])),
    (
        "POST",
        "/projects/{code}/comments",
        Some(&[Reporter, Lead, Secretariat]),
    ),
    ("GET", "/review", Some(&[Reporter, Lead, Secretariat, Auditor])),
    ("POST", "/review", Some(&[Lead, Secretariat])),
    ("GET", "/review/export", Some(&[Reporter, Lead, Secretariat, Auditor])),
    ("POST", "/departments/{department}/lead", Some(&[Administrator])),
    ("POST", "/projects/{code}/photos", Some(&[Reporter, Lead, Secretariat])),
    (
        "GET",
        "/projects/{code}/photos/{kind}/{sha256}",
        Some(&[Reporter, Lead, Secretariat, Auditor]),
    ),
    (
        "POST",
        "/projects/{code}/photos/{kind}/{sha256}/remove",
        Some(&[Reporter, Lead, Secretariat]),
    ),
    ("GET", "/photos", Some(&[Reporter, Lead, Secretariat, Auditor])),
    ("POST", "/photos", Some(&[Reporter, Lead, Secretariat])),
    ("GET", "/periods", Some(&[Reporter, Lead, Secretariat, Auditor])),
    ("POST", "/periods", Some(&[Secretariat])),
    ("GET", "/timeliness", Some(&[Secretariat, Auditor])),
    ("GET", "/timeliness/{department}", Some(&[Secretariat, Auditor])),
    ("GET", "/quality", Some(&[Reporter, Lead, Secretariat, Auditor])),
    ("GET", "/quality/rows", Some(&[Reporter, Lead, Secretariat, Auditor])),
    ("GET", "/quality/uploads", Some(&[Reporter, Lead, Secretariat, Auditor])),
    ("GET", "/duplicates", Some(&[Reporter, Lead, Secretariat, Auditor])),
    ("GET", "/targets", Some(&[Reporter, Lead, Secretariat, Auditor])),
    ("POST", "/targets", Some(&[Secretariat])),
    ("POST", "/targets/remove", Some(&[Secretariat])),
    (
        "GET",
        "/targets/not-counted",
        Some(&[Reporter, Lead, Secretariat, Auditor]),
    ),
    ("GET", "/inspections", Some(&[Reporter, Lead, Secretariat, Auditor])),
    ("POST", "/inspections", Some(&[Secretariat])),
    (
        "GET",
        "/inspections/{id}",
        Some(&[Reporter, Lead, Secretariat, Auditor]),
    ),
    ("POST", "/inspections/{id}/findings", Some(&[Secretariat])),
    (
        "GET",
        "/rectifications/{id}",
        Some(&[Reporter, Lead, Secretariat, Auditor]),
    ),
    (
        "POST",
        "/rectifications/{id}/answer",
        Some(&[Reporter, Lead, Secretariat]),
    ),
    ("POST", "/rectifications/{id}/decide", Some(&[Secretariat])),
    (
        "GET",
        "/rectifications/{id}/photos/{sha256}",
        Some(&[Reporter, Lead, Secretariat, Auditor]),
    ),
    ("GET", "/meetings", Some(&[Reporter, Lead, Secretariat, Auditor])),
    ("POST", "/meetings", Some(&[Secretariat])),
    ("POST", "/meetings/{id}/answer", Some(&[Reporter, Lead, Secretariat])),
    ("POST", "/meetings/{id}/decide", Some(&[Secretariat])),
    ("GET", "/bulletin", Some(&[Secretariat, Auditor])),
    ("GET", "/bulletin/{file}", Some(&[Secretariat, Auditor])),
    ("GET", "/progress", Some(&[Secretariat, Auditor])),
    ("GET", "/runs", Some(&[Secretariat, Auditor])),
    ("GET", "/packages", Some(&[Secretariat, Auditor])),
    ("POST", "/packages", Some(&[Secretariat])),
    ("GET", "/packages/{number}/file", Some(&[Secretariat])),
    ("POST", "/packages/{number}/receipts", Some(&[Secretariat])),
    ("POST", "/packages/{number}/lost", Some(&[Secretariat])),
    ("GET", "/reconciliation", Some(&[Secretariat, Auditor])),
    // a token of its own, or this machine
    ("GET", "/metrics", None),
    ("GET", "/runs/{run}", Some(&[Secretariat, Auditor])),
    ("GET", "/runs/live", Some(&[Secretariat, Auditor])),
    ("GET", "/jobs", Some(&[Secretariat, Auditor, Administrator])),
    ("POST", "/jobs/{job}/pause", Some(&[Administrator])),
    ("POST", "/jobs/{job}/resume", Some(&[Administrator])),
    ("POST", "/jobs/{job}/run", Some(&[Administrator])),
];

const EVERY: &[Role] = &[Reporter, Lead, Secretariat, Auditor, Administrator];

#[test]
fn every_route_has_its_row() {
    let listed: BTreeSet<(String, &str)> = routes()
        .iter()
        .map(|route| (route.method.to_string(), route.path))
        .collect();
    let rows: BTreeSet<(String, &str)> = MATRIX
        .iter()
        .map(|&(method, path, _)| (method.to_owned(), path))
        .collect();
    assert_eq!(listed, rows);
    assert_eq!(MATRIX.len(), rows.len(), "a row stands twice");
    for route in routes() {
        let (.., expected) = row(&route.method, route.path);
        for &role in EVERY {
            let allowed = expected.is_none_or(|roles| roles.contains(&role));
            assert_eq!(
                route.access.allows(role),
                allowed,
                "{} {} {role:?}",
                route.method,
                route.path
            );
        }
        assert_eq!(
            matches!(route.access, Access::Anyone),
            expected.is_none(),
            "{}",
            route.path
        );
    }
}

fn row(method: &Method, path: &str) -> &'static (&'static str, &'static str, Option<&'static [Role]>) {
    MATRIX.iter().find(|(of, at, _)| of == method && *at == path).unwrap()
}

#[tokio::test]
async fn the_server_lets_through_whom_the_matrix_names() {
    let site = Site::new().await;
    let browsers = [
        (Reporter, site.officer("n1", Reporter, Some("JTJ")).await),
        (Lead, site.officer("n2", Lead, Some("JTJ")).await),
        (Secretariat, site.officer("n3", Secretariat, None).await),
        (Auditor, site.officer("n4", Auditor, None).await),
        (Administrator, site.officer("n5", Administrator, None).await),
    ];
    let shown = browsers[0]
        .1
        .upload("a.csv", roster(&[school(1), school(2).without_owner()]))
        .await;
    assert!(browsers[0].1.confirm(&shown, "").await.shows("已于"));

    let photos = site.keep_ledgers();
    let ask = async |browser: &Browser, method: &str, path: &str| ask(browser, method, path, &photos).await;

    let stranger = site.stranger();
    for (method, path, roles) in MATRIX {
        let page = ask(&stranger, method, path).await;
        let turned_away = page.path == "/login" && *path != "/login";
        assert_eq!(turned_away, roles.is_some(), "{method} {path} without a login");
    }
    for (role, browser) in &browsers {
        for (method, path, roles) in MATRIX {
            let allowed = roles.is_none_or(|roles| roles.contains(role));
            let page = ask(browser, method, path).await;
            assert_eq!(
                page.status != StatusCode::FORBIDDEN,
                allowed,
                "{method} {path} {role:?}"
            );
            assert_ne!(
                page.status,
                StatusCode::INTERNAL_SERVER_ERROR,
                "{method} {path} {role:?}: {}",
                page.text
            );
            // there is no package to take away, and no run to look into
            let missing = path.ends_with("/file") || path.ends_with("/{run}");
            if allowed && *method == "GET" && !path.starts_with("/static") && !missing {
                assert_eq!(page.status, StatusCode::OK, "{path} {role:?}");
            }
            if *path == "/logout" {
                let name = match role {
                    Reporter => "n1",
                    Lead => "n2",
                    Secretariat => "n3",
                    Auditor => "n4",
                    Administrator => "n5",
                };
                browser.log_in(name, PASSWORD).await;
            }
        }
    }
}

/// Asks for a route with the parameters of what is there, and an empty form.
async fn ask(browser: &Browser, method: &str, path: &str, photos: &Photos) -> super::Page {
    let path = path
        .replace("{id}", "1")
        .replace("{department}", "JTJ")
        .replace("{run}", "1")
        .replace("{job}", "retention")
        .replace("/projects/{code}", "/projects/LC-2026-000001");
    let path = path.replace("/bulletin/{file}", "/bulletin/bulletin.docx");
    let path = path.replace("{code}", "S001").replace("{file}", "style.css");
    // What is removed is another photo than the one that is looked at.
    let kind = if path.ends_with("/remove") {
        "construction"
    } else {
        "acceptance"
    };
    let sha256 = if path.starts_with("/rectifications") {
        &photos.evidence
    } else {
        &photos.acceptance
    };
    let mut path = path.replace("{kind}", kind).replace("{sha256}", sha256);
    if path == "/targets/not-counted" {
        path.push_str("?year=2026&department=JTJ&category=02&county=371502");
    }
    match method {
        "GET" => browser.get(&path).await,
        _ => browser.post(&path, &[]).await,
    }
}
