//! The options that say how a node's machine is reached.

use clap::Args;

use crate::limits::MIGRATION_BANDWIDTH;
use crate::opcodes::HostParams;

/// How a real machine is reached.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Real machines")]
pub struct HostArgs {
    /// Where it is reached, such as qemu+ssh://node1/system
    #[arg(
        long = "libvirt-uri",
        alias = "uri",
        value_name = "URI",
        group = "changes"
    )]
    pub uri: Option<String>,
    /// Where the other nodes reach it when an instance moves there [else: the same]
    #[arg(long, value_name = "URI", group = "changes", hide_short_help = true)]
    pub peer_uri: Option<String>,
    /// What cuts its power and succeeds only if it is off; run by /bin/sh -c with GNT_NODE
    #[arg(long, value_name = "CMD", group = "changes", hide_short_help = true)]
    pub fence_cmd: Option<String>,
    /// How many MiB a second each migration away from it may take; 0 for all that there is
    #[arg(long, value_name = "MIB", group = "changes", hide_short_help = true, value_parser = clap::value_parser!(u64).range(0..=MIGRATION_BANDWIDTH))]
    pub migration_bandwidth: Option<u64>,
}

impl HostArgs {
    /// The same for an opcode, if anything is given.
    #[must_use]
    pub fn params(self) -> Option<HostParams> {
        let params = HostParams {
            uri: self.uri,
            peer_uri: self.peer_uri,
            fence_cmd: self.fence_cmd,
            migration_bandwidth: self.migration_bandwidth,
        };
        Some(params).filter(|params| *params != HostParams::default())
    }
}
