//! How many children of one operation may run at once.
//!
//! While a cap is full, none of its waiting children reserves a lock. So each time it becomes full,
//! the children that wait for locks leave the queues, and enter again when there is room: a start
//! costs as much as there are blocked children before it. The queue's limit bounds that.

use std::collections::BTreeSet;
use std::ops::Bound::{Excluded, Unbounded};

use crate::locking::Turn;

/// The children of one parent, as far as their number is limited.
#[derive(Debug, Default)]
pub(super) struct Cap {
    /// How many may run at once; `None` is without limit.
    pub(super) limit: Option<u32>,
    /// How many unfinished children there are.
    pub(super) members: usize,
    /// How many run or are between two opcodes.
    pub(super) taken: usize,
    /// Children that have not begun and depend on nothing unfinished.
    pub(super) candidates: BTreeSet<Turn>,
    /// Those of the candidates that are free. They will take the room that is left.
    pub(super) free: BTreeSet<Turn>,
    /// Of the candidates only those up to this one may be in the queues of their locks.
    admitted: Option<Turn>,
}

impl Cap {
    fn room(&self) -> usize {
        let limit = self.limit.map_or(usize::MAX, |limit| {
            usize::try_from(limit).unwrap_or(usize::MAX)
        });
        limit.saturating_sub(self.taken)
    }

    /// Whether there is room for this candidate after the free ones before it. If so, it counts as
    /// admitted from now on.
    pub(super) fn admits(&mut self, turn: Turn) -> bool {
        let room = self.room();
        let admits =
            self.free.len() < room || (room > 0 && self.free.last().is_some_and(|l| turn <= *l));
        if admits {
            self.admitted = self.admitted.max(Some(turn));
        }
        admits
    }

    /// The last admitted candidate if there is no room for it any more; it is not admitted now.
    pub(super) fn pop_excess(&mut self) -> Option<Turn> {
        let room = self.room();
        if self.free.len() < room {
            return None;
        }
        let last = self
            .candidates
            .range(..=self.admitted?)
            .next_back()
            .copied();
        let excess = last.filter(|last| {
            self.free.len() > room || self.free.last().is_none_or(|free| free < last)
        });
        self.admitted = match excess {
            Some(excess) => self.candidates.range(..excess).next_back().copied(),
            // Not what it was: one that comes to the full cap later must not seem admitted.
            None => last,
        };
        excess
    }

    /// The first candidate that is not admitted, if there is room to look at it.
    pub(super) fn admit_next(&mut self) -> Option<Turn> {
        if self.free.len() >= self.room() {
            return None;
        }
        match self.admitted {
            Some(admitted) => self
                .candidates
                .range((Excluded(admitted), Unbounded))
                .next(),
            None => self.candidates.first(),
        }
        .copied()
    }
}
