//! `/{version}/…`: the rows, in the order of `contract/external.md` §1, with the permissions of its §14.
//!
//! Documentation: <https://learn.microsoft.com/graph/permissions-reference>

use super::row::{
    Door, Method, Route,
    Serving::{Absent, Refused, Served},
    Voice,
};
use crate::scope::Scope::{
    self, ExternalConnectionReadAll, ExternalConnectionReadWriteAll,
    ExternalConnectionReadWriteOwnedBy, ExternalItemReadAll, ExternalItemReadWriteAll,
    ExternalItemReadWriteOwnedBy, GroupReadAll, UserRead, UserReadAll,
};

/// Not supported for this kind of token, or not asked for because the row is not served.
const NOBODY: &[Scope] = &[];
const CONNECTION_READ: &[Scope] = &[
    ExternalConnectionReadWriteOwnedBy,
    ExternalConnectionReadAll,
    ExternalConnectionReadWriteAll,
];
const CONNECTION_WRITE: &[Scope] = &[
    ExternalConnectionReadWriteOwnedBy,
    ExternalConnectionReadWriteAll,
];
const ITEM_READ: &[Scope] = &[
    ExternalItemReadWriteOwnedBy,
    ExternalItemReadAll,
    ExternalItemReadWriteAll,
];
const ITEM_WRITE: &[Scope] = &[ExternalItemReadWriteOwnedBy, ExternalItemReadWriteAll];
/// Two least permissions are marked for reading a group, and one higher one: the same three as for an item.
const GROUP_READ: &[Scope] = ITEM_READ;
/// What people did is for the app alone that may write everything.
const ACTIVITY_READ: &[Scope] = &[ExternalItemReadWriteAll];
const SEARCH: &[Scope] = &[ExternalItemReadAll, ExternalItemReadWriteAll];

const ROOT: &str =
    "The container `external` has no members of its own; use `/external/connections`.";
const MEMBER_CHANGING: &str =
    "A member is an id and its type, so there is nothing to change: remove it and add another one.";
const SET_BY_SERVER: &str =
    "Operations are made and changed by the server alone; register a schema to start one.";
const QUOTA: &str = "The quota of a connection follows from its items and cannot be written.";
const ACTIVITIES: &str =
    "Activities are written with `addActivities` on the item, and never changed or removed.";
const FULL_REFRESH: &str =
    "`fullRefresh` is undocumented; put the current items and delete those that are gone.";
const OLD_GROUPS: &str =
    "`externalGroups` is the name of 2020; use `groups`, and `members` below a group.";
const OTHER_PRODUCTS: &str =
    "This part of `external` belongs to another product; use `/external/connections`.";
const PEOPLE_ADMIN: &str = "How profiles are put together is not decided here; use a connection whose contentCategory is people, and its items.";
const SEARCH_ROOT: &str = "The container `search` has no members of its own; use `/search/query`.";
const ANSWERS: &str = "Acronyms, bookmarks and Q&A answers are not served in this release.";
const COPILOT: &str = "The Copilot APIs are not served in this release; use `/search/query`.";
const DIRECTORY: &str =
    "Users and groups are read here, not written; change the accounts on the server's own machine.";

/// Writes one row: method, template, scopes, serving, page; `beta` marks what only `/beta` knows.
macro_rules! rows {
    ($($door:ident $voice:ident $method:ident $path:literal $delegated:expr, $application:expr;
       $serving:expr, $page:literal $(; $beta:ident)?)*) => {
        /// The protocol's operations, one row each. A test compares them with Microsoft's descriptions.
        pub const ROUTES: &[Route] = &[$(Route {
            door: Door::$door,
            method: Method::$method,
            path: $path,
            delegated: $delegated,
            application: $application,
            documentation: concat!("https://learn.microsoft.com/", $page),
            beta_only: rows!(@beta $($beta)?),
            serving: $serving,
            voice: Voice::$voice,
        },)*];
    };
    (@beta beta) => { true };
    (@beta) => { false };
}

rows! {
    Refused Gateway Get "/external" CONNECTION_READ, CONNECTION_READ;
        Refused(ROOT), "graph/api/resources/externalconnectors-external"
    Refused Gateway Patch "/external" CONNECTION_WRITE, CONNECTION_WRITE;
        Refused(ROOT), "graph/api/resources/externalconnectors-external"
    ListConnections Gateway Get "/external/connections" CONNECTION_READ, CONNECTION_READ;
        Served, "graph/api/externalconnectors-external-list-connections"
    CreateConnection Gateway Post "/external/connections" CONNECTION_WRITE, CONNECTION_WRITE;
        Served, "graph/api/externalconnectors-external-post-connections"
    CountConnections Gateway Get "/external/connections/$count" CONNECTION_READ, CONNECTION_READ;
        Served, "graph/api/resources/externalconnectors-externalconnection"
    CreateConnectionRef Gateway Post "/external/connections/$ref" CONNECTION_WRITE, CONNECTION_WRITE;
        Served, "graph/api/externalconnectors-external-post-connections"
    GetConnection Gateway Get "/external/connections/{connection}" CONNECTION_READ, CONNECTION_READ;
        Served, "graph/api/externalconnectors-externalconnection-get"
    UpdateConnection Gateway Patch "/external/connections/{connection}" CONNECTION_WRITE, CONNECTION_WRITE;
        Served, "graph/api/externalconnectors-externalconnection-update"
    DeleteConnection Gateway Delete "/external/connections/{connection}" CONNECTION_WRITE, CONNECTION_WRITE;
        Served, "graph/api/externalconnectors-externalconnection-delete"
    GetSchema Gateway Get "/external/connections/{connection}/schema" CONNECTION_READ, CONNECTION_READ;
        Served, "graph/api/externalconnectors-schema-get"
    RegisterSchema Gateway Patch "/external/connections/{connection}/schema" CONNECTION_WRITE, CONNECTION_WRITE;
        Served, "graph/api/externalconnectors-externalconnection-patch-schema"
    RegisterSchemaPost Gateway Post "/external/connections/{connection}/schema" CONNECTION_WRITE, CONNECTION_WRITE;
        Served, "graph/api/externalconnectors-externalconnection-patch-schema"
    Refused Gateway Delete "/external/connections/{connection}/schema" CONNECTION_WRITE, CONNECTION_WRITE;
        Absent, "graph/api/resources/externalconnectors-schema"
    ListOperations Gateway Get "/external/connections/{connection}/operations" CONNECTION_READ, CONNECTION_READ;
        Served, "graph/api/resources/externalconnectors-connectionoperation"
    Refused Gateway Post "/external/connections/{connection}/operations" CONNECTION_WRITE, CONNECTION_WRITE;
        Refused(SET_BY_SERVER), "graph/api/resources/externalconnectors-connectionoperation"
    CountOperations Gateway Get "/external/connections/{connection}/operations/$count" CONNECTION_READ, CONNECTION_READ;
        Served, "graph/api/resources/externalconnectors-connectionoperation"
    GetOperation Gateway Get "/external/connections/{connection}/operations/{operation}" CONNECTION_READ, CONNECTION_READ;
        Served, "graph/api/externalconnectors-connectionoperation-get"
    Refused Gateway Patch "/external/connections/{connection}/operations/{operation}" CONNECTION_WRITE, CONNECTION_WRITE;
        Refused(SET_BY_SERVER), "graph/api/resources/externalconnectors-connectionoperation"
    Refused Gateway Delete "/external/connections/{connection}/operations/{operation}" CONNECTION_WRITE, CONNECTION_WRITE;
        Refused(SET_BY_SERVER), "graph/api/resources/externalconnectors-connectionoperation"
    GetQuota Gateway Get "/external/connections/{connection}/quota" NOBODY, &[ExternalConnectionReadWriteOwnedBy];
        Served, "graph/api/externalconnectors-connectionquota-get"; beta
    Refused Gateway Patch "/external/connections/{connection}/quota" NOBODY, &[ExternalConnectionReadWriteOwnedBy];
        Refused(QUOTA), "graph/api/externalconnectors-connectionquota-get"; beta
    Refused Gateway Delete "/external/connections/{connection}/quota" NOBODY, &[ExternalConnectionReadWriteOwnedBy];
        Refused(QUOTA), "graph/api/externalconnectors-connectionquota-get"; beta
    ListItems Gateway Get "/external/connections/{connection}/items" ITEM_READ, ITEM_READ;
        Served, "graph/api/resources/externalconnectors-externalitem"
    Refused Gateway Post "/external/connections/{connection}/items" ITEM_WRITE, ITEM_WRITE;
        Absent, "graph/api/resources/externalconnectors-externalitem"
    CountItems Gateway Get "/external/connections/{connection}/items/$count" ITEM_READ, ITEM_READ;
        Served, "graph/api/resources/externalconnectors-externalitem"
    GetItem Gateway Get "/external/connections/{connection}/items/{item}" ITEM_READ, ITEM_READ;
        Served, "graph/api/externalconnectors-externalitem-get"
    PutItem Gateway Put "/external/connections/{connection}/items/{item}" ITEM_WRITE, ITEM_WRITE;
        Served, "graph/api/externalconnectors-externalconnection-put-items"
    UpdateItem Gateway Patch "/external/connections/{connection}/items/{item}" ITEM_WRITE, ITEM_WRITE;
        Served, "graph/api/externalconnectors-externalitem-update"
    DeleteItem Gateway Delete "/external/connections/{connection}/items/{item}" ITEM_WRITE, ITEM_WRITE;
        Served, "graph/api/externalconnectors-externalitem-delete"
    AddActivities Gateway Post "/external/connections/{connection}/items/{item}/addActivities" NOBODY, ITEM_WRITE;
        Served, "graph/api/externalconnectors-externalitem-addactivities"
    AddActivities Gateway Post "/external/connections/{connection}/items/{item}/externalConnectors.addActivities" NOBODY, ITEM_WRITE;
        Served, "graph/api/externalconnectors-externalitem-addactivities"
    AddActivities Gateway Post "/external/connections/{connection}/items/{item}/microsoft.graph.externalConnectors.addActivities" NOBODY, ITEM_WRITE;
        Served, "graph/api/externalconnectors-externalitem-addactivities"
    ListActivities Gateway Get "/external/connections/{connection}/items/{item}/activities" NOBODY, ACTIVITY_READ;
        Served, "graph/api/resources/externalconnectors-externalactivity"
    Refused Gateway Post "/external/connections/{connection}/items/{item}/activities" NOBODY, ITEM_WRITE;
        Refused(ACTIVITIES), "graph/api/resources/externalconnectors-externalactivity"
    CountActivities Gateway Get "/external/connections/{connection}/items/{item}/activities/$count" NOBODY, ACTIVITY_READ;
        Served, "graph/api/resources/externalconnectors-externalactivity"
    GetActivity Gateway Get "/external/connections/{connection}/items/{item}/activities/{activity}" NOBODY, ACTIVITY_READ;
        Served, "graph/api/resources/externalconnectors-externalactivity"
    Refused Gateway Patch "/external/connections/{connection}/items/{item}/activities/{activity}" NOBODY, ITEM_WRITE;
        Refused(ACTIVITIES), "graph/api/resources/externalconnectors-externalactivity"
    Refused Gateway Delete "/external/connections/{connection}/items/{item}/activities/{activity}" NOBODY, ITEM_WRITE;
        Refused(ACTIVITIES), "graph/api/resources/externalconnectors-externalactivity"
    GetPerformedBy Gateway Get "/external/connections/{connection}/items/{item}/activities/{activity}/performedBy" NOBODY, ACTIVITY_READ;
        Served, "graph/api/resources/externalconnectors-externalactivity"
    ListGroups Gateway Get "/external/connections/{connection}/groups" GROUP_READ, GROUP_READ;
        Served, "graph/api/resources/externalconnectors-externalgroup"
    CreateGroup Gateway Post "/external/connections/{connection}/groups" ITEM_WRITE, ITEM_WRITE;
        Served, "graph/api/externalconnectors-externalconnection-post-groups"
    CountGroups Gateway Get "/external/connections/{connection}/groups/$count" GROUP_READ, GROUP_READ;
        Served, "graph/api/resources/externalconnectors-externalgroup"
    GetGroup Gateway Get "/external/connections/{connection}/groups/{group}" GROUP_READ, GROUP_READ;
        Served, "graph/api/externalconnectors-externalgroup-get"
    UpdateGroup Gateway Patch "/external/connections/{connection}/groups/{group}" ITEM_WRITE, ITEM_WRITE;
        Served, "graph/api/externalconnectors-externalgroup-update"
    DeleteGroup Gateway Delete "/external/connections/{connection}/groups/{group}" ITEM_WRITE, ITEM_WRITE;
        Served, "graph/api/externalconnectors-externalgroup-delete"
    ListMembers Gateway Get "/external/connections/{connection}/groups/{group}/members" GROUP_READ, GROUP_READ;
        Served, "graph/api/resources/externalconnectors-identity"
    AddMember Gateway Post "/external/connections/{connection}/groups/{group}/members" ITEM_WRITE, ITEM_WRITE;
        Served, "graph/api/externalconnectors-externalgroup-post-members"
    CountMembers Gateway Get "/external/connections/{connection}/groups/{group}/members/$count" GROUP_READ, GROUP_READ;
        Served, "graph/api/resources/externalconnectors-identity"
    GetMember Gateway Get "/external/connections/{connection}/groups/{group}/members/{member}" GROUP_READ, GROUP_READ;
        Served, "graph/api/resources/externalconnectors-identity"
    Refused Gateway Patch "/external/connections/{connection}/groups/{group}/members/{member}" ITEM_WRITE, ITEM_WRITE;
        Refused(MEMBER_CHANGING), "graph/api/resources/externalconnectors-identity"
    RemoveMember Gateway Delete "/external/connections/{connection}/groups/{group}/members/{member}" ITEM_WRITE, ITEM_WRITE;
        Served, "graph/api/externalconnectors-externalgroup-delete-members"
    Refused Gateway Post "/external/connections/{connection}/fullRefresh/start" CONNECTION_WRITE, CONNECTION_WRITE;
        Refused(FULL_REFRESH), "graph/api/resources/externalconnectors-externalconnection"
    Refused Gateway Post "/external/connections/{connection}/fullRefresh/end" CONNECTION_WRITE, CONNECTION_WRITE;
        Refused(FULL_REFRESH), "graph/api/resources/externalconnectors-externalconnection"
    Refused Gateway Post "/external/connections/{connection}/fullRefresh/items" ITEM_WRITE, ITEM_WRITE;
        Refused(FULL_REFRESH), "graph/api/resources/externalconnectors-externalconnection"
    Refused Gateway Post "/external/connections/{connection}/fullRefresh/groups" ITEM_WRITE, ITEM_WRITE;
        Refused(FULL_REFRESH), "graph/api/resources/externalconnectors-externalconnection"
    Refused Gateway Post "/external/connections/{connection}/fullRefresh/groups/{group}/members" ITEM_WRITE, ITEM_WRITE;
        Refused(FULL_REFRESH), "graph/api/resources/externalconnectors-externalconnection"
    Refused Gateway Get "/external/connections/{connection}/externalGroups" GROUP_READ, GROUP_READ;
        Refused(OLD_GROUPS), "graph/api/resources/externalconnectors-externalgroup"
    Refused Gateway Post "/external/connections/{connection}/externalGroups" ITEM_WRITE, ITEM_WRITE;
        Refused(OLD_GROUPS), "graph/api/resources/externalconnectors-externalgroup"
    Refused Gateway Get "/external/connections/{connection}/externalGroups/{group}" GROUP_READ, GROUP_READ;
        Refused(OLD_GROUPS), "graph/api/resources/externalconnectors-externalgroup"
    Refused Gateway Patch "/external/connections/{connection}/externalGroups/{group}" ITEM_WRITE, ITEM_WRITE;
        Refused(OLD_GROUPS), "graph/api/resources/externalconnectors-externalgroup"
    Refused Gateway Delete "/external/connections/{connection}/externalGroups/{group}" ITEM_WRITE, ITEM_WRITE;
        Refused(OLD_GROUPS), "graph/api/resources/externalconnectors-externalgroup"
    Refused Gateway Get "/external/connections/{connection}/externalGroups/{group}/externalGroupMembers" GROUP_READ, GROUP_READ;
        Refused(OLD_GROUPS), "graph/api/resources/externalconnectors-externalgroup"
    Refused Gateway Post "/external/connections/{connection}/externalGroups/{group}/externalGroupMembers" ITEM_WRITE, ITEM_WRITE;
        Refused(OLD_GROUPS), "graph/api/resources/externalconnectors-externalgroup"
    Refused Gateway Delete "/external/connections/{connection}/externalGroups/{group}/externalGroupMembers/{member}" ITEM_WRITE, ITEM_WRITE;
        Refused(OLD_GROUPS), "graph/api/resources/externalconnectors-externalgroup"
    Refused Gateway Get "/external/industryData" NOBODY, NOBODY;
        Refused(OTHER_PRODUCTS), "graph/api/resources/externalconnectors-external"; beta
    Refused Gateway Get "/external/authorizationSystems" NOBODY, NOBODY;
        Refused(OTHER_PRODUCTS), "graph/api/resources/externalconnectors-external"; beta
    Refused Gateway Get "/admin/people/profileSources" NOBODY, NOBODY;
        Refused(PEOPLE_ADMIN), "graph/api/resources/profilesource"
    Refused Gateway Post "/admin/people/profileSources" NOBODY, NOBODY;
        Refused(PEOPLE_ADMIN), "graph/api/resources/profilesource"
    Refused Gateway Delete "/admin/people/profileSources/{source}" NOBODY, NOBODY;
        Refused(PEOPLE_ADMIN), "graph/api/resources/profilesource"
    Refused Gateway Get "/admin/people/profilePropertySettings" NOBODY, NOBODY;
        Refused(PEOPLE_ADMIN), "graph/api/resources/profilepropertysetting"
    Refused Gateway Post "/admin/people/profilePropertySettings" NOBODY, NOBODY;
        Refused(PEOPLE_ADMIN), "graph/api/resources/profilepropertysetting"
    Refused Gateway Patch "/admin/people/profilePropertySettings/{setting}" NOBODY, NOBODY;
        Refused(PEOPLE_ADMIN), "graph/api/resources/profilepropertysetting"
    Query Search Post "/search/query" SEARCH, NOBODY;
        Served, "graph/api/search-query"
    Refused Gateway Get "/search" NOBODY, NOBODY;
        Refused(SEARCH_ROOT), "graph/api/resources/search-api-overview"
    Refused Gateway Patch "/search" NOBODY, NOBODY;
        Refused(SEARCH_ROOT), "graph/api/resources/search-api-overview"
    Refused Gateway Get "/search/acronyms" NOBODY, NOBODY;
        Refused(ANSWERS), "graph/api/resources/search-acronym"
    Refused Gateway Post "/search/acronyms" NOBODY, NOBODY;
        Refused(ANSWERS), "graph/api/resources/search-acronym"
    Refused Gateway Get "/search/acronyms/$count" NOBODY, NOBODY;
        Refused(ANSWERS), "graph/api/resources/search-acronym"
    Refused Gateway Get "/search/acronyms/{acronym}" NOBODY, NOBODY;
        Refused(ANSWERS), "graph/api/resources/search-acronym"
    Refused Gateway Patch "/search/acronyms/{acronym}" NOBODY, NOBODY;
        Refused(ANSWERS), "graph/api/resources/search-acronym"
    Refused Gateway Delete "/search/acronyms/{acronym}" NOBODY, NOBODY;
        Refused(ANSWERS), "graph/api/resources/search-acronym"
    Refused Gateway Get "/search/bookmarks" NOBODY, NOBODY;
        Refused(ANSWERS), "graph/api/resources/search-bookmark"
    Refused Gateway Post "/search/bookmarks" NOBODY, NOBODY;
        Refused(ANSWERS), "graph/api/resources/search-bookmark"
    Refused Gateway Get "/search/bookmarks/$count" NOBODY, NOBODY;
        Refused(ANSWERS), "graph/api/resources/search-bookmark"
    Refused Gateway Get "/search/bookmarks/{bookmark}" NOBODY, NOBODY;
        Refused(ANSWERS), "graph/api/resources/search-bookmark"
    Refused Gateway Patch "/search/bookmarks/{bookmark}" NOBODY, NOBODY;
        Refused(ANSWERS), "graph/api/resources/search-bookmark"
    Refused Gateway Delete "/search/bookmarks/{bookmark}" NOBODY, NOBODY;
        Refused(ANSWERS), "graph/api/resources/search-bookmark"
    Refused Gateway Get "/search/qnas" NOBODY, NOBODY;
        Refused(ANSWERS), "graph/api/resources/search-qna"
    Refused Gateway Post "/search/qnas" NOBODY, NOBODY;
        Refused(ANSWERS), "graph/api/resources/search-qna"
    Refused Gateway Get "/search/qnas/$count" NOBODY, NOBODY;
        Refused(ANSWERS), "graph/api/resources/search-qna"
    Refused Gateway Get "/search/qnas/{qna}" NOBODY, NOBODY;
        Refused(ANSWERS), "graph/api/resources/search-qna"
    Refused Gateway Patch "/search/qnas/{qna}" NOBODY, NOBODY;
        Refused(ANSWERS), "graph/api/resources/search-qna"
    Refused Gateway Delete "/search/qnas/{qna}" NOBODY, NOBODY;
        Refused(ANSWERS), "graph/api/resources/search-qna"
    Refused Search Post "/copilot/retrieval" &[ExternalItemReadAll], NOBODY;
        Refused(COPILOT), "microsoft-365-copilot/extensibility/api/ai-services/retrieval/copilotroot-retrieval"
    Refused Search Post "/copilot/search" NOBODY, NOBODY;
        Refused(COPILOT), "microsoft-365-copilot/extensibility/api/ai-services/search/copilotroot-search"; beta
    Refused Search Get "/copilot/searchNextPage" NOBODY, NOBODY;
        Refused(COPILOT), "microsoft-365-copilot/extensibility/api/ai-services/search/copilotroot-search"; beta
    GetMe Gateway Get "/me" &[UserRead], NOBODY;
        Served, "graph/api/user-get"
    ListUsers Gateway Get "/users" &[UserReadAll], &[UserReadAll];
        Served, "graph/api/user-list"
    CountUsers Gateway Get "/users/$count" &[UserReadAll], &[UserReadAll];
        Served, "graph/api/user-list"
    Refused Gateway Post "/users" NOBODY, NOBODY;
        Refused(DIRECTORY), "graph/api/user-post-users"
    GetUser Gateway Get "/users/{user}" &[UserReadAll], &[UserReadAll];
        Served, "graph/api/user-get"
    Refused Gateway Patch "/users/{user}" NOBODY, NOBODY;
        Refused(DIRECTORY), "graph/api/user-update"
    Refused Gateway Delete "/users/{user}" NOBODY, NOBODY;
        Refused(DIRECTORY), "graph/api/user-delete"
    ListDirectoryGroups Gateway Get "/groups" &[GroupReadAll], &[GroupReadAll];
        Served, "graph/api/group-list"
    CountDirectoryGroups Gateway Get "/groups/$count" &[GroupReadAll], &[GroupReadAll];
        Served, "graph/api/group-list"
    Refused Gateway Post "/groups" NOBODY, NOBODY;
        Refused(DIRECTORY), "graph/api/group-post-groups"
    GetDirectoryGroup Gateway Get "/groups/{group}" &[GroupReadAll], &[GroupReadAll];
        Served, "graph/api/group-get"
    Refused Gateway Patch "/groups/{group}" NOBODY, NOBODY;
        Refused(DIRECTORY), "graph/api/group-update"
    Refused Gateway Delete "/groups/{group}" NOBODY, NOBODY;
        Refused(DIRECTORY), "graph/api/group-delete"
    Batch Gateway Post "/$batch" NOBODY, NOBODY;
        Served, "graph/json-batching"
}
