//! What the checks of a month's rosters found, by rule and department, and how that goes from month to month.
//!
//! Every upload that was committed, or of which nothing could be read, counts once, as its last check found it. A row that is sent again is checked
//! again and counts again; so findings are compared by how many there are per hundred rows.

use std::collections::BTreeMap;

use crate::db::checks::{self, Behind, CheckRow, Which};
use crate::registry::month::Month;
use crate::registry::people::{Operator, Sight};
use crate::registry::{Error, Registry};

/// The board of a month.
#[derive(Clone, Debug, Default)]
pub struct Quality {
    /// Everything.
    pub total: Sums,
    /// By department code.
    pub departments: BTreeMap<String, Sums>,
    /// By rule code, by department code: how often.
    pub rules: BTreeMap<String, BTreeMap<String, i64>>,
    /// The months, the first one first.
    pub months: Vec<(Month, Sums)>,
}

/// What checks came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Uploads.
    pub uploads: i64,
    /// Rows that were checked.
    pub rows: i64,
    /// Findings that keep a row out.
    pub errors: i64,
    /// Findings to confirm.
    pub confirms: i64,
    /// Hints.
    pub hints: i64,
}

impl Sums {
    fn add(&mut self, check: &CheckRow) {
        self.uploads += 1;
        self.rows += check.row_count;
        self.errors += check.errors;
        self.confirms += check.confirms;
        self.hints += check.hints;
    }

    /// All findings.
    pub fn all(self) -> i64 {
        self.errors + self.confirms + self.hints
    }

    /// Tenths of findings per hundred rows, rounded down; none without rows.
    pub fn tenths_per_hundred(self) -> Option<i64> {
        self.all().saturating_mul(1000).checked_div(self.rows)
    }
}

/// The board of a month and of the months before it, of the departments that the operator sees.
///
/// # Errors
/// Only our own faults.
pub fn quality(registry: &Registry, operator: &Operator, month: Month, months: &[Month]) -> Result<Quality, Error> {
    let department = match operator.sees() {
        Sight::All => None,
        Sight::Department(own) => Some(own),
        Sight::Nothing => return Ok(Quality::default()),
    };
    let mut periods: Vec<String> = months.iter().map(Month::to_string).collect();
    let period = month.to_string();
    if !periods.contains(&period) {
        periods.push(period.clone());
    }
    let (checks, found) = registry.db.read(|conn| {
        let checks = checks::of_months(conn, &periods, department)?;
        Ok::<_, Error>((checks, checks::found(conn, &period, department)?))
    })?;
    let mut quality = Quality::default();
    let mut by_month: BTreeMap<&str, Sums> = BTreeMap::new();
    for check in &checks {
        by_month.entry(&check.period).or_default().add(check);
        if check.period == period {
            quality.total.add(check);
            quality
                .departments
                .entry(check.department.clone())
                .or_default()
                .add(check);
        }
    }
    let of_month = |month: &Month| by_month.get(month.to_string().as_str()).copied().unwrap_or_default();
    quality.months = months.iter().map(|month| (*month, of_month(month))).collect();
    for (department, code, _, times) in found {
        *quality.rules.entry(code).or_default().entry(department).or_default() += times;
    }
    Ok(quality)
}

/// The uploads behind the sums of a month, of one department or of all that the operator sees, the latest first.
///
/// # Errors
/// Only our own faults.
pub fn uploads(
    registry: &Registry,
    operator: &Operator,
    month: Month,
    department: Option<&str>,
) -> Result<Vec<CheckRow>, Error> {
    let department = match seen_of(operator, department) {
        Sight::All => None,
        Sight::Department(seen) => Some(seen),
        Sight::Nothing => return Ok(Vec::new()),
    };
    let periods = [month.to_string()];
    let mut uploads = registry.db.read(|conn| checks::of_months(conn, &periods, department))?;
    uploads.sort_by_key(|check| std::cmp::Reverse(check.upload_id));
    Ok(uploads)
}

/// How many findings are behind the sums, of the departments that the operator sees.
///
/// # Errors
/// Only our own faults.
pub fn count(registry: &Registry, operator: &Operator, which: &Which<'_>) -> Result<i64, Error> {
    let department = match seen_of(operator, which.department) {
        Sight::All => None,
        Sight::Department(seen) => Some(seen),
        Sight::Nothing => return Ok(0),
    };
    let found = registry.db.read(|conn| checks::found(conn, which.period, department))?;
    let is = |wanted: Option<&str>, own: &str| wanted.is_none_or(|wanted| wanted == own);
    let matching = found
        .iter()
        .filter(|(_, code, severity, _)| is(which.code, code) && is(which.severity, severity));
    Ok(matching.map(|(.., times)| times).sum())
}

/// What is asked for, as far as the operator sees it.
fn seen_of<'a>(operator: &'a Operator, asked: Option<&'a str>) -> Sight<'a> {
    match (operator.sees(), asked) {
        (Sight::All, Some(asked)) => Sight::Department(asked),
        (Sight::Department(own), Some(asked)) if asked != own => Sight::Nothing,
        (sight, _) => sight,
    }
}

/// The findings behind the sums, of the departments that the operator sees.
///
/// # Errors
/// Only our own faults.
pub fn behind(registry: &Registry, operator: &Operator, which: &Which<'_>, limit: i64) -> Result<Vec<Behind>, Error> {
    let department = match seen_of(operator, which.department) {
        Sight::All => None,
        Sight::Department(seen) => Some(seen),
        Sight::Nothing => return Ok(Vec::new()),
    };
    let which = Which { department, ..*which };
    Ok(registry.db.read(|conn| checks::behind(conn, &which, limit))?)
}
