//! Paths, query strings and the headers that are languages of their own: what was read is found again when it is written anew.
#![no_main]

use graph::{
    odata::{self, Filter, List, Metadata, OwnedSegment, Preferences, QueryOptions, Shape},
    route::{Found, Method, find},
};
use libfuzzer_sys::fuzz_target;
use linkspan_fuzz::accepted;

const LISTS: [List<'static>; 8] = [
    List::Connections,
    List::Operations { connection: "c" },
    List::Items { connection: "c" },
    List::Activities {
        connection: "c",
        item: "i",
    },
    List::Groups { connection: "c" },
    List::Members {
        connection: "c",
        group: "g",
    },
    List::Users,
    List::DirectoryGroups,
];

fuzz_target!(|text: &str| {
    let (route, query) = text.split_once('?').unwrap_or((text, text));
    path(route);
    for list in LISTS {
        options(query, list);
    }
    let preferences = Preferences::read(text.split('\n'));
    let size = preferences.max_page_size;
    assert!(size.is_none_or(|size| (1..=odata::TOP_MAX).contains(&size)));
    Metadata::read(text.split('\n'));
});

fn path(text: &str) {
    let Some(segments) = accepted(odata::path(text)) else {
        return;
    };
    let written: Vec<String> = segments.iter().map(written).collect();
    let again = odata::path(&written.join("/")).expect("a written path is readable");
    assert_eq!(again, segments);
    for beta in [false, true] {
        for method in [
            Method::Get,
            Method::Post,
            Method::Put,
            Method::Patch,
            Method::Delete,
        ] {
            let found = find(method, beta, &odata::segments(&segments));
            assert_eq!(found, find(method, beta, &odata::segments(&again)));
            match found {
                Found::Route(route, params) => {
                    assert_eq!(route.method, method);
                    assert!(params.iter().all(|(name, _)| route.path.contains(name)));
                }
                Found::MethodNotAllowed(methods) => assert!(!methods.contains(&method)),
                Found::Unknown(_) => {}
            }
        }
    }
}

/// The segment as a careful client writes it: everything but letters and digits escaped.
fn written(segment: &OwnedSegment) -> String {
    let escaped =
        |text: &str| -> String { text.bytes().map(|byte| format!("%{byte:02X}")).collect() };
    match &segment.key {
        Some(key) => format!(
            "{}('{}')",
            escaped(&segment.name),
            escaped(&key.replace('\'', "''"))
        ),
        None => escaped(&segment.name),
    }
}

fn options(query: &str, list: List<'_>) {
    for beta in [false, true] {
        shaped(query, list.shape(beta));
    }
}

fn shaped(query: &str, shape: &'static Shape) {
    if let Some(options) = accepted(QueryOptions::read(query, shape)) {
        assert!(
            options
                .top
                .is_none_or(|top| (1..=odata::TOP_MAX).contains(&top))
        );
        let order = options.order.to_string();
        let again = odata::Order::read(&order, shape);
        assert!(
            order.is_empty() || again.as_ref() == Ok(&options.order),
            "{order}"
        );
    }
    accepted(QueryOptions::read_one(query, shape));
    if let Some(filter) = accepted(Filter::read(query, shape)) {
        filter.admits(&serde_json::json!({}));
        // What is in parentheses means the same.
        if let Ok(again) = Filter::read(&format!("({query})"), shape) {
            assert_eq!(again, filter);
        }
    }
}
