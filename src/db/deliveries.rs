//! The outbox. How a delivery moves is drawn at the head of `retrofit_jobs::store`.

use diesel::dsl::{auto_type, exists, not};
use diesel::prelude::*;

use super::schema::{deliveries, projects, revisions};
use super::{CHUNK, Conn, DbError, each};

diesel::alias!(const others: Alias<Others> = deliveries as others);

/// A delivery.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = deliveries, treat_none_as_default_value = false)]
pub struct DeliveryRow {
    /// The project.
    pub project_id: i64,
    /// Its id.
    pub id: i64,
    /// The approved revision.
    pub revision: i64,
    /// `upsert` or `withdraw`.
    pub op: String,
    /// The revision's stage code.
    pub stage: String,
    /// The state's word.
    pub state: String,
    /// The run that holds or settled it.
    pub run_id: Option<i64>,
    /// The batch that it is in or was settled by.
    pub batch_id: Option<i64>,
    /// When it was approved, UTC milliseconds.
    pub created_at: i64,
    /// When its state last changed, UTC milliseconds.
    pub changed_at: i64,
}

/// A delivery with what its record is made of.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct Claimed {
    /// Its id.
    pub id: i64,
    /// The project.
    pub project_id: i64,
    /// The year of the project's code.
    pub entry_year: i64,
    /// The approved revision.
    pub revision: i64,
    /// `upsert` or `withdraw`.
    pub op: String,
    /// The canonical JSON of the revision's values.
    pub values_json: String,
}

/// The deliveries in one of the states that a run may claim from, of which it may have these: in one of `stages` where any are given. A macro
/// because the type of a boxed query names its backend.
macro_rules! free_in {
    ($state:expr, $stages:expr, $run:expr, $live:expr) => {{
        let mut query = deliveries::table
            .filter(deliveries::state.eq($state))
            .filter(free($run, $live))
            .into_boxed();
        if !$stages.is_empty() {
            query = query.filter(deliveries::op.eq("withdraw").or(deliveries::stage.eq_any($stages)));
        }
        query
    }};
}

/// The states that a run may claim from, what earlier runs left first.
const CLAIMABLE: [&str; 3] = ["claimed", "unknown", "ready"];

/// `ready`, claimed by a run that is over, or left by another run in no batch and of unknown fate.
#[auto_type]
#[expect(clippy::elidable_lifetime_names, reason = "`auto_type` wants them named")]
fn free<'a>(run: i64, live: &'a [i64]) -> _ {
    let left = deliveries::state
        .eq("claimed")
        .and(not(deliveries::run_id.assume_not_null().eq_any(live)));
    let unanswered = deliveries::state
        .eq("unknown")
        .and(deliveries::batch_id.is_null())
        .and(deliveries::run_id.assume_not_null().ne(run));
    deliveries::state.eq("ready").or(left).or(unanswered)
}

/// Other deliveries of the same project that are on their way.
#[auto_type]
#[expect(clippy::elidable_lifetime_names, reason = "`auto_type` wants them named")]
fn open_elsewhere<'a>(live: &'a [i64]) -> _ {
    let state = others.field(deliveries::state);
    let held = state
        .eq("claimed")
        .and(others.field(deliveries::run_id).assume_not_null().eq_any(live));
    let unanswered = state
        .eq("unknown")
        .and(others.field(deliveries::batch_id).is_not_null());
    others
        .filter(others.field(deliveries::project_id).eq(deliveries::project_id))
        .filter(others.field(deliveries::id).ne(deliveries::id))
        .filter(state.eq("pending").or(held).or(unanswered))
}

/// Deliveries of later revisions of the same project.
#[auto_type]
fn later() -> _ {
    others
        .filter(others.field(deliveries::project_id).eq(deliveries::project_id))
        .filter(others.field(deliveries::revision).gt(deliveries::revision))
}

/// Adds deliveries.
pub fn insert(conn: &mut Conn<'_>, rows: &[DeliveryRow]) -> Result<(), DbError> {
    for chunk in rows.chunks(CHUNK) {
        each!(conn, c => diesel::insert_into(deliveries::table).values(chunk).execute(c))?;
    }
    Ok(())
}

/// Marks what waits to be sent of these projects as overtaken, where a later revision was approved.
pub fn supersede(conn: &mut Conn<'_>, projects: &[i64], now: i64) -> Result<(), DbError> {
    for chunk in projects.chunks(CHUNK) {
        each!(conn, c => diesel::update(deliveries::table)
            .filter(deliveries::project_id.eq_any(chunk))
            .filter(deliveries::state.eq("ready"))
            .filter(exists(later()))
            .set((deliveries::state.eq("superseded"), deliveries::changed_at.eq(now)))
            .execute(c))?;
    }
    Ok(())
}

/// Marks what earlier runs left as overtaken, where a later revision of the project was approved since.
fn supersede_left(conn: &mut Conn<'_>, run: i64, live: &[i64], now: i64) -> Result<(), DbError> {
    each!(conn, c => diesel::update(deliveries::table)
        .filter(deliveries::state.eq_any(["claimed", "unknown"]))
        .filter(free(run, live))
        .filter(exists(later()))
        .set((deliveries::state.eq("superseded"), deliveries::changed_at.eq(now)))
        .execute(c))?;
    Ok(())
}

/// Claims up to `limit` deliveries for a run, what earlier runs left first, then oldest first.
pub fn claim(
    conn: &mut Conn<'_>,
    run: i64,
    stages: &[String],
    limit: i64,
    live: &[i64],
    now: i64,
) -> Result<Vec<Claimed>, DbError> {
    supersede_left(conn, run, live, now)?;
    let mut claimed: Vec<i64> = Vec::new();
    for state in CLAIMABLE {
        let room = limit - i64::try_from(claimed.len()).unwrap_or(limit);
        claimed.extend(each!(conn, c => {
            let ids: Vec<i64> = free_in!(state, stages, run, live)
                .filter(not(exists(open_elsewhere(live))))
                .order(deliveries::id)
                .limit(room)
                .select(deliveries::id)
                .load(c)?;
            // The run that had claimed it may be alive after all: what it has sent meanwhile is not free any more.
            diesel::update(deliveries::table)
                .filter(deliveries::id.eq_any(ids))
                .filter(deliveries::state.eq(state))
                .filter(free(run, live))
                .set((
                    deliveries::state.eq("claimed"),
                    deliveries::run_id.eq(run),
                    deliveries::batch_id.eq(None::<i64>),
                    deliveries::changed_at.eq(now),
                ))
                .returning(deliveries::id)
                .get_results::<i64>(c)
        })?);
    }
    to_send(conn, &claimed)
}

/// These deliveries with what their records are made of, oldest first.
fn to_send(conn: &mut Conn<'_>, ids: &[i64]) -> Result<Vec<Claimed>, DbError> {
    each!(conn, c => deliveries::table
        .inner_join(projects::table.on(projects::id.eq(deliveries::project_id)))
        .inner_join(revisions::table.on(revisions::project_id
            .eq(deliveries::project_id)
            .and(revisions::revision.eq(deliveries::revision))))
        .filter(deliveries::id.eq_any(ids))
        .order(deliveries::id)
        .select((
            deliveries::id,
            deliveries::project_id,
            projects::entry_year,
            deliveries::revision,
            deliveries::op,
            revisions::values_json,
        ))
        .load::<Claimed>(c))
    .map_err(DbError::from)
}

/// The delivery of a project's latest approved revision.
pub fn latest(conn: &mut Conn<'_>, project: i64) -> Result<Option<Claimed>, DbError> {
    let id: Option<i64> = each!(conn, c => deliveries::table
        .filter(deliveries::project_id.eq(project))
        .order(deliveries::revision.desc())
        .select(deliveries::id)
        .first(c)
        .optional())?;
    Ok(to_send(conn, &Vec::from_iter(id))?.pop())
}

/// The deliveries (project, delivery) that a run could still claim, now or once what is on its way of their projects is settled, and those that it
/// holds claimed: of each project the latest revision.
pub fn waiting(conn: &mut Conn<'_>, run: i64, stages: &[String], live: &[i64]) -> Result<Vec<(i64, i64)>, DbError> {
    let mut waiting: Vec<(i64, i64)> = each!(conn, c => deliveries::table
        .filter(deliveries::run_id.eq(run))
        .filter(deliveries::state.eq("claimed"))
        .filter(not(exists(later())))
        .select((deliveries::project_id, deliveries::id))
        .load(c))?;
    for state in CLAIMABLE {
        waiting.extend(each!(conn, c => free_in!(state, stages, run, live)
            .filter(not(exists(later())))
            .select((deliveries::project_id, deliveries::id))
            .load::<(i64, i64)>(c))?);
    }
    Ok(waiting)
}

/// The deliveries (project, delivery, in a batch) in one of these states that a run holds, or was the last to hold.
pub fn held(conn: &mut Conn<'_>, run: i64, states: &[&str]) -> Result<Vec<(i64, i64, bool)>, DbError> {
    Ok(each!(conn, c => deliveries::table
        .filter(deliveries::run_id.eq(run))
        .filter(deliveries::state.eq_any(states))
        .select((deliveries::project_id, deliveries::id, deliveries::batch_id.is_not_null()))
        .load(c))?)
}

/// Gives back what a run holds claimed: it waits again, or is superseded where it was overtaken meanwhile.
pub fn release(conn: &mut Conn<'_>, run: i64, now: i64) -> Result<(), DbError> {
    let projects: Vec<i64> = each!(conn, c => diesel::update(deliveries::table)
        .filter(deliveries::run_id.eq(run))
        .filter(deliveries::state.eq("claimed"))
        .set((
            deliveries::state.eq("ready"),
            deliveries::run_id.eq(None::<i64>),
            deliveries::changed_at.eq(now),
        ))
        .returning(deliveries::project_id)
        .get_results(c))?;
    supersede(conn, &projects, now)
}

/// Puts claimed deliveries of a run into a batch, in the state `to`, and gives (project, delivery) of those that were.
pub fn put_in_batch(
    conn: &mut Conn<'_>,
    run: i64,
    ids: &[i64],
    batch: i64,
    to: &str,
    now: i64,
) -> Result<Vec<(i64, i64)>, DbError> {
    let mut put = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(CHUNK) {
        put.extend(each!(conn, c => diesel::update(deliveries::table)
            .filter(deliveries::id.eq_any(chunk))
            .filter(deliveries::run_id.eq(run))
            .filter(deliveries::state.eq("claimed"))
            .set((
                deliveries::state.eq(to),
                deliveries::batch_id.eq(batch),
                deliveries::changed_at.eq(now),
            ))
            .returning((deliveries::project_id, deliveries::id))
            .get_results::<(i64, i64)>(c))?);
    }
    Ok(put)
}

/// Makes the open members of these batches a run's.
pub fn take_up(conn: &mut Conn<'_>, run: i64, batches: &[i64]) -> Result<(), DbError> {
    each!(conn, c => diesel::update(deliveries::table)
        .filter(deliveries::batch_id.eq_any(batches))
        .filter(deliveries::state.eq_any(["unknown", "pending"]))
        .set(deliveries::run_id.eq(run))
        .execute(c))?;
    Ok(())
}

/// A member of a batch.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct Member {
    /// The batch.
    pub batch_id: i64,
    /// The delivery.
    pub id: i64,
    /// The project.
    pub project_id: i64,
    /// The year of the project's code.
    pub entry_year: i64,
    /// The revision.
    pub revision: i64,
    /// Its state's word.
    pub state: String,
}

/// The members of these batches.
pub fn members(conn: &mut Conn<'_>, batches: &[i64]) -> Result<Vec<Member>, DbError> {
    Ok(each!(conn, c => deliveries::table
        .inner_join(projects::table.on(projects::id.eq(deliveries::project_id)))
        .filter(deliveries::batch_id.assume_not_null().eq_any(batches))
        .order(deliveries::id)
        .select((
            deliveries::batch_id.assume_not_null(),
            deliveries::id,
            deliveries::project_id,
            projects::entry_year,
            deliveries::revision,
            deliveries::state,
        ))
        .load(c))?)
}

/// Moves a batch's members without receipt: to `pending`; or out of it to `unknown`, to `claimed` by their run, or to `ready`.
pub fn move_open(conn: &mut Conn<'_>, batch: i64, to: &str, now: i64) -> Result<(), DbError> {
    let stays = (to == "pending").then_some(batch);
    let projects: Vec<i64> = each!(conn, c => diesel::update(deliveries::table)
        .filter(deliveries::batch_id.eq(batch))
        .filter(deliveries::state.eq_any(["unknown", "pending"]))
        .set((
            deliveries::state.eq(to),
            deliveries::batch_id.eq(stays),
            deliveries::changed_at.eq(now),
        ))
        .returning(deliveries::project_id)
        .get_results(c))?;
    if to == "ready" {
        supersede(conn, &projects, now)
    } else {
        Ok(())
    }
}

/// Settles deliveries that a run holds in one of the states `from` by a verdict, and gives those that were.
pub fn settle(
    conn: &mut Conn<'_>,
    run: i64,
    ids: &[i64],
    from: &[&str],
    verdict: &str,
    batch: Option<i64>,
    now: i64,
) -> Result<Vec<DeliveryRow>, DbError> {
    let mut settled = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(CHUNK) {
        settled.extend(each!(conn, c => diesel::update(deliveries::table)
            .filter(deliveries::id.eq_any(chunk))
            .filter(deliveries::run_id.eq(run))
            .filter(deliveries::state.eq_any(from))
            .set((
                deliveries::state.eq(verdict),
                deliveries::batch_id.eq(batch),
                deliveries::changed_at.eq(now),
            ))
            .returning(DeliveryRow::as_returning())
            .get_results(c))?);
    }
    Ok(settled)
}

/// How many deliveries are in each state.
pub fn count_by_state(conn: &mut Conn<'_>) -> Result<Vec<(String, i64)>, DbError> {
    Ok(each!(conn, c => deliveries::table
        .group_by(deliveries::state)
        .select((deliveries::state, diesel::dsl::count_star()))
        .load(c))?)
}

/// How many deliveries that a run settled or still holds are in each state.
pub fn count_of_run(conn: &mut Conn<'_>, run: i64) -> Result<Vec<(String, i64)>, DbError> {
    Ok(each!(conn, c => deliveries::table
        .filter(deliveries::run_id.eq(run))
        .group_by(deliveries::state)
        .select((deliveries::state, diesel::dsl::count_star()))
        .load(c))?)
}

/// The deliveries of a project, oldest first.
pub fn of_project(conn: &mut Conn<'_>, project: i64) -> Result<Vec<DeliveryRow>, DbError> {
    Ok(each!(conn, c => deliveries::table
        .filter(deliveries::project_id.eq(project))
        .order(deliveries::id)
        .select(DeliveryRow::as_select())
        .load(c))?)
}
