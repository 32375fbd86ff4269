//! Doing what a preview showed: one transaction, or nothing.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::mpsc::{self, SyncSender};
use std::thread;

use chrono::Datelike as _;
use retrofit_import::finding::Severity;
use retrofit_import::rules::rule_set_version;
use retrofit_jobs::store::{Op, UtcMillis, Word as _};

use super::plan::{Plan, Planned, Preview, early_waiver, held_by_reason, plan};
use super::reading::to_json;
use super::{Counts, Row, Source, count, finding_rows, note_check, severity};
use crate::db::counters::{self, Counter};
use crate::db::keys::{self, KeyRow, Way};
use crate::db::lookalikes::{self, PairRow};
use crate::db::periods::{self, ReportRow};
use crate::db::projects::{self, Met, ProjectRow};
use crate::db::queue::{self, QueueRow};
use crate::db::readings;
use crate::db::revisions::{self, ExplanationRow, FindingRow, RevisionRow};
use crate::db::uploads::{self, HeldRow};
use crate::db::waivers::{self, WaiverRow};
use crate::db::written::{self, WrittenRow};
use crate::db::{Conn, DbError};
use crate::registry::people::Operator;
use crate::registry::review;
use crate::registry::states::{State, Step};
use crate::registry::values::{Fields, Values, changed_fields, from_json, keys, project};
use crate::registry::{Error, Registry, audit, business_day};

/// What came of a commit.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// Exactly what the preview showed.
    Committed(Counts),
    /// The registry has moved since the preview: nothing was done, and this is the preview of now.
    Moved(Box<Preview>),
}

/// Does what a preview showed, in one transaction.
///
/// # Errors
/// Refused where the operator may not send for the department. Our own faults leave the registry as it was.
pub fn commit(registry: &Registry, operator: &Operator, preview: &Preview) -> Result<Outcome, Error> {
    let upload = &preview.upload;
    if !operator.may_send(&upload.department) {
        return Err(Error::refused(format!(
            "用户“{}”不能代部门“{}”提交。",
            operator.name, upload.department
        )));
    }
    let now = registry.clock.now();
    let work = |conn: &mut Conn<'_>| {
        let turns = counters::lock(conn, Counter::Project)?;
        let fresh;
        let plan = if preview.plan.stands(turns, business_day(now)) {
            &preview.plan
        } else {
            fresh = plan(conn, registry, upload, &preview.roster, preview.explain.as_deref())?;
            if fresh.fingerprint(&preview.roster) != preview.fingerprint() {
                let mut roster = (*preview.roster).clone();
                roster.take_compared(&fresh);
                return Ok(Outcome::Moved(Box::new(Preview {
                    roster: Arc::new(roster),
                    plan: fresh,
                    ..preview.clone()
                })));
            }
            &fresh
        };
        let commit = Commit {
            preview,
            operator,
            rules: rule_set_version(registry.catalogue.rule_settings()),
            plan,
            step: review::first_step(conn, operator, &upload.department)?,
            now,
        };
        commit.apply(conn)?;
        let counts = preview.counts();
        commit.settle(conn, counts)?;
        Ok(Outcome::Committed(counts))
    };
    let new = preview.plan.count_new();
    if registry.db.read(|conn| keys::is_bulk(conn, new))? {
        registry.db.write_bulk(work)
    } else {
        registry.db.write(work)
    }
}

struct Commit<'a> {
    preview: &'a Preview,
    operator: &'a Operator,
    /// The version of the rules that the roster was checked by.
    rules: String,
    plan: &'a Plan,
    /// Who decides on what goes in.
    step: Step,
    now: UtcMillis,
}

/// How many rows are made ready together: while some are written, the next are made ready. `SQLite` is given 64 of them in a statement.
const LOT: usize = 256;

/// What is written for some rows.
#[derive(Default)]
struct Writes {
    new: Vec<ProjectRow>,
    new_keys: Vec<KeyRow>,
    /// Each with the number of the revision that it follows.
    changed: Vec<(ProjectRow, i64)>,
    changed_keys: Vec<KeyRow>,
    queue: Vec<QueueRow>,
    revisions: Vec<RevisionRow>,
    findings: Vec<FindingRow>,
    explanations: Vec<ExplanationRow>,
    waivers: Vec<WaiverRow>,
    /// Of changed projects, the pairs are looked for anew.
    pairs: Vec<PairRow>,
    written: Vec<WrittenRow>,
}

impl Writes {
    fn write(&self, conn: &mut Conn<'_>, way: Way) -> Result<(), DbError> {
        projects::insert(conn, &self.new)?;
        projects::replace(conn, &self.changed)?;
        keys::insert(conn, &self.new_keys, way)?;
        keys::replace(conn, &self.changed_keys)?;
        revisions::insert(conn, &self.revisions)?;
        written::insert(conn, &self.written)?;
        revisions::insert_findings(conn, &self.findings)?;
        revisions::insert_explanations(conn, &self.explanations)?;
        waivers::insert_all(conn, &self.waivers)?;
        let changed: Vec<i64> = self.changed.iter().map(|(row, _)| row.id).collect();
        lookalikes::remove(conn, &changed)?;
        lookalikes::insert(conn, &self.pairs)?;
        queue::remove(conn, &changed)?;
        queue::insert(conn, &self.queue)
    }
}

impl Commit<'_> {
    fn apply(&self, conn: &mut Conn<'_>) -> Result<(), DbError> {
        let new = self.plan.count_new();
        let next = counters::take(conn, Counter::Project, new)?;
        keys::in_bulk(conn, new, |conn, way| self.write(conn, next, way))
    }

    /// Makes ready and writes everything; new projects are numbered from `next`.
    fn write(&self, conn: &mut Conn<'_>, next: i64, way: Way) -> Result<(), DbError> {
        thread::scope(|scope| {
            let (ready, lots) = mpsc::sync_channel(1);
            let (written, done) = mpsc::channel();
            scope.spawn(move || self.make_ready(next, &ready));
            // Writing is the longest part: taking apart what was written is left to another thread.
            scope.spawn(move || done.into_iter().for_each(drop::<Writes>));
            lots.into_iter().try_for_each(|writes: Result<Writes, DbError>| {
                let writes = writes?;
                writes.write(conn, way)?;
                let _ = written.send(writes);
                Ok(())
            })
        })
    }

    /// Makes ready what is to be written, by and by; new projects are numbered from `next`. Ends early where nobody waits for it any more.
    fn make_ready(&self, mut next: i64, ready: &SyncSender<Result<Writes, DbError>>) {
        let mut writes = Writes::default();
        for ((at, row), planned) in self.preview.roster.rows.iter().enumerate().zip(&self.plan.rows) {
            let made = match planned {
                Planned::New => {
                    next += 1;
                    self.found((at, row), next - 1, &mut writes);
                    Ok(())
                }
                Planned::Changed { met, before } => self.change((at, row), (met, before), &mut writes),
                Planned::Unchanged { .. } | Planned::Held { .. } => continue,
            };
            let full = writes.revisions.len() == LOT;
            let lot = made.map(|()| full.then(|| std::mem::take(&mut writes)));
            if lot.transpose().is_some_and(|lot| ready.send(lot).is_err()) {
                return;
            }
        }
        // Where nobody waits any more, there is nothing to be said.
        let _ = ready.send(Ok(writes));
    }

    fn found(&self, (at, row): (usize, &Row), id: i64, writes: &mut Writes) {
        let values = row.values.view();
        // First, because it works out the digest.
        self.append_revision((at, row), id, 1, writes);
        let project = self.project_row(row, &values, id, 1);
        writes.new_keys.push(keys(&project.department, id, &values));
        self.wait(row, &values, &project, String::new(), writes);
        self.take_over(row, id, writes);
        self.pair(at, id, writes);
        writes.new.push(project);
    }

    fn change(
        &self,
        (at, row): (usize, &Row),
        (met, before): (&Met, &str),
        writes: &mut Writes,
    ) -> Result<(), DbError> {
        let (before, after) = (from_json(before)?, row.values.values());
        let project = ProjectRow {
            entry_year: met.entry_year,
            approved_revision: met.approved_revision,
            ..self.project_row(row, &after, met.id, met.revision + 1)
        };
        let own = keys(&project.department, met.id, &after);
        if own != keys(&project.department, met.id, &before) {
            writes.changed_keys.push(own);
        }
        self.append_revision((at, row), met.id, met.revision + 1, writes);
        self.wait(row, &after, &project, self.differing(met, &before, &after)?, writes);
        self.pair(at, met.id, writes);
        writes.changed.push((project, met.revision));
        Ok(())
    }

    /// The fields that differ from the latest approved revision, as the queue keeps them.
    fn differing(&self, met: &Met, before: &Values, after: &Values) -> Result<String, DbError> {
        match met.approved_revision {
            None => Ok(String::new()),
            Some(revision) if revision == met.revision => Ok(changed_fields(before, after)),
            Some(_) => match self.plan.approved.get(&met.id) {
                Some(approved) => Ok(changed_fields(&from_json(approved)?, after)),
                None => Ok(String::new()),
            },
        }
    }

    /// Puts the project's new revision into the queue.
    fn wait(&self, row: &Row, values: &impl Fields, project: &ProjectRow, changed: String, writes: &mut Writes) {
        let gravest = row.findings.iter().map(|finding| finding.severity).max();
        writes.queue.push(QueueRow {
            severity: gravest
                .map_or("none", |gravest| severity(gravest.min(Severity::Confirm)))
                .into(),
            changed,
            ..review::waiting(project, values, self.step)
        });
    }

    /// The other departments' projects that this one is very likely the same as.
    fn pair(&self, at: usize, id: i64, writes: &mut Writes) {
        let others = self.plan.lookalikes.range((at, 0)..=(at, i64::MAX));
        writes.pairs.extend(others.map(|(&(_, other), why)| PairRow {
            project_id: id.min(other),
            other_id: id.max(other),
            why: (*why).into(),
            found_at: self.now,
        }));
    }

    /// The project's row as this revision makes it.
    fn project_row(&self, row: &Row, values: &impl Fields, id: i64, revision: i64) -> ProjectRow {
        let mut projected = ProjectRow {
            id,
            entry_year: business_day(self.now).year().into(),
            department: self.preview.upload.department.clone(),
            revision,
            state: State::Pending.word().into(),
            op: Op::Upsert.word().into(),
            digest: row.digest().to_owned(),
            submitted_by: self.operator.name.clone(),
            updated_at: self.now,
            explained: row
                .findings
                .iter()
                .map(|finding| i64::from(finding.severity > Severity::Hint))
                .sum(),
            ..ProjectRow::default()
        };
        project(values, &mut projected);
        projected
    }

    /// Makes the early waivers that let a row in those of the project that it founds.
    fn take_over(&self, row: &Row, id: i64, writes: &mut Writes) {
        let errors = row
            .findings
            .iter()
            .filter(|finding| finding.severity == Severity::Error);
        let codes: BTreeSet<&str> = errors.map(|finding| finding.code).collect();
        let waivers = codes
            .into_iter()
            .filter_map(|code| early_waiver(&self.plan.early, row, code));
        writes.waivers.extend(waivers.map(|waiver| waiver.of_project(id)));
    }

    /// The revision, with the findings that it goes in with and their explanation.
    fn append_revision(&self, (at, row): (usize, &Row), project_id: i64, revision: i64, writes: &mut Writes) {
        let (values_json, digest) = row.content();
        writes.revisions.push(RevisionRow {
            project_id,
            revision,
            op: Op::Upsert.word().into(),
            values_json,
            digest,
            rules: self.rules.clone(),
            upload_id: Some(self.preview.upload.id),
            sheet: Some(row.sheet.to_string()),
            row_no: Some(row.row.into()),
            note: None,
            submitted_by: self.operator.name.clone(),
            submitted_at: self.now,
            state: State::Pending.word().into(),
            decided_by: None,
            decided_at: None,
            reason: None,
        });
        if !row.written.is_empty() {
            writes.written.push(WrittenRow {
                project_id,
                revision,
                written: to_json(&row.written),
            });
        }
        for ((of, finding), seq) in row.findings.iter().enumerate().zip(0..) {
            writes.findings.push(FindingRow {
                project_id,
                revision,
                seq,
                code: finding.code.into(),
                // An error goes in only where its rule was waived, and then as one that was answered.
                severity: severity(finding.severity.min(Severity::Confirm)).into(),
                cell: finding.address.map(|address| address.to_string()),
                field: finding.field.map(|field| field.id().into()),
                written: finding.value.clone(),
                message: finding.message.clone(),
                suggestion: finding.suggestion.clone(),
                basis: finding.basis.clone(),
            });
            let answered = |explanation, given_by, given_at, carried_from| ExplanationRow {
                project_id,
                revision,
                seq,
                explanation,
                given_by,
                given_at,
                carried_from,
            };
            writes.explanations.extend(match finding.severity {
                Severity::Hint => None,
                Severity::Confirm => self.plan.answers.get(&(at, of)).map(|answer| {
                    let (by, given_at, from) = match &answer.source {
                        Source::Page { by, at } => (by, *at, None),
                        Source::Carried { revision, by, at } => (by, *at, Some(*revision)),
                        Source::File | Source::All => (&self.operator.name, self.now, None),
                    };
                    answered(answer.text.clone(), by.clone(), given_at, from)
                }),
                Severity::Error => {
                    let own = self.plan.waivers.get(&(project_id, finding.code.to_owned())).cloned();
                    let early = || Some(early_waiver(&self.plan.early, row, finding.code)?.of_project(project_id));
                    own.or_else(early)
                        .map(|waiver| answered(waiver.label(), waiver.granted_by, waiver.granted_at, None))
                }
            });
        }
    }

    /// What stays with the upload, and the entry in the audit log.
    fn settle(&self, conn: &mut Conn<'_>, counts: Counts) -> Result<(), DbError> {
        let plan = self.plan;
        let upload = self.preview.upload.id;
        let roster = &self.preview.roster;
        let held = || {
            let rows = roster.rows.iter().zip(&plan.rows);
            rows.filter_map(|(row, planned)| match planned {
                Planned::Held { why, met } => Some((row, why, met)),
                _ => None,
            })
        };
        let rows: Vec<HeldRow> = held()
            .zip(0..)
            .map(|((row, why, met), seq)| HeldRow {
                upload_id: upload,
                seq,
                sheet: row.sheet.to_string(),
                row_no: row.row.into(),
                reason: why.word().into(),
                met_project: met.as_ref().map(|met| met.id),
                values_json: row.values.json(),
                superseded_by: None,
            })
            .collect();
        let of_rows = held().flat_map(|(row, ..)| &row.findings);
        let findings = finding_rows(upload, roster.summary.findings.iter().chain(of_rows));
        let summary = serde_json::json!({ "counts": counts, "held": held_by_reason(&plan.rows) });
        uploads::settle(
            conn,
            upload,
            "committed",
            &summary.to_string(),
            Some(self.now),
            &rows,
            &findings,
        )?;
        let found = roster.rows.iter().flat_map(|row| &row.findings);
        note_check(
            conn,
            &self.preview.upload,
            counts.rows,
            roster.summary.findings.iter().chain(found),
        )?;
        super::held::supersede(conn, self.preview, plan)?;
        if counts.held == 0 {
            // Nothing is left of it to be planned.
            readings::remove(conn, upload)?;
        }
        let report = ReportRow {
            department: self.preview.upload.department.clone(),
            period: self.preview.upload.period.clone(),
            upload_id: upload,
            received_at: self.now,
            received_by: self.operator.name.clone(),
            row_count: count(counts.rows),
            held_count: count(counts.held),
        };
        periods::note_report(conn, &report)?;
        audit::note(
            conn,
            self.operator,
            self.now,
            ("upload.commit", audit::Outcome::Done),
            &upload.to_string(),
            &summary,
        )
    }
}
