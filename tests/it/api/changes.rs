//! Of two changes at once of what both have seen, one is done and the other is refused, whatever it is that they change.

use std::collections::BTreeSet;

use reqwest::{Method, StatusCode};
use retrofit_registry::api;
use retrofit_registry::registry::people::Role;
use serde_json::{Value, json};

use super::{Answer, Program};
use crate::support::World;
use crate::web::{Site, roster, school};

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

/// A change of a resource at its own address.
fn put<'a>(who: &'a Program, route: &'static str, path: &str, bodies: [Value; 2]) -> Race<'a> {
    change(who, Method::PUT, route, path, path, bodies)
}

/// Something that is done to what is at `from`.
fn post<'a>(who: &'a Program, route: &'static str, from: &str, bodies: [Value; 2]) -> Race<'a> {
    let path = format!("{from}/{}", route.rsplit('/').next().unwrap());
    change(who, Method::POST, route, &path, from, bodies)
}

fn change<'a>(
    who: &'a Program,
    method: Method,
    route: &'static str,
    path: &str,
    from: &str,
    bodies: [Value; 2],
) -> Race<'a> {
    Race {
        who,
        method,
        route,
        path: path.into(),
        from: from.into(),
        bodies,
    }
}

fn twice(body: Value) -> [Value; 2] {
    [body.clone(), body]
}

fn notes() -> [Value; 2] {
    ["误报", "重复"].map(|note| json!({ "note": note }))
}

fn settings<'a>(keeper: &'a Program, office: &'a Program) -> Vec<Race<'a>> {
    let person = |department: &str| json!({ "role": "reporter", "department": department, "active": true });
    let (lead, due) = (
        "/departments/{department}/lead-review",
        "/periods/{period}/due-days/{department}",
    );
    vec![
        put(keeper, "/people/{id}", "/people/1", ["SLJ", "WJW"].map(person)),
        change(
            keeper,
            Method::PUT,
            lead,
            "/departments/SLJ/lead-review",
            "/departments/SLJ",
            twice(json!({ "on": true })),
        ),
        put(
            office,
            "/departments/{department}/columns",
            "/departments/JTJ/columns",
            ["备注", "其他"].map(|header| json!({ "columns": { header: null } })),
        ),
        put(
            office,
            due,
            "/periods/2026-12/due-days/JTJ",
            [20, 21].map(|day| json!({ "day": day })),
        ),
    ]
}

/// The second upload is open, and the second project returned.
fn rosters(office: &Program) -> Vec<Race<'_>> {
    let explained = |text: &str| json!({ "explanations": [{ "scope": "rule:S004", "text": text }] });
    vec![
        put(
            office,
            "/uploads/{id}/explanations",
            "/uploads/2/explanations",
            ["已核对", "已复核"].map(explained),
        ),
        change(
            office,
            Method::PUT,
            "/uploads/{id}/supplement",
            "/uploads/2/supplement",
            "/uploads/2",
            twice(json!({ "supplement": true })),
        ),
        put(
            office,
            "/uploads/{id}/matches",
            "/uploads/2/matches",
            twice(json!({ "matches": [{ "sheet": "", "row": 2 }] })),
        ),
        post(
            office,
            "/projects/{code}/withdrawal",
            "/projects/LC-2026-000001",
            notes(),
        ),
        post(
            office,
            "/projects/{code}/resubmission",
            "/projects/LC-2026-000002",
            notes(),
        ),
    ]
}

/// Who answers does not close.
fn ledgers<'a>(office: &'a Program, second: &'a Program) -> Vec<Race<'a>> {
    let target = "/targets/2026/JTJ/02/371502";
    let route = "/targets/{year}/{department}/{category}/{county}";
    let amount = |amount: &str| json!({ "unit": "building", "amount": amount });
    let verdicts = || ["close", "return"].map(|verdict| json!({ "verdict": verdict, "note": "已看" }));
    let (finding, item) = ("/inspection-findings/1", "/meeting-items/1");
    vec![
        put(office, route, target, ["10", "20"].map(amount)),
        put(office, route, target, ["30", "40"].map(amount)),
        change(office, Method::DELETE, route, target, target, twice(Value::Null)),
        post(office, "/inspection-findings/{id}/answers", finding, notes()),
        post(second, "/inspection-findings/{id}/verdicts", finding, verdicts()),
        post(office, "/meeting-items/{id}/answers", item, notes()),
        post(second, "/meeting-items/{id}/verdicts", item, verdicts()),
    ]
}

#[tokio::test]
async fn of_two_changes_of_what_was_seen_one_is_done() {
    for world in World::both() {
        let site = Site::of(world).await;
        let jtj = site.program("jtj", Role::Reporter, Some("JTJ"));
        let office = site.program("mishu", Role::Secretariat, None);
        let second = site.program("mishu-2", Role::Secretariat, None);
        let keeper = site.program("guanli", Role::Administrator, None);
        let sent = jtj.upload(roster(&[school(1), school(2)])).await;
        assert_eq!(sent.status, StatusCode::CREATED);
        assert_eq!(jtj.commit(1).await.status, StatusCode::OK);
        let returned = json!({ "decision": "return", "reason": "请核实",
                               "projects": [{ "code": "LC-2026-000002", "revision": 1 }] });
        let decided = office.post("/review/decisions", &returned).await.json();
        assert_eq!(decided["decided"], 1);
        let open = roster(&[school(3).below_zonation()]);
        assert_eq!(jtj.upload(open).await.json()["id"], 2);
        let visit = json!({ "held_on": "2026-11-20", "place": "东昌府区", "inspectors": "秘书处" });
        office.post("/inspections", &visit).await;
        let finding = json!({ "code": "LC-2026-000001", "problem": "圈梁外露", "deadline": "2026-11-24" });
        office.post("/inspections/1/findings", &finding).await;
        let item = json!({ "meeting_on": "2026-11-20", "meeting": "联席会议", "matter": "核对台账",
                           "department": "JTJ", "deadline": "2026-11-30" });
        office.post("/meeting-items", &item).await;

        let mut races = settings(&keeper, &office);
        races.extend(rosters(&office));
        races.extend(ledgers(&office, &second));
        let covered: BTreeSet<(String, String)> = races
            .iter()
            .map(|race| (race.method.to_string(), format!("/api/v1{}", race.route)))
            .collect();
        assert_eq!(covered, changing(), "every route that takes If-Match has its race");
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
