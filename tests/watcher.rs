//! The watcher starts what should run and does not, and leaves alone what others work on.

#![expect(
    clippy::unwrap_used,
    reason = "a test may end where it finds something amiss"
)]

mod common;

use common::{Lab, Output, wait_for};
use gnt::limits::WATCHER_STARTS;
use gnt::queue::Status;
use gnt::store::{Duty, DutyLock};

const RUN: [&str; 4] = ["gnt-cluster", "watcher", "run", "--json"];

/// A cluster whose instances on node1 are down, since it was dead for a moment.
fn after_a_death() -> Lab {
    let lab = Lab::sample(3, 6, 0);
    dies(&lab);
    lab
}

fn dies(lab: &Lab) {
    lab.run(["gnt-debug", "fault", "add", "node-dead", "-n", "node1"])
        .exits(0);
    lab.run(["gnt-instance", "list"]).exits(0);
    lab.run(["gnt-debug", "fault", "clear"]).exits(0);
}

fn deeds(output: &Output) -> Vec<(String, String)> {
    let document = output.json();
    let items = document["items"].as_array().unwrap().iter();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    items
        .map(|item| (text(&item["instance"]), text(&item["deed"])))
        .collect()
}

#[test]
fn what_others_work_on_is_left_to_them() {
    let lab = after_a_death();
    let down = lab.primaries("node1");
    assert!(!down.is_empty());
    // It has the node to itself.
    let delay = lab.submit(["gnt-debug", "delay", "-n", "node1", "60"]);
    lab.wait_for_status(delay, &[Status::Running]);
    // One that only waits is left alone as well.
    let first = down.first().unwrap();
    let shutdown = lab.submit(["gnt-instance", "shutdown", first]);
    let output = lab.run(RUN).exits(0);
    let left = deeds(&output).into_iter().map(|(instance, deed)| {
        assert_eq!(deed, "left");
        instance
    });
    assert_eq!(
        left.collect::<Vec<_>>(),
        down.iter().cloned().collect::<Vec<_>>()
    );
    assert_eq!(lab.store().unfinished_count().unwrap(), 2);
    lab.run(["gnt-job", "cancel", "--wait", &delay.to_string()])
        .exits(0);
    lab.wait_for_status(shutdown, &[Status::Success]);
    // Nobody wants it to run any more.
    let output = lab.run(RUN).exits(0);
    assert_eq!(deeds(&output).len(), down.len() - 1);
    lab.verify_clean();
}

#[test]
fn what_was_stopped_meanwhile_stays_so() {
    let lab = after_a_death();
    let name = lab.primaries("node1").first().unwrap().clone();
    lab.run(["gnt-cluster", "queue", "hold"]).exits(0);
    let store = lab.store();
    let reality = gnt::admin::simulator(&store).unwrap().snapshot().unwrap();
    let down = gnt::admin::down(&store, &store.config().unwrap(), &reality).unwrap();
    let ours = down.into_iter().find(|down| down.instance == name).unwrap();
    let gnt::admin::Remedy::Start(opcode) = ours.what else {
        panic!("{ours:?}");
    };
    let shutdown = lab.submit(["gnt-instance", "shutdown", &name]);
    let job = gnt::queue::submit::NewJob::of(vec![*opcode]);
    let start = lab.client().submit_one(job, None).unwrap().unwrap();
    lab.run(["gnt-cluster", "queue", "release"]).exits(0);
    lab.wait_for_status(shutdown, &[Status::Success]);
    lab.wait_for_status(start, &[Status::Success]);
    lab.run(RUN).exits(0);
    lab.verify_clean();
    let output = lab.run([
        "gnt-instance",
        "list",
        "-o",
        "status",
        "--no-headers",
        &name,
    ]);
    assert_eq!(output.stdout.trim(), "ADMIN_down");
}

#[test]
fn what_falls_again_and_again_is_left_to_a_person() {
    let lab = after_a_death();
    for _ in 0..WATCHER_STARTS {
        let output = lab.run(RUN).exits(0);
        assert!(deeds(&output).iter().all(|(_, deed)| deed == "started"));
        dies(&lab);
    }
    let output = lab.run(RUN).exits(1);
    assert!(deeds(&output).iter().all(|(_, deed)| deed == "failed"));
    assert!(output.stdout.contains("is down again: left to you"));
    // Somebody has looked, and says so by putting the tries away.
    lab.run(["gnt-job", "autoarchive", "all"]).exits(0);
    lab.run(RUN).exits(0);
    lab.verify_clean();
}

#[test]
fn there_is_one_at_a_time() {
    let lab = after_a_death();
    let lock = DutyLock::try_take(&lab.dir, Duty::Watcher)
        .unwrap()
        .unwrap();
    let output = lab.run(RUN).exits(0);
    assert_eq!(output.json()["rests"], "Another watcher is at work.");
    drop(lock);
    // One that is killed leaves nothing locked, and its jobs go on.
    lab.durations(100);
    let running = lab.spawn(RUN);
    wait_for("a job", || {
        (lab.store().unfinished_count().unwrap() > 0).then_some(())
    });
    running.signal(nix::sys::signal::Signal::SIGKILL);
    running.finish();
    lab.run(RUN).exits(0);
    for job in lab.store().jobs().unwrap() {
        lab.wait_for_status(job.id, &[Status::Success]);
    }
    lab.run(RUN).exits(0);
    lab.verify_clean();
}

#[test]
fn it_waits_no_longer_than_it_was_told() {
    let lab = after_a_death();
    lab.durations(60_000);
    let output = lab.run(RUN.into_iter().chain(["--timeout", "0"])).exits(4);
    assert!(deeds(&output).iter().all(|(_, deed)| deed == "running"));
    assert_eq!(output.json()["exit"], 4);
}

#[cfg(debug_assertions)]
#[test]
fn where_an_uncertain_instance_is_is_found_when_all_nodes_answer() {
    use gnt::failpoints::control::Action;
    use gnt::failpoints::{Point, Side};
    use gnt::hypervisor::VerbName;
    use gnt::hypervisor::fake::FakeSettings;

    let mut lab = Lab::ring(3, 3, FakeSettings::ZERO);
    let point = Point::Verb(VerbName::Migrate, Side::After);
    lab.steer().arm(point, Action::Panic, 1).unwrap();
    lab.run(["gnt-instance", "migrate", "-f", "inst1"]).exits(1);
    let uncertain = || {
        let config = lab.store().config().unwrap();
        config.instance_named("inst1").unwrap().uncertain.is_some()
    };
    assert!(uncertain());
    lab.run(["gnt-debug", "fault", "add", "node-dead", "-n", "node3"])
        .exits(0);
    let output = lab.run(RUN).exits(1);
    let of_inst1 = |(instance, _): &(String, String)| instance == "inst1";
    assert!(!deeds(&output).iter().any(of_inst1), "{output:#?}");
    assert!(uncertain());
    lab.run(["gnt-debug", "fault", "clear"]).exits(0);
    let output = lab.run(RUN).exits(0);
    let mended = ("inst1".to_owned(), "mended".to_owned());
    assert!(deeds(&output).contains(&mended), "{output:#?}");
    assert_eq!(
        lab.primaries("node2"),
        ["inst1", "inst2"].map(str::to_owned).into()
    );
    lab.verify_clean();
}
