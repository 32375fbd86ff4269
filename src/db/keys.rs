//! What rows of a roster meet projects by, and what projects resemble others by: one row per project.
//!
//! A project's place is its name, township and address, `NAME|TOWNSHIP|ADDRESS`. It is kept in two parts ([`parts`]), by each of which projects
//! are likened, and found by the first.

use std::collections::{BTreeSet, HashSet};

use diesel::connection::DefaultLoadingMode;
use diesel::prelude::*;

use super::projects::{Filter, Met, Resembled};
use super::schema::{project_keys, projects};
use super::{CHUNK, Conn, DbError, counts, dialect, each, insert_all};

/// What a project is met by; what its values do not tell is absent.
#[derive(Clone, Debug, PartialEq, Eq, Insertable, AsChangeset)]
#[diesel(table_name = project_keys, primary_key(project_id), treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct KeyRow {
    /// The project.
    pub project_id: i64,
    /// The department that reports it.
    pub department: String,
    /// The department's number, normalised.
    pub number: Option<String>,
    /// The township with the name, normalised: see [`parts`].
    pub name: Option<String>,
    /// The township with the address.
    pub address: Option<String>,
    /// The owner's credit code.
    pub owner: Option<String>,
    /// The cell of the map.
    pub cell: Option<String>,
}

/// What a department's own projects are met by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Own {
    /// The number.
    Number,
    /// Name, township and address.
    Place,
}

/// What a department's own projects are resembled by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Near {
    /// The township with the name.
    Name,
    /// The township with the address.
    Address,
}

/// What other departments' projects are met by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wide {
    /// The owner's credit code.
    Owner,
    /// The cell of the map.
    Cell,
    /// Name, township and address.
    Place,
}

/// The parts of a place: the township with the name, `TOWNSHIP|NAME`, and with the address, `TOWNSHIP|ADDRESS`.
pub fn parts(place: &str) -> Option<(String, String)> {
    let (name, rest) = place.split_once('|')?;
    let (township, _) = rest.split_once('|')?;
    Some((format!("{township}|{name}"), rest.to_owned()))
}

/// The place of these parts.
fn place(name: &str, address: &str) -> Option<String> {
    let (_, name) = name.split_once('|')?;
    Some(format!("{name}|{address}"))
}

/// The first parts of places, each once.
fn names(places: &[&str]) -> Vec<String> {
    let names: BTreeSet<String> = places.iter().filter_map(|place| Some(parts(place)?.0)).collect();
    names.into_iter().collect()
}

/// Asks for projects by a column of their keys, as `$row`, of those that `$condition` lets through: what [`load_by`] is given.
macro_rules! by {
    ($column:ident, $row:ident, $condition:expr) => {
        |conn: &mut Conn<'_>, chunk: Option<&[&str]>, take: &mut dyn FnMut(Keyed<$row>)| {
            each!(conn, c => {
                let mut query = project_keys::table
                    .inner_join(projects::table.on(projects::id.eq(project_keys::project_id)))
                    .filter(project_keys::$column.is_not_null())
                    .filter($condition)
                    .order(project_keys::project_id)
                    .select((project_keys::$column.assume_not_null(), project_keys::address, $row::as_select()))
                    .into_boxed();
                if let Some(chunk) = chunk {
                    query = query.filter(project_keys::$column.eq_any(chunk));
                }
                query.load_iter::<_, DefaultLoadingMode>(c)?.try_for_each(|row| row.map(&mut *take))
            })
        }
    };
}

/// Gives to `take` the department's projects that go by one of these keys, each with its key, by id.
pub fn met_by(
    conn: &mut Conn<'_>,
    department: &str,
    (kind, keys): (Own, &[&str]),
    take: &mut dyn FnMut(String, Met),
) -> Result<(), DbError> {
    let all = counts::count(conn, &of(department))?;
    let own = project_keys::department.eq(department);
    match kind {
        Own::Number => load_by(conn, keys, all, by!(number, Met, own), take),
        Own::Place => load_by_place(conn, keys, all, by!(name, Met, own), take),
    }
}

/// Gives to `take` the department's projects, not withdrawn, that are resembled by one of these keys, each with its key, by id.
pub fn near_by(
    conn: &mut Conn<'_>,
    department: &str,
    (kind, keys): (Near, &[&str]),
    take: &mut dyn FnMut(String, Resembled),
) -> Result<(), DbError> {
    let all = counts::count(conn, &of(department))?;
    let own = project_keys::department
        .eq(department)
        .and(projects::state.ne("withdrawn"));
    match kind {
        Near::Name => load_by(conn, keys, all, by!(name, Resembled, own), take),
        Near::Address => load_by(conn, keys, all, by!(address, Resembled, own), take),
    }
}

fn of(department: &str) -> Filter {
    Filter {
        department: Some(department.into()),
        ..Filter::default()
    }
}

/// What a query of keys answers: the key, the second part of the place, and the project.
type Keyed<T> = (String, Option<String>, T);

/// Loads what goes by these keys, a thousand at a time; where they are as many as half of `all` there is, everything at once, of which the rest
/// is let go.
fn load_keyed<T>(
    conn: &mut Conn<'_>,
    keys: &[&str],
    all: i64,
    load: impl Fn(&mut Conn<'_>, Option<&[&str]>, &mut dyn FnMut(Keyed<T>)) -> QueryResult<()>,
    take: &mut dyn FnMut(Keyed<T>),
) -> Result<(), DbError> {
    if all == 0 || keys.is_empty() {
        return Ok(());
    }
    if usize::try_from(all).is_ok_and(|all| keys.len() >= all / 2) {
        let sought: HashSet<&str> = keys.iter().copied().collect();
        return Ok(load(conn, None, &mut |row| {
            if sought.contains(row.0.as_str()) {
                take(row);
            }
        })?);
    }
    for chunk in keys.chunks(CHUNK) {
        load(conn, Some(chunk), take)?;
    }
    Ok(())
}

fn load_by<T>(
    conn: &mut Conn<'_>,
    keys: &[&str],
    all: i64,
    load: impl Fn(&mut Conn<'_>, Option<&[&str]>, &mut dyn FnMut(Keyed<T>)) -> QueryResult<()>,
    take: &mut dyn FnMut(String, T),
) -> Result<(), DbError> {
    load_keyed(conn, keys, all, load, &mut |(key, _, row)| take(key, row))
}

/// As [`load_by`], by places: `load` goes by their first parts.
fn load_by_place<T>(
    conn: &mut Conn<'_>,
    places: &[&str],
    all: i64,
    load: impl Fn(&mut Conn<'_>, Option<&[&str]>, &mut dyn FnMut(Keyed<T>)) -> QueryResult<()>,
    take: &mut dyn FnMut(String, T),
) -> Result<(), DbError> {
    let names = if all == 0 { Vec::new() } else { names(places) };
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let sought: HashSet<&str> = places.iter().copied().collect();
    load_keyed(conn, &names, all, load, &mut |(name, address, row)| {
        let found = address.and_then(|address| place(&name, &address));
        if let Some(place) = found.filter(|place| sought.contains(place.as_str())) {
            take(place, row);
        }
    })
}

/// A project of another department that may be the same building.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = projects)]
pub struct OtherRow {
    /// Its id.
    pub id: i64,
    /// The department that reports it.
    pub department: String,
    /// Its name.
    pub name: String,
    /// Millionths of a degree.
    pub longitude_e6: Option<i64>,
    /// Millionths of a degree.
    pub latitude_e6: Option<i64>,
}

/// Gives to `take` the projects of other departments, not withdrawn, that go by one of these keys, each with its key, by id.
pub fn others_by(
    conn: &mut Conn<'_>,
    department: &str,
    (kind, keys): (Wide, &[&str]),
    take: &mut dyn FnMut(String, OtherRow),
) -> Result<(), DbError> {
    let foreign = project_keys::department
        .ne(department)
        .and(projects::state.ne("withdrawn"));
    let all = counts::outside(conn, department)?;
    match kind {
        Wide::Owner => load_by(conn, keys, all, by!(owner, OtherRow, foreign), take),
        Wide::Cell => load_by(conn, keys, all, by!(cell, OtherRow, foreign), take),
        Wide::Place => load_by_place(conn, keys, all, by!(name, OtherRow, foreign), take),
    }
}

/// Whether the department has no project.
pub fn has_none(conn: &mut Conn<'_>, department: &str) -> Result<bool, DbError> {
    Ok(counts::count(conn, &of(department))? == 0)
}

/// Whether no other department has a project.
pub fn is_alone(conn: &mut Conn<'_>, department: &str) -> Result<bool, DbError> {
    Ok(counts::outside(conn, department)? == 0)
}

/// Whether so many new projects are many, and most of what there is then.
pub fn is_bulk(conn: &mut Conn<'_>, new: usize) -> Result<bool, DbError> {
    let all = counts::count(conn, &Filter::default())?;
    Ok(new >= MANY && usize::try_from(all).is_ok_and(|all| new >= all))
}

/// Runs `body`, which adds so many projects with [`insert`] and nothing else that needs an index of the keys: where these are a bulk, the indexes
/// are made in the end.
///
/// # Errors
/// Those of `body`, and the database's. The transaction must not go on.
pub fn in_bulk(
    conn: &mut Conn<'_>,
    new: usize,
    body: impl FnOnce(&mut Conn<'_>, Way) -> Result<(), DbError>,
) -> Result<(), DbError> {
    if is_bulk(conn, new)? {
        dialect::without_indexes(conn, "project_keys", |conn| body(conn, Way::Many))
    } else {
        body(conn, Way::OneByOne)
    }
}

/// From how many projects on an import is a bulk.
const MANY: usize = 1000;

/// How new projects' keys are added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// On `SQLite` one by one: they go all over the indexes, of which it would keep a copy of each page for the statements that take several.
    OneByOne,
    /// Many at a time, because there are no indexes.
    Many,
}

/// Adds what new projects are met by.
pub fn insert(conn: &mut Conn<'_>, rows: &[KeyRow], way: Way) -> Result<(), DbError> {
    match conn {
        Conn::Sqlite(conn) if way == Way::OneByOne => {
            for row in rows {
                diesel::insert_into(project_keys::table)
                    .values(row)
                    .execute(&mut **conn)?;
            }
        }
        conn => insert_all!(conn, project_keys::table, rows),
    }
    Ok(())
}

/// Puts these in the place of what their projects were met by.
pub fn replace(conn: &mut Conn<'_>, rows: &[KeyRow]) -> Result<(), DbError> {
    for row in rows {
        let changed = each!(conn, c => diesel::update(project_keys::table.find(row.project_id)).set(row).execute(c))?;
        if changed != 1 {
            return Err(DbError::Moved("project_keys"));
        }
    }
    Ok(())
}
