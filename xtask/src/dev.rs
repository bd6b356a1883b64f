//! A server of this checkout: started on free ports with an empty store, stopped by its process id.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{command, place};

const STARTS_WITHIN: Duration = Duration::from_secs(30);
const STOPS_WITHIN: Duration = Duration::from_secs(20);
/// How much of the server's own words is shown when something is wrong with it.
const LOG_LINES: usize = 40;

/// A running `linkspan dev`. Dropping it ends the process.
pub struct Server {
    child: Child,
    log: PathBuf,
    ready: Value,
}

impl Server {
    /// Starts the server and waits until it says that it is ready.
    pub fn start() -> Result<Self, String> {
        let at = place::target().join("clients");
        let (log, ready_file) = (at.join("server.log"), at.join("ready.json"));
        let child = spawn(&log, &ready_file).map_err(|error| format!("cannot start: {error}"))?;
        println!(
            "==> linkspan dev: started as process {}, log in {}",
            child.id(),
            log.display()
        );
        let mut server = Self {
            child,
            log,
            ready: Value::Null,
        };
        server.ready = server.wait_until_ready(&ready_file)?;
        Ok(server)
    }

    /// A member of the ready file, for example `https_url`.
    pub fn text(&self, member: &str) -> Result<&str, String> {
        text(&self.ready, member)
    }

    /// A member of the entry called `name` in a list of the ready file, for example of `alice` in `users`.
    pub fn of(&self, list: &str, name: &str, member: &str) -> Result<&str, String> {
        let entries = self.ready[list].as_array();
        let entry = entries.and_then(|entries| entries.iter().find(|entry| entry["name"] == name));
        let entry = entry.ok_or_else(|| format!("the ready file has no `{name}` in `{list}`"))?;
        text(entry, member)
    }

    /// Asks the server to end, and waits for it; it must end with 0.
    pub fn stop(&mut self) -> Result<(), String> {
        let id = self.child.id().to_string();
        if !command::works(Command::new("kill").args(["-TERM", &id])) {
            return Err(self.with_log(&format!("process {id} could not be asked to end")));
        }
        match command::wait(&mut self.child, STOPS_WITHIN) {
            Ok(Some(status)) if status.success() => Ok(()),
            Ok(Some(status)) => Err(self.with_log(&format!("ended with {status}"))),
            Ok(None) => Err(self.with_log("did not end within 20 s of SIGTERM")),
            Err(error) => Err(format!("cannot be waited for: {error}")),
        }
    }

    fn wait_until_ready(&mut self, ready_file: &Path) -> Result<Value, String> {
        let started = Instant::now();
        while started.elapsed() < STARTS_WITHIN {
            let ended = command::wait(&mut self.child, Duration::from_millis(50));
            if let Some(status) = ended.map_err(|error| error.to_string())? {
                return Err(
                    self.with_log(&format!("ended with {status} instead of becoming ready"))
                );
            }
            // The file is renamed into place: once it is there it is whole.
            if let Ok(ready) = fs::read(ready_file) {
                return serde_json::from_slice(&ready)
                    .map_err(|error| format!("the ready file is not JSON: {error}"));
            }
        }
        Err(self.with_log("wrote no ready file within 30 s"))
    }

    fn with_log(&self, what: &str) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<_> = log.lines().collect();
        let last = lines[lines.len().saturating_sub(LOG_LINES)..].join("\n    ");
        format!("{what}; its last words were\n    {last}")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // After `stop` there is nothing left to end, and nobody to tell about it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(log: &Path, ready_file: &Path) -> io::Result<Child> {
    if let Some(directory) = log.parent() {
        fs::create_dir_all(directory)?;
    }
    // What an earlier server wrote must not be taken for this one's word.
    match fs::remove_file(ready_file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let log = File::create(log)?;
    Command::new(place::built("debug", "linkspan"))
        .args([
            "dev",
            "--ephemeral",
            "--http",
            "127.0.0.1:0",
            "--https",
            "127.0.0.1:0",
            "--proxy",
            "127.0.0.1:0",
            "--ready-file",
        ])
        .arg(ready_file)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
}

fn text<'a>(value: &'a Value, member: &str) -> Result<&'a str, String> {
    value[member].as_str().ok_or_else(|| {
        format!(
            "`{member}` in the ready file is not a string: {}",
            value[member]
        )
    })
}
