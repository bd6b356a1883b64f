//! The command line.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand};

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
}

/// `linkspan dev`
#[derive(Args, Clone)]
pub struct Dev {
    #[command(flatten)]
    pub listen: Listen,
    /// CONNECT listener for clients that offer no setting for another host (comes with a later release).
    #[arg(long, value_name = "ADDR")]
    pub proxy: Option<SocketAddr>,
    /// Users, groups and apps to start with (comes with a later release).
    #[arg(long, value_name = "FILE")]
    pub seed: Option<PathBuf>,
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
