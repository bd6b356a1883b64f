//! The journal itself: the newest entries, and counts of all.

use std::{
    borrow::Cow,
    collections::{BTreeMap, VecDeque},
    fmt,
    sync::{
        Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use graph::route::Method;
use jiff::Timestamp;

use super::{
    entry::{BytesIn, Remark},
    {Count, Entry, Operation, Page, Refusal, Whereabouts},
};
use crate::Now;

/// Entries that are kept; whoever reads every second misses none.
const ENTRIES_MAX: usize = 32_768;

/// Entries of one page.
const PAGE_MAX: usize = 10_000;

/// Operations and statuses that are told apart in the counts: the API's are far fewer, the rest is a client's invention.
const COUNTS_MAX: usize = 1_000;

/// Bytes of an error's message that are kept.
const MESSAGE_BYTES_MAX: usize = 600;

/// What was asked and how it was answered.
pub struct Journal {
    now: Now,
    whereabouts: OnceLock<Whereabouts>,
    tunnels: AtomicU64,
    ring: Mutex<Ring>,
}

#[derive(Default)]
struct Ring {
    /// The number of the newest entry.
    last: u64,
    entries: VecDeque<Entry>,
    counts: BTreeMap<(Cow<'static, str>, Cow<'static, str>, u16), u64>,
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal")
            .field("last", &self.ring().last)
            .finish_non_exhaustive()
    }
}

impl Journal {
    /// An empty journal; `now` says when a tunnel was refused.
    pub fn new(now: Now) -> Self {
        Self {
            now,
            whereabouts: OnceLock::new(),
            tunnels: AtomicU64::new(0),
            ring: Mutex::default(),
        }
    }

    /// Says how the server is reached; only the first word counts.
    pub fn stand_at(&self, whereabouts: Whereabouts) {
        let _ = self.whereabouts.set(whereabouts);
    }

    /// The entries behind number `since`, as many as fit a page.
    pub fn page(&self, since: u64) -> Page {
        let ring = self.ring();
        let first = ring
            .entries
            .front()
            .map_or(ring.last + 1, |entry| entry.number);
        let since = since.min(ring.last);
        let lost = (first - 1).saturating_sub(since);
        let skipped = usize::try_from((since + 1).saturating_sub(first)).unwrap_or(usize::MAX);
        let entries: Vec<_> = ring
            .entries
            .iter()
            .skip(skipped)
            .take(PAGE_MAX)
            .cloned()
            .collect();
        Page {
            next: entries.last().map_or(since + lost, |entry| entry.number),
            lost,
            entries,
            tunnels: self.tunnels.load(Ordering::Relaxed),
            counts: ring.counts(),
            whereabouts: self.whereabouts.get().cloned(),
        }
    }

    /// Shows every entry that is kept, oldest first.
    pub(crate) fn each(&self, show: impl FnMut(&Entry)) {
        self.ring().entries.iter().for_each(show);
    }

    /// The number of the newest entry: whoever asks for a page since then sees what comes.
    pub fn last(&self) -> u64 {
        self.ring().last
    }

    /// Writes down a request and its answer.
    pub(crate) fn note<B>(&self, method: &str, at: Timestamp, response: &axum::http::Response<B>) {
        let extensions = response.extensions();
        let operation = extensions.get::<Operation>().cloned();
        let (path, app, about) = match operation {
            Some(operation) => (operation.path, operation.app, operation.about),
            None => (Cow::Borrowed("(unknown path)"), None, None),
        };
        let advice = response.headers().get("x-linkspan-advice");
        self.ring().add(Entry {
            number: 0,
            at_ms: at.as_millisecond(),
            method: Cow::Borrowed(Method::parse(method).map_or("OTHER", Method::as_str)),
            path,
            status: response.status().as_u16(),
            app,
            about,
            bytes: extensions.get::<BytesIn>().map_or(0, |bytes| bytes.0),
            refusal: extensions.get::<Refusal>().map(Refusal::shortened),
            advice: advice.and_then(|value| value.to_str().ok()).map(Into::into),
            graph_would: extensions.get::<Remark>().map(|remark| remark.0.clone()),
        });
    }

    /// Counts a tunnel that was opened: one through which nothing is asked tells of a client that distrusts our CA.
    pub(crate) fn note_tunnel(&self) {
        self.tunnels.fetch_add(1, Ordering::Relaxed);
    }

    /// Writes down a tunnel that was refused; both texts are the listener's own, bounded ones.
    pub(crate) fn note_refused_tunnel(&self, target: &str, sentence: &str) {
        self.ring().add(Entry {
            number: 0,
            at_ms: (self.now)().as_millisecond(),
            method: Cow::Borrowed("CONNECT"),
            path: Cow::Borrowed("{host}"),
            status: 403,
            app: None,
            about: Some(target.into()),
            bytes: 0,
            refusal: Some(Refusal {
                code: "Forbidden".into(),
                message: sentence.into(),
            }),
            advice: None,
            graph_would: None,
        });
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        // Every change below leaves the ring whole at each step, so a panic elsewhere does not spoil it.
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ring {
    fn add(&mut self, mut entry: Entry) {
        self.last += 1;
        entry.number = self.last;
        let key = (entry.method.clone(), entry.path.clone(), entry.status);
        if let Some(count) = self.counts.get_mut(&key) {
            *count += 1;
        } else {
            let rest = (Cow::Borrowed("OTHER"), Cow::Borrowed("(others)"), 0);
            let is_room = self.counts.len() < COUNTS_MAX;
            *self
                .counts
                .entry(if is_room { key } else { rest })
                .or_default() += 1;
        }
        if self.entries.len() == ENTRIES_MAX {
            self.entries.pop_front();
        }
        self.entries.push_back(entry);
    }

    fn counts(&self) -> Vec<Count> {
        let counts = self.counts.iter();
        counts
            .map(|((method, path, status), count)| Count {
                method: method.clone(),
                path: path.clone(),
                status: *status,
                count: *count,
            })
            .collect()
    }
}

impl Refusal {
    fn shortened(&self) -> Self {
        let end = self.message.floor_char_boundary(MESSAGE_BYTES_MAX);
        Self {
            code: self.code.clone(),
            message: self.message.get(..end).unwrap_or_default().into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::http::Response;

    use super::*;

    fn journal() -> Journal {
        Journal::new(Arc::new(|| Timestamp::UNIX_EPOCH))
    }

    fn numbers(page: &Page) -> Vec<u64> {
        page.entries.iter().map(|entry| entry.number).collect()
    }

    #[test]
    fn pages_go_on_where_the_last_one_ended() {
        let journal = journal();
        let note = || journal.note("GET", Timestamp::UNIX_EPOCH, &Response::new(()));
        assert_eq!(journal.page(0).next, 0);
        note();
        note();
        let page = journal.page(0);
        assert_eq!((numbers(&page), page.next, page.lost), (vec![1, 2], 2, 0));
        note();
        assert_eq!(numbers(&journal.page(2)), [3]);
        // A number from before a restart of the server is beyond the end.
        assert_eq!(journal.page(99).next, 3);
        assert_eq!(journal.last(), 3);
    }

    #[test]
    fn old_entries_go_and_are_counted_all_the_same() {
        let journal = journal();
        let many = ENTRIES_MAX as u64 + 10;
        for _ in 0..many {
            journal.note("GET", Timestamp::UNIX_EPOCH, &Response::new(()));
        }
        let page = journal.page(0);
        assert_eq!(page.lost, 10);
        assert_eq!(page.entries.len(), PAGE_MAX);
        assert_eq!(page.entries[0].number, 11);
        assert_eq!(
            page.counts.iter().map(|count| count.count).sum::<u64>(),
            many
        );
    }

    #[test]
    fn invented_operations_share_a_count() {
        let journal = journal();
        for number in 0..COUNTS_MAX + 50 {
            let mut response = Response::new(());
            response.extensions_mut().insert(Operation {
                path: format!("/{{tenant}}/{number}").into(),
                app: None,
                about: None,
            });
            journal.note("BREW", Timestamp::UNIX_EPOCH, &response);
        }
        let counts = journal.page(0).counts;
        assert_eq!(counts.len(), COUNTS_MAX + 1);
        let others = counts
            .iter()
            .find(|count| count.path == "(others)")
            .unwrap();
        assert_eq!(others.count, 50);
        assert!(counts.iter().all(|count| count.method == "OTHER"));
    }

    #[test]
    fn entries_survive_their_json() {
        let journal = journal();
        let mut response = Response::new(());
        response.extensions_mut().insert(Refusal {
            code: "BadRequest".into(),
            message: "ä".repeat(600).into(),
        });
        response
            .extensions_mut()
            .insert(Remark(Cow::Borrowed("no")));
        journal.note("PUT", Timestamp::UNIX_EPOCH, &response);
        journal.note_refused_tunnel("api.example:443", "No.");
        let page = journal.page(0);
        let refusal = page.entries[0].refusal.as_ref().unwrap();
        assert_eq!(refusal.message.len(), MESSAGE_BYTES_MAX);
        let text = serde_json::to_string(&page).unwrap();
        assert_eq!(serde_json::from_str::<Page>(&text).unwrap(), page);
    }
}
