//! The Graph's weather, for `linkspan dev`: clocks that can be moved, throttling as a profile says, faults on demand, and
//! a report of it all. Where there is none, or it is fair, a request notices nothing.

mod desk;
mod dial;
mod fault;
mod faults;
mod forecast;
mod meter;
mod passage;
mod report;
mod rule;
mod sky;
mod span;
mod strike;

pub(crate) use desk::Desk;
pub use dial::{Dial, Keep};
pub use forecast::{Done, Forecast, Work};
pub(crate) use passage::Passage;
pub use report::Report;
pub use sky::Weather;
pub use span::read as read_length;
pub(crate) use strike::Lost;
