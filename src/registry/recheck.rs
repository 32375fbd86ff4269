//! Judging what is approved again, by the rules of today: says which records would fail now, and changes nothing.
//!
//! A record fails by an error, or by a finding to confirm that was not explained when it went in. The rules judge the values that are
//! kept. Those on how cells and files are read have nothing to look at, those on earlier rows and on what the registry knows belong to a roster.

use std::collections::HashSet;

use chrono::NaiveDate;
use retrofit_import::finding::{Finding, Severity};
use retrofit_import::record::Record;
use retrofit_import::rules::{RosterJudge, rule_set_version};

use super::code::RegistryCode;
use super::people::Operator;
use super::values::from_json;
use super::{Error, Registry};
use crate::db::revisions::{self, ApprovedRow};
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

/// Judges every approved record that the operator sees.
///
/// # Errors
/// Only our own faults.
pub fn recheck(registry: &Registry, operator: &Operator, today: NaiveDate) -> Result<Rechecked, Error> {
    let mut rechecked = Rechecked {
        rules: rule_set_version(registry.catalogue.rule_settings()),
        ..Rechecked::default()
    };
    let mut after = 0;
    loop {
        let (rows, explained) = registry.db.read(|conn| {
            let rows = revisions::approved(conn, after, CHUNK)?;
            let which: Vec<(i64, i64)> = rows.iter().map(|row| (row.project_id, row.revision)).collect();
            Ok::<_, DbError>((rows, revisions::explained(conn, &which)?))
        })?;
        let Some(last) = rows.last() else {
            return Ok(rechecked);
        };
        after = last.project_id;
        for row in rows.into_iter().filter(|row| operator.may_see(&row.department)) {
            rechecked.judge(registry, today, row, &explained)?;
        }
    }
}

impl Rechecked {
    fn judge(
        &mut self,
        registry: &Registry,
        today: NaiveDate,
        row: ApprovedRow,
        explained: &HashSet<(i64, String, Option<String>)>,
    ) -> Result<(), Error> {
        let code = RegistryCode {
            year: row.entry_year,
            id: row.project_id,
        };
        let is_explained = |finding: &Finding| {
            let field = finding.field.map(|field| field.id().to_owned());
            explained.contains(&(row.project_id, finding.code.to_owned(), field))
        };
        // A judge of its own for each: there are no earlier rows here.
        let mut judge = RosterJudge::new(&registry.catalogue, today);
        let mut findings = judge.judge_record(&Record::from_values(&from_json(&row.values_json)?));
        findings.retain(|finding| match finding.severity {
            Severity::Error => true,
            Severity::Confirm => !is_explained(finding),
            Severity::Hint => false,
        });
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
