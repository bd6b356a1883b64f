//! A fresh tenant on the real embedded engines, in a directory of its own.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set up its world has failed"
)]
#![expect(dead_code, reason = "each test uses its part of the world")]

use std::sync::Arc;

use graph::{
    ConnectionDraft, DateTime, GroupDraft, Identity, ItemDraft, ItemId, OperationId, SchemaDraft,
    Scope, search::SearchRequest,
};
use serde_json::{Value, json};
use tenant::{
    Caller, Error, Profile, Tenant,
    accounts::{Accounts, DirectoryGroup, Secret, User},
    clock::{Clock, MovableClock},
    connections, groups, indexer, items, schema,
    search::{self, plan::Cancel},
    visibility::Visibility,
};
use uuid::Uuid;

/// A tenant and the directory it lives in.
pub struct World {
    pub tenant: Arc<Tenant>,
    pub clock: Arc<MovableClock>,
    pub directory: tempfile::TempDir,
}

/// What a search found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Item ids, best first.
    pub ids: Vec<String>,
    pub summaries: Vec<String>,
    pub total: u64,
    pub more: bool,
}

impl World {
    pub async fn new() -> Self {
        Self::living(Profile::INSTANT).await
    }

    /// A world whose tenant lives by these numbers.
    pub async fn living(profile: Profile) -> Self {
        let directory = tempfile::tempdir().unwrap();
        // The moment of the KQL cases.
        let noon = DateTime::parse("2026-03-18T12:00:00Z").unwrap();
        Self::open(directory, Arc::new(MovableClock::standing(noon)), profile).await
    }

    /// The same world after the process was stopped and started again.
    pub async fn again(self) -> Self {
        let (directory, clock, profile) = (self.directory, self.clock, self.tenant.profile.clone());
        drop(self.tenant);
        Self::open(directory, clock, profile).await
    }

    async fn open(
        directory: tempfile::TempDir,
        clock: Arc<MovableClock>,
        profile: Profile,
    ) -> Self {
        let visibility = Visibility::new();
        let store = store::open(directory.path(), Arc::clone(&visibility)).unwrap();
        let index = index::open(&directory.path().join("index")).unwrap();
        let id = Uuid::from_u128(1);
        let tenant = Tenant::new(
            id,
            store,
            index,
            Arc::clone(&clock) as Arc<dyn Clock>,
            visibility,
        )
        .with_profile(profile);
        indexer::prepare(&tenant).await.unwrap();
        Self {
            tenant: Arc::new(tenant),
            clock,
            directory,
        }
    }

    /// Users by name (`guest…` are guests) and directory groups by name with their members' names.
    pub async fn directory(&self, users: &[&str], groups: &[(&str, Vec<String>)]) {
        let users = users.iter().map(|name| User {
            id: (*name).to_owned(),
            name: (*name).to_owned(),
            display_name: (*name).to_owned(),
            upn: format!("{name}@linkspan.test"),
            mail: format!("{name}@linkspan.test"),
            guest: name.starts_with("guest"),
            password: Secret::new(b"salt", "unused"),
        });
        let groups = groups.iter().map(|(name, members)| DirectoryGroup {
            id: (*name).to_owned(),
            name: (*name).to_owned(),
            members: members.clone(),
        });
        let accounts = Accounts {
            users: users.collect(),
            groups: groups.collect(),
            apps: Vec::new(),
        };
        self.tenant.store.put_accounts(&accounts).await.unwrap();
    }

    pub async fn create(&self, id: &str) -> Result<(), Error> {
        let draft = ConnectionDraft::read(&json!({ "id": id, "name": id })).unwrap();
        let origin = connections::Origin {
            fresh: "unused",
            ticket: None,
        };
        connections::create_connection(&self.tenant, &app(), draft, origin)
            .await
            .map(drop)
    }

    pub async fn register(&self, id: &str, operation: &str, schema: &Value) -> Result<(), Error> {
        let draft = SchemaDraft::read(schema).unwrap();
        let operation = OperationId::kept(operation);
        schema::register_schema(&self.tenant, &app(), id, draft, operation)
            .await
            .map(drop)
    }

    pub async fn connection(&self, id: &str, schema: Value) {
        self.create(id).await.unwrap();
        let operation = format!("{id}-1");
        self.register(id, &operation, &schema).await.unwrap();
    }

    pub async fn put(&self, connection: &str, id: &str, body: Value) {
        self.try_put(connection, id, body).await.unwrap();
    }

    pub async fn try_put(&self, connection: &str, id: &str, body: Value) -> Result<(), Error> {
        let id = ItemId::admit(id).unwrap();
        let draft = ItemDraft::read(&id, &body).unwrap();
        items::put_item(&self.tenant, &app(), connection, id, draft)
            .await
            .map(drop)
    }

    pub async fn group(&self, connection: &str, id: &str, members: &[Identity]) {
        let draft = GroupDraft::read(&json!({ "id": id })).unwrap();
        groups::create_group(&self.tenant, &app(), connection, draft)
            .await
            .unwrap();
        for member in members {
            groups::add_member(&self.tenant, &app(), connection, id, member.clone())
                .await
                .unwrap();
        }
    }

    pub async fn settle(&self) {
        indexer::settle(&self.tenant).await.unwrap();
    }

    pub async fn search(&self, user: &str, request: Value) -> Found {
        let body = json!({ "requests": [request] });
        let requests = SearchRequest::read_all(&body, false).unwrap();
        let answer = search::query(
            Arc::clone(&self.tenant),
            &signed_in(user),
            requests,
            Cancel::default(),
        )
        .await
        .unwrap();
        found(&answer[0].to_json())
    }

    pub async fn find(&self, user: &str, connection: &str, query: &str) -> Found {
        self.search(
            user,
            json!({
                "entityTypes": ["externalItem"],
                "contentSources": [format!("/external/connections/{connection}")],
                "query": { "queryString": query }, "size": 1000,
            }),
        )
        .await
    }
}

/// Reads an answer as a client would.
fn found(answer: &Value) -> Found {
    let container = &answer["hitsContainers"][0];
    let hits = container["hits"].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let id = |hit: &Value| {
        let domain = text(&hit["resource"]["properties"]["substrateContentDomainId"]);
        domain.split(',').nth(1).unwrap_or_default().to_owned()
    };
    Found {
        ids: hits.iter().map(id).collect(),
        summaries: hits.iter().map(|hit| text(&hit["summary"])).collect(),
        total: container["total"].as_u64().unwrap(),
        more: container["moreResultsAvailable"].as_bool().unwrap(),
    }
}

/// An app that may do everything.
pub fn app() -> Caller {
    Caller {
        app: "app".to_owned(),
        user: None,
        permissions: vec![
            Scope::ExternalConnectionReadWriteAll,
            Scope::ExternalItemReadWriteAll,
        ],
    }
}

/// A user who may search, through another app than the one that writes.
pub fn signed_in(user: &str) -> Caller {
    Caller {
        app: "search-app".to_owned(),
        user: Some(user.to_owned()),
        permissions: vec![Scope::ExternalItemReadAll],
    }
}

/// A schema with one searchable title.
pub fn titles() -> Value {
    json!({ "baseType": "microsoft.graph.externalItem", "properties": [
        { "name": "title", "type": "string", "isSearchable": true, "isQueryable": true, "isRetrievable": true, "labels": ["title"] },
    ] })
}
