//! Waivers: the secretariat lets a project go in although a rule of severity `error` says otherwise, until a day and for a reason.
//!
//! A waived finding goes in as one that was answered, by whom and why: reviewers see it with the record.

use chrono::NaiveDate;
use retrofit_import::finding::Severity;
use retrofit_import::rules;

use super::code::RegistryCode;
use super::people::Operator;
use super::{Error, Registry, audit, business_day};
use crate::db::counters::{self, Counter};
use crate::db::projects;
use crate::db::waivers::{self, WaiverRow};

/// Rules that judge what was read; the others say that it was not read, or whose it is.
const JUDGING: [char; 4] = ['P', 'S', 'T', 'M'];

impl WaiverRow {
    /// The waiver, as the answer to a finding.
    pub fn label(&self) -> String {
        format!("秘书处豁免至{}：{}", self.until, self.reason)
    }
}

/// Waives a rule for a project, up to and including a day. A later waiver of the same rule takes the place of an earlier one.
///
/// # Errors
/// Refused to all but the secretariat; where there is no such project; where the rule is no error here, or not one that can be waived; with
/// no reason, or for a day gone by.
pub fn waive(
    registry: &Registry,
    operator: &Operator,
    code: RegistryCode,
    rule: &str,
    until: NaiveDate,
    reason: &str,
) -> Result<(), Error> {
    if !operator.may_review() {
        return Err(Error::refused(format!(
            "用户“{}”不是秘书处成员，不能豁免规则。",
            operator.name
        )));
    }
    let rule = rules::find(rule).ok_or_else(|| {
        Error::refused(format!(
            "没有代码为“{rule}”的规则。用 retrofit rules 可以列出全部规则。"
        ))
    })?;
    if !rule.code.starts_with(JUDGING) {
        return Err(Error::refused(format!(
            "规则 {} 不能豁免：它说明的是没有读出的内容，或者分不清是哪个工程。请按提示更正。",
            rule.code
        )));
    }
    if registry.catalogue.rule_settings().severity(rule) != Some(Severity::Error) {
        return Err(Error::refused(format!(
            "规则 {} 不是强制性规则，写明情况就能登记，不需要豁免。",
            rule.code
        )));
    }
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(Error::refused("豁免须写明理由（--reason）。"));
    }
    let now = registry.clock.now();
    let today = business_day(now);
    if until < today {
        return Err(Error::refused(format!("豁免的截止日 {until} 已过，今天是 {today}。")));
    }
    registry.db.write(|conn| {
        counters::lock(conn, Counter::Project)?;
        let project = projects::with_ids(conn, &[code.id])?.pop();
        if project.is_none_or(|row| row.code() != code) {
            return Err(Error::refused(format!("没有登记编号为 {code} 的工程。")));
        }
        let earlier = waivers::of_project(conn, code.id)?;
        let seq = earlier
            .iter()
            .filter(|earlier| earlier.rule == rule.code)
            .map(|earlier| earlier.seq + 1);
        let row = WaiverRow {
            project_id: code.id,
            rule: rule.code.into(),
            seq: seq.max().unwrap_or_default(),
            until: until.to_string(),
            reason: reason.into(),
            granted_by: operator.name.clone(),
            granted_at: now,
        };
        waivers::insert(conn, &row)?;
        let detail = serde_json::json!({ "rule": rule.code, "until": row.until, "reason": reason });
        let what = ("project.waive", audit::Outcome::Done);
        Ok(audit::note(conn, operator, now, what, &code.to_string(), &detail)?)
    })
}
