//! Searches as a user, and pages through all hits.

use anyhow::Context;
use reqwest::Method;
use serde_json::{Value, json};

use super::api::Api;

/// Hits per page; the API takes 1,000 at most.
const PAGE: usize = 1_000;

/// Everything a user finds.
#[derive(Debug, Default)]
pub struct Found {
    /// What the server says the total is.
    pub total: usize,
    /// Item ids in the order of the hits, over all pages.
    pub ids: Vec<String>,
    /// Titles of the first hits.
    pub titles: Vec<String>,
}

/// The total alone.
///
/// # Errors
/// When the server refuses the search or answers without a total.
pub async fn total(api: &Api, connection: &str, query: &str) -> anyhow::Result<usize> {
    page(api, connection, query, (0, 1))
        .await
        .map(|page| page.total)
}

/// All hits.
///
/// # Errors
/// When the server refuses a page or leaves out what a hit must have.
pub async fn all(api: &Api, connection: &str, query: &str, titles: usize) -> anyhow::Result<Found> {
    let mut found = Found::default();
    loop {
        let page = page(api, connection, query, (found.ids.len(), PAGE)).await?;
        found.total = page.total;
        if found.ids.is_empty() {
            found.titles = page.titles.into_iter().take(titles).collect();
        }
        let last = page.ids.is_empty() || !page.more;
        found.ids.extend(page.ids);
        if last {
            return Ok(found);
        }
    }
}

struct Page {
    total: usize,
    more: bool,
    ids: Vec<String>,
    titles: Vec<String>,
}

async fn page(
    api: &Api,
    connection: &str,
    query: &str,
    window: (usize, usize),
) -> anyhow::Result<Page> {
    let body = json!({ "requests": [{
        "entityTypes": ["externalItem"],
        "contentSources": [format!("/external/connections/{connection}")],
        "query": { "queryString": query },
        "from": window.0,
        "size": window.1,
    }]});
    let answer = api
        .send(Method::POST, &["search", "query"], Some(&body))
        .await?
        .expect(&[200])?;
    read(&answer.body)
        .with_context(|| format!("the answer to the search `{query}` lacks what it must have"))
}

fn read(body: &Value) -> Option<Page> {
    let container = &body["value"][0]["hitsContainers"][0];
    let hits = container["hits"].as_array().map_or(&[][..], Vec::as_slice);
    let properties = |hit: &Value| hit["resource"]["properties"].clone();
    let ids: Option<Vec<_>> = hits
        .iter()
        .map(|hit| {
            let place = properties(hit)["substrateContentDomainId"]
                .as_str()?
                .to_owned();
            // Clients take what stands between the first comma and the next.
            place.split(',').nth(1).map(str::to_owned)
        })
        .collect();
    let titles = hits.iter().map(|hit| {
        properties(hit)["title"]
            .as_str()
            .unwrap_or("(no title)")
            .to_owned()
    });
    Some(Page {
        total: usize::try_from(container["total"].as_u64()?).ok()?,
        more: container["moreResultsAvailable"].as_bool()?,
        titles: titles.collect(),
        ids: ids?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(container: Value) -> Value {
        json!({ "value": [{ "hitsContainers": [container] }] })
    }

    #[test]
    fn a_page_is_read_or_refused() {
        let hit = |place: &str| json!({ "resource": { "properties": { "title": "T", "substrateContentDomainId": place } } });
        let whole =
            body(json!({ "total": 7, "moreResultsAvailable": true, "hits": [hit("x@y,a+b")] }));
        let page = read(&whole).unwrap();
        assert_eq!((page.total, page.more), (7, true));
        assert_eq!(
            (page.ids, page.titles),
            (vec!["a+b".to_owned()], vec!["T".to_owned()])
        );
        let none = read(&body(json!({ "total": 0, "moreResultsAvailable": false }))).unwrap();
        assert!(none.ids.is_empty());
        assert!(
            read(&body(
                json!({ "total": 1, "moreResultsAvailable": false, "hits": [hit("x")] })
            ))
            .is_none()
        );
        assert!(read(&json!({ "error": {} })).is_none());
    }
}
