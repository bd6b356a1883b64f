//! `cargo deny`: licenses, banned crates and sources. Advisories need the network at every run, so they are not asked for here.

use std::{path::PathBuf, process::Command, time::Duration};

use crate::{command, place, tally::Tally};

/// The release that `deny.toml` is written for.
const VERSION: &str = "0.20.2";
const NAME: &str = "deny";
const LIMIT: Duration = Duration::from_secs(10 * 60);

/// Builds of a tool that runs for seconds: quick to compile is worth more than quick to run.
const PROFILE: [(&str, &str); 4] = [
    ("CARGO_PROFILE_RELEASE_LTO", "false"),
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
    ("CARGO_PROFILE_RELEASE_DEBUG", "false"),
];

/// Checks the dependencies, after installing the tool under `target/tools` where it is missing.
pub fn run(tally: &mut Tally) {
    let Some(program) = installed().or_else(install) else {
        let why =
            format!("cargo-deny {VERSION} is not installed and could not be (is there a network?)");
        return tally.not_run(NAME, 1, &why);
    };
    let mut check = Command::new(program);
    check
        .args(["--color", "never", "check", "bans", "licenses", "sources"])
        .current_dir(place::root());
    tally.one(
        NAME,
        command::run("deny: bans, licenses, sources", &mut check, LIMIT, |_| {}),
    );
}

/// The program of exactly our version: ours, or the machine's.
fn installed() -> Option<PathBuf> {
    let own = place::target().join("tools/bin/cargo-deny");
    [own, PathBuf::from("cargo-deny")]
        .into_iter()
        .find(|program| {
            let said = Command::new(program).arg("--version").output();
            said.is_ok_and(|said| {
                String::from_utf8_lossy(&said.stdout).trim() == format!("cargo-deny {VERSION}")
            })
        })
}

/// Installs the program; `None` when that fails.
fn install() -> Option<PathBuf> {
    let root = place::target().join("tools");
    let mut install = place::cargo([
        "install",
        "cargo-deny",
        "--locked",
        "--version",
        VERSION,
        "--root",
    ]);
    install.arg(root).envs(PROFILE);
    let title =
        format!("deny: install cargo-deny {VERSION} under target/tools (some minutes, once)");
    command::run(&title, &mut install, 2 * LIMIT, |_| {});
    installed()
}
