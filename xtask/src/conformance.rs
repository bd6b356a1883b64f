//! `cargo xtask conform` and `cargo xtask generate`: the transcripts against any server, and what is printed from them.

use std::{path::Path, process::ExitCode, time::Duration};

use crate::{command, place};

const LIMIT: Duration = Duration::from_secs(30 * 60);

/// Plays the transcripts to the server at `url`. Who is known there stands in its ready file.
pub fn conform(url: &str, ready_file: &str) -> ExitCode {
    // Tests run in their crate's directory.
    let Ok(ready_file) = Path::new(ready_file).canonicalize() else {
        eprintln!("there is no ready file {ready_file}: start the server with --ready-file FILE");
        return ExitCode::from(2);
    };
    let mut play = place::cargo("test -p linkspan --test conformance".split(' '));
    play.env("LINKSPAN_CONFORMANCE_URL", url)
        .env("LINKSPAN_CONFORMANCE_READY_FILE", ready_file);
    code(command::run(
        &format!("conform {url}"),
        &mut play,
        LIMIT,
        |_| {},
    ))
}

/// Writes `docs/compatibility.md` anew.
pub fn generate() -> ExitCode {
    let mut write =
        place::cargo("test -p linkspan --test conformance the_page_of_compatibility".split(' '));
    write.env("LINKSPAN_GENERATE", "1");
    code(command::run(
        "write docs/compatibility.md",
        &mut write,
        LIMIT,
        |_| {},
    ))
}

fn code(ended_well: bool) -> ExitCode {
    if ended_well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
