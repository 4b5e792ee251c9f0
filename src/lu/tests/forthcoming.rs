//! Instances that are noted first and made later.

use super::plans::jobs;
use super::*;

fn create(more: Value) -> Opcode {
    let mut value = json!({"OP_ID": "OP_INSTANCE_CREATE", "instance_name": "new1"});
    for (key, part) in more.as_object().unwrap() {
        value[key] = part.clone();
    }
    op(value)
}

fn note() -> Opcode {
    create(json!({
        "forthcoming": true, "disk_template": "drbd", "disks": [{"size": 2000, "name": "data"}],
        "beparams": {"memory": 512}, "nics": [{"link": "br0", "ip": "10.0.0.1"}],
        "pnode": "node3", "snode": "node4", "tags": ["one"], "osparams": {"dhcp": "yes"},
    }))
}

#[test]
fn what_is_noted_takes_room_and_is_not_there() {
    let mut lab = Lab::new();
    lab.run(note()).unwrap();
    let noted = lab.instance("new1");
    assert!(noted.forthcoming && !noted.disks_active);
    assert_eq!(noted.admin_state, AdminState::Down);
    assert_eq!(lab.nodes_of("new1"), ("node3".into(), Some("node4".into())));
    let reality = lab.fake.snapshot().unwrap();
    assert!(!reality.instances.contains_key(&noted.uuid));
    let error = lab.fails(op(
        json!({"OP_ID": "OP_INSTANCE_STARTUP", "instance_name": "new1"}),
    ));
    assert_eq!(
        error.hint.unwrap(),
        "gnt-instance add --commit new1 makes it"
    );
    // A check of the cluster does not miss it, and nobody moves it.
    let verify = json!({"OP_ID": "OP_CLUSTER_VERIFY_GROUP", "group_name": "default"});
    let findings = lab.run(op(verify)).unwrap().detail.findings;
    let about = |finding: &crate::lu::Finding| {
        finding.name == "new1" && finding.severity == crate::lu::Severity::Error
    };
    assert!(!findings.iter().any(about), "{findings:?}");
    let leave = json!({"OP_ID": "OP_NODE_EVACUATE", "node_name": "node3", "mode": "all",
        "allow_partial": true});
    let detail = lab.run(op(leave)).unwrap().detail;
    let stuck = detail.unmovable.iter().find(|one| one.instance == "new1");
    assert!(stuck.unwrap().reason.contains("forthcoming"));
    // It can be forgotten.
    lab.run(op(
        json!({"OP_ID": "OP_INSTANCE_REMOVE", "instance_name": "new1"}),
    ))
    .unwrap();
    assert!(lab.world.config.instance_named("new1").is_none());
}

#[test]
fn what_is_committed_is_made_as_it_was_noted() {
    let mut lab = Lab::new();
    lab.run(note()).unwrap();
    let noted = lab.instance("new1");
    let commit = create(json!({"commit": true, "beparams": {"vcpus": 2}}));
    let world = lab.world.clone();
    lab.run(commit.clone()).unwrap();
    // The runner died before the end was written down.
    lab.world = world;
    lab.again(commit.clone()).unwrap();
    let made = lab.instance("new1");
    assert_eq!(made.uuid, noted.uuid);
    assert!(!made.forthcoming && made.disks_active);
    assert_eq!(made.admin_state, AdminState::Up);
    assert_eq!(lab.runs_on("new1").len(), 0,);
    let now = lab.fake.snapshot().unwrap();
    assert_eq!(now.instances[&made.uuid].running_on, ["uuid-node3".into()]);
    assert_eq!(now.instances[&made.uuid].copies.len(), 2);
    let expected = json!({"maxmem": 512, "minmem": 512, "vcpus": 2});
    assert_eq!(json!(made.beparams), expected);
    assert_eq!(
        (&made.tags, &made.rest["osparams"]),
        (&noted.tags, &noted.rest["osparams"])
    );
    assert_eq!(made.nics[0]["mac"], noted.nics[0]["mac"]);
    assert_eq!(made.nics[0]["ip"], "10.0.0.1");
    assert_eq!(made.nics[0]["nicparams"], json!({"link": "br0"}));
    let config = &lab.world.config;
    let disk = config.disks_of(&made).next().unwrap();
    assert_eq!((disk.size, &disk.rest["name"]), (2000, &json!("data")));
    let error = lab.fails(commit);
    assert_eq!(error.message, "instance new1 is there already");
}

#[test]
fn what_cannot_be_committed() {
    let mut lab = Lab::new();
    let commit = || create(json!({"commit": true}));
    let error = lab.fails(commit());
    assert_eq!(code(&error), ErrorCode::WrongInput);
    assert!(error.message.contains("was not noted"), "{error}");
    lab.run(note()).unwrap();
    let both = create(json!({"commit": true, "forthcoming": true}));
    assert!(lab.fails(both).message.contains("not both"));
    // Its node takes nothing any more: it goes where it can.
    lab.change_node("node3", |node| node.drained = true);
    assert!(lab.fails(commit()).message.contains("node3 is drained"));
    let elsewhere = create(json!({"commit": true, "pnode": "node1", "snode": "node2"}));
    lab.run(elsewhere).unwrap();
    assert_eq!(lab.nodes_of("new1"), ("node1".into(), Some("node2".into())));
}

#[test]
fn an_allocator_chooses_where_it_is_committed() {
    let mut lab = Lab::new();
    lab.run(note()).unwrap();
    lab.answer(&json!(["node1", "node2"]));
    let commit = create(json!({"commit": true, "iallocator": "mine"}));
    let planned = jobs(lab.run(commit).unwrap());
    assert!(lab.instance("new1").forthcoming);
    lab.run(planned.jobs[0].ops[0].clone()).unwrap();
    assert_eq!(lab.nodes_of("new1"), ("node1".into(), Some("node2".into())));
}
