//! Runs the rules over the records of a roster and turns their faults into findings.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use chrono::NaiveDate;

use super::{Case, Fault, Judge, RULES, Rule, Status};
use crate::catalogue::{Catalogue, Field};
use crate::finding::Finding;
use crate::record::Record;

/// A rule that broke down on a record: our fault, not the officer's. Its findings on that record are lost, all others stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    /// The rule's code.
    pub code: &'static str,
    /// The record's sheet; empty where the rule judges the whole roster.
    pub sheet: Arc<str>,
    /// The record's row, 1-based; 0 where the rule judges the whole roster.
    pub row: u32,
}

/// Judges the records of one roster, in order, and remembers what rules about the whole roster need.
#[derive(Debug)]
pub struct RosterJudge<'a> {
    rules: &'static [&'static Rule],
    catalogue: &'a Catalogue,
    today: NaiveDate,
    incidents: Vec<Incident>,
}

impl<'a> RosterJudge<'a> {
    /// A judge who has seen no record yet; `today` is the business day, Asia/Shanghai.
    pub fn new(catalogue: &'a Catalogue, today: NaiveDate) -> Self {
        Self::with_rules(RULES, catalogue, today)
    }

    fn with_rules(rules: &'static [&'static Rule], catalogue: &'a Catalogue, today: NaiveDate) -> Self {
        Self {
            rules,
            catalogue,
            today,
            incidents: Vec::new(),
        }
    }

    /// The findings on the roster's next record.
    pub fn judge_record(&mut self, record: &Record) -> Vec<Finding> {
        let case = Case {
            record,
            today: self.today,
            catalogue: self.catalogue,
        };
        let cancelled = case.code_in(Field::Stage, &["90"]);
        let mut findings = Vec::new();
        for rule in self.rules {
            if rule.status == Status::Retired || (cancelled && !rule.judges_cancelled()) {
                continue;
            }
            let judged = catch_unwind(AssertUnwindSafe(|| match rule.judge {
                Judge::WhileReading => Vec::new(),
                Judge::Record(judge) => judge(&case).into_iter().collect(),
                Judge::Cells(judge) => judge(&case),
            }));
            match judged {
                Ok(faults) => findings.extend(faults.into_iter().map(|fault| finding(rule, record, fault))),
                Err(_) => self.incidents.push(Incident {
                    code: rule.code,
                    sheet: record.sheet.clone(),
                    row: record.row,
                }),
            }
        }
        findings
    }

    /// The rules that broke down so far.
    pub fn incidents(&self) -> &[Incident] {
        &self.incidents
    }
}

/// A fault on a record as a finding: on the field's cell, or on the row's 工程名称 where the sheet has no such column.
fn finding(rule: &Rule, record: &Record, fault: Fault) -> Finding {
    let entry = record.entry(fault.field);
    let basis: Vec<&str> = rule.basis.iter().map(|basis| basis.text).collect();
    Finding {
        code: rule.code,
        severity: fault.severity.unwrap_or(rule.severity).min(rule.severity()),
        sheet: Some(record.sheet.to_string()),
        address: entry.address.or(record.entry(Field::Name).address),
        row: Some(record.row),
        field: Some(fault.field),
        value: (!entry.written.is_empty()).then(|| entry.written.to_string()),
        message: fault.message,
        suggestion: Some(fault.suggestion),
        basis: (!basis.is_empty()).then(|| basis.join("；")),
    }
}
