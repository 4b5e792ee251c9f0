//! Somebody keeps the writers' lock: those who want to submit are told who, and may give up.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test may end where it finds something amiss"
)]

mod common;

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::{Lab, Running, wait_for};
use gnt::store::{Gate, Patience, StateDir};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Names the state directory whose lock [`keeps_the_lock`] is to keep.
const KEEP: &str = "GNT_TEST_KEEP_LOCK";

const MIGRATE: [&str; 4] = ["gnt-instance", "migrate", "--yes", "inst1"];

/// How long a client waits for the lock.
const WAIT: Duration = Duration::from_secs(10);

/// No test by itself: another process that a test starts. It keeps the lock until it is killed.
#[test]
fn keeps_the_lock() {
    let Some(path) = std::env::var_os(KEEP) else {
        return;
    };
    let path = Path::new(&path);
    let dir = StateDir::locate(Some(path)).unwrap();
    let _gate = Gate::enter(&dir, Patience::Runner).unwrap();
    fs::write(path.with_extension("kept"), "").unwrap();
    loop {
        std::thread::park();
    }
}

/// A stopped process that keeps the lock.
struct Keeper(Child);

impl Keeper {
    fn new(lab: &Lab) -> Keeper {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "keeps_the_lock"])
            .env(KEEP, lab.path())
            .stdout(Stdio::null())
            .spawn();
        let keeper = Keeper(child.unwrap());
        let kept = lab.path().with_extension("kept");
        wait_for("the lock to be kept", || kept.exists().then_some(()));
        kill(keeper.pid(), Signal::SIGSTOP).unwrap();
        keeper
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(self.0.id().cast_signed())
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits until a client waits for the lock.
fn waits(client: &Running) {
    let fds = format!("/proc/{}/fd", client.id());
    wait_for("a client that waits for the lock", || {
        let links = fs::read_dir(&fds).ok()?.flatten();
        let mut links = links.filter_map(|entry| fs::read_link(entry.path()).ok());
        links.any(|link| link.ends_with("write.lock")).then_some(())
    });
}

#[test]
fn a_stopped_holder_is_named_to_all_who_wait() {
    let lab = Lab::sample(3, 6, 0);
    let keeper = Keeper::new(&lab);
    let begun = Instant::now();
    let first = lab.spawn(MIGRATE);
    waits(&first);
    // Waits behind the first one, and is told of the holder all the same.
    let second = lab.spawn(MIGRATE);
    for client in [first, second] {
        let output = client.finish().exits(1);
        let pid = keeper.pid();
        let holder = format!("pid {pid}, is stopped");
        assert!(output.stderr.contains(&holder), "{output:?}");
        let hint = format!("hint: kill -CONT {pid} lets it go on");
        assert!(output.stderr.contains(&hint), "{output:?}");
    }
    let waited = begun.elapsed();
    assert!(waited >= WAIT && waited < 2 * WAIT, "{waited:?}");
    assert_eq!(lab.store().jobs().unwrap(), []);
    drop(keeper);
    lab.run(MIGRATE).exits(0);
}

#[test]
fn whoever_gives_up_before_the_answer_has_submitted_nothing() {
    let lab = Lab::sample(3, 6, 0);
    let keeper = Keeper::new(&lab);
    let signals = [
        (Signal::SIGINT, 130),
        (Signal::SIGHUP, 129),
        (Signal::SIGTERM, 143),
    ];
    for (signal, exit) in signals {
        let client = lab.spawn(MIGRATE.iter().chain(&["--json"]));
        waits(&client);
        client.signal(signal);
        let output = client.finish().exits(exit);
        assert!(
            output.stderr.contains("nothing was submitted"),
            "{output:?}"
        );
        let document = output.json();
        assert_eq!(document["verdict"], "detached");
        assert_eq!(document["exit"], exit);
        assert!(document["job"].is_null());
    }
    drop(keeper);
    assert_eq!(lab.store().jobs().unwrap(), []);
    lab.run(MIGRATE).exits(0);
}
