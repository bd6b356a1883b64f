//! The program of a run: started with its environment, told about signals, and its end handed on.

use std::{ffi::OsString, io, process::ExitStatus};

use tokio::process::{Child, Command};

use super::environment::Variable;

/// Exit codes of shells for a program that cannot be started.
const NOT_FOUND: u8 = 127;
const NOT_EXECUTABLE: u8 = 126;

/// What a shell adds to the number of the signal that ended a program.
const SIGNALED: u8 = 128;

/// Starts the program; its input and output are ours.
pub fn start(words: &[OsString], variables: Vec<Variable>) -> io::Result<Child> {
    let (name, arguments) = words.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    let mut command = Command::new(name);
    command.args(arguments);
    for (name, value) in variables {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.spawn()
}

/// The exit code for a program that could not be started.
pub fn not_started(error: &io::Error) -> u8 {
    match error.kind() {
        io::ErrorKind::NotFound => NOT_FOUND,
        _ => NOT_EXECUTABLE,
    }
}

/// The signal that ended the program, if one did.
pub fn signal(status: ExitStatus) -> Option<u8> {
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt;
        status.signal().and_then(|signal| u8::try_from(signal).ok())
    }
    #[cfg(not(unix))]
    {
        let _ = status;
        None
    }
}

/// The program's exit code; for one that a signal ended, what a shell would say.
pub fn exit_code(status: ExitStatus) -> u8 {
    match signal(status) {
        Some(signal) => SIGNALED.saturating_add(signal),
        None => status
            .code()
            .and_then(|code| u8::try_from(code).ok())
            .unwrap_or(1),
    }
}

#[cfg(unix)]
pub use self::unix::Signals;

#[cfg(unix)]
mod unix {
    use std::io::{self, IsTerminal};

    use rustix::process::{Pid, Signal, kill_process};
    use tokio::{
        process::Child,
        signal::unix::{Signal as Stream, SignalKind, signal},
    };

    /// The signals that are handed on.
    pub struct Signals {
        interrupt: Stream,
        terminate: Stream,
        hang_up: Stream,
    }

    impl Signals {
        /// From here on the signals end the program instead of this process.
        pub fn new() -> io::Result<Self> {
            Ok(Self {
                interrupt: signal(SignalKind::interrupt())?,
                terminate: signal(SignalKind::terminate())?,
                hang_up: signal(SignalKind::hangup())?,
            })
        }

        /// Waits for the next signal.
        pub async fn next(&mut self) -> Signal {
            tokio::select! {
                _ = self.interrupt.recv() => Signal::INT,
                _ = self.terminate.recv() => Signal::TERM,
                _ = self.hang_up.recv() => Signal::HUP,
            }
        }

        /// Hands a signal on.
        pub fn pass(signal: Signal, child: &Child) {
            // A terminal gives its Ctrl-C to the program itself too; twice would cut its last words short.
            if signal == Signal::INT && io::stdin().is_terminal() {
                return;
            }
            let id = child.id().and_then(|id| i32::try_from(id).ok());
            if let Some(pid) = id.and_then(Pid::from_raw)
                && let Err(error) = kill_process(pid, signal)
            {
                tracing::warn!(%error, "a signal could not be handed on");
            }
        }
    }
}

#[cfg(not(unix))]
pub struct Signals;

#[cfg(not(unix))]
impl Signals {
    /// There is only Ctrl-C, which the console gives to both.
    pub fn new() -> io::Result<Self> {
        Ok(Self)
    }

    /// Waits for the next Ctrl-C.
    pub async fn next(&mut self) {
        let _ = tokio::signal::ctrl_c().await;
    }

    /// The program has it already.
    pub fn pass((): (), _child: &Child) {}
}
