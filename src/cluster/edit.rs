//! Changes of the configuration, as typed values.
//!
//! A logical unit does not write the configuration: it returns edits, and the runner applies them
//! in the transaction that ends the opcode. An edit names what changes, not the whole object, so
//! that two opcodes that hold a node shared do not undo each other.

mod change;
mod disks;
mod home;

use std::sync::Arc;

use serde_json::{Map, Value};

pub use self::change::{ClusterChange, DiskChange, GroupChange, InstanceChange};
use super::config::Config;
use super::host::Host;
use super::maintenance::{Homecoming, Maintenance};
use super::object::{
    AdminSource, AdminState, Capacity, Cluster, Disk, DiskTemplate, DiskUuid, Group, GroupUuid,
    Instance, InstanceUuid, Node, NodeUuid, Stamps,
};
use super::tags::{Tagged, with_tags, without_tags};

/// One change of the configuration.
#[derive(Debug, Clone, PartialEq)]
pub enum Edit {
    /// A new node.
    AddNode(Box<Node>),
    /// Other flags or another size of a node; what is `None` stays.
    ChangeNode {
        /// Which node.
        node: NodeUuid,
        /// What changes.
        change: NodeChange,
    },
    /// A node goes; it must hold nothing.
    RemoveNode(NodeUuid),
    /// A new group.
    AddGroup(Box<Group>),
    /// A group has another name or other parameters.
    ChangeGroup {
        /// Which group.
        group: GroupUuid,
        /// What changes.
        change: GroupChange,
    },
    /// The cluster has another name.
    RenameCluster(String),
    /// Other paths are said to be seen by every node.
    SetSharedPaths(Vec<String>),
    /// What the driver needs to make an instance known on a node is this from now on.
    SetDefinition {
        /// Which instance.
        instance: InstanceUuid,
        /// Its definition.
        definition: Arc<str>,
    },
    /// The cluster has other parameters.
    ChangeCluster(Box<ClusterChange>),
    /// A group goes; it must be empty.
    RemoveGroup(GroupUuid),
    /// Nodes change their group.
    AssignNodes {
        /// The group they are in afterwards.
        group: GroupUuid,
        /// The nodes.
        nodes: Vec<NodeUuid>,
    },
    /// A new instance and its disks.
    AddInstance {
        /// The instance.
        instance: Box<Instance>,
        /// Its disks.
        disks: Vec<Disk>,
    },
    /// An instance and its disks go.
    RemoveInstance(InstanceUuid),
    /// An instance has another primary node. A drbd instance's old primary becomes its secondary
    /// by that alone.
    SetPrimary {
        /// Which instance.
        instance: InstanceUuid,
        /// Where it is now.
        node: NodeUuid,
    },
    /// The second copy of a drbd instance's disks is on another node.
    SetSecondary {
        /// Which instance.
        instance: InstanceUuid,
        /// Where the copy is now.
        node: NodeUuid,
    },
    /// Whether an instance is meant to run.
    SetAdminState {
        /// Which instance.
        instance: InstanceUuid,
        /// What is meant now.
        state: AdminState,
    },
    /// It is not known where an instance is (`Some`: why), or it is known again.
    SetUncertain {
        /// Which instance.
        instance: InstanceUuid,
        /// Why, or `None`.
        reason: Option<String>,
    },
    /// An instance has other parameters.
    ChangeInstance {
        /// Which instance.
        instance: InstanceUuid,
        /// What changes.
        change: InstanceChange,
    },
    /// An instance has another name.
    RenameInstance {
        /// Which instance.
        instance: InstanceUuid,
        /// Its new name.
        name: String,
    },
    /// An instance has one more disk.
    AddDisk {
        /// Which instance.
        instance: InstanceUuid,
        /// Its place among the others.
        at: usize,
        /// The disk.
        disk: Box<Disk>,
    },
    /// A disk of an instance goes.
    RemoveDisk {
        /// Which instance.
        instance: InstanceUuid,
        /// Which disk.
        disk: DiskUuid,
    },
    /// A disk has another size, mode or name.
    ChangeDisk {
        /// Which disk.
        disk: DiskUuid,
        /// What changes.
        change: DiskChange,
    },
    /// An instance and its disks are on other nodes, the primary first.
    PlaceInstance {
        /// Which instance.
        instance: InstanceUuid,
        /// Where it is now.
        nodes: Vec<NodeUuid>,
    },
    /// Whether an instance's disks are meant to be active.
    SetDisksActive {
        /// Which instance.
        instance: InstanceUuid,
        /// What is meant now.
        active: bool,
    },
    /// An object has more tags, or fewer.
    ChangeTags {
        /// Whose tags.
        object: Tagged,
        /// Those that it has afterwards.
        add: Vec<String>,
        /// Those that it has no more.
        remove: Vec<String>,
    },
}

/// What changes of a node; `None` means it stays.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NodeChange {
    /// Declared dead.
    pub offline: Option<bool>,
    /// Takes no new instances.
    pub drained: Option<bool>,
    /// Master candidate.
    pub master_candidate: Option<bool>,
    /// May become master.
    pub master_capable: Option<bool>,
    /// May hold instances.
    pub vm_capable: Option<bool>,
    /// Secondary IP address.
    pub secondary_ip: Option<String>,
    /// Size.
    pub capacity: Option<Capacity>,
    /// In maintenance, or no longer.
    pub maintenance: Option<Option<Arc<Maintenance>>>,
    /// In use again while something is not home yet, or all is.
    pub homecoming: Option<Option<Arc<Homecoming>>>,
    /// How the real machine that it is is reached.
    pub host: Option<Arc<Host>>,
    /// Node parameters; `null` goes back to its group's.
    pub ndparams: Map<String, Value>,
}

/// An object that an edit changed: its row has to be written or deleted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Touched {
    /// The cluster itself.
    Cluster,
    /// A node.
    Node(NodeUuid),
    /// A group.
    Group(GroupUuid),
    /// An instance.
    Instance(InstanceUuid),
    /// A disk.
    Disk(DiskUuid),
}

/// Why an edit does not apply: the object is gone, or is there already.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the configuration cannot be changed: {0}")]
pub struct EditError(pub String);

impl Edit {
    /// Applies the change to `config` at `now` (seconds since 1970), and tells which rows it
    /// touched. Nothing is touched where nothing differs. `config.serial` is the caller's.
    ///
    /// # Errors
    /// When an object that the edit names is not there, or one that it adds already is; `config`
    /// is then unchanged.
    pub fn apply(&self, config: &mut Config, now: f64) -> Result<Vec<Touched>, EditError> {
        match self {
            Edit::AddNode(node) => {
                if config.nodes.contains_key(&node.uuid) || config.node_named(&node.name).is_some()
                {
                    return Err(EditError(format!("node {} exists", node.name)));
                }
                group_of(config, &node.group)?;
                let mut node = (**node).clone();
                node.stamps = born(now);
                let uuid = node.uuid.clone();
                config.put_node(node);
                Ok(vec![Touched::Node(uuid)])
            }
            Edit::ChangeNode { node, change } => {
                let old = node_of(config, node)?;
                let mut new = old.clone();
                change.apply(&mut new);
                if new == old {
                    return Ok(vec![]);
                }
                changed(&mut new.stamps, now);
                config.put_node(new);
                Ok(vec![Touched::Node(node.clone())])
            }
            Edit::RemoveNode(node) => {
                let name = node_of(config, node)?.name;
                if let Some(instance) =
                    (config.primaries(node).next()).or_else(|| config.secondaries(node).next())
                {
                    return Err(EditError(format!(
                        "node {name} holds instance {}",
                        instance.name
                    )));
                }
                config.remove_node(node);
                Ok(vec![Touched::Node(node.clone())])
            }
            Edit::AddGroup(group) => {
                if config.groups.contains_key(&group.uuid)
                    || config.group_named(&group.name).is_some()
                {
                    return Err(EditError(format!("group {} exists", group.name)));
                }
                let mut group = (**group).clone();
                group.stamps = born(now);
                let uuid = group.uuid.clone();
                config.put_group(group);
                Ok(vec![Touched::Group(uuid)])
            }
            Edit::ChangeGroup { group, change } => {
                let old = group_of(config, group)?;
                let mut new = old.clone();
                change.apply(&mut new);
                if new == *old {
                    return Ok(vec![]);
                }
                let other = config.group_named(&new.name);
                if other.is_some_and(|other| other.uuid != new.uuid) {
                    return Err(EditError(format!("group {} exists", new.name)));
                }
                changed(&mut new.stamps, now);
                config.put_group(new);
                Ok(vec![Touched::Group(group.clone())])
            }
            Edit::RenameCluster(name) => change_cluster(config, now, |cluster| {
                cluster.cluster_name.clone_from(name);
            }),
            Edit::SetSharedPaths(paths) => change_cluster(config, now, |cluster| {
                cluster.shared_paths.clone_from(paths);
            }),
            Edit::SetDefinition {
                instance,
                definition,
            } => change_instance(config, instance, now, |i| {
                i.definition = Some(Arc::clone(definition));
            }),
            Edit::ChangeCluster(change) => {
                change_cluster(config, now, |cluster| change.apply(cluster))
            }
            Edit::RemoveGroup(group) => {
                let old = group_of(config, group)?;
                if let Some(node) = config.nodes.values().find(|n| n.group == *group) {
                    return Err(EditError(format!(
                        "group {} holds node {}",
                        old.name, node.name
                    )));
                }
                config.remove_group(group);
                Ok(vec![Touched::Group(group.clone())])
            }
            Edit::AssignNodes { group, nodes } => {
                group_of(config, group)?;
                let old: Vec<Node> = (nodes.iter())
                    .map(|uuid| node_of(config, uuid))
                    .collect::<Result<_, _>>()?;
                let mut touched = vec![];
                for mut node in old.into_iter().filter(|node| node.group != *group) {
                    node.group = group.clone();
                    changed(&mut node.stamps, now);
                    touched.push(Touched::Node(node.uuid.clone()));
                    config.put_node(node);
                }
                Ok(touched)
            }
            Edit::AddInstance { instance, disks } => {
                if config.instances.contains_key(&instance.uuid)
                    || config.instance_named(&instance.name).is_some()
                {
                    return Err(EditError(format!("instance {} exists", instance.name)));
                }
                node_of(config, &instance.primary_node)?;
                if let Some(disk) = (disks.iter()).find(|d| config.disks.contains_key(&d.uuid)) {
                    return Err(EditError(format!("disk {} exists", disk.uuid)));
                }
                let mut touched = vec![Touched::Instance(instance.uuid.clone())];
                for disk in disks {
                    let mut disk = disk.clone();
                    disk.stamps = born(now);
                    touched.push(Touched::Disk(disk.uuid.clone()));
                    config.put_disk(disk);
                }
                let mut instance = (**instance).clone();
                instance.stamps = born(now);
                config.put_instance(instance);
                Ok(touched)
            }
            Edit::RemoveInstance(uuid) => {
                let instance = instance_of(config, uuid)?;
                let mut touched = vec![Touched::Instance(uuid.clone())];
                for disk in &instance.disks {
                    config.remove_disk(disk);
                    touched.push(Touched::Disk(disk.clone()));
                }
                config.remove_instance(uuid);
                touched.extend(home::forget(config, uuid, now));
                Ok(touched)
            }
            Edit::SetPrimary { instance, node } => {
                node_of(config, node)?;
                let touched =
                    change_instance(config, instance, now, |i| i.primary_node = node.clone())?;
                Ok(home::arrived(config, instance, touched, now))
            }
            Edit::SetSecondary { instance, node } => {
                node_of(config, node)?;
                let touched = set_secondary(config, instance, node, now)?;
                Ok(home::arrived(config, instance, touched, now))
            }
            Edit::SetAdminState { instance, state } => {
                change_instance(config, instance, now, |i| {
                    i.admin_state = *state;
                    i.admin_state_source = AdminSource::Admin;
                    match state {
                        AdminState::Up => i.disks_active = true,
                        AdminState::Down => {}
                        AdminState::Offline => i.disks_active = false,
                    }
                })
            }
            Edit::SetUncertain { instance, reason } => {
                change_instance(config, instance, now, |i| i.uncertain.clone_from(reason))
            }
            Edit::ChangeInstance { instance, change } => {
                change_instance(config, instance, now, |i| change.apply(i))
            }
            Edit::RenameInstance { instance, name } => disks::rename(config, instance, name, now),
            Edit::AddDisk { instance, at, disk } => disks::add(config, instance, *at, disk, now),
            Edit::RemoveDisk { instance, disk } => disks::remove(config, instance, disk, now),
            Edit::PlaceInstance { instance, nodes } => {
                let touched = disks::place(config, instance, nodes, now)?;
                Ok(home::arrived(config, instance, touched, now))
            }
            Edit::SetDisksActive { instance, active } => {
                change_instance(config, instance, now, |i| i.disks_active = *active)
            }
            Edit::ChangeDisk { disk, change } => disks::change(config, disk, change, now),
            Edit::ChangeTags {
                object,
                add,
                remove,
            } => {
                let tags = without_tags(config.tags(object), remove);
                let tags = with_tags(&tags, add).map_err(|error| EditError(error.to_string()))?;
                // Their order means nothing.
                let same = without_tags(config.tags(object), &[]) == tags;
                match same {
                    true => Ok(vec![]),
                    false => set_tags(config, object, tags, now),
                }
            }
        }
    }
}

impl NodeChange {
    fn apply(&self, node: &mut Node) {
        fn set<T: Clone>(field: &mut T, value: Option<&T>) {
            if let Some(value) = value {
                *field = value.clone();
            }
        }
        set(&mut node.offline, self.offline.as_ref());
        set(&mut node.drained, self.drained.as_ref());
        set(&mut node.master_candidate, self.master_candidate.as_ref());
        set(&mut node.master_capable, self.master_capable.as_ref());
        set(&mut node.vm_capable, self.vm_capable.as_ref());
        set(&mut node.secondary_ip, self.secondary_ip.as_ref());
        set(&mut node.capacity, self.capacity.as_ref());
        set(&mut node.maintenance, self.maintenance.as_ref());
        set(&mut node.homecoming, self.homecoming.as_ref());
        if let Some(host) = &self.host {
            node.host = Some(Arc::clone(host));
        }
        change::merge(&mut node.ndparams, &self.ndparams);
    }
}

fn born(now: f64) -> Stamps {
    Stamps {
        serial_no: 1,
        ctime: now,
        mtime: now,
    }
}

fn changed(stamps: &mut Stamps, now: f64) {
    stamps.serial_no += 1;
    stamps.mtime = now;
}

fn group_of<'a>(config: &'a Config, uuid: &GroupUuid) -> Result<&'a Group, EditError> {
    let group = config.groups.get(uuid).map(|group| &**group);
    group.ok_or_else(|| EditError(format!("group {uuid} is gone")))
}

fn node_of(config: &Config, uuid: &NodeUuid) -> Result<Node, EditError> {
    let node = config.nodes.get(uuid);
    node.map(|node| (**node).clone())
        .ok_or_else(|| EditError(format!("node {uuid} is gone")))
}

fn instance_of(config: &Config, uuid: &InstanceUuid) -> Result<Instance, EditError> {
    let instance = config.instances.get(uuid);
    instance
        .map(|instance| (**instance).clone())
        .ok_or_else(|| EditError(format!("instance {uuid} is gone")))
}

fn change_cluster(
    config: &mut Config,
    now: f64,
    change: impl FnOnce(&mut Cluster),
) -> Result<Vec<Touched>, EditError> {
    let cluster = config.cluster.as_ref();
    let old = cluster.ok_or_else(|| EditError("there is no cluster".to_owned()))?;
    let mut new = (**old).clone();
    change(&mut new);
    if new == **old {
        return Ok(vec![]);
    }
    changed(&mut new.stamps, now);
    config.put_cluster(new);
    Ok(vec![Touched::Cluster])
}

fn change_instance(
    config: &mut Config,
    uuid: &InstanceUuid,
    now: f64,
    change: impl FnOnce(&mut Instance),
) -> Result<Vec<Touched>, EditError> {
    let old = instance_of(config, uuid)?;
    let mut new = old.clone();
    change(&mut new);
    if new == old {
        return Ok(vec![]);
    }
    changed(&mut new.stamps, now);
    config.put_instance(new);
    Ok(vec![Touched::Instance(uuid.clone())])
}

fn set_tags(
    config: &mut Config,
    object: &Tagged,
    tags: Vec<String>,
    now: f64,
) -> Result<Vec<Touched>, EditError> {
    match object {
        Tagged::Cluster => change_cluster(config, now, |cluster| cluster.tags = tags),
        Tagged::Group(uuid) => {
            let mut group = group_of(config, uuid)?.clone();
            group.tags = tags;
            changed(&mut group.stamps, now);
            config.put_group(group);
            Ok(vec![Touched::Group(uuid.clone())])
        }
        Tagged::Node(uuid) => {
            let mut node = node_of(config, uuid)?;
            node.tags = tags;
            changed(&mut node.stamps, now);
            config.put_node(node);
            Ok(vec![Touched::Node(uuid.clone())])
        }
        Tagged::Instance(uuid) => change_instance(config, uuid, now, |one| one.tags = tags),
    }
}

/// Puts `node` in place of the node that is not the primary, in the node list and the logical id of
/// each drbd disk.
fn set_secondary(
    config: &mut Config,
    uuid: &InstanceUuid,
    node: &NodeUuid,
    now: f64,
) -> Result<Vec<Touched>, EditError> {
    let instance = instance_of(config, uuid)?;
    if instance.primary_node == *node {
        return Err(EditError(format!(
            "{} cannot be both primary and secondary node of {}",
            config.node_name(node),
            instance.name
        )));
    }
    let mut touched = vec![];
    let disks: Vec<Disk> = (config.disks_of(&instance))
        .filter(|disk| disk.dev_type == DiskTemplate::Drbd)
        .map(|disk| (**disk).clone())
        .collect();
    for mut disk in disks {
        let old = disk.clone();
        for place in &mut disk.nodes {
            if *place != instance.primary_node {
                *place = node.clone();
            }
        }
        for place in disk.logical_id.iter_mut().take(2) {
            if place.as_str() != Some(instance.primary_node.as_str()) {
                *place = Value::String(node.to_string());
            }
        }
        for child in disk
            .rest
            .get_mut("children")
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
        {
            for place in child
                .get_mut("nodes")
                .and_then(Value::as_array_mut)
                .into_iter()
                .flatten()
            {
                if place.as_str() != Some(instance.primary_node.as_str()) {
                    *place = Value::String(node.to_string());
                }
            }
        }
        if disk != old {
            changed(&mut disk.stamps, now);
            touched.push(Touched::Disk(disk.uuid.clone()));
            config.put_disk(disk);
        }
    }
    Ok(touched)
}

#[cfg(test)]
mod tests;
