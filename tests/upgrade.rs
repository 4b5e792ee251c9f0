//! A newer program takes the runner's place; the jobs go on.

#![expect(clippy::disallowed_methods, reason = "a test writes what it likes")]

mod common;

use std::os::unix::fs::PermissionsExt;

use common::Lab;
use gnt::hypervisor::fake::FakeSettings;
use gnt::opcodes::{Opcode, TestDelay};
use gnt::queue::follow::{Depth, Follower, Reach};
use gnt::queue::submit::NewJob;
use gnt::queue::{Status, client};
use gnt::store::{Commit, EventKind, Program};

fn delay(seconds: f64) -> Opcode {
    TestDelay {
        duration: seconds,
        ..TestDelay::default()
    }
    .into()
}

#[test]
fn a_newer_program_takes_over_and_the_jobs_go_on() {
    let lab = Lab::ring(3, 3, FakeSettings::ZERO);
    let client = lab.client();
    let jobs = [0.3, 0.0, 0.0].map(|seconds| NewJob::of(vec![delay(seconds)]));
    let gnt::queue::client::Submitted::Answers(answers) = client.submit(jobs.into(), None).unwrap()
    else {
        unreachable!("there is no request id");
    };
    let ids: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
    // What stands for the newer program leaves a mark and becomes the runner that we have.
    let mark = lab.temp.path().join("mark");
    let newer = lab.temp.path().join("newer-runner");
    let runner = common::tool("gnt-runner");
    let script = format!(
        "#!/bin/sh\ntouch {}\nexec {} \"$@\"\n",
        mark.display(),
        runner.display()
    );
    std::fs::write(&newer, script).unwrap();
    std::fs::set_permissions(&newer, std::fs::Permissions::from_mode(0o700)).unwrap();
    client::start_program(&lab.dir, runner).unwrap();
    let begun = || client.store().settings().unwrap().program;
    common::wait_for("the runner", begun);
    let wanted = Program {
        version: "999.0.0".to_owned(),
        path: newer,
    };
    client
        .store()
        .write(Commit::WantProgram, |tx| {
            tx.want_program(&wanted)?;
            tx.record(&EventKind::Upgrade, None, None, "{}")
        })
        .unwrap();
    let mut follower = Follower::new(client.store(), &ids, Reach::Family, Depth::States).unwrap();
    while !follower.is_over() {
        follower.wait(None).unwrap();
        let _ = follower.take_events();
    }
    assert!(follower.jobs().all(|job| job.status == Status::Success));
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while !mark.exists() {
        assert!(
            std::time::Instant::now() < deadline,
            "the newer program was not started"
        );
        std::thread::yield_now();
    }
}
