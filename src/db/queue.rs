//! The revisions that wait for a decision, who passed them on, and what departments settle for themselves.

use diesel::dsl::{count_star, min};
use diesel::prelude::*;

use super::schema::{department_settings, endorsements, review_queue};
use super::{CHUNK, Conn, DbError, each, insert_all};

/// A revision that waits, with what the queue is chosen by.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = review_queue, treat_none_as_default_value = false)]
pub struct QueueRow {
    /// The project.
    pub project_id: i64,
    /// Its current revision.
    pub revision: i64,
    /// Who decides: `lead` or `secretariat`.
    pub step: String,
    /// The department that reports it.
    pub department: String,
    /// Category code.
    pub category: String,
    /// County or zone code.
    pub county: String,
    /// Stage code.
    pub stage: String,
    /// The gravest of its findings: `none`, `hint` or `confirm`.
    pub severity: String,
    /// How many of its findings went in with an explanation.
    pub explained: i64,
    /// The ids of the fields that differ from the approved revision, each between commas; empty where there is none.
    pub changed: String,
    /// The last day by which it is to be finished, ISO; none where it is finished or nothing is planned.
    pub due: Option<String>,
    /// When it came to this step, UTC milliseconds.
    pub waiting_since: i64,
}

/// Which of them: each part that is given narrows the choice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Who decides.
    pub step: Option<String>,
    /// Department code.
    pub department: Option<String>,
    /// Category code.
    pub category: Option<String>,
    /// County or zone code.
    pub county: Option<String>,
    /// Stage code.
    pub stage: Option<String>,
    /// The gravest of its findings.
    pub severity: Option<String>,
    /// Whether any of its findings went in with an explanation.
    pub explained: Option<bool>,
    /// The id of a field that differs from the approved revision.
    pub changed: Option<String>,
    /// Those that were to be finished before this day, ISO.
    pub due_before: Option<String>,
    /// Those that have waited since before this instant, UTC milliseconds.
    pub waiting_before: Option<i64>,
}

/// The conditions of a [`Filter`], for one connection's backend.
macro_rules! matching {
    ($filter:expr) => {{
        let filter: &Filter = $filter;
        let mut query = review_queue::table.into_boxed();
        if let Some(step) = &filter.step {
            query = query.filter(review_queue::step.eq(step));
        }
        if let Some(department) = &filter.department {
            query = query.filter(review_queue::department.eq(department));
        }
        if let Some(category) = &filter.category {
            query = query.filter(review_queue::category.eq(category));
        }
        if let Some(county) = &filter.county {
            query = query.filter(review_queue::county.eq(county));
        }
        if let Some(stage) = &filter.stage {
            query = query.filter(review_queue::stage.eq(stage));
        }
        if let Some(severity) = &filter.severity {
            query = query.filter(review_queue::severity.eq(severity));
        }
        match filter.explained {
            Some(true) => query = query.filter(review_queue::explained.gt(0)),
            Some(false) => query = query.filter(review_queue::explained.eq(0)),
            None => {}
        }
        if let Some(changed) = &filter.changed {
            query = query.filter(review_queue::changed.like(format!("%,{changed},%")));
        }
        if let Some(day) = &filter.due_before {
            query = query.filter(review_queue::due.lt(day));
        }
        if let Some(instant) = filter.waiting_before {
            query = query.filter(review_queue::waiting_since.lt(instant));
        }
        query
    }};
}

/// The projects that match, those after `after`, by id.
pub fn matching(conn: &mut Conn<'_>, filter: &Filter, after: i64, limit: i64) -> Result<Vec<i64>, DbError> {
    Ok(each!(conn, c => matching!(filter)
        .filter(review_queue::project_id.gt(after))
        .order(review_queue::project_id)
        .limit(limit)
        .select(review_queue::project_id)
        .load(c))?)
}

/// How many match.
pub fn count(conn: &mut Conn<'_>, filter: &Filter) -> Result<i64, DbError> {
    Ok(each!(conn, c => matching!(filter).count().get_result(c))?)
}

/// What waits of each department: (department, how many, since when the oldest does).
pub fn waiting_by_department(conn: &mut Conn<'_>) -> Result<Vec<(String, i64, Option<i64>)>, DbError> {
    Ok(each!(conn, c => review_queue::table
        .group_by(review_queue::department)
        .order(review_queue::department)
        .select((review_queue::department, count_star(), min(review_queue::waiting_since)))
        .load(c))?)
}

/// The project of a department that has waited since an instant.
pub fn waiting_since(conn: &mut Conn<'_>, department: &str, since: i64) -> Result<Option<i64>, DbError> {
    Ok(each!(conn, c => review_queue::table
        .filter(review_queue::department.eq(department))
        .filter(review_queue::waiting_since.eq(since))
        .order(review_queue::project_id)
        .select(review_queue::project_id)
        .first(c)
        .optional())?)
}

/// What waits of these projects, in no order.
pub fn of_projects(conn: &mut Conn<'_>, ids: &[i64]) -> Result<Vec<QueueRow>, DbError> {
    let mut rows = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(CHUNK) {
        rows.extend(each!(conn, c => review_queue::table
            .filter(review_queue::project_id.eq_any(chunk))
            .select(QueueRow::as_select())
            .load(c))?);
    }
    Ok(rows)
}

/// Adds what waits; nothing of these projects may wait yet.
pub fn insert(conn: &mut Conn<'_>, rows: &[QueueRow]) -> Result<(), DbError> {
    insert_all!(conn, review_queue::table, rows);
    Ok(())
}

/// Takes these projects out, where they wait.
pub fn remove(conn: &mut Conn<'_>, ids: &[i64]) -> Result<(), DbError> {
    for chunk in ids.chunks(CHUNK) {
        each!(conn, c => diesel::delete(review_queue::table)
            .filter(review_queue::project_id.eq_any(chunk))
            .execute(c))?;
    }
    Ok(())
}

/// Moves these projects from the lead to the secretariat, and answers how many were moved.
pub fn pass_on(conn: &mut Conn<'_>, ids: &[i64], now: i64) -> Result<usize, DbError> {
    Ok(each!(conn, c => diesel::update(review_queue::table)
        .filter(review_queue::project_id.eq_any(ids))
        .filter(review_queue::step.eq("lead"))
        .set((review_queue::step.eq("secretariat"), review_queue::waiting_since.eq(now)))
        .execute(c))?)
}

/// That a lead passed a revision on.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = endorsements)]
pub struct EndorsementRow {
    /// The project.
    pub project_id: i64,
    /// The revision.
    pub revision: i64,
    /// Who.
    pub endorsed_by: String,
    /// When, UTC milliseconds.
    pub endorsed_at: i64,
}

/// Appends endorsements.
pub fn endorse(conn: &mut Conn<'_>, rows: &[EndorsementRow]) -> Result<(), DbError> {
    for chunk in rows.chunks(CHUNK) {
        each!(conn, c => diesel::insert_into(endorsements::table).values(chunk).execute(c))?;
    }
    Ok(())
}

/// The endorsements of a project's revisions, oldest first.
pub fn endorsements_of(conn: &mut Conn<'_>, project: i64) -> Result<Vec<EndorsementRow>, DbError> {
    Ok(each!(conn, c => endorsements::table
        .filter(endorsements::project_id.eq(project))
        .order(endorsements::revision)
        .select(EndorsementRow::as_select())
        .load(c))?)
}

/// The departments whose own lead looks before the secretariat does.
pub fn lead_departments(conn: &mut Conn<'_>) -> Result<Vec<String>, DbError> {
    Ok(each!(conn, c => department_settings::table
        .filter(department_settings::lead_review.eq(1))
        .order(department_settings::department)
        .select(department_settings::department)
        .load(c))?)
}

/// Whether a department's own lead looks before the secretariat does.
pub fn has_lead_review(conn: &mut Conn<'_>, department: &str) -> Result<bool, DbError> {
    let found: Option<i64> = each!(conn, c => department_settings::table
        .find(department)
        .select(department_settings::lead_review)
        .first(c)
        .optional())?;
    Ok(found == Some(1))
}

/// Settles whether a department's own lead looks before the secretariat does.
pub fn set_lead_review(conn: &mut Conn<'_>, department: &str, on: bool, by: &str, at: i64) -> Result<(), DbError> {
    each!(conn, c => {
        diesel::delete(department_settings::table.find(department)).execute(c)?;
        diesel::insert_into(department_settings::table)
            .values((
                department_settings::department.eq(department),
                department_settings::lead_review.eq(i64::from(on)),
                department_settings::changed_by.eq(by),
                department_settings::changed_at.eq(at),
            ))
            .execute(c)
    })?;
    Ok(())
}

/// Moves what waits for a department's lead to the secretariat, and answers how many were moved.
pub fn release(conn: &mut Conn<'_>, department: &str, now: i64) -> Result<usize, DbError> {
    Ok(each!(conn, c => diesel::update(review_queue::table)
        .filter(review_queue::step.eq("lead"))
        .filter(review_queue::department.eq(department))
        .set((review_queue::step.eq("secretariat"), review_queue::waiting_since.eq(now)))
        .execute(c))?)
}
