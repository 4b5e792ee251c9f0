//! The configuration as one immutable value.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::object::{
    AdminState, Cluster, Disk, DiskTemplate, DiskUuid, Group, GroupUuid, Instance, InstanceUuid,
    Node, NodeRole, NodeUuid,
};
use super::shared_map::SharedMap;

/// All objects of a cluster at one moment.
///
/// Cloning is cheap (the maps are shared until one of them changes), so every worker and every plan
/// holds its own.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// Raised by one with every commit that changed an object. Plans carry it.
    pub serial: u64,
    /// The cluster itself; `None` only before `init`.
    pub cluster: Option<Arc<Cluster>>,
    /// Node groups.
    pub groups: SharedMap<GroupUuid, Group>,
    /// Nodes.
    pub nodes: SharedMap<NodeUuid, Node>,
    /// Instances.
    pub instances: SharedMap<InstanceUuid, Instance>,
    /// Disks of all instances.
    pub disks: SharedMap<DiskUuid, Disk>,
    /// Networks and job filters of an imported cluster, as they came, under `networks` and
    /// `filters`; and the root's own keys (`ctime`, `mtime`, `serial_no`).
    pub other: Arc<Map<String, Value>>,
    names: Arc<Names>,
}

/// UUIDs by name, for the kinds of object that operators name.
#[derive(Debug, Clone, Default)]
struct Names {
    groups: BTreeMap<String, GroupUuid>,
    nodes: BTreeMap<String, NodeUuid>,
    instances: BTreeMap<String, InstanceUuid>,
}

/// Backend parameters of an instance, filled from the cluster's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backend {
    /// MiB it has at most; what placement counts.
    pub maxmem: u64,
    /// MiB it needs at least to start.
    pub minmem: u64,
    /// Virtual CPUs.
    pub vcpus: u64,
    /// Spindles it uses.
    pub spindle_use: u64,
    /// Counts for N+1.
    pub auto_balance: bool,
    /// Is failed over where others migrate.
    pub always_failover: bool,
}

/// MiB of metadata that each drbd disk takes beside its data.
pub const DRBD_META_MIB: u64 = 128;

impl Config {
    /// A configuration of these objects.
    #[must_use]
    pub fn new(
        cluster: Cluster,
        groups: Vec<Group>,
        nodes: Vec<Node>,
        instances: Vec<Instance>,
        disks: Vec<Disk>,
        other: Map<String, Value>,
    ) -> Config {
        let mut config = Config {
            cluster: Some(Arc::new(cluster)),
            other: Arc::new(other),
            ..Config::default()
        };
        for group in groups {
            config.put_group(group);
        }
        for node in nodes {
            config.put_node(node);
        }
        for disk in disks {
            config.put_disk(disk);
        }
        for instance in instances {
            config.put_instance(instance);
        }
        config
    }

    /// The cluster's name; empty before `init`.
    #[must_use]
    pub fn name(&self) -> &str {
        self.cluster.as_ref().map_or("", |c| &c.cluster_name)
    }

    /// A node by its exact name.
    #[must_use]
    pub fn node_named(&self, name: &str) -> Option<&Arc<Node>> {
        self.nodes.get(self.names.nodes.get(name)?)
    }

    /// An instance by its exact name.
    #[must_use]
    pub fn instance_named(&self, name: &str) -> Option<&Arc<Instance>> {
        self.instances.get(self.names.instances.get(name)?)
    }

    /// A group by its exact name or its UUID.
    #[must_use]
    pub fn group_named(&self, name: &str) -> Option<&Arc<Group>> {
        match self.names.groups.get(name) {
            Some(uuid) => self.groups.get(uuid),
            None => self.groups.get(name),
        }
    }

    /// Nodes in the order of their names.
    pub fn nodes_by_name(&self) -> impl Iterator<Item = &Arc<Node>> {
        self.names.nodes.values().filter_map(|u| self.nodes.get(u))
    }

    /// Instances in the order of their names.
    pub fn instances_by_name(&self) -> impl Iterator<Item = &Arc<Instance>> {
        (self.names.instances.values()).filter_map(|u| self.instances.get(u))
    }

    /// Groups in the order of their names.
    pub fn groups_by_name(&self) -> impl Iterator<Item = &Arc<Group>> {
        (self.names.groups.values()).filter_map(|u| self.groups.get(u))
    }

    /// Names of all nodes, in order.
    pub fn node_names(&self) -> impl Iterator<Item = &str> {
        self.names.nodes.keys().map(String::as_str)
    }

    /// Names of all instances, in order.
    pub fn instance_names(&self) -> impl Iterator<Item = &str> {
        self.names.instances.keys().map(String::as_str)
    }

    /// Names of all groups, in order.
    pub fn group_names(&self) -> impl Iterator<Item = &str> {
        self.names.groups.keys().map(String::as_str)
    }

    /// A node's name for messages; its UUID if it is unknown.
    #[must_use]
    pub fn node_name<'a>(&'a self, uuid: &'a NodeUuid) -> &'a str {
        self.nodes.get(uuid).map_or(uuid.as_str(), |n| &n.name)
    }

    /// The disks of an instance that exist, in order.
    pub fn disks_of<'a>(&'a self, instance: &'a Instance) -> impl Iterator<Item = &'a Arc<Disk>> {
        instance
            .disks
            .iter()
            .filter_map(|uuid| self.disks.get(uuid))
    }

    /// How an instance's disks are kept: derived from its disks, none means diskless. Mixed disks
    /// count as their least movable one.
    #[must_use]
    pub fn template(&self, instance: &Instance) -> DiskTemplate {
        let least_movable = |template: &DiskTemplate| match template.mirroring() {
            super::Mirroring::None => 0,
            super::Mirroring::Internal => 1,
            super::Mirroring::External => 2,
        };
        self.disks_of(instance)
            .map(|disk| disk.dev_type)
            .min_by_key(least_movable)
            .unwrap_or(DiskTemplate::Diskless)
    }

    /// The secondary node of a drbd instance: the node of its first disk that is not the primary.
    #[must_use]
    pub fn secondary<'a>(&'a self, instance: &Instance) -> Option<&'a NodeUuid> {
        (instance
            .disks
            .iter()
            .filter_map(|uuid| self.disks.get(uuid)))
        .find(|disk| disk.dev_type == DiskTemplate::Drbd)?
        .nodes
        .iter()
        .find(|node| **node != instance.primary_node)
    }

    /// MiB of disk that an instance takes on each node that holds its disks; 0 where its template
    /// uses no space of the nodes.
    #[must_use]
    pub fn disk_on_node(&self, instance: &Instance) -> u64 {
        self.disks_of(instance)
            .map(|disk| match disk.dev_type {
                DiskTemplate::Drbd => disk.size.saturating_add(DRBD_META_MIB),
                other if other.uses_node_disk() => disk.size,
                _ => 0,
            })
            // An imported file may say anything.
            .fold(0, u64::saturating_add)
    }

    /// An instance's backend parameters, its own before the cluster's before the built-in ones.
    #[must_use]
    pub fn backend(&self, instance: &Instance) -> Backend {
        self.backend_of(&instance.beparams)
    }

    /// The same for the own parameters of an instance that is not there yet.
    #[must_use]
    pub fn backend_of(&self, own: &Map<String, Value>) -> Backend {
        let cluster = self.cluster.as_ref();
        let default = cluster.and_then(|c| c.beparams.get("default")?.as_object());
        let get = |key: &str| {
            let own = own.get(key).filter(|value| !value.is_null());
            own.or_else(|| default?.get(key))
        };
        let number = |key: &str, builtin: u64| get(key).and_then(Value::as_u64).unwrap_or(builtin);
        let flag = |key: &str, builtin: bool| get(key).and_then(Value::as_bool).unwrap_or(builtin);
        Backend {
            maxmem: number("maxmem", 128),
            minmem: number("minmem", 128),
            vcpus: number("vcpus", 1),
            spindle_use: number("spindle_use", 1),
            auto_balance: flag("auto_balance", true),
            always_failover: flag("always_failover", false),
        }
    }

    /// A node's role, by Ganeti's precedence: master, candidate, drained, offline, regular.
    #[must_use]
    pub fn role(&self, node: &Node) -> NodeRole {
        let master = self.cluster.as_ref().and_then(|c| c.master_node.as_ref());
        if master == Some(&node.uuid) {
            NodeRole::Master
        } else if node.master_candidate {
            NodeRole::Candidate
        } else if node.drained {
            NodeRole::Drained
        } else if node.offline {
            NodeRole::Offline
        } else {
            NodeRole::Regular
        }
    }

    /// Instances whose primary node this is, in the order of their names.
    pub fn primaries<'a>(&'a self, node: &'a NodeUuid) -> impl Iterator<Item = &'a Arc<Instance>> {
        self.instances_by_name()
            .filter(move |instance| instance.primary_node == *node)
    }

    /// Instances whose secondary node this is, in the order of their names.
    pub fn secondaries<'a>(
        &'a self,
        node: &'a NodeUuid,
    ) -> impl Iterator<Item = &'a Arc<Instance>> {
        self.instances_by_name()
            .filter(move |instance| self.secondary(instance) == Some(node))
    }

    /// Instances whose primary node is in this group, in the order of their names.
    pub fn instances_in<'a>(
        &'a self,
        group: &'a GroupUuid,
    ) -> impl Iterator<Item = &'a Arc<Instance>> {
        self.instances_by_name().filter(move |instance| {
            let node = self.nodes.get(&instance.primary_node);
            node.is_some_and(|node| node.group == *group)
        })
    }

    /// Whether an instance uses memory of its primary node: it is meant to run.
    #[must_use]
    pub fn uses_memory(instance: &Instance) -> bool {
        instance.admin_state == AdminState::Up && !instance.forthcoming
    }

    /// Puts an object in place of the one with its UUID, or adds it.
    pub fn put_cluster(&mut self, cluster: Cluster) {
        self.cluster = Some(Arc::new(cluster));
    }

    /// Puts an object in place of the one with its UUID, or adds it.
    pub fn put_group(&mut self, group: Group) {
        if let Some(old) = self.groups.get(&group.uuid)
            && old.name != group.name
        {
            let old = old.name.clone();
            Arc::make_mut(&mut self.names).groups.remove(&old);
        }
        if self.names.groups.get(&group.name) != Some(&group.uuid) {
            let names = Arc::make_mut(&mut self.names);
            (names.groups).insert(group.name.clone(), group.uuid.clone());
        }
        self.groups.insert(group.uuid.clone(), group);
    }

    /// Puts an object in place of the one with its UUID, or adds it.
    pub fn put_node(&mut self, node: Node) {
        if let Some(old) = self.nodes.get(&node.uuid)
            && old.name != node.name
        {
            let old = old.name.clone();
            Arc::make_mut(&mut self.names).nodes.remove(&old);
        }
        if self.names.nodes.get(&node.name) != Some(&node.uuid) {
            let names = Arc::make_mut(&mut self.names);
            names.nodes.insert(node.name.clone(), node.uuid.clone());
        }
        self.nodes.insert(node.uuid.clone(), node);
    }

    /// Puts an object in place of the one with its UUID, or adds it.
    pub fn put_instance(&mut self, instance: Instance) {
        if let Some(old) = self.instances.get(&instance.uuid)
            && old.name != instance.name
        {
            let old = old.name.clone();
            Arc::make_mut(&mut self.names).instances.remove(&old);
        }
        if self.names.instances.get(&instance.name) != Some(&instance.uuid) {
            let names = Arc::make_mut(&mut self.names);
            (names.instances).insert(instance.name.clone(), instance.uuid.clone());
        }
        self.instances.insert(instance.uuid.clone(), instance);
    }

    /// Puts an object in place of the one with its UUID, or adds it.
    pub fn put_disk(&mut self, disk: Disk) {
        self.disks.insert(disk.uuid.clone(), disk);
    }

    /// Forgets a group.
    pub fn remove_group(&mut self, uuid: &GroupUuid) {
        if let Some(group) = self.groups.remove(uuid) {
            Arc::make_mut(&mut self.names).groups.remove(&group.name);
        }
    }

    /// Forgets a node.
    pub fn remove_node(&mut self, uuid: &NodeUuid) {
        if let Some(node) = self.nodes.remove(uuid) {
            Arc::make_mut(&mut self.names).nodes.remove(&node.name);
        }
    }

    /// Forgets an instance, not its disks.
    pub fn remove_instance(&mut self, uuid: &InstanceUuid) {
        if let Some(instance) = self.instances.remove(uuid) {
            let names = Arc::make_mut(&mut self.names);
            names.instances.remove(&instance.name);
        }
    }

    /// Forgets a disk.
    pub fn remove_disk(&mut self, uuid: &DiskUuid) {
        self.disks.remove(uuid);
    }
}

#[cfg(test)]
mod tests;
