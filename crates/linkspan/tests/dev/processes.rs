//! Processes that are started, told something, and waited for, never for ever.

use std::{
    ffi::OsStr,
    fmt::Debug,
    process::{Child, Command, ExitStatus, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

/// Everything ends in this time: requests under way get ten seconds, the rest is for a slow machine.
pub const END: Duration = Duration::from_secs(40);

/// The built binary with these arguments.
pub fn linkspan(arguments: &[impl AsRef<OsStr>]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_linkspan"));
    command.args(arguments);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// What it says when it does not start; it must end by itself, and not well.
pub fn refused(arguments: &[impl AsRef<OsStr> + Debug]) -> String {
    let output = ended(linkspan(arguments).spawn().unwrap());
    assert!(!output.status.success(), "{arguments:?} was not refused");
    String::from_utf8(output.stderr).unwrap()
}

/// The output of a process that ends by itself and says little.
pub fn ended(mut child: Child) -> Output {
    wait(&mut child);
    child.wait_with_output().unwrap()
}

/// The end of a process; one that does not come is made.
pub fn wait(child: &mut Child) -> ExitStatus {
    let deadline = Instant::now() + END;
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if Instant::now() > deadline {
            let _ = child.kill();
            let _ = child.wait();
        }
        assert!(
            Instant::now() <= deadline,
            "process {} did not end in {END:?}",
            child.id()
        );
        thread::sleep(Duration::from_millis(10));
    }
}

/// Sends a signal, by the process's id alone.
pub fn send(signal: &str, child: &Child) {
    let sent = Command::new("kill")
        .arg(format!("-{signal}"))
        .arg(child.id().to_string())
        .status();
    assert!(sent.unwrap().success());
}
