//! `linkspan app remove-… | set-…`: what an app no longer has, or has instead.

use anyhow::ensure;
use clap::Subcommand;
use server::identity::Certificate;
use tenant::accounts::App;

use super::apps::scopes;

/// A change of an app that is there.
#[derive(Subcommand, Clone)]
pub enum Alter {
    /// Take a secret from an app, or all of them; tokens that were given out count until they expire.
    RemoveSecret {
        /// Name or client id.
        app: String,
        /// The secret's id, as `list` shows it.
        #[arg(required_unless_present = "all", conflicts_with = "all")]
        id: Option<String>,
        /// All of the app's secrets.
        #[arg(long)]
        all: bool,
    },
    /// Take a certificate from an app.
    RemoveCertificate {
        /// Name or client id.
        app: String,
        /// The certificate's thumbprint, as `list` shows it.
        thumbprint: String,
    },
    /// No longer let sign-in in a browser lead to an address.
    RemoveRedirect {
        /// Name or client id.
        app: String,
        /// As it was registered.
        uri: String,
    },
    /// Say which application permissions an app has from now on.
    SetRoles {
        /// Name or client id.
        app: String,
        /// All of them; without any the app has none.
        #[arg(value_name = "PERMISSION")]
        roles: Vec<String>,
    },
    /// Say which delegated permissions an app has from now on.
    SetScopes {
        /// Name or client id.
        app: String,
        /// All of them; without any the app has none.
        #[arg(value_name = "PERMISSION")]
        scopes: Vec<String>,
    },
    /// Say whether users may sign in through an app without its secret.
    SetPublicClient {
        /// Name or client id.
        app: String,
        /// true or false.
        #[arg(action = clap::ArgAction::Set)]
        public_client: bool,
    },
}

impl Alter {
    /// Name or client id of the app.
    pub fn app(&self) -> &str {
        match self {
            Self::RemoveSecret { app, .. }
            | Self::RemoveCertificate { app, .. }
            | Self::RemoveRedirect { app, .. }
            | Self::SetRoles { app, .. }
            | Self::SetScopes { app, .. }
            | Self::SetPublicClient { app, .. } => app,
        }
    }

    /// Changes the app; what was done, in words.
    pub fn carry_out(&self, app: &mut App) -> anyhow::Result<String> {
        let name = app.name.clone();
        match self {
            Self::RemoveSecret { id: None, .. } => {
                let count = app.secrets.len();
                app.secrets.clear();
                Ok(format!("app {name} has no secret any more; it had {count}"))
            }
            Self::RemoveSecret { id: Some(id), .. } => {
                remove(&mut app.secrets, |secret| secret.id() == *id, (&name, id))?;
                Ok(format!("the secret {id} of app {name} is gone"))
            }
            Self::RemoveCertificate { thumbprint, .. } => {
                let is_it = |der: &Vec<u8>| Certificate::new(der).is_called(thumbprint);
                remove(&mut app.certificates, is_it, (&name, thumbprint))?;
                Ok(format!(
                    "app {name} may no longer sign in with the certificate {thumbprint}"
                ))
            }
            Self::RemoveRedirect { uri, .. } => {
                remove(&mut app.redirect_uris, |known| known == uri, (&name, uri))?;
                Ok(format!(
                    "sign-in through app {name} no longer leads to {uri}"
                ))
            }
            Self::SetRoles { roles, .. } => {
                app.roles = scopes(roles)?;
                Ok(format!("app {name} has the roles {}", roles.join(", ")))
            }
            Self::SetScopes { scopes: given, .. } => {
                app.scopes = scopes(given)?;
                Ok(format!("app {name} has the scopes {}", given.join(", ")))
            }
            Self::SetPublicClient { public_client, .. } => {
                app.public_client = *public_client;
                Ok(format!("app {name} is a public client: {public_client}"))
            }
        }
    }
}

fn remove<T>(
    things: &mut Vec<T>,
    is_it: impl Fn(&T) -> bool,
    (app, wanted): (&str, &str),
) -> anyhow::Result<()> {
    let before = things.len();
    things.retain(|thing| !is_it(thing));
    ensure!(
        things.len() < before,
        "app {app} has no '{wanted}'; `linkspan app list` shows what it has"
    );
    Ok(())
}
