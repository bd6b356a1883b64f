//! A fresh tenant on the real embedded engines behind the real router, with its clock stopped and its ids counted.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot set up its world has failed"
)]
#![expect(dead_code, reason = "each test uses its part of the world")]

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request, StatusCode},
};
use graph::{DateTime, Scope};
use http_body_util::BodyExt;
use serde_json::Value;
use server::{
    Settings, Tenants,
    identity::{Issuer, Keys},
};
use tenant::{
    Tenant,
    accounts::{Accounts, App, Secret, User},
    clock::MovableClock,
    indexer,
    store::Store,
    visibility::Visibility,
};
use tokio::sync::watch;
use tower::ServiceExt;
use uuid::Uuid;

/// 2026-03-18T12:00:00Z for everybody.
const NOW: &str = "2026-03-18T12:00:00Z";
const TENANT: Uuid = Uuid::from_u128(0x10c0_ffee_0000_4000_8000_0000_0000_0000);

pub const SCHEMA: &str = r#"{"baseType":"microsoft.graph.externalItem","properties":[
    {"name":"title","type":"String","isSearchable":"true","isRetrievable":"true","isQueryable":true,"labels":["title"]},
    {"name":"priority","type":"Int64","isRetrievable":true,"isQueryable":true}]}"#;
pub const ITEM: &str = r#"{"acl":[{"type":"everyone","value":"everyone","accessType":"grant"}],
    "properties":{"title":"Printer on fire","priority":2},"content":{"type":"text","value":"Smoke on the second floor."}}"#;

/// A tenant, its front of house, and the directory it lives in.
pub struct World {
    pub router: Router,
    pub tenant: Arc<Tenant>,
    /// Says the word to stop.
    pub stop: watch::Sender<bool>,
    pub directory: tempfile::TempDir,
}

/// What came back.
#[derive(Debug)]
pub struct Told {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Told {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// A well-formed error in the gateway's form.
    pub fn assert_gateway_error(&self, status: u16, code: &str) {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.header("content-type"), Some("application/json"));
        let error = &self.json()["error"];
        assert_eq!(error["code"], code, "{self:?}");
        assert!(error["message"].is_string());
        assert_eq!(
            error["innerError"]["request-id"].as_str(),
            self.header("request-id")
        );
        assert_eq!(
            error["innerError"]["client-request-id"].as_str(),
            self.header("client-request-id")
        );
        assert_eq!(error["innerError"]["date"], NOW.trim_end_matches('Z'));
    }
}

impl World {
    pub async fn new() -> Self {
        Self::with(|store| store).await
    }

    /// A world whose store is wrapped.
    pub async fn with(wrap: impl FnOnce(Arc<dyn Store>) -> Arc<dyn Store>) -> Self {
        Self::set(wrap, |_| ()).await
    }

    /// A world whose store is wrapped and whose settings are changed.
    pub async fn set(
        wrap: impl FnOnce(Arc<dyn Store>) -> Arc<dyn Store>,
        change: impl FnOnce(&mut Settings),
    ) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let visibility = Visibility::new();
        let store = store::open(directory.path(), Arc::clone(&visibility)).unwrap();
        store.put_accounts(&accounts()).await.unwrap();
        let index = index::open(&directory.path().join("index")).unwrap();
        let tenant = Arc::new(Tenant::new(
            TENANT,
            wrap(store),
            index,
            Arc::new(MovableClock::standing(DateTime::parse(NOW).unwrap())),
            Arc::clone(&visibility),
        ));
        indexer::prepare(&tenant).await.unwrap();
        let keys = Keys::open(&directory.path().join("keys")).unwrap();
        let issuer = Issuer::new(TENANT, keys, visibility);
        let count = AtomicU64::new(1);
        let (stop, stopped) = watch::channel(false);
        let mut settings = Settings {
            ids: Arc::new(move || {
                let number = count.fetch_add(1, Ordering::SeqCst);
                Uuid::from_u128(0x4000_8000_0000_0000_0000 + u128::from(number))
            }),
            now: Arc::new(|| NOW.parse().unwrap()),
            draining: Some(stopped),
            ..Settings::default()
        };
        change(&mut settings);
        let tenants = Tenants::one(Arc::clone(&tenant), issuer);
        Self {
            router: server::router(tenants, settings),
            tenant,
            stop,
            directory,
        }
    }

    pub async fn ask(&self, request: Request<Body>) -> Told {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Told {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    /// A request with a token, or without one where it is empty.
    pub async fn send(&self, token: &str, method: &str, path: &str, body: &str) -> Told {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "linkspan.test");
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        self.ask(request.body(Body::from(body.to_owned())).unwrap())
            .await
    }

    async fn sign_in(&self, form: &str) -> String {
        let told = self
            .send("", "POST", &format!("/{TENANT}/oauth2/v2.0/token"), form)
            .await;
        assert_eq!(told.status, 200, "{told:?}");
        told.json()["access_token"].as_str().unwrap().to_owned()
    }

    /// The token of an app itself: `connector` may do everything, `stranger` nothing but to read the groups of the directory.
    pub async fn app(&self, name: &str) -> String {
        let (id, scope) = (
            client_id(name),
            "https%3A%2F%2Fgraph.microsoft.com%2F.default",
        );
        self.sign_in(&format!(
            "grant_type=client_credentials&client_id={id}&client_secret=secret&scope={scope}"
        ))
        .await
    }

    /// The token of a user, signed in through an app.
    pub async fn user(&self, name: &str, app: &str) -> String {
        let (id, scope) = (
            client_id(app),
            "https%3A%2F%2Fgraph.microsoft.com%2F.default",
        );
        self.sign_in(&format!(
            "grant_type=password&client_id={id}&username={name}%40linkspan.test&password=secret&scope={scope}"
        ))
        .await
    }

    /// The connection `tickets` with a schema, the item `T-1`, and the group `staff` with alice in it; all indexed.
    pub async fn furnish(&self, token: &str) {
        let base = "/v1.0/external/connections";
        let steps = [
            (
                "POST",
                String::new(),
                r#"{"id":"tickets","name":"Tickets"}"#,
                201,
            ),
            ("PATCH", "/tickets/schema".to_owned(), SCHEMA, 202),
            ("PUT", "/tickets/items/T-1".to_owned(), ITEM, 200),
            (
                "POST",
                "/tickets/groups".to_owned(),
                r#"{"id":"staff"}"#,
                201,
            ),
            (
                "POST",
                "/tickets/groups/staff/members".to_owned(),
                r#"{"id":"00000000-0000-0000-0000-0000000000a1","type":"user"}"#,
                201,
            ),
        ];
        for (method, path, body, status) in steps {
            let told = self
                .send(token, method, &format!("{base}{path}"), body)
                .await;
            assert_eq!(told.status, status, "{method} {path}: {told:?}");
        }
        indexer::settle(&self.tenant).await.unwrap();
    }
}

fn client_id(name: &str) -> String {
    let number = match name {
        "connector" => 0xc1,
        "stranger" => 0xc2,
        _ => panic!("nobody is called {name}"),
    };
    Uuid::from_u128(number).to_string()
}

fn accounts() -> Accounts {
    let user = |name: &str, number: u128| User {
        id: Uuid::from_u128(number).to_string(),
        name: name.to_owned(),
        display_name: name.to_owned(),
        upn: format!("{name}@linkspan.test"),
        mail: format!("{name}@linkspan.test"),
        guest: false,
        password: Secret::new(b"12345678", "secret"),
    };
    let app = |name: &str, scopes: &[Scope]| App {
        client_id: client_id(name),
        name: name.to_owned(),
        secrets: vec![Secret::new(b"12345678", "secret")],
        certificates: Vec::new(),
        redirect_uris: Vec::new(),
        roles: scopes.to_vec(),
        scopes: scopes.to_vec(),
        public_client: true,
    };
    Accounts {
        users: vec![user("alice", 0xa1), user("bob", 0xa2)],
        groups: Vec::new(),
        apps: vec![
            app("connector", Scope::ALL),
            app("stranger", &[Scope::GroupReadAll]),
        ],
    }
}
