//! The server of a run: one that is there already, or one that lives as long as the run.

use std::{env, sync::Arc};

use anyhow::{Context, ensure};
use server::{
    journal::{Journal, Page, Whereabouts, Whose},
    weather::Report,
};

use crate::{
    cli::{Listen, Run},
    climate::Climate,
    dev::{self, Running},
    remote::{self, Account, Address, Remote, USUAL_URL},
    say,
};

/// What is pushed into another server than the one that runs already would be looked for there.
fn not_used(why: &str) {
    say::aside(format_args!(
        "linkspan run: not with the server at {USUAL_URL}, but with one of its own: {why}"
    ));
}

/// The server of a run.
pub enum Place {
    /// In this process, with data that goes with it.
    Own {
        running: Box<Running>,
        journal: Arc<Journal>,
    },
    /// Elsewhere, asked over HTTP.
    Other {
        remote: Remote,
        /// The tenant that the program's environment names; else it is the server's own.
        tenant: Option<String>,
    },
}

impl Place {
    /// The named server, the one at the usual port, or one of our own.
    ///
    /// # Errors
    /// The named server does not answer, or is none that can be used; or none can be started.
    pub async fn find(options: &Run) -> anyhow::Result<Self> {
        if let Some(url) = &options.server {
            ensure!(
                options.climate.is_usual(),
                "--profile and --limit are for a server of the run's own: leave --server out, or start `linkspan dev` with them"
            );
            let remote = Remote::new(&Address::of(url), Account::admin())?;
            let there = remote.page(0, None).await;
            there.with_context(|| format!("the server at {url} cannot be used for a run"))?;
            return Ok(Self::other(remote).await);
        }
        // A profile is that of a server of the run's own.
        if !options.ephemeral && options.climate.is_usual() {
            let remote = Remote::new(&Address::of(USUAL_URL), Account::admin())?;
            match remote.page(0, None).await {
                Ok(page) if page.whereabouts.is_some() => return Ok(Self::other(remote).await),
                Ok(_) => not_used("it has no CONNECT listener"),
                Err(error) if remote::is_there(&error) => not_used(&format!("{error:#}")),
                Err(_) => {}
            }
        }
        Self::start(options.climate.clone()).await
    }

    /// The journal of a tenant can be asked for when there is that tenant, so it is made, as the program will.
    async fn other(remote: Remote) -> Self {
        let named = env::var_os("AZURE_TENANT_ID").and_then(|name| name.into_string().ok());
        let tenant = match named.filter(|name| !name.is_empty()) {
            Some(name) if remote.makes(&name).await => Some(name),
            _ => None,
        };
        Self::Other { remote, tenant }
    }

    async fn start(climate: Climate) -> anyhow::Result<Self> {
        let free = || "127.0.0.1:0".parse();
        let listen = Listen {
            data: None,
            ephemeral: true,
            http: free()?,
            https: free()?,
            public_url: None,
            ready_file: None,
        };
        let running =
            dev::start(&listen, Some(dev::listener("--proxy", free()?)?), climate).await?;
        let journal = running
            .journal()
            .context("the server of the run keeps no journal")?;
        Ok(Self::Own {
            running: Box::new(running),
            journal,
        })
    }

    /// What was asked behind number `since`.
    pub async fn page(&self, since: u64) -> anyhow::Result<Page> {
        match self {
            Self::Own { journal, .. } => Ok(journal.page(since, Whose::All)),
            Self::Other { remote, tenant } => remote.page(since, tenant.as_deref()).await,
        }
    }

    /// What the weather of a server of our own has done.
    pub fn weather(&self) -> Option<Report> {
        match self {
            Self::Own { running, .. } => running.weather(),
            Self::Other { .. } => None,
        }
    }

    /// How the server is reached.
    pub async fn whereabouts(&self) -> anyhow::Result<Whereabouts> {
        self.page(u64::MAX)
            .await?
            .whereabouts
            .context("the server has no CONNECT listener: start it with `linkspan dev`")
    }

    /// The server in words.
    pub fn name(&self) -> String {
        match self {
            Self::Own { .. } => "a server of its own for this run".to_owned(),
            Self::Other { remote, .. } => format!("the server at {}", remote.url),
        }
    }

    /// Do other programs ask it too?
    pub fn is_shared(&self) -> bool {
        matches!(self, Self::Other { .. })
    }

    /// Lets go of the server.
    pub async fn close(self) -> anyhow::Result<()> {
        match self {
            Self::Own { running, .. } => running.close().await,
            Self::Other { .. } => Ok(()),
        }
    }
}
