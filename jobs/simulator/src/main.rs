//! The simulator as a process of its own, for trying by hand.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use platform_simulator::{Settings, Simulator, SimulatorError};

/// The national platform's intake, simulated: strict, with faults on demand.
#[derive(Parser)]
struct Arguments {
    /// Where to listen.
    #[arg(long, env = "PLATFORM_SIMULATOR_BIND", default_value = "127.0.0.1:8090")]
    bind: SocketAddr,
    /// The database file; without one nothing is kept.
    #[arg(long, env = "PLATFORM_SIMULATOR_DATABASE")]
    database: Option<PathBuf>,
    /// The key that requests must carry.
    #[arg(long, env = "PLATFORM_SIMULATOR_APP_KEY", default_value = "liaocheng")]
    app_key: String,
    /// The secret that requests must be signed with.
    #[arg(long, env = "PLATFORM_SIMULATOR_SECRET", hide_env_values = true)]
    secret: String,
    /// How many status queries of a batch are answered with `processing`.
    #[arg(long, default_value_t = 1)]
    receipts_after_polls: u32,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("platform-simulator: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), SimulatorError> {
    let simulator = Simulator::start(Settings {
        bind: arguments.bind,
        database: arguments.database,
        receipts_after_polls: arguments.receipts_after_polls,
        ..Settings::new(arguments.app_key, arguments.secret)
    })
    .await?;
    println!("{}", simulator.url());
    if tokio::signal::ctrl_c().await.is_err() {
        eprintln!("platform-simulator: cannot wait for Ctrl-C, stopping");
    }
    simulator.stop().await;
    Ok(())
}
