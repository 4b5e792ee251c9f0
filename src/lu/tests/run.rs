//! Startup, shutdown, reboot, remove.

use super::*;

fn instance_op(id: &str, name: &str) -> Opcode {
    op(json!({"OP_ID": format!("OP_INSTANCE_{id}"), "instance_name": name}))
}

fn reboot(name: &str, kind: &str) -> Opcode {
    op(json!({"OP_ID": "OP_INSTANCE_REBOOT", "instance_name": name, "reboot_type": kind}))
}

#[test]
fn starting_and_stopping_are_remembered_unless_told_not_to() {
    let mut lab = Lab::new();
    let quietly = |op| with(op, "no_remember", json!(true));
    lab.run(quietly(instance_op("SHUTDOWN", "drbd1"))).unwrap();
    assert!(lab.runs_on("drbd1").is_empty());
    assert_eq!(lab.instance("drbd1").admin_state, AdminState::Up);
    lab.run(instance_op("SHUTDOWN", "drbd1")).unwrap();
    assert_eq!(lab.instance("drbd1").admin_state, AdminState::Down);
    lab.run(quietly(instance_op("STARTUP", "drbd1"))).unwrap();
    assert_eq!(lab.runs_on("drbd1"), ["node1"]);
    assert_eq!(lab.instance("drbd1").admin_state, AdminState::Down);
    lab.run(instance_op("STARTUP", "drbd1")).unwrap();
    assert_eq!(lab.instance("drbd1").admin_state, AdminState::Up);
    assert_eq!(lab.verbs("drbd1"), [Verb::Stop, Verb::Start]);
}

#[test]
fn a_start_needs_room_and_a_secondary_that_answers() {
    let mut lab = Lab::new();
    lab.change_node("node1", |node| node.capacity.memory = 2048);
    let error = lab.fails(instance_op("STARTUP", "drbd2"));
    assert_eq!(code(&error), ErrorCode::InsufficientResources, "{error}");
    let mut lab = Lab::new();
    lab.kill_node("node3");
    let error = lab.fails(instance_op("STARTUP", "drbd2"));
    assert_eq!(code(&error), ErrorCode::EnvironmentError, "{error}");
    let forced = with(instance_op("STARTUP", "drbd2"), "force", json!(true));
    lab.run(forced).unwrap();
    assert_eq!(lab.runs_on("drbd2"), ["node1"]);
}

#[test]
fn on_an_offline_node_only_what_is_meant_changes() {
    let mut lab = Lab::new();
    lab.change_node("node1", |node| node.offline = true);
    for (id, state) in [("SHUTDOWN", AdminState::Down), ("STARTUP", AdminState::Up)] {
        let error = lab.fails(instance_op(id, "drbd1"));
        assert_eq!(code(&error), ErrorCode::WrongState);
        assert!(error.hint.unwrap().contains("failover drbd1"));
        let anyway = with(
            instance_op(id, "drbd1"),
            "ignore_offline_nodes",
            json!(true),
        );
        lab.run(anyway).unwrap();
        assert_eq!(lab.instance("drbd1").admin_state, state);
    }
    assert!(lab.verbs("drbd1").is_empty());
}

#[test]
fn an_instance_marked_offline_is_left_alone() {
    let mut lab = Lab::new();
    lab.change_instance("drbd2", |one| one.admin_state = AdminState::Offline);
    for op in [
        instance_op("STARTUP", "drbd2"),
        instance_op("SHUTDOWN", "drbd2"),
        reboot("drbd2", "soft"),
    ] {
        assert_eq!(code(&lab.fails(op)), ErrorCode::WrongState);
    }
}

#[test]
fn a_start_that_hangs_makes_the_instance_uncertain() {
    let mut lab = Lab::new();
    lab.limits.start = Duration::from_millis(20);
    lab.fault(FaultKind::Hangs, |fault| fault.verb = Some(Verb::Start));
    let failure = lab.run(instance_op("STARTUP", "drbd2")).unwrap_err();
    assert_eq!(code(&failure.error), ErrorCode::Unknown);
    assert!(lab.instance("drbd2").uncertain.is_some());
    assert_eq!(lab.instance("drbd2").admin_state, AdminState::Down);
}

#[test]
fn one_that_runs_on_its_secondary_is_not_started_a_second_time() {
    let mut lab = Lab::new();
    let before = lab.world.config.clone();
    lab.run(instance_op("MIGRATE", "drbd1")).unwrap();
    lab.world.config = before;
    let error = lab.fails(instance_op("STARTUP", "drbd1"));
    assert!(error.hint.unwrap().contains("--cleanup drbd1"));
    assert_eq!(lab.runs_on("drbd1"), ["node2"]);
}

#[test]
fn reboots_are_soft_or_full() {
    let mut lab = Lab::new();
    lab.run(reboot("drbd1", "soft")).unwrap();
    lab.run(reboot("drbd1", "hard")).unwrap();
    lab.run(reboot("drbd1", "full")).unwrap();
    assert_eq!(
        lab.verbs("drbd1"),
        [Verb::Reboot, Verb::Reboot, Verb::Stop, Verb::Start]
    );
    lab.run(reboot("drbd2", "soft")).unwrap();
    assert_eq!(lab.runs_on("drbd2"), ["node1"]);
    assert_eq!(lab.instance("drbd2").admin_state, AdminState::Up);
}

#[test]
fn a_removed_instance_leaves_nothing() {
    let mut lab = Lab::new();
    let uuid = lab.instance("drbd1").uuid.clone();
    lab.run(instance_op("REMOVE", "drbd1")).unwrap();
    assert!(lab.world.config.instance_named("drbd1").is_none());
    let now = lab.fake.snapshot().unwrap();
    let rest = now.instances.get(&uuid).cloned().unwrap_or_default();
    assert!(rest.running_on.is_empty() && rest.copies.is_empty());
}

#[test]
fn a_removal_that_fails_keeps_the_instance_unless_failures_are_ignored() {
    let mut lab = Lab::new();
    lab.fault(FaultKind::Fails, |fault| fault.verb = Some(Verb::Stop));
    lab.run(instance_op("REMOVE", "rbd1")).unwrap_err();
    assert!(lab.world.config.instance_named("rbd1").is_some());
    let anyway = with(
        instance_op("REMOVE", "rbd1"),
        "ignore_failures",
        json!(true),
    );
    lab.run(anyway).unwrap();
    assert!(lab.world.config.instance_named("rbd1").is_none());
}

#[test]
fn an_instance_has_less_for_one_run_never_more() {
    let mut lab = Lab::new();
    let start = |beparams: Value| {
        op(
            json!({"OP_ID": "OP_INSTANCE_STARTUP", "instance_name": "drbd2",
            "beparams": beparams, "hvparams": {"acpi": true}}),
        )
    };
    for (beparams, expected) in [
        (
            json!({"memory": 2048}),
            "has 1024 MiB of memory: it cannot have 2048 for one run",
        ),
        (json!({"vcpus": 2}), "has 1 virtual CPUs"),
        (
            json!({"maxmem": 512}),
            "minmem (1024) is larger than maxmem (512)",
        ),
        (
            json!({"auto_balance": false}),
            "auto_balance is of no account for one run",
        ),
        (json!({"colour": 1}), "unknown backend parameter colour"),
    ] {
        let error = lab.fails(start(beparams.clone()));
        assert!(error.message.contains(expected), "{beparams}: {error}");
    }
    let used = |lab: &Lab| {
        let node = lab.node("node1");
        let facts = lab.verb(|fake, call| fake.node_facts(call, &node));
        facts.unwrap().memory_used
    };
    let before = used(&lab);
    lab.run(start(json!({"memory": 256}))).unwrap();
    assert_eq!(used(&lab), before + 256);
    assert!(lab.said("hypervisor parameters of this run: {\"acpi\":true}"));
    // What is configured stays.
    assert_eq!(lab.instance("drbd2").beparams["maxmem"], 1024);
    lab.run(start(json!({"memory": 128}))).unwrap();
    assert!(lab.said("runs already, as it was started before"));
    assert_eq!(used(&lab), before + 256);
}
