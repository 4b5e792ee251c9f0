//! What changes of one object: an edit names the parts, so that two of them do not undo each other.

use serde_json::{Map, Value};

use crate::cluster::{AllocPolicy, Cluster, DiskTemplate, Group, HvName, Instance, defaults};

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
    /// Disk parameters by template; `null` goes back to the cluster's.
    pub diskparams: Map<String, Value>,
}

/// Where disk parameters stand in the objects of groups and cluster.
const DISKPARAMS: &str = "diskparams";

impl GroupChange {
    pub(super) fn apply(&self, group: &mut Group) {
        if let Some(name) = &self.name {
            group.name.clone_from(name);
        }
        group.alloc_policy = self.alloc_policy.unwrap_or(group.alloc_policy);
        merge(&mut group.ndparams, &self.ndparams);
        merge(&mut group.ipolicy, &self.ipolicy);
        merge_under(&mut group.rest, DISKPARAMS, &self.diskparams);
    }
}

/// Puts parameters in place of those that are there; `null` takes one away.
pub(super) fn merge(parameters: &mut Map<String, Value>, changes: &Map<String, Value>) {
    for (key, value) in changes {
        match value {
            Value::Null => drop(parameters.remove(key)),
            value => drop(parameters.insert(key.clone(), value.clone())),
        }
    }
}

/// Changes the object under a key, which is made if it is not there.
fn change_under(
    map: &mut Map<String, Value>,
    key: &str,
    change: impl FnOnce(&mut Map<String, Value>),
) {
    let mut object = match map.remove(key) {
        Some(Value::Object(object)) => object,
        _ => Map::new(),
    };
    change(&mut object);
    map.insert(key.to_owned(), Value::Object(object));
}

/// Merges parameters that stand under a key, and there under names. A name without any is no more.
fn merge_under(map: &mut Map<String, Value>, key: &str, changes: &Map<String, Value>) {
    if changes.is_empty() {
        return;
    }
    change_under(map, key, |all| {
        for (name, changes) in changes {
            if let Value::Object(changes) = changes {
                change_under(all, name, |parameters| merge(parameters, changes));
            }
        }
        all.retain(|_, parameters| parameters.as_object().is_none_or(|p| !p.is_empty()));
    });
}

/// What changes of the cluster; what is `None` or not named stays, and `null` goes back to what is built
/// in.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ClusterChange {
    /// Hypervisors that new instances can have, the default first.
    pub enabled_hypervisors: Option<Vec<HvName>>,
    /// How the disks of new instances can be kept, the default first.
    pub enabled_disk_templates: Option<Vec<DiskTemplate>>,
    /// Backend parameters.
    pub beparams: Map<String, Value>,
    /// Hypervisor parameters by hypervisor.
    pub hvparams: Map<String, Value>,
    /// Parameters of network interfaces.
    pub nicparams: Map<String, Value>,
    /// Node parameters.
    pub ndparams: Map<String, Value>,
    /// Disk parameters by template.
    pub diskparams: Map<String, Value>,
    /// Parts of the instance policy. Of the standard values those that are named.
    pub ipolicy: Map<String, Value>,
    /// Whether users may shut their instances down from inside.
    pub enabled_user_shutdown: Option<bool>,
}

impl ClusterChange {
    pub(super) fn apply(&self, cluster: &mut Cluster) {
        const DEFAULT: &str = "default";
        const STD: &str = "std";
        if let Some(enabled) = &self.enabled_hypervisors {
            cluster.enabled_hypervisors.clone_from(enabled);
        }
        if let Some(enabled) = &self.enabled_disk_templates {
            cluster.enabled_disk_templates.clone_from(enabled);
        }
        if !self.beparams.is_empty() {
            change_under(&mut cluster.beparams, DEFAULT, |all| {
                merge(all, &self.beparams);
            });
        }
        if !self.nicparams.is_empty() {
            change_under(&mut cluster.rest, "nicparams", |all| {
                change_under(all, DEFAULT, |all| merge(all, &self.nicparams));
            });
        }
        merge_under(&mut cluster.rest, "hvparams", &self.hvparams);
        merge_under(&mut cluster.rest, DISKPARAMS, &self.diskparams);
        merge(&mut cluster.ndparams, &self.ndparams);
        let mut ipolicy = self.ipolicy.clone();
        if let Some(Value::Object(std)) = ipolicy.get(STD).cloned() {
            ipolicy.remove(STD);
            change_under(&mut cluster.ipolicy, STD, |all| merge(all, &std));
        }
        merge(&mut cluster.ipolicy, &ipolicy);
        if let Some(enabled) = self.enabled_user_shutdown {
            let key = "enabled_user_shutdown".to_owned();
            cluster.rest.insert(key, Value::Bool(enabled));
        }
        // What went back to what is built in is said in full, as everywhere in the cluster's object.
        defaults::fill_parameters(cluster);
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
