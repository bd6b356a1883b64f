//! What the tests of this room start from.

use std::{
    ops::Deref,
    path::{Path, PathBuf},
    sync::{Arc, LazyLock},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use graph::Scope;
use serde_json::Value;
use tenant::{
    accounts::{Accounts, App, Secret, User},
    visibility::{Change, Visibility},
};
use uuid::Uuid;

use super::{Answer, Issuer, Keys, SignIn, SignInOptions};

/// A directory that is gone with the value.
pub(crate) struct Directory(PathBuf);

impl Directory {
    #[expect(
        clippy::disallowed_methods,
        reason = "a name that no other run has taken"
    )]
    pub fn new() -> Self {
        let path = std::env::temp_dir().join(format!("linkspan-{}", Uuid::new_v4()));
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }
}

impl Deref for Directory {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.0
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

pub(super) const NOW: u64 = 1_800_000_000;
pub(super) const TENANT: Uuid = Uuid::from_u128(0xdead_beef);
/// Has a secret, and roles.
pub(super) const CONNECTOR: &str = "11111111-aaaa-4bbb-8ccc-000000000001";
pub(super) const CONNECTOR_SECRET: &str = "s3cret+&=% of the connector";
/// A public client, with delegated permissions.
pub(super) const SEARCH: &str = "11111111-aaaa-4bbb-8ccc-000000000002";
/// Has a secret, without which nobody signs in through it.
pub(super) const PORTAL: &str = "11111111-aaaa-4bbb-8ccc-000000000003";
pub(super) const PORTAL_SECRET: &str = "secret-of-the-portal";
pub(super) const ALICE: &str = "22222222-aaaa-4bbb-8ccc-000000000001";
pub(super) const BOB: &str = "22222222-aaaa-4bbb-8ccc-000000000002";
pub(super) const PASSWORD: &str = "correct horse";
pub(super) const BASE: &str = "https://localhost:7743";

/// Making an RSA key takes a while: all tests of a run share one.
static KEYS: LazyLock<Directory> = LazyLock::new(|| {
    let directory = Directory::new();
    Keys::open(&directory).unwrap();
    directory
});

pub(super) fn keys() -> Keys {
    Keys::open(&KEYS).unwrap()
}

fn user(id: &str, name: &str) -> User {
    User {
        id: id.to_owned(),
        name: name.to_owned(),
        display_name: format!("{name} (seeded)"),
        upn: format!("{name}@linkspan.example"),
        mail: format!("{name}@mail.example"),
        guest: false,
        password: Secret::new(id.as_bytes(), PASSWORD),
    }
}

pub(super) fn accounts() -> Accounts {
    let app = |client_id: &str, name: &str, secret: Option<&str>, public_client| App {
        client_id: client_id.to_owned(),
        name: name.to_owned(),
        secrets: secret
            .map(|secret| Secret::new(name.as_bytes(), secret))
            .into_iter()
            .collect(),
        certificates: Vec::new(),
        redirect_uris: Vec::new(),
        roles: vec![
            Scope::ExternalConnectionReadWriteOwnedBy,
            Scope::ExternalItemReadWriteOwnedBy,
        ],
        scopes: vec![Scope::UserRead, Scope::ExternalItemReadAll],
        public_client,
    };
    Accounts {
        users: vec![user(ALICE, "alice"), user(BOB, "bob")],
        groups: Vec::new(),
        apps: vec![
            app(CONNECTOR, "connector", Some(CONNECTOR_SECRET), true),
            app(SEARCH, "search", None, true),
            app(PORTAL, "portal", Some(PORTAL_SECRET), false),
        ],
    }
}

/// An issuer over accounts that a test may change.
pub(super) struct World {
    pub issuer: Arc<Issuer>,
    visibility: Arc<Visibility>,
}

impl World {
    pub fn new() -> Self {
        Self::with(SignInOptions::default())
    }

    /// A world where people choose whom to be.
    pub fn choosing() -> Self {
        Self::with(SignInOptions {
            choose_user: true,
            ..SignInOptions::default()
        })
    }

    pub fn with(options: SignInOptions) -> Self {
        let visibility = Visibility::new();
        let world = Self {
            issuer: Issuer::with_options(TENANT, keys(), Arc::clone(&visibility), options),
            visibility,
        };
        world.publish(accounts());
        world
    }

    pub fn publish(&self, accounts: Accounts) {
        self.visibility
            .publish(vec![Change::Accounts(Arc::new(accounts))]);
    }

    /// Changes the accounts that a new world has.
    pub fn change(&self, change: impl FnOnce(&mut Accounts)) {
        let mut accounts = accounts();
        change(&mut accounts);
        self.publish(accounts);
    }

    pub fn get(&self, path: &str) -> Option<Answer> {
        let (path, query) = path
            .split_once('?')
            .map_or((path, None), |(path, query)| (path, Some(query)));
        self.issuer.answer(
            &SignIn {
                query,
                ..request("GET", path, b"")
            },
            NOW,
        )
    }

    /// A token request at the v2.0 endpoint.
    pub fn token(&self, fields: &[(&str, &str)]) -> Answer {
        self.token_at(fields, NOW)
    }

    pub fn token_at(&self, fields: &[(&str, &str)], now: u64) -> Answer {
        self.post("/common/oauth2/v2.0/token", &form(fields), None, now)
    }

    pub fn post(&self, path: &str, body: &str, authorization: Option<&str>, now: u64) -> Answer {
        let request = SignIn {
            authorization,
            ..request("POST", path, body.as_bytes())
        };
        self.issuer.answer(&request, now).unwrap()
    }

    /// Opens a page in a browser without cookies.
    pub fn open(&self, path: &str, query: &[(&str, &str)]) -> Answer {
        let query = form(query);
        let request = SignIn {
            query: Some(&query),
            ..request("GET", path, b"")
        };
        self.issuer.answer(&request, NOW).unwrap()
    }

    /// Sends the form of a page from the browser that it was shown in, with these fields beside the hidden ones.
    pub fn send(&self, path: &str, page: &Answer, fields: &[(&str, &str)]) -> Answer {
        let cookie = cookie(page);
        let mut all = hidden(page);
        all.extend(
            fields
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        );
        let all: Vec<(&str, &str)> = all
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let body = form(&all);
        let request = SignIn {
            cookie: Some(&cookie),
            ..request("POST", path, body.as_bytes())
        };
        self.issuer.answer(&request, NOW).unwrap()
    }

    /// The answer of alice's sign-in through the public client.
    pub fn alice(&self, scope: &str) -> Value {
        let answer = self.token(&[
            ("grant_type", "password"),
            ("client_id", SEARCH),
            ("username", "alice@linkspan.example"),
            ("password", PASSWORD),
            ("scope", scope),
        ]);
        assert_eq!(answer.status, 200, "{}", body(&answer));
        body(&answer)
    }

    /// The connector's own token.
    pub fn connector(&self) -> String {
        let answer = self.token(&CLIENT_CREDENTIALS);
        text(&body(&answer), "access_token")
    }
}

pub(super) const CLIENT_CREDENTIALS: [(&str, &str); 4] = [
    ("grant_type", "client_credentials"),
    ("client_id", CONNECTOR),
    ("client_secret", CONNECTOR_SECRET),
    ("scope", "https://graph.microsoft.com/.default"),
];

pub(super) fn request<'a>(method: &'a str, path: &'a str, body: &'a [u8]) -> SignIn<'a> {
    SignIn {
        method,
        path,
        query: None,
        base: BASE,
        authorization: None,
        cookie: None,
        client_request_id: None,
        from: None,
        body,
    }
}

pub(super) fn form(fields: &[(&str, &str)]) -> String {
    let encode = |text: &str| {
        percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
    };
    fields
        .iter()
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect::<Vec<_>>()
        .join("&")
}

/// The cookie that a page sets, as the browser sends it back.
pub(super) fn cookie(page: &Answer) -> String {
    let set = header(page, "set-cookie");
    set.split(';').next().unwrap().to_owned()
}

/// The value of a header; empty if there is none.
pub(super) fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
    let found = answer.headers.iter().find(|(known, _)| *known == name);
    found.map_or("", |(_, value)| value.as_str())
}

/// The page as text.
pub(super) fn html(page: &Answer) -> &str {
    std::str::from_utf8(&page.body).unwrap()
}

/// The hidden fields of a page's form.
pub(super) fn hidden(page: &Answer) -> Vec<(String, String)> {
    let attribute = |tag: &str, name: &str| {
        let (_, rest) = tag.split_once(&format!("{name}=\"")).unwrap();
        rest.split('"')
            .next()
            .unwrap()
            .replace("&quot;", "\"")
            .replace("&#39;", "'")
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&amp;", "&")
    };
    html(page)
        .split("<input ")
        .skip(1)
        .map(|rest| rest.split('>').next().unwrap())
        .filter(|tag| tag.contains("type=\"hidden\""))
        .map(|tag| (attribute(tag, "name"), attribute(tag, "value")))
        .collect()
}

/// The parameters of the address that an answer sends the browser to, after this mark.
pub(super) fn sent_to(answer: &Answer, mark: char) -> (String, Vec<(String, String)>) {
    let (address, query) = header(answer, "location").split_once(mark).unwrap();
    let decode = |text: &str| {
        percent_encoding::percent_decode_str(text)
            .decode_utf8_lossy()
            .into_owned()
    };
    let parameters = query
        .split('&')
        .map(|pair| pair.split_once('=').unwrap())
        .map(|(name, value)| (name.to_owned(), decode(value)))
        .collect();
    (address.to_owned(), parameters)
}

/// The parameter of that name; empty if there is none.
pub(super) fn parameter(parameters: &[(String, String)], name: &str) -> String {
    let found = parameters.iter().find(|(known, _)| known == name);
    found.map_or_else(String::new, |(_, value)| value.clone())
}

pub(super) fn body(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap()
}

pub(super) fn text(value: &Value, member: &str) -> String {
    value[member].as_str().unwrap_or_default().to_owned()
}

/// The claims inside a token, unchecked.
pub(super) fn claims(token: &str) -> Value {
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}
