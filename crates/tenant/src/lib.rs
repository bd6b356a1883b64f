//! What can be done in a tenant: one file per door, three ports, and the live picture of who may see what.

pub mod access;
pub mod accounts;
pub mod activities;
pub mod analysis;
pub mod caller;
pub mod clock;
pub mod connections;
#[cfg(feature = "contract")]
pub mod contract;
pub mod doctor;
pub mod error;
pub mod groups;
pub mod html;
pub mod index;
pub mod indexer;
pub mod items;
pub mod kept;
pub mod life;
pub mod limit;
pub mod membership;
pub mod operations;
pub mod profile;
mod progress;
pub mod schema;
pub mod search;
pub mod store;
pub mod survey;
pub mod tasks;
mod tenant;
pub mod users;
pub mod visibility;

pub use caller::Caller;
pub use error::{Error, Failure, FailureKind};
pub use profile::Profile;
pub use tenant::Tenant;
