//! Doing what a preview showed: one transaction, or nothing.

use std::sync::Arc;

use chrono::Datelike as _;
use retrofit_import::finding::Severity;
use retrofit_import::rules::rule_set_version;
use retrofit_jobs::store::{Op, UtcMillis, Word as _};

use super::plan::{Counts, Plan, Planned, Preview, held_by_reason, plan};
use super::{Row, finding_rows, severity};
use crate::db::counters::{self, Counter};
use crate::db::periods::{self, ReportRow};
use crate::db::projects::{self, KeyRow, ProjectRow};
use crate::db::revisions::{self, ExplanationRow, FindingRow, RevisionRow};
use crate::db::uploads::{self, HeldRow};
use crate::db::waivers::Waivers;
use crate::db::{Conn, DbError};
use crate::registry::people::Operator;
use crate::registry::states::State;
use crate::registry::values::{from_json, keys, project};
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
        let explained = preview.explain.is_some();
        let fresh = plan(conn, registry, &upload.department, &preview.roster, explained)?;
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
            waivers: &fresh.waivers,
            now,
        };
        commit.apply(conn, &fresh)?;
        let counts = preview.counts();
        commit.settle(conn, &fresh, counts)?;
        Ok(Outcome::Committed(counts))
    })
}

struct Commit<'a> {
    preview: &'a Preview,
    operator: &'a Operator,
    /// The version of the rules that the roster was checked by.
    rules: String,
    waivers: &'a Waivers,
    now: UtcMillis,
}

/// What is written, gathered so that it goes in by the thousand.
#[derive(Default)]
struct Writes {
    projects: Vec<ProjectRow>,
    keys: Vec<KeyRow>,
    revisions: Vec<RevisionRow>,
    findings: Vec<FindingRow>,
    explanations: Vec<ExplanationRow>,
}

impl Commit<'_> {
    fn apply(&self, conn: &mut Conn<'_>, plan: &Plan) -> Result<(), DbError> {
        let new = plan
            .rows
            .iter()
            .filter(|planned| matches!(planned, Planned::New))
            .count();
        let mut next = counters::take(conn, Counter::Project, new)?;
        let mut writes = Writes::default();
        for (row, planned) in self.preview.roster.rows.iter().zip(&plan.rows) {
            match planned {
                Planned::New => {
                    self.found(row, next, &mut writes)?;
                    next += 1;
                }
                Planned::Changed { met, before } => {
                    let mut changed = self.project_row(row, met.id, met.revision + 1)?;
                    changed.entry_year = met.entry_year;
                    changed.approved_revision = met.approved_revision;
                    projects::replace(conn, &changed, met.revision)?;
                    self.renew_keys(conn, row, met.id, before)?;
                    self.append_revision(row, met.id, met.revision + 1, &mut writes);
                }
                Planned::Unchanged { .. } | Planned::Held { .. } => {}
            }
        }
        projects::insert(conn, &writes.projects)?;
        projects::insert_keys(conn, &writes.keys)?;
        revisions::insert(conn, &writes.revisions)?;
        revisions::insert_findings(conn, &writes.findings)?;
        revisions::insert_explanations(conn, &writes.explanations)
    }

    fn found(&self, row: &Row, id: i64, writes: &mut Writes) -> Result<(), DbError> {
        writes.projects.push(self.project_row(row, id, 1)?);
        writes
            .keys
            .extend(keys(&self.preview.upload.department, id, &from_json(&row.json)?));
        self.append_revision(row, id, 1, writes);
        Ok(())
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

    fn renew_keys(&self, conn: &mut Conn<'_>, row: &Row, id: i64, before: &str) -> Result<(), DbError> {
        let department = &self.preview.upload.department;
        let old = keys(department, id, &from_json(before)?);
        let new = keys(department, id, &from_json(&row.json)?);
        for gone in old.iter().filter(|key| !new.contains(key)) {
            projects::remove_key(conn, gone)?;
        }
        let added: Vec<KeyRow> = new.into_iter().filter(|key| !old.contains(key)).collect();
        projects::insert_keys(conn, &added)
    }

    /// The revision, with the findings that it goes in with and their explanation.
    fn append_revision(&self, row: &Row, project_id: i64, revision: i64, writes: &mut Writes) {
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
        for (finding, seq) in row.findings.iter().zip(0..) {
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
            let answer = match finding.severity {
                Severity::Hint => None,
                Severity::Confirm => {
                    let explain = self.preview.explain.clone();
                    explain.map(|text| (text, self.operator.name.clone(), self.now))
                }
                Severity::Error => {
                    let waiver = self.waivers.get(&(project_id, finding.code.to_owned()));
                    waiver.map(|waiver| (waiver.label(), waiver.granted_by.clone(), waiver.granted_at))
                }
            };
            let explanation = answer.map(|(explanation, given_by, given_at)| ExplanationRow {
                project_id,
                revision,
                seq,
                explanation,
                given_by,
                given_at,
            });
            writes.explanations.extend(explanation);
        }
    }

    /// What stays with the upload, and the entry in the audit log.
    fn settle(&self, conn: &mut Conn<'_>, plan: &Plan, counts: Counts) -> Result<(), DbError> {
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
        let report = ReportRow {
            department: self.preview.upload.department.clone(),
            period: self.preview.upload.period.clone(),
            upload_id: upload,
            received_at: self.now,
            received_by: self.operator.name.clone(),
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
