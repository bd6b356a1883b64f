//! `linkspan clock`: the weather of a running `linkspan dev`, shown and made.

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::remote::{Remote, USUAL_URL};

const CLOCK: &str = "/_linkspan/clock";

/// Where the server is.
#[derive(Args)]
pub struct Server {
    /// HTTP address of a running `linkspan dev`.
    #[arg(long, value_name = "URL", default_value = USUAL_URL, global = true)]
    pub server: String,
}

/// `linkspan clock`
#[derive(Args)]
pub struct ClockCommand {
    #[command(flatten)]
    pub server: Server,
    /// What to do [default: show].
    #[command(subcommand)]
    pub action: Option<ClockAction>,
}

/// What to do with the clock.
#[derive(Subcommand)]
pub enum ClockAction {
    /// Say what time it is there.
    Show,
    /// Move it forward.
    Advance {
        /// A length of time: 15m, 1h30m, PT15M.
        by: String,
    },
    /// Move it to a moment, a past one too; from there it goes on.
    Set {
        /// A moment: 2026-03-18T12:00:00Z.
        now: String,
    },
    /// Let it be real time again.
    Reset,
}

/// Shows or moves the clock.
pub async fn clock(command: ClockCommand) -> anyhow::Result<()> {
    let server = Remote::new(&command.server.server)?;
    let (method, said) = match command.action {
        None | Some(ClockAction::Show) => (Method::GET, None),
        Some(ClockAction::Advance { by }) => (Method::POST, Some(json!({ "advance": by }))),
        Some(ClockAction::Set { now }) => (Method::POST, Some(json!({ "now": now }))),
        Some(ClockAction::Reset) => (Method::DELETE, None),
    };
    let clock = asked(&server, method, CLOCK, said).await?;
    let text = |member: &str| clock[member].as_str().unwrap_or_default().to_owned();
    println!("{} (real time: {})", text("now"), text("real"));
    Ok(())
}

/// What the server answers, if it does what it is asked.
async fn asked(
    server: &Remote,
    method: Method,
    path: &str,
    said: Option<Value>,
) -> anyhow::Result<Value> {
    let answer = server.send(method, path, said.as_ref()).await?;
    let status = answer.status();
    if status == StatusCode::NOT_FOUND {
        bail!(
            "the server at {} has no weather: only `linkspan dev` does",
            server.url
        );
    }
    let body: Value = (answer.json().await)
        .with_context(|| format!("the server at {} answers {status} and no JSON", server.url))?;
    if status.is_success() {
        return Ok(body);
    }
    let help = &body["error"]["details"][0]["message"];
    let sentence = help.as_str().or(body["error"]["message"].as_str());
    bail!("{} ({status})", sentence.unwrap_or("it is refused"))
}
