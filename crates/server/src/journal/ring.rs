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
use uuid::Uuid;

use super::{
    entry::{BytesIn, Remark},
    {Count, Entry, Operation, Page, Refusal, Whereabouts, Whose},
};
use crate::Now;

/// Entries that are kept; whoever reads every second misses none.
const ENTRIES_MAX: usize = 32_768;

/// Entries of one page.
const PAGE_MAX: usize = 10_000;

/// Tenants, operations and statuses that are told apart in the counts; what a client invents beyond that is counted as one
/// for each tenant.
const COUNTS_MAX: usize = 20_000;

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
    counts: BTreeMap<Counted, u64>,
}

/// Tenant, method, path and status.
type Counted = (Option<Uuid>, Cow<'static, str>, Cow<'static, str>, u16);

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

    /// Those entries behind number `since`, as many as fit a page.
    pub fn page(&self, since: u64, whose: Whose) -> Page {
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
            .filter(|entry| whose.has(entry.tenant))
            .take(PAGE_MAX)
            .cloned()
            .collect();
        let next = match entries.last() {
            Some(entry) if entries.len() == PAGE_MAX => entry.number,
            _ => ring.last,
        };
        Page {
            next,
            lost,
            entries,
            tunnels: self.tunnels.load(Ordering::Relaxed),
            counts: ring.counts(whose),
            whereabouts: self.whereabouts.get().cloned(),
        }
    }

    /// Shows those entries that are kept, oldest first.
    pub(crate) fn each(&self, whose: Whose, show: impl FnMut(&Entry)) {
        let ring = self.ring();
        let entries = ring.entries.iter();
        entries
            .filter(|entry| whose.has(entry.tenant))
            .for_each(show);
    }

    /// The number of the newest entry: whoever asks for a page since then sees what comes.
    pub fn last(&self) -> u64 {
        self.ring().last
    }

    /// Writes down a request, the tenant that its token names, and its answer.
    pub(crate) fn note<B>(
        &self,
        (method, at): (&str, Timestamp),
        tenant: Option<Uuid>,
        response: &axum::http::Response<B>,
    ) {
        let extensions = response.extensions();
        let operation = extensions.get::<Operation>().cloned();
        let operation = operation.unwrap_or(Operation {
            path: Cow::Borrowed("(unknown path)"),
            app: None,
            about: None,
            tenant: None,
        });
        let advice = response.headers().get("x-linkspan-advice");
        self.ring().add(Entry {
            number: 0,
            at_ms: at.as_millisecond(),
            method: Cow::Borrowed(Method::parse(method).map_or("OTHER", Method::as_str)),
            path: operation.path,
            status: response.status().as_u16(),
            tenant: operation.tenant.or(tenant),
            app: operation.app,
            about: operation.about,
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
            tenant: None,
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
        let key = (
            entry.tenant,
            entry.method.clone(),
            entry.path.clone(),
            entry.status,
        );
        if let Some(count) = self.counts.get_mut(&key) {
            *count += 1;
        } else {
            let (other, others) = (Cow::Borrowed("OTHER"), Cow::Borrowed("(others)"));
            let rest = (entry.tenant, other, others, 0);
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

    fn counts(&self, whose: Whose) -> Vec<Count> {
        let mut sums = BTreeMap::<_, u64>::new();
        for ((tenant, method, path, status), count) in &self.counts {
            if whose.has(*tenant) {
                *sums.entry((method, path, *status)).or_default() += count;
            }
        }
        let counts = sums.into_iter();
        counts
            .map(|((method, path, status), count)| Count {
                method: method.clone(),
                path: path.clone(),
                status,
                count,
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

    /// Notes a request of a tenant.
    fn note(journal: &Journal, tenant: Option<Uuid>) {
        journal.note(("GET", Timestamp::UNIX_EPOCH), tenant, &Response::new(()));
    }

    fn numbers(page: &Page) -> Vec<u64> {
        page.entries.iter().map(|entry| entry.number).collect()
    }

    #[test]
    fn pages_go_on_where_the_last_one_ended() {
        let journal = journal();
        let note = || note(&journal, None);
        assert_eq!(journal.page(0, Whose::All).next, 0);
        note();
        note();
        let page = journal.page(0, Whose::All);
        assert_eq!((numbers(&page), page.next, page.lost), (vec![1, 2], 2, 0));
        note();
        assert_eq!(numbers(&journal.page(2, Whose::All)), [3]);
        // A number from before a restart of the server is beyond the end.
        assert_eq!(journal.page(99, Whose::All).next, 3);
        assert_eq!(journal.last(), 3);
    }

    #[test]
    fn old_entries_go_and_are_counted_all_the_same() {
        let journal = journal();
        let many = ENTRIES_MAX as u64 + 10;
        for _ in 0..many {
            note(&journal, None);
        }
        let page = journal.page(0, Whose::All);
        assert_eq!(page.lost, 10);
        assert_eq!(page.entries.len(), PAGE_MAX);
        assert_eq!(page.entries[0].number, 11);
        assert_eq!(
            page.counts.iter().map(|count| count.count).sum::<u64>(),
            many
        );
    }

    #[test]
    fn a_tenant_sees_its_own() {
        let journal = journal();
        let [one, two] = [1, 2].map(Uuid::from_u128);
        for tenant in [Some(one), Some(two), None, Some(two)] {
            note(&journal, tenant);
        }
        let of = |whose| {
            let page = journal.page(0, whose);
            let count = page.counts.iter().map(|count| count.count).sum::<u64>();
            assert_eq!(page.next, 4);
            assert_eq!(count, page.entries.len() as u64);
            numbers(&page)
        };
        assert_eq!(of(Whose::Tenant(two)), [2, 4]);
        assert_eq!(of(Whose::TenantAndNobody(one)), [1, 3]);
        assert_eq!(of(Whose::All), [1, 2, 3, 4]);
        let mut shown = Vec::new();
        journal.each(Whose::Tenant(one), |entry| shown.push(entry.number));
        assert_eq!(shown, [1]);
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
                tenant: None,
            });
            journal.note(("BREW", Timestamp::UNIX_EPOCH), None, &response);
        }
        let counts = journal.page(0, Whose::All).counts;
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
        let tenant = Some(Uuid::from_u128(1));
        journal.note(("PUT", Timestamp::UNIX_EPOCH), tenant, &response);
        journal.note_refused_tunnel("api.example:443", "No.");
        let page = journal.page(0, Whose::All);
        let refusal = page.entries[0].refusal.as_ref().unwrap();
        assert_eq!(refusal.message.len(), MESSAGE_BYTES_MAX);
        let text = serde_json::to_string(&page).unwrap();
        assert_eq!(serde_json::from_str::<Page>(&text).unwrap(), page);
    }
}
