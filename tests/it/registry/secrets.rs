//! The platform's secret and the proxy's password: in no log line, no error and no row, whatever goes wrong.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use diesel::prelude::*;
use diesel::sql_types::Text;
use platform_simulator::{Endpoint, Fault, FaultKind, Settings, Simulator};
use retrofit_jobs::delivery::{Patience, SyncOptions, deliver, reconcile};
use retrofit_jobs::platform::{Platform, PlatformSettings, Profile};
use retrofit_registry::registry::delivery;

use crate::support::rosters::school;
use crate::support::{World, secretariat};

const SECRET: &str = "s3cr3t-of-the-platform";
const PASSWORD: &str = "p4ssw0rd-of-the-proxy";

/// Everything that is logged, at every level, our libraries' lines among it.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// All that the database holds.
fn rows(world: &World) -> Vec<u8> {
    if world.is_sqlite() {
        let files = std::fs::read_dir(world.folder())
            .unwrap()
            .map(|entry| entry.unwrap().path());
        return files
            .filter(|path| path.is_file())
            .flat_map(|path| std::fs::read(path).unwrap())
            .collect();
    }
    let mut conn = PgConnection::establish(&world.config.database_url).unwrap();
    let tables: Vec<Line> = diesel::sql_query(
        "SELECT table_name::text AS line FROM information_schema.tables WHERE table_schema = 'public'",
    )
    .load(&mut conn)
    .unwrap();
    assert!(tables.len() > 20);
    tables
        .into_iter()
        .flat_map(|table| {
            // `body` is shown in hex: in text as well
            let query = match &*table.line {
                "batches" => "SELECT t::text || coalesce(encode(body, 'escape'), '') AS line FROM batches t".to_owned(),
                name => format!("SELECT t::text AS line FROM {name} t"),
            };
            diesel::sql_query(query).load::<Line>(&mut conn).unwrap()
        })
        .flat_map(|row| row.line.into_bytes())
        .collect()
}

fn holds(haystack: &[u8], needle: &str) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle.as_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_logs_nor_errors_nor_the_database_hold_the_secret() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();
    for world in World::both() {
        let clock = world.clock.clone();
        let mut settings = Settings::new("city-key", SECRET);
        settings.clock = Arc::new(move || chrono::DateTime::from_timestamp_millis(clock.now()).unwrap());
        let simulator = Simulator::start(settings).await.unwrap();
        let reach = |url: String, secret: &str, proxy: Option<String>| {
            let settings = PlatformSettings {
                url,
                app_key: "city-key".into(),
                secret: secret.into(),
                ca_file: None,
                proxy,
            };
            Platform::new(settings, Profile::national_v1(), world.clock.clone()).unwrap()
        };
        let sound = reach(simulator.url(), SECRET, None);
        let unsound = [
            reach("http://127.0.0.1:1".into(), SECRET, None),
            reach(
                "https://platform.invalid".into(),
                SECRET,
                Some(format!("http://u:{PASSWORD}@127.0.0.1:1")),
            ),
            reach(simulator.url(), &format!("{SECRET} and more"), None),
        ];
        let mut told: Vec<String> = Vec::new();
        let answer = |status| FaultKind::Answer {
            status,
            retry_after: None,
        };
        let faults = [
            FaultKind::Drop,
            FaultKind::NotJson,
            answer(400),
            answer(401),
            answer(403),
            answer(409),
            answer(422),
            answer(429),
            answer(503),
        ];
        for (number, fault) in (1..).zip(faults) {
            world.import([school(number)]);
            world.approve_all();
            simulator.inject(Fault::always(fault.clone()));
            simulator.inject(Fault::once(fault).at(Endpoint::ReadBatch));
            told.push(format!("{:?}", sync(&world, &sound).await));
            simulator.clear_faults();
            told.push(format!("{:?}", sync(&world, &sound).await));
        }
        world.import([school(50)]);
        world.approve_all();
        for platform in &unsound {
            told.push(format!("{platform:?} {:?}", sync(&world, platform).await));
        }
        simulator.set_clock_offset(TimeDelta::hours(1));
        told.push(format!("{:?}", sync(&world, &sound).await));
        simulator.set_clock_offset(TimeDelta::zero());
        let store = Arc::new(world.registry.clone());
        told.push(format!(
            "{:?}",
            reconcile(store, &unsound[2], "tester", true, Patience::default(), None)
                .await
                .unwrap()
        ));
        let store = Arc::new(world.registry.clone());
        told.push(format!(
            "{:?}",
            reconcile(store, &sound, "tester", true, Patience::default(), None)
                .await
                .unwrap()
        ));
        told.push(format!(
            "{:?}",
            delivery::runs(&world.registry, &secretariat(), 100).unwrap()
        ));

        let database = rows(&world);
        assert!(holds(&database, "第50小学教学楼"), "the search sees what is there");
        for secret in [SECRET, PASSWORD] {
            assert!(!holds(&database, secret), "the database holds {secret}");
            assert!(!told.concat().contains(secret), "a result tells {secret}");
        }
    }
    // A copy: a failure here must not keep the other tests from logging.
    let lines = log.0.lock().unwrap().clone();
    assert!(
        holds(&lines, " selected = ") && holds(&lines, "DEBUG"),
        "the log is searched"
    );
    for secret in [SECRET, PASSWORD] {
        assert!(!holds(&lines, secret), "the log holds {secret}");
    }
}

async fn sync(world: &World, platform: &Platform) -> retrofit_jobs::delivery::SyncOutcome {
    let store = Arc::new(world.registry.clone());
    deliver(store, platform, SyncOptions::new("test", "tester"))
        .await
        .unwrap()
}
