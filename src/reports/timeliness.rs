//! Whose reports for which month came in when, how they fared at the first try, and what waits of each department.

use std::collections::HashMap;

use retrofit_jobs::store::UtcMillis;

use crate::db::{projects, queue, uploads};
use crate::registry::month::Month;
use crate::registry::people::Operator;
use crate::registry::periods::{self, Standing, Tally, tally};
use crate::registry::{Error, Registry, RegistryCode};

/// The board.
#[derive(Clone, Debug)]
pub struct Timeliness {
    /// The months, the first one first, each added up.
    pub months: Vec<(Month, Tally)>,
    /// The departments that were asked for a report, or sent one, in the catalogue's order.
    pub departments: Vec<Line>,
}

/// One department.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its code.
    pub department: String,
    /// How its reports stand, one for each month of the board.
    pub standings: Vec<Standing>,
    /// What waits of it.
    pub waiting: Waiting,
}

/// What waits of a department, now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Revisions that wait for a decision.
    pub pending: i64,
    /// The project of these that has waited the longest, and since when.
    pub oldest: Option<(RegistryCode, UtcMillis)>,
    /// Projects that were returned and not sent again.
    pub returned: i64,
    /// Rows that were held back and have not come again.
    pub held: i64,
}

impl Timeliness {
    /// What has waited the longest of all.
    pub fn oldest(&self) -> Option<(RegistryCode, UtcMillis)> {
        let oldest = self.departments.iter().filter_map(|line| line.waiting.oldest);
        oldest.min_by_key(|&(_, since)| since)
    }
}

/// The board of these months, of the departments that the operator sees.
///
/// # Errors
/// Only our own faults.
pub fn timeliness(registry: &Registry, operator: &Operator, months: &[Month]) -> Result<Timeliness, Error> {
    let standings = periods::standings(registry, operator, months)?;
    let mut waiting = waiting(registry)?;
    let of_month = |month: &Month| tally(standings.iter().filter(|standing| standing.month == *month));
    let months = months.iter().map(|month| (*month, of_month(month))).collect();
    let departments = registry.catalogue.departments().iter().filter_map(|department| {
        let own = standings
            .iter()
            .filter(|standing| standing.department == department.code);
        let own: Vec<Standing> = own.cloned().collect();
        let concerned = own
            .iter()
            .any(|standing| standing.due.is_some() || standing.received.is_some());
        let waiting = waiting.remove(&department.code).unwrap_or_default();
        (concerned || waiting != Waiting::default() && !own.is_empty()).then(|| Line {
            department: department.code.clone(),
            standings: own,
            waiting,
        })
    });
    Ok(Timeliness {
        months,
        departments: departments.collect(),
    })
}

/// What waits, by department.
fn waiting(registry: &Registry) -> Result<HashMap<String, Waiting>, Error> {
    registry.db.read(|conn| {
        let mut all: HashMap<String, Waiting> = HashMap::new();
        for (department, pending, since) in queue::waiting_by_department(conn)? {
            let oldest = match since {
                Some(since) => queue::waiting_since(conn, &department, since)?.map(|id| (id, since)),
                None => None,
            };
            let project = match oldest {
                Some((id, since)) => projects::with_ids(conn, &[id])?.pop().map(|row| (row.code(), since)),
                None => None,
            };
            let line = all.entry(department).or_default();
            (line.pending, line.oldest) = (pending, project);
        }
        for (department, count) in projects::returned_by_department(conn)? {
            all.entry(department).or_default().returned = count;
        }
        for (department, count) in uploads::open_by_department(conn)? {
            all.entry(department).or_default().held = count;
        }
        Ok(all)
    })
}
