//! The field `scope`: what a client asks for, and what of it the app was given.
//!
//! Documentation: <https://learn.microsoft.com/entra/identity-platform/scopes-oidc>

use graph::Scope;
use tenant::accounts::{Accounts, App};

use super::{
    form::Form,
    refusal::{Refusal, quote},
};

/// A client's wish, taken apart. The words stay as the client spelled them: SDKs look for those very words in the answer, and ask
/// for another token at once if they are not there.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// The words that name all permissions of a resource: `https://graph.microsoft.com/.default`.
    defaults: Vec<String>,
    /// The words that name one permission.
    permissions: Vec<String>,
    /// `openid`, `profile`, `email`.
    plain: Vec<String>,
    /// Is a refresh token wanted?
    pub offline: bool,
}

/// What the token gets.
#[derive(Debug)]
pub(super) struct Granted {
    /// In the order of the app's registration or of the client's wish.
    pub permissions: Vec<Scope>,
    /// The answer's `scope`.
    pub scope: String,
}

/// What a token for an app's own API gets. What its permissions mean is that app's affair.
pub(super) struct OwnResource<'a> {
    pub app: &'a App,
    /// The claim `scp`.
    pub permissions: String,
    /// The answer's `scope`.
    pub scope: String,
}

impl Asked {
    /// Reads the wish from a form; `None` if it holds none. The old endpoint names a `resource` instead.
    pub fn read(form: &Form, endpoint: Endpoint) -> Option<Self> {
        if let (Endpoint::V1, Some(resource)) = (endpoint, form.get("resource")) {
            let mut asked = Self::parse(form.get("scope").unwrap_or_default());
            asked.defaults = vec![format!("{}/.default", resource.trim_end_matches('/'))];
            asked.permissions.clear();
            // The old endpoint knows no `offline_access`: it always hands out a refresh token.
            asked.offline = true;
            return Some(asked);
        }
        form.get("scope").map(Self::parse)
    }

    /// Takes a `scope` apart.
    pub fn parse(text: &str) -> Self {
        let mut asked = Self::default();
        for word in text.split_whitespace() {
            let words = match name(word).to_ascii_lowercase().as_str() {
                "offline_access" => {
                    asked.offline = true;
                    continue;
                }
                "openid" | "profile" | "email" => &mut asked.plain,
                ".default" => &mut asked.defaults,
                _ => &mut asked.permissions,
            };
            if !words.iter().any(|other| other == word) {
                words.push(word.to_owned());
            }
        }
        asked
    }

    /// Was this word (`openid`, `profile`, `email`) said?
    pub fn has(&self, plain: &str) -> bool {
        self.plain
            .iter()
            .any(|word| name(word).eq_ignore_ascii_case(plain))
    }

    /// The wish in one line, for the refresh token.
    pub fn text(&self) -> String {
        let mut words: Vec<&str> = [&self.defaults, &self.permissions, &self.plain]
            .into_iter()
            .flatten()
            .map(String::as_str)
            .collect();
        words.extend(self.offline.then_some("offline_access"));
        words.join(" ")
    }

    /// What an app gets for itself: all of its roles, and no choice among them.
    pub fn application(&self, app: &App) -> Result<Granted, Refusal> {
        if self.defaults.is_empty() || !self.permissions.is_empty() {
            let asked = self.permissions.join(" ");
            return Err(Refusal::new(
                400,
                "invalid_scope",
                1_002_012,
                format!(
                    "With client credentials the scope names the resource and ends in '/.default', for example 'https://graph.microsoft.com/.default'; it was {}.",
                    quote(&asked)
                ),
            ));
        }
        Ok(self.granted(&app.roles, Vec::new()))
    }

    /// What a user's token gets: the permissions named, or all delegated ones of the app.
    pub fn delegated(&self, app: &App) -> Result<Granted, Refusal> {
        if !self.defaults.is_empty() && !self.permissions.is_empty() {
            return Err(Refusal::new(
                400,
                "invalid_scope",
                70011,
                format!(
                    "'/.default' already names all permissions of the app and cannot stand beside {}. Ask for the one or the other.",
                    quote(&self.permissions.join(" "))
                ),
            ));
        }
        let mut named = Vec::new();
        for word in &self.permissions {
            let scope = Scope::parse(name(word)).filter(|scope| app.scopes.contains(scope));
            match scope {
                Some(scope) if named.contains(&scope) => {}
                Some(scope) => named.push(scope),
                None => return Err(not_given(app, word)),
            }
        }
        let all: &[Scope] = if self.defaults.is_empty() {
            &[]
        } else {
            &app.scopes
        };
        Ok(self.granted(all, named))
    }

    /// The registered app whose own API the wish is about (`api://{client id}/…`, or the client id alone); `None` if it is about
    /// the Graph.
    pub fn own_resource<'a>(
        &self,
        accounts: &'a Accounts,
    ) -> Result<Option<OwnResource<'a>>, Refusal> {
        let words: Vec<&String> = self.defaults.iter().chain(&self.permissions).collect();
        let owners: Vec<Option<&App>> = words
            .iter()
            .map(|word| {
                let resource = word[..word.len() - name(word).len()].trim_end_matches('/');
                let id = resource.strip_prefix("api://").unwrap_or(resource);
                accounts.app(id)
            })
            .collect();
        let Some(app) = owners.iter().flatten().next() else {
            return Ok(None);
        };
        let is_same = |owner: &Option<&App>| owner.is_some_and(|owner| owner == *app);
        if !owners.iter().all(is_same) {
            return Err(Refusal::new(
                400,
                "invalid_scope",
                28000,
                "The scope names permissions of more than one resource. Ask for the tokens of one resource at a time.",
            ));
        }
        let names = words.iter().map(|word| match name(word) {
            ".default" => "user_impersonation",
            name => name,
        });
        let scope = words.iter().copied().chain(&self.plain);
        Ok(Some(OwnResource {
            app,
            permissions: names.collect::<Vec<_>>().join(" "),
            scope: scope.map(String::as_str).collect::<Vec<_>>().join(" "),
        }))
    }

    fn granted(&self, all: &[Scope], named: Vec<Scope>) -> Granted {
        let mut words: Vec<String> = Vec::new();
        for default in &self.defaults {
            let resource = &default[..default.len() - name(default).len()];
            words.extend(
                all.iter()
                    .map(|scope| format!("{resource}{}", scope.as_str())),
            );
            words.push(default.clone());
        }
        words.extend(self.permissions.iter().cloned());
        words.extend(self.plain.iter().cloned());
        Granted {
            permissions: if self.defaults.is_empty() {
                named
            } else {
                all.to_vec()
            },
            scope: words.join(" "),
        }
    }
}

fn not_given(app: &App, word: &str) -> Refusal {
    let given: Vec<_> = app.scopes.iter().map(|scope| scope.as_str()).collect();
    Refusal::grant(
        65001,
        format!(
            "The app '{}' was not given the delegated permission {}; it has [{}]. Give it the permission, or ask for 'https://graph.microsoft.com/.default'.",
            app.name,
            quote(word),
            given.join(", ")
        ),
    )
}

/// The last part of a word: `User.Read` of `https://graph.microsoft.com/User.Read`.
fn name(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

/// Which generation of the token endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Endpoint {
    /// `/oauth2/token`: `resource`, and numbers as text in the answer.
    V1,
    /// `/oauth2/v2.0/token`.
    V2,
}
