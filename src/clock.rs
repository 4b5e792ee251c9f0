//! What time it is, for all that is shown to people or stands in the database.
//!
//! This clock jumps when somebody sets it. So nothing waits by it and no length of time is measured
//! by it, only compared with what it said before where a mistake does no harm: the age of a job, the
//! deaths within a minute. Waiting and limits go by [`std::time::Instant`], and what is on its way in
//! the simulator by the host's boot clock.

use jiff::{SignedDuration, Timestamp};

use crate::failpoints;

/// Now, by the wall clock.
#[must_use]
pub fn timestamp() -> Timestamp {
    let now = Timestamp::now();
    let moved = now.saturating_add(SignedDuration::from_secs(failpoints::clock_offset()));
    // Fails for no duration of fixed length.
    moved.unwrap_or(now)
}

/// Microseconds since 1970, by the wall clock.
#[must_use]
pub fn now() -> i64 {
    timestamp().as_microsecond()
}
