//! Locks: what there is to lock, in which mode, and who holds what.
//!
//! A logical unit names the whole [`LockSet`] that it needs, computed from the configuration; it is
//! granted at once or not at all, so there is no deadlock.

mod set;

pub use set::*;
