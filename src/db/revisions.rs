//! Revisions, the decisions on them, and the findings and explanations that they went in with.

use std::collections::{HashMap, HashSet};

use diesel::dsl::count_star;
use diesel::prelude::*;

use super::schema::{approved_projects, decision_counts, decisions, explanations, findings, projects, revisions};
use super::{CHUNK, Conn, DbError, each, insert_all};

/// One revision of a project. Its content never changes; its state, from `state` on, is the review's.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = revisions, treat_none_as_default_value = false)]
pub struct RevisionRow {
    /// The project.
    pub project_id: i64,
    /// From 1, growing per project.
    pub revision: i64,
    /// `upsert`, or `withdraw` for a proposal to remove the project.
    pub op: String,
    /// The canonical JSON of its values.
    pub values_json: String,
    /// SHA-256 of that text, lower-case hex.
    pub digest: String,
    /// The version of the rules it was checked by.
    pub rules: String,
    /// The upload it came from.
    pub upload_id: Option<i64>,
    /// The sheet it came from.
    pub sheet: Option<String>,
    /// The row it came from, as the spreadsheet shows it.
    pub row_no: Option<i64>,
    /// Why it was sent again or is to be withdrawn.
    pub note: Option<String>,
    /// Who sent it.
    pub submitted_by: String,
    /// When, UTC milliseconds.
    pub submitted_at: i64,
    /// `pending`, `approved`, `returned` or `withdrawn`.
    pub state: String,
    /// Who decided last.
    pub decided_by: Option<String>,
    /// When, UTC milliseconds.
    pub decided_at: Option<i64>,
    /// Why it was returned.
    pub reason: Option<String>,
}

/// A decision on a revision.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = decisions, treat_none_as_default_value = false)]
pub struct DecisionRow {
    /// The project.
    pub project_id: i64,
    /// The revision.
    pub revision: i64,
    /// The state that it was moved to.
    pub to_state: String,
    /// The state that it was in.
    pub from_state: String,
    /// Who.
    pub decided_by: String,
    /// When, UTC milliseconds.
    pub decided_at: i64,
    /// Why.
    pub reason: Option<String>,
}

/// A finding on the row that a revision came from.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = findings, treat_none_as_default_value = false)]
pub struct FindingRow {
    /// The project.
    pub project_id: i64,
    /// The revision.
    pub revision: i64,
    /// From 0, per revision.
    pub seq: i64,
    /// The rule's code.
    pub code: String,
    /// `hint` or `confirm`.
    pub severity: String,
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

/// The written answer to a finding.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = explanations, treat_none_as_default_value = false)]
pub struct ExplanationRow {
    /// The project.
    pub project_id: i64,
    /// The revision.
    pub revision: i64,
    /// The finding's.
    pub seq: i64,
    /// The answer.
    pub explanation: String,
    /// Who gave it.
    pub given_by: String,
    /// When, UTC milliseconds.
    pub given_at: i64,
    /// The revision that it was first given for, where it was carried over.
    pub carried_from: Option<i64>,
}

/// Appends revisions.
pub fn insert(conn: &mut Conn<'_>, rows: &[RevisionRow]) -> Result<(), DbError> {
    insert_all!(conn, revisions::table, rows);
    Ok(())
}

/// Appends findings.
pub fn insert_findings(conn: &mut Conn<'_>, rows: &[FindingRow]) -> Result<(), DbError> {
    insert_all!(conn, findings::table, rows);
    Ok(())
}

/// Appends explanations.
pub fn insert_explanations(conn: &mut Conn<'_>, rows: &[ExplanationRow]) -> Result<(), DbError> {
    insert_all!(conn, explanations::table, rows);
    Ok(())
}

/// The revisions of a project, oldest first.
pub fn of_project(conn: &mut Conn<'_>, project: i64) -> Result<Vec<RevisionRow>, DbError> {
    Ok(each!(conn, c => revisions::table
        .filter(revisions::project_id.eq(project))
        .order(revisions::revision)
        .select(RevisionRow::as_select())
        .load(c))?)
}

/// The decisions on a project's revisions, oldest first.
pub fn decisions_of_project(conn: &mut Conn<'_>, project: i64) -> Result<Vec<DecisionRow>, DbError> {
    Ok(each!(conn, c => decisions::table
        .filter(decisions::project_id.eq(project))
        .order((decisions::decided_at, decisions::revision))
        .select(DecisionRow::as_select())
        .load(c))?)
}

/// The findings of a revision, each with its explanation.
pub fn findings_of(
    conn: &mut Conn<'_>,
    project: i64,
    revision: i64,
) -> Result<Vec<(FindingRow, Option<ExplanationRow>)>, DbError> {
    Ok(each!(conn, c => findings::table
        .left_join(explanations::table.on(explanations::project_id
            .eq(findings::project_id)
            .and(explanations::revision.eq(findings::revision))
            .and(explanations::seq.eq(findings::seq))))
        .filter(findings::project_id.eq(project))
        .filter(findings::revision.eq(revision))
        .order(findings::seq)
        .select((FindingRow::as_select(), Option::<ExplanationRow>::as_select()))
        .load(c))?)
}

/// The canonical JSON of the given (project, revision) pairs, by project: each project at most once.
pub fn values_of(conn: &mut Conn<'_>, which: &[(i64, i64)]) -> Result<HashMap<i64, String>, DbError> {
    let mut found = HashMap::with_capacity(which.len());
    for (revision, ids) in by_revision(which) {
        for chunk in ids.chunks(CHUNK) {
            found.extend(each!(conn, c => revisions::table
                .filter(revisions::project_id.eq_any(chunk))
                .filter(revisions::revision.eq(revision))
                .select((revisions::project_id, revisions::values_json))
                .load::<(i64, String)>(c))?);
        }
    }
    Ok(found)
}

/// A project's latest approved revision.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct ApprovedRow {
    /// The project.
    pub project_id: i64,
    /// The year of its code.
    pub entry_year: i64,
    /// The department that reports it.
    pub department: String,
    /// The name in its current revision.
    pub name: String,
    /// The approved revision.
    pub revision: i64,
    /// The canonical JSON of its values.
    pub values_json: String,
    /// The version of the rules that it was checked by.
    pub rules: String,
}

/// The latest approved revisions of the projects after `after`, so many, by project.
pub fn approved(conn: &mut Conn<'_>, after: i64, limit: usize) -> Result<Vec<ApprovedRow>, DbError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    Ok(each!(conn, c => approved_projects::table
        .inner_join(projects::table.on(projects::id.eq(approved_projects::project_id)))
        .inner_join(revisions::table.on(revisions::project_id
            .eq(approved_projects::project_id)
            .and(revisions::revision.eq(approved_projects::revision))))
        .filter(approved_projects::project_id.gt(after))
        .order(approved_projects::project_id)
        .limit(limit)
        .select((
            projects::id,
            projects::entry_year,
            projects::department,
            projects::name,
            revisions::revision,
            revisions::values_json,
            revisions::rules,
        ))
        .load(c))?)
}

/// The findings of the given (project, revision) pairs that were explained: project, rule and field.
pub fn explained(conn: &mut Conn<'_>, which: &[(i64, i64)]) -> Result<HashSet<(i64, String, Option<String>)>, DbError> {
    let mut found = HashSet::new();
    for (revision, ids) in by_revision(which) {
        for chunk in ids.chunks(CHUNK) {
            found.extend(each!(conn, c => findings::table
                .inner_join(explanations::table.on(explanations::project_id
                    .eq(findings::project_id)
                    .and(explanations::revision.eq(findings::revision))
                    .and(explanations::seq.eq(findings::seq))))
                .filter(findings::project_id.eq_any(chunk))
                .filter(findings::revision.eq(revision))
                .select((findings::project_id, findings::code, findings::field))
                .load::<(i64, String, Option<String>)>(c))?);
        }
    }
    Ok(found)
}

/// The explanations that the history of these projects holds, each with its finding, by revision.
pub fn explanations_of(conn: &mut Conn<'_>, ids: &[i64]) -> Result<Vec<(FindingRow, ExplanationRow)>, DbError> {
    let mut found = Vec::new();
    for chunk in ids.chunks(CHUNK) {
        found.extend(each!(conn, c => findings::table
            .inner_join(explanations::table.on(explanations::project_id
                .eq(findings::project_id)
                .and(explanations::revision.eq(findings::revision))
                .and(explanations::seq.eq(findings::seq))))
            .filter(findings::project_id.eq_any(chunk))
            .filter(findings::severity.eq("confirm"))
            .order((findings::project_id, findings::revision, findings::seq))
            .select((FindingRow::as_select(), ExplanationRow::as_select()))
            .load(c))?);
    }
    Ok(found)
}

/// The reasons that returned revisions were returned for, by project: each project at most once.
pub fn reasons_of(conn: &mut Conn<'_>, which: &[(i64, i64)]) -> Result<HashMap<i64, String>, DbError> {
    let mut found = HashMap::new();
    for (revision, ids) in by_revision(which) {
        for chunk in ids.chunks(CHUNK) {
            let rows = each!(conn, c => revisions::table
                .filter(revisions::project_id.eq_any(chunk))
                .filter(revisions::revision.eq(revision))
                .select((revisions::project_id, revisions::reason))
                .load::<(i64, Option<String>)>(c))?;
            found.extend(
                rows.into_iter()
                    .filter_map(|(project, reason)| Some((project, reason?))),
            );
        }
    }
    Ok(found)
}

/// Whether a revision is in a state.
pub fn is_in(conn: &mut Conn<'_>, project: i64, revision: i64, state: &str) -> Result<bool, DbError> {
    let found: i64 = each!(conn, c => revisions::table
        .find((project, revision))
        .filter(revisions::state.eq(state))
        .count()
        .get_result(c))?;
    Ok(found == 1)
}

/// Projects grouped by revision number: most of a selection stand at the same few.
pub fn by_revision(which: &[(i64, i64)]) -> impl Iterator<Item = (i64, Vec<i64>)> {
    let mut groups: std::collections::BTreeMap<i64, Vec<i64>> = std::collections::BTreeMap::new();
    for &(project, revision) in which {
        groups.entry(revision).or_default().push(project);
    }
    groups.into_iter()
}

/// What a decision writes.
#[derive(Clone, Copy, Debug)]
pub struct Decision<'a> {
    /// The state that the revision must be in.
    pub from: &'a str,
    /// The state that it moves to.
    pub to: &'a str,
    /// Who decides.
    pub by: &'a str,
    /// When, UTC milliseconds.
    pub at: i64,
    /// In which month, `YYYY-MM`.
    pub month: &'a str,
    /// Why.
    pub reason: Option<&'a str>,
}

/// Decides the revision with this number of each of these projects, and answers how many were decided.
pub fn decide(conn: &mut Conn<'_>, ids: &[i64], revision: i64, decision: &Decision<'_>) -> Result<usize, DbError> {
    let decided = each!(conn, c => diesel::update(revisions::table)
        .filter(revisions::project_id.eq_any(ids))
        .filter(revisions::revision.eq(revision))
        .filter(revisions::state.eq(decision.from))
        .set((
            revisions::state.eq(decision.to),
            revisions::decided_by.eq(decision.by),
            revisions::decided_at.eq(decision.at),
            revisions::reason.eq(decision.reason),
        ))
        .execute(c))?;
    let rows: Vec<DecisionRow> = ids
        .iter()
        .map(|&project_id| DecisionRow {
            project_id,
            revision,
            to_state: decision.to.into(),
            from_state: decision.from.into(),
            decided_by: decision.by.into(),
            decided_at: decision.at,
            reason: decision.reason.map(Into::into),
        })
        .collect();
    each!(conn, c => diesel::insert_into(decisions::table).values(&rows).execute(c))?;
    count_in(conn, ids, decision)?;
    Ok(decided)
}

/// Adds a decision on each of these projects to the counts.
fn count_in(conn: &mut Conn<'_>, ids: &[i64], decision: &Decision<'_>) -> Result<(), DbError> {
    let by_department: Vec<(String, i64)> = each!(conn, c => projects::table
        .filter(projects::id.eq_any(ids))
        .group_by(projects::department)
        .order(projects::department)
        .select((projects::department, count_star()))
        .load(c))?;
    for (department, decided) in by_department {
        each!(conn, c => diesel::insert_into(decision_counts::table)
            .values((
                decision_counts::month.eq(decision.month),
                decision_counts::department.eq(department),
                decision_counts::from_state.eq(decision.from),
                decision_counts::to_state.eq(decision.to),
                decision_counts::decisions.eq(decided),
            ))
            .on_conflict((
                decision_counts::month,
                decision_counts::department,
                decision_counts::from_state,
                decision_counts::to_state,
            ))
            .do_update()
            .set(decision_counts::decisions.eq(decision_counts::decisions + decided))
            .execute(c))?;
    }
    Ok(())
}

/// When the first decision was made.
pub fn first_decision(conn: &mut Conn<'_>) -> Result<Option<i64>, DbError> {
    Ok(each!(conn, c => decisions::table.select(diesel::dsl::min(decisions::decided_at)).first(c))?)
}

/// The latest revision of each project that was approved, a withdrawal too, before an instant: (project, revision), those of the projects
/// after `after`, so many.
pub fn approved_before(conn: &mut Conn<'_>, until: i64, after: i64, limit: usize) -> Result<Vec<(i64, i64)>, DbError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows: Vec<(i64, Option<i64>)> = each!(conn, c => decisions::table
        .filter(decisions::to_state.eq_any(["approved", "withdrawn"]))
        .filter(decisions::decided_at.lt(until))
        .filter(decisions::project_id.gt(after))
        .group_by(decisions::project_id)
        .order(decisions::project_id)
        .limit(limit)
        .select((decisions::project_id, diesel::dsl::max(decisions::revision)))
        .load(c))?;
    Ok(rows
        .into_iter()
        .filter_map(|(project, revision)| Some((project, revision?)))
        .collect())
}

/// Which of the given (project, revision) pairs have this operation.
pub fn with_op(conn: &mut Conn<'_>, which: &[(i64, i64)], op: &str) -> Result<HashSet<i64>, DbError> {
    let mut found = HashSet::new();
    for (revision, ids) in by_revision(which) {
        for chunk in ids.chunks(CHUNK) {
            found.extend(each!(conn, c => revisions::table
                .filter(revisions::project_id.eq_any(chunk))
                .filter(revisions::revision.eq(revision))
                .filter(revisions::op.eq(op))
                .select(revisions::project_id)
                .load::<i64>(c))?);
        }
    }
    Ok(found)
}

/// How many decisions of one kind fell on one department's projects in a month.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct DecisionCount {
    /// The department.
    pub department: String,
    /// From which state.
    pub from_state: String,
    /// To which state.
    pub to_state: String,
    /// How many.
    pub decisions: i64,
}

/// The decisions of these months, by department and kind.
pub fn count_decisions(conn: &mut Conn<'_>, months: &[String]) -> Result<Vec<DecisionCount>, DbError> {
    Ok(each!(conn, c => decision_counts::table
        .filter(decision_counts::month.eq_any(months))
        .order((decision_counts::department, decision_counts::from_state, decision_counts::to_state, decision_counts::month))
        .select((
            decision_counts::department,
            decision_counts::from_state,
            decision_counts::to_state,
            decision_counts::decisions,
        ))
        .load(c))?)
}
