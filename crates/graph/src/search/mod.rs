//! `POST /search/query`: requests, responses and the search service's way to refuse.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/search-query>

mod known;
mod read;
mod refine;
mod request;
mod response;
mod served;
mod several;
mod voice;

pub use known::MEMBERS;
pub use request::{
    AggregationOption, BucketAggregationDefinition, BucketAggregationRange,
    BucketAggregationSortBy, CollapseProperty, ContentSource, EntityType, SearchAlterationOptions,
    SearchRequest, SortProperty,
};
pub use response::{SearchHit, SearchHitsContainer, SearchResponse, responses_json};
pub use voice::{
    application_refused, forbidden, invalid, not_supported, query_string_required, wrapped,
};
