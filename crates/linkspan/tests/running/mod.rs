//! The built binary, running: started with a ready file, stopped by its process id, its output kept for the failure message.

use std::{
    fs::{self, File},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;

/// A start makes keys and opens two engines; unoptimized and on a busy machine that takes a while.
const START: Duration = Duration::from_secs(90);

/// How often the ready file is looked for.
const GLANCE: Duration = Duration::from_millis(10);

/// A running `linkspan`, which goes when this goes.
pub struct Running {
    /// The process.
    pub child: Child,
    /// What the ready file said.
    pub ready: Value,
    output: TempDir,
}

impl Running {
    /// Starts `linkspan` with these arguments on free ports, and waits until it is ready.
    ///
    /// # Panics
    /// When it ends or is not ready in time, with what it printed.
    pub fn start(arguments: &[&str]) -> Self {
        let output = tempfile::tempdir().expect("a temporary directory");
        let file =
            |name: &str| File::create(output.path().join(name)).expect("a file for the output");
        let ready_file = output.path().join("ready.json");
        let child = Command::new(env!("CARGO_BIN_EXE_linkspan"))
            .args(arguments)
            .args([
                "--http",
                "127.0.0.1:0",
                "--https",
                "127.0.0.1:0",
                "--ready-file",
            ])
            .arg(&ready_file)
            // What is ephemeral goes with the output, also when nobody gets to clear it away.
            .env("TMPDIR", output.path())
            .stdin(Stdio::null())
            .stdout(file("stdout"))
            .stderr(file("stderr"))
            .spawn()
            .expect("the binary starts");
        let mut running = Self {
            child,
            ready: Value::Null,
            output,
        };
        running.ready = running.wait_until_ready(&ready_file);
        running
    }

    fn wait_until_ready(&mut self, ready_file: &Path) -> Value {
        let deadline = Instant::now() + START;
        loop {
            // The file appears whole, by a rename: half of it is a fault.
            if let Ok(text) = fs::read_to_string(ready_file) {
                return serde_json::from_str(&text).expect("the ready file is JSON");
            }
            let ended = self.child.try_wait().expect("the process can be asked");
            assert!(
                ended.is_none(),
                "linkspan ended with {ended:?}:\n{}",
                self.said()
            );
            assert!(
                Instant::now() < deadline,
                "not ready in {START:?}:\n{}",
                self.said()
            );
            thread::sleep(GLANCE);
        }
    }

    /// All that it has printed so far, standard output first.
    pub fn said(&self) -> String {
        ["stdout", "stderr"]
            .map(|name| fs::read_to_string(self.output.path().join(name)).unwrap_or_default())
            .concat()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Whatever the test thinks of it, no process and no zombie stays behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            eprintln!("--- linkspan said:\n{}", self.said());
        }
    }
}
