//! Evacuate, failover and migrate of a node: what they plan.

use super::*;
use crate::allocator::Role;
use crate::lu::ResultWithJobs;

pub(super) fn evacuate(mode: &str) -> Opcode {
    op(json!({"OP_ID": "OP_NODE_EVACUATE", "node_name": "node1", "mode": mode}))
}

fn node_op(id: &str) -> Opcode {
    op(json!({"OP_ID": id, "node_name": "node1"}))
}

pub(super) fn jobs(outcome: Outcome) -> ResultWithJobs {
    match outcome.result {
        UnitResult::Jobs(jobs) => jobs,
        UnitResult::Value(value) => panic!("{value} is no jobs"),
    }
}

/// Each job as `instance: OP OP`.
pub(super) fn shape(jobs: &ResultWithJobs) -> Vec<String> {
    let word = |op: &Opcode| op.op.id().trim_start_matches("OP_INSTANCE_").to_owned();
    let line = |job: &super::super::ChildJob| {
        let words: Vec<_> = job.ops.iter().map(word).collect();
        let subject = job.ops[0].op.subject().unwrap();
        format!("{subject}: {}", words.join(" "))
    };
    jobs.jobs.iter().map(line).collect()
}

#[test]
fn everything_leaves_by_one_job_an_instance() {
    let mut lab = Lab::new();
    let outcome = lab.run(evacuate("all")).unwrap();
    let plan = outcome.detail.plan.clone();
    let jobs = jobs(outcome);
    assert_eq!(
        shape(&jobs),
        [
            "drbd1: MIGRATE REPLACE_DISKS",
            "drbd2: FAILOVER REPLACE_DISKS",
            "drbd3: REPLACE_DISKS",
            "rbd1: MIGRATE",
        ]
    );
    assert_eq!(jobs.planned_on, Some(7));
    assert!(jobs.jobs.iter().all(|job| !job.claims.is_empty()));
    let names: Vec<_> = plan.iter().map(|item| item.instance.as_str()).collect();
    assert_eq!(names, ["drbd1", "drbd2", "drbd3", "rbd1"]);
    assert_eq!(plan[0].moves[0].role, Role::Primary);
    assert_eq!(
        plan[0].ops,
        ["OP_INSTANCE_MIGRATE", "OP_INSTANCE_REPLACE_DISKS"]
    );
    for op in jobs.jobs.iter().flat_map(|job| &job.ops) {
        assert_eq!(op.to_value()["source_node"], "node1");
    }
}

#[test]
fn the_planned_jobs_empty_the_node() {
    let mut lab = Lab::new();
    let planned = jobs(lab.run(evacuate("all")).unwrap());
    for op in planned.jobs.into_iter().flat_map(|job| job.ops) {
        lab.run(op).unwrap();
    }
    for name in ["drbd1", "drbd2", "drbd3", "rbd1"] {
        let (primary, secondary) = lab.nodes_of(name);
        assert_ne!(primary, "node1", "{name}");
        assert_ne!(secondary.as_deref(), Some("node1"), "{name}");
        let should: Vec<String> = match name {
            "drbd2" => vec![],
            _ => vec![primary],
        };
        assert_eq!(lab.runs_on(name), should, "{name}");
    }
    assert!(shape(&jobs(lab.run(evacuate("all")).unwrap())).is_empty());
}

#[test]
fn a_node_is_emptied_round_one_that_takes_nothing() {
    let mut lab = Lab::new();
    lab.change_node("node2", |node| node.drained = true);
    let planned = jobs(lab.run(evacuate("all")).unwrap());
    assert_eq!(
        shape(&planned)[0],
        "drbd1: REPLACE_DISKS MIGRATE REPLACE_DISKS"
    );
    let leaving = planned.jobs[0].ops.iter().map(Opcode::to_value);
    let leaving: Vec<Value> = leaving.map(|op| op["vacate"].clone()).collect();
    // Only the last one is about the node that is emptied.
    assert_eq!(leaving, [Value::Null, Value::Null, json!(true)]);
    for op in planned.jobs.into_iter().flat_map(|job| job.ops) {
        lab.run(op).unwrap();
    }
    let (primary, secondary) = lab.nodes_of("drbd1");
    for node in ["node1", "node2"] {
        assert!(
            primary != node && secondary.as_deref() != Some(node),
            "{node}"
        );
    }
    assert_eq!(lab.runs_on("drbd1"), [primary.as_str()]);
    let mut homes = vec![primary, secondary.unwrap()];
    homes.sort();
    assert_eq!(lab.copies_on("drbd1"), homes);
}

#[test]
fn a_child_that_comes_too_late_changes_nothing() {
    let mut lab = Lab::new();
    let planned = jobs(lab.run(evacuate("primary-only")).unwrap());
    let moved = op(json!({"OP_ID": "OP_INSTANCE_MIGRATE", "instance_name": "drbd1"}));
    lab.run(moved).unwrap();
    let outcome = lab.run(planned.jobs[0].ops[0].clone()).unwrap();
    assert!(outcome.detail.nothing_to_do.is_some());
    assert_eq!(lab.runs_on("drbd1"), ["node2"]);
}

#[test]
fn modes_and_the_other_commands_plan_their_part() {
    let mut lab = Lab::new();
    let planned = jobs(lab.run(evacuate("secondary-only")).unwrap());
    assert_eq!(shape(&planned), ["drbd3: REPLACE_DISKS"]);
    let primaries = ["drbd1: MIGRATE", "drbd2: FAILOVER", "rbd1: MIGRATE"];
    let planned = jobs(lab.run(evacuate("primary-only")).unwrap());
    assert_eq!(shape(&planned), primaries);
    let planned = jobs(lab.run(node_op("OP_NODE_MIGRATE")).unwrap());
    assert_eq!(shape(&planned), primaries);
    let all_over = ["drbd1: FAILOVER", "drbd2: FAILOVER", "rbd1: FAILOVER"];
    let planned = jobs(lab.run(node_op("OP_NODE_FAILOVER")).unwrap());
    assert_eq!(shape(&planned), all_over);
    lab.change_node("node1", |node| node.offline = true);
    let planned = jobs(lab.run(node_op("OP_NODE_MIGRATE")).unwrap());
    assert_eq!(shape(&planned), all_over);
}

#[test]
fn options_reach_the_children() {
    let mut lab = Lab::new();
    let op = with(evacuate("secondary-only"), "early_release", json!(true));
    let op = with(op, "remote_node", json!("node4"));
    let op = with(op, "parallel", json!(2));
    let planned = jobs(lab.run(op).unwrap());
    assert_eq!(planned.parallel, Some(2));
    let child = planned.jobs[0].ops[0].to_value();
    assert_eq!(child["early_release"], true);
    assert_eq!(child["remote_node"], "node4");
    let op = with(node_op("OP_NODE_FAILOVER"), "shutdown_timeout", json!(7));
    let op = with(op, "ignore_consistency", json!(true));
    let op = with(op, "target_node", json!("node4"));
    let planned = jobs(lab.run(op).unwrap());
    let child = planned.jobs[2].ops[0].to_value();
    assert_eq!(child["shutdown_timeout"], 7);
    assert_eq!(child["ignore_consistency"], true);
    assert_eq!(child["target_node"], "node4");
}

/// A lab in which two instances of node1 cannot move.
fn stuck() -> Lab {
    let mut lab = Lab::new();
    lab.change_instance("rbd1", |one| one.uncertain = Some("lost".into()));
    lab.change_instance("plain1", |one| one.primary_node = "uuid-node1".into());
    lab
}

#[test]
fn instances_that_cannot_move_are_all_named_before_anything_moves() {
    let mut lab = stuck();
    let failure = lab.run(evacuate("all")).unwrap_err();
    let text = &failure.error.message;
    assert!(
        text.starts_with("Unable to evacuate instances plain1 ("),
        "{text}"
    );
    assert!(text.contains("), rbd1 ("), "{text}");
    assert_eq!(failure.error.class, ErrorClass::OpExecError);
    assert_eq!(code(&failure.error), ErrorCode::WrongState);
    let names: Vec<_> = failure
        .detail
        .unmovable
        .iter()
        .map(|one| &one.instance)
        .collect();
    assert_eq!(names, ["plain1", "rbd1"]);
    assert_eq!(failure.detail.plan.len(), 3);
}

#[test]
fn allow_partial_moves_the_others_and_says_who_stays() {
    let mut lab = stuck();
    let op = with(evacuate("all"), "allow_partial", json!(true));
    let planned = jobs(lab.run(op).unwrap());
    assert_eq!(planned.jobs.len(), 3);
    let unmovable = &planned.other["unmovable"];
    assert_eq!(unmovable[0][0], "plain1");
    assert_eq!(unmovable[1][0], "rbd1");
    assert!(lab.said("plain1 stays"));
}

#[test]
fn a_dry_run_plans_and_submits_nothing() {
    let mut lab = Lab::new();
    let outcome = lab
        .run(with(evacuate("all"), "dry_run", json!(true)))
        .unwrap();
    assert_eq!(outcome.detail.plan.len(), 4);
    assert!(jobs(outcome).jobs.is_empty());
    let op = with(evacuate("all"), "dry_run", json!(true));
    let failure = stuck().run(op).unwrap_err();
    assert_eq!(failure.detail.unmovable.len(), 2);
}

#[test]
fn bad_input_is_refused() {
    let mut lab = Lab::new();
    lab.change_node("node3", |node| node.drained = true);
    lab.change_node("node4", |node| node.offline = true);
    let to = |name: &str| with(evacuate("secondary-only"), "remote_node", json!(name));
    let migrate_to = |name: &str| with(node_op("OP_NODE_MIGRATE"), "target_node", json!(name));
    for (op, expected) in [
        (
            with(evacuate("all"), "node_name", json!("node9")),
            ErrorCode::UnknownEntity,
        ),
        (
            with(evacuate("all"), "node_uuid", json!("x")),
            ErrorCode::ResourceNotUnique,
        ),
        (
            with(evacuate("all"), "remote_node", json!("node2")),
            ErrorCode::WrongInput,
        ),
        (
            with(evacuate("all"), "iallocator", json!("no-such")),
            ErrorCode::EnvironmentError,
        ),
        (
            with(evacuate("all"), "parallel", json!(0)),
            ErrorCode::WrongInput,
        ),
        (to("node1"), ErrorCode::WrongInput),
        (to("node3"), ErrorCode::WrongState),
        (to("node4"), ErrorCode::WrongState),
        (to("node5"), ErrorCode::WrongInput),
        (to("node9"), ErrorCode::UnknownEntity),
        (migrate_to("node1"), ErrorCode::WrongInput),
        (migrate_to("node3"), ErrorCode::WrongState),
    ] {
        let error = lab.fails(op.clone());
        assert_eq!(code(&error), expected, "{}: {error}", op.summary());
    }
}

#[test]
fn plans_run_beside_each_other_and_beside_no_move_of_their_instances() {
    let config = config();
    let locks = |op: &Opcode| unit(&op.op).locks(&config);
    let plan = locks(&evacuate("all"));
    assert_eq!(plan.conflict(&plan), None);
    let moving = op(json!({"OP_ID": "OP_INSTANCE_MIGRATE", "instance_name": "drbd1"}));
    assert!(plan.conflict(&locks(&moving)).is_some());
    let elsewhere = op(json!({"OP_ID": "OP_INSTANCE_SHUTDOWN", "instance_name": "plain1"}));
    assert_eq!(plan.conflict(&locks(&elsewhere)), None);
}
