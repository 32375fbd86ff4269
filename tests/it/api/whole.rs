//! The interface has everything that the pages have, and the commands. A page without a row here fails.

use std::collections::BTreeSet;

use retrofit_registry::api::endpoints;
use retrofit_registry::web::routes;

/// Of a page.
enum Has {
    /// The operations that do the same.
    As(&'static [&'static str]),
    /// None, and why.
    Not(&'static str),
}
use Has::{As, Not};

const BROWSER: &str = "a person's own login and password, in a browser; a program has a token";
const MADE: &str = "made from other lists and boards of the interface";

const PAGES: &[(&str, Has)] = &[
    ("GET /login", Not(BROWSER)),
    ("POST /login", Not(BROWSER)),
    ("POST /logout", Not(BROWSER)),
    ("GET /password", Not(BROWSER)),
    ("POST /password", Not(BROWSER)),
    ("GET /account", As(&["GET /me"])),
    ("POST /account/sessions", Not(BROWSER)),
    ("GET /", Not(MADE)),
    ("POST /uploads", As(&["POST /uploads"])),
    (
        "GET /uploads/{id}",
        As(&[
            "GET /uploads/{id}",
            "GET /uploads/{id}/findings",
            "GET /uploads/{id}/preview",
        ]),
    ),
    ("GET /uploads/{id}/annotated", As(&["GET /uploads/{id}/annotated"])),
    ("GET /uploads/{id}/held", As(&["GET /uploads/{id}/held"])),
    ("GET /uploads/{id}/columns", As(&["GET /uploads/{id}/columns"])),
    (
        "POST /uploads/{id}/columns",
        As(&["PUT /departments/{department}/columns"]),
    ),
    ("POST /uploads/{id}/explain", As(&["PUT /uploads/{id}/explanations"])),
    ("POST /uploads/{id}/match", As(&["PUT /uploads/{id}/matches"])),
    ("POST /uploads/{id}/withdraw", As(&["POST /withdrawals"])),
    ("POST /uploads/{id}/commit", As(&["POST /uploads/{id}/commit"])),
    ("GET /review", As(&["GET /review", "GET /review/count"])),
    (
        "POST /review",
        As(&["POST /review/decisions", "POST /review/decisions/all"]),
    ),
    ("GET /review/export", As(&["GET /review/export"])),
    (
        "GET /projects",
        As(&["GET /projects", "GET /approved-projects", "GET /approved-projects/sums"]),
    ),
    (
        "GET /projects/{code}",
        As(&[
            "GET /projects/{code}",
            "GET /projects/{code}/revisions",
            "GET /projects/{code}/deliveries",
        ]),
    ),
    (
        "POST /projects/{code}/resubmit",
        As(&["POST /projects/{code}/resubmission"]),
    ),
    (
        "POST /projects/{code}/withdraw",
        As(&["POST /projects/{code}/withdrawal"]),
    ),
    (
        "POST /projects/{code}/comments",
        As(&["POST /projects/{code}/comments"]),
    ),
    ("POST /projects/{code}/photos", As(&["POST /projects/{code}/photos"])),
    (
        "GET /projects/{code}/photos/{kind}/{sha256}",
        As(&["GET /projects/{code}/photos/{kind}/{sha256}"]),
    ),
    (
        "POST /projects/{code}/photos/{kind}/{sha256}/remove",
        As(&["DELETE /projects/{code}/photos/{kind}/{sha256}"]),
    ),
    ("GET /photos", As(&["GET /photos", "GET /photos/count"])),
    ("POST /photos", As(&["POST /photos"])),
    ("GET /periods", As(&["GET /periods/{period}", "GET /owed"])),
    ("POST /periods", As(&["PUT /periods/{period}/due-days/{department}"])),
    ("GET /timeliness", As(&["GET /timeliness"])),
    ("GET /timeliness/{department}", As(&["GET /timeliness"])),
    ("GET /quality", As(&["GET /quality"])),
    ("GET /quality/uploads", As(&["GET /quality/uploads"])),
    ("GET /quality/rows", As(&["GET /quality/findings"])),
    ("GET /duplicates", As(&["GET /duplicates"])),
    ("GET /targets", As(&["GET /targets"])),
    (
        "POST /targets",
        As(&["PUT /targets/{year}/{department}/{category}/{county}"]),
    ),
    (
        "POST /targets/remove",
        As(&["DELETE /targets/{year}/{department}/{category}/{county}"]),
    ),
    (
        "GET /targets/not-counted",
        As(&["GET /targets/{year}/{department}/{category}/{county}/not-counted"]),
    ),
    (
        "GET /inspections",
        As(&["GET /inspections", "GET /inspection-findings"]),
    ),
    ("POST /inspections", As(&["POST /inspections"])),
    (
        "GET /inspections/{id}",
        As(&["GET /inspections/{id}", "GET /inspections/{id}/findings"]),
    ),
    (
        "POST /inspections/{id}/findings",
        As(&["POST /inspections/{id}/findings"]),
    ),
    ("GET /rectifications/{id}", As(&["GET /inspection-findings/{id}"])),
    (
        "POST /rectifications/{id}/answer",
        As(&["POST /inspection-findings/{id}/answers"]),
    ),
    (
        "POST /rectifications/{id}/decide",
        As(&["POST /inspection-findings/{id}/verdicts"]),
    ),
    (
        "GET /rectifications/{id}/photos/{sha256}",
        As(&["GET /inspection-findings/{id}/photos/{sha256}"]),
    ),
    ("GET /meetings", As(&["GET /meeting-items"])),
    ("POST /meetings", As(&["POST /meeting-items"])),
    ("POST /meetings/{id}/answer", As(&["POST /meeting-items/{id}/answers"])),
    ("POST /meetings/{id}/decide", As(&["POST /meeting-items/{id}/verdicts"])),
    (
        "GET /progress",
        As(&["GET /figures", "GET /figures/months", "GET /targets/curves"]),
    ),
    ("GET /bulletin", As(&["GET /bulletin"])),
    ("GET /bulletin/{file}", As(&["GET /bulletin"])),
    ("GET /runs", As(&["GET /runs", "GET /outbox", "GET /rejections"])),
    (
        "GET /runs/{run}",
        As(&["GET /runs/{id}", "GET /runs/{id}/records", "GET /runs/{id}/left"]),
    ),
    ("GET /waivers", As(&["GET /waivers"])),
    ("POST /waivers", As(&["POST /waivers"])),
    ("GET /audit", As(&["GET /audit"])),
    ("GET /packages", As(&["GET /packages"])),
    ("POST /packages", As(&["POST /packages"])),
    ("GET /packages/{number}/file", As(&["GET /packages/{number}/file"])),
    (
        "POST /packages/{number}/receipts",
        As(&["POST /packages/{number}/receipts"]),
    ),
    ("POST /packages/{number}/lost", As(&["POST /packages/{number}/loss"])),
    ("GET /reconciliation", As(&["GET /reconciliation"])),
    (
        "GET /runs/live",
        Not("tells a page that is open to show its figures anew; a program asks"),
    ),
    ("GET /metrics", Not("for a monitor, in its own form")),
    ("GET /jobs", As(&["GET /jobs", "GET /jobs/{job}/runs"])),
    ("POST /jobs/{job}/pause", As(&["POST /jobs/{job}/pause"])),
    ("POST /jobs/{job}/resume", As(&["POST /jobs/{job}/resume"])),
    ("POST /jobs/{job}/run", As(&["POST /jobs/{job}/run"])),
    ("GET /people", As(&["GET /people"])),
    ("POST /people", As(&["POST /people"])),
    (
        "GET /people/{id}",
        As(&["GET /people/{id}", "GET /people/{id}/sessions"]),
    ),
    ("POST /people/{id}/role", As(&["PUT /people/{id}"])),
    ("POST /people/{id}/password", As(&["POST /people/{id}/password"])),
    ("POST /people/{id}/active", As(&["PUT /people/{id}"])),
    ("POST /people/{id}/unlock", As(&["POST /people/{id}/unlock"])),
    ("POST /people/{id}/sessions", As(&["DELETE /people/{id}/sessions"])),
    ("GET /tokens", As(&["GET /tokens"])),
    (
        "POST /tokens",
        Not("a token that could issue another would never end; a person issues it, or the server's operator"),
    ),
    ("POST /tokens/{id}/revoke", As(&["DELETE /tokens/{id}"])),
    ("GET /departments", As(&["GET /departments"])),
    (
        "POST /departments/{department}/lead",
        As(&["PUT /departments/{department}/lead-review"]),
    ),
    (
        "GET /templates/{department}",
        As(&["GET /departments/{department}/template"]),
    ),
    (
        "GET /rosters/{department}",
        As(&["GET /departments/{department}/roster"]),
    ),
    ("GET /rules", As(&["GET /rules"])),
    ("GET /rules/{code}", As(&["GET /rules/{code}"])),
    ("GET /static/{file}", Not("belongs to the pages")),
];

#[test]
fn every_page_has_its_operations_or_a_reason_for_none() {
    let pages: BTreeSet<String> = routes().iter().map(|of| format!("{} {}", of.method, of.path)).collect();
    let rows: BTreeSet<String> = PAGES.iter().map(|(page, _)| (*page).to_owned()).collect();
    assert_eq!(pages, rows);
    assert_eq!(PAGES.len(), rows.len(), "a row stands twice");
    let operations: BTreeSet<String> = endpoints()
        .iter()
        .map(|of| format!("{} {}", of.method, of.path))
        .collect();
    for (page, has) in PAGES {
        match has {
            As(named) => {
                for operation in *named {
                    assert!(operations.contains(*operation), "{page}: {operation}");
                }
            }
            Not(why) => assert!(!why.is_empty(), "{page}"),
        }
    }
}
