//! HTTP: v1.0 and beta of the API, sign-in, and the listeners that carry both.

mod body;
mod layers;
pub mod listen;
mod respond;
mod settings;

pub use layers::Scheme;
pub use settings::{Ids, Now, Settings};
