//! `POST /search/query`: reading the body, in the order of `contract/search.md` §3.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/resources/searchrequest>

use std::fmt::Display;

use serde_json::Value;

use super::{
    refine,
    request::{ContentSource, EntityType, SearchAlterationOptions, SearchRequest},
    served, several,
    voice::{ENTITY_REQUEST, QUERY, SEARCH_REQUEST, invalid, wrapped},
};
use crate::{
    error::PublicError,
    generous::{self, Object, member, quoted, same_name, shown},
    limits::{KQL_UTF16_UNITS_MAX, SEARCH_DEPTH_MAX, SEARCH_SIZE_DEFAULT, SEARCH_SIZE_MAX},
    odata,
};

/// The prefix that old clients write before an entity type.
const NAMESPACE: &str = "microsoft.graph.";

impl SearchRequest {
    /// Reads and checks a body; `beta` opens the older names that only `/beta` still knows.
    ///
    /// The shape comes first, then what is not served: so 501 means that the request is well formed.
    ///
    /// # Errors
    /// 400 `BadRequest` in the search service's voice naming the member, the value and the rule;
    /// 501 `notSupported` naming the member that asks for more than this release serves.
    pub fn read_all(body: &Value, beta: bool) -> Result<Vec<Self>, PublicError> {
        let sent = requests(body)?;
        let kinds: Vec<Vec<EntityType>> = sent
            .iter()
            .map(|request| entity_types(request))
            .collect::<Result<_, _>>()?;
        several::check_entity_types(&kinds)?;
        let requests: Vec<Self> = sent
            .into_iter()
            .zip(kinds)
            .map(|(request, kinds)| read_one(request, kinds, beta))
            .collect::<Result<_, _>>()?;
        several::check_agreement(&requests)?;
        served::check(&requests)?;
        Ok(requests)
    }
}

fn requests(body: &Value) -> Result<Vec<&Object>, PublicError> {
    let required = |leaf: &str| wrapped(&[SEARCH_REQUEST], leaf);
    let list = body
        .as_object()
        .and_then(|body| member(body, "requests"))
        .ok_or_else(|| required("requests required"))?;
    let entries = list
        .as_array()
        .filter(|entries| !entries.is_empty())
        .ok_or_else(|| required("requests must be an array of at least one searchRequest"))?;
    entries
        .iter()
        .enumerate()
        .map(|(at, entry)| {
            entry.as_object().ok_or_else(|| {
                required(&format!(
                    "requests[{at}] must be a JSON object, not {}",
                    quoted(entry)
                ))
            })
        })
        .collect()
}

fn read_one(
    request: &Object,
    entity_types: Vec<EntityType>,
    beta: bool,
) -> Result<SearchRequest, PublicError> {
    refuse_region(request)?;
    let content_sources = content_sources(request, &entity_types)?;
    let (query_string, query_template) = query(request, beta)?;
    let (from, size) = page(request)?;
    Ok(SearchRequest {
        entity_types,
        content_sources,
        query_string,
        query_template,
        size,
        from,
        fields: fields(request, beta)?,
        sort_properties: refine::sort_properties(request)?,
        aggregations: refine::aggregations(request)?,
        aggregation_filters: texts(request, "aggregationFilters")?,
        collapse_properties: refine::collapse_properties(request)?,
        query_alteration_options: alteration_options(request)?,
        enable_result_template: result_template(request)?,
        enable_top_results: flag(request, "enableTopResults")?,
    })
}

/// At least one type; a prefix of the namespace is dropped, and a type named twice counts once.
fn entity_types(request: &Object) -> Result<Vec<EntityType>, PublicError> {
    let list = member(request, "entityTypes").unwrap_or(&Value::Null);
    let entries = list
        .as_array()
        .filter(|entries| !entries.is_empty())
        .ok_or_else(|| {
            invalid(&format!(
                "entityTypes must be an array such as [\"externalItem\"], not {}",
                if list.is_array() {
                    "an empty one".to_owned()
                } else {
                    quoted(list)
                }
            ))
        })?;
    let mut kinds = Vec::with_capacity(entries.len());
    for (at, entry) in entries.iter().enumerate() {
        let bare = match entry.as_str() {
            Some(text)
                if text.len() >= NAMESPACE.len()
                    && text.is_char_boundary(NAMESPACE.len())
                    && text[..NAMESPACE.len()].eq_ignore_ascii_case(NAMESPACE) =>
            {
                &Value::from(&text[NAMESPACE.len()..])
            }
            _ => entry,
        };
        let target = format!("entityTypes[{at}]");
        let kind = plainly(generous::choice(target, bare, &EntityType::CHOICES))?;
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    several::check_combination(&kinds)?;
    Ok(kinds)
}

/// Only applications may choose a region, and applications cannot search external items.
fn refuse_region(request: &Object) -> Result<(), PublicError> {
    match member(request, "region") {
        None => Ok(()),
        Some(_) => Err(wrapped(
            &[],
            "Region is not supported when request with delegated permission.",
        )),
    }
}

fn content_sources(
    request: &Object,
    entity_types: &[EntityType],
) -> Result<Vec<ContentSource>, PublicError> {
    let sent = texts(request, "contentSources")?;
    let wanted = entity_types.contains(&EntityType::ExternalItem);
    if wanted && sent.is_empty() {
        return Err(invalid(
            "Content Source cannot be null or empty for entity type - ExternalItem",
        ));
    }
    if !wanted && !sent.is_empty() {
        return Err(invalid("Content Source is required only for ExternalItem"));
    }
    sent.iter()
        .enumerate()
        .map(|(at, source)| {
            content_source(source).ok_or_else(|| {
                invalid(&format!(
                    "contentSources[{at}] is {}; it must be /external/connections/{{connectionId}} \
                     or /external/connections/*",
                    shown(source)
                ))
            })
        })
        .collect()
}

fn content_source(sent: &str) -> Option<ContentSource> {
    let sent = sent.trim();
    if same_name("Connectors", sent) {
        return Some(ContentSource::All);
    }
    let mut steps = sent.trim_matches('/').split('/');
    let is_prefix = steps.next()?.eq_ignore_ascii_case("external")
        && steps.next()?.eq_ignore_ascii_case("connections");
    let id = steps.next().filter(|id| !id.trim().is_empty())?;
    if !is_prefix || steps.next().is_some() {
        return None;
    }
    Some(match id {
        "*" => ContentSource::All,
        id => ContentSource::Connection(id.to_owned()),
    })
}

/// `queryString` and `queryTemplate`; a blank template is none.
fn query(request: &Object, beta: bool) -> Result<(String, Option<String>), PublicError> {
    let refused = |leaf: &str| wrapped(&[SEARCH_REQUEST, ENTITY_REQUEST, QUERY], leaf);
    let Some(query) = member(request, "query") else {
        return Err(refused("queryString required"));
    };
    let query = plainly(generous::object("query", query))?;
    let older = || {
        let older = member(query, "query_string").filter(|_| beta)?;
        member(older.as_object()?, "query")
    };
    let text = match member(query, "queryString").or_else(older) {
        Some(value) => plainly(generous::text("query.queryString", value))?,
        None => "",
    };
    if text.trim().is_empty() {
        return Err(refused("queryString required"));
    }
    let units = text.encode_utf16().count();
    if units > KQL_UTF16_UNITS_MAX {
        return Err(refused(&format!(
            "queryString has {units} characters; it must have at most {KQL_UTF16_UNITS_MAX}"
        )));
    }
    let template = member(query, "queryTemplate")
        .map(|value| plainly(generous::text("query.queryTemplate", value)))
        .transpose()?
        .filter(|template| !template.trim().is_empty());
    Ok((text.to_owned(), template.map(str::to_owned)))
}

/// `fields`, on beta also under its older name.
fn fields(request: &Object, beta: bool) -> Result<Vec<String>, PublicError> {
    let older = beta && member(request, "fields").is_none();
    texts(request, if older { "stored_fields" } else { "fields" })
}

fn alteration_options(request: &Object) -> Result<SearchAlterationOptions, PublicError> {
    let Some(options) = member(request, "queryAlterationOptions") else {
        return Ok(SearchAlterationOptions::default());
    };
    let options = plainly(generous::object("queryAlterationOptions", options))?;
    Ok(SearchAlterationOptions {
        enable_suggestion: flag(options, "enableSuggestion")?,
        enable_modification: flag(options, "enableModification")?,
    })
}

/// An object, or (the reference page says so) a list of at most one.
fn result_template(request: &Object) -> Result<bool, PublicError> {
    let name = "resultTemplateOptions";
    let options = match member(request, name) {
        None => return Ok(false),
        Some(Value::Array(entries)) => match entries.as_slice() {
            [] => return Ok(false),
            [only] => only,
            _ => {
                return Err(invalid(&format!(
                    "{name} has {} entries; at most 1 is allowed",
                    entries.len()
                )));
            }
        },
        Some(options) => options,
    };
    flag(
        plainly(generous::object(name, options))?,
        "enableResultTemplate",
    )
}

/// A boolean that is false when absent; `"true"` counts too.
pub(super) fn flag(object: &Object, name: &str) -> Result<bool, PublicError> {
    member(object, name).map_or(Ok(false), |value| plainly(generous::boolean(name, value)))
}

/// `from` and `size`, which together must not lead too deep.
fn page(request: &Object) -> Result<(u32, u32), PublicError> {
    let from = whole(request, "from", SEARCH_DEPTH_MAX)?.unwrap_or_default();
    let size = whole(request, "size", SEARCH_SIZE_MAX)?.unwrap_or(SEARCH_SIZE_DEFAULT);
    if from + size > SEARCH_DEPTH_MAX {
        return Err(invalid(&format!(
            "from is {from} and size is {size}; together they must be at most {SEARCH_DEPTH_MAX}, \
             so narrow the query to see what lies deeper"
        )));
    }
    Ok((from, size))
}

/// A whole number from 0, if there is one.
fn whole(object: &Object, name: &str, max: u32) -> Result<Option<u32>, PublicError> {
    let number = member(object, name)
        .map(|value| plainly(odata::integer(name, value, 0..=i64::from(max))))
        .transpose()?;
    Ok(number.and_then(|number| u32::try_from(number).ok()))
}

/// A list of texts; absent is empty.
pub(super) fn texts(object: &Object, name: impl Display) -> Result<Vec<String>, PublicError> {
    let name = name.to_string();
    member(object, &name).map_or_else(
        || Ok(Vec::new()),
        |value| plainly(generous::texts(&name, value)),
    )
}

/// The same refusal in the search service's voice: the help becomes the leaf.
pub(super) fn plainly<T>(read: Result<T, PublicError>) -> Result<T, PublicError> {
    read.map_err(|error| {
        let help = error.details.first().map(|detail| detail.message.as_str());
        invalid(help.unwrap_or(&error.message).trim_end_matches('.'))
    })
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
