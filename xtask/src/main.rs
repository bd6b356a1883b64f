//! `cargo xtask`: the project's own tasks. A machine with nothing but Rust can run every one of them.

mod bench;
mod check;
mod clients;
mod command;
mod conformance;
mod deny;
mod dev;
mod fuzz;
mod place;
mod tally;
mod test;
mod tool;

use std::process::ExitCode;

use crate::{clients::Clients, tally::Tally};

const ALL_CLIENTS: &str = "--all-clients";

/// What `cargo xtask` prints when it is asked for nothing, for help or for something it does not know.
const USAGE: &str = "\
usage: cargo xtask <task>

  check   fmt, clippy, tidy and cargo-deny: what every change must pass
  test    all tests, the fuzz targets for some seconds each, then the real Graph clients
          against a server of this checkout;
          with --all-clients those for Go and Java too, which take minutes to install
  fuzz [SECONDS]
          every fuzz target of `fuzz/` for so long (20 s)
  conform URL READY_FILE
          the transcripts of conformance/ against a server that runs; its ready file says who is known there
  generate
          docs/compatibility.md, from the table of routes and the transcripts
  bench   the benchmark programs; prints figures and asserts nothing about time";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["check"] => check::run().conclude(),
        ["test"] => test::run(Clients::Quick).conclude(),
        ["test", ALL_CLIENTS] => test::run(Clients::All).conclude(),
        ["fuzz"] => fuzzed(fuzz::SECONDS),
        ["fuzz", seconds] => match seconds.parse() {
            Ok(seconds) => fuzzed(seconds),
            Err(_) => refused(&format!("`{seconds}` is no number of seconds")),
        },
        ["conform", url, ready_file] => conformance::conform(url, ready_file),
        ["generate"] => conformance::generate(),
        ["bench"] => bench::run(),
        ["help" | "--help" | "-h"] => {
            println!("{USAGE}");
            ExitCode::SUCCESS
        }
        [] => refused("a task is wanted"),
        _ => refused(&format!("`{}` is no task", words.join(" "))),
    }
}

fn fuzzed(seconds: u32) -> ExitCode {
    let mut tally = Tally::default();
    fuzz::run(seconds, &mut tally);
    tally.conclude()
}

fn refused(why: &str) -> ExitCode {
    eprintln!("{why}\n\n{USAGE}");
    ExitCode::from(2)
}
