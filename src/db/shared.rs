//! One transaction that many calls share, so that all of what they write counts, or nothing.

use std::sync::{Arc, Mutex};

use diesel::Connection as _;
use diesel::connection::{AnsiTransactionManager, TransactionManager as _};
use diesel::pg::PgConnection;
use diesel::r2d2::{ConnectionManager, PooledConnection};
use diesel::result::QueryResult;
use diesel::sqlite::SqliteConnection;

use super::{Conn, Connections, DbError, Failed};

/// A connection with an open transaction. Clones share it; once it has ended they are of no use.
#[derive(Clone)]
pub(super) struct Shared(Arc<Mutex<Option<Connection>>>);

enum Connection {
    Sqlite(PooledConnection<ConnectionManager<SqliteConnection>>),
    Postgres(PooledConnection<ConnectionManager<PgConnection>>),
}

impl Connection {
    fn begin(&mut self) -> QueryResult<()> {
        match self {
            Self::Sqlite(connection) => AnsiTransactionManager::begin_transaction(&mut **connection),
            Self::Postgres(connection) => AnsiTransactionManager::begin_transaction(&mut **connection),
        }
    }

    fn commit(&mut self) -> QueryResult<()> {
        match self {
            Self::Sqlite(connection) => AnsiTransactionManager::commit_transaction(&mut **connection),
            Self::Postgres(connection) => AnsiTransactionManager::commit_transaction(&mut **connection),
        }
    }

    fn roll_back(&mut self) -> QueryResult<()> {
        match self {
            Self::Sqlite(connection) => AnsiTransactionManager::rollback_transaction(&mut **connection),
            Self::Postgres(connection) => AnsiTransactionManager::rollback_transaction(&mut **connection),
        }
    }
}

impl Shared {
    /// Begins a transaction that may write, with the write lock taken. Dropped before it has ended (a panic), it is rolled back: the pool throws
    /// such a connection away.
    pub(super) fn begin(connections: &Connections) -> Result<Self, DbError> {
        let connection = match connections {
            Connections::Sqlite(pool) => {
                let mut connection = pool.get()?;
                AnsiTransactionManager::begin_transaction_sql(&mut *connection, "BEGIN IMMEDIATE")?;
                Connection::Sqlite(connection)
            }
            Connections::Postgres(pool) => {
                let mut connection = Connection::Postgres(pool.get()?);
                connection.begin()?;
                connection
            }
        };
        Ok(Self(Arc::new(Mutex::new(Some(connection)))))
    }

    /// Ends the transaction, as the outcome says.
    pub(super) fn end<T, E: From<DbError>>(&self, outcome: Result<T, E>) -> Result<T, E> {
        let ended = self.with(|connection| settle(connection, outcome));
        // Whoever still has a clone finds it of no use.
        if let Ok(mut connection) = self.0.lock() {
            *connection = None;
        }
        ended
    }

    /// Runs `work`, and takes back what it wrote where it fails; the transaction goes on.
    pub(super) fn part<T, E: From<DbError>>(&self, work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        self.with(|connection| connection.begin().map_err(DbError::from))?;
        let outcome = work();
        self.with(|connection| settle(connection, outcome))
    }

    /// Runs `body` in the transaction; an error takes back what it wrote.
    pub(super) fn run<T, E: From<DbError>>(&self, body: impl FnOnce(&mut Conn<'_>) -> Result<T, E>) -> Result<T, E> {
        self.with(|connection| {
            let mut failed = Failed::new();
            let outcome = match connection {
                Connection::Sqlite(connection) => {
                    connection.transaction(|conn| failed.keep(body(&mut Conn::Sqlite(conn))))
                }
                Connection::Postgres(connection) => {
                    connection.transaction(|conn| failed.keep(body(&mut Conn::Postgres(conn))))
                }
            };
            failed.told(outcome)
        })
    }

    fn with<T, E: From<DbError>>(&self, body: impl FnOnce(&mut Connection) -> Result<T, E>) -> Result<T, E> {
        // Not waited for: who has it is most likely the caller of this very call.
        let mut connection = self.0.try_lock().map_err(|_| DbError::Entangled)?;
        body(connection.as_mut().ok_or(DbError::Entangled)?)
    }
}

fn settle<T, E: From<DbError>>(connection: &mut Connection, outcome: Result<T, E>) -> Result<T, E> {
    let mut failed = Failed::new();
    let ended = match failed.keep(outcome) {
        Ok(value) => connection.commit().map(|()| value),
        Err(error) => connection.roll_back().and(Err(error)),
    };
    failed.told(ended)
}
