//! `linkspan clock` and `linkspan fault`: the weather of a running `linkspan dev`, shown and made.

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::{
    remote::{Account, Address, Remote},
    say,
    upkeep::At,
};

const CLOCK: &str = "/_linkspan/clock";
const FAULTS: &str = "/_linkspan/faults";

/// `linkspan clock`
#[derive(Args)]
pub struct ClockCommand {
    #[command(flatten)]
    pub at: At,
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
        #[arg(allow_hyphen_values = true)]
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
    let (method, said) = match command.action {
        None | Some(ClockAction::Show) => (Method::GET, None),
        Some(ClockAction::Advance { by }) => (Method::POST, Some(json!({ "advance": by }))),
        Some(ClockAction::Set { now }) => (Method::POST, Some(json!({ "now": now }))),
        Some(ClockAction::Reset) => (Method::DELETE, None),
    };
    let server = command.at.remote(method == Method::GET).await?;
    let clock = server.ask(method, CLOCK, said.as_ref()).await?;
    let text = |member: &str| clock[member].as_str().unwrap_or_default().to_owned();
    say::line(format_args!(
        "{} (real time: {})",
        text("now"),
        text("real")
    ))?;
    Ok(())
}

/// `linkspan fault`
#[derive(Args)]
pub struct FaultCommand {
    #[command(flatten)]
    pub address: Address,
    /// What to do.
    #[command(subcommand)]
    pub action: FaultAction,
}

/// What to do with faults.
#[derive(Subcommand)]
pub enum FaultAction {
    /// Let a fault fall on requests.
    Add(Box<FaultRule>),
    /// Show the rules, how many requests each looked at, and on how many it fell.
    List,
    /// Forget all rules.
    Clear,
}

/// A rule, in the words of `POST /_linkspan/faults` (docs/weather.md).
#[derive(Args)]
pub struct FaultRule {
    /// 429, 500, 502 (a page of HTML), 503, reset, latency, or 503-then-409 (a connection is created behind a 503).
    pub fault: String,
    /// Nothing is done, or it is done and the answer is lost [default: before].
    #[arg(long, value_name = "before|after")]
    pub when: Option<String>,
    /// Seconds in Retry-After; 0 leaves it out [default: 10].
    #[arg(long, value_name = "SECONDS")]
    pub retry_after: Option<u64>,
    /// How long `latency` lasts: 2s, PT2S.
    #[arg(long, value_name = "LENGTH")]
    pub latency: Option<String>,
    /// Only these requests: PutItem, or "PUT /external/connections/{connection}/items/{item}".
    #[arg(long, value_name = "ROUTE")]
    pub route: Option<String>,
    /// Only this connection.
    #[arg(long, value_name = "ID")]
    pub connection: Option<String>,
    /// Only this item.
    #[arg(long, value_name = "ID")]
    pub item: Option<String>,
    /// Only this share of the requests, 0 to 1, drawn by lot.
    #[arg(long)]
    pub rate: Option<f64>,
    /// The same lots for the same seed [default: 0].
    #[arg(long, requires = "rate")]
    pub seed: Option<u64>,
    /// From this request on, counted from 1; without --count this one alone.
    #[arg(long, value_name = "N")]
    pub nth: Option<u64>,
    /// So often at most.
    #[arg(long, value_name = "N")]
    pub count: Option<u64>,
}

/// Adds, lists or clears faults.
pub async fn fault(command: FaultCommand) -> anyhow::Result<()> {
    let server = Remote::new(&command.address, Account::admin())?;
    match command.action {
        FaultAction::Add(rule) => {
            let made = server.ask(Method::POST, FAULTS, Some(&rule.said())).await?;
            say::line(made)?;
        }
        FaultAction::List => {
            let all = server.ask(Method::GET, FAULTS, None).await?;
            for rule in all["faults"].as_array().into_iter().flatten() {
                say::line(rule)?;
            }
        }
        FaultAction::Clear => {
            server.ask(Method::DELETE, FAULTS, None).await?;
            say::line("no faults")?;
        }
    }
    Ok(())
}

impl FaultRule {
    /// The rule as the server reads it; it says what is wrong with it.
    fn said(&self) -> Value {
        let members = [
            ("fault", Some(json!(self.fault))),
            ("when", self.when.as_ref().map(|it| json!(it))),
            ("retry_after", self.retry_after.map(|it| json!(it))),
            ("latency", self.latency.as_ref().map(|it| json!(it))),
            ("route", self.route.as_ref().map(|it| json!(it))),
            ("connection", self.connection.as_ref().map(|it| json!(it))),
            ("item", self.item.as_ref().map(|it| json!(it))),
            ("rate", self.rate.map(|it| json!(it))),
            ("seed", self.seed.map(|it| json!(it))),
            ("nth", self.nth.map(|it| json!(it))),
            ("count", self.count.map(|it| json!(it))),
        ];
        let given = members
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)));
        Value::Object(given.collect::<Map<_, _>>())
    }
}
