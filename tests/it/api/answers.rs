//! What the interface answers: problems with their codes, tags, parts of lists, values.

use reqwest::{Method, StatusCode};
use retrofit_registry::registry::people::Role;
use serde_json::{Value, json};
use sha2::Digest as _;

use super::Program;
use crate::support::World;
use crate::support::pictures::{archive, jpeg};
use crate::web::{Site, roster, school};

#[tokio::test]
async fn what_cannot_be_done_is_a_problem_with_a_stable_code() {
    let site = Site::new().await;
    let office = site.program("mishu", Role::Secretariat, None);
    let stranger = Program::new(&site, None);
    assert_eq!(stranger.get("/nothing").await.problem(), "not_found");
    assert_eq!(stranger.get("/../nothing").await.problem(), "not_found");
    let request = stranger.ask(Method::PATCH, "/me");
    assert_eq!(stranger.send(request).await.problem(), "method_not_allowed");

    for (path, code) in [
        ("/projects?limit=0", "invalid_request"),
        ("/projects?limit=201", "invalid_request"),
        ("/projects?limit=many", "invalid_request"),
        ("/projects?cursor=zzz", "invalid_request"),
        ("/projects?state=eaten", "invalid_request"),
        ("/projects?colour=red", "invalid_request"),
        ("/review?changed=colour", "invalid_request"),
        ("/figures?month=2026-13", "invalid_request"),
        ("/projects/LC-2026-000001", "not_found"),
        ("/projects/LC-1", "not_found"),
        ("/uploads/x", "not_found"),
        ("/uploads/1", "not_found"),
        ("/rules/S999", "not_found"),
        ("/departments/XYZ", "not_found"),
    ] {
        assert_eq!(office.get(path).await.problem(), code, "{path}");
    }

    let send = async |body: &str, kind: &str| {
        let request = office.ask(Method::POST, "/inspections").header("Content-Type", kind);
        office.send(request.body(body.to_owned())).await
    };
    assert_eq!(send("{", "application/json").await.problem(), "invalid_body");
    assert_eq!(send("{}", "application/json").await.problem(), "invalid_body");
    assert_eq!(send("{}", "text/plain").await.problem(), "unsupported_media_type");
    let tomorrow = json!({ "held_on": "2026-12-24", "place": "东昌府区", "inspectors": "秘书处" });
    let refused = office.post("/inspections", &tomorrow).await;
    assert_eq!(refused.problem(), "refused");
    assert!(refused.json()["detail"].as_str().unwrap().contains("还没有到"));
    assert_eq!(refused.json()["type"], "/api/v1/problems#refused");

    let about = "/uploads?department=JTJ&period=2026-11&file_name=a.csv";
    for (path, body, code) in [
        (
            "/uploads?department=XYZ&period=2026-11&file_name=a.csv",
            vec![b'x'],
            "refused",
        ),
        ("/uploads?department=JTJ&period=2026-11", vec![b'x'], "invalid_request"),
        (about, Vec::new(), "invalid_request"),
    ] {
        let request = office.ask(Method::POST, path);
        let request = request.header("Content-Type", "application/octet-stream").body(body);
        assert_eq!(office.send(request).await.problem(), code, "{path}");
    }
    let most = usize::try_from(site.registry().checker.limits.file_bytes).unwrap();
    let request = office
        .ask(Method::POST, about)
        .header("Content-Type", "application/octet-stream");
    let large = office.send(request.body(vec![b'x'; most + 1])).await;
    assert_eq!(
        (large.status, &*large.problem()),
        (StatusCode::PAYLOAD_TOO_LARGE, "too_large")
    );

    let told = stranger.get("/problems").await.json();
    let codes: Vec<&str> = told["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line["code"].as_str().unwrap())
        .collect();
    for code in ["stale", "refused", "internal", "insufficient_scope"] {
        assert!(codes.contains(&code), "{code}");
    }
}

#[tokio::test]
async fn a_fault_of_ours_tells_a_number_and_nothing_else() {
    let site = Site::new().await;
    let jtj = site.program("jtj", Role::Reporter, Some("JTJ"));
    assert_eq!(jtj.upload(roster(&[school(1)])).await.status, StatusCode::CREATED);
    std::fs::remove_dir_all(site.folder().join("uploads")).unwrap();
    // What was read of it is kept; the file itself is needed here.
    let answer = jtj.get("/uploads/1/annotated").await;
    assert_eq!(
        (answer.status, &*answer.problem()),
        (StatusCode::INTERNAL_SERVER_ERROR, "internal")
    );
    let problem = answer.json();
    assert!(problem["incident"].as_str().unwrap().starts_with("E-"));
    assert!(
        !problem.to_string().contains(site.folder().to_str().unwrap()),
        "{problem}"
    );
}

#[tokio::test]
async fn a_ledger_goes_from_entry_to_closure() {
    let site = Site::new().await;
    let jtj = site.program("jtj", Role::Reporter, Some("JTJ"));
    let office = site.program("mishu", Role::Secretariat, None);
    jtj.upload(roster(&[school(1)])).await;
    assert_eq!(jtj.commit(1).await.status, StatusCode::OK);

    let visit = json!({ "held_on": "2026-11-20", "place": "东昌府区", "inspectors": "秘书处" });
    let made = office.post("/inspections", &visit).await;
    assert_eq!(
        (made.status, made.header("location")),
        (StatusCode::CREATED, "/api/v1/inspections/1")
    );
    let finding = json!({ "code": "LC-2026-000001", "problem": "圈梁外露", "deadline": "2026-11-24" });
    let made = office.post("/inspections/1/findings", &finding).await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    site.clock().shift(3 * 86_400_000);
    let open = jtj.get("/inspection-findings").await.json();
    assert_eq!(
        (&open["items"][0]["overdue"], &open["items"][0]["state"]),
        (&json!(2), &json!("open"))
    );
    assert_eq!(jtj.get("/owed").await.json()["items"][0]["what"], "inspection_finding");

    let here = "/inspection-findings/1";
    let photo = base64(&jpeg(640, 480, 1));
    let said = json!({ "note": "已补浇", "photos": [{ "file_name": "现场.jpg", "content": photo }] });
    let answered = jtj.change(Method::POST, &format!("{here}/answers"), here, &said).await;
    assert_eq!(answered.status, StatusCode::OK, "{answered:?}");
    let sha256 = answered.json()["photos"][0]["sha256"].as_str().unwrap().to_owned();
    let seen = office.get(&format!("{here}/photos/{sha256}")).await;
    assert_eq!(seen.header("content-type"), "image/jpeg");

    let verdict = json!({ "verdict": "close", "note": "现场复核" });
    let stale = office
        .ask(Method::POST, &format!("{here}/verdicts"))
        .header("If-Match", "\"0\"");
    assert_eq!(office.send(stale.json(&verdict)).await.problem(), "stale");
    let closed = office
        .change(Method::POST, &format!("{here}/verdicts"), here, &verdict)
        .await;
    assert_eq!(closed.json()["finding"]["state"], "closed", "{closed:?}");
    assert_eq!(office.get("/inspection-findings").await.json()["items"], json!([]));

    // A target, set where none was, changed as seen, removed.
    let at = "/targets/2026/JTJ/02/371502";
    let target = json!({ "unit": "building", "amount": "12.5" });
    let blind = office.ask(Method::PUT, at).json(&target);
    assert_eq!(office.send(blind).await.problem(), "precondition_required");
    let new = office.ask(Method::PUT, at).header("If-None-Match", "*").json(&target);
    let set = office.send(new).await;
    assert_eq!(set.json()["amount"], "12.5", "{set:?}");
    let new = office.ask(Method::PUT, at).header("If-None-Match", "*").json(&target);
    assert_eq!(office.send(new).await.problem(), "stale");
    let odd = json!({ "unit": "building", "amount": "12.555" });
    assert_eq!(office.change(Method::PUT, at, at, &odd).await.problem(), "refused");
    let lines = office.get("/targets?month=2026-11").await.json();
    assert_eq!(lines["items"][0]["target"]["amount"], "12.5");
    assert_eq!(
        jtj.change(Method::DELETE, at, at, &Value::Null).await.problem(),
        "forbidden"
    );
    assert_eq!(
        office.change(Method::DELETE, at, at, &Value::Null).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(office.get(at).await.problem(), "not_found");

    // By which day a roster is due.
    let due = "/periods/2026-12/due-days/JTJ";
    assert_eq!(office.get(due).await.json()["day"], 25);
    let moved = office.change(Method::PUT, due, due, &json!({ "day": 20 })).await;
    assert_eq!(moved.json()["day"], 20, "{moved:?}");
    let standing = jtj.get("/periods/2026-12").await.json();
    assert_eq!(standing["items"][0]["due"], "2026-12-20");
}

#[tokio::test]
async fn photos_come_alone_or_in_an_archive() {
    let site = Site::new().await;
    let jtj = site.program("jtj", Role::Reporter, Some("JTJ"));
    jtj.upload(roster(&[school(1)])).await;
    jtj.commit(1).await;
    let send = async |path: &str, bytes: Vec<u8>| {
        let request = jtj
            .ask(Method::POST, path)
            .header("Content-Type", "application/octet-stream");
        jtj.send(request.body(bytes)).await
    };
    let alone = "/projects/LC-2026-000001/photos?kind=acceptance&file_name=a.jpg";
    let large = send(alone, vec![0; 20_000_001]).await;
    assert_eq!(
        (large.status, &*large.problem()),
        (StatusCode::PAYLOAD_TOO_LARGE, "too_large")
    );
    assert!(large.json()["detail"].as_str().unwrap().contains("20 MB"));
    let pdf = send(alone, b"%PDF-1.7".to_vec()).await.json();
    assert_eq!(pdf["items"][0]["outcome"], "refused");
    assert_eq!(
        send(alone, jpeg(640, 480, 1)).await.json()["items"][0]["outcome"],
        "taken"
    );
    let zip = archive([
        ("LC-2026-000001 施工.jpg", jpeg(640, 480, 2)),
        ("LC-2026-000001 验收.jpg", jpeg(640, 480, 1)),
        ("../../LC-2026-000001.jpg", jpeg(640, 480, 3)),
        ("IMG_1.jpg", jpeg(640, 480, 4)),
    ]);
    let fates = send("/photos?kind=construction", zip).await.json();
    let outcomes: Vec<&Value> = fates["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fate| &fate["outcome"])
        .collect();
    assert_eq!(outcomes, ["taken", "same", "refused", "refused"]);
    assert!(fates["items"][2]["reason"].as_str().unwrap().contains("越出"));
    // Listed, the last first, and each is given back as it is kept.
    let listed = jtj.get("/photos?limit=1").await.json();
    assert_eq!(listed["items"][0]["photo"]["kind"], "construction");
    assert!(listed["next"].is_string());
    assert_eq!(jtj.get("/photos/count").await.json()["ready"], 2);
    let sha256 = listed["items"][0]["photo"]["sha256"].as_str().unwrap();
    let one = jtj
        .get(&format!("/projects/LC-2026-000001/photos/construction/{sha256}"))
        .await;
    let hex: Vec<String> = sha2::Sha256::digest(&one.body)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(hex.concat(), sha256);
}

#[tokio::test]
async fn a_month_without_figures_is_told_as_such() {
    for world in World::both() {
        let site = Site::of(world).await;
        let jtj = site.program("jtj", Role::Reporter, Some("JTJ"));
        let office = site.program("mishu", Role::Secretariat, None);
        let paths = |month: &str| {
            let bulletin = format!("/bulletin?kind=docx&month={month}");
            [
                format!("/figures?month={month}"),
                format!("/targets?month={month}"),
                bulletin,
            ]
        };
        let ask = async |month: &str, code: Option<&str>| {
            for path in paths(month) {
                let answer = office.get(&path).await;
                match code {
                    Some(code) => assert_eq!(
                        (answer.status, &*answer.problem()),
                        (StatusCode::NOT_FOUND, code),
                        "{path}"
                    ),
                    None => assert_eq!(answer.status, StatusCode::OK, "{path} {answer:?}"),
                }
            }
        };
        // Before anything was registered, too.
        ask("1999-01", Some("no_figures")).await;
        ask("2026-11", None).await;
        jtj.upload(roster(&[school(1)])).await;
        jtj.commit(1).await;
        let approve = json!({ "decision": "approve", "projects": [{ "code": "LC-2026-000001", "revision": 1 }] });
        assert_eq!(office.post("/review/decisions", &approve).await.json()["decided"], 1);
        // The end of the month before the first approval is known: nothing was approved then.
        for (month, code) in [
            ("1999-01", Some("no_figures")),
            ("2026-09", Some("no_figures")),
            ("2026-10", None),
            ("2026-11", None),
            ("2026-12", Some("no_figures")),
            ("2030-01", Some("no_figures")),
        ] {
            ask(month, code).await;
        }
        let quarter = |month: &str| format!("/bulletin?kind=xlsx&quarter=true&month={month}");
        assert_eq!(
            office.get(&quarter("2026-12")).await.status,
            StatusCode::OK,
            "as it stands"
        );
        assert_eq!(office.get(&quarter("2027-01")).await.problem(), "no_figures");
        let months = office.get("/figures/months").await.json();
        let told: Vec<_> = months["items"].as_array().unwrap().iter().collect();
        let told: Vec<_> = told
            .iter()
            .map(|line| (&line["month"], &line["total"]["planned"]))
            .collect();
        assert_eq!(told, [(&json!("2026-10"), &json!(0)), (&json!("2026-11"), &json!(1))]);
    }
}

#[tokio::test]
async fn what_a_program_was_refused_is_in_the_log_with_its_reason() {
    let site = Site::new().await;
    let jtj = site.program("jtj", Role::Reporter, Some("JTJ"));
    let office = site.program("mishu", Role::Secretariat, None);
    let auditor = site.program("shenji", Role::Auditor, None);
    jtj.upload(roster(&[school(1)])).await;
    let last = async || {
        let entries = auditor.get("/audit?outcome=refused&limit=1").await.json();
        let entry = &entries["items"][0];
        let text = |name: &str| entry[name].as_str().unwrap().to_owned();
        (text("actor"), text("action"), text("object"), text("detail"))
    };
    let is = async |actor: &str, action: &str, object: &str, reason: &str| {
        let (by, what, on, detail) = last().await;
        assert_eq!((&*by, &*what, &*on), (actor, action, object));
        assert!(detail.contains(reason), "{detail}");
    };
    let tomorrow = json!({ "held_on": "2026-12-24", "place": "东昌府区", "inspectors": "秘书处" });
    office.post("/inspections", &tomorrow).await;
    is("mishu", "inspection.refused", "POST /api/v1/inspections", "还没有到").await;
    let odd = json!({ "fingerprint": "x" });
    jtj.post("/uploads/1/commit", &odd).await;
    is(
        "jtj",
        "upload.refused",
        "POST /api/v1/uploads/1/commit",
        "登记库在您查看之后有了变化",
    )
    .await;
    let due = "/periods/2026-12/due-days/JTJ";
    let stale = office.ask(Method::PUT, due).header("If-Match", "\"0\"");
    office.send(stale.json(&json!({ "day": 20 }))).await;
    is("mishu", "period.refused", &format!("PUT /api/v1{due}"), "已被改动").await;
    // Under a key, too, and once.
    let under = |key: &str| {
        office
            .ask(Method::POST, "/inspections")
            .header("Idempotency-Key", key)
            .json(&tomorrow)
    };
    for _ in 0..2 {
        assert_eq!(office.send(under("k")).await.problem(), "refused");
    }
    let entries = auditor.get("/audit?outcome=refused&action=inspection").await.json();
    assert_eq!(entries["items"].as_array().unwrap().len(), 2);
    jtj.get("/people").await;
    is("jtj", "access.page", "GET /api/v1/people", "不能使用这个接口").await;
    jtj.get("/uploads/9").await;
    is("jtj", "access.page", "GET /api/v1/uploads/9", "没有这项内容").await;
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
