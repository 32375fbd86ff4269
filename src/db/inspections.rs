//! Joint inspections: what they found, what was done about it, and the photos that show it.

use diesel::prelude::*;

use super::schema::{finding_moves, finding_photos, inspection_findings, inspections, projects};
use super::{Conn, DbError, each};

/// A joint inspection.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = inspections)]
pub struct InspectionRow {
    /// Its id.
    pub id: i64,
    /// The day, ISO.
    pub held_on: String,
    /// Where.
    pub place: String,
    /// Who took part.
    pub inspectors: String,
    /// What else is to be said; may be blank.
    pub note: String,
    /// Who entered it.
    pub created_by: String,
    /// When, UTC milliseconds.
    pub created_at: i64,
}

/// An inspection about to be added.
#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = inspections)]
pub struct NewInspection<'a> {
    /// The day, ISO.
    pub held_on: &'a str,
    /// Where.
    pub place: &'a str,
    /// Who took part.
    pub inspectors: &'a str,
    /// What else is to be said.
    pub note: &'a str,
    /// Who enters it.
    pub created_by: &'a str,
    /// When, UTC milliseconds.
    pub created_at: i64,
}

/// A finding of an inspection.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = inspection_findings)]
pub struct FindingRow {
    /// The project.
    pub project_id: i64,
    /// Its id.
    pub id: i64,
    /// The inspection.
    pub inspection_id: i64,
    /// Who is to put it right.
    pub department: String,
    /// What is wrong.
    pub problem: String,
    /// By when, ISO.
    pub deadline: String,
    /// `open`, `answered`, `returned` or `closed`.
    pub state: String,
    /// How many moves were made.
    pub version: i64,
    /// Who entered it.
    pub created_by: String,
    /// When, UTC milliseconds.
    pub created_at: i64,
}

/// A move of a finding from state to state.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = finding_moves)]
pub struct MoveRow {
    /// The project.
    pub project_id: i64,
    /// The finding.
    pub finding_id: i64,
    /// From 1, per finding.
    pub seq: i64,
    /// The state before.
    pub from_state: String,
    /// The state after.
    pub to_state: String,
    /// What was done, how it was verified, or why it was returned.
    pub note: String,
    /// Who.
    pub made_by: String,
    /// When, UTC milliseconds.
    pub made_at: i64,
}

/// A photo that shows what was done.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = finding_photos)]
pub struct EvidenceRow {
    /// The project.
    pub project_id: i64,
    /// The finding.
    pub finding_id: i64,
    /// SHA-256 of the file, lower-case hex.
    pub sha256: String,
    /// The move that it came with.
    pub seq: i64,
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
}

/// A finding with the name and the year of its project's code.
pub type Named = (FindingRow, String, i64);

/// Which findings: each part that is given narrows the choice.
#[derive(Clone, Copy, Debug, Default)]
pub struct Which<'a> {
    /// Of this inspection.
    pub inspection: Option<i64>,
    /// Of this project.
    pub project: Option<i64>,
    /// For this department.
    pub department: Option<&'a str>,
    /// With this id.
    pub id: Option<i64>,
    /// Not closed.
    pub unsettled: bool,
}

/// Adds an inspection; its id.
pub fn insert(conn: &mut Conn<'_>, row: &NewInspection<'_>) -> Result<i64, DbError> {
    Ok(each!(conn, c => diesel::insert_into(inspections::table)
        .values(row)
        .returning(inspections::id)
        .get_result(c))?)
}

/// The inspections before `before`, newest first; those with a finding for a department, or all.
pub fn latest(
    conn: &mut Conn<'_>,
    department: Option<&str>,
    before: i64,
    limit: i64,
) -> Result<Vec<InspectionRow>, DbError> {
    Ok(each!(conn, c => {
        let mut query = inspections::table.filter(inspections::id.lt(before)).into_boxed();
        if let Some(department) = department {
            let theirs = inspection_findings::table
                .filter(inspection_findings::department.eq(department))
                .select(inspection_findings::inspection_id);
            query = query.filter(inspections::id.eq_any(theirs));
        }
        query.order(inspections::id.desc()).limit(limit).select(InspectionRow::as_select()).load(c)
    })?)
}

/// The inspection with this id.
pub fn find(conn: &mut Conn<'_>, id: i64) -> Result<Option<InspectionRow>, DbError> {
    Ok(each!(conn, c => inspections::table.find(id).select(InspectionRow::as_select()).first(c).optional())?)
}

/// Adds a finding.
pub fn insert_finding(conn: &mut Conn<'_>, row: &FindingRow) -> Result<(), DbError> {
    each!(conn, c => diesel::insert_into(inspection_findings::table).values(row).execute(c))?;
    Ok(())
}

/// Findings, by deadline.
pub fn findings(conn: &mut Conn<'_>, which: &Which<'_>) -> Result<Vec<Named>, DbError> {
    Ok(each!(conn, c => {
        let mut query = inspection_findings::table
            .inner_join(projects::table.on(projects::id.eq(inspection_findings::project_id)))
            .select((FindingRow::as_select(), projects::name, projects::entry_year))
            .into_boxed();
        if let Some(inspection) = which.inspection {
            query = query.filter(inspection_findings::inspection_id.eq(inspection));
        }
        if let Some(project) = which.project {
            query = query.filter(inspection_findings::project_id.eq(project));
        }
        if let Some(department) = which.department {
            query = query.filter(inspection_findings::department.eq(department));
        }
        if let Some(id) = which.id {
            query = query.filter(inspection_findings::id.eq(id));
        }
        if which.unsettled {
            query = query.filter(inspection_findings::state.ne("closed"));
        }
        query.order((inspection_findings::deadline, inspection_findings::id)).load(c)
    })?)
}

/// Moves a finding that was moved `version` times before.
///
/// # Errors
/// [`DbError::Moved`] where it was moved meanwhile.
pub fn make_move(conn: &mut Conn<'_>, row: &MoveRow) -> Result<(), DbError> {
    let changed = each!(conn, c => diesel::update(inspection_findings::table.find((row.project_id, row.finding_id)))
        .filter(inspection_findings::state.eq(&row.from_state))
        .filter(inspection_findings::version.eq(row.seq - 1))
        .set((inspection_findings::state.eq(&row.to_state), inspection_findings::version.eq(row.seq)))
        .execute(c))?;
    if changed != 1 {
        return Err(DbError::Moved("inspection_findings"));
    }
    each!(conn, c => diesel::insert_into(finding_moves::table).values(row).execute(c))?;
    Ok(())
}

/// The moves of a finding, the first one first.
pub fn moves(conn: &mut Conn<'_>, finding: i64, project: i64) -> Result<Vec<MoveRow>, DbError> {
    Ok(each!(conn, c => finding_moves::table
        .filter(finding_moves::project_id.eq(project))
        .filter(finding_moves::finding_id.eq(finding))
        .order(finding_moves::seq)
        .select(MoveRow::as_select())
        .load(c))?)
}

/// Adds photos to a move; one that is there already stays with the move that it came with.
pub fn add_evidence(conn: &mut Conn<'_>, rows: &[EvidenceRow]) -> Result<(), DbError> {
    for row in rows {
        each!(conn, c => diesel::insert_into(finding_photos::table).values(row).on_conflict_do_nothing().execute(c))?;
    }
    Ok(())
}

/// The photos of a finding, in the order of its moves.
pub fn evidence(conn: &mut Conn<'_>, finding: i64, project: i64) -> Result<Vec<EvidenceRow>, DbError> {
    Ok(each!(conn, c => finding_photos::table
        .filter(finding_photos::project_id.eq(project))
        .filter(finding_photos::finding_id.eq(finding))
        .order((finding_photos::seq, finding_photos::sha256))
        .select(EvidenceRow::as_select())
        .load(c))?)
}
