//! Monthly reports: by which day each department's are due, and which have come in.

use diesel::prelude::*;

use super::schema::{due_days, monthly_reports};
use super::{Conn, DbError, each};

/// By which day of the month a department's rosters are due, from a month on.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = due_days)]
pub struct DueDayRow {
    /// Department code.
    pub department: String,
    /// The first month for which it holds.
    pub since: String,
    /// The day, 1 to 28; 0: none is asked for.
    pub day: i64,
    /// Who set it.
    pub set_by: String,
    /// When, UTC milliseconds.
    pub set_at: i64,
}

/// The first roster of a department for a month that went in.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = monthly_reports)]
pub struct ReportRow {
    /// Department code.
    pub department: String,
    /// The month.
    pub period: String,
    /// The upload.
    pub upload_id: i64,
    /// When it was committed, UTC milliseconds.
    pub received_at: i64,
    /// Who committed it.
    pub received_by: String,
    /// Its rows.
    pub row_count: i64,
    /// Those of them that were held back then.
    pub held_count: i64,
}

/// Sets the day from a month on, in the place of what was set for that month.
pub fn set_due_day(conn: &mut Conn<'_>, row: &DueDayRow) -> Result<(), DbError> {
    each!(conn, c => diesel::insert_into(due_days::table)
        .values(row)
        .on_conflict((due_days::department, due_days::since))
        .do_update()
        .set(row)
        .execute(c))?;
    Ok(())
}

/// Everything that was set, the earliest month first.
pub fn due_days(conn: &mut Conn<'_>) -> Result<Vec<DueDayRow>, DbError> {
    Ok(each!(conn, c => due_days::table
        .order(due_days::since)
        .select(DueDayRow::as_select())
        .load(c))?)
}

/// Notes that a department's roster for a month went in; only the first counts.
pub fn note_report(conn: &mut Conn<'_>, row: &ReportRow) -> Result<(), DbError> {
    each!(conn, c => diesel::insert_into(monthly_reports::table).values(row).on_conflict_do_nothing().execute(c))?;
    Ok(())
}

/// What came in for these months.
pub fn reports(conn: &mut Conn<'_>, periods: &[String]) -> Result<Vec<ReportRow>, DbError> {
    Ok(each!(conn, c => monthly_reports::table
        .filter(monthly_reports::period.eq_any(periods))
        .select(ReportRow::as_select())
        .load(c))?)
}

/// The first month that anything came in for.
pub fn first_reported(conn: &mut Conn<'_>) -> Result<Option<String>, DbError> {
    Ok(each!(conn, c => monthly_reports::table.select(diesel::dsl::min(monthly_reports::period)).first(c))?)
}
