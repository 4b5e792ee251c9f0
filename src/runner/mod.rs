//! The runner: one background process a state directory, which executes the jobs.
//!
//! * [`scheduler`]: which job may start; a plain value.
//! * [`state`]: what the one writing thread knows, and the transactions it makes of it; what the end
//!   of an opcode means stands in `ends`, how one starts in `starts`.
//! * [`deadline`]: until when the operations may begin jobs, and what is done then.
//! * [`load`]: from the database to that state, at the start and whenever a commit has failed.
//! * [`pool`]: the workers, which run the logical units.
//! * [`mail`]: what the writing thread is told by others, and how it sleeps meanwhile.
//! * [`service`]: the process: detaching, the lock, signals, the loop, idling, leaving.
//! * [`log`]: what it has to say; `notify`: what it says to a service manager.

pub mod deadline;
mod ends;
pub mod load;
pub mod log;
pub mod mail;
mod notify;
pub mod pool;
pub mod scheduler;
pub mod service;
mod starts;
pub mod state;

pub use service::{command, main};

#[cfg(test)]
mod machine;
