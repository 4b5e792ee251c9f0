//! Locks: what there is to lock, in which mode, and who holds what.
//!
//! A logical unit names the whole [`LockSet`] that it needs, computed from the configuration; it is
//! granted at once or not at all, so there is no deadlock.

mod manager;
mod set;
mod small_set;
mod turn;

pub use manager::Obstacle;
pub(crate) use manager::{Interned, LockManager, Want};
pub use set::*;
pub use turn::*;

#[cfg(test)]
mod tests;
