//! Nodes, groups, and the opcodes that only exercise the queue.

use super::*;
use crate::allocator::Role;
use crate::hypervisor::InterruptKind;
use crate::locking::{Level, Lock, LockSet, Mode};
use crate::lu::Slot;

fn modify(key: &str, value: Value) -> Opcode {
    let op = op(json!({"OP_ID": "OP_NODE_SET_PARAMS", "node_name": "node1"}));
    with(op, key, value)
}

fn value(outcome: Outcome) -> Value {
    match outcome.result {
        UnitResult::Value(value) => value,
        UnitResult::Jobs(_) => panic!("jobs"),
    }
}

#[test]
fn that_a_node_is_dead_waits_for_nothing() {
    let op = modify("offline", json!(true));
    assert!(unit(&op.op).locks(&config()).is_empty());
    assert_eq!(unit(&op.op).slot(), Slot::Planning);
    let mut lab = Lab::new();
    lab.change_node("node1", |node| node.drained = true);
    let result = value(lab.run(op).unwrap());
    assert_eq!(result, json!([["drained", "False"], ["offline", "True"]]));
    let node = lab.world.config.node_named("node1").unwrap();
    assert!(node.offline && !node.drained);
}

#[test]
fn a_node_comes_back_only_when_it_answers() {
    let mut lab = Lab::new();
    lab.change_node("node1", |node| node.offline = true);
    lab.kill_node("node1");
    assert_eq!(
        code(&lab.fails(modify("offline", json!(false)))),
        ErrorCode::WrongState
    );
    lab.fake.clear_faults(None).unwrap();
    lab.run(modify("offline", json!(false))).unwrap();
    assert!(!lab.world.config.node_named("node1").unwrap().offline);
    let result = value(lab.run(modify("offline", json!(false))).unwrap());
    assert_eq!(result, json!([]));
    assert!(lab.said("already unset"));
}

#[test]
fn changes_that_make_no_sense_are_refused() {
    let mut lab = Lab::new();
    let nothing = op(json!({"OP_ID": "OP_NODE_SET_PARAMS", "node_name": "node1"}));
    let small = json!({"memory": 100, "disk": 100_000, "cpus": 1});
    let both = with(modify("offline", json!(true)), "drained", json!(true));
    for (op, expected) in [
        (nothing, ErrorCode::WrongInput),
        (both, ErrorCode::WrongInput),
        (modify("vm_capable", json!(false)), ErrorCode::WrongState),
        (
            modify("secondary_ip", json!("nowhere")),
            ErrorCode::WrongInput,
        ),
        (
            modify("capacity", small.clone()),
            ErrorCode::InsufficientResources,
        ),
    ] {
        assert_eq!(code(&lab.fails(op)), expected);
    }
    lab.run(with(modify("capacity", small), "force", json!(true)))
        .unwrap();
    let now = lab.fake.snapshot().unwrap();
    assert_eq!(
        now.nodes[&NodeUuid::from("uuid-node1")].capacity.memory,
        100
    );
    let node = lab.world.config.node_named("node1").unwrap();
    assert_eq!(node.capacity.memory, 100);
}

#[test]
fn a_size_holds_what_is_on_its_way_too_and_is_changed_by_one_at_a_time() {
    let mut lab = Lab::new();
    let size = |memory: u64| {
        modify(
            "capacity",
            json!({"memory": memory, "disk": 100_000, "cpus": 1}),
        )
    };
    let claim = Claim {
        node: "uuid-node1".into(),
        instance: "uuid-plain1".into(),
        role: Role::Primary,
        memory: 1024,
        disk: 0,
        vcpus: 1,
    };
    lab.world.claims = Arc::new(vec![(JobId(3), claim)]);
    let error = lab.fails(size(3071));
    assert!(error.message.contains("take 3072 MiB of memory"), "{error}");
    lab.run(size(3072)).unwrap();
    let config = &lab.world.config;
    let locks = |op: Opcode| unit(&op.op).locks(config);
    assert!(locks(modify("drained", json!(true))).is_empty());
    let own = Lock::one(Level::Node, "uuid-node1");
    let own: LockSet = [(own, Mode::Exclusive)].into_iter().collect();
    assert_eq!(locks(size(4096)), own);
}

#[test]
fn nodes_come_and_go() {
    let mut lab = Lab::new();
    let add = op(json!({"OP_ID": "OP_NODE_ADD", "node_name": "node6", "group": "default"}));
    let without = with(add.clone(), "group", json!(null));
    assert_eq!(code(&lab.fails(without)), ErrorCode::WrongInput);
    lab.run(add.clone()).unwrap();
    let node = lab.world.config.node_named("node6").unwrap().clone();
    let now = lab.fake.snapshot().unwrap();
    assert_eq!(now.nodes[&node.uuid].capacity, node.capacity);
    assert_eq!(code(&lab.fails(add)), ErrorCode::AlreadyExists);
    let remove = |name: &str| op(json!({"OP_ID": "OP_NODE_REMOVE", "node_name": name}));
    let error = lab.fails(remove("node1"));
    assert!(
        error.message.contains("drbd1, drbd2, rbd1, drbd3"),
        "{error}"
    );
    let claim = Claim {
        node: node.uuid.clone(),
        instance: "uuid-rbd1".into(),
        role: crate::allocator::Role::Primary,
        memory: 1,
        disk: 0,
        vcpus: 1,
    };
    lab.world.claims = vec![(JobId(3), claim)].into();
    assert_eq!(code(&lab.fails(remove("node6"))), ErrorCode::WrongState);
    lab.world.claims = vec![].into();
    lab.run(remove("node6")).unwrap();
    assert!(lab.world.config.node_named("node6").is_none());
    assert!(!lab.fake.snapshot().unwrap().nodes.contains_key(&node.uuid));
}

#[test]
fn a_node_is_brought_back() {
    let mut lab = Lab::new();
    let readd = |name: &str| op(json!({"OP_ID": "OP_NODE_ADD", "node_name": name, "readd": true}));
    assert_eq!(code(&lab.fails(readd("node9"))), ErrorCode::UnknownEntity);
    let moved = with(readd("node1"), "group", json!("other"));
    assert_eq!(code(&lab.fails(moved)), ErrorCode::WrongInput);
    lab.change_node("node1", |node| node.offline = true);
    lab.run(readd("node1")).unwrap();
    assert!(!lab.world.config.node_named("node1").unwrap().offline);
}

#[test]
fn groups_come_fill_and_go() {
    let mut lab = Lab::new();
    let group = |id: &str, name: &str| op(json!({"OP_ID": id, "group_name": name}));
    lab.run(group("OP_GROUP_ADD", "third")).unwrap();
    let again = lab.fails(group("OP_GROUP_ADD", "third"));
    assert_eq!(code(&again), ErrorCode::AlreadyExists);
    let assign = |nodes: Value| {
        op(json!({"OP_ID": "OP_GROUP_ASSIGN_NODES", "group_name": "third", "nodes": nodes}))
    };
    let error = lab.fails(assign(json!(["node2"])));
    assert!(error.message.ends_with(": drbd1, drbd3"), "{error}");
    assert_eq!(error.class, ErrorClass::OpExecError);
    lab.run(with(assign(json!(["node2"])), "force", json!(true)))
        .unwrap();
    let error = lab.fails(group("OP_GROUP_REMOVE", "third"));
    assert_eq!(code(&error), ErrorCode::WrongState);
    lab.world.config.put_node(node("node2", "uuid-default"));
    lab.run(group("OP_GROUP_REMOVE", "third")).unwrap();
    assert!(lab.world.config.group_named("third").is_none());
}

#[test]
fn delays_wait_and_can_be_ended() {
    let mut lab = Lab::new();
    let delay = |duration: f64| op(json!({"OP_ID": "OP_TEST_DELAY", "duration": duration}));
    lab.run(delay(0.0)).unwrap();
    lab.run(with(delay(0.0), "repeat", json!(2))).unwrap();
    assert!(lab.said("iteration 1/1"));
    assert_eq!(code(&lab.fails(delay(-1.0))), ErrorCode::WrongInput);
    let unknown = with(delay(0.0), "on_nodes", json!(["node9"]));
    assert_eq!(code(&lab.fails(unknown)), ErrorCode::UnknownEntity);
    lab.interrupt.raise(InterruptKind::Cancel);
    assert_eq!(lab.fails(delay(1000.0)), OpError::canceled());
    lab.interrupt.raise(InterruptKind::Leave);
    assert!(lab.run(delay(1000.0)).unwrap_err().left_behind);
}

#[test]
fn a_dummy_does_as_it_is_told() {
    let mut lab = Lab::new();
    let dummy = |key: &str, value: Value| with(op(json!({"OP_ID": "OP_TEST_DUMMY"})), key, value);
    assert_eq!(value(lab.run(dummy("result", json!(5))).unwrap()), json!(5));
    lab.run(dummy("messages", json!(["hello"]))).unwrap();
    assert!(lab.said("hello"));
    assert_eq!(lab.fails(dummy("fail", json!("oh"))).message, "oh");
    lab.run(dummy("fail", json!(true))).unwrap_err();
    let job = json!([[{"OP_ID": "OP_TEST_DELAY", "duration": 0}]]);
    let outcome = lab.run(dummy("submit_jobs", job)).unwrap();
    assert!(matches!(outcome.result, UnitResult::Jobs(jobs) if jobs.jobs.len() == 1));
}
