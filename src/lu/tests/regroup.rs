//! Instances that go to another group.

use super::advice::hail;
use super::plans::{jobs, shape};
use super::*;

fn evacuate() -> Opcode {
    op(json!({"OP_ID": "OP_GROUP_EVACUATE", "group_name": "default"}))
}

fn change_group(name: &str) -> Opcode {
    op(json!({"OP_ID": "OP_INSTANCE_CHANGE_GROUP", "instance_name": name}))
}

/// node4 and node5 are in the group `other`, and nothing is plain.
fn two_groups(mut lab: Lab) -> Lab {
    lab.change_node("node4", |node| node.group = "uuid-other".into());
    lab.world.config.remove_instance(&"uuid-plain1".into());
    // The disks are smaller than the policy allows by itself.
    let mut cluster = (**lab.world.config.cluster.as_ref().unwrap()).clone();
    let minmax = json!([{"min": {"disk-size": 1, "memory-size": 1, "nic-count": 0}, "max": {}}]);
    cluster.ipolicy.insert("minmax".into(), minmax);
    lab.world.config.put_cluster(cluster);
    lab
}

impl Lab {
    /// Carries out what is planned.
    fn carry_out(&mut self, planned: crate::lu::ResultWithJobs) {
        for op in planned.jobs.into_iter().flat_map(|job| job.ops) {
            self.run(op).unwrap();
        }
    }

    /// Whether configuration and reality have it in the group `other` alone.
    fn is_in_other(&self, name: &str) {
        let (primary, secondary) = self.nodes_of(name);
        let mut nodes: Vec<String> = [primary.clone()].into_iter().chain(secondary).collect();
        nodes.sort();
        assert!(
            nodes.iter().all(|node| node > &"node3".to_owned()),
            "{name}: {nodes:?}"
        );
        if name.starts_with("drbd") {
            assert_eq!(nodes, ["node4", "node5"]);
            assert_eq!(self.copies_on(name), nodes, "{name}");
        }
        let up = self.instance(name).admin_state == AdminState::Up;
        assert_eq!(
            self.runs_on(name),
            up.then_some(primary).as_slice(),
            "{name}"
        );
    }
}

#[test]
fn an_instance_goes_to_another_group_copy_by_copy() {
    let mut lab = two_groups(Lab::new());
    for (name, expected) in [
        ("drbd1", "drbd1: REPLACE_DISKS MIGRATE REPLACE_DISKS"),
        ("drbd2", "drbd2: REPLACE_DISKS FAILOVER REPLACE_DISKS"),
        ("rbd1", "rbd1: MIGRATE"),
    ] {
        let op = with(change_group(name), "early_release", json!(true));
        let planned = jobs(lab.run(op).unwrap());
        assert_eq!(shape(&planned), [expected]);
        assert_eq!(planned.planned_on, Some(7));
        assert_eq!(
            planned.jobs[0].claims.len(),
            if name == "rbd1" { 1 } else { 2 }
        );
        for op in &planned.jobs[0].ops {
            let op = op.to_value();
            assert!(op["source_node"].is_string());
            assert!(op.get("early_release").is_none_or(|early| early == true));
        }
        lab.carry_out(planned);
        lab.is_in_other(name);
    }
}

#[test]
fn a_group_is_emptied() {
    let mut lab = two_groups(Lab::new());
    let planned = jobs(lab.run(evacuate()).unwrap());
    let names: Vec<_> = shape(&planned)
        .iter()
        .map(|line| line[..5].to_owned())
        .collect();
    assert_eq!(names, ["drbd1", "drbd2", "drbd3", "rbd1:"]);
    lab.carry_out(planned);
    for name in ["drbd1", "drbd2", "drbd3", "rbd1"] {
        lab.is_in_other(name);
    }
    let outcome = lab.run(evacuate()).unwrap();
    let nothing = outcome.detail.nothing_to_do.as_deref();
    assert_eq!(nothing, Some("group default has no instances to evacuate"));
    assert!(jobs(outcome).jobs.is_empty());
}

#[test]
fn options_reach_the_children_and_the_queue() {
    let mut lab = two_groups(Lab::new());
    let op = with(evacuate(), "force_failover", json!(true));
    let planned = jobs(lab.run(with(op, "sequential", json!(true))).unwrap());
    assert_eq!(planned.parallel, Some(1));
    assert!(shape(&planned).iter().all(|line| !line.contains("MIGRATE")));
    let planned = jobs(lab.run(with(evacuate(), "parallel", json!(3))).unwrap());
    assert_eq!(planned.parallel, Some(3));
    let dry = lab.run(with(evacuate(), "dry_run", json!(true))).unwrap();
    assert_eq!(dry.detail.plan.len(), 4);
    assert!(jobs(dry).jobs.is_empty());
}

#[test]
fn what_ran_on_a_dead_node_goes_to_its_copy_first() {
    let mut lab = two_groups(Lab::new());
    lab.kill_node("node1");
    lab.change_node("node1", |node| node.offline = true);
    let planned = jobs(lab.run(change_group("drbd1")).unwrap());
    let expected = "drbd1: FAILOVER REPLACE_DISKS MIGRATE REPLACE_DISKS";
    assert_eq!(shape(&planned), [expected]);
    lab.carry_out(planned);
    assert_eq!(lab.runs_on("drbd1"), [lab.nodes_of("drbd1").0]);
    let (primary, secondary) = lab.nodes_of("drbd1");
    assert!(primary.as_str() > "node3" && secondary.unwrap().as_str() > "node3");
}

#[test]
fn a_copy_that_is_alone_in_a_group_follows_its_instance() {
    let mut lab = two_groups(Lab::new());
    lab.change_node("node2", |node| node.group = "uuid-other".into());
    let op = with(evacuate(), "group_name", json!("other"));
    let planned = jobs(lab.run(op).unwrap());
    // Of drbd1 the copy alone is in the group, drbd3 is there with its primary node.
    assert_eq!(shape(&planned)[0], "drbd1: REPLACE_DISKS");
    assert!(shape(&planned)[1].starts_with("drbd3: "));
    lab.carry_out(planned);
    for name in ["drbd1", "drbd3"] {
        let (primary, secondary) = lab.nodes_of(name);
        let mut nodes = [primary, secondary.unwrap()];
        nodes.sort();
        assert_eq!(nodes, ["node1", "node3"], "{name}");
    }
}

#[test]
fn one_that_was_stopped_half_way_goes_on() {
    let mut lab = two_groups(Lab::new());
    let planned = jobs(lab.run(change_group("drbd1")).unwrap());
    lab.run(planned.jobs[0].ops[0].clone()).unwrap();
    // It can go where its copy is, and its group can be emptied of it.
    let planned = jobs(lab.run(evacuate()).unwrap());
    let line = &shape(&planned)[0];
    assert!(line.starts_with("drbd1: "), "{line}");
    lab.carry_out(planned);
    lab.is_in_other("drbd1");
}

#[test]
fn who_cannot_go_stops_the_others_unless_a_part_is_allowed() {
    let mut lab = two_groups(Lab::new());
    lab.change_instance("rbd1", |one| one.uncertain = Some("lost".into()));
    let failure = lab.run(evacuate()).unwrap_err();
    let text = &failure.error.message;
    assert!(
        text.starts_with("Unable to evacuate instances rbd1 ("),
        "{text}"
    );
    let op = with(evacuate(), "allow_partial", json!(true));
    assert_eq!(jobs(lab.run(op).unwrap()).jobs.len(), 3);
    for (name, change) in [("node4", "offline"), ("node5", "small")] {
        let mut lab = two_groups(Lab::new());
        lab.change_node(name, |node| match change {
            "offline" => node.offline = true,
            _ => node.capacity.memory = 100,
        });
        let error = lab.fails(change_group("drbd1"));
        assert_eq!(code(&error), ErrorCode::InsufficientResources);
        let text = &error.message;
        assert!(text.contains("drbd1 (no room in other: "), "{text}");
    }
}

#[test]
fn wrong_targets_are_refused() {
    let mut lab = two_groups(Lab::new());
    let to = |op: Opcode, name: &str| with(op, "target_groups", json!([name]));
    for (op, expected) in [
        (to(evacuate(), "default"), ErrorCode::WrongInput),
        (to(change_group("drbd1"), "default"), ErrorCode::WrongInput),
        (
            to(change_group("drbd1"), "nowhere"),
            ErrorCode::UnknownEntity,
        ),
        (change_group("nobody"), ErrorCode::UnknownEntity),
        (
            with(evacuate(), "group_name", json!("nowhere")),
            ErrorCode::UnknownEntity,
        ),
        (
            with(evacuate(), "target_groups", json!([])),
            ErrorCode::WrongInput,
        ),
        (
            with(evacuate(), "parallel", json!(0)),
            ErrorCode::WrongInput,
        ),
        (
            with(evacuate(), "iallocator", json!("no-such")),
            ErrorCode::EnvironmentError,
        ),
    ] {
        assert_eq!(code(&lab.fails(op.clone())), expected, "{op:?}");
    }
    let mut group = (**lab.world.config.group_named("other").unwrap()).clone();
    group.alloc_policy = crate::cluster::AllocPolicy::Unallocable;
    lab.world.config.put_group(group);
    // By itself nothing goes there; whoever names it means it.
    let error = lab.fails(evacuate());
    assert_eq!(
        error.message,
        "there is no other group that takes instances"
    );
    assert_eq!(
        jobs(lab.run(to(evacuate(), "other")).unwrap()).jobs.len(),
        4
    );
}

#[test]
fn people_do_not_cross_groups_by_hand() {
    let mut lab = two_groups(Lab::new());
    let migrate = json!({"OP_ID": "OP_INSTANCE_MIGRATE", "instance_name": "rbd1",
        "target_node": "node4"});
    let replace = json!({"OP_ID": "OP_INSTANCE_REPLACE_DISKS", "instance_name": "drbd1",
        "mode": "replace_new_secondary", "remote_node": "node4"});
    for value in [migrate, replace] {
        let error = lab.fails(op(value));
        assert!(error.message.contains("inside one group only"), "{error}");
    }
}

#[test]
fn hail_empties_a_group() {
    let Some(lab) = hail() else { return };
    let mut lab = two_groups(lab);
    let op = with(evacuate(), "iallocator", json!("hail"));
    let op = with(op, "allow_partial", json!(false));
    lab.allocators
        .parameters
        .insert("no-capacity-checks".into(), None);
    let planned = jobs(lab.run(op).unwrap());
    assert_eq!(planned.jobs.len(), 4);
    lab.carry_out(planned);
    for name in ["drbd1", "drbd2", "drbd3", "rbd1"] {
        lab.is_in_other(name);
    }
}

#[test]
fn what_an_allocator_chooses_is_held_against_our_rules() {
    let answer = |nodes: [&str; 2]| {
        let replace = |node: &str| {
            json!({"OP_ID": "OP_INSTANCE_REPLACE_DISKS", "instance_name": "drbd1",
                "mode": "replace_new_secondary", "remote_node": node})
        };
        let migrate = json!({"OP_ID": "OP_INSTANCE_MIGRATE", "instance_name": "drbd1"});
        let job = json!([replace(nodes[0]), migrate, replace(nodes[1])]);
        json!([[["drbd1", "other", nodes]], [], [job]])
    };
    for (nodes, why) in [
        (["node5", "node4"], None),
        (
            ["node5", "node3"],
            Some("node3 is in none of the groups that it may go to"),
        ),
        (
            ["node4", "node4"],
            Some("node4 and node4 are not two nodes of one group"),
        ),
    ] {
        let mut lab = two_groups(Lab::new());
        lab.answer(&answer(nodes));
        let end = lab.run(with(change_group("drbd1"), "iallocator", json!("mine")));
        match why {
            None => {
                lab.carry_out(jobs(end.unwrap()));
                assert_eq!(
                    lab.nodes_of("drbd1"),
                    ("node5".into(), Some("node4".into()))
                );
            }
            Some(why) => {
                let expected = format!("iallocator 'mine': {why}");
                assert_eq!(end.unwrap_err().detail.unmovable[0].reason, expected);
            }
        }
    }
}
