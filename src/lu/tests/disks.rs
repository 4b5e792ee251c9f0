//! Replacing disks.

use super::*;
use crate::hypervisor::{CopyState, InterruptKind};

fn replace(mode: &str) -> Opcode {
    op(json!({
        "OP_ID": "OP_INSTANCE_REPLACE_DISKS", "instance_name": "drbd1",
        "mode": format!("replace_{mode}"),
    }))
}

fn to(node: &str) -> Opcode {
    with(replace("new_secondary"), "remote_node", json!(node))
}

#[test]
fn the_secondary_moves() {
    let mut lab = Lab::new();
    let outcome = lab.run(to("node4")).unwrap();
    assert_eq!(
        lab.nodes_of("drbd1"),
        ("node1".into(), Some("node4".into()))
    );
    assert_eq!(lab.copies_on("drbd1"), ["node1", "node4"]);
    assert_eq!(outcome.detail.moves[0].from, "node2");
    assert_eq!(outcome.detail.moves[0].to, "node4");
    for step in 1..=6 {
        assert!(lab.said(&format!("STEP {step}/6 ")));
    }
    lab.run(replace("new_secondary")).unwrap();
    assert_ne!(lab.nodes_of("drbd1").1.unwrap(), "node4");
}

#[test]
fn early_release_drops_the_old_copy_first() {
    let mut lab = Lab::new();
    lab.fake
        .set_settings(&FakeSettings {
            sync: 50,
            ..FakeSettings::ZERO
        })
        .unwrap();
    lab.run(with(to("node4"), "early_release", json!(true)))
        .unwrap();
    assert_eq!(lab.copies_on("drbd1"), ["node1", "node4"]);
    assert_eq!(lab.nodes_of("drbd1").1.unwrap(), "node4");
}

#[test]
fn an_old_secondary_that_is_dead_is_not_waited_for() {
    for offline in [true, false] {
        let mut lab = Lab::new();
        lab.kill_node("node2");
        lab.change_node("node2", |node| node.offline = offline);
        lab.run(to("node4")).unwrap();
        assert_eq!(lab.nodes_of("drbd1").1.unwrap(), "node4");
        assert!(lab.copies_on("drbd1").contains(&"node4".to_owned()));
    }
}

#[test]
fn a_sync_that_does_not_end_well_leaves_the_old_secondary() {
    for (kind, canceled) in [
        (FaultKind::Fails, false),
        (FaultKind::Hangs, false),
        (FaultKind::Hangs, true),
    ] {
        let mut lab = Lab::new();
        lab.limits.sync = Duration::from_millis(20);
        lab.fault(kind, |fault| fault.verb = Some(Verb::Sync));
        if canceled {
            lab.interrupt.raise(InterruptKind::Cancel);
        }
        let failure = lab.run(to("node4")).unwrap_err();
        assert_eq!(
            failure.error == OpError::canceled(),
            canceled,
            "{}",
            failure.error
        );
        assert!(failure.edits.is_empty());
        assert_eq!(lab.copies_on("drbd1"), ["node1", "node2"], "{kind}");
        assert_eq!(lab.nodes_of("drbd1").1.unwrap(), "node2");
    }
}

#[test]
fn it_goes_on_where_it_was_interrupted() {
    // Interrupted after the copy was made, and after the old one was dropped as well.
    for dropped in [false, true] {
        let mut lab = Lab::new();
        let (instance, new, old) = (lab.reference("drbd1"), lab.node("node4"), lab.node("node2"));
        lab.verb(|fake, call| fake.add_copy(call, &instance, &new, true))
            .unwrap();
        if dropped {
            lab.verb(|fake, call| fake.drop_copy(call, &instance, &old))
                .unwrap();
        }
        // Where the placement chooses it keeps to what it had begun with.
        lab.again(replace("new_secondary")).unwrap();
        assert_eq!(lab.nodes_of("drbd1").1.unwrap(), "node4");
        assert_eq!(lab.copies_on("drbd1"), ["node1", "node4"]);
    }
}

#[test]
fn copies_are_renewed_or_repaired_in_place() {
    let mut lab = Lab::new();
    for (mode, node) in [("on_secondary", "node2"), ("on_primary", "node1")] {
        lab.run(replace(mode)).unwrap();
        assert_eq!(lab.copies_on("drbd1"), ["node1", "node2"], "{node}");
    }
    assert_eq!(
        lab.verbs("drbd1"),
        [Verb::DropCopy, Verb::Sync, Verb::DropCopy, Verb::Sync]
    );
    let outcome = lab.run(replace("auto")).unwrap();
    assert!(outcome.detail.nothing_to_do.is_some());
    let (instance, node) = (lab.reference("drbd1"), lab.node("node2"));
    lab.verb(|fake, call| fake.drop_copy(call, &instance, &node))
        .unwrap();
    lab.run(replace("auto")).unwrap();
    assert_eq!(lab.copies_on("drbd1"), ["node1", "node2"]);
}

#[test]
fn what_replaces_a_copy_that_is_gone_syncs_on_after_a_cancel() {
    let early = with(to("node4"), "early_release", json!(true));
    for (op, node) in [(replace("on_secondary"), "node2"), (early, "node4")] {
        let mut lab = Lab::new();
        let slow = FakeSettings {
            sync: 60_000,
            ..FakeSettings::ZERO
        };
        lab.fake.set_settings(&slow).unwrap();
        let (fake, interrupt) = (lab.fake.clone(), lab.interrupt.clone());
        let uuid = InstanceUuid::from("uuid-drbd1".to_owned());
        let canceler = std::thread::spawn(move || {
            let syncs = || {
                let copies = fake.snapshot().unwrap().instances[&uuid].copies.clone();
                copies.len() == 2 && copies.iter().any(|(_, state)| *state != CopyState::InSync)
            };
            while !syncs() {
                std::thread::yield_now();
            }
            interrupt.raise(InterruptKind::Cancel);
        });
        assert_eq!(lab.fails(op), OpError::canceled());
        canceler.join().unwrap();
        assert_eq!(lab.copies_on("drbd1"), ["node1", node]);
        assert_eq!(lab.nodes_of("drbd1").1.unwrap(), node);
        assert!(lab.said("syncs on"));
    }
}

#[test]
fn a_lost_answer_to_a_removal_is_looked_for() {
    let mut lab = Lab::new();
    lab.fault(FaultKind::AnswerLost, |fault| {
        fault.verb = Some(Verb::DropCopy)
    });
    lab.run(op(
        json!({"OP_ID": "OP_INSTANCE_REMOVE", "instance_name": "drbd1"}),
    ))
    .unwrap();
    assert!(lab.said("looking at the copies of drbd1"));
    assert!(lab.world.config.instance_named("drbd1").is_none());
}

#[test]
fn what_makes_no_sense_is_refused() {
    let mut lab = Lab::new();
    lab.change_node("node3", |node| node.drained = true);
    let of = |op: Opcode, name: &str| with(op, "instance_name", json!(name));
    for (op, expected) in [
        (of(to("node4"), "rbd1"), ErrorCode::WrongInput),
        (of(to("node4"), "plain1"), ErrorCode::WrongInput),
        (to("node1"), ErrorCode::WrongInput),
        (to("node2"), ErrorCode::WrongInput),
        (to("node3"), ErrorCode::WrongState),
        (to("node5"), ErrorCode::WrongInput),
        (to("node9"), ErrorCode::UnknownEntity),
        (
            with(replace("auto"), "remote_node", json!("node4")),
            ErrorCode::WrongInput,
        ),
        (
            with(replace("auto"), "disks", json!([0])),
            ErrorCode::WrongInput,
        ),
        (
            with(replace("on_primary"), "disks", json!([1])),
            ErrorCode::WrongInput,
        ),
    ] {
        let error = lab.fails(op.clone());
        assert_eq!(code(&error), expected, "{:?}: {error}", op.to_value());
    }
    assert!(lab.fake.log().unwrap().is_empty());
    let left = with(to("node4"), "source_node", json!("node3"));
    assert!(lab.run(left).unwrap().detail.nothing_to_do.is_some());
}

#[test]
fn what_cannot_go_on_takes_back_what_an_earlier_run_had_begun() {
    let mut lab = Lab::new();
    let before = lab.copies_on("drbd1");
    let (primary, secondary) = lab.nodes_of("drbd1");
    let begun = ["node1", "node2", "node3", "node4"]
        .into_iter()
        .find(|node| *node != primary && Some(*node) != secondary.as_deref())
        .unwrap();
    let (instance, node) = (lab.reference("drbd1"), lab.node(begun));
    lab.verb(|fake, call| fake.add_copy(call, &instance, &node, true))
        .unwrap();
    assert_ne!(lab.copies_on("drbd1"), before);
    // Meanwhile the primary node was declared dead: the copies cannot be replaced now.
    lab.change_node(&primary, |node| node.offline = true);
    lab.again(replace("new_secondary")).unwrap_err();
    assert_eq!(lab.copies_on("drbd1"), before);
}
