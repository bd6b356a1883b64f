//! The porch: the command line, and the wiring of all rooms.

mod accounts;
mod cli;
mod climate;
mod clock;
mod config;
mod demo;
mod dev;
mod doctor;
mod estate;
mod ready;
mod remote;
mod run;
mod seed;
mod seed_file;
mod serve;
mod stop;
mod upkeep;
mod weather;
mod wire;

use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;

use crate::cli::{Cli, Command};

fn main() -> ExitCode {
    let cli = Cli::parse();
    // What `serve` logs is in its configuration.
    if !matches!(cli.command, Command::Serve(_)) {
        let filter = EnvFilter::try_from_env("LINKSPAN_LOG").unwrap_or_else(|_| "warn".into());
        tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(std::io::stderr)
            .init();
    }
    server::tls::install_provider();
    let ended = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| {
            let ended = runtime.block_on(obey(cli.command));
            // Whoever wants to stop at once must not wait for threads that wait for files.
            runtime.shutdown_background();
            ended
        });
    match ended {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("linkspan: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Does what was asked; the exit code.
async fn obey(command: Command) -> anyhow::Result<u8> {
    match command {
        Command::Dev(options) => dev::dev(options).await.map(|()| 0),
        Command::Demo(options) => dev::demo(options).await.map(|()| 0),
        Command::Serve(options) => serve::serve(&options).await.map(|()| 0),
        Command::CheckConfig(options) => serve::check(&options).map(|()| 0),
        Command::App(command) => accounts::app(command).await.map(|()| 0),
        Command::User(command) => accounts::user(command).await.map(|()| 0),
        Command::Group(command) => accounts::group(command).await.map(|()| 0),
        Command::Keys(command) => accounts::keys(&command).map(|()| 0),
        Command::Clock(command) => weather::clock(command).await.map(|()| 0),
        Command::Reset(options) => upkeep::reset(&options).await.map(|()| 0),
        Command::Snapshot(command) => upkeep::snapshot(&command).await.map(|()| 0),
        Command::Fault(command) => weather::fault(command).await.map(|()| 0),
        Command::Run(options) => run::run(options).await,
        Command::Doctor(options) => Ok(doctor::doctor(&options).await),
    }
}
