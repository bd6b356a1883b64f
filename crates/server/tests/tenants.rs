//! Tenants are opened on first use and closed when too many are open or idle, but never under a request.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::{
    collections::HashMap,
    pin::Pin,
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use async_trait::async_trait;
use axum::{
    Router,
    body::{Body, Bytes, HttpBody},
    http::Request,
};
use graph::{DateTime, Scope};
use http_body_util::BodyExt;
use hyper::body::Frame;
use serde_json::Value;
use server::{
    Bounds, NotMade, Resident, Settings, Source, Tenants,
    identity::{Issuer, Keys},
};
use tenant::{
    Error, Tenant,
    accounts::{Accounts, App, Secret},
    clock::MovableClock,
    indexer,
    visibility::Visibility,
};
use tokio::sync::{oneshot, watch};
use tower::ServiceExt;
use uuid::Uuid;

const HOME: Uuid = Uuid::from_u128(1);
const APP: &str = "00000000-0000-0000-0000-0000000000c1";

/// Every GUID is a tenant, in a directory of its own.
struct Directories {
    root: tempfile::TempDir,
    keys: Arc<Keys>,
    opened: Mutex<HashMap<Uuid, Vec<Weak<Tenant>>>>,
    /// The most that were ever open when one more was.
    most: AtomicUsize,
}

#[async_trait]
impl Source for Directories {
    fn home(&self) -> Uuid {
        HOME
    }

    fn has(&self, _: Uuid) -> bool {
        true
    }

    fn known(&self, segment: &str) -> Option<Uuid> {
        Uuid::try_parse(segment).ok()
    }

    async fn named(&self, _: &str) -> Result<Uuid, NotMade> {
        Err(NotMade::Never)
    }

    async fn open(&self, id: Uuid) -> Result<Resident, Error> {
        let directory = self.root.path().join(id.to_string());
        let visibility = Visibility::new();
        // Fails while the one before is open: the files are locked.
        let store = store::open(&directory, Arc::clone(&visibility))?;
        store.put_accounts(&accounts()).await?;
        let index = index::open(&directory.join("index"))?;
        let clock = Arc::new(MovableClock::standing(DateTime(0)));
        let tenant = Arc::new(Tenant::new(
            id,
            store,
            index,
            clock,
            Arc::clone(&visibility),
        ));
        indexer::prepare(&tenant).await?;
        self.most
            .fetch_max(self.count_open() + 1, Ordering::Relaxed);
        let known = Arc::downgrade(&tenant);
        self.opened
            .lock()
            .unwrap()
            .entry(id)
            .or_default()
            .push(known);
        let (stop, stopped) = watch::channel(false);
        Ok(Resident {
            loops: indexer::start(&tenant, &stopped).into(),
            issuer: Issuer::new(id, Arc::clone(&self.keys), visibility),
            tenant,
            dial: None,
            stop,
        })
    }
}

impl Directories {
    fn times_opened(&self, id: Uuid) -> usize {
        self.opened.lock().unwrap().get(&id).map_or(0, Vec::len)
    }

    fn count_open(&self) -> usize {
        let opened = self.opened.lock().unwrap();
        let others = opened.iter().filter(|(id, _)| **id != HOME);
        let all = others.flat_map(|(_, known)| known);
        all.filter(|tenant| tenant.strong_count() > 0).count()
    }

    fn is_open(&self, id: Uuid) -> bool {
        let opened = self.opened.lock().unwrap();
        let mut known = opened.get(&id).into_iter().flatten();
        known.any(|tenant| tenant.strong_count() > 0)
    }

    async fn closed(&self, id: Uuid) {
        let waiting = async {
            while self.is_open(id) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), waiting)
            .await
            .expect("it is closed");
    }
}

/// A body of which nothing comes until it is let go.
struct Held(Option<oneshot::Receiver<()>>);

impl HttpBody for Held {
    type Data = Bytes;
    type Error = oneshot::error::RecvError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Some(held) = &mut self.0 {
            ready!(Pin::new(held).poll(cx))?;
            self.0 = None;
        }
        Poll::Ready(None)
    }
}

fn accounts() -> Accounts {
    Accounts {
        apps: vec![App {
            client_id: APP.to_owned(),
            name: "connector".to_owned(),
            secrets: vec![Secret::new(b"12345678", "secret")],
            certificates: Vec::new(),
            redirect_uris: Vec::new(),
            roles: Scope::ALL.to_vec(),
            scopes: Scope::ALL.to_vec(),
            public_client: false,
        }],
        ..Accounts::default()
    }
}

/// A router over tenants of which so many beside the home tenant may be open, and the sweeper behind it.
struct World {
    directories: Arc<Directories>,
    tenants: Tenants,
    router: Router,
    _stop: watch::Sender<bool>,
}

impl World {
    fn new(bounds: Bounds) -> Self {
        let root = tempfile::tempdir().unwrap();
        let keys = Arc::new(Keys::open(&root.path().join("keys")).unwrap());
        let directories = Arc::new(Directories {
            root,
            keys,
            opened: Mutex::default(),
            most: AtomicUsize::default(),
        });
        let tenants = Tenants::new(Arc::clone(&directories) as Arc<dyn Source>, None, bounds);
        let settings = Settings::default();
        let (stop, stopped) = watch::channel(false);
        let sweep = tenants.clone().sweep(Arc::clone(&settings.now), stopped);
        tenant::tasks::spawn("sweep", sweep);
        Self {
            router: server::router(tenants.clone(), settings),
            directories,
            tenants,
            _stop: stop,
        }
    }

    async fn send(&self, request: Request<Body>) -> (u16, Value) {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let body = serde_json::from_slice(&bytes).unwrap_or_default();
        (parts.status.as_u16(), body)
    }

    async fn post(&self, path: &str, form: String) -> (u16, Value) {
        let request = Request::post(path).header("host", "linkspan.test");
        self.send(request.body(Body::from(form)).unwrap()).await
    }

    async fn token(&self, id: Uuid) -> String {
        let form = format!(
            "grant_type=client_credentials&client_id={APP}&client_secret=secret&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default"
        );
        let (status, told) = self.post(&format!("/{id}/oauth2/v2.0/token"), form).await;
        assert_eq!(status, 200, "{told}");
        told["access_token"].as_str().unwrap().to_owned()
    }

    /// What is used later is looked at later: when that is closed, the earlier one was left open on purpose.
    async fn stays_open(&self, id: Uuid) {
        let opened = self.directories.times_opened(id);
        for _ in 0..3 {
            self.token(TWO).await;
            self.directories.closed(TWO).await;
        }
        assert_eq!(self.directories.times_opened(id), opened);
        assert!(self.directories.is_open(id));
    }

    fn create(token: &str, body: Body) -> Request<Body> {
        Request::post("/v1.0/external/connections")
            .header("host", "linkspan.test")
            .header("authorization", format!("Bearer {token}"))
            .body(body)
            .unwrap()
    }
}

const ONE: Uuid = Uuid::from_u128(0x11);
const TWO: Uuid = Uuid::from_u128(0x12);
const CONNECTION: &str = r#"{"id":"tickets","name":"Tickets"}"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_one_used_longest_ago_is_closed_and_opens_again() {
    let world = World::new(Bounds {
        open_max: 1,
        ..Bounds::default()
    });
    let one = world.token(ONE).await;
    let (status, _) = world
        .send(World::create(&one, Body::from(CONNECTION)))
        .await;
    assert_eq!(status, 201);
    world.token(TWO).await;
    world.directories.closed(ONE).await;
    assert!(world.directories.is_open(TWO));
    let (status, told) = world
        .send(World::create(&one, Body::from(CONNECTION)))
        .await;
    assert_eq!(status, 409, "what was written is there again: {told}");
    assert_eq!(world.directories.times_opened(ONE), 2);
    world.tenants.close().await;
    for id in [ONE, TWO] {
        assert!(!world.directories.is_open(id));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_closed_under_a_request_or_before_a_sign_in_has_ended() {
    let world = World::new(Bounds {
        open_max: 2,
        idle: Duration::from_millis(4),
        ..Bounds::default()
    });
    let one = world.token(ONE).await;
    world.directories.closed(ONE).await;
    let (go, held) = oneshot::channel();
    let slow = World::create(&one, Body::new(Held(Some(held))));
    let router = world.router.clone();
    let under_way = tenant::tasks::spawn("slow", async move { router.oneshot(slow).await });
    while world.directories.times_opened(ONE) < 2 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    world.stays_open(ONE).await;
    go.send(()).unwrap();
    // Nothing came.
    assert_eq!(under_way.await.unwrap().unwrap().status(), 400);
    world.directories.closed(ONE).await;

    let form = format!("client_id={APP}&client_secret=secret&scope=User.Read");
    let path = format!("/{ONE}/oauth2/v2.0/devicecode");
    let (status, told) = world.post(&path, form).await;
    assert_eq!(status, 200, "{told}");
    world.stays_open(ONE).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn there_is_room_before_one_more_is_opened() {
    let world = Arc::new(World::new(Bounds {
        open_max: 2,
        ..Bounds::default()
    }));
    let mut asking = tokio::task::JoinSet::new();
    for worker in 0..6_u128 {
        let world = Arc::clone(&world);
        asking.spawn(async move {
            for round in 0..6 {
                let token = world
                    .token(Uuid::from_u128(0x100 + worker * 5 + round))
                    .await;
                let create = World::create(&token, Body::from(CONNECTION));
                let (status, told) = world.send(create).await;
                assert!([201, 409].contains(&status), "{status} {told}");
            }
        });
    }
    asking.join_all().await;
    assert_eq!(world.directories.most.load(Ordering::Relaxed), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_for_room_in_vain_may_come_again() {
    let world = World::new(Bounds {
        open_max: 1,
        patience: Duration::from_millis(50),
        ..Bounds::default()
    });
    let one = world.token(ONE).await;
    let (go, held) = oneshot::channel();
    let slow = World::create(&one, Body::new(Held(Some(held))));
    let mut under_way = std::pin::pin!(world.router.clone().oneshot(slow));
    // Once it has been looked at, it has its tenant.
    assert!(futures_util::poll!(&mut under_way).is_pending());
    let request = Request::get(format!("/{TWO}/v2.0/.well-known/openid-configuration"));
    let request = request.header("host", "linkspan.test").body(Body::empty());
    let response = world
        .router
        .clone()
        .oneshot(request.unwrap())
        .await
        .unwrap();
    assert_eq!(response.status(), 503);
    assert!(response.headers().contains_key("retry-after"));
    let told = response.into_body().collect().await.unwrap().to_bytes();
    let told: Value = serde_json::from_slice(&told).unwrap();
    assert_eq!(told["error"]["code"], "serviceNotAvailable", "{told}");
    go.send(()).unwrap();
    assert_eq!(under_way.await.unwrap().status(), 400);
    // Now there is room, as soon as the other one is closed.
    let asking = async {
        let path = format!("/{TWO}/v2.0/.well-known/openid-configuration");
        loop {
            let request = Request::get(&path).header("host", "linkspan.test");
            let (status, _) = world.send(request.body(Body::empty()).unwrap()).await;
            if status == 200 {
                return;
            }
            assert_eq!(status, 503);
        }
    };
    tokio::time::timeout(Duration::from_secs(30), asking)
        .await
        .expect("there is room");
    assert!(!world.directories.is_open(ONE));
}
