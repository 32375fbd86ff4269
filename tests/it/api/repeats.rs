//! A client that did not hear the answer asks again.

use reqwest::{Method, StatusCode};
use retrofit_registry::registry::Registry;
use retrofit_registry::registry::people::Role;
use retrofit_registry::registry::requests::{self, Begun, Kept};
use serde_json::json;

use super::Answer;
use crate::support::{World, reporter};
use crate::web::{Site, roster, school};

async fn upload(program: &super::Program, key: &str, bytes: Vec<u8>) -> Answer {
    let path = "/uploads?department=JTJ&period=2026-11&file_name=a.csv";
    let request = program.ask(Method::POST, path).header("Idempotency-Key", key);
    program
        .send(request.header("content-type", "application/octet-stream").body(bytes))
        .await
}

#[tokio::test]
async fn the_same_request_under_the_same_key_gets_the_same_answer() {
    for world in World::both() {
        let site = Site::of(world).await;
        let program = site.program("zhang", Role::Reporter, Some("JTJ"));
        let bytes = roster(&[school(1), school(2)]);
        let first = upload(&program, "k-1", bytes.clone()).await;
        assert_eq!(first.status, StatusCode::CREATED);
        let again = upload(&program, "k-1", bytes.clone()).await;
        assert_eq!((again.status, &again.body), (first.status, &first.body));
        for header in ["etag", "location", "content-type"] {
            assert_eq!(again.header(header), first.header(header));
        }
        let other = upload(&program, "k-1", roster(&[school(1)])).await;
        assert_eq!(other.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(other.problem(), "key_reused");

        // The commit's answer was lost; what it did was not.
        let id = first.json()["id"].as_i64().unwrap();
        let preview = program.get(&format!("/uploads/{id}/preview")).await.json();
        let body = json!({ "fingerprint": preview["fingerprint"] });
        let commit = async || {
            let request = program.ask(Method::POST, &format!("/uploads/{id}/commit"));
            program.send(request.header("Idempotency-Key", "k-2").json(&body)).await
        };
        let first = commit().await;
        assert_eq!(first.status, StatusCode::OK, "{first:?}");
        assert_eq!(first.json()["counts"]["new"], 2);
        let again = commit().await;
        assert_eq!((again.status, again.body), (first.status, first.body));

        // What was refused is refused the same way.
        let refused = async || {
            let request = program.ask(Method::POST, "/projects/LC-2026-000001/comments");
            let request = request.header("Idempotency-Key", "k-3").json(&json!({ "body": " " }));
            program.send(request).await
        };
        let first = refused().await;
        assert_eq!(first.problem(), "refused");
        assert_eq!(refused().await.body, first.body);

        // A comment is said once, however often it is sent.
        for _ in 0..3 {
            let request = program.ask(Method::POST, "/projects/LC-2026-000001/comments");
            let request = request
                .header("Idempotency-Key", "k-4")
                .json(&json!({ "body": "已核对" }));
            assert_eq!(program.send(request).await.status, StatusCode::CREATED);
        }
        let comments = program.get("/projects/LC-2026-000001/comments").await.json();
        assert_eq!(comments["items"].as_array().unwrap().len(), 1);
        // Somebody else's key of the same name is another one.
        let other = site.program("li", Role::Reporter, Some("JTJ"));
        assert_eq!(upload(&other, "k-1", bytes).await.status, StatusCode::CREATED);
    }
}

#[test]
fn a_request_is_worked_on_once_and_begun_again_where_it_came_to_nothing() {
    for world in World::both() {
        let (registry, jtj) = (&world.registry, reporter("JTJ"));
        let another = world.another();
        let begin = |registry: &Registry, key, identity| requests::begin(registry, &jtj, key, identity).unwrap();
        assert_eq!(begin(registry, "a", "1"), Begun::Fresh);
        assert_eq!(begin(&another, "a", "1"), Begun::Busy);
        assert_eq!(begin(registry, "a", "2"), Begun::Other);
        requests::forget(registry, &jtj, "a").unwrap();
        assert_eq!(begin(registry, "a", "1"), Begun::Fresh);
        let kept = Kept {
            status: 201,
            headers: "[]".into(),
            body: "{}".into(),
        };
        requests::finish(registry, &jtj, "a", &kept).unwrap();
        assert_eq!(begin(&another, "a", "1"), Begun::Answered(kept));

        // What nobody can be working on any more.
        assert_eq!(begin(registry, "b", "1"), Begun::Fresh);
        world.clock.shift(10 * 60_000);
        assert_eq!(begin(registry, "b", "1"), Begun::Fresh);

        let week = 7 * 24 * 3_600_000;
        world.clock.shift(week);
        assert_eq!(
            requests::forget_before(registry, world.clock.now() - week + 1).unwrap(),
            2
        );
        assert_eq!(begin(registry, "a", "3"), Begun::Fresh);
    }
}
