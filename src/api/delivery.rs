//! The delivery to the platform: its runs, the packages that operators carry, the comparison.

use std::sync::Arc;
use std::time::Duration;

use retrofit_jobs::delivery::{self as deliveries, Patience, SyncOptions, SyncOutcome};
use retrofit_jobs::platform::Platform;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;

use super::body::{Json, Sent};
use super::endpoint::{Call, Endpoint, In, get, post_apart};
use super::problem::Problem;
use super::record::{ErrorLine, error_lines};
use super::reply::{Done, Plain, Settled};
use super::roles::{KEEP, OVERSEERS, SECRETARIAT};
use super::types::{Archive, Cursor, File, Instant, Nothing, Page, Text};
use super::uploads::Asked;
use crate::db::sync_runs::SyncRunRow;
use crate::registry::{RegistryCode, delivery, lists, packages, reconcile};
use crate::{process, sync};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        get("/runs", OVERSEERS, "The runs of the delivery, newest first", runs),
        post_apart(
            "/runs",
            KEEP,
            "Begins a delivery of what is approved; `/runs` tells how it goes",
            begin_run,
        ),
        get("/outbox", OVERSEERS, "How many deliveries are in each state", outbox),
        get(
            "/rejections",
            OVERSEERS,
            "The records that the platform rejected, newest first",
            rejections,
        ),
        get(
            "/reconciliation",
            OVERSEERS,
            "How the platform's list and the registry compared last",
            reconciliation,
        ),
        post_apart(
            "/reconciliation",
            KEEP,
            "Begins a comparison with the platform's list; nothing is ever deleted",
            begin_reconciliation,
        ),
        get(
            "/packages",
            OVERSEERS,
            "The packages whose receipts are awaited",
            list_packages,
        ),
        post_apart("/packages", KEEP, "Puts what waits into a package", make_package),
        get("/packages/{number}/file", SECRETARIAT, "A package's file", package_file),
        post_apart(
            "/packages/{number}/receipts",
            KEEP,
            "Registers a package's receipts: a workbook, or a part of it",
            register,
        ),
        post_apart(
            "/packages/{number}/loss",
            KEEP,
            "Declares a package never entered: its records wait again",
            lose,
        ),
    ]
}

/// Records by how they ended: `selected` is the sum of the others.
#[derive(Serialize, JsonSchema)]
struct Balance {
    selected: i64,
    accepted: i64,
    rejected: i64,
    unchanged: i64,
    stale: i64,
    pending: i64,
    unknown: i64,
    not_sent: i64,
}

/// A run of the delivery.
#[derive(Serialize, JsonSchema)]
struct RunLine {
    /// Its number.
    id: i64,
    /// `running`, `done`, `pending`, `partial`, `platform-down`, `platform-busy`, `refused`, `clock-skew`, `window-closed`, `abandoned` or
    /// `failed`.
    state: String,
    /// Who or what began it.
    started_by: String,
    /// When.
    started_at: Instant,
    /// When it ended.
    ended_at: Option<Instant>,
    /// How its records ended.
    records: Balance,
    /// Batches posted.
    batches: i64,
    /// Why it ended so.
    detail: Option<String>,
}

fn run_line(row: SyncRunRow) -> RunLine {
    let counts = row.counts;
    let parts = [
        counts.accepted,
        counts.rejected,
        counts.unchanged,
        counts.stale,
        counts.pending,
        counts.unknown,
        counts.not_sent,
    ];
    RunLine {
        id: row.id,
        state: row.state,
        started_by: row.started_by,
        started_at: Instant(row.started_at),
        ended_at: row.ended_at.map(Instant),
        records: Balance {
            selected: parts.iter().sum(),
            accepted: counts.accepted,
            rejected: counts.rejected,
            unchanged: counts.unchanged,
            stale: counts.stale,
            pending: counts.pending,
            unknown: counts.unknown,
            not_sent: counts.not_sent,
        },
        batches: row.batches,
        detail: row.detail,
    }
}

fn runs(call: &Call<'_>, input: In<Nothing, Asked>) -> Result<Page<RunLine>, Problem> {
    let window = input.query.window()?;
    let rows = delivery::runs_before(call.registry, call.operator, window.after_or(i64::MAX), window.probe())?;
    Ok(Page::of(rows, window, |row| Cursor(row.id, 0), run_line))
}

/// How long a delivery that was begun here waits for receipts; the next one asks for what is missing then.
const WAIT: Duration = Duration::from_mins(2);

/// What is delivered was approved, and a record is taken by one run only: one begun twice finds nothing left.
fn begin_run(call: &Call<'_>, _: In) -> Result<Settled<Done>, Problem> {
    let platform = platform(call)?;
    let options = SyncOptions {
        wait: WAIT,
        concurrency: platform.profile.limits.connections,
        ..SyncOptions::new(process::holder(), call.operator.name.clone())
    };
    let registry = call.registry.clone();
    Handle::current().spawn(async move {
        if let Err(error) = sync::run(&registry, &platform, options).await {
            tracing::error!("a delivery: {error}");
        }
    });
    call.at_once(|_| Ok(Done))
}

fn platform(call: &Call<'_>) -> Result<Platform, Problem> {
    sync::platform(call.registry).map_err(|error| Problem::refused(format!("{error:#}")))
}

/// How a comparison is made.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewReconciliation {
    /// Whether what the platform lacks, or has in a lower revision, waits to be delivered again.
    #[serde(default)]
    redeliver: bool,
}

/// A comparison reads; what it has delivered again, or returned, it finds so the second time.
fn begin_reconciliation(
    call: &Call<'_>,
    input: In<Nothing, Nothing, Json<NewReconciliation>>,
) -> Result<Settled<Done>, Problem> {
    let platform = platform(call)?;
    let (store, name) = (Arc::new(call.registry.clone()), call.operator.name.clone());
    let redeliver = input.body.0.redeliver;
    Handle::current().spawn(async move {
        let compared = deliveries::reconcile(store, &platform, &name, redeliver, Patience::default(), None);
        if let Err(error) = compared.await {
            tracing::error!("a comparison with the platform: {error}");
        }
    });
    call.at_once(|_| Ok(Done))
}

/// Deliveries in a state.
#[derive(Serialize, JsonSchema)]
struct InState {
    /// The state.
    state: String,
    /// How many.
    count: i64,
}

fn outbox(call: &Call<'_>, _: In) -> Result<Page<InState>, Problem> {
    let states = delivery::outbox(call.registry, call.operator)?.into_iter();
    Ok(Page::whole(
        states.map(|(state, count)| InState { state, count }).collect(),
    ))
}

/// A record that the platform rejected.
#[derive(Serialize, JsonSchema)]
struct RejectionLine {
    /// The project.
    code: Text<RegistryCode>,
    /// Its department.
    department: String,
    /// Its name.
    name: String,
    /// The revision that was sent.
    revision: i64,
    /// The run.
    run: i64,
    /// Why.
    errors: Vec<ErrorLine>,
    /// When the receipt came.
    at: Instant,
}

fn rejections(call: &Call<'_>, input: In<Nothing, Asked>) -> Result<Page<RejectionLine>, Problem> {
    let window = input.query.window()?;
    let Cursor(delivery, run) = window.after.unwrap_or(Cursor(i64::MAX, 0));
    let rows = lists::rejections(call.registry, call.operator, (delivery, run), window.probe())?;
    let key = |row: &lists::Rejection| Cursor(row.delivery, row.run);
    Ok(Page::of(rows, window, key, |row| RejectionLine {
        code: Text(row.code),
        department: row.department,
        name: row.name,
        revision: row.revision,
        run: row.run,
        errors: error_lines(row.errors),
        at: Instant(row.at),
    }))
}

/// A comparison with the platform's list.
#[derive(Serialize, JsonSchema)]
struct ReconciliationLine {
    /// Its number.
    id: i64,
    /// Who began it.
    started_by: String,
    /// When.
    started_at: Instant,
    /// When it ended; null where it is under way or was cut off.
    ended_at: Option<Instant>,
    /// Records that the platform listed.
    listed: i64,
    /// Why it is not complete.
    trouble: Option<String>,
    /// What differed, the first thousand.
    differences: Vec<DifferenceLine>,
}

/// A record that differs.
#[derive(Serialize, JsonSchema)]
struct DifferenceLine {
    /// Its code, as the platform has it.
    source_id: String,
    /// `missing-there`, `missing-here`, `different` or `returned`.
    kind: String,
    /// The revision that we believe there.
    revision_here: Option<i64>,
    /// The revision that is there.
    revision_there: Option<i64>,
    /// More about it.
    note: Option<String>,
    /// `nothing`, `redelivered` or `sent-back`.
    done: String,
}

fn reconciliation(call: &Call<'_>, _: In) -> Result<Plain<ReconciliationLine>, Problem> {
    let report = reconcile::latest(call.registry, call.operator)?.ok_or_else(Problem::not_found)?;
    let row = report.row;
    Ok(Plain(ReconciliationLine {
        id: row.id,
        started_by: row.started_by,
        started_at: Instant(row.started_at),
        ended_at: row.ended_at.map(Instant),
        listed: row.listed,
        trouble: row.trouble,
        differences: report
            .differences
            .into_iter()
            .map(|row| DifferenceLine {
                source_id: row.source_id,
                kind: row.kind,
                revision_here: row.revision_here,
                revision_there: row.revision_there,
                note: row.note,
                done: row.done,
            })
            .collect(),
    }))
}

/// A package in an operator's hands.
#[derive(Serialize, JsonSchema)]
struct PackageLine {
    /// Its number.
    number: String,
    /// When it was made.
    made_at: Instant,
    /// Records in it.
    records: u64,
    /// Those without a receipt.
    open: u64,
}

fn list_packages(call: &Call<'_>, _: In) -> Result<Page<PackageLine>, Problem> {
    let open = packages::open(call.registry, call.operator)?;
    let lines = open.into_iter().map(|package| PackageLine {
        number: package.batch_no,
        made_at: Instant(package.made_at),
        records: package.records.try_into().unwrap_or(u64::MAX),
        open: package.open.try_into().unwrap_or(u64::MAX),
    });
    Ok(Page::whole(lines.collect()))
}

/// What came of a run by hand.
#[derive(Serialize, JsonSchema)]
struct OutcomeLine {
    /// The package; null where nothing could be put into one.
    number: Option<String>,
    /// How its records stand.
    records: Balance,
    /// In words.
    detail: Option<String>,
    /// Rows of the receipts that are not believed.
    strange: Vec<StrangeLine>,
}

/// A row of a receipts workbook that is not believed.
#[derive(Serialize, JsonSchema)]
struct StrangeLine {
    /// Where it stands.
    at: String,
    /// The record that it names.
    source_id: String,
    /// Why, and what to do.
    reason: String,
}

fn outcome_line(number: Option<String>, outcome: &SyncOutcome, strange: Vec<packages::Strange>) -> OutcomeLine {
    let number_of = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let counts = &outcome.counts;
    OutcomeLine {
        number,
        records: Balance {
            selected: number_of(outcome.selected),
            accepted: number_of(counts.accepted),
            rejected: number_of(counts.rejected),
            unchanged: number_of(counts.unchanged),
            stale: number_of(counts.stale),
            pending: number_of(counts.pending),
            unknown: number_of(counts.unknown),
            not_sent: number_of(counts.not_sent),
        },
        detail: outcome.detail.clone(),
        strange: strange
            .into_iter()
            .map(|row| StrangeLine {
                at: row.at,
                source_id: row.source_id,
                reason: row.reason,
            })
            .collect(),
    }
}

fn profile(call: &Call<'_>) -> Result<retrofit_jobs::platform::Profile, Problem> {
    sync::profile(&call.registry.catalogue).map_err(|error| Problem::refused(format!("{error:#}")))
}

/// What is in a package waits no more: asked again after a fault, there is nothing left, and the package is in the list.
fn make_package(call: &Call<'_>, _: In) -> Result<Settled<Plain<OutcomeLine>>, Problem> {
    match packages::make(call.registry, call.operator, &profile(call)?)? {
        Some((outcome, number)) => call.at_once(|_| Ok(Plain(outcome_line(number, &outcome, Vec::new())))),
        None => Err(Problem::refused("没有待报的工程，未生成数据包。")),
    }
}

/// A package.
#[derive(Deserialize, JsonSchema)]
struct PackagePath {
    number: String,
}

/// Refuses a package that is none.
fn open(call: &Call<'_>, number: &str) -> Result<(), Problem> {
    let open = packages::open(call.registry, call.operator)?;
    if open.iter().any(|package| package.batch_no == number) {
        Ok(())
    } else {
        Err(Problem::not_found())
    }
}

fn package_file(call: &Call<'_>, input: In<PackagePath>) -> Result<File<Archive>, Problem> {
    let number = input.path.number;
    open(call, &number)?;
    let bytes = packages::file(call.registry, call.operator, &number)?;
    Ok(File::new(format!("{number}.zip"), bytes))
}

fn register(call: &Call<'_>, input: In<PackagePath, Nothing, Sent>) -> Result<Settled<Plain<OutcomeLine>>, Problem> {
    let number = input.path.number;
    open(call, &number)?;
    let profile = profile(call)?;
    let file = input.body.0;
    let report = packages::register(call.registry, call.operator, &profile, file.path(), Some(&number))?;
    let number = Some(report.batch_no);
    call.at_once(|_| Ok(Plain(outcome_line(number, &report.outcome, report.strange))))
}

/// How many records wait again.
#[derive(Serialize, JsonSchema)]
struct Waiting {
    records: u64,
}

fn lose(call: &Call<'_>, input: In<PackagePath>) -> Result<Settled<Plain<Waiting>>, Problem> {
    let number = input.path.number;
    open(call, &number)?;
    let records = packages::lose(call.registry, call.operator, &number)?;
    call.at_once(|_| Ok(Plain(Waiting { records })))
}
