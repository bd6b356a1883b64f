//! What a person, or a program, needs to know once everything listens.

use std::{
    fmt::{self, Write},
    fs,
    path::Path,
    sync::Arc,
};

use anyhow::Context;
use graph::Scope;
use serde_json::{Value, json};
use tenant::accounts::{Accounts, App, DirectoryGroup, User};
use uuid::Uuid;

use crate::seed::ClearText;

/// Where the server listens.
pub struct Addresses {
    /// `http://localhost:PORT`.
    pub http_url: String,
    /// `https://localhost:PORT`.
    pub https_url: String,
    /// The CONNECT listener, `http://127.0.0.1:PORT`.
    pub proxy_url: Option<String>,
    /// The CA that signed the HTTPS leaf.
    pub ca_file: std::path::PathBuf,
}

/// Who may sign in, as far as it may be shown.
pub struct Shown {
    /// The tenant.
    pub tenant: Uuid,
    /// The accounts as they are.
    pub accounts: Arc<Accounts>,
    /// The credentials whose text is known.
    pub clear: ClearText,
}

impl Shown {
    fn secret(&self, app: &App) -> Option<&str> {
        app.secrets.iter().find_map(|secret| self.clear.of(secret))
    }

    fn password(&self, user: &User) -> Option<&str> {
        self.clear.of(&user.password)
    }

    /// The groups that hold the user directly.
    fn groups_of(&self, user: &User) -> impl Iterator<Item = &DirectoryGroup> {
        let holds = |group: &&DirectoryGroup| group.members.contains(&user.id);
        self.accounts.groups.iter().filter(holds)
    }

    /// The short name of a user or group.
    fn name_of<'a>(&'a self, id: &'a str) -> &'a str {
        let users = self
            .accounts
            .users
            .iter()
            .map(|user| (&user.id, &user.name));
        let groups = self
            .accounts
            .groups
            .iter()
            .map(|group| (&group.id, &group.name));
        let found = users.chain(groups).find(|(known, _)| *known == id);
        found.map_or(id, |(_, name)| name.as_str())
    }
}

/// The ready file's content. A credential whose text is not known is null.
pub fn json(addresses: &Addresses, shown: &Shown) -> Value {
    let names =
        |scopes: &[Scope]| -> Vec<&str> { scopes.iter().map(|scope| scope.as_str()).collect() };
    let accounts = &shown.accounts;
    let apps: Vec<_> = accounts
        .apps
        .iter()
        .map(|app| {
            json!({
                "name": app.name, "client_id": app.client_id, "client_secret": shown.secret(app),
                "roles": names(&app.roles), "scopes": names(&app.scopes),
            })
        })
        .collect();
    let users: Vec<_> = accounts
        .users
        .iter()
        .map(|user| {
            let groups: Vec<_> = shown.groups_of(user).map(|group| &group.id).collect();
            json!({
                "name": user.name, "id": user.id, "upn": user.upn, "password": shown.password(user),
                "guest": user.guest, "groups": groups,
            })
        })
        .collect();
    let groups: Vec<_> = accounts
        .groups
        .iter()
        .map(|group| json!({ "name": group.name, "id": group.id, "members": group.members }))
        .collect();
    json!({
        "http_url": addresses.http_url,
        "https_url": addresses.https_url,
        "proxy_url": addresses.proxy_url,
        "ca_file": addresses.ca_file,
        "tenant_id": shown.tenant.to_string(),
        "apps": apps,
        "users": users,
        "groups": groups,
        "pid": std::process::id(),
    })
}

/// Writes the ready file whole or not at all.
pub fn write(file: &Path, addresses: &Addresses, shown: &Shown) -> anyhow::Result<()> {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = file.with_file_name(name);
    let text = format!("{:#}\n", json(addresses, shown));
    fs::write(&temporary, text)
        .and_then(|()| fs::rename(&temporary, file))
        .with_context(|| format!("could not write the ready file {}", file.display()))
}

/// What `linkspan dev` says once it is ready.
///
/// # Errors
/// None: writing into a string does not fail.
pub fn text(addresses: &Addresses, data: &Path, shown: &Shown) -> Result<String, fmt::Error> {
    let mut out = String::new();
    writeln!(
        out,
        "Linkspan is ready (dev: the credentials below are published, so it listens on this machine only)\n"
    )?;
    writeln!(out, "  HTTP     {}", addresses.http_url)?;
    writeln!(out, "  HTTPS    {}", addresses.https_url)?;
    if let Some(url) = &addresses.proxy_url {
        writeln!(
            out,
            "  proxy    {url} (`linkspan run -- COMMAND` leads a program here)"
        )?;
    }
    writeln!(out, "  CA file  {}", addresses.ca_file.display())?;
    writeln!(out, "  data     {}", data.display())?;
    writeln!(out, "  tenant   {}\n", shown.tenant)?;
    writeln!(out, "  {:<16} {:<37} secret", "app", "client id")?;
    for app in &shown.accounts.apps {
        let secret = match shown.secret(app) {
            Some(secret) => secret,
            None if app.secrets.is_empty() && app.certificates.is_empty() => "– (public client)",
            None => "(not shown)",
        };
        writeln!(out, "  {:<16} {:<37} {secret}", app.name, app.client_id)?;
    }
    write_people(&mut out, shown)?;
    let lines = lines_to_copy(&addresses.http_url, shown);
    if !lines.is_empty() {
        writeln!(
            out,
            "\nThree lines to copy: a token, a connection, a search as a user"
        )?;
    }
    for line in lines {
        writeln!(out, "\n{line}")?;
    }
    writeln!(out, "\nCtrl-C stops.")?;
    Ok(out)
}

fn write_people(out: &mut String, shown: &Shown) -> fmt::Result {
    writeln!(
        out,
        "\n  {:<7} {:<37} {:<20} {:<23} groups",
        "user", "id", "name to sign in", "password"
    )?;
    for user in &shown.accounts.users {
        let groups: Vec<_> = shown
            .groups_of(user)
            .map(|group| group.name.as_str())
            .collect();
        let groups = if user.guest {
            "(guest)".to_owned()
        } else {
            groups.join(", ")
        };
        writeln!(
            out,
            "  {:<7} {:<37} {:<20} {:<23} {groups}",
            user.name,
            user.id,
            user.upn,
            shown.password(user).unwrap_or("(not shown)")
        )?;
    }
    writeln!(out, "\n  {:<12} {:<37} members", "group", "id")?;
    for group in &shown.accounts.groups {
        let members: Vec<_> = group.members.iter().map(|id| shown.name_of(id)).collect();
        writeln!(
            out,
            "  {:<12} {:<37} {}",
            group.name,
            group.id,
            members.join(", ")
        )?;
    }
    Ok(())
}

/// A token, a connection and a search, by accounts whose credentials are known; none if there are no such accounts.
fn lines_to_copy(url: &str, shown: &Shown) -> Vec<String> {
    let pick = r#"sed 's/.*"access_token":"\([^"]*\)".*/\1/'"#;
    let token = format!("{url}/{}/oauth2/v2.0/token", shown.tenant);
    let scope = "-d scope=https://graph.microsoft.com/.default";
    let creates = [
        Scope::ExternalConnectionReadWriteOwnedBy,
        Scope::ExternalConnectionReadWriteAll,
    ];
    let apps = &shown.accounts.apps;
    let connector = apps.iter().find_map(|app| {
        let may = app.roles.iter().any(|role| creates.contains(role));
        Some((app, shown.secret(app)?)).filter(|_| may)
    });
    // A public client of nothing but that, if there is one: its request needs no secret.
    let search = apps
        .iter()
        .filter(|app| app.public_client && app.scopes.contains(&Scope::ExternalItemReadAll))
        .min_by_key(|app| app.secrets.len() + app.roles.len());
    let user = shown.accounts.users.iter().find_map(|user| {
        let password = shown.password(user)?;
        Some((user, password)).filter(|_| !user.guest)
    });
    let (Some((connector, secret)), Some(search), Some((user, password))) =
        (connector, search, user)
    else {
        return Vec::new();
    };
    vec![
        format!(
            "TOKEN=$(curl -s {token} -d grant_type=client_credentials {} {} {scope} | {pick})",
            field("client_id", &connector.client_id),
            field("client_secret", secret),
        ),
        format!(
            r#"curl -s {url}/v1.0/external/connections -H "Authorization: Bearer $TOKEN" -d '{{"id":"tickets","name":"Tickets","description":"Support tickets"}}'"#
        ),
        format!(
            r#"curl -s {url}/v1.0/search/query -H "Authorization: Bearer $(curl -s {token} -d grant_type=password {} {} {} {scope} | {pick})" -d '{{"requests":[{{"entityTypes":["externalItem"],"contentSources":["/external/connections/tickets"],"query":{{"queryString":"*"}}}}]}}'"#,
            field("client_id", &search.client_id),
            field("username", &user.upn),
            field("password", password),
        ),
    ]
}

/// A form's field as curl and a shell take it.
fn field(name: &str, value: &str) -> String {
    let is_plain = value
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte));
    if is_plain {
        return format!("-d {name}={value}");
    }
    format!("--data-urlencode '{name}={}'", value.replace('\'', r"'\''"))
}
