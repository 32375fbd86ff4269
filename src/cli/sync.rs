//! `retrofit sync`: delivers to the national platform now, and says how the last delivery went.

use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use retrofit_import::catalogue::Field;
use retrofit_jobs::delivery::{Phase, PhotosOutcome, SyncOptions, SyncOutcome, Watcher};
use retrofit_jobs::store::RunState;
use serde::Serialize;

use super::waive::code;
use super::{Acting, Format, PARTLY, complain, package, print, reconcile};
use crate::registry::people::Office;
use crate::registry::{Registry, RegistryCode, delivery};
use crate::{process, sync};

/// 向国家平台上报
#[derive(Debug, Args)]
pub(super) struct SyncArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// 立即上报已审核的工程，等待回执，再上报照片
    Run {
        /// 等待回执的秒数
        #[arg(long, value_name = "SECONDS", default_value_t = 120)]
        wait: u64,
        #[command(flatten)]
        common: Common,
    },
    /// 把待报的工程装成一个数据包（ZIP），由人工录入平台
    Package(package::PackageArgs),
    /// 尚待回执的数据包
    Packages {
        #[command(flatten)]
        common: Common,
    },
    /// 登记数据包的回执（工作簿：source_id、result、platform_no、message）
    Receipts(package::ReceiptsArgs),
    /// 把一个数据包登记为遗失：其中没有回执的工程以同一版本重新待报
    Lost(package::LostArgs),
    /// 与平台的清单逐条核对
    Reconcile(reconcile::ReconcileArgs),
    /// 一个工程最近审核通过的版本将以怎样的 JSON 上报（原样，一行）
    Preview {
        /// 工程的登记编号
        #[arg(long, value_name = "CODE", value_parser = code)]
        project: RegistryCode,
        #[command(flatten)]
        acting: Acting,
    },
    /// 最近一次上报的情况
    Status {
        #[command(flatten)]
        common: Common,
    },
}

#[derive(Debug, Args)]
pub(super) struct Common {
    /// 输出格式
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
    #[command(flatten)]
    pub(super) acting: Acting,
}

pub(super) fn run(args: &SyncArgs, registry: &Registry) -> anyhow::Result<ExitCode> {
    match &args.action {
        Action::Run { wait, common } => run_now(registry, Duration::from_secs(*wait), common),
        Action::Package(args) => package::make(registry, args),
        Action::Packages { common } => package::list(registry, common),
        Action::Receipts(args) => package::register(registry, args),
        Action::Lost(args) => package::lose(registry, args),
        Action::Reconcile(args) => reconcile::run(registry, args),
        Action::Preview { project, acting } => preview(registry, *project, acting),
        Action::Status { common } => status(registry, common),
    }
}

/// Prints a record exactly as it stands in a batch. Exit 1: it would not be sent as it is.
fn preview(registry: &Registry, project: RegistryCode, acting: &Acting) -> anyhow::Result<ExitCode> {
    let operator = acting.operator(registry, Office::Secretariat)?;
    let profile = sync::profile(&registry.catalogue)?;
    let record = registry.to_deliver(&operator, project)?;
    match profile.record(&record) {
        Ok(json) => {
            print(&format!("{json}\n"))?;
            if profile.holds_back(&record) {
                complain("平台配置只上报指定阶段的工程，这个工程目前不在其中，暂不上报。");
                return Ok(ExitCode::from(PARTLY));
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(errors) => {
            for error in errors {
                let field = error.field.as_deref().and_then(Field::from_id);
                let label = field.map_or(&*error.member, |field| registry.catalogue.label(field));
                complain(&format!("{label}（{}）：{}", error.member, error.message));
            }
            Ok(ExitCode::from(PARTLY))
        }
    }
}

/// A run in JSON: its outcome, and beside it what became of the photos.
#[derive(Serialize)]
struct RunTold<'a> {
    #[serde(flatten)]
    outcome: &'a SyncOutcome,
    photos: &'a PhotosOutcome,
}

/// Exit 0: every selected record has its final receipt, and every photo that could be sent was; 1: the run ended in another state.
fn run_now(registry: &Registry, wait: Duration, common: &Common) -> anyhow::Result<ExitCode> {
    let operator = common.acting.operator(registry, Office::Secretariat)?;
    if !operator.may_deliver() {
        bail!("用户“{}”不是秘书处成员，不能上报。", operator.name);
    }
    let platform = sync::platform(registry)?;
    let options = SyncOptions {
        wait,
        concurrency: platform.profile.limits.connections,
        watcher: (common.format == Format::Text).then(follower),
        ..SyncOptions::new(process::holder(), operator.name)
    };
    let ran = tokio::runtime::Runtime::new()?.block_on(sync::run(registry, &platform, options));
    let (outcome, photos) = ran.map(|(outcome, photos)| (outcome, photos.unwrap_or_default()))?;
    match common.format {
        Format::Json => {
            let told = RunTold {
                outcome: &outcome,
                photos: &photos,
            };
            print(&format!("{}\n", serde_json::to_string(&told)?))?;
        }
        Format::Text => {
            tell(&outcome, common.format)?;
            let line = sync::photos_line(&photos);
            if !line.is_empty() {
                print(&format!("{line}。\n"))?;
            }
        }
    }
    let all_sent = photos.stopped.is_none() && photos.unreadable == 0;
    Ok(if outcome.state == RunState::Done && all_sent {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(PARTLY)
    })
}

/// What follows the run: a bar in a terminal, else a line for each phase and each tenth.
fn follower() -> Watcher {
    if std::io::stderr().is_terminal() {
        return bar();
    }
    let told = std::sync::Mutex::new(None);
    Arc::new(move |progress| {
        let now = Some((progress.phase, progress.done * 10 / progress.total.max(1)));
        // a panic of another teller would leave a pair of numbers, whole
        let mut told = told.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if *told != now {
            *told = now;
            let phase = match progress.phase {
                Phase::TakingUp => "查询上次未完的批次",
                Phase::Sending => "发送",
                Phase::AwaitingReceipts => "等待回执",
                Phase::Finished => "结束",
            };
            complain(&format!(
                "{phase}：已发 {}，已有回执 {}，共 {}",
                progress.sent, progress.done, progress.total
            ));
        }
    })
}

/// A bar that follows the run.
pub(super) fn bar() -> Watcher {
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} {elapsed}") {
        bar.set_style(style);
    }
    Arc::new(move |progress| {
        bar.set_length(progress.total);
        bar.set_position(progress.done);
    })
}

fn status(registry: &Registry, common: &Common) -> anyhow::Result<ExitCode> {
    let operator = common.acting.operator(registry, Office::Secretariat)?;
    let last = delivery::runs(registry, &operator, 1)?.pop();
    match (common.format, last) {
        (_, Some(last)) => tell(&delivery::outcome(&last)?, common.format)?,
        (Format::Json, None) => print("null\n")?,
        (Format::Text, None) => print("还没有上报过。\n")?,
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn tell(outcome: &SyncOutcome, format: Format) -> anyhow::Result<()> {
    match format {
        Format::Json => print(&format!("{}\n", serde_json::to_string(outcome)?)),
        Format::Text => print(&format!(
            "第 {} 次上报：{}。{}，共 {} 批。{}\n",
            outcome.run_id.0,
            sync::label(outcome.state),
            sync::balance(outcome),
            outcome.batches,
            outcome.detail.as_deref().unwrap_or_default()
        )),
    }
}
