//! The Graph's weather, for `linkspan dev`: a clock that can be moved.

mod desk;
mod sky;
mod span;

pub(crate) use desk::{answer, methods};
pub use sky::Weather;
