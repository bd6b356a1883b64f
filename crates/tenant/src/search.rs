//! From a query to an answer.

pub mod plan;
