//! Of two changes at once of what both have seen, one is done and the other is refused, whatever it is that they change.

use std::collections::BTreeSet;

use reqwest::{Method, StatusCode};
use retrofit_registry::api;
use retrofit_registry::registry::people::Role;
use serde_json::{Value, json};

use super::{Answer, Program};
use crate::support::World;
use crate::web::{Site, roster, school};

/// Where the project is that the ledgers are about.
const CODE: &str = "/projects/LC-2026-000001";

/// A change of what is at `from`, in two ways.
struct Race<'a> {
    who: &'a Program,
    method: Method,
    route: &'static str,
    path: String,
    from: String,
    bodies: [Value; 2],
}

impl Race<'_> {
    /// Both at once, as seen now; nothing is there where nothing was.
    async fn run(&self) {
        let seen = self.who.get(&self.from).await;
        let header = match seen.status {
            StatusCode::NOT_FOUND => ("If-None-Match", "*"),
            _ => ("If-Match", seen.header("etag")),
        };
        let ask = |body: &Value| {
            let request = self.who.ask(self.method.clone(), &self.path);
            self.who.send(request.header(header.0, header.1).json(body))
        };
        let (one, other) = tokio::join!(ask(&self.bodies[0]), ask(&self.bodies[1]));
        let done = |answer: &Answer| answer.status.is_success();
        let (lost, won) = if done(&one) { (other, one) } else { (one, other) };
        let route = self.route;
        assert!(done(&won), "{} {route} {won:?}", self.method);
        assert_eq!(
            lost.status,
            StatusCode::PRECONDITION_FAILED,
            "{} {route} {lost:?}",
            self.method
        );
        // Removed, or changed with an answer of its own: also what was seen has gone.
        let late = ask(&self.bodies[0]).await;
        assert!(!done(&late), "{} {route} {late:?}", self.method);
    }
}

#[tokio::test]
async fn of_two_changes_of_what_was_seen_one_is_done() {
    for world in World::both() {
        let site = Site::of(world).await;
        let jtj = site.program("jtj", Role::Reporter, Some("JTJ"));
        let office = site.program("mishu", Role::Secretariat, None);
        let second = site.program("mishu-2", Role::Secretariat, None);
        let keeper = site.program("guanli", Role::Administrator, None);
        assert_eq!(
            jtj.upload(roster(&[school(1), school(2)])).await.status,
            StatusCode::CREATED
        );
        assert_eq!(jtj.commit(1).await.status, StatusCode::OK);
        let returned = json!({ "decision": "return", "reason": "请核实",
                               "projects": [{ "code": "LC-2026-000002", "revision": 1 }] });
        assert_eq!(office.post("/review/decisions", &returned).await.json()["decided"], 1);
        let open = roster(&[school(3).below_zonation()]);
        assert_eq!(jtj.upload(open).await.json()["id"], 2);
        let visit = json!({ "held_on": "2026-11-20", "place": "东昌府区", "inspectors": "秘书处" });
        office.post("/inspections", &visit).await;
        let finding = json!({ "code": "LC-2026-000001", "problem": "圈梁外露", "deadline": "2026-11-24" });
        office.post("/inspections/1/findings", &finding).await;
        let item = json!({ "meeting_on": "2026-11-20", "meeting": "联席会议", "matter": "核对台账", "department": "JTJ",
                           "deadline": "2026-11-30" });
        office.post("/meeting-items", &item).await;

        let race = |who, method, route: &'static str, path: &str, from: &str, bodies| Race {
            who,
            method,
            route,
            path: path.into(),
            from: from.into(),
            bodies,
        };
        let (post, put) = (Method::POST, Method::PUT);
        let both = |body: Value| [body.clone(), body];
        let notes = || [json!({ "note": "误报" }), json!({ "note": "重复" })];
        let verdicts = || {
            let verdict = |word: &str| json!({ "verdict": word, "note": "已看" });
            [verdict("close"), verdict("return")]
        };
        let finding = "/inspection-findings/1";
        let target = "/targets/2026/JTJ/02/371502";
        let target_route = "/targets/{year}/{department}/{category}/{county}";
        let amounts =
            |one: &str, other: &str| [one, other].map(|amount| json!({ "unit": "building", "amount": amount }));
        let explained = |text: &str| json!({ "explanations": [{ "scope": "rule:S004", "text": text }] });
        let person = |department: &str| json!({ "role": "reporter", "department": department, "active": true });
        let races = [
            race(
                &keeper,
                put.clone(),
                "/people/{id}",
                "/people/1",
                "/people/1",
                [person("SLJ"), person("WJW")],
            ),
            race(
                &keeper,
                put.clone(),
                "/departments/{department}/lead-review",
                "/departments/SLJ/lead-review",
                "/departments/SLJ",
                both(json!({ "on": true })),
            ),
            race(
                &office,
                put.clone(),
                "/departments/{department}/columns",
                "/departments/JTJ/columns",
                "/departments/JTJ/columns",
                [
                    json!({ "columns": { "备注": null } }),
                    json!({ "columns": { "其他": null } }),
                ],
            ),
            race(
                &office,
                put.clone(),
                "/uploads/{id}/explanations",
                "/uploads/2/explanations",
                "/uploads/2/explanations",
                [explained("已核对"), explained("已复核")],
            ),
            race(
                &office,
                put.clone(),
                "/uploads/{id}/supplement",
                "/uploads/2/supplement",
                "/uploads/2",
                both(json!({ "supplement": true })),
            ),
            race(
                &office,
                put.clone(),
                "/uploads/{id}/matches",
                "/uploads/2/matches",
                "/uploads/2/matches",
                both(json!({ "matches": [{ "sheet": "", "row": 2 }] })),
            ),
            race(
                &office,
                post.clone(),
                "/projects/{code}/withdrawal",
                &format!("{CODE}/withdrawal"),
                CODE,
                notes(),
            ),
            race(
                &office,
                post.clone(),
                "/projects/{code}/resubmission",
                "/projects/LC-2026-000002/resubmission",
                "/projects/LC-2026-000002",
                notes(),
            ),
            race(&office, put.clone(), target_route, target, target, amounts("10", "20")),
            race(&office, put.clone(), target_route, target, target, amounts("30", "40")),
            race(&office, Method::DELETE, target_route, target, target, both(Value::Null)),
            race(
                &office,
                put,
                "/periods/{period}/due-days/{department}",
                "/periods/2026-12/due-days/JTJ",
                "/periods/2026-12/due-days/JTJ",
                [json!({ "day": 20 }), json!({ "day": 21 })],
            ),
            race(
                &office,
                post.clone(),
                "/inspection-findings/{id}/answers",
                &format!("{finding}/answers"),
                finding,
                notes(),
            ),
            race(
                &second,
                post.clone(),
                "/inspection-findings/{id}/verdicts",
                &format!("{finding}/verdicts"),
                finding,
                verdicts(),
            ),
            race(
                &office,
                post.clone(),
                "/meeting-items/{id}/answers",
                "/meeting-items/1/answers",
                "/meeting-items/1",
                notes(),
            ),
            race(
                &second,
                post,
                "/meeting-items/{id}/verdicts",
                "/meeting-items/1/verdicts",
                "/meeting-items/1",
                verdicts(),
            ),
        ];
        let raced: BTreeSet<(String, String)> = races
            .iter()
            .map(|race| (race.method.to_string(), format!("/api/v1{}", race.route)))
            .collect();
        assert_eq!(raced, changing(), "every route that takes If-Match is raced");
        for race in &races {
            race.run().await;
        }
    }
}

/// The routes that take `If-Match`, by the document.
fn changing() -> BTreeSet<(String, String)> {
    let document = api::document();
    let mut changing = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let parameters = operation["parameters"].as_array().unwrap();
            if parameters.iter().any(|parameter| parameter["name"] == "If-Match") {
                changing.insert((method.to_uppercase(), path.clone()));
            }
        }
    }
    changing
}
