//! `retrofit sync package`, `packages`, `receipts` and `lost`: the delivery by hand.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Args;
use retrofit_jobs::store::RunState;

use super::sync::{Common, tell};
use super::{Acting, Format, PARTLY, complain, print};
use crate::registry::people::Office;
use crate::registry::{Registry, packages};
use crate::sync;

#[derive(Debug, Args)]
pub(super) struct PackageArgs {
    /// 写到这个文件；已有的文件不覆盖
    #[arg(short, long, value_name = "FILE.zip")]
    output: PathBuf,
    /// 不装新的，把这个尚待回执的数据包再写一次
    #[arg(long, value_name = "NUMBER")]
    batch: Option<String>,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
pub(super) struct ReceiptsArgs {
    /// 回执工作簿（.xlsx、.xls、.ods、.csv）
    file: PathBuf,
    /// 属于哪个数据包；工作簿自己写明，或只有一个待回执时可省
    #[arg(long, value_name = "NUMBER")]
    batch: Option<String>,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
pub(super) struct LostArgs {
    /// 数据包的批次号
    batch: String,
    #[command(flatten)]
    acting: Acting,
}

/// Exit 0: the package is written; 1: nothing waits, or nothing of it could be sent.
pub(super) fn make(registry: &Registry, args: &PackageArgs) -> anyhow::Result<ExitCode> {
    let PackageArgs { output, batch, common } = args;
    let operator = common.acting.operator(registry, Office::Secretariat)?;
    if output.exists() {
        bail!("文件 {} 已存在，不覆盖；请换一个文件名。", output.display());
    }
    let number = if let Some(number) = batch {
        Some(number.clone())
    } else {
        let profile = sync::profile(&registry.catalogue)?;
        let Some((outcome, number)) = packages::make(registry, &operator, &profile)? else {
            complain("没有待报的工程，未生成数据包。");
            return Ok(ExitCode::from(PARTLY));
        };
        tell(&outcome, common.format)?;
        number
    };
    let Some(number) = number else {
        return Ok(ExitCode::from(PARTLY));
    };
    write(output, &packages::file(registry, &operator, &number)?)
        .with_context(|| format!("数据包 {number} 已登记，但文件未写成；用 --batch {number} 可再写一次"))?;
    if common.format == Format::Text {
        print(&format!("数据包 {number} 已写到 {}。\n", output.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Never over another file, and never half.
fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut file = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
    std::io::Write::write_all(&mut file, bytes)?;
    // temporary files are for their owner alone; this one is for whoever may read the folder's files
    file.persist_noclobber(path)?;
    #[cfg(unix)]
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o640))?;
    Ok(())
}

pub(super) fn list(registry: &Registry, common: &Common) -> anyhow::Result<ExitCode> {
    let operator = common.acting.operator(registry, Office::Secretariat)?;
    let open = packages::open(registry, &operator)?;
    match common.format {
        Format::Json => print(&format!("{}\n", serde_json::to_string(&open)?))?,
        Format::Text if open.is_empty() => print("没有待回执的数据包。\n")?,
        Format::Text => {
            for package in open {
                let made = crate::registry::business_day(package.made_at);
                print(&format!(
                    "{}  {made} 生成，{} 条，其中 {} 条待回执\n",
                    package.batch_no, package.records, package.open
                ))?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Exit 0: the package is complete; 1: some rows were not believed, or receipts are still missing.
pub(super) fn register(registry: &Registry, args: &ReceiptsArgs) -> anyhow::Result<ExitCode> {
    let ReceiptsArgs { file, batch, common } = args;
    let operator = common.acting.operator(registry, Office::Secretariat)?;
    let profile = sync::profile(&registry.catalogue)?;
    let report = packages::register(registry, &operator, &profile, file, batch.as_deref())?;
    match common.format {
        Format::Json => print(&format!("{}\n", serde_json::to_string(&report)?))?,
        Format::Text => {
            tell(&report.outcome, common.format)?;
            for row in &report.strange {
                print(&format!("  {} {}：{}\n", row.at, row.source_id, row.reason))?;
            }
            if report.known > 0 {
                print(&format!("  {} 行此前已登记，未重复登记。\n", report.known))?;
            }
        }
    }
    let complete = report.outcome.state == RunState::Done && report.strange.is_empty();
    Ok(if complete {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(PARTLY)
    })
}

pub(super) fn lose(registry: &Registry, args: &LostArgs) -> anyhow::Result<ExitCode> {
    let operator = args.acting.operator(registry, Office::Secretariat)?;
    let records = packages::lose(registry, &operator, &args.batch)?;
    print(&format!("数据包 {} 已登记为遗失，{records} 条重新待报。\n", args.batch))?;
    Ok(ExitCode::SUCCESS)
}
