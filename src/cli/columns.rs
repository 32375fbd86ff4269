//! `retrofit columns`: what a department's columns are read as where their headers do not say it.

use std::fmt::Write as _;
use std::process::ExitCode;

use anyhow::bail;
use clap::Args;
use retrofit_import::catalogue::{Catalogue, Field};
use retrofit_import::check::column_key;

use super::{Acting, print};
use crate::registry::intake::{Choice, correct_columns, corrections};
use crate::registry::people::Office;
use crate::registry::{Registry, department};

/// 一个部门清单各列的更正：哪个表头认作哪个栏目。不加选项时列出已记住的
#[derive(Debug, Args)]
pub(super) struct ColumnsArgs {
    /// 报送部门代码，如 JTJ
    #[arg(long, value_name = "CODE")]
    department: String,
    /// 以后这样认，如 “改造内容=工程名称”；不读的写 “改造内容=不导入”。表头照 retrofit check --columns 列出的写
    #[arg(long, value_name = "表头=栏目")]
    set: Vec<String>,
    /// 恢复自动识别
    #[arg(long, value_name = "表头")]
    forget: Vec<String>,
    #[command(flatten)]
    acting: Acting,
}

pub(super) fn run(args: &ColumnsArgs, registry: &Registry) -> anyhow::Result<ExitCode> {
    let code = &department(&registry.catalogue, &args.department)?.code;
    let set = args.set.iter().map(|said| choice(&registry.catalogue, said));
    let forget = args
        .forget
        .iter()
        .map(|header| Ok((column_key(header), Choice::AsHeaded)));
    let said = set.chain(forget).collect::<anyhow::Result<Vec<_>>>()?;
    if !said.is_empty() {
        let operator = args.acting.operator(registry, Office::Department(code))?;
        correct_columns(registry, &operator, code, said)?;
    }
    let mut out = String::new();
    for row in corrections(registry, code)? {
        let field = row.field.as_deref().and_then(Field::from_id);
        let field = field.map_or("不导入", |field| registry.catalogue.label(field));
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{} → {field}（{}）", row.header, row.corrected_by);
    }
    if out.is_empty() {
        out.push_str("没有更正，各列都按表头自动识别。\n");
    }
    print(&out)?;
    Ok(ExitCode::SUCCESS)
}

fn choice(catalogue: &Catalogue, said: &str) -> anyhow::Result<(String, Choice)> {
    let Some((header, name)) = said.rsplit_once('=') else {
        bail!("“{said}”应写成 表头=栏目，如 改造内容=工程名称");
    };
    let name = name.trim();
    let mut fields = catalogue.fields().iter();
    let choice = match fields.find(|info| info.label == name || info.field.id() == name) {
        Some(info) => Choice::Field(info.field),
        None if name == "不导入" => Choice::Nothing,
        None => bail!("没有名为“{name}”的栏目；栏目名称照模板的表头写，不读的写“不导入”"),
    };
    Ok((column_key(header), choice))
}
