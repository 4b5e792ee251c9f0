//! A map of which every copy is cheap, changed or not.
//!
//! A plan, each worker and the writer all hold the configuration of some moment. With a plain map
//! behind a counted reference, each change would copy all of it, since somebody always holds the one
//! before; here copies share all but the chunk that changed.

use std::borrow::Borrow;
use std::fmt;
#[cfg(test)]
use std::ops::Index;
use std::sync::Arc;

use immutable_chunkmap::map::Map;

/// Objects in a chunk: what a change copies.
const CHUNK: usize = 32;

/// Objects by their UUID, in the order of these.
#[derive(Clone)]
pub struct SharedMap<K: Ord + Clone, V>(Map<K, Arc<V>, CHUNK>);

impl<K: Ord + Clone, V> SharedMap<K, V> {
    /// The object with this key.
    #[must_use]
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&Arc<V>>
    where
        K: Borrow<Q>,
    {
        self.0.get(key)
    }

    /// Whether there is one with this key.
    #[must_use]
    pub fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.get(key).is_some()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Keys and objects, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &Arc<V>)> {
        (&self.0).into_iter()
    }

    /// Keys, in order.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.iter().map(|(key, _)| key)
    }

    /// Objects, in the order of their keys.
    pub fn values(&self) -> impl Iterator<Item = &Arc<V>> {
        self.iter().map(|(_, value)| value)
    }

    /// Puts an object in; no other copy of the map sees it.
    pub(super) fn insert(&mut self, key: K, value: V) {
        self.0.insert_cow(key, Arc::new(value));
    }

    /// Takes an object out; other copies of the map keep it.
    pub(super) fn remove(&mut self, key: &K) -> Option<Arc<V>> {
        self.0.remove_cow(key)
    }
}

impl<K: Ord + Clone, V> Default for SharedMap<K, V> {
    fn default() -> SharedMap<K, V> {
        SharedMap(Map::new())
    }
}

#[cfg(test)]
impl<K: Ord + Clone + Borrow<Q>, Q: Ord + ?Sized, V> Index<&Q> for SharedMap<K, V> {
    type Output = Arc<V>;

    fn index(&self, key: &Q) -> &Arc<V> {
        self.get(key).expect("it is there")
    }
}

impl<K: Ord + Clone, V: PartialEq> PartialEq for SharedMap<K, V> {
    fn eq(&self, other: &SharedMap<K, V>) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<K: Ord + Clone + fmt::Debug, V: fmt::Debug> fmt::Debug for SharedMap<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_stays_as_it_was() {
        let mut map = SharedMap::default();
        for key in 0..1_000 {
            map.insert(key, key * 2);
        }
        let before = map.clone();
        map.insert(7, 0);
        assert_eq!(map.remove(&8).as_deref(), Some(&16));
        assert_eq!((before.get(&7), before.len()), (Some(&Arc::new(14)), 1_000));
        assert_eq!((map.get(&7), map.len()), (Some(&Arc::new(0)), 999));
        assert!(!map.contains_key(&8) && before.contains_key(&8));
        assert!(before.keys().is_sorted() && before.keys().count() == 1_000);
    }
}
