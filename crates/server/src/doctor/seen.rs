//! What the journal knows of a connection's apps.

use std::collections::BTreeSet;

use graph::route::{ROUTES, Route};
use tenant::doctor::Deed;
use uuid::Uuid;

use crate::journal::{Entry, Journal, Whose};

/// Something that an app was seen to do, told once.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Seen {
    app: String,
    /// Where the operation stands in the table.
    route: usize,
    is_denied: bool,
}

impl Seen {
    pub(super) fn deed(&self) -> Deed<'_> {
        Deed {
            app: &self.app,
            route: &ROUTES[self.route],
            is_denied: self.is_denied,
        }
    }
}

/// What was done to a tenant's connection, and to none in particular, as far as it failed for want of a permission or got
/// past that question.
pub(super) fn deeds(journal: &Journal, tenant: Uuid, connection: &str) -> BTreeSet<Seen> {
    let mut deeds = BTreeSet::new();
    journal.each(Whose::Tenant(tenant), |entry| {
        deeds.extend(seen(entry, connection))
    });
    deeds
}

fn seen(entry: &Entry, connection: &str) -> Option<Seen> {
    let is_about = |about: &str| about.eq_ignore_ascii_case(connection);
    if !entry.about.as_deref().is_none_or(is_about) {
        return None;
    }
    let refused = entry.refusal.as_ref();
    let is_denied = refused.is_some_and(|refusal| &*refusal.code == "AccessDenied");
    // Who is refused for what he sent has used his permission; who sends too much or fails with us may not have been asked.
    if !is_denied && !matches!(entry.status, 200..=299 | 400 | 402..=428 | 430..=499) {
        return None;
    }
    let is_asked =
        |route: &Route| route.path == entry.path && route.method.as_str() == entry.method;
    Some(Seen {
        app: entry.app.as_deref()?.to_ascii_lowercase(),
        route: ROUTES.iter().position(is_asked)?,
        is_denied,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn told(more: Value) -> Option<(String, &'static str, bool)> {
        let mut entry = json!({
            "number": 1, "at_ms": 0, "method": "PUT", "status": 200, "bytes": 0, "app": "A", "about": "Tickets",
            "path": "/external/connections/{connection}/items/{item}",
        });
        for (name, value) in more.as_object().unwrap() {
            entry[name] = value.clone();
        }
        let entry: Entry = serde_json::from_value(entry).unwrap();
        let seen = seen(&entry, "tickets")?;
        Some((seen.app, ROUTES[seen.route].path, seen.is_denied))
    }

    #[test]
    fn deeds_are_done_or_denied() {
        let path = "/external/connections/{connection}/items/{item}";
        assert_eq!(told(json!({})), Some(("a".to_owned(), path, false)));
        let denied = json!({ "code": "AccessDenied", "message": "No." });
        let quota = json!({ "code": "QuotaLimitReached", "message": "No." });
        let told_denied = told(json!({ "status": 403, "refusal": denied }));
        assert_eq!(told_denied, Some(("a".to_owned(), path, true)));
        let used = Some(("a".to_owned(), path, false));
        for status in [400, 403, 404, 413] {
            assert_eq!(told(json!({ "status": status, "refusal": quota })), used);
        }
        for status in [302, 401, 429, 503] {
            assert_eq!(told(json!({ "status": status, "refusal": quota })), None);
        }
        assert_eq!(told(json!({ "about": "parts" })), None);
        assert_eq!(told(json!({ "app": null })), None);
        assert_eq!(told(json!({ "path": "(unknown path)" })), None);
        let listed =
            told(json!({ "method": "GET", "path": "/external/connections", "about": null }));
        assert_eq!(
            listed,
            Some(("a".to_owned(), "/external/connections", false))
        );
    }
}
