use super::*;
use crate::locking::{Level, Lock, LockSet, Mode};

fn modify(name: &str, value: Value) -> Opcode {
    let mut value = value;
    value["OP_ID"] = json!("OP_INSTANCE_SET_PARAMS");
    value["instance_name"] = json!(name);
    op(value)
}

fn rename(from: &str, to: &str) -> Opcode {
    op(json!({"OP_ID": "OP_INSTANCE_RENAME", "instance_name": from, "new_name": to}))
}

fn told(end: Result<Outcome, Failure>) -> Value {
    match end.unwrap().result {
        UnitResult::Value(value) => value,
        UnitResult::Jobs(_) => panic!("jobs"),
    }
}

/// MiB that the copies of disks take on a node in reality.
fn disk_used(lab: &Lab, node: &str) -> u64 {
    lab.fake.snapshot().unwrap().nodes[&lab.node(node).uuid].disk_used
}

fn sizes(lab: &Lab, name: &str) -> Vec<(String, u64)> {
    let config = &lab.world.config;
    let instance = lab.instance(name);
    let disks = config.disks_of(&instance);
    disks
        .map(|disk| (disk.iv_name.clone(), disk.size))
        .collect()
}

#[test]
fn parameters_come_and_go() {
    let mut lab = Lab::new();
    let changes = json!({"beparams": {"memory": 2048, "vcpus": 2}, "hvparams": {"acpi": true},
        "osparams": {"dhcp": "no"}, "os_name": "debian"});
    let result = told(lab.run(modify("drbd1", changes.clone())));
    assert_eq!(
        result,
        json!([
            ["hv/acpi", true],
            ["be/maxmem", 2048],
            ["be/minmem", 2048],
            ["be/vcpus", 2],
            ["os/dhcp", "no"],
            ["os", "debian"]
        ])
    );
    let changed = lab.instance("drbd1");
    assert_eq!(
        json!(changed.beparams),
        json!({"maxmem": 2048, "minmem": 2048, "vcpus": 2})
    );
    assert_eq!(changed.rest["osparams"], json!({"dhcp": "no"}));
    assert_eq!(changed.os, "debian");
    // Run again after a crash nothing differs.
    lab.again(modify("drbd1", changes)).unwrap();
    assert_eq!(lab.instance("drbd1"), changed);
    let result = told(lab.run(modify("drbd1", json!({"beparams": {"vcpus": "default"}}))));
    assert_eq!(result, json!([["be/vcpus", "default"]]));
    assert!(lab.instance("drbd1").beparams.get("vcpus").is_none());
}

#[test]
fn memory_has_to_be_there() {
    let mut lab = Lab::new();
    let more = |memory: u64| json!({"beparams": {"memory": memory}});
    let error = lab.fails(modify("drbd1", more(16_384)));
    assert_eq!(code(&error), ErrorCode::InsufficientResources);
    let mut forced = more(16_384);
    forced["force"] = json!(true);
    lab.run(modify("drbd1", forced)).unwrap();
    // One that is stopped takes none.
    lab.run(modify("drbd2", more(16_384))).unwrap();
    let error = lab.fails(modify("drbd2", json!({"beparams": {"minmem": 32_768}})));
    assert!(error.message.contains("above maxmem"), "{error}");
    let error = lab.fails(modify("drbd2", more(65_536)));
    assert!(error.message.contains("violate the policy"), "{error}");
    let mut all_the_same = more(65_536);
    all_the_same["ignore_ipolicy"] = json!(true);
    lab.run(modify("drbd2", all_the_same)).unwrap();
}

#[test]
fn disks_come_and_go_on_all_nodes_that_hold_them() {
    let mut lab = Lab::new();
    let before = disk_used(&lab, "node1");
    let add =
        json!({"disks": [["add", {"size": 2048, "name": "data"}], ["add", 0, {"size": 1024}]]});
    let result = told(lab.run(modify("drbd1", add.clone())));
    assert_eq!(
        result,
        json!([
            ["disk/1", "add:size=2048,mode=rw"],
            ["disk/0", "add:size=1024,mode=rw"]
        ])
    );
    let disks = [("disk/0", 1024), ("disk/1", 1000), ("disk/2", 2048)];
    let disks = disks.map(|(name, size)| (name.to_owned(), size));
    assert_eq!(sizes(&lab, "drbd1"), disks);
    assert_eq!(lab.copies_on("drbd1"), ["node1", "node2"]);
    assert_eq!(disk_used(&lab, "node1"), before + 2048 + 1024 + 2 * 128);
    let change = json!({"disks": [["modify", "data", {"mode": "ro", "name": "old"}],
        ["remove", 0, {}], ["modify", -1, {"name": "none"}]]});
    let result = told(lab.run(modify("drbd1", change)));
    assert_eq!(
        result,
        json!([
            ["disk.mode/2", "ro"],
            ["disk.name/2", "old"],
            ["disk/0", "remove"],
            ["disk.name/1", "none"]
        ])
    );
    let disks = [("disk/0", 1000), ("disk/1", 2048)];
    let disks = disks.map(|(name, size)| (name.to_owned(), size));
    assert_eq!(sizes(&lab, "drbd1"), disks);
    assert_eq!(disk_used(&lab, "node1"), before + 2048 + 128);
    let instance = lab.instance("drbd1");
    let last = lab.world.config.disks_of(&instance).last().unwrap();
    assert_eq!(
        (&last.rest["mode"], last.rest.get("name")),
        (&json!("ro"), None)
    );
}

#[test]
fn a_disk_is_added_once_however_often_the_runner_dies() {
    let mut lab = Lab::new();
    let before = disk_used(&lab, "node1");
    let add = modify("drbd1", json!({"disks": [["add", {"size": 2048}]]}));
    let world = lab.world.clone();
    lab.run(add.clone()).unwrap();
    // It died before the end was written down.
    lab.world = world;
    lab.again(add).unwrap();
    assert_eq!(sizes(&lab, "drbd1").len(), 2);
    assert_eq!(disk_used(&lab, "node1"), before + 2048 + 128);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let mut lab = Lab::new();
    for (name, value, expected) in [
        ("drbd1", json!({}), "nothing to change"),
        (
            "drbd1",
            json!({"beparams": {"colour": 1}}),
            "unknown backend parameter colour",
        ),
        (
            "drbd1",
            json!({"beparams": {"colour": null}}),
            "unknown backend parameter colour",
        ),
        (
            "drbd1",
            json!({"disks": [["remove", {}]]}),
            "disk 0 is the last one",
        ),
        (
            "drbd1",
            json!({"disks": [["remove", 4, {}]]}),
            "has no disk 4: it has 1",
        ),
        (
            "drbd1",
            json!({"disks": [["remove", "x", {}]]}),
            "has no disk x",
        ),
        (
            "drbd1",
            json!({"disks": [["add", 3, {"size": 1024}]]}),
            "3 is no place for a disk: 1 is the next",
        ),
        (
            "drbd1",
            json!({"disks": [["add", {"size": 0}]]}),
            "disk 1 has no size",
        ),
        (
            "drbd1",
            json!({"disks": [["add", {"size": 10}]]}),
            "disk-size/1 value 10 is not in range",
        ),
        (
            "drbd1",
            json!({"disks": [["add", {"size": 99_000}]]}),
            "no room for the change",
        ),
        (
            "drbd1",
            json!({"disks": [[0, {"size": 2048}]]}),
            "is no parameter of it",
        ),
        (
            "drbd1",
            json!({"disks": [[0, {"mode": "x"}]]}),
            "neither rw nor ro",
        ),
        ("drbd1", json!({"offline": true}), "meant to run"),
    ] {
        let error = lab.fails(modify(name, value.clone()));
        assert!(error.message.contains(expected), "{value}: {error}");
    }
    let many: Vec<Value> = (0..16).map(|_| json!(["add", {"size": 1024}])).collect();
    let error = lab.fails(modify("drbd1", json!({"disks": many})));
    assert_eq!(code(&error), ErrorCode::WrongState);
    lab.kill_node("node2");
    lab.limits.look = Duration::from_millis(50);
    let error = lab.fails(modify("drbd1", json!({"disks": [["add", {"size": 1024}]]})));
    assert_eq!(error.message, "node2 does not answer");
}

#[test]
fn an_instance_is_marked_offline_only_if_it_does_not_run() {
    let mut lab = Lab::new();
    let offline = |on: bool| modify("drbd2", json!({"offline": on}));
    assert_eq!(
        told(lab.run(offline(true))),
        json!([["admin_state", "offline"]])
    );
    assert_eq!(lab.instance("drbd2").admin_state, AdminState::Offline);
    assert_eq!(
        told(lab.run(offline(false))),
        json!([["admin_state", "down"]])
    );
    // It is meant to be stopped, and somebody started it.
    let (instance, node) = (lab.reference("drbd2"), lab.node("node1"));
    lab.verb(|fake, call| fake.start(call, &instance, &node, &[]))
        .unwrap();
    assert_eq!(
        lab.fails(offline(true)).message,
        "instance drbd2 is still running"
    );
    let error = lab.fails(rename("drbd2", "drbd9"));
    assert_eq!(error.message, "instance drbd2 is still running");
}

#[test]
fn a_stopped_instance_is_renamed() {
    let mut lab = Lab::new();
    assert_eq!(
        told(lab.run(rename("drbd2", "Web.example.com"))),
        json!("web.example.com")
    );
    let renamed = lab.instance("web.example.com");
    assert_eq!(renamed.uuid.as_str(), "uuid-drbd2");
    assert!(lab.world.config.instance_named("drbd2").is_none());
    for (from, to, expected) in [
        ("drbd1", "web", ErrorCode::WrongState),
        ("web", "drbd1", ErrorCode::AlreadyExists),
        ("web", "a_b c", ErrorCode::WrongInput),
        ("drbd2", "web2", ErrorCode::UnknownEntity),
    ] {
        assert_eq!(code(&lab.fails(rename(from, to))), expected, "{from} {to}");
    }
}

#[test]
fn what_is_changed_is_locked() {
    let one = |level, name: &str| Lock::one(level, name);
    let mut expected = LockSet::new()
        .with(one(Level::Instance, "drbd1"), Mode::Exclusive)
        .with(one(Level::NodeGroup, "uuid-default"), Mode::Shared);
    for node in ["uuid-node1", "uuid-node2"] {
        expected.add(one(Level::Node, node), Mode::Shared);
        expected.add(one(Level::NodeRes, node), Mode::Shared);
    }
    assert_eq!(
        unit(&modify("drbd1", json!({})).op).locks(&config()),
        expected
    );
    let expected = LockSet::new()
        .with(one(Level::Instance, "drbd1"), Mode::Exclusive)
        .with(one(Level::Instance, "web"), Mode::Exclusive);
    assert_eq!(unit(&rename("drbd1", "Web").op).locks(&config()), expected);
}
