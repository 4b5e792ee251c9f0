//! What the cluster remembers of a node in maintenance: what was where before, so that it can come
//! home.

use serde::{Deserialize, Serialize};

use super::object::{AdminState, InstanceUuid, NodeUuid};

/// A node that was entered for maintenance and not left yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Maintenance {
    /// Since when, in microseconds since 1970.
    pub since: i64,
    /// Whether it took no new instances before, either.
    #[serde(default)]
    pub was_drained: bool,
    /// Whether it was a master candidate before; data only.
    #[serde(default)]
    pub was_candidate: bool,
    /// The instances that had something on it.
    #[serde(default)]
    pub homes: Vec<Home>,
}

/// An instance that had something on a node before that was entered for maintenance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Home {
    /// Which instance.
    pub instance: InstanceUuid,
    /// Its nodes before.
    pub before: Places,
    /// Where it was sent. Who finds it elsewhere knows that somebody has moved it since.
    pub away: Places,
    /// What it was meant to do before.
    pub admin_state: AdminState,
}

/// The nodes of an instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Places {
    /// Where it runs.
    pub primary: NodeUuid,
    /// Where its second copy is, for drbd.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secondary: Option<NodeUuid>,
}

impl Places {
    /// Whether one of them is this node.
    #[must_use]
    pub fn hold(&self, node: &NodeUuid) -> bool {
        self.primary == *node || self.secondary.as_ref() == Some(node)
    }
}

impl Maintenance {
    /// What is remembered of an instance.
    #[must_use]
    pub fn home(&self, instance: &InstanceUuid) -> Option<&Home> {
        self.homes.iter().find(|home| home.instance == *instance)
    }
}
