//! Jobs: what they are, how they are submitted, steered and cleared away.
//!
//! * [`submit`]: many jobs at once, each accepted or refused on its own.
//! * [`control`]: cancel, priority, archive, drain, hold, limits.
//! * [`purge`]: deleting archived jobs.
//! * [`follow`]: what has changed since the last look; [`why`] a job waits.
//! * [`client`]: a tool's way to the queue: opens the database, submits, starts the runner.

mod bounds;
pub mod client;
pub mod control;
pub mod follow;
pub mod purge;
pub mod submit;
mod submitter;
mod types;
pub mod why;

pub use client::Client;
pub use submitter::Submitter;
pub use types::*;

#[cfg(test)]
mod tests;
