//! The bitmap of ACL numbers that an audience may see.

use crate::kept::AclId;

/// Union of grants minus union of denies, up to a mark; numbers beyond the mark are denied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allowed {
    words: Vec<u64>,
    mark: u32,
}

impl Allowed {
    /// May items with this ACL be seen?
    #[inline]
    pub fn contains(&self, acl: AclId) -> bool {
        acl.0 < self.mark && self.words[(acl.0 / 64) as usize] >> (acl.0 % 64) & 1 == 1
    }

    /// Is no number allowed?
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    pub(super) fn mark(&self) -> u32 {
        self.mark
    }

    /// Moves the mark up; the numbers in between are denied until allowed.
    pub(super) fn extend(&mut self, mark: u32) {
        self.mark = mark;
        self.words.resize(mark.div_ceil(64) as usize, 0);
    }

    pub(super) fn set(&mut self, acl: AclId, allowed: bool) {
        let bit = 1 << (acl.0 % 64);
        let word = &mut self.words[(acl.0 / 64) as usize];
        if allowed {
            *word |= bit;
        } else {
            *word &= !bit;
        }
    }
}
