//! `GET /external/connections` with `Prefer: odata.maxpagesize=50`: how many a client likes to have on a page.
//!
//! Documentation: <https://learn.microsoft.com/graph/paging>

use axum::http::HeaderMap;
use graph::odata::TOP_MAX;

/// The page size that is preferred; what is no such number is left out, as any preference may be.
pub(super) fn max_page_size(headers: &HeaderMap) -> Option<u16> {
    headers
        .get_all("prefer")
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split([',', ';']))
        .find_map(|word| {
            let (name, value) = word.split_once('=')?;
            let name = name.trim();
            let known = name.eq_ignore_ascii_case("odata.maxpagesize")
                || name.eq_ignore_ascii_case("maxpagesize");
            let size: u32 = value.trim().trim_matches('"').parse().ok()?;
            (known && size > 0).then(|| u16::try_from(size).unwrap_or(TOP_MAX).min(TOP_MAX))
        })
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn page_sizes_are_read() {
        let check = |values: &[&'static str], expect: Option<u16>| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append("prefer", HeaderValue::from_static(value));
            }
            assert_eq!(max_page_size(&headers), expect, "{values:?}");
        };
        check(&[], None);
        check(&["odata.maxpagesize=5"], Some(5));
        check(&["respond-async, OData.MaxPageSize = \"7\""], Some(7));
        check(&["return=minimal", "maxpagesize=70000"], Some(TOP_MAX));
        check(&["odata.maxpagesize=0"], None);
        check(&["odata.maxpagesize=many"], None);
        check(&["odata.maxpagesize"], None);
    }
}
