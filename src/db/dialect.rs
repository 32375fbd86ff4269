//! What differs between the two databases: settings, migrations, and locking a choice of rows.

use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::r2d2::CustomizeConnection;
use diesel::sql_types::Text;
use diesel::sqlite::SqliteConnection;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{Conn, DbError, PATIENCE};

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// What a database file is from its first connection on: pages of 16 kB, where the file is new, because a revision takes about 1 kB (fewer bytes are
/// lost at pages' ends, and fewer pages are written); and readers beside one writer.
pub(super) fn settle_sqlite(conn: &mut SqliteConnection) -> QueryResult<()> {
    let patience = PATIENCE.as_millis();
    conn.batch_execute(&format!(
        "PRAGMA busy_timeout = {patience}; PRAGMA page_size = 16384; PRAGMA journal_mode = WAL;"
    ))
}

/// Readers beside one writer; the disk is waited for only when the log goes into the file. 32 MB (in kB) for pages, so that a large import writes
/// each of them once.
const WITH_LOG: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -32768;";
/// Pages are saved before they are changed, and the disk is waited for. What is added goes to the file's end page by page: 4 MB hold what is not full,
/// and more would only have to be made room for.
const WITHOUT_LOG: &str = "PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL; PRAGMA cache_size = -4096;";

/// What every connection to `SQLite` begins with: patience with another writer, no write to the disk but at checkpoints (what was committed is safe from
/// everything but a power cut, which may take the last of it), and foreign keys, which are off by default; and what a statement would need to be undone,
/// in memory.
#[derive(Debug)]
pub(super) struct SqliteSettings;

impl CustomizeConnection<SqliteConnection, diesel::r2d2::Error> for SqliteSettings {
    fn on_acquire(&self, conn: &mut SqliteConnection) -> Result<(), diesel::r2d2::Error> {
        let patience = PATIENCE.as_millis();
        conn.batch_execute(&format!(
            "PRAGMA busy_timeout = {patience}; {WITH_LOG} PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;"
        ))
        .map_err(diesel::r2d2::Error::QueryError)
    }
}

/// Runs `body` while the file has no log, where this is the only connection to it, else with the log as it is. Without, what is added is written to
/// the disk once instead of twice. What is changed is saved beside the file first: after a crash, whoever next opens it puts that back.
pub(super) fn without_log<T>(
    conn: &mut SqliteConnection,
    body: impl FnOnce(&mut SqliteConnection) -> T,
) -> QueryResult<T> {
    let patience = PATIENCE.as_millis();
    // Refused where another connection is open, in whichever process; that is not waited for.
    let alone = conn
        .batch_execute(&format!("PRAGMA busy_timeout = 0; {WITHOUT_LOG}"))
        .is_ok();
    conn.batch_execute(&format!("PRAGMA busy_timeout = {patience};"))?;
    let outcome = body(conn);
    if alone && let Err(error) = conn.batch_execute(WITH_LOG) {
        // What was done stands. The next connection to the file makes its log again.
        tracing::warn!("SQLite's log was not made again: {error}");
    }
    Ok(outcome)
}

/// Runs what migrations are missing, one process at a time.
pub(super) fn migrate_sqlite(conn: &mut SqliteConnection) -> Result<(), DbError> {
    conn.exclusive_transaction(|conn| run(conn, SQLITE))
}

/// Copies the database into a new file.
pub(super) fn copy_sqlite(conn: &mut SqliteConnection, path: &Path) -> Result<(), DbError> {
    diesel::sql_query("VACUUM INTO ?")
        .bind::<Text, _>(path.display().to_string())
        .execute(conn)?;
    Ok(())
}

/// Runs what migrations are missing, one process at a time.
pub(super) fn migrate_postgres(conn: &mut PgConnection) -> Result<(), DbError> {
    conn.transaction(|conn| {
        // Any number will do, as long as nothing else in this database uses it as a lock.
        diesel::sql_query("SELECT pg_advisory_xact_lock(371500)").execute(conn)?;
        run(conn, POSTGRES)
    })
}

/// Runs `body` without the indexes of a table, which are made anew in the end: one after the other, their entries sorted, that takes a third of the time
/// where most of the rows are new. It is a part of the transaction, which must not go on where it fails; nobody else sees the table without.
/// On `PostgreSQL`, where nobody else could read meanwhile, the indexes stay.
pub(super) fn without_indexes(
    conn: &mut Conn<'_>,
    table: &str,
    body: impl FnOnce(&mut Conn<'_>) -> Result<(), DbError>,
) -> Result<(), DbError> {
    #[derive(QueryableByName)]
    struct Index {
        #[diesel(sql_type = Text)]
        name: String,
        #[diesel(sql_type = Text)]
        sql: String,
    }
    let Conn::Sqlite(sqlite) = conn else {
        return body(conn);
    };
    let indexes: Vec<Index> = diesel::sql_query(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL",
    )
    .bind::<Text, _>(table)
    .load(&mut **sqlite)?;
    for index in &indexes {
        sqlite.batch_execute(&format!("DROP INDEX \"{}\"", index.name))?;
    }
    body(conn)?;
    if let Conn::Sqlite(sqlite) = conn {
        for index in &indexes {
            sqlite.batch_execute(&index.sql)?;
        }
    }
    Ok(())
}

fn run<C: MigrationHarness<B>, B: diesel::backend::Backend>(
    conn: &mut C,
    migrations: EmbeddedMigrations,
) -> Result<(), DbError> {
    conn.run_pending_migrations(migrations)
        .map(drop)
        .map_err(DbError::Migration)
}

/// Waits until no other transaction writes to the audit log, and lets none begin before the end of this one: what it then sees has no gap
/// that may still be filled. On `SQLite` a transaction that writes is alone anyway.
pub(super) fn lock_audit_log(conn: &mut Conn<'_>) -> Result<(), DbError> {
    if let Conn::Postgres(conn) = conn {
        diesel::sql_query("LOCK TABLE audit_log IN SHARE ROW EXCLUSIVE MODE").execute(&mut **conn)?;
    }
    Ok(())
}
