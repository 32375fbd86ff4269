//! Packages: the delivery by hand, for a deployment that has no interface. The same outbox, states and balance; only that the
//! answer comes as a workbook, when it comes.
//!
//! The workbooks themselves are written and read by the caller: here they are plain data.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;

use serde_json::{Value, json};

use super::batch::{Prepared, prepare};
use super::receipts::judge;
use super::run::{BEAT, LEASE};
use super::tally::Tally;
use super::{SyncError, SyncOutcome, run};
use crate::clock::{Clock, millis};
use crate::platform::{Profile, cut, sha256_hex};
use crate::store::{
    BatchChange, Counts, Fence, Left, NewBatch, NewMember, NewRun, OpenBatch, PackageStore, RunEnd, RunId, RunState,
    StrayKind, StrayReceipt, Unsent,
};

/// Records in a package at most: what a workbook still opens with ease. What is over goes into the next package.
const RECORDS: usize = 10_000;
/// Records claimed in one transaction.
const CLAIM: usize = 1_000;

/// Who makes a package, or registers its receipts.
#[derive(Clone, Debug)]
pub struct Actor {
    /// This process.
    pub holder: String,
    /// The operator's name.
    pub name: String,
}

/// What goes into a package.
#[derive(Clone, Debug)]
pub struct Contents<'a> {
    /// Its number.
    pub batch_no: &'a str,
    /// The profile that its records follow.
    pub profile: &'a Profile,
    /// Its records.
    pub records: Vec<Line<'a>>,
}

/// A record in a package.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    /// The registry code.
    pub source_id: &'a str,
    /// The revision.
    pub revision: i64,
    /// The record exactly as it would stand in a batch.
    pub json: &'a str,
}

impl Contents<'_> {
    /// `records.jsonl`: a record a line.
    pub fn jsonl(&self) -> String {
        let lines = self.records.iter().map(|record| format!("{}\n", record.json));
        lines.collect()
    }

    /// The columns of `records.xlsx`: what names the record, then its members in the platform's order.
    pub fn columns(&self) -> Vec<&str> {
        let named = ["source_id", "revision", "op"].map(|ours| self.profile.name(ours));
        named
            .into_iter()
            .chain(self.profile.columns().map(|(name, _)| name))
            .collect()
    }

    /// The rows of `records.xlsx`, a value a column; null where the record has none.
    ///
    /// # Errors
    /// A record is no JSON: a bug of ours.
    pub fn rows(&self) -> Result<Vec<Vec<Value>>, serde_json::Error> {
        let row = |line: &Line<'_>| {
            let record: Value = serde_json::from_str(line.json)?;
            let data = &record[self.profile.name("data")];
            let member = |path: &str| path.split('.').fold(data, |inside, name| &inside[name]).clone();
            let named = ["source_id", "revision", "op"].map(|ours| record[self.profile.name(ours)].clone());
            let members = self.profile.columns().map(|(name, _)| member(name));
            Ok(named.into_iter().chain(members).collect())
        };
        self.records.iter().map(row).collect()
    }

    /// `manifest.json` over the other files of the package (name, bytes).
    pub fn manifest(&self, files: &[(&str, &[u8])]) -> String {
        let files = files
            .iter()
            .map(|(name, bytes)| json!({ "name": name, "bytes": bytes.len(), "sha256": sha256_hex(bytes) }));
        let manifest = json!({
            "batch_no": self.batch_no,
            "division_code": self.profile.division_code,
            "profile": self.profile.name,
            "profile_version": self.profile.version,
            "count": self.records.len(),
            "files": files.collect::<Vec<_>>(),
        });
        format!("{manifest:#}\n")
    }
}

/// Claims what waits and puts it into a package, which `file` makes. Gives how the run ended, and the package's number, where
/// anything could be sent. `None`: nothing waits.
///
/// # Errors
/// Only our own faults, those of `file` among them.
pub fn make_package<E: From<SyncError>>(
    store: &dyn PackageStore,
    profile: &Profile,
    clock: &Clock,
    actor: &Actor,
    file: impl FnOnce(&Contents<'_>) -> Result<Vec<u8>, E>,
) -> Result<Option<(SyncOutcome, Option<String>)>, E> {
    let waits = |run| {
        store
            .waiting(run, &profile.stages, clock.now())
            .map_err(SyncError::from)
    };
    // no run has this id
    if waits(RunId(0))? == 0 {
        return Ok(None);
    }
    let run = begin(store, clock, actor)?;
    let packed = alive(store, clock, run, || pack(store, profile, clock, run, file));
    let outcome = finish(store, clock, run, Unsent::Waiting(&profile.stages), &|left| {
        let mut end = Ended::default();
        if let Ok((package, rejected)) = &packed {
            end.counts.rejected = *rejected;
            if let Some((number, count)) = package {
                end.batches = 1;
                end.detail = format!("数据包 {number}（{count} 条）已生成，待人工录入平台后登记回执");
            }
        } else {
            end.state = Some(RunState::Failed);
            end.detail = "生成数据包时系统出错，详见日志；其中的工程仍在待报".into();
        }
        if left.not_sent > 0 && end.state.is_none() {
            let more = format!(
                "另有 {} 条未装入（同一工程的前一版尚无回执，或超过一包的条数）",
                left.not_sent
            );
            end.detail = if end.detail.is_empty() {
                more
            } else {
                format!("{}；{more}", end.detail)
            };
        }
        end
    })?;
    let (package, _) = packed?;
    Ok(Some((outcome, package.map(|(number, _)| number))))
}

type Packed = (Option<(String, u64)>, u64);

fn pack<E: From<SyncError>>(
    store: &dyn PackageStore,
    profile: &Profile,
    clock: &Clock,
    run: RunId,
    file: impl FnOnce(&Contents<'_>) -> Result<Vec<u8>, E>,
) -> Result<Packed, E> {
    let failed = SyncError::from;
    let (mut records, mut rejected) = (Vec::new(), 0);
    while records.len() + CLAIM <= RECORDS {
        let claimed = store.claim(run, &profile.stages, CLAIM, clock.now()).map_err(failed)?;
        if claimed.is_empty() {
            break;
        }
        let (fit, unfit) = prepare(profile, claimed);
        rejected += unfit.len() as u64;
        if !unfit.is_empty() {
            store.reject(run, &unfit, clock.now()).map_err(failed)?;
        }
        records.extend(fit);
    }
    if records.is_empty() {
        return Ok((None, rejected));
    }
    let (batch_no, key) = Prepared::numbers(profile, run, &clock.day(), 1);
    let contents = Contents {
        batch_no: &batch_no,
        profile,
        records: records.iter().map(Prepared::line).collect(),
    };
    let body = file(&contents)?;
    let package = NewBatch {
        body_sha256: sha256_hex(&body),
        members: records.iter().map(Prepared::member).collect::<Vec<NewMember>>(),
        idempotency_key: key,
        batch_no: batch_no.clone(),
        body,
    };
    let stored = store.record_package(run, &package, clock.now()).map_err(failed)?;
    Ok((stored.map(|_| (batch_no, records.len() as u64)), rejected))
}

/// A row of a receipts workbook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageReceipt {
    /// The registry code, as written.
    pub source_id: String,
    /// The contract's word for the result, or what is written in its place.
    pub result: String,
    /// The platform's number.
    pub platform_no: Option<String>,
    /// The platform's words. One of its members before a colon is what they are about.
    pub message: Option<String>,
    /// The revision, where the workbook names it.
    pub revision: Option<i64>,
}

/// What came of the receipts for a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// How the run ended: its records are those of the package that had no receipt before.
    pub outcome: SyncOutcome,
    /// Rows about records that had their receipt already.
    pub known: u64,
    /// Registry codes as written in rows that are not believed, with why.
    pub strays: Vec<(String, StrayKind)>,
}

/// Registers receipts for an open package. What is not named stays pending. `None`: there is no such open package, or another
/// process is at it.
///
/// # Errors
/// Only our own faults.
pub fn register_receipts(
    store: &dyn PackageStore,
    profile: &Profile,
    clock: &Clock,
    actor: &Actor,
    batch_no: &str,
    rows: &[PackageReceipt],
) -> Result<Option<Registered>, SyncError> {
    let run = begin(store, clock, actor)?;
    let Some(batch) = store.take_package(run, batch_no, clock.now())? else {
        end_about(store, clock, run, batch_no, "不在待回执之列，未登记")?;
        return Ok(None);
    };
    let open = batch.members.iter().filter(|member| member.open).count() as u64;
    let raw: Vec<Value> = rows.iter().map(|row| row.as_receipt(profile, &batch)).collect();
    let judged = judge(profile, &batch.members, &raw, true);
    let mut strays = judged.strays;
    // what is not named yet may still come
    strays.retain(|stray| stray.kind != StrayKind::Missing);
    let about: Vec<(String, StrayKind)> = strays.iter().map(named).collect();
    let known = rows.iter().filter(|row| settled(&batch, &row.source_id)).count() as u64;
    let mut tally = Tally::default();
    tally.settle(&judged.receipts, 0);
    let pending = open - judged.receipts.len() as u64;
    let change = BatchChange::Receipts {
        platform_batch_id: String::new(),
        receipts: judged.receipts,
        strays,
        done: pending == 0,
    };
    if store.advance(run, batch.batch_id, None, &change, clock.now())? == Fence::Lost {
        end_about(store, clock, run, batch_no, "已由另一进程接手")?;
        return Ok(None);
    }
    let end = |_: &Left| Ended {
        counts: tally.counts,
        ..Ended::about(batch_no, "的回执")
    };
    Ok(Some(Registered {
        outcome: finish(store, clock, run, Unsent::None, &end)?,
        known,
        strays: about,
    }))
}

/// Declares an open package lost: what has no receipt waits again, in the same revisions. Gives how many records that are.
/// `None`: as with [`register_receipts`].
///
/// # Errors
/// Only our own faults.
pub fn lose_package(
    store: &dyn PackageStore,
    clock: &Clock,
    actor: &Actor,
    batch_no: &str,
) -> Result<Option<u64>, SyncError> {
    let run = begin(store, clock, actor)?;
    let lost = match store.take_package(run, batch_no, clock.now())? {
        None => None,
        Some(batch) => {
            let change = BatchChange::Returned { keep: false };
            let fence = store.advance(run, batch.batch_id, None, &change, clock.now())?;
            let open = batch.members.iter().filter(|member| member.open).count() as u64;
            (fence == Fence::Held).then_some(open)
        }
    };
    match lost {
        None => end_about(store, clock, run, batch_no, "不在待回执之列，未作变动")?,
        Some(open) => {
            let what = format!("登记为遗失，{open} 条重新待报");
            finish(store, clock, run, Unsent::Returned, &|_| Ended::about(batch_no, &what))?
        }
    };
    Ok(lost)
}

impl PackageReceipt {
    /// As the platform would have answered over the wire. A workbook that names no revision is about the one in the package.
    fn as_receipt(&self, profile: &Profile, batch: &OpenBatch) -> Value {
        let sent = || {
            let member = batch.members.iter().find(|member| member.source_id == self.source_id);
            member.map(|member| member.revision)
        };
        let words = self.message.as_deref().unwrap_or_default();
        let about = words
            .split_once([':', '：'])
            .filter(|(member, _)| profile.field_of(member.trim()).is_some());
        let (member, words) = about.map_or(("", words), |(member, words)| (member.trim(), words.trim()));
        let errors = if self.result == "rejected" {
            vec![json!({ "field": member, "code": "", "message": words })]
        } else {
            Vec::new()
        };
        json!({
            "source_id": self.source_id,
            "revision": self.revision.or_else(sent).unwrap_or_default(),
            "result": self.result,
            "platform_no": self.platform_no,
            "errors": errors,
        })
    }
}

fn settled(batch: &OpenBatch, source_id: &str) -> bool {
    let is = |member: &&crate::store::OpenMember| member.source_id == source_id;
    batch.members.iter().find(is).is_some_and(|member| !member.open)
}

fn named(stray: &StrayReceipt) -> (String, StrayKind) {
    let raw: Value = serde_json::from_str(&stray.raw).unwrap_or_default();
    let source_id = raw["source_id"].as_str().unwrap_or_default();
    (cut(source_id.to_owned(), 64), stray.kind)
}

fn begin(store: &dyn PackageStore, clock: &Clock, actor: &Actor) -> Result<RunId, SyncError> {
    let now = clock.now();
    Ok(store.begin_run(&NewRun {
        holder: actor.holder.clone(),
        started_by: actor.name.clone(),
        started_at: now,
        lease_until: now + millis(LEASE),
    })?)
}

/// Does a run's work and extends its lease meanwhile, however long that takes.
fn alive<T>(store: &dyn PackageStore, clock: &Clock, run: RunId, work: impl FnOnce() -> T) -> T {
    thread::scope(|scope| {
        let (at_work, over) = channel::<()>();
        let keeper = thread::Builder::new().spawn_scoped(scope, move || {
            // until the work is done, or has panicked: then the other end is gone
            while over.recv_timeout(BEAT) == Err(RecvTimeoutError::Timeout) {
                match store.renew_run(run, &Counts::default(), clock.now() + millis(LEASE)) {
                    Ok(Fence::Held) => {}
                    // what follows is fenced
                    Ok(Fence::Lost) => return,
                    Err(error) => tracing::error!(run = run.0, %error, "the run's lease could not be extended"),
                }
            }
        });
        if let Err(error) = keeper {
            tracing::error!(run = run.0, %error, "the run's lease will not be extended");
        }
        let worked = work();
        drop(at_work);
        worked
    })
}

/// What is said of a run at its end.
#[derive(Default)]
struct Ended {
    counts: Counts,
    batches: u64,
    state: Option<RunState>,
    detail: String,
}

impl Ended {
    fn about(batch_no: &str, what: &str) -> Self {
        Self {
            detail: format!("数据包 {}{what}", cut(batch_no.to_owned(), 64)),
            ..Self::default()
        }
    }
}

/// Ends a run that has nothing to account for.
fn end_about(
    store: &dyn PackageStore,
    clock: &Clock,
    run: RunId,
    batch_no: &str,
    what: &str,
) -> Result<SyncOutcome, SyncError> {
    finish(store, clock, run, Unsent::None, &|_| Ended::about(batch_no, what))
}

fn finish(
    store: &dyn PackageStore,
    clock: &Clock,
    run: RunId,
    unsent: Unsent<'_>,
    ended: &dyn Fn(&Left) -> Ended,
) -> Result<SyncOutcome, SyncError> {
    let end = |left: &Left| {
        let ended = ended(left);
        let counts = ended.counts.leaving(left);
        RunEnd {
            state: run::end_state(ended.state, &counts),
            counts,
            batches: ended.batches,
            detail: Some(ended.detail).filter(|detail| !detail.is_empty()),
        }
    };
    let held = store.finish_run(run, unsent, &end, clock.now())?;
    let end = held.unwrap_or_else(|| RunEnd {
        state: RunState::Abandoned,
        ..end(&Left::default())
    });
    Ok(SyncOutcome {
        run_id: run,
        state: end.state,
        selected: end.counts.selected(),
        counts: end.counts,
        batches: end.batches,
        detail: end.detail,
    })
}
