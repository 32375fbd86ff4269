//! The jobs that `retrofit serve` runs by the schedule.

mod nightly_sync;

use retrofit_jobs::schedule::Job;

use crate::registry::Registry;

/// Every job that the schedule may name.
pub fn all(registry: &Registry) -> Vec<Job> {
    vec![nightly_sync::job(registry.clone())]
}
