//! `linkspan user …`

use std::io::Read;

use anyhow::{Context, ensure};
use clap::{Args, Subcommand};
use serde_json::json;
use server::identity;
use tenant::accounts::{Cost, Secret, User};

use super::{
    open::{Open, Place, guid, position},
    rules,
};
use crate::say::{self, Unsaid};

/// Letters of a password that was made here: 95 bits.
const MADE_LETTERS: usize = 24;

/// `linkspan user`
#[derive(Args, Clone)]
pub struct UserCommand {
    #[command(flatten)]
    place: Place,
    #[command(subcommand)]
    change: Change,
}

#[derive(Subcommand, Clone)]
enum Change {
    /// Add a user; without --password-stdin a password is made, and printed once.
    Add(Add),
    /// List the users.
    List {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Remove a user, also from all groups; the user's tokens end.
    Remove {
        /// Name, user principal name or object id.
        user: String,
    },
    /// Change a user's password; without --password-stdin one is made, and printed once. Refresh tokens end.
    SetPassword {
        /// Name, user principal name or object id.
        user: String,
        /// Read the password from the first line of the standard input.
        #[arg(long)]
        password_stdin: bool,
    },
}

#[derive(Args, Clone)]
struct Add {
    /// Short name.
    name: String,
    /// userPrincipalName: what the user signs in with.
    #[arg(long)]
    upn: String,
    /// displayName [default: the name].
    #[arg(long, value_name = "TEXT")]
    display_name: Option<String>,
    /// mail [default: the user principal name].
    #[arg(long)]
    mail: Option<String>,
    /// Object id [default: a new one].
    #[arg(long, value_name = "GUID")]
    id: Option<String>,
    /// The user is a guest.
    #[arg(long)]
    guest: bool,
    /// Read the password from the first line of the standard input.
    #[arg(long)]
    password_stdin: bool,
}

/// Carries a command out.
pub async fn user(command: UserCommand) -> anyhow::Result<()> {
    let adds = matches!(command.change, Change::Add { .. });
    let mut open = Open::at(&command.place, adds).await?;
    let accounts = &mut open.accounts;
    let find = |users: &[User], wanted: &str| {
        position(users, ("user", wanted), |user| {
            vec![&user.name, &user.upn, &user.id]
        })
    };
    let told = match command.change {
        Change::List { json } => {
            return Ok(list(&accounts.users, json)?);
        }
        Change::Add(add) => {
            let (user, made) = add.user()?;
            let groups = accounts.groups.iter().map(|group| (&group.name, &group.id));
            let users = accounts.users.iter().map(|other| (&other.name, &other.id));
            for (name, id) in users.chain(groups) {
                ensure!(
                    !name.eq_ignore_ascii_case(&user.name) && *id != user.id,
                    "there is a user or group '{name}' with the id {id} already"
                );
            }
            ensure!(
                accounts.user(&user.upn).is_none(),
                "there is a user '{}' already",
                user.upn
            );
            let told = format!("user {} has the id {}", user.name, user.id);
            accounts.users.push(user);
            with_made(told, made)?
        }
        Change::Remove { user } => {
            let removed = accounts.users.remove(find(&accounts.users, &user)?);
            for group in &mut accounts.groups {
                group.members.retain(|member| *member != removed.id);
            }
            Some(format!("user {} is gone", removed.name))
        }
        Change::SetPassword {
            user,
            password_stdin,
        } => {
            let at = find(&accounts.users, &user)?;
            let (secret, made) = password(password_stdin)?;
            accounts.users[at].password = secret;
            let told = format!("user {} has another password", accounts.users[at].name);
            with_made(told, made)?
        }
    };
    open.keep().await?;
    told.map_or(Ok(()), |told| Ok(say::line(told)?))
}

impl Add {
    fn user(&self) -> anyhow::Result<(User, Option<String>)> {
        let upn = rules::upn(self.upn.trim()).context("--upn")?;
        let name = rules::name(&self.name)?;
        let id = guid(self.id.as_deref())?;
        let (password, made) = password(self.password_stdin)?;
        let user = User {
            id,
            name: name.to_owned(),
            display_name: self.display_name.as_deref().unwrap_or(name).to_owned(),
            upn: upn.to_owned(),
            mail: self.mail.as_deref().unwrap_or(upn).to_owned(),
            guest: self.guest,
            password,
        };
        Ok((user, made))
    }
}

/// The digest of the password that was given, or of one that was made, with its text.
fn password(from_input: bool) -> anyhow::Result<(Secret, Option<String>)> {
    let made = (!from_input).then(|| identity::secret().split_off(64 - MADE_LETTERS));
    let text = match &made {
        Some(made) => made.clone(),
        None => {
            let mut text = String::new();
            std::io::stdin()
                .read_to_string(&mut text)
                .context("could not read the password from the standard input")?;
            text.lines().next().unwrap_or_default().to_owned()
        }
    };
    ensure!(!text.is_empty(), "the password must not be empty");
    let secret = Secret::slow(identity::unique().as_bytes(), &text, Cost::default())
        .context("the password could not be hashed")?;
    Ok((secret, made))
}

/// Shows a password that was made, before it is kept: one that nobody could see lets nobody in. It is the whole answer then, for
/// scripts; the words go beside it.
fn with_made(told: String, made: Option<String>) -> Result<Option<String>, Unsaid> {
    let Some(made) = made else {
        return Ok(Some(told));
    };
    say::line(made)?;
    say::aside(format_args!(
        "{told}; the password is not kept and cannot be shown again."
    ));
    Ok(None)
}

fn list(users: &[User], as_json: bool) -> Result<(), Unsaid> {
    if as_json {
        let users: Vec<_> = users
            .iter()
            .map(|user| {
                json!({
                    "name": user.name, "id": user.id, "upn": user.upn,
                    "display_name": user.display_name, "mail": user.mail, "guest": user.guest,
                })
            })
            .collect();
        return say::line(format_args!("{:#}", json!(users)));
    }
    for user in users {
        let guest = if user.guest { " (guest)" } else { "" };
        say::line(format_args!(
            "{}  {:<16} {}{guest}",
            user.id, user.name, user.upn
        ))?;
    }
    Ok(())
}
