//! Operations that change an instance where it is: its parameters, its name, its disks.

use std::fmt;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value, json};

use super::instance::NewDisk;
use super::types::yes;

/// Which disk of an instance. On the wire its number, -1 for the last one, its name or its UUID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DiskAt {
    /// The last one; of a new disk: behind all others.
    Last,
    /// By its number, from 0.
    Index(u32),
    /// By its name or UUID.
    Named(String),
}

impl fmt::Display for DiskAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DiskAt::Last => f.write_str("last"),
            DiskAt::Index(index) => write!(f, "{index}"),
            DiskAt::Named(name) => f.write_str(name),
        }
    }
}

impl Serialize for DiskAt {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            DiskAt::Last => to.serialize_i64(-1),
            DiskAt::Index(index) => to.serialize_u32(*index),
            DiskAt::Named(name) => to.serialize_str(name),
        }
    }
}

impl DiskAt {
    fn read(value: &Value) -> Option<DiskAt> {
        match value {
            Value::Number(number) if number.as_i64() == Some(-1) => Some(DiskAt::Last),
            Value::Number(number) => {
                let index = u32::try_from(number.as_u64()?).ok()?;
                Some(DiskAt::Index(index))
            }
            Value::String(name) if !name.is_empty() => Some(DiskAt::Named(name.clone())),
            _ => None,
        }
    }
}

/// What changes of a disk; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiskParams {
    /// `rw` or `ro`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// Its name; `none` takes the name away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// MiB. Refused with the hint that growing is an operation of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
}

/// One change of an instance's disks.
///
/// On the wire `[operation, which, parameters]`, or Ganeti's older `[operation, parameters]`, which
/// means the last one, and `[number, parameters]`, which modifies.
#[derive(Debug, Clone, PartialEq)]
pub enum DiskOp {
    /// A new disk.
    Add {
        /// Its place.
        at: DiskAt,
        /// What it is.
        disk: NewDisk,
    },
    /// A disk goes, with what is on it.
    Remove {
        /// Which.
        at: DiskAt,
    },
    /// A disk has other parameters.
    Modify {
        /// Which.
        at: DiskAt,
        /// What changes.
        change: DiskParams,
    },
}

impl Serialize for DiskOp {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            DiskOp::Add { at, disk } => ("add", at, disk).serialize(to),
            DiskOp::Remove { at } => ("remove", at, json!({})).serialize(to),
            DiskOp::Modify { at, change } => ("modify", at, change).serialize(to),
        }
    }
}

impl<'de> Deserialize<'de> for DiskOp {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<DiskOp, D::Error> {
        let parts = Vec::<Value>::deserialize(from)?;
        let (op, at, params) = match parts.as_slice() {
            [op, at, params] => {
                let at = DiskAt::read(at)
                    .ok_or_else(|| D::Error::custom(format!("{at} does not name a disk")))?;
                (op.clone(), at, params)
            }
            [Value::String(op), params] => (json!(op), DiskAt::Last, params),
            [index, params] => {
                let at = DiskAt::read(index)
                    .ok_or_else(|| D::Error::custom(format!("{index} does not name a disk")))?;
                (json!("modify"), at, params)
            }
            _ => {
                let expected = "a change of a disk is [operation, which, parameters]";
                return Err(D::Error::custom(expected));
            }
        };
        match op.as_str() {
            Some("add") => {
                let disk = NewDisk::deserialize(params).map_err(D::Error::custom)?;
                Ok(DiskOp::Add { at, disk })
            }
            Some("remove") => Ok(DiskOp::Remove { at }),
            Some("modify") => {
                let change = DiskParams::deserialize(params).map_err(D::Error::custom)?;
                Ok(DiskOp::Modify { at, change })
            }
            _ => Err(D::Error::custom(format!(
                "{op} is none of add, remove and modify"
            ))),
        }
    }
}

/// OP_INSTANCE_SET_PARAMS: see [`super::Op::InstanceSetParams`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstanceSetParams {
    /// The instance.
    pub instance_name: String,
    /// Its UUID; if given it must still belong to the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_uuid: Option<String>,
    /// Also if its node has no room for the memory.
    #[serde(default)]
    pub force: bool,
    /// Do not check the group's policy.
    #[serde(default)]
    pub ignore_ipolicy: bool,
    /// Changes of its disks, one after the other.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub disks: Vec<DiskOp>,
    /// Backend parameters; `null` and `default` go back to the cluster's.
    #[serde(default)]
    pub beparams: Map<String, Value>,
    /// Hypervisor parameters, likewise; kept as data.
    #[serde(default)]
    pub hvparams: Map<String, Value>,
    /// Parameters of its operating system, likewise; kept as data.
    #[serde(default)]
    pub osparams: Map<String, Value>,
    /// Operating system; kept as data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub os_name: Option<String>,
    /// Wait until its disks are in sync.
    #[serde(default = "yes")]
    pub wait_for_sync: bool,
    /// Mark it offline, or not so any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offline: Option<bool>,
}

impl InstanceSetParams {
    /// Whether it asks for no change at all.
    #[must_use]
    pub fn changes_nothing(&self) -> bool {
        let parameters = [&self.beparams, &self.hvparams, &self.osparams];
        self.disks.is_empty()
            && self.os_name.is_none()
            && self.offline.is_none()
            && parameters.iter().all(|given| given.is_empty())
    }
}

/// OP_INSTANCE_RENAME: see [`super::Op::InstanceRename`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstanceRename {
    /// The instance.
    pub instance_name: String,
    /// Its UUID; if given it must still belong to the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_uuid: Option<String>,
    /// Its new name.
    pub new_name: String,
}
