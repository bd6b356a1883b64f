//! Behavior that exists only because a client expects it: one function each, each naming the client.

use serde_json::Value;

/// Connectors from before July 2021 send `configuration.authorizedApps` and read the list back under that name; the
/// service of 2022 repeated it beside `authorizedAppIds`.
pub(crate) fn repeat_authorized_apps(connection: &mut Value) {
    if let Some(configuration) = connection
        .get_mut("configuration")
        .and_then(Value::as_object_mut)
        && let Some(ids) = configuration.get("authorizedAppIds").cloned()
    {
        configuration.insert("authorizedApps".to_owned(), ids);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_older_name_stands_beside_the_newer_one() {
        let mut connection = json!({"id": "parts", "configuration": {"authorizedAppIds": ["a"]}});
        repeat_authorized_apps(&mut connection);
        assert_eq!(
            connection["configuration"],
            json!({"authorizedAppIds": ["a"], "authorizedApps": ["a"]})
        );
        let mut bare = json!({"id": "parts"});
        repeat_authorized_apps(&mut bare);
        assert_eq!(bare, json!({"id": "parts"}));
    }
}
