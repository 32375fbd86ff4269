//! The command line: one file per command.
//!
//! Exit codes: 0 done, 1 done in part, 2 refused or used wrongly, 3 our own fault. Commands that differ say so.

mod audit;
mod check;
mod columns;
#[cfg(feature = "demo")]
mod demo;
mod export;
mod import;
mod jobs;
mod migrate;
mod package;
mod recheck;
mod reconcile;
mod review;
mod rule;
mod rules;
mod serve;
mod sync;
mod template;
mod token;
mod user;
mod waive;
mod zonation;

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};
use retrofit_import::catalogue::Catalogue;
use retrofit_import::check::{Checker, Corrections};
use retrofit_import::workbook::{Limits, Worker};
use retrofit_jobs::clock::Clock;
use tokio::signal::ctrl_c;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use self::check::Format;
use crate::config::Config;
use crate::db::DbError;
use crate::registry::audit::note_refusal as noted_refusal;
use crate::registry::people::{Office, Operator};
use crate::registry::{Error, Failure, Registry, business_day};

const PARTLY: u8 = 1;
const REFUSED: u8 = 2;
const FAILED: u8 = 3;

/// 聊城市抗震加固工程登记与上报
#[derive(Debug, Parser)]
#[command(name = "retrofit", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(check::CheckArgs),
    Columns(columns::ColumnsArgs),
    Template(template::TemplateArgs),
    Import(import::ImportArgs),
    Export(export::ExportArgs),
    Review(review::ReviewArgs),
    User(user::UserArgs),
    Token(token::TokenArgs),
    Sync(sync::SyncArgs),
    Jobs(jobs::JobsArgs),
    Serve(serve::ServeArgs),
    Migrate(migrate::MigrateArgs),
    Rule(rule::RuleArgs),
    Rules(rules::RulesArgs),
    Recheck(recheck::RecheckArgs),
    Waive(waive::WaiveArgs),
    Audit(audit::AuditArgs),
    Zonation(zonation::ZonationArgs),
    #[cfg(feature = "demo")]
    Demo(demo::DemoArgs),
}

/// Runs the command that the arguments name.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    // A service tells what it does; a command at the console tells only what went wrong.
    let usual = if matches!(cli.command, Command::Serve(_)) {
        LevelFilter::INFO
    } else {
        LevelFilter::ERROR
    };
    let filter = EnvFilter::builder()
        .with_default_directive(usual.into())
        .from_env_lossy();
    tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_env_filter(filter)
        .init();
    let area = cli.command.area();
    let code = match run(cli.command) {
        Ok(code) => code,
        Err(error) => {
            note_refusal(area, &error);
            report(&error)
        }
    };
    // With the last connection, SQLite's log goes into its file: else whoever opens it next goes through the whole of it.
    acting().take();
    code
}

/// Notes in the audit log that a command was refused what it asked.
fn note_refusal(area: &str, error: &anyhow::Error) {
    let acting = acting();
    let (Some((registry, operator)), Some(Error::Refused(words))) = (&*acting, error.downcast_ref()) else {
        return;
    };
    let mut asked = vec!["retrofit".to_owned()];
    asked.extend(
        std::env::args()
            .skip(1)
            .take_while(|word| !word.starts_with('-'))
            .take(2),
    );
    let action = format!("{area}.refused");
    if let Err(error) = noted_refusal(registry, operator, &action, &asked.join(" "), Some(words)) {
        tracing::error!("a refusal was not noted in the audit log: {error}");
    }
}

impl Command {
    /// Which area of the audit log it is in.
    const fn area(&self) -> &'static str {
        match self {
            Self::Import(_) => "upload",
            Self::Review(_) => "review",
            Self::User(_) => "user",
            Self::Waive(_) => "project",
            Self::Sync(_) => "package",
            Self::Jobs(_) => "job",
            Self::Token(_) => "token",
            _ => "access",
        }
    }
}

fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Check(args) => check::run(&args, &checker()?, business_day(Clock::system().now())),
        Command::Columns(args) => columns::run(&args, &registry()?),
        Command::Template(args) => template::run(&args),
        Command::Export(args) => export::run(&args, &registry()?),
        Command::Import(args) => import::run(&args, &registry()?),
        Command::Review(args) => review::run(&args, &registry()?),
        Command::User(args) => user::run(&args, &registry()?),
        Command::Token(args) => token::run(&args, &registry()?),
        Command::Jobs(args) => jobs::run(&args, &registry()?),
        Command::Sync(args) => sync::run(&args, &registry()?),
        Command::Serve(args) => {
            let config = Config::from_env()?;
            serve::run(&args, &config, &open(&config)?)
        }
        Command::Migrate(args) => migrate::run(&args, &registry()?),
        Command::Rule(args) => rule::run(&args, &checker()?.catalogue),
        Command::Rules(args) => rules::run(&args, &checker()?.catalogue),
        Command::Recheck(args) => recheck::run(&args, &registry()?),
        Command::Waive(args) => waive::run(&args, &registry()?),
        Command::Audit(args) => audit::run(&args, &registry()?),
        Command::Zonation(args) => zonation::run(&args, &checker()?.catalogue, &Config::from_env()?.catalogue_dir),
        #[cfg(feature = "demo")]
        Command::Demo(args) => demo::run(&args),
    }
}

/// Says what went wrong: to the operator what is the operator's, to the log as well what is ours.
fn report(error: &anyhow::Error) -> ExitCode {
    let of_ours = match error.downcast_ref::<Failure>() {
        // Settings of the deployment: the operator's to mend.
        Some(Failure::Db(DbError::Scheme(_)) | Failure::Catalogue(_)) => false,
        Some(_) => true,
        None => matches!(error.downcast_ref(), Some(Error::Failed(_))),
    };
    if of_ours {
        tracing::error!("{error:#}");
    }
    let kind = if of_ours { "系统故障" } else { "错误" };
    // Nothing is left to be told where standard error is closed.
    let _ = writeln!(io::stderr(), "{kind}：{error:#}");
    ExitCode::from(if of_ours { FAILED } else { REFUSED })
}

/// Ready when the process is asked to end, from the terminal or by the service manager.
async fn stop() {
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! {
            _ = ctrl_c() => {}
            _ = terminate.recv() => {}
        },
        Err(error) => tracing::error!(%error, "cannot listen for the signal to stop"),
    }
}

/// Tells the operator what did not go as asked, beside the result.
fn complain(message: &str) {
    // Nothing is left to be told where standard error is closed.
    let _ = writeln!(io::stderr(), "{message}");
}

/// Writes to standard output. A reader that has gone away is no fault.
fn print(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error).context("无法写到标准输出"),
        _ => Ok(()),
    }
}

fn catalogue() -> anyhow::Result<Catalogue> {
    Ok(Catalogue::load(Some(&Config::from_env()?.catalogue_dir))?)
}

fn checker() -> anyhow::Result<Checker> {
    Ok(Checker {
        catalogue: catalogue()?.into(),
        worker: Worker::current()?,
        limits: Limits::default(),
        corrections: Corrections::default(),
    })
}

fn registry() -> anyhow::Result<Registry> {
    open(&Config::from_env()?)
}

fn open(config: &Config) -> anyhow::Result<Registry> {
    Ok(Registry::open(config, Clock::system(), Worker::current()?)?)
}

/// Who acts.
#[derive(Debug, Args)]
struct Acting {
    /// 以哪个用户的身份操作；不写时以命令所属的岗位（控制台）操作
    #[arg(long = "as", value_name = "USER", env = "RETROFIT_OPERATOR")]
    operator: Option<String>,
}

/// For whom this command acts, once that is known: what it is refused is noted under that name.
static ACTING: Mutex<Option<(Registry, Operator)>> = Mutex::new(None);

fn acting() -> MutexGuard<'static, Option<(Registry, Operator)>> {
    ACTING.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Acting {
    fn operator(&self, registry: &Registry, office: Office<'_>) -> Result<Operator, Error> {
        let console = Operator::console(office);
        let named = match self.operator.as_deref().filter(|name| !name.is_empty()) {
            Some(name) => Operator::named(registry, name),
            None => Ok(console.clone()),
        };
        // A command acts for one operator; the first is kept.
        let by = named.as_ref().map_or(console, Clone::clone);
        acting().get_or_insert_with(|| (registry.clone(), by));
        named
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn every_command_is_well_formed() {
        super::Cli::command().debug_assert();
    }
}
