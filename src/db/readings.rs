//! What was read of an upload and checked, what its officer explains of it, and which project its unclear rows are about.

use diesel::prelude::*;

use super::schema::{upload_explanations, upload_matches, upload_reading_parts, upload_readings};
use super::{Conn, DbError, each};

/// What was read of an upload, but for its rows.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = upload_readings)]
pub struct ReadingRow {
    /// The upload.
    pub upload_id: i64,
    /// The business day on which it was checked, ISO.
    pub read_on: String,
    /// The version of the rules that it was checked by.
    pub rules: String,
    /// What the check says besides its rows, as JSON.
    pub summary: String,
}

/// Puts a reading in the place of the one that was kept; its rows come in parts.
pub fn keep(conn: &mut Conn<'_>, reading: &ReadingRow, parts: &[String]) -> Result<(), DbError> {
    let upload = reading.upload_id;
    remove(conn, upload)?;
    each!(conn, c => {
        diesel::insert_into(upload_readings::table).values(reading).execute(c)?;
        for (content, part) in parts.iter().zip(0_i64..) {
            diesel::insert_into(upload_reading_parts::table)
                .values((
                    upload_reading_parts::upload_id.eq(upload),
                    upload_reading_parts::part.eq(part),
                    upload_reading_parts::content.eq(content),
                ))
                .execute(c)?;
        }
        Ok::<_, DbError>(())
    })
}

/// Forgets what was read of an upload.
pub fn remove(conn: &mut Conn<'_>, upload: i64) -> Result<(), DbError> {
    each!(conn, c => {
        diesel::delete(upload_reading_parts::table.filter(upload_reading_parts::upload_id.eq(upload))).execute(c)?;
        diesel::delete(upload_readings::table.find(upload)).execute(c)
    })?;
    Ok(())
}

/// The reading that was kept of an upload.
pub fn find(conn: &mut Conn<'_>, upload: i64) -> Result<Option<ReadingRow>, DbError> {
    Ok(each!(conn, c => upload_readings::table
        .find(upload)
        .select(ReadingRow::as_select())
        .first(c)
        .optional())?)
}

/// The parts of a reading's rows, in order.
pub fn parts(conn: &mut Conn<'_>, upload: i64) -> Result<Vec<String>, DbError> {
    Ok(each!(conn, c => upload_reading_parts::table
        .filter(upload_reading_parts::upload_id.eq(upload))
        .order(upload_reading_parts::part)
        .select(upload_reading_parts::content)
        .load(c))?)
}

/// What an officer explains of an upload.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = upload_explanations)]
pub struct DraftRow {
    /// The upload.
    pub upload_id: i64,
    /// What is explained: a rule's findings, a group of them, or one.
    pub scope: String,
    /// The words.
    pub explanation: String,
    /// Who wrote them.
    pub given_by: String,
    /// When, UTC milliseconds.
    pub given_at: i64,
}

/// What is explained of an upload.
pub fn drafts(conn: &mut Conn<'_>, upload: i64) -> Result<Vec<DraftRow>, DbError> {
    Ok(each!(conn, c => upload_explanations::table
        .filter(upload_explanations::upload_id.eq(upload))
        .select(DraftRow::as_select())
        .load(c))?)
}

/// Takes an explanation back, where there is one.
pub fn remove_draft(conn: &mut Conn<'_>, upload: i64, scope: &str) -> Result<(), DbError> {
    each!(conn, c => diesel::delete(upload_explanations::table.find((upload, scope))).execute(c))?;
    Ok(())
}

/// Adds an explanation.
pub fn add_draft(conn: &mut Conn<'_>, row: &DraftRow) -> Result<(), DbError> {
    each!(conn, c => diesel::insert_into(upload_explanations::table).values(row).execute(c))?;
    Ok(())
}

/// Which project an unclear row is about.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = upload_matches, treat_none_as_default_value = false)]
pub struct MatchRow {
    /// The upload.
    pub upload_id: i64,
    /// The row's sheet.
    pub sheet: String,
    /// The row, as the spreadsheet shows it.
    pub row_no: i64,
    /// The project; none where it is a new one.
    pub same_as: Option<i64>,
    /// Who said so.
    pub decided_by: String,
    /// When, UTC milliseconds.
    pub decided_at: i64,
}

/// What was said of an upload's unclear rows.
pub fn matches(conn: &mut Conn<'_>, upload: i64) -> Result<Vec<MatchRow>, DbError> {
    Ok(each!(conn, c => upload_matches::table
        .filter(upload_matches::upload_id.eq(upload))
        .select(MatchRow::as_select())
        .load(c))?)
}

/// Takes back what was said of a row, where something was.
pub fn remove_match(conn: &mut Conn<'_>, upload: i64, sheet: &str, row_no: i64) -> Result<(), DbError> {
    each!(conn, c => diesel::delete(upload_matches::table.find((upload, sheet, row_no))).execute(c))?;
    Ok(())
}

/// Notes what is said of a row.
pub fn add_match(conn: &mut Conn<'_>, row: &MatchRow) -> Result<(), DbError> {
    each!(conn, c => diesel::insert_into(upload_matches::table).values(row).execute(c))?;
    Ok(())
}
