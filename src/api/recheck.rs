//! What is approved, judged by the rules of today.

use chrono::NaiveDate;
use retrofit_import::catalogue::Field;
use retrofit_import::finding;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::catalogue::severity;
use super::endpoint::{Call, Endpoint, In, get};
use super::problem::Problem;
use super::reply::Plain;
use super::roles::DATA;
use super::types::{Nothing, Text};
use crate::registry::recheck::{self, Failing, Waived};
use crate::registry::{RegistryCode, business_day};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![get(
        "/recheck",
        DATA,
        "Which approved projects the rules of today would not let in; changes nothing, and takes its time",
        judge,
    )]
}

/// By the rules of which day.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AskedDay {
    /// The day; today where none is named.
    #[schemars(with = "Option<String>", extend("format" = "date"))]
    today: Option<NaiveDate>,
}

/// What a recheck found.
#[derive(Serialize, JsonSchema)]
struct Recheck {
    /// The version of the rules.
    rules: String,
    /// How many approved projects were judged.
    judged: u64,
    /// What was not judged: rules on files (F), on rows that repeat others (D), on what the registry holds (C).
    not_judged: [&'static str; 3],
    /// Those that would not go in, by code.
    failing: Vec<FailingLine>,
    /// Errors that a waiver lets pass, by code.
    waived: Vec<WaivedLine>,
    /// Rules that broke down: our fault.
    incidents: Vec<IncidentLine>,
}

/// An approved project that would not go in.
#[derive(Serialize, JsonSchema)]
struct FailingLine {
    /// Its code.
    code: Text<RegistryCode>,
    /// The department that reports it.
    department: String,
    /// Its name.
    name: String,
    /// The approved revision.
    revision: i64,
    /// The version of the rules that judged it when it went in.
    rules: String,
    /// Why.
    findings: Vec<JudgedLine>,
}

/// An error that a waiver lets pass.
#[derive(Serialize, JsonSchema)]
struct WaivedLine {
    /// The project.
    code: Text<RegistryCode>,
    /// Its name.
    name: String,
    /// The error.
    finding: JudgedLine,
    /// The last day of the waiver.
    until: String,
    /// Why it was granted.
    reason: String,
    /// By whom.
    granted_by: String,
}

/// What is wrong with a project.
#[derive(Serialize, JsonSchema)]
struct JudgedLine {
    /// The rule.
    code: &'static str,
    /// `error`, or `confirm` where nothing was explained.
    severity: &'static str,
    /// The field.
    field: Option<&'static str>,
    /// Its value.
    value: Option<String>,
    /// What is wrong.
    message: String,
    /// What to write instead.
    suggestion: Option<String>,
    /// The standard that it rests on.
    basis: Option<String>,
}

/// A rule that broke down.
#[derive(Serialize, JsonSchema)]
struct IncidentLine {
    /// The rule.
    rule: &'static str,
    /// The project.
    code: Text<RegistryCode>,
}

impl From<finding::Finding> for JudgedLine {
    fn from(finding: finding::Finding) -> Self {
        Self {
            code: finding.code,
            severity: severity(finding.severity),
            field: finding.field.map(Field::id),
            value: finding.value,
            message: finding.message,
            suggestion: finding.suggestion,
            basis: finding.basis,
        }
    }
}

impl From<Failing> for FailingLine {
    fn from(failing: Failing) -> Self {
        Self {
            code: Text(failing.code),
            department: failing.department,
            name: failing.name,
            revision: failing.revision,
            rules: failing.rules,
            findings: failing.findings.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<Waived> for WaivedLine {
    fn from(waived: Waived) -> Self {
        Self {
            code: Text(waived.code),
            name: waived.name,
            finding: waived.finding.into(),
            until: waived.waiver.until,
            reason: waived.waiver.reason,
            granted_by: waived.waiver.granted_by,
        }
    }
}

fn judge(call: &Call<'_>, input: In<Nothing, AskedDay>) -> Result<Plain<Recheck>, Problem> {
    let today = business_day(call.registry.clock.now());
    let found = recheck::recheck(call.registry, call.operator, input.query.today.unwrap_or(today))?;
    let incidents = found.incidents.into_iter();
    Ok(Plain(Recheck {
        rules: found.rules,
        judged: found.judged.try_into().unwrap_or(u64::MAX),
        not_judged: ["F", "D", "C"],
        failing: found.failing.into_iter().map(Into::into).collect(),
        waived: found.waived.into_iter().map(Into::into).collect(),
        incidents: incidents
            .map(|(rule, code)| IncidentLine { rule, code: Text(code) })
            .collect(),
    }))
}
