//! Examinations: what a good connection and a bad one are told, and who may ask.

#![expect(clippy::unwrap_used, reason = "tests")]

mod world;

use graph::{
    ConnectionPatch, Identity, IdentityType, Scope, activity,
    route::{Door, ROUTES},
};
use serde_json::{Value, json};
use tenant::{
    Caller, Error,
    accounts::{Accounts, App},
    activities, connections,
    doctor::{self, Deed, Examination, Verdict},
};
use world::{World, app, signed_in, titles};

use Verdict::{Failure, Pass, Unknown, Warning};

const USER: IdentityType = IdentityType::User;
const EXTERNAL: IdentityType = IdentityType::ExternalGroup;

fn member(kind: IdentityType, id: &str) -> Identity {
    Identity {
        id: id.to_owned(),
        kind,
    }
}

async fn examine(world: &World, connection: &str) -> Examination {
    let examined = doctor::examine(&world.tenant, &app(), connection, None).await;
    examined.unwrap()
}

async fn patch(world: &World, connection: &str, body: Value) {
    let patch = ConnectionPatch::read("parts", &body).unwrap();
    let patched = connections::update_connection(&world.tenant, &app(), connection, patch).await;
    patched.unwrap();
}

/// The verdict on one check, with what was found.
fn of<'e>(examination: &'e Examination, id: &str) -> (Verdict, &'e str) {
    let check = examination.checks.iter().find(|check| check.id == id);
    let check = check.unwrap();
    (check.verdict, &check.found)
}

#[track_caller]
fn assert_found(examination: &Examination, id: &str, verdict: Verdict, words: &str) {
    let (was, found) = of(examination, id);
    assert_eq!(was, verdict, "{id}: {found}");
    assert!(found.contains(words), "{id}: {found}");
}

fn good_schema() -> Value {
    let property = |name: &str, kind: &str, labels: Value| {
        json!({ "name": name, "type": kind, "isRetrievable": true, "isQueryable": true, "labels": labels,
                "description": format!("The {name}"), "aliases": [format!("{name}too")] })
    };
    let mut title = property("title", "string", json!(["title"]));
    title["isSearchable"] = json!(true);
    let mut state = property("state", "string", json!([]));
    state["isRefinable"] = json!(true);
    json!({ "baseType": "microsoft.graph.externalItem", "properties": [
        title,
        state,
        property("url", "string", json!(["url"])),
        property("icon", "string", json!(["iconUrl"])),
        property("changed", "dateTime", json!(["lastModifiedDateTime"])),
        property("changedBy", "string", json!(["lastModifiedBy"])),
        property("author", "string", json!(["createdBy"])),
    ] })
}

fn card(text: &str) -> Value {
    json!({ "type": "AdaptiveCard", "version": "1.3", "body": [{ "type": "TextBlock", "text": text }] })
}

fn settings(pattern: &str, text: &str) -> Value {
    json!({
        "name": "Support tickets",
        "description": "Tickets of the support desk: what broke, where, and how it was mended.",
        "activitySettings": { "urlToItemResolvers": [{
            "@odata.type": "#microsoft.graph.externalConnectors.itemIdResolver", "priority": 1, "itemId": "{id}",
            "urlMatchInfo": { "baseUrls": ["https://tickets.example"], "urlPattern": pattern },
        }] },
        "searchSettings": { "searchResultTemplates": [{ "id": "one", "priority": 1, "layout": card(text) }] },
    })
}

/// A connection that lacks nothing.
async fn good(world: &World) {
    world.directory(&["alice", "bob"], &[]).await;
    world.connection("tickets", good_schema()).await;
    patch(
        world,
        "tickets",
        settings("/(?<id>[^/]+)$", "${title} ${ResultSnippet}"),
    )
    .await;
    world
        .group("tickets", "inner", &[member(USER, "alice")])
        .await;
    world
        .group("tickets", "outer", &[member(EXTERNAL, "inner")])
        .await;
    for n in 0..4 {
        let item = json!({
            "acl": [{ "type": "externalGroup", "value": "outer", "accessType": "grant" },
                    { "type": "user", "value": "bob", "accessType": "deny" }],
            "properties": { "title": "Printer", "url": format!("https://tickets.example/T-{n}") },
            "content": { "type": "text", "value": "It burns." },
        });
        world.put("tickets", &format!("T-{n}"), item).await;
    }
    let viewed = json!({ "activities": [{ "@odata.type": "#microsoft.graph.externalConnectors.externalActivity",
        "type": "viewed", "startDateTime": "2026-03-18T11:00:00Z", "performedBy": { "type": "user", "id": "alice" } }] });
    let activities = activity::read(&viewed).unwrap();
    let added =
        activities::add_activities(&world.tenant, &app(), "tickets", "T-0", activities).await;
    added.unwrap();
}

#[tokio::test]
async fn a_good_connection_scores_full() {
    let world = World::new().await;
    good(&world).await;
    let examination = examine(&world, "tickets").await;
    let bad: Vec<_> = (examination.checks.iter())
        .filter(|check| !matches!(check.verdict, Pass | Unknown))
        .collect();
    assert!(bad.is_empty(), "{bad:#?}");
    let scores = examination.scores;
    assert_eq!((scores.search, scores.copilot), (100, 100));
    assert_found(&examination, "acl-everyone", Pass, "0 % of items (0 of 4)");
    assert_found(&examination, "url-resolution", Pass, "4 of 4");
    assert_found(&examination, "activities", Pass, "1 of 4 items (25 %)");
    assert_found(
        &examination,
        "forecast",
        Pass,
        "4 items at 25 per second take 1 s",
    );
    // Without a journal nothing is known of permissions.
    assert_eq!(examination.summary.unknown, 2);
    let page = include_str!("../../../docs/doctor.md");
    for check in &examination.checks {
        let (id, weight) = (&check.id, check.weight);
        let row = format!(
            "| `{id}` | {} | {} | {} |",
            weight.search, weight.copilot, check.title
        );
        assert!(page.contains(&row), "docs/doctor.md lacks {row}");
    }
    let told = serde_json::to_string(&examination).unwrap();
    let read: Examination = serde_json::from_str(&told).unwrap();
    assert_eq!(read, examination);
}

#[tokio::test]
async fn a_draft_is_not_ready() {
    let world = World::new().await;
    world.create("draft").await.unwrap();
    let examination = examine(&world, "draft").await;
    assert_found(&examination, "state", Failure, "draft");
    assert_found(&examination, "name", Warning, "'draft'");
    assert_found(&examination, "description", Failure, "there is none");
    assert_found(&examination, "items", Failure, "there is none");
    for id in ["label-title", "label-url", "searchable"] {
        assert_eq!(of(&examination, id).0, Failure, "{id}");
    }
    for id in [
        "item-content",
        "item-titles",
        "item-urls",
        "acl-everyone",
        "activities",
    ] {
        assert_eq!(of(&examination, id).0, Unknown, "{id}");
    }
    assert!(examination.scores.search < 20, "{:?}", examination.scores);
}

#[tokio::test]
async fn labels_flags_and_items_are_missed() {
    let world = World::new().await;
    world.directory(&["alice"], &[]).await;
    world.connection("bad", titles()).await;
    let acl = json!([{ "type": "everyone", "value": "everyone", "accessType": "grant" }]);
    for n in 0..3 {
        let title = if n == 0 { " " } else { "Printer" };
        let item = json!({ "acl": acl, "properties": { "title": title } });
        world.put("bad", &format!("T-{n}"), item).await;
    }
    let examination = examine(&world, "bad").await;
    assert_found(
        &examination,
        "acl-everyone",
        Warning,
        "100 % of items (3 of 3)",
    );
    assert_found(&examination, "label-url", Failure, "no property");
    assert_found(&examination, "label-icon-url", Warning, "no property");
    assert_found(&examination, "labels-helpful", Warning, "lastModifiedBy");
    assert_found(&examination, "refinable", Warning, "no property");
    assert_found(&examination, "aliases", Warning, "0 of 1");
    assert_found(
        &examination,
        "property-descriptions",
        Warning,
        "1 of 1 have none: title",
    );
    assert_found(
        &examination,
        "item-content",
        Failure,
        "0 of 3 sampled have content (0 %); not T-0, T-1, T-2",
    );
    assert_found(
        &examination,
        "item-titles",
        Warning,
        "2 of 3 sampled have a title (66 %); not T-0",
    );
    assert_found(&examination, "item-urls", Unknown, "url");
    assert_found(&examination, "activities", Warning, "0 of 3");
    let about = |id: &str| {
        &examination
            .checks
            .iter()
            .find(|it| it.id == id)
            .unwrap()
            .about
    };
    assert_eq!(about("property-descriptions"), &["schema/properties/title"]);
}

#[tokio::test]
async fn resolvers_and_templates_are_held_against_items_and_schema() {
    let world = World::new().await;
    good(&world).await;
    patch(
        &world,
        "tickets",
        settings("/(?<id>T)", "${title} ${nothing} ${if(hidden, 'x', 'y')}"),
    )
    .await;
    let examination = examine(&world, "tickets").await;
    assert_found(
        &examination,
        "url-resolution",
        Failure,
        "'https://tickets.example/T-0' of 'T-0' leads to 'T'",
    );
    assert_found(
        &examination,
        "result-template-names",
        Failure,
        "not in the schema: hidden, nothing",
    );
    patch(
        &world,
        "tickets",
        settings("/(?:(?<id>[^/]+))+$", "${title}"),
    )
    .await;
    let examination = examine(&world, "tickets").await;
    assert_found(
        &examination,
        "url-resolution",
        Unknown,
        "too many repetitions",
    );
    patch(&world, "tickets", settings("/(?<id>T-[01])$", "${title}")).await;
    let examination = examine(&world, "tickets").await;
    assert_found(&examination, "url-resolution", Warning, "2 of 4");
    assert_found(
        &examination,
        "url-resolution",
        Warning,
        "'T-2' leads to nothing",
    );
}

/// A connection with groups and ACLs of every kind, right and wrong.
async fn tangled(world: &World) {
    let staff = ("staff", vec!["alice".to_owned()]);
    let empty = ("empty", Vec::new());
    world.directory(&["alice"], &[staff, empty]).await;
    world.connection("acls", titles()).await;
    let of_staff = member(IdentityType::Group, "staff");
    world.group("acls", "eng", &[of_staff]).await;
    world.group("acls", "void", &[]).await;
    let nobody = member(USER, "nobody");
    world.group("acls", "spare", &[nobody]).await;
    let (ring, wheel) = (member(EXTERNAL, "ring"), member(EXTERNAL, "wheel"));
    world.group("acls", "ring", &[wheel]).await;
    world.group("acls", "wheel", &[ring]).await;
    // An entry is kind, value and access; the first two lists let somebody in.
    let lists: [&[&str]; 7] = [
        &["externalGroup eng grant"],
        &["everyoneExceptGuests x grant", "externalGroup Eng deny"],
        &[],
        &["externalGroup void grant", "group empty grant"],
        &["user alice grant", "user ALICE deny"],
        &["user alice grant", "everyone x deny"],
        &["externalGroup wheel grant", "user mallory grant"],
    ];
    let entry = |entry: &&str| {
        let parts: Vec<&str> = entry.split(' ').collect();
        json!({ "type": parts[0], "value": parts[1], "accessType": parts[2] })
    };
    for (n, list) in lists.iter().enumerate() {
        let acl: Vec<Value> = list.iter().map(entry).collect();
        let item = json!({ "acl": acl, "properties": { "title": "x" } });
        world.put("acls", &format!("T-{n}"), item).await;
    }
}

#[tokio::test]
async fn access_is_followed_to_people() {
    let world = World::new().await;
    tangled(&world).await;
    let examination = examine(&world, "acls").await;
    // A deny of a group that does not exist keeps nobody out.
    for (id, verdict, words) in [
        ("acl-nobody", Warning, "5 of 7 items are visible to nobody"),
        ("acl-everyone", Pass, "14 % of items (1 of 7)"),
        (
            "groups-missing",
            Failure,
            "1 of 5 were never made: Eng (denied)",
        ),
        ("groups-empty", Warning, "1 of 5 have none: void"),
        ("groups-unused", Warning, "1 of 5 are not: spare"),
        (
            "principals-unknown",
            Warning,
            "2 of 5 are not: mallory, nobody",
        ),
        ("group-cycles", Warning, "ring → wheel → ring"),
    ] {
        assert_found(&examination, id, verdict, words);
    }
}

#[tokio::test]
async fn permissions_are_held_against_what_was_seen() {
    let world = World::new().await;
    world.connection("tickets", titles()).await;
    let known = App {
        client_id: "app".to_owned(),
        name: "app".to_owned(),
        secrets: Vec::new(),
        certificates: Vec::new(),
        redirect_uris: Vec::new(),
        roles: vec![
            Scope::ExternalConnectionReadAll,
            Scope::ExternalItemReadWriteAll,
            Scope::UserReadAll,
        ],
        scopes: Vec::new(),
        public_client: false,
    };
    let accounts = Accounts {
        apps: vec![known],
        ..Accounts::default()
    };
    world.tenant.store.put_accounts(&accounts).await.unwrap();
    let deed = |door: Door, app, is_denied| Deed {
        app,
        route: ROUTES.iter().find(|route| route.door == door).unwrap(),
        is_denied,
    };
    let with = async |seen: &[Deed<'_>]| {
        doctor::examine(&world.tenant, &app(), "tickets", Some(seen))
            .await
            .unwrap()
    };
    let examination = with(&[deed(Door::PutItem, "another", false)]).await;
    assert_found(&examination, "permissions-unused", Unknown, "saw nothing");
    let put = deed(Door::PutItem, "app", false);
    let examination = with(&[put]).await;
    assert_found(
        &examination,
        "permissions-unused",
        Warning,
        "ExternalConnection.Read.All of app",
    );
    assert_found(&examination, "permissions-missing", Pass, "");
    let get = deed(Door::GetConnection, "APP", false);
    let denied = deed(Door::DeleteConnection, "app", true);
    let examination = with(&[put, get, denied]).await;
    assert_found(&examination, "permissions-unused", Pass, "");
    assert_found(
        &examination,
        "permissions-missing",
        Failure,
        "DELETE /external/connections/{connection} by app takes",
    );
}

#[tokio::test]
async fn only_those_who_may_read_everything_may_ask() {
    let world = World::new().await;
    world.directory(&["alice"], &[]).await;
    world.connection("tickets", titles()).await;
    let ask = async |caller: &Caller, connection: &str| match doctor::examine(
        &world.tenant,
        caller,
        connection,
        None,
    )
    .await
    {
        Ok(_) => 200,
        Err(Error::Refused(refusal)) => refusal.status,
        Err(Error::Failed(failure)) => panic!("{failure:?}"),
    };
    let by = |app: &str, user: Option<&str>, permissions: &[Scope]| Caller {
        app: app.to_owned(),
        user: user.map(str::to_owned),
        permissions: permissions.to_vec(),
    };
    use Scope::{
        ExternalConnectionReadAll as ReadConnections,
        ExternalConnectionReadWriteOwnedBy as OwnConnections, ExternalItemReadAll as ReadItems,
        ExternalItemReadWriteAll as WriteItems, ExternalItemReadWriteOwnedBy as OwnItems,
    };
    let reader = [ReadConnections, ReadItems];
    let owner = [OwnConnections, OwnItems];
    for (caller, status) in [
        (app(), 200),
        (by("reader", None, &reader), 200),
        (by("app", None, &owner), 200),
        (by("app", Some("alice"), &owner), 200),
        (by("x", Some("alice"), &[ReadConnections, WriteItems]), 200),
        // Others' connections are absent.
        (by("other", None, &owner), 404),
        (by("other", Some("alice"), &owner), 404),
        // Half of the permissions is none.
        (by("app", None, &[OwnConnections]), 403),
        (by("app", None, &[OwnItems]), 403),
        (by("x", None, &[ReadConnections, OwnItems]), 404),
        // A user who reads sees only what is his.
        (by("app", Some("alice"), &reader), 403),
        (
            by(
                "other",
                Some("alice"),
                &[ReadConnections, ReadItems, OwnItems],
            ),
            403,
        ),
        (signed_in("alice"), 403),
    ] {
        assert_eq!(ask(&caller, "tickets").await, status, "{caller:?}");
    }
    assert_eq!(ask(&app(), "nothing").await, 404);
    assert_eq!(ask(&by("x", None, &[]), "nothing").await, 403);
}
