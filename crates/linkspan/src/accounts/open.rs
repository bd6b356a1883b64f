//! The accounts of a data directory, while no server uses it.

use std::{fs::File, path::PathBuf, sync::Arc};

use anyhow::{Context, bail, ensure};
use clap::Args;
use tenant::{accounts::Accounts, store::Store, visibility::Visibility};
use uuid::Uuid;

use crate::{dev, wire};

/// Which data directory.
#[derive(Args, Clone)]
pub struct Place {
    /// Where the data lives [default: the user's data directory]. No server may run on it meanwhile.
    #[arg(long, value_name = "DIR", global = true)]
    pub data: Option<PathBuf>,
}

impl Place {
    /// The directory, which nobody else can use as long as the file is open. Only who adds something makes one that is not there.
    pub fn lock(&self, adds: bool) -> anyhow::Result<(PathBuf, File)> {
        let data = dev::data_path(self.data.as_deref())?;
        ensure!(
            adds || data.join("tenants").is_dir(),
            "there is no data directory {}; `linkspan dev --data` or `linkspan app add --data` makes one",
            data.display()
        );
        let data = dev::kept_directory(Some(&data))?;
        let lock = wire::lock(&data, "name another directory with --data DIR")
            .with_context(|| format!("could not open the data directory {}", data.display()))?;
        Ok((data, lock))
    }
}

/// The accounts, open for a change.
pub struct Open {
    /// As they are, to be changed before [`Open::keep`].
    pub accounts: Accounts,
    store: Arc<dyn Store>,
    _lock: File,
}

impl Open {
    /// Opens the accounts of a data directory; see [`Place::lock`].
    pub async fn at(place: &Place, adds: bool) -> anyhow::Result<Self> {
        let (data, lock) = place.lock(adds)?;
        let store = store::open(&wire::home_directory(&data)?, Visibility::new())?;
        let accounts = store.accounts().await?;
        Ok(Self {
            accounts: Accounts::clone(&accounts),
            store,
            _lock: lock,
        })
    }

    /// Writes the changed accounts.
    pub async fn keep(self) -> anyhow::Result<()> {
        self.store.put_accounts(&self.accounts).await?;
        Ok(())
    }
}

/// The position of the one thing that is called so: by name, or by one of its ids.
pub fn position<T>(
    things: &[T],
    (kind, wanted): (&str, &str),
    names: impl Fn(&T) -> Vec<&str>,
) -> anyhow::Result<usize> {
    let is_called = |thing: &T| {
        names(thing)
            .iter()
            .any(|name| name.eq_ignore_ascii_case(wanted))
    };
    if let Some(position) = things.iter().position(is_called) {
        return Ok(position);
    }
    let known: Vec<&str> = things
        .iter()
        .filter_map(|thing| names(thing).first().copied())
        .collect();
    if known.is_empty() {
        bail!(
            "there is no {kind} '{wanted}': there is none at all; add one with `linkspan {kind} add`"
        );
    }
    bail!(
        "there is no {kind} '{wanted}'; there are: {}",
        known.join(", ")
    );
}

/// The GUID that was given, or a new one.
pub fn guid(given: Option<&str>) -> anyhow::Result<String> {
    let Some(given) = given else {
        return Ok(server::identity::unique().to_string());
    };
    let id = Uuid::try_parse(given)
        .with_context(|| format!("'{given}' must be a GUID, or left out to have one made"))?;
    Ok(id.hyphenated().to_string())
}
