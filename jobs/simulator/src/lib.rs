//! The national platform's intake, version 1, as a real server: it checks strictly, keeps its state in SQLite and goes
//! wrong on demand.
//!
//! It is the other side of the delivery's tests and of the demonstration, and shares no code with the client that it
//! judges: signatures, digests and the shapes of `data` are checked from the contract's words alone.
//!
//! ```no_run
//! # async fn example() -> Result<(), platform_simulator::SimulatorError> {
//! use platform_simulator::{Fault, FaultKind, Settings, Simulator};
//!
//! let simulator = Simulator::start(Settings::new("city", "secret")).await?;
//! simulator.inject(Fault::once(FaultKind::Drop).after_processing());
//! // … let a client deliver to simulator.url() …
//! assert!(simulator.history()?.is_empty());
//! simulator.stop().await;
//! # Ok(())
//! # }
//! ```

mod admin;
mod batches;
mod body;
mod envelope;
mod fault;
mod intake;
mod json;
mod line;
mod platform;
mod problem;
mod profile;
mod records;
mod server;
mod signing;
mod store;

use std::collections::HashSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use crate::fault::{Endpoint, Fault, FaultKind, Gate};
pub use crate::platform::Arrival;
pub use crate::profile::RecordError;
pub use crate::store::{Effect, HeldPhoto, Record};

use crate::fault::Faults;
use crate::line::{CuttableListener, Line};
use crate::platform::{Conditions, Platform, lock};
use crate::store::Store;

/// Where the simulator reads the time.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// What a simulator is started with.
#[derive(Clone)]
pub struct Settings {
    /// The one key that the platform issued.
    pub app_key: String,
    /// Its secret, used as UTF-8 bytes.
    pub secret: String,
    /// The database file; nothing: in memory, gone with the simulator. A file may be opened again after a stop.
    pub database: Option<PathBuf>,
    /// Where to listen; port 0 takes a free one.
    pub bind: SocketAddr,
    /// The division code of the key's city. The key may report for it and for every code with its first four digits.
    pub city: String,
    /// How many status queries of a batch are answered with `processing` before it is `done`.
    pub receipts_after_polls: u32,
    /// The platform's clock.
    pub clock: Clock,
}

impl Settings {
    /// On a free loopback port, in memory, for the city 371500, with receipts at the first query and the system's clock.
    pub fn new(app_key: impl Into<String>, secret: impl Into<String>) -> Self {
        Self {
            app_key: app_key.into(),
            secret: secret.into(),
            database: None,
            bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            city: "371500".to_owned(),
            receipts_after_polls: 0,
            clock: Arc::new(Utc::now),
        }
    }
}

/// Why the simulator cannot do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum SimulatorError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Bind {
        /// The address asked for.
        address: SocketAddr,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The database cannot be opened.
    #[error("cannot open the simulator's database: {0}")]
    Open(#[from] diesel::ConnectionError),
    /// A statement failed.
    #[error("the simulator's database failed: {0}")]
    Database(#[from] diesel::result::Error),
    /// The platform holds no such record.
    #[error("the simulator holds no record {0}")]
    UnknownRecord(String),
}

/// A running platform. Dropping it stops it without waiting; [`Simulator::stop`] waits.
///
/// The methods that ask what it holds read the database at once, blocking for less than a few milliseconds.
pub struct Simulator {
    address: SocketAddr,
    platform: Arc<Platform>,
    closing: watch::Sender<()>,
    server: JoinHandle<std::io::Result<()>>,
}

impl Simulator {
    /// Opens the database, listens, and serves on the current Tokio runtime.
    pub async fn start(settings: Settings) -> Result<Self, SimulatorError> {
        let store = Store::open(settings.database.as_deref())?;
        let failed = |source| SimulatorError::Bind {
            address: settings.bind,
            source,
        };
        let listener = TcpListener::bind(settings.bind).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let (closing, closed) = watch::channel(());
        let platform = Arc::new(Platform {
            app_key: settings.app_key,
            secret: settings.secret,
            city: settings.city,
            receipts_after_polls: settings.receipts_after_polls,
            clock: settings.clock,
            faults: Faults::default(),
            conditions: Mutex::new(Conditions::default()),
            arrivals: Mutex::default(),
            store: Mutex::new(store),
            working: Mutex::new(HashSet::new()),
            closing: closed.clone(),
        });
        let router = server::router(&platform, address.ip().is_loopback());
        let service = router.into_make_service_with_connect_info::<Line>();
        let mut closed = closed;
        let server = axum::serve(CuttableListener(listener), service).with_graceful_shutdown(async move {
            // Both a stop and a dropped simulator end the wait.
            let _ = closed.changed().await;
        });
        Ok(Self {
            address,
            platform,
            closing,
            server: tokio::spawn(server.into_future()),
        })
    }

    /// `http://` and the address, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The address listened on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops: requests in work are finished, those held at a gate are cut off. Returns when all is closed.
    pub async fn stop(self) {
        self.closing.send_replace(());
        // The server's task neither fails nor panics: accepting retries by itself.
        let _ = self.server.await;
    }

    /// Lets something go wrong.
    pub fn inject(&self, fault: Fault) {
        self.platform.faults.add(fault);
    }

    /// Mends everything that was injected.
    pub fn clear_faults(&self) {
        self.platform.faults.clear();
    }

    /// Puts the platform's clock off by so much, in the checks and in the `Date` header.
    pub fn set_clock_offset(&self, offset: TimeDelta) {
        lock(&self.platform.conditions).clock_offset = offset;
    }

    /// Begins maintenance until an instant that the platform announces, or ends it. Meanwhile signed requests get 503.
    pub fn set_maintenance(&self, until: Option<DateTime<Utc>>) {
        lock(&self.platform.conditions).maintenance_until = until;
    }

    /// The platform's later inspection: the record is returned with a note.
    pub fn return_record(&self, source_id: &str, note: &str) -> Result<(), SimulatorError> {
        self.inspect(source_id, "returned", Some(note.to_owned()))
    }

    /// The platform's later inspection: the record has passed.
    pub fn pass_record(&self, source_id: &str) -> Result<(), SimulatorError> {
        self.inspect(source_id, "passed", None)
    }

    /// The platform loses a record, as by the restoring of an old backup.
    pub fn forget_record(&self, source_id: &str) -> Result<(), SimulatorError> {
        if lock(&self.platform.store).remove(source_id)? {
            Ok(())
        } else {
            Err(SimulatorError::UnknownRecord(source_id.to_owned()))
        }
    }

    /// The platform holds a record that came from elsewhere: made of the record `like`, under this id and revision.
    pub fn hold_record(&self, like: &str, source_id: &str, revision: i64) -> Result<(), SimulatorError> {
        let mut store = lock(&self.platform.store);
        let record = store
            .record(like)?
            .ok_or_else(|| SimulatorError::UnknownRecord(like.to_owned()))?;
        let platform_no = if like == source_id {
            record.platform_no.clone()
        } else {
            format!("{}-{source_id}", record.platform_no)
        };
        let updated_at = self.platform.now_ms();
        Ok(store.save(Record {
            source_id: source_id.to_owned(),
            platform_no,
            revision,
            updated_at,
            ..record
        })?)
    }

    fn inspect(&self, source_id: &str, status: &str, review_note: Option<String>) -> Result<(), SimulatorError> {
        let mut store = lock(&self.platform.store);
        let record = store
            .record(source_id)?
            .ok_or_else(|| SimulatorError::UnknownRecord(source_id.to_owned()))?;
        let updated_at = self.platform.now_ms();
        Ok(store.save(Record {
            status: status.to_owned(),
            review_note,
            updated_at,
            ..record
        })?)
    }

    /// Every record that the platform holds, by `source_id`.
    pub fn records(&self) -> Result<Vec<Record>, SimulatorError> {
        Ok(lock(&self.platform.store).records()?)
    }

    /// Every effect ever applied, in order: a revision that was taken twice would be here twice.
    pub fn history(&self) -> Result<Vec<Effect>, SimulatorError> {
        Ok(lock(&self.platform.store).effects()?)
    }

    /// Every photo that the platform holds, by record, kind and hash.
    pub fn photos(&self) -> Result<Vec<HeldPhoto>, SimulatorError> {
        Ok(lock(&self.platform.store).photos()?)
    }

    /// What arrived since this start, in order.
    pub fn requests(&self) -> Vec<Arrival> {
        lock(&self.platform.arrivals).clone()
    }
}
