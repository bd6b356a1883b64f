//! `POST /search/query`: which entity types go together, in one request and over several.
//!
//! Documentation: <https://learn.microsoft.com/graph/search-concept-interleaving>

use super::{
    request::{EntityType, SearchRequest},
    voice::{SEARCH_REQUEST, invalid, wrapped},
};
use crate::error::PublicError;

/// External items share a request with file types only.
pub(super) fn check_combination(kinds: &[EntityType]) -> Result<(), PublicError> {
    if !kinds.contains(&EntityType::ExternalItem) {
        return Ok(());
    }
    let stranger = kinds
        .iter()
        .find(|kind| **kind != EntityType::ExternalItem && !kind.is_file());
    match stranger {
        None => Ok(()),
        Some(kind) => Err(invalid(&format!(
            "externalItem cannot be combined with {}; send it in a request of its own",
            kind.as_str()
        ))),
    }
}

/// A type occurs in one request only, and all file types in the same one.
pub(super) fn check_entity_types(requests: &[Vec<EntityType>]) -> Result<(), PublicError> {
    let mut seen: Vec<EntityType> = Vec::new();
    for kind in requests.iter().flatten() {
        if seen.contains(kind) {
            return Err(invalid(
                "Entity types must not be duplicates in multiple entity requests",
            ));
        }
        seen.push(*kind);
    }
    let with_files = requests
        .iter()
        .filter(|kinds| kinds.iter().any(|kind| kind.is_file()))
        .count();
    if with_files > 1 {
        return Err(wrapped(
            &[SEARCH_REQUEST],
            "File entity types can only appear in one entity request",
        ));
    }
    Ok(())
}

/// Several requests ask for the same page of the same query.
pub(super) fn check_agreement(requests: &[SearchRequest]) -> Result<(), PublicError> {
    for pair in requests.windows(2) {
        let member = if pair[0].from != pair[1].from {
            "from"
        } else if pair[0].size != pair[1].size {
            "size"
        } else if pair[0].query_string != pair[1].query_string {
            "queryString"
        } else {
            continue;
        };
        return Err(wrapped(
            &[SEARCH_REQUEST],
            &format!("{member} must be the same in multiple entity requests"),
        ));
    }
    Ok(())
}
