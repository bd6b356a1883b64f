//! The log on standard error: how much of it, and in which form.

use std::{
    ffi::OsStr,
    io::{IsTerminal, stderr},
};

use tracing_subscriber::{EnvFilter, filter::LevelFilter};

use crate::say;

/// What is logged unless something else is asked for.
pub const LEVEL: &str = "warn";

/// What a filter must be, to be read behind "must be".
pub const RULE: &str =
    "a level (off, error, warn, info, debug, trace), or levels by room as in warn,tenant=debug";

/// The filter that a text asks for; none if it is not of the form of [`RULE`].
pub fn filter(text: &str) -> Option<EnvFilter> {
    text.split(',').all(is_directive).then_some(())?;
    EnvFilter::builder().parse(text).ok()
}

/// A word alone would be taken for the name of a room that logs everything, and nothing else would.
fn is_directive(text: &str) -> bool {
    let is_level = |level: &str| !level.is_empty() && level.parse::<LevelFilter>().is_ok();
    let is_room = |room: &str| {
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "_:-".contains(letter);
        !room.is_empty() && room.chars().all(is_plain)
    };
    match text.split_once('=') {
        None => is_level(text),
        Some((room, level)) => is_room(room) && is_level(level),
    }
}

/// Logs as `LINKSPAN_LOG` says; set to nothing it says nothing.
///
/// # Errors
/// It says something else.
pub fn start_as_said(said: Option<&OsStr>) -> Result<(), String> {
    let text = said.map(OsStr::to_string_lossy).unwrap_or_default();
    let text = if text.is_empty() { LEVEL } else { &text };
    let filter = filter(text).ok_or_else(|| format!("LINKSPAN_LOG '{text}' must be {RULE}"))?;
    start(filter, false);
    Ok(())
}

/// Logs as text, or as JSON; then everything that is said on standard error is JSON too.
pub fn start(filter: EnvFilter, is_json: bool) {
    let logs = tracing_subscriber::fmt()
        .with_writer(stderr)
        // Whoever closed standard error wants no word of it there either.
        .log_internal_errors(false);
    if is_json {
        let said = format!("{}=info", say::SAID);
        let said = said.parse().expect("a target and a level are a directive");
        logs.json()
            .with_env_filter(filter.add_directive(said))
            .init();
        say::through_the_log();
    } else {
        let is_plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        logs.with_ansi(stderr().is_terminal() && !is_plain)
            .with_env_filter(filter)
            .init();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_levels_and_levels_of_rooms() {
        for fine in ["warn", "OFF", "warn,tenant=debug", "server::proxy=trace"] {
            assert!(filter(fine).is_some(), "{fine}");
        }
        for wrong in [
            "",
            "loud",
            "a=b=c",
            "warn,",
            "=warn",
            "tenant=",
            "tenant",
            "warn;tenant=debug",
        ] {
            assert!(filter(wrong).is_none(), "{wrong}");
        }
        let told = start_as_said(Some(OsStr::new("a=b=c"))).unwrap_err();
        assert!(
            told.starts_with("LINKSPAN_LOG 'a=b=c' must be a level"),
            "{told}"
        );
    }
}
