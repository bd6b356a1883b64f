//! Old words that the index may still hold answer only to those who could read them last, and only while they may read the item.

#![expect(clippy::unwrap_used, reason = "a suite for tests")]

use std::sync::Arc;

use super::world::{ALICE, BOB, CAROL, World, everyone, only};
use crate::{kept::Text, store::Store, visibility::Visibility};

/// A copy of old words needs both: the last ACL under which they were live, and the live one.
pub async fn old_words_need_both(store: Arc<dyn Store>, visibility: Arc<Visibility>) {
    let world = World::new((store, visibility)).await;
    world.put("T-1", "secret", &only(ALICE)).await;
    world.catch_up().await;
    let second = world.put("T-1", "public", &everyone()).await;
    assert!(world.sees(ALICE, second, Text(1)));
    assert!(!world.sees(BOB, second, Text(1)));
    assert!(world.sees(ALICE, second, Text(2)) && world.sees(BOB, second, Text(2)));
    // Closed to alice, the old words are closed to her as well.
    let third = world.put("T-1", "public", &only(BOB)).await;
    assert!(!world.sees(ALICE, third, Text(1)) && !world.sees(ALICE, third, Text(2)));
    assert!(!world.sees(BOB, third, Text(1)) && world.sees(BOB, third, Text(2)));
}

/// The ACL of old words is the last one under which they were live, not the one they were written with.
pub async fn the_last_acl_counts(store: Arc<dyn Store>, visibility: Arc<Visibility>) {
    let world = World::new((store, visibility)).await;
    world.put("T-1", "draft", &everyone()).await;
    world.put("T-1", "draft", &only(ALICE)).await;
    let third = world.put("T-1", "final", &everyone()).await;
    assert_eq!(third.text, Text(3));
    assert!(world.sees(ALICE, third, Text(1)));
    assert!(!world.sees(BOB, third, Text(1)));
    assert!(world.sees(BOB, third, Text(3)));
    // Words that never were, and words still to come, are nobody's.
    assert!(!world.sees(ALICE, third, Text(2)) && !world.sees(ALICE, third, Text(4)));
}

/// The last four are remembered; older ones are nobody's.
pub async fn four_are_remembered(store: Arc<dyn Store>, visibility: Arc<Visibility>) {
    let world = World::new((store, visibility)).await;
    let mut last = world.put("T-1", "1", &everyone()).await;
    for title in ["2", "3", "4", "5", "6", "7"] {
        last = world.put("T-1", title, &everyone()).await;
    }
    let seen: Vec<u32> = (0..10)
        .filter(|text| world.sees(ALICE, last, Text(*text)))
        .collect();
    assert_eq!(seen, [3, 4, 5, 6, 7]);
}

/// When the index has caught up, old words are nobody's.
pub async fn forgotten_when_done(store: Arc<dyn Store>, visibility: Arc<Visibility>) {
    let world = World::new((store, visibility)).await;
    world.put("T-1", "1", &everyone()).await;
    let second = world.put("T-1", "2", &everyone()).await;
    assert!(world.sees(ALICE, second, Text(1)));
    world.catch_up().await;
    assert!(!world.sees(ALICE, second, Text(1)));
    assert!(world.sees(ALICE, second, Text(2)));
}

/// When the index has taken over words that are old already, older ones are forgotten and these are kept.
pub async fn kept_from_the_claimed_words_on(store: Arc<dyn Store>, visibility: Arc<Visibility>) {
    let world = World::new((store, visibility)).await;
    world.put("T-1", "1", &everyone()).await;
    world.put("T-1", "2", &only(CAROL)).await;
    let claim = world.store.claim_dirty(10, 1000).await.unwrap();
    world.put("T-1", "3", &everyone()).await;
    let last = world.put("T-1", "4", &everyone()).await;
    world.store.done(&claim).await.unwrap();
    let seen = |user| {
        (0..6)
            .filter(|text| world.sees(user, last, Text(*text)))
            .collect::<Vec<u32>>()
    };
    assert_eq!(seen(CAROL), [2, 3, 4]);
    assert_eq!(seen(BOB), [3, 4]);
    assert_eq!(world.lines().await, [(last.ordinal.0, 4, false)]);
}

/// Deletion forgets the old words with the item.
pub async fn forgotten_with_the_item(store: Arc<dyn Store>, visibility: Arc<Visibility>) {
    let world = World::new((store, visibility)).await;
    world.put("T-1", "1", &everyone()).await;
    let second = world.put("T-1", "2", &everyone()).await;
    world.delete("T-1").await;
    assert!((0..5).all(|text| !world.sees(ALICE, second, Text(text))));
}
