//! `cargo xtask check`: what every change must pass, in the order in which it is cheapest to fail.

use std::time::Duration;

use crate::{command, deny, place, tally::Tally};

const LIMIT: Duration = Duration::from_secs(30 * 60);

/// Runs every check, also after one has failed, so that one run tells all.
pub fn run() -> Tally {
    let mut tally = Tally::default();
    let steps = [
        ("fmt", place::cargo(["fmt", "--all", "--check"])),
        (
            "clippy",
            place::cargo([
                "clippy",
                "--workspace",
                "--all-targets",
                "--",
                "-D",
                "warnings",
            ]),
        ),
        (
            "tidy",
            place::cargo(["test", "-p", "linkspan", "--test", "tidy"]),
        ),
    ];
    for (name, mut step) in steps {
        tally.one(name, command::run(name, &mut step, LIMIT, |_| {}));
    }
    deny::run(&mut tally);
    tally
}
