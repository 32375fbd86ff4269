//! A client that knows nothing but the document: addresses, parameters, headers and members are looked up there.

use std::collections::BTreeMap;

use reqwest::{Method, StatusCode};
use retrofit_registry::registry::people::Role;
use serde_json::{Value, json};

use super::{Answer, Program};
use crate::web::{Site, roster, school};

/// The document, and a program with a token.
struct Client {
    program: Program,
    document: Value,
}

/// What an operation is asked with, by the names of its parameters.
type Given<'a> = &'a [(&'a str, &'a str)];

impl Client {
    async fn new(program: Program) -> Self {
        let document = program.get("/openapi.json").await.json();
        Self { program, document }
    }

    /// Does what the document calls by this name.
    async fn call(&self, operation: &str, given: Given<'_>, body: Option<Sent>) -> Answer {
        let (method, path, described) = self.operation(operation);
        let (mut path, mut query, mut headers) = (path.to_owned(), BTreeMap::new(), Vec::new());
        for (name, value) in given {
            let parameters = described["parameters"].as_array().unwrap();
            let parameter = parameters.iter().find(|parameter| parameter["name"] == **name);
            let parameter = parameter.unwrap_or_else(|| panic!("{operation} takes no {name}"));
            match parameter["in"].as_str().unwrap() {
                "path" => path = path.replace(&format!("{{{name}}}"), value),
                "query" => drop(query.insert(*name, *value)),
                _ => headers.push((*name, *value)),
            }
        }
        let path = path.strip_prefix("/api/v1").unwrap().to_owned();
        let query = serde_urlencoded::to_string(&query).unwrap();
        let mut request = self.program.ask(method, &format!("{path}?{query}"));
        for (name, value) in headers {
            request = request.header(name, value);
        }
        if let Some(sent) = body {
            let content = described["requestBody"]["content"].as_object().unwrap();
            let (media_type, _) = content.iter().next().unwrap();
            request = request.header("content-type", media_type);
            request = match sent {
                Sent::Json(value) => request.body(value.to_string()),
                Sent::Bytes(bytes) => request.body(bytes),
            };
        }
        let answer = self.program.send(request).await;
        self.check(operation, described, &answer);
        answer
    }

    fn operation(&self, name: &str) -> (Method, &str, &Value) {
        for (path, operations) in self.document["paths"].as_object().unwrap() {
            for (method, operation) in operations.as_object().unwrap() {
                if operation["operationId"] == name {
                    return (method.to_uppercase().parse().unwrap(), path, operation);
                }
            }
        }
        panic!("the document knows no {name}");
    }

    /// The answer is one that the document tells of, and has the members that it says are required.
    fn check(&self, operation: &str, described: &Value, answer: &Answer) {
        let told = &described["responses"][answer.status.as_str()];
        assert!(!told.is_null(), "{operation}: {} is not in the document", answer.status);
        let told = self.resolved(told);
        let Some((media_type, content)) = told["content"].as_object().and_then(|content| content.iter().next()) else {
            assert!(answer.body.is_empty(), "{operation}");
            return;
        };
        assert_eq!(answer.header("content-type"), media_type, "{operation}");
        if media_type.ends_with("json") {
            let schema = self.resolved(&content["schema"]);
            for member in schema["required"].as_array().unwrap() {
                assert!(
                    answer.json().get(member.as_str().unwrap()).is_some(),
                    "{operation} {member}"
                );
            }
        }
    }

    fn resolved<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str() {
            Some(reference) => self.document.pointer(&reference[1..]).unwrap(),
            None => value,
        }
    }

    /// Every line of a list, part by part.
    async fn all(&self, operation: &str, limit: &str) -> (Vec<Value>, usize) {
        let (mut lines, mut parts, mut cursor) = (Vec::new(), 0, None::<String>);
        loop {
            let mut given = vec![("limit", limit)];
            given.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
            let answer = self.call(operation, &given, None).await;
            assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
            let part = answer.json();
            lines.extend(part["items"].as_array().unwrap().iter().cloned());
            parts += 1;
            match part["next"].as_str() {
                Some(next) => cursor = Some(next.into()),
                None => return (lines, parts),
            }
        }
    }
}

enum Sent {
    Json(Value),
    Bytes(Vec<u8>),
}

#[tokio::test]
async fn it_uploads_reads_findings_confirms_lists_and_is_refused_a_stale_change() {
    let site = Site::new().await;
    let client = Client::new(site.program("jtj", Role::Reporter, Some("JTJ"))).await;

    // Uploads.
    let mut rows: Vec<_> = (1..=5).map(school).collect();
    rows.push(school(6).below_zonation());
    rows.push(school(7).without_owner());
    let about = [
        ("period", "2026-11"),
        ("file_name", "学校.csv"),
        ("Idempotency-Key", "first-of-november"),
    ];
    let sent = client
        .call("post_uploads", &about, Some(Sent::Bytes(roster(&rows))))
        .await;
    assert_eq!(sent.status, StatusCode::CREATED, "{sent:?}");
    let id = sent.json()["id"].to_string();
    assert_eq!(sent.header("location"), format!("/api/v1/uploads/{id}"));

    // Reads findings.
    let here = [("id", &*id)];
    let found = client.call("get_uploads_id_findings", &here, None).await.json();
    let found = found["items"].as_array().unwrap();
    let held = found.iter().find(|finding| finding["severity"] == "error").unwrap();
    assert_eq!((&held["row"], &held["field"]), (&json!(8), &json!("owner_unit")));
    let asked = found.iter().find(|finding| finding["severity"] == "confirm").unwrap();
    assert_eq!(asked["explanation"], Value::Null);

    // Explains, as seen; and not as it was seen before.
    let before = client.call("get_uploads_id_explanations", &here, None).await;
    let scope = &asked["group_scope"];
    let words = json!({ "explanations": [{ "scope": scope, "text": "场地资料已核对" }] });
    let explain = [("id", &*id), ("If-Match", before.header("etag"))];
    let operation = "put_uploads_id_explanations";
    let explained = client.call(operation, &explain, Some(Sent::Json(words.clone()))).await;
    assert_eq!(explained.status, StatusCode::OK, "{explained:?}");
    let stale = client.call(operation, &explain, Some(Sent::Json(words.clone()))).await;
    assert_eq!(
        (stale.status, &*stale.problem()),
        (StatusCode::PRECONDITION_FAILED, "stale")
    );
    let blind = client.call(operation, &here, Some(Sent::Json(words))).await;
    assert_eq!(blind.problem(), "precondition_required");

    // Confirms what was shown, once.
    let shown = client.call("get_uploads_id_preview", &here, None).await.json();
    assert_eq!(
        (&shown["counts"]["new"], &shown["counts"]["held"]),
        (&json!(6), &json!(1))
    );
    let confirmed = json!({ "fingerprint": shown["fingerprint"] });
    let commit = async || {
        client
            .call("post_uploads_id_commit", &here, Some(Sent::Json(confirmed.clone())))
            .await
    };
    let committed = commit().await;
    assert_eq!(committed.status, StatusCode::OK, "{committed:?}");
    let moved = commit().await;
    assert_eq!(moved.problem(), "preview_moved");
    let shown_again = client.call("get_uploads_id_preview", &here, None).await.json();
    assert_ne!(shown_again["fingerprint"], shown["fingerprint"]);
    assert_eq!(
        moved.json()["fingerprint"],
        shown_again["fingerprint"],
        "what to look at now"
    );

    // Lists by cursor.
    let (projects, parts) = client.all("get_projects", "2").await;
    assert_eq!((projects.len(), parts), (6, 3));
    let mut codes: Vec<&str> = projects.iter().map(|line| line["code"].as_str().unwrap()).collect();
    codes.dedup();
    assert_eq!(codes.len(), 6);
    assert!(codes.is_sorted());

    // The record, its values as text, its history.
    let first = [("code", codes[0])];
    let record = client.call("get_projects_code", &first, None).await;
    assert_eq!(record.json()["values"]["floor_area_m2"], "3124.6");
    let compared = [("code", codes[0]), ("from", "0"), ("to", "1")];
    let changes = client.call("get_projects_code_changes", &compared, None).await.json();
    assert!(
        changes["items"]
            .as_array()
            .unwrap()
            .iter()
            .all(|change| change["before"].is_null())
    );

    // Somebody approves it meanwhile; what is changed by what was seen before is refused.
    let office = Client::new(site.program("mishu", Role::Secretariat, None)).await;
    let decision = json!({ "decision": "approve", "projects": [{ "code": codes[0], "revision": 1 }] });
    let decided = office
        .call("post_review_decisions", &[], Some(Sent::Json(decision)))
        .await
        .json();
    assert_eq!(decided["decided"], 1, "{decided}");
    let withdraw = [("code", codes[0]), ("If-Match", record.header("etag"))];
    let note = Some(Sent::Json(json!({ "note": "误报" })));
    let stale = client.call("post_projects_code_withdrawal", &withdraw, note).await;
    assert_eq!(stale.problem(), "stale");
    let record = client.call("get_projects_code", &first, None).await;
    let withdraw = [("code", codes[0]), ("If-Match", record.header("etag"))];
    let note = Some(Sent::Json(json!({ "note": "误报" })));
    let proposed = client.call("post_projects_code_withdrawal", &withdraw, note).await;
    assert_eq!(proposed.status, StatusCode::NO_CONTENT, "{proposed:?}");
    let waiting = office.call("get_review_count", &[], None).await.json();
    assert_eq!(waiting["count"], 6);
}
