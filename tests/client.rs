//! The client goes away, and the jobs go on.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test may end where it finds something amiss; it opens no database"
)]

mod common;

use std::fs::File;
use std::io::Read;
use std::process::Stdio;
use std::time::{Duration, Instant};

use common::{Lab, PATIENCE, Running, wait_for};
use gnt::queue::{JobId, Status};
use nix::sys::signal::{Signal, kill};
use serde_json::{Value, json};

const EVACUATE: [&str; 4] = ["gnt-node", "evacuate", "-f", "node1"];

/// Slow enough that a client is met while its children run, however busy the machine is.
const MILLIS: u64 = 1_500;

/// Starts an evacuation, and waits until children of it run.
fn on_its_way(lab: &Lab, more: &[&str]) -> (Running, JobId) {
    let client = lab.spawn(EVACUATE.iter().chain(more));
    let store = lab.store();
    let parent = wait_for("children that run", || {
        let jobs = store.jobs().unwrap();
        let child =
            |job: &&gnt::store::JobRow| job.parent.is_some() && job.status == Status::Running;
        jobs.iter().find(child)?.parent
    });
    (client, parent)
}

/// The jobs go on without their client; `gnt-job watch` tells how it ends.
fn watch_tells_the_rest(lab: &Lab, parent: JobId, exit: i32, verdict: &str) {
    let children = lab.children(parent);
    assert!(children.iter().any(|job| !job.status.is_final()));
    let id = parent.to_string();
    let output = lab.run(["gnt-job", "watch", &id]).exits(exit);
    assert!(output.stdout.contains("STEP 6/6"), "{output:?}");
    let last = output.stdout.lines().last().unwrap();
    assert!(last.starts_with(&format!("{verdict}:")), "{output:?}");
    let children = lab.children(parent);
    assert_eq!(children.len(), 7);
    assert!(children.iter().all(|job| job.status.is_final()));
    lab.run(["gnt-job", "wait", &id]).exits(exit);
    lab.verify_clean();
}

#[test]
fn killed() {
    let lab = Lab::sample(6, 30, MILLIS);
    let (client, parent) = on_its_way(&lab, &[]);
    client.signal(Signal::SIGKILL);
    assert_eq!(client.finish().code, 128 + 9);
    watch_tells_the_rest(&lab, parent, 0, "done");
    assert_eq!(lab.primaries("node1"), [].into());
}

#[test]
fn interrupted() {
    let lab = Lab::sample(6, 30, MILLIS);
    let fault = [
        "gnt-debug",
        "fault",
        "add",
        "fails",
        "--verb",
        "migrate",
        "-i",
        "inst1",
    ];
    lab.run(fault).exits(0);
    let (client, parent) = on_its_way(&lab, &["--json"]);
    client.signal(Signal::SIGINT);
    let output = client.finish().exits(130);
    let hint = format!("gnt-job watch {parent}");
    assert!(output.stderr.contains(&hint), "{output:?}");
    let document = output.json();
    assert_eq!(document["verdict"], "detached");
    assert_eq!(document["exit"], json!(130));
    assert_eq!(document["job"], json!(parent));
    // The exit code is the one that the client would have had.
    watch_tells_the_rest(&lab, parent, 3, "partial");
    let told = lab.run(["gnt-job", "wait", "--json", &parent.to_string()]);
    assert_eq!(told.json()["summary"]["failed"], json!(1));
}

#[test]
fn terminated() {
    let lab = Lab::sample(6, 30, MILLIS);
    lab.run(["gnt-debug", "fault", "add", "fails", "--verb", "migrate"])
        .exits(0);
    let client = lab.spawn(["gnt-node", "migrate", "-f", "node1"]);
    let store = lab.store();
    let parent = wait_for("children", || {
        store.jobs().unwrap().iter().find_map(|job| job.parent)
    });
    client.signal(Signal::SIGTERM);
    let output = client.finish().exits(143);
    assert!(output.stderr.contains(&format!("gnt-job watch {parent}")));
    let output = lab.run(["gnt-job", "watch", &parent.to_string()]).exits(1);
    assert!(output.stdout.contains("failed: "), "{output:?}");
    lab.verify_clean();
}

#[test]
fn the_time_to_wait_is_over() {
    let lab = Lab::sample(6, 30, 2 * MILLIS);
    let begun = Instant::now();
    let words = EVACUATE.iter().chain(&["--timeout", "1", "--json"]);
    let output = lab.run(words).exits(4);
    assert!(begun.elapsed() >= Duration::from_secs(1));
    let document = output.json();
    assert_eq!(document["verdict"], "running");
    assert_eq!(document["exit"], json!(4));
    let parent = document["job"].to_string();
    assert!(output.stderr.contains(&format!("gnt-job watch {parent}")));
    lab.run(["gnt-job", "wait", "--timeout", "0", &parent])
        .exits(4);
    lab.run(["gnt-job", "watch", "--timeout", "0", &parent])
        .exits(4);
    watch_tells_the_rest(&lab, parent.parse().unwrap(), 0, "done");
}

#[test]
fn submitted_and_left() {
    let lab = Lab::sample(6, 30, MILLIS);
    let words = EVACUATE.iter().chain(&["--submit", "--print-jobid"]);
    let output = lab.run(words).exits(0);
    assert_eq!(output.stdout, "1\n");
    // Nobody waits, and it is done all the same.
    let family = lab.wait_for_family(JobId(1));
    assert_eq!(family.len(), 8);
    assert!(family.iter().all(|job| job.status == Status::Success));
    lab.verify_clean();

    // Waited for, the id is the first line, and the verdict the last.
    lab.durations(0);
    let words = ["gnt-node", "evacuate", "-f", "node2", "--print-jobid"];
    let output = lab.run(words).exits(0);
    let mut lines = output.stdout.lines();
    let id = lines.next().unwrap();
    let first = lab.store().jobs().unwrap();
    let parent = first.iter().rfind(|job| job.parent.is_none()).unwrap();
    assert_eq!(id, parent.id.to_string());
    assert!(lines.next().is_some(), "{output:?}");
}

#[test]
fn a_request_is_joined() {
    let lab = Lab::sample(6, 30, MILLIS);
    let fault = [
        "gnt-debug",
        "fault",
        "add",
        "fails",
        "--verb",
        "migrate",
        "-i",
        "inst1",
    ];
    lab.run(fault).exits(0);
    let request = ["--request-id", "empty-node1", "--json"];
    let (first, parent) = on_its_way(&lab, &request);
    // On its way, and when it is over: the same job, the same end.
    let second = lab.spawn(EVACUATE.iter().chain(&request));
    let first = first.finish().exits(3).json();
    let second = second.finish().exits(3);
    assert!(second.stderr.contains("is job 1 already"), "{second:?}");
    let third = lab.run(EVACUATE.iter().chain(&request)).exits(3).json();
    assert_eq!(first["job"], json!(parent));
    assert_eq!(second.json(), first);
    assert_eq!(third, first);
    assert_eq!(lab.store().jobs().unwrap().len(), 8);
    // Another operation under its name is not told that all went well.
    let other = [
        "gnt-node",
        "evacuate",
        "-f",
        "node2",
        "--request-id",
        "empty-node1",
    ];
    let other = lab.run(other).exits(1);
    assert!(
        other.stderr.contains("not NODE_EVACUATE(node2)"),
        "{other:?}"
    );
}

#[test]
fn a_full_device() {
    let lab = Lab::sample(6, 30, 0);
    for words in [
        &["gnt-job", "list"][..],
        &["gnt-instance", "list"],
        &["gnt-node", "list", "--json"],
        &["gnt-cluster", "info"],
    ] {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let output = lab.command(words).stdout(full).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{words:?}: {stderr}");
        assert!(stderr.contains("No space left"), "{words:?}: {stderr}");
        assert!(!stderr.contains("panicked"), "{stderr}");
    }
    // The jobs do not depend on who listens.
    for more in [&[][..], &["--json"]] {
        let full = || File::options().write(true).open("/dev/full").unwrap();
        let mut command = lab.command(EVACUATE.iter().chain(more));
        let status = command.stdout(full()).stderr(full()).status().unwrap();
        assert_eq!(status.code(), Some(1), "{more:?}");
    }
    let family = lab.wait_for_family(JobId(1));
    assert_eq!(family.len(), 8);
    lab.verify_clean();
}

/// Runs a command whose reader goes away after the first bytes.
fn with_closed_pipe(lab: &Lab, words: &[&str]) -> (Option<i32>, String) {
    let mut command = lab.command(words);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let until = Instant::now() + PATIENCE;
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        assert!(Instant::now() < until, "{words:?} does not end");
        std::thread::sleep(Duration::from_millis(2));
    };
    let mut stderr = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut stderr)
        .unwrap();
    (status.code(), stderr)
}

#[test]
fn a_closed_pipe() {
    let lab = Lab::sample(6, 30, 0);
    for words in [
        &["gnt-instance", "list"][..],
        &["gnt-cluster", "info"],
        &["gnt-job", "list-fields"],
    ] {
        let (_, stderr) = with_closed_pipe(&lab, words);
        assert_eq!(stderr, "", "{words:?}");
    }
    let (_, stderr) = with_closed_pipe(&lab, &[&EVACUATE[..], &["-q"]].concat());
    assert!(!stderr.contains("panicked"), "{stderr}");
    let (_, stderr) = with_closed_pipe(&lab, &[&EVACUATE[..], &["--json-stream"]].concat());
    assert!(!stderr.contains("panicked"), "{stderr}");
    let family = lab.wait_for_family(JobId(1));
    // The second one's client may be gone before its job has ended.
    lab.wait_for_family(lab.store().last_job().unwrap());
    assert_eq!(family.len(), 8);
    assert!(family.iter().all(|job| job.status == Status::Success));
    lab.verify_clean();
}

#[test]
fn not_confirmed() {
    let lab = Lab::sample(3, 6, 0);
    // Without a terminal there is nobody to ask.
    let output = lab
        .run(["gnt-node", "evacuate", "--json", "node1"])
        .exits(13);
    assert_eq!(output.json()["verdict"], "declined");
    assert_eq!(output.json()["job"], Value::Null);
    assert!(output.stderr.contains("hint:"), "{output:?}");
    assert_eq!(lab.store().jobs().unwrap(), []);
}

/// A program that reads a stream or a document finds nothing else in it, and its end is that of the
/// tool, however it ends.
#[test]
fn a_stream_ends_with_its_verdict() {
    let lab = Lab::sample(6, 30, MILLIS);
    let verdict = |output: &common::Output| {
        let events = output.stdout.lines().map(serde_json::from_str::<Value>);
        let events: Vec<Value> = events.map(|event| event.unwrap()).collect();
        let last = events.last().unwrap().clone();
        assert_eq!(last["event"], "verdict", "{output:?}");
        assert!(last["time"].is_string() && last["schema"] == 1, "{last}");
        assert_eq!(last["exit"].as_i64(), Some(output.code.into()));
        last["verdict"].as_str().unwrap().to_owned()
    };
    let stream = ["gnt-node", "evacuate", "-f", "--json-stream"];
    let (client, parent) = on_its_way(&lab, &["--json-stream", "--print-jobid"]);
    let parent = parent.to_string();
    client.signal(Signal::SIGTERM);
    assert_eq!(verdict(&client.finish().exits(143)), "detached");

    let wait = ["gnt-job", "cancel", "-f", "--wait", "--json", &parent];
    // Nothing ends while nobody works.
    let runner = lab.runner_pid().unwrap();
    kill(runner, Signal::SIGSTOP).unwrap();
    let output = lab.run(wait.iter().chain(&["--timeout", "0s"])).exits(4);
    kill(runner, Signal::SIGCONT).unwrap();
    assert_eq!(output.json()["exit"], 4);
    // Cancelled by hand, some of it perhaps when it was done already.
    let code = lab.run(["gnt-job", "wait", "-q", &parent]).code;
    let done = lab.children(JobId(parent.parse().unwrap()));
    let some = done.iter().any(|job| job.status == Status::Success);
    assert_eq!(code, if some { 3 } else { 1 });

    lab.run(["gnt-cluster", "queue", "drain"]).exits(0);
    let output = lab.run(stream.iter().chain(&["node1"])).exits(1);
    assert_eq!(verdict(&output), "refused");
    lab.run(["gnt-cluster", "queue", "undrain"]).exits(0);
    let output = lab.run(stream.iter().chain(&["nowhere"])).exits(1);
    assert_eq!(verdict(&output), "failed");
    let output = lab.run(stream.iter().chain(&["node1", "node2"])).exits(2);
    assert_eq!(verdict(&output), "failed");
    lab.run(["gnt-node", "evacuate", "-f", "node1"]).exits(0);
    let output = lab.run(stream.iter().chain(&["node1"])).exits(0);
    assert_eq!(verdict(&output), "done");
}

/// Whoever starts the runner may stand in a directory that is to be unmounted.
#[test]
fn the_runner_keeps_no_directory_busy() {
    let lab = Lab::sample(3, 6, 0);
    let mut command = lab.command(["gnt-debug", "delay", "60", "--submit"]);
    let output = command.current_dir(lab.temp.path()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    lab.wait_for_status(JobId(1), &[Status::Running]);
    let runner = lab.runner_pid().unwrap();
    let stands_in = std::fs::read_link(format!("/proc/{runner}/cwd")).unwrap();
    assert_eq!(stands_in, std::path::Path::new("/"));
}

#[test]
fn a_removal_that_was_made_already_is_joined() {
    let lab = Lab::sample(3, 6, 0);
    let add = [
        "gnt-node",
        "add",
        "--capacity",
        "memory=8G,disk=10G,cpus=2",
        "node9",
    ];
    lab.run(add).exits(0);
    for line in [
        "gnt-node remove node9 --request-id r1",
        "gnt-instance remove -f inst1 --request-id r2",
    ] {
        for _ in 0..2 {
            lab.run(line.split(' ')).exits(0);
        }
        let (other, _) = line.rsplit_once(' ').unwrap();
        lab.run(format!("{other} new").split(' ')).exits(1);
    }
}

#[test]
fn quiet_is_silent_where_all_went_well() {
    let lab = Lab::sample(3, 3, 0);
    for line in [
        "gnt-node modify -q -f --drained yes node2",
        "gnt-node modify -q -f --drained no node2",
        "gnt-node add-tags -q node2 tag",
        "gnt-instance modify -q -B memory=1G inst1",
        "gnt-group modify -q --alloc-policy last_resort default",
        "gnt-group add -q rack2",
        "gnt-cluster queue drain -q",
        "gnt-cluster queue undrain -q",
        "gnt-cluster rename -q -f other",
        "gnt-cluster verify -q",
        "gnt-cluster verify-config -q",
        "gnt-job archive -q 1",
        "gnt-job autoarchive -q all",
        "gnt-job purge -q all",
        "gnt-cluster watcher run -q",
        "gnt-node evacuate -q -f node1",
    ] {
        let output = lab.run(line.split(' ')).exits(0);
        assert_eq!((&*output.stdout, &*output.stderr), ("", ""), "{line}");
    }
    // What somebody asks for is told all the same, and what goes wrong, too.
    let list = lab.run(["gnt-job", "list", "-q", "--no-headers"]).exits(0);
    assert!(!list.stdout.is_empty());
    let wrong = lab.run(["gnt-node", "evacuate", "-q", "-f", "node9"]);
    assert!(wrong.exits(1).stderr.contains("node9 is not known"));
}
