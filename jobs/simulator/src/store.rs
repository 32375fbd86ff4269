//! What the platform holds, in SQLite: one connection, every request one transaction.

use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;
use serde::{Deserialize, Serialize};

use crate::problem::Problem;
use crate::profile::RecordError;

diesel::table! {
    nonces (nonce) { nonce -> Text, seen_at -> BigInt }
}
diesel::table! {
    answers (idempotency_key) {
        idempotency_key -> Text, body_sha256 -> Text, answered_at -> BigInt,
        status -> Integer, location -> Nullable<Text>, body -> Text,
    }
}
diesel::table! {
    batches (batch_id) { batch_id -> Text, batch_no -> Text, polls -> BigInt, receipts -> Text }
}
diesel::table! {
    records (source_id) {
        source_id -> Text, revision -> BigInt, status -> Text, digest -> Text, data -> Text, county -> Text,
        platform_no -> Text, review_note -> Nullable<Text>, updated_at -> BigInt, change -> BigInt,
    }
}
diesel::table! {
    effects (id) {
        id -> BigInt, source_id -> Text, revision -> BigInt, op -> Text, digest -> Nullable<Text>, batch_no -> Text,
    }
}
diesel::table! {
    photos (source_id, kind, sha256) { source_id -> Text, kind -> Text, sha256 -> Text, bytes -> BigInt }
}

const TABLES: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    PRAGMA busy_timeout = 5000;
    CREATE TABLE IF NOT EXISTS nonces (nonce TEXT PRIMARY KEY, seen_at BIGINT NOT NULL);
    CREATE TABLE IF NOT EXISTS answers (
        idempotency_key TEXT PRIMARY KEY, body_sha256 TEXT NOT NULL, answered_at BIGINT NOT NULL,
        status INTEGER NOT NULL, location TEXT, body TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS batches (
        batch_id TEXT PRIMARY KEY, batch_no TEXT NOT NULL UNIQUE, polls BIGINT NOT NULL, receipts TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS records (
        source_id TEXT PRIMARY KEY, revision BIGINT NOT NULL,
        status TEXT NOT NULL CHECK (status IN ('in-review', 'passed', 'returned', 'withdrawn')),
        digest TEXT NOT NULL, data TEXT NOT NULL, county TEXT NOT NULL, platform_no TEXT NOT NULL UNIQUE,
        review_note TEXT, updated_at BIGINT NOT NULL, change BIGINT NOT NULL UNIQUE);
    CREATE TABLE IF NOT EXISTS effects (
        id INTEGER PRIMARY KEY, source_id TEXT NOT NULL, revision BIGINT NOT NULL,
        op TEXT NOT NULL CHECK (op IN ('upsert', 'withdraw')), digest TEXT, batch_no TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS photos (
        source_id TEXT NOT NULL, kind TEXT NOT NULL, sha256 TEXT NOT NULL, bytes BIGINT NOT NULL,
        PRIMARY KEY (source_id, kind, sha256));
";

/// A nonce is remembered for this long, in milliseconds.
const NONCE_MEMORY_MS: i64 = 600_000;
/// An Idempotency-Key is remembered for 24 hours.
const KEY_MEMORY_MS: i64 = 24 * 3_600_000;

/// A record as the platform holds it.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = records, treat_none_as_null = true)]
pub struct Record {
    /// The client's id.
    pub source_id: String,
    /// The highest revision taken.
    pub revision: i64,
    /// `in-review`, `passed`, `returned` or `withdrawn`.
    pub status: String,
    /// SHA-256 of `data`, lower-case hex. A withdrawn record keeps its last.
    pub digest: String,
    /// The canonical JSON of the last upsert.
    pub data: String,
    /// The county of the last upsert (`xzqh`).
    pub county: String,
    /// The platform's own number, issued with the first upsert.
    pub platform_no: String,
    /// The inspector's note on a returned record.
    pub review_note: Option<String>,
    /// When the record last changed, Unix milliseconds.
    pub updated_at: i64,
    /// The change's place in the order of all changes, which a listing's cursor follows.
    pub(crate) change: i64,
}

/// One effect: a revision that the platform took. Repeats, stale and rejected records leave none.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = effects)]
pub struct Effect {
    /// The client's id.
    pub source_id: String,
    /// The revision taken.
    pub revision: i64,
    /// `upsert` or `withdraw`.
    pub op: String,
    /// The digest of an upsert.
    pub digest: Option<String>,
    /// The batch that brought it.
    pub batch_no: String,
}

/// A photo that the platform holds.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = photos)]
pub struct HeldPhoto {
    /// The record that it is of.
    pub source_id: String,
    /// `construction` or `acceptance`.
    pub kind: String,
    /// SHA-256 of the bytes that came, lower-case hex.
    pub sha256: String,
    /// How many bytes came.
    pub bytes: i64,
}

/// A record's receipt, as the contract writes it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Receipt {
    pub(crate) source_id: String,
    pub(crate) revision: Option<i64>,
    pub(crate) result: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) platform_no: Option<String>,
    pub(crate) errors: Vec<RecordError>,
}

/// The remembered answer to an Idempotency-Key.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = answers)]
pub(crate) struct Answer {
    pub(crate) idempotency_key: String,
    pub(crate) body_sha256: String,
    pub(crate) answered_at: i64,
    pub(crate) status: i32,
    pub(crate) location: Option<String>,
    pub(crate) body: String,
}

/// A batch with its receipts (JSON) and the count of its status queries.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = batches)]
pub(crate) struct StoredBatch {
    pub(crate) batch_id: String,
    pub(crate) batch_no: String,
    pub(crate) polls: i64,
    pub(crate) receipts: String,
}

/// How a batch is named in a query.
pub(crate) enum BatchName {
    Id(String),
    No(String),
}

/// The store.
pub(crate) struct Store(SqliteConnection);

impl Store {
    /// Opens the database file, or one in memory that ends with the simulator.
    pub(crate) fn open(path: Option<&Path>) -> Result<Self, crate::SimulatorError> {
        let url = path.map_or_else(|| ":memory:".to_owned(), |path| path.display().to_string());
        let mut connection = SqliteConnection::establish(&url)?;
        connection.batch_execute(TABLES)?;
        Ok(Self(connection))
    }

    /// Runs `work` in one transaction that is undone on any error.
    pub(crate) fn transaction<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, Problem>) -> Result<T, Problem> {
        self.0.batch_execute("BEGIN IMMEDIATE")?;
        let result = work(self).and_then(|done| Ok(self.0.batch_execute("COMMIT").map(|()| done)?));
        if result.is_err() {
            // Fails only where SQLite has rolled back by itself; the first error is the one to report.
            let _ = self.0.batch_execute("ROLLBACK");
        }
        result
    }

    /// Spends a nonce; false where it was seen in the last 600 s.
    pub(crate) fn spend_nonce(&mut self, nonce: &str, now: i64) -> QueryResult<bool> {
        diesel::delete(nonces::table.filter(nonces::seen_at.le(now - NONCE_MEMORY_MS))).execute(&mut self.0)?;
        let row = (nonces::nonce.eq(nonce), nonces::seen_at.eq(now));
        let spent = diesel::insert_or_ignore_into(nonces::table)
            .values(row)
            .execute(&mut self.0)?;
        Ok(spent == 1)
    }

    /// The answer remembered under an Idempotency-Key.
    pub(crate) fn answer(&mut self, key: &str, now: i64) -> QueryResult<Option<Answer>> {
        diesel::delete(answers::table.filter(answers::answered_at.le(now - KEY_MEMORY_MS))).execute(&mut self.0)?;
        answers::table
            .find(key)
            .select(Answer::as_select())
            .first(&mut self.0)
            .optional()
    }

    /// Remembers an answer; one remembered before stays.
    pub(crate) fn remember(&mut self, answer: &Answer) -> QueryResult<()> {
        diesel::insert_or_ignore_into(answers::table)
            .values(answer)
            .execute(&mut self.0)
            .map(drop)
    }

    pub(crate) fn add_batch(&mut self, batch: &StoredBatch) -> QueryResult<()> {
        diesel::insert_into(batches::table)
            .values(batch)
            .execute(&mut self.0)
            .map(drop)
    }

    pub(crate) fn batch(&mut self, name: &BatchName) -> QueryResult<Option<StoredBatch>> {
        let query = batches::table.select(StoredBatch::as_select()).into_boxed();
        let query = match name {
            BatchName::Id(id) => query.filter(batches::batch_id.eq(id)),
            BatchName::No(no) => query.filter(batches::batch_no.eq(no)),
        };
        query.first(&mut self.0).optional()
    }

    pub(crate) fn count_poll(&mut self, batch_id: &str) -> QueryResult<()> {
        let polls = batches::polls.eq(batches::polls + 1);
        diesel::update(batches::table.find(batch_id))
            .set(polls)
            .execute(&mut self.0)
            .map(drop)
    }

    pub(crate) fn record(&mut self, source_id: &str) -> QueryResult<Option<Record>> {
        records::table
            .find(source_id)
            .select(Record::as_select())
            .first(&mut self.0)
            .optional()
    }

    /// Every record, by `source_id`.
    pub(crate) fn records(&mut self) -> QueryResult<Vec<Record>> {
        records::table
            .order(records::source_id)
            .select(Record::as_select())
            .load(&mut self.0)
    }

    /// At most `limit` records changed at or after `since`, after the change `after`, of a county (all: nothing).
    pub(crate) fn changed(
        &mut self,
        county: Option<&str>,
        since: i64,
        after: i64,
        limit: i64,
    ) -> QueryResult<Vec<Record>> {
        let mut query = records::table.select(Record::as_select()).into_boxed();
        if let Some(county) = county {
            query = query.filter(records::county.eq(county.to_owned()));
        }
        query
            .filter(records::updated_at.ge(since).and(records::change.gt(after)))
            .order(records::change)
            .limit(limit)
            .load(&mut self.0)
    }

    /// Stores a record as the newest change.
    pub(crate) fn save(&mut self, mut record: Record) -> QueryResult<()> {
        let last: Option<i64> = records::table
            .select(diesel::dsl::max(records::change))
            .first(&mut self.0)?;
        record.change = last.unwrap_or(0) + 1;
        diesel::replace_into(records::table)
            .values(record)
            .execute(&mut self.0)
            .map(drop)
    }

    /// Removes a record; whether there was one.
    pub(crate) fn remove(&mut self, source_id: &str) -> QueryResult<bool> {
        Ok(diesel::delete(records::table.find(source_id)).execute(&mut self.0)? == 1)
    }

    /// How many effects there were; the platform numbers count on from it.
    pub(crate) fn count_effects(&mut self) -> QueryResult<i64> {
        effects::table.count().get_result(&mut self.0)
    }

    pub(crate) fn add_effect(&mut self, effect: &Effect) -> QueryResult<()> {
        diesel::insert_into(effects::table)
            .values(effect)
            .execute(&mut self.0)
            .map(drop)
    }

    /// Every effect, in the order of taking.
    pub(crate) fn effects(&mut self) -> QueryResult<Vec<Effect>> {
        effects::table
            .order(effects::id)
            .select(Effect::as_select())
            .load(&mut self.0)
    }

    /// Keeps a photo; false where it was there already.
    pub(crate) fn add_photo(&mut self, photo: &HeldPhoto) -> QueryResult<bool> {
        Ok(diesel::insert_or_ignore_into(photos::table)
            .values(photo)
            .execute(&mut self.0)?
            == 1)
    }
    /// Every photo, by record, kind and hash.
    pub(crate) fn photos(&mut self) -> QueryResult<Vec<HeldPhoto>> {
        photos::table
            .order((photos::source_id, photos::kind, photos::sha256))
            .select(HeldPhoto::as_select())
            .load(&mut self.0)
    }
}
