//! The registry's side of the comparison with the platform, and its report.

use std::collections::{BTreeMap, HashMap, HashSet};

use retrofit_jobs::store::{
    DifferenceKind, Held, HeldState, Op, ReconcileStore, Reconciliation, StoreError, UtcMillis, Word as _,
};

use super::code::RegistryCode;
use super::delivery::store_error;
use super::people::Operator;
use super::runs::sees_runs;
use super::states::State;
use super::{Error, Registry, review};
use crate::db::counters::{self, Counter};
use crate::db::reconciliations::{self, Believed, DifferenceRow, ReconciliationRow};
use crate::db::{Conn, DbError, projects, revisions};

/// Differences that a report shows at most.
const SHOWN: i64 = 1_000;

/// A comparison with what differed.
#[derive(Clone, Debug)]
pub struct Report {
    /// The comparison.
    pub row: ReconciliationRow,
    /// How many differences of each kind, by the kind's word.
    pub counts: BTreeMap<String, i64>,
    /// The first of them.
    pub differences: Vec<DifferenceRow>,
}

/// The latest comparison: for those who see every department.
///
/// # Errors
/// Refused to others.
pub fn latest(registry: &Registry, operator: &Operator) -> Result<Option<Report>, Error> {
    sees_runs(operator)?;
    let report = registry.db.read(|conn| {
        let Some(row) = reconciliations::latest(conn, 1)?.pop() else {
            return Ok::<_, DbError>(None);
        };
        Ok(Some(Report {
            counts: counts_of(conn, row.id)?,
            differences: reconciliations::differences_of(conn, row.id, SHOWN)?,
            row,
        }))
    });
    Ok(report?)
}

/// How many differences of each kind a comparison found, by the kind's word.
///
/// # Errors
/// Only our own faults.
pub fn counts(registry: &Registry, comparison: i64) -> Result<BTreeMap<String, i64>, Error> {
    Ok(registry.db.read(|conn| counts_of(conn, comparison))?)
}

fn counts_of(conn: &mut Conn<'_>, comparison: i64) -> Result<BTreeMap<String, i64>, DbError> {
    let counts = reconciliations::count_by_kind(conn, comparison)?;
    Ok(counts.into_iter().collect())
}

/// A comparison in one line: what the platform listed, and how much of it differs.
pub fn line(listed: u64, counts: &BTreeMap<String, i64>) -> String {
    let counts = DifferenceKind::ALL.iter().map(|kind| {
        let count = counts.get(kind.word()).copied().unwrap_or_default();
        format!("{} {count}", label(*kind))
    });
    let counts: Vec<String> = counts.collect();
    format!("平台共有 {listed} 条。{}", counts.join("，"))
}

/// The officers' word for a kind of difference.
pub const fn label(kind: DifferenceKind) -> &'static str {
    match kind {
        DifferenceKind::MissingThere => "平台缺少",
        DifferenceKind::MissingHere => "本地缺少",
        DifferenceKind::Different => "两边不一致",
        DifferenceKind::Returned => "平台质检退回",
    }
}

/// What was done about a difference, as it is told after it.
pub fn done_label(done: &str) -> &'static str {
    match done {
        REDELIVERED => "；已放回待报",
        SENT_BACK => "；已退回部门",
        _ => "",
    }
}

/// What we know of the projects of a page, loaded at once.
struct Known {
    /// Entry year by project.
    years: HashMap<i64, i64>,
    moving: HashSet<i64>,
    believed: HashMap<i64, Believed>,
    digests: HashMap<i64, Option<String>>,
}

impl Known {
    fn of(conn: &mut Conn<'_>, ids: &[i64], since: UtcMillis) -> Result<Self, DbError> {
        let believed = reconciliations::believed_of(conn, ids)?;
        Ok(Self {
            years: projects::with_ids(conn, ids)?
                .into_iter()
                .map(|row| (row.id, row.entry_year))
                .collect(),
            moving: reconciliations::moving(conn, ids, since)?.into_iter().collect(),
            digests: reconciliations::digests(conn, ids)?.into_iter().collect(),
            believed: believed.into_iter().map(|row| (row.project_id, row)).collect(),
        })
    }
}

impl ReconcileStore for Registry {
    fn begin_reconciliation(
        &self,
        started_by: &str,
        redeliver: bool,
        now: UtcMillis,
    ) -> Result<Reconciliation, StoreError> {
        let begun = self
            .db
            .write(|conn| reconciliations::insert(conn, started_by, redeliver, now));
        let this = |id| Reconciliation {
            id,
            started_at: now,
            redeliver,
        };
        begun.map(this).map_err(store_error)
    }

    fn compare(&self, this: Reconciliation, held: &[Held], now: UtcMillis) -> Result<Vec<i64>, StoreError> {
        let compared = self.db.write(|conn| {
            // receipts and reviews of these projects wait until it is done
            counters::lock(conn, Counter::Project)?;
            counters::lock(conn, Counter::Delivery)?;
            let codes: Vec<Option<RegistryCode>> = held.iter().map(|held| held.source_id.parse().ok()).collect();
            let ids: Vec<i64> = codes.iter().flatten().map(|code| code.id).collect();
            let known = Known::of(conn, &ids, this.started_at)?;
            let mut seen = Vec::with_capacity(ids.len());
            let mut rows = BTreeMap::new();
            for (held, code) in held.iter().zip(codes) {
                let project = code.filter(|code| known.years.get(&code.id) == Some(&code.year));
                seen.extend(project.map(|code| code.id));
                let difference = match project {
                    Some(code) if known.moving.contains(&code.id) => None,
                    Some(code) => difference(conn, this, held, code.id, &known, now)?,
                    None => Some(noted(this, held, DifferenceKind::MissingHere, None, None)),
                };
                // of a record that is listed twice the later state counts
                rows.remove(&held.source_id);
                rows.extend(difference.map(|row| (held.source_id.clone(), row)));
            }
            let listed: Vec<String> = held.iter().map(|held| held.source_id.clone()).collect();
            let rows: Vec<DifferenceRow> = rows.into_values().collect();
            reconciliations::replace(conn, this.id, &listed, &rows)?;
            Ok::<_, DbError>(seen)
        });
        compared.map_err(store_error)
    }

    fn note_missing(
        &self,
        this: Reconciliation,
        listed: &HashSet<i64>,
        after: i64,
        limit: usize,
        now: UtcMillis,
    ) -> Result<Option<i64>, StoreError> {
        let noted = self.db.write(|conn| {
            counters::lock(conn, Counter::Delivery)?;
            let ids = reconciliations::projects_after(conn, after, limit.try_into().unwrap_or(i64::MAX))?;
            let moving: HashSet<i64> = reconciliations::moving(conn, &ids, this.started_at)?
                .into_iter()
                .collect();
            let missing: Vec<Believed> = reconciliations::believed_of(conn, &ids)?
                .into_iter()
                .filter(|row| row.op == Op::Upsert.word())
                .filter(|row| !listed.contains(&row.project_id) && !moving.contains(&row.project_id))
                .collect();
            let mut again = HashSet::new();
            if this.redeliver {
                let deliveries: Vec<i64> = missing.iter().map(|row| row.id).collect();
                again.extend(reconciliations::redeliver(conn, &deliveries, now)?);
            }
            let rows: Vec<DifferenceRow> = missing
                .iter()
                .map(|row| DifferenceRow {
                    reconciliation_id: this.id,
                    source_id: code_of(row).to_string(),
                    kind: DifferenceKind::MissingThere.word().into(),
                    revision_here: Some(row.revision),
                    revision_there: None,
                    note: None,
                    done: done(again.contains(&row.project_id), REDELIVERED),
                })
                .collect();
            let named: Vec<String> = rows.iter().map(|row| row.source_id.clone()).collect();
            reconciliations::replace(conn, this.id, &named, &rows)?;
            Ok::<_, DbError>(ids.last().copied())
        });
        noted.map_err(store_error)
    }

    fn end_reconciliation(
        &self,
        this: Reconciliation,
        listed: u64,
        trouble: Option<&str>,
        now: UtcMillis,
    ) -> Result<(), StoreError> {
        let listed = i64::try_from(listed).unwrap_or(i64::MAX);
        let ended = self
            .db
            .write(|conn| reconciliations::end(conn, this.id, listed, trouble, now));
        ended.map_err(store_error)
    }
}

const REDELIVERED: &str = "redelivered";
const SENT_BACK: &str = "sent-back";

fn done(is: bool, what: &str) -> String {
    if is { what } else { "nothing" }.to_owned()
}

fn code_of(row: &Believed) -> RegistryCode {
    RegistryCode {
        year: row.entry_year,
        id: row.project_id,
    }
}

/// What differs of one record, with what is done about it.
fn difference(
    conn: &mut Conn<'_>,
    this: Reconciliation,
    held: &Held,
    project: i64,
    known: &Known,
    now: UtcMillis,
) -> Result<Option<DifferenceRow>, DbError> {
    let Some(believed) = known.believed.get(&project) else {
        let note = "平台有这条记录，而本系统没有上报成功过";
        return Ok(Some(noted(this, held, DifferenceKind::MissingHere, None, Some(note))));
    };
    let here = Some(believed.revision);
    let withdrawn = believed.op == Op::Withdraw.word();
    let digest = known.digests.get(&believed.id).cloned().flatten();
    let differs = if held.revision < believed.revision {
        Some("平台的版本较低，可重新上报")
    } else if held.revision > believed.revision {
        Some("平台的版本较高：请核对本系统是否恢复过旧备份；重新报送的版本须高于平台的版本")
    } else if withdrawn != (held.state == HeldState::Withdrawn) {
        Some("一边已撤回，一边没有；请与平台核对")
    } else if !withdrawn && digest.is_some() && held.digest.is_some() && digest != held.digest {
        Some("同一版本内容不同；请与平台核对，或由部门改正后以新版本报送")
    } else {
        None
    };
    if let Some(words) = differs {
        let mut row = noted(this, held, DifferenceKind::Different, here, Some(words));
        if this.redeliver && held.revision < believed.revision {
            row.done = done(
                !reconciliations::redeliver(conn, &[believed.id], now)?.is_empty(),
                REDELIVERED,
            );
        }
        return Ok(Some(row));
    }
    if held.state != HeldState::Returned {
        return Ok(None);
    }
    let words = held.note.as_deref().map(str::trim).filter(|note| !note.is_empty());
    let reason = format!("平台质检退回：{}", words.unwrap_or("未说明原因"));
    // once: a revision that was returned already, or that a later one has replaced, is left as it is
    let stands = revisions::is_in(conn, project, believed.revision, State::Approved.word())?;
    if stands {
        review::send_back(conn, &[(project, believed.revision, reason)], now)?;
    }
    let mut row = noted(this, held, DifferenceKind::Returned, here, words);
    row.done = done(stands, SENT_BACK);
    Ok(Some(row))
}

fn noted(
    this: Reconciliation,
    held: &Held,
    kind: DifferenceKind,
    here: Option<i64>,
    note: Option<&str>,
) -> DifferenceRow {
    DifferenceRow {
        reconciliation_id: this.id,
        source_id: held.source_id.clone(),
        kind: kind.word().into(),
        revision_here: here,
        revision_there: Some(held.revision),
        note: note.map(|note| note.chars().take(500).collect()),
        done: done(false, ""),
    }
}
