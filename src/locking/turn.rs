//! A job's place in the order in which jobs start.

use std::num::NonZeroU64;

use crate::queue::JobId;

/// How long a job waits before it gains one step of priority, in seconds.
pub const SECONDS_A_STEP: u64 = 30 * 60;

/// Bits of a [`Turn`] that hold the job's id: at a thousand jobs a second they last for 34 years.
const ID_BITS: u32 = 40;

/// The greatest rank that fits above the id; it is reached in the 29th century.
const MAX_RANK: u64 = (1 << (u64::BITS - ID_BITS)) - 1;

/// Added to every rank, so that no urgent job of a wrong clock's 1970 gets below zero.
const RANK_OFFSET: i64 = 1 << 10;

/// How urgent a job is: what was asked for and since when it waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Urgency {
    /// Ganeti's number: −10 is high, 0 normal, 10 low.
    pub priority: i64,
    /// When the job was received, in seconds since 1970.
    pub received: u64,
}

/// A place in the order (effective priority, id): the lesser one goes first.
///
/// The effective priority at a moment is the priority minus the steps gained by then. Steps are
/// counted on a clock that all jobs share, so the moment is the same term in each job's value and
/// drops out of every comparison: the order never changes while jobs wait.
///
/// Rank and id share one word because each lock's queue holds a turn for every job that wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Turn(NonZeroU64);

impl Turn {
    /// Before every job's.
    pub(crate) const FIRST: Turn = Turn(NonZeroU64::MIN);

    /// The place of a job.
    #[must_use]
    pub fn new(id: JobId, urgency: Urgency) -> Turn {
        let steps = i64::try_from(urgency.received / SECONDS_A_STEP).unwrap_or(i64::MAX);
        let rank = urgency
            .priority
            .saturating_add(steps)
            .saturating_add(RANK_OFFSET);
        let rank = u64::try_from(rank).unwrap_or(0).clamp(1, MAX_RANK);
        let id = u64::try_from(id.0).unwrap_or(0) & ((1 << ID_BITS) - 1);
        Turn(NonZeroU64::new(rank << ID_BITS | id).unwrap_or(NonZeroU64::MIN))
    }

    /// Whose place it is.
    #[must_use]
    pub fn job(self) -> JobId {
        let id = self.0.get() & ((1 << ID_BITS) - 1);
        JobId(i64::try_from(id).unwrap_or(i64::MAX))
    }
}
