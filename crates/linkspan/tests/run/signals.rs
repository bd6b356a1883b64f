//! Signals to a run are for its program.

use std::{
    fs,
    path::Path,
    process::{Child, Command},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{PATIENCE, ended, has, linkspan};

fn wait_for(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "{what}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// A run of a shell script that has begun: it says so by making the file `started`.
fn begun(directory: &Path, script: &str) -> Child {
    let (report, mark) = (directory.join("report"), directory.join("started"));
    let script = format!(
        "{script}; : > {}; while :; do sleep 0.1; done",
        mark.display()
    );
    let mut command = linkspan(&["--ephemeral"], &report, &["sh", "-c", &script]);
    let child = command.spawn().unwrap();
    wait_for("the program did not start", || mark.exists());
    child
}

fn kill(name: &str, child: &Child) {
    let words = format!("kill -{name} {}", child.id());
    assert!(
        Command::new("sh")
            .args(["-c", &words])
            .status()
            .unwrap()
            .success()
    );
}

fn report(directory: &Path) -> Value {
    let text = fs::read_to_string(directory.join("report")).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn signals_are_handed_on() {
    for (name, code) in [
        ("INT", 40),
        ("TERM", 41),
        ("HUP", 42),
        ("QUIT", 43),
        ("USR1", 44),
        ("USR2", 45),
        ("WINCH", 46),
        ("CONT", 47),
        ("TSTP", 48),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let child = begun(directory.path(), &format!("trap 'exit {code}' {name}"));
        kill(name, &child);
        let output = ended(child);
        assert_eq!(output.status.code(), Some(code), "{name}: {output:?}");
        // A run that is stopped reports too.
        assert_eq!(report(directory.path())["exit_code"], code, "{name}");
    }
}

#[test]
fn a_program_that_a_signal_ends_is_reported() {
    for (name, number) in [("USR1", 10), ("QUIT", 3)] {
        let directory = tempfile::tempdir().unwrap();
        let child = begun(directory.path(), "ulimit -c 0");
        kill(name, &child);
        let output = ended(child);
        assert_eq!(
            output.status.code(),
            Some(128 + number),
            "{name}: {output:?}"
        );
        assert_eq!(report(directory.path())["signal"], number, "{name}");
    }
}

/// The letter of a process's state: `T` is stopped.
fn state(id: u32) -> char {
    let line = fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
    line.rsplit_once(") ").unwrap().1.chars().next().unwrap()
}

#[test]
fn a_run_stops_and_goes_on_with_its_program() {
    if !Path::new("/proc/self/stat").exists() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let child = begun(directory.path(), "trap 'exit 49' USR1");
    kill("TSTP", &child);
    wait_for("it does not stop with its program", || {
        state(child.id()) == 'T'
    });
    kill("CONT", &child);
    wait_for("it does not go on", || state(child.id()) != 'T');
    kill("USR1", &child);
    let output = ended(child);
    assert_eq!(output.status.code(), Some(49), "{output:?}");
}

/// Runs a program at a terminal of its own, whose input is elsewhere, and presses Ctrl-C when it is up.
const AT_A_TERMINAL: &str = r#"
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execvp("sh", ["sh", "-c", 'exec "$@" </dev/null', "sh"] + sys.argv[1:])
said = b""
while True:
    try:
        more = os.read(terminal, 4096)
    except OSError:
        break
    if not more:
        break
    if b"up" not in said and b"up" in said + more:
        os.write(terminal, b"\x03")
    said += more
sys.stdout.write(said.decode("utf-8", "replace"))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"#;

#[test]
fn what_a_terminal_has_told_the_program_is_not_told_again() {
    if !has("python3") {
        return;
    }
    let program = r#"
import signal, sys, time
count = 0
def heard(number, frame):
    global count
    count += 1
signal.signal(signal.SIGINT, heard)
signal.signal(signal.SIGUSR1, lambda number, frame: None)
print("up", flush=True)
while count == 0:
    time.sleep(0.05)
# Whatever comes twice has come within this time.
until = time.monotonic() + 2
while time.monotonic() < until:
    time.sleep(0.05)
sys.exit(50 + count)
"#;
    let directory = tempfile::tempdir().unwrap();
    let run = linkspan(
        &["--ephemeral"],
        &directory.path().join("report"),
        &["python3", "-c", program],
    );
    let mut command = Command::new("python3");
    command
        .args(["-c", AT_A_TERMINAL])
        .arg(run.get_program())
        .args(run.get_args());
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(51), "{output:?}");
}
