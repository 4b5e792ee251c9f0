use super::*;
use crate::locking::{Level, Lock, LockSet, Mode};

fn modify(value: Value) -> Opcode {
    let mut value = value;
    value["OP_ID"] = json!("OP_GROUP_SET_PARAMS");
    value["group_name"] = json!("default");
    op(value)
}

fn bounds(memory: u64) -> Value {
    json!({"memory-size": memory, "cpu-count": 64, "disk-size": 1 << 20, "disk-count": 16,
        "nic-count": 8, "spindle-use": 64})
}

#[test]
fn parts_of_a_policy_come_and_go_one_by_one() {
    let mut lab = Lab::new();
    let changes = json!({"vcpu-ratio": 2.0, "disk-templates": ["drbd", "plain"]});
    let outcome = lab.run(modify(json!({"ipolicy": changes}))).unwrap();
    let UnitResult::Value(told) = outcome.result else {
        panic!();
    };
    assert_eq!(
        told,
        json!([
            ["ipolicy/disk-templates", "[\"drbd\",\"plain\"]"],
            ["ipolicy/vcpu-ratio", "2.0"]
        ])
    );
    let changes = json!({"alloc_policy": "unallocable", "ipolicy": {"vcpu-ratio": "default"},
        "ndparams": {"ssh_port": 2222}});
    lab.run(modify(changes.clone())).unwrap();
    let group = lab.world.config.group_named("default").unwrap().clone();
    assert_eq!(group.alloc_policy.word(), "unallocable");
    assert_eq!(
        json!(group.ipolicy),
        json!({"disk-templates": ["drbd", "plain"]})
    );
    assert_eq!(json!(group.ndparams), json!({"ssh_port": 2222}));
    // Run again after a crash nothing differs.
    lab.again(modify(changes)).unwrap();
    assert_eq!(**lab.world.config.group_named("default").unwrap(), *group);
}

#[test]
fn a_policy_that_present_instances_violate_is_a_warning() {
    let mut lab = Lab::new();
    let none = json!({"cpu-count": 0, "disk-count": 0, "disk-size": 0, "memory-size": 0,
        "nic-count": 0, "spindle-use": 0});
    let range = |most: u64| json!({"ipolicy": {"minmax": [{"min": none, "max": bounds(most)}]}});
    lab.run(modify(range(4096))).unwrap();
    assert!(!lab.said("violate"));
    lab.run(modify(range(512))).unwrap();
    let instances = "drbd1, drbd2, drbd3, plain1, rbd1";
    let warning = format!("violate the policy of group default from now on: {instances}");
    assert!(lab.said(&warning));
}

#[test]
fn nothing_to_change_and_nonsense_are_refused() {
    let mut lab = Lab::new();
    for value in [
        json!({}),
        json!({"ipolicy": {}}),
        json!({"ipolicy": {"vcpu-ratio": -1}}),
        json!({"ipolicy": {"disk-templates": ["file"]}}),
        json!({"ndparams": {"colour": 1}}),
    ] {
        let error = lab.fails(modify(value.clone()));
        assert_eq!(code(&error), ErrorCode::WrongInput, "{value}");
    }
}

#[test]
fn a_new_group_has_parameters_of_its_own() {
    let mut lab = Lab::new();
    let add = |name: &str, parameters: Value| {
        let add = op(json!({"OP_ID": "OP_GROUP_ADD", "group_name": name}));
        let parameters = parameters.as_object().cloned().unwrap_or_default();
        (parameters.into_iter()).fold(add, |add, (key, value)| with(add, &key, value))
    };
    // What goes back to the cluster's is nothing of its own.
    let given = json!({"ndparams": {"ssh_port": "2222", "ovs": "default", "cpu_speed": null},
        "ipolicy": {"vcpu-ratio": 2.0, "spindle-ratio": "default"}});
    lab.run(add("third", given)).unwrap();
    let group = lab.world.config.group_named("third").unwrap();
    assert_eq!(json!(group.ndparams), json!({"ssh_port": 2222}));
    assert_eq!(json!(group.ipolicy), json!({"vcpu-ratio": 2.0}));
    for wrong in [
        json!({"ndparams": {"colour": 1}}),
        json!({"ipolicy": {"vcpu-ratio": -1}}),
        json!({"ipolicy": {"std": {}}}),
    ] {
        let error = lab.fails(add("fourth", wrong.clone()));
        assert_eq!(code(&error), ErrorCode::WrongInput, "{wrong}");
    }
    assert!(lab.world.config.group_named("fourth").is_none());
}

#[test]
fn a_group_has_its_nodes_under_another_name() {
    let mut lab = Lab::new();
    let rename = |from: &str, to: &str| {
        op(json!({"OP_ID": "OP_GROUP_RENAME", "group_name": from, "new_name": to}))
    };
    lab.run(rename("default", "north")).unwrap();
    let config = &lab.world.config;
    assert!(config.group_named("default").is_none());
    let group = config.group_named("north").unwrap();
    assert_eq!(config.instances_in(&group.uuid).count(), 5);
    for (from, to, expected) in [
        ("default", "south", ErrorCode::UnknownEntity),
        ("north", "other", ErrorCode::AlreadyExists),
        ("north", "north", ErrorCode::AlreadyExists),
        ("north", "a b", ErrorCode::WrongInput),
    ] {
        assert_eq!(code(&lab.fails(rename(from, to))), expected, "{from} {to}");
    }
}

#[test]
fn a_cluster_is_renamed() {
    let mut lab = Lab::new();
    let rename = |name: &str| op(json!({"OP_ID": "OP_CLUSTER_RENAME", "name": name}));
    lab.run(rename("north")).unwrap();
    assert_eq!(lab.world.config.name(), "north");
    for name in ["north", "", "a/b", "a\nb"] {
        assert_eq!(
            code(&lab.fails(rename(name))),
            ErrorCode::WrongInput,
            "{name}"
        );
    }
}

#[test]
fn a_group_is_locked_with_its_instances() {
    let group = |name: &str| Lock::one(Level::NodeGroup, name);
    let mut expected = LockSet::new().with(group("uuid-default"), Mode::Exclusive);
    for name in ["drbd1", "drbd2", "drbd3", "plain1", "rbd1"] {
        expected.add(Lock::one(Level::Instance, name), Mode::Shared);
    }
    assert_eq!(unit(&modify(json!({})).op).locks(&config()), expected);
    let rename = op(json!({"OP_ID": "OP_GROUP_RENAME", "group_name": "other", "new_name": "x"}));
    let expected = LockSet::new()
        .with(group("uuid-other"), Mode::Exclusive)
        .with(group("x"), Mode::Exclusive);
    assert_eq!(unit(&rename.op).locks(&config()), expected);
}
