//! The audit log, and the waivers that were granted.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::endpoint::{Call, Endpoint, In, get};
use super::problem::Problem;
use super::roles::{KEEPERS, OVERSEERS};
use super::types::{Cursor, Instant, Nothing, Page, Text, Window};
use crate::registry::waivers;
use crate::registry::{RegistryCode, audit};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        get("/audit", KEEPERS, "The audit log, newest first", entries),
        get("/waivers", OVERSEERS, "The latest waivers of rules", list_waivers),
    ]
}

/// An entry of the audit log.
#[derive(Serialize, JsonSchema)]
struct EntryLine {
    /// Its number.
    id: i64,
    /// When.
    at: Instant,
    /// Who.
    actor: String,
    /// What was done, such as `upload.commit`.
    action: String,
    /// To what.
    object: String,
    /// More about it: JSON in text.
    detail: String,
    /// From where.
    origin: String,
    /// `done` or `refused`.
    outcome: String,
}

/// Which entries: each part that is given narrows the choice.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AskedEntries {
    /// Where the list goes on.
    cursor: Option<Text<Cursor>>,
    /// Lines at most: 1 to 200, usually 50.
    #[schemars(range(min = 1, max = 200))]
    limit: Option<u16>,
    /// Who.
    #[serde(default)]
    actor: String,
    /// What the action begins with.
    #[serde(default)]
    action: String,
    /// Part of the object.
    #[serde(default)]
    object: String,
    /// `done` or `refused`.
    #[serde(default)]
    outcome: String,
}

fn entries(call: &Call<'_>, input: In<Nothing, AskedEntries>) -> Result<Page<EntryLine>, Problem> {
    let asked = input.query;
    let window = Window::new(asked.cursor, asked.limit)?;
    let filter = audit::Filter {
        actor: asked.actor,
        action: asked.action,
        object: asked.object,
        outcome: asked.outcome,
        before: window.after.map(|cursor| cursor.0),
        ..audit::Filter::default()
    };
    let rows = audit::entries(call.registry, call.operator, &filter, window.probe())?;
    Ok(Page::of(
        rows,
        window,
        |(id, _)| Cursor(*id, 0),
        |(id, entry)| EntryLine {
            id,
            at: Instant(entry.at),
            actor: entry.actor,
            action: entry.action,
            object: entry.object,
            detail: entry.detail,
            origin: entry.origin,
            outcome: entry.outcome,
        },
    ))
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

/// How many of the latest are told.
const TOLD: i64 = 500;

fn list_waivers(call: &Call<'_>, _: In) -> Result<Page<ListedWaiver>, Problem> {
    let rows = waivers::latest(call.registry, call.operator, TOLD)?;
    let lines = rows.into_iter().map(|row| ListedWaiver {
        code: row.code.map(Text),
        department: row.department,
        project: row.project,
        rule: row.rule,
        until: row.until,
        reason: row.reason,
        granted_by: row.granted_by,
        granted_at: Instant(row.granted_at),
    });
    Ok(Page::whole(lines.collect()))
}
