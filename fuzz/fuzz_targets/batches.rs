//! Envelopes of batches: an accepted one keeps every rule that those who run it rely on.
#![no_main]

use std::collections::HashSet;

use graph::{Batch, limits::BATCH_REQUESTS_MAX};
use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use linkspan_fuzz::{accepted, mutate_json};
use serde_json::value::RawValue;

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate_json(data, size, max_size, seed)
});

fuzz_target!(|data: &[u8]| {
    let Ok(envelope) = serde_json::from_slice::<&RawValue>(data) else {
        return;
    };
    let Some(batch) = accepted(Batch::read(envelope)) else {
        return;
    };
    assert!((1..=BATCH_REQUESTS_MAX).contains(&batch.requests.len()));
    let ids: HashSet<String> = batch
        .requests
        .iter()
        .map(|request| request.id.to_lowercase())
        .collect();
    assert_eq!(ids.len(), batch.requests.len());
    for (place, request) in batch.requests.iter().enumerate() {
        assert!(!request.url.chars().any(char::is_control));
        assert!(
            request
                .depends_on
                .iter()
                .all(|at| *at < batch.requests.len())
        );
        // Whoever follows the dependencies comes to an end without meeting himself.
        let mut open = request.depends_on.clone();
        let mut seen = HashSet::new();
        while let Some(before) = open.pop() {
            assert_ne!(before, place, "a circle");
            if seen.insert(before) {
                open.extend(&batch.requests[before].depends_on);
            }
        }
        if let Some(body) = &request.body {
            assert!(!request.headers.is_empty() || body.is_empty());
        }
    }
});
