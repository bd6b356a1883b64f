//! `POST /search/query`: `searchResponse` and what it holds.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/resources/searchresponse>

use serde_json::{Map, Value, json};

/// The type of a hit's resource; SDKs choose the class by it.
const EXTERNAL_ITEM: &str = "#microsoft.graph.externalConnectors.externalItem";

/// The answer to one request.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchResponse {
    /// `searchTerms`: the positive free-text terms of the query.
    pub search_terms: Vec<String>,
    /// `hitsContainers`: one, also for several connections.
    pub hits_containers: Vec<SearchHitsContainer>,
}

/// One page of hits.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchHitsContainer {
    /// `hits`; left out when there is none.
    pub hits: Vec<SearchHit>,
    /// `total`: all matches that the caller may see.
    pub total: u64,
    /// `moreResultsAvailable`: are there hits after this page?
    pub more_results_available: bool,
}

/// One hit.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchHit {
    /// `hitId`: opaque, the same for an item in every search.
    pub hit_id: String,
    /// `contentSource`: the bare connection id.
    pub content_source: String,
    /// `rank`: from 1, going on over the pages.
    pub rank: u32,
    /// `summary`: text with `<c0>` and `<ddd/>`.
    pub summary: String,
    /// `resource.properties`: the properties as selected, and the service properties.
    pub properties: Map<String, Value>,
}

impl SearchResponse {
    /// The response as the Graph prints it.
    pub fn to_json(&self) -> Value {
        let containers: Vec<Value> = self
            .hits_containers
            .iter()
            .map(SearchHitsContainer::to_json)
            .collect();
        json!({"searchTerms": self.search_terms, "hitsContainers": containers})
    }
}

impl SearchHitsContainer {
    /// The page as the Graph prints it: `hits` is absent when there is none, and `total` is an Int32.
    pub fn to_json(&self) -> Value {
        let mut container = Map::new();
        if !self.hits.is_empty() {
            let hits: Vec<Value> = self.hits.iter().map(SearchHit::to_json).collect();
            container.insert("hits".to_owned(), Value::Array(hits));
        }
        let total = i32::try_from(self.total).unwrap_or(i32::MAX);
        container.insert("total".to_owned(), json!(total));
        container.insert(
            "moreResultsAvailable".to_owned(),
            json!(self.more_results_available),
        );
        Value::Object(container)
    }
}

impl SearchHit {
    /// The hit as the Graph prints it; the resource has no `id`, `acl` or `content`.
    pub fn to_json(&self) -> Value {
        json!({
            "hitId": self.hit_id,
            "contentSource": self.content_source,
            "rank": self.rank,
            "summary": self.summary,
            "resource": {
                "@odata.type": EXTERNAL_ITEM,
                "properties": self.properties,
            },
        })
    }
}

/// The answer to a call, without context: one response per request, in the same order.
pub fn responses_json(responses: &[SearchResponse]) -> Value {
    let value: Vec<Value> = responses.iter().map(SearchResponse::to_json).collect();
    json!({ "value": value })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(hits: Vec<SearchHit>, total: u64, more_results_available: bool) -> Value {
        let response = SearchResponse {
            search_terms: vec!["pump".to_owned()],
            hits_containers: vec![SearchHitsContainer {
                hits,
                total,
                more_results_available,
            }],
        };
        responses_json(&[response])
    }

    #[test]
    fn hits_are_printed_in_the_recorded_order() {
        let properties = json!({
            "title": "Pump 7",
            "substrateContentDomainId": "444d@02b0,item-1"
        });
        let hit = SearchHit {
            hit_id: "AAMk=".to_owned(),
            content_source: "partslist".to_owned(),
            rank: 1,
            summary: "<c0>Pump</c0> 7<ddd/>".to_owned(),
            properties: properties.as_object().unwrap().clone(),
        };
        assert_eq!(
            page(vec![hit], 12, true).to_string(),
            r##"{"value":[{"searchTerms":["pump"],"hitsContainers":[{"hits":[{"hitId":"AAMk=","contentSource":"partslist","rank":1,"summary":"<c0>Pump</c0> 7<ddd/>","resource":{"@odata.type":"#microsoft.graph.externalConnectors.externalItem","properties":{"title":"Pump 7","substrateContentDomainId":"444d@02b0,item-1"}}}],"total":12,"moreResultsAvailable":true}]}]}"##
        );
    }

    #[test]
    fn no_hits_means_no_member() {
        assert_eq!(
            page(Vec::new(), 0, false).to_string(),
            r#"{"value":[{"searchTerms":["pump"],"hitsContainers":[{"total":0,"moreResultsAvailable":false}]}]}"#
        );
        let huge = page(Vec::new(), u64::MAX, false);
        assert_eq!(huge["value"][0]["hitsContainers"][0]["total"], i32::MAX);
    }
}
