//! `/external` and `/search`: every number that Microsoft Graph publishes about them, in one place.
//!
//! Documentation: <https://learn.microsoft.com/graph/connecting-external-content-api-limits>
//!
//! "Limits page" is that page as it stood on 2026-07-24. The other numbers come from the page named at
//! the constant, as `contract/external.md` §16 and `contract/search.md` §3 record it. Where no page states
//! a number, the comment says whose number it is.

use std::time::Duration;

/// Properties per schema, most. Limits page, 2026-07-24; it was 64 before 2021.
pub const SCHEMA_PROPERTIES_MAX: usize = 128;

/// Properties per schema, fewest.
/// <https://learn.microsoft.com/graph/api/resources/externalconnectors-schema>.
pub const SCHEMA_PROPERTIES_MIN: usize = 1;

/// Characters of a property's name.
/// <https://learn.microsoft.com/graph/api/resources/externalconnectors-property>.
pub const PROPERTY_NAME_CHARS_MAX: usize = 32;

/// Characters of an alias. Property page.
pub const PROPERTY_ALIAS_CHARS_MAX: usize = 32;

/// Characters of a property's description. Property page.
pub const PROPERTY_DESCRIPTION_CHARS_MAX: usize = 200;

/// Characters of a connection's id, fewest.
/// <https://learn.microsoft.com/graph/api/resources/externalconnectors-externalconnection>.
pub const CONNECTION_ID_CHARS_MIN: usize = 3;

/// Characters of a connection's id, most. Connection page.
pub const CONNECTION_ID_CHARS_MAX: usize = 32;

/// Characters of a connection's display name. Connection page.
pub const CONNECTION_NAME_CHARS_MAX: usize = 128;

/// Characters of an item's id.
/// <https://learn.microsoft.com/graph/api/resources/externalconnectors-externalitem>.
pub const ITEM_ID_CHARS_MAX: usize = 128;

/// Characters of an external group's id.
/// <https://learn.microsoft.com/graph/api/resources/externalconnectors-externalgroup>.
pub const GROUP_ID_CHARS_MAX: usize = 128;

/// Email addresses of a person's profile, and postal addresses.
/// <https://learn.microsoft.com/graph/peopleconnectors>.
pub const PERSON_CONTACTS_MAX: usize = 3;

/// Bytes of an item's request body: 30 MB of parsed text. Limits page, 2026-07-24; 4 MB before. Ours for a batch, which may
/// hold an item.
pub const ITEM_BODY_BYTES_MAX: usize = 30_000_000;

/// Bytes of every other request body: what an item's could have until 2026. Ours: no number is published.
pub const BODY_BYTES_MAX: usize = 4_000_000;

/// JSON values that a request body may hold, counting those within others: what is small on the wire may be large in memory.
/// Ours: no number is published, and an item with the longest text, every property and 100,000 access list entries has fewer.
pub const BODY_VALUES_MAX: usize = 500_000;

/// Activities per `addActivities`.
/// <https://learn.microsoft.com/graph/api/externalconnectors-externalitem-addactivities>.
pub const ACTIVITIES_MAX: usize = 20;

/// Result templates per connection.
/// <https://learn.microsoft.com/graph/api/resources/externalconnectors-searchsettings>.
pub const RESULT_TEMPLATES_MAX: usize = 2;

/// Characters of a result template's id.
/// <https://learn.microsoft.com/graph/api/resources/externalconnectors-displaytemplate>.
pub const RESULT_TEMPLATE_ID_CHARS_MAX: usize = 16;

/// URL resolvers per connection.
/// <https://learn.microsoft.com/graph/api/resources/externalconnectors-activitysettings>.
pub const URL_RESOLVERS_MAX: usize = 8;

/// Largest priority of a URL resolver; the smallest is 1. Activity settings page.
pub const URL_RESOLVER_PRIORITY_MAX: i64 = 8;

/// Base URLs of a URL resolver, and bytes of each. Ours: no numbers are published, and every address is compared with them.
pub const BASE_URLS_MAX: usize = 32;
/// See [`BASE_URLS_MAX`].
pub const BASE_URL_BYTES_MAX: usize = 2048;

/// Bytes of a URL pattern. Ours: no number is published, and a pattern is read at every write of its connection.
pub const URL_PATTERN_BYTES_MAX: usize = 4096;

/// Groups of a URL pattern. Ours, for the same reason.
pub const URL_PATTERN_GROUPS_MAX: usize = 64;

/// External groups per tenant. Limits page, 2026-07-24.
pub const EXTERNAL_GROUPS_PER_TENANT_MAX: usize = 100_000;

/// External groups that one user may belong to in a search. Limits page, 2026-07-24.
pub const EXTERNAL_GROUPS_PER_USER_MAX: usize = 10_000;

/// Members per external group: error 2008 of the admin center, not on the limits page.
pub const GROUP_MEMBERS_MAX: usize = 50_000;

/// External group requests per second. Limits page, 2026-07-24.
pub const GROUP_REQUESTS_PER_SECOND_MAX: u32 = 1_000;

/// Requests per `$batch`. <https://learn.microsoft.com/graph/json-batching>.
pub const BATCH_REQUESTS_MAX: usize = 20;

/// Requests per ten seconds of one app across tenants.
/// <https://learn.microsoft.com/graph/throttling-limits>.
pub const REQUESTS_PER_TEN_SECONDS_MAX: u32 = 130_000;

/// Items per connection: a number of former limits pages, gone from the one of 2026-07-24; a default only.
pub const ITEMS_PER_CONNECTION_DEFAULT: u64 = 5_000_000;

/// Items per tenant: a number of former limits pages, gone from the one of 2026-07-24; a default only.
pub const ITEMS_PER_TENANT_DEFAULT: u64 = 50_000_000;

/// Connections per tenant: a number of former limits pages, gone from the one of 2026-07-24; a default only.
pub const CONNECTIONS_PER_TENANT_DEFAULT: usize = 30;

/// Items that one connection takes per second: a number of former limits pages, gone from the one of 2026-07-24; a default only.
pub const ITEMS_PER_SECOND_DEFAULT: u32 = 25;

/// How long the registration of a schema takes, shortest and longest: 5 to 15 minutes are documented
/// (`contract/external.md` §13.2, 2026-07-24).
pub const SCHEMA_REGISTRATION: (Duration, Duration) =
    (Duration::from_secs(5 * 60), Duration::from_secs(15 * 60));

/// How long a deleted connection still answers: no page states it; scripts ask every 10 to 15 seconds for some minutes
/// (`contract/external.md` §13.6). Our number, of 2026-07-24.
pub const CONNECTION_DELETION: (Duration, Duration) =
    (Duration::from_secs(2 * 60), Duration::from_secs(5 * 60));

/// How long after a write an item is findable: "minutes" in the pages, 15 to 30 minutes as observed
/// (`contract/external.md` §13.4). Our number, of 2026-07-24.
pub const INDEX_LATENCY: (Duration, Duration) =
    (Duration::from_secs(60), Duration::from_secs(15 * 60));

/// Hits per page when the request does not say.
/// <https://learn.microsoft.com/graph/api/resources/searchrequest>.
pub const SEARCH_SIZE_DEFAULT: u32 = 25;

/// Hits per page, most: pages say 500 and 1000, we accept the larger. Search request page.
pub const SEARCH_SIZE_MAX: u32 = 1_000;

/// Largest `from` and `size` of a search together: the memory for its hits is bounded by it.
pub const SEARCH_DEPTH_MAX: u32 = 100_000;

/// Properties to sort by.
/// <https://learn.microsoft.com/graph/search-concept-sort>.
pub const SORT_PROPERTIES_MAX: usize = 5;

/// Aggregation `size`, smallest.
/// <https://learn.microsoft.com/graph/api/resources/aggregationoption>.
pub const AGGREGATION_SIZE_MIN: u32 = 1;

/// Aggregation `size`, largest accepted. Aggregation option page.
pub const AGGREGATION_SIZE_MAX: u32 = 65_535;

/// Buckets returned per aggregation, whatever `size` says.
/// <https://learn.microsoft.com/graph/search-concept-aggregation>.
pub const AGGREGATION_BUCKETS_MAX: usize = 100;

/// Collapse `limit`, smallest.
/// <https://learn.microsoft.com/graph/search-concept-collapse>.
pub const COLLAPSE_LIMIT_MIN: u32 = 1;

/// Collapse `limit`, largest. Same page.
pub const COLLAPSE_LIMIT_MAX: u32 = 32_767;

/// UTF-16 units of a KQL query: SharePoint's default for its query objects; the Graph publishes none.
/// <https://learn.microsoft.com/sharepoint/dev/general-development/keyword-query-language-kql-syntax-reference>.
pub const KQL_UTF16_UNITS_MAX: usize = 4_096;

/// Characters of one property restriction in KQL. KQL reference.
pub const KQL_RESTRICTION_CHARS_MAX: usize = 2_048;

/// Characters of a retrieval query.
/// <https://learn.microsoft.com/microsoft-365-copilot/extensibility/api/ai-services/retrieval/overview>.
pub const RETRIEVAL_QUERY_CHARS_MAX: usize = 1_500;

/// Retrieval results, most; at least 1. Retrieval page.
pub const RETRIEVAL_RESULTS_MAX: u32 = 25;

/// Retrieval or Copilot search requests of one user in an hour, each. Retrieval page.
pub const COPILOT_REQUESTS_PER_HOUR_MAX: u32 = 200;

/// Copilot search hits per page when the request does not say.
/// Copilot search pages, as `contract/search.md` §3 records them.
pub const COPILOT_SEARCH_PAGE_DEFAULT: u32 = 25;

/// Copilot search hits per page, most. Copilot search pages.
pub const COPILOT_SEARCH_PAGE_MAX: u32 = 100;
