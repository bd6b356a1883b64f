//! The one thread that writes. Commands that wait are committed together, published in their order, and only then answered.

use std::{fs::File, path::PathBuf, sync::Arc};

use rusqlite::{Connection, TransactionBehavior};
use tenant::{store::StoreError, visibility::Visibility};
use tokio::sync::{mpsc, oneshot};

use super::{acls::Interned, checkpoints::Checkpoints, counts::Counts, file, step::Step};
use crate::fault::Fault;

/// How many commands may wait.
pub(super) const WAITING_MAX: usize = 4096;
/// How many commands are committed together.
const BATCH_MAX: usize = 512;
/// How many bytes are committed together; one command may be larger.
const BATCH_BYTES_MAX: usize = 16 << 20;

/// A command on its way to the writer.
pub(super) struct Command {
    /// About how many bytes it writes.
    weight: usize,
    job: Box<dyn Job>,
}

/// The receiver of a command's answer.
pub(super) type Reply<T> = oneshot::Receiver<Result<T, StoreError>>;

impl Command {
    /// A command that answers with `T`. Its work may be done twice: it is done again, alone, when a neighbor in its batch failed.
    pub(super) fn new<T, F>(weight: usize, work: F) -> (Self, Reply<T>)
    where
        T: Send + 'static,
        F: Fn(&mut Step<'_>) -> Result<T, Fault> + Send + 'static,
    {
        let (reply, receiver) = oneshot::channel();
        let job = Box::new(Task {
            work,
            answer: None,
            reply,
        });
        (Self { weight, job }, receiver)
    }
}

trait Job: Send {
    /// Does the work. An error means that the transaction must not be committed.
    fn run(&mut self, step: &mut Step<'_>) -> Result<(), Fault>;

    /// Tells the caller what the work came to. That nobody may listen any more does not matter: the write stands.
    fn answer(self: Box<Self>);

    /// Tells the caller that nothing was changed.
    fn fail(self: Box<Self>, error: StoreError);
}

struct Task<T, F> {
    work: F,
    answer: Option<Result<T, StoreError>>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Job for Task<T, F>
where
    T: Send,
    F: Fn(&mut Step<'_>) -> Result<T, Fault> + Send,
{
    fn run(&mut self, step: &mut Step<'_>) -> Result<(), Fault> {
        let before = step.sql.total_changes();
        self.answer = Some(match (self.work)(step) {
            Ok(answer) => Ok(answer),
            // Every command looks before it writes, so its neighbors can go on.
            Err(Fault::Store(no @ (StoreError::Conflict | StoreError::Full)))
                if step.sql.total_changes() == before =>
            {
                Err(no)
            }
            Err(fault) => return Err(fault),
        });
        Ok(())
    }

    fn answer(self: Box<Self>) {
        if let Some(answer) = self.answer {
            let _ = self.reply.send(answer);
        }
    }

    fn fail(self: Box<Self>, error: StoreError) {
        let _ = self.reply.send(Err(error));
    }
}

/// The writer's own things.
pub(super) struct Writer {
    file: PathBuf,
    /// Absent after a failure, until it could be opened again.
    sql: Option<Connection>,
    interned: Interned,
    counts: Counts,
    visibility: Arc<Visibility>,
    checkpoints: Checkpoints,
    /// Keeps other processes out for as long as this one writes.
    _lock: File,
}

impl Writer {
    pub(super) fn new(
        file: PathBuf,
        sql: Connection,
        memory: (Interned, Counts),
        visibility: Arc<Visibility>,
        lock: File,
    ) -> Result<Self, Fault> {
        let checkpoints = Checkpoints::start(file.clone())?;
        Ok(Self {
            file,
            sql: Some(sql),
            interned: memory.0,
            counts: memory.1,
            visibility,
            checkpoints,
            _lock: lock,
        })
    }

    /// Works until all senders are gone and nothing waits, then closes the file.
    pub(super) fn run(mut self, mut inbox: mpsc::Receiver<Command>) {
        while let Some(first) = inbox.blocking_recv() {
            let batch = gather(first, &mut inbox);
            self.serve(batch);
        }
        self.close();
    }

    /// Commits a batch, publishes what it changed and answers.
    fn serve(&mut self, mut batch: Vec<Box<dyn Job>>) {
        match self.attempt(&mut batch) {
            Ok(()) => batch.into_iter().for_each(|job| job.answer()),
            Err(fault) if fault.is_own() && batch.len() > 1 => {
                // One of them spoiled it for all; each alone shows which.
                for job in batch {
                    self.serve(vec![job]);
                }
            }
            Err(fault) => self.fail(batch, fault),
        }
    }

    fn attempt(&mut self, batch: &mut [Box<dyn Job>]) -> Result<(), Fault> {
        if self.sql.is_none() {
            self.sql = Some(file::for_writing(&self.file)?);
        }
        let sql = self.sql.as_mut().expect("it was just opened");
        let transaction = sql.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut step = Step::new(&transaction, &self.interned, &self.counts);
        for job in batch {
            job.run(&mut step)?;
        }
        let outcome = step.into_outcome();
        transaction.commit()?;
        self.checkpoints.committed();
        let changes = outcome.settle(&mut self.interned, &self.counts);
        self.visibility.publish(changes);
        Ok(())
    }

    fn fail(&mut self, batch: Vec<Box<dyn Job>>, fault: Fault) {
        tracing::warn!(commands = batch.len(), error = %fault, "a batch was rolled back");
        if !fault.is_own() {
            // Whatever is wrong with the file, a fresh connection has nothing of it in memory.
            self.sql = None;
        }
        let text = fault.to_string();
        let mut batch = batch.into_iter();
        if let Some(first) = batch.next() {
            first.fail(fault.into());
        }
        for job in batch {
            job.fail(StoreError::Unavailable(text.clone().into()));
        }
    }

    fn close(mut self) {
        self.checkpoints.stop();
        let Some(sql) = self.sql else { return };
        let truncated = sql.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |row| {
            row.get::<_, i64>(0)
        });
        // Nothing is lost if it fails: the log is read at the next start.
        if let Err(error) = truncated {
            tracing::warn!(%error, "the last checkpoint failed");
        }
    }
}

fn gather(first: Command, inbox: &mut mpsc::Receiver<Command>) -> Vec<Box<dyn Job>> {
    let mut weight = first.weight;
    let mut batch = vec![first.job];
    while batch.len() < BATCH_MAX
        && weight < BATCH_BYTES_MAX
        && let Ok(next) = inbox.try_recv()
    {
        weight = weight.saturating_add(next.weight);
        batch.push(next.job);
    }
    batch
}
