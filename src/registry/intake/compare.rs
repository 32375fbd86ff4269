//! The projects that went in before pairs of departments' projects were kept, compared once. Every commit looks for the pairs of what it
//! changes; these were not changed since.

use std::collections::{BTreeMap, BTreeSet};

use retrofit_import::record::Record;
use retrofit_import::rules::is_same_building;

use super::known::others;
use crate::db::counters::{self, Counter};
use crate::db::keys::{KeyRow, Wide};
use crate::db::lookalikes::{self, PairRow};
use crate::db::projects::{self, ProjectRow};
use crate::db::{Conn, DbError, revisions};
use crate::registry::values::{cells_around, from_json, keys, place_key, point};
use crate::registry::{Error, Registry};

/// Projects that are compared in one transaction.
const LOT: i64 = 1000;

/// Compares the projects that nobody compared yet, and answers how many pairs were found. Ended in between, it goes on where it was.
///
/// # Errors
/// Only our own faults.
pub fn compare_the_old(registry: &Registry) -> Result<usize, Error> {
    let mut found = 0;
    while let Some(pairs) = registry.db.write(|conn| next(registry, conn))? {
        found += pairs;
    }
    Ok(found)
}

/// Compares the next projects; `None` where there are none.
fn next(registry: &Registry, conn: &mut Conn<'_>) -> Result<Option<usize>, Error> {
    counters::lock(conn, Counter::Project)?;
    let first = counters::take(conn, Counter::Compared, 0)?;
    let rows = projects::matching(conn, &projects::Filter::default(), first - 1, LOT)?;
    let Some(last) = rows.last().map(|row| row.id) else {
        return Ok(None);
    };
    let mut by_department: BTreeMap<&str, Vec<&ProjectRow>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.state != "withdrawn") {
        by_department.entry(&row.department).or_default().push(row);
    }
    let mut pairs = BTreeMap::new();
    for (department, rows) in by_department {
        pair(registry, conn, department, &rows, &mut pairs)?;
    }
    let found_at = registry.clock.now();
    let pairs: Vec<PairRow> = pairs
        .into_iter()
        .map(|((project_id, other_id), why)| PairRow {
            project_id,
            other_id,
            why: why.into(),
            found_at,
        })
        .collect();
    let added = lookalikes::insert_missing(conn, &pairs)?;
    let compared = usize::try_from(last + 1 - first).map_err(|_| DbError::Unreadable("a project's id".into()))?;
    counters::take(conn, Counter::Compared, compared)?;
    Ok(Some(added))
}

/// Adds the pairs of a department's projects, the lower id first, each with why: as a commit finds them.
fn pair(
    registry: &Registry,
    conn: &mut Conn<'_>,
    department: &str,
    rows: &[&ProjectRow],
    pairs: &mut BTreeMap<(i64, i64), &'static str>,
) -> Result<(), Error> {
    let which: Vec<(i64, i64)> = rows.iter().map(|row| (row.id, row.revision)).collect();
    let mut projects = Vec::new();
    for (id, json) in revisions::values_of(conn, &which)? {
        let values = from_json(&json)?;
        let cells = point(&values).map(cells_around).unwrap_or_default();
        let keys = (keys(department, id, &values), place_key(&values));
        projects.push((id, keys, cells, Record::from_values(&values)));
    }
    let sought = |key: fn(&(KeyRow, Option<String>)) -> Option<&String>| -> Vec<&str> {
        let keys: BTreeSet<&str> = projects
            .iter()
            .filter_map(|(_, keys, ..)| key(keys).map(String::as_str))
            .collect();
        keys.into_iter().collect()
    };
    let cells: BTreeSet<&str> = projects
        .iter()
        .flat_map(|(_, _, cells, _)| cells.iter().map(String::as_str))
        .collect();
    let cells: Vec<&str> = cells.into_iter().collect();
    let mut others = |kind, sought: &[&str]| others(conn, &registry.catalogue, department, (kind, sought));
    let by_owner = others(Wide::Owner, &sought(|(keys, _)| keys.owner.as_ref()))?;
    let by_cell = others(Wide::Cell, &cells)?;
    let by_place = others(Wide::Place, &sought(|(_, place)| place.as_ref()))?;
    for (id, (keys, place), cells, record) in &projects {
        let mut add = |other: i64, why| pairs.insert((*id.min(&other), *id.max(&other)), why);
        for (other, _) in place.iter().filter_map(|place| by_place.get(place)).flatten() {
            add(*other, "place");
        }
        let owned = keys.owner.iter().filter_map(|owner| by_owner.get(owner));
        let near = cells.iter().filter_map(|cell| by_cell.get(cell));
        for (other, neighbour) in owned.chain(near).flatten() {
            if is_same_building(record, neighbour) {
                add(*other, "building");
            }
        }
    }
    Ok(())
}
