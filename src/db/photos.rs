//! Photos of projects, and which of them the platform has.

use std::collections::HashMap;

use diesel::dsl::{count_star, exists};
use diesel::prelude::*;

use super::schema::{deliveries, photos, projects};
use super::{CHUNK, Conn, DbError, each};

/// A photo of a project.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = photos, treat_none_as_default_value = false)]
pub struct PhotoRow {
    /// The project.
    pub project_id: i64,
    /// `construction` or `acceptance`.
    pub kind: String,
    /// SHA-256 of the file, lower-case hex.
    pub sha256: String,
    /// A number of its own, growing.
    pub id: i64,
    /// The name it came under.
    pub file_name: String,
    /// `jpeg` or `png`.
    pub format: String,
    /// Its size.
    pub bytes: i64,
    /// Pixels across.
    pub width: i64,
    /// Pixels down.
    pub height: i64,
    /// `ready`, `sent` or `refused`.
    pub state: String,
    /// The platform's words where it refused it.
    pub problem: Option<String>,
    /// Who sent it in.
    pub added_by: String,
    /// When, UTC milliseconds.
    pub added_at: i64,
    /// When the platform had it, UTC milliseconds.
    pub sent_at: Option<i64>,
}

/// Adds photos.
pub fn insert(conn: &mut Conn<'_>, rows: &[PhotoRow]) -> Result<(), DbError> {
    for chunk in rows.chunks(CHUNK) {
        each!(conn, c => diesel::insert_into(photos::table).values(chunk).execute(c))?;
    }
    Ok(())
}

/// The photos of these projects, in the order in which they came.
pub fn of_projects(conn: &mut Conn<'_>, ids: &[i64]) -> Result<Vec<PhotoRow>, DbError> {
    let mut rows = Vec::new();
    for chunk in ids.chunks(CHUNK) {
        rows.extend(each!(conn, c => photos::table
            .filter(photos::project_id.eq_any(chunk))
            .order(photos::id)
            .select(PhotoRow::as_select())
            .load::<PhotoRow>(c))?);
    }
    Ok(rows)
}

/// Removes a photo that the platform does not have; whether there was one.
pub fn remove(conn: &mut Conn<'_>, project: i64, kind: &str, sha256: &str) -> Result<bool, DbError> {
    let removed = each!(conn, c => diesel::delete(photos::table.find((project, kind, sha256)))
        .filter(photos::state.ne("sent"))
        .execute(c))?;
    Ok(removed == 1)
}

/// How many photos are in each state, of one department's projects or of all.
pub fn count_by_state(conn: &mut Conn<'_>, department: Option<&str>) -> Result<HashMap<String, i64>, DbError> {
    let rows: Vec<(String, i64)> = each!(conn, c => {
        let all = photos::table.inner_join(projects::table.on(projects::id.eq(photos::project_id)));
        match department {
            Some(department) => all
                .filter(projects::department.eq(department))
                .group_by(photos::state)
                .select((photos::state, count_star()))
                .load(c),
            None => all.group_by(photos::state).select((photos::state, count_star())).load(c),
        }
    })?;
    Ok(rows.into_iter().collect())
}

/// The latest photos, of one department's projects or of all, newest first, each with the name, the department and the year of the code of
/// its project; those in this state, or all.
pub fn latest(
    conn: &mut Conn<'_>,
    department: Option<&str>,
    state: Option<&str>,
    (before, limit): (i64, i64),
) -> Result<Vec<(PhotoRow, String, String, i64)>, DbError> {
    Ok(each!(conn, c => {
        let mut query = photos::table
            .inner_join(projects::table.on(projects::id.eq(photos::project_id)))
            .select((PhotoRow::as_select(), projects::name, projects::department, projects::entry_year))
            .into_boxed();
        if let Some(department) = department {
            query = query.filter(projects::department.eq(department));
        }
        if let Some(state) = state {
            query = query.filter(photos::state.eq(state));
        }
        query.filter(photos::id.lt(before)).order(photos::id.desc()).limit(limit).load(c)
    })?)
}

/// Photos after `after` that are to be sent and whose project the platform has taken in, each with the year of the project's code, by id.
pub fn waiting(conn: &mut Conn<'_>, after: i64, limit: i64) -> Result<Vec<(PhotoRow, i64)>, DbError> {
    Ok(each!(conn, c => photos::table
        .inner_join(projects::table.on(projects::id.eq(photos::project_id)))
        .filter(photos::state.eq("ready"))
        .filter(photos::id.gt(after))
        .filter(projects::state.ne("withdrawn"))
        .filter(exists(deliveries::table
            .filter(deliveries::project_id.eq(photos::project_id))
            .filter(deliveries::op.eq("upsert"))
            .filter(deliveries::state.eq_any(["accepted", "unchanged", "stale"]))))
        .order(photos::id)
        .limit(limit)
        .select((PhotoRow::as_select(), projects::entry_year))
        .load(c))?)
}

/// The photo with this number.
pub fn find(conn: &mut Conn<'_>, id: i64) -> Result<Option<PhotoRow>, DbError> {
    Ok(each!(conn, c => photos::table
        .filter(photos::id.eq(id))
        .select(PhotoRow::as_select())
        .first(c)
        .optional())?)
}

/// Says that the platform has a photo.
pub fn set_sent(conn: &mut Conn<'_>, id: i64, now: i64) -> Result<(), DbError> {
    each!(conn, c => diesel::update(photos::table.filter(photos::id.eq(id)))
        .filter(photos::state.ne("sent"))
        .set((photos::state.eq("sent"), photos::sent_at.eq(now), photos::problem.eq(None::<String>)))
        .execute(c))?;
    Ok(())
}

/// Says that the platform refused a photo, in its words.
pub fn set_refused(conn: &mut Conn<'_>, id: i64, problem: &str) -> Result<(), DbError> {
    each!(conn, c => diesel::update(photos::table.filter(photos::id.eq(id)))
        .filter(photos::state.eq("ready"))
        .set((photos::state.eq("refused"), photos::problem.eq(problem)))
        .execute(c))?;
    Ok(())
}
