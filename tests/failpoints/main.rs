//! Failpoints, the clock that a test moves, and the version that it pretends, in the real programs.

#![cfg(debug_assertions)]
#![expect(
    clippy::disallowed_methods,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test reads and prints the log and /proc, and ends where it finds something amiss"
)]

#[path = "../common/mod.rs"]
mod common;
mod every;
mod stories;

use std::time::Duration;

use common::{Lab, wait_for};
use gnt::failpoints::control::{Action, Control};
use gnt::failpoints::{Point, Side, Stage};
use gnt::hypervisor::VerbName;
use gnt::hypervisor::fake::FakeSettings;
use gnt::queue::{JobId, Status};
use gnt::store::Commit;
use nix::sys::signal::Signal;

/// The exit code of a tool that was killed.
const KILLED: i32 = 128 + Signal::SIGKILL as i32;

const HOUR: i64 = 3_600;

fn steered() -> (Lab, Control) {
    let mut lab = Lab::ring(3, 3, FakeSettings::ZERO);
    let control = lab.steer();
    (lab, control)
}

#[test]
fn a_tool_dies_before_its_commit_or_after_it() {
    let (lab, control) = steered();
    let delay = ["gnt-debug", "delay", "--submit", "0"];
    for (stage, jobs) in [
        (Stage::Begin, 0),
        (Stage::Commit, 0),
        (Stage::Committed, 1),
        (Stage::Announced, 2),
    ] {
        let point = Point::Commit(Commit::Submit, stage);
        control.arm(point, Action::Kill, 1).unwrap();
        lab.run(delay).exits(KILLED);
        assert_eq!(lab.store().jobs().unwrap().len(), jobs, "{point}");
        assert!(control.hits(point) > 0);
    }
    // Each did so once.
    lab.run(delay).exits(0);
    let jobs = lab.store().jobs().unwrap();
    assert_eq!(jobs.len(), 3);
    for job in jobs {
        lab.wait_for_status(job.id, &[Status::Success]);
    }
}

#[test]
fn a_commit_fails_as_it_does_on_a_bad_disk() {
    let (lab, control) = steered();
    let delay = ["gnt-debug", "delay", "--submit", "0"];
    for stage in [Stage::Begin, Stage::Commit] {
        let point = Point::Commit(Commit::Submit, stage);
        for (action, text) in [(Action::Full, "is full"), (Action::Error, "disk I/O error")] {
            control.arm(point, action, 1).unwrap();
            let output = lab.run(delay).exits(1);
            assert!(output.stderr.contains(text), "{output:?}");
        }
    }
    assert_eq!(lab.store().jobs().unwrap(), []);
    let late = Point::Commit(Commit::Submit, Stage::Committed);
    control.arm(late, Action::Error, 1).unwrap_err();
}

#[test]
fn the_runner_is_steered_too_and_hits_are_counted_over_all_processes() {
    let (lab, control) = steered();
    let point = Point::Verb(VerbName::Migrate, Side::After);
    control.arm(point, Action::Kill, 2).unwrap();
    let migrate = |name| ["gnt-instance", "migrate", "-f", name];
    lab.run(migrate("inst1")).exits(0);
    assert_eq!(control.hits(point), 1);
    // The runner dies; the client that waits starts the next one.
    lab.run(migrate("inst2")).exits(0);
    lab.verify_clean();
    let log = std::fs::read_to_string(lab.dir.runner_log()).unwrap();
    assert!(log.contains("adopted, start 2"), "{log}");
}

#[test]
fn a_stopped_process_goes_on() {
    let (lab, control) = steered();
    let point = Point::Commit(Commit::Submit, Stage::Begin);
    control.arm(point, Action::Stop, 1).unwrap();
    let client = lab.spawn(["gnt-debug", "delay", "0"]);
    let pid = client.id();
    wait_for("the client to stand still", || {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        stat.contains(") T ").then_some(())
    });
    assert_eq!(lab.store().jobs().unwrap(), []);
    client.signal(Signal::SIGCONT);
    client.finish().exits(0);
    assert_eq!(lab.job(JobId(1)).status, Status::Success);
}

#[test]
fn the_clock_moves_back_and_forth() {
    let (lab, control) = steered();
    let mut times = vec![];
    for hours in [0, 1, -1] {
        control.set_clock(hours * HOUR).unwrap();
        lab.run(["gnt-debug", "delay", "0"]).exits(0);
        times.push(lab.store().jobs().unwrap().last().unwrap().received);
    }
    let hour = Duration::from_secs(3_600).as_micros() as i64;
    let hours = |time: i64| ((time - times[0]) as f64 / hour as f64).round();
    assert_eq!(
        times.iter().copied().map(hours).collect::<Vec<_>>(),
        [0.0, 1.0, -1.0]
    );
}

#[test]
fn a_tool_of_another_version_brings_its_runner() {
    let (lab, control) = steered();
    let runner = |version: &str| {
        control.set_version(Some(version)).unwrap();
        wait_for("the runner of the newest version", || {
            // Whoever meets work to do wants the runner to be of its version, if it is newer.
            lab.run(["gnt-debug", "delay", "0.2"]).exits(0);
            let program = lab.store().settings().unwrap().program?;
            (program.version == "7.1.0" || version == "7.0.0").then_some(program.version)
        })
    };
    assert_eq!(runner("7.0.0"), "7.0.0");
    assert_eq!(runner("7.1.0"), "7.1.0");
    // An older tool leaves it in its place.
    assert_eq!(runner("6.9.0"), "7.1.0");
}

#[test]
fn a_node_whose_size_was_not_answered_is_added_all_the_same() {
    let (lab, control) = steered();
    let point = Point::Verb(VerbName::SetCapacity, Side::After);
    control.arm(point, Action::Error, 1).unwrap();
    let size = "memory=64G,disk=1T,cpus=32";
    lab.run(["gnt-node", "add", "--capacity", size, "node4"])
        .exits(0);
    assert_eq!(control.hits(point), 1);
    lab.verify_clean();
}

#[test]
fn a_clock_that_jumps_holds_nothing_up() {
    let (lab, control) = steered();
    lab.durations(150);
    let point = Point::Verb(VerbName::Migrate, Side::Before);
    control.arm(point, Action::Kill, 1).unwrap();
    let mut client = lab.spawn(["gnt-node", "evacuate", "-f", "node1"]);
    // An hour forth, two back, and so on, while verbs are on their way and a runner dies.
    let mut offset = HOUR;
    let until = std::time::Instant::now() + common::PATIENCE;
    while !client.is_over() && std::time::Instant::now() < until {
        control.set_clock(offset).unwrap();
        offset = -offset;
        std::thread::sleep(Duration::from_millis(20));
    }
    client.finish().exits(0);
    assert!(lab.primaries("node1").is_empty());
    lab.verify_clean();
    for job in lab.store().jobs().unwrap() {
        assert_eq!(job.status, Status::Success);
        assert!(job.ended >= job.started, "{job:?}");
    }
}
