//! The document is what the binary serves, whole, and names every route.

use std::collections::BTreeSet;
use std::path::Path;

use reqwest::StatusCode;
use retrofit_registry::api;
use serde_json::Value;

use super::Program;
use crate::web::Site;

#[tokio::test]
async fn the_kept_document_is_the_one_that_is_served() {
    let site = Site::new().await;
    let served = Program::new(&site, None).get("/openapi.json").await;
    assert_eq!(served.status, StatusCode::OK);
    let text = format!("{:#}\n", served.json());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/openapi.json");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == text,
        "docs/openapi.json is stale: UPDATE=1 cargo test -p retrofit-registry the_kept_document"
    );
}

#[test]
fn every_route_is_in_the_document_and_the_reverse() {
    let document = api::document();
    let mut told = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            told.insert((method.to_uppercase(), path.clone()));
            let parameters = operation["parameters"].as_array().unwrap();
            let in_path: BTreeSet<&str> = parameters
                .iter()
                .filter(|parameter| parameter["in"] == "path")
                .map(|parameter| parameter["name"].as_str().unwrap())
                .collect();
            let named: BTreeSet<&str> = path.split(['{', '}']).skip(1).step_by(2).collect();
            assert_eq!(in_path, named, "{method} {path}");
        }
    }
    let endpoints = api::endpoints();
    let routes: BTreeSet<(String, String)> = endpoints
        .iter()
        .map(|endpoint| (endpoint.method.to_string(), format!("/api/v1{}", endpoint.path)))
        .collect();
    assert_eq!(told, routes);
    assert_eq!(routes.len(), endpoints.len(), "a route stands twice");
}

#[test]
fn the_document_names_nothing_that_is_not_in_it() {
    let document = api::document();
    let mut references = Vec::new();
    gather(&document, &mut references);
    assert!(references.len() > 100);
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    let mut names = BTreeSet::new();
    for operations in document["paths"].as_object().unwrap().values() {
        for operation in operations.as_object().unwrap().values() {
            assert!(names.insert(operation["operationId"].as_str().unwrap()), "{operation}");
        }
    }
}

fn gather<'a>(value: &'a Value, references: &mut Vec<&'a str>) {
    match value {
        Value::Object(members) => {
            references.extend(members.get("$ref").and_then(Value::as_str));
            members.values().for_each(|member| gather(member, references));
        }
        Value::Array(items) => items.iter().for_each(|item| gather(item, references)),
        _ => {}
    }
}

#[tokio::test]
async fn the_viewer_is_served_whole_from_our_own_address() {
    let site = Site::new().await;
    let browser = site.stranger();
    assert!(browser.is_page("/api/docs").await);
    let program = Program::new(&site, None);
    for file in ["viewer.js", "swagger-ui.css", "swagger-ui-bundle.js"] {
        let answer = program.get(&format!("/../docs/{file}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{file}");
        assert!(answer.body.len() > 100, "{file}");
        assert!(answer.header("content-security-policy").contains("script-src 'self'"));
    }
    assert_eq!(program.get("/../docs/other.js").await.problem(), "not_found");
}
