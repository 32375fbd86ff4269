//! Yearly targets.

use diesel::prelude::*;

use super::schema::{approved_projects, projects, targets};
use super::{Conn, DbError, each};

/// What a department is to finish in a year, of a category, in a county.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = targets)]
pub struct TargetRow {
    /// The year.
    pub year: i64,
    /// Department code.
    pub department: String,
    /// Category code.
    pub category: String,
    /// County or zone code.
    pub county: String,
    /// Unit of scale, code.
    pub unit: String,
    /// Hundredths of the unit.
    pub amount_e2: i64,
    /// Grows with each change, from 1.
    pub version: i64,
    /// Who set it.
    pub set_by: String,
    /// When, UTC milliseconds.
    pub set_at: i64,
}

/// The targets of a year, of one department or of all.
pub fn of_year(conn: &mut Conn<'_>, year: i64, department: Option<&str>) -> Result<Vec<TargetRow>, DbError> {
    Ok(each!(conn, c => {
        let mut query = targets::table.filter(targets::year.eq(year)).into_boxed();
        if let Some(department) = department {
            query = query.filter(targets::department.eq(department));
        }
        query
            .order((targets::department, targets::category, targets::county))
            .select(TargetRow::as_select())
            .load(c)
    })?)
}

/// The target of a year for this department, category and county.
pub fn find(
    conn: &mut Conn<'_>,
    (year, department, category, county): (i64, &str, &str, &str),
) -> Result<Option<TargetRow>, DbError> {
    Ok(each!(conn, c => targets::table
        .find((year, department, category, county))
        .select(TargetRow::as_select())
        .first(c)
        .optional())?)
}

/// Sets a target, in the place of what was set before.
pub fn set(conn: &mut Conn<'_>, row: &TargetRow) -> Result<(), DbError> {
    each!(conn, c => diesel::insert_into(targets::table)
        .values(row)
        .on_conflict((targets::year, targets::department, targets::category, targets::county))
        .do_update()
        .set(row)
        .execute(c))?;
    Ok(())
}

/// Removes a target; whether there was one.
pub fn remove(
    conn: &mut Conn<'_>,
    (year, department, category, county): (i64, &str, &str, &str),
) -> Result<bool, DbError> {
    let removed =
        each!(conn, c => diesel::delete(targets::table.find((year, department, category, county))).execute(c))?;
    Ok(removed == 1)
}

/// An approved project that a target may not count.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct Candidate {
    /// The project.
    pub id: i64,
    /// The year of its code.
    pub entry_year: i64,
    /// Its name.
    pub name: String,
    /// Stage code.
    pub stage: String,
    /// Hundredths of the unit of scale.
    pub scale_e2: Option<i64>,
    /// Unit of scale.
    pub scale_unit: Option<String>,
    /// The first day of the completion date.
    pub completion_first: Option<String>,
}

/// The approved projects of a department in a category and county, but for the cancelled ones, that are in another unit than `unit`, name no
/// scale, or are finished without a date; by project, those after `after`.
pub fn not_in_unit(
    conn: &mut Conn<'_>,
    (department, category, county): (&str, &str, &str),
    unit: &str,
    (after, limit): (i64, i64),
) -> Result<Vec<Candidate>, DbError> {
    let scale_unit = approved_projects::scale_unit;
    Ok(each!(conn, c => approved_projects::table
        .inner_join(projects::table.on(projects::id.eq(approved_projects::project_id)))
        .filter(approved_projects::department.eq(department))
        .filter(approved_projects::category.eq(category))
        .filter(approved_projects::county.eq(county))
        .filter(approved_projects::stage.ne("90"))
        .filter(scale_unit.is_null().or(scale_unit.is_not_null().and(scale_unit.ne(unit).assume_not_null()))
            .or(approved_projects::scale_e2.is_null())
            .or(approved_projects::stage.eq_any(super::figures::FINISHED).and(approved_projects::completion_first.is_null())))
        .filter(projects::id.gt(after))
        .order(projects::id)
        .limit(limit)
        .select((
            projects::id,
            projects::entry_year,
            projects::name,
            approved_projects::stage,
            approved_projects::scale_e2,
            approved_projects::scale_unit,
            approved_projects::completion_first,
        ))
        .load(c))?)
}
