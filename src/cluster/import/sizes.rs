//! Sizes of nodes that a file does not tell.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use crate::cluster::{Capacity, Config, DiskTemplate, GroupUuid, NodeUuid};

/// The least that a node gets, MiB and CPUs: room for some more instances in a small cluster.
const LEAST: Capacity = Capacity {
    memory: 16 * 1024,
    disk: 100 * 1024,
    cpus: 4,
    spindles: 1,
};

/// Gives each of `nodes` what all instances of its group need together, and says so.
///
/// Nothing is refused for want of room that way: Ganeti's files do not tell the sizes, it asks the
/// nodes.
pub(super) fn make_up(config: &mut Config, nodes: &BTreeSet<NodeUuid>) -> Option<String> {
    if nodes.is_empty() {
        return None;
    }
    let needs = needs(config);
    for uuid in nodes {
        if let Some(node) = config.nodes.get(uuid) {
            let mut node = (**node).clone();
            let need = needs.get(&node.group).copied().unwrap_or_default();
            node.capacity = at_least(need);
            config.put_node(node);
        }
    }
    Some(format!(
        "the file does not tell the size of {}: each was given what all instances of its group \
         need together; gnt-node modify --capacity sets what it has",
        match nodes.len() {
            1 => "1 node".to_owned(),
            count => format!("{count} nodes"),
        }
    ))
}

fn at_least(need: Capacity) -> Capacity {
    Capacity {
        // Placement wants something left over: a node that is exactly full takes nothing.
        memory: need.memory.saturating_add(1).max(LEAST.memory),
        disk: need.disk.saturating_add(1).max(LEAST.disk),
        cpus: need.cpus.max(LEAST.cpus),
        spindles: need.spindles.max(LEAST.spindles),
    }
}

/// What the instances of each group need together, running or not.
fn needs(config: &Config) -> BTreeMap<GroupUuid, Capacity> {
    let mut needs: BTreeMap<GroupUuid, Capacity> = BTreeMap::new();
    for instance in config.instances.values() {
        let Some(node) = config.nodes.get(&instance.primary_node) else {
            continue;
        };
        let backend = config.backend(instance);
        let need = needs.entry(node.group.clone()).or_default();
        need.memory = need.memory.saturating_add(backend.maxmem);
        need.disk = (need.disk).saturating_add(config.disk_on_node(instance));
        need.cpus = need.cpus.saturating_add(backend.vcpus);
        if config.template(instance) != DiskTemplate::Diskless {
            need.spindles = need.spindles.saturating_add(backend.spindle_use);
        }
    }
    for (group, need) in &mut needs {
        need.cpus = by_ratio(need.cpus, ratio(config, group, "vcpu-ratio"));
        need.spindles = by_ratio(need.spindles, ratio(config, group, "spindle-ratio"));
    }
    needs
}

/// How many a ratio wants for a use; the use itself where the ratio says nothing.
fn by_ratio(used: u64, ratio: Option<f64>) -> u64 {
    match ratio {
        // Casts of floats saturate.
        Some(ratio) if ratio > 0.0 => (used as f64 / ratio).ceil() as u64,
        _ => used,
    }
}

fn ratio(config: &Config, group: &GroupUuid, key: &str) -> Option<f64> {
    let own = config.groups.get(group).map(Arc::as_ref);
    let cluster = config.cluster.as_ref();
    (own.and_then(|group| group.ipolicy.get(key)))
        .or_else(|| cluster.and_then(|cluster| cluster.ipolicy.get(key)))
        .and_then(Value::as_f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_that_holds_everything_is_not_full() {
        let need = Capacity {
            memory: 64 * 1024,
            disk: 900 * 1024,
            ..LEAST
        };
        let size = at_least(need);
        assert!(size.memory > need.memory && size.disk > need.disk);
    }
}
