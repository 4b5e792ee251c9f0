//! External allocators: small ones that misbehave, and `hail` where it is installed.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Instant;

use super::plans::{evacuate, jobs, shape};
use super::*;
use crate::allocator::external::BUILT_IN;
use crate::hypervisor::InterruptKind;
use crate::limits::ALLOCATOR_BYTES;

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
fn what_is_no_answer_is_refused_and_says_whose_it_was() {
    let whole = |result: Value| json!({"success": true, "info": "", "result": result});
    let far = json!([
        [["drbd3", "g", ["node2", "node4"]]],
        [],
        [[replace("drbd3", "node3")]]
    ]);
    let two = json!([[["drbd3", "g", ["node2", "node4"]]], [], []]);
    let other = json!([
        [["drbd1", "g", ["node1", "node4"]]],
        [],
        [[replace("drbd1", "node4")]]
    ]);
    let twice = json!([[], [["drbd3", null], ["drbd3", "x"]], []]);
    let lost = json!([
        [["drbd3", "g", ["node2", "node9"]]],
        [],
        [[replace("drbd3", "node9")]]
    ]);
    let one = json!([
        [["drbd3", "g", ["node2"]]],
        [],
        [[replace("drbd3", "node4")]]
    ]);
    let mut kill = replace("drbd3", "node4");
    kill["OP_ID"] = json!("OP_INSTANCE_REMOVE");
    let kill = json!([[["drbd3", "g", ["node2", "node4"]]], [], [[kill]]]);
    let remove = json!({"OP_ID": "OP_INSTANCE_REMOVE", "instance_name": "drbd3"});
    let remove = json!([[["drbd3", "g", ["node2", "node4"]]], [], [[remove]]]);
    for (printed, expected) in [
        (String::new(), "it is not valid JSON"),
        ("[".repeat(100_000), "it is nested deeper than 64 levels"),
        ("null".into(), "invalid type: null"),
        ("{\"success\": true}".into(), "missing field `info`"),
        (whole(json!([])).to_string(), "invalid length 0"),
        (
            whole(json!([[], [], []])).to_string(),
            "says nothing about instance drbd3",
        ),
        (
            whole(far).to_string(),
            "it is to be on node2, node4, but its job brings it to node2, node3",
        ),
        (whole(two).to_string(), "1 instances move by 0 jobs"),
        (
            whole(other).to_string(),
            "it answers for instance \"drbd1\"",
        ),
        (
            whole(twice).to_string(),
            "it answers for instance \"drbd3\"",
        ),
        (whole(lost).to_string(), "there is no node \"node9\""),
        (whole(one).to_string(), "1 nodes are named for it"),
        (whole(kill).to_string(), "unknown field `mode`"),
        (
            whole(remove).to_string(),
            "OP_INSTANCE_REMOVE is not a way to move it",
        ),
    ] {
        let mut lab = Lab::new();
        lab.allocator(&format!("cat <<'END'\n{printed}\nEND"));
        let error = lab.fails(secondaries());
        let text = &error.message;
        assert!(
            text.starts_with("can't parse the results of iallocator 'mine': "),
            "{text}"
        );
        assert!(text.contains(expected), "{text}: {expected}");
        assert_eq!(error.class, ErrorClass::OpExecError, "{text}");
        assert_eq!(code(&error), ErrorCode::EnvironmentError, "{text}");
        assert!(error.hint.unwrap().contains(BUILT_IN), "{text}");
    }
}

#[test]
fn one_that_hangs_fails_or_floods_is_ended_with_all_that_it_started() {
    let slow = "(exec sleep 1234.5 >/dev/null 2>&1) & echo $! >\"$(dirname \"$1\")/child\"";
    for (script, expected) in [
        (format!("{slow}; exec sleep 999"), "no answer within "),
        (
            format!("{slow}; exec >&- 2>&-; exec sleep 999"),
            "no answer within ",
        ),
        (format!("{slow}; kill -9 $$"), "killed by signal 9"),
        (format!("{slow}; exit 1"), "exit code 1"),
        (
            format!("{slow}; exec yes"),
            "it printed more than 16777216 bytes",
        ),
        (
            format!("{slow}; printf '\\377'; exit 0"),
            "it is not text in UTF-8",
        ),
    ] {
        let mut lab = Lab::new();
        lab.limits.allocator =
            Duration::from_millis(if script.contains("999") { 200 } else { 60_000 });
        lab.allocator(&script);
        let error = lab.fails(secondaries());
        assert!(error.message.contains("iallocator"), "{script}: {error}");
        assert!(error.message.contains(expected), "{script}: {error}");
        assert!(lab.scratch().is_empty(), "{script}");
        assert!(is_gone(&lab), "{script}");
    }
    assert_eq!(ALLOCATOR_BYTES, 16_777_216);
}

/// Whether the process whose number is in the file `child` has ended, or does so now.
#[expect(
    clippy::disallowed_methods,
    reason = "a test's own file, and the system's"
)]
fn is_gone(lab: &Lab) -> bool {
    let child = std::fs::read_to_string(lab.dir.path().join("child")).unwrap();
    let status = format!("/proc/{}/cmdline", child.trim());
    let until = Instant::now() + Duration::from_secs(10);
    while Instant::now() < until {
        // A killed one whose parent is gone has no command line until somebody has waited for it.
        match std::fs::read_to_string(&status) {
            Ok(line) if line.contains("1234.5") => std::thread::yield_now(),
            Ok(_) | Err(_) => return true,
        }
    }
    false
}

#[test]
fn nobody_waits_for_an_answer_that_is_not_wanted() {
    for (kind, left_behind) in [(InterruptKind::Cancel, false), (InterruptKind::Leave, true)] {
        let mut lab = Lab::new();
        lab.allocator("exec sleep 999");
        let interrupt = Arc::clone(&lab.interrupt);
        let begun = Instant::now();
        let raised = std::thread::spawn(move || interrupt.raise(kind));
        let failure = lab.run(secondaries()).unwrap_err();
        raised.join().unwrap();
        assert!(begun.elapsed() < Duration::from_secs(60));
        assert_eq!(failure.left_behind, left_behind);
        if !left_behind {
            assert_eq!(failure.error.class, ErrorClass::JobCanceled);
        }
        assert!(lab.scratch().is_empty());
    }
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
fn one_that_others_can_change_or_that_cannot_be_run_is_not_run() {
    let mut lab = Lab::new();
    lab.allocator("exit 1");
    let file = lab.dir.path().join("mine");
    for (mode, why) in [
        (0o777, "can be changed by others"),
        (0o644, "is not executable"),
    ] {
        std::fs::set_permissions(&file, PermissionsExt::from_mode(mode)).unwrap();
        let error = lab.fails(secondaries());
        assert!(error.message.ends_with(why), "{error}");
    }
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o755)).unwrap();
    let open = |mode| {
        std::fs::set_permissions(lab.dir.path(), PermissionsExt::from_mode(mode)).unwrap();
    };
    open(0o777);
    let op = with(secondaries(), "ignore_soft_errors", json!(true));
    let error = lab.allocators.find("mine").unwrap_err().to_string();
    assert!(
        error.ends_with("is in a directory that others can change"),
        "{error}"
    );
    open(0o700);
    assert_eq!(code(&lab.fails(op)), ErrorCode::EnvironmentError);
    for name in ["", "..", "a/b", "../mine", ".mine", "mi ne", "mine\n"] {
        let error = lab.fails(with(secondaries(), "iallocator", json!(name)));
        assert_eq!(code(&error), ErrorCode::WrongInput, "{name:?}");
    }
    let error = lab.fails(with(secondaries(), "iallocator", json!("yours")));
    assert!(
        error
            .message
            .contains("'yours' not found in the search path"),
        "{error}"
    );
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

#[test]
fn both_halves_of_a_talk_are_shown() {
    let mut lab = Lab::new();
    let talk = |lab: &mut Lab, direction: &str, more: Value| -> String {
        let mut value = json!({"OP_ID": "OP_TEST_ALLOCATOR", "direction": direction,
            "name": "drbd1", "memory": 512, "vcpus": 1, "disks": [{"size": 1024}],
            "nics": [{}]});
        for (key, part) in more.as_object().unwrap() {
            value[key] = part.clone();
        }
        let outcome = lab.run(op(value)).unwrap();
        assert!(outcome.edits.is_empty());
        let UnitResult::Value(Value::String(text)) = outcome.result else {
            panic!("no text")
        };
        text
    };
    let read = |text: String| -> Value { serde_json::from_str(&text).unwrap() };
    let asked = read(talk(&mut lab, "in", json!({"mode": "relocate"})));
    assert_eq!(asked["request"]["relocate_from"], json!(["node2"]));
    assert_eq!(asked["cluster_name"], "lab");
    let new = json!({"mode": "allocate", "name": "new1", "disk_template": "drbd"});
    let answer = read(talk(&mut lab, "out", new.clone()));
    assert_eq!(answer["success"], true);
    assert_eq!(answer["result"].as_array().unwrap().len(), 2);
    let many = json!({"mode": "multi-allocate", "name": "new", "count": 2,
        "disk_template": "rbd"});
    let answer = read(talk(&mut lab, "out", many));
    assert_eq!(answer["result"][0][1][0], "new1");
    let evacuate = json!({"mode": "node-evacuate", "instances": ["drbd1", "plain1"],
        "evac_mode": "primary-only"});
    let answer = read(talk(&mut lab, "out", evacuate));
    assert_eq!(
        answer["result"][0],
        json!([["drbd1", "default", ["node2", "node1"]]])
    );
    assert_eq!(answer["result"][1][0][0], "plain1");
    assert_eq!(answer["result"][2][0][0]["OP_ID"], "OP_INSTANCE_MIGRATE");
    let regroup = json!({"mode": "change-group", "instances": ["rbd1"]});
    let answer = read(talk(&mut lab, "out", regroup));
    assert_eq!(answer["success"], true, "{answer}");
    // What an allocator prints is shown as it is, be it what it may.
    lab.allocator("echo anything");
    let asked = json!({"mode": "relocate", "iallocator": "mine"});
    assert_eq!(talk(&mut lab, "out", asked), "anything\n");
    for (wrong, expected) in [
        (
            json!({"mode": "allocate", "name": "drbd1"}),
            "instance drbd1 exists",
        ),
        (
            json!({"mode": "relocate", "name": "plain1"}),
            "it is nowhere else",
        ),
        (
            json!({"mode": "node-evacuate"}),
            "mode node-evacuate is about instances",
        ),
        (
            json!({"mode": "allocate", "name": "new1", "memory": null}),
            "memory is not given",
        ),
    ] {
        let mut value = json!({"OP_ID": "OP_TEST_ALLOCATOR", "direction": "in", "memory": 512,
            "vcpus": 1, "disks": [{"size": 1024}], "name": "x"});
        for (key, part) in wrong.as_object().unwrap() {
            value[key] = part.clone();
        }
        let error = lab.fails(op(value));
        assert!(error.message.contains(expected), "{wrong}: {error}");
    }
}
