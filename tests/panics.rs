//! A unit that panics fails its opcode, and nothing else: not the runner, not its siblings, not those
//! who wait for its locks.

#![cfg(debug_assertions)]
#![expect(clippy::disallowed_methods, reason = "the runner's log")]

mod common;

use std::fs;

use common::Lab;
use gnt::failpoints::control::Action;
use gnt::failpoints::{Point, Side};
use gnt::hypervisor::VerbName;
use gnt::hypervisor::fake::FakeSettings;
use gnt::queue::Status;

#[test]
fn locks_and_claims_are_freed_and_the_next_job_runs() {
    for side in [Side::Before, Side::After] {
        let mut lab = Lab::ring(3, 3, FakeSettings::ZERO);
        let control = lab.steer();
        let point = Point::Verb(VerbName::Migrate, side);
        control.arm(point, Action::Panic, 1).unwrap();
        let output = lab.run(["gnt-instance", "migrate", "-f", "inst1"]).exits(1);
        let text = format!("Internal assertion error: a test made {point} panic");
        assert!(output.stderr.contains(&text), "{output:#?}");
        assert!(output.stderr.contains("runner.log"), "{output:#?}");
        let runner = lab.runner_pid().expect("a runner that lives");
        let store = lab.store();
        let job = store.jobs().unwrap().pop().unwrap();
        assert_eq!(job.status, Status::Error);
        assert!(store.held().unwrap().is_empty());
        assert!(store.claims().unwrap().is_empty());
        let log = fs::read_to_string(lab.dir.runner_log()).unwrap();
        let line = format!("job={} OP_INSTANCE_MIGRATE panicked: a test made", job.id);
        assert!(log.contains(&line), "{log}");
        // What needs the same locks.
        let cleanup = ["gnt-instance", "migrate", "--cleanup", "-f", "inst1"];
        let refused = lab.run(["gnt-instance", "migrate", "-f", "inst1"]).exits(1);
        assert!(refused.stderr.contains("uncertain"), "{refused:#?}");
        lab.run(cleanup).exits(0);
        lab.run(["gnt-instance", "migrate", "-f", "inst1"]).exits(0);
        assert_eq!(lab.runner_pid(), Some(runner), "the same one");
        lab.verify_clean();
    }
}

#[test]
fn a_child_that_panics_fails_alone() {
    let mut lab = Lab::ring(3, 6, FakeSettings::ZERO);
    let control = lab.steer();
    let point = Point::Verb(VerbName::Migrate, Side::Before);
    control.arm(point, Action::Panic, 1).unwrap();
    let evacuate = ["gnt-node", "evacuate", "-f", "-p", "node1"];
    let output = lab.run(evacuate).exits(3);
    assert!(
        output.stderr.contains("Internal assertion error"),
        "{output:#?}"
    );
    let left = lab.primaries("node1");
    assert_eq!(left.len(), 1);
    let name = left.first().expect("one");
    lab.run(["gnt-instance", "migrate", "--cleanup", "-f", name])
        .exits(0);
    lab.run(evacuate).exits(0);
    lab.verify_clean();
}

#[test]
fn a_unit_that_panics_when_it_looks_does_not_hold_the_simulator() {
    let mut lab = Lab::ring(3, 3, FakeSettings::ZERO);
    let control = lab.steer();
    for verb in [VerbName::Observe, VerbName::Copies, VerbName::Start] {
        for side in [Side::Before, Side::After] {
            let point = Point::Verb(verb, side);
            control.arm(point, Action::Panic, 1).unwrap();
            let words = ["gnt-instance", "failover", "-f", "inst2"];
            lab.run(words);
            control.disarm(point).unwrap();
            // Where the verb is not called nothing panicked, and there is nothing to clean.
            let cleanup = ["gnt-instance", "migrate", "--cleanup", "-f", "inst2"];
            lab.run(cleanup).exits(0);
            lab.run(["gnt-instance", "startup", "inst2"]);
            lab.run(words).exits(0);
        }
    }
    let log = fs::read_to_string(lab.dir.runner_log()).unwrap();
    assert!(
        log.contains("panicked: a test made verb.observe.before panic"),
        "{log}"
    );
    lab.verify_clean();
}
