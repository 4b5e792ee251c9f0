//! x
pub mod admin;
pub mod allocator;
pub mod cli;
pub mod cluster;
pub mod hypervisor;
pub mod locking;
pub mod lu;
pub mod opcodes;
pub mod processor;
pub mod queue;
pub mod runner;
pub mod signals;
pub mod store;
