//! A running server, asked over HTTP as an app of its own: the seeded admin app, unless another one is named.

use std::{path::PathBuf, time::Duration};

use anyhow::{Context, bail, ensure};
use clap::Args;
use reqwest::{Certificate, Client, Method, Response, StatusCode, Url, header::CONTENT_TYPE};
use serde_json::Value;
use server::journal::Page;
use tokio::sync::Mutex;

use crate::{dev, seed};

/// Where a server is looked for when none is named.
pub const USUAL_URL: &str = "http://localhost:7780";

/// How long a server may take to answer: to examine a large connection takes some seconds, and a reset waits for requests
/// that are under way.
const PATIENCE: Duration = Duration::from_secs(120);
const CONNECT_PATIENCE: Duration = Duration::from_secs(5);

/// Where a server is, and whose word counts for that.
#[derive(Args, Clone)]
pub struct Address {
    /// Address of the server, http:// or https://.
    #[arg(long, value_name = "URL", default_value = USUAL_URL, global = true)]
    pub server: String,
    /// For https://: the certificate of the only CA to trust (PEM) [default: what the system trusts, and the CA of
    /// `linkspan dev` in the user's data directory].
    #[arg(long, value_name = "FILE", global = true)]
    pub ca: Option<PathBuf>,
}

/// Does the error say that something listens there, though it cannot be used?
pub fn is_there(error: &anyhow::Error) -> bool {
    let request = error
        .chain()
        .find_map(|it| it.downcast_ref::<reqwest::Error>());
    !request.is_some_and(reqwest::Error::is_connect)
}

/// The app that asks.
pub struct Account {
    /// Its client id.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// Where it signs in.
    pub tenant: String,
    /// Where it was found.
    pub origin: &'static str,
}

impl Account {
    /// The seeded app that may do everything, in the tenant that there always is.
    pub fn admin() -> Self {
        let admin = seed::app("admin");
        Self {
            client_id: admin.client_id.to_owned(),
            client_secret: admin.secret.unwrap_or_default().to_owned(),
            tenant: "common".to_owned(),
            origin: "the admin app of `linkspan dev` (a seed file of your own must keep it: docs/seed.md)",
        }
    }
}

/// A running server.
pub struct Remote {
    /// Its address.
    pub url: String,
    client: Client,
    account: Account,
    /// Kept: a sign-in is a request too, and would be counted as the program's.
    token: Mutex<Option<String>>,
}

impl Address {
    /// The usual CA at that URL.
    pub fn of(server: &str) -> Self {
        Self {
            server: server.to_owned(),
            ca: None,
        }
    }

    fn client(&self) -> anyhow::Result<Client> {
        let client = Client::builder()
            .no_proxy()
            .connect_timeout(CONNECT_PATIENCE)
            .timeout(PATIENCE);
        let client = match &self.ca {
            Some(ca) => client.tls_certs_only(certificates(ca)?),
            // Without TLS nobody need be trusted, and a system that trusts nobody is no reason to fail.
            None if self.server.starts_with("http://") => client.tls_certs_only([]),
            None => match dev::usual_ca() {
                Some(ca) => client.tls_certs_merge(certificates(&ca)?),
                None => client,
            },
        };
        Ok(client.build()?)
    }
}

fn certificates(file: &PathBuf) -> anyhow::Result<Vec<Certificate>> {
    let read = || -> anyhow::Result<Vec<Certificate>> {
        let all = Certificate::from_pem_bundle(&std::fs::read(file)?)?;
        ensure!(!all.is_empty(), "there is no certificate in it");
        Ok(all)
    };
    read().with_context(|| format!("the CA {} cannot be used", file.display()))
}

impl Remote {
    /// The server at an address; it is not asked anything yet.
    ///
    /// # Errors
    /// The address is none that can be used, or its CA is not.
    pub fn new(address: &Address, account: Account) -> anyhow::Result<Self> {
        let url = address.server.trim_end_matches('/');
        let parsed = Url::parse(url).ok().filter(Url::has_host);
        ensure!(
            parsed.is_some_and(|url| ["http", "https"].contains(&url.scheme())),
            "--server '{url}' must be an http:// or https:// address, for example {USUAL_URL}"
        );
        Ok(Self {
            url: url.to_owned(),
            client: address.client()?,
            account,
            token: Mutex::new(None),
        })
    }

    /// Refuses a tenant that nobody has heard of, for who only looks: to sign in there would make it.
    ///
    /// # Errors
    /// The server makes tenants, and has not made this one.
    pub async fn has(address: &Address, tenant: &str) -> anyhow::Result<()> {
        let admin = Self::new(address, Account::admin())?;
        let mut path = "/_linkspan/tenants".to_owned();
        // One that has the seeded tenant alone does not know the path, and no app to ask it as.
        let probe = admin.client.get(format!("{}{path}", admin.url)).send();
        let probe = probe.await.with_context(|| admin.silent())?;
        if probe.status() != StatusCode::UNAUTHORIZED {
            return Ok(());
        }
        path += &query("tenant", tenant);
        match admin.send(Method::GET, &path, None).await {
            Ok(answer) if answer.status() == StatusCode::BAD_REQUEST => {
                admin.read(answer, &path).await.map(drop)
            }
            _ => Ok(()),
        }
    }

    /// Makes a tenant as a sign-in would; false if there cannot be one of that name.
    pub async fn makes(&self, tenant: &str) -> bool {
        let path = format!("{}/v2.0/.well-known/openid-configuration", segment(tenant));
        let answer = self.client.get(format!("{}/{path}", self.url)).send().await;
        answer.is_ok_and(|answer| answer.status().is_success())
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
        self.read(answer, path).await
    }

    async fn read(&self, answer: Response, path: &str) -> anyhow::Result<Value> {
        let status = answer.status();
        let told: Value = serde_json::from_slice(&answer.bytes().await?).unwrap_or_default();
        if status.is_success() {
            return Ok(told);
        }
        let error = &told["error"];
        let message = error["message"].as_str();
        let message = message.context("what answers there is no Linkspan server")?;
        ensure!(
            !message.starts_with("Invalid version"),
            "{} knows no {path}; `linkspan dev` does",
            self.url
        );
        let help = error["details"].as_array().into_iter().flatten();
        let help = help.chain([&error["innerError"]]);
        let help: Vec<&str> = help.filter_map(|it| it["message"].as_str()).collect();
        let said = if help.is_empty() {
            message.to_owned()
        } else {
            help.join(" ")
        };
        bail!("{} answers {status}: {said}", self.url)
    }

    /// What was asked behind number `since`, in that tenant or in the server's own.
    ///
    /// # Errors
    /// As [`Remote::send`], and when it keeps no journal.
    pub async fn page(&self, since: u64, tenant: Option<&str>) -> anyhow::Result<Page> {
        let tenant = query("tenant", tenant.unwrap_or("common"));
        let path = format!("/_linkspan/journal{tenant}&since={since}");
        let answer = self.send(Method::GET, &path, None).await?;
        match answer.status() {
            StatusCode::OK => Ok(answer.json().await?),
            StatusCode::NOT_FOUND => bail!("it keeps no journal: only `linkspan dev` does"),
            status => bail!("it answers {status} when its journal is asked for"),
        }
    }

    async fn sign_in(&self) -> anyhow::Result<String> {
        let account = &self.account;
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", &account.client_id),
            ("client_secret", &account.client_secret),
            ("scope", "https://graph.microsoft.com/.default"),
        ];
        let form = form.map(|(name, value)| query(name, value)).concat();
        let tenant = segment(&account.tenant);
        let answer = self
            .client
            .post(format!("{}/{tenant}/oauth2/v2.0/token", self.url))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form.replace('?', "&"))
            .send()
            .await
            .with_context(|| self.silent())?;
        let answer: Value =
            (answer.json().await).context("what answers there is no Linkspan server")?;
        if let Some(token) = answer["access_token"].as_str() {
            return Ok(token.to_owned());
        }
        let why = answer["error_description"].as_str();
        let why = why.and_then(|why| why.split(" Trace ID:").next());
        bail!(
            "signing in with {} was refused: {}",
            account.origin,
            why.unwrap_or("no reason was given")
        )
    }

    fn silent(&self) -> String {
        format!("{} does not answer: start it with `linkspan dev`", self.url)
    }
}

/// `?name=value`, whatever the value holds.
pub fn query(name: &str, value: &str) -> String {
    let mut url = nowhere();
    url.query_pairs_mut().append_pair(name, value);
    format!("?{}", url.query().unwrap_or_default())
}

/// A segment of a path, whatever it holds.
pub fn segment(text: &str) -> String {
    let mut url = nowhere();
    if let Ok(mut path) = url.path_segments_mut() {
        path.push(text);
    }
    url.path().trim_start_matches('/').to_owned()
}

fn nowhere() -> Url {
    Url::parse("http://localhost").expect("it is an address")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_checked_and_what_goes_into_them_is_escaped() {
        assert_eq!(segment("a/b c?d"), "a%2Fb%20c%3Fd");
        assert_eq!(query("tenant", "a&b c"), "?tenant=a%26b+c");
        for wrong in ["ftp://localhost", "localhost:7780", "", "http://"] {
            assert!(
                Remote::new(&Address::of(wrong), Account::admin()).is_err(),
                "{wrong}"
            );
        }
    }
}
