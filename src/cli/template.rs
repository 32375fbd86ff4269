//! `retrofit template`: the workbook that a department fills.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use retrofit_import::catalogue::Catalogue;
use retrofit_import::write;

use crate::registry::department;

/// 生成填报模板：下拉选项、填写说明和示例
#[derive(Debug, Args)]
pub(super) struct TemplateArgs {
    /// 报送部门代码，如 JTJ
    #[arg(long, value_name = "CODE")]
    department: String,
    /// 模板写到这个文件
    #[arg(short, long, value_name = "FILE.xlsx")]
    output: PathBuf,
}

/// Writes the template.
///
/// # Errors
/// An unknown department, or a file that cannot be written.
pub(super) fn run(args: &TemplateArgs, catalogue: &Catalogue) -> anyhow::Result<ExitCode> {
    let department = department(catalogue, &args.department)?;
    let failed = || format!("无法写入文件 {}", args.output.display());
    let mut file = BufWriter::new(File::create(&args.output).with_context(failed)?);
    write::template(catalogue, department, &mut file).with_context(failed)?;
    file.flush().with_context(failed)?;
    super::print(&format!(
        "已生成{}的填报模板：{}\n",
        department.short_name,
        args.output.display()
    ))?;
    Ok(ExitCode::SUCCESS)
}
