//! Batches, the requests about them, and what came back.

#![allow(clippy::ref_option_ref, reason = "diesel's derive borrows a field as it is")]

use diesel::prelude::*;

use super::schema::{attempts, batch_members, batches, receipts, stray_receipts};
use super::{CHUNK, Conn, DbError, each};

/// The states of a batch that is not closed.
const OPEN: [&str; 2] = ["unknown", "pending"];

/// A batch about to be stored.
#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = batches)]
pub struct NewBatch<'a> {
    /// Our number.
    pub batch_no: &'a str,
    /// The idempotency key.
    pub idempotency_key: &'a str,
    /// SHA-256 of the body.
    pub body_sha256: &'a str,
    /// The body.
    pub body: &'a [u8],
    /// The run.
    pub run_id: i64,
    /// `unknown`.
    pub state: &'a str,
    /// Now, UTC milliseconds.
    pub recorded_at: i64,
    /// `wire` or `package`.
    pub transport: &'a str,
}

/// A batch that goes over the wire.
pub const WIRE: &str = "wire";
/// A batch that an operator carries.
pub const PACKAGE: &str = "package";

/// A batch that is not closed.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = batches)]
pub struct OpenBatchRow {
    /// Its id.
    pub id: i64,
    /// Our number.
    pub batch_no: String,
    /// The idempotency key.
    pub idempotency_key: String,
    /// The state's word.
    pub state: String,
    /// When it was stored, UTC milliseconds.
    pub recorded_at: i64,
}

/// A delivery as part of a batch.
#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = batch_members, treat_none_as_default_value = false)]
pub struct MemberRow<'a> {
    /// The project.
    pub project_id: i64,
    /// The delivery.
    pub delivery_id: i64,
    /// The batch.
    pub batch_id: i64,
    /// SHA-256 of the data sent.
    pub digest: Option<&'a str>,
}

/// One request about a batch.
#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = attempts, treat_none_as_default_value = false)]
pub struct AttemptRow<'a> {
    /// The batch.
    pub batch_id: i64,
    /// The run.
    pub run_id: i64,
    /// `post` or `ask`.
    pub kind: &'a str,
    /// The nonce.
    pub request_id: &'a str,
    /// UTC milliseconds.
    pub started_at: i64,
    /// How long it took.
    pub duration_ms: i64,
    /// The HTTP status.
    pub status: Option<i64>,
    /// The problem's word.
    pub problem: Option<&'a str>,
    /// Seconds.
    pub retry_after_s: Option<i64>,
}

/// A believed verdict.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = receipts, treat_none_as_default_value = false)]
pub struct ReceiptRow {
    /// The project.
    pub project_id: i64,
    /// The delivery.
    pub delivery_id: i64,
    /// The run.
    pub run_id: i64,
    /// The batch.
    pub batch_id: Option<i64>,
    /// The verdict's word.
    pub verdict: String,
    /// The platform's number.
    pub platform_no: Option<String>,
    /// The errors, as JSON.
    pub errors_json: String,
    /// UTC milliseconds.
    pub received_at: i64,
}

/// A receipt that is not believed.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = stray_receipts, treat_none_as_default_value = false)]
pub struct StrayRow {
    /// The batch.
    pub batch_id: i64,
    /// The delivery, where it can be told.
    pub delivery_id: Option<i64>,
    /// `missing`, `foreign` or `malformed`.
    pub kind: String,
    /// As it came.
    pub raw: String,
    /// UTC milliseconds.
    pub received_at: i64,
}

/// Stores a batch and gives its id.
pub fn insert(conn: &mut Conn<'_>, batch: &NewBatch<'_>) -> Result<i64, DbError> {
    Ok(each!(conn, c => diesel::insert_into(batches::table).values(batch).returning(batches::id).get_result(c))?)
}

/// Stores what a batch is made of.
pub fn insert_members(conn: &mut Conn<'_>, rows: &[MemberRow<'_>]) -> Result<(), DbError> {
    for chunk in rows.chunks(CHUNK) {
        each!(conn, c => diesel::insert_into(batch_members::table).values(chunk).execute(c))?;
    }
    Ok(())
}

/// Takes up to `limit` open batches of runs that are over, oldest first, and makes them this run's.
pub fn take_up(conn: &mut Conn<'_>, run: i64, limit: i64, live: &[i64]) -> Result<Vec<OpenBatchRow>, DbError> {
    Ok(each!(conn, c => {
        let rows = batches::table
            .filter(batches::state.eq_any(OPEN))
            .filter(batches::transport.eq(WIRE))
            .filter(diesel::dsl::not(batches::run_id.eq_any(live)))
            .order(batches::id)
            .limit(limit)
            .select(OpenBatchRow::as_select())
            .load(c)?;
        let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
        diesel::update(batches::table.filter(batches::id.eq_any(ids))).set(batches::run_id.eq(run)).execute(c)?;
        Ok::<_, diesel::result::Error>(rows)
    })?)
}

/// Makes an open package of a run that is over this run's; nothing where there is none.
pub fn take_package(
    conn: &mut Conn<'_>,
    run: i64,
    batch_no: &str,
    live: &[i64],
) -> Result<Option<OpenBatchRow>, DbError> {
    Ok(each!(conn, c => diesel::update(batches::table)
        .filter(batches::batch_no.eq(batch_no))
        .filter(batches::transport.eq(PACKAGE))
        .filter(batches::state.eq_any(OPEN))
        .filter(diesel::dsl::not(batches::run_id.eq_any(live)))
        .set(batches::run_id.eq(run))
        .returning(OpenBatchRow::as_returning())
        .get_result(c)
        .optional())?)
}

/// The open packages, oldest first.
pub fn open_packages(conn: &mut Conn<'_>) -> Result<Vec<OpenBatchRow>, DbError> {
    Ok(each!(conn, c => batches::table
        .filter(batches::transport.eq(PACKAGE))
        .filter(batches::state.eq_any(OPEN))
        .order(batches::id)
        .select(OpenBatchRow::as_select())
        .load(c))?)
}

/// How many open batches there are of other runs than these, packages in an operator's hands apart.
pub fn count_open(conn: &mut Conn<'_>, live: &[i64]) -> Result<i64, DbError> {
    Ok(each!(conn, c => batches::table
        .filter(batches::state.eq_any(OPEN))
        .filter(batches::transport.ne(PACKAGE))
        .filter(diesel::dsl::not(batches::run_id.eq_any(live)))
        .count()
        .get_result(c))?)
}

/// How many batches a run stored or took up.
pub fn count_of_run(conn: &mut Conn<'_>, run: i64) -> Result<i64, DbError> {
    Ok(each!(conn, c => batches::table.filter(batches::run_id.eq(run)).count().get_result(c))?)
}

/// The body of an open batch.
pub fn body(conn: &mut Conn<'_>, batch: i64) -> Result<Option<Vec<u8>>, DbError> {
    let body: Option<Option<Vec<u8>>> =
        each!(conn, c => batches::table.find(batch).select(batches::body).first(c).optional())?;
    Ok(body.flatten())
}

/// Appends a request.
pub fn insert_attempt(conn: &mut Conn<'_>, attempt: &AttemptRow<'_>) -> Result<(), DbError> {
    each!(conn, c => diesel::insert_into(attempts::table).values(attempt).execute(c))?;
    Ok(())
}

/// How many requests there were, by kind and HTTP status.
pub fn count_attempts(conn: &mut Conn<'_>) -> Result<Vec<(String, Option<i64>, i64)>, DbError> {
    Ok(each!(conn, c => attempts::table
        .group_by((attempts::kind, attempts::status))
        .select((attempts::kind, attempts::status, diesel::dsl::count_star()))
        .load(c))?)
}

/// A request about one of a project's deliveries.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct TrailRow {
    /// The delivery.
    pub delivery_id: i64,
    /// Our number of the batch.
    pub batch_no: String,
    /// `post` or `ask`.
    pub kind: String,
    /// The nonce: names the request in both sides' logs.
    pub request_id: String,
    /// UTC milliseconds.
    pub started_at: i64,
    /// How long it took.
    pub duration_ms: i64,
    /// The HTTP status; blank where no answer came.
    pub status: Option<i64>,
    /// The platform's code of the problem, or our word.
    pub problem: Option<String>,
}

/// The requests about a project's deliveries, oldest first.
pub fn trail(conn: &mut Conn<'_>, project: i64) -> Result<Vec<TrailRow>, DbError> {
    Ok(each!(conn, c => batch_members::table
        .inner_join(batches::table.on(batches::id.eq(batch_members::batch_id)))
        .inner_join(attempts::table.on(attempts::batch_id.eq(batches::id)))
        .filter(batch_members::project_id.eq(project))
        .order(attempts::id)
        .select((
            batch_members::delivery_id,
            batches::batch_no,
            attempts::kind,
            attempts::request_id,
            attempts::started_at,
            attempts::duration_ms,
            attempts::status,
            attempts::problem,
        ))
        .load(c))?)
}

/// Whether a batch is open and this run's.
pub fn is_held(conn: &mut Conn<'_>, batch: i64, run: i64) -> Result<bool, DbError> {
    let held: i64 = each!(conn, c => batches::table
        .find(batch)
        .filter(batches::run_id.eq(run))
        .filter(batches::state.eq_any(OPEN))
        .count()
        .get_result(c))?;
    Ok(held == 1)
}

/// Notes that the platform has an open batch of this run; whether it was that.
pub fn set_taken(conn: &mut Conn<'_>, batch: i64, run: i64, platform_batch_id: &str) -> Result<bool, DbError> {
    Ok(each!(conn, c => diesel::update(batches::table.find(batch))
        .filter(batches::run_id.eq(run))
        .filter(batches::state.eq_any(OPEN))
        .set((batches::state.eq("pending"), batches::platform_batch_id.eq(platform_batch_id)))
        .execute(c))?
        == 1)
}

/// Closes an open batch of this run and drops its body; whether it was that.
pub fn close(
    conn: &mut Conn<'_>,
    batch: i64,
    run: i64,
    state: &str,
    platform_batch_id: Option<&str>,
    now: i64,
) -> Result<bool, DbError> {
    Ok(each!(conn, c => diesel::update(batches::table.find(batch))
        .filter(batches::run_id.eq(run))
        .filter(batches::state.eq_any(OPEN))
        .set((
            batches::state.eq(state),
            platform_batch_id.map(|id| batches::platform_batch_id.eq(id)),
            batches::body.eq(None::<Vec<u8>>),
            batches::closed_at.eq(now),
        ))
        .execute(c))?
        == 1)
}

/// Appends verdicts.
pub fn insert_receipts(conn: &mut Conn<'_>, rows: &[ReceiptRow]) -> Result<(), DbError> {
    for chunk in rows.chunks(CHUNK) {
        each!(conn, c => diesel::insert_into(receipts::table).values(chunk).execute(c))?;
    }
    Ok(())
}

/// The verdicts on a project's deliveries, oldest first.
pub fn receipts_of_project(conn: &mut Conn<'_>, project: i64) -> Result<Vec<ReceiptRow>, DbError> {
    Ok(each!(conn, c => receipts::table
        .filter(receipts::project_id.eq(project))
        .order(receipts::received_at)
        .select(ReceiptRow::as_select())
        .load(c))?)
}

/// Keeps stray receipts that the batch does not have yet.
pub fn insert_strays(conn: &mut Conn<'_>, batch: i64, rows: &[StrayRow]) -> Result<(), DbError> {
    if rows.is_empty() {
        return Ok(());
    }
    let kept = strays(conn, batch)?;
    let is_kept = |row: &&StrayRow| {
        kept.iter()
            .any(|old| (&old.kind, old.delivery_id, &old.raw) == (&row.kind, row.delivery_id, &row.raw))
    };
    let new: Vec<&StrayRow> = rows.iter().filter(|row| !is_kept(row)).collect();
    for chunk in new.chunks(CHUNK) {
        each!(conn, c => diesel::insert_into(stray_receipts::table).values(chunk.to_vec()).execute(c))?;
    }
    Ok(())
}

/// The stray receipts of a batch.
pub fn strays(conn: &mut Conn<'_>, batch: i64) -> Result<Vec<StrayRow>, DbError> {
    Ok(each!(conn, c => stray_receipts::table
        .filter(stray_receipts::batch_id.eq(batch))
        .order(stray_receipts::id)
        .select(StrayRow::as_select())
        .load(c))?)
}
