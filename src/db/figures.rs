//! The approved projects, added up, as they stand and as they stood at the end of each month.

use std::collections::BTreeMap;

use diesel::dsl::{max, sql};
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::schema::{approved_projects, figures, snapshot_months, snapshots};
use super::{CHUNK, Conn, DbError, each};

/// What is added up together.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kind {
    /// Department code.
    pub department: String,
    /// Category code.
    pub category: String,
    /// County or zone code.
    pub county: String,
    /// Stage code.
    pub stage: String,
    /// The year of completion of what is finished; blank for the rest, and where no date is known.
    pub completed: String,
    /// Unit of scale, code; blank where a project names no scale.
    pub unit: String,
}

/// Sums over projects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// How many.
    pub projects: i64,
    /// Hundredths of the unit of scale.
    pub scale_e2: i64,
    /// Planned investment, yuan.
    pub planned_yuan: i64,
    /// Investment done, yuan.
    pub done_yuan: i64,
}

impl Sums {
    /// With these added so many times (-1: taken away).
    pub fn add(&mut self, other: Self, times: i64) {
        self.projects += other.projects * times;
        self.scale_e2 += other.scale_e2 * times;
        self.planned_yuan += other.planned_yuan * times;
        self.done_yuan += other.done_yuan * times;
    }
}

/// Sums by kind. No kind is there without projects.
pub type Figures = BTreeMap<Kind, Sums>;

/// A project as it counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = approved_projects)]
pub struct Counted {
    /// Department code.
    pub department: String,
    /// Category code.
    pub category: String,
    /// County or zone code.
    pub county: String,
    /// Stage code.
    pub stage: String,
    /// The first day of the completion date.
    pub completion_first: Option<String>,
    /// Hundredths of the unit of scale.
    pub scale_e2: Option<i64>,
    /// Unit of scale.
    pub scale_unit: Option<String>,
    /// Planned investment, yuan.
    pub planned_yuan: Option<i64>,
    /// Investment done, yuan.
    pub done_yuan: Option<i64>,
}

/// Stages in which a project is finished: 已加固, 已竣工验收.
pub const FINISHED: [&str; 2] = ["40", "50"];

impl Counted {
    /// Where it is added, and what.
    pub fn figure(self) -> (Kind, Sums) {
        let finished = FINISHED.contains(&self.stage.as_str());
        let year = self.completion_first.as_deref().and_then(|day| day.get(..4));
        let scale = self.scale_e2.zip(self.scale_unit);
        let kind = Kind {
            completed: year.filter(|_| finished).unwrap_or_default().into(),
            unit: scale.as_ref().map(|(_, unit)| unit.clone()).unwrap_or_default(),
            department: self.department,
            category: self.category,
            county: self.county,
            stage: self.stage,
        };
        let sums = Sums {
            projects: 1,
            scale_e2: scale.map_or(0, |(scale, _)| scale),
            planned_yuan: self.planned_yuan.unwrap_or_default(),
            done_yuan: self.done_yuan.unwrap_or_default(),
        };
        (kind, sums)
    }
}

/// Adds these projects' figures to `to`, so many times (-1: takes them away).
pub(super) fn add_projects(conn: &mut Conn<'_>, ids: &[i64], to: &mut Figures, times: i64) -> Result<(), DbError> {
    for chunk in ids.chunks(CHUNK) {
        let rows: Vec<Counted> = each!(conn, c => approved_projects::table
            .filter(approved_projects::project_id.eq_any(chunk))
            .select(Counted::as_select())
            .load(c))?;
        for row in rows {
            let (kind, sums) = row.figure();
            to.entry(kind).or_default().add(sums, times);
        }
    }
    Ok(())
}

/// Changes the stored figures by these. Another transaction that does the same must not run meanwhile: see
/// [`Counter::Project`](super::counters::Counter::Project).
pub(super) fn change(conn: &mut Conn<'_>, by: &Figures) -> Result<(), DbError> {
    for (kind, sums) in by.iter().filter(|(_, sums)| **sums != Sums::default()) {
        each!(conn, c => diesel::insert_into(figures::table)
            .values((
                figures::department.eq(&kind.department),
                figures::category.eq(&kind.category),
                figures::county.eq(&kind.county),
                figures::stage.eq(&kind.stage),
                figures::completed.eq(&kind.completed),
                figures::unit.eq(&kind.unit),
                figures::projects.eq(sums.projects),
                figures::scale_e2.eq(sums.scale_e2),
                figures::planned_yuan.eq(sums.planned_yuan),
                figures::done_yuan.eq(sums.done_yuan),
            ))
            .on_conflict((
                figures::department,
                figures::category,
                figures::county,
                figures::stage,
                figures::completed,
                figures::unit,
            ))
            .do_update()
            .set((
                figures::projects.eq(figures::projects + sums.projects),
                figures::scale_e2.eq(figures::scale_e2 + sums.scale_e2),
                figures::planned_yuan.eq(figures::planned_yuan + sums.planned_yuan),
                figures::done_yuan.eq(figures::done_yuan + sums.done_yuan),
            ))
            .execute(c))?;
    }
    each!(conn, c => diesel::delete(figures::table.filter(figures::projects.eq(0))).execute(c))?;
    Ok(())
}

type Row = ((String, String, String, String, String, String), (i64, i64, i64, i64));

fn gather(rows: Vec<Row>) -> Figures {
    let figure = |(kind, sums): Row| {
        let (department, category, county, stage, completed, unit) = kind;
        let (projects, scale_e2, planned_yuan, done_yuan) = sums;
        let kind = Kind {
            department,
            category,
            county,
            stage,
            completed,
            unit,
        };
        let sums = Sums {
            projects,
            scale_e2,
            planned_yuan,
            done_yuan,
        };
        (kind, sums)
    };
    rows.into_iter().map(figure).collect()
}

/// The columns of either table, the kind's and the sums'.
macro_rules! columns {
    ($table:ident) => {
        (
            (
                $table::department,
                $table::category,
                $table::county,
                $table::stage,
                $table::completed,
                $table::unit,
            ),
            (
                $table::projects,
                $table::scale_e2,
                $table::planned_yuan,
                $table::done_yuan,
            ),
        )
    };
}

/// The figures as they stand, of one department or of all.
pub fn current(conn: &mut Conn<'_>, department: Option<&str>) -> Result<Figures, DbError> {
    let rows = each!(conn, c => {
        let mut query = figures::table.select(columns!(figures)).into_boxed();
        if let Some(department) = department {
            query = query.filter(figures::department.eq(department));
        }
        query.load(c)
    })?;
    Ok(gather(rows))
}

/// The figures at the end of a month that is over, of one department or of all.
pub fn at_end_of(conn: &mut Conn<'_>, month: &str, department: Option<&str>) -> Result<Figures, DbError> {
    let rows = each!(conn, c => {
        let mut query = snapshots::table.filter(snapshots::month.eq(month)).select(columns!(snapshots)).into_boxed();
        if let Some(department) = department {
            query = query.filter(snapshots::department.eq(department));
        }
        query.load(c)
    })?;
    Ok(gather(rows))
}

/// What was finished in a year, by month's end: of what targets are about.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct Finished {
    /// The month.
    pub month: String,
    /// Department code.
    pub department: String,
    /// Category code.
    pub category: String,
    /// County or zone code.
    pub county: String,
    /// Unit of scale, code.
    pub unit: String,
    /// Hundredths of the unit.
    pub scale_e2: i64,
}

/// What was finished in a year as of the end of each of its months that a snapshot was taken of; of one department or of all.
pub fn finished_in(conn: &mut Conn<'_>, year: i64, department: Option<&str>) -> Result<Vec<Finished>, DbError> {
    let (first, last) = (format!("{year:04}-01"), format!("{year:04}-12"));
    Ok(each!(conn, c => {
        let mut query = snapshots::table
            .filter(snapshots::month.between(&first, &last))
            .filter(snapshots::completed.eq(year.to_string()))
            .filter(snapshots::stage.eq_any(FINISHED))
            .select((
                snapshots::month,
                snapshots::department,
                snapshots::category,
                snapshots::county,
                snapshots::unit,
                snapshots::scale_e2,
            ))
            .into_boxed();
        if let Some(department) = department {
            query = query.filter(snapshots::department.eq(department));
        }
        query.load(c)
    })?)
}

/// The figures at the end of each month of a year that a snapshot was taken of, added up by stage: (month, stage, sums).
pub fn by_stage(conn: &mut Conn<'_>, year: i64) -> Result<Vec<(String, String, Sums)>, DbError> {
    let (first, last) = (format!("{year:04}-01"), format!("{year:04}-12"));
    let rows: Vec<(String, String, i64, i64, i64)> = each!(conn, c => snapshots::table
        .filter(snapshots::month.between(&first, &last))
        .group_by((snapshots::month, snapshots::stage))
        .order((snapshots::month, snapshots::stage))
        .select((
            snapshots::month,
            snapshots::stage,
            total("projects"),
            total("planned_yuan"),
            total("done_yuan"),
        ))
        .load(c))?;
    let sums = |(month, stage, projects, planned_yuan, done_yuan)| {
        let sums = Sums {
            projects,
            planned_yuan,
            done_yuan,
            scale_e2: 0,
        };
        (month, stage, sums)
    };
    Ok(rows.into_iter().map(sums).collect())
}

/// The sum of a column of whole numbers, as one: the databases would make a decimal of it.
fn total(column: &str) -> SqlLiteral<BigInt> {
    sql(&format!("CAST(SUM({column}) AS BIGINT)"))
}

/// The months that a snapshot was taken of, the latest first.
pub fn months(conn: &mut Conn<'_>) -> Result<Vec<String>, DbError> {
    Ok(each!(conn, c => snapshot_months::table
        .order(snapshot_months::month.desc())
        .select(snapshot_months::month)
        .load(c))?)
}

/// The latest month that a snapshot was taken of.
pub fn last_month(conn: &mut Conn<'_>) -> Result<Option<String>, DbError> {
    Ok(each!(conn, c => snapshot_months::table.select(max(snapshot_months::month)).first(c))?)
}

/// Keeps these as the figures at the end of a month.
pub fn keep(conn: &mut Conn<'_>, month: &str, figures: &Figures, now: i64) -> Result<(), DbError> {
    each!(conn, c => diesel::insert_into(snapshot_months::table)
        .values((snapshot_months::month.eq(month), snapshot_months::taken_at.eq(now)))
        .execute(c))?;
    let rows: Vec<_> = figures
        .iter()
        .map(|(kind, sums)| {
            (
                snapshots::month.eq(month),
                snapshots::department.eq(&kind.department),
                snapshots::category.eq(&kind.category),
                snapshots::county.eq(&kind.county),
                snapshots::stage.eq(&kind.stage),
                snapshots::completed.eq(&kind.completed),
                snapshots::unit.eq(&kind.unit),
                snapshots::projects.eq(sums.projects),
                snapshots::scale_e2.eq(sums.scale_e2),
                snapshots::planned_yuan.eq(sums.planned_yuan),
                snapshots::done_yuan.eq(sums.done_yuan),
            )
        })
        .collect();
    for chunk in rows.chunks(CHUNK) {
        each!(conn, c => diesel::insert_into(snapshots::table).values(chunk).execute(c))?;
    }
    Ok(())
}
