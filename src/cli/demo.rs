//! `retrofit demo`: the whole product on one machine in a minute, with the sample rosters and a simulated platform.

mod ledgers;

use std::fs::{self, File, TryLockError};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use chrono::{NaiveDate, NaiveTime};
use clap::Args;
use indicatif::ProgressBar;
use platform_simulator::{Fault, FaultKind, Settings, Simulator};
use retrofit_import::workbook::Worker;
use retrofit_jobs::clock::Clock;
use retrofit_jobs::delivery::{Patience, SyncOptions, SyncOutcome, deliver, reconcile};
use retrofit_jobs::platform::{Platform, PlatformSettings, Profile};
use retrofit_jobs::store::UtcMillis;

use super::{print, sync as sync_command};
use crate::config::Config;
use crate::registry::intake::{self, Counts};
use crate::registry::month::Month;
use crate::registry::people::{self, NewPerson, Office, Operator, Role};
use crate::registry::review::{self, Decided, Filter, Ruling, Selection};
use crate::registry::{Registry, State, business_day};
use crate::{process, sync, web};

/// Where the demonstration keeps its files, below the working folder.
const FOLDER: &str = "retrofit-demo";
/// A folder with this file in it is the demonstration's own and may be emptied. A running demonstration holds the file locked.
const MARKER: &str = ".retrofit-demo";
/// The password of every demonstration account.
const PASSWORD: &str = "Jiagu-2026";
/// What the officers explain in the demonstration.
const EXPLANATION: &str = "演示：经核实，情况属实。";

/// A sample roster that ships with the program: department, file name, bytes.
struct Sample {
    department: &'static str,
    name: &'static str,
    bytes: &'static [u8],
}

const SAMPLES: &[Sample] = &[
    Sample {
        department: "JTJ",
        name: "01-jtj-schools.xlsx",
        bytes: include_bytes!("../../import/tests/rosters/01-jtj-schools.xlsx"),
    },
    Sample {
        department: "WJW",
        name: "02-wjw-per-county.xlsx",
        bytes: include_bytes!("../../import/tests/rosters/02-wjw-per-county.xlsx"),
    },
    Sample {
        department: "ZJJ",
        name: "03-zjj-housing-gbk.csv",
        bytes: include_bytes!("../../import/tests/rosters/03-zjj-housing-gbk.csv"),
    },
    Sample {
        department: "JYJ",
        name: "05-jyj-bridges-yuan.xlsx",
        bytes: include_bytes!("../../import/tests/rosters/05-jyj-bridges-yuan.xlsx"),
    },
    Sample {
        department: "SLJ",
        name: "06-slj-reservoirs.xls",
        bytes: include_bytes!("../../import/tests/rosters/06-slj-reservoirs.xls"),
    },
    Sample {
        department: "YJJ",
        name: "07-yjj-depots-shelters.ods",
        bytes: include_bytes!("../../import/tests/rosters/07-yjj-depots-shelters.ods"),
    },
    Sample {
        department: "TXB",
        name: "10-txb-telecom.xlsx",
        bytes: include_bytes!("../../import/tests/rosters/10-txb-telecom.xlsx"),
    },
    // From here on, the departments send in this month; those before, in the month before it. The last one is left unreviewed, so that the
    // queue has something to show.
    Sample {
        department: "GDGS",
        name: "08-gdgs-power-utf8.csv",
        bytes: include_bytes!("../../import/tests/rosters/08-gdgs-power-utf8.csv"),
    },
];

/// How many of them were sent and approved in the month before.
const BEFORE: usize = 4;

/// 演示：导入示例清单、审核、上报到模拟平台，然后打开网页
#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// 上报后即结束，不打开网页
    #[arg(long)]
    once: bool,
    /// 网页端口
    #[arg(long, value_name = "N", default_value_t = 8080)]
    port: u16,
}

/// Exit 0: records were delivered and none is unknown; 1 otherwise.
pub(super) fn run(args: &DemoArgs) -> anyhow::Result<ExitCode> {
    tokio::runtime::Runtime::new()?.block_on(demonstrate(args))
}

async fn demonstrate(args: &DemoArgs) -> anyhow::Result<ExitCode> {
    // The port is taken first: better no demonstration than one that fails at its end.
    let listener = if args.once {
        None
    } else {
        Some(listen(args.port).await?)
    };
    let folder = PathBuf::from(FOLDER);
    let _lock = clean_folder(&folder)?;
    let (registry, loaded) = tokio::task::spawn_blocking(move || load(&folder)).await??;
    print(&loaded.lines)?;

    let mut settings = Settings::new("demo-city", "demo-secret");
    settings.database = Some(PathBuf::from(FOLDER).join("platform.db"));
    let simulator = Simulator::start(settings).await?;
    simulator.inject(refusal(loaded.approved_code));
    let outcome = nightly_sync(&registry, &simulator.url()).await?;
    print(&format!(
        "上报：模拟平台 {}，{}。\n",
        simulator.url(),
        sync::label(outcome.state)
    ))?;
    print(&format!("对账：{}。\n", sync::balance(&outcome)))?;
    print(&format!(
        "平台现有 {} 条记录。\n退回：平台拒收的已转回部门，并附平台的原话。\n",
        simulator.records()?.len()
    ))?;
    compare(&registry, &simulator.url()).await?;

    let delivered = outcome.counts.accepted > 0 && outcome.counts.unknown == 0;
    if let Some(listener) = listener {
        print(&accounts(listener.local_addr()?))?;
        web::serve(listener, registry, super::stop()).await?;
    }
    simulator.stop().await;
    Ok(ExitCode::from(u8::from(!delivered)))
}

async fn listen(port: u16) -> anyhow::Result<tokio::net::TcpListener> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let listening = tokio::net::TcpListener::bind(address).await;
    listening.with_context(|| format!("端口 {port} 不可用，请用 --port 另选一个"))
}

/// Makes the demonstration's folder, or empties it, and gives the lock that keeps it this demonstration's until it is dropped. A folder of that
/// name that is not the demonstration's, or that another one is running in, is left alone.
fn clean_folder(folder: &Path) -> anyhow::Result<File> {
    let name = folder.display();
    let marker = folder.join(MARKER);
    if folder.exists() && !marker.exists() {
        bail!("文件夹 {name} 已存在，且不是演示程序建立的；请改名或换一个目录运行。");
    }
    fs::create_dir_all(folder).with_context(|| format!("无法建立 {name}"))?;
    let lock = File::create(&marker).with_context(|| format!("无法写入 {name}"))?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => bail!("另一个演示正在使用文件夹 {name}；请先结束它，或换一个目录运行。"),
        Err(TryLockError::Error(error)) => return Err(error).with_context(|| format!("无法锁定 {name}")),
    }
    let empty = || {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                fs::remove_dir_all(entry.path())?;
            } else if entry.file_name() != MARKER {
                fs::remove_file(entry.path())?;
            }
        }
        std::io::Result::Ok(())
    };
    empty().with_context(|| format!("无法清空 {name}"))?;
    Ok(lock)
}

/// What was loaded, told.
struct Loaded {
    lines: String,
    /// The code of a project that was approved.
    approved_code: Option<String>,
}

/// Opens a registry, adds people, imports the samples and reviews them.
fn load(folder: &Path) -> anyhow::Result<(Registry, Loaded)> {
    let config = Config {
        data_dir: folder.to_owned(),
        database_url: folder.join("registry.db").display().to_string(),
        catalogue_dir: folder.join("catalogue"),
        bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
    };
    let now = Clock::system().now();
    let (this, last) = (Month::at(now), Month::at(now).previous());
    // The month before, on its 20th.
    let then = Registry::open(&config, Clock::held(midday(last.day(20))), Worker::current()?)?;
    let secretariat = add_people(&then)?;
    let mut loading = Loading::new(folder);
    for sample in &SAMPLES[..BEFORE] {
        loading.import(&then, sample.department, last, sample.name, sample.bytes)?;
    }
    let homes = ledgers::roster(last, false);
    loading.import(&then, ledgers::DEPARTMENT, last, "养老机构.csv", homes.as_bytes())?;
    let mut approved = approve(&then, &secretariat, None)?;
    drop(then);

    let registry = Registry::open(&config, Clock::system(), Worker::current()?)?;
    for sample in &SAMPLES[BEFORE..] {
        loading.import(&registry, sample.department, this, sample.name, sample.bytes)?;
    }
    let homes = ledgers::roster(last, true);
    loading.import(
        &registry,
        ledgers::DEPARTMENT,
        this,
        "养老机构（改）.csv",
        homes.as_bytes(),
    )?;
    let unreviewed = SAMPLES.last().map(|sample| sample.department);
    let later = approve(&registry, &secretariat, unreviewed)?;
    approved.decided += later.decided;
    approved.refused.extend(later.refused);
    ledgers::enter(&registry, &secretariat)?;
    loading.bar.finish_and_clear();
    let waiting = review::count(&registry, &secretariat, &pending())?;
    let first = review::list(&registry, &secretariat, &approved_filter(), 0, 1)?;

    let confirmed = registry
        .catalogue
        .departments()
        .iter()
        .filter(|department| department.is_confirmed())
        .count();
    let departments = registry.catalogue.departments().len();
    let lines = format!(
        "演示数据在 {}，每次运行重新开始。\n\
         部门 {departments} 个：{confirmed} 个见于公开通知，其余 {} 个为占位，待用户确认。\n\
         清单：{} 份（xlsx、xls、ods、csv），上月和本月的，共 {} 行。\n\
         入库：新增 {} 个工程。\n\
         暂缓：{} 行有强制性问题，留待部门更正。\n\
         审核：通过 {} 个，待审核 {waiting} 个。\n",
        loading.folder.display(),
        departments - confirmed,
        loading.readable,
        loading.total.rows,
        loading.total.new,
        loading.total.held,
        approved.decided,
    );
    let approved_code = first.first().map(|project| project.code().to_string());
    Ok((registry, Loaded { lines, approved_code }))
}

/// Adds one reporter for each sample's department, and one person of each other role; gives the secretariat's.
fn add_people(registry: &Registry) -> anyhow::Result<Operator> {
    let administrator = Operator::console(Office::Administrator);
    let reporters = departments().map(|department| (reporter(department), Role::Reporter, Some(department)));
    let others = [
        ("mishuchu", Role::Secretariat),
        ("shenji", Role::Auditor),
        ("guanli", Role::Administrator),
    ];
    let others = others.into_iter().map(|(name, role)| (name.to_owned(), role, None));
    for (name, role, department) in reporters.chain(others) {
        // Each account's password is changed once, so that nobody who looks around is asked for a new one.
        let first = format!("{PASSWORD}-first");
        let person = NewPerson {
            name: &name,
            role,
            department,
            password: &first,
        };
        people::add_user(registry, &administrator, &person)?;
        people::change_password(registry, &Operator::named(registry, &name)?, &first, PASSWORD)?;
    }
    Ok(Operator::named(registry, "mishuchu")?)
}

/// The departments that send something.
fn departments() -> impl Iterator<Item = &'static str> {
    SAMPLES
        .iter()
        .map(|sample| sample.department)
        .chain([ledgers::DEPARTMENT])
}

/// The account name of a department's reporter.
fn reporter(department: &str) -> String {
    department.to_ascii_lowercase()
}

/// The day on which the sample rosters are checked, whatever today is.
fn sample_day() -> anyhow::Result<NaiveDate> {
    NaiveDate::from_ymd_opt(2026, 11, 23).context("a day of the calendar")
}

/// Ten o'clock of a business day, UTC milliseconds.
fn midday(day: NaiveDate) -> UtcMillis {
    day.and_time(NaiveTime::MIN).and_utc().timestamp_millis() + 2 * 3_600_000
}

/// The rosters as they are imported.
struct Loading<'a> {
    folder: &'a Path,
    bar: ProgressBar,
    total: Counts,
    readable: usize,
}

impl<'a> Loading<'a> {
    fn new(folder: &'a Path) -> Self {
        Self {
            folder,
            bar: ProgressBar::new(SAMPLES.len() as u64 + 2).with_prefix("导入清单"),
            total: Counts::default(),
            readable: 0,
        }
    }

    /// Sends a roster for a month, explains what is to be explained, and confirms it.
    fn import(
        &mut self,
        registry: &Registry,
        department: &str,
        month: Month,
        name: &str,
        bytes: &[u8],
    ) -> anyhow::Result<()> {
        self.bar.set_message(name.to_owned());
        let operator = Operator::named(registry, &reporter(department))?;
        let file = self.folder.join(name);
        fs::write(&file, bytes)?;
        let upload = intake::receive(registry, &operator, department, &month.to_string(), name, &file)?;
        // No earlier than the rosters' own dates.
        let today = sample_day()?.max(business_day(registry.clock.now()));
        let roster = intake::read(registry, &upload, today)?;
        self.readable += usize::from(roster.is_readable());
        let preview = intake::preview(registry, &upload, roster, Some(EXPLANATION))?;
        intake::commit(registry, &operator, &preview)?;
        let counts = preview.counts();
        self.total.rows += counts.rows;
        self.total.new += counts.new;
        self.total.held += counts.held;
        fs::remove_file(&file)?;
        self.bar.inc(1);
        Ok(())
    }
}

fn pending() -> Filter {
    Filter {
        state: Some(State::Pending),
        ..Filter::default()
    }
}

fn approved_filter() -> Filter {
    Filter {
        state: Some(State::Approved),
        ..Filter::default()
    }
}

/// Approves what waits, but of one department.
fn approve(registry: &Registry, secretariat: &Operator, but: Option<&str>) -> anyhow::Result<Decided> {
    let mut all = Decided::default();
    for department in departments().filter(|department| but != Some(*department)) {
        let filter = Filter {
            department: Some(department.into()),
            ..pending()
        };
        let decided = review::decide(registry, secretariat, &Selection::Matching(filter), Ruling::Approve)?;
        all.decided += decided.decided;
        all.refused.extend(decided.refused);
    }
    Ok(all)
}

/// One record that the platform refuses, so that there is a refusal to look at.
fn refusal(code: Option<String>) -> Fault {
    let fault = Fault::once(FaultKind::Reject {
        field: "dz".into(),
        code: "address_unclear".into(),
        message: "详细地址不够具体，请写到门牌号或村".into(),
    });
    match code {
        Some(code) => fault.holding(code),
        None => fault,
    }
}

fn platform(registry: &Registry, url: &str) -> anyhow::Result<Platform> {
    let settings = PlatformSettings {
        url: url.into(),
        app_key: "demo-city".into(),
        secret: "demo-secret".into(),
        ca_file: None,
        proxy: None,
    };
    Ok(Platform::new(settings, Profile::national_v1(), registry.clock.clone())?)
}

/// The nightly job, once, against the simulator.
async fn nightly_sync(registry: &Registry, url: &str) -> anyhow::Result<SyncOutcome> {
    let options = SyncOptions {
        wait: Duration::from_mins(1),
        watcher: Some(sync_command::bar()),
        ..SyncOptions::new(process::holder(), "nightly-sync")
    };
    Ok(deliver(Arc::new(registry.clone()), &platform(registry, url)?, options).await?)
}

/// The weekly comparison, once.
async fn compare(registry: &Registry, url: &str) -> anyhow::Result<()> {
    let platform = platform(registry, url)?;
    let store = Arc::new(registry.clone());
    reconcile(store, &platform, "reconciliation", false, Patience::default(), None).await?;
    Ok(())
}

fn accounts(address: SocketAddr) -> String {
    let reporters: Vec<String> = departments().map(reporter).collect();
    format!(
        "网页：http://{address}/ （按 Ctrl+C 结束）\n\
         账号：mishuchu（秘书处）、{}（部门）、shenji（审计）、guanli（管理员）；密码都是 {PASSWORD}\n",
        reporters.join("、")
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_is_emptied_unless_it_is_anothers() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join(FOLDER);
        let running = clean_folder(&folder).unwrap();
        let database = folder.join("registry.db");
        let upload = folder.join("uploads").join("a.csv");
        fs::write(&database, "x").unwrap();
        fs::create_dir(folder.join("uploads")).unwrap();
        fs::write(&upload, "x").unwrap();
        let refused = clean_folder(&folder).unwrap_err().to_string();
        assert!(refused.contains("另一个演示正在使用"), "{refused}");
        assert!(database.exists() && upload.exists());

        drop(running);
        let _lock = clean_folder(&folder).unwrap();
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "the marker alone");

        let stranger = place.path().join("mine");
        fs::create_dir(&stranger).unwrap();
        assert!(clean_folder(&stranger).is_err());
    }
}
