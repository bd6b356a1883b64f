//! SARIF 2.1.0: every check is a rule, every warning and failure a result.
//!
//! Documentation: <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>

use serde_json::{Value, json};
use tenant::doctor::{Check, Examination, Verdict};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The log of one run.
pub(super) fn log(examination: &Examination) -> Value {
    let checks = &examination.checks;
    let results = checks.iter().enumerate().filter_map(|(at, check)| {
        let level = match check.verdict {
            Verdict::Failure => "error",
            Verdict::Warning => "warning",
            Verdict::Pass | Verdict::Unknown => return None,
        };
        Some(json!({
            "ruleId": check.id,
            "ruleIndex": at,
            "level": level,
            "message": { "text": format!("{}: {}. {}", check.title, check.found, check.fix) },
            "locations": locations(&examination.connection, check),
        }))
    });
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "linkspan doctor",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": checks.iter().map(rule).collect::<Vec<_>>(),
            } },
            "results": results.collect::<Vec<_>>(),
            "properties": {
                "connection": examination.connection,
                "scores": examination.scores,
                "items": examination.items,
            },
        }],
    })
}

fn rule(check: &Check) -> Value {
    json!({
        "id": check.id,
        "shortDescription": { "text": check.title },
        "fullDescription": { "text": check.why },
        "help": { "text": check.fix },
        "properties": { "area": check.area, "weight": check.weight },
    })
}

/// A connection is no file: its parts are named, and have no place.
fn locations(connection: &str, check: &Check) -> Vec<Value> {
    let whole = format!("connections/{connection}");
    let mut names: Vec<String> = check
        .about
        .iter()
        .map(|part| format!("{whole}/{part}"))
        .collect();
    if names.is_empty() {
        names.push(whole);
    }
    let location = |name: String| {
        let last = name.rsplit('/').next().unwrap_or_default();
        json!({ "logicalLocations": [{ "name": last, "fullyQualifiedName": name, "kind": "resource" }] })
    };
    names.into_iter().map(location).collect()
}
