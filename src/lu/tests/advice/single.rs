//! What is asked about one instance goes on as a job with the nodes that were chosen.

use super::*;

#[test]
fn hail_places_new_instances_and_single_moves() {
    let by_hail = |op| with(op, "iallocator", json!("hail"));
    // The disks of these instances are smaller than the policy allows: hail would not make one anew.
    let lab = || {
        let mut lab = hail()?;
        let option = "no-capacity-checks".to_owned();
        lab.allocators.parameters.insert(option, None);
        Some(lab)
    };
    for (template, mirrored) in [("drbd", true), ("plain", false)] {
        let Some(mut lab) = lab() else { return };
        let op = next(&mut lab, by_hail(create("new1", template)));
        lab.run(op).unwrap();
        assert_eq!(lab.nodes_of("new1").1.is_some(), mirrored);
    }
    let Some(mut lab) = lab() else { return };
    for id in ["OP_INSTANCE_MIGRATE", "OP_INSTANCE_FAILOVER"] {
        let (before, _) = lab.nodes_of("rbd1");
        let op = next(
            &mut lab,
            by_hail(op(json!({"OP_ID": id, "instance_name": "rbd1"}))),
        );
        lab.run(op).unwrap();
        assert_ne!(lab.nodes_of("rbd1").0, before);
    }
    let op = op(
        json!({"OP_ID": "OP_INSTANCE_REPLACE_DISKS", "instance_name": "drbd1",
        "mode": "replace_new_secondary"}),
    );
    let op = next(&mut lab, by_hail(op));
    lab.run(op).unwrap();
    assert_ne!(lab.nodes_of("drbd1").1.as_deref(), Some("node2"));
}

#[test]
fn a_new_instance_goes_on_as_a_job_with_its_nodes() {
    let mut lab = Lab::new();
    lab.answer(&json!(["node3", "node4"]));
    let op = next(&mut lab, asked(create("new1", "drbd")));
    lab.run(op).unwrap();
    assert_eq!(lab.nodes_of("new1"), ("node3".into(), Some("node4".into())));
    // A dry run tells where it would go; nothing follows.
    let dry = with(asked(create("new2", "drbd")), "dry_run", json!(true));
    let outcome = lab.run(dry).unwrap();
    assert_eq!(outcome.detail.plan[0].moves[1].to, "node4");
    lab.allocators.default = Some("mine".into());
    let op = next(&mut lab, create("new3", "drbd"));
    assert_eq!(op.to_value()["pnode"], "node3");
    for (nodes, change, why) in [
        (json!(["node3"]), "", "it names 1 nodes, not 2"),
        (
            json!(["node3", "node3"]),
            "",
            "the secondary node cannot be the primary node",
        ),
        (
            json!(["node3", "node5"]),
            "",
            "instances move inside one group only",
        ),
        (json!(["node3", "node9"]), "", "there is no node \"node9\""),
        (json!(["node3", "node4"]), "drained", "node4 is drained"),
        (json!(["node3", "node4"]), "full", "has no room"),
    ] {
        let mut lab = Lab::new();
        lab.answer(&nodes);
        lab.change_node("node4", |node| {
            node.drained = change == "drained";
            if change == "full" {
                node.capacity.disk = 1500;
            }
        });
        let error = lab.fails(asked(create("new1", "drbd")));
        assert!(error.message.contains("iallocator"), "{error}");
        assert!(error.message.contains(why), "{error}");
    }
}

#[test]
fn a_move_goes_on_as_a_job_with_its_node() {
    let mut lab = Lab::new();
    lab.answer(&json!(["node4"]));
    let migrate = |name: &str| op(json!({"OP_ID": "OP_INSTANCE_MIGRATE", "instance_name": name}));
    let failover = op(json!({"OP_ID": "OP_INSTANCE_FAILOVER", "instance_name": "rbd1"}));
    let replace = op(
        json!({"OP_ID": "OP_INSTANCE_REPLACE_DISKS", "instance_name": "drbd1",
        "mode": "replace_new_secondary"}),
    );
    for (op, key) in [
        (migrate("rbd1"), "target_node"),
        (failover, "target_node"),
        (replace, "remote_node"),
    ] {
        let then = next(&mut lab, asked(op)).to_value();
        assert_eq!(then[key], "node4");
        assert!(then["source_node"].is_string() && then.get("iallocator").is_none());
        assert_eq!(lab.runs_on("rbd1"), ["node1"]);
    }
    // A drbd instance has one place to go to.
    let error = lab.fails(asked(migrate("drbd1")));
    assert_eq!(code(&error), ErrorCode::WrongInput);
    lab.allocators.default = Some("mine".into());
    lab.run(migrate("drbd1")).unwrap();
    assert_eq!(lab.runs_on("drbd1"), ["node2"]);
    // One that is run again may have begun with a choice of its own: it goes on.
    lab.again(migrate("rbd1")).unwrap();
    assert_eq!(lab.runs_on("rbd1").len(), 1);
    lab.change_node("node4", |node| node.capacity.memory = 100);
    lab.attempt = 1;
    let error = lab.fails(asked(migrate("rbd1")));
    assert!(
        error
            .message
            .starts_with("iallocator 'mine' chose node4 for instance rbd1: "),
        "{error}"
    );
}
