//! Yearly targets.

use diesel::prelude::*;

use super::schema::targets;
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
