//! The store as its callers hold it: a way to the writer, a way to the readers, and the picture.

use std::{
    fs::{self, File, TryLockError},
    path::Path,
    sync::{Arc, mpsc::sync_channel},
    thread::{self, JoinHandle},
};

use tenant::{
    profile::Limits,
    store::{Store, StoreError},
    visibility::Visibility,
};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::{
    counts::Counts,
    file, fill,
    readers::Readers,
    step::Step,
    writer::{Command, WAITING_MAX, Writer},
};
use crate::fault::Fault;

/// The truth of one tenant in one file.
pub(super) struct Sqlite {
    identity: Uuid,
    pub(super) visibility: Arc<Visibility>,
    pub(super) readers: Arc<Readers>,
    pub(super) counts: Counts,
    /// Absent only while the store is dropped.
    inbox: Option<mpsc::Sender<Command>>,
    writer: Option<JoinHandle<()>>,
}

/// Opens the store in a directory, making what is missing, and fills the picture from it.
///
/// Blocks until the picture is filled. Dropping the last owner waits until the writer has written what was sent to it and has closed the file, so the last
/// owner must not be dropped by a task that holds back the picture's changes.
///
/// # Errors
/// `Unavailable` when the directory cannot be used or another process has opened it; `Inconsistent` when something in it cannot be read back, or was written
/// by a newer version.
pub fn open(directory: &Path, visibility: Arc<Visibility>) -> Result<Arc<dyn Store>, StoreError> {
    fs::create_dir_all(directory).map_err(Fault::from)?;
    let lock = lock(directory)?;
    let path = directory.join("store.sqlite");
    let (inbox, commands) = mpsc::channel(WAITING_MAX);
    let (opened, outcome) = sync_channel(1);
    let picture = Arc::clone(&visibility);
    let counts = Counts::default();
    let counted = counts.clone();
    let file = path.clone();
    let writer = thread::Builder::new()
        .name("store".to_owned())
        .spawn(move || match start(&file, picture, counted, lock) {
            Ok((identity, writer)) => {
                if opened.send(Ok(identity)).is_ok() {
                    writer.run(commands);
                }
            }
            Err(fault) => {
                let _ = opened.send(Err(fault));
            }
        })
        .map_err(Fault::from)?;
    let identity = outcome.recv().map_err(|_| stopped())??;
    Ok(Arc::new(Sqlite {
        identity,
        visibility,
        readers: Readers::new(path),
        counts,
        inbox: Some(inbox),
        writer: Some(writer),
    }))
}

/// One process at a time: the picture and the numbers in the writer's memory are only right if nobody else writes.
fn lock(directory: &Path) -> Result<File, Fault> {
    let path = directory.join("store.lock");
    let lock = file::private(&path)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::Error(error)) => Err(error.into()),
        Err(TryLockError::WouldBlock) => Err(Fault::Store(StoreError::Unavailable(
            format!(
                "`{}` is locked, so the store is already open; a store can be opened once at a time: stop the other program or choose another directory",
                path.display()
            )
            .into(),
        ))),
    }
}

/// On the writer's thread, because filling the picture must not happen inside an async task.
fn start(
    path: &Path,
    visibility: Arc<Visibility>,
    counts: Counts,
    lock: File,
) -> Result<(Uuid, Writer), Fault> {
    file::make(path)?;
    let mut sql = file::for_writing(path)?;
    file::migrate(&mut sql)?;
    let filled = fill::read(&mut sql)?;
    let (identity, interned) = filled.publish(&visibility, &counts);
    let memory = (interned, counts);
    let writer = Writer::new(path.to_owned(), sql, memory, visibility, lock)?;
    Ok((identity, writer))
}

fn stopped() -> StoreError {
    StoreError::Unavailable("the writer has stopped".into())
}

impl Sqlite {
    /// Sends a command to the writer and waits for its answer. Once sent it is carried out, whether or not anybody waits.
    pub(super) async fn write<T, F>(&self, weight: usize, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Fn(&mut Step<'_>) -> Result<T, Fault> + Send + 'static,
    {
        let (command, answer) = Command::new(weight, work);
        let inbox = self.inbox.as_ref().ok_or_else(stopped)?;
        inbox.send(command).await.map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }
}

impl Store for Sqlite {
    fn identity(&self) -> Uuid {
        self.identity
    }

    fn keep_within(&self, limits: Limits) {
        self.counts.limit(limits);
    }
}

impl Drop for Sqlite {
    fn drop(&mut self) {
        self.inbox = None;
        if let Some(writer) = self.writer.take()
            && writer.join().is_err()
        {
            tracing::error!("the writer had stopped");
        }
    }
}
