//! Taking a node into maintenance: what is refused, and that a refusal leaves everything as it was.

use super::plans::{jobs, shape};
use super::*;
use crate::allocator::Role;

fn enter(node: &str) -> Opcode {
    op(json!({"OP_ID": "OP_NODE_MAINTENANCE_ENTER", "node_name": node}))
}

/// The same, unless redundancy would be lost.
fn careful(node: &str) -> Opcode {
    with(enter(node), "keep_redundancy", json!(true))
}

/// A lab in which node1 runs `drbd1` and `rbd1`, and holds the second copies of `drbd2` and `drbd3`,
/// which run on node3 and node2. It has so much memory in MiB.
fn lab_with(memory: u64) -> Lab {
    let mut lab = Lab::new();
    lab.change_instance("drbd2", |one| {
        one.primary_node = "uuid-node3".into();
        one.admin_state = AdminState::Up;
    });
    lab.change_node("node1", |node| node.capacity.memory = memory);
    lab
}

/// What node1 needs to take over from either of the others, 1 GiB, beside the 2 GiB that it runs.
const BEFORE: u64 = 3 * 1024;

/// The same when it runs what came from node2, too.
const AFTER: u64 = BEFORE + 1024;

#[test]
fn a_node_is_entered_as_long_as_another_may_fail_then() {
    let mut lab = lab_with(AFTER);
    let planned = jobs(lab.run(careful("node2")).unwrap());
    assert_eq!(
        shape(&planned),
        ["drbd1: REPLACE_DISKS", "drbd3: MIGRATE REPLACE_DISKS"]
    );
    assert!(lab.world.config.node_named("node2").unwrap().drained);
}

#[test]
fn where_no_other_could_fail_any_more_it_is_refused_and_nothing_has_changed() {
    let mut lab = lab_with(AFTER - 1);
    let before = lab.world.config.clone();
    for op in [
        careful("node2"),
        with(careful("node2"), "dry_run", json!(true)),
    ] {
        let error = lab.fails(op);
        assert_eq!(code(&error), ErrorCode::InsufficientResources);
        assert_eq!(
            error.message,
            "without node2 the cluster could not bear the loss of another node: node1 lacks 1 MiB \
             of memory for it"
        );
        assert!(error.hint.unwrap().contains("without --min-free"));
        let node = lab.world.config.node_named("node2").unwrap();
        assert_eq!(node, before.node_named("node2").unwrap());
    }
    // Who does not ask for that gets the node all the same.
    assert_eq!(jobs(lab.run(enter("node2")).unwrap()).jobs.len(), 2);
}

#[test]
fn what_was_lacking_before_is_not_what_it_is_refused_for() {
    // node1 could not take over from anybody, and would not more easily with node4 there.
    let mut lab = lab_with(BEFORE - 1);
    lab.run(careful("node4")).unwrap();
    // In a cluster that could lose a node, claims count as much as what is there.
    let mut lab = lab_with(AFTER);
    let claim = Claim {
        node: "uuid-node1".into(),
        instance: "uuid-plain1".into(),
        role: Role::Primary,
        memory: 1,
        disk: 0,
        vcpus: 0,
    };
    lab.world.claims = Arc::new(vec![(JobId(3), claim)]);
    let error = lab.fails(careful("node2"));
    assert_eq!(code(&error), ErrorCode::InsufficientResources);
}
