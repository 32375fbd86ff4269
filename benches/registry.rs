//! Times what the secretariat and officers open most, with many projects: `cargo bench --bench registry -- [PROJECTS] [DATABASE_URL]`.
//!
//! Server time: from the request to the last byte of the page, on loopback. Without an address the database is an `SQLite` file of its
//! own; another database must be empty. Ends with 1 where a page is heavier than it may be, or a board or list slower.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "a tool for developers")]

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, PgConnection};
use reqwest::Client;
use retrofit_import::catalogue::Field;
use retrofit_import::check::{CheckedRow, Summary};
use retrofit_import::finding::{Finding, Severity};
use retrofit_import::record::Record;
use retrofit_import::rules::RULES;
use retrofit_import::values::Canonical;
use retrofit_import::workbook::Worker;
use retrofit_jobs::clock::Clock;
use retrofit_registry::config::Config;
use retrofit_registry::registry::intake::{self, Outcome, Roster};
use retrofit_registry::registry::month::Month;
use retrofit_registry::registry::people::{self, NewPerson, Office, Operator, Role};
use retrofit_registry::registry::review::{self, Filter, Ruling, Selection};
use retrofit_registry::registry::{Registry, settings};
use retrofit_registry::web;

/// Rows of the roster that is previewed.
const ROWS: usize = 2000;
/// In milliseconds.
const TWO_MONTHS: i64 = 61 * 24 * 60 * 60 * 1000;
/// Departments with projects.
const DEPARTMENTS: usize = 10;
/// How often each page is opened.
const ROUNDS: usize = 101;
/// What a page may weigh, bytes.
const HEAVIEST: usize = 150_000;
/// How long a board or a list may take, 99 times of 100.
const SLOWEST: Duration = Duration::from_millis(50);
/// The one page that is neither board nor list.
const PREVIEW: &str = "a preview of 2,000 rows";
const PASSWORDS: [&str; 2] = ["Diyici-2026", "Jiagu-2026-x"];

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let projects = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(100_000);
    let folder = tempfile::tempdir().unwrap();
    let database = arguments.next();
    let config = Config {
        data_dir: folder.path().to_owned(),
        database_url: database.unwrap_or_else(|| folder.path().join("registry.db").display().to_string()),
        catalogue_dir: folder.path().join("catalogue"),
        bind: SocketAddr::from(([127, 0, 0, 1], 0)),
    };
    let worker = Worker {
        program: env!("CARGO_BIN_EXE_retrofit").into(),
        args: vec!["worker".into()],
    };
    // Two months ago, so that there is a month that is over.
    let clock = Clock::held(Clock::system().now() - TWO_MONTHS);
    let registry = Registry::open(&config, clock.clone(), worker).unwrap();
    let started = Instant::now();
    fill(&registry, folder.path(), projects);
    clock.shift(TWO_MONTHS);
    changes(&registry, folder.path(), projects);
    println!(
        "{projects} projects on {} in {:.0} s",
        registry.db.kind(),
        started.elapsed().as_secs_f64()
    );
    months(&registry, folder.path());
    let upload = send(&registry, folder.path());
    if registry.db.kind() == "PostgreSQL" {
        // As its autovacuum does within a minute of such an import.
        let mut conn = PgConnection::establish(&config.database_url).unwrap();
        conn.batch_execute("ANALYZE").unwrap();
    }
    let sound = tokio::runtime::Runtime::new().unwrap().block_on(time(registry, upload));
    ExitCode::from(u8::from(!sound))
}

/// The counties that projects lie in.
const COUNTIES: [&str; 8] = [
    "371502", "371503", "371521", "371522", "371524", "371525", "371526", "371581",
];

/// A sound project; every department has its own.
fn school(department: &str, number: usize, stage: &str) -> BTreeMap<Field, Canonical> {
    let pairs = [
        (Field::ProjectNo, format!("{department}-{number:06}")),
        (Field::Name, format!("第{number}小学教学楼")),
        (Field::Category, format!("{:02}", 1 + number % 9)),
        (Field::RecordKind, "1".into()),
        (Field::Use, "201".into()),
        (Field::OwnerUnit, "聊城第一小学".into()),
        (Field::County, COUNTIES[number % COUNTIES.len()].into()),
        (
            Field::Township,
            format!("{}{:03}", COUNTIES[number % COUNTIES.len()], 1 + number % 10),
        ),
        (Field::Address, format!("兴华路{number}号")),
        (Field::StructureType, "01".into()),
        (Field::FloorsAbove, "4".into()),
        (Field::FloorAreaM2, "3124.6".into()),
        (Field::Intensity, "7".into()),
        (Field::AccelerationG, "0.15".into()),
        (Field::FortificationClass, "B".into()),
        (Field::Stage, stage.into()),
    ];
    let pairs = pairs.into_iter();
    pairs.map(|(field, text)| (field, Canonical::One(text))).collect()
}

fn roster(rows: impl Iterator<Item = BTreeMap<Field, Canonical>>) -> Roster {
    let rows = rows.zip(1_u32..).map(|(values, row)| {
        let mut record = Record::from_values(&values);
        record.row = row;
        CheckedRow {
            record,
            findings: Vec::new(),
            explanation: None,
        }
    });
    Roster::new(rows, Summary::default())
}

/// The ten departments that have projects.
fn departments(registry: &Registry) -> impl Iterator<Item = &str> {
    let all = registry.catalogue.departments().iter();
    all.take(DEPARTMENTS).map(|department| &*department.code)
}

/// Ten departments' projects, approved but for the last department's.
fn fill(registry: &Registry, folder: &Path, projects: usize) {
    let each = projects / DEPARTMENTS;
    for (at, department) in departments(registry).enumerate() {
        let rows = (1..=each).map(|number| school(department, number, "10"));
        commit(registry, folder, department, roster(rows));
        if at + 1 < DEPARTMENTS {
            approve(registry, Filter::default());
        }
    }
    assert!(settings::lead_departments(registry).unwrap().is_empty());
}

/// What has changed since: of one department approved, of another it waits.
fn changes(registry: &Registry, folder: &Path, projects: usize) {
    let each = projects / DEPARTMENTS;
    let change = |department: &str, count: usize| {
        let stage = |number| if number <= count { "20" } else { "10" };
        let rows = (1..=each).map(|number| school(department, number, stage(number)));
        commit(registry, folder, department, roster(rows));
    };
    let changed: Vec<&str> = departments(registry).take(3).collect();
    change(changed[2], each / 2);
    let of_department = Filter {
        department: Some(changed[2].into()),
        ..Filter::default()
    };
    approve(registry, of_department);
    change(changed[0], 2000);
}

fn approve(registry: &Registry, which: Filter) {
    let secretariat = Operator::console(Office::Secretariat);
    review::decide(registry, &secretariat, &Selection::Matching(which), Ruling::Approve).unwrap();
}

/// A year of small rosters of every department, with hints of twenty rules each, for the boards.
fn months(registry: &Registry, folder: &Path) {
    let mut month = Month::at(registry.clock.now());
    for _ in 0..12 {
        for department in departments(registry) {
            let mut roster = roster(std::iter::once(school(department, 1, "20")));
            roster.summary.supplement = true;
            roster.rows[0].findings = RULES.iter().take(20).map(|rule| hint(rule.code)).collect();
            commit_for(registry, folder, (department, &month.to_string()), roster);
        }
        month = month.previous();
    }
}

fn hint(code: &'static str) -> Finding {
    Finding {
        code,
        severity: Severity::Hint,
        sheet: Some("台账".into()),
        address: None,
        row: Some(1),
        field: Some(Field::Name),
        value: None,
        message: "请核对。".into(),
        suggestion: None,
        basis: None,
    }
}

fn commit(registry: &Registry, folder: &Path, department: &str, roster: Roster) {
    commit_for(registry, folder, (department, "2026-10"), roster);
}

fn commit_for(registry: &Registry, folder: &Path, (department, period): (&str, &str), roster: Roster) {
    let operator = Operator::console(Office::Department(department));
    let file = folder.join("sent.csv");
    std::fs::write(&file, format!("{department} {}", roster.rows.len())).unwrap();
    let upload = intake::receive(registry, &operator, department, period, "a.csv", &file).unwrap();
    let preview = intake::preview(registry, &upload, roster, None).unwrap();
    let outcome = intake::commit(registry, &operator, &preview).unwrap();
    assert!(matches!(outcome, Outcome::Committed(_)), "the registry has moved");
}

/// Sends a roster of 2,000 rows: a tenth new, a tenth that resemble projects, half changed, the rest as it was.
fn send(registry: &Registry, folder: &Path) -> i64 {
    let department = registry.catalogue.departments()[1].code.clone();
    let operator = Operator::console(Office::Department(&department));
    let rows = (1..=ROWS).map(|number| {
        let mut values = school(&department, number, if number % 2 == 0 { "20" } else { "10" });
        let mut set = |field, text: String| values.insert(field, Canonical::One(text));
        match number % 10 {
            1 => {
                set(Field::ProjectNo, format!("N-{number}"));
                set(Field::Name, format!("新建第{number}中学实验楼"));
                set(Field::Address, format!("振兴路{number}号"));
            }
            3 => {
                set(Field::ProjectNo, format!("N-{number}"));
                set(Field::Name, format!("聊城市第{number}小学教学楼"));
            }
            _ => {}
        }
        Ok::<_, Box<dyn std::error::Error>>(values)
    });
    let file = folder.join("roster.xlsx");
    let out = std::fs::File::create(&file).unwrap();
    retrofit_import::write::roster(
        &registry.catalogue,
        registry.catalogue.department(&department),
        rows,
        out,
    )
    .unwrap();
    let upload = intake::receive(registry, &operator, &department, "2026-11", "roster.xlsx", &file).unwrap();
    let roster = intake::check(registry, &upload).unwrap();
    assert_eq!(roster.rows.len(), ROWS);
    upload.id
}

async fn time(registry: Registry, upload: i64) -> bool {
    let person = NewPerson {
        name: "mishu",
        role: Role::Secretariat,
        department: None,
        password: PASSWORDS[0],
    };
    people::add_user(&registry, &Operator::console(Office::Administrator), &person).unwrap();
    let operator = Operator::named(&registry, "mishu").unwrap();
    people::change_password(&registry, &operator, PASSWORDS[0], PASSWORDS[1]).unwrap();
    let record = review::list(&registry, &operator, &Filter::default(), 6, 1).unwrap()[0].code();
    let listener = tokio::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))
        .await
        .unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(web::serve(listener, registry, std::future::pending()));
    // Nothing here speaks TLS; the client wants to be able to.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder().cookie_store(true).no_proxy().build().unwrap();
    let login = client
        .post(format!("http://{address}/login"))
        .form(&[("name", "mishu"), ("password", PASSWORDS[1])]);
    assert!(login.send().await.unwrap().status().is_success());

    let over = Month::at(Clock::system().now()).previous();
    let mut sound = true;
    println!("page | median ms | 99 of 100 within ms | kB");
    for (page, path) in [
        ("the queue", "/review".to_owned()),
        (
            "the queue, narrowed",
            "/review?category=02&changed=stage&severity=none".to_owned(),
        ),
        ("what is approved", "/review?state=approved&category=03".to_owned()),
        ("a record", format!("/projects/{record}")),
        (PREVIEW, format!("/uploads/{upload}")),
        ("home", "/".into()),
        ("projects", "/projects".into()),
        (
            "projects, narrowed",
            "/projects?department=WJW&category=03&county=371521&stage=planned".into(),
        ),
        (
            "projects of a county, the last page",
            "/projects?county=371581&after=89000".into(),
        ),
        ("projects at a month's end", format!("/projects?month={over}")),
        (
            "projects at a month's end, narrowed",
            format!("/projects?month={over}&category=04&county=371521&stage=planned"),
        ),
        (
            "projects at a month's end, the last page",
            format!("/projects?month={over}&county=371581&after=89000"),
        ),
        ("progress", "/progress".into()),
        ("targets", "/targets".into()),
        ("bulletin", "/bulletin".into()),
        ("periods", "/periods".into()),
        ("timeliness", "/timeliness".into()),
        ("a department's timeliness", "/timeliness/WJW".into()),
        ("data quality", "/quality".into()),
        ("the rows behind a figure", "/quality/rows?department=WJW".into()),
        ("duplicates", "/duplicates".into()),
        ("inspections", "/inspections".into()),
        ("meetings", "/meetings".into()),
        ("photos", "/photos".into()),
        ("runs", "/runs".into()),
        ("rules", "/rules".into()),
        ("audit log", "/audit".into()),
    ] {
        let mut times: Vec<Duration> = Vec::with_capacity(ROUNDS);
        let mut bytes = 0;
        for _ in 0..ROUNDS {
            let started = Instant::now();
            let answer = client.get(format!("http://{address}{path}")).send().await.unwrap();
            assert!(answer.status().is_success(), "{path}: {}", answer.status());
            bytes = answer.bytes().await.unwrap().len();
            times.push(started.elapsed());
        }
        times.sort_unstable();
        let millis = |at: usize| times[at].as_secs_f64() * 1000.0;
        println!(
            "{page} | {:.0} | {:.0} | {}",
            millis(ROUNDS / 2),
            millis(ROUNDS - 2),
            bytes / 1000
        );
        // A preview plans the whole roster against the registry; it is no list.
        sound &= bytes <= HEAVIEST && (page == PREVIEW || times[ROUNDS - 2] < SLOWEST);
    }
    sound
}
