//! Operations side by side: what they may share, what they must not, and how they are steered.

#![expect(
    clippy::unwrap_used,
    reason = "a test may end where it finds something amiss"
)]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use common::{Lab, wait_for};
use gnt::admin::simulator;
use gnt::hypervisor::fake::{FakeSettings, Verb};
use gnt::opcodes::{ErrorCode, Priority};
use gnt::queue::{JobId, Status};
use gnt::store::JobRow;
use nix::sys::signal::Signal;

/// How many of these spans (from, to) share a moment, at most.
fn most_at_once(spans: impl IntoIterator<Item = (i64, i64)>) -> usize {
    let mut steps: Vec<(i64, i32)> = vec![];
    for (from, to) in spans {
        // One that begins when another ends does not share a moment with it.
        steps.extend([(from, 1), (to, -1)]);
    }
    steps.sort();
    let mut now = 0;
    let counts = steps.into_iter().map(|(_, step)| {
        now += step;
        now
    });
    usize::try_from(counts.max().unwrap_or(0)).unwrap()
}

/// How many long verbs the simulator carried out at once, at most.
fn most_verbs_at_once(lab: &Lab) -> usize {
    let log = simulator(&lab.store()).unwrap().log().unwrap();
    let long = log
        .iter()
        .filter(|deed| matches!(deed.verb, Verb::Migrate | Verb::Sync));
    most_at_once(long.map(|deed| (deed.began, deed.ended.unwrap())))
}

/// How many of these jobs ran at once, at most.
fn most_jobs_at_once(jobs: &[JobRow]) -> usize {
    most_at_once(
        jobs.iter()
            .map(|job| (job.started.unwrap(), job.ended.unwrap())),
    )
}

/// Waits until a child of this job runs, and tells its children.
fn children_on_their_way(lab: &Lab, parent: JobId) -> Vec<JobRow> {
    let store = lab.store();
    wait_for("a child that runs", || {
        let children = store.children(parent).unwrap();
        let runs = children.iter().any(|job| job.status == Status::Running);
        runs.then_some(children)
    })
}

/// No node has more than fits.
fn assert_nothing_overbooked(lab: &Lab) {
    let reality = simulator(&lab.store()).unwrap().snapshot().unwrap();
    for node in reality.nodes.values() {
        assert!(node.memory_used <= node.capacity.memory, "{node:?}");
        assert!(node.disk_used <= node.capacity.disk, "{node:?}");
    }
}

/// The instance that each child is about.
fn instances(lab: &Lab, parent: JobId) -> BTreeMap<JobId, String> {
    let plan = &lab.store().ops(parent).unwrap()[0].detail.plan;
    let names = plan.iter().map(|item| item.instance.clone());
    let ids = lab.children(parent).into_iter().map(|job| job.id);
    ids.zip(names).collect()
}

#[test]
fn two_evacuations_overbook_nothing() {
    // Each alone would put three of its four on node3, which is empty and has room for four.
    let lab = Lab::sample(5, 0, 50);
    let add = |node: &str, nr: usize| {
        let name = format!("{node}-{nr}");
        let size = [
            "-t",
            "rbd",
            "-s",
            "1G",
            "-B",
            "memory=1G",
            "-o",
            "debian",
            "-n",
            node,
        ];
        let words = ["gnt-instance", "add"].into_iter().chain(size);
        lab.run(words.chain([name.as_str()])).exits(0);
    };
    let size = |node: &str, memory: &str| {
        let capacity = format!("memory={memory},disk=100G,cpus=64");
        lab.run(["gnt-node", "modify", "-f", "--capacity", &capacity, node])
            .exits(0);
    };
    for node in ["node1", "node2", "node4"] {
        size(node, "8G");
        (0..4).for_each(|nr| add(node, nr));
    }
    size("node3", "4G");
    for node in ["node1", "node2", "node5"] {
        lab.run(["gnt-node", "modify", "-f", "-D", "yes", node])
            .exits(0);
    }
    lab.run(["gnt-cluster", "queue", "hold"]).exits(0);
    let first = lab.submit(["gnt-node", "evacuate", "-f", "node1"]);
    let second = lab.submit(["gnt-node", "evacuate", "-f", "node2"]);
    lab.run(["gnt-cluster", "queue", "release"]).exits(0);
    let ids = [first.to_string(), second.to_string()];
    lab.run(["gnt-job", "wait", &ids[0], &ids[1]]).exits(0);
    // They were side by side.
    let jobs = [lab.children(first), lab.children(second)].concat();
    assert_eq!(jobs.len(), 8);
    assert!(most_jobs_at_once(&jobs) > 4);
    assert_eq!(lab.primaries("node1"), [].into());
    assert_eq!(lab.primaries("node2"), [].into());
    assert_eq!(lab.primaries("node3").len(), 4);
    assert_eq!(lab.primaries("node4").len(), 8);
    assert_nothing_overbooked(&lab);
    lab.verify_clean();

    // There is no more room: the next is refused before anything moves.
    lab.run(["gnt-node", "evacuate", "-f", "node3"]).exits(1);
    assert_eq!(lab.primaries("node3").len(), 4);
}

#[test]
fn two_evacuations_of_neighbours_end_well() {
    let lab = Lab::sample(6, 40, 30);
    // Both plans are made before any of their jobs has run, and some instances are in both.
    lab.run(["gnt-cluster", "queue", "hold"]).exits(0);
    let first = lab.submit(["gnt-node", "evacuate", "-f", "node1"]);
    let second = lab.submit(["gnt-node", "evacuate", "-f", "node4"]);
    lab.run(["gnt-cluster", "queue", "release"]).exits(0);
    let ids = [first.to_string(), second.to_string()];
    lab.run(["gnt-job", "wait", &ids[0], &ids[1]]).exits(0);
    let both = |id| instances(&lab, id).into_values().collect::<BTreeSet<_>>();
    assert!(!both(first).is_disjoint(&both(second)));
    assert_nothing_overbooked(&lab);
    lab.verify_clean();
}

#[test]
fn what_was_moved_by_hand_is_not_moved_back() {
    let lab = Lab::sample(6, 30, 150);
    let parent = lab.submit(["gnt-node", "evacuate", "-f", "--parallel", "1", "node1"]);
    let children = children_on_their_way(&lab, parent);
    let instances = instances(&lab, parent);
    // The last one of two steps: a drbd instance that is to leave with both roles.
    let late = children.iter().rfind(|job| job.ops == 2).unwrap();
    assert_eq!(late.status, Status::Queued);
    let name = instances[&late.id].as_str();
    let (from, to) = lab.nodes_of(name);
    assert_eq!(from, "node1");
    lab.run(["gnt-instance", "migrate", "-f", "--priority", "high", name])
        .exits(0);
    assert_eq!(lab.nodes_of(name), (to.clone().unwrap(), Some(from)));
    assert!(!lab.job(late.id).status.is_final(), "too late to be of use");

    lab.run(["gnt-job", "wait", &parent.to_string()]).exits(0);
    let (primary, secondary) = lab.nodes_of(name);
    assert_eq!(Some(primary), to);
    assert_ne!(secondary.unwrap(), "node1");
    let log = simulator(&lab.store()).unwrap().log().unwrap();
    let moves = log
        .iter()
        .filter(|d| d.verb == Verb::Migrate && d.instance == name);
    assert_eq!(moves.count(), 1);
    let detail = &lab.store().ops(late.id).unwrap()[0].detail;
    assert!(detail.nothing_to_do.is_some(), "{detail:?}");
    assert_eq!(lab.primaries("node1"), [].into());
    lab.verify_clean();
}

#[test]
fn many_children_of_one_node_run_at_once() {
    let lab = Lab::sample(6, 60, 400);
    let client = lab.spawn(["gnt-node", "evacuate", "-f", "--json", "node1"]);
    let store = lab.store();
    let parent = wait_for("children", || {
        store.jobs().unwrap().iter().find_map(|job| job.parent)
    });
    let id = parent.to_string();
    wait_for("eight that run", || {
        let list = [
            "gnt-job",
            "list",
            "--running",
            "--no-headers",
            "-o",
            "id",
            "--children-of",
        ];
        let output = lab.run(list.into_iter().chain([id.as_str()])).exits(0);
        (output.stdout.lines().count() >= 8).then_some(())
    });
    client.finish().exits(0);
    let children = lab.children(parent);
    assert!(most_verbs_at_once(&lab) >= 8);
    assert_eq!(most_jobs_at_once(&children), children.len());
    lab.verify_clean();
}

#[test]
fn at_most_so_many_at_once_even_without_a_client() {
    let lab = Lab::sample(6, 30, 60);
    let client = lab.spawn(["gnt-node", "evacuate", "-f", "--parallel", "2", "node1"]);
    let store = lab.store();
    let parent = wait_for("children", || {
        store.jobs().unwrap().iter().find_map(|job| job.parent)
    });
    client.signal(Signal::SIGKILL);
    assert_eq!(client.finish().code, 128 + 9);
    // A new runner knows of it, too.
    children_on_their_way(&lab, parent);
    let runner = lab.runner_pid().unwrap();
    nix::sys::signal::kill(runner, Signal::SIGKILL).unwrap();
    lab.run(["gnt-job", "wait", &parent.to_string()]).exits(0);
    assert_eq!(lab.children(parent).len(), 7);
    assert_eq!(most_jobs_at_once(&lab.children(parent)), 2);
    assert_eq!(most_verbs_at_once(&lab), 2);
    lab.verify_clean();
}

#[test]
fn an_id_stands_for_its_family() {
    let lab = Lab::sample(6, 30, 200);
    let parent = lab.submit(["gnt-node", "evacuate", "-f", "--parallel", "1", "node1"]);
    let children = children_on_their_way(&lab, parent);
    let id = parent.to_string();

    lab.run(["gnt-job", "change-priority", "--priority", "low", &id])
        .exits(0);
    let changed = lab.children(parent);
    assert!(!changed[6].status.is_final());
    for job in changed.iter().filter(|job| !job.status.is_final()) {
        assert_eq!(job.priority, Priority::Low, "{job:?}");
    }
    // The last one overtakes those between.
    let last = children[6].id;
    lab.run([
        "gnt-job",
        "change-priority",
        "--priority",
        "high",
        &last.to_string(),
    ])
    .exits(0);
    lab.wait_for_status(last, &[Status::Running]);
    let between = lab.children(parent);
    assert_eq!(between[5].status, Status::Queued);
    assert_eq!(between[4].status, Status::Queued);

    lab.run(["gnt-job", "cancel", "--wait", &id]).exits(0);
    let ended = lab.children(parent);
    assert!(ended.iter().all(|job| job.status.is_final()));
    assert_eq!(ended[6].status, Status::Canceled);
    assert_eq!(ended[5].status, Status::Canceled);
    assert_eq!(ended[5].started, None);
    let name = &instances(&lab, parent)[&children[5].id];
    let log = simulator(&lab.store()).unwrap().log().unwrap();
    assert!(log.iter().all(|deed| deed.instance != *name));
    // Nothing is left to be cancelled.
    lab.run(["gnt-job", "cancel", &id]).exits(1);
    lab.verify_clean();
}

#[test]
fn a_parent_that_waits_is_cancelled_without_children() {
    let lab = Lab::sample(6, 30, 20);
    let holder = lab.submit(["gnt-debug", "delay", "60", "-n", "node3"]);
    lab.wait_for_status(holder, &[Status::Running]);
    let client = lab.spawn(["gnt-node", "evacuate", "-f", "--json", "node1"]);
    let store = lab.store();
    let parent = wait_for("the parent waits", || {
        let mut jobs = store.jobs().unwrap().into_iter();
        jobs.find(|job| job.status == Status::Waiting)
    });
    let list = lab.run(["gnt-job", "list", "-o", "+why"]).exits(0);
    assert!(
        list.stdout.contains(&format!("held by job {holder}")),
        "{list:?}"
    );
    lab.run(["gnt-job", "cancel", &parent.id.to_string()])
        .exits(0);
    assert_eq!(lab.job(parent.id).status, Status::Canceled);
    let document = client.finish().exits(1).json();
    assert_eq!(document["status"], "canceled");
    lab.run(["gnt-job", "cancel", "--wait", &holder.to_string()])
        .exits(0);
    assert_eq!(lab.store().jobs().unwrap().len(), 2);
    lab.verify_clean();
}

#[test]
fn a_held_queue_starts_nothing() {
    let lab = Lab::sample(6, 30, 100);
    lab.run(["gnt-cluster", "queue", "hold"]).exits(0);
    let parent = lab.submit(["gnt-node", "evacuate", "-f", "--parallel", "2", "node1"]);
    let waiting = lab.spawn(["gnt-job", "wait", &parent.to_string()]);
    let list = lab.run(["gnt-job", "list", "-o", "+why"]).exits(0);
    assert!(list.stderr.contains("held"), "{list:?}");
    assert_eq!(lab.job(parent).status, Status::Queued);
    assert_eq!(lab.runner_pid(), None);

    lab.run(["gnt-cluster", "queue", "release"]).exits(0);
    children_on_their_way(&lab, parent);
    lab.run(["gnt-cluster", "queue", "hold"]).exits(0);
    let store = lab.store();
    // What ends and what starts next stand in one commit: where none runs, none was started.
    let rest = wait_for("those that ran have ended", || {
        let children = store.children(parent).unwrap();
        let still = children.iter().any(|job| job.status == Status::Running);
        (!still).then_some(children)
    });
    assert!(rest.iter().any(|job| job.status == Status::Success));
    assert_eq!(rest[6].status, Status::Queued);
    assert_eq!(rest[6].started, None);

    lab.run(["gnt-cluster", "queue", "release"]).exits(0);
    waiting.finish().exits(0);
    assert!(
        lab.children(parent)
            .iter()
            .all(|job| job.status == Status::Success)
    );
    lab.verify_clean();
}

#[test]
fn a_verb_that_hangs_ends_in_its_limit() {
    let lab = Lab::sample(6, 30, 20);
    lab.run(["gnt-cluster", "modify", "--verb-limit", "migrate=500"])
        .exits(0);
    let fault = [
        "gnt-debug",
        "fault",
        "add",
        "hangs",
        "--verb",
        "migrate",
        "-i",
        "inst1",
    ];
    lab.run(fault).exits(0);
    let begun = Instant::now();
    let document = lab
        .run(["gnt-node", "evacuate", "-f", "--json", "node1"])
        .exits(3)
        .json();
    assert!(begun.elapsed() >= Duration::from_millis(500));
    assert!(begun.elapsed() < Duration::from_secs(20));
    assert_eq!(document["summary"]["failed"], 1);
    assert_eq!(document["summary"]["succeeded"], 6);

    // Whether it moved is not known, and nothing more is done to it until somebody has looked.
    let again = lab.run(["gnt-instance", "migrate", "-f", "inst1"]).exits(1);
    assert!(again.stderr.contains("--cleanup"), "{again:?}");
    lab.run(["gnt-cluster", "verify-config"]).exits(1);
    lab.run(["gnt-debug", "fault", "clear"]).exits(0);
    lab.run(["gnt-instance", "migrate", "-f", "--cleanup", "inst1"])
        .exits(0);
    lab.verify_clean();
    lab.run(["gnt-cluster", "verify-config"]).exits(0);
    lab.run(["gnt-node", "evacuate", "-f", "node1"]).exits(0);
    lab.verify_clean();
}

#[test]
fn a_node_is_declared_dead_while_a_verb_hangs() {
    let lab = Lab::sample(6, 30, 20);
    let fault = [
        "gnt-debug",
        "fault",
        "add",
        "hangs",
        "--verb",
        "migrate",
        "-n",
        "node1",
    ];
    lab.run(fault).exits(0);
    let client = lab.spawn(["gnt-node", "migrate", "-f", "--json", "node1"]);
    let store = lab.store();
    let parent = wait_for("children", || {
        store.jobs().unwrap().iter().find_map(|job| job.parent)
    });
    children_on_their_way(&lab, parent);
    let begun = Instant::now();
    lab.run(["gnt-node", "modify", "-f", "--offline", "yes", "node1"])
        .exits(0);
    // The limit of a migration is half an hour.
    let document = client.finish().exits(1).json();
    assert!(begun.elapsed() < Duration::from_secs(20));
    assert_eq!(document["summary"]["succeeded"], 0);
    assert!(
        lab.children(parent)
            .iter()
            .all(|job| job.status == Status::Error)
    );
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a job file")]
fn what_came_to_run_on_an_emptied_node_leaves_it_again() {
    let lab = Lab::sample(4, 8, 0);
    let mirrored = |name: &String| lab.nodes_of(name).1.is_some();
    let mut names = (1..=8).map(|nr| format!("inst{nr}"));
    let name = names.find(mirrored).unwrap();
    let (primary, secondary) = lab.nodes_of(&name);
    // The job that was to move its second copy off this node finds it running there.
    let file = lab.path().join("job.json");
    let op = serde_json::json!([{
        "OP_ID": "OP_INSTANCE_REPLACE_DISKS", "instance_name": name,
        "mode": "replace_new_secondary", "source_node": primary, "vacate": true,
    }]);
    std::fs::write(&file, op.to_string()).unwrap();
    lab.run(["gnt-debug", "submit-job", file.to_str().unwrap()])
        .exits(0);
    let (now, copy) = lab.nodes_of(&name);
    assert_eq!(Some(now), secondary);
    assert_ne!(copy.unwrap(), primary);
    lab.verify_clean();
}

#[test]
fn a_runner_without_patience_finishes_its_work() {
    let lab = Lab::sample(6, 30, 5);
    lab.run(["gnt-cluster", "modify", "--runner-idle", "0"])
        .exits(0);
    for _ in 0..5 {
        lab.run(["gnt-debug", "delay", "0.05"]).exits(0);
    }
    lab.run(["gnt-node", "evacuate", "-f", "node1"]).exits(0);
    lab.verify_clean();
    // None was left to another runner: each opcode began once.
    let store = lab.store();
    for job in store.jobs().unwrap() {
        let starts: Vec<u32> = (store.ops(job.id).unwrap().iter())
            .map(|op| op.starts)
            .collect();
        assert!(
            starts.iter().all(|starts| *starts == 1),
            "{job:?} {starts:?}"
        );
    }
}

/// Flags of a node are facts and wait for no lock: the node may be gone when they are written down. That
/// is no bug of ours, and is told as what it is.
#[test]
fn a_node_that_is_removed_meanwhile_is_not_known() {
    const NODES: usize = 12;
    let lab = Lab::ring(3, 3, FakeSettings::ZERO);
    let names: Vec<String> = (0..NODES).map(|nr| format!("spare{nr}")).collect();
    for name in &names {
        lab.run(["gnt-node", "add", name]).exits(0);
    }
    lab.run(["gnt-cluster", "queue", "hold"]).exits(0);
    // Each pair begins in the same transaction.
    let pairs = names.iter().map(|name| {
        let removed = lab.submit(["gnt-node", "remove", name]);
        let flagged = lab.submit(["gnt-node", "modify", "-f", "--drained", "yes", name]);
        (removed, flagged)
    });
    let pairs: Vec<(JobId, JobId)> = pairs.collect();
    lab.run(["gnt-cluster", "queue", "release"]).exits(0);
    for (removed, flagged) in pairs {
        lab.wait_for_status(removed, &[Status::Success]);
        let job = lab.wait_for_status(flagged, &[Status::Success, Status::Error]);
        let ops = lab.store().ops(flagged).unwrap();
        let error = ops[0].error.as_ref().and_then(|error| error.code);
        let expected = (job.status == Status::Error).then_some(ErrorCode::UnknownEntity);
        assert_eq!(error, expected, "{ops:?}");
    }
    lab.verify_clean();
}
