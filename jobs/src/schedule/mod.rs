//! The schedule: which jobs are due when, and runs of them that are durable.
//!
//! Nothing is remembered in memory. A run is a row, unique by job and due time, that is stored before the job begins;
//! so neither a restart nor a second process nor a clock that is set back runs a job twice for one due time. A run
//! whose process died is taken up when its lease has lapsed.

mod plan;
mod runner;

pub use plan::{Due, JobPlan, Plan, PlanError};
pub use runner::{BegunJob, Job, JobContext, Scheduler};
