//! Where instances go: placement on the configuration, the claims of jobs on their way, and the
//! moves already planned.
//!
//! A `ledger` holds what each node has and what is used of it; a move takes an instance
//! out of it and puts it in elsewhere, so that each instance of a plan sees those before it.
//! Whether it may go to a node is decided in `checks`, which of several nodes is best in
//! `score`; both follow Ganeti's htools. The rest are the questions that are asked: who goes
//! where (`departure`), round a node that takes nothing (`detour`), who goes to another group
//! (`regroup`), how instances come home (`homecoming`), where a new instance goes (`allocate`),
//! whether there is room (`room`), what the instance policy says (`policy`). Programs that choose in our place are asked by
//! [`external`].
//!
//! The same question on the same [`World`] always has the same answer: nodes and instances are
//! taken in the order of their names, and of equally good nodes the first wins.
//!
//! # Where this is not htools
//!
//! - A node that is exactly full is full, not overfull: sizes here are what a node has for
//!   instances. htools wants at least 1 MiB left over.
//! - Soft rules are broken only if no node keeps them, also when they may be; and only an offline
//!   old node excuses from them, not a drained one.
//! - A drbd instance that goes to its present secondary is not held to the soft rules: that memory
//!   was kept free for exactly this, and there is no other node it could go to.
//! - With an N+1 rule of their own (`FailN1`, htools says `FailMem`), new instances are not tried
//!   against a simulated loss of each node in turn.
//! - An instance that a job moves to its present secondary uses the memory that was kept free for
//!   it there; what else jobs move counts where it is and where it will be.
//! - `auto_balance` counts: htools never sees it and takes it for true.

mod allocate;
mod checks;
mod claim;
mod departure;
mod detour;
pub mod external;
mod fill;
mod homecoming;
mod ledger;
mod nodes;
mod place;
mod planner;
mod policy;
mod regroup;
mod room;
mod score;
mod search;
mod strain;
mod tags;
#[cfg(test)]
mod tests;

pub use allocate::{allocate, allocate_all};
pub use claim::*;
pub use departure::{check_choice, choose_node, plan_departure, plan_evacuation};
pub use fill::{Fill, Level, fill};
pub use homecoming::plan_homecoming;
pub use place::*;
pub use policy::policy_breaches;
pub use regroup::plan_regrouping;
pub use room::{check_room, still_fits, taken_on};
pub use strain::{Strain, strains};
