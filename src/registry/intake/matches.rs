//! Rows of which it is unclear which project they are about, and what the officer says of them.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::plan::Planned;
use super::{Hold, Preview, Upload};
use crate::db::counters::{self, Counter};
use crate::db::readings::{self, MatchRow};
use crate::db::{DbError, projects, revisions};
use crate::registry::code::RegistryCode;
use crate::registry::people::Operator;
use crate::registry::values::{Values, from_json};
use crate::registry::{Error, Registry, audit};

/// A row beside the projects that it may be about.
#[derive(Clone, Debug)]
pub struct Likeness {
    /// The row's sheet.
    pub sheet: Arc<str>,
    /// The row.
    pub row: u32,
    /// What it says.
    pub values: Values,
    /// The projects.
    pub sides: Vec<Side>,
}

/// A project that a row may be about.
#[derive(Clone, Debug)]
pub struct Side {
    /// Its code.
    pub code: RegistryCode,
    /// What its current revision says.
    pub values: Values,
}

/// The rows of a preview that are held for this, the first so many, each beside its projects.
///
/// # Errors
/// Only our own faults.
pub fn likenesses(registry: &Registry, preview: &Preview, most: usize) -> Result<Vec<Likeness>, Error> {
    let rows = preview.roster.rows.iter().zip(&preview.plan.rows);
    let unclear: Vec<_> = rows
        .filter_map(|(row, planned)| match planned {
            Planned::Held {
                why: Hold::Ambiguous(codes),
                ..
            } => Some((row, codes)),
            _ => None,
        })
        .take(most)
        .collect();
    let ids: BTreeSet<i64> = unclear
        .iter()
        .flat_map(|(_, codes)| *codes)
        .map(|code| code.id)
        .collect();
    let ids: Vec<i64> = ids.into_iter().collect();
    let stored: HashMap<i64, String> = registry.db.read(|conn| {
        let current: Vec<(i64, i64)> = projects::met_by_ids(conn, &ids)?
            .iter()
            .map(|met| (met.id, met.revision))
            .collect();
        revisions::values_of(conn, &current)
    })?;
    let side = |code: &RegistryCode| {
        Ok(Side {
            code: *code,
            values: stored
                .get(&code.id)
                .map(|json| from_json(json))
                .transpose()?
                .unwrap_or_default(),
        })
    };
    unclear
        .into_iter()
        .map(|(row, codes)| {
            Ok(Likeness {
                sheet: row.sheet.clone(),
                row: row.row,
                values: row.values.values(),
                sides: codes.iter().map(side).collect::<Result<_, Error>>()?,
            })
        })
        .collect()
}

/// What the officer said of rows of an upload, by sheet and row: the project, or none for a new one.
///
/// # Errors
/// Only our own faults.
pub fn chosen(registry: &Registry, upload: &Upload) -> Result<Vec<(String, u32, Option<RegistryCode>)>, Error> {
    registry.db.read(|conn| {
        let rows = readings::matches(conn, upload.id)?;
        let ids: Vec<i64> = rows.iter().filter_map(|row| row.same_as).collect();
        let codes: HashMap<i64, RegistryCode> = projects::met_by_ids(conn, &ids)?
            .iter()
            .map(|met| (met.id, super::identity::code_of(met)))
            .collect();
        let row_no = |row| u32::try_from(row).unwrap_or_default();
        Ok(rows
            .into_iter()
            .map(|row| {
                (
                    row.sheet,
                    row_no(row.row_no),
                    row.same_as.and_then(|id| codes.get(&id).copied()),
                )
            })
            .collect())
    })
}

/// Forgets what was said of rows of an upload, by sheet and row.
///
/// # Errors
/// Refused where the operator may not send for the department.
pub fn unchoose(
    registry: &Registry,
    operator: &Operator,
    upload: &Upload,
    rows: &[(String, u32)],
) -> Result<(), Error> {
    if !operator.may_send(&upload.department) {
        return Err(Error::refused(format!("用户“{}”不能代该部门报送。", operator.name)));
    }
    Ok(registry.db.write(|conn| {
        counters::lock(conn, Counter::Project)?;
        for (sheet, row) in rows {
            readings::remove_match(conn, upload.id, sheet, i64::from(*row))?;
        }
        Ok::<_, DbError>(())
    })?)
}

impl Preview {
    /// How many rows are held because it is unclear what they are about.
    pub fn unclear(&self) -> usize {
        let unclear = |planned: &&Planned| {
            matches!(
                planned,
                Planned::Held {
                    why: Hold::Ambiguous(_),
                    ..
                }
            )
        };
        self.plan.rows.iter().filter(unclear).count()
    }
}

/// Keeps which project rows of an upload are about, by sheet and row: none for a new one.
///
/// # Errors
/// Refused where the operator may not send for the department, or a project is not the department's.
pub fn choose(
    registry: &Registry,
    operator: &Operator,
    upload: &Upload,
    choices: &[(String, u32, Option<RegistryCode>)],
) -> Result<(), Error> {
    if !operator.may_send(&upload.department) {
        return Err(Error::refused(format!("用户“{}”不能代该部门报送。", operator.name)));
    }
    let now = registry.clock.now();
    registry.db.write(|conn| {
        counters::lock(conn, Counter::Project)?;
        let ids: Vec<i64> = choices.iter().filter_map(|(.., code)| Some((*code)?.id)).collect();
        let own: BTreeSet<RegistryCode> = projects::met_by_ids(conn, &ids)?
            .iter()
            .filter(|met| met.department == upload.department)
            .map(super::identity::code_of)
            .collect();
        for (sheet, row, code) in choices {
            if let Some(code) = code.filter(|code| !own.contains(code)) {
                return Err(Error::refused(format!("没有登记编号为 {code} 的工程。")));
            }
            let row_no = i64::from(*row);
            readings::remove_match(conn, upload.id, sheet, row_no)?;
            let chosen = MatchRow {
                upload_id: upload.id,
                sheet: sheet.clone(),
                row_no,
                same_as: code.map(|code| code.id),
                decided_by: operator.name.clone(),
                decided_at: now,
            };
            readings::add_match(conn, &chosen)?;
        }
        let told: Vec<_> = choices
            .iter()
            .map(|(sheet, row, code)| serde_json::json!({ "sheet": sheet, "row": row, "same_as": code }))
            .collect();
        let action = ("upload.match", audit::Outcome::Done);
        let detail = serde_json::json!({ "rows": told });
        Ok(audit::note(
            conn,
            operator,
            now,
            action,
            &upload.id.to_string(),
            &detail,
        )?)
    })
}
