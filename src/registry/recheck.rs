//! Judging what is approved again, by the rules of today: says which records would fail now, and changes nothing.
//!
//! A record fails by an error that is not waived, or by a finding to confirm that was not explained when it went in. The values that are kept are
//! read again by the catalogue of today, as if they stood in a roster (V), and judged (P, S, T, M). Rules on files and headers (F) have nothing to
//! look at; those on earlier rows (D) and on what the registry holds (C) belong to a roster.

use std::collections::HashSet;

use chrono::NaiveDate;
use retrofit_import::check::KeptReader;
use retrofit_import::finding::{Finding, Severity};
use retrofit_import::rules::{Case, RosterJudge, rule_set_version};

use super::code::RegistryCode;
use super::people::Operator;
use super::values::from_json;
use super::{Error, Registry};
use crate::db::revisions::{self, ApprovedRow};
use crate::db::waivers::{self, WaiverRow, Waivers};
use crate::db::{CHUNK, DbError};

/// What a recheck found.
#[derive(Clone, Debug, Default)]
pub struct Rechecked {
    /// How many approved records were judged.
    pub judged: usize,
    /// The version of the rules they were judged by.
    pub rules: String,
    /// Those that would fail, by code.
    pub failing: Vec<Failing>,
    /// Errors that a waiver lets pass, by code.
    pub waived: Vec<Waived>,
    /// Rules that broke down, each with the record: our fault; all else stands.
    pub incidents: Vec<(&'static str, RegistryCode)>,
}

/// An approved record that would fail now.
#[derive(Clone, Debug)]
pub struct Failing {
    /// The project.
    pub code: RegistryCode,
    /// The department that reports it.
    pub department: String,
    /// Its name.
    pub name: String,
    /// The approved revision.
    pub revision: i64,
    /// The version of the rules that judged it when it went in.
    pub rules: String,
    /// What it would fail by.
    pub findings: Vec<Finding>,
}

/// An error of an approved record that a waiver lets pass.
#[derive(Clone, Debug)]
pub struct Waived {
    /// The project.
    pub code: RegistryCode,
    /// Its name.
    pub name: String,
    /// The error.
    pub finding: Finding,
    /// The waiver.
    pub waiver: WaiverRow,
}

/// Judges every approved record that the operator sees.
///
/// # Errors
/// Only our own faults.
pub fn recheck(registry: &Registry, operator: &Operator, today: NaiveDate) -> Result<Rechecked, Error> {
    let mut rechecked = Rechecked {
        rules: rule_set_version(registry.catalogue.rule_settings()),
        ..Rechecked::default()
    };
    let reader = KeptReader::new(registry.catalogue.clone());
    let mut after = 0;
    loop {
        let (rows, answered) = registry.db.read(|conn| {
            let rows = revisions::approved(conn, after, CHUNK)?;
            let which: Vec<(i64, i64)> = rows.iter().map(|row| (row.project_id, row.revision)).collect();
            let ids: Vec<i64> = which.iter().map(|(id, _)| *id).collect();
            let answered = Answered {
                explained: revisions::explained(conn, &which)?,
                waivers: waivers::in_force(conn, &ids, &today.to_string())?,
            };
            Ok::<_, DbError>((rows, answered))
        })?;
        let Some(last) = rows.last() else {
            return Ok(rechecked);
        };
        after = last.project_id;
        for row in rows.into_iter().filter(|row| operator.may_see(&row.department)) {
            rechecked.judge(&reader, registry, today, row, &answered)?;
        }
    }
}

/// What was said to findings.
struct Answered {
    explained: HashSet<(i64, String, Option<String>)>,
    waivers: Waivers,
}

impl Answered {
    fn waiver(&self, row: &ApprovedRow, finding: &Finding) -> Option<&WaiverRow> {
        self.waivers.get(&(row.project_id, finding.code.to_owned()))
    }

    fn is_explained(&self, row: &ApprovedRow, finding: &Finding) -> bool {
        let field = finding.field.map(|field| field.id().to_owned());
        self.explained
            .contains(&(row.project_id, finding.code.to_owned(), field))
    }
}

impl Rechecked {
    fn judge(
        &mut self,
        reader: &KeptReader,
        registry: &Registry,
        today: NaiveDate,
        row: ApprovedRow,
        answered: &Answered,
    ) -> Result<(), Error> {
        let code = RegistryCode {
            year: row.entry_year,
            id: row.project_id,
        };
        // A judge of its own for each: there are no earlier rows here.
        let mut judge = RosterJudge::new(&registry.catalogue, today);
        let (record, mut found) = reader.read(&from_json(&row.values_json)?);
        let case = Case {
            record: &record,
            today,
            catalogue: &registry.catalogue,
        };
        for mut finding in judge.judge_record(&record) {
            finding.value = finding
                .field
                .map(|field| case.shown(field))
                .filter(|shown| !shown.is_empty());
            found.push(finding);
        }
        let mut findings = Vec::new();
        for finding in found {
            match (finding.severity, answered.waiver(&row, &finding)) {
                (Severity::Error, Some(waiver)) => self.waived.push(Waived {
                    code,
                    name: row.name.clone(),
                    finding,
                    waiver: waiver.clone(),
                }),
                (Severity::Error, None) => findings.push(finding),
                (Severity::Confirm, _) if !answered.is_explained(&row, &finding) => findings.push(finding),
                (Severity::Confirm | Severity::Hint, _) => {}
            }
        }
        self.judged += 1;
        self.incidents
            .extend(judge.incidents().iter().map(|incident| (incident.code, code)));
        if !findings.is_empty() {
            self.failing.push(Failing {
                code,
                department: row.department,
                name: row.name,
                revision: row.revision,
                rules: row.rules,
                findings,
            });
        }
        Ok(())
    }
}
