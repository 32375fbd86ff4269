//! The audit log: who did what, on what, from where, when, and whether it was done. Appended only.

use diesel::prelude::*;

use super::schema::{audit_chain, audit_log};
use super::{CHUNK, Conn, DbError, dialect, each};

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = audit_log, treat_none_as_default_value = false)]
pub struct Entry {
    /// When, UTC milliseconds.
    pub at: i64,
    /// The operator's name.
    pub actor: String,
    /// What was done, `upload.commit`.
    pub action: String,
    /// To what: an upload, a user, a number of projects.
    pub object: String,
    /// More about it, as JSON.
    pub detail: String,
    /// From where: `console`, or an address of the network.
    pub origin: String,
    /// `done` or `refused`.
    pub outcome: String,
}

/// A place in the chain that seals the log.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = audit_chain)]
pub struct LinkRow {
    /// From 1, without gaps.
    pub position: i64,
    /// The entry.
    pub entry_id: i64,
    /// SHA-256 of the entry.
    pub entry_hash: String,
    /// SHA-256 of the place before and this one.
    pub chain_hash: String,
    /// When, UTC milliseconds.
    pub sealed_at: i64,
}

/// A part of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    #[default]
    All,
    /// What is about accounts, logins, access and settings.
    Accounts,
    /// What is about data: the rest.
    Data,
}

/// What actions of [`Part::Accounts`] begin with.
const ACCOUNTS: [&str; 6] = ["user.%", "session.%", "token.%", "access.%", "department.%", "job.%"];

/// Which entries are asked for; what is blank asks for all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// The operator's name.
    pub actor: String,
    /// What the action begins with, `user.`.
    pub action: String,
    /// Part of the object.
    pub object: String,
    /// `done` or `refused`.
    pub outcome: String,
    /// From then on, UTC milliseconds.
    pub from: Option<i64>,
    /// Before then.
    pub to: Option<i64>,
    /// Which part of the log.
    pub part: Part,
    /// Older than this entry.
    pub before: Option<i64>,
}

/// Entries, newest first, each with its id.
pub fn matching(conn: &mut Conn<'_>, filter: &Filter, limit: i64) -> Result<Vec<(i64, Entry)>, DbError> {
    let begins = |text: &str| format!("{}%", escaped(text));
    Ok(each!(conn, c => {
        let mut query = audit_log::table.into_boxed();
        if !filter.actor.is_empty() {
            query = query.filter(audit_log::actor.eq(&filter.actor));
        }
        if !filter.action.is_empty() {
            query = query.filter(audit_log::action.like(begins(&filter.action)).escape('!'));
        }
        if !filter.object.is_empty() {
            query = query.filter(audit_log::object.like(format!("%{}", begins(&filter.object))).escape('!'));
        }
        if !filter.outcome.is_empty() {
            query = query.filter(audit_log::outcome.eq(&filter.outcome));
        }
        if let Some(from) = filter.from {
            query = query.filter(audit_log::at.ge(from));
        }
        if let Some(to) = filter.to {
            query = query.filter(audit_log::at.lt(to));
        }
        if let Some(before) = filter.before {
            query = query.filter(audit_log::id.lt(before));
        }
        for pattern in ACCOUNTS.iter().filter(|_| filter.part == Part::Data) {
            query = query.filter(audit_log::action.not_like(pattern));
        }
        if filter.part == Part::Accounts {
            let [user, session, token, access, department, job] = ACCOUNTS;
            query = query.filter(
                audit_log::action.like(user)
                    .or(audit_log::action.like(session))
                    .or(audit_log::action.like(token))
                    .or(audit_log::action.like(access))
                    .or(audit_log::action.like(department))
                    .or(audit_log::action.like(job)),
            );
        }
        query.order(audit_log::id.desc()).limit(limit).select((audit_log::id, Entry::as_select())).load(c)
    })?)
}

/// A text as part of a pattern, with `!` before what would mean something there.
fn escaped(text: &str) -> String {
    text.replace('!', "!!").replace('%', "!%").replace('_', "!_")
}

/// Lets nobody else append until the end of this transaction.
pub fn lock(conn: &mut Conn<'_>) -> Result<(), DbError> {
    dialect::lock_audit_log(conn)
}

/// Entries after this one, oldest first, a thousand at most.
pub fn after(conn: &mut Conn<'_>, id: i64) -> Result<Vec<(i64, Entry)>, DbError> {
    Ok(each!(conn, c => audit_log::table
        .filter(audit_log::id.gt(id))
        .order(audit_log::id)
        .limit(i64::try_from(CHUNK).unwrap_or(i64::MAX))
        .select((audit_log::id, Entry::as_select()))
        .load(c))?)
}

/// Entries after one and up to another, oldest first.
pub fn between(conn: &mut Conn<'_>, after: i64, last: i64) -> Result<Vec<(i64, Entry)>, DbError> {
    Ok(each!(conn, c => audit_log::table
        .filter(audit_log::id.gt(after))
        .filter(audit_log::id.le(last))
        .order(audit_log::id)
        .select((audit_log::id, Entry::as_select()))
        .load(c))?)
}

/// How many entries come after this one.
pub fn count_after(conn: &mut Conn<'_>, id: i64) -> Result<i64, DbError> {
    Ok(each!(conn, c => audit_log::table.filter(audit_log::id.gt(id)).count().get_result(c))?)
}

/// The last place in the chain.
pub fn last_link(conn: &mut Conn<'_>) -> Result<Option<LinkRow>, DbError> {
    Ok(each!(conn, c => audit_chain::table
        .order(audit_chain::position.desc())
        .select(LinkRow::as_select())
        .first(c)
        .optional())?)
}

/// Places in the chain after this one, in order, a thousand at most.
pub fn links_after(conn: &mut Conn<'_>, position: i64) -> Result<Vec<LinkRow>, DbError> {
    Ok(each!(conn, c => audit_chain::table
        .filter(audit_chain::position.gt(position))
        .order(audit_chain::position)
        .limit(i64::try_from(CHUNK).unwrap_or(i64::MAX))
        .select(LinkRow::as_select())
        .load(c))?)
}

/// Appends places to the chain.
pub fn append_links(conn: &mut Conn<'_>, links: &[LinkRow]) -> Result<(), DbError> {
    for chunk in links.chunks(CHUNK) {
        each!(conn, c => diesel::insert_into(audit_chain::table).values(chunk).execute(c))?;
    }
    Ok(())
}

/// Appends an entry.
pub fn append(conn: &mut Conn<'_>, entry: &Entry) -> Result<(), DbError> {
    each!(conn, c => diesel::insert_into(audit_log::table).values(entry).execute(c))?;
    Ok(())
}
