//! What every exchange passes through: who speaks and under which id, where the client thinks we are, and what must not escape.

mod exchange;
mod gzip;
mod origin;
pub(crate) mod quirks;
mod rescue;

pub(crate) use exchange::Exchange;
pub(crate) use gzip::gzip;
pub use origin::Scheme;
pub(crate) use origin::{is_host, origin};
pub(crate) use rescue::{Panicked, rescue};
