//! The nouns of Microsoft Graph's external connectors and search: resources, their rules, their JSON.
//!
//! Pure and synchronous: no clock, no I/O, no logging. Every refusal is a [`PublicError`].

pub mod acl;
pub mod activity;
#[cfg(test)]
mod any_json;
pub mod audience;
pub mod batch;
pub mod card;
pub mod connection;
pub mod error;
pub mod generous;
pub mod group;
pub mod id;
pub mod item;
pub mod known;
pub mod limits;
pub mod odata;
pub mod operation;
pub mod route;
pub mod schema;
pub mod scope;
pub mod search;
pub mod value;

pub use acl::{AccessType, Acl, AclType};
pub use audience::{Audience, Verdict};
pub use batch::{Batch, BatchRequest};
pub use connection::{ConnectionDraft, ConnectionPatch, ConnectionState, ExternalConnection};
pub use error::{ErrorCode, InnerError, PublicError, PublicErrorDetail};
pub use group::{ExternalGroup, GroupDraft, GroupPatch, Identity, IdentityType};
pub use id::{ConnectionId, ConnectionKey, GroupId, ItemId, OperationId};
pub use item::{ContentType, ExternalItem, ExternalItemContent, ItemDraft};
pub use operation::{ConnectionOperation, OperationStatus};
pub use schema::{Label, Property, PropertyType, Schema, SchemaDraft};
pub use scope::Scope;
pub use value::{DateTime, Value};
