//! Opening tenants, and making those that are asked for by a new name.

use std::{
    collections::{BTreeMap, HashSet},
    fs,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use anyhow::{Context, ensure};
use async_trait::async_trait;
use server::{
    NotMade, Resident, Source,
    identity::{Issuer, Keys, SignInOptions},
    tls::private_directory,
    weather::Dial,
};
use store::open as open_store;
use tenant::{
    Error, Failure, FailureKind, Tenant, accounts::Accounts, clock::Clock, index::Index, indexer,
    life, store::Store, visibility::Visibility,
};
use tokio::{
    sync::{OnceCell, watch},
    task::spawn_blocking,
};
use uuid::Uuid;

use super::{
    dial,
    shelf::{self, Shelf},
};
use crate::{
    seed,
    wire::{Life, People},
};

/// The file that says which name a tenant was made for.
const SEGMENT: &str = "segment";
/// What new tenants are copies of. Never finished, so it goes at the next start.
const TEMPLATE: &str = "template";

/// The tenants of a data directory.
pub struct Estate {
    pub(super) home: Uuid,
    pub(super) tenants: Shelf,
    pub(super) snapshots: Shelf,
    keys: Arc<Keys>,
    people: People,
    life: Life,
    /// All tenants, each with the name it was made for.
    pub(super) known: Mutex<BTreeMap<Uuid, Option<String>>>,
    /// Those whose accounts are as they should be: a seed that replaces does so once.
    met: Mutex<HashSet<Uuid>>,
    /// Where new tenants are copied from.
    template: OnceCell<std::path::PathBuf>,
    /// Held by whoever changes directories.
    pub(super) changing: tokio::sync::Mutex<()>,
}

impl Estate {
    /// The tenants below a data directory that nobody else uses.
    pub fn new(
        data: &Path,
        home: Uuid,
        keys: Keys,
        people: People,
        life: Life,
    ) -> anyhow::Result<Self> {
        let tenants = Shelf::open(data.join("tenants"))?;
        let snapshots = Shelf::open(data.join("snapshots"))?;
        let mut known = BTreeMap::from([(home, None)]);
        if people.tenants_max.is_some() {
            for name in tenants.names()? {
                if let Ok(id) = Uuid::try_parse(&name) {
                    let segment = fs::read_to_string(tenants.path(&name).join(SEGMENT)).ok();
                    known.insert(id, segment);
                }
            }
        }
        Ok(Self {
            home,
            tenants,
            snapshots,
            keys: Arc::new(keys),
            people,
            life,
            known: Mutex::new(known),
            met: Mutex::default(),
            template: OnceCell::new(),
            changing: tokio::sync::Mutex::default(),
        })
    }

    async fn open_tenant(&self, id: Uuid) -> anyhow::Result<(Arc<Tenant>, Option<Dial>)> {
        ensure!(self.has(id), "there is no tenant {id}");
        let directory = self.tenants.path(&id.to_string());
        let visibility = Visibility::new();
        let picture = Arc::clone(&visibility);
        let (clock, dial) = self.clock(&directory)?;
        let opening = move || -> anyhow::Result<_> {
            private_directory(&directory)?;
            let store = open_store(&directory, picture)?;
            Ok((store, open_index(&directory)?))
        };
        let (store, index) = spawn_blocking(opening).await??;
        self.settle_accounts(id, store.as_ref()).await?;
        let tenant = Tenant::new(id, store, index, clock, visibility);
        let tenant = Arc::new(tenant.with_profile(self.life.profile.clone()));
        indexer::prepare(&tenant)
            .await
            .map_err(|error| anyhow::anyhow!("{error:?}"))?;
        Ok((tenant, dial))
    }

    /// The clock of the tenant in that directory, and where it is moved, if it can be.
    fn clock(&self, directory: &Path) -> anyhow::Result<(Arc<dyn Clock>, Option<Dial>)> {
        let real = Arc::clone(&self.life.clock);
        if !self.life.moves {
            return Ok((real, None));
        }
        let (clock, dial) = dial::open(directory, real)?;
        Ok((clock, Some(dial)))
    }

    async fn settle_accounts(&self, id: Uuid, store: &dyn Store) -> anyhow::Result<()> {
        let kept = store.accounts().await?;
        let is_first = lock(&self.met).insert(id);
        match &self.people.seed {
            None => seed::real(&kept)?,
            // Accounts that were added or changed by hand stay as they are.
            Some(seed) if (self.people.replace && is_first) || *kept == Accounts::default() => {
                store.put_accounts(&seed.accounts).await?;
            }
            Some(_) => {}
        }
        Ok(())
    }

    /// A closed tenant that holds the seed's accounts and nothing else.
    pub(super) async fn template(&self) -> anyhow::Result<&Path> {
        let made = self.template.get_or_try_init(|| async {
            let directory = self.tenants.begin(TEMPLATE)?;
            let seed = self.people.seed.as_ref();
            let seed = seed.context("there is no seed to make tenants from")?;
            self.furnish(&directory, &seed.accounts).await?;
            Ok::<_, anyhow::Error>(directory)
        });
        Ok(made.await?)
    }

    /// Puts accounts into the directory of a closed tenant, and makes its index the memory of its store.
    pub(super) async fn furnish(
        &self,
        directory: &Path,
        accounts: &Accounts,
    ) -> anyhow::Result<()> {
        let store = open_store(directory, Visibility::new())?;
        store.put_accounts(accounts).await?;
        let index = open_index(directory)?;
        if index.stamp().await? != Some(store.identity()) {
            index.reset(store.identity()).await?;
        }
        spawn_blocking(move || drop((store, index))).await?;
        Ok(())
    }

    /// Gives a closed tenant the state in a directory, and then maybe other accounts.
    pub(super) async fn place(
        &self,
        id: Uuid,
        from: &Path,
        accounts: Option<&Accounts>,
    ) -> anyhow::Result<()> {
        let segment = lock(&self.known).get(&id).cloned().flatten();
        self.place_named(id, segment, from, accounts).await
    }

    async fn place_named(
        &self,
        id: Uuid,
        segment: Option<String>,
        from: &Path,
        accounts: Option<&Accounts>,
    ) -> anyhow::Result<()> {
        let name = id.to_string();
        let new = self.tenants.begin(&name)?;
        let (from, to) = (from.to_owned(), new.clone());
        spawn_blocking(move || {
            if let Some(segment) = segment {
                shelf::write(&to.join(SEGMENT), &segment)?;
            }
            shelf::copy(&from, &to)
        })
        .await??;
        if let Some(accounts) = accounts {
            self.furnish(&new, accounts).await?;
        }
        self.tenants.put(&name)?;
        // What its accounts are now was somebody's wish.
        lock(&self.met).insert(id);
        Ok(())
    }

    async fn make(&self, id: Uuid, segment: &str) -> anyhow::Result<()> {
        let name = (segment != id.to_string()).then(|| segment.to_owned());
        let template = self.template().await?;
        self.place_named(id, name.clone(), template, None).await?;
        // Whoever knows a tenant opens it, so its files must be in their place by then.
        lock(&self.known).insert(id, name);
        Ok(())
    }
}

#[async_trait]
impl Source for Estate {
    fn home(&self) -> Uuid {
        self.home
    }

    fn has(&self, id: Uuid) -> bool {
        lock(&self.known).contains_key(&id)
    }

    fn known(&self, segment: &str) -> Option<Uuid> {
        let id = id_of(segment);
        // A directory whose home tenant is another one was made for real use; scripts for dev still mean the home tenant.
        if id == seed::TENANT && self.people.tenants_max.is_some() {
            return Some(self.home);
        }
        self.has(id).then_some(id)
    }

    async fn named(&self, segment: &str) -> Result<Uuid, NotMade> {
        let most = self.people.tenants_max.ok_or(NotMade::Never)?;
        let _alone = self.changing.lock().await;
        if let Some(id) = self.known(segment) {
            return Ok(id);
        }
        if lock(&self.known).len() >= most {
            return Err(NotMade::Full { most });
        }
        let id = id_of(segment);
        let made = self.make(id, segment).await;
        made.map_err(|error| NotMade::Failed(failed(error)))?;
        Ok(id)
    }

    async fn open(&self, id: Uuid) -> Result<Resident, Error> {
        let (tenant, dial) = self.open_tenant(id).await.map_err(failed)?;
        let options = SignInOptions {
            apart: id != self.home,
            ..self.people.sign_in.clone()
        };
        let picture = Arc::clone(&tenant.visibility);
        let issuer = Issuer::with_options(id, Arc::clone(&self.keys), picture, options);
        let (stop, stopped) = watch::channel(false);
        let mut loops = Vec::from(indexer::start(&tenant, &stopped));
        loops.push(life::start(&tenant, &stopped));
        Ok(Resident {
            tenant,
            issuer,
            dial,
            stop,
            loops,
        })
    }
}

/// The index of the tenant in a directory.
fn open_index(directory: &Path) -> anyhow::Result<Arc<dyn Index>> {
    let directory = directory.join("index");
    private_directory(&directory)?;
    Ok(index::open(&directory)?)
}

/// A GUID is itself; every other name has the GUID that follows from it.
fn id_of(segment: &str) -> Uuid {
    let id = Uuid::try_parse(segment).ok();
    id.filter(|id| id.to_string() == segment)
        .unwrap_or_else(|| Uuid::new_v5(&seed::TENANT, segment.as_bytes()))
}

/// What went wrong with files may be right the next time.
pub(super) fn failed(error: anyhow::Error) -> Error {
    Error::Failed(Failure {
        kind: FailureKind::Unavailable,
        source: error.into(),
    })
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::{future::poll_fn, pin::pin};

    use tenant::Profile;

    use super::*;
    use crate::clock::SystemClock;

    #[tokio::test]
    async fn nobody_can_open_a_tenant_before_its_files_are_in_their_place() {
        let data = tempfile::tempdir().unwrap();
        let people = People {
            seed: Some(seed::published()),
            replace: false,
            sign_in: SignInOptions::default(),
            tenants_max: Some(2),
        };
        let life = Life {
            clock: Arc::new(SystemClock),
            moves: false,
            profile: Profile::INSTANT,
            weather: None,
        };
        let keys = Keys::open(&data.path().join("keys")).unwrap();
        let estate = Estate::new(data.path(), seed::TENANT, keys, people, life).unwrap();
        let id = Uuid::from_u128(7);
        let name = id.to_string();
        let mut making = pin!(estate.named(&name));
        let made = poll_fn(|context| {
            let made = making.as_mut().poll(context);
            assert!(made.is_ready() || !estate.has(id));
            made
        });
        assert_eq!(made.await.unwrap(), id);
        assert!(estate.has(id) && estate.tenants.path(&name).join("store.sqlite").exists());
    }
}
