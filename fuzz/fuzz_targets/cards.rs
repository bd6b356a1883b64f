//! Layouts of result templates: a card is accepted, also in a `default` member, or refused at a place that can be told.
#![no_main]

use graph::card::{self, Language};
use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use linkspan_fuzz::{accepted, json, mutate_json};
use serde_json::json;

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate_json(data, size, max_size, seed)
});

fuzz_target!(|data: &[u8]| {
    let Some(layout) = json(data) else { return };
    for language in [Language::Search, Language::EDiscovery] {
        let check = |layout| card::check_at("layout", layout, language);
        if accepted(check(&layout)).is_some() && layout.get("type").is_some() {
            assert_eq!(check(&json!({"default": layout})), Ok(()));
        }
    }
});
