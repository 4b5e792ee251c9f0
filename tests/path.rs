//! One opcode in, jobs out: the whole path, with a real runner.

#![expect(
    clippy::unwrap_used,
    reason = "a test may end where it finds something amiss"
)]

mod common;

use common::Lab;
use gnt::admin::{simulator, verify};
use gnt::hypervisor::fake::FakeSettings;
use gnt::opcodes::{EvacMode, NodeEvacuate, Opcode};
use gnt::queue::follow::{Depth, Follower, Reach};
use gnt::queue::submit::NewJob;
use gnt::queue::{Status, client};
use gnt::store::{Reading, StateDir};

fn evacuate(node: &str, mode: EvacMode) -> Opcode {
    NodeEvacuate {
        node_name: node.to_owned(),
        node_uuid: None,
        mode,
        remote_node: None,
        iallocator: None,
        early_release: false,
        ignore_soft_errors: false,
        allow_partial: false,
        parallel: None,
        migration: Default::default(),
    }
    .into()
}

fn start_runner(dir: &StateDir) {
    // The library looks for the runner beside the running program, which is the test here.
    let runner = common::tool("gnt-runner");
    let status = std::process::Command::new(runner)
        .arg("--state-dir")
        .arg(dir.path())
        .spawn();
    drop(status.unwrap());
    let _ = client::start_runner;
}

#[test]
fn an_evacuation_moves_everything() {
    let lab = Lab::ring(4, 12, FakeSettings::ZERO);
    let client = lab.client();
    let job = NewJob::of(vec![evacuate("node1", EvacMode::All)]);
    let id = client.submit_one(job, None).unwrap().unwrap();
    start_runner(&lab.dir);
    let mut follower = Follower::new(client.store(), &[id], Reach::Family, Depth::States).unwrap();
    while !follower.is_over() {
        follower.wait(None).unwrap();
        for event in follower.take_events() {
            eprintln!("{event:?}");
        }
    }
    for (job, ops) in follower.ops().unwrap() {
        eprintln!(
            "{job} {:?}",
            ops.iter()
                .map(|o| (&o.status, &o.error, &o.result))
                .collect::<Vec<_>>()
        );
    }
    assert!(follower.jobs().all(|job| job.status == Status::Success));
    assert!(follower.jobs().count() > 1);
    let reality = simulator(client.store()).unwrap().snapshot().unwrap();
    let verdict = verify(client.store(), Some(&reality), Reading::Everything).unwrap();
    assert_eq!(verdict.findings, []);
}
