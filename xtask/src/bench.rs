//! `cargo xtask bench`: runs the benchmark programs. They print figures and ratios; nothing is asserted about time.

use std::{fs, io, process::ExitCode, time::Duration};

use crate::{command, place};

const LIMIT: Duration = Duration::from_secs(60 * 60);

/// The programs in their order: a title, and what cargo is asked to do. The server is never built with `index/bench`.
const PROGRAMS: [(&str, &str); 6] = [
    ("build the server", "build --release -p linkspan"),
    (
        "build the yardstick",
        "build --release -p store --example group_commit",
    ),
    (
        "writes, tokens and the way to a hit, over HTTP",
        "run --release -p linkspan --example bench -- {linkspan} {directory}",
    ),
    (
        "trimmed against untrimmed search",
        "run --release -p index --features bench --example trimming",
    ),
    (
        "load the demo's data",
        "run --release -p linkspan -- demo --once --http 127.0.0.1:0 --https 127.0.0.1:0 --data {directory}/demo",
    ),
    (
        "trimmed against untrimmed search on the demo's data",
        "run --release -p index --features bench --example demo_data -- {directory}/demo",
    ),
];

/// Stands for the server's path in the list above.
const BINARY: &str = "{linkspan}";
/// Stands there for an empty directory on the disk that is measured.
const DIRECTORY: &str = "{directory}";

/// Runs every program, also after one has failed.
pub fn run() -> ExitCode {
    if let Err(error) = empty_directory() {
        eprintln!("cannot make an empty directory {}: {error}", directory());
        return ExitCode::FAILURE;
    }
    let mut failed = Vec::new();
    let (binary, directory) = (
        place::built("release", "linkspan").display().to_string(),
        directory(),
    );
    for (title, arguments) in PROGRAMS {
        let arguments: Vec<_> = arguments
            .split(' ')
            .map(|argument| {
                argument
                    .replace(BINARY, &binary)
                    .replace(DIRECTORY, &directory)
            })
            .collect();
        let mut program = place::cargo(arguments.iter().map(String::as_str));
        if !command::run(title, &mut program, LIMIT, |_| {}) {
            failed.push(title);
        }
    }
    if failed.is_empty() {
        return ExitCode::SUCCESS;
    }
    eprintln!("failed: {}", failed.join("; "));
    ExitCode::FAILURE
}

fn directory() -> String {
    place::target().join("bench").display().to_string()
}

/// What an earlier run left would be measured too.
fn empty_directory() -> io::Result<()> {
    match fs::remove_dir_all(directory()) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => fs::create_dir_all(directory()),
    }
}
