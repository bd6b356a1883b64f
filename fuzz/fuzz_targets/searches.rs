//! Bodies of searches: what is accepted keeps the published limits.
#![no_main]

use graph::{limits, search::SearchRequest};
use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use linkspan_fuzz::{accepted, json, mutate_json};

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate_json(data, size, max_size, seed)
});

fuzz_target!(|data: &[u8]| {
    let Some(body) = json(data) else { return };
    for beta in [false, true] {
        for request in accepted(SearchRequest::read_all(&body, beta)).unwrap_or_default() {
            assert!(!request.entity_types.is_empty());
            assert!(!request.query_string.trim().is_empty());
            assert!(request.query_string.encode_utf16().count() <= limits::KQL_UTF16_UNITS_MAX);
            assert!(request.size <= limits::SEARCH_SIZE_MAX);
            assert!(request.sort_properties.len() <= limits::SORT_PROPERTIES_MAX);
        }
    }
});
