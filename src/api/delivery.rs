//! The delivery to the platform: its runs, what it rejected, the comparison.

use std::sync::Arc;
use std::time::Duration;

use retrofit_jobs::delivery::{self as deliveries, Patience, SyncOptions};
use retrofit_jobs::platform::Platform;
use retrofit_jobs::store::{DeliveryState, LeftState, Verdict};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;

use super::body::Json;
use super::endpoint::{Call, Endpoint, In, get, post_apart};
use super::inspections::Id;
use super::problem::Problem;
use super::record::{ErrorLine, error_lines};
use super::reply::{Done, Plain, Settled};
use super::roles::{KEEP, OVERSEERS};
use super::types::{Cursor, Instant, Nothing, OneOf, Page, Text, Window};
use super::uploads::Asked;
use crate::db::sync_runs::SyncRunRow;
use crate::registry::{RegistryCode, delivery, lists, reconcile};
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
        get("/runs/{id}", OVERSEERS, "One run", one_run),
        get(
            "/runs/{id}/records",
            OVERSEERS,
            "The records on which a run got a verdict, oldest first",
            answered,
        ),
        get(
            "/runs/{id}/left",
            OVERSEERS,
            "The records that a run left to those after it, oldest first",
            left,
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
    ]
}

/// Records by how they ended: `selected` is the sum of the others.
#[derive(Serialize, JsonSchema)]
pub(super) struct Balance {
    pub(super) selected: i64,
    pub(super) accepted: i64,
    pub(super) rejected: i64,
    pub(super) unchanged: i64,
    pub(super) stale: i64,
    pub(super) pending: i64,
    pub(super) unknown: i64,
    pub(super) not_sent: i64,
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
    /// Whether `/runs/{id}/left` has the records behind `pending`, `unknown` and `not_sent`: not of a run that is not over, nor of those
    /// before the latest 30.
    left_kept: bool,
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
        left_kept: row.left_kept == 1,
    }
}

fn runs(call: &Call<'_>, input: In<Nothing, Asked>) -> Result<Page<RunLine>, Problem> {
    let window = input.query.window()?;
    let rows = delivery::runs_before(call.registry, call.operator, window.after_or(i64::MAX), window.probe())?;
    Ok(Page::of(rows, window, |row| Cursor(row.id, 0), run_line))
}

fn find_run(call: &Call<'_>, id: i64) -> Result<SyncRunRow, Problem> {
    let found = delivery::runs_before(call.registry, call.operator, id.saturating_add(1), 1)?.pop();
    found.filter(|row| row.id == id).ok_or_else(Problem::not_found)
}

fn one_run(call: &Call<'_>, input: In<Id>) -> Result<Plain<RunLine>, Problem> {
    Ok(Plain(run_line(find_run(call, input.path.id)?)))
}

/// Which records of a run.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AskedRecords {
    /// Where the list goes on.
    cursor: Option<Text<Cursor>>,
    /// Lines at most: 1 to 200, usually 50.
    #[schemars(range(min = 1, max = 200))]
    limit: Option<u16>,
    /// What the platform said of them.
    verdict: OneOf<Verdict>,
}

/// A record that the platform answered.
#[derive(Serialize, JsonSchema)]
struct AnsweredLine {
    /// The project.
    code: Text<RegistryCode>,
    /// Its department.
    department: String,
    /// Its name.
    name: String,
    /// The revision that was sent.
    revision: i64,
    /// The platform's number of the record.
    platform_no: Option<String>,
    /// What the platform complains of.
    errors: Vec<ErrorLine>,
    /// When the receipt came.
    at: Instant,
}

fn answered(call: &Call<'_>, input: In<Id, AskedRecords>) -> Result<Page<AnsweredLine>, Problem> {
    let window = Window::new(input.query.cursor, input.query.limit)?;
    let run = find_run(call, input.path.id)?.id;
    let which = (run, input.query.verdict.0);
    let rows = lists::answered(call.registry, call.operator, which, window.after_or(0), window.probe())?;
    let key = |row: &lists::Answer| Cursor(row.delivery, 0);
    Ok(Page::of(rows, window, key, |row| AnsweredLine {
        code: Text(row.code),
        department: row.department,
        name: row.name,
        revision: row.revision,
        platform_no: row.platform_no,
        errors: error_lines(row.errors),
        at: Instant(row.at),
    }))
}

/// Which of the records that a run left.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AskedLeft {
    /// Where the list goes on.
    cursor: Option<Text<Cursor>>,
    /// Lines at most: 1 to 200, usually 50.
    #[schemars(range(min = 1, max = 200))]
    limit: Option<u16>,
    /// How it left them.
    state: OneOf<LeftState>,
}

/// A record that a run left.
#[derive(Serialize, JsonSchema)]
struct LeftLine {
    /// The project.
    code: Text<RegistryCode>,
    /// Its department.
    department: String,
    /// Its name.
    name: String,
    /// The revision.
    revision: i64,
    /// How its delivery stands now.
    now: OneOf<DeliveryState>,
    /// The run that holds or settled it; null where it waits.
    run: Option<i64>,
}

fn left(call: &Call<'_>, input: In<Id, AskedLeft>) -> Result<Page<LeftLine>, Problem> {
    let window = Window::new(input.query.cursor, input.query.limit)?;
    let run = find_run(call, input.path.id)?.id;
    let which = (run, input.query.state.0);
    let rows = delivery::left(call.registry, call.operator, which, window.after_or(0), window.probe())?;
    let key = |row: &delivery::LeftOver| Cursor(row.delivery, 0);
    Ok(Page::of(rows, window, key, |row| LeftLine {
        code: Text(row.code),
        department: row.department,
        name: row.name,
        revision: row.revision,
        now: OneOf(row.state),
        run: row.run,
    }))
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
    let key = |row: &lists::Answer| Cursor(row.delivery, row.run);
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
