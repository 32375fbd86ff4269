//! Who may use which route of the interface. A route without a row here fails.

use std::collections::BTreeSet;

use reqwest::{Method, StatusCode};
use retrofit_registry::api::{Endpoint, endpoints};
use retrofit_registry::registry::people::Role::{self, Administrator, Auditor, Lead, Reporter, Secretariat};
use retrofit_registry::registry::tokens::Scope::{self, Administer, Read, Review, Send};
use serde_json::json;

use super::Program;
use crate::web::{Site, roster, school};

const EVERY: &[Role] = &[Reporter, Lead, Secretariat, Auditor, Administrator];
const DATA: &[Role] = &[Reporter, Lead, Secretariat, Auditor];
const SENDERS: &[Role] = &[Reporter, Lead, Secretariat];
const DECIDERS: &[Role] = &[Lead, Secretariat];
const OVERSEERS: &[Role] = &[Secretariat, Auditor];
const KEEPERS: &[Role] = &[Secretariat, Auditor, Administrator];
const OFFICE: &[Role] = &[Secretariat];
const ADMIN: &[Role] = &[Administrator];
const ACCOUNTS: &[Role] = &[Auditor, Administrator];

/// Every route with the roles that may use it and what a token must be for; no roles for everybody, without a token.
const MATRIX: &[(&str, &str, Option<&[Role]>, Scope)] = &[
    ("GET", "/openapi.json", None, Read),
    ("GET", "/problems", None, Read),
    ("GET", "/me", Some(EVERY), Read),
    ("GET", "/tokens", Some(EVERY), Read),
    ("DELETE", "/tokens/{id}", Some(EVERY), Read),
    ("GET", "/people", Some(ACCOUNTS), Read),
    ("POST", "/people", Some(ADMIN), Administer),
    ("GET", "/people/{id}", Some(ACCOUNTS), Read),
    ("PUT", "/people/{id}", Some(ADMIN), Administer),
    ("POST", "/people/{id}/password", Some(ADMIN), Administer),
    ("POST", "/people/{id}/unlock", Some(ADMIN), Administer),
    ("GET", "/people/{id}/sessions", Some(ACCOUNTS), Read),
    ("DELETE", "/people/{id}/sessions", Some(ADMIN), Administer),
    ("GET", "/jobs", Some(KEEPERS), Read),
    ("GET", "/jobs/{job}/runs", Some(KEEPERS), Read),
    ("POST", "/jobs/{job}/pause", Some(ADMIN), Administer),
    ("POST", "/jobs/{job}/resume", Some(ADMIN), Administer),
    ("POST", "/jobs/{job}/run", Some(ADMIN), Administer),
    ("GET", "/audit", Some(KEEPERS), Read),
    ("GET", "/audit/seal", Some(ACCOUNTS), Read),
    ("GET", "/waivers", Some(OVERSEERS), Read),
    ("POST", "/waivers", Some(OFFICE), Review),
    ("GET", "/recheck", Some(DATA), Read),
    ("GET", "/fields", Some(EVERY), Read),
    ("GET", "/codes", Some(EVERY), Read),
    ("GET", "/divisions", Some(EVERY), Read),
    ("GET", "/rules", Some(EVERY), Read),
    ("GET", "/rules/{code}", Some(EVERY), Read),
    ("GET", "/departments", Some(EVERY), Read),
    ("GET", "/departments/{department}", Some(EVERY), Read),
    ("PUT", "/departments/{department}/lead-review", Some(ADMIN), Administer),
    ("GET", "/departments/{department}/template", Some(EVERY), Read),
    ("GET", "/departments/{department}/roster", Some(DATA), Read),
    ("GET", "/uploads/{id}/columns", Some(DATA), Read),
    ("GET", "/departments/{department}/columns", Some(DATA), Read),
    ("PUT", "/departments/{department}/columns", Some(SENDERS), Send),
    ("POST", "/uploads", Some(SENDERS), Send),
    ("GET", "/uploads", Some(DATA), Read),
    ("GET", "/uploads/{id}", Some(DATA), Read),
    ("GET", "/uploads/{id}/findings", Some(DATA), Read),
    ("GET", "/uploads/{id}/explanations", Some(DATA), Read),
    ("PUT", "/uploads/{id}/explanations", Some(SENDERS), Send),
    ("GET", "/uploads/{id}/annotated", Some(DATA), Read),
    ("GET", "/uploads/{id}/held", Some(DATA), Read),
    ("POST", "/uploads/{id}/commit", Some(SENDERS), Send),
    ("PUT", "/uploads/{id}/supplement", Some(SENDERS), Send),
    ("GET", "/uploads/{id}/preview", Some(DATA), Read),
    ("GET", "/uploads/{id}/rows", Some(DATA), Read),
    ("GET", "/uploads/{id}/held-rows", Some(DATA), Read),
    ("GET", "/uploads/{id}/likenesses", Some(DATA), Read),
    ("GET", "/uploads/{id}/matches", Some(DATA), Read),
    ("PUT", "/uploads/{id}/matches", Some(SENDERS), Send),
    ("GET", "/projects", Some(DATA), Read),
    ("GET", "/approved-projects", Some(DATA), Read),
    ("GET", "/approved-projects/sums", Some(DATA), Read),
    ("GET", "/projects/export", Some(DATA), Read),
    ("GET", "/projects/{code}/platform-record", Some(OVERSEERS), Read),
    ("POST", "/withdrawals", Some(SENDERS), Send),
    ("GET", "/projects/{code}", Some(DATA), Read),
    ("GET", "/projects/{code}/revisions", Some(DATA), Read),
    ("GET", "/projects/{code}/revisions/{revision}", Some(DATA), Read),
    ("GET", "/projects/{code}/changes", Some(DATA), Read),
    ("GET", "/projects/{code}/findings", Some(DATA), Read),
    ("GET", "/projects/{code}/deliveries", Some(DATA), Read),
    ("GET", "/projects/{code}/comments", Some(DATA), Read),
    ("POST", "/projects/{code}/comments", Some(SENDERS), Send),
    ("GET", "/projects/{code}/waivers", Some(DATA), Read),
    ("POST", "/projects/{code}/waivers", Some(OFFICE), Review),
    ("POST", "/projects/{code}/resubmission", Some(SENDERS), Send),
    ("POST", "/projects/{code}/withdrawal", Some(SENDERS), Send),
    ("GET", "/projects/{code}/photos", Some(DATA), Read),
    ("POST", "/projects/{code}/photos", Some(SENDERS), Send),
    ("GET", "/projects/{code}/photos/{kind}/{sha256}", Some(DATA), Read),
    ("DELETE", "/projects/{code}/photos/{kind}/{sha256}", Some(SENDERS), Send),
    ("GET", "/projects/{code}/inspection-findings", Some(DATA), Read),
    ("POST", "/photos", Some(SENDERS), Send),
    ("GET", "/photos", Some(DATA), Read),
    ("GET", "/photos/count", Some(DATA), Read),
    ("GET", "/review", Some(DATA), Read),
    ("GET", "/review/count", Some(DATA), Read),
    ("GET", "/review/export", Some(DATA), Read),
    ("POST", "/review/decisions", Some(DECIDERS), Review),
    ("POST", "/review/decisions/all", Some(DECIDERS), Review),
    ("GET", "/targets", Some(DATA), Read),
    ("GET", "/targets/curves", Some(DATA), Read),
    (
        "GET",
        "/targets/{year}/{department}/{category}/{county}",
        Some(DATA),
        Read,
    ),
    (
        "PUT",
        "/targets/{year}/{department}/{category}/{county}",
        Some(OFFICE),
        Review,
    ),
    (
        "DELETE",
        "/targets/{year}/{department}/{category}/{county}",
        Some(OFFICE),
        Review,
    ),
    (
        "GET",
        "/targets/{year}/{department}/{category}/{county}/not-counted",
        Some(DATA),
        Read,
    ),
    ("GET", "/figures", Some(OVERSEERS), Read),
    ("GET", "/figures/months", Some(OVERSEERS), Read),
    ("GET", "/bulletin", Some(OVERSEERS), Read),
    ("GET", "/timeliness", Some(OVERSEERS), Read),
    ("GET", "/quality", Some(DATA), Read),
    ("GET", "/quality/findings", Some(DATA), Read),
    ("GET", "/quality/uploads", Some(DATA), Read),
    ("GET", "/duplicates", Some(DATA), Read),
    ("GET", "/periods/{period}", Some(DATA), Read),
    ("GET", "/periods/{period}/due-days/{department}", Some(DATA), Read),
    ("PUT", "/periods/{period}/due-days/{department}", Some(OFFICE), Review),
    ("GET", "/owed", Some(DATA), Read),
    ("GET", "/inspections", Some(DATA), Read),
    ("POST", "/inspections", Some(OFFICE), Review),
    ("GET", "/inspections/{id}", Some(DATA), Read),
    ("GET", "/inspections/{id}/findings", Some(DATA), Read),
    ("POST", "/inspections/{id}/findings", Some(OFFICE), Review),
    ("GET", "/inspection-findings", Some(DATA), Read),
    ("GET", "/inspection-findings/{id}", Some(DATA), Read),
    ("POST", "/inspection-findings/{id}/answers", Some(SENDERS), Send),
    ("POST", "/inspection-findings/{id}/verdicts", Some(OFFICE), Review),
    ("GET", "/inspection-findings/{id}/photos/{sha256}", Some(DATA), Read),
    ("GET", "/meeting-items", Some(DATA), Read),
    ("POST", "/meeting-items", Some(OFFICE), Review),
    ("GET", "/meeting-items/{id}", Some(DATA), Read),
    ("POST", "/meeting-items/{id}/answers", Some(SENDERS), Send),
    ("POST", "/meeting-items/{id}/verdicts", Some(OFFICE), Review),
    ("GET", "/runs", Some(OVERSEERS), Read),
    ("POST", "/runs", Some(OFFICE), Review),
    ("GET", "/runs/{id}", Some(OVERSEERS), Read),
    ("GET", "/runs/{id}/records", Some(OVERSEERS), Read),
    ("GET", "/runs/{id}/left", Some(OVERSEERS), Read),
    ("GET", "/outbox", Some(OVERSEERS), Read),
    ("GET", "/rejections", Some(OVERSEERS), Read),
    ("GET", "/reconciliation", Some(OVERSEERS), Read),
    ("POST", "/reconciliation", Some(OFFICE), Review),
    ("GET", "/packages", Some(OVERSEERS), Read),
    ("POST", "/packages", Some(OFFICE), Review),
    ("GET", "/packages/{number}/file", Some(OFFICE), Read),
    ("POST", "/packages/{number}/receipts", Some(OFFICE), Review),
    ("POST", "/packages/{number}/loss", Some(OFFICE), Review),
];

#[test]
fn every_route_has_its_row() {
    let all = endpoints();
    let listed: BTreeSet<(String, &str)> = all.iter().map(|of| (of.method.to_string(), of.path)).collect();
    let rows: BTreeSet<(String, &str)> = MATRIX
        .iter()
        .map(|&(method, path, ..)| (method.to_owned(), path))
        .collect();
    assert_eq!(listed, rows);
    assert_eq!(MATRIX.len(), rows.len(), "a row stands twice");
    for endpoint in all {
        let (.., roles, scope) = row(&endpoint);
        let named = |roles: Option<&[Role]>| roles.map(|roles| EVERY.iter().map(|role| roles.contains(role)).collect());
        let (is, should): (Option<Vec<bool>>, Option<Vec<bool>>) = (named(endpoint.roles), named(*roles));
        assert_eq!(is, should, "{} {}", endpoint.method, endpoint.path);
        assert_eq!(endpoint.scope, *scope, "{} {}", endpoint.method, endpoint.path);
    }
}

fn row(endpoint: &Endpoint) -> &'static (&'static str, &'static str, Option<&'static [Role]>, Scope) {
    let is = |(method, path, ..): &&(&str, &str, Option<&[Role]>, Scope)| {
        *method == endpoint.method.as_str() && *path == endpoint.path
    };
    MATRIX.iter().find(is).unwrap()
}

/// The address of a route with parameters of what is there; what is removed is not.
fn address(method: &str, path: &str, evidence: &str, acceptance: &str) -> String {
    let sha256 = if path.starts_with("/inspection") {
        evidence
    } else {
        acceptance
    };
    let sha256 = if method == "DELETE" { &"0".repeat(64) } else { sha256 };
    let path = path
        .replace("/rules/{code}", "/rules/S001")
        .replace("/tokens/{id}", "/tokens/999")
        .replace("{code}", "LC-2026-000001")
        .replace("{id}", "1")
        .replace("{revision}", "1")
        .replace("{kind}", "acceptance")
        .replace("{sha256}", sha256)
        .replace("{department}", "JTJ")
        .replace("{job}", "retention")
        .replace("{number}", "P-1")
        .replace("{period}", "2026-11")
        .replace("{year}", "2026")
        .replace("{category}", "02")
        .replace("{county}", "371502");
    match &*path {
        "/projects/LC-2026-000001/changes" => format!("{path}?from=0&to=1"),
        "/bulletin" => format!("{path}?kind=docx"),
        _ => path,
    }
}

#[tokio::test]
async fn the_server_lets_through_whom_the_matrix_names() {
    let site = Site::new().await;
    let programs = [
        (Reporter, site.program("n1", Reporter, Some("JTJ"))),
        (Lead, site.program("n2", Lead, Some("JTJ"))),
        (Secretariat, site.program("n3", Secretariat, None)),
        (Auditor, site.program("n4", Auditor, None)),
        (Administrator, site.program("n5", Administrator, None)),
    ];
    let sent = programs[0]
        .1
        .upload(roster(&[school(1), school(2).without_owner()]))
        .await;
    assert_eq!(sent.status, StatusCode::CREATED);
    assert_eq!(programs[0].1.commit(1).await.status, StatusCode::OK);
    let photos = site.keep_ledgers();
    let stranger = Program::new(&site, None);
    let forged = Program::new(&site, Some("retrofit_0".into()));

    for (method, path, roles, _) in MATRIX {
        let at = address(method, path, &photos.evidence, &photos.acceptance);
        let ask = async |program: &Program| {
            let request = program.ask(method.parse::<Method>().unwrap(), &at);
            let request = if *method == "GET" {
                request
            } else {
                request.json(&json!({}))
            };
            program.send(request).await
        };
        for nobody in [&stranger, &forged] {
            let answer = ask(nobody).await;
            assert_eq!(
                answer.status == StatusCode::UNAUTHORIZED,
                roles.is_some(),
                "{method} {path}"
            );
            if roles.is_some() {
                assert_eq!(answer.problem(), "unauthenticated");
                assert!(answer.header("www-authenticate").starts_with("Bearer"));
            }
        }
        for (role, program) in &programs {
            let answer = ask(program).await;
            let allowed = roles.is_none_or(|roles| roles.contains(role));
            assert_ne!(answer.status, StatusCode::UNAUTHORIZED, "{method} {path} {role:?}");
            assert_eq!(
                answer.status != StatusCode::FORBIDDEN,
                allowed,
                "{method} {path} {role:?} {answer:?}"
            );
            assert_ne!(
                answer.status,
                StatusCode::INTERNAL_SERVER_ERROR,
                "{method} {path} {role:?}"
            );
            // There is no package; nothing was compared yet, delivered, or approved.
            let missing = ["/packages/", "/reconciliation", "/runs/{id}"];
            let there = !missing.iter().any(|missing| path.starts_with(missing)) && !path.ends_with("-record");
            if allowed && *method == "GET" && there {
                assert_eq!(answer.status, StatusCode::OK, "{path} {role:?} {answer:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_token_does_no_more_than_its_scopes_say() {
    let site = Site::new().await;
    for (name, role, department) in [
        ("n1", Reporter, Some("JTJ")),
        ("n3", Secretariat, None),
        ("n5", Administrator, None),
    ] {
        site.add(name, role, department);
        let reads = Program::new(&site, Some(site.token(name, &[Read])));
        for (method, path, roles, scope) in MATRIX {
            if !roles.is_some_and(|roles| roles.contains(&role)) || *scope == Read {
                continue;
            }
            let at = address(method, path, "", "");
            let request = reads.ask(method.parse::<Method>().unwrap(), &at).json(&json!({}));
            let answer = reads.send(request).await;
            assert_eq!(answer.problem(), "insufficient_scope", "{method} {path} {role:?}");
            assert!(answer.header("www-authenticate").contains("insufficient_scope"));
        }
        let does = Program::new(&site, Some(site.token(name, &[tokens_but_read(role)])));
        assert_eq!(does.get("/me").await.problem(), "insufficient_scope");
        assert_eq!(reads.get("/me").await.json()["name"], name);
    }
}

fn tokens_but_read(role: Role) -> Scope {
    if role == Administrator { Administer } else { Send }
}

#[tokio::test]
async fn a_department_sees_and_changes_only_its_own() {
    let site = Site::new().await;
    let own = site.program("jtj", Reporter, Some("JTJ"));
    let other = site.program("slj", Reporter, Some("SLJ"));
    assert_eq!(own.upload(roster(&[school(1)])).await.status, StatusCode::CREATED);
    assert_eq!(own.commit(1).await.status, StatusCode::OK);
    site.keep_ledgers();
    assert_eq!(other.upload(roster(&[school(2)])).await.problem(), "forbidden");
    let dummy = "0".repeat(64);
    for (method, path, roles, _) in MATRIX {
        if !roles.is_some_and(|roles| roles.contains(&Reporter)) {
            continue;
        }
        let at = address(method, path, &dummy, &dummy);
        let about = ["{id}", "{code}", "{county}"].iter().any(|part| path.contains(part));
        let known = path.starts_with("/rules") || path.starts_with("/tokens");
        if about && !known && *method == "GET" {
            assert_eq!(other.get(&at).await.problem(), "not_found", "{path}");
        }
        if *method == "GET" && !about && !path.contains('{') && !known {
            let answer = other.get(&at).await;
            let text = String::from_utf8_lossy(&answer.body).into_owned();
            assert!(
                !text.contains("LC-2026-000001") && !text.contains("第1小学"),
                "{path} {text}"
            );
        }
    }
    let roster = other.get("/departments/JTJ/roster").await;
    assert_eq!(roster.problem(), "not_found");
}

#[tokio::test]
async fn a_token_ends_with_its_persons_account_and_follows_the_role() {
    use retrofit_registry::registry::people;
    let site = Site::new().await;
    let program = site.program("zhang", Secretariat, None);
    assert_eq!(program.get("/figures").await.status, StatusCode::OK);
    let administrator = crate::support::administrator();
    people::set_role(site.registry(), &administrator, "zhang", Reporter, Some("JTJ")).unwrap();
    assert_eq!(program.get("/figures").await.problem(), "forbidden");
    people::set_active(site.registry(), &administrator, "zhang", false).unwrap();
    assert_eq!(program.get("/me").await.problem(), "unauthenticated");
    people::set_active(site.registry(), &administrator, "zhang", true).unwrap();
    assert_eq!(program.get("/me").await.status, StatusCode::OK);
    site.clock().shift(30 * 86_400_000);
    assert_eq!(program.get("/me").await.problem(), "unauthenticated");
}
