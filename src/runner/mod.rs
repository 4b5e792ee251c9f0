//! stub

pub mod scheduler;
