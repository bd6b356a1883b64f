//! The command line.

use std::{ffi::OsString, net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand};

use crate::{
    accounts::{AppCommand, GroupCommand, KeysCommand, UserCommand},
    climate::Climate,
    dev::TENANTS_MAX,
    doctor::Doctor,
    upkeep::{Reset, SnapshotCommand},
    weather::{ClockCommand, FaultCommand},
};

/// Microsoft Graph's external connectors and search, on your own machine.
#[derive(Parser)]
#[command(name = "linkspan", version, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Subcommand)]
pub enum Command {
    /// Serve this machine, with a seeded tenant whose credentials are published.
    Dev(Dev),
    /// Load the package descriptions of this machine, search them as three users, and go on serving.
    Demo(Demo),
    /// Serve for real use, as a configuration file says; nothing is published, and people sign in with passwords.
    Serve(Serve),
    /// Say what is wrong with a configuration file, without serving.
    CheckConfig(CheckConfig),
    /// Add, list, change and remove the apps that may sign in.
    App(AppCommand),
    /// Add, list, change and remove users.
    User(UserCommand),
    /// Add, list, change and remove directory groups.
    Group(GroupCommand),
    /// Change the keys that sign tokens.
    Keys(KeysCommand),
    /// Put a tenant of a running `linkspan dev` back to the seed.
    Reset(Reset),
    /// Keep copies of a tenant of a running `linkspan dev`, and put tenants into their state.
    Snapshot(SnapshotCommand),
    /// Show or move the clock of a running `linkspan dev`: operations and limits go by it; sign-in does not.
    Clock(ClockCommand),
    /// Let a running `linkspan dev` answer as the Graph does on a bad day, list what was ordered, and stop it.
    Fault(FaultCommand),
    /// Run a program against Linkspan as if it were Microsoft Graph, and say at the end what it did.
    Run(Run),
    /// Say how ready a connection is for search and for Copilot; ends with 1 if something is bad, with 2 if nothing could be
    /// examined.
    Doctor(Doctor),
}

/// `linkspan dev`
#[derive(Args, Clone)]
pub struct Dev {
    #[command(flatten)]
    pub listen: Listen,
    /// Address for the CONNECT listener, which programs reach with HTTPS_PROXY; port 0 picks a free one
    /// [default: 127.0.0.1:7788, or a free port when that one is taken].
    #[arg(long, value_name = "ADDR")]
    pub proxy: Option<SocketAddr>,
    /// Users, groups and apps from this file (YAML, docs/seed.md) instead of the published ones and of those in the data
    /// directory.
    #[arg(long, value_name = "FILE")]
    pub seed: Option<PathBuf>,
    /// Sign this user in wherever a page would ask who it is: at device codes and in browsers.
    #[arg(long, value_name = "USER")]
    pub auto_approve: Option<String>,
    /// How many tenants there may be: every unknown tenant segment of a sign-in path makes one.
    #[arg(long, value_name = "N", default_value_t = TENANTS_MAX)]
    pub tenants_max: usize,
    #[command(flatten)]
    pub climate: Climate,
}

/// `linkspan demo`
#[derive(Args, Clone)]
pub struct Demo {
    #[command(flatten)]
    pub listen: Listen,
    /// Load only so many items.
    #[arg(long, value_name = "N")]
    pub items: Option<usize>,
    /// Stop when the table has been printed, instead of going on serving.
    #[arg(long)]
    pub once: bool,
}

/// `linkspan run`
#[derive(Args, Clone)]
pub struct Run {
    /// HTTP address of a running `linkspan dev` [default: http://localhost:7780 if one answers there, else a server that
    /// lives as long as the run].
    #[arg(long, value_name = "URL", conflicts_with = "ephemeral")]
    pub server: Option<String>,
    /// Start a server for the run even if one answers already.
    #[arg(long)]
    pub ephemeral: bool,
    #[command(flatten)]
    pub climate: Climate,
    /// Write what the program did here too, as JSON; `-` is the standard output.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// The program and its arguments.
    #[arg(required = true, trailing_var_arg = true, value_name = "COMMAND")]
    pub command: Vec<OsString>,
}

/// `linkspan serve`
#[derive(Args, Clone)]
pub struct Serve {
    /// The configuration (TOML, docs/serve.md) [default: the defaults, and the environment's LINKSPAN__… variables].
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// `linkspan check-config`
#[derive(Args, Clone)]
pub struct CheckConfig {
    /// The configuration.
    #[arg(value_name = "FILE", required_unless_present = "print_default")]
    pub config: Option<PathBuf>,
    /// Print the reference instead: every key with its default and what it is for, to begin a file with.
    #[arg(long, conflicts_with = "config")]
    pub print_default: bool,
}

/// Where to listen and where to keep things.
#[derive(Args, Clone)]
pub struct Listen {
    /// Where the data lives [default: the user's data directory].
    #[arg(long, value_name = "DIR", conflicts_with = "ephemeral")]
    pub data: Option<PathBuf>,
    /// Keep nothing: a temporary directory that goes with the process.
    #[arg(long)]
    pub ephemeral: bool,
    /// Address for HTTP; port 0 picks a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7780")]
    pub http: SocketAddr,
    /// Address for HTTPS; port 0 picks a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7743")]
    pub https: SocketAddr,
    /// What links in answers say instead of the scheme and host that the client used.
    #[arg(long, value_name = "URL")]
    pub public_url: Option<String>,
    /// Write addresses, credentials and the process id here (JSON) once everything listens.
    #[arg(long, value_name = "FILE")]
    pub ready_file: Option<PathBuf>,
}
