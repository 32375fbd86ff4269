//! Records inside a sound envelope: the profile's table, digests, malformed records.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::client::{Draft, batch, data, error_of, start, upsert, upsert_of, withdraw};

/// A spoilt member: its name, its value (null: absent), and the error's code (empty: accepted).
#[tokio::test]
async fn every_member_is_judged_by_the_profile() {
    let absent = Value::Null;
    let cases: Vec<(&str, Value, &str)> = vec![
        ("gcbh", json!("LC-other"), "source_id_mismatch"),
        ("gcmc", absent.clone(), "missing"),
        ("gcmc", json!(""), "empty"),
        ("gcmc", json!(" "), "empty"),
        ("gcmc", json!("楼".repeat(120)), ""),
        ("gcmc", json!("楼".repeat(121)), "too_long"),
        ("gcmc", json!(["楼"]), "wrong_type"),
        ("gclb", json!("2"), "bad_code"),
        ("gclb", json!("学校"), "bad_code"),
        ("gcxz", json!("6"), "bad_code"),
        ("gcxz", json!(1), "wrong_type"),
        ("yt", absent.clone(), "missing"),
        ("xzqh", json!("371571"), "bad_code"),
        ("xzqh", json!("370102"), "outside_division"),
        ("xzqh", json!("371500"), "outside_division"),
        ("xzjd", json!("37150200"), "bad_code"),
        ("xzjd", absent.clone(), ""),
        ("dz", absent.clone(), "missing"),
        ("jd", json!("115.98"), "wrong_type"),
        ("jd", json!(36.45), "out_of_range"),
        ("wd", json!(115.98), "out_of_range"),
        ("wd", json!(36.456_789_1), "too_many_decimals"),
        ("jglx", json!("砌体"), "bad_code"),
        ("gm", json!(-1), "out_of_range"),
        ("gmdw", json!("平方米"), "bad_code"),
        ("gmdw", json!("m2"), ""),
        ("jzmj", json!(true), "wrong_type"),
        ("sjjgsj", json!("1998"), ""),
        ("sjjgsj", json!("1998-13"), "bad_date"),
        ("sjjgsj", json!("1998-07-01"), "bad_date"),
        ("sfld", json!("5"), "bad_code"),
        ("jsd", json!("0.1"), "bad_code"),
        ("jsd", json!(0.15), "wrong_type"),
        ("dzfz", json!("4"), "bad_code"),
        ("cdlb", json!("Ⅱ"), "bad_code"),
        ("sflb", json!("乙"), "bad_code"),
        ("jgfs", json!([]), "empty"),
        ("jgfs", json!("01"), "wrong_type"),
        ("jgfs", json!(["01", 2]), "wrong_type"),
        ("jgfs", json!(["面层"]), "bad_code"),
        ("hxsynx", json!(40.5), "too_many_decimals"),
        ("hxsynx", json!("40"), "wrong_type"),
        ("sfgzjz", json!("2"), "bad_code"),
        ("jd_zt", json!("60"), "bad_code"),
        ("kgsj", json!("2025-03"), "bad_date"),
        ("kgsj", json!("2025-02-29"), "bad_date"),
        ("wcsj", json!("2025/09/30"), "bad_date"),
        ("yssj", json!(20_251_020), "wrong_type"),
        ("ztz", json!(120.255), "too_many_decimals"),
        ("wctz", absent.clone(), ""),
        ("tyshxydm", json!("11371500MB2835925"), "bad_code"),
        ("tyshxydm", json!("11371500MB2835925O"), "bad_code"),
        ("remarks", json!("x"), "unknown_member"),
    ];
    let (simulator, client) = start().await;
    let mut records = Vec::new();
    for (number, (member, value, _)) in cases.iter().enumerate() {
        let id = format!("LC-{number}");
        let mut data = data(&id);
        match value {
            Value::Null => drop(data.as_object_mut().unwrap().remove(*member)),
            value => data[member] = value.clone(),
        }
        records.push(upsert_of(&id, 1, &data));
    }
    let receipts = client.deliver("B-1", &records).await;
    for ((member, value, code), receipt) in cases.iter().zip(&receipts) {
        if code.is_empty() {
            assert_eq!(receipt["result"], "accepted", "{member} {value}: {receipt}");
        } else {
            assert_eq!(error_of(receipt), (*member, *code), "{member} {value}");
        }
    }
    let sound = cases.iter().filter(|(_, _, code)| code.is_empty()).count();
    assert_eq!(
        simulator.records().unwrap().len(),
        sound,
        "one bad record never refuses its batch"
    );
}

#[tokio::test]
async fn all_faults_of_a_record_are_reported() {
    let (_simulator, client) = start().await;
    let mut data = data("LC-1");
    data["gcmc"] = json!("");
    data["jd"] = Value::Null;
    data.as_object_mut().unwrap().remove("dz");
    let receipts = client.deliver("B-1", &[upsert_of("LC-1", 1, &data)]).await;
    let mut fields: Vec<_> = receipts[0]["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["field"].clone())
        .collect();
    fields.sort_by_key(Value::to_string);
    assert_eq!(fields, ["dz", "gcmc", "jd"]);
}

/// The digest was computed apart from this program, over the canonical text named in the assertion.
#[tokio::test]
async fn digests_are_of_the_canonical_json_however_data_is_written() {
    let (simulator, client) = start().await;
    let written = r#"{ "ztz" : 0.10, "wd": 36.000000, "yt":"201", "jd":115.980,"gm":0.000001, "wctz":0.0,
        "gcbh":"LC-2026-000009","gcmc":"\u201c三\n中”\u001F楼\/\u00e9","gclb":"02", "gcxz":"1","xzqh":"371502","dz":"路1号","jglx":"01"}"#;
    let canonical = r#"{"dz":"路1号","gcbh":"LC-2026-000009","gclb":"02","gcmc":"“三\n中”\u001f楼/é","gcxz":"1","gm":0.000001,"jd":115.98,"jglx":"01","wctz":0,"wd":36,"xzqh":"371502","yt":"201","ztz":0.1}"#;
    let digest = "e8cb673ae4406fdffbbc990f025201d8c4556af9a815430819c64b2b0588cd09";
    let body = format!(
        r#"{{"batch_no":"B-1","division_code":"371500","profile_version":"1","records":[
            {{"source_id":"LC-2026-000009","revision":1,"op":"upsert","digest":"{digest}","data":{written}}}]}}"#
    );
    let draft = Draft {
        body: body.into_bytes(),
        ..Draft::post("key", &Value::Null)
    };
    assert_eq!(client.send(draft).await.status, 202);
    let record = &simulator.records().unwrap()[0];
    assert_eq!((record.digest.as_str(), record.data.as_str()), (digest, canonical));
}

#[tokio::test]
async fn deep_nesting_is_only_malformed() {
    let (_simulator, client) = start().await;
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let body = batch("B-1", &[upsert("LC-1", 1)])
        .to_string()
        .replace(r#"["01","03"]"#, &deep);
    let draft = Draft {
        body: body.into_bytes(),
        ..Draft::post("key", &Value::Null)
    };
    assert_eq!(client.send(draft).await.status, 202);
    let status = client.get("/api/v1/batches?batch_no=B-1").await.json();
    assert_eq!(error_of(&status["receipts"][0]), ("jgfs", "wrong_type"));
}

#[tokio::test]
async fn malformed_records_are_rejected_by_their_receipts() {
    let with = |id: &str, member: &str, value: Value| {
        let mut record = upsert(id, 1);
        record[member] = value;
        record
    };
    let without = |id: &str, member: &str| {
        let mut record = upsert(id, 1);
        record.as_object_mut().unwrap().remove(member);
        record
    };
    let mut withdrawal = withdraw("LC-10", 2);
    withdrawal["data"] = data("LC-10");
    let records = [
        (with("LC-1", "op", json!("delete")), "op", "bad_op"),
        (without("LC-2", "op"), "op", "bad_op"),
        (with("LC-3", "revision", json!(0)), "revision", "bad_revision"),
        (with("LC-4", "revision", json!("1")), "revision", "bad_revision"),
        (with("LC-5", "revision", json!(1.5)), "revision", "bad_revision"),
        (with("LC-6", "note", json!("x")), "note", "unexpected_member"),
        (without("LC-7", "digest"), "digest", "bad_digest"),
        (
            with("LC-8", "digest", json!(hex::encode(Sha256::digest("else")))),
            "digest",
            "digest_mismatch",
        ),
        (
            with(
                "LC-9",
                "digest",
                json!(hex::encode_upper(Sha256::digest(data("LC-9").to_string()))),
            ),
            "digest",
            "bad_digest",
        ),
        (withdrawal, "data", "unexpected_member"),
        (without("LC-11", "data"), "data", "missing"),
        (with("LC-12", "data", json!([])), "data", "wrong_type"),
    ];
    let (simulator, client) = start().await;
    let sent: Vec<Value> = records
        .iter()
        .map(|(record, ..)| record.clone())
        .chain([upsert("LC-13", 1)])
        .collect();
    let receipts = client.deliver("B-1", &sent).await;
    for ((record, field, code), receipt) in records.iter().zip(&receipts) {
        assert_eq!(error_of(receipt), (*field, *code), "{record}");
        assert_eq!(receipt["source_id"], record["source_id"]);
    }
    assert_eq!(receipts[12]["result"], "accepted");
    assert_eq!(simulator.history().unwrap().len(), 1);
}

#[tokio::test]
async fn a_county_batch_holds_that_county_only() {
    let (_simulator, client) = start().await;
    let mut sent = batch("B-1", &[upsert("LC-1", 1)]);
    sent["division_code"] = json!("371521");
    assert_eq!(client.post("key", &sent).await.status, 202);
    let status = client.get("/api/v1/batches?batch_no=B-1").await.json();
    assert_eq!(error_of(&status["receipts"][0]), ("xzqh", "outside_division"));
}
