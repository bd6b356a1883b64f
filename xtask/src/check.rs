//! `cargo xtask check`: what every change must pass, in the order in which it is cheapest to fail.

use std::time::Duration;

use crate::{command, deny, place, tally::Tally};

const LIMIT: Duration = Duration::from_secs(30 * 60);

/// What cargo is asked to do, in this order; names are what the summary says.
const STEPS: [(&str, &str); 5] = [
    ("fmt", "fmt --all --check"),
    // A package of its own, outside the workspace.
    ("fmt: fuzz", "fmt --manifest-path fuzz/Cargo.toml --check"),
    ("clippy", "clippy --workspace --all-targets -- -D warnings"),
    // What only a feature shows is not among the targets above.
    (
        "clippy: benchmarks",
        "clippy -p index --features bench --example trimming -- -D warnings",
    ),
    ("tidy", "test -p linkspan --test tidy"),
];

/// Runs every check, also after one has failed, so that one run tells all.
pub fn run() -> Tally {
    let mut tally = Tally::default();
    for (name, arguments) in STEPS {
        let mut step = place::cargo(arguments.split(' '));
        tally.one(name, command::run(name, &mut step, LIMIT, |_| {}));
    }
    deny::run(&mut tally);
    tally
}
