//! `cargo xtask bench`: runs the benchmark programs. They print figures and ratios; nothing is asserted about time.

use std::{process::ExitCode, time::Duration};

use crate::{command, place};

const LIMIT: Duration = Duration::from_secs(60 * 60);

/// The programs: a title, the crate, the example, the features it needs.
const PROGRAMS: [(&str, &str, &str, &str); 2] = [
    (
        "writes, tokens and the way to a hit, over HTTP",
        "linkspan",
        "bench",
        "",
    ),
    (
        "trimmed against untrimmed search",
        "index",
        "trimming",
        "bench",
    ),
];

/// Runs every program, also after one has failed.
pub fn run() -> ExitCode {
    let mut failed = Vec::new();
    for (title, package, example, features) in PROGRAMS {
        let mut bench = place::cargo([
            "run",
            "--release",
            "-p",
            package,
            "--features",
            features,
            "--example",
            example,
        ]);
        if !command::run(title, &mut bench, LIMIT, |_| {}) {
            failed.push(format!("{package}/examples/{example}"));
        }
    }
    if failed.is_empty() {
        return ExitCode::SUCCESS;
    }
    eprintln!("failed: {}", failed.join(", "));
    ExitCode::FAILURE
}
