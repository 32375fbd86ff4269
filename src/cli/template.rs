//! `retrofit template`: the workbook that a department fills.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use retrofit_import::write;

use super::Acting;
use crate::registry::people::Office;
use crate::registry::review::Filter;
use crate::registry::{Error, Failure, Registry, department, exports};

/// 生成填报模板：下拉选项、填写说明和示例
#[derive(Debug, Args)]
pub(super) struct TemplateArgs {
    /// 报送部门代码，如 JTJ
    #[arg(long, value_name = "CODE")]
    department: String,
    /// 模板写到这个文件
    #[arg(short, long, value_name = "FILE.xlsx")]
    output: PathBuf,
    /// 填入该部门现有的工程：改好后即可作为本月清单报送
    #[arg(long)]
    filled: bool,
    #[command(flatten)]
    acting: Acting,
}

/// Writes the template; with `filled`, the department's projects in it.
///
/// # Errors
/// An unknown department, one whose projects the operator does not see, or a file that cannot be written.
pub(super) fn run(args: &TemplateArgs) -> anyhow::Result<ExitCode> {
    if args.filled {
        return filled(args, &super::registry()?);
    }
    let catalogue = super::catalogue()?;
    let department = department(&catalogue, &args.department)?;
    save(&args.output, |file| {
        Ok(write::template(&catalogue, department, file).map_err(Failure::Workbook)?)
    })?;
    super::print(&format!(
        "已生成{}的填报模板：{}\n",
        department.short_name,
        args.output.display()
    ))?;
    Ok(ExitCode::SUCCESS)
}

fn filled(args: &TemplateArgs, registry: &Registry) -> anyhow::Result<ExitCode> {
    let department = department(&registry.catalogue, &args.department)?;
    let operator = args.acting.operator(registry, Office::Department(&department.code))?;
    let filter = Filter {
        department: Some(department.code.clone()),
        ..Filter::default()
    };
    let written = save(&args.output, |file| exports::roster(registry, &operator, &filter, file))?;
    let of = if written == 0 {
        "还没有登记的工程，写出的是空白模板".to_owned()
    } else {
        format!("共 {written} 个工程")
    };
    super::print(&format!(
        "已生成{}的清单（{of}）：{}\n",
        department.short_name,
        args.output.display()
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// Makes a file of what `write` writes.
pub(super) fn save<T>(path: &Path, write: impl FnOnce(&mut BufWriter<File>) -> Result<T, Error>) -> anyhow::Result<T> {
    let failed = || format!("无法写入文件 {}", path.display());
    let mut file = BufWriter::new(File::create(path).with_context(failed)?);
    let written = write(&mut file)?;
    file.flush().with_context(failed)?;
    Ok(written)
}
