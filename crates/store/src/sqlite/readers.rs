//! A few connections that only read, used off the async threads.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rusqlite::Connection;
use tenant::store::StoreError;
use tokio::{sync::Semaphore, task};

use super::file;
use crate::fault::Fault;

/// How many reads run at a time.
const READERS: usize = 4;

/// The pool.
pub(super) struct Readers {
    file: PathBuf,
    idle: Mutex<Vec<Connection>>,
    permits: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn new(file: PathBuf) -> Arc<Self> {
        Arc::new(Self {
            file,
            idle: Mutex::default(),
            permits: Arc::new(Semaphore::new(READERS)),
        })
    }

    /// Reads in one transaction: everything is seen as of one commit.
    pub(super) async fn read<T, F>(self: &Arc<Self>, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    {
        let permit = Arc::clone(&self.permits)
            .acquire_owned()
            .await
            .map_err(|closed| StoreError::Unavailable(Box::new(closed)))?;
        let readers = Arc::clone(self);
        let answer = task::spawn_blocking(move || {
            // The permit is given back when the work is over, not when the caller loses interest.
            let _permit = permit;
            readers.run(work)
        });
        match answer.await {
            Ok(answer) => answer.map_err(StoreError::from),
            Err(lost) => Err(StoreError::Unavailable(Box::new(lost))),
        }
    }

    fn run<T>(&self, work: impl FnOnce(&Connection) -> Result<T, Fault>) -> Result<T, Fault> {
        let idle = self.idle().pop();
        let mut sql = match idle {
            Some(sql) => sql,
            None => file::for_reading(&self.file)?,
        };
        let transaction = sql.transaction()?;
        let answer = work(&transaction);
        drop(transaction);
        // A connection on which something failed is closed; the next read opens another one.
        if !matches!(answer, Err(Fault::Sql(_))) {
            self.idle().push(sql);
        }
        answer
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
