//! Held rows of earlier uploads that an upload brings again.

use std::collections::{BTreeMap, HashSet};

use super::Preview;
use super::plan::Plan;
use crate::db::uploads::{self, HeldRow};
use crate::db::{Conn, DbError};
use crate::registry::values::{from_json, number_key, place_key};

/// What the rows of an upload are known by.
#[derive(Default)]
struct Brought<'a> {
    projects: HashSet<i64>,
    numbers: HashSet<&'a str>,
    places: HashSet<&'a str>,
    rows: HashSet<(&'a str, i64)>,
}

/// Marks the held rows of the department's other uploads that this one brings again: it has put them in, or holds them now.
pub(super) fn supersede(conn: &mut Conn<'_>, preview: &Preview, plan: &Plan) -> Result<(), DbError> {
    let upload = &preview.upload;
    let open = uploads::open_rows(conn, &upload.department, upload.id)?;
    if open.is_empty() {
        return Ok(());
    }
    let mut brought = Brought::default();
    for (row, planned) in preview.roster.rows.iter().zip(&plan.rows) {
        brought.projects.extend(planned.met().map(|met| met.id));
        brought.numbers.extend(row.number.as_deref());
        brought.places.extend(row.place.as_deref());
        brought.rows.insert((&*row.sheet, row.row.into()));
    }
    let mut by_upload: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for (period, held) in open {
        if brought.brings(&held, period == upload.period)? {
            by_upload.entry(held.upload_id).or_default().push(held.seq);
        }
    }
    for (of, rows) in by_upload {
        uploads::supersede(conn, of, &rows, upload.id)?;
    }
    Ok(())
}

impl Brought<'_> {
    fn brings(&self, held: &HeldRow, same_period: bool) -> Result<bool, DbError> {
        let values = from_json(&held.values_json)?;
        let (number, place) = (number_key(&values), place_key(&values));
        let by_project = held.met_project.is_some_and(|id| self.projects.contains(&id));
        let by_number = number.as_deref().is_some_and(|number| self.numbers.contains(number));
        let by_place = place.as_deref().is_some_and(|place| self.places.contains(place));
        // What nothing could be read of that it is known by is mended where it stands.
        let nameless = held.met_project.is_none() && number.is_none() && place.is_none();
        let by_row = nameless && same_period && self.rows.contains(&(&*held.sheet, held.row_no));
        Ok(by_project || by_number || by_place || by_row)
    }
}
