//! `linkspan doctor`: how ready a connection of a running server is for search and for Copilot.

use std::{
    env,
    io::{IsTerminal, stdout},
};

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use reqwest::Method;
use server::doctor::{Format, render};
use tenant::doctor::{Examination, Verdict};

use crate::{
    remote::{Account, Address, Remote, segment},
    say,
};

/// Something was found that the caller does not want.
const FOUND: u8 = 1;

/// Nothing could be examined.
const NOT_EXAMINED: u8 = 2;

/// `linkspan doctor`
#[derive(Args, Clone)]
pub struct Doctor {
    /// The id of the connection.
    pub connection: String,
    #[command(flatten)]
    pub address: Address,
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
    let account = account(options, variable)?;
    if account.tenant != "common" {
        Remote::has(&options.address, &account.tenant).await?;
    }
    let remote = Remote::new(&options.address, account)?;
    let path = format!("/_linkspan/doctor/{}", segment(&options.connection));
    let told = remote.ask(Method::GET, &path, None).await;
    let told = told.with_context(|| format!("'{}' could not be examined", options.connection))?;
    let examination: Examination = serde_json::from_value(told)
        .context("the server tells it in another form; it may be of another version")?;
    say::text(render(&examination, format(options.format))?)?;
    let level = match options.fail_on {
        Level::Warning => Verdict::Warning,
        Level::Failure => Verdict::Failure,
    };
    Ok(if examination.has(level) { FOUND } else { 0 })
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
fn account(options: &Doctor, variable: impl Fn(&str) -> Option<String>) -> anyhow::Result<Account> {
    let given = (options.client_id.clone()).zip(options.client_secret.clone());
    let found = (variable("AZURE_CLIENT_ID"), variable("AZURE_CLIENT_SECRET"));
    let admin = Account::admin();
    let ((client_id, client_secret), origin) = match (given, found) {
        (Some(given), _) => (given, "--client-id and --client-secret"),
        (None, (Some(id), Some(secret))) => {
            ((id, secret), "AZURE_CLIENT_ID and AZURE_CLIENT_SECRET")
        }
        // Another app than the one that is meant would be told other things.
        (None, (Some(_), None)) => bail!(
            "AZURE_CLIENT_ID is set and AZURE_CLIENT_SECRET is not: set both, or give --client-id and --client-secret"
        ),
        (None, (None, _)) => ((admin.client_id, admin.client_secret), admin.origin),
    };
    let tenant = options.tenant.clone();
    Ok(Account {
        client_id,
        client_secret,
        tenant: tenant
            .or_else(|| variable("AZURE_TENANT_ID"))
            .unwrap_or(admin.tenant),
        origin,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(id: Option<&str>) -> Doctor {
        Doctor {
            connection: "tickets".to_owned(),
            address: Address::of(""),
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
            let found = account(&options(id), variable).unwrap();
            (found.client_id, found.tenant)
        };
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(of(Some("x"), &whole), pair("x", "AZURE_TENANT_ID found"));
        let found = pair("AZURE_CLIENT_ID found", "AZURE_TENANT_ID found");
        assert_eq!(of(None, &whole), found);
        assert_eq!(
            of(None, &none),
            pair(crate::seed::app("admin").client_id, "common")
        );
        assert!(account(&options(None), half).is_err());
    }
}
