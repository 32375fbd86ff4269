//! Waivers: the secretariat lets a project go in although a rule of severity `error` says otherwise, until a day and for a reason.
//!
//! A waived finding goes in as one that was answered, by whom and why: reviewers see it with the record. A project whose first row is held
//! has no code yet: its waiver names the department and what the row will be met by, and becomes the project's own when the row goes in.

use chrono::NaiveDate;
use retrofit_import::catalogue::Field;
use retrofit_import::finding::Severity;
use retrofit_import::rules::{self, Rule};
use retrofit_import::values::Canonical;
use retrofit_jobs::store::UtcMillis;

use super::code::RegistryCode;
use super::people::{Operator, Sight};
use super::values::{NUMBER, PLACE, Values, from_json, number_key, place_key};
use super::{Error, Registry, audit, business_day};
use crate::db::counters::{self, Counter};
use crate::db::keys::{self, Own};
use crate::db::waivers::{self, EarlyWaiverRow, WaiverRow};
use crate::db::{Conn, projects, uploads};

/// Rules that judge what was read; the others say that it was not read, or whose it is.
const JUDGING: [char; 4] = ['P', 'S', 'T', 'M'];

impl WaiverRow {
    /// The waiver, as the answer to a finding.
    pub fn label(&self) -> String {
        label(&self.until, &self.reason)
    }
}

impl EarlyWaiverRow {
    /// The waiver, as the answer to a finding.
    pub fn label(&self) -> String {
        label(&self.until, &self.reason)
    }

    /// It as the waiver of the project that its row founds.
    pub(super) fn of_project(&self, project_id: i64) -> WaiverRow {
        WaiverRow {
            project_id,
            rule: self.rule.clone(),
            seq: 0,
            until: self.until.clone(),
            reason: self.reason.clone(),
            granted_by: self.granted_by.clone(),
            granted_at: self.granted_at,
        }
    }
}

fn label(until: &str, reason: &str) -> String {
    format!("秘书处豁免至{until}：{reason}")
}

/// What a rule is waived for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A project of the registry.
    Project(RegistryCode),
    /// A project that is to come, by the department's number.
    Number {
        /// The department's code.
        department: String,
        /// Its number, 工程编号.
        number: String,
    },
    /// A project that is to come, by where it is.
    Place {
        /// The department's code.
        department: String,
        /// Its name.
        name: String,
        /// Its township: the code, or a name that no other township has.
        township: String,
        /// Its address.
        address: String,
    },
    /// What a held row of an upload is about.
    Row {
        /// The upload.
        upload: i64,
        /// The sheet; blank where the upload has but one.
        sheet: String,
        /// The row, as the spreadsheet shows it.
        row: i64,
    },
}

/// A waiver to be granted.
#[derive(Clone, Copy, Debug)]
pub struct Grant<'a> {
    /// The rule's code.
    pub rule: &'a str,
    /// The last day on which it holds.
    pub until: NaiveDate,
    /// Why.
    pub reason: &'a str,
}

/// Waives a rule, up to and including a day, and says for which project. A later waiver of the same rule takes the place of an earlier one.
///
/// # Errors
/// Refused to all but the secretariat; where there is no such project, row or department; where the rule is no error here, or not one that
/// can be waived; with no reason, or for a day gone by.
pub fn waive(registry: &Registry, operator: &Operator, subject: &Subject, grant: &Grant<'_>) -> Result<String, Error> {
    if !operator.may_review() {
        return Err(Error::refused(format!(
            "用户“{}”不是秘书处成员，不能豁免规则。",
            operator.name
        )));
    }
    let rule = waivable(registry, grant.rule)?;
    let reason = grant.reason.trim();
    if reason.is_empty() {
        return Err(Error::refused("豁免须写明理由。"));
    }
    let now = registry.clock.now();
    let today = business_day(now);
    if grant.until < today {
        return Err(Error::refused(format!(
            "豁免的截止日 {} 已过，今天是 {today}。",
            grant.until
        )));
    }
    let until = grant.until.to_string();
    registry.db.write(|conn| {
        counters::lock(conn, Counter::Project)?;
        let shown = match target(conn, registry, subject)? {
            Target::Project(code) => {
                let earlier = waivers::of_project(conn, code.id)?;
                let of_rule = earlier.iter().filter(|earlier| earlier.rule == rule.code);
                let row = WaiverRow {
                    project_id: code.id,
                    rule: rule.code.into(),
                    seq: of_rule.map(|earlier| earlier.seq + 1).max().unwrap_or_default(),
                    until: until.clone(),
                    reason: reason.into(),
                    granted_by: operator.name.clone(),
                    granted_at: now,
                };
                waivers::insert(conn, &row)?;
                code.to_string()
            }
            Target::Early {
                department,
                kind,
                key,
                project,
            } => {
                let row = EarlyWaiverRow {
                    seq: waivers::count_early(conn, (&department, kind, &key), rule.code)?,
                    kind: kind.into(),
                    key,
                    rule: rule.code.into(),
                    project: project.clone(),
                    until: until.clone(),
                    reason: reason.into(),
                    granted_by: operator.name.clone(),
                    granted_at: now,
                    department: department.clone(),
                };
                waivers::insert_early(conn, &row)?;
                format!("{department} {project}")
            }
        };
        let detail = serde_json::json!({ "rule": rule.code, "until": until, "reason": reason });
        let what = ("project.waive", audit::Outcome::Done);
        audit::note(conn, operator, now, what, &shown, &detail)?;
        Ok(shown)
    })
}

/// The rule with this code, where it can be waived.
fn waivable(registry: &Registry, code: &str) -> Result<&'static Rule, Error> {
    let rule = rules::find(code).ok_or_else(|| {
        Error::refused(format!(
            "没有代码为“{code}”的规则。用 retrofit rules 可以列出全部规则。"
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
    Ok(rule)
}

/// What a subject names.
enum Target {
    Project(RegistryCode),
    Early {
        department: String,
        kind: &'static str,
        key: String,
        /// As the log and the list say it.
        project: String,
    },
}

fn target(conn: &mut Conn<'_>, registry: &Registry, subject: &Subject) -> Result<Target, Error> {
    let text = |text: &str| Canonical::One(text.trim().to_owned());
    match subject {
        Subject::Project(code) => {
            let project = projects::with_ids(conn, &[code.id])?.pop();
            match project {
                Some(row) if row.code() == *code => Ok(Target::Project(*code)),
                _ => Err(Error::refused(format!("没有登记编号为 {code} 的工程。"))),
            }
        }
        Subject::Number { department, number } => {
            let values = Values::from([(Field::ProjectNo, text(number))]);
            early(conn, registry, department, &values)
        }
        Subject::Place {
            department,
            name,
            township,
            address,
        } => {
            let values = Values::from([
                (Field::Name, text(name)),
                (Field::Township, Canonical::One(township_code(registry, township)?)),
                (Field::Address, text(address)),
            ]);
            early(conn, registry, department, &values)
        }
        Subject::Row { upload, sheet, row } => {
            let found =
                uploads::find(conn, *upload)?.ok_or_else(|| Error::refused(format!("没有编号为 {upload} 的报送。")))?;
            let rows = uploads::held_rows(conn, *upload)?;
            let mut rows = rows
                .into_iter()
                .filter(|held| held.row_no == *row && (sheet.is_empty() || held.sheet == *sheet));
            let held = rows.next().ok_or_else(|| {
                Error::refused(format!(
                    "报送 {upload} 的第 {row} 行没有暂缓。提交过的报送中暂缓的行才能豁免。"
                ))
            })?;
            if rows.next().is_some() {
                return Err(Error::refused(format!(
                    "报送 {upload} 有几张工作表的第 {row} 行暂缓，请写明工作表。"
                )));
            }
            match held
                .met_project
                .map(|id| projects::with_ids(conn, &[id]))
                .transpose()?
                .and_then(|mut met| met.pop())
            {
                Some(project) => Ok(Target::Project(project.code())),
                None => early(conn, registry, &found.department, &from_json(&held.values_json)?),
            }
        }
    }
}

/// The target of a project to come with these values: by its number, else by its place. Where a project has it already, that one.
fn early(conn: &mut Conn<'_>, registry: &Registry, department: &str, values: &Values) -> Result<Target, Error> {
    let department = registry.department(department)?.to_owned();
    let number = number_key(values)
        .filter(|key| !key.is_empty())
        .map(|key| (NUMBER, key));
    let (kind, key) = number.or_else(|| Some((PLACE, place_key(values)?))).ok_or_else(|| {
        Error::refused("这一行没有工程编号，名称、乡镇（街道）和详细地址也没有都读出，认不出是哪个工程。请部门先补填。")
    })?;
    let own = if kind == NUMBER { Own::Number } else { Own::Place };
    let mut met = Vec::new();
    keys::met_by(conn, &department, (own, &[&key]), &mut |_, found| met.push(found))?;
    if let Some(met) = met.pop().filter(|_| met.is_empty()) {
        let year = met.entry_year;
        return Ok(Target::Project(RegistryCode { year, id: met.id }));
    }
    let one = |field| values.get(&field).and_then(|value| value.as_one()).unwrap_or_default();
    let project = match kind {
        NUMBER => format!("{} {}", one(Field::ProjectNo), one(Field::Name))
            .trim_end()
            .to_owned(),
        _ => format!("{}（{}）", one(Field::Name), one(Field::Address)),
    };
    Ok(Target::Early {
        department,
        kind,
        key,
        project,
    })
}

fn township_code(registry: &Registry, written: &str) -> Result<String, Error> {
    let mut named = registry.catalogue.divisions().named(written.trim());
    match (named.next(), named.next()) {
        (Some(only), None) => Ok(only.code.to_string()),
        (None, _) => Err(Error::refused(format!("没有叫“{written}”的乡镇（街道）。"))),
        (Some(_), Some(_)) => Err(Error::refused(format!(
            "有几个乡镇（街道）叫“{written}”，请写代码。用 retrofit template 的模板可以查到。"
        ))),
    }
}

/// A waiver as lists show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiver {
    /// The project's code; none while it has none.
    pub code: Option<RegistryCode>,
    /// The department's code.
    pub department: String,
    /// The project's name, or what it was called before it was entered.
    pub project: String,
    /// The rule's code.
    pub rule: String,
    /// The last day on which it holds, ISO.
    pub until: String,
    /// Why.
    pub reason: String,
    /// Who granted it.
    pub granted_by: String,
    /// When, UTC milliseconds.
    pub granted_at: i64,
}

/// The waivers granted up to an instant, newest first, without the first `skip` of those granted at it: for those who see every department's data.
///
/// # Errors
/// Refused to others.
pub fn granted_until(
    registry: &Registry,
    operator: &Operator,
    (until, skip): (UtcMillis, i64),
    limit: i64,
) -> Result<Vec<Waiver>, Error> {
    if operator.sees() != Sight::All {
        return Err(Error::refused("只有秘书处和审计员可以查看全部豁免。"));
    }
    let read = limit.saturating_add(skip);
    registry.db.read(|conn| {
        let own = waivers::granted_until(conn, until, read)?
            .into_iter()
            .map(|(row, department, year, project)| Waiver {
                code: Some(RegistryCode {
                    year,
                    id: row.project_id,
                }),
                department,
                project,
                rule: row.rule,
                until: row.until,
                reason: row.reason,
                granted_by: row.granted_by,
                granted_at: row.granted_at,
            });
        let early = waivers::early_granted_until(conn, until, read)?
            .into_iter()
            .map(|row| Waiver {
                code: None,
                department: row.department,
                project: row.project,
                rule: row.rule,
                until: row.until,
                reason: row.reason,
                granted_by: row.granted_by,
                granted_at: row.granted_at,
            });
        let mut all: Vec<Waiver> = own.chain(early).collect();
        all.sort_by_key(|waiver| std::cmp::Reverse(waiver.granted_at));
        let skip = usize::try_from(skip).unwrap_or(usize::MAX);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(all.into_iter().skip(skip).take(limit).collect())
    })
}
