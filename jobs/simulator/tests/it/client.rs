//! A client of the contract, small enough to send anything wrong on purpose.

use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use platform_simulator::{Settings, Simulator};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

pub(crate) const APP_KEY: &str = "city";
pub(crate) const SECRET: &str = "密钥 of the city";

/// A fresh simulator in memory whose clock stands at [`noon`], and its client.
pub(crate) async fn start() -> (Simulator, Client) {
    start_with(settings()).await
}

pub(crate) fn settings() -> Settings {
    Settings {
        clock: std::sync::Arc::new(noon),
        ..Settings::new(APP_KEY, SECRET)
    }
}

pub(crate) async fn start_with(settings: Settings) -> (Simulator, Client) {
    let simulator = Simulator::start(settings).await.unwrap();
    let client = Client::new(&simulator.url());
    (simulator, client)
}

/// The simulators' clock.
pub(crate) fn noon() -> DateTime<Utc> {
    "2026-11-23T04:00:00Z".parse().unwrap()
}

/// An answer that has been read to its end.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Status and the problem's code.
    pub(crate) fn refusal(&self) -> (u16, String) {
        assert_eq!(self.headers["content-type"], "application/problem+json");
        let body = self.json();
        assert_eq!(body["status"], self.status.as_u16());
        (self.status.as_u16(), body["code"].as_str().unwrap().to_owned())
    }
}

/// A request before it is signed; a test bends it where it wants.
pub(crate) struct Draft {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) body: Vec<u8>,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) timestamp: i64,
    pub(crate) nonce: String,
    pub(crate) algorithm: &'static str,
    pub(crate) secret: String,
}

impl Draft {
    pub(crate) fn new(method: Method, path: &str, body: impl Into<Vec<u8>>) -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        Self {
            method,
            path: path.to_owned(),
            body: body.into(),
            headers: Vec::new(),
            timestamp: noon().timestamp_millis(),
            nonce: format!("nonce-{:012}", COUNT.fetch_add(1, Ordering::Relaxed)),
            algorithm: "HMAC-SM3",
            secret: SECRET.to_owned(),
        }
    }

    pub(crate) fn get(path: &str) -> Self {
        Self::new(Method::GET, path, [])
    }

    pub(crate) fn post(key: &str, batch: &Value) -> Self {
        Self::new(Method::POST, "/api/v1/batches", batch.to_string()).header("idempotency-key", key)
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// The signed headers.
    pub(crate) fn sign(&self) -> HeaderMap {
        let digest = match self.body.as_slice() {
            [] => String::new(),
            body => format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(body))),
        };
        let text = format!(
            "{}\n{}\n{}\n{}\n{digest}",
            self.method, self.path, self.timestamp, self.nonce
        );
        let signature = match self.algorithm {
            "HMAC-SM3" => hmac::<Hmac<sm3::Sm3>>(&self.secret, &text),
            _ => hmac::<Hmac<Sha256>>(&self.secret, &text),
        };
        let mut headers = HeaderMap::new();
        let mut put = |name: &'static str, value: &str| {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        };
        put("x-app-key", APP_KEY);
        put("x-timestamp", &self.timestamp.to_string());
        put("x-nonce", &self.nonce);
        put("x-sign-algorithm", self.algorithm);
        put("x-signature", &signature);
        if !digest.is_empty() {
            put("content-digest", &digest);
        }
        for (name, value) in &self.headers {
            put(name, value);
        }
        headers
    }
}

fn hmac<M: Mac + KeyInit>(secret: &str, text: &str) -> String {
    let mac = <M as KeyInit>::new_from_slice(secret.as_bytes()).unwrap();
    hex::encode(mac.chain_update(text).finalize().into_bytes())
}

#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    url: String,
}

impl Client {
    pub(crate) fn new(url: &str) -> Self {
        // Another test may have installed it before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self {
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            url: url.to_owned(),
        }
    }

    pub(crate) async fn send(&self, draft: Draft) -> Reply {
        self.try_send(draft).await.unwrap()
    }

    /// An error where the connection ended without an answer.
    pub(crate) async fn try_send(&self, draft: Draft) -> reqwest::Result<Reply> {
        let headers = draft.sign();
        self.send_with(draft, headers).await
    }

    pub(crate) async fn send_with(&self, draft: Draft, headers: HeaderMap) -> reqwest::Result<Reply> {
        let request = self
            .http
            .request(draft.method, format!("{}{}", self.url, draft.path))
            .headers(headers);
        let response = request.body(draft.body).send().await?;
        let (status, headers) = (response.status(), response.headers().clone());
        Ok(Reply {
            status,
            headers,
            body: response.bytes().await?.to_vec(),
        })
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(Draft::get(path)).await
    }

    pub(crate) async fn post(&self, key: &str, batch: &Value) -> Reply {
        self.send(Draft::post(key, batch)).await
    }

    /// Sends these records as a batch of its own and gives its receipts.
    pub(crate) async fn deliver(&self, batch_no: &str, records: &[Value]) -> Vec<Value> {
        let reply = self.post(batch_no, &batch(batch_no, records)).await;
        assert_eq!(reply.status, 202, "{reply:?}");
        let status = self.get(&format!("/api/v1/batches?batch_no={batch_no}")).await.json();
        assert_eq!(status["status"], "done");
        status["receipts"].as_array().unwrap().clone()
    }
}

/// A sound envelope.
pub(crate) fn batch(batch_no: &str, records: &[Value]) -> Value {
    json!({ "batch_no": batch_no, "division_code": "371500", "profile_version": "1", "records": records })
}

/// A sound upsert.
pub(crate) fn upsert(source_id: &str, revision: i64) -> Value {
    upsert_of(source_id, revision, &data(source_id))
}

/// An upsert of this data, with its digest. `serde_json` sorts members and writes these numbers as RFC 8785 does.
pub(crate) fn upsert_of(source_id: &str, revision: i64, data: &Value) -> Value {
    let digest = hex::encode(Sha256::digest(data.to_string()));
    json!({ "source_id": source_id, "revision": revision, "op": "upsert", "digest": digest, "data": data })
}

pub(crate) fn withdraw(source_id: &str, revision: i64) -> Value {
    json!({ "source_id": source_id, "revision": revision, "op": "withdraw" })
}

/// Data with every member of the profile.
pub(crate) fn data(source_id: &str) -> Value {
    json!({
        "gcbh": source_id, "gcmc": "实验小学教学楼", "gclb": "02", "gcxz": "1", "yt": "201", "xzqh": "371502",
        "xzjd": "371502001", "dz": "东昌西路1号", "jd": 115.98, "wd": 36.456_789, "jglx": "01", "gm": 1, "gmdw": "school",
        "jzmj": 3200.5, "sjjgsj": "1998-07", "sfld": "7", "jsd": "0.15", "dzfz": "2", "cdlb": "III", "sflb": "B",
        "jgfs": ["01", "03"], "hxsynx": 40, "sfgzjz": "0", "jd_zt": "50", "kgsj": "2025-03-01", "wcsj": "2025-09-30",
        "yssj": "2025-10-20", "ztz": 120.25, "wctz": 118.5, "dwmc": "聊城市教育和体育局", "tyshxydm": "11371500MB28359259",
    })
}

/// The single error of a rejected record.
pub(crate) fn error_of(receipt: &Value) -> (&str, &str) {
    assert_eq!(receipt["result"], "rejected", "{receipt}");
    let errors = receipt["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 1, "{receipt}");
    assert!(
        !errors[0]["message"].as_str().unwrap().is_ascii(),
        "messages are for the officer: {receipt}"
    );
    (
        errors[0]["field"].as_str().unwrap(),
        errors[0]["code"].as_str().unwrap(),
    )
}
