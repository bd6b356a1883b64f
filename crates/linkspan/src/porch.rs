//! From the command line to what was asked, and to the exit code.

use std::process::ExitCode;

use clap::Parser;

use crate::{
    accounts,
    cli::{Cli, Command},
    dev, doctor, logs, run, say, serve, upkeep, weather,
};

/// What a shell says of a program that ended because nobody reads its output any more.
const UNREAD: u8 = 141;

/// Does what the command line says; how the process ends.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    // What `serve` logs is in its configuration.
    if !matches!(cli.command, Command::Serve(_))
        && let Err(told) = logs::start_as_said(std::env::var_os("LINKSPAN_LOG").as_deref())
    {
        say::failure(format_args!("linkspan: {told}"));
        return ExitCode::FAILURE;
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
        Err(error) if say::is_unread(&error) => ExitCode::from(UNREAD),
        Err(error) => {
            say::failure(format_args!("linkspan: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Does what was asked; the exit code.
async fn obey(command: Command) -> anyhow::Result<u8> {
    match command {
        Command::Dev(options) => dev::dev(options).await.map(|()| 0),
        Command::Demo(options) => dev::demo(options).await.map(|()| 0),
        Command::Serve(options) => serve::serve(&options).await,
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
        Command::Doctor(options) => doctor::doctor(&options).await,
    }
}
