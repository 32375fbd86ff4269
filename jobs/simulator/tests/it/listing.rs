//! The listing of records, inspections, photos, health.

use chrono::TimeDelta;
use platform_simulator::HeldPhoto;
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::client::{Client, Draft, data, noon, start, upsert, upsert_of, withdraw};

async fn list(client: &Client, query: &str) -> Value {
    let reply = client
        .get(&format!("/api/v1/records?division_code=371500{query}"))
        .await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()
}

fn ids(page: &Value) -> Vec<&str> {
    page["records"]
        .as_array()
        .unwrap()
        .iter()
        .map(|record| record["source_id"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn records_are_listed_with_their_later_inspection() {
    let (simulator, client) = start().await;
    client
        .deliver("B-1", &[upsert("LC-1", 1), upsert("LC-2", 1), upsert("LC-3", 1)])
        .await;
    client.deliver("B-2", &[withdraw("LC-3", 2)]).await;
    simulator.return_record("LC-1", "坐标有误").unwrap();
    simulator.pass_record("LC-2").unwrap();
    assert!(simulator.return_record("LC-9", "x").is_err());

    let page = list(&client, "").await;
    assert_eq!(page["next_cursor"], Value::Null);
    assert_eq!(ids(&page), ["LC-3", "LC-1", "LC-2"], "in the order of the last change");
    let held = simulator.records().unwrap();
    let expected = json!({
        "source_id": "LC-1", "platform_no": held[0].platform_no, "revision": 1, "digest": held[0].digest,
        "status": "returned", "review_note": "坐标有误", "updated_at": "2026-11-23T04:00:00.000Z",
    });
    assert_eq!(page["records"][1], expected);
    assert_eq!(
        (&page["records"][0]["status"], &page["records"][0]["revision"]),
        (&json!("withdrawn"), &json!(2))
    );
    assert_eq!(
        (&page["records"][2]["status"], &page["records"][2]["review_note"]),
        (&json!("passed"), &Value::Null)
    );

    let mut mended = data("LC-1");
    mended["jd"] = json!(115.99);
    client.deliver("B-3", &[upsert_of("LC-1", 2, &mended)]).await;
    let record = &list(&client, "").await["records"][2];
    assert_eq!(
        (&record["status"], &record["review_note"]),
        (&json!("in-review"), &Value::Null)
    );
}

#[tokio::test]
async fn updated_since_is_inclusive() {
    let (simulator, client) = start().await;
    client.deliver("B-1", &[upsert("LC-1", 1), upsert("LC-2", 1)]).await;
    simulator.set_clock_offset(TimeDelta::seconds(10));
    simulator.pass_record("LC-1").unwrap();
    for (since, expected) in [
        ("2026-11-23T04:00:00Z", vec!["LC-2", "LC-1"]),
        ("2026-11-23T04:00:00.000001Z", vec!["LC-1"]),
        ("2026-11-23T12:00:10%2B08:00", vec!["LC-1"]),
        ("2026-11-23T04:00:10.001Z", vec![]),
    ] {
        assert_eq!(
            ids(&list(&client, &format!("&updated_since={since}")).await),
            expected,
            "{since}"
        );
    }
}

#[tokio::test]
async fn a_cursor_leads_through_all_pages_of_its_own_query() {
    let (simulator, client) = start().await;
    let records: Vec<Value> = (0..105).map(|number| upsert(&format!("LC-{number:03}"), 1)).collect();
    client.deliver("B-1", &records).await;
    assert_eq!(ids(&list(&client, "").await).len(), 100, "the default limit");

    let (mut seen, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let page = list(&client, &format!("&limit=35{cursor}")).await;
        pages += 1;
        seen.extend(ids(&page).into_iter().map(str::to_owned));
        let Some(next) = page["next_cursor"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
        if pages == 1 {
            // A record that changes meanwhile comes again at the end, and none is left out.
            simulator.pass_record("LC-000").unwrap();
            let other = client
                .get(&format!("/api/v1/records?division_code=371500&limit=36{cursor}"))
                .await;
            assert_eq!(other.refusal(), (400, "bad_cursor".into()));
        }
    }
    assert_eq!((pages, seen.len(), seen.last().unwrap().as_str()), (4, 106, "LC-000"));
    let page = list(&client, "&limit=1000").await;
    assert_eq!((ids(&page).len(), &page["next_cursor"]), (105, &Value::Null));
}

#[tokio::test]
async fn a_county_lists_its_own_records() {
    let (_simulator, client) = start().await;
    let mut elsewhere = data("LC-2");
    elsewhere["xzqh"] = json!("371581");
    client
        .deliver("B-1", &[upsert("LC-1", 1), upsert_of("LC-2", 1, &elsewhere)])
        .await;
    let page = client.get("/api/v1/records?division_code=371581").await.json();
    assert_eq!(ids(&page), ["LC-2"]);
}

#[tokio::test]
async fn unsound_queries_are_refused() {
    let (_simulator, client) = start().await;
    for (query, status, code) in [
        ("", 400, "bad_query"),
        ("?division_code=3715", 400, "bad_query"),
        ("?division_code=370100", 403, "not_your_division"),
        ("?division_code=371500&division_code=371500", 400, "bad_query"),
        ("?division_code=371500&page=2", 400, "bad_query"),
        ("?division_code=371500&limit=0", 400, "bad_query"),
        ("?division_code=371500&limit=1001", 400, "bad_query"),
        ("?division_code=371500&updated_since=2026-11-23", 400, "bad_query"),
        ("?division_code=371500&cursor=0", 400, "bad_cursor"),
    ] {
        assert_eq!(
            client.get(&format!("/api/v1/records{query}")).await.refusal(),
            (status, code.into()),
            "{query}"
        );
    }
}

#[tokio::test]
async fn photos_are_kept_once_and_checked() {
    let (simulator, client) = start().await;
    client.deliver("B-1", &[upsert("LC-1", 1)]).await;
    let png = b"\x89PNG\r\n\x1a\n and so on".to_vec();
    let jpeg = b"\xff\xd8\xff\xe0 and so on".to_vec();
    let put = |id: &str, kind: &str, named: &[u8], body: &[u8]| {
        let path = format!(
            "/api/v1/records/{id}/photos/{kind}/{}",
            hex::encode(Sha256::digest(named))
        );
        Draft::new(Method::PUT, &path, body)
    };
    assert_eq!(client.send(put("LC-1", "construction", &png, &png)).await.status, 201);
    assert_eq!(client.send(put("LC-1", "construction", &png, &png)).await.status, 200);
    assert_eq!(client.send(put("LC-1", "acceptance", &png, &png)).await.status, 201);
    assert_eq!(client.send(put("LC-1", "acceptance", &jpeg, &jpeg)).await.status, 201);
    assert_eq!(
        client.send(put("LC-2", "acceptance", &jpeg, &jpeg)).await.refusal(),
        (404, "not_found".into())
    );
    let held = simulator.photos().unwrap();
    let of = |kind: &str, body: &[u8]| HeldPhoto {
        source_id: "LC-1".into(),
        kind: kind.into(),
        sha256: hex::encode(Sha256::digest(body)),
        bytes: i64::try_from(body.len()).unwrap(),
    };
    assert_eq!(held.len(), 3);
    for photo in [
        of("construction", &png),
        of("acceptance", &png),
        of("acceptance", &jpeg),
    ] {
        assert!(held.contains(&photo), "{photo:?} of {held:?}");
    }
    let wrong = (400, "bad_photo".to_owned());
    assert_eq!(client.send(put("LC-1", "plan", &png, &png)).await.refusal(), wrong);
    assert_eq!(
        client.send(put("LC-1", "acceptance", &png, &jpeg)).await.refusal(),
        wrong
    );
    assert_eq!(
        client
            .send(put("LC-1", "acceptance", b"GIF89a", b"GIF89a"))
            .await
            .refusal(),
        wrong
    );
    let large = [jpeg.as_slice(), &vec![0; 5_000_000]].concat();
    assert_eq!(
        client.send(put("LC-1", "acceptance", &large, &large)).await.refusal(),
        (413, "too_large".into())
    );
    let said_otherwise = put("LC-1", "acceptance", &jpeg, &jpeg).header("content-type", "image/png");
    assert_eq!(
        client.send(said_otherwise).await.refusal(),
        (400, "bad_media_type".into())
    );
}

#[tokio::test]
async fn health_is_unsigned_and_tells_of_maintenance() {
    let (simulator, client) = start().await;
    let health = async || {
        let draft = Draft::get("/api/v1/health");
        client
            .send_with(draft, reqwest::header::HeaderMap::new())
            .await
            .unwrap()
            .json()
    };
    assert_eq!(health().await, json!({ "status": "up", "until": null }));
    simulator.set_maintenance(Some(noon() + TimeDelta::hours(2)));
    assert_eq!(
        health().await,
        json!({ "status": "maintenance", "until": "2026-11-23T06:00:00Z" })
    );
    let refused = client.get("/api/v1/records?division_code=371500").await;
    assert_eq!(refused.headers["retry-after"], "7200");
    assert_eq!(refused.refusal(), (503, "maintenance".into()));
    simulator.set_maintenance(None);
    assert_eq!(client.get("/api/v1/records?division_code=371500").await.status, 200);
}
