//! What the registry needs of whoever wires the house: tenants to open, and what may be done with a closed one.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use serde::Serialize;
use tenant::{Error, Tenant, accounts::Accounts, indexer, tasks::Loop};
use tokio::{sync::watch, task::spawn_blocking, time::timeout};
use uuid::Uuid;

use super::unavailable;
use crate::{identity::Issuer, weather::Dial};

/// How long an index may take to catch up when its tenant is closed.
const CATCH_UP: Duration = Duration::from_secs(10);

/// How long the store may take to let go of its files.
const LETTING_GO: Duration = Duration::from_secs(20);

/// Where tenants come from.
#[async_trait]
pub trait Source: Send + Sync {
    /// The tenant that `common`, `organizations` and `consumers` mean. It is never closed for being idle.
    fn home(&self) -> Uuid;

    /// Is there a tenant of that id?
    fn has(&self, id: Uuid) -> bool;

    /// The tenant that a segment of a sign-in path names, if there is one. The segment is as for [`Source::named`].
    fn known(&self, segment: &str) -> Option<Uuid>;

    /// The tenant that a segment of a sign-in path names, made where unknown names make tenants. The segment is a GUID, or
    /// plain letters, digits, `-`, `.` and `_`.
    ///
    /// # Errors
    /// There is none and none is made; or it could not be made.
    async fn named(&self, segment: &str) -> Result<Uuid, NotMade>;

    /// Opens a tenant that there is. Not called again for it before what it returned was closed.
    ///
    /// # Errors
    /// Its files cannot be used.
    async fn open(&self, id: Uuid) -> Result<Resident, Error>;
}

/// Why a name names no tenant.
#[derive(Debug)]
pub enum NotMade {
    /// Unknown names make no tenants here.
    Never,
    /// There are as many as may be.
    Full {
        /// How many.
        most: usize,
    },
    /// It could not be made.
    Failed(Error),
}

/// What can be done with the files of a tenant while it is closed, and with copies of them. Each is done whole or not at all.
#[async_trait]
pub trait Keeper: Send + Sync {
    /// All tenants with the names they were made for, the home tenant first.
    fn tenants(&self) -> Vec<(Uuid, Vec<String>)>;

    /// Puts a tenant back to the seed, or to nothing but these accounts.
    ///
    /// # Errors
    /// Its files cannot be used.
    async fn reset(&self, id: Uuid, accounts: Option<Arc<Accounts>>) -> Result<(), Error>;

    /// Removes a tenant.
    ///
    /// # Errors
    /// Its files cannot be used.
    async fn remove(&self, id: Uuid) -> Result<(), Error>;

    /// The snapshots of one tenant or of all, by name.
    ///
    /// # Errors
    /// Their files cannot be read.
    async fn snapshots(&self, whose: Option<Uuid>) -> Result<Vec<Snapshot>, Error>;

    /// Keeps a copy of a tenant under a name.
    ///
    /// # Errors
    /// The name is taken; or files cannot be used.
    async fn save(&self, id: Uuid, name: &str) -> Result<Snapshot, Error>;

    /// Puts a tenant into the state of a snapshot, which is one of that tenant's or of all.
    ///
    /// # Errors
    /// There is no such snapshot among them; or files cannot be used.
    async fn restore(&self, id: Uuid, name: &str, whose: Option<Uuid>) -> Result<(), Error>;

    /// Removes a snapshot, which is one of that tenant's or of all.
    ///
    /// # Errors
    /// There is no such snapshot among them; or files cannot be used.
    async fn forget(&self, name: &str, whose: Option<Uuid>) -> Result<(), Error>;
}

/// A copy of a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Snapshot {
    /// What it is called.
    pub name: String,
    /// Whose copy it is.
    pub tenant: Uuid,
    /// When it was made, as ISO 8601.
    pub saved_date_time: String,
    /// How large its files are.
    pub bytes: u64,
}

/// An open tenant.
pub struct Resident {
    /// Its ports and its live picture.
    pub tenant: Arc<Tenant>,
    /// Who signs its people in.
    pub issuer: Arc<Issuer>,
    /// Where its clock can be moved, if it can.
    pub dial: Option<Dial>,
    /// Ends the background loops.
    pub stop: watch::Sender<bool>,
    /// Its background loops.
    pub loops: Vec<Loop>,
}

impl Resident {
    /// Ends the background loops, carries what is dirty to the index, and lets go of the files.
    ///
    /// # Errors
    /// Something did not end in time, which the log names: the files may still be in use.
    pub(super) async fn close(self) -> Result<(), Error> {
        let id = self.tenant.id;
        self.stop.send_replace(true);
        let mut all_ended = true;
        for each in self.loops {
            all_ended &= each.ended().await;
        }
        // What is not indexed now is indexed when it is opened again; it only takes longer then.
        if timeout(CATCH_UP, indexer::settle(&self.tenant))
            .await
            .is_err()
        {
            tracing::warn!(%id, "waited {CATCH_UP:?} for the index to catch up; it goes on when the tenant is opened again");
        }
        let files = (self.issuer, self.tenant);
        // The store's last owner waits for its writer.
        match timeout(LETTING_GO, spawn_blocking(move || drop(files))).await {
            Ok(Ok(())) if all_ended => Ok(()),
            Ok(Ok(())) => Err(unavailable("a background loop of the tenant did not end")),
            Ok(Err(error)) => Err(unavailable(error)),
            Err(_) => {
                tracing::error!(%id, "waited {LETTING_GO:?} for the store to let go of its files");
                Err(unavailable(
                    "the store of the tenant did not let go of its files",
                ))
            }
        }
    }
}
