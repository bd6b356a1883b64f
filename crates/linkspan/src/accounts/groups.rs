//! `linkspan group …`

use anyhow::{bail, ensure};
use clap::{Args, Subcommand};
use serde_json::json;
use tenant::accounts::{Accounts, DirectoryGroup};

use super::{
    open::{Open, Place, guid, position},
    rules,
};
use crate::say::{self, Unsaid};

/// `linkspan group`
#[derive(Args, Clone)]
pub struct GroupCommand {
    #[command(flatten)]
    place: Place,
    #[command(subcommand)]
    change: Change,
}

#[derive(Subcommand, Clone)]
enum Change {
    /// Add a directory group.
    Add {
        /// Short name.
        name: String,
        /// Object id [default: a new one].
        #[arg(long, value_name = "GUID")]
        id: Option<String>,
    },
    /// List the directory groups with their members.
    List {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Remove a directory group, also from other groups.
    Remove {
        /// Name or object id.
        group: String,
    },
    /// Put a user or another group into a group.
    AddMember {
        /// Name or object id.
        group: String,
        /// Name, user principal name or object id of a user, or name or object id of a group.
        member: String,
    },
    /// Take a user or another group out of a group.
    RemoveMember {
        /// Name or object id.
        group: String,
        /// Name, user principal name or object id of a user, or name or object id of a group.
        member: String,
    },
}

/// Carries a command out.
pub async fn group(command: GroupCommand) -> anyhow::Result<()> {
    let adds = matches!(command.change, Change::Add { .. });
    let mut open = Open::at(&command.place, adds).await?;
    let accounts = &mut open.accounts;
    let told = match command.change {
        Change::List { json } => {
            return Ok(list(accounts, json)?);
        }
        Change::Add { name, id } => {
            let group = DirectoryGroup {
                id: guid(id.as_deref())?,
                name: rules::name(&name)?.to_owned(),
                members: Vec::new(),
            };
            for (name, id) in everybody(accounts) {
                ensure!(
                    !name.eq_ignore_ascii_case(&group.name) && *id != group.id,
                    "there is a user or group '{name}' with the id {id} already"
                );
            }
            let told = format!("group {} has the id {}", group.name, group.id);
            accounts.groups.push(group);
            told
        }
        Change::Remove { group } => {
            let at = find(accounts, &group)?;
            let removed = accounts.groups.remove(at);
            for group in &mut accounts.groups {
                group.members.retain(|member| *member != removed.id);
            }
            format!("group {} is gone", removed.name)
        }
        Change::AddMember { group, member } => {
            let (at, id) = (find(accounts, &group)?, member_id(accounts, &member)?);
            let group = &mut accounts.groups[at];
            rules::membership(&group.id, &id)?;
            if !group.members.contains(&id) {
                group.members.push(id);
            }
            format!("group {} holds {member}", group.name)
        }
        Change::RemoveMember { group, member } => {
            let (at, id) = (find(accounts, &group)?, member_id(accounts, &member)?);
            let group = &mut accounts.groups[at];
            if !group.members.contains(&id) {
                bail!("group {} does not hold '{member}'", group.name);
            }
            group.members.retain(|known| *known != id);
            format!("group {} no longer holds {member}", group.name)
        }
    };
    open.keep().await?;
    Ok(say::line(told)?)
}

fn find(accounts: &Accounts, wanted: &str) -> anyhow::Result<usize> {
    position(&accounts.groups, ("group", wanted), |group| {
        vec![&group.name, &group.id]
    })
}

/// Names and ids of users and groups.
fn everybody(accounts: &Accounts) -> impl Iterator<Item = (&String, &String)> {
    let users = accounts.users.iter().map(|user| (&user.name, &user.id));
    users.chain(accounts.groups.iter().map(|group| (&group.name, &group.id)))
}

fn member_id(accounts: &Accounts, wanted: &str) -> anyhow::Result<String> {
    if let Some(user) = accounts.user(wanted) {
        return Ok(user.id.clone());
    }
    let found = everybody(accounts)
        .find(|(name, id)| name.eq_ignore_ascii_case(wanted) || id.eq_ignore_ascii_case(wanted));
    match found {
        Some((_, id)) => Ok(id.clone()),
        None => bail!("there is no user or group '{wanted}'; add it first"),
    }
}

fn list(accounts: &Accounts, as_json: bool) -> Result<(), Unsaid> {
    if as_json {
        let groups: Vec<_> = accounts
            .groups
            .iter()
            .map(|group| json!({"name": group.name, "id": group.id, "members": group.members}))
            .collect();
        return say::line(format_args!("{:#}", json!(groups)));
    }
    for group in &accounts.groups {
        let members: Vec<&str> = group
            .members
            .iter()
            .map(|id| {
                let known = everybody(accounts).find(|(_, known)| *known == id);
                known.map_or(id.as_str(), |(name, _)| name.as_str())
            })
            .collect();
        say::line(format_args!(
            "{}  {:<16} {}",
            group.id,
            group.name,
            members.join(", ")
        ))?;
    }
    Ok(())
}
