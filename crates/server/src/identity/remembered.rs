//! A small memory that forgets when the accounts change.

use std::{
    collections::HashMap,
    ops::RangeInclusive,
    sync::{Arc, PoisonError, RwLock},
};

use tenant::accounts::Accounts;

/// How many values are remembered before old ones, then all, are forgotten.
const ENTRIES_MAX: usize = 4096;

/// Values by a SHA-256, each good for a while, and only as long as the accounts are the very ones it was made under: what was
/// concluded from an app's secret or a user's existence must not outlive them.
pub(super) struct Remembered<V>(RwLock<Memory<V>>);

struct Memory<V> {
    /// Held, so that its address cannot be used again by later accounts.
    accounts: Option<Arc<Accounts>>,
    entries: HashMap<[u8; 32], (RangeInclusive<u64>, V)>,
}

impl<V: Clone> Remembered<V> {
    pub fn new() -> Self {
        Self(RwLock::new(Memory {
            accounts: None,
            entries: HashMap::new(),
        }))
    }

    /// The value, if it was kept under these accounts and is good at this second.
    pub fn get(&self, accounts: &Arc<Accounts>, key: &[u8; 32], now: u64) -> Option<V> {
        let memory = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let (good, value) = memory.entries.get(key)?;
        let same = memory
            .accounts
            .as_ref()
            .is_some_and(|known| Arc::ptr_eq(known, accounts));
        (same && good.contains(&now)).then(|| value.clone())
    }

    /// Keeps a value that was made under these accounts and is good for these seconds.
    pub fn keep(
        &self,
        accounts: &Arc<Accounts>,
        key: [u8; 32],
        good: RangeInclusive<u64>,
        value: V,
    ) {
        let mut memory = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if !memory
            .accounts
            .as_ref()
            .is_some_and(|known| Arc::ptr_eq(known, accounts))
        {
            memory.entries.clear();
            memory.accounts = Some(Arc::clone(accounts));
        }
        if memory.entries.len() >= ENTRIES_MAX {
            let begin = *good.start();
            memory.entries.retain(|_, (good, _)| *good.end() >= begin);
            if memory.entries.len() >= ENTRIES_MAX {
                memory.entries.clear();
            }
        }
        memory.entries.insert(key, (good, value));
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .entries
            .len()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{ENTRIES_MAX, Remembered};

    #[test]
    fn a_value_ends_with_its_time_and_with_the_accounts() {
        let (accounts, others) = (Arc::default(), Arc::default());
        let memory = Remembered::new();
        memory.keep(&accounts, [1; 32], 10..=20, "a");
        assert_eq!(memory.get(&accounts, &[1; 32], 9), None);
        assert_eq!(memory.get(&accounts, &[1; 32], 10), Some("a"));
        assert_eq!(memory.get(&accounts, &[1; 32], 20), Some("a"));
        assert_eq!(memory.get(&accounts, &[1; 32], 21), None);
        assert_eq!(memory.get(&accounts, &[2; 32], 15), None);
        assert_eq!(memory.get(&others, &[1; 32], 15), None);
        memory.keep(&others, [2; 32], 10..=20, "b");
        assert_eq!(memory.get(&accounts, &[1; 32], 15), None);
    }

    #[test]
    fn the_memory_is_bounded() {
        let accounts = Arc::default();
        let memory = Remembered::new();
        for number in 0..3 * ENTRIES_MAX as u64 {
            let mut key = [0; 32];
            key[..8].copy_from_slice(&number.to_le_bytes());
            memory.keep(&accounts, key, number..=u64::MAX, ());
            assert!(memory.len() <= ENTRIES_MAX);
            assert_eq!(memory.get(&accounts, &key, number), Some(()));
        }
    }
}
