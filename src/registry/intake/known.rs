//! A roster against what the registry holds: loads what the rules D003, D004 and C001 to C006 ask about, in batches, and judges by them.
//!
//! A row that says what the project's current revision says is not judged: what there was to explain was explained when that went in.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::LazyLock;

use chrono::NaiveDate;
use retrofit_import::catalogue::{Catalogue, Field};
use retrofit_import::finding::Finding;
use retrofit_import::record::Record;
use retrofit_import::rules::{
    Case, CodeOwner, Incident, Judge, Known, KnownRoster, Neighbour, RULES, RosterJudge, is_same_building,
};
use retrofit_import::values::{Canonical, fold};
use rust_decimal::Decimal;

use super::identity::{Clash, Identity};
use super::{Roster, Row};
use crate::db::keys::{self, OtherRow, Wide};
use crate::db::projects::Met;
use crate::db::{Conn, DbError, revisions};
use crate::registry::packed::View;
use crate::registry::values::{Fields as _, Values, cells_around, from_json, owner_key, point};

/// What the comparison found.
#[derive(Debug, Default)]
pub(super) struct Compared {
    /// Findings on rows, each with the row's place in the roster, in order.
    pub(super) of_rows: Vec<(usize, Finding)>,
    /// Findings on the roster as a whole.
    pub(super) of_roster: Vec<Finding>,
    /// The current values of the projects that rows would change, canonical JSON, by project.
    pub(super) befores: HashMap<i64, String>,
    /// Their latest approved values, where these are not the current ones.
    pub(super) approved: HashMap<i64, String>,
    /// Other departments' projects that rows very likely report again.
    pub(super) lookalikes: Lookalikes,
    /// Rules that broke down.
    pub(super) incidents: Vec<Incident>,
}

/// Tells of rules that broke down, so that their faults are mended.
pub(super) fn log(incidents: &[Incident]) {
    for incident in incidents {
        tracing::error!("rule {} broke down on {:?}", incident.code, incident.record);
    }
}

/// By a row's place in the roster and the other department's project: `building` or `place`, as `lookalikes` keeps it.
pub(super) type Lookalikes = BTreeMap<(usize, i64), &'static str>;

/// Compares a department's roster with the registry.
pub(super) fn compare(
    conn: &mut Conn<'_>,
    (catalogue, today): (&Catalogue, NaiveDate),
    department: &str,
    roster: &Roster,
    identities: &[Identity],
    not_listed: usize,
) -> Result<Compared, DbError> {
    let stored = Stored::load(conn, catalogue, department, roster, identities)?;
    let mut judge = RosterJudge::new(catalogue, today);
    let mut of_rows = Vec::new();
    let mut renamed = Vec::new();
    let mut lookalikes = Lookalikes::new();
    for (at, (row, identity)) in roster.rows.iter().zip(identities).enumerate() {
        let known = stored.known(row, identity)?;
        if known
            .current
            .as_ref()
            .is_some_and(|current| is_renamed(&row.values.view(), current))
        {
            renamed.push(at);
        }
        let others = stored.others(row, identity);
        lookalikes.extend(others.same_place.iter().map(|&id| ((at, id), "place")));
        if !has_something(&known) && others.near.is_empty() {
            continue;
        }
        let record = record(row);
        let same = others.near.iter().filter(|(_, other)| is_same_building(&record, other));
        lookalikes.extend(same.map(|(id, _)| ((at, *id), "building")));
        let case = Case {
            record: &record,
            today,
            catalogue,
        };
        for mut finding in judge.judge_known(&record, &known) {
            finding.value = finding.field.map(|field| case.shown(field));
            of_rows.push((at, finding));
        }
    }
    let of_roster = judge.judge_roster(&KnownRoster {
        matched: identities.iter().filter(|identity| identity.met().is_some()).count(),
        renamed: renamed.len(),
        not_listed,
    });
    // What C005 says of the whole roster it asks of the rows that it is about: those that change their names.
    for finding in of_roster.iter().filter(|finding| finding.code == "C005") {
        let of_row = |&at: &usize| (at, on_name(finding, &roster.rows[at]));
        of_rows.extend(renamed.iter().map(of_row));
    }
    of_rows.sort_by_key(|(at, _)| *at);
    log(judge.incidents());
    Ok(Compared {
        incidents: judge.incidents().to_vec(),
        of_rows,
        of_roster,
        befores: stored.current,
        approved: stored.approved,
        lookalikes,
    })
}

/// What was loaded.
struct Stored {
    /// The current values of matched projects whose rows say something else, canonical JSON.
    current: HashMap<i64, String>,
    /// Their latest approved values, where these are not the current ones.
    approved: HashMap<i64, String>,
    /// Other departments' projects by the owner's credit code, each with its id.
    owners: ByKey,
    /// By cell of the map.
    cells: ByKey,
    /// By name, township and address.
    places: ByKey,
}

/// Projects by what they go by, each with its id.
pub(super) type ByKey = HashMap<String, Vec<(i64, Neighbour)>>;

/// Other departments' projects that go by one of these keys.
pub(super) fn others(
    conn: &mut Conn<'_>,
    catalogue: &Catalogue,
    department: &str,
    (kind, sought): (Wide, &[&str]),
) -> Result<ByKey, DbError> {
    let mut by_key = ByKey::new();
    keys::others_by(conn, department, (kind, sought), &mut |key, other| {
        let uscc = (kind == Wide::Owner).then(|| key.clone());
        let id = other.id;
        by_key
            .entry(key)
            .or_default()
            .push((id, neighbour(catalogue, other, uscc)));
    })?;
    Ok(by_key)
}

/// Other departments' projects that a row may report again.
#[derive(Default)]
struct Others<'a> {
    /// With the same owner, or nearby.
    near: Vec<&'a (i64, Neighbour)>,
    /// With the same name, township and address.
    same_place: Vec<i64>,
}

impl Stored {
    fn load(
        conn: &mut Conn<'_>,
        catalogue: &Catalogue,
        department: &str,
        roster: &Roster,
        identities: &[Identity],
    ) -> Result<Self, DbError> {
        let rows = || roster.rows.iter().zip(identities);
        let changed: Vec<&Met> = rows().filter_map(|(row, identity)| changed(row, identity)).collect();
        let current: Vec<(i64, i64)> = changed.iter().map(|met| (met.id, met.revision)).collect();
        let approved: Vec<(i64, i64)> = changed
            .iter()
            .filter_map(|met| {
                Some((
                    met.id,
                    met.approved_revision.filter(|&approved| approved != met.revision)?,
                ))
            })
            .collect();
        // Where no other department has a project, nothing is looked for.
        let alone = keys::is_alone(conn, department)?;
        let judged = || rows().filter(|(row, identity)| !alone && !is_same(row, identity));
        let owners: BTreeSet<String> = judged().filter_map(|(row, _)| owner_key(&row.values.view())).collect();
        let cells: BTreeSet<String> = judged()
            .filter_map(|(row, _)| point(&row.values.view()))
            .flat_map(cells_around)
            .collect();
        let owners: Vec<&str> = owners.iter().map(String::as_str).collect();
        let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
        let places: BTreeSet<&str> = judged().filter_map(|(row, _)| row.place.as_deref()).collect();
        let places: Vec<&str> = places.into_iter().collect();
        let mut others = |kind, sought: &[&str]| others(conn, catalogue, department, (kind, sought));
        Ok(Self {
            owners: others(Wide::Owner, &owners)?,
            cells: others(Wide::Cell, &cells)?,
            places: others(Wide::Place, &places)?,
            current: revisions::values_of(conn, &current)?,
            approved: revisions::values_of(conn, &approved)?,
        })
    }

    fn known(&self, row: &Row, identity: &Identity) -> Result<Known, DbError> {
        let mut known = Known {
            code_owner: row.code.as_ref().map(|_| match identity {
                Identity::Clash(Clash::ForeignCode { exists: true }) => CodeOwner::Other,
                Identity::Clash(Clash::ForeignCode { exists: false }) => CodeOwner::Nobody,
                _ => CodeOwner::Own,
            }),
            ..Known::default()
        };
        if is_same(row, identity) {
            return Ok(known);
        }
        if let Some(met) = changed(row, identity) {
            let values = |json: Option<&String>| json.map(|json| from_json(json)).transpose();
            known.current = values(self.current.get(&met.id))?;
            known.approved = match met.approved_revision {
                None => None,
                Some(revision) if revision == met.revision => known.current.clone(),
                Some(_) => values(self.approved.get(&met.id))?,
            };
        }
        if known.current.as_ref().is_some_and(|current| !is_moved(row, current)) {
            return Ok(known);
        }
        let near = self.near(row);
        known.neighbours = near.into_iter().map(|(_, other)| other.clone()).collect();
        Ok(known)
    }

    /// Other departments' projects with the row's owner, or near its place.
    fn near(&self, row: &Row) -> Vec<&(i64, Neighbour)> {
        if self.owners.is_empty() && self.cells.is_empty() {
            return Vec::new();
        }
        let own = row.values.view();
        let owners = owner_key(&own).and_then(|owner| self.owners.get(&owner));
        let point = point(&own).filter(|_| !self.cells.is_empty());
        let cells = point.map(cells_around).unwrap_or_default();
        let near = cells.iter().filter_map(|cell| self.cells.get(cell));
        owners.into_iter().chain(near).flatten().collect()
    }

    /// Other departments' projects that a row that would change something may report again.
    fn others(&self, row: &Row, identity: &Identity) -> Others<'_> {
        if is_same(row, identity) {
            return Others::default();
        }
        let placed = row.place.as_ref().and_then(|place| self.places.get(place));
        Others {
            near: self.near(row),
            same_place: placed.into_iter().flatten().map(|(id, _)| *id).collect(),
        }
    }
}

/// A row as a record again.
fn record(row: &Row) -> Record {
    let mut values = row.values.values();
    let code = row.code.clone().map(Canonical::One);
    values.extend(code.map(|code| (Field::RegistryCode, code)));
    let mut record = Record::from_values(&values);
    for &field in FLAGGED.iter() {
        record.entry_mut(field).address = row.address(field);
    }
    record.sheet = row.sheet.clone();
    record.row = row.row;
    record
}

/// Whether there is anything to compare a row with.
fn has_something(known: &Known) -> bool {
    let foreign = matches!(known.code_owner, Some(CodeOwner::Other | CodeOwner::Nobody));
    foreign || known.current.is_some() || !known.neighbours.is_empty()
}

/// The project that a row would change.
fn changed<'a>(row: &Row, identity: &'a Identity) -> Option<&'a Met> {
    identity.met().filter(|met| met.digest != row.digest())
}

/// Whether a row says what its project's current revision says.
fn is_same(row: &Row, identity: &Identity) -> bool {
    identity.met().is_some_and(|met| met.digest == row.digest())
}

/// Whether a row says otherwise of what a building is known by: where not, its likeness to others was explained before.
fn is_moved(row: &Row, current: &Values) -> bool {
    let own = row.values.view();
    is_renamed(&own, current) || owner_key(current) != owner_key(&own) || point(current) != point(&own)
}

fn is_renamed(row: &View<'_>, current: &Values) -> bool {
    current.one(Field::Name).map(fold) != row.one(Field::Name).map(fold)
}

/// A finding on the roster as one on a row's name.
fn on_name(finding: &Finding, row: &Row) -> Finding {
    Finding {
        sheet: Some(row.sheet.to_string()),
        address: row.address(Field::Name),
        row: Some(row.row),
        field: Some(Field::Name),
        value: row.values.view().one(Field::Name).map(str::to_owned),
        ..finding.clone()
    }
}

fn neighbour(catalogue: &Catalogue, other: OtherRow, uscc: Option<String>) -> Neighbour {
    let department = catalogue.department(&other.department);
    let degrees = |millionths: i64| Decimal::new(millionths, 6);
    Neighbour {
        department: department.map_or(other.department.clone(), |found| found.short_name.clone()),
        name: other.name,
        uscc,
        point: other.longitude_e6.map(degrees).zip(other.latitude_e6.map(degrees)),
    }
}

/// The fields that a comparison may flag: rows keep the addresses of their cells.
pub(super) static FLAGGED: LazyLock<BTreeSet<Field>> = LazyLock::new(|| {
    let comparing = RULES.iter().filter(|rule| matches!(rule.judge, Judge::Known(_)));
    comparing.flat_map(|rule| rule.fields).copied().collect()
});
