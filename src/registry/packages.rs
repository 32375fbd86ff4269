//! Packages: the delivery by hand, and the receipts that come back as a workbook.

use std::io;
use std::path::Path;

use retrofit_jobs::delivery::{
    Actor, Registered, SyncError, SyncOutcome, lose_package, make_package, register_receipts,
};
use retrofit_jobs::platform::Profile;
use retrofit_jobs::store::{StrayKind, UtcMillis};
use serde::Serialize;
use serde_json::json;

use super::people::Operator;
use super::receipts_file::{self, Row};
use super::{Error, Failure, Registry, audit, package_file};
use crate::db::{DbError, batches, deliveries};
use crate::process;

/// A package in an operator's hands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Package {
    /// Its number.
    pub batch_no: String,
    /// When it was made.
    pub made_at: UtcMillis,
    /// Records in it.
    pub records: usize,
    /// Those without a receipt.
    pub open: usize,
}

impl From<SyncError> for Error {
    fn from(error: SyncError) -> Self {
        Self::Failed(Failure::Delivery(error))
    }
}

fn may_deliver(operator: &Operator) -> Result<(), Error> {
    if operator.may_deliver() {
        Ok(())
    } else {
        Err(Error::refused(format!(
            "用户“{}”不是秘书处成员，不能上报。",
            operator.name
        )))
    }
}

fn actor(operator: &Operator) -> Actor {
    Actor {
        holder: process::holder(),
        name: operator.name.clone(),
    }
}

/// The packages whose receipts are awaited, oldest first: for those who see every department.
///
/// # Errors
/// Refused to others.
pub fn open(registry: &Registry, operator: &Operator) -> Result<Vec<Package>, Error> {
    super::runs::sees_runs(operator)?;
    let open = registry.db.read(|conn| {
        let rows = batches::open_packages(conn)?;
        let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
        let members = deliveries::members(conn, &ids)?;
        let package = |row: batches::OpenBatchRow| {
            let own = || members.iter().filter(|member| member.batch_id == row.id);
            Package {
                records: own().count(),
                open: own().filter(|member| member.state == "pending").count(),
                made_at: row.recorded_at,
                batch_no: row.batch_no,
            }
        };
        Ok::<_, DbError>(rows.into_iter().map(package).collect())
    });
    Ok(open?)
}

/// Puts what waits into a package. Its file is [`file`]. `None`: nothing waits.
///
/// # Errors
/// Refused to all but the secretariat.
pub fn make(
    registry: &Registry,
    operator: &Operator,
    profile: &Profile,
) -> Result<Option<(SyncOutcome, Option<String>)>, Error> {
    may_deliver(operator)?;
    let made = make_package(registry, profile, &registry.clock, &actor(operator), |contents| {
        let failed = |error| super::file_failure(Path::new("package.zip"), io::Error::other(error));
        package_file::write(contents).map_err(|error| Error::Failed(failed(error)))
    })?;
    if let Some((outcome, Some(number))) = &made {
        note(
            registry,
            operator,
            "package.make",
            number,
            &json!({ "records": outcome.counts.pending }),
        )?;
    }
    Ok(made)
}

/// The file of an open package, the same each time.
///
/// # Errors
/// Refused to all but the secretariat, and where there is no such package any more.
pub fn file(registry: &Registry, operator: &Operator, batch_no: &str) -> Result<Vec<u8>, Error> {
    may_deliver(operator)?;
    let body = registry.db.read(|conn| {
        let rows = batches::open_packages(conn)?;
        match rows.into_iter().find(|row| row.batch_no == batch_no) {
            Some(row) => batches::body(conn, row.id),
            None => Ok::<_, DbError>(None),
        }
    })?;
    body.ok_or_else(|| no_package(registry, batch_no))
}

fn no_package(registry: &Registry, batch_no: &str) -> Error {
    let open = registry.db.read(batches::open_packages).unwrap_or_default();
    let open: Vec<String> = open.into_iter().map(|row| row.batch_no).collect();
    let open = if open.is_empty() {
        "目前没有待回执的数据包".to_owned()
    } else {
        format!("待回执的数据包：{}", open.join("、"))
    };
    Error::refused(format!(
        "数据包“{batch_no}”不在待回执之列：回执已登记完，或已登记为遗失，或正由他人登记。{open}。"
    ))
}

/// What came of a receipts workbook.
#[derive(Clone, Debug, Serialize)]
pub struct ReceiptsReport {
    /// The package.
    pub batch_no: String,
    /// How its records stand; the run is on the page of the runs.
    #[serde(flatten)]
    pub outcome: SyncOutcome,
    /// Rows about records that had their receipt already.
    pub known: u64,
    /// Rows without a result.
    pub blank: usize,
    /// Rows that are not believed.
    pub strange: Vec<Strange>,
}

/// A row of a receipts workbook that is not believed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Strange {
    /// Where it stands, such as `回执!A7`.
    pub at: String,
    /// What is written as its registry code.
    pub source_id: String,
    /// Why, and what to do.
    pub reason: String,
}

/// Registers the receipts of a workbook: for the package that is named, or that the workbook names, or the only one that is
/// open.
///
/// # Errors
/// Refused to all but the secretariat; where the file cannot be read or is no receipts workbook; and where it is not clear
/// which package it is about.
pub fn register(
    registry: &Registry,
    operator: &Operator,
    profile: &Profile,
    workbook: &Path,
    batch_no: Option<&str>,
) -> Result<ReceiptsReport, Error> {
    may_deliver(operator)?;
    let rows =
        receipts_file::read(&registry.checker, workbook).map_err(|source| super::file_failure(workbook, source))?;
    let rows = rows.map_err(Error::Refused)?;
    let batch_no = match batch_no {
        Some(named) => named.to_owned(),
        None => about(registry, &rows)?,
    };
    let (own, others): (Vec<Row>, Vec<Row>) = rows
        .into_iter()
        .partition(|row| row.batch_no.as_ref().is_none_or(|written| *written == batch_no));
    let (answered, blank): (Vec<Row>, Vec<Row>) = own.into_iter().partition(|row| !row.receipt.result.is_empty());
    let receipts: Vec<_> = answered.iter().map(|row| row.receipt.clone()).collect();
    let registered = register_receipts(
        registry,
        profile,
        &registry.clock,
        &actor(operator),
        &batch_no,
        &receipts,
    )?;
    let Some(Registered { outcome, known, strays }) = registered else {
        return Err(no_package(registry, &batch_no));
    };
    let mut strange: Vec<Strange> = others
        .iter()
        .map(|row| {
            row.strange(format!(
                "这一行是数据包 {} 的，不是 {batch_no} 的，未登记",
                row.batch_no.as_deref().unwrap_or_default()
            ))
        })
        .collect();
    for row in &answered {
        let stray = strays.iter().find(|(source_id, _)| *source_id == row.receipt.source_id);
        strange.extend(stray.map(|(_, kind)| row.strange(said(*kind, row))));
    }
    let detail = json!({ "run": outcome.run_id, "rows": receipts.len(), "strange": strange.len() });
    note(registry, operator, "package.receipts", &batch_no, &detail)?;
    Ok(ReceiptsReport {
        batch_no,
        outcome,
        known,
        blank: blank.len(),
        strange,
    })
}

fn said(kind: StrayKind, row: &Row) -> String {
    match kind {
        StrayKind::Foreign => "这个数据包里没有这条记录（或不是这一版），未登记；请核对登记编号".into(),
        StrayKind::Malformed | StrayKind::Missing if receipts_file::is_result(&row.receipt.result) => {
            "同一条记录在表中有不同的结果，都未登记；请改为一致后重新上传".into()
        }
        StrayKind::Malformed | StrayKind::Missing => format!(
            "结果“{}”无法识别，未登记；请写 {}",
            row.receipt.result,
            receipts_file::RESULTS.map(|(_, label)| label).join("、")
        ),
    }
}

/// The package that a workbook is about.
fn about(registry: &Registry, rows: &[Row]) -> Result<String, Error> {
    let mut named: Vec<&str> = rows.iter().filter_map(|row| row.batch_no.as_deref()).collect();
    named.sort_unstable();
    named.dedup();
    let open = registry.db.read(batches::open_packages)?;
    match (&named[..], &open[..]) {
        ([one], _) => Ok((*one).to_owned()),
        ([], [one]) => Ok(one.batch_no.clone()),
        ([], []) => Err(Error::refused("目前没有待回执的数据包，这份回执未登记。")),
        _ => {
            let open: Vec<&str> = open.iter().map(|row| &*row.batch_no).collect();
            Err(Error::refused(format!(
                "不能确定这份回执属于哪个数据包，请指明（--batch）。待回执的数据包：{}。",
                open.join("、")
            )))
        }
    }
}

/// Declares a package lost: its records without a receipt wait again, in the same revisions. Gives how many.
///
/// # Errors
/// Refused to all but the secretariat, and where there is no such package any more.
pub fn lose(registry: &Registry, operator: &Operator, batch_no: &str) -> Result<u64, Error> {
    may_deliver(operator)?;
    let lost = lose_package(registry, &registry.clock, &actor(operator), batch_no)?;
    let records = lost.ok_or_else(|| no_package(registry, batch_no))?;
    note(
        registry,
        operator,
        "package.lost",
        batch_no,
        &json!({ "records": records }),
    )?;
    Ok(records)
}

fn note(
    registry: &Registry,
    operator: &Operator,
    action: &str,
    batch_no: &str,
    detail: &serde_json::Value,
) -> Result<(), Error> {
    let now = registry.clock.now();
    let noted = registry
        .db
        .write(|conn| audit::note(conn, operator, now, (action, audit::Outcome::Done), batch_no, detail));
    Ok(noted?)
}
