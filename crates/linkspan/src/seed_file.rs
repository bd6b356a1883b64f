//! `linkspan dev --seed FILE`: users, groups and apps from a YAML file (docs/seed.md). All problems are told at once, each with
//! its place in the file.

mod read;

use std::{
    collections::{HashMap, HashSet},
    fmt::Write,
    fs,
    path::Path,
};

use anyhow::{Context, bail};
use graph::Scope;
use serde_json::Value;
use server::identity::{self, Certificate};
use tenant::accounts::{Accounts, App, Cost, DirectoryGroup, Secret, User};
use uuid::Uuid;

use self::read::{Members, Node, Problems};
use crate::{
    accounts::rules,
    seed::{ClearText, Seed, TENANT},
};

const USER: &[&str] = &[
    "name",
    "id",
    "upn",
    "display_name",
    "mail",
    "guest",
    "password",
];
const GROUP: &[&str] = &["name", "id", "members"];
const APP: &[&str] = &[
    "name",
    "client_id",
    "client_secret",
    "client_secrets",
    "certificates",
    "redirect_uris",
    "roles",
    "scopes",
    "public_client",
];

/// Reads a seed file. Certificates are looked for beside it.
///
/// # Errors
/// The file cannot be read, or something in it is not as docs/seed.md says.
pub fn read(file: &Path) -> anyhow::Result<Seed> {
    let text = fs::read_to_string(file)
        .with_context(|| format!("could not read the seed file {}", file.display()))?;
    let directory = file.parent().unwrap_or(Path::new("."));
    parse(&text, directory, Cost::default())
        .with_context(|| format!("the seed file {} cannot be used", file.display()))
}

fn parse(text: &str, directory: &Path, cost: Cost) -> anyhow::Result<Seed> {
    let whole: Value = serde_saphyr::from_str(text).context("it is no YAML")?;
    let mut reader = Reader {
        problems: Problems::default(),
        clear: ClearText::default(),
        directory,
        cost,
    };
    let accounts = reader.accounts(&whole);
    if reader.problems.0.is_empty() {
        return Ok(Seed {
            accounts,
            clear: reader.clear,
        });
    }
    let mut told = String::new();
    for problem in &reader.problems.0 {
        let _ = write!(told, "\n  {problem}");
    }
    bail!("{} problems:{told}", reader.problems.0.len());
}

struct Reader<'a> {
    problems: Problems,
    clear: ClearText,
    directory: &'a Path,
    cost: Cost,
}

impl Reader<'_> {
    fn accounts(&mut self, whole: &Value) -> Accounts {
        let root = Node::root(whole);
        let known = ["users", "groups", "apps"];
        let members = root.object(&known, &mut self.problems);
        let [users, groups, apps] = known.map(|name| members.list(name, &mut self.problems));
        let users: Vec<User> = users.iter().map(|node| self.user(node)).collect();
        let named: Vec<(DirectoryGroup, Vec<Node<'_>>)> =
            groups.iter().map(|node| self.group(node)).collect();
        let apps: Vec<App> = apps.iter().map(|node| self.app(node)).collect();
        self.unique("users and groups", "name", {
            let users = users.iter().map(|user| &user.name);
            users.chain(named.iter().map(|(group, _)| &group.name))
        });
        self.unique("users and groups", "id", {
            let users = users.iter().map(|user| &user.id);
            users.chain(named.iter().map(|(group, _)| &group.id))
        });
        self.unique("users", "upn", users.iter().map(|user| &user.upn));
        self.unique("apps", "name", apps.iter().map(|app| &app.name));
        self.unique("apps", "client_id", apps.iter().map(|app| &app.client_id));
        if apps.is_empty() {
            self.problems
                .add("apps", "there is none: nobody could sign in");
        }
        let groups = self.members(&users, named);
        Accounts {
            users,
            groups,
            apps,
        }
    }

    /// Members are written as names and kept as ids.
    fn members(
        &mut self,
        users: &[User],
        named: Vec<(DirectoryGroup, Vec<Node<'_>>)>,
    ) -> Vec<DirectoryGroup> {
        let mut ids: HashMap<String, String> = HashMap::new();
        ids.extend(
            users
                .iter()
                .map(|user| (user.name.clone(), user.id.clone())),
        );
        ids.extend(
            named
                .iter()
                .map(|(group, _)| (group.name.clone(), group.id.clone())),
        );
        let mut groups = Vec::new();
        for (mut group, members) in named {
            for member in members {
                let Some(name) = member.text(&mut self.problems) else {
                    continue;
                };
                match ids.get(name) {
                    Some(id) => match rules::membership(&group.id, id) {
                        Ok(()) => group.members.push(id.clone()),
                        Err(error) => self.problems.add(&member.path, &error.to_string()),
                    },
                    None => self.problems.add(
                        &member.path,
                        &format!("'{name}' is the name of no user or group in this file"),
                    ),
                }
            }
            groups.push(group);
        }
        groups
    }

    fn user(&mut self, node: &Node<'_>) -> User {
        let problems = &mut self.problems;
        let members = node.object(USER, problems);
        let name = checked(&members, "name", problems, rules::name);
        let upn = checked(&members, "upn", problems, rules::upn);
        let id = members.id("id", problems, &format!("user {name}"));
        let password = members.required_text("password", problems);
        let secret = Secret::slow(identity::unique().as_bytes(), password, self.cost)
            .unwrap_or_else(|| Secret::new(identity::unique().as_bytes(), password));
        self.clear.add(secret.clone(), password);
        User {
            id,
            display_name: members
                .optional_text("display_name", problems)
                .unwrap_or(&name)
                .to_owned(),
            mail: members
                .optional_text("mail", problems)
                .unwrap_or(&upn)
                .to_owned(),
            guest: members.flag("guest", problems).unwrap_or(false),
            password: secret,
            name,
            upn,
        }
    }

    fn group<'v>(&mut self, node: &Node<'v>) -> (DirectoryGroup, Vec<Node<'v>>) {
        let problems = &mut self.problems;
        let members = node.object(GROUP, problems);
        let name = checked(&members, "name", problems, rules::name);
        let group = DirectoryGroup {
            id: members.id("id", problems, &format!("group {name}")),
            name,
            members: Vec::new(),
        };
        (group, members.list("members", problems))
    }

    fn app(&mut self, node: &Node<'_>) -> App {
        let members = node.object(APP, &mut self.problems);
        let name = checked(&members, "name", &mut self.problems, rules::name);
        let client_id = members.id("client_id", &mut self.problems, &format!("app {name}"));
        let mut texts: Vec<&str> = Vec::new();
        texts.extend(members.optional_text("client_secret", &mut self.problems));
        texts.extend(members.texts("client_secrets", &mut self.problems));
        let mut secrets = Vec::new();
        for text in texts {
            let secret = Secret::new(identity::unique().as_bytes(), text);
            self.clear.add(secret.clone(), text);
            secrets.push(secret);
        }
        let [certificates, roles, scopes] =
            ["certificates", "roles", "scopes"].map(|name| members.list(name, &mut self.problems));
        let certificates = self.certificates(&certificates);
        let mut redirect_uris = Vec::new();
        for node in members.list("redirect_uris", &mut self.problems) {
            let Some(uri) = node.text(&mut self.problems) else {
                continue;
            };
            match identity::check_redirect_uri(uri) {
                Ok(()) => redirect_uris.push(uri.to_owned()),
                Err(error) => self.problems.add(&node.path, &error.to_string()),
            }
        }
        let is_public = secrets.is_empty() && certificates.is_empty();
        let public_client = members.flag("public_client", &mut self.problems);
        if is_public && public_client == Some(false) {
            self.problems.add(
                &members.at("public_client"),
                "an app without a secret or certificate is a public client, or nobody could sign in through it",
            );
        }
        App {
            client_id,
            name,
            secrets,
            certificates,
            redirect_uris,
            roles: self.scopes(&roles),
            scopes: self.scopes(&scopes),
            public_client: public_client.unwrap_or(is_public),
        }
    }

    fn scopes(&mut self, nodes: &[Node<'_>]) -> Vec<Scope> {
        let mut scopes = Vec::new();
        for node in nodes {
            let Some(word) = node.text(&mut self.problems) else {
                continue;
            };
            match rules::permission(word) {
                Ok(scope) if scopes.contains(&scope) => {}
                Ok(scope) => scopes.push(scope),
                Err(error) => self.problems.add(&node.path, &error.to_string()),
            }
        }
        scopes
    }

    fn certificates(&mut self, nodes: &[Node<'_>]) -> Vec<Vec<u8>> {
        let mut certificates = Vec::new();
        for node in nodes {
            let Some(name) = node.text(&mut self.problems) else {
                continue;
            };
            let file = self.directory.join(name);
            let read = fs::read(&file)
                .map_err(|error| format!("could not read {}: {error}", file.display()))
                .and_then(|pem| {
                    Certificate::read_pem(&pem)
                        .map_err(|error| format!("{}: {error}", file.display()))
                });
            match read {
                Ok(der) => certificates.push(der),
                Err(problem) => self.problems.add(&node.path, &problem),
            }
        }
        certificates
    }

    fn unique<'t>(&mut self, what: &str, member: &str, values: impl Iterator<Item = &'t String>) {
        let mut seen = HashSet::new();
        for value in values.filter(|value| !value.is_empty()) {
            if !seen.insert(value.to_lowercase()) {
                self.problems.add(
                    what,
                    &format!("the {member} '{value}' is there more than once"),
                );
            }
        }
    }
}

/// A text that must be there and keep a rule.
fn checked(
    members: &Members<'_>,
    name: &str,
    problems: &mut Problems,
    rule: fn(&str) -> anyhow::Result<&str>,
) -> String {
    let text = members.required_text(name, problems);
    if !text.is_empty()
        && let Err(error) = rule(text)
    {
        problems.add(&members.at(name), &error.to_string());
    }
    text.to_owned()
}

/// The id of something that names none: the same for the same name at every start.
fn derived_id(what: &str) -> String {
    Uuid::new_v5(&TENANT, what.as_bytes()).to_string()
}

#[cfg(test)]
mod tests;
