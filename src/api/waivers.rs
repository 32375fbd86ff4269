//! Waivers of rules, for projects and for those that have no code yet.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::body::Json;
use super::endpoint::{Call, Endpoint, In, get, post};
use super::problem::Problem;
use super::reply::Plain;
use super::roles::{KEEP, OVERSEERS};
use super::types::{Cursor, Instant, Nothing, Page, Text};
use super::uploads::Asked;
use crate::registry::RegistryCode;
use crate::registry::waivers::{self, Grant, Subject, Waiver};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        get("/waivers", OVERSEERS, "The waivers of rules, newest first", list),
        post(
            "/waivers",
            KEEP,
            "Waives a rule until a day, for a project or for one that has no code yet",
            grant,
        ),
    ]
}

/// A waiver of a rule.
#[derive(Serialize, JsonSchema)]
struct ListedWaiver {
    /// The project; null while it has no code.
    code: Option<Text<RegistryCode>>,
    /// The department.
    department: String,
    /// The project's name.
    project: String,
    /// The rule.
    rule: String,
    /// The last day on which it holds.
    until: String,
    /// Why.
    reason: String,
    /// Who granted it.
    granted_by: String,
    /// When.
    granted_at: Instant,
}

fn line(row: Waiver) -> ListedWaiver {
    ListedWaiver {
        code: row.code.map(Text),
        department: row.department,
        project: row.project,
        rule: row.rule,
        until: row.until,
        reason: row.reason,
        granted_by: row.granted_by,
        granted_at: Instant(row.granted_at),
    }
}

fn list(call: &Call<'_>, input: In<Nothing, Asked>) -> Result<Page<ListedWaiver>, Problem> {
    let window = input.query.window()?;
    let Cursor(until, shown) = window.after.unwrap_or(Cursor(i64::MAX, 0));
    let shown = shown.max(0);
    let rows = waivers::granted_until(call.registry, call.operator, (until, shown), window.probe())?;
    // Which one it is of those that were granted at the same instant.
    let mut at = (until, shown);
    let keyed = rows.into_iter().map(|row| {
        at = if row.granted_at == at.0 {
            (at.0, at.1 + 1)
        } else {
            (row.granted_at, 1)
        };
        (Cursor(at.0, at.1), row)
    });
    let keyed: Vec<_> = keyed.collect();
    Ok(Page::of(keyed, window, |(key, _)| *key, |(_, row)| line(row)))
}

/// A waiver to be granted. It names the project by one of: its `code`; its `department` and `number`; its `department`, `name`, `township` and
/// `address`; or the `upload` and `row` that hold it, with the `sheet` where there are several.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct GrantedWaiver {
    /// The rule's code.
    rule: String,
    /// The last day on which it holds.
    #[schemars(with = "String", extend("format" = "date"))]
    until: chrono::NaiveDate,
    /// Why.
    reason: String,
    /// The project's code.
    code: Option<Text<RegistryCode>>,
    /// The department that will report it.
    department: Option<String>,
    /// The department's number of it.
    number: Option<String>,
    /// Its name.
    name: Option<String>,
    /// Its township: the code, or a name that no other township has.
    township: Option<String>,
    /// Its address.
    address: Option<String>,
    /// The upload that holds its row.
    upload: Option<i64>,
    /// The sheet of that row.
    sheet: Option<String>,
    /// That row, as the spreadsheet shows it.
    row: Option<i64>,
}

impl GrantedWaiver {
    fn subject(&self) -> Option<Subject> {
        let GrantedWaiver {
            code,
            department,
            number,
            name,
            township,
            address,
            upload,
            sheet,
            row,
            ..
        } = self;
        match (code, upload.zip(*row), department) {
            (Some(Text(code)), None, None) => Some(Subject::Project(*code)),
            (None, Some((upload, row)), None) => Some(Subject::Row {
                upload,
                sheet: sheet.clone().unwrap_or_default(),
                row,
            }),
            (None, None, Some(department)) => match (number, name) {
                (Some(number), None) => Some(Subject::Number {
                    department: department.clone(),
                    number: number.clone(),
                }),
                (None, Some(name)) => Some(Subject::Place {
                    department: department.clone(),
                    name: name.clone(),
                    township: township.clone()?,
                    address: address.clone()?,
                }),
                _ => None,
            },
            _ => None,
        }
    }
}

/// What was waived.
#[derive(Serialize, JsonSchema)]
struct Granted {
    /// The project: its code, or the department and what it is known by.
    project: String,
}

fn grant(call: &Call<'_>, input: In<Nothing, Nothing, Json<GrantedWaiver>>) -> Result<Plain<Granted>, Problem> {
    let asked = input.body.0;
    let subject = asked.subject().ok_or_else(|| {
        Problem::refused(
            "请用一种方式指明工程：code；department 和 number；department、name、township 和 address；或者 upload 和 row。",
        )
    })?;
    let grant = Grant {
        rule: &asked.rule,
        until: asked.until,
        reason: &asked.reason,
    };
    let project = waivers::waive(call.registry, call.operator, &subject, &grant)?;
    Ok(Plain(Granted { project }))
}
