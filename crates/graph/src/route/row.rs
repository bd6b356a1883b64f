//! `/{version}/…`: what the table knows about one operation.
//!
//! Documentation: <https://learn.microsoft.com/graph/permissions-reference>

use std::fmt;

use crate::scope::Scope;

/// One row of the protocol: an operation of the Graph below the paths that we know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// The operation as a door of the server.
    pub door: Door,
    /// The HTTP method.
    pub method: Method,
    /// The template after the version, for example `/external/connections/{connection}/items/{item}`.
    ///
    /// What begins with `/external/connections` is reached under `/connections` too.
    pub path: &'static str,
    /// Every delegated permission that suffices; empty: not supported for users.
    pub delegated: &'static [Scope],
    /// Every application permission that suffices; empty: not supported for applications.
    pub application: &'static [Scope],
    /// The page that describes the operation.
    pub documentation: &'static str,
    /// Known on `/beta` only.
    pub beta_only: bool,
    /// Is it served?
    pub serving: Serving,
    /// Who speaks when it goes wrong.
    pub voice: Voice,
}

/// An HTTP method that the Graph uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Method {
    /// Read.
    Get,
    /// Create, or run an action.
    Post,
    /// Create or replace.
    Put,
    /// Merge.
    Patch,
    /// Remove.
    Delete,
}

impl Method {
    /// The method as it is written in a request.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    /// The method of that name; methods are case-sensitive, as in HTTP.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Get, Self::Post, Self::Put, Self::Patch, Self::Delete]
            .into_iter()
            .find(|method| method.as_str() == text)
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Is an operation served, and if not, what does the server say?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Serving {
    /// Yes.
    Served,
    /// Known to the Graph and not served here: 501, with this sentence.
    Refused(&'static str),
    /// In the metadata, but the live service answers 404 `UnknownError` as if it did not exist; so do we.
    Absent,
}

/// In whose form errors are written (`contract/search.md` §13.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voice {
    /// The Graph's gateway and the connector service.
    Gateway,
    /// The search service: nested details, `httpCode`, `Instrumentation`.
    Search,
}

/// The operations by name; those that are not served share [`Door::Refused`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Door {
    /// `GET /external/connections`.
    ListConnections,
    /// `GET /external/connections/$count`.
    CountConnections,
    /// `POST /external/connections`.
    CreateConnection,
    /// `POST /external/connections/$ref`, the early spelling of a creation; the server makes the id.
    CreateConnectionRef,
    /// `GET /external/connections/{connection}`.
    GetConnection,
    /// `PATCH /external/connections/{connection}`.
    UpdateConnection,
    /// `DELETE /external/connections/{connection}`.
    DeleteConnection,
    /// `GET /external/connections/{connection}/schema`.
    GetSchema,
    /// `PATCH /external/connections/{connection}/schema`.
    RegisterSchema,
    /// `POST /external/connections/{connection}/schema`, the older spelling.
    RegisterSchemaPost,
    /// `GET /external/connections/{connection}/operations`.
    ListOperations,
    /// `GET /external/connections/{connection}/operations/$count`.
    CountOperations,
    /// `GET /external/connections/{connection}/operations/{operation}`.
    GetOperation,
    /// `GET /external/connections/{connection}/quota`, on `/beta`.
    GetQuota,
    /// `GET /external/connections/{connection}/items`.
    ListItems,
    /// `GET /external/connections/{connection}/items/$count`.
    CountItems,
    /// `GET /external/connections/{connection}/items/{item}`.
    GetItem,
    /// `PUT /external/connections/{connection}/items/{item}`.
    PutItem,
    /// `PATCH /external/connections/{connection}/items/{item}`, the older spelling of an update.
    UpdateItem,
    /// `DELETE /external/connections/{connection}/items/{item}`.
    DeleteItem,
    /// `POST /external/connections/{connection}/items/{item}/addActivities`, in its three spellings.
    AddActivities,
    /// `GET /external/connections/{connection}/items/{item}/activities`.
    ListActivities,
    /// `GET /external/connections/{connection}/items/{item}/activities/$count`.
    CountActivities,
    /// `GET /external/connections/{connection}/items/{item}/activities/{activity}`.
    GetActivity,
    /// `GET /external/connections/{connection}/items/{item}/activities/{activity}/performedBy`.
    GetPerformedBy,
    /// `GET /external/connections/{connection}/groups`.
    ListGroups,
    /// `GET /external/connections/{connection}/groups/$count`.
    CountGroups,
    /// `POST /external/connections/{connection}/groups`.
    CreateGroup,
    /// `GET /external/connections/{connection}/groups/{group}`.
    GetGroup,
    /// `PATCH /external/connections/{connection}/groups/{group}`.
    UpdateGroup,
    /// `DELETE /external/connections/{connection}/groups/{group}`.
    DeleteGroup,
    /// `GET /external/connections/{connection}/groups/{group}/members`.
    ListMembers,
    /// `GET /external/connections/{connection}/groups/{group}/members/$count`.
    CountMembers,
    /// `GET /external/connections/{connection}/groups/{group}/members/{member}`.
    GetMember,
    /// `POST /external/connections/{connection}/groups/{group}/members`.
    AddMember,
    /// `DELETE /external/connections/{connection}/groups/{group}/members/{member}`.
    RemoveMember,
    /// `POST /search/query`.
    Query,
    /// `GET /me`.
    GetMe,
    /// `GET /users`.
    ListUsers,
    /// `GET /users/$count`.
    CountUsers,
    /// `GET /users/{user}`.
    GetUser,
    /// `GET /groups`.
    ListDirectoryGroups,
    /// `GET /groups/$count`.
    CountDirectoryGroups,
    /// `GET /groups/{group}`.
    GetDirectoryGroup,
    /// `POST /$batch`: takes no permission of its own, since each of its entries asks for one.
    Batch,
    /// No door: `serving` says why.
    Refused,
}
