//! `/external` and `/search`: every number that Microsoft Graph publishes about them, in one place.
//!
//! Documentation: <https://learn.microsoft.com/graph/connecting-external-content-api-limits>
//! (read as of 2026-07-24), and for the others the page named at the constant. Where no page states
//! a number, the comment says whose number it is.

/// Properties per schema, most. Limits page, read 2026-07-24; it was 64 before 2021.
pub const SCHEMA_PROPERTIES_MAX: usize = 128;

/// Properties per schema, fewest.
/// <https://learn.microsoft.com/graph/api/resources/externalconnectors-schema>, read 2026-07-24.
pub const SCHEMA_PROPERTIES_MIN: usize = 1;

/// Characters of a property's name.
/// <https://learn.microsoft.com/graph/api/resources/externalconnectors-property>, read 2026-07-24.
pub const PROPERTY_NAME_CHARS_MAX: usize = 32;

/// Characters of an alias. Property page, read 2026-07-24.
pub const PROPERTY_ALIAS_CHARS_MAX: usize = 32;

/// Characters of a property's description. Property page, read 2026-07-24.
pub const PROPERTY_DESCRIPTION_CHARS_MAX: usize = 200;

/// Characters of a connection's id, fewest.
/// <https://learn.microsoft.com/graph/api/resources/externalconnectors-externalconnection>, read 2026-07-24.
pub const CONNECTION_ID_CHARS_MIN: usize = 3;

/// Characters of a connection's id, most. Connection page, read 2026-07-24.
pub const CONNECTION_ID_CHARS_MAX: usize = 32;

/// Characters of a connection's display name. Connection page, read 2026-07-24.
pub const CONNECTION_NAME_CHARS_MAX: usize = 128;

/// Characters of an item's id.
/// <https://learn.microsoft.com/graph/api/resources/externalconnectors-externalitem>, read 2026-07-24.
pub const ITEM_ID_CHARS_MAX: usize = 128;

/// Characters of an external group's id.
/// <https://learn.microsoft.com/graph/api/resources/externalconnectors-externalgroup>, read 2026-07-24.
pub const GROUP_ID_CHARS_MAX: usize = 128;

/// Bytes of an item's request body: 30 MB of parsed text. Limits page, read 2026-07-24; 4 MB before.
pub const ITEM_BODY_BYTES_MAX: usize = 30_000_000;

/// Activities per `addActivities`.
/// <https://learn.microsoft.com/graph/api/externalconnectors-externalitem-addactivities>, read 2026-07-24.
pub const ACTIVITIES_MAX: usize = 20;

/// Result templates per connection.
/// <https://learn.microsoft.com/graph/api/resources/externalconnectors-searchsettings>, read 2026-07-24.
pub const RESULT_TEMPLATES_MAX: usize = 2;

/// Characters of a result template's id.
/// <https://learn.microsoft.com/graph/api/resources/externalconnectors-displaytemplate>, read 2026-07-24.
pub const RESULT_TEMPLATE_ID_CHARS_MAX: usize = 16;

/// URL resolvers per connection.
/// <https://learn.microsoft.com/graph/api/resources/externalconnectors-activitysettings>, read 2026-07-24.
pub const URL_RESOLVERS_MAX: usize = 8;

/// Largest priority of a URL resolver; the smallest is 1. Activity settings page, read 2026-07-24.
pub const URL_RESOLVER_PRIORITY_MAX: i64 = 8;

/// External groups per tenant. Limits page, read 2026-07-24.
pub const EXTERNAL_GROUPS_PER_TENANT_MAX: usize = 100_000;

/// External groups that one user may belong to in a search. Limits page, read 2026-07-24.
pub const EXTERNAL_GROUPS_PER_USER_MAX: usize = 10_000;

/// Members per external group: error 2008 of the admin center, not on the limits page, read 2026-07-24.
pub const GROUP_MEMBERS_MAX: usize = 50_000;

/// External group requests per second. Limits page, read 2026-07-24.
pub const GROUP_REQUESTS_PER_SECOND_MAX: u32 = 1_000;

/// Requests per `$batch`. <https://learn.microsoft.com/graph/json-batching>, read 2026-07-24.
pub const BATCH_REQUESTS_MAX: usize = 20;

/// Requests per ten seconds of one app across tenants.
/// <https://learn.microsoft.com/graph/throttling-limits>, read 2026-07-24.
pub const REQUESTS_PER_TEN_SECONDS_MAX: u32 = 130_000;

/// Items per connection: a number of former limits pages, gone from the one of 2026-07-24; a default only.
pub const ITEMS_PER_CONNECTION_DEFAULT: u64 = 5_000_000;

/// Items per tenant: a number of former limits pages, gone from the one of 2026-07-24; a default only.
pub const ITEMS_PER_TENANT_DEFAULT: u64 = 50_000_000;

/// Connections per tenant: a number of former limits pages, gone from the one of 2026-07-24; a default only.
pub const CONNECTIONS_PER_TENANT_DEFAULT: usize = 30;

/// Hits per page when the request does not say.
/// <https://learn.microsoft.com/graph/api/resources/searchrequest>, read 2026-07-24.
pub const SEARCH_SIZE_DEFAULT: u32 = 25;

/// Hits per page, most: pages say 500 and 1000, we accept the larger. Search request page, read 2026-07-24.
pub const SEARCH_SIZE_MAX: u32 = 1_000;

/// Properties to sort by.
/// <https://learn.microsoft.com/graph/search-concept-sort>, read 2026-07-24.
pub const SORT_PROPERTIES_MAX: usize = 5;

/// Aggregation `size`, smallest.
/// <https://learn.microsoft.com/graph/api/resources/aggregationoption>, read 2026-07-24.
pub const AGGREGATION_SIZE_MIN: u32 = 1;

/// Aggregation `size`, largest accepted. Aggregation option page, read 2026-07-24.
pub const AGGREGATION_SIZE_MAX: u32 = 65_535;

/// Buckets returned per aggregation, whatever `size` says.
/// <https://learn.microsoft.com/graph/search-concept-aggregation>, read 2026-07-24.
pub const AGGREGATION_BUCKETS_MAX: usize = 100;

/// Collapse `limit`, smallest.
/// <https://learn.microsoft.com/graph/api/resources/collapseproperty>, read 2026-07-24.
pub const COLLAPSE_LIMIT_MIN: u32 = 1;

/// Collapse `limit`, largest. Collapse property page, read 2026-07-24.
pub const COLLAPSE_LIMIT_MAX: u32 = 32_767;

/// UTF-16 units of a KQL query: SharePoint's default for its query objects; the Graph publishes none.
/// <https://learn.microsoft.com/sharepoint/dev/general-development/keyword-query-language-kql-syntax-reference>,
/// read 2026-07-24.
pub const KQL_UTF16_UNITS_MAX: usize = 4_096;

/// Characters of one property restriction in KQL. KQL reference, read 2026-07-24.
pub const KQL_RESTRICTION_CHARS_MAX: usize = 2_048;

/// Characters of a retrieval query.
/// <https://learn.microsoft.com/microsoft-365-copilot/extensibility/api/ai-services/retrieval/copilotroot-retrieval>,
/// read 2026-07-24.
pub const RETRIEVAL_QUERY_CHARS_MAX: usize = 1_500;

/// Retrieval results, most; at least 1. Retrieval page, read 2026-07-24.
pub const RETRIEVAL_RESULTS_MAX: u32 = 25;

/// Retrieval or Copilot search requests of one user in an hour, each. Retrieval page, read 2026-07-24.
pub const COPILOT_REQUESTS_PER_HOUR_MAX: u32 = 200;

/// Copilot search hits per page when the request does not say.
/// <https://learn.microsoft.com/microsoft-365-copilot/extensibility/api/ai-services/search/copilotroot-search>,
/// read 2026-07-24.
pub const COPILOT_SEARCH_PAGE_DEFAULT: u32 = 25;

/// Copilot search hits per page, most. Copilot search page, read 2026-07-24.
pub const COPILOT_SEARCH_PAGE_MAX: u32 = 100;
