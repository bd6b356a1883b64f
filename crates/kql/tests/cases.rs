//! What the parser alone can decide about the cases of `conformance/fixtures/kql-cases.json`.

#![expect(clippy::unwrap_used, reason = "tests")]

use kql::parse;
use serde_json::Value;

fn cases() -> Vec<Value> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../conformance/fixtures/kql-cases.json"
    );
    let text = std::fs::read_to_string(path).unwrap();
    let file: Value = serde_json::from_str(&text).unwrap();
    file["cases"].as_array().unwrap().clone()
}

#[test]
fn faults_are_found_where_the_cases_have_them_and_nowhere_else() {
    let cases = cases();
    assert!(cases.len() >= 165);
    for case in cases {
        let query = case["query"].as_str().unwrap();
        let parsed = parse(query);
        let malformed = case["malformed"].as_bool().unwrap();
        assert_eq!(
            parsed.malformed(),
            malformed,
            "{query:?}: {:?}",
            parsed.diagnostics
        );
        if malformed {
            let rule = case["rule"].as_str().unwrap();
            let found = parsed
                .diagnostics
                .iter()
                .any(|diagnostic| diagnostic.kind.rule() == rule);
            assert!(
                found,
                "{query:?} has no fault of {rule}: {:?}",
                parsed.diagnostics
            );
        }
    }
}

#[test]
fn exactly_the_rejected_queries_have_no_tree() {
    for case in cases() {
        let query = case["query"].as_str().unwrap();
        assert_eq!(
            parse(query).expr.is_none(),
            case["error"] == 400,
            "{query:?}"
        );
    }
}

#[test]
fn printed_trees_parse_to_equal_trees() {
    for case in cases() {
        let query = case["query"].as_str().unwrap();
        let Some(expr) = parse(query).expr else {
            continue;
        };
        let printed = expr.to_string();
        let again = parse(&printed);
        assert!(
            !again.malformed(),
            "{query:?} printed as {printed:?}: {:?}",
            again.diagnostics
        );
        assert_eq!(again.expr, Some(expr), "{query:?} printed as {printed:?}");
    }
}
