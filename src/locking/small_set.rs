//! An ordered set that costs two words while it holds at most one element.

use std::collections::BTreeSet;
use std::ops::Bound::{Excluded, Unbounded};

/// Most locks are wanted by one job and held by one: a tree for each would be most of the memory
/// of a long queue.
#[derive(Debug)]
pub(super) enum SmallSet<T> {
    One(Option<T>),
    #[expect(clippy::box_collection, reason = "keeps the common case small")]
    Many(Box<BTreeSet<T>>),
}

impl<T> Default for SmallSet<T> {
    fn default() -> SmallSet<T> {
        SmallSet::One(None)
    }
}

impl<T: Ord + Copy> SmallSet<T> {
    pub(super) fn insert(&mut self, item: T) {
        match self {
            SmallSet::One(Some(one)) if *one != item => {
                *self = SmallSet::Many(Box::new(BTreeSet::from([*one, item])));
            }
            SmallSet::One(one) => *one = Some(item),
            SmallSet::Many(many) => {
                many.insert(item);
            }
        }
    }

    /// Whether it was there.
    pub(super) fn remove(&mut self, item: T) -> bool {
        match self {
            SmallSet::One(one) if *one == Some(item) => {
                *one = None;
                true
            }
            SmallSet::One(_) => false,
            SmallSet::Many(many) => {
                let was = many.remove(&item);
                if many.is_empty() {
                    *self = SmallSet::One(None);
                }
                was
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.first().is_none()
    }

    pub(super) fn first(&self) -> Option<T> {
        match self {
            SmallSet::One(one) => *one,
            SmallSet::Many(many) => many.first().copied(),
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = T> {
        let (one, many) = match self {
            SmallSet::One(one) => (*one, None),
            SmallSet::Many(many) => (None, Some(many.iter().copied())),
        };
        one.into_iter().chain(many.into_iter().flatten())
    }

    /// The elements above `item`, in order.
    pub(super) fn after(&self, item: T) -> impl Iterator<Item = T> {
        let (one, many) = match self {
            SmallSet::One(one) => (one.filter(|one| *one > item), None),
            SmallSet::Many(many) => (None, Some(many.range((Excluded(item), Unbounded)).copied())),
        };
        one.into_iter().chain(many.into_iter().flatten())
    }

    /// The greatest element below `item`.
    pub(super) fn before(&self, item: T) -> Option<T> {
        match self {
            SmallSet::One(one) => one.filter(|one| *one < item),
            SmallSet::Many(many) => many.range(..item).next_back().copied(),
        }
    }
}
