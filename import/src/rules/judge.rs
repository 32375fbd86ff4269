//! Runs the rules over the records of a roster and turns their faults into findings.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use chrono::NaiveDate;

use super::duplicates::Seen;
use super::known::{Known, KnownRoster};
use super::{Basis, Case, Fault, Judge, RULES, Rule, RuleSettings, Status};
use crate::catalogue::{Catalogue, Field};
use crate::finding::Finding;
use crate::record::Record;

/// A rule that broke down on a record: our fault, not the officer's. Its findings on that record are lost, all others stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    /// The rule's code.
    pub code: &'static str,
    /// The record's sheet and row (1-based); none where the rule judges the whole roster.
    pub record: Option<(Arc<str>, u32)>,
}

/// Incidents as officers are told of them: a line for each rule.
pub fn incident_lines(incidents: &[Incident]) -> Vec<String> {
    let mut rules: Vec<(&str, &Incident, usize)> = Vec::new();
    for incident in incidents {
        match rules.iter_mut().find(|(code, ..)| *code == incident.code) {
            Some((.., count)) => *count += 1,
            None => rules.push((incident.code, incident, 1)),
        }
    }
    let line = |(code, first, count): (&str, &Incident, usize)| {
        let place = first.record.as_ref().map_or_else(String::new, |(sheet, row)| {
            let sheet = if sheet.is_empty() {
                String::new()
            } else {
                format!("“{sheet}”")
            };
            let all = if count > 1 {
                format!("等 {count} 行")
            } else {
                String::new()
            };
            format!("（{sheet}第 {row} 行{all}）")
        });
        format!("程序故障：规则 {code} 没有判断成功{place}，请告诉系统管理员。其余检查照常。")
    };
    rules.into_iter().map(line).collect()
}

/// Judges the records of one roster, in order, and remembers what the rules about earlier rows need.
#[derive(Debug)]
pub struct RosterJudge<'a> {
    rules: &'a [&'a Rule],
    catalogue: &'a Catalogue,
    today: NaiveDate,
    seen: Seen,
    incidents: Vec<Incident>,
}

impl<'a> RosterJudge<'a> {
    /// A judge who has seen no record yet; `today` is the business day, Asia/Shanghai.
    pub fn new(catalogue: &'a Catalogue, today: NaiveDate) -> Self {
        Self::with_rules(RULES, catalogue, today)
    }

    fn with_rules(rules: &'a [&'a Rule], catalogue: &'a Catalogue, today: NaiveDate) -> Self {
        Self {
            rules,
            catalogue,
            today,
            seen: Seen::default(),
            incidents: Vec::new(),
        }
    }

    /// The findings on the roster's next record, by the rules that need no registry.
    pub fn judge_record(&mut self, record: &Record) -> Vec<Finding> {
        self.judge_by(record, |judge, case, seen| match judge {
            Judge::Record(judge) => judge(case).into_iter().collect(),
            Judge::Cells(judge) => judge(case),
            Judge::Roster(judge) => judge(case, seen),
            Judge::WhileReading | Judge::Known(_) | Judge::WholeRoster(_) => Vec::new(),
        })
    }

    /// The findings on a record by the rules that compare it with what the registry knows, in any order of records.
    pub fn judge_known(&mut self, record: &Record, known: &Known) -> Vec<Finding> {
        self.judge_by(record, |judge, case, _| match judge {
            Judge::Known(judge) => judge(case, known),
            _ => Vec::new(),
        })
    }

    /// The findings on the roster as a whole, by the rules that compare it with what the registry knows.
    pub fn judge_roster(&mut self, known: &KnownRoster) -> Vec<Finding> {
        let mut findings = Vec::new();
        for rule in self.rules.iter().filter(|rule| rule.status != Status::Retired) {
            let Judge::WholeRoster(judge) = rule.judge else {
                continue;
            };
            match catch_unwind(AssertUnwindSafe(|| judge(known))) {
                Ok(fault) => findings.extend(fault.and_then(|fault| {
                    let finding = Finding {
                        code: rule.code,
                        severity: rule.severity,
                        sheet: None,
                        address: None,
                        row: None,
                        field: None,
                        value: None,
                        message: fault.message,
                        suggestion: Some(fault.suggestion),
                        basis: basis(rule.basis),
                    };
                    self.settings().settle(rule, finding)
                })),
                Err(_) => self.incidents.push(Incident {
                    code: rule.code,
                    record: None,
                }),
            }
        }
        findings
    }

    /// The rules that broke down so far.
    pub fn incidents(&self) -> &[Incident] {
        &self.incidents
    }

    fn settings(&self) -> &'a RuleSettings {
        self.catalogue.rule_settings()
    }

    fn judge_by(&mut self, record: &Record, apply: impl Fn(Judge, &Case<'_>, &mut Seen) -> Vec<Fault>) -> Vec<Finding> {
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
            match catch_unwind(AssertUnwindSafe(|| apply(rule.judge, &case, &mut self.seen))) {
                Ok(faults) => {
                    let faults = faults.into_iter().map(|fault| finding(rule, record, fault));
                    findings.extend(faults.filter_map(|finding| self.settings().settle(rule, finding)));
                }
                Err(_) => self.incidents.push(Incident {
                    code: rule.code,
                    record: Some((record.sheet.clone(), record.row)),
                }),
            }
        }
        findings
    }
}

/// A fault on a record as a finding: on the field's cell, or on the row's 工程名称 where the sheet has no such column.
fn finding(rule: &Rule, record: &Record, fault: Fault) -> Finding {
    let entry = record.entry(fault.field);
    Finding {
        code: rule.code,
        severity: fault.severity.unwrap_or(rule.severity),
        sheet: Some(record.sheet.to_string()),
        address: entry.address.or(record.entry(Field::Name).address),
        row: Some(record.row),
        field: Some(fault.field),
        value: (!entry.written.is_empty()).then(|| entry.written.to_string()),
        message: fault.message,
        suggestion: Some(fault.suggestion),
        basis: fault.basis.map_or_else(|| basis(rule.basis), |clause| basis(&[clause])),
    }
}

fn basis(clauses: &[Basis]) -> Option<String> {
    let texts: Vec<&str> = clauses.iter().map(|clause| clause.text).collect();
    (!texts.is_empty()).then(|| texts.join("；"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use super::*;
    use crate::finding::Severity;
    use crate::rules::FIRST;
    use crate::rules::intensity_pair::S001;
    use crate::values::Value;

    fn rule(code: &'static str, status: Status, judge: fn(&Case<'_>) -> Option<Fault>) -> Rule {
        Rule {
            code,
            status,
            judge: Judge::Record(judge),
            ..FIRST
        }
    }

    fn mismatched() -> Record {
        let mut record = Record::new("工程清单".into(), 7);
        for (field, code) in [(Field::Intensity, "7"), (Field::AccelerationG, "0.20")] {
            record.entry_mut(field).read = crate::record::Read::Value(Value::Code(code.into()));
        }
        record
    }

    #[test]
    fn a_rule_that_panics_spoils_only_itself() {
        let broken = rule("X001", Status::InForce, |_| panic!("broken on purpose"));
        let catalogue = Catalogue::load(None).unwrap();
        let rules = [&broken, &S001];
        let mut judge = RosterJudge::with_rules(&rules, &catalogue, NaiveDate::default());
        let findings = judge.judge_record(&mismatched());
        assert_eq!(
            findings.iter().map(|finding| finding.code).collect::<Vec<_>>(),
            ["S001"]
        );
        let incident = Incident {
            code: "X001",
            record: Some(("工程清单".into(), 7)),
        };
        assert_eq!(judge.incidents(), std::slice::from_ref(&incident));
        let of_roster = Incident {
            record: None,
            ..incident.clone()
        };
        let csv = Incident {
            record: Some(("".into(), 9)),
            ..incident.clone()
        };
        let lines = |incidents: &[Incident]| incident_lines(incidents).concat();
        let (said, rest) = ("程序故障：规则 X001 没有判断成功", "，请告诉系统管理员。其余检查照常。");
        assert_eq!(
            lines(&[incident.clone(), csv.clone()]),
            format!("{said}（“工程清单”第 7 行等 2 行）{rest}")
        );
        assert_eq!(lines(&[csv]), format!("{said}（第 9 行）{rest}"));
        assert_eq!(lines(&[of_roster]), format!("{said}{rest}"));
    }

    #[test]
    fn a_rule_on_trial_hints_and_a_retired_one_is_silent() {
        let fires = |_: &Case<'_>| Some(Fault::new(Field::Name, "", ""));
        let (trial, retired) = (rule("X001", Status::Trial, fires), rule("X002", Status::Retired, fires));
        let catalogue = Catalogue::load(None).unwrap();
        let rules = [&trial, &retired];
        let mut judge = RosterJudge::with_rules(&rules, &catalogue, NaiveDate::default());
        let findings = judge.judge_record(&mismatched());
        assert_eq!(findings.len(), 1);
        assert_eq!((findings[0].code, findings[0].severity), ("X001", Severity::Hint));
    }
}
