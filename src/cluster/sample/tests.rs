use std::collections::BTreeSet;

use super::*;
use crate::allocator::{Departure, NewInstance, Rules, World, plan_departure, policy_breaches};
use crate::cluster::Mirroring;
use crate::opcodes::EvacMode;

const NOW: f64 = 1_700_000_000.5;

fn plan(config: &Config, node: &Node, mode: EvacMode) -> crate::allocator::Plan {
    let world = World {
        config: config.clone(),
        claims: vec![].into(),
        serial: 0,
    };
    let departure = Departure {
        node: node.uuid.clone(),
        mode,
        new_secondary: None,
        target: None,
        rules: Rules::default(),
    };
    plan_departure(&world, &departure)
}

#[test]
fn any_node_of_three_or_more_can_be_emptied_in_every_mode() {
    for nodes in [3, 4, 5, 7, 10, 16] {
        for instances in [1, 2, 3, 5, 8, 13, 20, 33, 60, 110, 200] {
            let config = sample("lab", nodes, instances, NOW).unwrap();
            for node in config.nodes_by_name() {
                for mode in [
                    EvacMode::PrimaryOnly,
                    EvacMode::SecondaryOnly,
                    EvacMode::All,
                ] {
                    let plan = plan(&config, node, mode);
                    let left = plan.unmovable.first();
                    assert_eq!(left, None, "{} of {nodes}, {instances}", node.name);
                }
            }
        }
    }
}

#[test]
fn two_nodes_can_take_over_from_each_other() {
    let config = sample("lab", 2, 40, NOW).unwrap();
    for node in config.nodes_by_name() {
        let plan = plan(&config, node, EvacMode::PrimaryOnly);
        assert_eq!(plan.unmovable, vec![]);
        assert!(!plan.placed.is_empty());
    }
}

#[test]
fn one_node_has_no_second_copies() {
    let config = sample("lab", 1, 20, NOW).unwrap();
    assert_eq!(config.instances.len(), 20);
    for instance in config.instances.values() {
        assert_eq!(config.template(instance).mirroring(), Mirroring::External);
    }
}

#[test]
fn half_is_drbd_and_some_are_stopped() {
    let config = sample("lab", 5, 100, NOW).unwrap();
    let count = |wanted: DiskTemplate| {
        let of = |i: &&std::sync::Arc<Instance>| config.template(i) == wanted;
        config.instances.values().filter(of).count()
    };
    assert_eq!(count(DiskTemplate::Drbd), 50);
    assert_eq!(count(DiskTemplate::Rbd), 25);
    assert_eq!(count(DiskTemplate::SharedFile), 25);
    let running = config.instances.values().filter(|i| Config::uses_memory(i));
    assert_eq!(running.count(), 91);
    let pairs: BTreeSet<_> = (config.instances.values())
        .filter_map(|i| Some((&i.primary_node, config.secondary(i)?)))
        .collect();
    assert_eq!(pairs.len(), 20, "each pair of nodes in both directions");
}

#[test]
fn instances_are_within_the_policy() {
    let config = sample("lab", 3, 60, NOW).unwrap();
    let group = &config.group_named("default").unwrap().uuid;
    for instance in config.instances.values() {
        let backend = config.backend(instance);
        let new = NewInstance {
            instance: instance.uuid.clone(),
            memory: backend.maxmem,
            vcpus: backend.vcpus,
            spindle_use: backend.spindle_use,
            disks: config.disks_of(instance).map(|disk| disk.size).collect(),
            nics: instance.nics.len() as u64,
            template: config.template(instance),
            tags: instance.tags.clone(),
            group: Some(group.clone()),
            start: Config::uses_memory(instance),
        };
        let breaches = policy_breaches(&config, group, &new);
        assert_eq!(breaches, Vec::<String>::new());
    }
}

#[test]
fn drbd_disks_share_no_port_and_no_device() {
    let config = sample("lab", 4, 80, NOW).unwrap();
    let mut ports = BTreeSet::new();
    let mut minors = BTreeSet::new();
    for disk in config.disks.values() {
        if disk.dev_type != DiskTemplate::Drbd {
            continue;
        }
        assert_eq!(disk.logical_id.len(), 6);
        assert!(ports.insert(disk.logical_id[2].as_u64()));
        for side in 0..2 {
            assert_eq!(disk.logical_id[side], json!(disk.nodes[side]));
            let minor = (&disk.nodes[side], disk.logical_id[side + 3].as_u64());
            assert!(minors.insert(minor));
        }
        let children = disk.rest["children"].as_array().unwrap();
        assert_eq!(children[0]["size"], json!(disk.size));
        assert_eq!(children[1]["size"], json!(DRBD_META_MIB));
    }
    assert!(!ports.is_empty());
}

#[test]
fn the_same_arguments_make_the_same_cluster() {
    let text = |config: &Config| format!("{config:?}");
    let one = sample("lab", 4, 30, NOW).unwrap();
    assert_eq!(text(&one), text(&sample("lab", 4, 30, NOW).unwrap()));
    let other = sample("other", 4, 30, NOW).unwrap();
    assert!(one.nodes.keys().all(|uuid| !other.nodes.contains_key(uuid)));
}

#[test]
fn an_empty_cluster_has_its_group_only() {
    let config = empty("lab", NOW).unwrap();
    assert_eq!(config.name(), "lab");
    assert_eq!(config.group_names().collect::<Vec<_>>(), ["default"]);
    assert!(config.nodes.is_empty() && config.instances.is_empty() && config.disks.is_empty());
    let cluster = config.cluster.as_ref().unwrap();
    assert_eq!(cluster.ipolicy["vcpu-ratio"], json!(4.0));
    assert_eq!(cluster.master_node, None);
}

#[test]
fn what_cannot_be_made_is_refused() {
    let error = |nodes, instances| sample("lab", nodes, instances, NOW).unwrap_err();
    assert_eq!(error(0, 3), SampleError::NoNodes(3));
    assert_eq!(error(1001, 0), SampleError::TooManyNodes(1001));
    assert_eq!(error(3, 50_001), SampleError::TooManyInstances(50_001));
    assert!(sample("lab", 0, 0, NOW).unwrap().nodes.is_empty());
}
