//! `retrofit review`: what waits for the secretariat, and its decisions.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::str::FromStr;

use anyhow::bail;
use clap::{Args, Subcommand, ValueEnum};
use retrofit_import::catalogue::{Catalogue, CodeList};
use serde::Serialize;

use super::{Acting, Format, PARTLY, print};
use crate::db::projects::ProjectRow;
use crate::registry::people::Office;
use crate::registry::review::{self, Filter, Ruling, Selection};
use crate::registry::{Error, Registry, RegistryCode, State, department, projects};

/// Rows that are read at a time.
const PAGE: i64 = 1000;

/// 审核部门报送的工程
#[derive(Debug, Args)]
pub(super) struct ReviewArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// 列出工程，默认列出待审核的
    List {
        /// 状态
        #[arg(long, value_enum, default_value_t = Listed::Pending)]
        state: Listed,
        #[command(flatten)]
        narrow: Narrow,
        #[command(flatten)]
        common: Common,
    },
    /// 审核通过
    Approve {
        #[command(flatten)]
        chosen: Chosen,
        #[command(flatten)]
        common: Common,
    },
    /// 退回部门
    Return {
        /// 退回原因，部门会看到
        #[arg(long, value_name = "TEXT")]
        reason: String,
        #[command(flatten)]
        chosen: Chosen,
        #[command(flatten)]
        common: Common,
    },
    /// 部门对退回的工程不作修改、再次报送
    Resubmit {
        /// 工程的登记编号
        code: Code,
        /// 再次报送的原因，审核人会看到
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// 报送部门代码
        #[arg(long, value_name = "CODE")]
        department: String,
        #[command(flatten)]
        acting: Acting,
    },
}

#[derive(Debug, Args)]
struct Common {
    /// 输出格式
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    acting: Acting,
}

/// In which state.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Listed {
    Pending,
    Approved,
    Returned,
    Withdrawn,
    All,
}

impl Listed {
    /// The state; none for all.
    pub(super) const fn state(self) -> Option<State> {
        match self {
            Self::Pending => Some(State::Pending),
            Self::Approved => Some(State::Approved),
            Self::Returned => Some(State::Returned),
            Self::Withdrawn => Some(State::Withdrawn),
            Self::All => None,
        }
    }
}

/// Which projects.
#[derive(Debug, Args)]
pub(super) struct Narrow {
    /// 只限这个部门
    #[arg(long, value_name = "CODE")]
    department: Option<String>,
    /// 只限这个工程类别（代码）
    #[arg(long, value_name = "CODE")]
    category: Option<String>,
    /// 只限这个县（市、区）（代码）
    #[arg(long, value_name = "CODE")]
    county: Option<String>,
    /// 只限这个工程进度（代码）
    #[arg(long, value_name = "CODE")]
    stage: Option<String>,
    /// 只限附有情况说明的（true），或没有的（false）
    #[arg(long)]
    explained: Option<bool>,
}

impl Narrow {
    /// Refused where one of the codes is none of the catalogue's: a mistyped one would match nothing and say so little.
    pub(super) fn filter(&self, catalogue: &Catalogue, state: Option<State>) -> Result<Filter, Error> {
        if let Some(code) = &self.department {
            department(catalogue, code)?;
        }
        let entries = |list| catalogue.codes(list).iter().map(|entry| (&*entry.code, &*entry.label));
        known("工程类别", self.category.as_deref(), entries(CodeList::Category))?;
        known("工程进度", self.stage.as_deref(), entries(CodeList::Stage))?;
        let counties = catalogue.divisions().counties();
        let counties = counties.map(|county| (&*county.code, &*county.name));
        known("县（市、区）", self.county.as_deref(), counties)?;
        Ok(Filter {
            state,
            department: self.department.clone(),
            category: self.category.clone(),
            county: self.county.clone(),
            stage: self.stage.clone(),
            explained: self.explained,
            ..Filter::default()
        })
    }
}

/// Refuses a code that is not among those known, and names these.
fn known<'a>(what: &str, code: Option<&str>, entries: impl Iterator<Item = (&'a str, &'a str)>) -> Result<(), Error> {
    let entries: Vec<_> = entries.collect();
    match code {
        Some(code) if entries.iter().all(|(known, _)| *known != code) => {
            let entries: Vec<_> = entries.iter().map(|(code, label)| format!("{code} {label}")).collect();
            Err(Error::refused(format!(
                "没有代码为“{code}”的{what}。可用的代码：{}。",
                entries.join("、")
            )))
        }
        _ => Ok(()),
    }
}

/// What a decision is on.
#[derive(Debug, Args)]
struct Chosen {
    /// 工程的登记编号；写成“LC-2026-000001@3”时只审第 3 版
    codes: Vec<Code>,
    /// 全部待审核的
    #[arg(long, conflicts_with = "codes")]
    all: bool,
    #[command(flatten)]
    narrow: Narrow,
}

impl Chosen {
    fn selection(&self, catalogue: &Catalogue) -> anyhow::Result<Selection> {
        let filter = self.narrow.filter(catalogue, None)?;
        let narrowed = filter != Filter::default();
        match (self.codes.as_slice(), self.all || narrowed) {
            ([], false) => bail!("没有指明审核哪些工程：请写登记编号、筛选条件，或 --all。"),
            ([], true) => Ok(Selection::Matching(filter)),
            (_, true) => bail!("登记编号与筛选条件不能同时使用。"),
            (codes, false) => Ok(Selection::These(
                codes.iter().map(|chosen| (chosen.code, chosen.revision)).collect(),
            )),
        }
    }
}

/// A project, and perhaps one revision of it.
#[derive(Clone, Copy, Debug)]
struct Code {
    code: RegistryCode,
    revision: Option<i64>,
}

impl FromStr for Code {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (code, revision) = match text.split_once('@') {
            Some((code, revision)) => (code, Some(revision)),
            None => (text, None),
        };
        let wrong = || format!("“{text}”不是登记编号，应为 LC-年份-序号，如 LC-2026-000001。");
        Ok(Self {
            code: code.parse().map_err(|_| wrong())?,
            revision: revision.map(str::parse).transpose().map_err(|_| wrong())?,
        })
    }
}

pub(super) fn run(args: &ReviewArgs, registry: &Registry) -> anyhow::Result<ExitCode> {
    match &args.action {
        Action::List { state, narrow, common } => list(registry, *state, narrow, common),
        Action::Approve { chosen, common } => decide(registry, chosen, common, Ruling::Approve),
        Action::Return { reason, chosen, common } => decide(registry, chosen, common, Ruling::Return(reason)),
        Action::Resubmit {
            code,
            reason,
            department,
            acting,
        } => {
            let operator = acting.operator(registry, Office::Department(department))?;
            projects::resubmit(registry, &operator, code.code, reason)?;
            print(&format!("{} 已再次报送，等待审核。\n", code.code))?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

#[derive(Serialize)]
struct Item<'a> {
    code: RegistryCode,
    revision: i64,
    state: &'a str,
    op: &'a str,
    department: &'a str,
    project_no: Option<&'a str>,
    name: &'a str,
    category: &'a str,
    county: &'a str,
    stage: &'a str,
    explained: i64,
    submitted_by: &'a str,
}

impl<'a> From<&'a ProjectRow> for Item<'a> {
    fn from(row: &'a ProjectRow) -> Self {
        Self {
            code: row.code(),
            revision: row.revision,
            state: &row.state,
            op: &row.op,
            department: &row.department,
            project_no: row.project_no.as_deref(),
            name: &row.name,
            category: &row.category,
            county: &row.county,
            stage: &row.stage,
            explained: row.explained,
            submitted_by: &row.submitted_by,
        }
    }
}

fn list(registry: &Registry, state: Listed, narrow: &Narrow, common: &Common) -> anyhow::Result<ExitCode> {
    let operator = common.acting.operator(registry, Office::Secretariat)?;
    let filter = narrow.filter(&registry.catalogue, state.state())?;
    let mut rows = Vec::new();
    loop {
        let after = rows.last().map_or(0, |row: &ProjectRow| row.id);
        let page = review::list(registry, &operator, &filter, after, PAGE)?;
        if page.is_empty() {
            break;
        }
        rows.extend(page);
    }
    match common.format {
        Format::Json => {
            let items: Vec<Item<'_>> = rows.iter().map(Item::from).collect();
            print(&format!(
                "{}\n",
                serde_json::json!({ "count": items.len(), "projects": items })
            ))?;
        }
        Format::Text => {
            let mut out = format!("共 {} 个工程\n", rows.len());
            for row in &rows {
                let state = State::label_of(&row.state);
                // Writing to a String cannot fail.
                let _ = writeln!(
                    out,
                    "{}  第 {} 版  {state}  {}  {}",
                    row.code(),
                    row.revision,
                    row.department,
                    row.name
                );
            }
            print(&out)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Exit 0: all were decided; 1: some were refused.
fn decide(registry: &Registry, chosen: &Chosen, common: &Common, ruling: Ruling<'_>) -> anyhow::Result<ExitCode> {
    let operator = common.acting.operator(registry, Office::Secretariat)?;
    let decided = review::decide(registry, &operator, &chosen.selection(&registry.catalogue)?, ruling)?;
    match common.format {
        Format::Json => print(&format!("{}\n", serde_json::to_string(&decided)?))?,
        Format::Text => {
            let verb = match ruling {
                Ruling::Approve => "审核通过",
                Ruling::Return(_) => "退回",
            };
            let mut out = format!("{verb} {} 个，未处理 {} 个。\n", decided.decided, decided.refused.len());
            for refused in &decided.refused {
                let _ = writeln!(out, "{}：{}", refused.code, refused.reason);
            }
            print(&out)?;
        }
    }
    Ok(if decided.refused.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(PARTLY)
    })
}
