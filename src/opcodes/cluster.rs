//! Operations on node groups.

use serde::{Deserialize, Serialize};

/// OP_GROUP_ADD: see [`super::Op::GroupAdd`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupAdd {
    /// The new group's name.
    pub group_name: String,
    /// `preferred` (default), `last_resort` or `unallocable`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alloc_policy: Option<String>,
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
