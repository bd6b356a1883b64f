//! `POST /search/query`: `searchRequest`.
//!
//! Documentation: <https://learn.microsoft.com/graph/api/resources/searchrequest>

/// One search, as accepted.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchRequest {
    /// `entityTypes`: each once, in the order sent.
    pub entity_types: Vec<EntityType>,
    /// `contentSources`: the connections to search.
    pub content_sources: Vec<ContentSource>,
    /// `query.queryString`: KQL, at most 4096 UTF-16 units, never blank.
    pub query_string: String,
    /// `query.queryTemplate`.
    pub query_template: Option<String>,
    /// `from`: how many hits to skip; together with `size` at most 100,000.
    pub from: u32,
    /// `size`: how many hits to return, 0 to 1000.
    pub size: u32,
    /// `fields`: names, aliases or `label_…`, as requested; empty means all retrievable properties.
    pub fields: Vec<String>,
    /// `sortProperties`: at most 5; empty means by relevance.
    pub sort_properties: Vec<SortProperty>,
    /// `aggregations`.
    pub aggregations: Vec<AggregationOption>,
    /// `aggregationFilters`, unread.
    pub aggregation_filters: Vec<String>,
    /// `collapseProperties`, one per level.
    pub collapse_properties: Vec<CollapseProperty>,
    /// `queryAlterationOptions`.
    pub query_alteration_options: SearchAlterationOptions,
    /// `resultTemplateOptions.enableResultTemplate`.
    pub enable_result_template: bool,
    /// `enableTopResults`: concerns messages only, so it changes nothing here.
    pub enable_top_results: bool,
}

/// `entityType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EntityType {
    /// A calendar event.
    Event,
    /// A mail.
    Message,
    /// A file or folder.
    DriveItem,
    /// An item of a connection.
    ExternalItem,
    /// A site.
    Site,
    /// A list.
    List,
    /// A list item.
    ListItem,
    /// A drive.
    Drive,
    /// A chat message.
    ChatMessage,
    /// A person.
    Person,
    /// An acronym.
    Acronym,
    /// A bookmark.
    Bookmark,
    /// A question with its answer.
    Qna,
}

impl EntityType {
    /// Every type, by the name on the wire.
    pub const CHOICES: [(&'static str, Self); 13] = [
        ("event", Self::Event),
        ("message", Self::Message),
        ("driveItem", Self::DriveItem),
        ("externalItem", Self::ExternalItem),
        ("site", Self::Site),
        ("list", Self::List),
        ("listItem", Self::ListItem),
        ("drive", Self::Drive),
        ("chatMessage", Self::ChatMessage),
        ("person", Self::Person),
        ("acronym", Self::Acronym),
        ("bookmark", Self::Bookmark),
        ("qna", Self::Qna),
    ];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        Self::CHOICES
            .iter()
            .find(|(_, kind)| *kind == self)
            .map_or("", |(name, _)| *name)
    }

    /// Is it one of the file types, which may be searched together with external items?
    pub const fn is_file(self) -> bool {
        matches!(
            self,
            Self::DriveItem | Self::Site | Self::List | Self::ListItem | Self::Drive
        )
    }
}

/// One entry of `contentSources`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ContentSource {
    /// `/external/connections/*`, or the older word `Connectors`.
    All,
    /// `/external/connections/{id}`; the id as sent, which need not exist.
    Connection(String),
}

/// One level of a custom order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SortProperty {
    /// Property or alias.
    pub name: String,
    /// Largest first?
    pub is_descending: bool,
}

/// One refiner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AggregationOption {
    /// Property or alias.
    pub field: String,
    /// Number of buckets, 1 to 65535.
    pub size: Option<u32>,
    /// How the buckets are made.
    pub bucket_definition: BucketAggregationDefinition,
}

/// How buckets are made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketAggregationDefinition {
    /// What they are ordered by.
    pub sort_by: BucketAggregationSortBy,
    /// Largest first?
    pub is_descending: bool,
    /// Buckets with fewer items are left out.
    pub minimum_count: i32,
    /// Only values that begin with this.
    pub prefix_filter: Option<String>,
    /// Ranges instead of values; empty means values.
    pub ranges: Vec<BucketAggregationRange>,
}

impl Default for BucketAggregationDefinition {
    /// The largest buckets first: what an absent definition means.
    fn default() -> Self {
        Self {
            sort_by: BucketAggregationSortBy::Count,
            is_descending: true,
            minimum_count: 0,
            prefix_filter: None,
            ranges: Vec::new(),
        }
    }
}

/// `bucketAggregationSortProperty`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BucketAggregationSortBy {
    /// By the number of items.
    Count,
    /// By the key as text.
    KeyAsString,
    /// By the key as a number.
    KeyAsNumber,
}

/// A half-open range; an absent bound is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketAggregationRange {
    /// The lower bound, included.
    pub from: Option<String>,
    /// The upper bound, excluded.
    pub to: Option<String>,
}

/// One level of collapsing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CollapseProperty {
    /// The fields whose values make the group, at least one.
    pub fields: Vec<String>,
    /// How many items of a group stay, 1 to 32767, never more than on the level before.
    pub limit: u32,
}

/// `searchAlterationOptions`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SearchAlterationOptions {
    /// Suggest another spelling.
    pub enable_suggestion: bool,
    /// Search for another spelling when nothing was found.
    pub enable_modification: bool,
}
