//! The port to the memory of the truth, arranged for asking. It can be thrown away and rebuilt at any time.
//!
//! An implementer promises:
//! - [`Index::apply`] returns when the batch is durable and searchable; it is idempotent by (ordinal, version), so a crash can only repeat work;
//! - [`Index::search`] computes hits and total on exactly those copies that [`Lens::admits`](crate::visibility::Lens::admits), which decides alone;
//!   a query is translated whole or answered `Unsupported`;
//! - equal scores are ordered by ordinal, so pages never repeat;
//! - the deadline and the cancel flag of a [`Plan`] are honored within milliseconds.

use std::sync::Arc;

use async_trait::async_trait;
use graph::{ConnectionKey, ExternalItem, Schema};
use uuid::Uuid;

use crate::{
    kept::{Ordinal, Text, Version},
    search::plan::{Hits, Plan},
};

/// Why the index could not answer.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// Away, full, busy, or past the deadline.
    #[error("the index is unavailable: {0}")]
    Unavailable(String),
    /// Its files cannot be read; a rebuild is needed.
    #[error("the index is inconsistent: {0}")]
    Inconsistent(String),
    /// The engine cannot do this part of a plan.
    #[error("the index cannot do this: {0}")]
    Unsupported(&'static str),
}

/// A memory of the truth, arranged for asking.
#[async_trait]
pub trait Index: Send + Sync {
    /// Writes a batch: an item replaces the copy of the same ordinal.
    async fn apply(&self, batch: Vec<Upsert>) -> Result<(), IndexError>;

    /// Answers a plan.
    async fn search(&self, plan: Plan) -> Result<Hits, IndexError>;

    /// Whose memory this is; `None` when it is new, or its layout is not the current one.
    async fn stamp(&self) -> Result<Option<Uuid>, IndexError>;

    /// Forgets everything and becomes the memory of the store of this identity.
    async fn reset(&self, store: Uuid) -> Result<(), IndexError>;
}

/// One change for the index.
#[derive(Clone, Debug)]
pub struct Upsert {
    /// The item's number.
    pub ordinal: Ordinal,
    /// The version being written.
    pub version: Version,
    /// The version of its words.
    pub text: Text,
    /// What to write; `None` removes.
    pub document: Option<Document>,
}

/// An item as the index sees it.
#[derive(Clone, Debug)]
pub struct Document {
    /// Its connection's number.
    pub at: ConnectionKey,
    /// The item.
    pub item: ExternalItem,
    /// The schema that gives its properties their meaning.
    pub schema: Arc<Schema>,
}
