//! Writes: batches, the stamp, and the one writer that stays alive as long as its index.

use std::{
    sync::{Mutex, MutexGuard, PoisonError, mpsc},
    thread,
    time::Duration,
};

use serde_json::json;
use tantivy::{
    Index, IndexMeta, IndexWriter, TantivyDocument,
    indexer::{IndexWriterOptions, UserOperation},
};
use tenant::index::Upsert;
use uuid::Uuid;

use super::mapping::{Fields, LAYOUT};

/// Threads that write segments.
const WRITER_THREADS: usize = 2;
/// Memory of all of them together; with less than 50 MB each, they write too many small segments.
const WRITER_MEMORY_BYTES: usize = 100_000_000;
/// Threads that merge segments: one that has a large merge before it must not let the small ones wait.
const MERGE_THREADS: usize = 2;

/// Operations are handed to the writing threads in groups of this many items, so that a small batch becomes one segment, …
const GROUP_ITEMS: usize = 128;
/// … or of about this many bytes of text, so that a group of large items does not exceed the writer's memory.
const GROUP_BYTES: usize = 1 << 20;

/// How long an index that is closed waits for merges that still run.
const CLOSING: Duration = Duration::from_secs(10);

/// The writer of an index: opened by the first write, so that an index that is only read has none.
pub struct Writing {
    index: Index,
    fields: Fields,
    writer: Mutex<Option<IndexWriter>>,
    store: Mutex<Option<Uuid>>,
}

impl Writing {
    /// Takes over an index whose stamp has been read.
    pub fn new(index: Index, fields: Fields, store: Option<Uuid>) -> Self {
        Self {
            index,
            fields,
            writer: Mutex::new(None),
            store: Mutex::new(store),
        }
    }

    /// Whose memory this is.
    pub fn store(&self) -> Option<Uuid> {
        *lock(&self.store)
    }

    /// Writes a batch; durable when it returns. An error leaves everything as it was.
    pub fn apply(&self, batch: Vec<Upsert>) -> tantivy::Result<()> {
        if batch.is_empty() {
            return Ok(());
        }
        let store = self.store();
        self.write(store, |writer| {
            let mut group = Vec::new();
            let (mut items, mut bytes) = (0, 0);
            for upsert in batch {
                items += 1;
                bytes += push_operations(self.fields, &upsert, &mut group);
                if items >= GROUP_ITEMS || bytes >= GROUP_BYTES {
                    writer.run(std::mem::take(&mut group))?;
                    (items, bytes) = (0, 0);
                }
            }
            writer.run(group)?;
            Ok(())
        })
    }

    /// Forgets everything and takes the stamp of a store.
    pub fn reset(&self, store: Uuid) -> tantivy::Result<()> {
        self.write(Some(store), |writer| {
            writer.delete_all_documents()?;
            Ok(())
        })
    }

    /// A writer for what is committed. Whoever was killed, or failed, between writing files and committing them has left
    /// files under the very names that the next commit takes; they must be gone before it.
    fn open(&self) -> tantivy::Result<IndexWriter> {
        let options = IndexWriterOptions::builder()
            .num_worker_threads(WRITER_THREADS)
            .memory_budget_per_thread(WRITER_MEMORY_BYTES / WRITER_THREADS)
            .num_merge_threads(MERGE_THREADS)
            .build();
        let writer = self.index.writer_with_options(options)?;
        writer.garbage_collect_files().wait()?;
        Ok(writer)
    }

    fn write(
        &self,
        store: Option<Uuid>,
        work: impl FnOnce(&IndexWriter) -> tantivy::Result<()>,
    ) -> tantivy::Result<()> {
        let mut slot = lock(&self.writer);
        let writer = match slot.take() {
            Some(writer) => writer,
            None => self.open()?,
        };
        // On an error the writer is dropped, and with it what was not committed.
        let mut writer = writer;
        work(&writer)?;
        let mut prepared = writer.prepare_commit()?;
        prepared.set_payload(&payload(store));
        prepared.commit()?;
        *slot = Some(writer);
        *lock(&self.store) = store;
        Ok(())
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        let writer = self
            .writer
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        let Some(writer) = writer.take() else {
            return;
        };
        // Dropping a writer ends its merges, and an index that is often opened and closed would never merge.
        let (done, waiting) = mpsc::channel();
        let closing = thread::Builder::new()
            .name("index-closing".to_owned())
            .spawn(move || {
                if let Err(error) = writer.wait_merging_threads() {
                    tracing::warn!(%error, "the index could not finish its merges");
                }
                // Nobody may be waiting any more.
                let _ = done.send(());
            });
        if closing.is_ok() && waiting.recv_timeout(CLOSING).is_err() {
            tracing::warn!("the index is still merging; it goes on by itself");
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Adds what one change does, and tells about how many bytes of text it holds.
fn push_operations(
    fields: Fields,
    upsert: &Upsert,
    group: &mut Vec<UserOperation<TantivyDocument>>,
) -> usize {
    group.push(UserOperation::Delete(fields.ordinal_term(upsert.ordinal)));
    let Some(document) = &upsert.document else {
        return 0;
    };
    let written = fields.document(upsert.ordinal, upsert.text, document);
    group.push(UserOperation::Add(written));
    document
        .item
        .content
        .as_ref()
        .and_then(|content| content.value.as_ref())
        .map_or(0, String::len)
}

/// What every commit says about itself.
fn payload(store: Option<Uuid>) -> String {
    json!({ "layout": LAYOUT, "store": store.map(|store| store.to_string()) }).to_string()
}

/// Was the last commit, if there was one, written in the current layout?
pub fn is_current(meta: &IndexMeta) -> bool {
    match &meta.payload {
        None => meta.segments.is_empty(),
        Some(payload) => read(payload)
            .is_some_and(|payload| payload["layout"].as_u64() == Some(u64::from(LAYOUT))),
    }
}

/// The stamp of the last commit.
pub fn stamp_of(meta: &IndexMeta) -> Option<Uuid> {
    let payload = read(meta.payload.as_ref()?)?;
    Uuid::parse_str(payload["store"].as_str()?).ok()
}

fn read(payload: &str) -> Option<serde_json::Value> {
    serde_json::from_str(payload).ok()
}
