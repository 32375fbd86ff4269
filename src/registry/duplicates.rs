//! Projects that two departments very likely both report. The secretariat sees both; a department sees its own, and of the other no more than
//! whose it is.

use std::collections::HashMap;

use retrofit_jobs::store::UtcMillis;

use super::people::{Operator, Sight};
use super::{Error, Registry};
use crate::db::lookalikes;
use crate::db::projects::{self, ProjectRow};

/// The rule that asks departments about such projects.
pub const RULE: &str = "D004";

/// A pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The one; of a department's, its own.
    pub one: Side,
    /// The other.
    pub other: Side,
    /// The name, township and address are the same, rather than a similar name with the same owner or nearby.
    pub same_place: bool,
    /// When it was found, UTC milliseconds.
    pub found_at: UtcMillis,
}

/// One of the two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    /// The department that reports it.
    pub department: String,
    /// The project and what was explained of it, where the operator may see it.
    pub project: Option<(ProjectRow, Option<String>)>,
}

/// The pairs that concern the operator, those found last first.
///
/// # Errors
/// Only our own faults.
pub fn pairs(registry: &Registry, operator: &Operator, limit: i64) -> Result<Vec<Pair>, Error> {
    let department = match operator.sees() {
        Sight::All => None,
        Sight::Department(own) => Some(own),
        Sight::Nothing => return Ok(Vec::new()),
    };
    let (rows, projects, explained) = registry.db.read(|conn| {
        let rows = lookalikes::latest(conn, department, limit)?;
        let mut ids: Vec<i64> = rows.iter().flat_map(|row| [row.project_id, row.other_id]).collect();
        ids.sort_unstable();
        ids.dedup();
        let projects = projects::with_ids(conn, &ids)?;
        Ok::<_, Error>((rows, projects, lookalikes::explained(conn, &ids, RULE)?))
    })?;
    let projects: HashMap<i64, ProjectRow> = projects.into_iter().map(|row| (row.id, row)).collect();
    let side = |id: i64| {
        let row = projects.get(&id)?;
        let seen = operator.may_see(&row.department);
        Some(Side {
            department: row.department.clone(),
            project: seen.then(|| (row.clone(), explained.get(&id).cloned())),
        })
    };
    let pairs = rows.into_iter().filter_map(|row| {
        let (mut one, mut other) = (side(row.project_id)?, side(row.other_id)?);
        if one.project.is_none() {
            std::mem::swap(&mut one, &mut other);
        }
        Some(Pair {
            one,
            other,
            same_place: row.why == "place",
            found_at: row.found_at,
        })
    });
    Ok(pairs.collect())
}
