//! The porch: the command line, and the wiring of all rooms.

// A write that fails would be a panic there.
#![deny(clippy::print_stdout, clippy::print_stderr)]

mod accounts;
mod cli;
mod climate;
mod clock;
mod config;
mod demo;
mod dev;
mod doctor;
mod estate;
mod logs;
mod porch;
mod private;
mod ready;
mod remote;
mod run;
mod say;
mod seed;
mod seed_file;
mod serve;
mod stop;
mod upkeep;
mod weather;
mod wire;

pub use cli::{Cli, Command};
pub use dev::start;
pub use porch::main;
