//! `linkspan reset` and `linkspan snapshot`: what a running `linkspan dev` is asked to do with its tenants.

use anyhow::{bail, ensure};
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::{
    remote::{Account, Address, Remote, query},
    say,
};

/// Which tenant of which server.
#[derive(Args, Clone)]
pub struct At {
    #[command(flatten)]
    address: Address,
    /// The tenant, by its GUID or the name it was made for [default: the seeded tenant].
    #[arg(long, value_name = "TENANT", global = true)]
    tenant: Option<String>,
}

/// `linkspan reset`
#[derive(Args, Clone)]
pub struct Reset {
    #[command(flatten)]
    at: At,
    /// Keep the accounts as they are, those that were added by hand too; all connections go.
    #[arg(long)]
    empty: bool,
    /// Remove all other tenants too.
    #[arg(long, conflicts_with_all = ["empty", "tenant"])]
    all: bool,
}

/// `linkspan snapshot`
#[derive(Args, Clone)]
pub struct SnapshotCommand {
    #[command(flatten)]
    at: At,
    #[command(subcommand)]
    change: Change,
}

#[derive(Subcommand, Clone)]
enum Change {
    /// Keep a copy of the tenant.
    Save {
        /// A new name: letters, digits, '-', '.' and '_'.
        name: String,
    },
    /// Put the tenant into the state of a snapshot, which may be another tenant's.
    Restore {
        /// The snapshot.
        name: String,
    },
    /// List the snapshots, with --tenant those of one tenant.
    List {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Remove a snapshot.
    Remove {
        /// The snapshot.
        name: String,
    },
}

/// Puts a tenant back to the seed.
pub async fn reset(options: &Reset) -> anyhow::Result<()> {
    let mut body = options.at.body();
    for (member, is_so) in [("empty", options.empty), ("all", options.all)] {
        if is_so {
            body.insert(member.to_owned(), json!(true));
        }
    }
    let told = options.at.ask(Method::POST, "reset", Some(body)).await?;
    let tenant = text(&told, "tenant");
    match told["removed"].as_u64() {
        Some(removed) => say::line(format_args!(
            "the seeded tenant is as the seed says; {removed} others are gone"
        ))?,
        None if options.empty => say::line(format_args!(
            "tenant {tenant} has no connections; its accounts are as they were"
        ))?,
        None => say::line(format_args!("tenant {tenant} is as the seed says"))?,
    }
    Ok(())
}

/// Carries a command out.
pub async fn snapshot(command: &SnapshotCommand) -> anyhow::Result<()> {
    let at = &command.at;
    match &command.change {
        Change::Save { name } => {
            let mut body = at.body();
            body.insert("name".to_owned(), json!(name));
            let told = at.ask(Method::POST, "snapshots", Some(body)).await?;
            say::line(line(&told))?;
        }
        Change::Restore { name } => {
            let path = format!("snapshots/{}/restore", checked(name)?);
            let told = at.ask(Method::POST, &path, Some(at.body())).await?;
            say::line(format_args!(
                "tenant {} is as in snapshot {name}",
                text(&told, "tenant")
            ))?;
        }
        Change::List { json } => {
            let only = at.tenant.as_deref();
            let only = only.map(|tenant| query("tenant", tenant));
            let path = format!("snapshots{}", only.unwrap_or_default());
            let told = at.ask(Method::GET, &path, None).await?;
            if *json {
                say::line(format_args!("{:#}", told["value"]))?;
            } else {
                for snapshot in told["value"].as_array().into_iter().flatten() {
                    say::line(line(snapshot))?;
                }
            }
        }
        Change::Remove { name } => {
            ensure!(
                at.tenant.is_none(),
                "a snapshot is removed whoever's it is: leave --tenant out"
            );
            let path = format!("snapshots/{}", checked(name)?);
            at.ask(Method::DELETE, &path, None).await?;
            say::line(format_args!("snapshot {name} is gone"))?;
        }
    }
    Ok(())
}

impl At {
    fn body(&self) -> Map<String, Value> {
        let tenant = self.tenant.iter();
        tenant
            .map(|tenant| ("tenant".to_owned(), json!(tenant)))
            .collect()
    }

    /// The server, asked as the admin app of the tenant itself, which is made by that, except for who only looks.
    ///
    /// # Errors
    /// The address, or the tenant, is none that can be used.
    pub async fn remote(&self, only_looks: bool) -> anyhow::Result<Remote> {
        let mut account = Account::admin();
        if let Some(tenant) = &self.tenant {
            if only_looks {
                Remote::has(&self.address, tenant).await?;
            }
            account.tenant.clone_from(tenant);
        }
        Remote::new(&self.address, account)
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<Map<String, Value>>,
    ) -> anyhow::Result<Value> {
        let path = format!("/_linkspan/{path}");
        let body = body.map(Value::Object);
        Remote::new(&self.address, Account::admin())?
            .ask(method, &path, body.as_ref())
            .await
    }
}

/// A path is made of it, so what no snapshot can be called is not even asked for.
fn checked(name: &str) -> anyhow::Result<&str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    if name.is_empty() || !name.bytes().all(is_plain) {
        bail!("there can be no snapshot '{name}': names have letters, digits, '-', '.' and '_'");
    }
    Ok(name)
}

fn line(snapshot: &Value) -> String {
    format!(
        "{:<24} {}  {}  {} kB",
        text(snapshot, "name"),
        text(snapshot, "tenant"),
        text(snapshot, "savedDateTime"),
        snapshot["bytes"]
            .as_u64()
            .unwrap_or_default()
            .div_ceil(1000)
    )
}

fn text<'v>(value: &'v Value, member: &str) -> &'v str {
    value[member].as_str().unwrap_or_default()
}
