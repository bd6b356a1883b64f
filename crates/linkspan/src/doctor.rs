//! `linkspan doctor`: how ready a connection of a running server is for search and for Copilot.

use std::{
    env,
    io::{IsTerminal, stdout},
    time::Duration,
};

use anyhow::{Context, bail, ensure};
use clap::{Args, ValueEnum};
use reqwest::{Client, Response, Url, header::CONTENT_TYPE};
use serde_json::Value;
use server::doctor::{Format, render};
use tenant::doctor::{Examination, Verdict};

use crate::{remote::USUAL_URL, say, seed};

/// Counting the items of a large connection takes some seconds.
const PATIENCE: Duration = Duration::from_secs(120);
const CONNECT_PATIENCE: Duration = Duration::from_secs(5);

/// Something was found that the caller does not want.
const FOUND: u8 = 1;

/// Nothing could be examined.
const NOT_EXAMINED: u8 = 2;

/// `linkspan doctor`
#[derive(Args, Clone)]
pub struct Doctor {
    /// The id of the connection.
    pub connection: String,
    /// HTTP address of the server.
    #[arg(long, value_name = "URL", default_value = USUAL_URL)]
    pub server: String,
    /// Client id of an app that manages the connection or may read everything [default: AZURE_CLIENT_ID, else the admin app
    /// of `linkspan dev`].
    #[arg(long, value_name = "ID", requires = "client_secret")]
    pub client_id: Option<String>,
    /// Its secret; other users of the machine can see an argument, AZURE_CLIENT_SECRET they cannot.
    #[arg(long, value_name = "SECRET", requires = "client_id")]
    pub client_secret: Option<String>,
    /// The tenant [default: AZURE_TENANT_ID, else the server's own].
    #[arg(long, value_name = "TENANT")]
    pub tenant: Option<String>,
    /// How to tell it.
    #[arg(long, value_enum, default_value_t = Form::Text)]
    pub format: Form,
    /// End with code 1 if something is as bad, or worse.
    #[arg(long, value_enum, value_name = "LEVEL", default_value_t = Level::Failure)]
    pub fail_on: Level,
}

/// How to tell an examination.
#[derive(Clone, Copy, ValueEnum)]
pub enum Form {
    /// For people, in color on a terminal unless NO_COLOR is set.
    Text,
    /// Everything, for programs.
    Json,
    /// For comments and summaries.
    Markdown,
    /// SARIF 2.1.0, for what shows findings of tools.
    Sarif,
}

/// How bad.
#[derive(Clone, Copy, ValueEnum)]
pub enum Level {
    /// Warnings and failures.
    Warning,
    /// Failures alone.
    Failure,
}

/// Examines and tells; the exit code.
///
/// # Errors
/// Nobody reads the answer any more.
pub async fn doctor(options: &Doctor) -> anyhow::Result<u8> {
    match examine(options).await {
        Err(error) if !say::is_unread(&error) => {
            say::failure(format_args!("linkspan doctor: {error:#}"));
            Ok(NOT_EXAMINED)
        }
        ended => ended,
    }
}

async fn examine(options: &Doctor) -> anyhow::Result<u8> {
    let server = server(&options.server)?;
    let client = Client::builder()
        .no_proxy()
        .connect_timeout(CONNECT_PATIENCE)
        .timeout(PATIENCE)
        .build()?;
    let account = Account::of(options, variable)?;
    let token = account.sign_in(&client, &server).await?;
    let url = below(&server, &["_linkspan", "doctor", &options.connection]);
    let answer = client.get(url).bearer_auth(token).send().await?;
    let examination: Examination = read(answer)
        .await
        .with_context(|| format!("'{}' could not be examined", options.connection))?;
    say::text(render(&examination, format(options.format))?)?;
    let level = match options.fail_on {
        Level::Warning => Verdict::Warning,
        Level::Failure => Verdict::Failure,
    };
    Ok(if examination.has(level) { FOUND } else { 0 })
}

fn server(url: &str) -> anyhow::Result<Url> {
    let parsed = Url::parse(url).ok().filter(|parsed| parsed.has_host());
    let parsed = parsed.filter(|parsed| parsed.scheme() == "http");
    parsed.with_context(|| {
        format!("--server '{url}' must be an http:// address, for example {USUAL_URL}")
    })
}

/// The address of these segments, whatever they hold.
fn below(server: &Url, segments: &[&str]) -> Url {
    let mut url = server.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.clear().extend(segments);
    }
    url
}

/// A variable that is set and not empty.
fn variable(name: &str) -> Option<String> {
    let value = env::var_os(name)?.into_string().ok()?;
    (!value.is_empty()).then_some(value)
}

fn format(form: Form) -> Format {
    match form {
        Form::Text => Format::Text {
            color: stdout().is_terminal() && variable("NO_COLOR").is_none(),
        },
        Form::Json => Format::Json,
        Form::Markdown => Format::Markdown,
        Form::Sarif => Format::Sarif,
    }
}

/// The app that asks.
struct Account {
    client_id: String,
    client_secret: String,
    tenant: String,
    /// Where it was found.
    origin: &'static str,
}

impl Account {
    fn of(options: &Doctor, variable: impl Fn(&str) -> Option<String>) -> anyhow::Result<Self> {
        let given = (options.client_id.clone()).zip(options.client_secret.clone());
        let found = (variable("AZURE_CLIENT_ID"), variable("AZURE_CLIENT_SECRET"));
        let (app, origin) = match (given, found) {
            (Some(given), _) => (given, "--client-id and --client-secret"),
            (None, (Some(id), Some(secret))) => {
                ((id, secret), "AZURE_CLIENT_ID and AZURE_CLIENT_SECRET")
            }
            // Another app than the one that is meant would be told other things.
            (None, (Some(_), None)) => bail!(
                "AZURE_CLIENT_ID is set and AZURE_CLIENT_SECRET is not: set both, or give --client-id and --client-secret"
            ),
            (None, (None, _)) => {
                let admin = seed::app("admin");
                let secret = admin.secret.unwrap_or_default();
                let app = (admin.client_id.to_owned(), secret.to_owned());
                (app, "the admin app of `linkspan dev`")
            }
        };
        let tenant = options.tenant.clone();
        Ok(Self {
            client_id: app.0,
            client_secret: app.1,
            tenant: tenant
                .or_else(|| variable("AZURE_TENANT_ID"))
                .unwrap_or_else(|| "common".to_owned()),
            origin,
        })
    }

    async fn sign_in(&self, client: &Client, server: &Url) -> anyhow::Result<String> {
        let mut form = server.clone();
        form.query_pairs_mut().clear().extend_pairs([
            ("grant_type", "client_credentials"),
            ("client_id", &self.client_id),
            ("client_secret", &self.client_secret),
            ("scope", "https://graph.microsoft.com/.default"),
        ]);
        let answer = client
            .post(below(server, &[&self.tenant, "oauth2", "v2.0", "token"]))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form.query().unwrap_or_default().to_owned())
            .send()
            .await
            .with_context(|| format!("{server} does not answer: start it with `linkspan dev`"))?;
        let answer: Value =
            (answer.json().await).context("what answers there is no Linkspan server")?;
        if let Some(token) = answer["access_token"].as_str() {
            return Ok(token.to_owned());
        }
        let why = answer["error_description"].as_str();
        let why = why.and_then(|why| why.split(" Trace ID:").next());
        bail!(
            "signing in with {} was refused: {}",
            self.origin,
            why.unwrap_or("no reason was given")
        )
    }
}

/// The examination, or what the server said instead.
async fn read(answer: Response) -> anyhow::Result<Examination> {
    let status = answer.status();
    let text = answer.text().await?;
    if status.is_success() {
        return serde_json::from_str(&text)
            .context("the server tells it in another form; it may be of another version");
    }
    let said: Value = serde_json::from_str(&text).unwrap_or_default();
    let error = &said["error"];
    ensure!(
        error["message"].is_string(),
        "{status}: what answers there is no Linkspan server that examines"
    );
    let message = error["message"].as_str().unwrap_or_default();
    let help = error["details"][0]["message"].as_str();
    let help = help.or_else(|| error["innerError"]["message"].as_str());
    bail!("{status}: {message} {}", help.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(id: Option<&str>) -> Doctor {
        Doctor {
            connection: "tickets".to_owned(),
            server: String::new(),
            client_id: id.map(str::to_owned),
            client_secret: id.map(|_| "given".to_owned()),
            tenant: None,
            format: Form::Text,
            fail_on: Level::Failure,
        }
    }

    #[test]
    fn what_is_given_comes_before_what_is_found() {
        let whole = |name: &str| Some(format!("{name} found"));
        let half = |name: &str| (name == "AZURE_CLIENT_ID").then(|| "found".to_owned());
        let none = |_: &str| None;
        let of = |id, variable: &dyn Fn(&str) -> Option<String>| {
            let account = Account::of(&options(id), variable).unwrap();
            (account.client_id, account.tenant)
        };
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(of(Some("x"), &whole), pair("x", "AZURE_TENANT_ID found"));
        let found = pair("AZURE_CLIENT_ID found", "AZURE_TENANT_ID found");
        assert_eq!(of(None, &whole), found);
        assert_eq!(
            of(None, &none),
            pair(seed::app("admin").client_id, "common")
        );
        assert!(Account::of(&options(None), half).is_err());
    }

    #[test]
    fn addresses_are_checked_and_segments_escaped() {
        let url = server("http://localhost:7780/").unwrap();
        let text = below(&url, &["a/b", "c d"]).to_string();
        assert_eq!(text, "http://localhost:7780/a%2Fb/c%20d");
        for wrong in ["https://localhost", "localhost:7780", ""] {
            assert!(server(wrong).is_err(), "{wrong}");
        }
    }
}
