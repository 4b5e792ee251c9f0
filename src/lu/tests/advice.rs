//! External allocators: small ones that misbehave, and `hail` where it is installed.

mod single;
mod talk;
mod trouble;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::plans::{evacuate, jobs, shape};
use super::*;
use crate::allocator::external::BUILT_IN;

/// Where Debian's package has it.
const HAIL: &str = "/usr/lib/ganeti/iallocators";

impl Lab {
    /// Makes `mine` an allocator that runs this script.
    #[expect(clippy::disallowed_methods, reason = "a test's own file")]
    fn allocator(&mut self, script: &str) {
        let path = self.dir.path().join("mine");
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
        self.allocators.path = vec![self.dir.path().to_owned()];
    }

    /// Makes `mine` an allocator with this result.
    pub(super) fn answer(&mut self, result: &Value) {
        let answer = json!({"success": true, "info": "fine", "result": result});
        self.allocator(&format!("cat <<'END'\n{answer}\nEND"));
    }

    /// The names of files that were made for allocators.
    fn scratch(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.dir.path()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names
            .filter(|name| name.starts_with("allocator-"))
            .collect()
    }
}

fn asked(op: Opcode) -> Opcode {
    with(op, "iallocator", json!("mine"))
}

fn secondaries() -> Opcode {
    asked(evacuate("secondary-only"))
}

/// The job that brings the copy of an instance to a node.
fn replace(instance: &str, node: &str) -> Value {
    json!({"OP_ID": "OP_INSTANCE_REPLACE_DISKS", "instance_name": instance,
        "mode": "replace_new_secondary", "remote_node": node, "iallocator": null})
}

/// What is to be said about drbd3, the only one that has its copy on node1.
fn copy_to(node: &str) -> Value {
    json!([
        [["drbd3", "default", ["node2", node]]],
        [],
        [[replace("drbd3", node)]]
    ])
}

/// What an opcode goes on as.
fn next(lab: &mut Lab, op: Opcode) -> Opcode {
    let planned = jobs(lab.run(op).unwrap());
    assert_eq!(planned.jobs.len(), 1);
    assert!(!planned.jobs[0].claims.is_empty());
    assert_eq!(planned.planned_on, Some(7));
    planned.jobs[0].ops[0].clone()
}

fn create(name: &str, template: &str) -> Opcode {
    op(
        json!({"OP_ID": "OP_INSTANCE_CREATE", "instance_name": name, "disk_template": template,
        "disks": [{"size": 2000}], "beparams": {"memory": 512}, "nics": [{}]}),
    )
}

pub(super) fn hail() -> Option<Lab> {
    if !Path::new(HAIL).join("hail").exists() {
        eprintln!("skipped: hail is not installed");
        return None;
    }
    Some(Lab::new())
}

#[test]
fn a_choice_becomes_jobs_of_ours() {
    let mut lab = Lab::new();
    lab.answer(&copy_to("node4"));
    let planned = jobs(lab.run(secondaries()).unwrap());
    assert_eq!(shape(&planned), ["drbd3: REPLACE_DISKS"]);
    let op = planned.jobs[0].ops[0].to_value();
    assert_eq!(op["remote_node"], "node4");
    assert_eq!(op["source_node"], "node1");
    assert_eq!(planned.jobs[0].claims[0].node, "uuid-node4".into());
    assert_eq!(planned.planned_on, Some(7));
    assert!(lab.said("asking iallocator mine"));
    assert!(lab.scratch().is_empty());
}

#[test]
fn the_default_is_asked_where_none_is_named_and_the_built_in_one_can_be() {
    let mut lab = Lab::new();
    lab.allocator("exit 7");
    lab.allocators.default = Some("mine".into());
    let op = evacuate("secondary-only");
    for op in [op.clone(), with(op.clone(), "iallocator", json!("."))] {
        let error = lab.fails(op);
        assert_eq!(
            error.message,
            "iallocator module 'mine' failed: exit code 7"
        );
    }
    let built_in = with(op.clone(), "iallocator", json!(BUILT_IN));
    assert_eq!(jobs(lab.run(built_in).unwrap()).jobs.len(), 1);
    // Whoever names a node has chosen.
    let named = with(op, "remote_node", json!("node4"));
    assert_eq!(jobs(lab.run(named).unwrap()).jobs.len(), 1);
}

#[test]
fn the_default_of_a_group_counts_before_that_of_the_cluster() {
    let mut lab = Lab::new();
    lab.allocator("exit 7");
    let of_group = |lab: &mut Lab, name: &str| {
        (lab.allocators.groups).insert("uuid-default".into(), name.to_owned());
    };
    of_group(&mut lab, "mine");
    let evacuate = evacuate("secondary-only");
    let migrate = op(json!({"OP_ID": "OP_INSTANCE_MIGRATE", "instance_name": "rbd1"}));
    let change = op(json!({"OP_ID": "OP_INSTANCE_CHANGE_GROUP", "instance_name": "rbd1"}));
    let create = with(create("new1", "drbd"), "group_name", json!("default"));
    for op in [evacuate.clone(), migrate, change, create] {
        let error = lab.fails(op);
        assert_eq!(
            error.message,
            "iallocator module 'mine' failed: exit code 7"
        );
    }
    let elsewhere = with(self::create("new1", "rbd"), "group_name", json!("other"));
    lab.run(elsewhere).unwrap();
    lab.allocators.default = Some("mine".into());
    of_group(&mut lab, BUILT_IN);
    assert_eq!(jobs(lab.run(evacuate).unwrap()).jobs.len(), 1);
}

#[test]
fn it_reads_a_file_of_ours_before_its_options_and_no_shell_sees_them() {
    let mut lab = Lab::new();
    lab.allocator("stat -c %a \"$1\" >&2; shift; echo \"$*\" \"$#\" >&2; exit 3");
    lab.allocators.parameters = [
        ("verbose".to_owned(), None),
        ("to".to_owned(), Some("$(id) `id`; \"'".to_owned())),
    ]
    .into();
    let error = lab.fails(with(secondaries(), "ignore_soft_errors", json!(true)));
    assert_eq!(
        error.message,
        "iallocator module 'mine' failed: exit code 3: 600\n\
         --to=$(id) `id`; \"' --verbose --ignore-soft-errors 3"
    );
    assert_eq!(code(&error), ErrorCode::EnvironmentError);
    assert!(lab.scratch().is_empty());
}

#[test]
fn what_it_cannot_place_cannot_move_and_what_it_should_not_have_chosen_neither() {
    let mut lab = Lab::new();
    lab.answer(&json!([[], [["drbd3", "too fat"]], []]));
    let failure = lab.run(secondaries()).unwrap_err();
    assert_eq!(
        failure.detail.unmovable[0].reason,
        "iallocator 'mine': too fat"
    );
    assert_eq!(code(&failure.error), ErrorCode::InsufficientResources);
    lab.allocator("echo '{\"success\": false, \"info\": \"no online nodes\", \"result\": []}'");
    let error = lab.fails(secondaries());
    assert_eq!(
        error.message,
        "iallocator 'mine' found no nodes: no online nodes"
    );
    assert_eq!(code(&error), ErrorCode::InsufficientResources);
    for (node, change, why) in [
        ("node3", "offline", "node3 is offline"),
        ("node3", "drained", "node3 is drained"),
        ("node3", "full", "node3: 128 MiB of disk missing (FailDisk)"),
        ("node5", "", "node5 is not in the group of node2"),
        ("node1", "", "node1 holds it already"),
    ] {
        let mut lab = Lab::new();
        lab.change_node("node3", |node| {
            node.offline = change == "offline";
            node.drained = change == "drained";
            if change == "full" {
                node.capacity.disk = 1000 + 1128 + 1000;
            }
        });
        lab.answer(&copy_to(node));
        let failure = lab.run(secondaries()).unwrap_err();
        let expected = format!("iallocator 'mine': {why}");
        assert_eq!(failure.detail.unmovable[0].reason, expected);
    }
}

#[test]
fn who_can_go_nowhere_is_not_asked_about() {
    let mut lab = Lab::new();
    lab.change_instance("drbd3", |one| one.uncertain = Some("lost".into()));
    lab.allocator("exit 1");
    let failure = lab.run(secondaries()).unwrap_err();
    let reason = &failure.detail.unmovable[0].reason;
    assert_eq!(reason, "where it runs is not known: lost");
}

#[test]
fn hail_empties_a_node_in_every_mode() {
    for mode in ["primary-only", "secondary-only", "all"] {
        let Some(mut lab) = hail() else { return };
        let op = with(evacuate(mode), "iallocator", json!("hail"));
        let planned = jobs(lab.run(op.clone()).unwrap());
        assert!(planned.jobs.iter().all(|job| !job.claims.is_empty()));
        let built_in = jobs(lab.run(evacuate(mode)).unwrap());
        assert_eq!(shape(&planned), shape(&built_in), "{mode}");
        for op in planned.jobs.into_iter().flat_map(|job| job.ops) {
            lab.run(op).unwrap();
        }
        assert!(jobs(lab.run(op).unwrap()).jobs.is_empty(), "{mode}");
    }
}
