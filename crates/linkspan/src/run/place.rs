//! The server of a run: one that is there already, or one that lives as long as the run.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, bail, ensure};
use reqwest::{Client, StatusCode};
use serde_json::Value;
use server::journal::{Journal, Page, Whereabouts};
use tokio::sync::Mutex;

use crate::{
    cli::{Listen, Run},
    dev::{self, Running},
    seed,
};

/// Where a server is looked for when none is named.
const USUAL_URL: &str = "http://localhost:7780";

/// How long a server may take to answer; it is on this machine.
const PATIENCE: Duration = Duration::from_secs(10);
const CONNECT_PATIENCE: Duration = Duration::from_secs(1);

/// The server of a run.
pub enum Place {
    /// In this process, with data that goes with it.
    Own {
        running: Box<Running>,
        journal: Arc<Journal>,
    },
    /// Elsewhere, asked over HTTP.
    Other(Remote),
}

impl Place {
    /// The named server, the one at the usual port, or one of our own.
    ///
    /// # Errors
    /// The named server does not answer, or is none that can be used; or none can be started.
    pub async fn find(options: &Run) -> anyhow::Result<Self> {
        if let Some(url) = &options.server {
            let remote = Remote::new(url)?;
            let there = remote.page(0).await;
            there.with_context(|| format!("the server at {url} cannot be used for a run"))?;
            return Ok(Self::Other(remote));
        }
        if !options.ephemeral {
            let remote = Remote::new(USUAL_URL)?;
            if remote
                .page(0)
                .await
                .is_ok_and(|page| page.whereabouts.is_some())
            {
                return Ok(Self::Other(remote));
            }
        }
        Self::start().await
    }

    async fn start() -> anyhow::Result<Self> {
        let free = || "127.0.0.1:0".parse();
        let listen = Listen {
            data: None,
            ephemeral: true,
            http: free()?,
            https: free()?,
            public_url: None,
            ready_file: None,
        };
        let running = dev::start(&listen, Some(dev::listener(free()?)?)).await?;
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
            Self::Own { journal, .. } => Ok(journal.page(since)),
            Self::Other(remote) => remote.page(since).await,
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
            Self::Other(remote) => format!("the server at {}", remote.url),
        }
    }

    /// Lets go of the server.
    pub async fn close(self) -> anyhow::Result<()> {
        match self {
            Self::Own { running, .. } => running.close().await,
            Self::Other(_) => Ok(()),
        }
    }
}

/// A server that is asked over HTTP, with the published credentials of the seeded admin app.
pub struct Remote {
    url: String,
    client: Client,
    /// Kept: a sign-in is a request too, and would be counted as the program's.
    token: Mutex<Option<String>>,
}

impl Remote {
    fn new(url: &str) -> anyhow::Result<Self> {
        let url = url.trim_end_matches('/');
        ensure!(
            url.starts_with("http://"),
            "--server '{url}' must be the http:// address that `linkspan dev` prints, for example {USUAL_URL}"
        );
        let client = Client::builder()
            .no_proxy()
            .connect_timeout(CONNECT_PATIENCE)
            .timeout(PATIENCE)
            .build()?;
        Ok(Self {
            url: url.to_owned(),
            client,
            token: Mutex::new(None),
        })
    }

    async fn page(&self, since: u64) -> anyhow::Result<Page> {
        let mut kept = self.token.lock().await;
        let token = match kept.take() {
            Some(token) => token,
            None => self.sign_in().await?,
        };
        let url = format!("{}/_linkspan/journal?since={since}", self.url);
        let answer = self.client.get(url).bearer_auth(&token).send().await?;
        // One that is no longer good is not kept: the next glance signs in anew.
        if answer.status() != StatusCode::UNAUTHORIZED {
            *kept = Some(token);
        }
        match answer.status() {
            StatusCode::OK => Ok(answer.json().await?),
            StatusCode::NOT_FOUND => bail!("it keeps no journal: only `linkspan dev` does"),
            status => bail!("it answers {status} when its journal is asked for"),
        }
    }

    async fn sign_in(&self) -> anyhow::Result<String> {
        let admin = seed::app("admin");
        let form = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default",
            admin.client_id,
            admin.secret.unwrap_or_default(),
        );
        let answer = self
            .client
            .post(format!("{}/{}/oauth2/v2.0/token", self.url, seed::TENANT))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form)
            .send()
            .await
            .context("it does not answer: start one with `linkspan dev`, or leave --server out")?;
        let answer: Value = answer
            .json()
            .await
            .context("what answers there is no Linkspan server")?;
        let token = answer.get("access_token").and_then(Value::as_str);
        token
            .map(str::to_owned)
            .context("it does not know the published credentials of `linkspan dev`")
    }
}
