//! What operators and their machines do to a cluster that works.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on panics; it reads and writes what it likes"
)]

mod common;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use common::{Lab, PATIENCE, tool, wait_for};
use gnt::queue::Status;
use gnt::queue::control::{Reach, cancel};
use gnt::runner::load::load;
use gnt::runner::state::{Reports, State};
use gnt::store::{Commit, Gate, Patience, runner_alive};
use nix::sys::signal::{Signal, kill};
use serde_json::json;

#[test]
fn removed_lock_files_are_made_again() {
    let lab = Lab::sample(3, 3, 20);
    let client = lab.spawn(["gnt-debug", "delay", "3"]);
    let store = lab.store();
    wait_for("a job that runs", || {
        let jobs = store.jobs().unwrap();
        jobs.first().filter(|job| job.status == Status::Running)?;
        lab.runner_pid()
    });
    for name in ["runner.lock", "write.lock", "write.next"] {
        fs::remove_file(lab.path().join(name)).unwrap();
    }
    // The runner notices that it has lost its place, and the client finds another one.
    assert_eq!(client.finish().code, 0);
    lab.run(["gnt-debug", "delay", "0"]).exits(0);
    for name in ["runner.lock", "write.lock", "write.next"] {
        let mode = fs::metadata(lab.path().join(name)).unwrap();
        assert_eq!(mode.permissions().mode() & 0o777, 0o600, "{name}");
    }
}

#[test]
fn whoever_waits_to_write_names_the_one_that_writes() {
    let lab = Lab::sample(3, 3, 20);
    let gate = Gate::enter(&lab.dir, Patience::Client).unwrap();
    let begun = Instant::now();
    let waiting: Vec<_> = (0..3)
        .map(|_| lab.spawn(["gnt-debug", "delay", "--submit", "0"]))
        .collect();
    let me = format!("pid {}, holds it", std::process::id());
    for client in waiting {
        let output = client.finish();
        assert_eq!(output.code, 1, "{output:?}");
        assert!(output.stderr.contains(&me), "{output:?}");
    }
    // Not ten seconds for its turn and then ten more for the writer.
    assert!(begun.elapsed() < Duration::from_secs(18));
    drop(gate);
    assert_eq!(lab.store().jobs().unwrap(), []);
}

#[test]
fn a_runner_that_leaves_has_not_died() {
    let lab = Lab::sample(3, 3, 20);
    let job = lab.submit(["gnt-debug", "delay", "600"]);
    lab.wait_for_status(job, &[Status::Running]);
    // As if two runners had died on it before this one.
    let store = lab.store();
    let twice = store.write(Commit::Submit, |tx| {
        tx.op_running(job, 0, Status::Running)?;
        tx.op_running(job, 0, Status::Running)
    });
    twice.unwrap();
    let first = wait_for("the runner", || lab.runner_pid());
    kill(first, Signal::SIGTERM).unwrap();
    wait_for("the runner's end", || match lab.runner_pid() {
        Some(pid) if pid == first => None,
        _ => Some(()),
    });
    let watch = lab.spawn(["gnt-job", "wait", &job.to_string()]);
    wait_for("the next start", || {
        lab.runner_pid().filter(|pid| *pid != first)?;
        Some(())
    });
    wait_for("the job's adoption", || {
        let log = fs::read_to_string(lab.dir.runner_log()).unwrap();
        let seen = log.contains("adopted") || log.contains("for the last time");
        seen.then_some(())
    });
    lab.wait_for_status(job, &[Status::Running]);
    lab.run(["gnt-job", "cancel", &job.to_string()]).exits(0);
    assert_eq!(watch.finish().code, 1);
    lab.wait_for_status(job, &[Status::Canceled]);
}

#[test]
fn runners_that_end_at_once_are_not_started_all_at_once() {
    let lab = Lab::sample(3, 3, 20);
    let bin = lab.temp.path().join("bin");
    fs::create_dir(&bin).unwrap();
    fs::copy(tool("gnt-debug"), bin.join("gnt-debug")).unwrap();
    let count = lab.temp.path().join("starts");
    // It ends, and closes the lock file as a runner does.
    let script = format!(
        "#!/bin/sh\necho start >>'{}'\n: 3<>'{}'\n",
        count.display(),
        lab.dir.runner_lock().display()
    );
    let runner = bin.join("gnt-runner");
    fs::write(&runner, script).unwrap();
    fs::set_permissions(&runner, Permissions::from_mode(0o755)).unwrap();
    let mut client = std::process::Command::new(bin.join("gnt-debug"));
    client
        .args(["delay", "0"])
        .env("GNT_STATE_DIR", lab.path())
        .stdin(std::process::Stdio::null());
    let begun = Instant::now();
    let output = client.output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(begun.elapsed() > Duration::from_secs(4), "{output:?}");
    assert!(begun.elapsed() < PATIENCE);
    let starts = fs::read_to_string(count).unwrap().lines().count();
    // The submission's own, and ten of those who wait.
    assert_eq!(starts, 11);
}

#[test]
fn a_cancel_is_not_lost_with_a_commit_that_failed() {
    let lab = Lab::sample(3, 3, 20);
    // Held, so that no runner comes but the one played here.
    lab.run(["gnt-cluster", "queue", "hold"]).exits(0);
    let job = lab.submit(["gnt-debug", "delay", "600"]);
    let store = lab.store();
    let begin = store.write(Commit::Step, |tx| {
        tx.set_held(false)?;
        tx.begin_runner(&gnt::store::Program::ours(std::path::PathBuf::new()))
    });
    let mut state = State::new(begin.unwrap().epoch, store.settings().unwrap());
    load(&mut state, &store).unwrap();
    let none = Reports::default();
    let step = store.write(Commit::Step, |tx| {
        state.step(tx, None, &[], &[], &none, true)
    });
    state.committed(&mut step.unwrap());
    assert!(!state.active[&job].interrupt.canceled());

    cancel(&store, &[job], Reach::Family, "{}").unwrap();
    // A commit fails before the runner has seen that: everything is loaded anew.
    load(&mut state, &store).unwrap();
    assert!(state.active[&job].interrupt.canceled());
}

#[test]
fn nothing_is_submitted_to_a_cluster_that_is_gone() {
    let lab = Lab::sample(3, 3, 20);
    let client = lab.client();
    lab.run(["gnt-cluster", "destroy", "--yes-do-it"]).exits(0);
    assert!(client.set_drained(true).is_err());
    // Neither if there is another one by now.
    lab.run(["gnt-cluster", "init", "other"]).exits(0);
    assert!(client.set_drained(true).is_err());
    assert!(!lab.store().settings().unwrap().drained);
}

/// Submits one opcode from a file.
fn submit(lab: &Lab, opcode: &serde_json::Value) -> common::Output {
    let file = lab.temp.path().join("job.json");
    fs::write(&file, json!([opcode]).to_string()).unwrap();
    lab.run(["gnt-debug", "submit-job", file.to_str().unwrap()])
}

#[test]
fn absurd_sizes_are_refused() {
    let lab = Lab::sample(3, 3, 0);
    let huge = json!({"memory": u64::MAX, "disk": u64::MAX, "cpus": u64::MAX});
    let opcodes = [
        json!({"OP_ID": "OP_INSTANCE_CREATE", "instance_name": "big", "mode": "create",
               "disk_template": "drbd", "disks": [{"size": u64::MAX}, {"size": u64::MAX}],
               "nics": [], "pnode": "node1", "snode": "node2"}),
        json!({"OP_ID": "OP_NODE_SET_PARAMS", "node_name": "node1", "capacity": huge}),
        json!({"OP_ID": "OP_NODE_SET_PARAMS", "node_name": "node1", "capacity": huge, "force": true}),
        json!({"OP_ID": "OP_NODE_ADD", "node_name": "big", "capacity": huge}),
    ];
    for opcode in opcodes {
        let output = submit(&lab, &opcode).exits(1);
        assert!(
            output.stderr.contains("larger than any node"),
            "{opcode}: {output:?}"
        );
    }
    lab.verify_clean();
}

#[test]
fn names_do_not_steer_terminals() {
    let lab = Lab::sample(3, 3, 0);
    let name = "\u{1b}]0;owned\u{7}\nnode1";
    let opcode = json!({"OP_ID": "OP_INSTANCE_STARTUP", "instance_name": name});
    let output = submit(&lab, &opcode).exits(1);
    assert!(!output.stderr.contains('\u{1b}'), "{output:?}");
    let list = lab.run(["gnt-job", "list", "--no-headers"]).exits(0);
    assert_eq!(list.stdout.lines().count(), 1, "{list:?}");
    let control = |c: char| c.is_control() && c != '\n';
    assert!(!list.stdout.contains(control), "{list:?}");
}

#[test]
fn whoever_meets_unfinished_jobs_starts_a_runner() {
    let lab = Lab::sample(3, 3, 0);
    let job = lab.submit(["gnt-debug", "delay", "2"]);
    for words in [["gnt-job", "list"], ["gnt-job", "info"]] {
        lab.wait_for_status(job, &[Status::Running]);
        let pid = wait_for("the runner", || lab.runner_pid());
        kill(pid, Signal::SIGKILL).unwrap();
        wait_for("its death", || {
            (!runner_alive(&lab.dir).unwrap()).then_some(())
        });
        let id = job.to_string();
        lab.run(words.into_iter().chain([id.as_str()])).exits(0);
    }
    // Nobody waits, and it is done all the same.
    lab.wait_for_status(job, &[Status::Success]);
}

#[test]
fn a_node_that_lives_although_it_is_marked_offline() {
    let lab = Lab::sample(3, 3, 0);
    let before = lab.nodes_of("inst1");
    let node = before.0.as_str();
    let mark = |offline| {
        lab.run(["gnt-node", "modify", "-f", "--offline", offline, node])
            .exits(0);
    };
    mark("yes");
    let output = lab
        .run(["gnt-instance", "failover", "-f", "inst1"])
        .exits(1);
    let hint = format!("gnt-node modify --offline no {node}");
    assert!(output.stderr.contains(&hint), "{output:?}");
    assert_eq!(lab.nodes_of("inst1"), before);
    mark("no");
    lab.verify_clean();
}

#[test]
fn a_missing_reality_is_named() {
    let lab = Lab::sample(3, 3, 0);
    let generation = lab.store().settings().unwrap().reality;
    let reality = lab.dir.reality(generation);
    fs::remove_file(&reality).unwrap();
    let output = lab.run(["gnt-debug", "delay", "0"]).exits(1);
    assert!(
        output.stderr.contains(&reality.display().to_string()),
        "{output:?}"
    );
    // The job is not lost, and no start counts against it.
    let store = lab.store();
    let job = store.jobs().unwrap().pop().unwrap();
    assert_eq!(job.status, Status::Queued);
}

#[test]
fn names_are_of_a_length_that_lists_can_show() {
    let lab = Lab::sample(3, 3, 0);
    let long =
        |length| json!({"OP_ID": "OP_INSTANCE_STARTUP", "instance_name": "x".repeat(length)});
    let output = submit(&lab, &long(256)).exits(1);
    assert!(output.stderr.contains("at most 255 bytes"), "{output:?}");
    assert_eq!(lab.store().jobs().unwrap(), []);
    // At the limit it is taken, and then there is no such instance.
    let output = submit(&lab, &long(255)).exits(1);
    assert!(output.stderr.contains("not known"), "{output:?}");
}

#[test]
fn a_stopped_runner_is_named_to_those_who_wait() {
    let lab = Lab::sample(3, 3, 0);
    let client = lab.spawn(["gnt-debug", "delay", "2"]);
    let runner = wait_for("the runner", || lab.runner_pid());
    wait_for("the job to run", || {
        let jobs = lab.store().jobs().unwrap();
        (jobs.first()?.status == Status::Running).then_some(())
    });
    kill(runner, Signal::SIGSTOP).unwrap();
    let hint = format!("kill -CONT {runner}");
    wait_for("the client to name it", || {
        client.stderr().contains(&hint).then_some(())
    });
    kill(runner, Signal::SIGCONT).unwrap();
    client.finish().exits(0);
}

#[test]
fn a_runner_that_dies_is_replaced_where_there_are_no_events() {
    let lab = Lab::sample(3, 3, 20);
    let job = lab.submit(["gnt-debug", "delay", "0.5"]);
    lab.wait_for_status(job, &[Status::Running]);
    // Nothing can be watched, as where the system's limit of watchers is reached.
    fs::remove_dir_all(lab.path().join("wake")).unwrap();
    let client = lab.spawn(["gnt-job", "watch", &job.to_string()]);
    wait_for("the client", || {
        client.stderr().contains("running").then_some(())
    });
    let runner = wait_for("the runner", || lab.runner_pid());
    kill(runner, Signal::SIGKILL).unwrap();
    client.finish().exits(0);
    assert_eq!(lab.job(job).status, Status::Success);
}
