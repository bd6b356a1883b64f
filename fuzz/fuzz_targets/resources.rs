//! Bodies of connections, schemas, groups, members and activities: what is accepted is printed, and reads back as itself.
#![no_main]

use graph::{
    ConnectionDraft, ConnectionId, ConnectionPatch, ConnectionState, ExternalConnection,
    GroupDraft, GroupPatch, Identity, SchemaDraft, activity,
};
use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use linkspan_fuzz::{accepted, assert_refusal, json, mutate_json};
use serde_json::Value;

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate_json(data, size, max_size, seed)
});

fuzz_target!(|data: &[u8]| {
    if let Some(body) = json(data) {
        connection(&body);
        schema(&body);
        group(&body);
        activities(&body);
    }
});

fn connection(body: &Value) {
    let Some(draft) = accepted(ConnectionDraft::read(body)) else {
        accepted(ConnectionPatch::read("tickets", body));
        return;
    };
    let connection = ExternalConnection {
        id: draft.id.unwrap_or_else(|| ConnectionId::kept("tickets")),
        state: ConnectionState::Draft,
        authorized_app_ids: draft.authorized_app_ids,
        members: draft.members,
    };
    kept(&connection);
    let printed = connection.to_json(true, None);
    let again = ConnectionDraft::read(&printed).expect("a printed connection is accepted");
    // What was left out is printed with its default.
    let again = ExternalConnection {
        members: again.members,
        authorized_app_ids: again.authorized_app_ids,
        ..connection.clone()
    };
    assert_eq!(again.to_json(true, None), printed);
    if let Some(patch) = accepted(ConnectionPatch::read("tickets", body)) {
        kept(&patch.apply(&connection));
    }
}

fn kept(connection: &ExternalConnection) {
    let again = ExternalConnection::from_kept(&connection.to_kept());
    assert_eq!(again.as_ref(), Ok(connection));
}

fn schema(body: &Value) {
    if let Some(draft) = accepted(SchemaDraft::read(body)) {
        let printed = draft.schema.to_json(true);
        let again = SchemaDraft::read(&printed).expect("a printed schema is accepted");
        assert_eq!(again.schema, draft.schema);
        assert_eq!(again.schema.replaces(&draft.schema), Ok(()));
    }
}

fn group(body: &Value) {
    if let Some(draft) = accepted(GroupDraft::read(body)) {
        let printed = draft.group.to_json();
        let again = GroupDraft::read(&printed).expect("a printed group is accepted");
        assert_eq!(again.group, draft.group);
        if let Some(patch) = accepted(GroupPatch::read("g", body)) {
            assert_eq!(patch.apply(&draft.group), draft.group);
        }
    }
    if let Some(identity) = accepted(Identity::read(body)) {
        assert_eq!(Identity::read(&identity.to_json()), Ok(identity));
    }
}

fn activities(body: &Value) {
    let Some(drafts) = accepted(activity::read(body)) else {
        return;
    };
    let results = activity::results_json(body, &drafts);
    assert_eq!(
        results["value"].as_array().map(Vec::len),
        Some(drafts.len())
    );
    for draft in drafts {
        match draft {
            Ok(activity) => {
                let printed = serde_json::json!({"activities": [activity.to_json()]});
                let again = activity::read(&printed).expect("a printed activity is accepted");
                assert_eq!(again, [Ok(activity)]);
            }
            Err(refusal) => assert_refusal(&refusal),
        }
    }
}
