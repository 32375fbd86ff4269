//! Projects: the projected columns of their current revision.

use diesel::prelude::*;

use super::counts::{self, Changes, Kind};
use super::schema::projects;
use super::{CHUNK, Conn, DbError, each, insert_all};

/// The current revision of a project, projected. Decimals are scaled: `_e2` hundredths, `_e6` millionths, money in whole yuan.
#[derive(Clone, Debug, Default, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = projects, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct ProjectRow {
    /// The project.
    pub id: i64,
    /// The year it was entered in, for its code.
    pub entry_year: i64,
    /// The department that reports it.
    pub department: String,
    /// The current revision, from 1.
    pub revision: i64,
    /// The latest approved one.
    pub approved_revision: Option<i64>,
    /// The state of the current revision.
    pub state: String,
    /// What the current revision asks for: `upsert` or `withdraw`.
    pub op: String,
    /// The digest of its values.
    pub digest: String,
    /// Who sent it.
    pub submitted_by: String,
    /// When it was sent or last decided, UTC milliseconds.
    pub updated_at: i64,
    /// How many of its findings went in with an explanation.
    pub explained: i64,
    /// The department's number.
    pub project_no: Option<String>,
    /// Its name.
    pub name: String,
    /// Category code.
    pub category: String,
    /// Record kind code.
    pub record_kind: String,
    /// Use code.
    pub use_code: String,
    /// The owner.
    pub owner_unit: String,
    /// County or zone code.
    pub county: String,
    /// Township code.
    pub township: String,
    /// Millionths of a degree.
    pub longitude_e6: Option<i64>,
    /// Millionths of a degree.
    pub latitude_e6: Option<i64>,
    /// Stage code.
    pub stage: String,
    /// Hundredths of a percent.
    pub progress_e2: Option<i64>,
    /// Hundredths of a square metre.
    pub floor_area_e2: Option<i64>,
    /// Hundredths of the unit of scale.
    pub scale_e2: Option<i64>,
    /// Unit of scale, code.
    pub scale_unit: Option<String>,
    /// Planned investment, yuan.
    pub planned_yuan: Option<i64>,
    /// Investment done, yuan.
    pub done_yuan: Option<i64>,
    /// Completion date as precise as written.
    pub completion: Option<String>,
    /// The first day of its span.
    pub completion_first: Option<String>,
    /// The last day of its span.
    pub completion_last: Option<String>,
}

/// What intake has to know of a project that a row may meet.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = projects)]
pub struct Met {
    /// The project.
    pub id: i64,
    /// The year of its code.
    pub entry_year: i64,
    /// The department that reports it.
    pub department: String,
    /// The current revision.
    pub revision: i64,
    /// The latest approved one.
    pub approved_revision: Option<i64>,
    /// The state of the current revision.
    pub state: String,
    /// What the current revision asks for: `upsert` or `withdraw`.
    pub op: String,
    /// The digest of its values.
    pub digest: String,
}

/// What intake has to know of a project that a row may resemble.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = projects)]
pub struct Resembled {
    /// The project.
    pub id: i64,
    /// The year of its code.
    pub entry_year: i64,
    /// The department's number.
    pub project_no: Option<String>,
    /// Its name.
    pub name: String,
}

/// Which projects: each part that is given narrows the choice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// The state of the current revision.
    pub state: Option<String>,
    /// Department code.
    pub department: Option<String>,
    /// Category code.
    pub category: Option<String>,
    /// County or zone code.
    pub county: Option<String>,
    /// Stage code.
    pub stage: Option<String>,
    /// Whether any of its findings went in with an explanation.
    pub explained: Option<bool>,
}

/// The conditions of a [`Filter`], for one connection's backend.
macro_rules! matching {
    ($filter:expr) => {{
        let filter: &Filter = $filter;
        let mut query = projects::table.into_boxed();
        if let Some(state) = &filter.state {
            query = query.filter(projects::state.eq(state));
        }
        if let Some(department) = &filter.department {
            query = query.filter(projects::department.eq(department));
        }
        if let Some(category) = &filter.category {
            query = query.filter(projects::category.eq(category));
        }
        if let Some(county) = &filter.county {
            query = query.filter(projects::county.eq(county));
        }
        if let Some(stage) = &filter.stage {
            query = query.filter(projects::stage.eq(stage));
        }
        match filter.explained {
            Some(true) => query = query.filter(projects::explained.gt(0)),
            Some(false) => query = query.filter(projects::explained.eq(0)),
            None => {}
        }
        query
    }};
}

/// Projects that match, by id, those after `after`.
pub fn matching(conn: &mut Conn<'_>, filter: &Filter, after: i64, limit: i64) -> Result<Vec<ProjectRow>, DbError> {
    Ok(each!(conn, c => matching!(filter)
        .filter(projects::id.gt(after))
        .order(projects::id)
        .limit(limit)
        .select(ProjectRow::as_select())
        .load(c))?)
}

/// How many projects match.
pub fn count(conn: &mut Conn<'_>, filter: &Filter) -> Result<i64, DbError> {
    counts::count(conn, filter)
}

/// The projects with these ids, in no order.
pub fn with_ids(conn: &mut Conn<'_>, ids: &[i64]) -> Result<Vec<ProjectRow>, DbError> {
    let mut rows = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(CHUNK) {
        rows.extend(each!(conn, c => projects::table
            .filter(projects::id.eq_any(chunk))
            .select(ProjectRow::as_select())
            .load(c))?);
    }
    Ok(rows)
}

/// What intake has to know of the projects with these ids.
pub fn met_by_ids(conn: &mut Conn<'_>, ids: &[i64]) -> Result<Vec<Met>, DbError> {
    let mut rows = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(CHUNK) {
        rows.extend(each!(conn, c => projects::table
            .filter(projects::id.eq_any(chunk))
            .select(Met::as_select())
            .load(c))?);
    }
    Ok(rows)
}

/// The ids of a department's projects in these categories and counties that were not withdrawn and are not proposed to be.
pub fn of_department(
    conn: &mut Conn<'_>,
    department: &str,
    categories: &[&str],
    counties: &[&str],
) -> Result<Vec<(i64, i64)>, DbError> {
    Ok(each!(conn, c => projects::table
        .filter(projects::department.eq(department))
        .filter(projects::state.ne("withdrawn"))
        .filter(projects::category.eq_any(categories))
        .filter(projects::county.eq_any(counties))
        .filter(projects::state.ne("pending").or(projects::op.ne("withdraw")))
        .order(projects::id)
        .select((projects::id, projects::entry_year))
        .load(c))?)
}

/// Adds projects.
pub fn insert(conn: &mut Conn<'_>, rows: &[ProjectRow]) -> Result<(), DbError> {
    insert_all!(conn, projects::table, rows);
    counts::change(conn, &Changes::of_new(rows))
}

/// Puts these in the place of their projects' revisions of the numbers given.
///
/// # Errors
/// [`DbError::Moved`] where one of those is not the current revision any more.
pub fn replace(conn: &mut Conn<'_>, rows: &[(ProjectRow, i64)]) -> Result<(), DbError> {
    let mut changes = Changes::default();
    for (row, before) in rows {
        let was: Option<Kind> =
            each!(conn, c => projects::table.find(row.id).select(Kind::as_select()).first(c).optional())?;
        let replaced = each!(conn, c => diesel::update(projects::table.find(row.id))
            .filter(projects::revision.eq(before))
            .set(row)
            .execute(c))?;
        let was = was.filter(|_| replaced == 1).ok_or(DbError::Moved("projects"))?;
        changes.take(was);
        changes.add(row.into());
    }
    counts::change(conn, &changes)
}

/// Moves the current revision `revision` of each of these projects from one state to another, and answers how many were moved.
pub fn set_state(
    conn: &mut Conn<'_>,
    ids: &[i64],
    revision: i64,
    from: &str,
    to: &str,
    now: i64,
) -> Result<usize, DbError> {
    let mut changes = Changes::default();
    for kind in counts::kinds(conn, ids, revision, from)? {
        changes.add(Kind {
            state: to.into(),
            ..kind.clone()
        });
        changes.take(kind);
    }
    counts::change(conn, &changes)?;
    Ok(each!(conn, c => diesel::update(projects::table)
        .filter(projects::id.eq_any(ids))
        .filter(projects::revision.eq(revision))
        .filter(projects::state.eq(from))
        .set((projects::state.eq(to), projects::updated_at.eq(now)))
        .execute(c))?)
}

/// How many projects of each department have a current revision in each state: (department, state, projects).
pub fn by_state(conn: &mut Conn<'_>) -> Result<Vec<(String, String, i64)>, DbError> {
    let rows = counts::by_state(conn)?.into_iter();
    Ok(rows
        .map(|((department, state), projects)| (department, state, projects))
        .collect())
}

/// How many projects of each department were returned and not sent again.
pub fn returned_by_department(conn: &mut Conn<'_>) -> Result<Vec<(String, i64)>, DbError> {
    let rows = counts::by_state(conn)?.into_iter();
    Ok(rows
        .filter(|((_, state), _)| state == "returned")
        .map(|((department, _), projects)| (department, projects))
        .collect())
}

/// How many projects have a current revision that waits, by category and county: (category, county, projects).
pub fn waiting(conn: &mut Conn<'_>) -> Result<Vec<(String, String, i64)>, DbError> {
    let rows = counts::waiting(conn)?.into_iter();
    Ok(rows
        .map(|((category, county), projects)| (category, county, projects))
        .collect())
}
