//! Operations on nodes.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::migration::MigrationTerms;
use super::types::{EvacMode, MigrationMode, PowerOff, shutdown_timeout, yes};
use crate::cluster::Capacity;

/// How a real machine is reached, in an opcode. Of a node that there is, what is absent stays, and an
/// empty text or a 0 takes away.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HostParams {
    /// Where the driver connects to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// Where the other nodes connect to when an instance is to move here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer_uri: Option<String>,
    /// A command for `/bin/sh -c` that cuts the machine's power, and succeeds only if it is off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fence_cmd: Option<String>,
    /// MiB a second that one migration from here may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub migration_bandwidth: Option<u64>,
}

/// OP_NODE_EVACUATE: see [`super::Op::NodeEvacuate`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeEvacuate {
    /// The node to empty.
    pub node_name: String,
    /// Its UUID; if given it must still belong to the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_uuid: Option<String>,
    /// Which role is to leave.
    pub mode: EvacMode,
    /// The new secondary node for all; needs `secondary-only`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote_node: Option<String>,
    /// An external allocator; absent means the built-in placement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iallocator: Option<String>,
    /// Release the old secondary before the new one is in sync.
    #[serde(default)]
    pub early_release: bool,
    /// Accept placements that only break soft rules (N+1, ratios, exclusion tags).
    #[serde(default)]
    pub ignore_soft_errors: bool,
    /// Ours: move those that can move even if others cannot.
    #[serde(default)]
    pub allow_partial: bool,
    /// Ours: how many children run at once at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parallel: Option<u32>,
    /// Ours: the terms of each migration.
    #[serde(default, skip_serializing_if = "MigrationTerms::is_default")]
    pub migration: MigrationTerms,
}

/// OP_NODE_FAILOVER (ours): the parent of one failover per primary instance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeFailover {
    /// The node that its primary instances leave.
    pub node_name: String,
    /// Its UUID; if given it must still belong to the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_uuid: Option<String>,
    /// An external allocator; absent means the built-in placement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iallocator: Option<String>,
    /// Where externally mirrored instances go; absent means by placement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_node: Option<String>,
    /// Start from a copy that is not in sync, and do not insist on stopping the source.
    #[serde(default)]
    pub ignore_consistency: bool,
    /// Do not check the target group's policy.
    #[serde(default)]
    pub ignore_ipolicy: bool,
    /// Accept placements that only break soft rules.
    #[serde(default)]
    pub ignore_soft_errors: bool,
    /// Seconds a guest is given to stop.
    #[serde(default = "shutdown_timeout")]
    pub shutdown_timeout: u32,
    /// Ours: move those that can move even if others cannot.
    #[serde(default)]
    pub allow_partial: bool,
    /// Ours: how many children run at once at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parallel: Option<u32>,
    /// Ours: how it is known that the node is powered off, if it is a real machine that is dead; absent
    /// means that its fence command has to say so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub power_off: Option<PowerOff>,
}

/// OP_NODE_MAINTENANCE_ENTER (ours): empties a node as [`NodeEvacuate`] does, drains it in the same
/// moment, and remembers what was on it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeMaintenanceEnter {
    /// The node.
    pub node_name: String,
    /// Its UUID; if given it must still belong to the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_uuid: Option<String>,
    /// Other nodes that are entered at the same time: nothing is sent there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub beside: Vec<String>,
    /// An external allocator; absent means the default one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iallocator: Option<String>,
    /// Release old copies before the new ones are in sync.
    #[serde(default)]
    pub early_release: bool,
    /// Accept placements that only break soft rules.
    #[serde(default)]
    pub ignore_soft_errors: bool,
    /// Refuse where the nodes that stay could not bear the loss of one more (N+1).
    #[serde(default)]
    pub keep_redundancy: bool,
    /// Move those that can move even if others cannot.
    #[serde(default)]
    pub allow_partial: bool,
    /// How many children run at once at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parallel: Option<u32>,
    /// Ours: the terms of each migration.
    #[serde(default, skip_serializing_if = "MigrationTerms::is_default")]
    pub migration: MigrationTerms,
}

/// OP_NODE_RESTORE (ours): brings a node back from maintenance, and home what was on it and what
/// nobody has moved since.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeRestore {
    /// The node.
    pub node_name: String,
    /// Its UUID; if given it must still belong to the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_uuid: Option<String>,
    /// Whether instances come home; otherwise they are forgotten.
    #[serde(default = "yes")]
    pub restore: bool,
    /// Release old copies before the new ones are in sync.
    #[serde(default)]
    pub early_release: bool,
    /// How many children run at once at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parallel: Option<u32>,
    /// Ours: the terms of each migration.
    #[serde(default, skip_serializing_if = "MigrationTerms::is_default")]
    pub migration: MigrationTerms,
}

/// OP_NODE_MIGRATE: see [`super::Op::NodeMigrate`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeMigrate {
    /// The node that its primary instances leave.
    pub node_name: String,
    /// Its UUID; if given it must still belong to the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_uuid: Option<String>,
    /// Live or not; absent means live.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<MigrationMode>,
    /// Where externally mirrored instances go; absent means by placement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_node: Option<String>,
    /// Let the target change the instance's memory if it must.
    #[serde(default = "yes")]
    pub allow_runtime_changes: bool,
    /// Do not check the target group's policy.
    #[serde(default)]
    pub ignore_ipolicy: bool,
    /// Accept placements that only break soft rules.
    #[serde(default)]
    pub ignore_soft_errors: bool,
    /// An external allocator; absent means the built-in placement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iallocator: Option<String>,
    /// Ours: move those that can move even if others cannot.
    #[serde(default)]
    pub allow_partial: bool,
    /// Ours: how many children run at once at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parallel: Option<u32>,
    /// Ours: the terms of each migration.
    #[serde(default, skip_serializing_if = "MigrationTerms::is_default")]
    pub migration: MigrationTerms,
}

/// OP_NODE_SET_PARAMS: see [`super::Op::NodeSetParams`]. What is absent stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeSetParams {
    /// The node.
    pub node_name: String,
    /// Its UUID; if given it must still belong to the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_uuid: Option<String>,
    /// Go on in spite of warnings.
    #[serde(default)]
    pub force: bool,
    /// Make it a master candidate, or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub master_candidate: Option<bool>,
    /// Declare it dead, or alive again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offline: Option<bool>,
    /// Take no new instances, or take them again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drained: Option<bool>,
    /// May become master.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub master_capable: Option<bool>,
    /// May hold instances.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vm_capable: Option<bool>,
    /// Its secondary IP address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secondary_ip: Option<String>,
    /// Ours: its size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity: Option<Capacity>,
    /// Ours: how it is reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<HostParams>,
    /// Node parameters by name; `null` and `default` go back to its group's.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub ndparams: Map<String, Value>,
}

/// OP_NODE_ADD: see [`super::Op::NodeAdd`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeAdd {
    /// The new node's name.
    pub node_name: String,
    /// Its primary IP address; kept as data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub primary_ip: Option<String>,
    /// Its secondary IP address; absent means the primary one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secondary_ip: Option<String>,
    /// Bring a known node back: clears offline and drained.
    #[serde(default)]
    pub readd: bool,
    /// Its group's name; may be absent if there is only one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// May become master.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub master_capable: Option<bool>,
    /// May hold instances.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vm_capable: Option<bool>,
    /// Ours: its size; absent means what the driver reports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity: Option<Capacity>,
    /// Ours: the real machine that it is, which its driver reaches so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<HostParams>,
    /// Node parameters by name; its group's where one is absent, `null` or `default`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub ndparams: Map<String, Value>,
}

/// OP_NODE_REMOVE: see [`super::Op::NodeRemove`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeRemove {
    /// The node.
    pub node_name: String,
    /// Its UUID; if given it must still belong to the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_uuid: Option<String>,
}
