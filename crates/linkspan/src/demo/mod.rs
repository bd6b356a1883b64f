//! `linkspan demo`: loads what this machine knows through the HTTP API, searches it as several users and checks
//! what they see against a plain evaluation of the same ACLs.

mod acl;
mod api;
mod checkout;
mod evaluate;
#[cfg(test)]
mod evaluate_tests;
mod groups;
mod load;
mod packages;
mod people;
mod progress;
mod query;
mod search;
mod source;
mod stanza;
mod steps;
mod table;
mod version;
mod words;

pub use steps::run;
