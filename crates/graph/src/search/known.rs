//! `POST /search/query`: which members of the body are read.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/resources/searchrequest>

use crate::known::Known;

/// The body; `trimDuplicates` and `sharePointOneDriveOptions` concern types that are not served.
pub const MEMBERS: Known = Known {
    members: &["requests"],
    older: &[],
    below: &[("requests", &REQUEST)],
};

const REQUEST: Known = Known {
    members: &[
        "entityTypes",
        "contentSources",
        "region",
        "query",
        "from",
        "size",
        "fields",
        "sortProperties",
        "aggregations",
        "aggregationFilters",
        "collapseProperties",
        "queryAlterationOptions",
        "resultTemplateOptions",
        "enableTopResults",
    ],
    older: &["stored_fields"],
    below: &[
        ("query", &QUERY),
        ("sortProperties", &Known::flat(&["name", "isDescending"])),
        ("aggregations", &AGGREGATION),
        ("collapseProperties", &Known::flat(&["fields", "limit"])),
        (
            "queryAlterationOptions",
            &Known::flat(&["enableSuggestion", "enableModification"]),
        ),
        (
            "resultTemplateOptions",
            &Known::flat(&["enableResultTemplate"]),
        ),
    ],
};

const QUERY: Known = Known {
    members: &["queryString", "queryTemplate"],
    older: &["query_string"],
    below: &[],
};

const AGGREGATION: Known = Known {
    members: &["field", "size", "bucketDefinition"],
    older: &[],
    below: &[("bucketDefinition", &BUCKETS)],
};

const BUCKETS: Known = Known {
    members: &[
        "sortBy",
        "isDescending",
        "minimumCount",
        "prefixFilter",
        "ranges",
    ],
    older: &[],
    below: &[("ranges", &Known::flat(&["from", "to"]))],
};

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn misspelled_members_are_told() {
        let body = json!({"request": 1, "requests": [{
            "entityTypes": [], "sortPropertes": [], "agregations": [], "stored_fields": [],
            "query": {"queryString": "a", "query_string": {}, "querystrings": 1},
            "aggregations": [{"field": "a", "bucketDefinition": {"sortby": "count", "range": []}}]
        }]});
        let expect = [
            "request",
            "requests.sortPropertes",
            "requests.agregations",
            "requests.query.querystrings",
            "requests.aggregations.bucketDefinition.range",
        ];
        assert_eq!(MEMBERS.unknown(&body, true), expect);
        assert_eq!(MEMBERS.unknown(&body, false).len(), expect.len() + 2);
    }
}
