//! What is said to whoever runs a command: answers on the standard output, everything else on standard error.
//!
//! Nobody need listen. An answer that nobody takes ends the command, quietly if its reader has gone; what goes to
//! standard error is said into the wind.

use std::{
    error::Error,
    fmt::{self, Display},
    io::{self, Write, stderr, stdout},
    sync::atomic::{AtomicBool, Ordering},
};

/// The target of events that are said, and not logged: no level of the log leaves them out.
pub const SAID: &str = "linkspan::said";

/// Is standard error the log's, one event a line?
static LOGGED: AtomicBool = AtomicBool::new(false);

/// The standard output did not take what was said.
#[derive(Debug)]
pub struct Unsaid(io::Error);

impl Display for Unsaid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("could not write to the standard output")
    }
}

impl Error for Unsaid {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

/// Is the reason of this error that nobody reads the standard output any more?
pub fn is_unread(error: &anyhow::Error) -> bool {
    let mut chain = error.chain();
    let unsaid = chain.find_map(|it| it.downcast_ref::<Unsaid>());
    unsaid.is_some_and(|unsaid| unsaid.0.kind() == io::ErrorKind::BrokenPipe)
}

/// Says a line of the answer.
///
/// # Errors
/// The standard output does not take it.
pub fn line(line: impl Display) -> Result<(), Unsaid> {
    text(format_args!("{line}\n"))
}

/// Says an answer that has its line ends.
///
/// # Errors
/// The standard output does not take it.
pub fn text(text: impl Display) -> Result<(), Unsaid> {
    write(&mut stdout().lock(), &text).map_err(Unsaid)
}

/// Says a line beside the answer.
pub fn aside(line: impl Display) {
    if LOGGED.load(Ordering::Relaxed) {
        tracing::info!(target: SAID, "{line}");
    } else {
        let _ = write(&mut stderr().lock(), &format_args!("{line}\n"));
    }
}

/// Says why a command failed.
pub fn failure(line: impl Display) {
    if LOGGED.load(Ordering::Relaxed) {
        tracing::error!(target: SAID, "{line}");
    } else {
        aside(line);
    }
}

/// From here on what goes to standard error goes through the log.
pub fn through_the_log() {
    LOGGED.store(true, Ordering::Relaxed);
}

/// At once and to the end, so that no part of it is left for a time when nobody sees the failure.
fn write(out: &mut impl Write, text: &impl Display) -> io::Result<()> {
    out.write_all(text.to_string().as_bytes())?;
    out.flush()
}
