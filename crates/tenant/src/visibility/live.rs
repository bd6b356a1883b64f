//! Per ordinal the live words and ACL, readable without a lock while the writer changes them.

use std::{
    collections::HashMap,
    sync::{
        OnceLock, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::kept::{AclId, Ordinal, Text};

/// The first chunk holds this many ordinals, each further one twice as many as the one before.
const FIRST: u64 = 1 << 10;
/// Enough chunks for 2^43 ordinals.
const CHUNKS: usize = 33;
const SHARDS: usize = 64;

type Stale = RwLock<HashMap<u64, Vec<(Text, AclId)>>>;

/// A growing array of (text, ACL) pairs, each packed into one atomic, and the old words that the index may still hold.
pub(super) struct Live {
    chunks: [OnceLock<Box<[AtomicU64]>>; CHUNKS],
    stale: [Stale; SHARDS],
}

impl Default for Live {
    fn default() -> Self {
        Self {
            chunks: [const { OnceLock::new() }; CHUNKS],
            stale: std::array::from_fn(|_| RwLock::default()),
        }
    }
}

fn place(ordinal: Ordinal) -> (usize, usize) {
    let shifted = ordinal.0 + FIRST;
    let bit = 63 - shifted.leading_zeros();
    (
        (bit - FIRST.trailing_zeros()) as usize,
        (shifted - (1 << bit)) as usize,
    )
}

impl Live {
    /// The live pair; zeros, which admit nobody, where nothing was ever written.
    #[inline]
    pub(super) fn get(&self, ordinal: Ordinal) -> (Text, AclId) {
        let (chunk, offset) = place(ordinal);
        let packed = self
            .chunks
            .get(chunk)
            .and_then(OnceLock::get)
            .map_or(0, |chunk| chunk[offset].load(Ordering::Acquire));
        (Text((packed >> 32) as u32), AclId(packed as u32))
    }

    pub(super) fn set(&self, ordinal: Ordinal, text: Text, acl: AclId) {
        let (chunk, offset) = place(ordinal);
        let cells = self.chunks[chunk].get_or_init(|| {
            (0..FIRST << chunk)
                .map(|_| AtomicU64::new(0))
                .collect::<Box<[_]>>()
        });
        let packed = (u64::from(text.0) << 32) | u64::from(acl.0);
        cells[offset].store(packed, Ordering::Release);
    }

    /// The last ACL under which these old words were live, if the index may still hold them.
    pub(super) fn stale(&self, ordinal: Ordinal, text: Text) -> Option<AclId> {
        self.shard(ordinal)
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&ordinal.0)?
            .iter()
            .find(|(old, _)| *old == text)
            .map(|(_, acl)| *acl)
    }

    pub(super) fn set_stale(&self, ordinal: Ordinal, stale: Vec<(Text, AclId)>) {
        let mut shard = self
            .shard(ordinal)
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        if stale.is_empty() {
            shard.remove(&ordinal.0);
        } else {
            shard.insert(ordinal.0, stale);
        }
    }

    fn shard(&self, ordinal: Ordinal) -> &Stale {
        &self.stale[(ordinal.0 % SHARDS as u64) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ordinal_has_a_place_of_its_own() {
        let live = Live::default();
        let ordinals = (0..5000).chain([1 << 20, (1 << 20) + 1]);
        for n in ordinals.clone() {
            assert_eq!(live.get(Ordinal(n)), (Text(0), AclId::NOBODY));
        }
        for n in ordinals.clone() {
            live.set(Ordinal(n), Text(n as u32 + 1), AclId(!(n as u32)));
        }
        for n in ordinals {
            assert_eq!(
                live.get(Ordinal(n)),
                (Text(n as u32 + 1), AclId(!(n as u32)))
            );
        }
    }

    #[test]
    fn an_ordinal_beyond_everything_is_nobodys() {
        assert_eq!(
            Live::default().get(Ordinal(1 << 60)),
            (Text(0), AclId::NOBODY)
        );
    }
}
