//! The process is killed while it takes items, again and again. What it acknowledged must be there afterwards, whole, readable
//! and found; what it deleted must stay away; what it never acknowledged may be there or not, but not in halves.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

mod running;
#[path = "running/sign_in.rs"]
mod sign_in;

use std::{
    hash::{BuildHasher, RandomState},
    time::{Duration, Instant},
};

use reqwest::{Client, Method};
use running::Running;
use serde_json::{Value, json};
use tokio::{task::JoinSet, time::sleep};

const ROUNDS: usize = 24;
/// Requests in flight.
const WORKERS: usize = 16;
const ITEMS_PER_WORKER: usize = 12;
/// The latest moment of a kill after the load has begun, in milliseconds.
const KILLED_WITHIN: usize = 700;
/// How long items may take to be found after a restart.
const FOUND_WITHIN: Duration = Duration::from_secs(20);
/// How long the demo may take, unoptimized and beside other tests.
const LOADED_WITHIN: Duration = Duration::from_secs(120);
/// Words in one query; their text stays below the limit of a query's length.
const WORDS: usize = 150;
const CONNECTION: &str = "crashes";

/// A small generator of numbers, so that a failure can be told by its seed.
#[derive(Clone)]
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % end
    }
}

/// What is kept of an item: nothing, or the version of that number.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kept {
    Absent,
    Version(u32),
}

/// One item and what its only writer knows of it.
#[derive(Clone, Debug)]
struct Item {
    number: usize,
    acknowledged: Kept,
    /// Sent, and the answer did not come before the end.
    in_doubt: Option<Kept>,
    /// The highest version ever sent.
    highest: u32,
}

impl Item {
    fn new(number: usize) -> Self {
        Self {
            number,
            acknowledged: Kept::Absent,
            in_doubt: None,
            highest: 0,
        }
    }

    fn path(&self) -> String {
        format!(
            "/v1.0/external/connections/{CONNECTION}/items/item-{}",
            self.number
        )
    }

    /// A word that stands in this version and nowhere else.
    fn word(&self, version: u32) -> String {
        format!("i{}v{version}", self.number)
    }

    /// The whole of a version: every part says which it is. Odd ones are alice's alone.
    fn body(&self, version: u32, alice: &str) -> Value {
        let (kind, value) = if version % 2 == 1 {
            ("user", alice)
        } else {
            ("everyone", "everyone")
        };
        json!({
            "acl": [{ "type": kind, "value": value, "accessType": "grant" }],
            "properties": { "title": format!("Version {version}"), "version": version },
            "content": { "type": "text", "value": format!("{} {}", self.word(version), "padding ".repeat(100)) },
        })
    }
}

/// One server at work, and the tokens that are good there.
#[derive(Clone)]
struct Session {
    client: Client,
    url: String,
    connector: String,
    alice: String,
    bob: String,
    alice_id: String,
}

impl Session {
    async fn open(running: &Running) -> Self {
        let client = sign_in::client();
        let ready = &running.ready;
        let users = ready["users"].as_array().unwrap();
        let alice = users.iter().find(|user| user["name"] == "alice").unwrap();
        Self {
            connector: sign_in::token(&client, ready, "connector").await.unwrap(),
            alice: sign_in::token(&client, ready, "alice").await.unwrap(),
            bob: sign_in::token(&client, ready, "bob").await.unwrap(),
            url: ready["http_url"].as_str().unwrap().to_owned(),
            alice_id: alice["id"].as_str().unwrap().to_owned(),
            client,
        }
    }

    /// Status and body; an error when no answer came.
    async fn send(
        &self,
        method: Method,
        path: &str,
        token: &str,
        body: Option<&Value>,
    ) -> Result<(u16, Value), reqwest::Error> {
        let mut request = self
            .client
            .request(method, format!("{}{path}", self.url))
            .bearer_auth(token);
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await?;
        let status = answer.status().as_u16();
        // Only an answer that came whole is an acknowledgement.
        let text = answer.text().await?;
        Ok((status, serde_json::from_str(&text).unwrap_or(Value::Null)))
    }

    async fn prepare(&self) {
        let connection = json!({ "id": CONNECTION, "name": "Crashes" });
        let path = "/v1.0/external/connections";
        let made = self
            .send(Method::POST, path, &self.connector, Some(&connection))
            .await;
        assert_eq!(made.unwrap().0, 201);
        let schema = json!({ "baseType": "microsoft.graph.externalItem", "properties": [
            { "name": "title", "type": "string", "isRetrievable": true, "labels": ["title"] },
            { "name": "version", "type": "int64", "isRetrievable": true },
        ] });
        let path = format!("{path}/{CONNECTION}/schema");
        let registered = self
            .send(Method::PATCH, &path, &self.connector, Some(&schema))
            .await;
        assert_eq!(registered.unwrap().0, 202);
    }

    /// How many items the app's only connection holds.
    async fn ingested(&self) -> u64 {
        let path = "/beta/external/connections";
        let (status, body) = self
            .send(Method::GET, path, &self.connector, None)
            .await
            .unwrap();
        assert_eq!(status, 200, "{body}");
        body["value"][0]["ingestedItemsCount"].as_u64().unwrap_or(0)
    }

    /// How many items a user finds that hold one of these words.
    async fn total(&self, token: &str, words: &[String]) -> u64 {
        let mut total = 0;
        for words in words.chunks(WORDS) {
            let body = json!({ "requests": [{
                "entityTypes": ["externalItem"],
                "contentSources": [format!("/external/connections/{CONNECTION}")],
                "query": { "queryString": words.join(" OR ") }, "size": 1,
            }] });
            let answer = self
                .send(Method::POST, "/v1.0/search/query", token, Some(&body))
                .await;
            let (status, body) = answer.unwrap();
            assert_eq!(status, 200, "{body}");
            total += body["value"][0]["hitsContainers"][0]["total"]
                .as_u64()
                .unwrap();
        }
        total
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_a_kill() {
    let seed = seed();
    println!("seed {seed}: set LINKSPAN_CRASH_SEED to repeat");
    let mut numbers = Numbers(seed);
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().to_str().unwrap().to_owned();
    let mut items: Vec<Item> = (0..WORKERS * ITEMS_PER_WORKER).map(Item::new).collect();
    let (mut acknowledged, mut unheard) = (0, 0);
    for round in 0..=ROUNDS {
        let mut running = Running::start(&["dev", "--data", &data]);
        if round > 0 && numbers.below(4) == 0 {
            // Killed once more while it may still be catching up.
            sleep(Duration::from_millis(numbers.below(60) as u64)).await;
            kill(running);
            running = Running::start(&["dev", "--data", &data]);
        }
        let session = Session::open(&running).await;
        if round == 0 {
            session.prepare().await;
        } else {
            unheard += check_all(&session, &mut items)
                .await
                .unwrap_or_else(|told| panic!("seed {seed}, round {round}: {told}"));
        }
        if round == ROUNDS {
            break;
        }
        let load = load(&session, items, &mut numbers);
        sleep(Duration::from_millis(numbers.below(KILLED_WITHIN) as u64)).await;
        kill(running);
        let count;
        (items, count) = ended(load).await;
        acknowledged += count;
    }
    println!("{ROUNDS} kills, {acknowledged} writes acknowledged, {unheard} kept unheard");
    assert!(
        acknowledged > ROUNDS * WORKERS,
        "hardly anything was written between the kills"
    );
}

/// The demo checks what every user finds against a plain evaluation, so a second run tells whether the data was left in order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_demo_that_was_killed_can_be_run_again() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().to_str().unwrap().to_owned();
    let demo = ["demo", "--data", &data, "--once", "--items", "600"];
    let mut running = Running::start(&demo);
    let session = Session::open(&running).await;
    let deadline = Instant::now() + LOADED_WITHIN;
    let mut before = 0;
    while before < 100 {
        assert!(
            Instant::now() < deadline,
            "{before} items in {LOADED_WITHIN:?}"
        );
        assert!(
            running.child.try_wait().unwrap().is_none(),
            "the demo ended"
        );
        before = session.ingested().await;
    }
    kill(running);
    running = Running::start(&["dev", "--data", &data]);
    let session = Session::open(&running).await;
    let after = session.ingested().await;
    println!("{before} items seen before the kill, {after} after it");
    assert!(
        (before..600).contains(&after),
        "{before} items before the kill, {after} after it"
    );
    kill(running);
    running = Running::start(&demo);
    let deadline = Instant::now() + LOADED_WITHIN;
    let ended = loop {
        if let Some(ended) = running.child.try_wait().unwrap() {
            break ended;
        }
        assert!(Instant::now() < deadline, "no end in {LOADED_WITHIN:?}");
        sleep(Duration::from_millis(50)).await;
    };
    assert!(ended.success(), "{ended:?}");
    assert!(
        running.said().contains("all totals are equal"),
        "{}",
        running.said()
    );
}

fn kill(mut running: Running) {
    // SIGKILL: nothing is flushed, closed or answered.
    running.child.kill().unwrap();
    running.child.wait().unwrap();
}

/// The seed from the environment, or any.
#[expect(clippy::disallowed_methods, reason = "the environment repeats a run")]
fn seed() -> u64 {
    std::env::var("LINKSPAN_CRASH_SEED").map_or_else(
        |_| RandomState::new().hash_one("seed"),
        |seed| seed.parse().expect("LINKSPAN_CRASH_SEED is a number"),
    )
}

/// Workers that write until nobody answers any more, each to its own items.
fn load(session: &Session, items: Vec<Item>, numbers: &mut Numbers) -> JoinSet<(Vec<Item>, usize)> {
    let mut workers = JoinSet::new();
    let mut items = items.into_iter();
    for _ in 0..WORKERS {
        let own: Vec<Item> = items.by_ref().take(ITEMS_PER_WORKER).collect();
        let numbers = Numbers(numbers.below(usize::MAX >> 33) as u64);
        workers.spawn(write(session.clone(), own, numbers));
    }
    workers
}

async fn ended(mut load: JoinSet<(Vec<Item>, usize)>) -> (Vec<Item>, usize) {
    let (mut items, mut acknowledged) = (Vec::new(), 0);
    while let Some(worker) = load.join_next().await {
        let (own, count) = worker.unwrap();
        items.extend(own);
        acknowledged += count;
    }
    items.sort_by_key(|item| item.number);
    (items, acknowledged)
}

async fn write(session: Session, mut items: Vec<Item>, mut numbers: Numbers) -> (Vec<Item>, usize) {
    let mut acknowledged = 0;
    loop {
        let at = numbers.below(items.len());
        let item = &mut items[at];
        let deletes = item.acknowledged != Kept::Absent && numbers.below(8) == 0;
        let (method, body, next) = if deletes {
            (Method::DELETE, None, Kept::Absent)
        } else {
            item.highest += 1;
            let body = item.body(item.highest, &session.alice_id);
            (Method::PUT, Some(body), Kept::Version(item.highest))
        };
        item.in_doubt = Some(next);
        let answer = session
            .send(
                method.clone(),
                &item.path(),
                &session.connector,
                body.as_ref(),
            )
            .await;
        match answer {
            Ok((200 | 204, _)) => {
                item.acknowledged = next;
                item.in_doubt = None;
                acknowledged += 1;
            }
            Ok((status, body)) => panic!("{method} {}: {status} {body}", item.path()),
            Err(_) => return (items, acknowledged),
        }
    }
}

/// Every item is as it was acknowledged, or as it was sent last; it is found by the word of that version and by no other.
/// Returns how many writes were kept although their answer never came.
async fn check_all(session: &Session, items: &mut [Item]) -> Result<usize, String> {
    let mut unheard = 0;
    let mut reading = JoinSet::new();
    for item in items.iter() {
        let (session, path, number) = (session.clone(), item.path(), item.number);
        reading.spawn(async move {
            let answer = session
                .send(Method::GET, &path, &session.connector, None)
                .await;
            (number, answer.unwrap())
        });
    }
    while let Some(read) = reading.join_next().await {
        let (number, answer) = read.unwrap();
        let before = items[number].acknowledged;
        resolve(&mut items[number], answer, &session.alice_id)?;
        unheard += usize::from(items[number].acknowledged != before);
    }
    let (mut current, mut for_all) = (Vec::new(), 0);
    let (mut deleted, mut superseded) = (Vec::new(), Vec::new());
    for item in items.iter() {
        let now = item.acknowledged;
        if let Kept::Version(version) = now {
            current.push(item.word(version));
            for_all += u64::from(version % 2 == 0);
        }
        let last = item.highest.saturating_sub(3).max(1)..=item.highest;
        let others = last.filter(|version| now != Kept::Version(*version));
        let words = others.map(|version| item.word(version));
        match now {
            Kept::Absent => deleted.extend(words),
            Kept::Version(_) => superseded.extend(words),
        }
    }
    // What is deleted is not found from the first request on; old words are, until the index has the new ones.
    none_found(session, &deleted, "that were deleted").await?;
    all_found(session, &current).await?;
    none_found(session, &deleted, "that were deleted").await?;
    none_found(session, &superseded, "by words that they no longer hold").await?;
    let found = session.total(&session.bob, &current).await;
    if found == for_all {
        Ok(unheard)
    } else {
        Err(format!(
            "bob finds {found} items; {for_all} are for everyone"
        ))
    }
}

/// The item is one of its possible versions, and whole; which one is settled now.
fn resolve(item: &mut Item, (status, body): (u16, Value), alice: &str) -> Result<(), String> {
    let found = match (status, body["properties"]["version"].as_u64()) {
        (404, _) => Kept::Absent,
        (200, Some(version)) => Kept::Version(u32::try_from(version).unwrap()),
        _ => return Err(format!("GET {}: {status} {body}", item.path())),
    };
    if found != item.acknowledged && Some(found) != item.in_doubt {
        return Err(format!("{item:?} is {found:?} after the restart"));
    }
    if let Kept::Version(version) = found {
        let whole = item.body(version, alice);
        for part in ["acl", "properties", "content"] {
            if body[part] != whole[part] {
                return Err(format!(
                    "{item:?}: {part} of version {version} is {}",
                    body[part]
                ));
            }
        }
    }
    item.acknowledged = found;
    item.in_doubt = None;
    Ok(())
}

async fn none_found(session: &Session, words: &[String], which: &str) -> Result<(), String> {
    match session.total(&session.alice, words).await {
        0 => Ok(()),
        found => Err(format!("{found} items are found {which}")),
    }
}

async fn all_found(session: &Session, current: &[String]) -> Result<(), String> {
    let deadline = Instant::now() + FOUND_WITHIN;
    loop {
        let found = session.total(&session.alice, current).await;
        if found == current.len() as u64 {
            return Ok(());
        }
        if Instant::now() > deadline {
            let mut lost = Vec::new();
            for word in current {
                if session
                    .total(&session.alice, std::slice::from_ref(word))
                    .await
                    != 1
                {
                    lost.push(word);
                }
            }
            return Err(format!(
                "{found} of {} items are found {FOUND_WITHIN:?} after the restart; lost are {lost:?}",
                current.len()
            ));
        }
        sleep(Duration::from_millis(50)).await;
    }
}
