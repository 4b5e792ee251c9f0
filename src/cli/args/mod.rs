//! The command lines of all tools, a file a tool. These definitions are the only source: parser,
//! help, manual pages and completions come from them.

pub mod cluster;
pub mod cluster_params;
pub mod common;
pub mod debug;
pub mod group;
pub mod host;
pub mod instance;
pub mod instance_change;
pub mod instance_disks;
pub mod job;
pub mod maintenance;
pub mod migration;
pub mod node;
pub mod policy;
pub mod select;
pub mod tags;

/// What `--version` prints after the tool's name.
pub(crate) const VERSION: &str = concat!(
    "(gnt ",
    env!("CARGO_PKG_VERSION"),
    ") ",
    env!("CARGO_PKG_VERSION")
);

#[cfg(test)]
mod tests;
