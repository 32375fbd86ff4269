//! `retrofit token`: what programs act with in a person's name.

use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};

use super::{Acting, print};
use crate::registry::people::Office;
use crate::registry::tokens::{self, Scope, Wanted};
use crate::registry::{Registry, business_minute};

/// 管理接口令牌
#[derive(Debug, Args)]
pub(super) struct TokenArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// 签发令牌；只显示这一次
    Issue {
        /// 以哪个用户的名义
        #[arg(long = "for", value_name = "USER")]
        person: String,
        /// 用途，如“数据大屏”
        #[arg(long)]
        label: String,
        /// 权限，可写多个；不能超出该用户的角色
        #[arg(long, value_enum, value_delimiter = ',', default_value = "read")]
        scope: Vec<ScopeArg>,
        /// 有效天数
        #[arg(long, default_value_t = 90)]
        days: i64,
        #[command(flatten)]
        acting: Acting,
    },
    /// 列出令牌
    List {
        #[command(flatten)]
        acting: Acting,
    },
    /// 撤销令牌，立即生效
    Revoke {
        /// 令牌编号
        id: i64,
        #[command(flatten)]
        acting: Acting,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ScopeArg {
    /// 查询
    Read,
    /// 报送
    Send,
    /// 审核和督办
    Review,
    /// 管理
    Administer,
}

impl From<ScopeArg> for Scope {
    fn from(scope: ScopeArg) -> Self {
        match scope {
            ScopeArg::Read => Self::Read,
            ScopeArg::Send => Self::Send,
            ScopeArg::Review => Self::Review,
            ScopeArg::Administer => Self::Administer,
        }
    }
}

pub(super) fn run(args: &TokenArgs, registry: &Registry) -> anyhow::Result<ExitCode> {
    match &args.action {
        Action::Issue {
            person,
            label,
            scope,
            days,
            acting,
        } => {
            let operator = acting.operator(registry, Office::Administrator)?;
            let scopes: Vec<Scope> = scope.iter().copied().map(Into::into).collect();
            let wanted = Wanted {
                person,
                label,
                scopes: &scopes,
                days: *days,
            };
            let issued = tokens::issue(registry, &operator, &wanted)?;
            print(&format!(
                "已为“{person}”签发令牌 {}，{} 前有效。令牌只显示这一次，请妥善保存：\n{}\n",
                issued.token.id,
                business_minute(issued.token.expires_at),
                issued.secret
            ))?;
        }
        Action::List { acting } => {
            let operator = acting.operator(registry, Office::Administrator)?;
            let now = registry.clock.now();
            for token in tokens::listed(registry, &operator)? {
                let scopes: Vec<&str> = token.scopes.iter().map(|scope| scope.label()).collect();
                let state = match token.revoked_at {
                    Some(_) => "已撤销",
                    None if token.is_alive(now) => "有效",
                    None => "已过期",
                };
                let used = token.used_at.map_or_else(|| "未用过".into(), business_minute);
                print(&format!(
                    "{}  {}  {}  {}  {state}，至 {}  {used}\n",
                    token.id,
                    token.person,
                    token.label,
                    scopes.join("、"),
                    business_minute(token.expires_at)
                ))?;
            }
        }
        Action::Revoke { id, acting } => {
            let operator = acting.operator(registry, Office::Administrator)?;
            tokens::revoke(registry, &operator, *id)?;
            print(&format!("已撤销令牌 {id}。\n"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
