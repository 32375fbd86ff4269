//! The yearly targets beside the figures, as of any month.
//!
//! A target's line is about its department, category and county. It counts what names the target's unit: works not finished yet, and works
//! finished in the target's year by their date of completion. Cancelled ones do not count. What names another unit, or none, or is finished
//! without a date cannot be counted and is told as such. Amounts of different units are never added; money is.

use crate::db::figures::{self, FINISHED, Figures, Kind, Sums};
use crate::db::targets::TargetRow;
use crate::registry::month::Month;
use crate::registry::people::{Operator, Sight};
use crate::registry::{Error, Registry, snapshots, targets};

/// How far the works of a line are. Each includes those after it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Reached {
    /// All that counts.
    pub planned: Amount,
    /// Begun, or further.
    pub started: Amount,
    /// Finished, or further.
    pub finished: Amount,
    /// Accepted.
    pub accepted: Amount,
    /// Planned investment of all that counts, yuan.
    pub planned_yuan: i64,
    /// Investment done of all that counts, yuan.
    pub done_yuan: i64,
}

/// So many projects, and how much they are in the line's unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Amount {
    /// Projects.
    pub projects: i64,
    /// Hundredths of the unit.
    pub scale_e2: i64,
}

impl Amount {
    fn add(&mut self, sums: Sums) {
        self.projects += sums.projects;
        self.scale_e2 += sums.scale_e2;
    }
}

/// A target and how it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The target.
    pub target: TargetRow,
    /// How far its works are.
    pub reached: Reached,
    /// Projects that it cannot count, by their unit (blank: none is named); finished ones without a date stand under their own unit.
    pub not_counted: Vec<(String, i64)>,
}

impl Line {
    /// Projects that it cannot count.
    pub fn left_out(&self) -> i64 {
        self.not_counted.iter().map(|(_, projects)| projects).sum()
    }

    /// How much of the target is finished, in whole percent, rounded down.
    pub fn percent(&self) -> i64 {
        // The target is above zero.
        self.reached.finished.scale_e2.saturating_mul(100) / self.target.amount_e2.max(1)
    }
}

/// The targets of a month's year that the operator sees, as they stood at the end of the month; `None` for a month before the first figures.
///
/// # Errors
/// Only our own faults.
pub fn lines(registry: &Registry, operator: &Operator, month: Month) -> Result<Option<Vec<Line>>, Error> {
    let targets = targets::of_year(registry, operator, month.year())?;
    let department = match operator.sees() {
        Sight::All => None,
        Sight::Department(own) => Some(own),
        Sight::Nothing => return Ok(Some(Vec::new())),
    };
    let Some(figures) = snapshots::figures(registry, month, department)? else {
        return Ok(None);
    };
    Ok(Some(targets.into_iter().map(|target| line(target, &figures)).collect()))
}

/// How far the targets of one category were in one unit, month by month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Curve {
    /// The category, code.
    pub category: String,
    /// The unit of scale, code.
    pub unit: String,
    /// The targets, added up, in hundredths of the unit.
    pub target_e2: i64,
    /// What was finished of them in the year, at the end of each month or, where it is not over, now; in hundredths of the unit.
    pub months: Vec<(Month, i64)>,
}

/// The curves of a year up to a month, one for each category and unit: amounts of different ones are never added.
///
/// # Errors
/// Only our own faults.
pub fn curves(registry: &Registry, operator: &Operator, until: Month) -> Result<Vec<Curve>, Error> {
    let year = until.year();
    let targets = targets::of_year(registry, operator, year)?;
    if targets.is_empty() {
        return Ok(Vec::new());
    }
    let mut months = snapshots::months(registry)?;
    months.retain(|month| month.year() == year && *month <= until);
    months.reverse();
    let department = match operator.sees() {
        Sight::Department(own) => Some(own),
        Sight::All | Sight::Nothing => None,
    };
    let (kept, finished, now) = registry.db.read(|conn| {
        let kept = figures::months(conn)?;
        let finished = figures::finished_in(conn, year, department)?;
        Ok::<_, Error>((kept, finished, figures::current(conn, department)?))
    })?;
    let mut curves: Vec<Curve> = Vec::new();
    for target in &targets {
        let theirs = |department: &str, category: &str, county: &str, unit: &str| {
            (department, category, county, unit)
                == (&*target.department, &*target.category, &*target.county, &*target.unit)
        };
        let reached = |month: &Month| -> i64 {
            let name = month.to_string();
            if kept.contains(&name) {
                let of_month = finished.iter().filter(|row| row.month == name);
                let own = of_month.filter(|row| theirs(&row.department, &row.category, &row.county, &row.unit));
                own.map(|row| row.scale_e2).sum()
            } else {
                line(target.clone(), &now).reached.finished.scale_e2
            }
        };
        let own = |curve: &Curve| (&curve.category, &curve.unit) == (&target.category, &target.unit);
        let at = curves.iter().position(own);
        let at = at.unwrap_or_else(|| {
            curves.push(Curve {
                category: target.category.clone(),
                unit: target.unit.clone(),
                target_e2: 0,
                months: months.iter().map(|month| (*month, 0)).collect(),
            });
            curves.len() - 1
        });
        let Some(curve) = curves.get_mut(at) else { continue };
        curve.target_e2 += target.amount_e2;
        for (month, sum) in &mut curve.months {
            *sum += reached(month);
        }
    }
    Ok(curves)
}

/// A target's line out of figures.
pub fn line(target: TargetRow, figures: &Figures) -> Line {
    let year = target.year.to_string();
    let mut reached = Reached::default();
    let mut not_counted: Vec<(String, i64)> = Vec::new();
    let theirs = figures.iter().filter(|(kind, _)| {
        kind.department == target.department && kind.category == target.category && kind.county == target.county
    });
    for (kind, &sums) in theirs.filter(|(kind, _)| kind.stage != "90") {
        let finished = FINISHED.contains(&kind.stage.as_str());
        if kind.unit != target.unit || (finished && kind.completed.is_empty()) {
            match not_counted.iter_mut().find(|(unit, _)| *unit == kind.unit) {
                Some((_, projects)) => *projects += sums.projects,
                None => not_counted.push((kind.unit.clone(), sums.projects)),
            }
        } else if !finished || kind.completed == year {
            count(&mut reached, kind, sums);
        }
    }
    Line {
        target,
        reached,
        not_counted,
    }
}

fn count(reached: &mut Reached, kind: &Kind, sums: Sums) {
    reached.planned.add(sums);
    reached.planned_yuan += sums.planned_yuan;
    reached.done_yuan += sums.done_yuan;
    if matches!(kind.stage.as_str(), "30" | "40" | "50") {
        reached.started.add(sums);
    }
    if matches!(kind.stage.as_str(), "40" | "50") {
        reached.finished.add(sums);
    }
    if kind.stage == "50" {
        reached.accepted.add(sums);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(stage: &str, completed: &str, unit: &str) -> Kind {
        Kind {
            department: "JYJ".into(),
            category: "05".into(),
            county: "371502".into(),
            stage: stage.into(),
            completed: completed.into(),
            unit: unit.into(),
        }
    }

    #[test]
    fn a_line_counts_its_unit_and_its_year_and_tells_the_rest() {
        let of = |scale_e2| Sums {
            projects: 1,
            scale_e2,
            planned_yuan: 10,
            done_yuan: 4,
        };
        let figures: Figures = [
            (kind("10", "", "seat"), of(100)),
            (kind("30", "", "seat"), of(200)),
            (kind("40", "2026", "seat"), of(400)),
            (kind("50", "2026", "seat"), of(800)),
            (kind("50", "2025", "seat"), of(1600)),
            (kind("40", "", "seat"), of(3200)),
            (kind("90", "", "seat"), of(6400)),
            (kind("30", "", "m"), of(12_800)),
            (kind("30", "", ""), of(0)),
            (
                Kind {
                    county: "371503".into(),
                    ..kind("30", "", "seat")
                },
                of(1),
            ),
        ]
        .into_iter()
        .collect();
        let target = TargetRow {
            year: 2026,
            department: "JYJ".into(),
            category: "05".into(),
            county: "371502".into(),
            unit: "seat".into(),
            amount_e2: 2000,
            version: 1,
            set_by: String::new(),
            set_at: 0,
        };
        let line = line(target, &figures);
        let reached = &line.reached;
        let scales =
            [reached.planned, reached.started, reached.finished, reached.accepted].map(|amount| amount.scale_e2);
        assert_eq!(scales, [1500, 1400, 1200, 800]);
        assert_eq!(
            (reached.planned.projects, reached.planned_yuan, reached.done_yuan),
            (4, 40, 16)
        );
        assert_eq!((line.percent(), line.left_out()), (60, 3));
    }
}
