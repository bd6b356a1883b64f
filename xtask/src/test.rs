//! `cargo xtask test`: every test of the workspace, every fuzz target for a while, then the real clients against a server of this checkout.

use std::time::Duration;

use crate::{
    clients::{self, Clients},
    command,
    dev::Server,
    fuzz, place,
    tally::{self, Counts, Tally},
};

const LIMIT: Duration = Duration::from_secs(40 * 60);

/// Runs everything, also after something has failed.
pub fn run(clients: Clients) -> Tally {
    let mut tally = Tally::default();
    workspace(&mut tally);
    fuzz::run(fuzz::SECONDS_IN_TEST, &mut tally);
    let mut build = place::cargo(["build", "-p", "linkspan"]);
    let built = command::run("build linkspan", &mut build, LIMIT, |_| {});
    tally.one("build linkspan", built);
    if built {
        real_clients(clients, &mut tally);
    }
    tally
}

/// Unit, contract, use-case, golden and door tests, and the transcripts: all that `cargo test` finds.
fn workspace(tally: &mut Tally) {
    let mut counts = Counts::default();
    let mut tests = place::cargo(["test", "--workspace", "--no-fail-fast"]);
    let ended_well = command::run("cargo test --workspace", &mut tests, LIMIT, |line| {
        if let Some(part) = tally::libtest(line) {
            counts.passed += part.passed;
            counts.failed += part.failed;
            counts.skipped += part.skipped;
        }
    });
    tally.part("cargo test --workspace", counts, ended_well);
}

/// Clients are installed before the server starts, so that it is only there while it is used.
fn real_clients(clients: Clients, tally: &mut Tally) {
    let runs = clients::prepare(clients, tally);
    if runs.is_empty() {
        return;
    }
    let mut server = match Server::start() {
        Ok(server) => server,
        Err(why) => {
            println!("==> linkspan dev: {why}");
            return tally.one("linkspan dev starts", false);
        }
    };
    tally.one("linkspan dev starts", true);
    for run in runs {
        run.drive(&server, tally);
    }
    let stopped = server.stop();
    if let Err(why) = &stopped {
        println!("==> linkspan dev: {why}");
    }
    tally.one("linkspan dev ends with 0 on SIGTERM", stopped.is_ok());
}
