use serde_json::json;

use super::*;
use crate::cluster::sample::sample;

const MADE: f64 = 1000.0;
const LATER: f64 = 2000.0;

#[test]
fn only_a_change_bumps_the_serial_number() {
    let mut config = sample("lab", 3, 4, MADE).unwrap();
    let uuid = config.node_named("node1").unwrap().uuid.clone();
    let drain = |drained| Edit::ChangeNode {
        node: uuid.clone(),
        change: NodeChange {
            drained: Some(drained),
            ..NodeChange::default()
        },
    };
    assert_eq!(drain(false).apply(&mut config, LATER).unwrap(), vec![]);
    assert_eq!(config.nodes[&uuid].stamps.serial_no, 1);
    assert_eq!(config.nodes[&uuid].stamps.mtime, MADE);
    let touched = drain(true).apply(&mut config, LATER).unwrap();
    assert_eq!(touched, [Touched::Node(uuid.clone())]);
    let stamps = config.nodes[&uuid].stamps;
    assert_eq!((stamps.serial_no, stamps.ctime), (2, MADE));
    assert_eq!(stamps.mtime, LATER);
}

#[test]
fn a_new_secondary_is_in_all_places_of_the_disk() {
    let mut config = sample("lab", 3, 1, MADE).unwrap();
    let instance = config.instance_named("inst1").unwrap().clone();
    let nodes: Vec<NodeUuid> = config.nodes_by_name().map(|n| n.uuid.clone()).collect();
    assert_eq!(config.secondary(&instance), Some(&nodes[1]));
    let edit = Edit::SetSecondary {
        instance: instance.uuid.clone(),
        node: nodes[2].clone(),
    };
    let touched = edit.apply(&mut config, LATER).unwrap();
    assert_eq!(touched, [Touched::Disk(instance.disks[0].clone())]);
    assert_eq!(config.secondary(&instance), Some(&nodes[2]));
    let disk = &config.disks[&instance.disks[0]];
    let both = json!([nodes[0], nodes[2]]);
    assert_eq!(json!(disk.nodes), both);
    assert_eq!(json!(disk.logical_id[..2]), both);
    assert_eq!(disk.rest["children"][0]["nodes"], both);
    assert_eq!(disk.rest["children"][1]["nodes"], both);
    assert_eq!(edit.apply(&mut config, LATER).unwrap(), vec![]);

    let onto_primary = Edit::SetSecondary {
        instance: instance.uuid.clone(),
        node: nodes[0].clone(),
    };
    assert!(onto_primary.apply(&mut config, LATER).is_err());
}
