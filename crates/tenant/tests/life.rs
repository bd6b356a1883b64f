//! What takes its time: registrations and deletions, on a clock that only moves when it is moved.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod world;

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use graph::{ConnectionState, DateTime, ErrorCode, OperationStatus, PublicError};
use serde_json::{Value, json};
use tenant::{
    Error, Profile,
    clock::{Clock, between, later},
    connections, indexer, items, life, operations,
    profile::Span,
    schema, tasks,
};
use tokio::{sync::watch, task::JoinSet, time::timeout};
use world::{World, app, titles};

const SECOND: Duration = Duration::from_secs(1);

/// Registrations and deletions take exactly this long.
fn taking(time: Duration) -> Profile {
    Profile {
        schema_registration: Span::of((time, time)),
        connection_deletion: Span::of((time, time)),
        ..Profile::INSTANT
    }
}

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

impl World {
    async fn state(&self) -> ConnectionState {
        let kept = connections::get_connection(&self.tenant, &app(), "tickets").await;
        kept.unwrap().connection.state
    }

    async fn status(&self, operation: &str) -> OperationStatus {
        let found = operations::get_operation(&self.tenant, &app(), "tickets", operation).await;
        found.unwrap().status
    }

    /// The names of the schema that a GET shows.
    async fn schema(&self) -> Result<Vec<String>, Error> {
        let schema = schema::get_schema(&self.tenant, &app(), "tickets").await?;
        let properties = schema.properties.iter();
        Ok(properties.map(|property| property.name.clone()).collect())
    }

    async fn step(&self) -> Option<DateTime> {
        life::step(&self.tenant).await.unwrap()
    }

    async fn try_printer(&self) -> Result<(), Error> {
        self.try_put("tickets", "T-1", printer()).await
    }
}

fn titles_and_more() -> Value {
    let mut schema = titles();
    let more = json!({ "name": "more", "type": "string", "isRetrievable": true });
    schema["properties"].as_array_mut().unwrap().push(more);
    schema
}

#[tokio::test]
async fn a_registration_takes_its_documented_time() {
    let world = World::living(Profile::GRAPH).await;
    world.connection("tickets", titles()).await;
    assert_eq!(world.state().await, ConnectionState::Draft);
    assert_eq!(world.status("tickets-1").await, OperationStatus::Inprogress);
    assert_eq!(world.schema().await.unwrap(), ["title"]);

    let again = refused(world.register("tickets", "again", &titles()).await);
    assert_eq!(
        (again.status, again.code),
        (409, ErrorCode::NameAlreadyExists)
    );
    assert_eq!(again.message, "The specified resource name already exists.");
    let due = world.step().await.unwrap();
    let left = between(world.clock.now(), due);
    assert!((300..=900).contains(&left.as_secs()), "{left:?}");

    let early = refused(world.try_printer().await);
    assert_eq!(
        (early.status, early.code),
        (503, ErrorCode::ServiceNotAvailable)
    );
    let told = Duration::from_secs(early.retry_after.unwrap().get().into());
    assert!((left..left + SECOND).contains(&told));

    world.clock.set(DateTime(due.0 - 1));
    assert_eq!(world.step().await, Some(due));
    assert_eq!(world.state().await, ConnectionState::Draft);
    world.clock.set(due);
    assert_eq!(world.step().await, None);
    assert_eq!(world.state().await, ConnectionState::Ready);
    assert_eq!(world.status("tickets-1").await, OperationStatus::Completed);
    world.try_printer().await.unwrap();
}

#[tokio::test]
async fn what_is_due_survives_a_stop() {
    let world = World::living(taking(60 * SECOND)).await;
    world.connection("tickets", titles()).await;
    let due = world.step().await;
    let world = world.again().await;
    assert_eq!(world.step().await, due);
    world.clock.advance(60 * SECOND);
    let world = world.again().await;
    assert_eq!(world.step().await, None);
    assert_eq!(world.status("tickets-1").await, OperationStatus::Completed);
    world.try_printer().await.unwrap();

    connections::delete_connection(&world.tenant, &app(), "tickets")
        .await
        .unwrap();
    let world = world.again().await;
    let again = refused(world.create("tickets").await);
    assert_eq!(again.code, ErrorCode::NameAlreadyExists);
    assert_eq!(refused(world.try_printer().await).status, 404);
    world.clock.advance(60 * SECOND);
    let world = world.again().await;
    assert_eq!(world.step().await, None);
    world.create("tickets").await.unwrap();
}

#[tokio::test]
async fn a_change_comes_into_force_later_and_items_go_on_until_then() {
    let mut world = World::new().await;
    world.connection("tickets", titles()).await;
    Arc::get_mut(&mut world.tenant).unwrap().profile = taking(60 * SECOND);
    let wider = titles_and_more();
    world.register("tickets", "second", &wider).await.unwrap();
    assert_eq!(world.schema().await.unwrap(), ["title", "more"]);
    assert_eq!(world.state().await, ConnectionState::Ready);
    world.try_printer().await.unwrap();
    let with_more = json!({ "acl": [{ "type": "everyone", "value": "everyone", "accessType": "grant" }],
        "properties": { "more": "Toner" } });
    let early = world.try_put("tickets", "T-2", with_more.clone()).await;
    assert_eq!(refused(early).code, ErrorCode::InvalidRequest);
    world.clock.advance(60 * SECOND);
    world.step().await;
    world.try_put("tickets", "T-2", with_more).await.unwrap();
}

#[tokio::test]
async fn a_registration_can_fail_and_be_tried_again() {
    // Even where it takes no time.
    for time in [Duration::ZERO, 60 * SECOND] {
        let mut world = World::living(Profile {
            schema_registration_fails: true,
            ..taking(time)
        })
        .await;
        world.connection("tickets", titles()).await;
        world.clock.advance(time);
        world.step().await;
        let failed = operations::get_operation(&world.tenant, &app(), "tickets", "tickets-1").await;
        let failed = failed.unwrap();
        assert_eq!(failed.status, OperationStatus::Failed);
        assert_eq!(
            failed.error.unwrap().message,
            "Server error, something went wrong"
        );
        assert_eq!(world.state().await, ConnectionState::Draft);
        assert_eq!(refused(world.schema().await).status, 404);
        assert_eq!(refused(world.try_printer().await).status, 400);

        Arc::get_mut(&mut world.tenant).unwrap().profile = taking(time);
        world
            .register("tickets", "second", &titles())
            .await
            .unwrap();
        world.clock.advance(time);
        world.step().await;
        assert_eq!(world.status("second").await, OperationStatus::Completed);
        assert_eq!(world.status("tickets-1").await, OperationStatus::Failed);
        world.try_printer().await.unwrap();
    }
}

#[tokio::test]
async fn a_schema_does_not_bring_an_obsolete_connection_back() {
    let world = World::living(taking(60 * SECOND)).await;
    world.connection("tickets", titles()).await;
    connections::retire(&world.tenant, "tickets").await.unwrap();
    world.clock.advance(60 * SECOND);
    world.step().await;
    assert_eq!(world.status("tickets-1").await, OperationStatus::Failed);
    assert_eq!(world.state().await, ConnectionState::Obsolete);
    assert_eq!(refused(world.schema().await).status, 404);
}

/// Some items wait for a registration that ends soon, the one too many is told to come back; the loop wakes when the clock is moved.
#[tokio::test]
async fn items_wait_for_a_registration_that_ends_soon() {
    let world = World::living(taking(SECOND)).await;
    let (stop, stopped) = watch::channel(false);
    let living = life::start(&world.tenant, &stopped);
    world.connection("tickets", titles()).await;
    let mut puts = JoinSet::new();
    for n in 0..65 {
        let tenant = Arc::clone(&world.tenant);
        puts.spawn(async move {
            let id = graph::ItemId::admit(&format!("T-{n}")).unwrap();
            let draft = graph::ItemDraft::read(&id, &printer()).unwrap();
            items::put_item(&tenant, &app(), "tickets", id, draft).await
        });
    }
    let first = puts.join_next().await.unwrap().unwrap();
    assert_eq!(refused(first).retry_after, NonZeroU32::new(1));
    world.clock.advance(SECOND);
    for put in puts.join_all().await {
        put.unwrap();
    }
    stop.send_replace(true);
    assert!(living.ended().await);
}

#[tokio::test]
async fn a_deleted_connection_answers_for_a_while() {
    let mut world = World::new().await;
    world.connection("tickets", titles()).await;
    world.directory(&["alice"], &[]).await;
    world.try_printer().await.unwrap();
    world.settle().await;
    assert_eq!(world.find("alice", "tickets", "printer").await.total, 1);
    Arc::get_mut(&mut world.tenant).unwrap().profile = taking(60 * SECOND);

    let delete = async || connections::delete_connection(&world.tenant, &app(), "tickets").await;
    delete().await.unwrap();
    assert_eq!(world.state().await, ConnectionState::Ready);
    assert_eq!(world.find("alice", "tickets", "printer").await.total, 0);
    let item = items::get_item(&world.tenant, &app(), "tickets", "T-1").await;
    for gone in [
        refused(world.try_printer().await),
        refused(world.schema().await),
        refused(item),
        refused(world.register("tickets", "late", &titles()).await),
    ] {
        assert_eq!((gone.status, gone.code), (404, ErrorCode::ItemNotFound));
        assert_eq!(gone.inner.unwrap().message, "'Connection' was not found.");
    }
    let again = refused(world.create("TICKETS").await);
    assert_eq!(
        (again.status, again.code),
        (409, ErrorCode::NameAlreadyExists)
    );
    // A second deletion does not begin anew.
    world.clock.advance(59 * SECOND);
    delete().await.unwrap();
    assert!(world.step().await.is_some());
    assert_eq!(world.state().await, ConnectionState::Ready);
    world.clock.advance(SECOND);
    assert_eq!(world.step().await, None);
    let gone = connections::get_connection(&world.tenant, &app(), "tickets").await;
    assert_eq!(refused(gone).status, 404);
    assert_eq!(refused(delete().await).status, 404);

    world.create("tickets").await.unwrap();
    assert_eq!(refused(world.schema().await).status, 404);
    while world.tenant.store.purge(10).await.unwrap() {}
    world.settle().await;
    assert_eq!(world.find("alice", "tickets", "printer").await.total, 0);
}

#[tokio::test]
async fn a_deletion_ends_the_registration_that_runs() {
    let world = World::living(taking(60 * SECOND)).await;
    world.connection("tickets", titles()).await;
    connections::delete_connection(&world.tenant, &app(), "tickets")
        .await
        .unwrap();
    world.clock.advance(60 * SECOND);
    assert_eq!(world.step().await, None);
    let gone = connections::get_connection(&world.tenant, &app(), "tickets").await;
    assert_eq!(refused(gone).status, 404);
}

#[tokio::test]
async fn an_item_is_found_when_its_index_has_taken_its_time() {
    let latency = Span::of((60 * SECOND, 60 * SECOND));
    let world = World::living(Profile {
        index_latency: latency,
        ..Profile::INSTANT
    })
    .await;
    world.connection("tickets", titles()).await;
    world.directory(&["alice"], &[]).await;
    let (stop, stopped) = watch::channel(false);
    let loops = indexer::start(&world.tenant, &stopped);
    world.try_printer().await.unwrap();
    let found = async || world.find("alice", "tickets", "printer").await.total;
    // Without the latency this search would have waited for the write.
    assert_eq!(found().await, 0);
    world.clock.advance(59 * SECOND);
    life::catch_up(&world.tenant).await.unwrap();
    assert_eq!(found().await, 0);
    // Moved back by a month, it waits as long as the index takes and no longer.
    world.clock.set(DateTime::parse("2026-02-18").unwrap());
    life::catch_up(&world.tenant).await.unwrap();
    world.clock.advance(59 * SECOND);
    life::catch_up(&world.tenant).await.unwrap();
    assert_eq!(found().await, 0);
    world.clock.advance(SECOND);
    life::catch_up(&world.tenant).await.unwrap();
    assert_eq!(found().await, 1);
    stop.send_replace(true);
    for each in loops {
        assert!(each.ended().await);
    }
}

/// A connection whose items are found a second late, and the loop that sees to it with what stops it.
async fn indexed_late() -> (World, watch::Sender<bool>, [tasks::Loop; 2]) {
    let world = World::living(Profile {
        index_latency: Span::of((SECOND, SECOND)),
        ..Profile::INSTANT
    })
    .await;
    world.connection("tickets", titles()).await;
    let (stop, stopped) = watch::channel(false);
    let loops = indexer::start(&world.tenant, &stopped);
    (world, stop, loops)
}

/// The loop by itself finds that the time went back, and that it has come.
#[tokio::test]
async fn an_indexer_that_sleeps_lives_through_a_jump_back() {
    let (world, stop, loops) = indexed_late().await;
    world.try_printer().await.unwrap();
    let store = &world.tenant.store;
    let waits = async || !store.claim_dirty(1, 1).await.unwrap().lines.is_empty();
    for _ in 0..50 {
        assert!(waits().await);
    }
    world.clock.set(DateTime::parse("2020-02-29").unwrap());
    for _ in 0..50 {
        assert!(waits().await);
    }
    world.clock.advance(SECOND);
    let end = tokio::time::Instant::now() + 20 * SECOND;
    while waits().await {
        assert!(tokio::time::Instant::now() < end, "it is never indexed");
        tokio::task::yield_now().await;
    }
    stop.send_replace(true);
    for each in loops {
        assert!(each.ended().await);
    }
}

/// What is due later than the profile can give is brought forward, and stays so after a start.
#[tokio::test]
async fn a_clock_moved_back_makes_nobody_wait_longer_than_the_whole_takes() {
    let world = World::living(taking(60 * SECOND)).await;
    let noon = world.clock.now();
    let month = 30 * 24 * 3600 * SECOND;
    world.clock.advance(month);
    world.connection("tickets", titles()).await;
    world.clock.set(noon);
    let early = refused(world.try_printer().await);
    assert_eq!(early.retry_after, NonZeroU32::new(60));
    assert_eq!(world.step().await, Some(later(noon, 60 * SECOND)));
    world.clock.advance(30 * SECOND);
    let world = world.again().await;
    let early = refused(world.try_printer().await);
    assert_eq!(early.retry_after, NonZeroU32::new(30));
    world.clock.advance(30 * SECOND);
    assert_eq!(world.step().await, None);
    world.try_printer().await.unwrap();

    world.clock.advance(month);
    connections::delete_connection(&world.tenant, &app(), "tickets")
        .await
        .unwrap();
    world.clock.set(noon);
    assert_eq!(world.step().await, Some(later(noon, 60 * SECOND)));
    world.clock.advance(60 * SECOND);
    assert_eq!(world.step().await, None);
    world.create("tickets").await.unwrap();
}

/// After a sweep the loop rests, and then waits for what is written next; it must not forget there that it was stopped before.
#[tokio::test]
async fn an_indexer_that_rests_after_its_sweep_is_stopped() {
    let (world, stop, loops) = indexed_late().await;
    let dirty = &world.tenant.dirty;
    let store = &world.tenant.store;
    let waits = async || !store.claim_dirty(1, 1).await.unwrap().lines.is_empty();
    // In the first round the purge may ring still.
    for id in ["T-1", "T-2"] {
        let put = world.try_put("tickets", id, printer());
        put.await.unwrap();
        while waits().await {
            // A ring that nobody heard would cut the rest short.
            let _ = timeout(Duration::ZERO, dirty.notified()).await;
            world.clock.advance(SECOND);
        }
    }
    stop.send_replace(true);
    for each in loops {
        assert!(each.ended().await);
    }
}
