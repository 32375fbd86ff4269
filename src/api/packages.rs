//! The packages that operators carry where there is no way to the platform.

use retrofit_jobs::delivery::SyncOutcome;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::body::{Sent, Sheet};
use super::delivery::Balance;
use super::endpoint::{Call, Endpoint, In, get, post_apart};
use super::problem::Problem;
use super::reply::{Plain, Settled};
use super::roles::{KEEP, OVERSEERS, SECRETARIAT};
use super::types::{Archive, File, Instant, Nothing, Page};
use crate::registry::packages;
use crate::sync;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
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

fn register(
    call: &Call<'_>,
    input: In<PackagePath, Nothing, Sent<Sheet>>,
) -> Result<Settled<Plain<OutcomeLine>>, Problem> {
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
