//! The registry: rosters in, decisions, deliveries out. Everything above the database, below pages and commands.
//!
//! What pages and commands call (each takes the [`Registry`] and, where it changes or shows something, the acting
//! [`people::Operator`]; all of it blocks, so call it from a blocking thread):
//!
//! - [`people`]: [`people::Operator`] and what its role may do; accounts (`add_user`, `set_role`, `set_active`, `reset_password`, …) and sessions
//!   (`log_in`, `resume`, `end_sessions`, …).
//! - [`tokens`]: `issue`, `listed`, `revoke`, `bearer`: what programs act with in a person's name.
//! - [`requests`]: what the interface was asked under a key, and answered.
//! - [`intake`]: `receive` (keep a file), `check` (check it and keep what was read), `open` (what was read), `note_unreadable`, `preview` (reads
//!   only), `explain`, `choose`, `commit` (one transaction).
//! - [`review`]: `list`, `count`, `decide`.
//! - [`projects`]: `record` (values, history, findings, deliveries), `resubmit`, `propose_withdrawal`, `comment`, `approved`,
//!   `by_state`.
//! - [`exports`]: lists of projects as rosters; [`annotated`]: what was sent, marked.
//! - [`settings`]: whether a department's own lead looks before the secretariat.
//! - [`waivers`]: `waive`, a rule for a project.
//! - [`recheck`]: which approved records the rules of today would not let in.
//! - [`periods`], [`reminders`]: which month's report is due when, what came in, what is owed.
//! - [`targets`], [`snapshots`]: yearly targets, and the figures at the end of each month; `crate::reports` puts them together.
//! - [`inspections`], [`meetings`]: what is followed to closure, by the one table of [`followup`].
//! - [`photos`]: `add`, `add_zip`, `bytes`, `remove`.
//! - [`duplicates`]: projects that two departments very likely both report.
//! - [`delivery`]: `Registry` is the store that `retrofit_jobs` delivers from; `runs`, `outcome`, `outbox`.
//! - [`schedule`]: `Registry` is the store of the schedule, too; `job_runs`.

pub mod annotated;
pub mod audit;
pub mod audit_chain;
pub mod code;
pub mod delivery;
pub mod duplicates;
pub mod exports;
pub mod followup;
pub mod inspections;
pub mod intake;
pub mod lists;
pub mod measures;
pub mod meetings;
pub mod month;
mod package_file;
pub mod packages;
mod packed;
pub mod people;
pub mod periods;
pub mod photos;
pub mod projects;
mod receipts_file;
pub mod recheck;
pub mod reconcile;
pub mod reminders;
pub mod requests;
pub mod review;
mod runs;
pub mod schedule;
pub mod settings;
pub mod snapshots;
mod states;
pub mod targets;
pub mod tokens;
mod values;
pub mod waivers;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, NaiveDate};
use chrono_tz::Asia::Shanghai;
use retrofit_import::catalogue::{Catalogue, CatalogueError, Department};
use retrofit_import::check::{Checker, Corrections};
use retrofit_import::workbook::{Limits, Worker};
use retrofit_jobs::clock::Clock;
use retrofit_jobs::delivery::SyncError;
use retrofit_jobs::store::UtcMillis;
use thiserror::Error;

use crate::config::Config;
use crate::db::{Db, DbError};
pub use code::RegistryCode;
pub use packed::Packed;
pub use states::{State, Step};
pub use values::{Change, Values, read_values};

/// Why something was not done: the caller's matter, or ours.
#[derive(Debug, Error)]
pub enum Error {
    /// The officer or operator asked for something that cannot be; says what and what to do, in Chinese.
    #[error("{0}")]
    Refused(String),
    /// Our own fault. Its words are for the log, not for officers.
    #[error(transparent)]
    Failed(#[from] Failure),
}

/// Our own faults.
#[derive(Debug, Error)]
pub enum Failure {
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
    /// A file of ours.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A delivery by hand.
    #[error(transparent)]
    Delivery(SyncError),
    /// A workbook of ours could not be written.
    #[error("cannot write a workbook: {0}")]
    Workbook(retrofit_import::write::XlsxError),
    /// The catalogue's override is broken.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    /// The system gave no randomness, or a password could not be hashed.
    #[error("cannot protect a password or a session: {0}")]
    Secret(String),
}

impl Error {
    /// A refusal.
    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Self::Refused(message.into())
    }
}

impl From<DbError> for Error {
    fn from(error: DbError) -> Self {
        Self::Failed(error.into())
    }
}

/// What all of the registry's work shares. Clones are cheap and share the database.
#[derive(Clone, Debug)]
pub struct Registry {
    /// The database.
    pub db: Db,
    /// The catalogue in force.
    pub catalogue: Arc<Catalogue>,
    /// What reads rosters.
    pub checker: Checker,
    /// The time.
    pub clock: Clock,
    data_dir: PathBuf,
}

impl Registry {
    /// Opens the registry of a deployment, with its tables brought up to date.
    ///
    /// # Errors
    /// A broken override of the catalogue, or the database.
    pub fn open(config: &Config, clock: Clock, worker: Worker) -> Result<Self, Failure> {
        let catalogue = Arc::new(Catalogue::load(Some(&config.catalogue_dir))?);
        Ok(Self {
            db: Db::open(&config.database_url)?,
            checker: Checker {
                catalogue: catalogue.clone(),
                worker,
                limits: Limits::default(),
                corrections: Corrections::default(),
            },
            catalogue,
            clock,
            data_dir: config.data_dir.clone(),
        })
    }

    /// Runs `work` in one transaction: everything that it does with the registry that it is given counts, or, where it fails, nothing. See
    /// [`Db::together`].
    ///
    /// # Errors
    /// Those of `work`, and the database's.
    pub fn together<T, E: From<DbError>>(&self, work: impl FnOnce(&Self) -> Result<T, E>) -> Result<T, E> {
        self.db.together(|db| {
            work(&Self {
                db: db.clone(),
                ..self.clone()
            })
        })
    }

    /// Where this deployment keeps its files.
    pub(crate) fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// The folder of a kind of files, made where it is not there.
    pub(crate) fn folder(&self, name: &str) -> Result<PathBuf, Failure> {
        let path = self.data_dir.join(name);
        std::fs::create_dir_all(&path).map_err(|source| file_failure(&path, source))?;
        Ok(path)
    }

    /// The code of a department that the catalogue knows.
    fn department(&self, code: &str) -> Result<&str, Error> {
        department(&self.catalogue, code).map(|department| department.code.as_str())
    }
}

/// The department with this code; a code that the catalogue does not know is refused.
pub(crate) fn department<'a>(catalogue: &'a Catalogue, code: &str) -> Result<&'a Department, Error> {
    catalogue.department(code).ok_or_else(|| {
        let known: Vec<_> = catalogue.departments().iter().map(|known| &*known.code).collect();
        Error::refused(format!(
            "没有代码为“{code}”的部门。可用的部门代码：{}。",
            known.join("、")
        ))
    })
}

pub(crate) fn file_failure(path: &Path, source: io::Error) -> Failure {
    Failure::File {
        path: path.to_owned(),
        source,
    }
}

/// An instant in business time, to the minute: `2026-11-23 18:05`.
pub fn business_minute(at: UtcMillis) -> String {
    let at = DateTime::from_timestamp_millis(at).unwrap_or_default();
    at.with_timezone(&Shanghai).format("%Y-%m-%d %H:%M").to_string()
}

/// The business day (Asia/Shanghai) of an instant.
pub fn business_day(now: UtcMillis) -> NaiveDate {
    DateTime::from_timestamp_millis(now)
        .unwrap_or_default()
        .with_timezone(&Shanghai)
        .date_naive()
}
