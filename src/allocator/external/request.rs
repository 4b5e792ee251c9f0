//! What an allocator is told: the cluster, and what it is asked.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::super::claim::{Role, World};
use super::super::ledger::Ledger;
use super::super::nodes::claimed;
use super::super::place::NewInstance;
use crate::cluster::{
    Config, DRBD_META_MIB, DiskTemplate, Group, GroupUuid, Instance, Node, NodeUuid,
};
use crate::opcodes::EvacMode;

/// The protocol's version.
const VERSION: u64 = 2;

/// MiB that a node is told to have for itself, on top of what it has for instances: what `hail` takes for
/// it on KVM clusters whatever it is told, so that what is left is right on all.
const HOST_MEMORY: i64 = 4096;

/// A question.
#[derive(Debug, Clone)]
pub enum Request<'a> {
    /// Instances leave a node, in their order.
    Evacuate {
        /// Which.
        instances: Vec<&'a Instance>,
        /// Which role leaves; not [`EvacMode::All`], which few clusters can be asked for.
        mode: EvacMode,
    },
    /// Instances leave their group, in their order.
    ChangeGroup {
        /// Which.
        instances: Vec<&'a Instance>,
        /// Where to.
        targets: Vec<&'a GroupUuid>,
    },
    /// One role of one instance goes to another node.
    Relocate {
        /// Which instance.
        instance: &'a Instance,
        /// The role: the primary of an externally mirrored one, the secondary of a drbd one.
        role: Role,
    },
    /// A new instance is to be placed.
    Allocate {
        /// Its name.
        name: &'a str,
        /// What it needs.
        new: &'a NewInstance,
    },
    /// New instances are to be placed, in their order.
    AllocateAll {
        /// Their names, and what they need.
        all: Vec<(&'a str, &'a NewInstance)>,
    },
}

impl Request<'_> {
    /// The question with the cluster that it is about, as an allocator reads it.
    #[must_use]
    pub fn to_value(&self, world: &World) -> Value {
        whole(world, self)
    }

    fn to_json(&self, config: &Config) -> Value {
        let names = |instances: &[&Instance]| -> Vec<String> {
            instances.iter().map(|one| one.name.clone()).collect()
        };
        match self {
            Request::Evacuate { instances, mode } => json!({
                "type": "node-evacuate",
                "instances": names(instances),
                "evac_mode": mode,
            }),
            Request::ChangeGroup { instances, targets } => json!({
                "type": "change-group",
                "instances": names(instances),
                "target_groups": targets,
            }),
            Request::Relocate { instance, role } => {
                let from = match role {
                    Role::Primary => Some(&instance.primary_node),
                    Role::Secondary => config.secondary(instance),
                };
                let from: Vec<&str> = from.iter().map(|node| config.node_name(node)).collect();
                json!({
                    "type": "relocate",
                    "name": instance.name,
                    "disk_space_total": config.disk_on_node(instance),
                    "required_nodes": 1,
                    "relocate_from": from,
                })
            }
            Request::Allocate { name, new } => {
                let mut request = allocate(config, name, new);
                request["type"] = json!("allocate");
                request
            }
            Request::AllocateAll { all } => {
                let instances = all.iter().map(|(name, new)| allocate(config, name, new));
                // hail reads the group of all from here.
                let mut groups: Vec<_> = all.iter().map(|(_, new)| &new.group).collect();
                groups.dedup();
                let group = match groups[..] {
                    [Some(group)] => config.groups.get(group).map(|group| &group.name),
                    _ => None,
                };
                json!({
                    "type": "multi-allocate",
                    "instances": instances.collect::<Vec<_>>(),
                    "group_name": group,
                })
            }
        }
    }
}

/// How many nodes a new instance is placed on.
pub(super) fn required_nodes(template: DiskTemplate) -> usize {
    match template {
        DiskTemplate::Drbd => 2,
        _ => 1,
    }
}

fn allocate(config: &Config, name: &str, new: &NewInstance) -> Value {
    let cluster = config.cluster.as_ref();
    let hypervisor = cluster.and_then(|cluster| cluster.enabled_hypervisors.first());
    let group = new.group.as_ref().and_then(|uuid| config.groups.get(uuid));
    let extra = match new.template {
        DiskTemplate::Drbd => DRBD_META_MIB,
        _ => 0,
    };
    let disks: Vec<Value> = (new.disks.iter())
        .map(|size| json!({"size": size, "mode": "rw", "dev_type": new.template}))
        .collect();
    let total = new.disks.iter().map(|size| size.saturating_add(extra));
    json!({
        "name": name,
        "disk_template": new.template,
        "group_name": group.map(|group| &group.name),
        "tags": new.tags,
        "os": "",
        "vcpus": new.vcpus,
        "memory": new.memory,
        "spindle_use": new.spindle_use,
        "disks": disks,
        "disk_space_total": total.fold(0, u64::saturating_add),
        "nics": vec![json!({}); usize::try_from(new.nics).unwrap_or(0)],
        "required_nodes": required_nodes(new.template),
        "hypervisor": hypervisor,
    })
}

/// The JSON text that the allocator reads.
pub(super) fn write(world: &World, request: &Request<'_>) -> String {
    whole(world, request).to_string()
}

fn whole(world: &World, request: &Request<'_>) -> Value {
    let config = &world.config;
    let cluster = config.cluster.as_ref();
    let groups: Map<String, Value> = (config.groups.iter())
        .map(|(uuid, object)| (uuid.to_string(), group(config, object)))
        .collect();
    let instances: Map<String, Value> = (config.instances_by_name())
        .map(|object| (object.name.clone(), instance(config, object)))
        .collect();
    json!({
        "version": VERSION,
        "cluster_name": config.name(),
        "cluster_tags": cluster.map(|cluster| &cluster.tags),
        "enabled_hypervisors": cluster.map(|cluster| &cluster.enabled_hypervisors),
        "ipolicy": config.cluster_ipolicy(),
        "nodegroups": groups,
        "nodes": nodes(world),
        "instances": instances,
        "request": request.to_json(config),
    })
}

fn group(config: &Config, group: &Group) -> Value {
    let networks = group.rest.get("networks").and_then(Value::as_object);
    let networks: Vec<&String> = networks.iter().flat_map(|map| map.keys()).collect();
    json!({
        "name": group.name,
        "alloc_policy": group.alloc_policy,
        "networks": networks,
        "ipolicy": config.group_ipolicy(group),
        "tags": group.tags,
    })
}

/// MiB of memory that the primary instances of a node have.
#[derive(Debug, Clone, Copy, Default)]
struct Memory {
    /// All of them.
    all: u64,
    /// Those that run.
    up: u64,
}

fn primaries(config: &Config) -> BTreeMap<&NodeUuid, Memory> {
    let mut nodes: BTreeMap<&NodeUuid, Memory> = BTreeMap::new();
    for instance in config.instances.values() {
        let memory = config.backend(instance).maxmem;
        let node = nodes.entry(&instance.primary_node).or_default();
        node.all = node.all.saturating_add(memory);
        if Config::uses_memory(instance) {
            node.up = node.up.saturating_add(memory);
        }
    }
    nodes
}

/// The nodes, and what is free on them when the jobs on their way have ended. Ganeti tells the disk of
/// one template only; here a node has one figure for all.
fn nodes(world: &World) -> Value {
    let config = &world.config;
    let ledger = Ledger::new(world, None);
    let primaries = primaries(config);
    let entry = |room: &super::super::nodes::Room<'_>| {
        let mut object = described(config, room.node);
        if !room.node.offline && room.node.vm_capable {
            let free = |has: i64, used: i64| claimed(has - used);
            let limits = &room.limits;
            let spindles = room.node.capacity.spindles;
            let memory = primaries.get(&room.node.uuid).copied().unwrap_or_default();
            object.extend(as_map(json!({
                "total_memory": limits.memory + HOST_MEMORY,
                "reserved_memory": HOST_MEMORY,
                "free_memory": free(limits.memory, room.used.memory),
                "total_disk": limits.disk,
                "free_disk": free(limits.disk, room.used.disk),
                "total_spindles": spindles,
                "free_spindles": claimed(i64::try_from(spindles).unwrap_or(0) - room.used.spindles),
                "total_cpus": limits.cpus,
                "reserved_cpus": 0,
                "i_pri_memory": memory.all,
                "i_pri_up_memory": memory.up,
            })));
        }
        (room.node.name.clone(), Value::Object(object))
    };
    Value::Object(ledger.rooms.iter().map(entry).collect())
}

fn described(config: &Config, node: &Node) -> Map<String, Value> {
    let mut parameters = config.node_parameters(node);
    // The score of both placements is about the spindles that there are.
    parameters.insert("spindle_count".to_owned(), json!(node.capacity.spindles));
    as_map(json!({
        "tags": node.tags,
        "primary_ip": node.primary_ip,
        "secondary_ip": node.secondary_ip,
        "offline": node.offline,
        "drained": node.drained,
        "master_candidate": node.master_candidate,
        "master_capable": node.master_capable,
        "vm_capable": node.vm_capable,
        "group": node.group,
        "ndparams": parameters,
    }))
}

fn instance(config: &Config, instance: &Instance) -> Value {
    let backend = config.backend(instance);
    let nodes = std::iter::once(&instance.primary_node).chain(config.secondary(instance));
    let nodes: Vec<&str> = nodes.map(|node| config.node_name(node)).collect();
    let disks: Vec<Value> = (config.disks_of(instance))
        .map(|disk| {
            let mode = disk.rest.get("mode").and_then(Value::as_str);
            json!({
                "dev_type": disk.dev_type,
                "size": disk.size,
                "mode": mode.unwrap_or("rw"),
                "spindles": disk.rest.get("spindles"),
            })
        })
        .collect();
    let nics: Vec<Value> = instance.nics.iter().map(nic).collect();
    json!({
        "tags": instance.tags,
        "admin_state": instance.admin_state,
        "vcpus": backend.vcpus,
        "memory": backend.maxmem,
        "spindle_use": backend.spindle_use,
        "os": instance.os,
        "nodes": nodes,
        "nics": nics,
        "disks": disks,
        "disk_template": config.template(instance),
        "disks_active": instance.disks_active,
        "hypervisor": instance.hypervisor,
        "disk_space_total": config.disk_on_node(instance),
        "forthcoming": instance.forthcoming,
    })
}

fn nic(nic: &Value) -> Value {
    let parameter = |key: &str| nic.get("nicparams").and_then(|own| own.get(key));
    let mode = parameter("mode")
        .and_then(Value::as_str)
        .unwrap_or("bridged");
    let mut object = json!({
        "mac": nic.get("mac"),
        "ip": nic.get("ip"),
        "mode": mode,
        "link": parameter("link"),
    });
    if mode == "bridged" {
        object["bridge"] = json!(parameter("link"));
    }
    object
}

fn as_map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
