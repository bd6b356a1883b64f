//! The server that is asked: one inside this process, started once for all tests that run at the same time and need the same of
//! it, the built binary, or one that is there already.

use std::{
    collections::{BTreeMap, HashMap},
    env, fs,
    hash::{BuildHasher, RandomState},
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
};

use reqwest::Client;
use serde_json::Value;
use tokio::sync::MutexGuard;

use crate::{corpus::Server, inside::Inside, running::Running, sign_in, variables::Variables};

/// A server, who is known there, and their tokens.
pub struct Target {
    /// `http://localhost:PORT`, without a slash at the end.
    pub url: String,
    /// For all requests.
    pub client: Client,
    ready: Value,
    server: Option<Arc<Started>>,
    binary: Option<Running>,
    tokens: Mutex<HashMap<String, String>>,
}

/// A server of this process.
struct Started {
    inside: Inside,
    /// Whose turn it is, where the clock is moved.
    turn: tokio::sync::Mutex<()>,
}

/// The servers that other tests of this process are using, by what was asked of them.
static SHARED: Mutex<BTreeMap<Vec<String>, Weak<Started>>> = Mutex::new(BTreeMap::new());

/// Connections get different ids, also in different runs against one server.
static NEXT: AtomicU64 = AtomicU64::new(0);

impl Target {
    /// The server named in the environment, or one inside this process.
    pub fn open() -> Self {
        named().map_or_else(|| Self::started(&[]), |ready| Self::of(ready, None))
    }

    /// One inside this process with these numbers; none where the environment names a server, which has its own.
    pub fn with(server: &Server) -> Option<Self> {
        named()
            .is_none()
            .then(|| Self::started(&server.arguments()))
    }

    /// The server named in the environment, or the built binary, for this test alone.
    pub fn binary() -> Self {
        if let Some(ready) = named() {
            return Self::of(ready, None);
        }
        let running = Running::start(&["dev", "--ephemeral"]);
        let mut target = Self::of(running.ready.clone(), None);
        target.binary = Some(running);
        target
    }

    /// The running server of these arguments, or a new one. It goes with the last test that holds it.
    fn started(arguments: &[String]) -> Self {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        let known = shared.get(arguments).and_then(Weak::upgrade);
        let server = known.unwrap_or_else(|| {
            let server = Arc::new(Started {
                inside: Inside::start(arguments),
                turn: tokio::sync::Mutex::default(),
            });
            shared.insert(arguments.to_vec(), Arc::downgrade(&server));
            server
        });
        Self::of(server.inside.ready.clone(), Some(server))
    }

    fn of(ready: Value, server: Option<Arc<Started>>) -> Self {
        let url = ready["http_url"]
            .as_str()
            .expect("the ready file has http_url");
        Self {
            url: url.trim_end_matches('/').to_owned(),
            client: sign_in::client(),
            ready,
            server,
            binary: None,
            tokens: Mutex::default(),
        }
    }

    /// What a transcript may name: `${c}`, a connection id of its own, and everything of the seeded tenant.
    pub fn variables(&self) -> Variables {
        let mut variables = Variables::default();
        let salt = RandomState::new().hash_one(NEXT.fetch_add(1, Ordering::Relaxed));
        variables.set("c", format!("t{salt:016x}"));
        variables.set("host", &self.url);
        variables.set(
            "tenant",
            self.ready["tenant_id"].as_str().unwrap_or_default(),
        );
        let lists = [
            ("apps", "client_id", ["client_secret", "name"]),
            ("users", "id", ["upn", "password"]),
            ("groups", "id", ["name", "name"]),
        ];
        for (list, id, members) in lists {
            for entry in self.ready[list].as_array().into_iter().flatten() {
                let text = |member: &str| entry[member].as_str().unwrap_or_default();
                variables.set(text("name"), text(id));
                for member in members {
                    variables.set(format!("{}.{member}", text("name")), text(member));
                }
            }
        }
        variables
    }

    /// The token of an app, of a user through the app `search`, or of `user@app`; none for `nobody`.
    pub async fn token(&self, caller: &str) -> Result<Option<String>, String> {
        if caller == "nobody" {
            return Ok(None);
        }
        let kept = |tokens: &Mutex<HashMap<_, _>>| {
            let tokens = tokens.lock().unwrap_or_else(PoisonError::into_inner);
            tokens.get(caller).cloned()
        };
        if let Some(token) = kept(&self.tokens) {
            return Ok(Some(token));
        }
        let token = sign_in::token(&self.client, &self.ready, caller).await?;
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.insert(caller.to_owned(), token.clone());
        Ok(Some(token))
    }

    /// What the binary has printed, for a failure's message.
    pub fn said(&self) -> String {
        self.binary.as_ref().map_or_else(String::new, Running::said)
    }

    /// Waits until nobody else moves this server's clock.
    pub async fn turn(&self) -> Option<MutexGuard<'_, ()>> {
        Some(self.server.as_ref()?.turn.lock().await)
    }
}

/// The ready file of the server that the environment names.
#[expect(
    clippy::disallowed_methods,
    reason = "the environment says which server is asked"
)]
fn named() -> Option<Value> {
    let url = env::var("LINKSPAN_CONFORMANCE_URL").ok()?;
    let file = env::var("LINKSPAN_CONFORMANCE_READY_FILE")
        .expect("LINKSPAN_CONFORMANCE_URL needs LINKSPAN_CONFORMANCE_READY_FILE beside it");
    let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{file}: {error}"));
    let mut ready: Value = serde_json::from_str(&text).expect("the ready file is JSON");
    ready["http_url"] = url.into();
    Some(ready)
}
