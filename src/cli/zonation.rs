//! `retrofit zonation`: a deployment's zonation of its townships.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use retrofit_import::catalogue::{Catalogue, Zonation};

use super::{REFUSED, print};

/// 分乡镇的地震动参数区划
#[derive(Debug, Args)]
pub(super) struct ZonationArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// 检查分乡镇区划表，不改动任何内容
    Check {
        /// 区划表（CSV，栏目同 zonation.csv，每行须写明来源）
        file: PathBuf,
    },
    /// 检查并启用分乡镇区划表：替换以前启用的乡镇行，保留县（市、区）行
    Load {
        /// 区划表（CSV，栏目同 zonation.csv，每行须写明来源）
        file: PathBuf,
    },
}

/// Exit 0: the table is sound, and in force where that was asked; 2: something is wrong with it, and nothing was changed.
pub(super) fn run(args: &ZonationArgs, catalogue: &Catalogue, folder: &Path) -> anyhow::Result<ExitCode> {
    let (Action::Check { file } | Action::Load { file }) = &args.action;
    let townships = match catalogue.township_zonation(file) {
        Ok(townships) => townships,
        Err(wrong) => {
            let mut out = format!("区划表有 {} 处问题，没有启用：\n", wrong.len());
            for error in wrong {
                // Writing to a String cannot fail.
                let _ = writeln!(out, "{error}");
            }
            print(&out)?;
            return Ok(ExitCode::from(REFUSED));
        }
    };
    let count = townships.len();
    match &args.action {
        Action::Check { .. } => print(&format!("区划表没有问题，共 {count} 个乡镇（街道）。\n"))?,
        Action::Load { .. } => {
            let path = folder.join("zonation.csv");
            replace(catalogue, &townships, &path).with_context(|| format!("无法写入 {}", path.display()))?;
            print(&format!(
                "已启用 {count} 个乡镇（街道）的区划，写入 {}。\n正在运行的服务重新启动后生效。\n",
                path.display()
            ))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes the table beside its place and moves it there, so that no reader ever sees half of it.
fn replace(catalogue: &Catalogue, townships: &[Zonation], path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let beside = path.with_extension(format!("csv.{}", std::process::id()));
    let write = || {
        let mut file = File::create(&beside)?;
        catalogue.write_zonation(townships, &mut file)?;
        file.sync_all()?;
        fs::rename(&beside, path)
    };
    write().inspect_err(|_| {
        // Nothing more can be done about a leftover; the first error is what matters.
        let _ = fs::remove_file(&beside);
    })
}
