//! How far the works are, by category, county and department: the approved projects added up, as of any month.

use std::collections::BTreeMap;

use crate::db::figures::{self, Figures, Kind, Sums};
use crate::db::projects;
use crate::registry::month::Month;
use crate::registry::{Error, Registry, snapshots};

/// Projects that are not cancelled, by how far they are, with their investment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Not started: stages 10 and 20.
    pub planned: i64,
    /// Being retrofitted: stage 30.
    pub started: i64,
    /// Finished: stages 40 and 50.
    pub finished: i64,
    /// Of the finished ones, accepted: stage 50.
    pub accepted: i64,
    /// Cancelled: stage 90. In no other figure.
    pub cancelled: i64,
    /// Planned investment, yuan.
    pub planned_yuan: i64,
    /// Investment done, yuan.
    pub done_yuan: i64,
}

impl Count {
    fn add(&mut self, stage: &str, sums: Sums) {
        match stage {
            "10" | "20" => self.planned += sums.projects,
            "30" => self.started += sums.projects,
            "40" => self.finished += sums.projects,
            "50" => {
                self.finished += sums.projects;
                self.accepted += sums.projects;
            }
            _ => {
                self.cancelled += sums.projects;
                return;
            }
        }
        self.planned_yuan += sums.planned_yuan;
        self.done_yuan += sums.done_yuan;
    }

    /// All that are not cancelled.
    pub fn all(self) -> i64 {
        self.planned + self.started + self.finished
    }

    /// The part that is finished, in whole percent, rounded down; 0 of none.
    pub fn percent(self) -> i64 {
        part(self.finished, self.all())
    }

    /// The part of the planned investment that is done, in whole percent, rounded down; 0 of none.
    pub fn percent_invested(self) -> i64 {
        part(self.done_yuan, self.planned_yuan)
    }
}

fn part(of: i64, all: i64) -> i64 {
    if all == 0 { 0 } else { of.saturating_mul(100) / all }
}

/// The works as of a month.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// By category code.
    pub categories: BTreeMap<String, Count>,
    /// By county or zone code.
    pub counties: BTreeMap<String, Count>,
    /// By department code.
    pub departments: BTreeMap<String, Count>,
    /// Of all.
    pub total: Count,
}

impl Progress {
    /// Adds up the figures of one category, or of all.
    pub fn of(figures: &Figures, category: Option<&str>) -> Self {
        let mut progress = Self::default();
        for (kind, &sums) in figures {
            if category.is_some_and(|category| category != kind.category) {
                continue;
            }
            let Kind {
                department,
                category,
                county,
                stage,
                ..
            } = kind;
            let groups = [
                progress.categories.entry(category.clone()).or_default(),
                progress.counties.entry(county.clone()).or_default(),
                progress.departments.entry(department.clone()).or_default(),
                &mut progress.total,
            ];
            for group in groups {
                group.add(stage, sums);
            }
        }
        progress
    }
}

/// The works as of the end of a month, or as they stand in that of now: of one category, or of all. `None` before the first month that figures
/// were kept of, and for one to come.
///
/// # Errors
/// Only our own faults.
pub fn progress(registry: &Registry, month: Month, category: Option<&str>) -> Result<Option<Progress>, Error> {
    let figures = snapshots::figures(registry, month, None)?;
    Ok(figures.map(|figures| Progress::of(&figures, category)))
}

/// The months of a year up to now that figures were kept of, each with the works at its end.
///
/// # Errors
/// Only our own faults.
pub fn curve(registry: &Registry, year: i64) -> Result<Vec<(Month, Count)>, Error> {
    let mut months = snapshots::months(registry)?;
    months.retain(|month| month.year() == year);
    months.reverse();
    let mut over: BTreeMap<String, Count> = BTreeMap::new();
    for (month, stage, sums) in registry.db.read(|conn| figures::by_stage(conn, year))? {
        over.entry(month).or_default().add(&stage, sums);
    }
    let kept = registry.db.read(figures::months)?;
    let now = Progress::of(&registry.db.read(|conn| figures::current(conn, None))?, None).total;
    let point = |month: Month| {
        let name = month.to_string();
        let stood = if kept.contains(&name) {
            over.get(&name).copied().unwrap_or_default()
        } else {
            now
        };
        (month, stood)
    };
    Ok(months.into_iter().map(point).collect())
}

/// How many projects have a revision that waits for review, by category and county.
///
/// # Errors
/// Only our own faults.
pub fn waiting(registry: &Registry) -> Result<BTreeMap<(String, String), i64>, Error> {
    let rows = registry.db.read(projects::waiting)?;
    Ok(rows
        .into_iter()
        .map(|(category, county, count)| ((category, county), count))
        .collect())
}
