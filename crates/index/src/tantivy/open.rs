//! Opens the index of a tenant and answers for it.

use std::{
    fs, io,
    panic::{self, AssertUnwindSafe},
    path::Path,
    sync::Arc,
    thread,
};

use async_trait::async_trait;
use tantivy::{
    Index as Engine, IndexReader, IndexSettings, ReloadPolicy, TantivyError,
    directory::MmapDirectory, store::Compressor,
};
use tenant::{
    index::{Index, IndexError, Upsert},
    search::plan::{Criteria, Hits, Plan},
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout_at,
};
use uuid::Uuid;

use super::{
    answer,
    apply::{self, Writing},
    collector::Judge,
    failure::{blocking, is_memory_lost, refused},
    mapping::{self, Fields},
    watch::Watch,
};

/// Opens the index in a directory, or begins a new one there.
///
/// What cannot be read as an index of the current layout is thrown away: it is only a memory, and says so by having no stamp. The directory belongs to the
/// index alone.
///
/// # Errors
/// [`IndexError::Unavailable`] when the directory cannot be made, read or written.
pub fn open(directory: &Path) -> Result<Arc<dyn Index>, IndexError> {
    Ok(Arc::new(TantivyIndex::open(directory)?))
}

/// The embedded engine as an index.
pub struct TantivyIndex {
    opened: Arc<Opened>,
    /// As many searches at once as the machine can run; the others wait until their deadline.
    places: Arc<Semaphore>,
}

struct Opened {
    reader: IndexReader,
    fields: Fields,
    writing: Writing,
}

impl TantivyIndex {
    /// See [`open`].
    ///
    /// # Errors
    /// As [`open`].
    pub fn open(directory: &Path) -> Result<Self, IndexError> {
        fs::create_dir_all(directory).map_err(|error| unavailable(directory, &error))?;
        // The engine may also assert where files contradict each other.
        let attempt = panic::catch_unwind(AssertUnwindSafe(|| Opened::open(directory)));
        let lost = match attempt {
            Ok(Ok(Some(opened))) => return Ok(Self::new(opened)),
            Ok(Ok(None)) => "it has another layout".to_owned(),
            Ok(Err(error)) if is_memory_lost(&error) => error.to_string(),
            Ok(Err(error)) => return Err(refused(&error)),
            Err(_) => "its files contradict each other".to_owned(),
        };
        tracing::warn!(directory = %directory.display(), reason = lost, "the index is thrown away and must be rebuilt");
        empty(directory).map_err(|error| unavailable(directory, &error))?;
        match Opened::open(directory).map_err(|error| refused(&error))? {
            Some(opened) => Ok(Self::new(opened)),
            None => Err(IndexError::Inconsistent(format!(
                "the index in {} is not of the layout it was made in",
                directory.display()
            ))),
        }
    }

    fn new(opened: Opened) -> Self {
        let places = thread::available_parallelism().map_or(1, usize::from);
        Self {
            opened: Arc::new(opened),
            places: Arc::new(Semaphore::new(places)),
        }
    }

    /// Answers a plan as if its lens admitted everything, to measure what trimming costs.
    ///
    /// # Errors
    /// As [`Index::search`].
    #[cfg(feature = "bench")]
    pub async fn top_untrimmed(&self, plan: Plan) -> Result<Hits, IndexError> {
        let place = self.place(&plan).await?;
        let opened = Arc::clone(&self.opened);
        blocking(move || {
            let _place = place;
            opened.answer(plan, &super::collector::Everything)
        })
        .await
    }

    async fn place(&self, plan: &Plan) -> Result<OwnedSemaphorePermit, IndexError> {
        timeout_at(
            plan.deadline.into(),
            Arc::clone(&self.places).acquire_owned(),
        )
        .await
        .map_err(|_| IndexError::Unavailable("all searches are busy until the deadline".into()))?
        .map_err(|error| IndexError::Unavailable(error.to_string()))
    }
}

impl Opened {
    /// Opens or begins the index; `None` when it is one of another layout.
    fn open(directory: &Path) -> tantivy::Result<Option<Self>> {
        let (schema, fields) = mapping::layout();
        let files = MmapDirectory::open(directory)?;
        let engine = if Engine::exists(&files)? {
            Engine::open(files)?
        } else {
            let settings = IndexSettings {
                // Nothing is stored here: items are read from the truth.
                docstore_compression: Compressor::None,
                docstore_compress_dedicated_thread: false,
                ..IndexSettings::default()
            };
            Engine::create(files, schema.clone(), settings)?
        };
        let meta = engine.load_metas()?;
        if engine.schema() != schema || !apply::is_current(&meta) {
            return Ok(None);
        }
        mapping::register(&engine);
        let reader = engine
            .reader_builder()
            .reload_policy(ReloadPolicy::Manual)
            .try_into()?;
        let writing = Writing::new(engine, fields, apply::stamp_of(&meta));
        Ok(Some(Self {
            reader,
            fields,
            writing,
        }))
    }

    fn answer(&self, plan: Plan, judge: &impl Judge) -> Result<Hits, IndexError> {
        let searcher = self.reader.searcher();
        answer::answer(&searcher, self.fields, &Watch::new(plan), judge)
    }

    fn write(
        &self,
        work: impl FnOnce(&Writing) -> Result<(), TantivyError>,
    ) -> Result<(), IndexError> {
        work(&self.writing)
            .and_then(|()| self.reader.reload())
            .map_err(|error| refused(&error))
    }
}

#[async_trait]
impl Index for TantivyIndex {
    async fn apply(&self, batch: Vec<Upsert>) -> Result<(), IndexError> {
        let opened = Arc::clone(&self.opened);
        blocking(move || opened.write(|writing| writing.apply(batch))).await
    }

    async fn search(&self, plan: Plan) -> Result<Hits, IndexError> {
        if plan.lens.is_blind() || plan.criteria == Criteria::None {
            return Ok(Hits::default());
        }
        let place = self.place(&plan).await?;
        let opened = Arc::clone(&self.opened);
        blocking(move || {
            let _place = place;
            let lens = plan.lens.clone();
            opened.answer(plan, &lens)
        })
        .await
    }

    async fn stamp(&self) -> Result<Option<Uuid>, IndexError> {
        Ok(self.opened.writing.store())
    }

    async fn reset(&self, store: Uuid) -> Result<(), IndexError> {
        let opened = Arc::clone(&self.opened);
        blocking(move || opened.write(|writing| writing.reset(store))).await
    }
}

fn unavailable(directory: &Path, error: &io::Error) -> IndexError {
    IndexError::Unavailable(format!(
        "the directory {} cannot be used: {error}",
        directory.display()
    ))
}

/// Removes the files of a directory. The engine makes no directories, so none is followed.
fn empty(directory: &Path) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if !entry.file_type()?.is_dir() {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
