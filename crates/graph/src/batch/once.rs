//! The members of an object by their names, and which of them came again.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    fmt,
    marker::PhantomData,
};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};

/// An object, read into its members.
#[derive(Debug)]
pub(super) struct Once<V> {
    members: BTreeMap<String, V>,
    twice: Option<String>,
}

impl<V> Once<V> {
    /// The members.
    ///
    /// # Errors
    /// The name of one that stands twice: which of the two was meant, nobody knows.
    pub fn all(self) -> Result<BTreeMap<String, V>, String> {
        match self.twice {
            None => Ok(self.members),
            Some(name) => Err(name),
        }
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Once<V> {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        source.deserialize_map(Members(PhantomData))
    }
}

struct Members<V>(PhantomData<V>);

impl<'de, V: Deserialize<'de>> Visitor<'de> for Members<V> {
    type Value = Once<V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut sent: A) -> Result<Once<V>, A::Error> {
        let mut once = Once {
            members: BTreeMap::new(),
            twice: None,
        };
        while let Some((name, value)) = sent.next_entry::<String, V>()? {
            match once.members.entry(name) {
                Entry::Occupied(first) => once.twice = Some(first.key().clone()),
                Entry::Vacant(place) => drop(place.insert(value)),
            }
        }
        Ok(once)
    }
}
