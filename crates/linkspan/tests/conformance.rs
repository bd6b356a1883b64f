//! The corpus of `conformance/` against a server inside this process, or against the server of `LINKSPAN_CONFORMANCE_URL` (whose
//! ready file is then `LINKSPAN_CONFORMANCE_READY_FILE`); what clients ask, also against the built binary.
//!
//! Transcripts are data: what is asked, as whom, and what must come back. Each has a connection id of its own, so they share
//! one server and disturb nobody. Those that need other numbers, or move the clock, have a server beside it and take turns.

#![expect(clippy::panic, reason = "a test stops at the first surprise")]

#[path = "conformance/corpus.rs"]
mod corpus;
#[path = "conformance/coverage.rs"]
mod coverage;
#[path = "conformance/described.rs"]
mod described;
#[path = "conformance/held.rs"]
mod held;
#[path = "conformance/inside.rs"]
mod inside;
#[path = "conformance/kql.rs"]
mod kql;
#[path = "conformance/matching.rs"]
mod matching;
#[path = "conformance/page.rs"]
mod page;
#[path = "conformance/play.rs"]
mod play;
mod running;
#[path = "running/sign_in.rs"]
mod sign_in;
#[path = "conformance/target.rs"]
mod target;
#[path = "conformance/variables.rs"]
mod variables;

use std::collections::BTreeMap;

use corpus::{Corpus, FOLDERS};
use target::Target;

/// Plays every transcript of one folder; those in `expected-failures.yaml` must fail.
async fn play_folder(target: Target, folder: &str) {
    let corpus = Corpus::load();
    // They live as long as the folder is played, so that those who need the same one do not start it again.
    let mut own = BTreeMap::new();
    let only = std::env::var_os("LINKSPAN_CONFORMANCE_ONLY").unwrap_or_default();
    let only = only.to_string_lossy();
    let (mut played, mut left_out, mut expected, mut wrong) = (0, 0, 0, Vec::new());
    for (name, transcript) in corpus
        .transcripts
        .iter()
        .filter(|(name, _)| name.starts_with(&format!("{folder}/")) && name.contains(&*only))
    {
        let needed = transcript.server.as_ref().map(|server| {
            let known = own.entry(server.arguments());
            known.or_insert_with(|| Target::with(server)).as_ref()
        });
        let (target, _turn) = match needed {
            None => (&target, None),
            Some(Some(target)) => (target, target.turn().await),
            Some(None) => {
                left_out += 1;
                println!("{name} needs a server of its own");
                continue;
            }
        };
        played += 1;
        if let Some(sent) = &transcript.sent {
            println!("{name}: {sent}");
        }
        let outcome = play::transcript(target, &corpus, transcript).await;
        match (outcome, corpus.expected_failures.get(name)) {
            (Ok(()), None) => {}
            (Err(_), Some(_)) => expected += 1,
            (Err(why), None) => wrong.push(format!("{name}: {}\n{why}", transcript.says)),
            (Ok(()), Some(because)) => wrong.push(format!(
                "{name} passes, but expected-failures.yaml says it fails because {because}: take the entry out"
            )),
        }
    }
    assert!(
        played > 0 || !only.is_empty(),
        "conformance/corpus/{folder} is empty"
    );
    println!(
        "{played} transcripts of {folder}, {expected} of them failing as expected; {left_out} left out"
    );
    assert!(
        wrong.is_empty(),
        "{} of {played} transcripts of {folder}:\n\n{}\n",
        wrong.len(),
        wrong.join("\n\n")
    );
}

macro_rules! folders {
    ($($test:ident $folder:literal;)*) => {
        $(#[tokio::test]
        async fn $test() {
            play_folder(Target::open(), $folder).await;
        })*

        #[test]
        fn every_folder_of_the_corpus_is_played() {
            assert_eq!(FOLDERS, [$($folder),*]);
            let found: Vec<String> = Corpus::load().folders.into_iter().collect();
            let mut known = FOLDERS.map(str::to_owned);
            known.sort();
            assert_eq!(found, known, "the folders of conformance/corpus and the tests of this file");
        }
    };
}

folders! {
    connections "connections";
    schema "schema";
    items "items";
    groups "groups";
    operations "operations";
    search "search";
    identity "identity";
    protocol "protocol";
    batch "batch";
    clients "clients";
}

#[tokio::test]
async fn clients_of_the_built_binary() {
    play_folder(Target::binary(), "clients").await;
}

#[test]
fn expected_failures_name_transcripts() {
    let corpus = Corpus::load();
    for name in corpus.expected_failures.keys() {
        assert!(
            corpus.transcripts.contains_key(name),
            "expected-failures.yaml names {name}, which is not in the corpus"
        );
    }
}

#[test]
fn every_operation_has_a_transcript() {
    let missing = coverage::missing(&Corpus::load());
    assert!(
        missing.is_empty(),
        "operations that no transcript of conformance/corpus calls with the answer that its row promises: {missing:?}"
    );
}

/// `cargo xtask generate` sets the variable.
#[test]
fn the_page_of_compatibility_is_fresh() {
    let file = corpus::root().join("../docs/compatibility.md");
    let page = page::written(&Corpus::load());
    if std::env::var_os("LINKSPAN_GENERATE").is_some() {
        std::fs::write(&file, page).expect("docs/compatibility.md can be written");
        return;
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        kept == page,
        "docs/compatibility.md is not what the table and the corpus say: run `cargo xtask generate`"
    );
}

#[tokio::test]
async fn the_cases_of_the_query_language() {
    kql::all(&Target::open()).await;
}
