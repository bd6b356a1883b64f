//! `cargo deny`: licenses, banned crates and sources. Advisories need the network at every run, so they are not asked for here.

use std::{process::Command, time::Duration};

use crate::{command, place, tally::Tally, tool::Tool};

/// The release that `deny.toml` is written for.
const CARGO_DENY: Tool = Tool {
    name: "cargo-deny",
    version: "0.20.2",
};
const NAME: &str = "deny";
const LIMIT: Duration = Duration::from_secs(10 * 60);

/// Checks the dependencies.
pub fn run(tally: &mut Tally) {
    let program = match CARGO_DENY.program() {
        Ok(program) => program,
        Err(why) => return tally.not_run(NAME, 1, &why),
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
