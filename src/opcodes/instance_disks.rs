//! Operations on an instance's disks as a whole, and on where they are.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::instance_change::DiskParams;
use super::types::{shutdown_timeout, yes};

/// OP_INSTANCE_MOVE: see [`super::Op::InstanceMove`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstanceMove {
    /// The instance.
    pub instance_name: String,
    /// Its UUID; if given it must still belong to the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_uuid: Option<String>,
    /// Seconds the guest is given to stop.
    #[serde(default = "shutdown_timeout")]
    pub shutdown_timeout: u32,
    /// Do not check the target group's policy.
    #[serde(default)]
    pub ignore_ipolicy: bool,
    /// Where it goes.
    pub target_node: String,
    /// How the disks are compressed on their way: only `none`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compress: Option<String>,
    /// Refused if set: a copy of disks in use is of no worth.
    #[serde(default)]
    pub ignore_consistency: bool,
}

/// OP_INSTANCE_ACTIVATE_DISKS: see [`super::Op::InstanceActivateDisks`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstanceActivateDisks {
    /// The instance.
    pub instance_name: String,
    /// Its UUID; if given it must still belong to the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_uuid: Option<String>,
    /// Of no account: sizes are not compared here.
    #[serde(default)]
    pub ignore_size: bool,
    /// Wait until the copies are in sync.
    #[serde(default)]
    pub wait_for_sync: bool,
}

/// OP_INSTANCE_DEACTIVATE_DISKS: see [`super::Op::InstanceDeactivateDisks`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstanceDeactivateDisks {
    /// The instance.
    pub instance_name: String,
    /// Its UUID; if given it must still belong to the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_uuid: Option<String>,
    /// Also if it is meant to run.
    #[serde(default)]
    pub force: bool,
}

/// OP_INSTANCE_GROW_DISK: see [`super::Op::InstanceGrowDisk`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstanceGrowDisk {
    /// The instance.
    pub instance_name: String,
    /// Its UUID; if given it must still belong to the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_uuid: Option<String>,
    /// Wait until the copies are in sync.
    #[serde(default = "yes")]
    pub wait_for_sync: bool,
    /// Which disk, from 0.
    pub disk: u32,
    /// MiB more; or in all, see `absolute`.
    pub amount: u64,
    /// The amount is the new size.
    #[serde(default)]
    pub absolute: bool,
    /// Do not check the group's policy.
    #[serde(default)]
    pub ignore_ipolicy: bool,
}

/// OP_INSTANCE_RECREATE_DISKS: see [`super::Op::InstanceRecreateDisks`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstanceRecreateDisks {
    /// The instance.
    pub instance_name: String,
    /// Its UUID; if given it must still belong to the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_uuid: Option<String>,
    /// All of its disks, some with other parameters; empty means all as they were.
    #[serde(default)]
    pub disks: Vec<RecreatedDisk>,
    /// On which nodes, the primary first; empty means where they were.
    #[serde(default)]
    pub nodes: Vec<String>,
    /// Who chooses the nodes, instead of naming them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iallocator: Option<String>,
}

/// A disk that is made anew: on the wire its number, or `[number, parameters]`.
#[derive(Debug, Clone, PartialEq)]
pub struct RecreatedDisk {
    /// Which, from 0.
    pub index: u32,
    /// What is different about it.
    pub change: DiskParams,
}

impl Serialize for RecreatedDisk {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.change == DiskParams::default() {
            true => self.index.serialize(to),
            false => (self.index, &self.change).serialize(to),
        }
    }
}

impl<'de> Deserialize<'de> for RecreatedDisk {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<RecreatedDisk, D::Error> {
        let read = |value: Value| match &value {
            Value::Array(_) => serde_json::from_value::<(u32, DiskParams)>(value),
            _ => serde_json::from_value(value).map(|index| (index, DiskParams::default())),
        };
        let (index, change) = read(Value::deserialize(from)?).map_err(D::Error::custom)?;
        Ok(RecreatedDisk { index, change })
    }
}
