//! What trimming costs: top-10 with an exact total, trimmed and untrimmed in the same run, on synthetic items.
//!
//! `cargo run --release -p index --features bench --example trimming -- [items] [queries]`
//!
//! Items hold about 1 KB of Zipf-distributed words. There is one ACL per five items: grants drawn half from few and half from all of 50,000 principals,
//! one in ten for everyone, one in twenty with a deny. The caller counts as 1,000 groups.

use std::{
    collections::BTreeSet,
    hint::black_box,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use graph::{
    AccessType, Acl, AclType, ConnectionKey, ContentType, ExternalItem, ExternalItemContent,
    ItemId, Property, PropertyType, Schema, Value,
};
use index::TantivyIndex;
use tenant::{
    index::{Document, Index, IndexError, Upsert},
    kept::{AclId, Ordinal, Text, Version},
    membership::Memberships,
    search::plan::{Cancel, Criteria, Field, Hits, Plan, Word},
    visibility::{Change, Lens, Visibility},
};

const AT: ConnectionKey = ConnectionKey(1);
const VOCABULARY: usize = 300_000;
const PRINCIPALS: usize = 50_000;
const GROUPS_OF_CALLER: usize = 1000;
const ITEMS_PER_ACL: usize = 5;
const WORDS_PER_ITEM: usize = 140;
const BATCH: usize = 5000;
const WARM_UPS: usize = 60;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// A source of numbers that are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, sides: usize) -> usize {
        ((self.roll() >> 11) % sides as u64) as usize
    }

    /// At least 0, less than 1.
    fn unit(&mut self) -> f64 {
        (self.roll() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Ranks by Zipf's law with exponent 1.05.
struct Zipf(Vec<f64>);

impl Zipf {
    fn new(ranks: usize) -> Self {
        let mut sum = 0.0;
        let cumulated = (1..=ranks).map(|rank| {
            sum += (rank as f64).powf(-1.05);
            sum
        });
        Self(cumulated.collect())
    }

    fn rank(&self, dice: &mut Dice) -> usize {
        let at = dice.unit() * self.0.last().copied().unwrap_or_default();
        self.0.partition_point(|cumulated| *cumulated <= at)
    }
}

fn word(rank: usize) -> String {
    format!("w{rank}")
}

fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let items: usize = arguments.next().map_or(Ok(300_000), |n| n.parse())?;
    let queries: usize = arguments.next().map_or(Ok(300), |n| n.parse())?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()?;
    let directory = tempfile::tempdir()?;
    let index = TantivyIndex::open(directory.path())?;
    let visibility = Visibility::new();
    publish(&visibility, acls(items.div_ceil(ITEMS_PER_ACL)))?;
    publish(
        &visibility,
        (0..items).map(|n| live(n, items, None)).collect(),
    )?;
    runtime.block_on(build(&index, items))?;

    let folded = visibility.fold("caller", &memberships());
    let lens = visibility.lens(&folded, &[AT]);
    let share = runtime
        .block_on(index.search(plan(Criteria::All, &lens, 0)))?
        .total as f64
        / items as f64;
    println!(
        "{items} items, {:.1} % visible; ms p50 / p99",
        share * 100.0
    );
    println!(
        "{:<28} {:>16} {:>16} {:>9} {:>9}",
        "", "trimmed", "untrimmed", "p50 x", "p99 x"
    );
    for stale in [false, true] {
        if stale {
            // Every hundredth item has new words that the index does not hold yet.
            let old = (0..items).step_by(100).map(|n| {
                let acl = acl_of(n, items);
                live(n, items, Some((acl, Text(1))))
            });
            publish(&visibility, old.collect())?;
        }
        for (name, joined) in [("AND", true), ("OR", false)] {
            let measured = runtime.block_on(measure(&index, &lens, queries, joined))?;
            let label = if stale { ", 1 % stale" } else { "" };
            print_line(&format!("{name} top-10 + total{label}"), measured);
        }
    }
    Ok(())
}

fn publish(visibility: &Arc<Visibility>, changes: Vec<Change>) -> Outcome<()> {
    let visibility = Arc::clone(visibility);
    thread::spawn(move || visibility.publish(changes))
        .join()
        .map_err(|_| "publishing failed".into())
}

fn acls(count: usize) -> Vec<Change> {
    let mut dice = Dice(0x5eed);
    let popular = Zipf::new(PRINCIPALS);
    (0..count)
        .map(|at| {
            let mut acl = Vec::new();
            let mut entry = |access, kind, value: String| {
                acl.push(Acl {
                    kind,
                    value,
                    access,
                });
            };
            for grant in 0..1 + dice.below(10) {
                let principal = match grant % 2 {
                    0 => popular.rank(&mut dice),
                    _ => dice.below(PRINCIPALS),
                };
                entry(AccessType::Grant, AclType::Group, format!("g{principal}"));
            }
            if dice.below(10) == 0 {
                entry(AccessType::Grant, AclType::Everyone, "everyone".to_owned());
            }
            if dice.below(20) == 0 {
                let principal = popular.rank(&mut dice);
                entry(AccessType::Deny, AclType::Group, format!("g{principal}"));
            }
            Change::Acl {
                id: AclId(at as u32 + 1),
                at: AT,
                acl,
            }
        })
        .collect()
}

fn acl_of(n: usize, items: usize) -> AclId {
    // Spread, so that neighbors do not share an ACL.
    AclId((n.wrapping_mul(7919) % items.div_ceil(ITEMS_PER_ACL)) as u32 + 1)
}

/// The live state of an item; with old words, those are one version behind.
fn live(n: usize, items: usize, old: Option<(AclId, Text)>) -> Change {
    Change::Item {
        ordinal: Ordinal(n as u64),
        text: Text(if old.is_some() { 2 } else { 1 }),
        acl: acl_of(n, items),
        stale: old.map(|(acl, text)| vec![(text, acl)]),
    }
}

fn memberships() -> Memberships {
    let mut dice = Dice(0xca11e5);
    let mut groups = BTreeSet::new();
    while groups.len() < GROUPS_OF_CALLER {
        // The most popular groups would show nearly everything.
        groups.insert(format!("g{}", 20 + dice.below(PRINCIPALS - 20)));
    }
    Memberships {
        guest: false,
        groups: groups.into_iter().collect(),
    }
}

fn schema() -> Schema {
    Schema {
        base_type: "microsoft.graph.externalItem".to_owned(),
        properties: vec![Property {
            name: "title".to_owned(),
            kind: PropertyType::String,
            description: None,
            is_searchable: true,
            is_queryable: true,
            is_retrievable: true,
            is_refinable: false,
            is_exact_match_required: false,
            importance_score: None,
            labels: Vec::new(),
            aliases: Vec::new(),
        }],
    }
}

async fn build(index: &TantivyIndex, items: usize) -> Outcome<()> {
    let schema = Arc::new(schema());
    let words = Zipf::new(VOCABULARY);
    let mut dice = Dice(0xd0c5);
    let mut text = |count: usize| {
        let words: Vec<_> = (0..count).map(|_| word(words.rank(&mut dice))).collect();
        words.join(" ")
    };
    let id = ItemId::admit("item").map_err(|error| error.message)?;
    let started = Instant::now();
    for first in (0..items).step_by(BATCH) {
        let batch = (first..items.min(first + BATCH)).map(|n| Upsert {
            ordinal: Ordinal(n as u64),
            version: Version(1),
            text: Text(1),
            document: Some(Document {
                at: AT,
                item: ExternalItem {
                    id: id.clone(),
                    acl: Vec::new(),
                    properties: vec![("title".to_owned(), Value::String(text(5)))],
                    content: Some(ExternalItemContent {
                        kind: ContentType::Text,
                        value: Some(text(WORDS_PER_ITEM)),
                    }),
                    sensitivity_label_id: None,
                },
                schema: Arc::clone(&schema),
            }),
        });
        index.apply(batch.collect()).await?;
        let done = items.min(first + BATCH);
        if done.is_multiple_of(50_000) || done == items {
            let rate = done as f64 / started.elapsed().as_secs_f64();
            println!("{done} of {items} items written, {rate:.0}/s");
        }
    }
    Ok(())
}

fn plan(criteria: Criteria, lens: &Lens, size: u32) -> Plan {
    Plan {
        criteria,
        lens: lens.clone(),
        from: 0,
        size,
        deadline: Instant::now() + Duration::from_secs(30),
        cancel: Cancel::default(),
    }
}

/// One to three words, their ranks log-uniform from 10 to 30,000.
fn query(dice: &mut Dice, joined: bool) -> Criteria {
    let mut leaves = Vec::new();
    for _ in 0..1 + dice.below(3) {
        let rank = 10.0 * 3000_f64.powf(dice.unit());
        leaves.push(Criteria::Words {
            on: Field::FullText,
            words: vec![Word {
                token: word(rank as usize),
                prefix: false,
            }],
        });
    }
    if joined {
        Criteria::And(leaves)
    } else {
        Criteria::Or(leaves)
    }
}

struct Measured {
    trimmed: Vec<f64>,
    untrimmed: Vec<f64>,
}

async fn measure(
    index: &TantivyIndex,
    lens: &Lens,
    queries: usize,
    joined: bool,
) -> Result<Measured, IndexError> {
    let mut dice = Dice(0x9e57);
    let mut measured = Measured {
        trimmed: Vec::with_capacity(queries),
        untrimmed: Vec::with_capacity(queries),
    };
    for at in 0..WARM_UPS + queries {
        let criteria = query(&mut dice, joined);
        let (trimmed, seen) = timed(index.search(plan(criteria.clone(), lens, 10))).await?;
        let (untrimmed, all) = timed(index.top_untrimmed(plan(criteria, lens, 10))).await?;
        assert!(seen.total <= all.total, "trimming added items");
        if at >= WARM_UPS {
            measured.trimmed.push(trimmed);
            measured.untrimmed.push(untrimmed);
        }
    }
    measured.trimmed.sort_by(f64::total_cmp);
    measured.untrimmed.sort_by(f64::total_cmp);
    Ok(measured)
}

async fn timed(
    search: impl Future<Output = Result<Hits, IndexError>>,
) -> Result<(f64, Hits), IndexError> {
    let started = Instant::now();
    let hits = black_box(search.await?);
    Ok((started.elapsed().as_secs_f64() * 1000.0, hits))
}

fn print_line(label: &str, Measured { trimmed, untrimmed }: Measured) {
    let at = |sorted: &[f64], part: f64| {
        let place = (sorted.len() as f64 * part) as usize;
        sorted
            .get(place.min(sorted.len().saturating_sub(1)))
            .copied()
            .unwrap_or_default()
    };
    let pair = |sorted: &[f64]| format!("{:.2} / {:.2}", at(sorted, 0.5), at(sorted, 0.99));
    let ratio = |part| at(&trimmed, part) / at(&untrimmed, part);
    println!(
        "{label:<28} {:>16} {:>16} {:>9.2} {:>9.2}",
        pair(&trimmed),
        pair(&untrimmed),
        ratio(0.5),
        ratio(0.99)
    );
}
