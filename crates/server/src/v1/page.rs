//! `/external/connections?$filter=…&$top=…&$skiptoken=…`: which connections a page shows, and where the next one begins.
//!
//! Documentation: <https://learn.microsoft.com/graph/paging>

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use graph::{
    DateTime, ErrorCode, PublicError,
    odata::{Filter, FilterProperty, QueryOptions},
};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};
use tenant::kept::KeptConnection;

/// One page of a list.
pub(super) struct Page {
    /// What the page shows.
    pub shown: Vec<Arc<KeptConnection>>,
    /// How many there are on all pages.
    pub total: usize,
    /// Where the next page begins; absent on the last one.
    pub next: Option<String>,
}

/// Where a connection stands in the list: when it was made, and its folded id where two were made at once. A place stays
/// a place when the connection is deleted between two pages.
type Place = (DateTime, String);

/// The page that the options ask for.
///
/// # Errors
/// 400 for a `$skiptoken` that we did not make.
pub(super) fn page(
    mut all: Vec<Arc<KeptConnection>>,
    options: &QueryOptions,
) -> Result<Page, PublicError> {
    let after = options.skiptoken.as_deref().map(read).transpose()?;
    if let Some(filter) = &options.filter {
        all.retain(|kept| matches(filter, kept));
    }
    let total = all.len();
    all.sort_by_cached_key(|kept| place(kept));
    if let Some(after) = after {
        all.retain(|kept| place(kept) > after);
    }
    let top = options.top.map_or(all.len(), usize::from);
    let more = all.len() > top;
    all.truncate(top);
    let next = all.last().filter(|_| more).map(|last| write(&place(last)));
    Ok(Page {
        shown: all,
        total,
        next,
    })
}

impl Page {
    /// The URL of the next page below that of the collection.
    pub fn link(&self, collection: &str, query: &str) -> Option<String> {
        let token = self.next.as_deref()?;
        Some(format!("{collection}?{}", continued(query, token)))
    }
}

/// The members of an answer with a list, in the order in which the Graph writes them.
pub(super) fn members(count: Option<usize>, next: Option<String>, value: Vec<Value>) -> Value {
    let mut members = Map::new();
    if let Some(count) = count {
        members.insert("@odata.count".to_owned(), json!(count));
    }
    if let Some(next) = next {
        members.insert("@odata.nextLink".to_owned(), Value::String(next));
    }
    members.insert("value".to_owned(), Value::Array(value));
    Value::Object(members)
}

/// The query of the next page: the options as they were sent, and the new token.
fn continued(query: &str, token: &str) -> String {
    let is_token = |piece: &&str| {
        let name = piece.split('=').next().unwrap_or_default();
        let name = percent_decode_str(name).decode_utf8_lossy();
        name.trim_start_matches('$')
            .eq_ignore_ascii_case("skiptoken")
    };
    let mut pieces: Vec<&str> = query
        .split('&')
        .filter(|piece| !piece.is_empty() && !is_token(piece))
        .collect();
    let token = format!("$skiptoken={token}");
    pieces.push(&token);
    pieces.join("&")
}

fn matches(filter: &Filter, kept: &KeptConnection) -> bool {
    let connection = &kept.connection;
    match filter.property {
        // A client that resolves a name deletes what it finds, so nothing but the very name will do.
        FilterProperty::Name => connection.name() == filter.value,
        FilterProperty::Id => connection.id.as_str().eq_ignore_ascii_case(&filter.value),
        FilterProperty::State => json!(connection.state)
            .as_str()
            .is_some_and(|state| state.eq_ignore_ascii_case(&filter.value)),
    }
}

fn place(kept: &KeptConnection) -> Place {
    (kept.created_at, kept.connection.id.folded())
}

fn write((at, id): &Place) -> String {
    URL_SAFE_NO_PAD.encode(format!("{}:{id}", at.0))
}

fn read(token: &str) -> Result<Place, PublicError> {
    URL_SAFE_NO_PAD
        .decode(token)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .and_then(|text| {
            let (at, id) = text.split_once(':')?;
            Some((DateTime(at.parse().ok()?), id.to_owned()))
        })
        .ok_or_else(|| {
            let message = format!(
                "Invalid value {} for $skiptoken: follow `@odata.nextLink` as it is, or begin without it.",
                graph::generous::shown(token)
            );
            let mut error = PublicError::new(ErrorCode::BadRequest, message);
            error.target = Some("$skiptoken".to_owned());
            error
        })
}

#[cfg(test)]
mod tests {
    use graph::{ConnectionId, ConnectionKey, ConnectionState, ExternalConnection};
    use tenant::kept::{SchemaVersion, Version};

    use super::*;

    fn kept(key: u64, id: &str, name: &str) -> Arc<KeptConnection> {
        let mut members = serde_json::Map::new();
        members.insert("name".to_owned(), json!(name));
        Arc::new(KeptConnection {
            key: ConnectionKey(key),
            connection: ExternalConnection {
                id: ConnectionId::kept(id),
                state: if key == 1 {
                    ConnectionState::Draft
                } else {
                    ConnectionState::Ready
                },
                authorized_app_ids: Vec::new(),
                members,
            },
            schema: None,
            schema_version: SchemaVersion(0),
            version: Version(1),
            // Two of them were made at the same moment.
            created_at: DateTime(i64::try_from(key / 2).unwrap()),
        })
    }

    fn all() -> Vec<Arc<KeptConnection>> {
        vec![
            kept(1, "One", "first"),
            kept(2, "two", "it's"),
            kept(3, "Three", "first"),
            kept(4, "four", "First"),
        ]
    }

    fn shown(query: &str) -> (Vec<String>, usize, Option<String>) {
        let page = page(all(), &QueryOptions::read(query).unwrap()).unwrap();
        let ids = page.shown.iter().map(|kept| kept.connection.id.to_string());
        (ids.collect(), page.total, page.next)
    }

    #[test]
    fn filters_pick() {
        let check = |query: &str, expect: &[&str]| assert_eq!(shown(query).0, expect, "{query}");
        check("", &["One", "Three", "two", "four"]);
        check("$filter=name eq 'first'", &["One", "Three"]);
        check("$filter=name eq 'it''s'", &["two"]);
        check("$filter=id eq 'THREE'", &["Three"]);
        check("$filter=state eq 'Draft'", &["One"]);
        check("$filter=name eq 'none'", &[]);
    }

    #[test]
    fn pages_follow_each_other_without_gap_or_repetition() {
        let mut ids = Vec::new();
        let mut query = "%24top=1&$filter=state%20eq%20'ready'".to_owned();
        for round in 1..=3 {
            let (page, total, next) = shown(&query);
            assert_eq!(total, 3);
            ids.extend(page);
            match next {
                Some(token) => {
                    assert!(round < 3);
                    query = continued(&query, &token);
                }
                None => assert_eq!(round, 3),
            }
        }
        assert_eq!(ids, ["Three", "two", "four"]);
        assert!(query.starts_with("%24top=1&$filter=state%20eq%20'ready'&$skiptoken="));
        assert_eq!(query.matches("skiptoken").count(), 1);
    }

    #[test]
    fn a_foreign_token_is_refused() {
        for token in ["x", "!!", "MTIz", ""] {
            let options = QueryOptions::read(&format!("$skiptoken={token}")).unwrap();
            let error = page(all(), &options).err().unwrap();
            assert_eq!(error.target.as_deref(), Some("$skiptoken"), "{token}");
        }
    }
}
