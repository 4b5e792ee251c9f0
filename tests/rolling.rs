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

use common::{Lab, Running, cluster_files, tool, wait_for};
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

/// What may stand in the log behind the time, with `N` for numbers.
const TOLD: [&str; 7] = [
    "nodeN (N of N): maintenance begins",
    "nodeN: empty, in maintenance",
    "nodeN: runs ",
    "nodeN: the command is done after N s",
    "nodeN: waits until it answers",
    "nodeN: in use again",
    "goes on with nodeN: N of N nodes are done",
];

/// A line without what differs: numbers, and the names that jobs are known by.
fn plain(line: &str) -> String {
    let mut plain = String::new();
    for letter in line.chars() {
        match letter.is_ascii_digit() {
            true if plain.ends_with('N') => {}
            true => plain.push('N'),
            false => plain.push(letter),
        }
    }
    plain
}

/// Each line of the log says one thing that a person understands in the morning.
fn check_log(log: &str, nodes: usize) {
    for line in log.lines() {
        assert!(!line.contains(|c: char| c.is_control()), "{line:?}");
        let plain = plain(line);
        let told = plain.strip_prefix("N-N-N N:N:N ");
        let known = match told {
            Some(told) => TOLD.iter().any(|known| told.starts_with(known)),
            // How each job is getting on, what became of all of one step, and who took over.
            None => [
                "job N (",
                "Cluster ",
                "request rolling-",
                "the runner had ended",
            ]
            .iter()
            .any(|known| plain.starts_with(known)),
        };
        assert!(known, "{line:?}\n{log}");
    }
    for node in (1..=nodes).map(|nr| format!("node{nr}")) {
        for told in [
            "maintenance begins",
            "empty, in maintenance",
            "in use again",
        ] {
            let mut of_node = log.lines().filter(|line| line.contains(&node));
            assert!(
                of_node.any(|line| line.ends_with(told)),
                "{node} {told}\n{log}"
            );
        }
    }
}

/// Lets a rolling maintenance of a cluster go from its first node to its last while runner and client
/// are killed three times, each time when so many moves more are done.
fn is_done_once_whoever_is_killed(lab: &Lab, moments: [usize; 3]) {
    let nodes = lab.store().config().unwrap().nodes.len();
    let before = homes(lab);
    let commands = lab.temp.path().join("commands");
    let exec = format!("echo $GNT_NODE >> {}; sleep 0.05", commands.display());
    let start = || lab.spawn_command(cron(lab, &exec, &["--parallel", "4"]));
    let done = || succeeded(lab, "INSTANCE_").len();
    let mut log = String::new();
    let mut client: Running = start();
    // The moments are steps of the work, not of the clock.
    for moves in moments {
        wait_for("the next moment", || (done() >= moves).then_some(()));
        // A second start while the first one works is told so, and does nothing.
        let second = lab.spawn_command(cron(lab, &exec, &[])).finish();
        assert_eq!(second.code, 1, "{second:?}");
        assert!(second.stderr.contains("is at work"), "{second:?}");
        let runner = wait_for("a runner", || lab.runner_pid());
        kill(runner, Signal::SIGKILL).unwrap();
        client.signal(Signal::SIGKILL);
        let killed = client.finish();
        assert!(killed.killed, "{killed:?}");
        log += &killed.stderr;
        client = start();
    }
    let output = client.finish();
    assert_eq!(output.code, 0, "{output:?}");
    let verdict = format!("Rolling maintenance is done: {nodes} nodes.\n");
    assert!(output.stdout.ends_with(&verdict), "{output:?}");
    log += &output.stderr;
    check_log(&log, nodes);
    once_each(lab, nodes);
    assert_eq!(homes(lab), before);
    lab.verify_clean();
    // The command may run twice for a node, never for none, and in order.
    let commands = std::fs::read_to_string(&commands).unwrap();
    let mut names: Vec<&str> = commands.lines().collect();
    names.dedup();
    let all: Vec<String> = (1..=nodes).map(|nr| format!("node{nr}")).collect();
    assert_eq!(names, all);
    assert_eq!(lab.store().rolling().unwrap(), None);
}

#[test]
fn every_node_is_done_once_whoever_is_killed() {
    let lab = Lab::sample(6, 20, 15);
    is_done_once_whoever_is_killed(&lab, [3, 15, 30]);
}

#[test]
fn so_is_every_node_of_an_imported_cluster() {
    let lab = Lab::imported(&cluster_files().join("six-nodes.json"), 15);
    is_done_once_whoever_is_killed(&lab, [5, 40, 80]);
}

#[test]
fn in_an_imported_cluster_it_stops_before_an_instance_that_cannot_move() {
    let lab = Lab::imported(&cluster_files().join("six-nodes.json"), 0);
    let before = homes(&lab);
    let add = ["gnt-instance", "add", "-t", "plain", "-s", "1G"];
    let add = add.into_iter().chain(["-n", "node3", "bolted"]);
    lab.run(add).exits(0);
    let first = lab.spawn_command(cron(&lab, "true", &[])).finish();
    assert_eq!(first.code, 1, "{first:?}");
    for text in [
        "bolted",
        "hint: bolted: its only disks are on node3: shut it down and leave it there, or move",
        "hint: nothing was moved, and the node is in use as before; gnt-node maintenance enter",
        "Stopped at node3, which was being emptied. 2 of 6 nodes are done.",
        "The same line again goes on from here; --restart forgets this and begins anew.",
    ] {
        assert!(first.stderr.contains(text), "{text}: {first:?}");
    }
    // Nothing has left the node, and it is in use as before.
    let bolted = ("node3".to_owned(), None);
    let with_it = || {
        let mut all = before.clone();
        all.insert("bolted".to_owned(), bolted.clone());
        all
    };
    assert_eq!(homes(&lab), with_it());
    let status = ["gnt-node", "maintenance", "status", "--no-headers"];
    assert_eq!(lab.run(status).exits(0).stdout, "");
    // As long as it is there the line ends the same.
    let again = lab.spawn_command(cron(&lab, "true", &[])).finish();
    assert_eq!(again.code, 1, "{again:?}");
    assert!(
        again.stderr.contains("goes on with node3: 2 of 6"),
        "{again:?}"
    );
    assert_eq!(homes(&lab), with_it());
    lab.verify_clean();
    // When a person has seen to it the line goes on with the nodes that are left.
    lab.run(["gnt-instance", "move", "-f", "-n", "node1", "bolted"])
        .exits(0);
    let last = lab.spawn_command(cron(&lab, "true", &[])).finish();
    assert_eq!(last.code, 0, "{last:?}");
    once_each(&lab, 6);
    assert_eq!(lab.nodes_of("bolted"), ("node1".to_owned(), None));
    lab.run(["gnt-instance", "remove", "-f", "bolted"]).exits(0);
    assert_eq!(homes(&lab), before);
    lab.verify_clean();
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
