//! `cargo xtask`: the project's own tasks. A machine with nothing but Rust can run every one of them.

mod bench;
mod check;
mod clients;
mod command;
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
  bench   the benchmark programs; prints figures and asserts nothing about time";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1).peekable();
    let task = arguments.next();
    let mut clients = Clients::Quick;
    if task.as_deref() == Some("test") && arguments.next_if_eq(ALL_CLIENTS).is_some() {
        clients = Clients::All;
    }
    let mut seconds = fuzz::SECONDS;
    if task.as_deref() == Some("fuzz")
        && let Some(wanted) = arguments.peek().and_then(|wanted| wanted.parse().ok())
    {
        seconds = wanted;
        arguments.next();
    }
    if let Some(extra) = arguments
        .next()
        .filter(|_| task.as_deref() != Some("conform"))
    {
        eprintln!(
            "`{extra}` is one argument too many: `test` takes `{ALL_CLIENTS}`, `fuzz` takes seconds, other tasks take none.\n\n{USAGE}"
        );
        return ExitCode::from(2);
    }
    match task.as_deref() {
        Some("check") => check::run().conclude(),
        Some("test") => test::run(clients).conclude(),
        Some("fuzz") => {
            let mut tally = Tally::default();
            fuzz::run(seconds, &mut tally);
            tally.conclude()
        }
        Some("bench") => bench::run(),
        Some("conform") => {
            eprintln!(
                "`cargo xtask conform` is not there yet: it will play the transcripts of `conformance/` \
                 to a URL. Until then they are played in process, by `cargo xtask test`."
            );
            ExitCode::from(2)
        }
        Some("help" | "--help" | "-h") => {
            println!("{USAGE}");
            ExitCode::SUCCESS
        }
        Some(other) => {
            eprintln!("there is no task `{other}`.\n\n{USAGE}");
            ExitCode::from(2)
        }
        None => {
            eprintln!("{USAGE}");
            ExitCode::from(2)
        }
    }
}
