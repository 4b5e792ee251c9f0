//! What changes of one object: an edit names the parts, so that two of them do not undo each other.

use serde_json::{Map, Value};

use crate::cluster::{AllocPolicy, Group, Instance};

/// What changes of a group; what is `None` or not named stays.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GroupChange {
    /// Its name.
    pub name: Option<String>,
    /// Whether instances may be placed in it.
    pub alloc_policy: Option<AllocPolicy>,
    /// Node parameters; `null` goes back to the cluster's.
    pub ndparams: Map<String, Value>,
    /// Parts of its instance policy; `null` goes back to the cluster's.
    pub ipolicy: Map<String, Value>,
}

impl GroupChange {
    pub(super) fn apply(&self, group: &mut Group) {
        if let Some(name) = &self.name {
            group.name.clone_from(name);
        }
        group.alloc_policy = self.alloc_policy.unwrap_or(group.alloc_policy);
        merge(&mut group.ndparams, &self.ndparams);
        merge(&mut group.ipolicy, &self.ipolicy);
    }
}

/// Puts parameters in place of those that are there; `null` takes one away.
fn merge(parameters: &mut Map<String, Value>, changes: &Map<String, Value>) {
    for (key, value) in changes {
        match value {
            Value::Null => drop(parameters.remove(key)),
            value => drop(parameters.insert(key.clone(), value.clone())),
        }
    }
}

/// What changes of an instance; what is `None` or not named stays.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct InstanceChange {
    /// Operating system.
    pub os: Option<String>,
    /// Backend parameters; `null` goes back to the cluster's.
    pub beparams: Map<String, Value>,
    /// Hypervisor parameters, likewise.
    pub hvparams: Map<String, Value>,
    /// Parameters of its operating system, likewise.
    pub osparams: Map<String, Value>,
}

/// Where the parameters of an instance's operating system stand in its object.
const OSPARAMS: &str = "osparams";

impl InstanceChange {
    pub(super) fn apply(&self, instance: &mut Instance) {
        if let Some(os) = &self.os {
            instance.os.clone_from(os);
        }
        merge(&mut instance.beparams, &self.beparams);
        merge(&mut instance.hvparams, &self.hvparams);
        if !self.osparams.is_empty() {
            let place = instance.rest.entry(OSPARAMS).or_insert(Value::Null);
            let mut osparams = match place.take() {
                Value::Object(osparams) => osparams,
                _ => Map::new(),
            };
            merge(&mut osparams, &self.osparams);
            *place = Value::Object(osparams);
        }
    }
}

/// What changes of a disk; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DiskChange {
    /// MiB.
    pub size: Option<u64>,
    /// `rw` or `ro`.
    pub mode: Option<String>,
    /// Its name, or that it has none.
    pub name: Option<Option<String>>,
}
