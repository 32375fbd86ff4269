//! The delivery beside a bare reqwest loop that posts the same bodies, in one run, against a responder in memory that takes 20 ms.
//!
//!     cargo bench -p retrofit-jobs --bench throughput -- 100000
//!
//! The responder keeps the bodies as they came (compressed); the bare loop posts them again over as many connections, and reads the answers.
//! The store is in memory and makes each record when it is claimed, so that what is measured is the delivery without a database: values to the
//! platform's form, digests, batches, compression, signing, requests, receipts. Four batches are sent at a time, as by the bare loop; the receipts
//! are asked for meanwhile, over connections of their own: one after the other they alone would take as long as the bare loop.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    missing_docs,
    reason = "a benchmark"
)]

use std::collections::{BTreeMap, HashMap};
use std::io::Read as _;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{DefaultBodyLimit, Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use bytes::Bytes;
use retrofit_jobs::clock::Clock;
use retrofit_jobs::delivery::{SyncOptions, deliver};
use retrofit_jobs::platform::{Platform, PlatformSettings, Profile};
use retrofit_jobs::store::{
    Attempt, BatchChange, BatchId, Counts, DeliveryId, DeliveryStore, Fence, Left, NewBatch, NewRun, Op, OpenBatch,
    Outgoing, Plain, Rejection, RunEnd, RunId, RunState, StoreError, Unsent, UtcMillis,
};

const LATENCY: Duration = Duration::from_millis(20);
const CONNECTIONS: usize = 4;

/// The outbox: how many records are claimed, and how many have their receipt.
struct Outbox {
    records: usize,
    claimed: AtomicUsize,
    settled: AtomicUsize,
    batches: AtomicUsize,
}

fn record(number: usize) -> Outgoing {
    let one = |text: String| Plain::One(text);
    let values: BTreeMap<String, Plain> = [
        ("name", one(format!("第{number}小学教学楼加固工程"))),
        ("category", one("02".into())),
        ("record_kind", one("1".into())),
        ("use", one("201".into())),
        ("county", one("371502".into())),
        ("township", one("371502002".into())),
        ("address", one(format!("柳园路{number}号"))),
        ("longitude", one(format!("115.{:06}", number % 1_000_000))),
        ("latitude", one("36.456".into())),
        ("structure_type", one("02".into())),
        ("floor_area_m2", one(format!("{}.5", 1_000 + number % 9_000))),
        ("built_date", one("1998-06".into())),
        ("intensity", one("7".into())),
        ("acceleration_g", one("0.15".into())),
        ("retrofit_methods", Plain::Many(vec!["01".into(), "05".into()])),
        ("service_life_years", one("30".into())),
        ("isolation", one("0".into())),
        ("stage", one("30".into())),
        ("start_date", one("2026-03-01".into())),
        ("investment_planned", one(format!("{}.4550", number % 1_000))),
        ("owner_unit", one("聊城市第一中学".into())),
    ]
    .map(|(field, value)| (field.to_owned(), value))
    .into();
    Outgoing {
        delivery_id: DeliveryId(i64::try_from(number).unwrap() + 1),
        source_id: format!("LC-2026-{number:06}"),
        revision: 1,
        op: Op::Upsert,
        values,
    }
}

impl DeliveryStore for Outbox {
    fn begin_run(&self, _: &NewRun) -> Result<RunId, StoreError> {
        Ok(RunId(1))
    }

    fn renew_run(&self, _: RunId, _: &Counts, _: UtcMillis) -> Result<Fence, StoreError> {
        Ok(Fence::Held)
    }

    fn finish_run(
        &self,
        _: RunId,
        _: Unsent<'_>,
        end: &dyn Fn(&Left) -> RunEnd,
        _: UtcMillis,
    ) -> Result<Option<RunEnd>, StoreError> {
        Ok(Some(end(&Left::default())))
    }

    fn take_up(&self, _: RunId, _: usize, _: UtcMillis) -> Result<Vec<OpenBatch>, StoreError> {
        Ok(Vec::new())
    }

    fn body(&self, _: BatchId) -> Result<Vec<u8>, StoreError> {
        Err(StoreError::new("no batch is taken up"))
    }

    fn waiting(&self, _: RunId, _: &[String], _: UtcMillis) -> Result<u64, StoreError> {
        Ok((self.records - self.claimed.load(Ordering::SeqCst).min(self.records)) as u64)
    }

    fn claim(&self, _: RunId, _: &[String], limit: usize, _: UtcMillis) -> Result<Vec<Outgoing>, StoreError> {
        let first = self.claimed.fetch_add(limit, Ordering::SeqCst);
        Ok((first..(first + limit).min(self.records)).map(record).collect())
    }

    fn record_batch(&self, _: RunId, _: &NewBatch, _: UtcMillis) -> Result<Option<BatchId>, StoreError> {
        let id = self.batches.fetch_add(1, Ordering::SeqCst) + 1;
        Ok(Some(BatchId(i64::try_from(id).unwrap())))
    }

    fn advance(
        &self,
        _: RunId,
        _: BatchId,
        _: Option<&Attempt>,
        change: &BatchChange,
        _: UtcMillis,
    ) -> Result<Fence, StoreError> {
        if let BatchChange::Receipts { receipts, .. } = change {
            self.settled.fetch_add(receipts.len(), Ordering::SeqCst);
        }
        Ok(Fence::Held)
    }

    fn reject(&self, _: RunId, rejections: &[Rejection], _: UtcMillis) -> Result<(), StoreError> {
        panic!("rejected: {:?}", rejections[0].errors)
    }
}

/// Takes every batch in, keeps it, and gives its receipts when it is asked for them.
#[derive(Default)]
struct Responder {
    bodies: Mutex<Vec<Bytes>>,
    /// The receipts' JSON by batch number, until they are fetched.
    receipts: Mutex<HashMap<String, String>>,
    keep: bool,
}

async fn submit(State(responder): State<Arc<Responder>>, body: Bytes) -> (StatusCode, String) {
    let arrived = tokio::time::Instant::now();
    let mut json = String::new();
    flate2::read::GzDecoder::new(&body[..])
        .read_to_string(&mut json)
        .unwrap();
    let between = |text: &str, from: usize| text[from..].split('"').next().unwrap().to_owned();
    let number = between(&json, json.find("\"batch_no\":\"").unwrap() + 12);
    let receipts: Vec<String> = json
        .match_indices("\"source_id\":\"")
        .map(|(at, key)| {
            let id = between(&json, at + key.len());
            format!("{{\"source_id\":\"{id}\",\"revision\":1,\"result\":\"accepted\",\"platform_no\":\"P-{id}\",\"errors\":[]}}")
        })
        .collect();
    let answer = format!("{{\"batch_id\":\"b\",\"batch_no\":\"{number}\",\"status\":\"processing\"}}");
    responder.receipts.lock().unwrap().insert(number, receipts.join(","));
    if responder.keep {
        responder.bodies.lock().unwrap().push(body);
    }
    tokio::time::sleep_until(arrived + LATENCY).await;
    (StatusCode::ACCEPTED, answer)
}

async fn status(State(responder): State<Arc<Responder>>, Query(query): Query<HashMap<String, String>>) -> String {
    let arrived = tokio::time::Instant::now();
    let number = &query["batch_no"];
    let receipts = responder.receipts.lock().unwrap().remove(number).unwrap_or_default();
    let answer =
        format!("{{\"batch_id\":\"b\",\"batch_no\":\"{number}\",\"status\":\"done\",\"receipts\":[{receipts}]}}");
    tokio::time::sleep_until(arrived + LATENCY).await;
    answer
}

/// What the bare loop is answered: as late, and nothing is looked at.
async fn sink(_: Bytes) -> StatusCode {
    tokio::time::sleep(LATENCY).await;
    StatusCode::ACCEPTED
}

async fn respond(responder: Arc<Responder>) -> SocketAddr {
    let router = Router::new()
        .route("/api/v1/batches", get(status).post(submit))
        .route("/sink", post(sink))
        .layer(DefaultBodyLimit::disable())
        .with_state(responder);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    address
}

async fn ours(address: SocketAddr, records: usize) -> Duration {
    let settings = PlatformSettings {
        url: format!("http://{address}"),
        app_key: "city-key".into(),
        secret: "hush".into(),
        ca_file: None,
        proxy: None,
    };
    let platform = Platform::new(settings, Profile::national_v1(), Clock::system()).unwrap();
    let store = Arc::new(Outbox {
        records,
        claimed: AtomicUsize::new(0),
        settled: AtomicUsize::new(0),
        batches: AtomicUsize::new(0),
    });
    let mut options = SyncOptions::new("bench", "bench");
    options.concurrency = CONNECTIONS;
    let begun = Instant::now();
    let outcome = deliver(store.clone(), &platform, options).await.unwrap();
    let took = begun.elapsed();
    assert_eq!(
        (outcome.state, outcome.counts.accepted),
        (RunState::Done, records as u64),
        "{outcome:?}"
    );
    assert_eq!(store.settled.load(Ordering::SeqCst), records);
    took
}

async fn bare(address: SocketAddr, bodies: Vec<Bytes>) -> Duration {
    let client = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([])
        .build()
        .unwrap();
    let bodies = Arc::new(Mutex::new(bodies));
    let begun = Instant::now();
    let workers: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let (client, bodies) = (client.clone(), bodies.clone());
            tokio::spawn(async move {
                loop {
                    let next = bodies.lock().unwrap().pop();
                    let Some(body) = next else { return };
                    let request = client
                        .post(format!("http://{address}/sink"))
                        .header("content-encoding", "gzip")
                        .body(body);
                    let answer = request.send().await.unwrap();
                    assert_eq!(answer.status(), StatusCode::ACCEPTED);
                    answer.bytes().await.unwrap();
                }
            })
        })
        .collect();
    for worker in workers {
        worker.await.unwrap();
    }
    begun.elapsed()
}

/// The most memory that this process has had, in MB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

fn main() {
    let records: usize = std::env::args()
        .find_map(|argument| argument.parse().ok())
        .unwrap_or(100_000);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let _ = rustls::crypto::ring::default_provider().install_default();
    for _ in 0..3 {
        runtime.block_on(async {
            let responder = Arc::new(Responder {
                keep: true,
                ..Responder::default()
            });
            let address = respond(responder.clone()).await;
            let ours = ours(address, records).await;
            let memory = peak();
            let bodies = std::mem::take(&mut *responder.bodies.lock().unwrap());
            let sent: usize = bodies.iter().map(Bytes::len).sum();
            let count = bodies.len();
            let bare = bare(address, bodies).await;
            println!(
                "{records} records, {count} bodies of {} KB on the wire | delivery {:.2} s | bare loop {:.2} s | {:.2} of its rate | peak {memory} MB",
                sent / count / 1024,
                ours.as_secs_f64(),
                bare.as_secs_f64(),
                bare.as_secs_f64() / ours.as_secs_f64(),
            );
        });
    }
}
