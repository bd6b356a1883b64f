//! Surveys: what is counted, what is sampled, and where both end.

#![expect(clippy::unwrap_used, reason = "a suite for tests")]

use std::sync::Arc;

use graph::{
    AclType, ContentType, ExternalItem, ExternalItemContent, GroupId, Identity, IdentityType,
    ItemId,
};

use super::world::{ALICE, BOB, NOW, World, everyone, grant, group, item, only};
use crate::{
    kept::Expected,
    store::Store,
    survey::{Bounds, SharedAcl, Survey, TEXT_BYTES_MAX},
    visibility::Visibility,
};

impl World {
    async fn survey(&self, bounds: Bounds) -> Survey {
        let properties = ["TITLE".to_owned(), "none".to_owned()];
        let survey = self.store.survey(self.at, &properties, bounds).await;
        survey.unwrap()
    }

    async fn put_whole(&self, item: &ExternalItem) {
        let put = (self.store).put_item(self.at, item, self.admitted, Expected::Absent);
        put.await.unwrap();
    }
}

/// All items are counted by their ACLs, and told with the texts that were asked for.
pub async fn items_are_counted_and_told(store: Arc<dyn Store>, visibility: Arc<Visibility>) {
    let world = World::new((store, visibility)).await;
    let elsewhere = World::named(world.opened(), "parts").await;
    elsewhere.put("x", "Elsewhere", &only(BOB)).await;
    let empty = world.survey(Bounds::USUAL).await;
    assert!(empty.acls_are_all && empty.groups_are_all && empty.memberships_are_all);
    assert_eq!((empty.items, empty.sample.len()), (0, 0));

    world.put("a", "Printer", &everyone()).await;
    let mut long = item("b", &"ä".repeat(TEXT_BYTES_MAX), &only(ALICE));
    long.content = Some(ExternalItemContent {
        kind: ContentType::Text,
        value: Some("Toner".to_owned()),
    });
    world.put_whole(&long).await;
    let mut blank = item("c", "", &only(&ALICE.to_ascii_uppercase()));
    blank.properties.clear();
    blank.content = Some(ExternalItemContent {
        kind: ContentType::Html,
        value: Some(" \n".to_owned()),
    });
    world.put_whole(&blank).await;
    let activity = [r#"{"type":"viewed"}"#.to_owned(), "{}".to_owned()];
    let id = ItemId::kept("c");
    let added = (world.store).add_activities(world.at, &id, &activity, NOW);
    assert!(added.await.unwrap());

    let found = world.survey(Bounds::USUAL).await;
    assert_eq!(
        (found.items, found.counted, found.with_activities),
        (3, 3, 1)
    );
    let shared = |acl, items| SharedAcl { acl, items };
    let everyone = vec![grant(AclType::Everyone, "")];
    assert_eq!(found.acls, [shared(only(ALICE), 2), shared(everyone, 1)]);
    let told: Vec<_> = (found.sample.iter())
        .map(|it| {
            (
                it.id.as_str(),
                it.has_content,
                it.texts[0].as_ref().map(String::len),
            )
        })
        .collect();
    let expect = [
        ("a", false, Some(7)),
        ("b", true, Some(TEXT_BYTES_MAX)),
        ("c", false, None),
    ];
    assert_eq!(told, expect);
    assert!(found.sample.iter().all(|it| it.texts[1].is_none()));

    world.store.delete_connection(world.at).await.unwrap();
    assert_eq!(world.survey(Bounds::USUAL).await, Survey::default());
}

/// Groups and their direct members are told, and only this connection's.
pub async fn groups_are_told(store: Arc<dyn Store>, visibility: Arc<Visibility>) {
    let world = World::new((store, visibility)).await;
    let elsewhere = World::named(world.opened(), "parts").await;
    let member = |kind, id: &str| Identity {
        id: id.to_owned(),
        kind,
    };
    let (user, external) = (
        member(IdentityType::User, ALICE),
        member(IdentityType::ExternalGroup, "Ghost"),
    );
    for (at, id) in [(world.at, "b"), (world.at, "a"), (elsewhere.at, "c")] {
        world.store.create_group(at, &group(id)).await.unwrap();
    }
    for it in [&external, &user] {
        let a = GroupId::kept("a");
        world.store.add_member(world.at, &a, it).await.unwrap();
    }
    let found = world.survey(Bounds::USUAL).await;
    assert_eq!(found.groups, [GroupId::kept("a"), GroupId::kept("b")]);
    let expect = [user, external].map(|it| (GroupId::kept("a"), it));
    assert_eq!(found.memberships, expect);

    let narrow = Bounds {
        groups: 1,
        memberships: 1,
        ..Bounds::USUAL
    };
    let found = world.survey(narrow).await;
    assert_eq!((found.groups.len(), found.memberships.len()), (1, 1));
    assert!(!found.groups_are_all && !found.memberships_are_all);
}

/// A survey ends at its bounds, says so, and takes its sample from everywhere.
pub async fn surveys_are_bounded(store: Arc<dyn Store>, visibility: Arc<Visibility>) {
    let world = World::new((store, visibility)).await;
    for n in 0..10 {
        let user = format!("user{n}");
        world.put(&format!("T-{n}"), "Printer", &only(&user)).await;
    }
    let narrow = Bounds {
        counted: 8,
        sampled: 4,
        acls: 3,
        ..Bounds::USUAL
    };
    let found = world.survey(narrow).await;
    assert_eq!((found.items, found.counted), (10, 8));
    assert_eq!((found.acls.len(), found.acls_are_all), (3, false));
    let ids: Vec<&str> = found.sample.iter().map(|it| it.id.as_str()).collect();
    assert_eq!(ids, ["T-0", "T-2", "T-4", "T-6"]);
    let bytes = Bounds {
        sampled_bytes: 1,
        acl_bytes: 1,
        ..Bounds::USUAL
    };
    let found = world.survey(bytes).await;
    assert!(found.sample.is_empty() && found.acls.is_empty() && !found.acls_are_all);
}
