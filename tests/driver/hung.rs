//! A node that hangs costs whoever asks it, and leaves nothing behind.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gnt::cluster::{Host, NodeUuid};
use gnt::hypervisor::{Call, Hypervisor, Interrupt, NodeRef, ProcessDriver, VerbError};

use crate::common::{held, is_alone};

/// A driver that starts something, says something, and then hangs.
const HUNG: &str = "#!/bin/sh\necho 'connects' >&2\nsleep 1000 &\nwait\n";

struct Hung {
    temp: tempfile::TempDir,
}

impl Hung {
    fn new(script: &str) -> Hung {
        let temp = tempfile::tempdir().unwrap();
        let hung = Hung { temp };
        fs::write(hung.program(), script).unwrap();
        fs::set_permissions(hung.program(), PermissionsExt::from_mode(0o755)).unwrap();
        hung
    }

    fn program(&self) -> PathBuf {
        self.temp.path().join("gnt-hung")
    }

    fn driver(&self) -> ProcessDriver {
        ProcessDriver::at(self.program(), "hung")
    }
}

fn node(nr: usize) -> NodeRef {
    NodeRef {
        uuid: NodeUuid::from(format!("uuid-{nr}")),
        name: format!("node{nr}"),
        host: Some(Arc::new(Host {
            uri: format!("hung://{nr}"),
            ..Host::default()
        })),
    }
}

fn asks(driver: &ProcessDriver, nr: usize, within: Duration) -> VerbError {
    let call = Call {
        deadline: Instant::now() + within,
        interrupt: &Interrupt::default(),
        progress: &|_| {},
    };
    driver.answers(&call, &node(nr)).unwrap_err()
}

#[test]
fn a_hundred_questions_to_a_hung_node_leave_nothing() {
    if !is_alone("hung::a_hundred_questions_to_a_hung_node_leave_nothing") {
        return;
    }
    let hung = Hung::new(HUNG);
    let driver = hung.driver();
    asks(&driver, 0, Duration::from_millis(50));
    let before = held();
    for nr in 0..100 {
        let error = asks(&driver, nr % 7, Duration::from_millis(50));
        assert!(matches!(error, VerbError::Unreachable { .. }), "{error}");
    }
    assert_eq!(held(), before);
    assert_eq!(before.2, 0);
}

#[test]
fn a_node_that_was_found_silent_is_not_waited_for_again_at_once() {
    let hung = Hung::new(HUNG);
    let driver = hung.driver();
    let begun = Instant::now();
    asks(&driver, 1, Duration::from_millis(2500));
    assert!(begun.elapsed() >= Duration::from_millis(2500));
    let again = Instant::now();
    for _ in 0..20 {
        asks(&driver, 1, Duration::from_secs(60));
    }
    assert!(again.elapsed() < Duration::from_secs(2), "{again:?}");
}

#[test]
fn whoever_leaves_does_not_wait_for_a_hung_node() {
    let hung = Hung::new(HUNG);
    let driver = hung.driver();
    let interrupt = Interrupt::default();
    let call = Call {
        deadline: Instant::now() + Duration::from_secs(60),
        interrupt: &interrupt,
        progress: &|_| {},
    };
    std::thread::scope(|scope| {
        let asked = scope.spawn(|| driver.answers(&call, &node(1)));
        interrupt.raise(gnt::hypervisor::InterruptKind::Leave);
        assert_eq!(asked.join().unwrap(), Err(VerbError::LeftBehind));
    });
}

#[test]
fn a_driver_that_ends_or_talks_nonsense_is_told_as_such() {
    for (script, expected) in [
        (
            "#!/bin/sh\necho 'no library' >&2\nexit 3\n",
            "node1 does not answer: its driver ended: exit code 3: no library",
        ),
        (
            "#!/bin/sh\nread line\necho hello\nsleep 1000\n",
            "what the driver answers for node1 cannot be understood",
        ),
        (
            "#!/bin/sh\nread line\necho '{\"id\":7,\"ok\":null}'\nsleep 1000\n",
            "it answered 7 when it was asked 1",
        ),
    ] {
        let hung = Hung::new(script);
        let error = asks(&hung.driver(), 1, Duration::from_secs(60)).to_string();
        assert!(error.contains(expected), "{error}");
    }
}
