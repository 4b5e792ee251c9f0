//! A runner that stays, as a service manager sees it.

#![expect(
    clippy::unwrap_used,
    reason = "a test may end where it finds something amiss"
)]

mod common;

use std::os::unix::net::UnixDatagram;

use common::{Lab, PATIENCE, Running, wait_for};
use gnt::queue::Status;
use gnt::store::runner_alive;
use nix::sys::signal::Signal;

/// A cluster, and a socket to which its runner tells how it is.
fn lab() -> (Lab, UnixDatagram) {
    let lab = Lab::sample(3, 3, 0);
    lab.run(["gnt-cluster", "modify", "--runner-idle", "0"])
        .exits(0);
    let socket = UnixDatagram::bind(lab.temp.path().join("socket")).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    (lab, socket)
}

fn service(lab: &Lab) -> Running {
    let state = lab.path().to_str().unwrap();
    let mut command = lab.command(["gnt-runner", "--foreground", "--stay", "--state-dir", state]);
    command.env("NOTIFY_SOCKET", lab.temp.path().join("socket"));
    lab.spawn_command(command)
}

/// The first line of what the service manager is told next.
#[track_caller]
fn told(socket: &UnixDatagram) -> String {
    let mut bytes = [0; 200];
    let length = socket.recv(&mut bytes).unwrap();
    let text = std::str::from_utf8(&bytes[..length]).unwrap();
    text.lines().next().unwrap().to_owned()
}

#[test]
fn it_says_when_it_is_ready_and_stays_without_work() {
    let (lab, socket) = lab();
    let mut runner = service(&lab);
    assert_eq!(told(&socket), "READY=1");
    let job = lab.submit(["gnt-debug", "delay", "0"]);
    lab.wait_for_status(job, &[Status::Success]);
    // One that does not stay would have left by now: so the next job finds the same one.
    let pid = lab.runner_pid();
    assert_eq!(
        pid.map(|pid| pid.as_raw().cast_unsigned()),
        Some(runner.id())
    );
    lab.run(["gnt-debug", "delay", "0"]).exits(0);
    assert_eq!(lab.runner_pid(), pid);
    assert!(!runner.is_over());
    runner.signal(Signal::SIGTERM);
    assert_eq!(told(&socket), "STOPPING=1");
    runner.finish().exits(0);
}

#[test]
fn it_waits_for_the_one_that_a_tool_has_started() {
    let (lab, socket) = lab();
    let job = lab.submit(["gnt-debug", "delay", "60"]);
    lab.wait_for_status(job, &[Status::Running]);
    let runner = service(&lab);
    assert_eq!(told(&socket), "STATUS=waits for another runner to leave");
    lab.run(["gnt-job", "cancel", "--wait", &job.to_string()])
        .exits(0);
    assert_eq!(told(&socket), "READY=1");
    runner.signal(Signal::SIGTERM);
    runner.finish().exits(0);
}

#[test]
fn it_gives_way_to_a_cluster_that_takes_the_place_of_its_own() {
    let (lab, socket) = lab();
    let file = lab.temp.path().join("backup");
    let file = file.to_str().unwrap();
    lab.run(["gnt-cluster", "backup", file]).exits(0);
    let runner = service(&lab);
    assert_eq!(told(&socket), "READY=1");
    lab.run(["gnt-cluster", "restore", "--replace", file])
        .exits(0);
    assert_eq!(told(&socket), "STOPPING=1");
    runner.finish().exits(0);
    // The service manager starts it again; while the queue is held it does nothing, and stays.
    let job = lab.submit(["gnt-debug", "delay", "0"]);
    let runner = service(&lab);
    assert_eq!(told(&socket), "READY=1");
    assert_eq!(lab.job(job).status, Status::Queued);
    lab.run(["gnt-cluster", "queue", "release"]).exits(0);
    lab.wait_for_status(job, &[Status::Success]);
    assert!(runner_alive(&lab.dir).unwrap());
    runner.signal(Signal::SIGTERM);
    runner.finish().exits(0);
    wait_for("its end", || {
        (!runner_alive(&lab.dir).unwrap()).then_some(())
    });
}
