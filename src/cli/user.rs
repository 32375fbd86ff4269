//! `retrofit user`: the people who may log in.

use std::io;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand, ValueEnum};

use super::{Acting, print};
use crate::registry::people::{self, NewPerson, Office, Operator, Person, Role, Which};
use crate::registry::{Error, Registry, business_minute};

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
        #[command(flatten)]
        post: Post,
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
    /// 改变角色和部门，并退出其全部登录
    Role {
        /// 用户名
        name: String,
        #[command(flatten)]
        post: Post,
        #[command(flatten)]
        acting: Acting,
    },
    /// 重设密码：下次登录须修改，并退出其全部登录、解除锁定
    Password {
        /// 用户名
        name: String,
        /// 从标准输入读取新密码（一行）；不写时生成一个并显示
        #[arg(long)]
        password_stdin: bool,
        #[command(flatten)]
        acting: Acting,
    },
    /// 停用账号，并退出其全部登录
    Disable(Named),
    /// 启用停用的账号
    Enable(Named),
    /// 解除因密码连续输错而来的锁定
    Unlock(Named),
    /// 退出其全部登录
    Logout(Named),
}

/// What somebody is to do, and for whom.
#[derive(Debug, Args)]
struct Post {
    /// 角色
    #[arg(long, value_enum)]
    role: RoleArg,
    /// 所属部门代码
    #[arg(long, value_name = "CODE")]
    department: Option<String>,
}

#[derive(Debug, Args)]
struct Named {
    /// 用户名
    name: String,
    #[command(flatten)]
    acting: Acting,
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
    let told = match &args.action {
        Action::Add {
            name,
            post,
            password_stdin,
            acting,
        } => {
            let operator = acting.operator(registry, Office::Administrator)?;
            let (password, shown) = password(*password_stdin)?;
            let person = NewPerson {
                name,
                role: post.role.into(),
                department: post.department.as_deref(),
                password: &password,
            };
            people::add_user(registry, &operator, &person)?;
            format!("已添加用户“{name}”，首次登录须修改密码。\n{shown}")
        }
        Action::List { acting } => {
            let operator = acting.operator(registry, Office::Administrator)?;
            people::users(registry, &operator)?.iter().map(line).collect()
        }
        Action::Role { name, post, acting } => {
            let operator = acting.operator(registry, Office::Administrator)?;
            people::set_role(registry, &operator, name, post.role.into(), post.department.as_deref())?;
            format!("已修改“{name}”的角色和部门，其登录已全部退出。\n")
        }
        Action::Password {
            name,
            password_stdin,
            acting,
        } => {
            let operator = acting.operator(registry, Office::Administrator)?;
            let (password, shown) = password(*password_stdin)?;
            people::reset_password(registry, &operator, name, &password)?;
            format!("已重设“{name}”的密码，下次登录须修改；其登录已全部退出。\n{shown}")
        }
        Action::Disable(named) => {
            people::set_active(registry, &named.operator(registry)?, &named.name, false)?;
            format!("已停用“{}”，其登录已全部退出。\n", named.name)
        }
        Action::Enable(named) => {
            people::set_active(registry, &named.operator(registry)?, &named.name, true)?;
            format!("已启用“{}”。\n", named.name)
        }
        Action::Unlock(named) => {
            people::unlock(registry, &named.operator(registry)?, &named.name)?;
            format!("已解锁“{}”。\n", named.name)
        }
        Action::Logout(named) => {
            let ended = people::end_sessions(registry, &named.operator(registry)?, &named.name, Which::All)?;
            format!("已退出“{}”的 {ended} 个登录。\n", named.name)
        }
    };
    print(&told)?;
    Ok(ExitCode::SUCCESS)
}

impl Named {
    fn operator(&self, registry: &Registry) -> Result<Operator, Error> {
        self.acting.operator(registry, Office::Administrator)
    }
}

fn line(person: &Person) -> String {
    let mut states = Vec::new();
    if !person.active {
        states.push("已停用".to_owned());
    }
    if let Some(until) = person.locked_until {
        states.push(format!("锁定到 {}", business_minute(until)));
    }
    if person.must_change {
        states.push("下次登录须改密码".to_owned());
    }
    let states = if states.is_empty() {
        String::new()
    } else {
        format!("（{}）", states.join("，"))
    };
    let seen = person.last_login.map_or("还没有登录过".into(), business_minute);
    let department = person.department.as_deref().unwrap_or("-");
    format!(
        "{}  {}  {department}  {seen}{states}\n",
        person.name,
        person.role.label()
    )
}

/// A password to begin with, and the line that shows one that was drawn.
fn password(from_stdin: bool) -> anyhow::Result<(String, String)> {
    if from_stdin {
        return Ok((read_line()?, String::new()));
    }
    let drawn = people::random_password()?;
    let shown = format!("初始密码：{drawn}\n");
    Ok((drawn, shown))
}

fn read_line() -> anyhow::Result<String> {
    let mut line = String::new();
    io::stdin().read_line(&mut line).context("无法从标准输入读取密码")?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
