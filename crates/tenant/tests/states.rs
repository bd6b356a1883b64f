//! What a connection's state, and what is at its limit, opens and closes.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod world;

use graph::{
    ConnectionPatch, ConnectionState, ErrorCode, GroupDraft, GroupPatch, Identity, IdentityType,
    ItemDraft, ItemId, PublicError, Scope, activity,
};
use serde_json::{Value, json};
use tenant::{Caller, Error, Profile, activities, connections, groups, items, limit, schema};
use world::{World, app, titles};

fn printer() -> Value {
    json!({ "acl": [{ "type": "everyone", "value": "everyone", "accessType": "grant" }],
        "properties": { "title": "Printer" } })
}

fn refused<T>(outcome: Result<T, Error>) -> PublicError {
    match outcome {
        Err(Error::Refused(refusal)) => *refusal,
        Err(Error::Failed(failure)) => panic!("{failure:?}"),
        Ok(_) => panic!("it was not refused"),
    }
}

/// The quota asks for the permission of the one that owns the connection.
fn owner() -> Caller {
    Caller {
        permissions: vec![Scope::ExternalConnectionReadWriteOwnedBy],
        ..app()
    }
}

impl World {
    async fn state(&self, id: &str) -> ConnectionState {
        let kept = connections::get_connection(&self.tenant, &app(), id).await;
        kept.unwrap().connection.state
    }

    async fn quota(&self, id: &str) -> u64 {
        limit::get_quota(&self.tenant, &owner(), id).await.unwrap()
    }

    async fn try_new(&self, connection: &str, id: &str) -> Result<(), Error> {
        self.try_put(connection, id, printer()).await
    }

    async fn delete(&self, connection: &str, id: &str) {
        items::delete_item(&self.tenant, &app(), connection, id)
            .await
            .unwrap();
    }
}

/// 200 and the like as `ok`, a refusal as its status.
fn told<T>(outcome: Result<T, Error>) -> String {
    match outcome {
        Ok(_) => "ok".to_owned(),
        Err(Error::Refused(refusal)) => refusal.status.to_string(),
        Err(Error::Failed(failure)) => panic!("{failure:?}"),
    }
}

/// A door's name and what it said.
type Told = (&'static str, String);

fn alice() -> Identity {
    Identity {
        id: "0a1b2c3d-0000-4000-8000-00000000000a".to_owned(),
        kind: IdentityType::User,
    }
}

/// The doors to the groups of a connection that has the group `staff`.
async fn group_doors(world: &World) -> Vec<Told> {
    let (tenant, app, c) = (&world.tenant, &app(), "tickets");
    let new = GroupDraft::read(&json!({ "id": "new" })).unwrap();
    let names = GroupPatch::read("staff", &json!({ "displayName": "Staff" })).unwrap();
    let id = alice().id;
    let read = groups::get_group(tenant, app, c, "staff").await;
    let created = groups::create_group(tenant, app, c, new).await;
    let updated = groups::update_group(tenant, app, c, "staff", names).await;
    let added = groups::add_member(tenant, app, c, "staff", alice()).await;
    let removed = groups::remove_member(tenant, app, c, "staff", &id).await;
    let deleted = groups::delete_group(tenant, app, c, "staff").await;
    vec![
        ("get group", told(read)),
        ("create group", told(created)),
        ("update group", told(updated)),
        ("add member", told(added)),
        ("remove member", told(removed)),
        ("delete group", told(deleted)),
    ]
}

/// The doors to the items of a connection that holds the item `T-1`.
async fn item_doors(world: &World) -> Vec<Told> {
    let (tenant, app, c) = (&world.tenant, &app(), "tickets");
    let id = ItemId::admit("T-1").unwrap();
    let change = ItemDraft::read(&id, &json!({ "properties": { "title": "Scanner" } })).unwrap();
    let seen = json!({ "activities": [{ "type": "viewed", "startDateTime": "2026-01-01T00:00:00Z",
        "performedBy": { "type": "user", "id": alice().id } }] });
    let seen = activity::read(&seen).unwrap();
    let read = items::get_item(tenant, app, c, "T-1").await;
    let created = world.try_new(c, "T-2").await;
    let replaced = world.try_new(c, "T-1").await;
    let updated = items::update_item(tenant, app, c, id, change).await;
    let added = activities::add_activities(tenant, app, c, "T-1", seen).await;
    vec![
        ("get item", told(read)),
        ("create item", told(created)),
        ("replace item", told(replaced)),
        ("update item", told(updated)),
        ("add activities", told(added)),
    ]
}

/// The doors to a connection itself, and those that leave nothing.
async fn connection_doors(world: &World) -> Vec<Told> {
    let (tenant, app, c) = (&world.tenant, &app(), "tickets");
    let patch = ConnectionPatch::read("parts", &json!({ "name": "New" })).unwrap();
    let read = connections::get_connection(tenant, app, c).await;
    let updated = connections::update_connection(tenant, app, c, patch).await;
    let schema = schema::get_schema(tenant, app, c).await;
    let quota = limit::get_quota(tenant, &owner(), c).await;
    let registered = world.register(c, "again", &titles()).await;
    let item = items::delete_item(tenant, app, c, "T-1").await;
    let deleted = connections::delete_connection(tenant, app, c).await;
    vec![
        ("get connection", told(read)),
        ("update connection", told(updated)),
        ("get schema", told(schema)),
        ("get quota", told(quota)),
        ("register schema", told(registered)),
        ("delete item", told(item)),
        ("delete connection", told(deleted)),
    ]
}

/// The table of `contract/external.md` §13.1, and what it leaves open.
#[tokio::test]
async fn every_state_opens_its_doors() {
    const READS: [&str; 5] = [
        "get connection",
        "get schema",
        "get quota",
        "get item",
        "get group",
    ];
    let one_item = Profile {
        items_per_connection_max: 1,
        ..Profile::INSTANT
    };
    for state in [
        ConnectionState::Draft,
        ConnectionState::Ready,
        ConnectionState::Obsolete,
        ConnectionState::LimitExceeded,
    ] {
        let world = match state {
            ConnectionState::LimitExceeded => World::living(one_item.clone()).await,
            _ => World::new().await,
        };
        world.create("tickets").await.unwrap();
        world.group("tickets", "staff", &[]).await;
        if state != ConnectionState::Draft {
            world.register("tickets", "first", &titles()).await.unwrap();
            world.try_new("tickets", "T-1").await.unwrap();
        }
        if state == ConnectionState::Obsolete {
            connections::retire(&world.tenant, "tickets").await.unwrap();
        }
        if state == ConnectionState::LimitExceeded {
            refused(world.try_new("tickets", "T-2").await);
        }
        assert_eq!(world.state("tickets").await, state);
        let mut doors = group_doors(&world).await;
        doors.extend(item_doors(&world).await);
        doors.extend(connection_doors(&world).await);
        for (door, told) in doors {
            let expect = match (state, door) {
                (ConnectionState::Draft, "create item" | "replace item") => "400",
                (
                    ConnectionState::Draft,
                    "get schema" | "get item" | "update item" | "delete item" | "add activities",
                ) => "404",
                (ConnectionState::Obsolete, "delete connection") => "ok",
                (ConnectionState::Obsolete, door) if !READS.contains(&door) => "400",
                (ConnectionState::LimitExceeded, "create item") => "403",
                (ConnectionState::LimitExceeded, "register schema") => "400",
                _ => "ok",
            };
            assert_eq!(told, expect, "{door} in {state:?}");
        }
    }
}

#[tokio::test]
async fn a_connection_at_its_limit_says_so_until_there_is_room() {
    let world = World::living(Profile {
        items_per_connection_max: 2,
        ..Profile::INSTANT
    })
    .await;
    world.create("tickets").await.unwrap();
    assert_eq!(world.quota("tickets").await, 2);
    world.register("tickets", "first", &titles()).await.unwrap();
    world.directory(&["alice"], &[]).await;
    for (id, left) in [("T-1", 1), ("T-2", 0)] {
        world.try_new("tickets", id).await.unwrap();
        assert_eq!(world.quota("tickets").await, left);
    }
    // Full is not over full.
    assert_eq!(world.state("tickets").await, ConnectionState::Ready);
    let full = refused(world.try_new("tickets", "T-3").await);
    assert_eq!(
        (full.status, full.code),
        (403, ErrorCode::QuotaLimitReached)
    );
    assert_eq!(world.state("tickets").await, ConnectionState::LimitExceeded);
    world.try_new("tickets", "T-2").await.unwrap();
    assert_eq!(world.state("tickets").await, ConnectionState::LimitExceeded);
    world.settle().await;
    assert_eq!(world.find("alice", "tickets", "printer").await.total, 2);

    let world = world.again().await;
    assert_eq!(world.state("tickets").await, ConnectionState::LimitExceeded);
    world.delete("tickets", "T-1").await;
    assert_eq!(world.state("tickets").await, ConnectionState::Ready);
    assert_eq!(world.quota("tickets").await, 1);
    world.try_new("tickets", "T-3").await.unwrap();
    assert_eq!(refused(world.try_new("tickets", "T-4").await).status, 403);
}

#[tokio::test]
async fn the_tenants_limit_counts_for_all_its_connections() {
    let world = World::living(Profile {
        items_per_tenant_max: 2,
        connections_max: 2,
        ..Profile::INSTANT
    })
    .await;
    for connection in ["tickets", "parts"] {
        world.connection(connection, titles()).await;
        world.try_new(connection, "a").await.unwrap();
    }
    let third = refused(world.create("third").await);
    assert_eq!(
        (third.status, third.code),
        (403, ErrorCode::QuotaLimitReached)
    );
    // A taken id is a taken id.
    assert_eq!(refused(world.create("PARTS").await).status, 409);
    for connection in ["tickets", "parts"] {
        assert_eq!(refused(world.try_new(connection, "b").await).status, 403);
        assert_eq!(
            world.state(connection).await,
            ConnectionState::LimitExceeded
        );
    }
    connections::delete_connection(&world.tenant, &app(), "parts")
        .await
        .unwrap();
    assert_eq!(world.state("tickets").await, ConnectionState::Ready);
    assert_eq!(world.quota("tickets").await, 1);
    world.create("third").await.unwrap();
}

#[tokio::test]
async fn groups_and_members_have_limits() {
    let world = World::living(Profile {
        groups_max: 1,
        group_members_max: 1,
        ..Profile::INSTANT
    })
    .await;
    world.connection("tickets", titles()).await;
    let member = |id: &str| Identity {
        id: id.to_owned(),
        kind: IdentityType::User,
    };
    world.group("tickets", "staff", &[member("a")]).await;
    let draft = GroupDraft::read(&json!({ "id": "more" })).unwrap();
    let group = groups::create_group(&world.tenant, &app(), "tickets", draft).await;
    let added = groups::add_member(&world.tenant, &app(), "tickets", "staff", member("b")).await;
    for full in [refused(group), refused(added)] {
        assert_eq!(
            (full.status, full.code),
            (403, ErrorCode::QuotaLimitReached)
        );
    }
}
