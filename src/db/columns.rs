//! What officers said of the columns of their rosters.

use diesel::prelude::*;

use super::schema::column_corrections;
use super::{Conn, DbError, each};

/// What was said of a column.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = column_corrections, treat_none_as_default_value = false)]
pub struct CorrectionRow {
    /// The department.
    pub department: String,
    /// The key of the column's header.
    pub header: String,
    /// The id of the field that it is; none where it is not to be read.
    pub field: Option<String>,
    /// Who said so.
    pub corrected_by: String,
    /// When, UTC milliseconds.
    pub corrected_at: i64,
}

/// What was said of a department's columns, by header.
pub fn of_department(conn: &mut Conn<'_>, department: &str) -> Result<Vec<CorrectionRow>, DbError> {
    Ok(each!(conn, c => column_corrections::table
        .filter(column_corrections::department.eq(department))
        .order(column_corrections::header)
        .select(CorrectionRow::as_select())
        .load(c))?)
}

/// Takes back what was said of a column, where something was.
pub fn remove(conn: &mut Conn<'_>, department: &str, header: &str) -> Result<(), DbError> {
    each!(conn, c => diesel::delete(column_corrections::table.find((department, header))).execute(c))?;
    Ok(())
}

/// Notes what is said of a column.
pub fn add(conn: &mut Conn<'_>, row: &CorrectionRow) -> Result<(), DbError> {
    each!(conn, c => diesel::insert_into(column_corrections::table).values(row).execute(c))?;
    Ok(())
}
