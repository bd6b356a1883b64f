//! `cargo xtask fuzz`: every fuzz target of `fuzz/` for a bounded time, from the seeds that are kept with it.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use crate::{command, place, tally::Tally, tool::Tool};

/// Seconds for each target when nobody says otherwise.
pub const SECONDS: u32 = 20;
/// Seconds for each target as a part of `cargo xtask test`: enough to meet again what once was found.
pub const SECONDS_IN_TEST: u32 = 10;

const CARGO_FUZZ: Tool = Tool {
    name: "cargo-fuzz",
    version: "0.13.2",
};
const BUILDS_WITHIN: Duration = Duration::from_secs(20 * 60);
/// For start and end of one target.
const AROUND: Duration = Duration::from_secs(60);

/// What libFuzzer prints at the end about itself.
const EXECUTED: &str = "stat::number_of_executed_units:";

/// Runs every target for so many seconds, also after one has failed.
pub fn run(seconds: u32, tally: &mut Tally) {
    let targets = match targets() {
        Ok(targets) if !targets.is_empty() => targets,
        Ok(_) => return tally.one("fuzz: no target is there", false),
        Err(why) => return tally.one(&format!("fuzz: the targets cannot be listed: {why}"), false),
    };
    let number = targets.len() as u64;
    if !command::works(Command::new("c++").arg("--version")) {
        return tally.not_run("fuzz", number, "libFuzzer needs a C++ compiler, `c++`");
    }
    let program = match CARGO_FUZZ.program() {
        Ok(program) => program,
        Err(why) => return tally.not_run("fuzz", number, &why),
    };
    let mut build = cargo_fuzz(&program, "build");
    if !command::run("fuzz: build", &mut build, BUILDS_WITHIN, |_| {}) {
        return tally.one("fuzz: the targets are built", false);
    }
    for target in targets {
        let ended_well = drive(&program, &target, seconds);
        tally.one(&format!("fuzz: {target}, {seconds} s"), ended_well);
    }
}

/// The names of the targets, in their order.
fn targets() -> io::Result<Vec<String>> {
    let mut targets = Vec::new();
    for entry in fs::read_dir(place::root().join("fuzz/fuzz_targets"))? {
        let path = entry?.path();
        targets.extend(
            path.file_stem()
                .map(|name| name.to_string_lossy().into_owned()),
        );
    }
    targets.sort();
    Ok(targets)
}

/// Runs one target. What it finds new stays under `target`, beside the seeds; it must have tried something.
fn drive(program: &Path, target: &str, seconds: u32) -> bool {
    let found = place::target().join("fuzz/corpus").join(target);
    if let Err(why) = fs::create_dir_all(&found) {
        println!("==> fuzz: {}: {why}", found.display());
        return false;
    }
    let root = place::root().join("fuzz");
    let mut fuzz = cargo_fuzz(program, "run");
    fuzz.arg(target)
        .args([&found, &root.join("corpus").join(target)])
        .args(["--", "-timeout=10", "-rss_limit_mb=2048", "-verbosity=0"])
        .args([
            "-print_final_stats=1".to_owned(),
            format!("-max_total_time={seconds}"),
            format!("-dict={}", root.join("words.dict").display()),
        ]);
    let mut executed = 0;
    let title = format!("fuzz: {target}, {seconds} s");
    let limit = AROUND + Duration::from_secs(seconds.into());
    let ended_well = command::run(&title, &mut fuzz, limit, |line| {
        let number = line.strip_prefix(EXECUTED).map(str::trim);
        executed = number.and_then(|it| it.parse().ok()).unwrap_or(executed);
    });
    ended_well && executed > 0_u64
}

/// Nothing of ours is `unsafe`, so the address sanitizer would only cost time.
fn cargo_fuzz(program: &Path, verb: &str) -> Command {
    let target: PathBuf = place::target().join("fuzz");
    let mut command = Command::new(program);
    command
        .args([
            verb,
            "--fuzz-dir",
            "fuzz",
            "--sanitizer",
            "none",
            "--target-dir",
        ])
        .arg(target)
        .current_dir(place::root());
    command
}
