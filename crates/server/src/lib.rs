//! HTTP: v1.0 and beta of the API, sign-in, and the listeners that carry both.

mod ask;
mod batch;
mod body;
mod corridor;
pub mod descriptors;
pub mod doctor;
pub mod identity;
pub mod journal;
mod layers;
pub mod listen;
pub mod proxy;
mod respond;
mod router;
mod said;
mod seal;
mod settings;
mod tenants;
pub mod tls;
mod upkeep;
mod v1;
pub mod weather;

pub use layers::Scheme;
pub use router::router;
pub use settings::{Ids, Now, Settings};
pub use tenants::{Bounds, Keeper, NotMade, Resident, Snapshot, Source, Tenants};
