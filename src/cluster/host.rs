//! How a node that is a real machine is reached. Ours: Ganeti runs a daemon of its own on each node.

use serde::{Deserialize, Serialize};

/// A real machine behind a node. Nodes of a simulated cluster have none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Host {
    /// Where the driver connects to, such as `qemu+ssh://node1/system`.
    pub uri: String,
    /// Where the other nodes connect to when an instance is to move here; where it is not given, `uri`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer_uri: Option<String>,
    /// What the machine calls itself, as it said when the node was added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_name: Option<String>,
    /// What tells the machine from every other, as it said when the node was added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_uuid: Option<String>,
    /// A command for `/bin/sh -c` that cuts the machine's power, and succeeds only if it is off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fence_cmd: Option<String>,
    /// MiB a second that one migration from here may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub migration_bandwidth: Option<u64>,
}

impl Host {
    /// Where the other nodes connect to.
    #[must_use]
    pub fn peer_uri(&self) -> &str {
        self.peer_uri.as_deref().unwrap_or(&self.uri)
    }
}
