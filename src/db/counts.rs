//! How many projects there are of what lists are chosen by: changed with every project, so that no count goes through them.

use std::collections::BTreeMap;

use diesel::prelude::*;

use super::projects::{Filter, ProjectRow};
use super::schema::{project_counts, projects};
use super::{CHUNK, Conn, DbError, each};

/// What projects are counted by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Queryable, Selectable)]
#[diesel(table_name = projects)]
pub(super) struct Kind {
    pub(super) department: String,
    pub(super) state: String,
    pub(super) category: String,
    pub(super) county: String,
    pub(super) stage: String,
    pub(super) explained: i64,
}

impl From<&ProjectRow> for Kind {
    fn from(row: &ProjectRow) -> Self {
        Self {
            department: row.department.clone(),
            state: row.state.clone(),
            category: row.category.clone(),
            county: row.county.clone(),
            stage: row.stage.clone(),
            explained: row.explained,
        }
    }
}

/// By how much the counts change.
#[derive(Debug, Default)]
pub(super) struct Changes(BTreeMap<Kind, i64>);

impl Changes {
    /// These projects more.
    pub(super) fn of_new(rows: &[ProjectRow]) -> Self {
        let mut counts: BTreeMap<_, (&ProjectRow, i64)> = BTreeMap::new();
        for row in rows {
            let kind = (
                &row.department,
                &row.state,
                &row.category,
                &row.county,
                &row.stage,
                row.explained.min(1),
            );
            counts.entry(kind).or_insert((row, 0)).1 += 1;
        }
        let mut changes = Self::default();
        for (row, count) in counts.into_values() {
            changes.count(row.into(), count);
        }
        changes
    }

    /// One project more of a kind.
    pub(super) fn add(&mut self, kind: Kind) {
        self.count(kind, 1);
    }

    /// One fewer.
    pub(super) fn take(&mut self, kind: Kind) {
        self.count(kind, -1);
    }

    fn count(&mut self, kind: Kind, by: i64) {
        let explained = kind.explained.min(1);
        *self.0.entry(Kind { explained, ..kind }).or_default() += by;
    }
}

/// Changes the counts. Another transaction that does the same must not run meanwhile: see
/// [`Counter::Project`](super::counters::Counter::Project).
pub(super) fn change(conn: &mut Conn<'_>, changes: &Changes) -> Result<(), DbError> {
    for (kind, by) in changes.0.iter().filter(|(_, by)| **by != 0) {
        each!(conn, c => diesel::insert_into(project_counts::table)
            .values((
                project_counts::department.eq(&kind.department),
                project_counts::state.eq(&kind.state),
                project_counts::category.eq(&kind.category),
                project_counts::county.eq(&kind.county),
                project_counts::stage.eq(&kind.stage),
                project_counts::explained.eq(kind.explained),
                project_counts::projects.eq(by),
            ))
            .on_conflict((
                project_counts::department,
                project_counts::state,
                project_counts::category,
                project_counts::county,
                project_counts::stage,
                project_counts::explained,
            ))
            .do_update()
            .set(project_counts::projects.eq(project_counts::projects + by))
            .execute(c))?;
    }
    Ok(())
}

/// The kinds of those of these projects whose current revision has this number and state.
pub(super) fn kinds(conn: &mut Conn<'_>, ids: &[i64], revision: i64, state: &str) -> Result<Vec<Kind>, DbError> {
    let mut found = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(CHUNK) {
        found.extend(each!(conn, c => projects::table
            .filter(projects::id.eq_any(chunk))
            .filter(projects::revision.eq(revision))
            .filter(projects::state.eq(state))
            .select(Kind::as_select())
            .load(c))?);
    }
    Ok(found)
}

/// How many projects match.
pub(super) fn count(conn: &mut Conn<'_>, filter: &Filter) -> Result<i64, DbError> {
    let counts: Vec<i64> = each!(conn, c => {
        let mut query = project_counts::table.select(project_counts::projects).into_boxed();
        if let Some(state) = &filter.state {
            query = query.filter(project_counts::state.eq(state));
        }
        if let Some(department) = &filter.department {
            query = query.filter(project_counts::department.eq(department));
        }
        if let Some(category) = &filter.category {
            query = query.filter(project_counts::category.eq(category));
        }
        if let Some(county) = &filter.county {
            query = query.filter(project_counts::county.eq(county));
        }
        if let Some(stage) = &filter.stage {
            query = query.filter(project_counts::stage.eq(stage));
        }
        if let Some(explained) = filter.explained {
            query = query.filter(project_counts::explained.eq(i64::from(explained)));
        }
        query.load(c)
    })?;
    Ok(counts.iter().sum())
}

/// How many projects other departments than this one have.
pub(super) fn outside(conn: &mut Conn<'_>, department: &str) -> Result<i64, DbError> {
    let counts: Vec<i64> = each!(conn, c => project_counts::table
        .filter(project_counts::department.ne(department))
        .select(project_counts::projects)
        .load(c))?;
    Ok(counts.iter().sum())
}

/// How many projects of each department have a current revision in each state.
pub(super) fn by_state(conn: &mut Conn<'_>) -> Result<BTreeMap<(String, String), i64>, DbError> {
    let rows: Vec<(String, String, i64)> = each!(conn, c => project_counts::table
        .select((project_counts::department, project_counts::state, project_counts::projects))
        .load(c))?;
    Ok(sums(rows))
}

/// How many projects have a current revision that waits, by category and county.
pub(super) fn waiting(conn: &mut Conn<'_>) -> Result<BTreeMap<(String, String), i64>, DbError> {
    let rows: Vec<(String, String, i64)> = each!(conn, c => project_counts::table
        .filter(project_counts::state.eq("pending"))
        .select((project_counts::category, project_counts::county, project_counts::projects))
        .load(c))?;
    Ok(sums(rows))
}

fn sums(rows: Vec<(String, String, i64)>) -> BTreeMap<(String, String), i64> {
    let mut sums = BTreeMap::new();
    for (one, other, projects) in rows.into_iter().filter(|(.., projects)| *projects != 0) {
        *sums.entry((one, other)).or_default() += projects;
    }
    sums
}
