//! What the secretariat, auditors and administrators do by program as they do in the pages: all that matches at once, waivers before a code,
//! accounts, the seal of the log, a recheck; and long lists part by part.

use std::collections::BTreeSet;

use reqwest::{Method, StatusCode};
use retrofit_registry::registry::people::{self, Role};
use serde_json::{Value, json};

use super::{Answer, Program};
use crate::support::{World, rosters};
use crate::web::{Site, roster, school};

impl Program {
    /// The lines of a list, read one by one.
    async fn one_by_one(&self, path: &str) -> Vec<Value> {
        let (mut lines, mut cursor) = (Vec::new(), String::new());
        loop {
            let part = self.get(&format!("{path}?limit=1{cursor}")).await;
            assert_eq!(part.status, StatusCode::OK, "{path} {part:?}");
            let part = part.json();
            lines.extend(part["items"].as_array().unwrap().iter().cloned());
            match part["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return lines,
            }
        }
    }

    async fn all_at_once(&self, path: &str) -> Vec<Value> {
        self.get(path).await.json()["items"].as_array().unwrap().clone()
    }
}

fn text(line: &Value, name: &str) -> String {
    line[name].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn all_that_matches_is_decided_as_it_was_counted_or_not_at_all() {
    for world in World::both() {
        let site = Site::of(world).await;
        let jtj = site.program("jtj", Role::Reporter, Some("JTJ"));
        let office = site.program("mishu", Role::Secretariat, None);
        let rows: Vec<_> = (1..=4).map(school).collect();
        jtj.upload(roster(&rows)).await;
        jtj.commit(1).await;
        let counted = office.get("/review/count?category=02").await.json();
        assert_eq!(counted["count"], 4);
        let on_all = |filter: Value, as_of: &Value| json!({ "decision": "approve", "as_of": as_of, "filter": filter });
        let of_schools = || json!({ "category": "02" });
        let decide = async |body: Value| office.post("/review/decisions/all", &body).await;

        // Something else comes in: nothing is decided.
        site.clock().shift(60_000);
        let more: Vec<_> = (1..=5).map(school).collect();
        jtj.upload(roster(&more)).await;
        jtj.commit(2).await;
        let moved = decide(on_all(of_schools(), &counted["as_of"])).await;
        assert_eq!(
            (moved.status, &*moved.problem()),
            (StatusCode::CONFLICT, "selection_moved")
        );
        let again = office.get("/review/count?category=02").await.json();
        assert_eq!(again["count"], 5);
        // Of another category nothing waits.
        let none = decide(on_all(json!({ "category": "99" }), &again["as_of"])).await;
        assert_eq!(none.problem(), "refused");
        let wordless = json!({ "decision": "return", "as_of": again["as_of"] });
        assert_eq!(decide(wordless).await.problem(), "refused");
        let decided = decide(on_all(of_schools(), &again["as_of"])).await.json();
        assert_eq!((&decided["decided"], &decided["refused"]), (&json!(5), &json!([])));
        assert_eq!(office.get("/review/count").await.json()["count"], 0);

        // Several are proposed to be withdrawn, all or none, as they were seen.
        let named = |code: u32, revision: i64| json!({ "code": format!("LC-2026-00000{code}"), "revision": revision });
        let body = |projects: Vec<Value>| json!({ "projects": projects, "note": "误报" });
        let withdraw = async |projects: Vec<Value>| jtj.post("/withdrawals", &body(projects)).await;
        let stale = withdraw(vec![named(1, 1), named(2, 7)]).await;
        assert_eq!(stale.problem(), "selection_moved");
        assert_eq!(withdraw(vec![named(1, 1), named(9, 1)]).await.problem(), "not_found");
        assert_eq!(office.get("/review/count").await.json()["count"], 0);
        assert_eq!(
            withdraw(vec![named(1, 1), named(2, 1)]).await.status,
            StatusCode::NO_CONTENT
        );
        assert_eq!(office.get("/review/count").await.json()["count"], 2);
        let wjw = site.program("wjw", Role::Reporter, Some("WJW"));
        assert_eq!(
            wjw.post("/withdrawals", &body(vec![named(3, 1)])).await.problem(),
            "not_found"
        );

        // A record as the platform will get it, and a list as a roster.
        let sent = office.get("/projects/LC-2026-000003/platform-record").await.json();
        assert!(text(&sent, "record").contains("LC-2026-000003"), "{sent}");
        let list = office.get("/projects/export?state=approved").await;
        assert!(list.body.starts_with(b"PK") && list.status == StatusCode::OK);
        assert_eq!(wjw.get("/projects/export?department=JTJ").await.problem(), "not_found");
    }
}

#[tokio::test]
async fn a_rule_is_waived_before_a_project_has_a_code() {
    for world in World::both() {
        let site = Site::of(world).await;
        let jtj = site.program("jtj", Role::Reporter, Some("JTJ"));
        let office = site.program("mishu", Role::Secretariat, None);
        jtj.upload(roster(&[school(1), school(2).without_owner()])).await;
        jtj.commit(1).await;
        let waive = async |subject: Value| {
            let mut body = json!({ "rule": "S001", "until": "2026-12-31", "reason": "场地资料未到" });
            body.as_object_mut()
                .unwrap()
                .extend(subject.as_object().unwrap().clone());
            office.post("/waivers", &body).await
        };
        for unclear in [
            json!({}),
            json!({ "department": "JTJ" }),
            json!({ "department": "JTJ", "number": "N-1", "name": "一中" }),
            json!({ "department": "JTJ", "name": "一中", "township": "古楼街道" }),
            json!({ "code": "LC-2026-000001", "department": "JTJ", "number": "N-1" }),
            json!({ "upload": 1 }),
            json!({ "department": "XYZ", "number": "N-1" }),
            json!({ "code": "LC-2026-000009" }),
            json!({ "upload": 1, "row": 2 }),
        ] {
            assert_eq!(waive(unclear.clone()).await.problem(), "refused", "{unclear}");
        }
        for (subject, project) in [
            (json!({ "code": "LC-2026-000001" }), "LC-2026-000001"),
            (json!({ "department": "JTJ", "number": "N-77" }), "JTJ N-77"),
            (json!({ "upload": 1, "row": 3 }), "JTJ "),
            (json!({ "department": "JTJ", "number": "N-78" }), "JTJ N-78"),
        ] {
            let granted = waive(subject).await;
            assert_eq!(granted.status, StatusCode::OK, "{granted:?}");
            assert!(text(&granted.json(), "project").starts_with(project), "{granted:?}");
            site.clock().shift(if project == "LC-2026-000001" { 0 } else { 1000 });
        }
        // Two of them were granted at the same instant: each stands once in its part.
        let whole = office.all_at_once("/waivers").await;
        assert_eq!(whole.len(), 4);
        assert_eq!(office.one_by_one("/waivers").await, whole);
        assert_eq!(office.get("/waivers?cursor=zzz").await.problem(), "invalid_request");

        // What a target cannot count, part by part.
        let area = |row: u32| {
            let body = json!({ "unit": "building", "amount": row.to_string() });
            office
                .ask(Method::PUT, "/targets/2026/JTJ/02/371571")
                .header("If-None-Match", "*")
                .json(&body)
        };
        let approve = json!({ "decision": "approve", "projects": [{ "code": "LC-2026-000001", "revision": 1 }] });
        office.post("/review/decisions", &approve).await;
        assert_eq!(office.send(area(5)).await.status, StatusCode::OK);
        // The same unit of another category is another curve: amounts are never added across categories.
        let other = office
            .ask(Method::PUT, "/targets/2026/JTJ/99/371571")
            .header("If-None-Match", "*");
        let other = office
            .send(other.json(&json!({ "unit": "building", "amount": "7" })))
            .await;
        assert_eq!(other.status, StatusCode::OK, "{other:?}");
        let curves = office.all_at_once("/targets/curves").await;
        let told: Vec<_> = curves
            .iter()
            .map(|curve| (text(curve, "category"), text(curve, "target")))
            .collect();
        assert_eq!(told, [("02".into(), "5".into()), ("99".into(), "7".into())]);
        let path = "/targets/2026/JTJ/02/371571/not-counted";
        assert_eq!(office.one_by_one(path).await, office.all_at_once(path).await);
    }
}

#[tokio::test]
async fn the_administrator_keeps_accounts_by_program() {
    for world in World::both() {
        let site = Site::of(world).await;
        let keeper = site.program("guanli", Role::Administrator, None);
        let _officer = site.reporter("JTJ").await;
        let person = keeper.all_at_once("/people").await;
        let person = person.iter().find(|person| person["name"] == "jtj").unwrap();
        let here = format!("/people/{}", person["id"]);
        let open = keeper.all_at_once(&format!("{here}/sessions")).await;
        assert!(
            !open.is_empty() && !text(&open[0], "opened_from").is_empty(),
            "{open:?}"
        );
        let end = async || {
            let request = keeper.ask(Method::DELETE, &format!("{here}/sessions"));
            keeper.send(request).await.json()["ended"].clone()
        };
        assert_eq!(end().await, json!(open.len()));
        assert_eq!(end().await, json!(0));
        assert!(keeper.all_at_once(&format!("{here}/sessions")).await.is_empty());

        for _ in 0..10 {
            // Refused: that is what locks the account.
            let _ = people::log_in(site.registry(), "jtj", "wrong", "127.0.0.1");
        }
        let locked = keeper.get(&here).await.json();
        assert!(locked["locked_until"].is_string(), "{locked}");
        let unlocked = keeper.post(&format!("{here}/unlock"), &json!({})).await;
        assert_eq!(unlocked.status, StatusCode::NO_CONTENT, "{unlocked:?}");
        assert!(keeper.get(&here).await.json()["locked_until"].is_null());

        let set = async |password: &str| -> Answer {
            keeper
                .post(&format!("{here}/password"), &json!({ "password": password }))
                .await
        };
        assert_eq!(set("short").await.problem(), "refused");
        assert_eq!(set("Xiaoxue-2026-y").await.status, StatusCode::NO_CONTENT);
        assert_eq!(keeper.get(&here).await.json()["must_change"], true);
        assert!(people::log_in(site.registry(), "jtj", "Xiaoxue-2026-y", "127.0.0.1").is_ok());
        // Nobody keeps the own account, nor one that is not there.
        let own = keeper.all_at_once("/people").await;
        let own = own.iter().find(|person| person["name"] == "guanli").unwrap();
        let unlock = keeper.post(&format!("/people/{}/unlock", own["id"]), &json!({})).await;
        assert_eq!(unlock.problem(), "refused");
        assert_eq!(
            keeper.post("/people/999/unlock", &json!({})).await.problem(),
            "not_found"
        );
    }
}

#[tokio::test]
async fn an_auditor_checks_the_seal_and_rechecks_what_is_approved() {
    let site = Site::new().await;
    let jtj = site.program("jtj", Role::Reporter, Some("JTJ"));
    let office = site.program("mishu", Role::Secretariat, None);
    let auditor = site.program("shenji", Role::Auditor, None);
    jtj.upload(roster(&[school(1), school(2)])).await;
    jtj.commit(1).await;
    let as_of = office.get("/review/count").await.json()["as_of"].clone();
    office
        .post(
            "/review/decisions/all",
            &json!({ "decision": "approve", "as_of": as_of }),
        )
        .await;
    let rechecked = auditor.get("/recheck").await.json();
    assert_eq!(rechecked["judged"], 2, "{rechecked}");
    let foreign = site.program("wjw", Role::Reporter, Some("WJW"));
    assert_eq!(foreign.get("/recheck").await.json()["judged"], 0);

    retrofit_registry::registry::audit_chain::seal(site.registry()).unwrap();
    let whole = auditor.get("/audit/seal").await.json();
    assert_eq!(whole["damage"], json!([]));
    assert!(whole["sealed"].as_i64().unwrap() > 0 && !text(&whole, "head").is_empty());
    site.world()
        .execute("DROP TRIGGER audit_log_no_update; UPDATE audit_log SET actor = 'nobody' WHERE id = 1");
    let broken = auditor.get("/audit/seal").await.json();
    assert_eq!(
        (&broken["damage"][0]["kind"], &broken["damage"][0]["id"]),
        (&json!("changed"), &json!(1))
    );

    // The boards, in numbers.
    let board = auditor.get("/timeliness").await.json();
    let own = board["departments"]
        .as_array()
        .unwrap()
        .iter()
        .find(|line| line["department"] == "JTJ");
    assert_eq!(own.unwrap()["reports"][0]["status"], "on_time", "{board}");
    let quality = jtj.get("/quality").await.json();
    assert_eq!(
        (&quality["total"]["rows"], &quality["total"]["uploads"]),
        (&json!(2), &json!(1))
    );
    let behind = jtj.one_by_one("/quality/findings").await;
    assert_eq!(behind, jtj.all_at_once("/quality/findings").await);
    assert_eq!(foreign.get("/quality").await.json()["total"]["rows"], 0);
    assert_eq!(
        jtj.get("/photos/count").await.json(),
        json!({ "ready": 0, "sent": 0, "refused": 0 })
    );
    // When entries were made.
    let entries = auditor.all_at_once("/audit?from=2026-11-24T00:00:00%2B08:00").await;
    assert!(entries.is_empty(), "{entries:?}");
    let names: BTreeSet<String> = auditor
        .all_at_once("/audit?to=2026-11-24T00:00:00%2B08:00")
        .await
        .iter()
        .map(|entry| text(entry, "action"))
        .collect();
    assert!(names.contains("upload.commit"), "{names:?}");
    // No platform is named here: nothing is begun, and that is said.
    let begun = office.post("/runs", &json!({})).await;
    assert_eq!(begun.problem(), "refused");
    assert_eq!(office.post("/reconciliation", &json!({})).await.problem(), "refused");
}

#[tokio::test]
async fn approved_projects_are_listed_as_they_were_at_the_end_of_a_month() {
    for world in World::both() {
        let (first, then) = ((1..=4).map(rosters::school), [5].map(rosters::school));
        world.import(first);
        world.approve_all();
        world.clock.shift(20 * 86_400_000);
        world.import(then);
        world.approve_all();
        let site = Site::of(world).await;
        let office = site.program("mishu", Role::Secretariat, None);
        for (narrowed, projects) in [
            ("", 5),
            ("month=2026-12", 5),
            ("month=2026-11", 4),
            ("month=2026-11&stage=90", 0),
        ] {
            let lines = office.all_at_once(&format!("/approved-projects?{narrowed}")).await;
            let sums = office.get(&format!("/approved-projects/sums?{narrowed}")).await.json();
            assert_eq!(
                (lines.len(), &sums["projects"]),
                (projects, &json!(projects)),
                "{narrowed}"
            );
        }
        for path in [
            "/approved-projects?month=2020-01",
            "/approved-projects/sums?month=2020-01",
        ] {
            let none = office.get(path).await;
            assert_eq!(none.json()["code"], "no_figures", "{none:?}");
        }
        let other = site.program("wjw", Role::Reporter, Some("WJW"));
        assert_eq!(other.all_at_once("/approved-projects?month=2026-11").await, [0; 0]);
    }
}
