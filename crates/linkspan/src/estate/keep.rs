//! Resets, snapshots and removals: what is done with the files of tenants that are closed.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context;
use async_trait::async_trait;
use graph::PublicError;
use serde::{Deserialize, Serialize};
use server::{Keeper, Snapshot};
use tenant::{Error, accounts::Accounts, clock::Clock};
use tokio::task::spawn_blocking;
use uuid::Uuid;

use super::{
    open::{Estate, failed, lock},
    shelf,
};
use crate::clock::SystemClock;

/// The file that says what a snapshot is of.
const ABOUT: &str = "about.json";

#[derive(Serialize, Deserialize)]
struct About {
    tenant: Uuid,
    saved: String,
}

#[async_trait]
impl Keeper for Estate {
    fn tenants(&self) -> Vec<(Uuid, Vec<String>)> {
        let known = lock(&self.known);
        let general = ["common", "organizations", "consumers"].map(str::to_owned);
        let others = known.iter().filter(|(id, _)| **id != self.home);
        let others = others.map(|(id, name)| (*id, name.iter().cloned().collect()));
        std::iter::once((self.home, general.to_vec()))
            .chain(others)
            .collect()
    }

    async fn reset(&self, id: Uuid, accounts: Option<Arc<Accounts>>) -> Result<(), Error> {
        let _alone = self.changing.lock().await;
        let template = self.template().await.map_err(failed)?;
        let placed = self.place(id, template, accounts.as_deref()).await;
        placed.map_err(failed)
    }

    async fn remove(&self, id: Uuid) -> Result<(), Error> {
        let _alone = self.changing.lock().await;
        let removed = self.tenants.remove(&id.to_string());
        removed.map_err(|error| failed(error.into()))?;
        lock(&self.known).remove(&id);
        Ok(())
    }

    async fn snapshots(&self, whose: Option<Uuid>) -> Result<Vec<Snapshot>, Error> {
        self.snapshots_of(whose).map_err(failed)
    }

    async fn save(&self, id: Uuid, name: &str) -> Result<Snapshot, Error> {
        let _alone = self.changing.lock().await;
        if self.snapshots.path(name).exists() {
            let help = format!(
                "There is a snapshot '{name}' already. Remove it first with `linkspan snapshot remove {name}`, or choose another name."
            );
            let mut taken = PublicError::invalid("name", help);
            taken.status = 409;
            return Err(taken.into());
        }
        let about = About {
            tenant: id,
            saved: SystemClock.now().to_string(),
        };
        self.write(id, name, &about).await.map_err(failed)?;
        self.snapshot(name).map_err(failed)
    }

    async fn restore(&self, id: Uuid, name: &str, whose: Option<Uuid>) -> Result<(), Error> {
        let _alone = self.changing.lock().await;
        let from = self.found(name, whose)?;
        self.place(id, &from, None).await.map_err(failed)
    }

    async fn forget(&self, name: &str, whose: Option<Uuid>) -> Result<(), Error> {
        let _alone = self.changing.lock().await;
        self.found(name, whose)?;
        let removed = self.snapshots.remove(name);
        removed.map_err(|error| failed(error.into()))
    }
}

impl Estate {
    /// Another tenant's is as if it were not there.
    fn found(&self, name: &str, whose: Option<Uuid>) -> Result<PathBuf, Error> {
        let there = self.snapshots_of(whose).map_err(failed)?;
        if there.iter().any(|snapshot| snapshot.name == name) {
            return Ok(self.snapshots.path(name));
        }
        let names: Vec<&str> = there.iter().map(|it| it.name.as_str()).collect();
        let help = match names.as_slice() {
            [] => format!("There is no snapshot '{name}': there is none at all."),
            names => format!(
                "There is no snapshot '{name}'; there are: {}.",
                names.join(", ")
            ),
        };
        Err(PublicError::not_found("Snapshot")
            .with_help("name", help)
            .into())
    }

    fn snapshots_of(&self, whose: Option<Uuid>) -> anyhow::Result<Vec<Snapshot>> {
        let mut all = Vec::new();
        for name in self.snapshots.names()? {
            let snapshot = self.snapshot(&name)?;
            if whose.is_none_or(|id| id == snapshot.tenant) {
                all.push(snapshot);
            }
        }
        Ok(all)
    }

    async fn write(&self, id: Uuid, name: &str, about: &About) -> anyhow::Result<()> {
        let new = self.snapshots.begin(name)?;
        let text = serde_json::to_string(about)?;
        let from = self.tenants.path(&id.to_string());
        spawn_blocking(move || {
            shelf::write(&new.join(ABOUT), &text)?;
            shelf::copy(&from, &new)
        })
        .await??;
        self.snapshots.put(name)?;
        Ok(())
    }

    fn snapshot(&self, name: &str) -> anyhow::Result<Snapshot> {
        let path = self.snapshots.path(name);
        let about = about(&path).with_context(|| format!("could not read {}", path.display()))?;
        Ok(Snapshot {
            name: name.to_owned(),
            tenant: about.tenant,
            saved_date_time: about.saved,
            bytes: shelf::bytes(&path)?,
        })
    }
}

fn about(path: &Path) -> anyhow::Result<About> {
    let text = std::fs::read_to_string(path.join(ABOUT))?;
    Ok(serde_json::from_str(&text)?)
}
