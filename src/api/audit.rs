//! The audit log, and its seal.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::endpoint::{Call, Endpoint, In, get};
use super::problem::Problem;
use super::reply::Plain;
use super::roles::{ACCOUNTS, KEEPERS};
use super::types::{Cursor, Instant, Nothing, Page, Text, Window};
use crate::registry::audit;
use crate::registry::audit_chain::{self, Damage};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        get("/audit", KEEPERS, "The audit log, newest first", entries),
        get(
            "/audit/seal",
            ACCOUNTS,
            "Whether the audit log is what was sealed: nothing changed, removed, added or moved",
            seal,
        ),
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
    /// From then on.
    from: Option<Instant>,
    /// Before then.
    to: Option<Instant>,
}

fn entries(call: &Call<'_>, input: In<Nothing, AskedEntries>) -> Result<Page<EntryLine>, Problem> {
    let asked = input.query;
    let window = Window::new(asked.cursor, asked.limit)?;
    let filter = audit::Filter {
        actor: asked.actor,
        action: asked.action,
        object: asked.object,
        outcome: asked.outcome,
        from: asked.from.map(|at| at.0),
        to: asked.to.map(|at| at.0),
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

/// The log beside its seal.
#[derive(Serialize, JsonSchema)]
struct SealCheck {
    /// Sealed entries, each of them checked.
    sealed: i64,
    /// Entries that are not sealed yet.
    unsealed: i64,
    /// The digest of the last seal: noted elsewhere, it shows whether the whole chain was made anew.
    head: String,
    /// What is wrong; nothing where the log is whole.
    damage: Vec<DamageLine>,
}

/// Something that is wrong with the log.
#[derive(Serialize, JsonSchema)]
struct DamageLine {
    /// `changed`, `missing`, `inserted`, `moved` or `broken`.
    kind: &'static str,
    /// The entry; of a broken chain, the place in it.
    id: i64,
    /// Of an entry that was moved, where it is now.
    to: Option<i64>,
    /// In words.
    message: String,
}

impl From<&Damage> for DamageLine {
    fn from(damage: &Damage) -> Self {
        let (kind, id, to) = match *damage {
            Damage::Changed(id) => ("changed", id, None),
            Damage::Missing(id) => ("missing", id, None),
            Damage::Inserted(id) => ("inserted", id, None),
            Damage::Moved(id, to) => ("moved", id, Some(to)),
            Damage::Broken(position) => ("broken", position, None),
        };
        Self {
            kind,
            id,
            to,
            message: damage.label(),
        }
    }
}

fn seal(call: &Call<'_>, _: In) -> Result<Plain<SealCheck>, Problem> {
    let verdict = audit_chain::verify(call.registry)?;
    Ok(Plain(SealCheck {
        sealed: verdict.sealed,
        unsealed: verdict.unsealed,
        damage: verdict.damage.iter().map(Into::into).collect(),
        head: verdict.head,
    }))
}
