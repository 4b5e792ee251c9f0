//! Jobs: what they are, how they are submitted, steered and cleared away.
//!
//! * [`submit`]: many jobs at once, each accepted or refused on its own.
//! * [`control`]: cancel, priority, archive, drain, hold, limits.
//! * [`client`]: a tool's way to the queue: opens the database, submits, starts the runner.

pub mod client;
pub mod control;
pub mod submit;
mod submitter;
mod types;

pub use client::Client;
pub use submitter::Submitter;
pub use types::*;
