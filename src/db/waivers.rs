//! Waivers: errors of a rule that the secretariat lets a project go in with, until a day. Appended only; the latest of a rule counts.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;

use super::schema::{early_waivers, projects, waivers};
use super::{CHUNK, Conn, DbError, each};

/// One waiver.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = waivers)]
pub struct WaiverRow {
    /// The project.
    pub project_id: i64,
    /// The rule's code.
    pub rule: String,
    /// From 0, per project and rule.
    pub seq: i64,
    /// The last day on which it holds, ISO.
    pub until: String,
    /// Why.
    pub reason: String,
    /// Who granted it.
    pub granted_by: String,
    /// When, UTC milliseconds.
    pub granted_at: i64,
}

/// A waiver for a project that has no code yet.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = early_waivers)]
pub struct EarlyWaiverRow {
    /// The department that reports it.
    pub department: String,
    /// What it is met by: `number` or `place`.
    pub kind: String,
    /// The department's number, or name, township and address, as they are compared.
    pub key: String,
    /// The rule's code.
    pub rule: String,
    /// From 0, per key and rule.
    pub seq: i64,
    /// The project as the secretariat named it.
    pub project: String,
    /// The last day on which it holds, ISO.
    pub until: String,
    /// Why.
    pub reason: String,
    /// Who granted it.
    pub granted_by: String,
    /// When, UTC milliseconds.
    pub granted_at: i64,
}

/// Early waivers of a department by kind, key and rule.
pub type EarlyWaivers = HashMap<(String, String, String), EarlyWaiverRow>;

/// Waivers by project and rule.
pub type Waivers = HashMap<(i64, String), WaiverRow>;

/// Appends a waiver.
pub fn insert(conn: &mut Conn<'_>, row: &WaiverRow) -> Result<(), DbError> {
    each!(conn, c => diesel::insert_into(waivers::table).values(row).execute(c))?;
    Ok(())
}

/// Appends waivers, a thousand at a time.
pub fn insert_all(conn: &mut Conn<'_>, rows: &[WaiverRow]) -> Result<(), DbError> {
    for chunk in rows.chunks(CHUNK) {
        each!(conn, c => diesel::insert_into(waivers::table).values(chunk).execute(c))?;
    }
    Ok(())
}

/// Appends a waiver for a project without a code.
pub fn insert_early(conn: &mut Conn<'_>, row: &EarlyWaiverRow) -> Result<(), DbError> {
    each!(conn, c => diesel::insert_into(early_waivers::table).values(row).execute(c))?;
    Ok(())
}

/// How many early waivers of a rule there are for a key.
pub fn count_early(
    conn: &mut Conn<'_>,
    (department, kind, key): (&str, &str, &str),
    rule: &str,
) -> Result<i64, DbError> {
    Ok(each!(conn, c => early_waivers::table
        .filter(early_waivers::department.eq(department))
        .filter(early_waivers::kind.eq(kind))
        .filter(early_waivers::key.eq(key))
        .filter(early_waivers::rule.eq(rule))
        .count()
        .get_result(c))?)
}

/// The early waivers of a department for these keys that hold on a day.
pub fn early_in_force(
    conn: &mut Conn<'_>,
    department: &str,
    keys: &[&str],
    today: &str,
) -> Result<EarlyWaivers, DbError> {
    let mut found = EarlyWaivers::new();
    for chunk in keys.chunks(CHUNK) {
        let rows: Vec<EarlyWaiverRow> = each!(conn, c => early_waivers::table
            .filter(early_waivers::department.eq(department))
            .filter(early_waivers::key.eq_any(chunk))
            .order(early_waivers::seq)
            .select(EarlyWaiverRow::as_select())
            .load(c))?;
        found.extend(
            rows.into_iter()
                .map(|row| ((row.kind.clone(), row.key.clone(), row.rule.clone()), row)),
        );
    }
    found.retain(|_, row| row.until.as_str() >= today);
    Ok(found)
}

/// The waivers of projects granted up to an instant, newest first, each with the project's department, entry year and name.
pub fn granted_until(
    conn: &mut Conn<'_>,
    until: i64,
    limit: i64,
) -> Result<Vec<(WaiverRow, String, i64, String)>, DbError> {
    Ok(each!(conn, c => waivers::table
        .inner_join(projects::table.on(projects::id.eq(waivers::project_id)))
        .filter(waivers::granted_at.le(until))
        .order((waivers::granted_at.desc(), waivers::project_id, waivers::rule, waivers::seq))
        .limit(limit)
        .select((WaiverRow::as_select(), projects::department, projects::entry_year, projects::name))
        .load(c))?)
}

/// The early waivers granted up to an instant, newest first.
pub fn early_granted_until(conn: &mut Conn<'_>, until: i64, limit: i64) -> Result<Vec<EarlyWaiverRow>, DbError> {
    Ok(each!(conn, c => early_waivers::table
        .filter(early_waivers::granted_at.le(until))
        .order((
            early_waivers::granted_at.desc(),
            early_waivers::department,
            early_waivers::kind,
            early_waivers::key,
            early_waivers::rule,
            early_waivers::seq,
        ))
        .limit(limit)
        .select(EarlyWaiverRow::as_select())
        .load(c))?)
}

/// All waivers of a project, by rule, oldest first.
pub fn of_project(conn: &mut Conn<'_>, project: i64) -> Result<Vec<WaiverRow>, DbError> {
    Ok(each!(conn, c => waivers::table
        .filter(waivers::project_id.eq(project))
        .order((waivers::rule, waivers::seq))
        .select(WaiverRow::as_select())
        .load(c))?)
}

/// The waivers of these projects that hold on a day.
pub fn in_force(conn: &mut Conn<'_>, ids: &[i64], today: &str) -> Result<Waivers, DbError> {
    let rows: Vec<WaiverRow> = each!(conn, c => {
        let query = waivers::table.order(waivers::seq).select(WaiverRow::as_select()).into_boxed();
        // Waivers are few: for many projects it is quicker to go through all of them.
        if ids.len() > CHUNK {
            query.load(c)
        } else {
            query.filter(waivers::project_id.eq_any(ids)).load(c)
        }
    })?;
    let sought: HashSet<i64> = ids.iter().copied().collect();
    let of_these = rows.into_iter().filter(|row| sought.contains(&row.project_id));
    let mut found: Waivers = of_these.map(|row| ((row.project_id, row.rule.clone()), row)).collect();
    // The latest of a rule counts, even where it is the shorter one.
    found.retain(|_, row| row.until.as_str() >= today);
    Ok(found)
}
