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
    use std::{fs::File, future::poll_fn, io, task::Poll, time::Duration};

    use rustix::{
        process::{Pid, Signal, WaitId, WaitIdOptions, getpgrp, getpid, kill_process, waitid},
        termios::tcgetpgrp,
    };
    use tokio::{
        process::Child,
        signal::unix::{Signal as Stream, SignalKind, signal},
        time::sleep,
    };

    use super::SIGNALED;

    /// What is handed on: all that people and shells send to a program. From its start on none of them ends this process.
    const HANDED_ON: [Signal; 9] = [
        Signal::INT,
        Signal::QUIT,
        Signal::TERM,
        Signal::HUP,
        Signal::USR1,
        Signal::USR2,
        Signal::WINCH,
        Signal::TSTP,
        Signal::CONT,
    ];

    /// What ends a run whose program has not started yet.
    const ENDING: [Signal; 4] = [Signal::INT, Signal::QUIT, Signal::TERM, Signal::HUP];

    /// What a terminal sends to every process in its foreground.
    const OF_THE_TERMINAL: [Signal; 4] = [Signal::INT, Signal::QUIT, Signal::TSTP, Signal::WINCH];

    /// How often, and how many times, is looked whether the program has stopped as it was told.
    const STOP_LOOK: Duration = Duration::from_millis(20);
    const STOP_LOOKS: usize = 50;

    /// The signals that are handed on.
    pub struct Signals(Vec<(Signal, Stream)>);

    impl Signals {
        /// From here on the signals are for the program, and not for this process.
        pub fn new() -> io::Result<Self> {
            let listen = |each: Signal| Ok((each, signal(SignalKind::from_raw(each.as_raw()))?));
            HANDED_ON
                .map(listen)
                .into_iter()
                .collect::<io::Result<_>>()
                .map(Self)
        }

        /// Waits for the next signal.
        pub async fn next(&mut self) -> Signal {
            poll_fn(|context| {
                for (signal, stream) in &mut self.0 {
                    if stream.poll_recv(context).is_ready() {
                        return Poll::Ready(*signal);
                    }
                }
                Poll::Pending
            })
            .await
        }

        /// Waits for a signal to end; the exit code that says so.
        pub async fn end(&mut self) -> u8 {
            loop {
                let signal = self.next().await;
                if ENDING.contains(&signal) {
                    return u8::try_from(signal.as_raw()).map_or(1, |number| SIGNALED + number);
                }
            }
        }

        /// Hands a signal on.
        pub async fn pass(signal: Signal, child: &Child) {
            let id = child.id().and_then(|id| i32::try_from(id).ok());
            let Some(pid) = id.and_then(Pid::from_raw) else {
                return;
            };
            // The program has it already; twice would cut its last words short.
            let has_it = OF_THE_TERMINAL.contains(&signal) && is_in_the_foreground();
            if !has_it && let Err(error) = kill_process(pid, signal) {
                tracing::warn!(%error, "a signal could not be handed on");
            }
            if signal == Signal::TSTP {
                stop_with(pid).await;
            }
        }
    }

    /// Is the terminal ours at the moment, whatever the standard input is?
    fn is_in_the_foreground() -> bool {
        let terminal = File::open("/dev/tty");
        terminal.is_ok_and(|terminal| tcgetpgrp(terminal).is_ok_and(|group| group == getpgrp()))
    }

    /// Stops this process once the program has stopped: a shell waits for both. A program that does not stop keeps it.
    async fn stop_with(pid: Pid) {
        let options = WaitIdOptions::STOPPED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
        for _ in 0..STOP_LOOKS {
            if matches!(waitid(WaitId::Pid(pid), options), Ok(Some(_))) {
                if let Err(error) = kill_process(getpid(), Signal::STOP) {
                    tracing::warn!(%error, "this process could not be stopped");
                }
                return;
            }
            sleep(STOP_LOOK).await;
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

    /// Waits for Ctrl-C; the exit code that says so.
    pub async fn end(&mut self) -> u8 {
        self.next().await;
        1
    }

    /// The program has it already.
    pub async fn pass((): (), _child: &Child) {}
}
