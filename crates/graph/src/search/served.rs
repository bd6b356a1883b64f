//! `POST /search/query`: what this release understands and does not serve.
//!
//! Documentation: <https://learn.microsoft.com/graph/search-concept-overview>

use super::{
    request::{EntityType, SearchRequest},
    voice::not_supported,
};
use crate::error::PublicError;

/// The template that changes nothing.
const PLAIN_TEMPLATE: &str = "{searchTerms}";

/// Refuses by name what would otherwise be ignored.
///
/// # Errors
/// 501 `notSupported` naming the member.
pub(super) fn check(requests: &[SearchRequest]) -> Result<(), PublicError> {
    if requests.len() > 1 {
        let sentence = format!(
            "requests has {} entries; this release serves one searchRequest per call.",
            requests.len()
        );
        return Err(not_supported("requests", &sentence));
    }
    requests.iter().try_for_each(check_one)
}

fn check_one(request: &SearchRequest) -> Result<(), PublicError> {
    let other = request
        .entity_types
        .iter()
        .find(|kind| **kind != EntityType::ExternalItem);
    if let Some(kind) = other {
        let sentence = format!(
            "entityTypes names {}; this release searches externalItem only.",
            kind.as_str()
        );
        return Err(not_supported("entityTypes", &sentence));
    }
    let template = request.query_template.as_deref().map(str::trim);
    let options = request.query_alteration_options;
    let asked = [
        (
            "queryTemplate",
            template.is_some_and(|text| text != PLAIN_TEMPLATE),
        ),
        ("sortProperties", !request.sort_properties.is_empty()),
        ("aggregations", !request.aggregations.is_empty()),
        (
            "aggregationFilters",
            !request.aggregation_filters.is_empty(),
        ),
        (
            "collapseProperties",
            !request.collapse_properties.is_empty(),
        ),
        ("enableSuggestion", options.enable_suggestion),
        ("enableModification", options.enable_modification),
        ("enableResultTemplate", request.enable_result_template),
    ];
    match asked.iter().find(|(_, asked)| *asked) {
        None => Ok(()),
        Some((member, _)) => Err(not_supported(
            member,
            &format!("{member} is not served in this release; send the request without it."),
        )),
    }
}
