//! Memberships, ACLs and texts move while users search; every item in hits, totals and fragments must have been allowed at one moment of the request.
//!
//! One mover changes the truth in a known order, several changes of which share a group commit. After each change it notes the state. A search notes how many
//! changes were acknowledged before it and how many had been sent after it: one of the states in between must explain what it says.

#![expect(clippy::unwrap_used, reason = "tests")]

mod world;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use graph::{
    AccessType, Acl, AclType, ContentType, ExternalItem, ExternalItemContent, GroupId, Identity,
    IdentityType, ItemId, Value,
};
use tenant::{
    indexer,
    kept::{Expected, KeptConnection, Version},
    tasks,
};
use tokio::sync::watch;

use crate::world::{Found, World};

const USERS: [&str; 2] = ["alice", "bob"];
const ITEMS: usize = 6;
const GROUPS: [&str; 2] = ["g0", "g1"];
const LASTS: Duration = Duration::from_secs(6);

/// One item at one moment: the version of its words and the group it is open to, if any.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Item {
    words: u32,
    open_to: Option<usize>,
}

/// Everything that decides visibility at one moment.
#[derive(Clone, Debug)]
struct State {
    members: [[bool; 2]; 2],
    items: [Item; ITEMS],
}

impl State {
    fn sees(&self, user: usize, item: Item) -> bool {
        item.open_to.is_some_and(|group| self.members[group][user])
    }
}

/// The states after each change, and how many changes were sent and acknowledged.
#[derive(Default)]
struct History {
    states: Mutex<Vec<State>>,
    acknowledged: AtomicUsize,
}

/// A change of the truth.
#[derive(Clone, Copy, Debug)]
enum Change {
    Member {
        group: usize,
        user: usize,
        joins: bool,
    },
    Item {
        item: usize,
        to: Item,
    },
}

/// A small generator of numbers, so that a failure can be told by its seed.
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

struct Mover {
    world: Arc<World>,
    kept: Arc<KeptConnection>,
    versions: HashMap<usize, Version>,
    numbers: Numbers,
    state: State,
    words: u32,
}

impl Mover {
    fn next(&mut self) -> Change {
        if self.numbers.below(3) == 0 {
            let (group, user) = (self.numbers.below(2), self.numbers.below(2));
            let joins = !self.state.members[group][user];
            return Change::Member { group, user, joins };
        }
        let item = self.numbers.below(ITEMS);
        let mut to = self.state.items[item];
        // Half of the changes touch the ACL alone, a quarter the words alone, a quarter both.
        let kind = self.numbers.below(4);
        if kind != 0 {
            to.open_to = [None, Some(0), Some(1)][self.numbers.below(3)];
        }
        if kind < 2 {
            self.words += 1;
            to.words = self.words;
        }
        Change::Item { item, to }
    }

    fn applied(&mut self, change: Change) -> State {
        match change {
            Change::Member { group, user, joins } => self.state.members[group][user] = joins,
            Change::Item { item, to } => self.state.items[item] = to,
        }
        self.state.clone()
    }

    async fn send(&self, change: Change) -> Option<(usize, Version)> {
        let store = &self.world.tenant.store;
        match change {
            Change::Member { group, user, joins } => {
                let (group, name) = (GroupId::kept(GROUPS[group]), USERS[user]);
                if joins {
                    let member = Identity {
                        id: name.to_owned(),
                        kind: IdentityType::User,
                    };
                    store
                        .add_member(self.kept.key, &group, &member)
                        .await
                        .unwrap();
                } else {
                    store
                        .remove_member(self.kept.key, &group, name)
                        .await
                        .unwrap();
                }
                None
            }
            Change::Item { item, to } => {
                let expected = self
                    .versions
                    .get(&item)
                    .map_or(Expected::Absent, |version| Expected::At(*version));
                let written = store
                    .put_item(
                        self.kept.key,
                        &noun(item, to),
                        self.kept.schema_version,
                        expected,
                    )
                    .await
                    .unwrap();
                self.world.tenant.dirty.notify_one();
                Some((item, written.version))
            }
        }
    }
}

fn noun(item: usize, at: Item) -> ExternalItem {
    let acl = at.open_to.map(|group| Acl {
        kind: AclType::ExternalGroup,
        value: GROUPS[group].to_owned(),
        access: AccessType::Grant,
    });
    ExternalItem {
        id: ItemId::kept(format!("i{item}")),
        acl: acl.into_iter().collect(),
        properties: vec![("title".to_owned(), Value::String(format!("item{item}")))],
        content: Some(ExternalItemContent {
            kind: ContentType::Text,
            value: Some(format!("common word{} of item{item}", at.words)),
        }),
        sensitivity_label_id: None,
    }
}

async fn mover(world: Arc<World>, history: Arc<History>, stop: Arc<AtomicBool>) {
    let kept = world.tenant.visibility.connections()[0].clone();
    let blank = Item {
        words: 0,
        open_to: None,
    };
    let state = State {
        members: [[false; 2]; 2],
        items: [blank; ITEMS],
    };
    let mut mover = Mover {
        world,
        kept,
        versions: HashMap::new(),
        numbers: Numbers(42),
        state: state.clone(),
        words: 0,
    };
    history.states.lock().unwrap().push(state);
    while !stop.load(Ordering::SeqCst) {
        // Two changes of different things are sent one after the other before either is answered, so that they share a commit.
        let first = mover.next();
        let after_first = mover.applied(first);
        let second = loop {
            let second = mover.next();
            match (first, second) {
                (Change::Item { item: a, .. }, Change::Item { item: b, .. }) if a == b => {}
                _ => break second,
            }
        };
        let after_second = mover.applied(second);
        history
            .states
            .lock()
            .unwrap()
            .extend([after_first, after_second]);
        let (one, two) = tokio::join!(mover.send(first), mover.send(second));
        mover.versions.extend(one.into_iter().chain(two));
        history.acknowledged.fetch_add(2, Ordering::SeqCst);
    }
}

/// Writes of other items that nobody may see, to keep the group commit and the indexer busy. Past the doors, so that searches do not wait for them.
async fn noise(world: Arc<World>, stop: Arc<AtomicBool>, lane: usize) {
    let kept = world.tenant.visibility.connections()[0].clone();
    let mut versions = HashMap::new();
    let mut words = 0;
    while !stop.load(Ordering::SeqCst) {
        words += 1;
        let at = words as usize % 50;
        let mut item = noun(
            at,
            Item {
                words,
                open_to: None,
            },
        );
        item.id = ItemId::kept(format!("noise{lane}x{at}"));
        let expected = versions
            .get(&at)
            .map_or(Expected::Absent, |version| Expected::At(*version));
        let written = world
            .tenant
            .store
            .put_item(kept.key, &item, kept.schema_version, expected)
            .await
            .unwrap();
        versions.insert(at, written.version);
        world.tenant.dirty.notify_one();
    }
}

/// Is there a state among those in which this holds?
fn some(states: &[State], holds: impl Fn(&State) -> bool) -> bool {
    states.iter().any(holds)
}

/// Every word the summary shows was the item's word at a moment of the request at which the user saw the item.
fn check_fragment(user: usize, item: usize, summary: &str, during: &[State], told: &str) {
    let plain = summary.replace("<c0>", "").replace("</c0>", "");
    let shown: u32 = plain
        .split_whitespace()
        .find_map(|word| word.strip_prefix("word"))
        .and_then(|number| number.parse().ok())
        .unwrap_or_else(|| unreachable!("the summary shows the content: {told}"));
    assert!(
        some(during, |state| state.items[item].words == shown
            && state.sees(user, state.items[item])),
        "a fragment of words that the user could not read: {told}"
    );
}

struct Search {
    user: usize,
    query: String,
    found: Found,
    /// States before the request, and those during it.
    before: Vec<State>,
    during: Vec<State>,
}

impl Search {
    fn check(&self) {
        let told = format!(
            "{} searched {:?} and found {:?} during {:?}",
            USERS[self.user], self.query, self.found, self.during
        );
        for (id, summary) in self.found.ids.iter().zip(&self.found.summaries) {
            let item: usize = id
                .strip_prefix('i')
                .and_then(|n| n.parse().ok())
                .unwrap_or_else(|| unreachable!("an item nobody may see: {told}"));
            assert!(
                some(&self.during, |state| state
                    .sees(self.user, state.items[item])),
                "a hit: {told}"
            );
            check_fragment(self.user, item, summary, &self.during, &told);
        }
        let ever = (0..ITEMS)
            .filter(|item| {
                some(&self.during, |state| {
                    state.sees(self.user, state.items[*item])
                })
            })
            .count() as u64;
        assert!(
            self.found.total <= ever,
            "the total counts an item that was never allowed: {told}"
        );
        if let Some(words) = self.query.strip_prefix("word") {
            self.check_words(words.parse().unwrap(), &told);
        }
    }

    /// Old words answer only to those who could read them.
    fn check_words(&self, words: u32, told: &str) {
        if self.found.total == 0 {
            return;
        }
        // The words were live during the request and readable, or else they are old: then the last ACL under which they were live must admit as well.
        let live = some(&self.during, |state| {
            state
                .items
                .iter()
                .any(|item| item.words == words && state.sees(self.user, *item))
        });
        let mut states = self.before.iter().chain(&self.during).rev();
        let last = states.find_map(|state| state.items.iter().find(|item| item.words == words));
        let old = last.is_some_and(|last| some(&self.during, |now| now.sees(self.user, *last)));
        let readable = live || old;
        assert!(
            readable,
            "a total that tells words the user could never read: {told}"
        );
    }
}

async fn searcher(
    world: Arc<World>,
    history: Arc<History>,
    stop: Arc<AtomicBool>,
    user: usize,
) -> usize {
    let mut numbers = Numbers(user as u64 + 7);
    let mut hits = 0;
    while !stop.load(Ordering::SeqCst) {
        // Words that the index may hold although they are no longer live.
        let acknowledged = history.acknowledged.load(Ordering::SeqCst);
        let recent = acknowledged - numbers.below(8);
        let recent = history.states.lock().unwrap()[recent].items[numbers.below(ITEMS)].words;
        let query = match numbers.below(6) {
            0 => "common".to_owned(),
            1 => "*".to_owned(),
            2 => format!("item{}", numbers.below(ITEMS)),
            _ => format!("word{recent}"),
        };
        let from = history.acknowledged.load(Ordering::SeqCst);
        let found = world.find(USERS[user], "moments", &query).await;
        let states = history.states.lock().unwrap();
        let search = Search {
            user,
            query,
            found,
            before: states[..from].to_vec(),
            during: states[from..].to_vec(),
        };
        drop(states);
        hits += search.found.ids.len();
        search.check();
    }
    hits
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn there_is_one_moment_for_everything_that_is_shown() {
    let world = Arc::new(World::new().await);
    world.directory(&USERS, &[]).await;
    world.connection("moments", world::titles()).await;
    for group in GROUPS {
        world.group("moments", group, &[]).await;
    }
    let (stop_loops, stopped) = watch::channel(false);
    let loops = indexer::start(&world.tenant, &stopped);
    let (history, stop) = (
        Arc::new(History::default()),
        Arc::new(AtomicBool::new(false)),
    );
    let moving = tasks::spawn(
        "mover",
        mover(Arc::clone(&world), Arc::clone(&history), Arc::clone(&stop)),
    );
    let noises: Vec<_> = (0..2)
        .map(|lane| tasks::spawn("noise", noise(Arc::clone(&world), Arc::clone(&stop), lane)))
        .collect();
    while history.acknowledged.load(Ordering::SeqCst) < 20 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let searchers: Vec<_> = (0..4)
        .map(|lane| {
            tasks::spawn(
                "searcher",
                searcher(
                    Arc::clone(&world),
                    Arc::clone(&history),
                    Arc::clone(&stop),
                    lane % 2,
                ),
            )
        })
        .collect();
    tokio::time::sleep(LASTS).await;
    stop.store(true, Ordering::SeqCst);
    let mut hits = 0;
    for searcher in searchers {
        hits += searcher.await.unwrap();
    }
    moving.await.unwrap();
    for noise in noises {
        noise.await.unwrap();
    }
    stop_loops.send_replace(true);
    for each in loops {
        assert!(each.ended().await);
    }
    let moved = history.acknowledged.load(Ordering::SeqCst);
    assert!(
        hits > 100 && moved > 100,
        "the test moved {moved} times and saw {hits} hits: too few to mean anything"
    );
    settles(&world, &history).await;
}

/// When nothing moves any more, everybody sees exactly what the last state says.
async fn settles(world: &World, history: &History) {
    world.settle().await;
    let last = history.states.lock().unwrap()[history.acknowledged.load(Ordering::SeqCst)].clone();
    for (user, name) in USERS.iter().enumerate() {
        let mut found = world.find(name, "moments", "common").await.ids;
        found.sort();
        let expect: Vec<_> = (0..ITEMS)
            .filter(|item| last.sees(user, last.items[*item]))
            .map(|item| format!("i{item}"))
            .collect();
        assert_eq!(found, expect);
    }
}
