//! What rows of a roster meet projects by, and what projects resemble others by: one row per project.

use diesel::prelude::*;

use super::projects::Met;
use super::schema::{project_keys, projects};
use super::{CHUNK, Conn, DbError, each, insert_all};

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
    /// Name, township and address, normalised.
    pub place: Option<String>,
    /// The township with the name.
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

/// The department's projects that go by one of these keys, each with its key, by id.
pub fn met_by(conn: &mut Conn<'_>, department: &str, kind: Own, keys: &[&str]) -> Result<Vec<(String, Met)>, DbError> {
    macro_rules! by {
        ($column:ident) => {
            |conn: &mut Conn<'_>, chunk: &[&str]| {
                each!(conn, c => project_keys::table
                    .inner_join(projects::table.on(projects::id.eq(project_keys::project_id)))
                    .filter(project_keys::department.eq(department))
                    .filter(project_keys::$column.eq_any(chunk))
                    .order(project_keys::project_id)
                    .select((project_keys::$column.assume_not_null(), Met::as_select()))
                    .load::<(String, Met)>(c))
            }
        };
    }
    let mut rows = Vec::new();
    for chunk in keys.chunks(CHUNK) {
        rows.extend(match kind {
            Own::Number => by!(number)(conn, chunk),
            Own::Place => by!(place)(conn, chunk),
            Own::Name => by!(name)(conn, chunk),
            Own::Address => by!(address)(conn, chunk),
        }?);
    }
    Ok(rows)
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

/// Projects of other departments, not withdrawn, that go by one of these keys, each with its key, by id.
pub fn others_by(
    conn: &mut Conn<'_>,
    department: &str,
    kind: Wide,
    keys: &[&str],
) -> Result<Vec<(String, OtherRow)>, DbError> {
    macro_rules! by {
        ($column:ident) => {
            |conn: &mut Conn<'_>, chunk: &[&str]| {
                each!(conn, c => project_keys::table
                    .inner_join(projects::table.on(projects::id.eq(project_keys::project_id)))
                    .filter(project_keys::$column.eq_any(chunk))
                    .filter(project_keys::department.ne(department))
                    .filter(projects::state.ne("withdrawn"))
                    .order(project_keys::project_id)
                    .select((project_keys::$column.assume_not_null(), OtherRow::as_select()))
                    .load::<(String, OtherRow)>(c))
            }
        };
    }
    let mut rows = Vec::new();
    for chunk in keys.chunks(CHUNK) {
        rows.extend(match kind {
            Wide::Owner => by!(owner)(conn, chunk),
            Wide::Cell => by!(cell)(conn, chunk),
            Wide::Place => by!(place)(conn, chunk),
        }?);
    }
    Ok(rows)
}

/// Adds what new projects are met by.
pub fn insert(conn: &mut Conn<'_>, rows: &[KeyRow]) -> Result<(), DbError> {
    insert_all!(conn, project_keys::table, rows);
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
