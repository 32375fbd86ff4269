//! The database: `SQLite` or `PostgreSQL` behind one type, one file per noun. Nothing above this module writes SQL.
//!
//! A statement is written once and compiled for both connections by [`each!`]; the few that differ stand in [`dialect`].
//! [`Db::write`] is one transaction with the write lock taken at its start, [`Db::read`] one consistent view; [`Db::together`] makes one
//! transaction of many of them.

pub mod approved;
pub mod audit;
pub mod batches;
pub mod checks;
pub mod columns;
pub mod comments;
pub mod counters;
mod counts;
pub mod deliveries;
mod dialect;
pub mod figures;
pub mod inspections;
pub mod job_runs;
pub mod keys;
pub mod lookalikes;
pub mod meetings;
pub mod people;
pub mod periods;
pub mod photos;
pub mod projects;
pub mod queue;
pub mod readings;
pub mod reconciliations;
pub mod rejections;
pub mod reminders;
pub mod requests;
pub mod revisions;
pub mod run_left;
mod schema;
mod shared;
pub mod sync_runs;
pub mod targets;
pub mod tokens;
pub mod uploads;
pub mod waivers;
pub mod written;

use std::path::{Path, PathBuf};
use std::time::Duration;

use diesel::pg::PgConnection;
use diesel::r2d2::{ConnectionManager, Pool};
use diesel::sqlite::SqliteConnection;
use diesel::{Connection, ConnectionError, QueryResult};
use thiserror::Error;

use shared::Shared;

/// Runs the same statement on either connection.
macro_rules! each {
    ($conn:expr, $inner:ident => $body:expr) => {
        match $conn {
            $crate::db::Conn::Sqlite(connection) => {
                let $inner: &mut diesel::sqlite::SqliteConnection = connection;
                $body
            }
            $crate::db::Conn::Postgres(connection) => {
                let $inner: &mut diesel::pg::PgConnection = connection;
                $body
            }
        }
    };
}
use each;

/// Adds rows, many to a statement: on `SQLite` a few, because it keeps a statement of so many ready; on `PostgreSQL` as many as one takes,
/// because each is a journey.
macro_rules! insert_all {
    ($conn:expr, $table:expr, $rows:expr) => {
        match $conn {
            $crate::db::Conn::Sqlite(connection) => {
                let (lots, rest) = $rows.as_chunks::<{ $crate::db::FEW }>();
                for lot in lots {
                    diesel::insert_into($table).values(lot).execute(&mut **connection)?;
                }
                for row in rest {
                    diesel::insert_into($table).values(row).execute(&mut **connection)?;
                }
            }
            $crate::db::Conn::Postgres(connection) => {
                for lot in $rows.chunks($crate::db::CHUNK) {
                    diesel::insert_into($table).values(lot).execute(&mut **connection)?;
                }
            }
        }
    };
}
use insert_all;

/// How many rows or keys one statement takes: `SQLite` allows 32,766 variables, and the widest row has 31 columns.
pub(crate) const CHUNK: usize = 1000;

/// How many rows `SQLite` is given in one statement: for each statement it keeps a copy of the pages that the statement begins with.
const FEW: usize = 64;

/// How long a connection waits for another writer, or for a free connection, before it gives up: longer than the largest import
/// holds the write lock.
const PATIENCE: Duration = Duration::from_secs(30);

/// Connections kept open at most.
const POOL_SIZE: u32 = 8;

/// The database cannot be used, or answered with an error. Never an officer's fault.
#[derive(Debug, Error)]
pub enum DbError {
    /// The address names no database that we know.
    #[error("RETROFIT_DATABASE_URL 的值“{0}”不受支持：请写文件路径、sqlite://路径，或 postgres://… 地址。")]
    Scheme(String),
    /// The folder of the database file cannot be made.
    #[error("cannot create the folder of {}: {source}", path.display())]
    Folder {
        /// The database file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// No connection.
    #[error("cannot connect to the database: {0}")]
    Connect(#[from] ConnectionError),
    /// No free connection, or the last one was lost.
    #[error("no connection to the database: {0}")]
    Pool(#[from] diesel::r2d2::PoolError),
    /// A statement failed.
    #[error("the database refused a statement: {0}")]
    Statement(#[from] diesel::result::Error),
    /// A migration failed.
    #[error("cannot bring the database's tables up to date: {0}")]
    Migration(Box<dyn std::error::Error + Send + Sync>),
    /// A guarded statement changed fewer rows than it had to: another process moved them in between.
    #[error("{0}: the rows were changed by another process")]
    Moved(&'static str),
    /// A transaction that many calls share was used within one of them, or after its end.
    #[error("a shared transaction was used out of its turn")]
    Entangled,
    /// Something is stored that this program never writes.
    #[error("the database holds something unreadable: {0}")]
    Unreadable(String),
}

/// One connection inside a transaction.
pub enum Conn<'a> {
    /// `SQLite`.
    Sqlite(&'a mut SqliteConnection),
    /// `PostgreSQL`.
    Postgres(&'a mut PgConnection),
}

#[derive(Clone)]
enum Connections {
    Sqlite(Pool<ConnectionManager<SqliteConnection>>),
    Postgres(Pool<ConnectionManager<PgConnection>>),
}

/// The database. Clones share their connections.
#[derive(Clone)]
pub struct Db {
    connections: Connections,
    /// The transaction that everything goes into.
    shared: Option<Shared>,
}

impl std::fmt::Debug for Db {
    /// Which kind, and never the address: it may hold a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Db").field(&self.kind()).finish()
    }
}

/// Why the body of a transaction failed. It is told even where the database then cannot take anything back, having done so by itself: `SQLite` does
/// where the disk is full.
struct Failed<E>(Option<E>);

impl<E: From<DbError>> Failed<E> {
    const fn new() -> Self {
        Self(None)
    }

    /// The outcome of the body, for the transaction that it is in.
    fn keep<T>(&mut self, outcome: Result<T, E>) -> QueryResult<T> {
        outcome.map_err(|error| {
            self.0 = Some(error);
            diesel::result::Error::RollbackTransaction
        })
    }

    /// The outcome of the transaction, for whoever asked for it.
    fn told<T>(self, outcome: QueryResult<T>) -> Result<T, E> {
        outcome.map_err(|error| self.0.unwrap_or_else(|| DbError::from(error).into()))
    }
}

impl Db {
    /// Opens the database at `url`: a file path or `sqlite://PATH`, or `postgres://…`. Makes the file where there is none, and brings
    /// the tables up to date.
    ///
    /// # Errors
    /// Another scheme, no connection, or a migration that failed.
    pub fn open(url: &str) -> Result<Self, DbError> {
        let connections = match Address::parse(url)? {
            Address::File(path) => {
                if let Some(folder) = path.parent() {
                    std::fs::create_dir_all(folder).map_err(|source| DbError::Folder {
                        path: path.clone(),
                        source,
                    })?;
                }
                let file = path.display().to_string();
                // The pool hides why a first connection fails; this one does not.
                dialect::settle_sqlite(&mut SqliteConnection::establish(&file)?)?;
                let pool = Pool::builder()
                    .max_size(POOL_SIZE)
                    // Opened when they are needed: a command that needs one is alone with the file.
                    .min_idle(Some(0))
                    .connection_timeout(PATIENCE)
                    .connection_customizer(Box::new(dialect::SqliteSettings))
                    .build(ConnectionManager::new(file))?;
                Connections::Sqlite(pool)
            }
            Address::Server(url) => {
                PgConnection::establish(&url)?;
                let pool = Pool::builder()
                    .max_size(POOL_SIZE)
                    .connection_timeout(PATIENCE)
                    .build(ConnectionManager::new(url))?;
                Connections::Postgres(pool)
            }
        };
        let db = Self {
            connections,
            shared: None,
        };
        db.migrate()?;
        Ok(db)
    }

    /// Which kind of database it is, in its own name.
    pub fn kind(&self) -> &'static str {
        match self.connections {
            Connections::Sqlite(_) => "SQLite",
            Connections::Postgres(_) => "PostgreSQL",
        }
    }

    /// Whether it is one file, which a plain copy saves.
    pub fn is_file(&self) -> bool {
        matches!(self.connections, Connections::Sqlite(_))
    }

    /// Copies a database that is one file into a file that is not there yet, as of one moment, while others read and write. A server's database
    /// is not copied.
    ///
    /// # Errors
    /// The database's, a full disk among them.
    pub fn copy_to(&self, path: &Path) -> Result<(), DbError> {
        match &self.connections {
            Connections::Sqlite(pool) => dialect::copy_sqlite(&mut *pool.get()?, path),
            Connections::Postgres(_) => Ok(()),
        }
    }

    fn migrate(&self) -> Result<(), DbError> {
        match &self.connections {
            Connections::Sqlite(pool) => dialect::migrate_sqlite(&mut *pool.get()?),
            Connections::Postgres(pool) => dialect::migrate_postgres(&mut *pool.get()?),
        }
    }

    /// Runs `body` in one transaction that may write; an error rolls everything back.
    ///
    /// # Errors
    /// Those of `body`, and the database's.
    pub fn write<T, E: From<DbError>>(&self, body: impl FnOnce(&mut Conn<'_>) -> Result<T, E>) -> Result<T, E> {
        if let Some(shared) = &self.shared {
            return shared.run(body);
        }
        let mut failed = Failed::new();
        let outcome = match &self.connections {
            Connections::Sqlite(pool) => pool
                .get()
                .map_err(DbError::from)?
                .immediate_transaction(|conn| failed.keep(body(&mut Conn::Sqlite(conn)))),
            Connections::Postgres(pool) => pool
                .get()
                .map_err(DbError::from)?
                .transaction(|conn| failed.keep(body(&mut Conn::Postgres(conn)))),
        };
        failed.told(outcome)
    }

    /// As [`Db::write`], for a transaction that may write more than there is: where nobody else has `SQLite`'s file open, it writes into the file
    /// at once instead of into the log first, and whoever comes meanwhile waits until it ends.
    ///
    /// # Errors
    /// Those of `body`, and the database's.
    pub fn write_bulk<T, E: From<DbError>>(&self, body: impl FnOnce(&mut Conn<'_>) -> Result<T, E>) -> Result<T, E> {
        let (Connections::Sqlite(pool), None) = (&self.connections, &self.shared) else {
            return self.write(body);
        };
        let mut conn = pool.get().map_err(DbError::from)?;
        let mut failed = Failed::new();
        let outcome = dialect::without_log(&mut conn, |conn| {
            conn.immediate_transaction(|conn| failed.keep(body(&mut Conn::Sqlite(conn))))
        });
        failed.told(outcome.map_err(DbError::from)?)
    }

    /// Runs `body` in one transaction that may write: all of what it does through the database that it is given counts, or, where it fails, nothing.
    /// Within another one, it is a part of that, which alone is taken back where it fails.
    ///
    /// What it is given is not to be used within a `read` or `write` of its own, nor by another thread meanwhile.
    ///
    /// # Errors
    /// Those of `body`, and the database's.
    pub fn together<T, E: From<DbError>>(&self, body: impl FnOnce(&Self) -> Result<T, E>) -> Result<T, E> {
        if let Some(shared) = &self.shared {
            return shared.part(|| body(self));
        }
        let shared = Shared::begin(&self.connections)?;
        let outcome = body(&Self {
            connections: self.connections.clone(),
            shared: Some(shared.clone()),
        });
        shared.end(outcome)
    }

    /// Runs `body` on one consistent view of the data.
    ///
    /// # Errors
    /// Those of `body`, and the database's.
    pub fn read<T, E: From<DbError>>(&self, body: impl FnOnce(&mut Conn<'_>) -> Result<T, E>) -> Result<T, E> {
        if let Some(shared) = &self.shared {
            return shared.run(body);
        }
        let mut failed = Failed::new();
        let outcome = match &self.connections {
            Connections::Sqlite(pool) => pool
                .get()
                .map_err(DbError::from)?
                .transaction(|conn| failed.keep(body(&mut Conn::Sqlite(conn)))),
            Connections::Postgres(pool) => pool
                .get()
                .map_err(DbError::from)?
                .build_transaction()
                .repeatable_read()
                .read_only()
                .run(|conn| failed.keep(body(&mut Conn::Postgres(conn)))),
        };
        failed.told(outcome)
    }
}

/// Where a database is.
#[derive(Debug, PartialEq, Eq)]
enum Address {
    File(PathBuf),
    Server(String),
}

impl Address {
    fn parse(url: &str) -> Result<Self, DbError> {
        let lower = url.to_ascii_lowercase();
        if lower.starts_with("postgres://") || lower.starts_with("postgresql://") {
            return Ok(Self::Server(url.to_owned()));
        }
        let path = if lower.starts_with("sqlite://") {
            &url["sqlite://".len()..]
        } else {
            url
        };
        // A colon after letters alone is a scheme (`mysql:`), and `:memory:` would be another database for each connection.
        let scheme = path.split_once(':').is_some_and(|(scheme, _)| {
            scheme
                .chars()
                .all(|letter| letter.is_ascii_alphanumeric() || "+.-".contains(letter))
        });
        if path.is_empty() || scheme {
            return Err(DbError::Scheme(without_password(url)));
        }
        Ok(Self::File(Path::new(path).to_owned()))
    }
}

/// An address for messages: what stands before an `@` may be a password.
fn without_password(url: &str) -> String {
    match (url.find("://"), url.rfind('@')) {
        (Some(scheme), Some(at)) if scheme < at => format!("{}…{}", &url[..scheme + 3], &url[at..]),
        _ => url.to_owned(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_apart() {
        let file = |path: &str| Some(Address::File(path.into()));
        let cases = [
            ("registry.db", file("registry.db")),
            ("./a:b.db", file("./a:b.db")),
            ("/var/lib/a:b.db", file("/var/lib/a:b.db")),
            ("sqlite://registry.db", file("registry.db")),
            ("sqlite:///var/lib/registry.db", file("/var/lib/registry.db")),
            ("postgres://h/d", Some(Address::Server("postgres://h/d".into()))),
            ("POSTGRESQL://h/d", Some(Address::Server("POSTGRESQL://h/d".into()))),
            ("mysql://h/d", None),
            ("sqlite::memory:", None),
            (":memory:", None),
            ("", None),
        ];
        for (url, expected) in cases {
            assert_eq!(Address::parse(url).ok(), expected, "{url}");
        }
    }

    #[test]
    fn a_refused_address_keeps_its_password_to_itself() {
        let error = Address::parse("mysql://me:secret@host/db").unwrap_err().to_string();
        assert!(
            error.contains("mysql://…@host/db") && !error.contains("secret"),
            "{error}"
        );
    }
}
