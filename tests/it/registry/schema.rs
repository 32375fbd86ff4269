//! Both migration folders end in the same tables.

use std::collections::{BTreeMap, BTreeSet};

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
use diesel::{PgConnection, SqliteConnection, sql_query};

use retrofit_import::catalogue::Field;

use crate::support::World;
use crate::support::rosters::school;

/// What a table is made of, in terms that both databases have.
#[derive(Debug, Default, PartialEq, Eq)]
struct Table {
    /// Name, type, whether it may be blank, and its place in the primary key (0: none).
    columns: Vec<(String, String, bool, i64)>,
    /// Unique constraints and indexes: name, unique, columns.
    indexes: BTreeSet<(bool, String)>,
    /// Foreign keys: columns, table, columns.
    references: BTreeSet<(String, String, String)>,
    /// Named conditions, each with the words that it compares with.
    checks: BTreeMap<String, BTreeSet<String>>,
}

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = BigInt)]
    required: i64,
    #[diesel(sql_type = BigInt)]
    key: i64,
}

#[derive(QueryableByName)]
struct Index {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = BigInt)]
    is_unique: i64,
    #[diesel(sql_type = Text)]
    columns: String,
}

#[derive(QueryableByName)]
struct Reference {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    columns: String,
    #[diesel(sql_type = Text)]
    other: String,
    #[diesel(sql_type = Text)]
    other_columns: String,
}

#[derive(QueryableByName)]
struct Check {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Nullable<Text>)]
    name: Option<String>,
    #[diesel(sql_type = Text)]
    definition: String,
}

const SQLITE_COLUMNS: &str = "SELECT m.name AS table_name, c.name AS name, c.type AS kind, c.\"notnull\" AS required, c.pk AS key
    FROM sqlite_master m, pragma_table_info(m.name) c
    WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE '\\_\\_%' ESCAPE '\\' ORDER BY m.name, c.cid";
const SQLITE_INDEXES: &str = "SELECT m.name AS table_name, i.\"unique\" AS is_unique,
    (SELECT group_concat(name, ',') FROM (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno)) AS columns
    FROM sqlite_master m, pragma_index_list(m.name) i
    WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE '\\_\\_%' ESCAPE '\\' AND i.origin <> 'pk'";
const SQLITE_REFERENCES: &str =
    "SELECT m.name AS table_name, group_concat(f.\"from\", ',') AS columns, f.\"table\" AS other,
    group_concat(f.\"to\", ',') AS other_columns
    FROM sqlite_master m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table' GROUP BY m.name, f.id";
const SQLITE_CHECKS: &str = "SELECT name AS table_name, NULL AS name, sql AS definition FROM sqlite_master
    WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '\\_\\_%' ESCAPE '\\'";

const POSTGRES_COLUMNS: &str = "SELECT c.relname::text AS table_name, a.attname::text AS name, format_type(a.atttypid, NULL) AS kind,
    a.attnotnull::int::bigint AS required,
    COALESCE(array_position(i.indkey::int2[], a.attnum) - array_lower(i.indkey::int2[], 1) + 1, 0)::bigint AS key
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
    WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped
        AND c.relname NOT LIKE '\\_\\_%'
    ORDER BY c.relname COLLATE \"C\", a.attnum";
const POSTGRES_INDEXES: &str = "SELECT c.relname::text AS table_name, i.indisunique::int::bigint AS is_unique,
    (SELECT string_agg(a.attname, ',' ORDER BY k.at) FROM unnest(i.indkey::int2[]) WITH ORDINALITY k(num, at)
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.num) AS columns
    FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
    WHERE c.relnamespace = 'public'::regnamespace AND NOT i.indisprimary AND c.relname NOT LIKE '\\_\\_%'";
const POSTGRES_REFERENCES: &str = "SELECT c.relname::text AS table_name,
    (SELECT string_agg(a.attname, ',' ORDER BY k.at) FROM unnest(f.conkey) WITH ORDINALITY k(num, at)
        JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = k.num) AS columns,
    o.relname::text AS other,
    (SELECT string_agg(a.attname, ',' ORDER BY k.at) FROM unnest(f.confkey) WITH ORDINALITY k(num, at)
        JOIN pg_attribute a ON a.attrelid = f.confrelid AND a.attnum = k.num) AS other_columns
    FROM pg_constraint f JOIN pg_class c ON c.oid = f.conrelid JOIN pg_class o ON o.oid = f.confrelid WHERE f.contype = 'f'";
const POSTGRES_CHECKS: &str =
    "SELECT c.relname::text AS table_name, k.conname::text AS name, pg_get_constraintdef(k.oid) AS definition
    FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
    WHERE k.contype = 'c' AND k.connamespace = 'public'::regnamespace";

/// Reads the tables through one connection.
macro_rules! introspect {
    ($conn:expr, $columns:expr, $indexes:expr, $references:expr, $checks:expr) => {
        gather(
            sql_query($columns).load($conn).unwrap(),
            sql_query($indexes).load($conn).unwrap(),
            sql_query($references).load($conn).unwrap(),
            sql_query($checks).load($conn).unwrap(),
        )
    };
}

fn gather(
    columns: Vec<Column>,
    indexes: Vec<Index>,
    references: Vec<Reference>,
    checks: Vec<Check>,
) -> BTreeMap<String, Table> {
    let mut tables: BTreeMap<String, Table> = BTreeMap::new();
    for column in columns {
        let kind = match column.kind.as_str() {
            "INTEGER" | "bigint" => "integer",
            "TEXT" | "text" => "text",
            "BLOB" | "bytea" => "bytes",
            other => panic!("{}.{} is {other}", column.table_name, column.name),
        };
        let table = tables.entry(column.table_name).or_default();
        table
            .columns
            .push((column.name, kind.into(), column.required == 0, column.key));
    }
    for index in indexes {
        let table = tables.entry(index.table_name).or_default();
        table.indexes.insert((index.is_unique == 1, index.columns));
    }
    for reference in references {
        let table = tables.entry(reference.table_name).or_default();
        table
            .references
            .insert((reference.columns, reference.other, reference.other_columns));
    }
    for check in checks {
        let table = tables.entry(check.table_name).or_default();
        match check.name {
            Some(name) => drop(table.checks.insert(name, words(&check.definition))),
            None => table.checks.extend(checks_of(&check.definition)),
        }
    }
    tables
}

/// The named conditions in the text of a table, as SQLite keeps it.
fn checks_of(sql: &str) -> BTreeMap<String, BTreeSet<String>> {
    let constraints = sql.split("CONSTRAINT ").skip(1);
    constraints
        .filter_map(|constraint| constraint.split_once(" CHECK "))
        .map(|(name, definition)| (name.to_owned(), words(definition)))
        .collect()
}

/// The quoted words of a condition.
fn words(definition: &str) -> BTreeSet<String> {
    definition.split('\'').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn both_databases_have_the_same_tables() {
    let sqlite = World::sqlite();
    let mut conn = SqliteConnection::establish(&sqlite.config.database_url).unwrap();
    let here = introspect!(
        &mut conn,
        SQLITE_COLUMNS,
        SQLITE_INDEXES,
        SQLITE_REFERENCES,
        SQLITE_CHECKS
    );
    assert!(here.len() > 15 && here.values().all(|table| table.columns.len() <= 32));
    let about_projects = here
        .iter()
        .filter(|(_, table)| table.columns.iter().any(|(name, ..)| name == "project_id"));
    for (name, table) in about_projects {
        let key = table.columns.iter().find(|(name, ..)| name == "project_id").unwrap().3;
        assert!(key > 0, "the primary key of {name} lacks the project");
    }
    let Some(postgres) = World::postgres() else { return };
    let mut conn = PgConnection::establish(&postgres.config.database_url).unwrap();
    let there = introspect!(
        &mut conn,
        POSTGRES_COLUMNS,
        POSTGRES_INDEXES,
        POSTGRES_REFERENCES,
        POSTGRES_CHECKS
    );
    assert_eq!(here.keys().collect::<Vec<_>>(), there.keys().collect::<Vec<_>>());
    for (name, table) in &here {
        assert_eq!(
            table, &there[name],
            "{name}: SQLite on the left, PostgreSQL on the right"
        );
    }
}

#[test]
fn migrations_run_again_change_nothing() {
    for world in World::both() {
        drop(world.another());
    }
}

#[derive(Debug, PartialEq, Eq, QueryableByName)]
struct Waiting {
    #[diesel(sql_type = BigInt)]
    project_id: i64,
    #[diesel(sql_type = Text)]
    changed: String,
    #[diesel(sql_type = Nullable<Text>)]
    due: Option<String>,
}

impl Waiting {
    /// The order of the fields says nothing.
    fn sorted(mut self) -> Self {
        let mut fields: Vec<&str> = self.changed.split(',').collect();
        fields.sort_unstable();
        self.changed = fields.join(",");
        self
    }
}

const QUEUE: &str = "SELECT project_id, changed, due FROM review_queue ORDER BY project_id";
const FORGOTTEN: &str = "UPDATE review_queue SET changed = '', due = NULL";

#[test]
fn what_waited_before_the_queue_knew_its_changes_is_filled_in_as_the_registry_writes_it() {
    const SQLITE: &str = include_str!("../../../migrations/sqlite/2026-11-26-171000_queue_backfill/up.sql");
    const POSTGRES: &str = include_str!("../../../migrations/postgres/2026-11-26-171000_queue_backfill/up.sql");
    for world in World::both() {
        let planned = |line: u32, day: &str| school(line).with(Field::PlannedCompletionDate, day);
        let lines = || {
            [
                planned(1, "2026"),
                planned(2, "2027-02"),
                planned(3, "2026-12-05"),
                school(4),
            ]
        };
        world.import(lines());
        world.approve_all();
        let [one, two, three, four] = lines();
        world.import([
            one.with(Field::FloorAreaM2, "99").without(Field::Use),
            two.with(Field::Remarks, "改了\"引号\"，逗号"),
            three.with(Field::Stage, "40").with(Field::CompletionDate, "2026-11"),
            four.with(Field::RetrofitMethods, "02"),
            planned(5, "2028-02"),
        ]);
        let (before, after) = if world.is_sqlite() {
            let mut conn = SqliteConnection::establish(&world.config.database_url).unwrap();
            let before: Vec<Waiting> = sql_query(QUEUE).load(&mut conn).unwrap();
            conn.batch_execute(FORGOTTEN).unwrap();
            conn.batch_execute(SQLITE).unwrap();
            (before, sql_query(QUEUE).load::<Waiting>(&mut conn).unwrap())
        } else {
            let mut conn = PgConnection::establish(&world.config.database_url).unwrap();
            let before: Vec<Waiting> = sql_query(QUEUE).load(&mut conn).unwrap();
            conn.batch_execute(FORGOTTEN).unwrap();
            conn.batch_execute(POSTGRES).unwrap();
            (before, sql_query(QUEUE).load::<Waiting>(&mut conn).unwrap())
        };
        assert!(before.len() == 5 && before.iter().filter(|row| row.changed.is_empty()).count() == 1);
        assert_eq!(before[1].due.as_deref(), Some("2027-02-28"));
        let sorted = |rows: Vec<Waiting>| rows.into_iter().map(Waiting::sorted).collect::<Vec<_>>();
        assert_eq!(sorted(after), sorted(before));
    }
}
