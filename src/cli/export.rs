//! `retrofit export`: a list of projects as a roster.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::review::{Listed, Narrow};
use super::template::save;
use super::{Acting, print};
use crate::registry::people::Office;
use crate::registry::{Registry, exports};

/// 把一批工程导出成清单：与填报模板同样的表，改好可以直接报送
#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    /// 清单写到这个文件
    #[arg(short, long, value_name = "FILE.xlsx")]
    output: PathBuf,
    /// 状态
    #[arg(long, value_enum, default_value_t = Listed::All)]
    state: Listed,
    #[command(flatten)]
    narrow: Narrow,
    #[command(flatten)]
    acting: Acting,
}

/// Writes the list.
///
/// # Errors
/// An unknown code, a department whose projects the operator does not see, or a file that cannot be written.
pub(super) fn run(args: &ExportArgs, registry: &Registry) -> anyhow::Result<ExitCode> {
    let operator = args.acting.operator(registry, Office::Secretariat)?;
    let filter = args.narrow.filter(&registry.catalogue, args.state.state())?;
    let written = save(&args.output, |file| exports::roster(registry, &operator, &filter, file))?;
    let of = if written == 0 {
        "没有符合条件的工程，写出的是空白模板".to_owned()
    } else {
        format!("已导出 {written} 个工程")
    };
    print(&format!("{of}：{}\n", args.output.display()))?;
    Ok(ExitCode::SUCCESS)
}
