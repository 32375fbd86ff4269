//! Doing what a preview showed: one transaction, or nothing.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::Datelike as _;
use retrofit_import::finding::Severity;
use retrofit_import::rules::rule_set_version;
use retrofit_jobs::store::{Op, UtcMillis, Word as _};

use super::plan::{Plan, Planned, Preview, early_waiver, held_by_reason, plan};
use super::reading::to_json;
use super::{Counts, Row, Source, count, finding_rows, note_check, severity};
use crate::db::counters::{self, Counter};
use crate::db::lookalikes::{self, PairRow};
use crate::db::periods::{self, ReportRow};
use crate::db::projects::{self, KeyRow, LikenessRow, Met, ProjectRow};
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
use crate::registry::values::{changed_fields, from_json, keys, likenesses, project};
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
    registry.db.write(|conn| {
        counters::lock(conn, Counter::Project)?;
        let fresh = plan(conn, registry, upload, &preview.roster, preview.explain.as_deref())?;
        if fresh.fingerprint != preview.plan.fingerprint {
            let mut roster = (*preview.roster).clone();
            roster.take_compared(&fresh);
            return Ok(Outcome::Moved(Box::new(Preview {
                roster: Arc::new(roster),
                plan: fresh,
                ..preview.clone()
            })));
        }
        let commit = Commit {
            preview,
            operator,
            rules: rule_set_version(registry.catalogue.rule_settings()),
            plan: &fresh,
            step: review::first_step(conn, operator, &upload.department)?,
            now,
        };
        commit.apply(conn)?;
        let counts = preview.counts();
        commit.settle(conn, counts)?;
        Ok(Outcome::Committed(counts))
    })
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

/// What is written, gathered so that it goes in by the thousand.
#[derive(Default)]
struct Writes {
    projects: Vec<ProjectRow>,
    keys: Vec<KeyRow>,
    likenesses: Vec<LikenessRow>,
    queue: Vec<QueueRow>,
    revisions: Vec<RevisionRow>,
    findings: Vec<FindingRow>,
    explanations: Vec<ExplanationRow>,
    waivers: Vec<WaiverRow>,
    /// Changed projects: the pairs that they were in are looked for anew.
    changed: Vec<i64>,
    pairs: Vec<PairRow>,
    written: Vec<WrittenRow>,
}

impl Commit<'_> {
    fn apply(&self, conn: &mut Conn<'_>) -> Result<(), DbError> {
        let planned = self.plan.rows.iter();
        let new = planned.filter(|planned| matches!(planned, Planned::New)).count();
        let mut next = counters::take(conn, Counter::Project, new)?;
        let mut writes = Writes::default();
        for ((at, row), planned) in self.preview.roster.rows.iter().enumerate().zip(&self.plan.rows) {
            match planned {
                Planned::New => {
                    self.found((at, row), next, &mut writes)?;
                    self.take_over(row, next, &mut writes);
                    self.pair(at, next, &mut writes);
                    next += 1;
                }
                Planned::Changed { met, before } => {
                    let mut changed = self.project_row(row, met.id, met.revision + 1)?;
                    changed.entry_year = met.entry_year;
                    changed.approved_revision = met.approved_revision;
                    projects::replace(conn, &changed, met.revision)?;
                    self.renew_keys(conn, row, met.id, before, &mut writes)?;
                    self.append_revision((at, row), met.id, met.revision + 1, &mut writes);
                    self.wait(row, &changed, self.differing(met, before, row)?, &mut writes)?;
                    writes.changed.push(met.id);
                    self.pair(at, met.id, &mut writes);
                }
                Planned::Unchanged { .. } | Planned::Held { .. } => {}
            }
        }
        projects::insert(conn, &writes.projects)?;
        projects::insert_keys(conn, &writes.keys)?;
        projects::insert_likenesses(conn, &writes.likenesses)?;
        revisions::insert(conn, &writes.revisions)?;
        written::insert(conn, &writes.written)?;
        revisions::insert_findings(conn, &writes.findings)?;
        revisions::insert_explanations(conn, &writes.explanations)?;
        waivers::insert_all(conn, &writes.waivers)?;
        lookalikes::remove(conn, &writes.changed)?;
        lookalikes::insert(conn, &writes.pairs)?;
        let waiting: Vec<i64> = writes.queue.iter().map(|row| row.project_id).collect();
        queue::remove(conn, &waiting)?;
        queue::insert(conn, &writes.queue)
    }

    fn found(&self, (at, row): (usize, &Row), id: i64, writes: &mut Writes) -> Result<(), DbError> {
        let department = &self.preview.upload.department;
        let (project, values) = (self.project_row(row, id, 1)?, from_json(&row.json)?);
        writes.keys.extend(keys(department, id, &values));
        writes.likenesses.extend(likenesses(department, id, &values));
        self.append_revision((at, row), id, 1, writes);
        self.wait(row, &project, String::new(), writes)?;
        writes.projects.push(project);
        Ok(())
    }

    /// The fields that differ from the latest approved revision, as the queue keeps them.
    fn differing(&self, met: &Met, before: &str, row: &Row) -> Result<String, DbError> {
        let approved = match met.approved_revision {
            None => return Ok(String::new()),
            Some(revision) if revision == met.revision => Some(before),
            Some(_) => self.plan.approved.get(&met.id).map(String::as_str),
        };
        match approved {
            Some(approved) => Ok(changed_fields(&from_json(approved)?, &from_json(&row.json)?)),
            None => Ok(String::new()),
        }
    }

    /// Puts the project's new revision into the queue.
    fn wait(&self, row: &Row, project: &ProjectRow, changed: String, writes: &mut Writes) -> Result<(), DbError> {
        let gravest = row.findings.iter().map(|finding| finding.severity).max();
        writes.queue.push(QueueRow {
            severity: gravest
                .map_or("none", |gravest| severity(gravest.min(Severity::Confirm)))
                .into(),
            changed,
            ..review::waiting(project, &from_json(&row.json)?, self.step)
        });
        Ok(())
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
    fn project_row(&self, row: &Row, id: i64, revision: i64) -> Result<ProjectRow, DbError> {
        let mut projected = ProjectRow {
            id,
            entry_year: business_day(self.now).year().into(),
            department: self.preview.upload.department.clone(),
            revision,
            state: State::Pending.word().into(),
            op: Op::Upsert.word().into(),
            digest: row.digest.clone(),
            submitted_by: self.operator.name.clone(),
            updated_at: self.now,
            explained: row
                .findings
                .iter()
                .map(|finding| i64::from(finding.severity > Severity::Hint))
                .sum(),
            ..ProjectRow::default()
        };
        project(&from_json(&row.json)?, &mut projected);
        Ok(projected)
    }

    fn renew_keys(
        &self,
        conn: &mut Conn<'_>,
        row: &Row,
        id: i64,
        before: &str,
        writes: &mut Writes,
    ) -> Result<(), DbError> {
        let department = &self.preview.upload.department;
        let (before, after) = (from_json(before)?, from_json(&row.json)?);
        let (old, new) = (keys(department, id, &before), keys(department, id, &after));
        for gone in old.iter().filter(|key| !new.contains(key)) {
            projects::remove_key(conn, gone)?;
        }
        writes.keys.extend(new.into_iter().filter(|key| !old.contains(key)));
        let (old, new) = (likenesses(department, id, &before), likenesses(department, id, &after));
        for gone in old.iter().filter(|likeness| !new.contains(likeness)) {
            projects::remove_likeness(conn, gone)?;
        }
        writes
            .likenesses
            .extend(new.into_iter().filter(|likeness| !old.contains(likeness)));
        Ok(())
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
        writes.revisions.push(RevisionRow {
            project_id,
            revision,
            op: Op::Upsert.word().into(),
            values_json: row.json.clone(),
            digest: row.digest.clone(),
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
                values_json: row.json.clone(),
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
