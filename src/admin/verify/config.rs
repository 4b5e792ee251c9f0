//! Whether the configuration fits together, and fits on its nodes.

use std::collections::{BTreeMap, BTreeSet};

use crate::allocator::{Claim, Role};
use crate::cluster::{Config, DiskTemplate, Instance, NodeUuid};
use crate::queue::JobId;

use super::finding::{Code, Findings};

pub(super) fn check(config: &Config, claims: &[(JobId, Claim)], found: &mut Findings) {
    check_room(config, claims, found);
    for node in config.nodes.values() {
        if !config.groups.contains_key(&node.group) {
            let text = format!("its group {} does not exist", node.group);
            found.say(Code::NodeWithoutGroup, format!("node {}", node.name), text);
        }
        let flags = [node.offline, node.drained, node.master_candidate];
        if flags.iter().filter(|flag| **flag).count() > 1 {
            let text = "more than one of offline, drained and master candidate";
            found.say(Code::NodeFlags, format!("node {}", node.name), text);
        }
    }
    let mut owners: BTreeMap<&str, &str> = BTreeMap::new();
    for instance in config.instances.values() {
        let object = || format!("instance {}", instance.name);
        if !config.nodes.contains_key(&instance.primary_node) {
            let text = format!("its primary node {} does not exist", instance.primary_node);
            found.say(Code::InstanceWithoutNode, object(), text);
        }
        for uuid in &instance.disks {
            if !config.disks.contains_key(uuid) {
                let text = format!("its disk {uuid} does not exist");
                found.say(Code::DiskMissing, object(), text);
            }
            if let Some(other) = owners.insert(uuid.as_str(), &instance.name) {
                let text = format!("its disk {uuid} belongs to {other}, too");
                found.say(Code::DiskShared, object(), text);
            }
        }
        check_disks(config, instance, found);
        if let Some(reason) = &instance.uncertain {
            let text = format!("uncertain: {reason} (gnt-instance migrate --cleanup finds out)");
            found.say(Code::InstanceUncertain, object(), text);
        }
    }
    for disk in config.disks.values() {
        if !owners.contains_key(disk.uuid.as_str()) {
            let text = "no instance has it";
            found.say(Code::DiskUnused, format!("disk {}", disk.uuid), text);
        }
    }
}

fn check_disks(config: &Config, instance: &Instance, found: &mut Findings) {
    for disk in config.disks_of(instance) {
        let mut say =
            |text| found.say(Code::DiskNodes, format!("instance {}", instance.name), text);
        for node in &disk.nodes {
            if !config.nodes.contains_key(node) {
                say(format!(
                    "its disk {} is on node {node}, which does not exist",
                    disk.uuid
                ));
            }
        }
        if disk.dev_type != DiskTemplate::Drbd {
            continue;
        }
        let nodes: BTreeSet<_> = disk.nodes.iter().collect();
        if nodes.len() != 2 || disk.nodes.len() != 2 {
            say(format!("its drbd disk {} is not on two nodes", disk.uuid));
        } else if !nodes.contains(&instance.primary_node) {
            say(format!(
                "its drbd disk {} is not on its primary node",
                disk.uuid
            ));
        }
        let ids = disk.logical_id.iter().take(2).filter_map(|id| id.as_str());
        if ids.map(NodeUuid::from).collect::<BTreeSet<_>>() != nodes.into_iter().cloned().collect()
        {
            say(format!(
                "its drbd disk {} names other nodes in its id",
                disk.uuid
            ));
        }
    }
}

/// No node is promised more than it has: what the configuration puts there and what jobs on their way
/// will put there.
fn check_room(config: &Config, claims: &[(JobId, Claim)], found: &mut Findings) {
    let mut used: BTreeMap<&NodeUuid, (u64, u64)> = BTreeMap::new();
    for instance in config.instances.values() {
        let disk = config.disk_on_node(instance);
        let primary = used.entry(&instance.primary_node).or_default();
        if Config::uses_memory(instance) {
            primary.0 += config.backend(instance).maxmem;
        }
        primary.1 += disk;
        if let Some(secondary) = config.secondary(instance) {
            used.entry(secondary).or_default().1 += disk;
        }
    }
    for (_, claim) in claims {
        let node = used.entry(&claim.node).or_default();
        if claim.role == Role::Primary {
            node.0 += claim.memory;
        }
        node.1 += claim.disk;
    }
    for (uuid, (memory, disk)) in used {
        let Some(node) = config.nodes.get(uuid).filter(|node| !node.offline) else {
            continue;
        };
        let has = node.capacity;
        for (what, used, has) in [("memory", memory, has.memory), ("disk", disk, has.disk)] {
            // Of disks a real machine does not tell how much it has.
            let untold = node.host.is_some() && has == 0;
            if used > has && !untold {
                let text = format!("overbooked: {used} MiB of {what} promised, it has {has}");
                found.say(Code::Overbooked, format!("node {}", node.name), text);
            }
        }
    }
}
