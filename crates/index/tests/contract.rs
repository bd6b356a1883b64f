//! The embedded engine keeps what the port promises.

use std::{fs, sync::Arc};

use tenant::{contract::index as contract, index::Index};
use uuid::Uuid;

/// Runs a promise on new indexes in directories of their own.
macro_rules! promises {
    ($($name:ident($($index:ident),+);)+) => {$(
        #[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            let directory = tempfile::tempdir().unwrap();
            contract::$name(
                $(index::open(&directory.path().join(stringify!($index))).unwrap()),+
            )
            .await;
        }
    )+};
}

promises! {
    applies(one);
    reads_html(one);
    stamps(one);
    deadlines(one);
    every_criteria(one);
    random_criteria(one);
    pages_never_repeat(one);
    pages_add_up(one);
    short_texts_among_long_ones(one);
    trims(one);
    old_words_stay_with_their_readers(one);
    non_interference(one, two);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_is_still_there_when_opened_again() {
    let directory = tempfile::tempdir().unwrap();
    let store = Uuid::from_u128(7);
    let index = index::open(directory.path()).unwrap();
    index.reset(store).await.unwrap();
    drop(index);
    for _ in 0..2 {
        let index = index::open(directory.path()).unwrap();
        assert_eq!(index.stamp().await.unwrap(), Some(store));
        // The same promise on an index that was closed and opened.
        contract::applies(Arc::clone(&index)).await;
        index.reset(store).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_begun_anew() {
    let spoil: [fn(&std::path::Path); 4] = [
        |directory| fs::write(directory.join("meta.json"), "{").unwrap(),
        |directory| fs::write(directory.join(".managed.json"), "none").unwrap(),
        |directory| {
            let meta = fs::read_to_string(directory.join("meta.json")).unwrap();
            let other = meta.replace("\\\"layout\\\":", "\\\"layout\\\":9");
            assert_ne!(meta, other);
            fs::write(directory.join("meta.json"), other).unwrap();
        },
        |directory| {
            for entry in fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                if path
                    .extension()
                    .is_some_and(|extension| extension == "idx" || extension == "term")
                {
                    fs::write(path, "short").unwrap();
                }
            }
        },
    ];
    for (case, spoil) in spoil.into_iter().enumerate() {
        let directory = tempfile::tempdir().unwrap();
        let index = index::open(directory.path()).unwrap();
        contract::stamps(Arc::clone(&index)).await;
        assert!(index.stamp().await.unwrap().is_some());
        drop(index);
        spoil(directory.path());
        let index: Arc<dyn Index> = index::open(directory.path()).unwrap();
        assert_eq!(index.stamp().await.unwrap(), None, "case {case}");
        contract::stamps(index).await;
    }
}
