//! What lists of projects show beside the projects themselves, loaded for a whole page at once.

use std::collections::HashMap;

use retrofit_import::catalogue::Field;
use retrofit_jobs::store::{RecordError, UtcMillis, Verdict, Word as _};

use super::code::RegistryCode;
use super::people::Operator;
use super::runs::sees_runs;
use super::values::{changes, from_json};
use super::{Change, Error, Registry};
use crate::db::projects::ProjectRow;
use crate::db::rejections::{self, Answered};
use crate::db::{DbError, comments, revisions};

/// Why the returned ones among these projects were returned, by project.
///
/// # Errors
/// Only our own faults.
pub fn reasons(registry: &Registry, rows: &[ProjectRow]) -> Result<HashMap<i64, String>, Error> {
    let current: Vec<(i64, i64)> = rows.iter().map(|row| (row.id, row.revision)).collect();
    Ok(registry.db.read(|conn| revisions::reasons_of(conn, &current))?)
}

/// How many comments each of these projects has, by project; those without are left out.
///
/// # Errors
/// Only our own faults.
pub fn comments(registry: &Registry, rows: &[ProjectRow]) -> Result<HashMap<i64, i64>, Error> {
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    Ok(registry.db.read(|conn| comments::counts(conn, &ids))?)
}

/// What the current revision of each of these projects changes against its latest approved one, by project. One that was never approved is
/// new and is left out.
///
/// # Errors
/// Only our own faults.
pub fn pending_changes(registry: &Registry, rows: &[ProjectRow]) -> Result<HashMap<i64, Vec<Change>>, Error> {
    let approved: Vec<(i64, i64)> = rows
        .iter()
        .filter_map(|row| Some((row.id, row.approved_revision?)))
        .collect();
    let current: Vec<(i64, i64)> = rows
        .iter()
        .filter(|row| row.approved_revision.is_some())
        .map(|row| (row.id, row.revision))
        .collect();
    let (before, after) = registry.db.read(|conn| {
        Ok::<_, DbError>((
            revisions::values_of(conn, &approved)?,
            revisions::values_of(conn, &current)?,
        ))
    })?;
    let mut found = HashMap::with_capacity(before.len());
    for (project, before) in before {
        let Some(after) = after.get(&project) else { continue };
        found.insert(project, changes(&from_json(&before)?, &from_json(after)?));
    }
    Ok(found)
}

/// A record that the platform answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The delivery.
    pub delivery: i64,
    /// The project.
    pub code: RegistryCode,
    /// The department that reports it.
    pub department: String,
    /// Its name.
    pub name: String,
    /// The revision that was sent.
    pub revision: i64,
    /// The run of the delivery.
    pub run: i64,
    /// The platform's number.
    pub platform_no: Option<String>,
    /// Each error: the label of the field, or the platform's name of it, and the platform's words.
    pub errors: Vec<(String, String)>,
    /// When the receipt came.
    pub at: UtcMillis,
}

/// The records that the platform rejected, newest first, those before a delivery and run: for those who see every department.
///
/// # Errors
/// Refused to others.
pub fn rejections(
    registry: &Registry,
    operator: &Operator,
    before: (i64, i64),
    limit: i64,
) -> Result<Vec<Answer>, Error> {
    sees_runs(operator)?;
    let rows = registry.db.read(|conn| rejections::before(conn, before, limit))?;
    answers(registry, rows)
}

/// The records on which a run got this verdict, those after a delivery, oldest first: for those who see every department.
///
/// # Errors
/// Refused to others.
pub fn answered(
    registry: &Registry,
    operator: &Operator,
    (run, verdict): (i64, Verdict),
    after: i64,
    limit: i64,
) -> Result<Vec<Answer>, Error> {
    sees_runs(operator)?;
    let rows = registry
        .db
        .read(|conn| rejections::of_run(conn, run, verdict.word(), after, limit))?;
    answers(registry, rows)
}

fn answers(registry: &Registry, rows: Vec<Answered>) -> Result<Vec<Answer>, Error> {
    rows.into_iter()
        .map(|row| {
            Ok(Answer {
                delivery: row.delivery_id,
                platform_no: row.platform_no,
                errors: errors(registry, &row.errors_json)?,
                code: RegistryCode {
                    year: row.entry_year,
                    id: row.project_id,
                },
                department: row.department,
                name: row.name,
                revision: row.revision,
                run: row.run_id,
                at: row.received_at,
            })
        })
        .collect()
}

/// The errors that a receipt keeps as JSON: for each the label of the field, or the platform's name of it, and the platform's words.
///
/// # Errors
/// What is stored cannot be read: our own fault.
pub fn errors(registry: &Registry, json: &str) -> Result<Vec<(String, String)>, Error> {
    let errors: Vec<RecordError> =
        serde_json::from_str(json).map_err(|error| DbError::Unreadable(format!("the errors of a receipt: {error}")))?;
    let said = errors.into_iter().map(|error| {
        let field = error.field.as_deref().and_then(Field::from_id);
        let label = field.map_or(error.member, |field| registry.catalogue.label(field).to_owned());
        (label, format!("{}（{}）", error.message, error.code))
    });
    Ok(said.collect())
}
