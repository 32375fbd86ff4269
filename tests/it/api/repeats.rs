//! A client that did not hear the answer asks again.

use reqwest::{Method, StatusCode};
use retrofit_registry::registry::people::Role;
use retrofit_registry::registry::requests;
use serde_json::{Value, json};

use super::{Answer, Program};
use crate::support::World;
use crate::support::pictures::jpeg;
use crate::web::{Site, roster, school};

const UPLOAD: &str = "/uploads?department=JTJ&period=2026-11&file_name=a.csv";
const PHOTO: &str = "/projects/LC-2026-000001/photos?kind=acceptance&file_name=a.jpg";

impl Program {
    async fn send_file(&self, path: &str, key: &str, bytes: Vec<u8>) -> Answer {
        let request = self.ask(Method::POST, path).header("Idempotency-Key", key);
        self.send(request.header("content-type", "application/octet-stream").body(bytes))
            .await
    }

    async fn post_under(&self, path: &str, key: &str, body: &Value) -> Answer {
        let request = self.ask(Method::POST, path).header("Idempotency-Key", key);
        self.send(request.json(body)).await
    }

    async fn fingerprint(&self, upload: i64) -> Value {
        let preview = self.get(&format!("/uploads/{upload}/preview")).await.json();
        json!({ "fingerprint": preview["fingerprint"] })
    }

    async fn count(&self, path: &str) -> usize {
        self.get(path).await.json()["items"].as_array().unwrap().len()
    }
}

#[tokio::test]
async fn the_same_request_under_the_same_key_gets_the_same_answer() {
    for world in World::both() {
        let site = Site::of(world).await;
        let program = site.program("zhang", Role::Reporter, Some("JTJ"));
        let bytes = roster(&[school(1), school(2)]);
        let first = program.send_file(UPLOAD, "k-1", bytes.clone()).await;
        assert_eq!(first.status, StatusCode::CREATED);
        let again = program.send_file(UPLOAD, "k-1", bytes.clone()).await;
        assert_eq!((again.status, &again.body), (first.status, &first.body));
        for header in ["etag", "location", "content-type"] {
            assert_eq!(again.header(header), first.header(header));
        }
        let other = program.send_file(UPLOAD, "k-1", roster(&[school(1)])).await;
        assert_eq!(other.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(other.problem(), "key_reused");

        // The commit's answer was lost; what it did was not.
        let id = first.json()["id"].as_i64().unwrap();
        let body = program.fingerprint(id).await;
        let commit = async || program.post_under(&format!("/uploads/{id}/commit"), "k-2", &body).await;
        let first = commit().await;
        assert_eq!(first.status, StatusCode::OK, "{first:?}");
        assert_eq!(first.json()["counts"]["new"], 2);
        let again = commit().await;
        assert_eq!((again.status, again.body), (first.status, first.body));

        // What was refused is refused the same way.
        let comments = "/projects/LC-2026-000001/comments";
        let blank = json!({ "body": " " });
        let first = program.post_under(comments, "k-3", &blank).await;
        assert_eq!(first.problem(), "refused");
        assert_eq!(program.post_under(comments, "k-3", &blank).await.body, first.body);

        // A comment is said once, however often it is sent, at once and after each other.
        let said = json!({ "body": "已核对" });
        let say = || program.post_under(comments, "k-4", &said);
        let (one, other, third) = tokio::join!(say(), say(), say());
        for answer in [one, other, third, say().await] {
            assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        }
        assert_eq!(program.count(comments).await, 1);
        // Somebody else's key of the same name is another one.
        let other = site.program("li", Role::Reporter, Some("JTJ"));
        assert_eq!(
            other.send_file(UPLOAD, "k-1", bytes.clone()).await.status,
            StatusCode::CREATED
        );

        // A key is kept for some days.
        let week = 7 * 24 * 3_600_000;
        site.clock().shift(week);
        let registry = site.registry();
        assert_eq!(
            requests::forget_before(registry, registry.clock.now() - week + 1).unwrap(),
            5
        );
        let again = program.send_file(UPLOAD, "k-1", roster(&[school(1)])).await;
        assert_eq!(again.status, StatusCode::CREATED);
    }
}

impl Site {
    /// From now on whatever is done under a key stops before its answer is kept, as if the process had died there; or does so no more.
    fn stop_before_answers(&self, stop: bool) {
        let world = self.world();
        world.execute(match (world.is_sqlite(), stop) {
            (true, true) => {
                "CREATE TRIGGER stop BEFORE UPDATE ON api_requests BEGIN SELECT RAISE(ABORT, 'stopped'); END"
            }
            (true, false) => "DROP TRIGGER stop",
            (false, true) => {
                "CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'stopped'; END $$;
                 CREATE TRIGGER stop BEFORE UPDATE ON api_requests FOR EACH ROW EXECUTE FUNCTION stop()"
            }
            (false, false) => "DROP TRIGGER stop ON api_requests; DROP FUNCTION stop()",
        });
    }

    /// Asks, is stopped before the answer is kept, and asks again under the same key, twice.
    async fn stopped(&self, ask: impl AsyncFn() -> Answer) -> Answer {
        self.stop_before_answers(true);
        assert_eq!(ask().await.problem(), "internal");
        self.stop_before_answers(false);
        let (answer, again) = (ask().await, ask().await);
        assert!(answer.status.is_success(), "{answer:?}");
        assert_eq!((again.status, &again.body), (answer.status, &answer.body));
        answer
    }
}

#[tokio::test]
async fn what_was_stopped_before_its_answer_is_done_once_by_the_next_try() {
    for world in World::both() {
        let site = Site::of(world).await;
        let jtj = site.program("jtj", Role::Reporter, Some("JTJ"));
        let office = site.program("mishu", Role::Secretariat, None);
        let bytes = roster(&[school(1), school(2)]);

        // The same file is the same upload, and it goes in once.
        let sent = site
            .stopped(async || jtj.send_file(UPLOAD, "u", bytes.clone()).await)
            .await;
        assert_eq!(sent.json()["id"], 1);
        assert_eq!(jtj.count("/uploads").await, 1);
        let shown = jtj.fingerprint(1).await;
        let commit = async || jtj.post_under("/uploads/1/commit", "c", &shown).await;
        site.stop_before_answers(true);
        assert_eq!(commit().await.problem(), "internal");
        assert_eq!(jtj.count("/projects").await, 0, "nothing half done");
        site.stop_before_answers(false);
        let committed = site
            .stopped(async || jtj.post_under("/uploads/1/commit", "c", &shown).await)
            .await;
        assert_eq!(committed.json()["counts"]["new"], 2);
        assert_eq!(jtj.count("/projects").await, 2);
        assert_eq!(jtj.count("/projects/LC-2026-000001/revisions").await, 1);

        // So is the same photo.
        let photo = jpeg(640, 480, 3);
        let sent = site
            .stopped(async || jtj.send_file(PHOTO, "p", photo.clone()).await)
            .await;
        assert_eq!(sent.json()["items"][0]["outcome"], "same");
        assert_eq!(jtj.count("/projects/LC-2026-000001/photos").await, 1);

        let here = "/projects/LC-2026-000001";
        let visit = json!({ "held_on": "2026-11-20", "place": "东昌府区", "inspectors": "秘书处" });
        let made = site
            .stopped(async || office.post_under("/inspections", "i", &visit).await)
            .await;
        assert_eq!(office.count("/inspections").await, 1);
        let findings = format!("/inspections/{}/findings", made.json()["id"]);
        let (comments, waivers) = (format!("{here}/comments"), format!("{here}/waivers"));
        for (who, path, body) in [
            (&jtj, &*comments, json!({ "body": "已核对" })),
            (
                &office,
                &*findings,
                json!({ "code": "LC-2026-000001", "problem": "圈梁外露", "deadline": "2026-11-24" }),
            ),
            (
                &office,
                "/meeting-items",
                json!({ "meeting_on": "2026-11-20", "meeting": "联席会议", "matter": "核对台账", "department": "JTJ",
                        "deadline": "2026-11-30" }),
            ),
            (
                &office,
                &*waivers,
                json!({ "rule": "S001", "until": "2026-12-31", "reason": "场地资料未到" }),
            ),
        ] {
            site.stopped(async || who.post_under(path, path, &body).await).await;
            assert_eq!(who.count(path).await, 1, "{path}");
        }
        let decision = json!({ "decision": "approve", "projects": [{ "code": "LC-2026-000002", "revision": 1 }] });
        let decided = site
            .stopped(async || office.post_under("/review/decisions", "d", &decision).await)
            .await;
        assert_eq!(
            (&decided.json()["decided"], &decided.json()["refused"]),
            (&json!(1), &json!([]))
        );
    }
}
