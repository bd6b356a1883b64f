//! What trimming costs on the demo's data: each of its users' searches, trimmed and untrimmed in the same run.
//!
//! `cargo run --release -p index --features bench --example demo_data -- DIRECTORY`, the data directory of a `linkspan demo`.

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use index::TantivyIndex;
use tenant::{
    index::Index,
    kept::{AclId, Ordinal, Text},
    membership::Membership,
    search::plan::{Cancel, Criteria, Field, Plan, Word},
    visibility::{Change, Lens, Visibility},
};

const ROUNDS: usize = 50;
/// Words of package descriptions, from very frequent to rare; each is searched alone and with the next one.
const WORDS: [&str; 8] = [
    "package",
    "library",
    "files",
    "server",
    "python",
    "network",
    "game",
    "telescope",
];

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let directory = std::env::args().nth(1).ok_or("say which data directory")?;
    let tenant = only_tenant(Path::new(&directory))?;
    let visibility = Visibility::new();
    let store = store::open(&tenant, Arc::clone(&visibility))?;
    let index = TantivyIndex::open(&tenant.join("index"))?;
    let scope: Vec<_> = visibility
        .connections()
        .iter()
        .map(|kept| kept.key)
        .collect();
    let membership = tenant::accounts::OwnAccounts(Arc::clone(&visibility));
    println!("the demo's data, top 10 with exact total, ms p50 / p99");
    for stale in [false, true] {
        if stale {
            age(&visibility);
        }
        for user in visibility
            .accounts()
            .users
            .iter()
            .filter(|user| !user.guest)
        {
            let folded = visibility.fold(&user.id, &membership.of(&user.id).await?);
            let lens = visibility.lens(&folded, &scope);
            let told = if stale { "1 % of the items stale" } else { "" };
            println!("{:<6} {} {told}", user.name, measure(&index, &lens).await?);
        }
    }
    drop(store);
    Ok(())
}

fn only_tenant(directory: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let mut tenants = fs::read_dir(directory.join("tenants"))?;
    Ok(tenants
        .next()
        .ok_or("the directory holds no tenant")??
        .path())
}

/// Makes one item in a hundred look rewritten since it was indexed, in this process's picture only.
fn age(visibility: &Arc<Visibility>) {
    let picture = Arc::clone(visibility);
    // Publication waits for searches that hold the picture still, so it must not happen on the runtime's threads.
    let aged = thread::spawn(move || {
        let aged: Vec<_> = (0..1_000_000)
            .step_by(100)
            .map(Ordinal)
            .map(|ordinal| (ordinal, picture.live(ordinal)))
            .filter(|(_, (_, acl))| *acl != AclId::NOBODY)
            .map(|(ordinal, (text, acl))| Change::Item {
                ordinal,
                text: Text(text.0 + 1),
                acl,
                stale: Some(vec![(text, acl)]),
            })
            .collect();
        picture.publish(aged);
    });
    aged.join().expect("nothing in it can fail");
}

async fn measure(index: &TantivyIndex, lens: &Lens) -> Result<String, Box<dyn Error>> {
    let (mut trimmed, mut untrimmed) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        for (at, word) in WORDS.iter().enumerate() {
            let next = WORDS[(at + 1) % WORDS.len()];
            for words in [vec![*word], vec![*word, next]] {
                let began = Instant::now();
                let seen = index.search(plan(&words, lens)).await?;
                let between = Instant::now();
                let all = index.top_untrimmed(plan(&words, lens)).await?;
                if seen.total > all.total {
                    return Err("trimming added items".into());
                }
                // The first rounds warm the caches.
                if round >= 5 {
                    trimmed.push(between - began);
                    untrimmed.push(between.elapsed());
                }
            }
        }
    }
    let (trimmed, untrimmed) = (quantiles(trimmed), quantiles(untrimmed));
    Ok(format!(
        "trimmed {:.2} / {:.2}, untrimmed {:.2} / {:.2}, ratio {:.2} / {:.2}",
        trimmed.0,
        trimmed.1,
        untrimmed.0,
        untrimmed.1,
        trimmed.0 / untrimmed.0,
        trimmed.1 / untrimmed.1,
    ))
}

fn quantiles(mut times: Vec<Duration>) -> (f64, f64) {
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1000.0;
    (at(0.5), at(0.99))
}

fn plan(words: &[&str], lens: &Lens) -> Plan {
    let word = |word: &&str| Word {
        token: (*word).to_owned(),
        prefix: false,
    };
    Plan {
        criteria: Criteria::Words {
            on: Field::FullText,
            words: words.iter().map(word).collect(),
        },
        lens: lens.clone(),
        from: 0,
        size: 10,
        deadline: Instant::now() + Duration::from_secs(30),
        cancel: Cancel::default(),
    }
}
