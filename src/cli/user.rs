//! `retrofit user`: the people who may log in.

use std::io;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand, ValueEnum};
use retrofit_jobs::store::Word as _;

use super::{Acting, print};
use crate::registry::Registry;
use crate::registry::people::{self, NewPerson, Office, Role};

/// 管理用户
#[derive(Debug, Args)]
pub(super) struct UserArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// 添加用户
    Add {
        /// 用户名
        name: String,
        /// 角色
        #[arg(long, value_enum)]
        role: RoleArg,
        /// 所属部门代码
        #[arg(long, value_name = "CODE")]
        department: Option<String>,
        /// 从标准输入读取初始密码（一行）；不写时生成一个并显示
        #[arg(long)]
        password_stdin: bool,
        #[command(flatten)]
        acting: Acting,
    },
    /// 列出用户
    List {
        #[command(flatten)]
        acting: Acting,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum RoleArg {
    /// 部门填报员
    Reporter,
    /// 部门负责人
    Lead,
    /// 秘书处
    Secretariat,
    /// 审计员：只看不改
    Auditor,
    /// 管理员：管用户，不看数据
    Administrator,
}

impl From<RoleArg> for Role {
    fn from(role: RoleArg) -> Self {
        match role {
            RoleArg::Reporter => Self::Reporter,
            RoleArg::Lead => Self::Lead,
            RoleArg::Secretariat => Self::Secretariat,
            RoleArg::Auditor => Self::Auditor,
            RoleArg::Administrator => Self::Administrator,
        }
    }
}

pub(super) fn run(args: &UserArgs, registry: &Registry) -> anyhow::Result<ExitCode> {
    match &args.action {
        Action::Add {
            name,
            role,
            department,
            password_stdin,
            acting,
        } => {
            let operator = acting.operator(registry, Office::Administrator)?;
            let password = if *password_stdin {
                read_line()?
            } else {
                people::random_password()?
            };
            let person = NewPerson {
                name,
                role: (*role).into(),
                department: department.as_deref(),
                password: &password,
            };
            people::add_user(registry, &operator, &person)?;
            let shown = if *password_stdin {
                String::new()
            } else {
                format!("初始密码：{password}\n")
            };
            print(&format!("已添加用户“{name}”，首次登录须修改密码。\n{shown}"))?;
        }
        Action::List { acting } => {
            let operator = acting.operator(registry, Office::Administrator)?;
            for user in people::users(registry, &operator)? {
                let role = Role::from_word(&user.role).map_or(user.role.as_str(), |role| role.label());
                let left = if user.active == 1 { "" } else { "（已停用）" };
                let department = user.department.as_deref().unwrap_or("-");
                print(&format!("{}  {role}  {department}{left}\n", user.name))?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn read_line() -> anyhow::Result<String> {
    let mut line = String::new();
    io::stdin().read_line(&mut line).context("无法从标准输入读取密码")?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
