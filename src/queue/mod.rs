//! Jobs and their states; see the submodules.
mod types;
pub use types::*;
