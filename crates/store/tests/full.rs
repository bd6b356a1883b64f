//! A full disk: writes are refused, reads go on, and when there is space again writes go on as well.

#![cfg(target_os = "linux")]

mod nouns;

use std::{
    env,
    path::Path,
    process::{self, Command},
};

use graph::ItemId;
use tenant::{
    kept::{Expected, SchemaVersion},
    store::StoreError,
    visibility::Visibility,
};

use self::nouns::{item, ready, sees};

const DIRECTORY: &str = "LINKSPAN_FULL_DIRECTORY";

/// The process for which the disk is full: no file of its may grow beyond 4 MiB. It does nothing unless it is started by the test below.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "started by a_full_disk_is_survived"]
#[expect(
    clippy::disallowed_methods,
    reason = "this is how the test hands the directory to its process"
)]
async fn child() {
    let Ok(directory) = env::var(DIRECTORY) else {
        return;
    };
    let visibility = Visibility::new();
    let store = store::open(Path::new(&directory), visibility.clone()).unwrap();
    let at = ready(&*store, "tickets").await.unwrap().key;
    let title = "x".repeat(100_000);
    let put = async |n: u64| {
        // Every item has an ACL of its own, so that a number that was given out in vain and once more would be noticed.
        let item = item(&format!("T-{n}"), &title, &format!("u{n}"));
        store
            .put_item(at, &item, SchemaVersion(1), Expected::Absent)
            .await
    };
    let mut written = Vec::new();
    let error = loop {
        match put(written.len() as u64).await {
            Ok(item) => written.push(item),
            Err(error) => break error,
        }
        assert!(written.len() < 1000, "the disk is never full");
    };
    assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
    assert!(written.len() > 5);
    for n in 0..written.len() {
        let id = ItemId::kept(format!("T-{n}"));
        assert!(store.item(at, &id).await.unwrap().is_some());
    }
    // The log may have been moved into the file meanwhile, which makes room for another one.
    for _ in 0..3 {
        written.extend(put(written.len() as u64).await);
    }

    let freed = Command::new("prlimit")
        .args(["--pid", &process::id().to_string(), "--fsize=unlimited:"])
        .status();
    assert!(freed.unwrap().success());
    for _ in 0..50 {
        written.push(put(written.len() as u64).await.unwrap());
    }
    let count = written.len() as u64;
    assert_eq!(store.count_items(at).await.unwrap(), count);
    drop(store);
    let again = Visibility::new();
    let store = store::open(Path::new(&directory), again.clone()).unwrap();
    assert_eq!(store.count_items(at).await.unwrap(), count);
    for (n, item) in written.into_iter().enumerate() {
        for picture in [&visibility, &again] {
            assert!(sees(picture, at, &format!("u{n}"), item.ordinal), "{n}");
            assert!(
                !sees(picture, at, &format!("u{}", n + 1), item.ordinal),
                "{n}"
            );
        }
    }
    println!("written {count}");
}

#[test]
fn a_full_disk_is_survived() {
    let directory = tempfile::tempdir().unwrap();
    let child = Command::new("sh")
        // Blocks of 512 bytes. The signal is ignored, so that writing beyond the limit is an error like any other.
        .args(["-c", "trap '' XFSZ; ulimit -S -f 8192; exec \"$0\" \"$@\""])
        .arg(env::current_exe().unwrap())
        .args(["--exact", "child", "--ignored", "--nocapture"])
        .env(DIRECTORY, directory.path())
        .output()
        .unwrap();
    let out = String::from_utf8_lossy(&child.stdout);
    let err = String::from_utf8_lossy(&child.stderr);
    assert!(child.status.success(), "{out}\n{err}");
    assert!(out.contains("written "), "{out}\n{err}");
}
