//! Moves what was written from the log into the file, on a thread and a connection of its own.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use rusqlite::Connection;

use super::file;
use crate::fault::Fault;

/// How often the log is looked at.
const BEAT: Duration = Duration::from_millis(250);
/// As many pages may wait in the log while writes go on.
const PAGES: i64 = 16 << 10;
/// From this many pages on, the writer is held up for a moment, because otherwise the log never starts again from its beginning.
const PAGES_MAX: i64 = 64 << 10;

/// The checkpointer's thread, as the writer sees it.
pub(super) struct Checkpoints {
    commits: Arc<AtomicU64>,
    bell: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpoints {
    pub(super) fn start(file: PathBuf) -> Result<Self, Fault> {
        let commits = Arc::new(AtomicU64::new(0));
        let (bell, stopped) = channel();
        let seen = Arc::clone(&commits);
        let thread = thread::Builder::new()
            .name("checkpoints".to_owned())
            .spawn(move || run(&file, &seen, &stopped))?;
        Ok(Self {
            commits,
            bell: Some(bell),
            thread: Some(thread),
        })
    }

    /// Something was written.
    pub(super) fn committed(&self) {
        self.commits.fetch_add(1, Ordering::Relaxed);
    }

    /// Waits for the thread to end.
    pub(super) fn stop(&mut self) {
        self.bell = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the checkpointer had stopped");
        }
    }
}

/// What the engine tells of its log.
struct Log {
    pages: i64,
    moved: i64,
}

fn run(file: &Path, commits: &AtomicU64, stopped: &Receiver<()>) {
    let mut sql = None;
    let mut seen = 0;
    let mut waiting = false;
    let mut failing = false;
    while stopped.recv_timeout(BEAT) == Err(RecvTimeoutError::Timeout) {
        let now = commits.load(Ordering::Relaxed);
        let idle = now == seen;
        seen = now;
        if idle && !waiting {
            continue;
        }
        match beat(file, &mut sql, idle) {
            Ok(log) => {
                waiting = log.moved < log.pages;
                failing = false;
            }
            Err(error) => {
                // Said once, not with every beat.
                if !failing {
                    tracing::warn!(%error, "the log cannot be moved into the file; it grows until it can");
                }
                (waiting, failing, sql) = (true, true, None);
            }
        }
    }
}

fn beat(file: &Path, sql: &mut Option<Connection>, idle: bool) -> Result<Log, Fault> {
    if sql.is_none() {
        *sql = Some(file::for_checkpoints(file)?);
    }
    let sql = sql.as_ref().expect("it was just opened");
    let mut log = ask(sql, "PRAGMA wal_checkpoint(NOOP)")?;
    let backlog = log.pages - log.moved;
    if backlog >= PAGES || (idle && backlog > 0) {
        log = ask(sql, "PRAGMA wal_checkpoint(PASSIVE)")?;
        if log.pages >= PAGES_MAX {
            log = ask(sql, "PRAGMA wal_checkpoint(FULL)")?;
        }
    }
    Ok(log)
}

fn ask(sql: &Connection, checkpoint: &'static str) -> Result<Log, Fault> {
    let mut statement = sql.prepare_cached(checkpoint)?;
    let log = statement.query_row((), |row| {
        Ok(Log {
            pages: row.get(1)?,
            moved: row.get(2)?,
        })
    })?;
    Ok(log)
}
