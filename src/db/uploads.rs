//! Uploads, their held rows, and the findings that stay with them.

use std::collections::HashMap;

use diesel::dsl::count_star;
use diesel::prelude::*;

use super::schema::{upload_findings, upload_rows, uploads};
use super::{CHUNK, Conn, DbError, each};

/// A file that a department sent for a period.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = uploads)]
pub struct UploadRow {
    /// Its id.
    pub id: i64,
    /// The sender.
    pub department: String,
    /// The month it reports, `YYYY-MM`.
    pub period: String,
    /// SHA-256 of its bytes, lower-case hex.
    pub sha256: String,
    /// The name it came under.
    pub file_name: String,
    /// Where it is kept, relative to the data folder.
    pub stored: String,
    /// Its size.
    pub bytes: i64,
    /// `received`, `unreadable` or `committed`.
    pub state: String,
    /// The counts of its last commit, as JSON.
    pub summary: Option<String>,
    /// Who sent it first.
    pub received_by: String,
    /// When, UTC milliseconds.
    pub received_at: i64,
    /// When it was last committed, UTC milliseconds.
    pub committed_at: Option<i64>,
    /// 1 where the sender says that it lists only some projects.
    pub supplement: i64,
}

/// An upload about to be added.
#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = uploads)]
pub struct NewUpload<'a> {
    /// The sender.
    pub department: &'a str,
    /// The month it reports.
    pub period: &'a str,
    /// SHA-256 of its bytes.
    pub sha256: &'a str,
    /// The name it came under.
    pub file_name: &'a str,
    /// Where it is kept.
    pub stored: &'a str,
    /// Its size.
    pub bytes: i64,
    /// `received`.
    pub state: &'a str,
    /// Who sent it.
    pub received_by: &'a str,
    /// When, UTC milliseconds.
    pub received_at: i64,
}

/// A row that was held back.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = upload_rows, treat_none_as_default_value = false)]
pub struct HeldRow {
    /// The upload.
    pub upload_id: i64,
    /// Its place among the upload's held rows, from 0.
    pub seq: i64,
    /// The sheet.
    pub sheet: String,
    /// The row, as the spreadsheet shows it.
    pub row_no: i64,
    /// Why it was held.
    pub reason: String,
    /// The project it would change.
    pub met_project: Option<i64>,
    /// The canonical JSON of what could be read of it.
    pub values_json: String,
    /// The later upload that brought the same row again.
    pub superseded_by: Option<i64>,
}

/// A finding on the file, a sheet, or a held row.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = upload_findings, treat_none_as_default_value = false)]
pub struct UploadFindingRow {
    /// The upload.
    pub upload_id: i64,
    /// Its place among the upload's findings, from 0.
    pub seq: i64,
    /// The rule's code.
    pub code: String,
    /// `hint`, `confirm` or `error`.
    pub severity: String,
    /// The sheet.
    pub sheet: Option<String>,
    /// The row.
    pub row_no: Option<i64>,
    /// The cell, `U15`.
    pub cell: Option<String>,
    /// The field's id.
    pub field: Option<String>,
    /// What was written.
    pub written: Option<String>,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub suggestion: Option<String>,
    /// The standard.
    pub basis: Option<String>,
}

/// The upload of the same bytes by the same department for the same period.
pub fn same(conn: &mut Conn<'_>, department: &str, period: &str, sha256: &str) -> Result<Option<UploadRow>, DbError> {
    Ok(each!(conn, c => uploads::table
        .filter(uploads::department.eq(department))
        .filter(uploads::period.eq(period))
        .filter(uploads::sha256.eq(sha256))
        .select(UploadRow::as_select())
        .first(c)
        .optional())?)
}

/// Adds an upload.
pub fn insert(conn: &mut Conn<'_>, upload: &NewUpload<'_>) -> Result<UploadRow, DbError> {
    Ok(each!(conn, c => diesel::insert_into(uploads::table)
        .values(upload)
        .returning(UploadRow::as_returning())
        .get_result(c))?)
}

/// The upload with this id.
pub fn find(conn: &mut Conn<'_>, id: i64) -> Result<Option<UploadRow>, DbError> {
    Ok(each!(conn, c => uploads::table.find(id).select(UploadRow::as_select()).first(c).optional())?)
}

/// Says whether an upload lists only some projects.
pub fn set_supplement(conn: &mut Conn<'_>, id: i64, supplement: bool) -> Result<(), DbError> {
    each!(conn, c => diesel::update(uploads::table.find(id))
        .set(uploads::supplement.eq(i64::from(supplement)))
        .execute(c))?;
    Ok(())
}

/// The uploads before this one, of one department or of all, newest first.
pub fn latest(
    conn: &mut Conn<'_>,
    department: Option<&str>,
    before: i64,
    limit: i64,
) -> Result<Vec<UploadRow>, DbError> {
    Ok(each!(conn, c => {
        let mut query = uploads::table.filter(uploads::id.lt(before)).into_boxed();
        if let Some(department) = department {
            query = query.filter(uploads::department.eq(department));
        }
        query.order(uploads::id.desc()).limit(limit).select(UploadRow::as_select()).load(c)
    })?)
}

/// Says what became of an upload, and puts these held rows and findings in the place of those it had.
pub fn settle(
    conn: &mut Conn<'_>,
    upload: i64,
    state: &str,
    summary: &str,
    committed_at: Option<i64>,
    rows: &[HeldRow],
    findings: &[UploadFindingRow],
) -> Result<(), DbError> {
    each!(conn, c => {
        diesel::delete(upload_rows::table.filter(upload_rows::upload_id.eq(upload))).execute(c)?;
        diesel::delete(upload_findings::table.filter(upload_findings::upload_id.eq(upload))).execute(c)?;
        for chunk in rows.chunks(CHUNK) {
            diesel::insert_into(upload_rows::table).values(chunk).execute(c)?;
        }
        for chunk in findings.chunks(CHUNK) {
            diesel::insert_into(upload_findings::table).values(chunk).execute(c)?;
        }
        diesel::update(uploads::table.find(upload))
            .set((uploads::state.eq(state), uploads::summary.eq(summary), uploads::committed_at.eq(committed_at)))
            .execute(c)
    })?;
    Ok(())
}

/// The held rows of an upload, in the file's order.
pub fn held_rows(conn: &mut Conn<'_>, upload: i64) -> Result<Vec<HeldRow>, DbError> {
    Ok(each!(conn, c => upload_rows::table
        .filter(upload_rows::upload_id.eq(upload))
        .order(upload_rows::seq)
        .select(HeldRow::as_select())
        .load(c))?)
}

/// The held rows of a department's other uploads that no later upload brought again, each with its upload's period.
pub fn open_rows(conn: &mut Conn<'_>, department: &str, but: i64) -> Result<Vec<(String, HeldRow)>, DbError> {
    Ok(each!(conn, c => upload_rows::table
        .inner_join(uploads::table.on(uploads::id.eq(upload_rows::upload_id)))
        .filter(uploads::department.eq(department))
        .filter(upload_rows::upload_id.ne(but))
        .filter(upload_rows::superseded_by.is_null())
        .order((upload_rows::upload_id, upload_rows::seq))
        .select((uploads::period, HeldRow::as_select()))
        .load(c))?)
}

/// Notes that a later upload brought these held rows of an upload again.
pub fn supersede(conn: &mut Conn<'_>, upload: i64, rows: &[i64], by: i64) -> Result<(), DbError> {
    for chunk in rows.chunks(CHUNK) {
        each!(conn, c => diesel::update(upload_rows::table)
            .filter(upload_rows::upload_id.eq(upload))
            .filter(upload_rows::seq.eq_any(chunk))
            .set(upload_rows::superseded_by.eq(by))
            .execute(c))?;
    }
    Ok(())
}

/// How many held rows of each of these uploads no later upload brought again; those without are left out.
pub fn open_counts(conn: &mut Conn<'_>, uploads: &[i64]) -> Result<HashMap<i64, i64>, DbError> {
    let mut counts = HashMap::new();
    for chunk in uploads.chunks(CHUNK) {
        counts.extend(each!(conn, c => upload_rows::table
            .filter(upload_rows::upload_id.eq_any(chunk))
            .filter(upload_rows::superseded_by.is_null())
            .group_by(upload_rows::upload_id)
            .select((upload_rows::upload_id, count_star()))
            .load::<(i64, i64)>(c))?);
    }
    Ok(counts)
}

/// The findings that stay with an upload, in the file's order.
pub fn findings(conn: &mut Conn<'_>, upload: i64) -> Result<Vec<UploadFindingRow>, DbError> {
    Ok(each!(conn, c => upload_findings::table
        .filter(upload_findings::upload_id.eq(upload))
        .order(upload_findings::seq)
        .select(UploadFindingRow::as_select())
        .load(c))?)
}
