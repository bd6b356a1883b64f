//! The one place where identity asks for chance.

use uuid::Uuid;

/// A GUID that nobody has seen before: for token ids and trace ids, which must differ and whose value means nothing, so that
/// nothing is gained by making them a parameter.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place; a GUID whose value means nothing"
)]
pub(super) fn unique() -> Uuid {
    Uuid::new_v4()
}
