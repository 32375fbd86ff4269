//! Pairs of two departments' projects that are very likely one.

use std::collections::HashMap;

use diesel::prelude::*;

use super::schema::{explanations, findings, lookalikes, projects};
use super::{CHUNK, Conn, DbError, each};

/// A pair; the lower id stands first.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = lookalikes)]
pub struct PairRow {
    /// The one.
    pub project_id: i64,
    /// The other.
    pub other_id: i64,
    /// `building`: by rule D004's measure; `place`: the same name, township and address.
    pub why: String,
    /// When it was found, UTC milliseconds.
    pub found_at: i64,
}

/// Adds pairs, none of which may be there.
pub fn insert(conn: &mut Conn<'_>, rows: &[PairRow]) -> Result<(), DbError> {
    for chunk in rows.chunks(CHUNK) {
        each!(conn, c => diesel::insert_into(lookalikes::table).values(chunk).execute(c))?;
    }
    Ok(())
}

/// Adds those pairs that are not there yet, and answers how many.
pub fn insert_missing(conn: &mut Conn<'_>, rows: &[PairRow]) -> Result<usize, DbError> {
    let mut added = 0;
    for row in rows {
        added += each!(conn, c => diesel::insert_into(lookalikes::table)
            .values(row)
            .on_conflict_do_nothing()
            .execute(c))?;
    }
    Ok(added)
}

/// Removes the pairs that these projects are in.
pub fn remove(conn: &mut Conn<'_>, ids: &[i64]) -> Result<(), DbError> {
    for chunk in ids.chunks(CHUNK) {
        each!(conn, c => {
            diesel::delete(lookalikes::table.filter(lookalikes::project_id.eq_any(chunk))).execute(c)?;
            diesel::delete(lookalikes::table.filter(lookalikes::other_id.eq_any(chunk))).execute(c)
        })?;
    }
    Ok(())
}

/// The pairs, those found last first; of one department or of all.
pub fn latest(conn: &mut Conn<'_>, department: Option<&str>, limit: i64) -> Result<Vec<PairRow>, DbError> {
    Ok(each!(conn, c => {
        let mut query = lookalikes::table
            .order((lookalikes::found_at.desc(), lookalikes::project_id, lookalikes::other_id))
            .limit(limit)
            .select(PairRow::as_select())
            .into_boxed();
        if let Some(department) = department {
            let own = || projects::table.filter(projects::department.eq(department)).select(projects::id);
            query = query.filter(lookalikes::project_id.eq_any(own()).or(lookalikes::other_id.eq_any(own())));
        }
        query.load(c)
    })?)
}

/// How many pairs there are.
pub fn count(conn: &mut Conn<'_>) -> Result<i64, DbError> {
    Ok(each!(conn, c => lookalikes::table.count().get_result(c))?)
}

/// What was explained last of a rule's findings on these projects, by project.
pub fn explained(conn: &mut Conn<'_>, ids: &[i64], rule: &str) -> Result<HashMap<i64, String>, DbError> {
    let mut said = HashMap::new();
    for chunk in ids.chunks(CHUNK) {
        let rows: Vec<(i64, String)> = each!(conn, c => explanations::table
            .inner_join(findings::table.on(findings::project_id
                .eq(explanations::project_id)
                .and(findings::revision.eq(explanations::revision))
                .and(findings::seq.eq(explanations::seq))))
            .filter(explanations::project_id.eq_any(chunk))
            .filter(findings::code.eq(rule))
            .order((explanations::project_id, explanations::revision))
            .select((explanations::project_id, explanations::explanation))
            .load(c))?;
        // The later ones replace the earlier.
        said.extend(rows);
    }
    Ok(said)
}
