//! What an index must promise: every engine's tests call these functions, each with a new index.
//!
//! [`every_criteria`] says by example what the criteria of a plan mean; [`random_criteria`] says it once more for any documents, against a plain and slow
//! reading of the same; [`non_interference`] is the promise that matters most: what one may not see changes nothing of what one is told.
#![expect(clippy::unwrap_used, reason = "tests")]

mod criteria;
mod oracle;
mod random;
mod scene;

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};

use graph::{ConnectionKey, ContentType};
use uuid::Uuid;

use self::scene::{
    HERE, Scene, THERE, all, check, content, document, everyone, grant, item_change, page, plan,
    upsert, words, write,
};
pub use self::{
    criteria::every_criteria,
    random::{non_interference, pages_add_up, random_criteria, short_texts_among_long_ones},
};
use crate::{
    index::{Index, IndexError},
    kept::{AclId, Text},
    search::plan::Criteria,
};

const BOTH: [ConnectionKey; 2] = [HERE, THERE];

/// A batch is searchable when `apply` returns; it replaces and removes by number; repeating it changes nothing.
pub async fn applies(index: Arc<dyn Index>) {
    let mut scene = Scene::new();
    let acl = scene.acl(HERE, &[everyone()]);
    scene.show(1..=4, acl);
    let lens = scene.lens("alice", &BOTH);
    check(&index, Criteria::All, &lens, &[]).await;

    let batch = vec![
        upsert(1, 1, Some(content("red sky"))),
        upsert(2, 1, Some(content("red sea"))),
        // Nothing to remove yet.
        upsert(3, 1, None),
    ];
    for _ in 0..2 {
        index.apply(batch.clone()).await.unwrap();
        check(&index, words("red"), &lens, &[1, 2]).await;
        check(&index, words("sky"), &lens, &[1]).await;
        check(&index, Criteria::All, &lens, &[1, 2]).await;
    }

    // The last change of a number in a batch wins.
    let batch = vec![
        upsert(1, 1, Some(content("green"))),
        upsert(1, 1, Some(content("blue sky"))),
        upsert(4, 1, Some(content("red"))),
        upsert(4, 1, None),
        upsert(2, 1, None),
        upsert(2, 1, Some(content("red again"))),
    ];
    for _ in 0..2 {
        index.apply(batch.clone()).await.unwrap();
        check(&index, words("red"), &lens, &[2]).await;
        check(&index, words("green"), &lens, &[]).await;
        check(&index, words("sky"), &lens, &[1]).await;
        check(&index, Criteria::All, &lens, &[1, 2]).await;
    }

    index.apply(vec![upsert(1, 1, None)]).await.unwrap();
    index.apply(Vec::new()).await.unwrap();
    check(&index, Criteria::All, &lens, &[2]).await;
}

/// HTML content is text without its markup.
pub async fn reads_html(index: Arc<dyn Index>) {
    let mut scene = Scene::new();
    let acl = scene.acl(HERE, &[everyone()]);
    scene.show(1..=1, acl);
    let lens = scene.lens("alice", &BOTH);
    let mut document =
        content("<p class=skipped>Dark<b>er</b> caf&eacute;<script>alert</script></p><p>sky</p>");
    document.item.content.as_mut().unwrap().kind = ContentType::Html;
    write(&index, [(1, document)]).await;
    for found in ["darker", "cafe", "sky"] {
        check(&index, words(found), &lens, &[1]).await;
    }
    for lost in [
        "skipped", "alert", "dark", "eacute", "p", "class", "cafesky",
    ] {
        check(&index, words(lost), &lens, &[]).await;
    }
}

/// A new index is nobody's; `reset` forgets everything and keeps the stamp through later writes.
pub async fn stamps(index: Arc<dyn Index>) {
    let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let mut scene = Scene::new();
    let acl = scene.acl(HERE, &[everyone()]);
    scene.show(1..=2, acl);
    let lens = scene.lens("alice", &BOTH);
    assert_eq!(index.stamp().await.unwrap(), None);
    write(&index, [(1, content("red"))]).await;
    assert_eq!(index.stamp().await.unwrap(), None);
    index.reset(one).await.unwrap();
    assert_eq!(index.stamp().await.unwrap(), Some(one));
    check(&index, Criteria::All, &lens, &[]).await;
    write(&index, [(1, content("red")), (2, content("red"))]).await;
    assert_eq!(index.stamp().await.unwrap(), Some(one));
    check(&index, words("red"), &lens, &[1, 2]).await;
    index.reset(two).await.unwrap();
    assert_eq!(index.stamp().await.unwrap(), Some(two));
    check(&index, words("red"), &lens, &[]).await;
    write(&index, [(2, content("red"))]).await;
    check(&index, words("red"), &lens, &[2]).await;
}

/// A search past its deadline, or of a caller that is gone, is not answered.
pub async fn deadlines(index: Arc<dyn Index>) {
    let mut scene = Scene::new();
    let acl = scene.acl(HERE, &[everyone()]);
    scene.show(1..=3000, acl);
    let lens = scene.lens("alice", &BOTH);
    write(
        &index,
        (1..=3000).map(|n| (n, content(&format!("red a{n} sky")))),
    )
    .await;
    let queries = [
        Criteria::All,
        words("red"),
        words("red sky"),
        words("a*"),
        scene::phrase("red a*"),
        Criteria::Or(vec![words("red"), words("sky")]),
    ];
    for criteria in queries {
        for size in [0, 10] {
            let unavailable = |result: Result<_, IndexError>| {
                assert!(
                    matches!(result, Err(IndexError::Unavailable(_))),
                    "{criteria:?}"
                );
            };
            let mut late = plan(criteria.clone(), lens.clone(), 0, size);
            late.deadline = Instant::now() - Duration::from_millis(1);
            unavailable(index.search(late).await);

            let gone = plan(criteria.clone(), lens.clone(), 0, size);
            gone.cancel.cancel();
            unavailable(index.search(gone).await);

            let wanted = plan(criteria.clone(), lens.clone(), 0, size);
            assert_eq!(index.search(wanted).await.unwrap().total, 3000);
        }
    }
}

/// Equal scores are ordered by number, and pages of any size add up to the whole, wherever the items are stored.
pub async fn pages_never_repeat(index: Arc<dyn Index>) {
    let mut scene = Scene::new();
    let acl = scene.acl(HERE, &[everyone()]);
    scene.show(1..=1000, acl);
    let lens = scene.lens("alice", &BOTH);
    // Not in their order, and in several batches. What nobody sees makes some words rarer than others, here more and there less.
    let numbers: Vec<u64> = (0..1000).map(|n| n * 7 % 1000 + 1).collect();
    let told = "one two two three three three four four four four";
    for (batch, numbers) in numbers.chunks(300).enumerate() {
        let title = [("title", scene::text("one two"))];
        let equal = numbers
            .iter()
            .map(|n| (*n, document(HERE, &title, Some(told))));
        let unseen = (0..60).map(|n| {
            let word = ["one", "two", "three", "four"][(n % 9 % 4 + batch) % 4];
            (2000 + 100 * batch as u64 + n as u64, content(word))
        });
        write(&index, equal.chain(unseen)).await;
    }
    let expect: Vec<u64> = (1..=1000).collect();
    let queries = [
        Criteria::All,
        words("one"),
        words("one two three four"),
        Criteria::Or(vec![
            words("one"),
            words("three"),
            words("four"),
            words("none"),
        ]),
        scene::phrase("three four"),
        words("thr*"),
        scene::not(words("none")),
    ];
    for criteria in queries {
        for size in [1000, 170, 25] {
            let mut seen = Vec::new();
            for from in (0..1000).step_by(size as usize) {
                let hits = page(&index, &criteria, &lens, from, size).await;
                assert_eq!(hits.total, 1000, "{criteria:?}");
                seen.extend(hits.hits.iter().map(|hit| hit.ordinal.0));
            }
            assert_eq!(seen, expect, "{criteria:?}, pages of {size}");
        }
        assert_eq!(page(&index, &criteria, &lens, 1000, 10).await.hits, []);
    }
}

/// Hits and totals count what the lens admits, exactly: by ACL, by connection, and not at all for who sees nothing.
pub async fn trims(index: Arc<dyn Index>) {
    let mut scene = Scene::new();
    let of_alice = scene.acl(HERE, &[grant("alice")]);
    let of_others = scene.acl(HERE, &[grant("bob"), grant("carol")]);
    let of_all = scene.acl(THERE, &[everyone()]);
    let of_nobody = scene.acl(HERE, &[]);
    let acl = |n: u64| match n % 10 {
        0 => of_alice,
        1..4 => of_others,
        4..6 => of_nobody,
        _ => of_all,
    };
    let numbers = 1..=1500_u64;
    for n in numbers.clone() {
        scene.show([n], acl(n));
    }
    let at = |n| if acl(n) == of_all { THERE } else { HERE };
    for batch in numbers.clone().collect::<Vec<_>>().chunks(400) {
        write(
            &index,
            batch
                .iter()
                .map(|n| (*n, document(at(*n), &[], Some("red sky")))),
        )
        .await;
    }
    let seen = |user: &str, scope: &[ConnectionKey]| -> Vec<u64> {
        let may = |n: &u64| {
            scope.contains(&at(*n))
                && (acl(*n) == of_all
                    || acl(*n) == of_alice && user == "alice"
                    || acl(*n) == of_others && user != "alice")
        };
        numbers.clone().filter(may).collect()
    };
    for user in ["alice", "bob", "carol"] {
        for scope in [&BOTH[..], &[HERE], &[THERE], &[], &[ConnectionKey(99)]] {
            let lens = scene.lens(user, scope);
            let expect = seen(user, scope);
            for criteria in [words("red"), words("red sky"), Criteria::All, words("sk*")] {
                check(&index, criteria.clone(), &lens, &expect).await;
                let total = expect.len() as u64;
                assert_eq!(page(&index, &criteria, &lens, 0, 0).await.total, total);
                let hits = page(&index, &criteria, &lens, 20, 10).await;
                assert_eq!(hits.total, total, "{criteria:?}");
                let ordinals: Vec<_> = hits.hits.iter().map(|hit| hit.ordinal.0).collect();
                let third: Vec<_> = expect.iter().copied().skip(20).take(10).collect();
                assert_eq!(ordinals, third, "{criteria:?}");
            }
        }
    }
}

/// A copy of old words is for those who may read both what it was and what it is; an ACL alone takes effect without the index.
pub async fn old_words_stay_with_their_readers(index: Arc<dyn Index>) {
    let mut scene = Scene::new();
    let before = scene.acl(HERE, &[grant("alice"), grant("carol")]);
    let after = scene.acl(HERE, &[grant("bob"), grant("carol")]);
    let audience = async |scene: &Scene, query: &str| {
        let mut readers = BTreeSet::new();
        for user in scene::USERS {
            if !all(&index, &words(query), &scene.lens(user, &BOTH))
                .await
                .is_empty()
            {
                readers.insert(user);
            }
        }
        readers
    };
    scene.publish(vec![item_change(1, 1, before, None)]);
    index
        .apply(vec![upsert(1, 1, Some(content("old words")))])
        .await
        .unwrap();
    assert_eq!(
        audience(&scene, "old").await,
        BTreeSet::from(["alice", "carol"])
    );

    // The ACL alone: the live one decides.
    scene.publish(vec![item_change(1, 1, after, None)]);
    assert_eq!(
        audience(&scene, "old").await,
        BTreeSet::from(["bob", "carol"])
    );
    scene.publish(vec![item_change(1, 1, before, None)]);

    // New words under another ACL: the index still holds the old ones.
    scene.publish(vec![item_change(
        1,
        2,
        after,
        Some(vec![(Text(1), before)]),
    )]);
    assert_eq!(audience(&scene, "old").await, BTreeSet::from(["carol"]));
    assert_eq!(audience(&scene, "new").await, BTreeSet::new());

    index
        .apply(vec![upsert(1, 2, Some(content("new words")))])
        .await
        .unwrap();
    assert_eq!(
        audience(&scene, "new").await,
        BTreeSet::from(["bob", "carol"])
    );
    assert_eq!(audience(&scene, "old").await, BTreeSet::new());

    // A copy that nobody remembers, or that is ahead of the picture, is nobody's.
    scene.publish(vec![item_change(1, 3, after, Some(Vec::new()))]);
    assert_eq!(audience(&scene, "words").await, BTreeSet::new());
    index
        .apply(vec![upsert(1, 4, Some(content("newest words")))])
        .await
        .unwrap();
    assert_eq!(audience(&scene, "words").await, BTreeSet::new());
    scene.publish(vec![item_change(1, 4, after, Some(Vec::new()))]);
    assert_eq!(
        audience(&scene, "words").await,
        BTreeSet::from(["bob", "carol"])
    );

    // Deleted: the door closes before the index knows.
    scene.publish(vec![item_change(1, 4, AclId::NOBODY, None)]);
    assert_eq!(audience(&scene, "words").await, BTreeSet::new());
}
