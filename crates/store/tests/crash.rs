//! A process that writes is killed again and again. What it was told is written is there afterwards, and what the index
//! was not told of still waits for it.

#![expect(clippy::unwrap_used, reason = "tests")]

mod nouns;

use std::{
    collections::{HashMap, HashSet},
    env,
    fmt::Display,
    hash::{BuildHasher, RandomState},
    io::{self, BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use graph::{ConnectionKey, ItemId};
use tenant::{
    kept::{Expected, KeptItem, SchemaVersion},
    store::{Claim, Store},
    visibility::Visibility,
};
use tokio::task::JoinSet;

use self::nouns::{item, ready, sees};

const DIRECTORY: &str = "LINKSPAN_CRASH_DIRECTORY";
const KILLS: u64 = 25;
const WRITERS: u64 = 8;
/// Every writer has its own items, so that at most one write per writer is in doubt after a kill.
const ITEMS: u64 = 6;
const USERS: u64 = 5;
/// More bytes than there are.
const BYTES: usize = 1 << 30;

/// Tells the parent; a line is whole or was never told.
fn tell(line: impl Display) {
    let mut out = io::stdout().lock();
    // The parent may have stopped reading: then this process is about to be killed.
    let _ = writeln!(out, "{line}");
    let _ = out.flush();
}

fn random() -> u64 {
    RandomState::new().hash_one(0)
}

/// The process that is killed. It does nothing unless it is started by the test below.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "started by acknowledged_writes_survive"]
#[expect(
    clippy::disallowed_methods,
    reason = "this is how the test hands the directory to its process"
)]
async fn child() {
    let Ok(directory) = env::var(DIRECTORY) else {
        return;
    };
    let store = store::open(Path::new(&directory), Visibility::new()).unwrap();
    let at = ready(&*store, "tickets").await.unwrap().key;
    let mut tasks = JoinSet::new();
    for writer in 0..WRITERS {
        tasks.spawn(write(Arc::clone(&store), at, writer));
    }
    tasks.spawn(index(Arc::clone(&store)));
    tasks.join_all().await;
}

/// Writes, replaces, opens, closes and deletes items for ever.
async fn write(store: Arc<dyn Store>, at: ConnectionKey, writer: u64) {
    loop {
        let id = format!("{writer}-{}", random() % ITEMS);
        let former = store.item(at, &ItemId::kept(&id)).await.unwrap();
        let choice = random() % 8;
        if let (0, Some(former)) = (choice, &former) {
            tell(format_args!("try {id} gone -"));
            store.delete_item(at, &former.item.id).await.unwrap();
        } else {
            let (title, expected) = match (&former, choice) {
                (None, _) => (random().to_string(), Expected::Absent),
                (Some(former), 1..4) => (title(former), Expected::At(former.version)),
                (Some(former), _) => (random().to_string(), Expected::At(former.version)),
            };
            let user = format!("u{}", random() % USERS);
            tell(format_args!("try {id} {title} {user}"));
            store
                .put_item(at, &item(&id, &title, &user), SchemaVersion(1), expected)
                .await
                .unwrap();
        }
        tell(format_args!("ack {id}"));
    }
}

/// Does as if it were the index.
async fn index(store: Arc<dyn Store>) {
    loop {
        let claim = store.claim_dirty(16, BYTES).await.unwrap();
        for line in &claim.lines {
            tell(format_args!("told {} {}", line.ordinal.0, line.text.0));
        }
        store.done(&claim).await.unwrap();
        for line in &claim.lines {
            tell(format_args!("done {} {}", line.ordinal.0, line.text.0));
        }
        tokio::time::sleep(Duration::from_millis(random() % 4)).await;
    }
}

fn title(kept: &KeptItem) -> String {
    match &kept.item.properties[0].1 {
        graph::Value::String(title) => title.clone(),
        other => unreachable!("{other:?} is no title"),
    }
}

/// Title and user, or nothing when there is no item.
type State = Option<(String, String)>;

/// What the children have told.
#[derive(Default)]
struct Told {
    acknowledged: HashMap<String, State>,
    tried: HashMap<String, State>,
    /// Number and text that the index held before it said so.
    told: HashSet<(u64, u32)>,
    /// Number and text of lines that are off the list for good.
    done: HashSet<(u64, u32)>,
    /// All items there ever were, as last seen by the parent.
    seen: HashMap<u64, u32>,
    acknowledgments: u64,
}

impl Told {
    fn hear(&mut self, line: &str) {
        let words: Vec<&str> = line.split(' ').collect();
        match words.as_slice() {
            ["try", id, "gone", "-"] => {
                self.tried.insert((*id).to_owned(), None);
            }
            ["try", id, title, user] => {
                let state = ((*title).to_owned(), (*user).to_owned());
                self.tried.insert((*id).to_owned(), Some(state));
            }
            ["ack", id] => {
                let state = self.tried.remove(*id).unwrap();
                self.acknowledged.insert((*id).to_owned(), state);
                self.acknowledgments += 1;
            }
            ["told", ordinal, text] => {
                self.told
                    .insert((ordinal.parse().unwrap(), text.parse().unwrap()));
            }
            ["done", ordinal, text] => {
                self.done
                    .insert((ordinal.parse().unwrap(), text.parse().unwrap()));
            }
            // The test harness has its own lines.
            _ => {}
        }
    }

    /// Holds what was told against what is there.
    async fn check(&mut self, directory: &Path) {
        let visibility = Visibility::new();
        let store = store::open(directory, Arc::clone(&visibility)).unwrap();
        let Some(kept) = store.connections().await.unwrap().first().cloned() else {
            assert!(self.acknowledged.is_empty());
            return;
        };
        let claim = store.claim_dirty(u32::MAX, BYTES).await.unwrap();
        let mut living = HashSet::new();
        for writer in 0..WRITERS {
            for n in 0..ITEMS {
                let id = ItemId::kept(format!("{writer}-{n}"));
                let item = store.item(kept.key, &id).await.unwrap();
                self.check_item(id.as_str(), item.as_ref());
                let Some(item) = item else { continue };
                let live = visibility.live(item.ordinal);
                assert_eq!(live, (item.text, item.acl), "{id}");
                for n in 0..USERS {
                    let user = format!("u{n}");
                    let sees = sees(&visibility, kept.key, &user, item.ordinal);
                    assert_eq!(sees, item.item.acl[0].value == user, "{id}");
                }
                self.check_line(&claim, item.ordinal.0, item.text.0, false);
                self.seen.insert(item.ordinal.0, item.text.0);
                living.insert(item.ordinal.0);
            }
        }
        for (ordinal, text) in &self.seen {
            if !living.contains(ordinal) {
                self.check_line(&claim, *ordinal, *text, true);
            }
        }
        // Nothing is in doubt any more.
        self.tried.clear();
    }

    /// An item is as it was when it was last acknowledged, or as its writer was about to make it.
    fn check_item(&mut self, id: &str, item: Option<&KeptItem>) {
        let state = item.map(|kept| (title(kept), kept.item.acl[0].value.clone()));
        let acknowledged = self.acknowledged.get(id).cloned().flatten();
        if state != acknowledged {
            assert_eq!(
                Some(&state),
                self.tried.get(id),
                "{id}: not {acknowledged:?}"
            );
            self.acknowledged.insert(id.to_owned(), state);
        }
    }

    /// An item waits for the index, or the index was told of it.
    fn check_line(&self, claim: &Claim, ordinal: u64, text: u32, gone: bool) {
        let line = claim.lines.iter().find(|line| line.ordinal.0 == ordinal);
        match line {
            Some(line) => {
                assert_eq!(line.item.is_none(), gone, "{ordinal}");
                assert!(gone || line.text.0 == text, "{ordinal}");
                let done = self.done.contains(&(ordinal, line.text.0));
                assert!(!done, "{ordinal} is on the list again");
            }
            None => {
                let told = |(of, version): &(u64, u32)| {
                    *of == ordinal && (*version == text || (gone && *version > text))
                };
                assert!(
                    self.told.iter().any(told),
                    "{ordinal} was lost to the index"
                );
            }
        }
    }
}

/// Starts a child and kills it after so many lines and a moment.
fn run(directory: &Path, told: &mut Told, lines: u64) {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "child", "--ignored", "--nocapture"])
        .env(DIRECTORY, directory)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut left = lines;
    loop {
        let mut line = Vec::new();
        let size = out.read_until(b'\n', &mut line).unwrap();
        // A line that was cut off was not told.
        if size == 0 || line.pop() != Some(b'\n') {
            break;
        }
        told.hear(std::str::from_utf8(&line).unwrap());
        left = left.saturating_sub(1);
        if left == 0 {
            // SIGKILL; what is still in the pipe was told before.
            child.kill().unwrap();
            left = u64::MAX;
        }
    }
    assert!(left > lines, "the child stopped by itself");
    child.wait().unwrap();
}

#[tokio::test]
async fn acknowledged_writes_survive() {
    let directory = tempfile::tempdir().unwrap();
    let mut told = Told::default();
    for kill in 0..KILLS {
        // The first ones hit the making of the store.
        let lines = if kill < 4 {
            1 + kill
        } else {
            1 + random() % 3000
        };
        run(directory.path(), &mut told, lines);
        told.check(directory.path()).await;
    }
    assert!(told.acknowledgments > 1000, "{}", told.acknowledgments);
    assert!(!told.done.is_empty());
}
