//! `?$filter=name eq '…'&$select=id&$top=5`: the query options of a read.
//!
//! Documentation: <https://learn.microsoft.com/graph/query-parameters>

use serde_json::Value;

use super::{Filter, Order, Shape, path::percent_decoded};
use crate::{
    error::{ErrorCode, PublicError},
    generous::{is_annotation, shown},
};

/// The largest page that may be asked for.
pub const TOP_MAX: u16 = 999;

/// How many may be left out at most: they are all gathered first.
const SKIP_MAX: u32 = 10_000;

/// The options that OData knows: none of them may be given twice.
const KNOWN: [&str; 10] = [
    "filter",
    "orderby",
    "select",
    "expand",
    "top",
    "skip",
    "count",
    "skiptoken",
    "search",
    "format",
];

/// The query options of a read, as far as they are understood.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct QueryOptions {
    /// `$filter`.
    pub filter: Option<Filter>,
    /// `$orderby`.
    pub order: Order,
    /// `$select`: names in the order asked for; empty means all.
    pub select: Vec<String>,
    /// `$expand`: names as the shape spells them.
    pub expand: Vec<&'static str>,
    /// `$top`, 1 to 999.
    pub top: Option<u16>,
    /// `$skip`: how many to leave out first, 0 to 10,000.
    pub skip: u32,
    /// `$count=true`: add `@odata.count`.
    pub count: bool,
    /// `$skiptoken`: opaque, from an `@odata.nextLink`.
    pub skiptoken: Option<String>,
    /// Options that are not used here, by name, for `x-linkspan-advice`.
    pub ignored: Vec<String>,
}

impl QueryOptions {
    /// Reads a raw query string, without its question mark, that asks for a collection of this shape.
    ///
    /// Names may come with or without `$`, in any case and percent-encoded; `+` is a space.
    ///
    /// # Errors
    /// 400 `BadRequest` naming the option, the value, and what is supported; or an option that is given twice.
    pub fn read(query: &str, shape: &Shape) -> Result<Self, PublicError> {
        let mut options = Self::default();
        for (sent_name, name, value) in single(pairs(query)?)? {
            options.set((&sent_name, &name), &value, shape)?;
        }
        Ok(options)
    }

    /// The same for one resource: only `$select` and `$expand` have a meaning.
    ///
    /// # Errors
    /// As for [`QueryOptions::read`].
    pub fn read_one(query: &str, shape: &Shape) -> Result<Self, PublicError> {
        let mut options = Self::default();
        for (sent_name, name, value) in single(pairs(query)?)? {
            match name.as_str() {
                // Where nothing can be expanded the documentation says that the option has no effect.
                "expand" if shape.expand.is_empty() => options.ignored.push(sent_name),
                "select" | "expand" => options.set((&sent_name, &name), &value, shape)?,
                // It was read before: see `Metadata::of_query`.
                "format" => {}
                _ => options.ignored.push(sent_name),
            }
        }
        Ok(options)
    }

    fn set(
        &mut self,
        (sent_name, name): (&str, &str),
        value: &str,
        shape: &Shape,
    ) -> Result<(), PublicError> {
        match name {
            "filter" => self.filter = Some(Filter::read(value, shape)?),
            "orderby" => self.order = Order::read(value, shape)?,
            "select" => self.select = select(value, shape)?,
            "expand" => self.expand = expand(value, shape)?,
            "top" => self.top = Some(top(value)?),
            "skip" => self.skip = skip(value)?,
            "count" => self.count = count(value)?,
            "skiptoken" => self.skiptoken = Some(value.to_owned()),
            "search" => return Err(searched(value)),
            // It was read before: see `Metadata::of_query`.
            "format" => {}
            _ => self.ignored.push(sent_name.to_owned()),
        }
        Ok(())
    }

    /// Keeps of a printed resource what `$select` and `$expand` name, and its annotations.
    pub fn keep_selected(&self, resource: &mut Value) {
        let Value::Object(members) = resource else {
            return;
        };
        if self.select.is_empty() || self.select.iter().any(|name| name == "*") {
            return;
        }
        members.retain(|member, value| {
            is_annotation(member)
                || self.expand.contains(&member.as_str())
                || keep_named(&self.select, member, value)
        });
    }
}

/// Is the member selected, or a part of it? Then the part alone stays.
fn keep_named(select: &[String], member: &str, value: &mut Value) -> bool {
    let named = select.iter().map(|name| divided(name));
    let parts: Vec<Option<&str>> = named
        .filter(|(name, _)| name.eq_ignore_ascii_case(member))
        .map(|(_, part)| part)
        .collect();
    if let Some(parts) = parts.iter().copied().collect::<Option<Vec<&str>>>()
        && let Value::Object(members) = value
    {
        members.retain(|name, _| {
            // The type of a member goes with it: `tags@odata.type`.
            let name = name.split('@').next().unwrap_or(name);
            name.is_empty() || parts.iter().any(|part| part.eq_ignore_ascii_case(name))
        });
    }
    !parts.is_empty()
}

/// The options of a query string: the name as it was sent, the bare name, and the decoded value.
pub(super) fn pairs(query: &str) -> Result<Vec<(String, String, String)>, PublicError> {
    let mut pairs = Vec::new();
    let mut pieces = query.split('&').filter(|piece| !piece.is_empty());
    while let Some(piece) = pieces.next() {
        let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
        let sent_name = decoded(name)?;
        let name = sent_name
            .trim()
            .trim_start_matches('$')
            .to_ascii_lowercase();
        let mut value = decoded(value)?;
        if name == "filter" {
            // A widely used client writes `&` inside the quotes as it is.
            let odd = |text: &str| text.matches('\'').count() % 2 == 1;
            let mut open = odd(&value);
            while open && let Some(more) = pieces.next() {
                let more = decoded(more)?;
                open = !odd(&more);
                value.push('&');
                value.push_str(&more);
            }
        }
        pairs.push((sent_name, name, value));
    }
    Ok(pairs)
}

/// The options that may be given once at most, and the others.
fn single(
    pairs: Vec<(String, String, String)>,
) -> Result<Vec<(String, String, String)>, PublicError> {
    for (at, (_, name, value)) in pairs.iter().enumerate() {
        let is_again = pairs[..at].iter().any(|(_, earlier, _)| earlier == name);
        if is_again && KNOWN.contains(&name.as_str()) {
            let target = format!("${name}");
            let message = format!(
                "{target} is given more than once, again as {}: give it once at most.",
                shown(value)
            );
            return Err(refused(&target, message));
        }
    }
    Ok(pairs)
}

fn decoded(text: &str) -> Result<String, PublicError> {
    percent_decoded(&text.replace('+', " ")).map_err(|fault| {
        PublicError::new(
            ErrorCode::BadRequest,
            format!(
                "The query string cannot be read at {}: {fault}.",
                shown(text)
            ),
        )
    })
}

fn names(value: &str) -> impl Iterator<Item = &str> {
    value
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
}

/// `configuration` and `authorizedAppIds` of `configuration/authorizedAppIds`.
fn divided(name: &str) -> (&str, Option<&str>) {
    match name.split_once('/') {
        Some((member, part)) => (member, Some(part)),
        None => (name, None),
    }
}

/// Does the shape have such a member, or a member with such a part?
fn is_known(name: &str, shape: &Shape) -> bool {
    let same = |known: &&str, name: &str| known.eq_ignore_ascii_case(name);
    match divided(name) {
        (member, None) => shape.members.iter().any(|known| same(known, member)),
        (member, Some(part)) => {
            let mut whole = shape.parts.iter();
            whole
                .find(|(known, _)| same(known, member))
                .is_some_and(|(known, parts)| {
                    let is_open = parts.is_empty() && !part.is_empty() && !part.contains('/');
                    shape.members.contains(known)
                        && (is_open || parts.iter().any(|known| same(known, part)))
                })
        }
    }
}

fn select(value: &str, shape: &Shape) -> Result<Vec<String>, PublicError> {
    let known = |name: &str| name == "*" || is_annotation(name) || is_known(name, shape);
    match names(value).find(|name| !known(name)) {
        None => Ok(names(value).map(str::to_owned).collect()),
        Some(unknown) => Err(refused(
            "$select",
            format!(
                "Invalid value {} for $select: there is no member {}. Members are: {}.",
                shown(value),
                shown(unknown),
                shape.members.join(", ")
            ),
        )),
    }
}

fn expand(value: &str, shape: &Shape) -> Result<Vec<&'static str>, PublicError> {
    names(value)
        .map(|name| {
            let known = shape.expand.iter().copied();
            let mut found = known.filter(|known| known.eq_ignore_ascii_case(name));
            found.next().ok_or_else(|| {
                let help = match shape.expand {
                    [] => "nothing can be expanded here; read it by its own path".to_owned(),
                    known => format!("what can be expanded here is: {}", known.join(", ")),
                };
                refused(
                    "$expand",
                    format!("Invalid value {} for $expand: {help}.", shown(name)),
                )
            })
        })
        .collect()
}

fn top(value: &str) -> Result<u16, PublicError> {
    number(value)
        .filter(|top| (1..=TOP_MAX).contains(top))
        .ok_or_else(|| {
            refused(
                "$top",
                format!(
                    "Invalid value {} for $top: it must be a whole number from 1 to {TOP_MAX}.",
                    shown(value)
                ),
            )
        })
}

fn skip(value: &str) -> Result<u32, PublicError> {
    number(value)
        .filter(|skip| *skip <= SKIP_MAX)
        .ok_or_else(|| {
            refused(
                "$skip",
                format!(
                    "Invalid value {} for $skip: it must be a whole number from 0 to {SKIP_MAX}; follow `@odata.nextLink` to go further.",
                    shown(value)
                ),
            )
        })
}

/// The number that these digits write; signs are not taken.
fn number<T: std::str::FromStr>(value: &str) -> Option<T> {
    let digits = value.trim();
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| plain)
}

fn count(value: &str) -> Result<bool, PublicError> {
    match value.trim() {
        yes if yes.eq_ignore_ascii_case("true") => Ok(true),
        no if no.eq_ignore_ascii_case("false") => Ok(false),
        _ => Err(refused(
            "$count",
            format!(
                "Invalid value {} for $count: it must be true or false.",
                shown(value)
            ),
        )),
    }
}

/// Left out it would answer what was not asked for.
fn searched(value: &str) -> PublicError {
    refused(
        "$search",
        format!(
            "$search ({}) is not served on collections: use $filter, or POST /search/query to search items.",
            shown(value)
        ),
    )
}

pub(super) fn refused(target: &str, message: String) -> PublicError {
    let mut error = PublicError::new(ErrorCode::BadRequest, message);
    error.target = Some(target.to_owned());
    error
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::odata::shapes::{CONNECTIONS, ITEMS};

    fn read(query: &str) -> Result<QueryOptions, PublicError> {
        QueryOptions::read(query, &CONNECTIONS)
    }

    #[test]
    fn filters_of_real_clients() {
        let check = |query: &str, property: &str, value: &str| {
            let filter = read(query).unwrap().filter.unwrap();
            assert!(filter.admits(&json!({ property: value })), "{query}");
            assert!(!filter.admits(&json!({ property: "other" })), "{query}");
        };
        check(
            "$filter=name%20eq%20%27O%27%27Brien%20%26%20co%27",
            "name",
            "O'Brien & co",
        );
        check("%24filter=name eq 'a'", "name", "a");
        check("filter=id+eq+'a'", "id", "a");
        check("$FILTER=STATE EQ 'ready'", "state", "ready");
        check("$filter=name eq 'n & m'&$top=1", "name", "n & m");
    }

    #[test]
    fn the_other_options() {
        let query = "$select=id,%20name,&$top=5&$skip=7&$count=TRUE&$skiptoken=a%2Bb&$orderby=name+desc&$expand=Schema&api-version=1";
        let options = read(query).unwrap();
        assert_eq!(options.select, ["id", "name"]);
        assert_eq!((options.top, options.skip), (Some(5), 7));
        assert!(options.count);
        assert_eq!(options.skiptoken.as_deref(), Some("a+b"));
        assert_eq!(options.order.to_string(), "name desc");
        assert_eq!(options.expand, ["schema"]);
        assert_eq!(options.ignored, ["api-version"]);
        assert_eq!(read("").unwrap(), QueryOptions::default());
        for top in ["0", "1000", "-1", "x", "", "1.5", "%2B5"] {
            let error = read(&format!("$top={top}")).unwrap_err();
            assert_eq!(error.status, 400, "{top}");
            assert!(error.message.contains("from 1 to 999"));
        }
        assert_eq!(read("$top=999").unwrap().top, Some(999));
        assert_eq!(read("$select=%zz").unwrap_err().status, 400);
    }

    #[test]
    fn what_is_not_understood_is_refused_by_name() {
        let check = |query: &str, target: &str| {
            let error = read(query).unwrap_err();
            assert_eq!((error.status, error.code), (400, ErrorCode::BadRequest));
            assert_eq!(error.target.as_deref(), Some(target), "{query}");
        };
        check("$count=maybe", "$count");
        check("$skip=-1", "$skip");
        check("$skip=10001", "$skip");
        check("$search=%22a%22", "$search");
        check("$select=id,colour", "$select");
        check("$expand=items", "$expand");
        check("$expand=schema($select=properties)", "$expand");
        check("$orderby=colour", "$orderby");
        check("$filter=name eq 'a'&$filter=name eq 'b'", "$filter");
        check("$top=1&TOP=1", "$top");
        for name in [
            "configuration/nope",
            "configuration/",
            "id/x",
            "configuration/authorizedAppIds/x",
            "nope/x",
        ] {
            check(&format!("$select={name}"), "$select");
        }
        assert_eq!(
            read("api-version=1&api-version=2").unwrap().ignored.len(),
            2
        );
        let error = read("$select=id,colour").unwrap_err();
        assert!(error.message.contains("`colour`. Members are: id, name,"));
    }

    #[test]
    fn one_resource_is_selected_and_expanded_alone() {
        let query = "$filter=)&$top=many&$select=id&$expand=schema";
        let options = QueryOptions::read_one(query, &CONNECTIONS).unwrap();
        assert_eq!(options.ignored, ["$filter", "$top"]);
        assert_eq!(options.expand, ["schema"]);
        let mut resource = json!({"id": "a", "name": "b", "schema": {}});
        options.keep_selected(&mut resource);
        assert_eq!(resource, json!({"id": "a", "schema": {}}));
        assert!(QueryOptions::read_one("$select=colour", &CONNECTIONS).is_err());
    }

    #[test]
    fn select_keeps_members_and_annotations() {
        let whole = json!({
            "@odata.context": "c", "id": "a", "name": "b",
            "configuration": {"authorizedAppIds": [], "other": 1}
        });
        let check = |query: &str, expect: &Value| {
            let mut resource = whole.clone();
            read(query).unwrap().keep_selected(&mut resource);
            assert_eq!(resource, *expect, "{query}");
        };
        check("$select=ID", &json!({"@odata.context": "c", "id": "a"}));
        let part = json!({"@odata.context": "c", "configuration": {"authorizedAppIds": []}});
        check("$select=Configuration/authorizedappids", &part);
        check(
            "$select=configuration/authorizedAppIds,configuration",
            &json!({"@odata.context": "c", "configuration": whole["configuration"]}),
        );
        check("$select=*", &whole);
        check("", &whole);
    }

    #[test]
    fn parts_of_an_open_type_are_selected_with_their_types() {
        let read = |query: &str| QueryOptions::read(query, &ITEMS);
        let mut item = json!({"id": "a", "properties": {
            "@odata.type": "t", "tags@odata.type": "Collection(String)", "tags": ["x"], "title": "b"
        }});
        read("$select=properties/Tags")
            .unwrap()
            .keep_selected(&mut item);
        assert_eq!(
            item,
            json!({"properties": {"@odata.type": "t", "tags@odata.type": "Collection(String)", "tags": ["x"]}})
        );
        assert_eq!(read("$select=properties/a/b").unwrap_err().status, 400);
        assert_eq!(read("$select=acl/type").unwrap_err().status, 400);
    }

    proptest! {
        #[test]
        fn any_query_is_read_or_refused(query in ".*") {
            if let Err(error) = read(&query) {
                prop_assert_eq!(error.status, 400);
            }
        }
    }
}
