//! Intake: a file that a department sent becomes revisions of projects.
//!
//! `receive` keeps the file, `read` checks it, `note_unreadable` keeps why nothing could be read, `preview` shows what it would change,
//! `commit` does exactly that in one transaction, or answers with a new preview where the registry has moved. The kept file is the truth: a page that confirms a
//! preview reads the file again and compares [`Preview::fingerprint`] with the one that was shown.
//!
//! - The same bytes, department and period are the same upload: it is planned afresh, and only what is not yet in goes in.
//! - A row equal to the project's current revision is `unchanged`, whatever that revision's state: one that was returned stays so, with its
//!   reason, until it is changed, or sent again on purpose ([`super::projects::resubmit`]).
//! - Rows with an error are held, and so are rows with a finding to confirm for which no explanation is given. Held rows stay with the
//!   upload.
//! - What the registry knows is compared in [`known`]; its findings stand with those of the check.
//! - An error that the secretariat waived for a project ([`super::waivers`]) does not hold its row.
//! - How a row meets its project, and what happens where two rows meet the same, stands in [`identity`].

mod answers;
mod columns;
mod commit;
mod compare;
mod fate;
mod held;
mod identity;
mod known;
mod matches;
mod near;
mod plan;
mod reading;
mod report;
mod roster;

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;

use chrono::NaiveDate;
use retrofit_import::check::{CheckedRow, Checker, Corrections};
use retrofit_import::finding::{Finding, Severity};
use retrofit_import::record::Record;
use sha2::{Digest as _, Sha256};

pub use self::answers::{Answer, LONGEST, Source, drafts, explain, finding_scope, group_scope, rule_scope};
pub use self::columns::{Choice, Correction, correct, correct_columns, corrections};
pub use self::commit::{Outcome, commit};
pub use self::compare::compare_the_old;
pub use self::fate::{Alarm, Counts, Fate, Hold, Kind};
pub use self::matches::{Likeness, Side, choose, chosen, likenesses, unchoose};
pub use self::plan::{Preview, preview};
pub use self::reading::{check, open};
use self::roster::Keeper;
pub use self::roster::{Roster, Row};
use super::code::RegistryCode;
use super::people::{Operator, Sight};
use super::values::hex;
use super::{Error, Registry, audit, file_failure};
use crate::db::checks::{self, CheckRow};
use crate::db::counters::{self, Counter};
use crate::db::keys;
use crate::db::projects::{self, ProjectRow};
pub use crate::db::uploads::UploadRow as Upload;
use crate::db::uploads::{self, HeldRow, NewUpload, UploadFindingRow};
use crate::db::{Conn, DbError};

/// The folder of uploads in the data folder.
pub(super) const UPLOADS: &str = "uploads";
/// How many checked rows are handed over together.
const LOT: usize = 256;
/// The state of an upload of which nothing else is known yet.
const RECEIVED: &str = "received";
/// The state of an upload of which nothing could be read.
const UNREADABLE: &str = "unreadable";

/// Keeps a file that a department sent, under the digest of its bytes. Sent before for the same period, it is the same upload.
///
/// # Errors
/// Refused where the operator may not send for the department, the period is no month, or the file cannot be read.
pub fn receive(
    registry: &Registry,
    operator: &Operator,
    department: &str,
    period: &str,
    file_name: &str,
    file: &Path,
) -> Result<Upload, Error> {
    let department = registry.department(department)?;
    if !operator.may_send(department) {
        return Err(Error::refused(format!(
            "用户“{}”不能代部门“{department}”报送。",
            operator.name
        )));
    }
    if !is_month(period) {
        return Err(Error::refused(format!(
            "报送月份“{period}”无法识别，请写成“2026-11”这样的年-月。"
        )));
    }
    let (sha256, bytes, stored) = keep(registry, file_name, file)?;
    let now = registry.clock.now();
    registry.db.write(|conn| {
        counters::lock(conn, Counter::Project)?;
        if let Some(upload) = uploads::same(conn, department, period, &sha256)? {
            return Ok(upload);
        }
        let upload = NewUpload {
            department,
            period,
            sha256: &sha256,
            file_name,
            stored: &stored,
            bytes,
            state: RECEIVED,
            received_by: &operator.name,
            received_at: now,
        };
        let upload = uploads::insert(conn, &upload)?;
        let detail =
            serde_json::json!({ "department": department, "period": period, "sha256": sha256, "file": file_name });
        audit::note(
            conn,
            operator,
            now,
            ("upload.receive", audit::Outcome::Done),
            &upload.id.to_string(),
            &detail,
        )?;
        Ok(upload)
    })
}

/// Says whether an upload lists only some of the department's projects: what it does not list is then not missing.
///
/// # Errors
/// Refused where the operator may not send for the department.
pub fn declare_supplement(
    registry: &Registry,
    operator: &Operator,
    upload: &mut Upload,
    supplement: bool,
) -> Result<(), Error> {
    if !operator.may_send(&upload.department) {
        return Err(Error::refused(format!("用户“{}”不能代该部门报送。", operator.name)));
    }
    if (upload.supplement == 1) == supplement {
        return Ok(());
    }
    let (now, id) = (registry.clock.now(), upload.id);
    registry.db.write(|conn| {
        counters::lock(conn, Counter::Project)?;
        uploads::set_supplement(conn, id, supplement)?;
        let action = ("upload.supplement", audit::Outcome::Done);
        let detail = serde_json::json!({ "supplement": supplement });
        audit::note(conn, operator, now, action, &id.to_string(), &detail)
    })?;
    upload.supplement = i64::from(supplement);
    Ok(())
}

/// Checks a received file on the business day `today`, its columns understood as its department corrected them, and writes nothing.
///
/// # Errors
/// Only our own faults: see [`Roster::is_readable`] for the sender's.
pub fn read(registry: &Registry, upload: &Upload, today: NaiveDate) -> Result<Roster, Error> {
    let corrections = registry.db.read(|conn| columns::remembered(conn, &upload.department))?;
    read_with(registry, upload, today, corrections)
}

fn read_with(
    registry: &Registry,
    upload: &Upload,
    today: NaiveDate,
    corrections: Corrections,
) -> Result<Roster, Error> {
    let path = registry.folder(UPLOADS)?.join(&upload.stored);
    let checker = Checker {
        corrections,
        ..registry.checker.clone()
    };
    let compared = !registry.db.read(|conn| keys::has_none(conn, &upload.department))?;
    // While rows are checked, those before them are brought into the form that is kept.
    let (summary, mut roster) = thread::scope(|scope| {
        let (lots, rows) = mpsc::sync_channel::<Vec<CheckedRow>>(4);
        let (spent, done) = mpsc::channel::<Vec<Record>>();
        let keeper = scope.spawn(move || {
            let mut keeper = Keeper::new(compared);
            for lot in rows {
                let records = lot.into_iter().map(|row| keeper.keep(row)).collect();
                // Where nobody takes them back any more, they end here.
                let _ = spent.send(records);
            }
            keeper.roster
        });
        let mut lot = Vec::new();
        let summary = checker.check(&path, today, &mut |row| {
            lot.push(row);
            if lot.len() == LOT {
                // Where the keeper is gone, it panicked, which its join says.
                let _ = lots.send(std::mem::take(&mut lot));
                // Memory is soonest used again by the thread that took it.
                done.try_iter().for_each(drop);
            }
        });
        let _ = lots.send(lot);
        drop(lots);
        let roster = keeper.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        (summary, roster)
    });
    let summary = summary.map_err(|source| file_failure(&path, source))?;
    known::log(&summary.incidents);
    if summary.refusal.is_some() {
        roster = Roster::default();
    }
    roster.sum_up(summary);
    Ok(roster)
}

/// Notes that nothing can be read of an upload, with the findings that say why. Does nothing where something could be read, or where it
/// was noted or committed before, though `upload` does not say so yet.
///
/// # Errors
/// Only our own faults.
pub fn note_unreadable(
    registry: &Registry,
    operator: &Operator,
    upload: &Upload,
    roster: &Roster,
) -> Result<(), Error> {
    if roster.is_readable() || upload.state != RECEIVED {
        return Ok(());
    }
    let findings = finding_rows(upload.id, roster.summary.findings.iter());
    let why: Vec<&str> = findings.iter().map(|finding| &*finding.message).take(3).collect();
    let detail = serde_json::json!({ "file": upload.file_name, "reason": why.concat() });
    let now = registry.clock.now();
    Ok(registry.db.write(|conn| {
        counters::lock(conn, Counter::Project)?;
        match uploads::find(conn, upload.id)? {
            Some(current) if current.state == RECEIVED => {
                note_check(conn, upload, 0, roster.summary.findings.iter())?;
                uploads::settle(conn, upload.id, UNREADABLE, "{}", None, &[], &findings)?;
                let refused = ("upload.read", audit::Outcome::Refused);
                audit::note(conn, operator, now, refused, &upload.id.to_string(), &detail)
            }
            _ => Ok(()),
        }
    })?)
}

/// An upload that the operator may see.
///
/// # Errors
/// Refused where there is none, or it is another department's.
pub fn upload(registry: &Registry, operator: &Operator, id: i64) -> Result<Upload, Error> {
    let upload = registry.db.read(|conn| uploads::find(conn, id))?;
    upload
        .filter(|upload| operator.may_see(&upload.department))
        .ok_or_else(|| Error::refused(format!("没有编号为 {id} 的报送。")))
}

/// The latest uploads that the operator may see, newest first.
///
/// # Errors
/// Only our own faults.
pub fn uploads(registry: &Registry, operator: &Operator, limit: i64) -> Result<Vec<Upload>, Error> {
    uploads_before(registry, operator, i64::MAX, limit)
}

/// The uploads before this one that the operator may see, newest first.
///
/// # Errors
/// Only our own faults.
pub fn uploads_before(registry: &Registry, operator: &Operator, before: i64, limit: i64) -> Result<Vec<Upload>, Error> {
    let department = match operator.sees() {
        Sight::All => None,
        Sight::Department(code) => Some(code),
        Sight::Nothing => return Ok(Vec::new()),
    };
    Ok(registry
        .db
        .read(|conn| uploads::latest(conn, department, before, limit))?)
}

/// How many held rows of each of these uploads no later upload brought again; those without are left out.
///
/// # Errors
/// Only our own faults.
pub fn open_held(registry: &Registry, uploads: &[Upload]) -> Result<HashMap<i64, i64>, Error> {
    let ids: Vec<i64> = uploads.iter().map(|upload| upload.id).collect();
    Ok(registry.db.read(|conn| uploads::open_counts(conn, &ids))?)
}

/// The latest of a department's held rows that no later upload brought again.
///
/// # Errors
/// Refused where the operator does not see the department.
pub fn latest_open(
    registry: &Registry,
    operator: &Operator,
    department: &str,
    limit: i64,
) -> Result<Vec<HeldRow>, Error> {
    if !operator.may_see(department) {
        return Err(Error::refused(format!("没有代码为“{department}”的部门。")));
    }
    Ok(registry
        .db
        .read(|conn| uploads::latest_open_rows(conn, department, limit))?)
}

/// The projects of these codes, in their order, as lists show them.
///
/// # Errors
/// Only our own faults.
pub fn listed(registry: &Registry, codes: &[RegistryCode]) -> Result<Vec<ProjectRow>, Error> {
    let ids: Vec<i64> = codes.iter().map(|code| code.id).collect();
    let mut rows = registry.db.read(|conn| projects::with_ids(conn, &ids))?;
    rows.sort_unstable_by_key(|row| row.id);
    Ok(rows)
}

/// The held rows of an upload, and the findings that stay with it.
///
/// # Errors
/// As [`upload`].
pub fn held(registry: &Registry, operator: &Operator, id: i64) -> Result<(Vec<HeldRow>, Vec<UploadFindingRow>), Error> {
    upload(registry, operator, id)?;
    registry
        .db
        .read(|conn| Ok((uploads::held_rows(conn, id)?, uploads::findings(conn, id)?)))
}

/// Copies a file into the data folder under the digest of its bytes: (digest, size, name there).
fn keep(registry: &Registry, file_name: &str, file: &Path) -> Result<(String, i64, String), Error> {
    let folder = registry.folder(UPLOADS)?;
    let unreadable = |source: io::Error| {
        Error::refused(format!(
            "无法读取文件“{}”：{source}。请检查路径和权限。",
            file.display()
        ))
    };
    let mut source = File::open(file).map_err(unreadable)?;
    let temporary = folder.join(format!("{}.part", uuid::Uuid::now_v7()));
    let kept = copy(&mut source, &temporary);
    let (digest, bytes) = match kept {
        Ok(kept) => kept,
        Err(error) => {
            // Nothing more can be done about a leftover; the first error is what matters.
            let _ = std::fs::remove_file(&temporary);
            return Err(match error {
                Copied::Source(source) => unreadable(source),
                Copied::Target(source) => file_failure(&temporary, source).into(),
            });
        }
    };
    let stored = match extension(file_name) {
        Some(extension) => format!("{digest}.{extension}"),
        None => digest.clone(),
    };
    let target = folder.join(&stored);
    std::fs::rename(&temporary, &target).map_err(|source| file_failure(&target, source))?;
    Ok((digest, bytes, stored))
}

/// Which side of a copy failed.
enum Copied {
    Source(io::Error),
    Target(io::Error),
}

fn copy(source: &mut File, target: &Path) -> Result<(String, i64), Copied> {
    let mut out = File::create(target).map_err(Copied::Target)?;
    let mut digest = Sha256::new();
    let mut bytes = 0_i64;
    let mut chunk = vec![0; 1 << 16];
    loop {
        let length = source.read(&mut chunk).map_err(Copied::Source)?;
        let Some(part) = chunk.get(..length).filter(|part| !part.is_empty()) else {
            break;
        };
        digest.update(part);
        out.write_all(part).map_err(Copied::Target)?;
        bytes += i64::try_from(length).unwrap_or_default();
    }
    // What the database will point to must outlive a power cut.
    out.sync_all().map_err(Copied::Target)?;
    Ok((hex(&digest.finalize()), bytes))
}

/// A file name's extension, where it is a plain short one.
fn extension(file_name: &str) -> Option<String> {
    let extension = PathBuf::from(file_name).extension()?.to_str()?.to_ascii_lowercase();
    let plain = extension.len() <= 5 && extension.bytes().all(|byte| byte.is_ascii_alphanumeric());
    plain.then_some(extension)
}

fn is_month(period: &str) -> bool {
    period.len() == 7 && NaiveDate::parse_from_str(&format!("{period}-01"), "%Y-%m-%d").is_ok()
}

/// Keeps what the check of an upload came to, for the board of data quality.
fn note_check<'a>(
    conn: &mut Conn<'_>,
    upload: &Upload,
    rows: usize,
    found: impl Iterator<Item = &'a Finding>,
) -> Result<(), DbError> {
    let check = CheckRow {
        upload_id: upload.id,
        department: upload.department.clone(),
        period: upload.period.clone(),
        row_count: count(rows),
        ..CheckRow::default()
    };
    checks::note(
        conn,
        check,
        found.map(|finding| (finding.code, severity(finding.severity))),
    )
}

/// A number of rows as the database keeps it.
fn count(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

/// Findings as they stay with an upload.
fn finding_rows<'a>(upload: i64, findings: impl Iterator<Item = &'a Finding>) -> Vec<UploadFindingRow> {
    findings
        .zip(0..)
        .map(|(finding, seq)| UploadFindingRow {
            upload_id: upload,
            seq,
            code: finding.code.into(),
            severity: severity(finding.severity).into(),
            sheet: finding.sheet.clone(),
            row_no: finding.row.map(i64::from),
            cell: finding.address.map(|address| address.to_string()),
            field: finding.field.map(|field| field.id().into()),
            written: finding.value.clone(),
            message: finding.message.clone(),
            suggestion: finding.suggestion.clone(),
            basis: finding.basis.clone(),
        })
        .collect()
}

/// The word of a severity in the database.
const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Hint => "hint",
        Severity::Confirm => "confirm",
        Severity::Error => "error",
    }
}
