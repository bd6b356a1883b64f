//! `linkspan app …`

use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use clap::{Args, Subcommand};
use graph::Scope;
use serde_json::json;
use server::identity::{self, Certificate};
use tenant::accounts::{App, Secret};

use super::{
    alter::Alter,
    open::{Open, Place, guid, position},
    rules,
};
use crate::say::{self, Unsaid};

/// `linkspan app`
#[derive(Args, Clone)]
pub struct AppCommand {
    #[command(flatten)]
    place: Place,
    #[command(subcommand)]
    change: Change,
}

#[derive(Subcommand, Clone)]
enum Change {
    /// Register an app.
    Add(Add),
    /// List the apps.
    List {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Remove an app; its tokens end with it.
    Remove {
        /// Name or client id.
        app: String,
    },
    /// Make a secret for an app, and print it once.
    AddSecret {
        /// Name or client id.
        app: String,
    },
    /// Let an app sign in with a certificate's key.
    AddCertificate {
        /// Name or client id.
        app: String,
        /// The certificate in PEM: RSA, 2048 bits or more.
        file: PathBuf,
    },
    /// Let sign-in in a browser lead to an address.
    AddRedirect {
        /// Name or client id.
        app: String,
        /// https://…, or a scheme of the app's own; http addresses of this machine need not be registered.
        uri: String,
    },
    #[command(flatten)]
    Alter(Alter),
}

#[derive(Args, Clone)]
struct Add {
    /// Short name.
    name: String,
    /// Client id [default: a new one].
    #[arg(long, value_name = "GUID")]
    client_id: Option<String>,
    /// Application permission, for tokens of the app's own; may be repeated.
    #[arg(long = "role", value_name = "PERMISSION")]
    roles: Vec<String>,
    /// Delegated permission, for tokens of users; may be repeated.
    #[arg(long = "scope", value_name = "PERMISSION")]
    scopes: Vec<String>,
    /// Where sign-in in a browser may lead; may be repeated.
    #[arg(long = "redirect-uri", value_name = "URI")]
    redirect_uris: Vec<String>,
    /// Let users sign in through the app without its secret.
    #[arg(long)]
    public_client: bool,
}

impl Change {
    fn adds(&self) -> bool {
        matches!(self, Self::Add(_))
    }
}

/// Carries a command out.
pub async fn app(command: AppCommand) -> anyhow::Result<()> {
    let mut open = Open::at(&command.place, command.change.adds()).await?;
    let apps = &mut open.accounts.apps;
    let find = |apps: &[App], wanted: &str| {
        position(apps, ("app", wanted), |app| vec![&app.name, &app.client_id])
    };
    let told = match command.change {
        Change::List { json } => {
            return Ok(list(apps, json)?);
        }
        Change::Add(add) => {
            let app = add.app()?;
            for other in apps.iter() {
                ensure!(
                    !other.name.eq_ignore_ascii_case(&app.name) && other.client_id != app.client_id,
                    "there is an app '{}' with the client id {} already",
                    other.name,
                    other.client_id
                );
            }
            let told = format!("app {} has the client id {}", app.name, app.client_id);
            apps.push(app);
            told
        }
        Change::Remove { app } => {
            let removed = apps.remove(find(apps, &app)?);
            format!("app {} is gone", removed.name)
        }
        Change::AddSecret { app } => {
            let at = find(apps, &app)?;
            add_secret(&mut apps[at])?;
            return open.keep().await;
        }
        Change::AddCertificate { app, file } => {
            let at = find(apps, &app)?;
            add_certificate(&mut apps[at], &file)?
        }
        Change::AddRedirect { app, uri } => {
            let at = find(apps, &app)?;
            identity::check_redirect_uri(&uri)?;
            if !apps[at].redirect_uris.contains(&uri) {
                apps[at].redirect_uris.push(uri.clone());
            }
            format!("sign-in through app {} may lead to {uri}", apps[at].name)
        }
        Change::Alter(change) => {
            let at = find(apps, change.app())?;
            change.carry_out(&mut apps[at])?
        }
    };
    open.keep().await?;
    Ok(say::line(told)?)
}

/// Shows the secret before it is kept: one that nobody could see lets nobody in. It is the whole answer, for scripts; the words go
/// beside it.
fn add_secret(app: &mut App) -> Result<(), Unsaid> {
    let text = identity::secret();
    let secret = Secret::new(identity::unique().as_bytes(), &text);
    say::line(text)?;
    say::aside(format_args!(
        "This is the secret {} of app {}; it is not kept and cannot be shown again.",
        secret.id(),
        app.name
    ));
    app.secrets.push(secret);
    Ok(())
}

fn add_certificate(app: &mut App, file: &Path) -> anyhow::Result<String> {
    let pem = std::fs::read(file).with_context(|| format!("could not read {}", file.display()))?;
    let der = Certificate::read_pem(&pem).with_context(|| file.display().to_string())?;
    let thumbprint = Certificate::new(&der).thumbprint();
    if app.certificates.contains(&der) {
        bail!("app {} has the certificate {thumbprint} already", app.name);
    }
    app.certificates.push(der);
    Ok(format!(
        "app {} may sign in with the certificate {thumbprint}",
        app.name
    ))
}

impl Add {
    fn app(&self) -> anyhow::Result<App> {
        for uri in &self.redirect_uris {
            identity::check_redirect_uri(uri)?;
        }
        Ok(App {
            client_id: guid(self.client_id.as_deref())?,
            name: rules::name(&self.name)?.to_owned(),
            secrets: Vec::new(),
            certificates: Vec::new(),
            redirect_uris: self.redirect_uris.clone(),
            roles: scopes(&self.roles)?,
            scopes: scopes(&self.scopes)?,
            public_client: self.public_client,
        })
    }
}

pub(super) fn scopes(words: &[String]) -> anyhow::Result<Vec<Scope>> {
    let mut scopes = Vec::new();
    for word in words {
        let scope = rules::permission(word)?;
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    Ok(scopes)
}

fn list(apps: &[App], as_json: bool) -> Result<(), Unsaid> {
    let names =
        |scopes: &[Scope]| -> Vec<&str> { scopes.iter().map(|scope| scope.as_str()).collect() };
    if as_json {
        let apps: Vec<_> = apps
            .iter()
            .map(|app| {
                let thumbprints = app.certificates.iter();
                json!({
                    "name": app.name, "client_id": app.client_id,
                    "secrets": app.secrets.iter().map(Secret::id).collect::<Vec<_>>(),
                    "certificates": thumbprints
                        .map(|der| Certificate::new(der).thumbprint())
                        .collect::<Vec<_>>(),
                    "redirect_uris": app.redirect_uris, "roles": names(&app.roles),
                    "scopes": names(&app.scopes), "public_client": app.public_client,
                })
            })
            .collect();
        return say::line(format_args!("{:#}", json!(apps)));
    }
    for app in apps {
        say::line(format_args!("{}  {}", app.client_id, app.name))?;
        say::line(format_args!("    public client: {}", app.public_client))?;
        for secret in &app.secrets {
            say::line(format_args!("    secret {}", secret.id()))?;
        }
        for der in &app.certificates {
            say::line(format_args!(
                "    certificate {}",
                Certificate::new(der).thumbprint()
            ))?;
        }
        for uri in &app.redirect_uris {
            say::line(format_args!("    redirect {uri}"))?;
        }
        say::line(format_args!("    roles  {}", names(&app.roles).join(" ")))?;
        say::line(format_args!("    scopes {}", names(&app.scopes).join(" ")))?;
    }
    Ok(())
}
