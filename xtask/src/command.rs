//! Runs one program at a time, where everybody can see it: its output is passed on, its silence is timed, its time is bounded.

use std::{
    io::{self, BufRead, BufReader, Read},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{self, RecvTimeoutError, Sender},
    thread,
    time::{Duration, Instant},
};

/// After so long without a line, one is printed to say that work goes on.
const SILENCE: Duration = Duration::from_secs(15);
/// How often a silent program is looked at.
const LOOK: Duration = Duration::from_millis(200);
/// How long to listen on when the program has ended but something it left behind still holds its output.
const ECHO: Duration = Duration::from_secs(2);

/// Runs `command` to its end, hands every line to `each` and tells whether it ended well, within `limit`.
pub fn run(
    title: &str,
    command: &mut Command,
    limit: Duration,
    mut each: impl FnMut(&str),
) -> bool {
    println!("==> {title}");
    let started = Instant::now();
    let ended_well = match watch(title, command, limit, &mut each) {
        Ok(Some(status)) if status.success() => true,
        Ok(Some(status)) => {
            println!("==> {title}: {status}");
            false
        }
        Ok(None) => {
            println!(
                "==> {title}: stopped, because it took longer than {} s",
                limit.as_secs()
            );
            false
        }
        Err(error) => {
            println!(
                "==> {title}: cannot run {:?}: {error}",
                command.get_program()
            );
            false
        }
    };
    let word = if ended_well { "done" } else { "failed" };
    println!(
        "==> {title}: {word} after {} s",
        started.elapsed().as_secs()
    );
    ended_well
}

/// Can this program be started at all, and does it end well?
pub fn works(command: &mut Command) -> bool {
    let quiet = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

/// Waits for `child` until `limit` has passed; `None`: it still runs.
pub fn wait(child: &mut Child, limit: Duration) -> io::Result<Option<ExitStatus>> {
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if started.elapsed() > limit {
            return Ok(None);
        }
        thread::sleep(Duration::from_millis(50));
    }
}

fn watch(
    title: &str,
    command: &mut Command,
    limit: Duration,
    each: &mut impl FnMut(&str),
) -> io::Result<Option<ExitStatus>> {
    let piped = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = piped.spawn()?;
    let (sender, lines) = mpsc::channel();
    read(child.stdout.take(), sender.clone());
    read(child.stderr.take(), sender);
    let started = Instant::now();
    let (mut heard, mut ended) = (started, None);
    loop {
        match lines.recv_timeout(LOOK) {
            Ok(line) => {
                println!("{line}");
                each(&line);
                heard = Instant::now();
            }
            Err(RecvTimeoutError::Disconnected) => return wait_or_kill(&mut child, started, limit),
            Err(RecvTimeoutError::Timeout) => {
                if ended.is_none() {
                    ended = child.try_wait()?.map(|status| (status, Instant::now()));
                }
                if let Some((status, _)) = ended.filter(|(_, at)| at.elapsed() > ECHO) {
                    return Ok(Some(status));
                }
            }
        }
        if ended.is_none() && started.elapsed() > limit {
            return wait_or_kill(&mut child, started, limit);
        }
        if heard.elapsed() > SILENCE {
            println!("    … {title}: {} s", started.elapsed().as_secs());
            heard = Instant::now();
        }
    }
}

/// Waits for what remains of `limit`, then ends the program; `None` says that this was needed.
fn wait_or_kill(
    child: &mut Child,
    started: Instant,
    limit: Duration,
) -> io::Result<Option<ExitStatus>> {
    let status = wait(child, limit.saturating_sub(started.elapsed()))?;
    if status.is_none() {
        child.kill()?;
        child.wait()?;
    }
    Ok(status)
}

/// Sends every line of `output`, readable or not, from a thread of its own.
fn read(output: Option<impl Read + Send + 'static>, lines: Sender<String>) {
    let Some(output) = output else { return };
    thread::spawn(move || {
        let mut output = BufReader::new(output);
        let mut line = Vec::new();
        while output
            .read_until(b'\n', &mut line)
            .is_ok_and(|length| length > 0)
        {
            let text = String::from_utf8_lossy(&line);
            if lines
                .send(text.trim_end_matches(['\n', '\r']).to_owned())
                .is_err()
            {
                return;
            }
            line.clear();
        }
    });
}

#[cfg(test)]
mod tests {
    use std::{
        process::Command,
        time::{Duration, Instant},
    };

    use super::run;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn lines_of_both_outputs_are_heard_and_the_exit_code_counts() {
        let mut heard = Vec::new();
        let limit = Duration::from_secs(20);
        assert!(run(
            "both",
            &mut shell("echo one; echo two >&2"),
            limit,
            |line| heard.push(line.to_owned())
        ));
        heard.sort();
        assert_eq!(heard, ["one", "two"]);
        assert!(!run("code", &mut shell("exit 3"), limit, |_| {}));
        assert!(!run(
            "absent",
            &mut Command::new("/nonexistent/program"),
            limit,
            |_| {}
        ));
    }

    #[test]
    fn a_program_that_never_ends_is_stopped() {
        let started = Instant::now();
        assert!(!run(
            "endless",
            &mut shell("exec sleep 60"),
            Duration::from_millis(300),
            |_| {}
        ));
        assert!(started.elapsed() < Duration::from_secs(20));
    }

    #[test]
    fn an_output_held_open_by_a_child_does_not_hold_us() {
        let started = Instant::now();
        assert!(run(
            "left behind",
            &mut shell("sleep 20 & echo started"),
            Duration::from_secs(19),
            |_| {}
        ));
        assert!(started.elapsed() < Duration::from_secs(15));
    }
}
