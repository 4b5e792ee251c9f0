//! Where instances go: placement on the configuration, the claims of jobs on their way, and the
//! moves already planned.

mod claim;
mod place;

pub use claim::*;
pub use place::*;
