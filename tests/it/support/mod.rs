//! A registry of its own for each test, on each of the two databases.

pub mod pictures;
pub mod postgres;
pub mod rosters;
pub mod statements;

use std::net::SocketAddr;
use std::path::Path;

use retrofit_import::workbook::Worker;
use retrofit_jobs::clock::Clock;
use retrofit_registry::config::Config;
use retrofit_registry::registry::Registry;
use retrofit_registry::registry::people::{Office, Operator};
use tempfile::TempDir;

/// The built binary.
pub const RETROFIT: &str = env!("CARGO_BIN_EXE_retrofit");

/// 2026-11-23T10:00:00+08:00
pub const MORNING: i64 = 1_795_399_200_000;

/// A registry on an empty database, under a clock that the test drives.
pub struct World {
    pub registry: Registry,
    pub clock: Clock,
    pub config: Config,
    folder: TempDir,
}

impl World {
    fn new(database_url: impl FnOnce(&Path) -> String) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = Config {
            data_dir: folder.path().to_owned(),
            database_url: database_url(folder.path()),
            catalogue_dir: folder.path().join("catalogue"),
            bind: SocketAddr::from(([127, 0, 0, 1], 0)),
        };
        let clock = Clock::driven(MORNING);
        let registry = open(&config, &clock);
        eprintln!("on {:?}", registry.db);
        Self {
            registry,
            clock,
            config,
            folder,
        }
    }

    pub fn sqlite() -> Self {
        Self::new(|folder| folder.join("registry.db").display().to_string())
    }

    /// `None`, and said so, where there is no PostgreSQL to start.
    pub fn postgres() -> Option<Self> {
        let url = postgres::database()?;
        Some(Self::new(|_| url))
    }

    /// One on each database there is.
    pub fn both() -> impl Iterator<Item = Self> {
        [Some(Self::sqlite()), Self::postgres()].into_iter().flatten()
    }

    /// The data folder, which goes with the world.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn is_sqlite(&self) -> bool {
        !self.config.database_url.starts_with("postgres")
    }

    /// Another registry over the same database, as another process has one.
    pub fn another(&self) -> Registry {
        open(&self.config, &self.clock)
    }
}

pub fn open(config: &Config, clock: &Clock) -> Registry {
    let worker = Worker {
        program: RETROFIT.into(),
        args: vec!["worker".into()],
    };
    Registry::open(config, clock.clone(), worker).unwrap()
}

/// A department's reporter.
pub fn reporter(department: &str) -> Operator {
    Operator::console(Office::Department(department))
}

/// The secretariat.
pub fn secretariat() -> Operator {
    Operator::console(Office::Secretariat)
}

/// The administrator.
pub fn administrator() -> Operator {
    Operator::console(Office::Administrator)
}
