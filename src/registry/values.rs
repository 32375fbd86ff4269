//! The values of a record as the registry keeps them: canonical JSON, its digest, the keys and the projection that follow from them.

use std::collections::{BTreeMap, BTreeSet};

use retrofit_import::catalogue::Field;
use retrofit_import::values::{Canonical, PartialDate, fold};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::Error;
use crate::db::DbError;
use crate::db::keys::{KeyRow, parts};
use crate::db::projects::ProjectRow;

/// The values of a record, in the catalogue's order; blanks are absent.
pub type Values = BTreeMap<Field, Canonical>;

/// What one field changed from and to; `None` where it was or is blank.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The field.
    pub field: Field,
    /// Its value before.
    pub before: Option<Canonical>,
    /// Its value after.
    pub after: Option<Canonical>,
}

/// The fields that differ, in the catalogue's order.
pub(super) fn changes(before: &Values, after: &Values) -> Vec<Change> {
    let differs = |field: &&Field| before.get(*field) != after.get(*field);
    Field::ALL
        .iter()
        .filter(differs)
        .map(|&field| Change {
            field,
            before: before.get(&field).cloned(),
            after: after.get(&field).cloned(),
        })
        .collect()
}

/// The ids of the fields that differ, each between commas; empty where none does.
pub(super) fn changed_fields(before: &Values, after: &Values) -> String {
    let changed = changes(before, after);
    let ids = changed.iter().map(|change| change.field.id());
    let mut text: String = ids.flat_map(|id| [",", id]).collect();
    if !text.is_empty() {
        text.push(',');
    }
    text
}

/// The last day by which an unfinished project is to be finished, ISO.
pub(super) fn due(values: &impl Fields) -> Option<String> {
    let open = matches!(values.one(Field::Stage)?, "10" | "20" | "30");
    let planned = PartialDate::parse(values.one(Field::PlannedCompletionDate)?)?;
    open.then(|| planned.last().to_string())
}

/// Reads a revision's JSON back.
pub(super) fn from_json(json: &str) -> Result<Values, DbError> {
    serde_json::from_str(json).map_err(|error| DbError::Unreadable(format!("the values of a revision: {error}")))
}

/// The values of a revision or a row, out of the JSON that is kept of them.
///
/// # Errors
/// It cannot be read: our own fault.
pub fn read_values(json: &str) -> Result<Values, Error> {
    Ok(from_json(json)?)
}

/// SHA-256 in lower-case hex.
pub(super) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Lower-case hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f',
    ];
    let digits = |byte: &u8| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]];
    // Kept with each row of a roster: no longer than it need be.
    let mut text = String::with_capacity(2 * bytes.len());
    text.extend(bytes.iter().flat_map(digits));
    text
}

/// The values of a record, in whichever form.
pub(super) trait Fields {
    /// The value of a field that takes one; none where it is blank.
    fn one(&self, field: Field) -> Option<&str>;
}

impl Fields for Values {
    fn one(&self, field: Field) -> Option<&str> {
        self.get(&field)?.as_one()
    }
}

/// The department's number as it is compared.
pub(super) fn number_key(values: &impl Fields) -> Option<String> {
    values.one(Field::ProjectNo).map(fold)
}

/// Name, township and address as they are compared; `None` where one of them is not read.
pub(super) fn place_key(values: &impl Fields) -> Option<String> {
    let name = fold(values.one(Field::Name)?);
    let address = fold(values.one(Field::Address)?);
    Some([&name, "|", values.one(Field::Township)?, "|", &address].concat())
}

/// What a project with these values is met by.
pub(super) fn keys(department: &str, project_id: i64, values: &impl Fields) -> KeyRow {
    let place = place_key(values);
    let (name, address) = place.as_deref().and_then(parts).unzip();
    KeyRow {
        project_id,
        department: department.into(),
        number: number_key(values),
        name,
        address,
        owner: owner_key(values),
        cell: point(values).map(cell_key),
    }
}

/// The kind of an early waiver's key that is the department's number.
pub(super) const NUMBER: &str = "number";
/// The kind of an early waiver's key that is name, township and address.
pub(super) const PLACE: &str = "place";

/// The owner's credit code.
pub(super) fn owner_key(values: &impl Fields) -> Option<String> {
    values.one(Field::OwnerUscc).map(str::to_owned)
}

/// A place on the map: latitude and longitude, millionths of a degree.
pub(super) type Point = (i64, i64);

/// Where a project is.
pub(super) fn point(values: &impl Fields) -> Option<Point> {
    let degrees = |field| scaled(values, field, 1_000_000);
    degrees(Field::Latitude).zip(degrees(Field::Longitude))
}

/// The cell of the map that a point is in: a thousandth of a degree each way, some 111 m by 90 m.
fn cell_key((latitude, longitude): Point) -> String {
    format!("{}:{}", latitude.div_euclid(1000), longitude.div_euclid(1000))
}

/// The cells that lie within 50 m of a point: up to four.
pub(super) fn cells_around((latitude, longitude): Point) -> BTreeSet<String> {
    // 50 m, rounded up, in millionths of a degree of latitude, and of longitude at 36.4 degrees north.
    let (north, east) = (460, 570);
    let corners = [(-north, -east), (-north, east), (north, -east), (north, east)];
    let cell = |(north, east): (i64, i64)| cell_key((latitude.saturating_add(north), longitude.saturating_add(east)));
    corners.into_iter().map(cell).collect()
}

/// A decimal in units of so many to one.
pub(super) fn scaled(values: &impl Fields, field: Field, units: i64) -> Option<i64> {
    let number: Decimal = values.one(field)?.parse().ok()?;
    number.checked_mul(Decimal::from(units))?.round().to_i64()
}

/// Writes the projected columns that follow from the values into a project's row.
pub(super) fn project(values: &impl Fields, row: &mut ProjectRow) {
    let text = |field| values.one(field).map(str::to_owned);
    // Fields that a record cannot go in without; the rules hold such a row back.
    let required = |field| text(field).unwrap_or_default();
    let scaled = |field, units| scaled(values, field, units);
    let completion = values.one(Field::CompletionDate).and_then(PartialDate::parse);

    row.project_no = text(Field::ProjectNo);
    row.name = required(Field::Name);
    row.category = required(Field::Category);
    row.record_kind = required(Field::RecordKind);
    row.use_code = required(Field::Use);
    row.owner_unit = required(Field::OwnerUnit);
    row.county = required(Field::County);
    row.township = required(Field::Township);
    row.longitude_e6 = scaled(Field::Longitude, 1_000_000);
    row.latitude_e6 = scaled(Field::Latitude, 1_000_000);
    row.stage = required(Field::Stage);
    row.progress_e2 = scaled(Field::ProgressPercent, 100);
    row.floor_area_e2 = scaled(Field::FloorAreaM2, 100);
    row.scale_e2 = scaled(Field::ScaleValue, 100);
    row.scale_unit = text(Field::ScaleUnit);
    // Money is written in units of 10,000 yuan with at most four decimals: whole yuan.
    row.planned_yuan = scaled(Field::InvestmentPlanned, 10_000);
    row.done_yuan = scaled(Field::InvestmentDone, 10_000);
    row.completion = text(Field::CompletionDate);
    row.completion_first = completion.map(|date| date.first().to_string());
    row.completion_last = completion.map(|date| date.last().to_string());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(pairs: &[(Field, &str)]) -> Values {
        pairs
            .iter()
            .map(|&(field, text)| (field, Canonical::One(text.into())))
            .collect()
    }

    #[test]
    fn places_are_compared_without_spaces_and_widths() {
        let place = |name, address| {
            place_key(&values(&[
                (Field::Name, name),
                (Field::Township, "371502001"),
                (Field::Address, address),
            ]))
        };
        assert_eq!(
            place("一中 教学楼", "兴华路３号（东）"),
            place("一中教学楼", "兴华路3号(东)")
        );
        assert_ne!(place("一中教学楼", "兴华路3-1号"), place("一中教学楼", "兴华路31号"));
        assert_eq!(place_key(&values(&[(Field::Name, "一中")])), None);
    }

    #[test]
    fn changes_name_what_was_and_what_is() {
        let before = values(&[(Field::Name, "甲"), (Field::Stage, "30"), (Field::Remarks, "旧")]);
        let after = values(&[(Field::Name, "甲"), (Field::Stage, "40"), (Field::Phone, "12345")]);
        let changed: Vec<_> = changes(&before, &after)
            .into_iter()
            .map(|change| change.field)
            .collect();
        assert_eq!(changed, [Field::Stage, Field::Phone, Field::Remarks]);
    }
}
