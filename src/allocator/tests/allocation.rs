use serde_json::json;

use super::fixture::{Lab, claim};
use crate::allocator::{NewInstance, Role, allocate, policy_breaches};
use crate::cluster::{AllocPolicy, DiskTemplate};

fn new(template: DiskTemplate) -> NewInstance {
    NewInstance {
        instance: "new".into(),
        memory: 1000,
        vcpus: 1,
        spindle_use: 1,
        disks: vec![2000],
        template,
        nics: 1,
        tags: vec![],
        group: None,
        start: true,
    }
}

fn nodes(lab: &Lab, new: &NewInstance) -> Result<String, String> {
    let found = allocate(&lab.world(), new)?;
    let secondary = (found.secondary).map_or(String::new(), |node| format!(" {node}"));
    Ok(format!("{}{secondary}", found.primary))
}

#[test]
fn the_emptiest_nodes_are_taken() {
    let mut lab = Lab::new(4);
    lab.drbd("web1", ["node1", "node3"], 1000);
    assert_eq!(nodes(&lab, &new(DiskTemplate::Rbd)).unwrap(), "node2");
    assert_eq!(
        nodes(&lab, &new(DiskTemplate::Drbd)).unwrap(),
        "node2 node4"
    );
}

#[test]
fn failures_are_counted() {
    let mut lab = Lab::new(4);
    for name in ["node1", "node2", "node3"] {
        lab.node(name).capacity.memory = 500;
    }
    lab.node("node4").capacity.disk = 100;
    assert_eq!(
        nodes(&lab, &new(DiskTemplate::Plain)).unwrap_err(),
        "no valid allocation solutions, failure reasons: FailMem: 3, FailDisk: 1"
    );
}

#[test]
fn too_few_nodes() {
    let mut lab = Lab::new(1);
    assert_eq!(
        nodes(&lab, &new(DiskTemplate::Drbd)).unwrap_err(),
        "group default: not enough online nodes"
    );
    lab.node("node1").offline = true;
    assert_eq!(
        nodes(&lab, &new(DiskTemplate::Rbd)).unwrap_err(),
        "group default: no online nodes"
    );
}

#[test]
fn groups_by_policy() {
    let mut lab = Lab::new(1);
    lab.groups[0].alloc_policy = AllocPolicy::Unallocable;
    lab.group("also").alloc_policy = AllocPolicy::LastResort;
    lab.add_node("last1", "also");
    lab.group("good");
    lab.add_node("good1", "good");
    lab.shared("web1", "good1", 1000);
    let any = new(DiskTemplate::Rbd);
    assert_eq!(nodes(&lab, &any).unwrap(), "good1");
    lab.node("good1").drained = true;
    assert_eq!(nodes(&lab, &any).unwrap(), "last1");
    lab.node("last1").drained = true;
    assert!(nodes(&lab, &any).is_err());
    let named = NewInstance {
        group: Some("default".into()),
        ..any
    };
    assert_eq!(nodes(&lab, &named).unwrap(), "node1");
}

#[test]
fn rules_are_strict_and_claims_count() {
    let mut lab = Lab::new(2);
    lab.drbd("web1", ["node1", "node2"], 6000);
    let big = NewInstance {
        memory: 5000,
        ..new(DiskTemplate::Rbd)
    };
    // node2 would have room but for what it backs.
    assert_eq!(
        nodes(&lab, &big).unwrap_err(),
        "no valid allocation solutions, failure reasons: FailMem: 1, FailN1: 1"
    );
    lab.add_node("node3", "default");
    assert_eq!(nodes(&lab, &big).unwrap(), "node3");
    lab.claim(7, claim("node3", "other", Role::Primary, 6000, 0));
    assert!(nodes(&lab, &big).is_err());
}

#[test]
fn policy_is_checked_without_interfaces() {
    let mut lab = Lab::new(2);
    let small = NewInstance {
        memory: 64,
        ..new(DiskTemplate::Rbd)
    };
    assert_eq!(
        nodes(&lab, &small).unwrap_err(),
        "no valid allocation solutions, failure reasons: FailMem: 2"
    );
    let without = NewInstance {
        nics: 0,
        ..new(DiskTemplate::Rbd)
    };
    assert_eq!(nodes(&lab, &without).unwrap(), "node1");
    lab.groups[0].ipolicy = json!({"disk-templates": ["drbd"]})
        .as_object()
        .unwrap()
        .clone();
    assert!(nodes(&lab, &without).unwrap_err().ends_with("FailDisk: 2"));
}

#[test]
fn breaches_in_ganetis_wording() {
    let lab = Lab::new(1);
    let config = lab.config();
    let breaches = |new: &NewInstance| policy_breaches(&config, &"default".into(), new);
    assert!(breaches(&new(DiskTemplate::Drbd)).is_empty());
    let bad = NewInstance {
        memory: 64,
        nics: 9,
        spindle_use: 0,
        disks: vec![2000, 10],
        ..new(DiskTemplate::Drbd)
    };
    assert_eq!(
        breaches(&bad),
        [
            "memory-size value 64 is not in range [128, 32768]",
            "nic-count value 9 is not in range [1, 8]",
            "spindle-use value 0 is not in range [1, 12]",
            "disk-size/1 value 10 is not in range [1024, 1048576]",
        ]
    );
    let diskless = NewInstance {
        disks: vec![],
        ..new(DiskTemplate::Diskless)
    };
    assert!(breaches(&diskless).is_empty());
    let none = NewInstance {
        disks: vec![],
        ..new(DiskTemplate::Drbd)
    };
    assert_eq!(
        breaches(&none),
        ["disk-count value 0 is not in range [1, 16]"]
    );
}

#[test]
fn the_range_with_fewest_breaches_is_told() {
    let mut lab = Lab::new(1);
    let policy = json!({
        "minmax": [
            {"min": {"memory-size": 1, "cpu-count": 4}, "max": {"memory-size": 500, "cpu-count": 8}},
            {"min": {"memory-size": 2000, "cpu-count": 1}, "max": {"memory-size": 9000, "cpu-count": 2}},
        ],
        "disk-templates": ["drbd", "rbd"],
    });
    lab.cluster.ipolicy = policy.as_object().unwrap().clone();
    let plain = new(DiskTemplate::Plain);
    assert_eq!(
        policy_breaches(&lab.config(), &"default".into(), &plain),
        [
            "Disk template plain is not allowed (allowed templates: drbd, rbd)",
            "memory-size value 1000 is not in range [2000, 9000]",
        ]
    );
    // Either range will do.
    let fits = NewInstance {
        memory: 3000,
        ..new(DiskTemplate::Rbd)
    };
    assert_eq!(nodes(&lab, &fits).unwrap(), "node1");
    // The group's own policy wins, key by key.
    lab.groups[0].ipolicy = json!({"disk-templates": ["plain"]})
        .as_object()
        .unwrap()
        .clone();
    assert_eq!(
        policy_breaches(&lab.config(), &"default".into(), &plain),
        ["memory-size value 1000 is not in range [2000, 9000]"]
    );
}
