//! A registry of its own for each test, on each of the two databases.

pub mod pictures;
pub mod postgres;
pub mod rosters;
pub mod statements;

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use chrono::DateTime;
use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, PgConnection, SqliteConnection};
use platform_simulator::{Settings, Simulator};
use retrofit_import::workbook::Worker;
use retrofit_jobs::clock::Clock;
use retrofit_jobs::platform::{Platform, PlatformSettings, Profile};
use retrofit_registry::config::Config;
use retrofit_registry::db::audit::Entry;
use retrofit_registry::registry::people::{Office, Operator};
use retrofit_registry::registry::{Registry, audit};
use tempfile::TempDir;

/// The built binary.
pub const RETROFIT: &str = env!("CARGO_BIN_EXE_retrofit");

/// The key that the platform knows this city by.
pub const APP_KEY: &str = "city-key";
/// What the platform signs with; nobody else is to learn it.
pub const SECRET: &str = "hush-hush-7f3a";

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
    /// Changes the database behind the registry's back.
    pub fn execute(&self, sql: &str) {
        let url = &self.config.database_url;
        if self.is_sqlite() {
            SqliteConnection::establish(url).unwrap().batch_execute(sql).unwrap();
        } else {
            PgConnection::establish(url).unwrap().batch_execute(sql).unwrap();
        }
    }

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

    /// A platform by this world's clock, and the client that reaches it.
    pub async fn platform(&self, profile: Profile) -> (Simulator, Platform) {
        let clock = self.clock.clone();
        let mut settings = Settings::new(APP_KEY, SECRET);
        settings.clock = Arc::new(move || DateTime::from_timestamp_millis(clock.now()).unwrap());
        let simulator = Simulator::start(settings).await.unwrap();
        let reach = PlatformSettings {
            url: simulator.url(),
            app_key: APP_KEY.into(),
            secret: SECRET.into(),
            ca_file: None,
            proxy: None,
        };
        let platform = Platform::new(reach, profile, self.clock.clone()).unwrap();
        (simulator, platform)
    }

    /// The binary over this world's data. Of the rest of the environment it knows nothing of ours.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(RETROFIT);
        command.args(args);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("RETROFIT_") {
                command.env_remove(name);
            }
        }
        command
            .env("RETROFIT_DATA_DIR", self.folder())
            .env("RETROFIT_DATABASE_URL", &self.config.database_url);
        command
    }

    /// The same, with a platform to deliver to.
    pub fn command_reaching(&self, platform: &str, args: &[&str]) -> Command {
        let mut command = self.command(args);
        command
            .env("RETROFIT_PLATFORM_URL", platform)
            .env("RETROFIT_PLATFORM_APP_KEY", APP_KEY)
            .env("RETROFIT_PLATFORM_SECRET", SECRET);
        command
    }

    /// The latest entries of the audit log, newest first.
    pub fn log(&self, limit: i64) -> Vec<Entry> {
        let entries = audit::entries(&self.registry, &auditor(), &audit::Filter::default(), limit).unwrap();
        entries.into_iter().map(|(_, entry)| entry).collect()
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

/// The auditor.
pub fn auditor() -> Operator {
    Operator::console(Office::Auditor)
}

/// The administrator.
pub fn administrator() -> Operator {
    Operator::console(Office::Administrator)
}
