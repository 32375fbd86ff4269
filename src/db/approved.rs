//! The approved projects: the projection of each one's latest approved revision, as it is and as it was at the end of each month.

use diesel::dsl::not;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::figures::{self, FINISHED, Figures};
use super::schema::{approved_projects, former_projects, projects, revisions};
use super::{Conn, DbError, each, lookalikes};

/// When an approval happens, and in which month.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// The instant, UTC milliseconds.
    pub at: i64,
    /// The first instant of its month.
    pub month_began: i64,
}

/// Makes the current revision of these projects their latest approved one, and changes the figures by what that changes; where it is a
/// withdrawal, they leave the boards and the pairs. What stood when the month began is kept for the lists of the months that are over.
pub fn set(conn: &mut Conn<'_>, ids: &[i64], withdrawn: bool, when: Moment) -> Result<(), DbError> {
    let mut changed = Figures::new();
    figures::add_projects(conn, ids, &mut changed, -1)?;
    each!(conn, c => diesel::update(projects::table)
        .filter(projects::id.eq_any(ids))
        .set(projects::approved_revision.eq(projects::revision.nullable()))
        .execute(c))?;
    keep_former(conn, ids, when)?;
    each!(conn, c => diesel::delete(approved_projects::table)
        .filter(approved_projects::project_id.eq_any(ids))
        .execute(c))?;
    if withdrawn {
        lookalikes::remove(conn, ids)?;
    } else {
        insert(conn, ids, when.at)?;
        figures::add_projects(conn, ids, &mut changed, 1)?;
    }
    figures::change(conn, &changed)
}

fn insert(conn: &mut Conn<'_>, ids: &[i64], at: i64) -> Result<(), DbError> {
    each!(conn, c => diesel::insert_into(approved_projects::table)
        .values(projects::table.filter(projects::id.eq_any(ids)).select((
            projects::id,
            projects::revision,
            projects::department,
            projects::category,
            projects::county,
            projects::stage,
            projects::floor_area_e2,
            projects::scale_e2,
            projects::scale_unit,
            projects::planned_yuan,
            projects::done_yuan,
            projects::completion_first,
            at.into_sql::<BigInt>(),
        )))
        .into_columns((
            approved_projects::project_id,
            approved_projects::revision,
            approved_projects::department,
            approved_projects::category,
            approved_projects::county,
            approved_projects::stage,
            approved_projects::floor_area_e2,
            approved_projects::scale_e2,
            approved_projects::scale_unit,
            approved_projects::planned_yuan,
            approved_projects::done_yuan,
            approved_projects::completion_first,
            approved_projects::since,
        ))
        .execute(c))?;
    Ok(())
}

/// Keeps what stands of these projects since an earlier month.
fn keep_former(conn: &mut Conn<'_>, ids: &[i64], when: Moment) -> Result<(), DbError> {
    each!(conn, c => diesel::insert_into(former_projects::table)
        .values(approved_projects::table
            .filter(approved_projects::project_id.eq_any(ids))
            .filter(approved_projects::since.lt(when.month_began))
            .select((
                approved_projects::project_id,
                approved_projects::revision,
                approved_projects::department,
                approved_projects::category,
                approved_projects::county,
                approved_projects::stage,
                approved_projects::scale_e2,
                approved_projects::scale_unit,
                approved_projects::completion_first,
                approved_projects::since,
                when.at.into_sql::<BigInt>(),
            )))
        .into_columns((
            former_projects::project_id,
            former_projects::revision,
            former_projects::department,
            former_projects::category,
            former_projects::county,
            former_projects::stage,
            former_projects::scale_e2,
            former_projects::scale_unit,
            former_projects::completion_first,
            former_projects::since,
            former_projects::until,
        ))
        .execute(c))?;
    Ok(())
}

/// Which approved projects: each part that is given narrows the choice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApprovedFilter {
    /// Department code.
    pub department: Option<String>,
    /// Category code.
    pub category: Option<String>,
    /// County or zone code.
    pub county: Option<String>,
    /// Stage codes; none: all.
    pub stages: Vec<String>,
    /// Unit of scale, code: those that name an amount in it.
    pub unit: Option<String>,
    /// A year: those that are not finished, and those finished in it.
    pub year: Option<String>,
    /// A unit of scale: those that a target in it cannot count. They are not cancelled, and in another unit, without a scale, or finished
    /// without a date.
    pub not_in: Option<String>,
}

impl ApprovedFilter {
    /// Whether it lets through what is counted as this kind.
    pub fn counts(&self, kind: &figures::Kind) -> bool {
        let is = |wanted: &Option<String>, own: &str| wanted.as_deref().is_none_or(|wanted| wanted == own);
        let finished = FINISHED.contains(&&*kind.stage);
        let left_out = |unit: &str| kind.stage != "90" && (unit != kind.unit || finished && kind.completed.is_empty());
        is(&self.department, &kind.department)
            && is(&self.category, &kind.category)
            && is(&self.county, &kind.county)
            && (self.stages.is_empty() || self.stages.contains(&kind.stage))
            && is(&self.unit, &kind.unit)
            && (!finished || is(&self.year, &kind.completed))
            && self.not_in.as_deref().is_none_or(left_out)
    }
}

/// An approved project as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct ApprovedRow {
    /// The project.
    pub id: i64,
    /// The year of its code.
    pub entry_year: i64,
    /// The department that reports it.
    pub department: String,
    /// The canonical JSON of the revision's values.
    pub values_json: String,
}

/// The projects of either table with what a list shows of them, those after one, by id. A macro because the type of a boxed query names its
/// table and its backend.
macro_rules! listed {
    ($table:ident, $after:expr, $limit:expr) => {
        $table::table
            .inner_join(projects::table.on(projects::id.eq($table::project_id)))
            .inner_join(
                revisions::table.on(revisions::project_id
                    .eq($table::project_id)
                    .and(revisions::revision.eq($table::revision))),
            )
            .filter($table::project_id.gt($after))
            .select((
                $table::project_id,
                projects::entry_year,
                $table::department,
                revisions::values_json,
            ))
            .order($table::project_id)
            .limit($limit)
            .into_boxed()
    };
}

/// Those of them that an [`ApprovedFilter`] lets through.
macro_rules! narrowed {
    ($query:expr, $table:ident, $filter:expr) => {{
        let filter: &ApprovedFilter = $filter;
        let mut query = $query;
        if let Some(department) = &filter.department {
            query = query.filter($table::department.eq(department));
        }
        if let Some(category) = &filter.category {
            query = query.filter($table::category.eq(category));
        }
        if let Some(county) = &filter.county {
            query = query.filter($table::county.eq(county));
        }
        if !filter.stages.is_empty() {
            query = query.filter($table::stage.eq_any(&filter.stages));
        }
        if let Some(unit) = &filter.unit {
            query = query
                .filter($table::scale_unit.assume_not_null().eq(unit))
                .filter($table::scale_e2.is_not_null());
        }
        if let Some(year) = &filter.year {
            let finished_then = $table::completion_first.assume_not_null().like(format!("{year}-%"));
            query = query.filter(not($table::stage.eq_any(FINISHED)).or(finished_then));
        }
        if let Some(unit) = &filter.not_in {
            let no_scale = $table::scale_unit.is_null().or($table::scale_e2.is_null());
            let no_date = $table::stage.eq_any(FINISHED).and($table::completion_first.is_null());
            query = query
                .filter($table::stage.ne("90"))
                .filter(no_scale.or($table::scale_unit.assume_not_null().ne(unit)).or(no_date));
        }
        query
    }};
}

/// The latest approved revisions that match, by id, those after `after`.
pub fn current(
    conn: &mut Conn<'_>,
    filter: &ApprovedFilter,
    (after, limit): (i64, i64),
) -> Result<Vec<ApprovedRow>, DbError> {
    Ok(
        each!(conn, c => narrowed!(listed!(approved_projects, after, limit), approved_projects, filter)
        .load(c))?,
    )
}

/// The revisions that were the latest approved ones at the end of a month, before the instant `end`, and match; by id, those after `after`.
pub fn at_end_of(
    conn: &mut Conn<'_>,
    end: i64,
    filter: &ApprovedFilter,
    (after, limit): (i64, i64),
) -> Result<Vec<ApprovedRow>, DbError> {
    let mut rows: Vec<ApprovedRow> = each!(conn, c => narrowed!(listed!(approved_projects, after, limit), approved_projects, filter)
        .filter(approved_projects::since.lt(end))
        .load(c))?;
    let former: Vec<ApprovedRow> = each!(conn, c => narrowed!(listed!(former_projects, after, limit), former_projects, filter)
        .filter(former_projects::since.lt(end))
        .filter(former_projects::until.ge(end))
        .load(c))?;
    // No project is in both: it stands since an instant, or stood until one.
    rows.extend(former);
    rows.sort_unstable_by_key(|row| row.id);
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(rows)
}
