//! Keyword Query Language: a tree prints as text that parses to an equal tree, and every diagnostic points into the text.
#![no_main]

use kql::{balance, free_terms, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    // The caller refuses what is longer.
    if text.encode_utf16().count() > kql::QUERY_UNITS_MAX {
        return;
    }
    let parsed = parse(text);
    for diagnostic in &parsed.diagnostics {
        let span = diagnostic.span;
        assert!(text.get(span.start..span.end).is_some(), "{diagnostic:?}");
    }
    assert!(parsed.expr.is_some() || parsed.malformed());
    let balanced = balance(text);
    assert_eq!(balance(&balanced), balanced);
    let Some(expr) = parsed.expr else { return };
    let printed = expr.to_string();
    assert_eq!(parse(&printed).expr, Some(expr.clone()), "{printed:?}");
    for term in free_terms(&expr, &|_| true) {
        assert!(!term.is_empty() && text.contains(&term), "{term:?}");
    }
});
