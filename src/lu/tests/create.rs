//! Creating instances.

use super::*;
use crate::hypervisor::InterruptKind;

fn create_op(template: &str) -> Opcode {
    op(json!({
        "OP_ID": "OP_INSTANCE_CREATE", "instance_name": "New1", "disk_template": template,
        "disks": [{"size": 2000}], "beparams": {"memory": 512}, "nics": [{"link": "br0"}],
    }))
}

fn placed(template: &str) -> Opcode {
    let op = with(create_op(template), "pnode", json!("node3"));
    match template {
        "drbd" => with(op, "snode", json!("node4")),
        _ => op,
    }
}

/// Where the new instance runs, and where its copies are, by UUID of the node.
fn reality(lab: &Lab) -> (Vec<String>, Vec<String>) {
    let now = lab.fake.snapshot().unwrap();
    let new = now.instances.values().find(|one| one.name == "new1");
    let new = new.cloned().unwrap_or_default();
    let mut copies: Vec<_> = new
        .copies
        .iter()
        .map(|(node, _)| node.to_string())
        .collect();
    copies.sort();
    let running = new.running_on.iter().map(|node| node.to_string()).collect();
    (running, copies)
}

#[test]
fn a_drbd_instance_is_made_as_told() {
    let mut lab = Lab::new();
    let outcome = lab.run(placed("drbd")).unwrap();
    let UnitResult::Value(result) = outcome.result else {
        panic!("no value")
    };
    assert_eq!(result, json!(["node3", "node4"]));
    assert_eq!(lab.nodes_of("new1"), ("node3".into(), Some("node4".into())));
    let (running, copies) = reality(&lab);
    assert_eq!(running, ["uuid-node3"]);
    assert_eq!(copies, ["uuid-node3", "uuid-node4"]);
    let instance = lab.instance("new1");
    assert_eq!(instance.beparams["maxmem"], 512);
    assert_eq!(instance.nics[0]["nicparams"]["link"], "br0");
    assert!(
        instance.nics[0]["mac"]
            .as_str()
            .unwrap()
            .starts_with("aa:00:00:")
    );
    let config = &lab.world.config;
    let disk = config.disks_of(&instance).next().unwrap();
    assert_eq!(disk.logical_id.len(), 6);
    assert_eq!(disk.rest["children"][1]["size"], 128);
    assert_eq!(disk.rest["children"][0]["logical_id"][0], "vg0");
}

#[test]
fn the_placement_chooses_where_no_node_is_named() {
    for template in ["drbd", "plain", "rbd"] {
        let mut lab = Lab::new();
        lab.run(create_op(template)).unwrap();
        let (primary, secondary) = lab.nodes_of("new1");
        assert_eq!(reality(&lab).0, [format!("uuid-{primary}")]);
        assert_eq!(secondary.is_some(), template == "drbd");
    }
}

#[test]
fn one_that_is_not_to_start_stays_down() {
    let mut lab = Lab::new();
    lab.run(with(placed("plain"), "start", json!(false)))
        .unwrap();
    assert_eq!(reality(&lab), (vec![], vec!["uuid-node3".to_owned()]));
    assert_eq!(lab.instance("new1").admin_state, AdminState::Down);
}

#[test]
fn one_that_cannot_be_made_leaves_nothing() {
    for verb in [Verb::Sync, Verb::Start] {
        let mut lab = Lab::new();
        lab.fault(FaultKind::Fails, |fault| fault.verb = Some(verb));
        lab.run(placed("drbd")).unwrap_err();
        assert!(lab.world.config.instance_named("new1").is_none());
        assert_eq!(reality(&lab), (vec![], vec![]), "{verb}");
    }
    let mut lab = Lab::new();
    lab.interrupt.raise(InterruptKind::Cancel);
    assert_eq!(lab.fails(placed("drbd")), OpError::canceled());
    assert_eq!(reality(&lab), (vec![], vec![]));
}

#[test]
fn one_that_was_begun_is_finished_not_made_twice() {
    let mut lab = Lab::new();
    let before = lab.world.config.clone();
    lab.run(create_op("drbd")).unwrap();
    let first = reality(&lab);
    lab.world.config = before;
    // The placement would choose differently now.
    let primary = first.0[0].trim_start_matches("uuid-").to_owned();
    lab.change_node(&primary, |node| node.drained = true);
    lab.again(create_op("drbd")).unwrap();
    assert_eq!(reality(&lab), first);
    assert_eq!(lab.nodes_of("new1").0, primary);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let mut lab = Lab::new();
    lab.change_node("node1", |node| node.drained = true);
    lab.change_instance("drbd1", |one| {
        one.nics = vec![json!({"mac": "aa:00:00:00:00:01"})]
    });
    let on = |key: &str, value: Value| with(placed("drbd"), key, value);
    for (op, expected) in [
        (
            on("instance_name", json!("drbd1")),
            ErrorCode::AlreadyExists,
        ),
        (on("instance_name", json!("a b")), ErrorCode::WrongInput),
        (on("mode", json!("import")), ErrorCode::WrongInput),
        (on("disks", json!([])), ErrorCode::WrongInput),
        (on("disks", json!([{"size": 0}])), ErrorCode::WrongInput),
        (
            on("disks", json!([{"size": 900_000}])),
            ErrorCode::InsufficientResources,
        ),
        (on("disk_template", json!("file")), ErrorCode::WrongState),
        (on("disk_template", json!("plain")), ErrorCode::WrongInput),
        (on("hypervisor", json!("kvm")), ErrorCode::WrongState),
        (on("snode", json!("node3")), ErrorCode::WrongInput),
        (on("snode", json!(null)), ErrorCode::WrongInput),
        (on("snode", json!("node5")), ErrorCode::WrongInput),
        (on("pnode", json!("node1")), ErrorCode::WrongState),
        (on("group_name", json!("other")), ErrorCode::WrongInput),
        (
            on("iallocator", json!("no-such")),
            ErrorCode::EnvironmentError,
        ),
        (
            on("beparams", json!({"memory": "much"})),
            ErrorCode::WrongInput,
        ),
        (on("beparams", json!({"colour": 1})), ErrorCode::WrongInput),
        (
            on("beparams", json!({"memory": 9000})),
            ErrorCode::InsufficientResources,
        ),
        (
            on("beparams", json!({"minmem": 2, "maxmem": 1})),
            ErrorCode::WrongInput,
        ),
        (
            on("nics", json!([{"mac": "AA:00:00:00:00:01"}])),
            ErrorCode::ResourceNotUnique,
        ),
    ] {
        let error = lab.fails(op.clone());
        assert_eq!(code(&error), expected, "{}: {error}", op.to_value());
    }
    assert!(lab.fake.log().unwrap().is_empty());
}
