//! A running server, asked over HTTP with the published credentials of the seeded admin app.

use std::time::Duration;

use anyhow::{Context, bail, ensure};
use reqwest::{Client, Method, Response, StatusCode};
use serde_json::Value;
use server::journal::Page;
use tokio::sync::Mutex;

use crate::seed;

/// Where a server is looked for when none is named.
pub const USUAL_URL: &str = "http://localhost:7780";

/// How long a server may take to answer; it is on this machine, but a reset waits for requests that are under way.
const PATIENCE: Duration = Duration::from_secs(30);
const CONNECT_PATIENCE: Duration = Duration::from_secs(1);

/// Does the error say that something listens there, though it cannot be used?
pub fn is_there(error: &anyhow::Error) -> bool {
    let request = error
        .chain()
        .find_map(|it| it.downcast_ref::<reqwest::Error>());
    !request.is_some_and(reqwest::Error::is_connect)
}

/// A running server.
pub struct Remote {
    /// Its HTTP address.
    pub url: String,
    client: Client,
    /// Kept: a sign-in is a request too, and would be counted as the program's.
    token: Mutex<Option<String>>,
}

impl Remote {
    /// The server at an address; it is not asked anything yet.
    ///
    /// # Errors
    /// The address is none that can be used.
    pub fn new(url: &str) -> anyhow::Result<Self> {
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

    /// Sends a request to a path that is for the admin app.
    ///
    /// # Errors
    /// The server does not answer, or is none that knows the published credentials.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<Response> {
        let mut kept = self.token.lock().await;
        let token = match kept.take() {
            Some(token) => token,
            None => self.sign_in().await?,
        };
        let url = format!("{}{path}", self.url);
        let mut request = self.client.request(method, url).bearer_auth(&token);
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await?;
        // One that is no longer good is not kept: the next request signs in anew.
        if answer.status() != StatusCode::UNAUTHORIZED {
            *kept = Some(token);
        }
        Ok(answer)
    }

    /// Asks for something and reads the answer; what the server refuses is an error in its own words, help first.
    ///
    /// # Errors
    /// As [`Remote::send`], and when the server refuses.
    pub async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<Value> {
        let answer = self.send(method, path, body).await;
        let answer =
            answer.with_context(|| format!("the server at {} cannot be used", self.url))?;
        let status = answer.status();
        let told: Value = serde_json::from_slice(&answer.bytes().await?).unwrap_or_default();
        if status.is_success() {
            return Ok(told);
        }
        let error = &told["error"];
        let message = error["message"].as_str().unwrap_or("it is refused");
        ensure!(
            !message.starts_with("Invalid version"),
            "{} knows no {path}: only `linkspan dev` does",
            self.url
        );
        let help = error["details"].as_array().into_iter().flatten();
        let help: Vec<&str> = help.filter_map(|it| it["message"].as_str()).collect();
        let said = if help.is_empty() {
            message.to_owned()
        } else {
            help.join(" ")
        };
        bail!("{} answers {status}: {said}", self.url)
    }

    /// What was asked behind number `since`.
    ///
    /// # Errors
    /// As [`Remote::send`], and when it keeps no journal.
    pub async fn page(&self, since: u64) -> anyhow::Result<Page> {
        let path = format!("/_linkspan/journal?since={since}");
        let answer = self.send(Method::GET, &path, None).await?;
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
            .post(format!("{}/common/oauth2/v2.0/token", self.url))
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
