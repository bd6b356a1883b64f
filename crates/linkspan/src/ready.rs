//! What a person, or a program, needs to know once everything listens.

use std::{fs, io::Write, path::Path};

use anyhow::Context;
use serde_json::{Value, json};

use crate::seed::{self, APPS, GROUPS, TENANT, USERS};

/// Where the server listens.
pub struct Addresses {
    /// `http://localhost:PORT`.
    pub http_url: String,
    /// `https://localhost:PORT`.
    pub https_url: String,
    /// The CA that signed the HTTPS leaf.
    pub ca_file: std::path::PathBuf,
}

/// The ready file's content.
pub fn json(addresses: &Addresses) -> Value {
    let apps: Vec<_> = APPS
        .iter()
        .map(|app| {
            json!({
                "name": app.name, "client_id": app.client_id, "client_secret": app.secret,
                "roles": app.roles.iter().map(|scope| scope.as_str()).collect::<Vec<_>>(),
                "scopes": app.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>(),
            })
        })
        .collect();
    let users: Vec<_> = USERS
        .iter()
        .map(|user| {
            let groups: Vec<_> = GROUPS
                .iter()
                .filter(|group| group.members.contains(&user.name))
                .map(|group| group.id)
                .collect();
            json!({
                "name": user.name, "id": user.id, "upn": user.upn, "password": user.password,
                "guest": user.guest, "groups": groups,
            })
        })
        .collect();
    let groups: Vec<_> = GROUPS
        .iter()
        .map(|group| {
            let members: Vec<_> = group.members.iter().map(|name| seed::id_of(name)).collect();
            json!({ "name": group.name, "id": group.id, "members": members })
        })
        .collect();
    json!({
        "http_url": addresses.http_url,
        "https_url": addresses.https_url,
        "proxy_url": null,
        "ca_file": addresses.ca_file,
        "tenant_id": TENANT.to_string(),
        "apps": apps,
        "users": users,
        "groups": groups,
        "pid": std::process::id(),
    })
}

/// Writes the ready file whole or not at all.
pub fn write(file: &Path, addresses: &Addresses) -> anyhow::Result<()> {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = file.with_file_name(name);
    let text = format!("{:#}\n", json(addresses));
    fs::write(&temporary, text)
        .and_then(|()| fs::rename(&temporary, file))
        .with_context(|| format!("could not write the ready file {}", file.display()))
}

/// What `linkspan dev` prints.
pub fn print(addresses: &Addresses, data: &Path) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "Linkspan is ready (dev: the credentials below are published, so it listens on this machine only)\n"
    )?;
    writeln!(out, "  HTTP     {}", addresses.http_url)?;
    writeln!(out, "  HTTPS    {}", addresses.https_url)?;
    writeln!(out, "  CA file  {}", addresses.ca_file.display())?;
    writeln!(out, "  data     {}", data.display())?;
    writeln!(out, "  tenant   {TENANT}\n")?;
    writeln!(out, "  {:<16} {:<37} secret", "app", "client id")?;
    for app in APPS {
        let secret = app.secret.unwrap_or("– (public client)");
        writeln!(out, "  {:<16} {:<37} {secret}", app.name, app.client_id)?;
    }
    writeln!(
        out,
        "\n  {:<7} {:<37} {:<20} {:<23} groups",
        "user", "id", "name to sign in", "password"
    )?;
    for user in USERS {
        let groups: Vec<_> = GROUPS
            .iter()
            .filter(|group| group.members.contains(&user.name))
            .map(|group| group.name)
            .collect();
        let groups = if user.guest {
            "(guest)".to_owned()
        } else {
            groups.join(", ")
        };
        writeln!(
            out,
            "  {:<7} {:<37} {:<20} {:<23} {groups}",
            user.name, user.id, user.upn, user.password
        )?;
    }
    writeln!(out, "\n  {:<12} {:<37} members", "group", "id")?;
    for group in GROUPS {
        writeln!(
            out,
            "  {:<12} {:<37} {}",
            group.name,
            group.id,
            group.members.join(", ")
        )?;
    }
    writeln!(
        out,
        "\nThree lines to copy: a token, a connection, a search as alice"
    )?;
    for line in lines_to_copy(&addresses.http_url) {
        writeln!(out, "\n{line}")?;
    }
    writeln!(out, "\nCtrl-C stops.")?;
    out.flush()
}

fn lines_to_copy(url: &str) -> [String; 3] {
    let pick = r#"sed 's/.*"access_token":"\([^"]*\)".*/\1/'"#;
    let token = format!("{url}/{TENANT}/oauth2/v2.0/token");
    let scope = "-d scope=https://graph.microsoft.com/.default";
    let (connector, search) = (seed::app("connector"), seed::app("search"));
    let alice = seed::seeded_user("alice");
    [
        format!(
            "TOKEN=$(curl -s {token} -d grant_type=client_credentials -d client_id={} -d client_secret={} {scope} | {pick})",
            connector.client_id,
            connector.secret.unwrap_or_default(),
        ),
        format!(
            r#"curl -s {url}/v1.0/external/connections -H "Authorization: Bearer $TOKEN" -d '{{"id":"tickets","name":"Tickets","description":"Support tickets"}}'"#
        ),
        format!(
            r#"curl -s {url}/v1.0/search/query -H "Authorization: Bearer $(curl -s {token} -d grant_type=password -d client_id={} -d username={} -d password={} {scope} | {pick})" -d '{{"requests":[{{"entityTypes":["externalItem"],"contentSources":["/external/connections/tickets"],"query":{{"queryString":"*"}}}}]}}'"#,
            search.client_id, alice.upn, alice.password,
        ),
    ]
}
