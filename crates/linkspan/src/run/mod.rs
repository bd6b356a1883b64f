//! `linkspan run`: any program, unmodified, against this server instead of Microsoft Graph.

mod environment;
mod files;
mod place;
mod program;
mod report;
mod start;
mod tally;

pub use start::run;
