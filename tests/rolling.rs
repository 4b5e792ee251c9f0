//! A rolling maintenance as cron starts it: without a terminal, with next to no environment, twice at
//! once, and with everybody killed in the middle of it. Each node is entered and left once, and all
//! that runs is home at the end.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test may end where it finds something amiss; it reads what the command wrote"
)]

mod common;

use std::collections::BTreeMap;
use std::process::Command;

use common::{Lab, Running, tool, wait_for};
use gnt::queue::Status;
use gnt::store::{Duty, DutyLock};
use nix::sys::signal::{Signal, kill};

/// Where each instance is, and which state it is in.
fn homes(lab: &Lab) -> BTreeMap<String, (String, Option<String>)> {
    let config = lab.store().config().unwrap();
    let names = config
        .instances_by_name()
        .map(|instance| instance.name.clone());
    names
        .map(|name| (name.clone(), lab.nodes_of(&name)))
        .collect()
}

/// As cron starts it.
fn cron(lab: &Lab, exec: &str, more: &[&str]) -> Command {
    let mut command = Command::new(tool("gnt-cluster"));
    let line = ["rolling", "-f", "--exec", exec];
    command.args(line).args(more).env_clear();
    command.env("PATH", "/usr/bin:/bin");
    command.env("GNT_STATE_DIR", lab.path());
    command.stdin(std::process::Stdio::null());
    command
}

/// So many jobs of this kind succeeded.
fn succeeded(lab: &Lab, summary: &str) -> Vec<String> {
    let jobs = lab.store().jobs().unwrap().into_iter();
    let jobs = jobs.filter(|job| job.status == Status::Success);
    let named = jobs.filter_map(|job| Some(job.summary.strip_prefix(summary)?.to_owned()));
    named.collect()
}

fn once_each(lab: &Lab, nodes: usize) {
    let all: Vec<String> = (1..=nodes).map(|nr| format!("(node{nr})")).collect();
    for kind in ["NODE_MAINTENANCE_ENTER", "NODE_RESTORE"] {
        assert_eq!(succeeded(lab, kind), all, "{kind}");
    }
}

#[test]
fn every_node_is_done_once_whoever_is_killed() {
    const NODES: usize = 6;
    let lab = Lab::sample(NODES, 20, 15);
    let before = homes(&lab);
    let log = lab.temp.path().join("done");
    let exec = format!("echo $GNT_NODE >> {}; sleep 0.05", log.display());
    let start = || lab.spawn_command(cron(&lab, &exec, &["--parallel", "4"]));
    let done = || succeeded(&lab, "INSTANCE_").len();
    let mut killed = 0;
    let mut client: Running = start();
    // The moments are steps of the work, not of the clock.
    for (moves, runner_too) in [(3, false), (15, true), (30, true)] {
        wait_for("the next moment", || (done() >= moves).then_some(()));
        // A second start while the first one works is told so, and does nothing.
        let second = lab.spawn_command(cron(&lab, &exec, &[])).finish();
        assert_eq!(second.code, 1, "{second:?}");
        assert!(second.stderr.contains("is at work"), "{second:?}");
        if runner_too && let Some(pid) = lab.runner_pid() {
            let _ = kill(pid, Signal::SIGKILL);
        }
        client.signal(Signal::SIGKILL);
        client.finish();
        killed += 1;
        client = start();
    }
    assert_eq!(killed, 3);
    let output = client.finish();
    assert_eq!(output.code, 0, "{output:?}");
    assert_eq!(
        output.stdout.lines().last(),
        Some("Rolling maintenance is done: 6 nodes.")
    );
    once_each(&lab, NODES);
    assert_eq!(homes(&lab), before);
    lab.verify_clean();
    // The command may run twice for a node, never for none, and in order.
    let mut names: Vec<String> = std::fs::read_to_string(&log)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect();
    names.dedup();
    let all: Vec<String> = (1..=NODES).map(|nr| format!("node{nr}")).collect();
    assert_eq!(names, all);
    assert_eq!(lab.store().rolling().unwrap(), None);
}

#[test]
fn it_stops_where_something_cannot_move_and_goes_on_from_there() {
    let lab = Lab::sample(4, 8, 0);
    let before = homes(&lab);
    // What runs on node2 cannot be moved while it is like this.
    let on_node2 = lab.primaries("node2");
    let stuck = on_node2.first().unwrap();
    let fault = ["gnt-debug", "fault", "add", "fails", "--verb", "migrate"];
    lab.run(fault.into_iter().chain(["--instance", stuck]))
        .exits(0);
    let first = lab.spawn_command(cron(&lab, "true", &[])).finish();
    assert!(matches!(first.code, 1 | 3), "{first:?}");
    assert!(first.stderr.contains("Stopped at node2"), "{first:?}");
    assert!(first.stderr.contains("1 of 4 nodes are done"), "{first:?}");
    // Another line does not go on with it.
    let other = lab.spawn_command(cron(&lab, "false", &[])).finish();
    assert_eq!(other.code, 1);
    assert!(other.stderr.contains("--restart"), "{other:?}");
    lab.run(["gnt-debug", "fault", "clear"]).exits(0);
    let second = lab.spawn_command(cron(&lab, "true", &[])).finish();
    assert_eq!(second.code, 0, "{second:?}");
    assert_eq!(homes(&lab), before);
    assert_eq!(succeeded(&lab, "NODE_RESTORE").len(), 4);
    lab.verify_clean();
}

#[test]
fn it_stops_where_the_command_fails() {
    let lab = Lab::sample(3, 3, 0);
    let mark = lab.temp.path().join("mark");
    let exec = format!("test $GNT_NODE != node2 || test -e {}", mark.display());
    let first = lab.spawn_command(cron(&lab, &exec, &["--json"])).finish();
    assert_eq!(first.code, 1, "{first:?}");
    let document: serde_json::Value =
        serde_json::from_str(first.stdout.lines().last().unwrap()).unwrap();
    assert_eq!(document["rolling"]["done"], 1);
    assert_eq!(document["rolling"]["stage"], "exec");
    let status = [
        "gnt-node",
        "maintenance",
        "status",
        "--no-headers",
        "-o",
        "name,empty",
    ];
    let status = lab.run(status);
    assert_eq!(status.stdout, "node2 Y\n");
    std::fs::write(&mark, "").unwrap();
    lab.spawn_command(cron(&lab, &exec, &[])).finish().exits(0);
    once_each(&lab, 3);
}

#[test]
fn a_node_that_does_not_come_back_is_waited_for() {
    let lab = Lab::sample(3, 3, 0);
    let fault = tool("gnt-debug").display().to_string();
    let exec = format!("{fault} fault add node-dead -n $GNT_NODE");
    let first = ["--nodes", "node2", "--back-within", "1s"];
    let first = lab.spawn_command(cron(&lab, &exec, &first)).finish();
    assert_eq!(first.code, 1, "{first:?}");
    assert!(first.stderr.contains("no answer within 1 s"), "{first:?}");
    lab.run(["gnt-debug", "fault", "clear"]).exits(0);
    let second = lab.spawn_command(cron(&lab, &exec, &["--nodes", "node2"]));
    second.finish().exits(0);
    lab.verify_clean();
}

#[test]
fn there_is_one_at_a_time() {
    let lab = Lab::sample(3, 3, 0);
    let lock = DutyLock::try_take(&lab.dir, Duty::Rolling)
        .unwrap()
        .unwrap();
    assert_eq!(lab.spawn_command(cron(&lab, "true", &[])).finish().code, 1);
    drop(lock);
    lab.spawn_command(cron(&lab, "true", &[])).finish().exits(0);
}
