//! What the checks of uploads came to, for the board of data quality: written as uploads settle, so that nothing is counted again.

use std::collections::BTreeMap;

use diesel::prelude::*;

use super::schema::{findings, projects, revisions, upload_check_findings, upload_checks, upload_findings};
use super::{CHUNK, Conn, DbError, each};

/// The sums of one upload.
#[derive(Clone, Debug, Default, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = upload_checks)]
pub struct CheckRow {
    /// The upload.
    pub upload_id: i64,
    /// Its department.
    pub department: String,
    /// Its month.
    pub period: String,
    /// Rows that were checked.
    pub row_count: i64,
    /// Findings that keep a row out.
    pub errors: i64,
    /// Findings to confirm.
    pub confirms: i64,
    /// Hints.
    pub hints: i64,
}

/// How often a rule found something in one upload.
#[derive(Clone, Debug, PartialEq, Eq, Insertable)]
#[diesel(table_name = upload_check_findings)]
pub struct FoundRow {
    /// The upload.
    pub upload_id: i64,
    /// The rule's code.
    pub code: String,
    /// `hint`, `confirm` or `error`.
    pub severity: String,
    /// How often.
    pub times: i64,
}

/// Keeps what a check came to, in the place of what was kept of the upload before.
pub fn note<'a>(
    conn: &mut Conn<'_>,
    mut check: CheckRow,
    found: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<(), DbError> {
    let mut times: BTreeMap<(&str, &str), i64> = BTreeMap::new();
    for key in found {
        *times.entry(key).or_default() += 1;
    }
    let of = |wanted: &str| -> i64 {
        let matching = times.iter().filter(|((_, severity), _)| *severity == wanted);
        matching.map(|(_, times)| times).sum()
    };
    (check.errors, check.confirms, check.hints) = (of("error"), of("confirm"), of("hint"));
    let upload_id = check.upload_id;
    let rows: Vec<FoundRow> = times
        .into_iter()
        .map(|((code, severity), times)| FoundRow {
            upload_id,
            code: code.into(),
            severity: severity.into(),
            times,
        })
        .collect();
    each!(conn, c => {
        diesel::delete(upload_check_findings::table.filter(upload_check_findings::upload_id.eq(upload_id))).execute(c)?;
        diesel::delete(upload_checks::table.find(upload_id)).execute(c)?;
        diesel::insert_into(upload_checks::table).values(&check).execute(c)?;
        for chunk in rows.chunks(CHUNK) {
            diesel::insert_into(upload_check_findings::table).values(chunk).execute(c)?;
        }
    });
    Ok(())
}

/// The sums of the uploads for these months, of one department or of all.
pub fn of_months(conn: &mut Conn<'_>, periods: &[String], department: Option<&str>) -> Result<Vec<CheckRow>, DbError> {
    Ok(each!(conn, c => {
        let mut query = upload_checks::table
            .filter(upload_checks::period.eq_any(periods))
            .select(CheckRow::as_select())
            .into_boxed();
        if let Some(department) = department {
            query = query.filter(upload_checks::department.eq(department));
        }
        query.load(c)
    })?)
}

/// How often each rule found something in each upload for a month: (department, code, severity, times).
pub fn found(
    conn: &mut Conn<'_>,
    period: &str,
    department: Option<&str>,
) -> Result<Vec<(String, String, String, i64)>, DbError> {
    Ok(each!(conn, c => {
        let mut query = upload_check_findings::table
            .inner_join(upload_checks::table.on(upload_checks::upload_id.eq(upload_check_findings::upload_id)))
            .filter(upload_checks::period.eq(period))
            .select((
                upload_checks::department,
                upload_check_findings::code,
                upload_check_findings::severity,
                upload_check_findings::times,
            ))
            .into_boxed();
        if let Some(department) = department {
            query = query.filter(upload_checks::department.eq(department));
        }
        query.load(c)
    })?)
}

/// Which findings: of a month, and narrowed by each part that is given.
#[derive(Clone, Copy, Debug)]
pub struct Which<'a> {
    /// The month.
    pub period: &'a str,
    /// The department.
    pub department: Option<&'a str>,
    /// The rule's code.
    pub code: Option<&'a str>,
    /// `hint`, `confirm` or `error`.
    pub severity: Option<&'a str>,
}

/// A finding behind the sums: on the file or a held row, which has no project, or on a row that went in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Behind {
    /// The upload.
    pub upload_id: i64,
    /// The upload's department.
    pub department: String,
    /// The sheet.
    pub sheet: Option<String>,
    /// The row.
    pub row_no: Option<i64>,
    /// The cell.
    pub cell: Option<String>,
    /// The rule's code.
    pub code: String,
    /// `hint`, `confirm` or `error`.
    pub severity: String,
    /// What was written.
    pub written: Option<String>,
    /// What is wrong.
    pub message: String,
    /// The project: id, year of its code, and name.
    pub project: Option<(i64, i64, String)>,
}

/// The first findings behind the sums, the latest uploads first: those that stayed with an upload, then those that went in.
pub fn behind(conn: &mut Conn<'_>, which: &Which<'_>, limit: i64) -> Result<Vec<Behind>, DbError> {
    type Held = (
        i64,
        String,
        (Option<String>, Option<i64>, Option<String>),
        (String, String),
        (Option<String>, String),
    );
    type In = (Held, (i64, i64, String));
    let held: Vec<Held> = each!(conn, c => {
        let mut query = upload_findings::table
            .inner_join(upload_checks::table.on(upload_checks::upload_id.eq(upload_findings::upload_id)))
            .filter(upload_checks::period.eq(which.period))
            .order((upload_findings::upload_id.desc(), upload_findings::seq))
            .limit(limit)
            .select((
                upload_findings::upload_id,
                upload_checks::department,
                (upload_findings::sheet, upload_findings::row_no, upload_findings::cell),
                (upload_findings::code, upload_findings::severity),
                (upload_findings::written, upload_findings::message),
            ))
            .into_boxed();
        if let Some(department) = which.department {
            query = query.filter(upload_checks::department.eq(department));
        }
        if let Some(code) = which.code {
            query = query.filter(upload_findings::code.eq(code));
        }
        if let Some(severity) = which.severity {
            query = query.filter(upload_findings::severity.eq(severity));
        }
        query.load(c)
    })?;
    let left = limit - i64::try_from(held.len()).unwrap_or(limit);
    let went_in: Vec<In> = each!(conn, c => {
        let mut query = findings::table
            .inner_join(revisions::table.on(
                revisions::project_id.eq(findings::project_id).and(revisions::revision.eq(findings::revision)),
            ))
            .inner_join(upload_checks::table.on(revisions::upload_id.eq(upload_checks::upload_id.nullable())))
            .inner_join(projects::table.on(projects::id.eq(findings::project_id)))
            .filter(upload_checks::period.eq(which.period))
            .order((upload_checks::upload_id.desc(), findings::project_id, findings::seq))
            .limit(left)
            .select((
                (
                    upload_checks::upload_id,
                    upload_checks::department,
                    (revisions::sheet, revisions::row_no, findings::cell),
                    (findings::code, findings::severity),
                    (findings::written, findings::message),
                ),
                (projects::id, projects::entry_year, projects::name),
            ))
            .into_boxed();
        if let Some(department) = which.department {
            query = query.filter(upload_checks::department.eq(department));
        }
        if let Some(code) = which.code {
            query = query.filter(findings::code.eq(code));
        }
        if let Some(severity) = which.severity {
            query = query.filter(findings::severity.eq(severity));
        }
        query.load(c)
    })?;
    let row = |of: Held, project| {
        let (upload_id, department, (sheet, row_no, cell), (code, severity), (written, message)) = of;
        Behind {
            upload_id,
            department,
            sheet,
            row_no,
            cell,
            code,
            severity,
            written,
            message,
            project,
        }
    };
    let held = held.into_iter().map(|of| row(of, None));
    Ok(held
        .chain(went_in.into_iter().map(|(of, project)| row(of, Some(project))))
        .collect())
}
