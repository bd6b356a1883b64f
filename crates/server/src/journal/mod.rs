//! The journal: what was asked and how it was answered, in memory, for the person who develops the client.

mod entry;
mod ring;

pub(crate) use entry::{BytesIn, Operation, Remark, sign_in_path};
pub use entry::{Count, Entry, Page, Refusal, Whereabouts, Whose};
pub use ring::Journal;
