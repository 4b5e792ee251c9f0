//! Operations on node groups and on the cluster itself.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::migration::MigrationTerms;
use crate::cluster::{AllocPolicy, DiskTemplate, HvName};

/// OP_GROUP_ADD: see [`super::Op::GroupAdd`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupAdd {
    /// The new group's name.
    pub group_name: String,
    /// `preferred` (default), `last_resort` or `unallocable`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alloc_policy: Option<String>,
    /// Node parameters by name; the cluster's where one is absent, `null` or `default`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub ndparams: Map<String, Value>,
    /// Parts of its instance policy; likewise.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub ipolicy: Map<String, Value>,
    /// Disk parameters, by template; likewise. Kept as data.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub diskparams: Map<String, Value>,
}

/// OP_GROUP_REMOVE: see [`super::Op::GroupRemove`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupRemove {
    /// The group.
    pub group_name: String,
}

/// OP_GROUP_ASSIGN_NODES: see [`super::Op::GroupAssignNodes`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupAssignNodes {
    /// The group.
    pub group_name: String,
    /// The nodes that are to be in it.
    pub nodes: Vec<String>,
    /// Do it even if an instance is split between groups afterwards.
    #[serde(default)]
    pub force: bool,
}

/// OP_GROUP_SET_PARAMS: see [`super::Op::GroupSetParams`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupSetParams {
    /// The group.
    pub group_name: String,
    /// Whether instances may be placed in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alloc_policy: Option<AllocPolicy>,
    /// Node parameters by name; `null` and `default` go back to the cluster's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ndparams: Option<Map<String, Value>>,
    /// Parts of its instance policy; `null` and `default` go back to the cluster's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ipolicy: Option<Map<String, Value>>,
    /// Disk parameters, by template; likewise. Kept as data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diskparams: Option<Map<String, Value>>,
}

/// OP_GROUP_RENAME: see [`super::Op::GroupRename`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupRename {
    /// The group.
    pub group_name: String,
    /// Its new name.
    pub new_name: String,
}

/// OP_CLUSTER_RENAME: see [`super::Op::ClusterRename`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClusterRename {
    /// The cluster's new name.
    pub name: String,
}

/// OP_GROUP_EVACUATE: see [`super::Op::GroupEvacuate`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupEvacuate {
    /// The group to empty.
    pub group_name: String,
    /// Release old copies before the new ones are in sync.
    #[serde(default)]
    pub early_release: bool,
    /// An external allocator; absent means the default one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iallocator: Option<String>,
    /// Where instances may go; absent means all other groups that take new instances.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_groups: Option<Vec<String>>,
    /// One job after the other.
    #[serde(default)]
    pub sequential: bool,
    /// Stop instances and start them in their new group instead of migrating them.
    #[serde(default)]
    pub force_failover: bool,
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

/// OP_CLUSTER_SET_PARAMS: see [`super::Op::ClusterSetParams`].
///
/// What goes back to what is built in is `null` or `default`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClusterSetParams {
    /// Of no account: nothing here can be in the way.
    #[serde(default)]
    pub force: bool,
    /// Hypervisors that new instances can have, the default first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled_hypervisors: Option<Vec<HvName>>,
    /// How the disks of new instances can be kept, the default first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled_disk_templates: Option<Vec<DiskTemplate>>,
    /// Backend parameters of instances that have none of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beparams: Option<Map<String, Value>>,
    /// Hypervisor parameters, by hypervisor; kept as data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hvparams: Option<Map<String, Value>>,
    /// Parameters of network interfaces; kept as data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nicparams: Option<Map<String, Value>>,
    /// Node parameters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ndparams: Option<Map<String, Value>>,
    /// Disk parameters, by template; kept as data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diskparams: Option<Map<String, Value>>,
    /// Parts of the instance policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ipolicy: Option<Map<String, Value>>,
    /// Whether users may shut their instances down from inside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled_user_shutdown: Option<bool>,
    /// Ours: paths that every node sees, from now on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub add_shared_paths: Vec<String>,
    /// Ours: paths of which that is no longer said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remove_shared_paths: Vec<String>,
}
