//! What a program did, counted from the journal.

use std::collections::{BTreeMap, VecDeque};

use server::journal::{Entry, Page};

/// Refusals and pieces of advice that are told apart; a program that makes more mistakes knows enough.
const TOLD_APART_MAX: usize = 200;

/// The span over which the rate of items is looked at, in milliseconds: shorter bursts are not sustained.
const SPAN_MS: i64 = 10_000;

/// All that is known of a run.
#[derive(Default)]
pub struct Tally {
    /// The number of the last entry that is counted.
    pub since: u64,
    /// Requests, refused tunnels not among them.
    pub requests: u64,
    /// Tunnels that were opened.
    pub tunnels: u64,
    /// Entries that the journal forgot before they could be counted.
    pub lost: u64,
    /// How often each operation was answered with each status.
    pub counts: BTreeMap<Operation, u64>,
    /// What was put into each connection.
    pub items: BTreeMap<String, Items>,
    /// What was refused, and why.
    pub refused: BTreeMap<Refused, u64>,
    /// Hosts and ports to which no tunnel leads.
    pub hosts: BTreeMap<String, u64>,
    /// Advice beside answers that were fine.
    pub advice: BTreeMap<(String, String), u64>,
    /// What the Graph would have said, and about which connection.
    pub remarks: BTreeMap<(String, String), u64>,
    tunnels_before: Option<u64>,
}

/// An operation and how it was answered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Operation {
    pub path: String,
    pub method: String,
    pub status: u16,
}

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Refused {
    pub operation: Operation,
    /// The connection that it was about; empty if it was about none.
    pub about: String,
    pub code: String,
    pub message: String,
    pub advice: String,
}

impl Refused {
    /// The connection that it was about, if it was about one.
    pub fn connection(&self) -> Option<&str> {
        (!self.about.is_empty()).then_some(&self.about)
    }
}

/// What was put into a connection.
#[derive(Default)]
pub struct Items {
    /// How many items.
    pub count: u64,
    /// Bytes of all bodies.
    pub bytes: u64,
    /// Bytes of the largest body.
    pub largest: u64,
    /// The most items within ten seconds.
    pub busiest: usize,
    window: VecDeque<i64>,
}

impl Tally {
    /// A tally that begins behind this page.
    pub fn behind(page: &Page) -> Self {
        Self {
            since: page.next,
            tunnels_before: Some(page.tunnels),
            ..Self::default()
        }
    }

    /// Has the program asked this server for anything? Hosts to which no tunnel leads are others'.
    pub fn has_asked(&self) -> bool {
        self.requests > 0
    }

    /// Counts a page.
    pub fn add(&mut self, page: &Page) {
        self.since = page.next;
        self.lost += page.lost;
        let before = *self.tunnels_before.get_or_insert(0);
        self.tunnels = page.tunnels.saturating_sub(before);
        for entry in &page.entries {
            self.count(entry);
        }
    }

    fn count(&mut self, entry: &Entry) {
        let about = entry.about.as_deref().unwrap_or_default();
        if entry.method == "CONNECT" {
            bump(&mut self.hosts, about.to_owned());
            return;
        }
        self.requests += 1;
        let operation = Operation {
            path: entry.path.clone().into_owned(),
            method: entry.method.clone().into_owned(),
            status: entry.status,
        };
        *self.counts.entry(operation.clone()).or_default() += 1;
        let advice = entry.advice.as_deref().unwrap_or_default().to_owned();
        if let Some(refusal) = &entry.refusal {
            let refused = Refused {
                operation,
                about: about.to_owned(),
                code: refusal.code.to_string(),
                message: refusal.message.to_string(),
                advice,
            };
            bump(&mut self.refused, refused);
            return;
        }
        if !advice.is_empty() {
            let name = format!("{} {}", entry.method, entry.path);
            bump(&mut self.advice, (name, advice));
        }
        if let Some(remark) = &entry.graph_would {
            bump(
                &mut self.remarks,
                (remark.clone().into_owned(), about.to_owned()),
            );
        }
        if entry.method == "PUT" && entry.path.ends_with("/items/{item}") {
            self.items.entry(about.to_owned()).or_default().put(entry);
        }
    }
}

impl Items {
    fn put(&mut self, entry: &Entry) {
        self.count += 1;
        self.bytes += entry.bytes;
        self.largest = self.largest.max(entry.bytes);
        self.window.push_back(entry.at_ms);
        // Entries come in the order of their answers, which is nearly that of their requests.
        while self
            .window
            .front()
            .is_some_and(|first| entry.at_ms - first >= SPAN_MS)
        {
            self.window.pop_front();
        }
        self.busiest = self.busiest.max(self.window.len());
    }

    /// The most items per second, over ten seconds.
    pub fn per_second(&self) -> f64 {
        let seconds = u32::try_from(SPAN_MS / 1_000).unwrap_or(1);
        f64::from(u32::try_from(self.busiest).unwrap_or(u32::MAX)) / f64::from(seconds)
    }
}

/// Counts one more; what is new when there is much already is left out.
fn bump<K: Ord>(counts: &mut BTreeMap<K, u64>, key: K) {
    if let Some(count) = counts.get_mut(&key) {
        *count += 1;
    } else if counts.len() < TOLD_APART_MAX {
        counts.insert(key, 1);
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// An entry of the journal as JSON, with what every entry has.
    pub fn entry(more: serde_json::Value) -> Entry {
        let mut entry = serde_json::json!({
            "number": 1, "at_ms": 0, "method": "GET", "path": "/me", "status": 200, "bytes": 0,
        });
        for (name, value) in more.as_object().unwrap() {
            entry[name] = value.clone();
        }
        serde_json::from_value(entry).unwrap()
    }

    /// A page of these entries.
    pub fn page(entries: Vec<Entry>) -> Page {
        Page {
            next: entries.len() as u64,
            lost: 0,
            entries,
            tunnels: 2,
            counts: Vec::new(),
            whereabouts: None,
        }
    }

    /// An item of so many bytes, put at this time.
    pub fn put(at_ms: i64, bytes: u64) -> Entry {
        entry(serde_json::json!({
            "method": "PUT", "path": "/external/connections/{connection}/items/{item}", "about": "parts",
            "at_ms": at_ms, "bytes": bytes,
        }))
    }

    #[test]
    fn items_are_counted_with_their_busiest_ten_seconds() {
        let mut tally = Tally::default();
        let burst = (0..30).map(|number| put(number * 10, 100));
        let later = (0..5).map(|number| put(20_000 + number * 3_000, 7));
        tally.add(&page(burst.chain(later).collect()));
        let items = &tally.items["parts"];
        assert_eq!((items.count, items.bytes, items.largest), (35, 3_035, 100));
        assert_eq!(items.busiest, 30);
        assert!((items.per_second() - 3.0).abs() < 1e-9);
    }

    #[test]
    fn refusals_hosts_and_remarks_are_told_apart() {
        let refusal = serde_json::json!({ "code": "ItemNotFound", "message": "No." });
        let missing =
            entry(serde_json::json!({ "status": 404, "refusal": refusal, "advice": "Look." }));
        let host =
            entry(serde_json::json!({ "method": "CONNECT", "path": "{host}", "about": "a:443" }));
        let fine = entry(serde_json::json!({ "advice": "Odd.", "graph_would": "say no" }));
        let mut tally = Tally::behind(&page(Vec::new()));
        assert!(!tally.has_asked());
        tally.add(&page(vec![missing.clone(), missing, host, fine]));
        assert_eq!(tally.requests, 3);
        assert_eq!(tally.refused.values().copied().collect::<Vec<_>>(), [2]);
        assert_eq!(tally.hosts["a:443"], 1);
        assert_eq!((tally.advice.len(), tally.remarks.len()), (1, 1));
        assert_eq!(tally.tunnels, 0);
    }

    #[test]
    fn endless_inventions_are_bounded() {
        let mut counts = BTreeMap::new();
        (0..TOLD_APART_MAX + 10).for_each(|number| bump(&mut counts, number));
        assert_eq!(counts.len(), TOLD_APART_MAX);
    }
}
