//! Operations by which guests of real machines come into the configuration and leave it. Ours: Ganeti makes
//! all of its instances itself.

use serde::{Deserialize, Serialize};

/// OP_INSTANCE_ADOPT (ours): see [`super::Op::InstanceAdopt`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstanceAdopt {
    /// The node whose guests they are.
    pub node_name: String,
    /// Its UUID; if given it must still belong to the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_uuid: Option<String>,
    /// Which guests, by name or UUID.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub domains: Vec<String>,
    /// All that can be adopted, instead.
    #[serde(default)]
    pub all: bool,
    /// Refuse those that their node starts by itself, instead of turning that off.
    #[serde(default)]
    pub keep_autostart: bool,
}

/// OP_INSTANCE_FORGET (ours): see [`super::Op::InstanceForget`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstanceForget {
    /// The instance.
    pub instance_name: String,
    /// Its UUID; if given it must still belong to the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_uuid: Option<String>,
}
