//! The command line: arguments, commands, and what they share.
//!
//! One file a tool ([`node`], [`job`], …) over the shared parts: [`printer`] (the only place that
//! writes to the terminal), [`table`] and [`fields`] (lists), [`operation`] (one opcode in, jobs
//! out, the truth at the end), [`follow`] (bars, lines and JSON from the follower's events),
//! [`document`] (what `--json` prints), [`exit`] (what the exit codes mean).

pub mod context;
pub mod document;
pub mod exit;
pub mod follow;
pub mod operation;
pub mod plan;
pub mod printer;
pub mod problem;
pub mod prompt;
pub mod table;
