//! Whatever can be wrong with a state directory is said by a real tool: what, which file, what to do,
//! and by the exit code whether there is a cluster that can be used.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on panics; it spoils files"
)]

mod common;

use std::fs;

use common::{Lab, Output, wait_for};
use gnt::queue::Status;
use gnt::store::StoreError;

/// Where each error is provoked. A new one is missing here until somebody has thought of its test.
#[expect(dead_code, reason = "the compiler reads it")]
fn provoked(error: &StoreError) -> fn() {
    match error {
        StoreError::NoCluster(_) => no_cluster,
        StoreError::Exists(_) => exists,
        StoreError::Unfit { .. } => unfit,
        // tests/security.rs has all of its kinds.
        StoreError::Untrusted { .. } => untrusted,
        StoreError::Damaged { .. } => damaged,
        StoreError::Newer { .. } => newer,
        // tests/gate.rs: whoever waits names the one that writes; whoever gives up submits nothing.
        StoreError::Busy { .. } | StoreError::Interrupted => || {},
        StoreError::Full(_) | StoreError::Sqlite { .. } => disk,
        StoreError::Io { .. } => io,
        StoreError::Deposed => deposed,
        StoreError::Content { .. } => content,
        StoreError::Refused(_) => refused,
    }
}

/// Checks exit code, message and hint, also of the document.
#[track_caller]
fn said(lab: &Lab, words: &[&str], code: i32, message: &str, hint: &str) {
    let output = lab.run(words).exits(code);
    let expected = format!("error: {message}");
    assert!(output.stderr.contains(&expected), "{expected}: {output:#?}");
    assert!(
        output.stderr.contains(&format!("hint: {hint}")),
        "{hint}: {output:#?}"
    );
    let document = json(lab, words).exits(code).json();
    let error = &document["error"];
    assert!(
        error["message"].as_str().unwrap().contains(message),
        "{error}"
    );
    assert!(error["hint"].as_str().unwrap().starts_with(hint), "{error}");
}

fn json(lab: &Lab, words: &[&str]) -> Output {
    lab.run(words.iter().copied().chain(["--json"]))
}

fn founded() -> Lab {
    Lab::sample(3, 3, 0)
}

#[test]
fn no_cluster() {
    let lab = Lab::new();
    let message = format!("there is no cluster in {}", lab.path().display());
    said(
        &lab,
        &["gnt-node", "list"],
        5,
        &message,
        "gnt-cluster init makes one",
    );
}

#[test]
fn exists() {
    let lab = founded();
    let message = format!("there is a cluster in {} already", lab.path().display());
    said(
        &lab,
        &["gnt-cluster", "init"],
        1,
        &message,
        "name another directory with --state-dir",
    );
}

#[test]
fn unfit() {
    let lab = Lab::new();
    fs::write(lab.path(), "").unwrap();
    let message = format!(
        "{} cannot hold a cluster: it is not a directory",
        lab.path().display()
    );
    said(
        &lab,
        &["gnt-node", "list"],
        5,
        &message,
        "name a directory of your own",
    );
}

#[test]
fn untrusted() {
    use std::os::unix::fs::PermissionsExt;
    let lab = founded();
    fs::set_permissions(lab.path(), fs::Permissions::from_mode(0o770)).unwrap();
    let dir = lab.path().display();
    let message = format!("{dir} cannot be trusted: others can write it (mode 0770)");
    said(
        &lab,
        &["gnt-node", "list"],
        5,
        &message,
        &format!("chmod go-w {dir}"),
    );
}

#[test]
fn damaged() {
    let lab = founded();
    fs::write(lab.dir.database(), "").unwrap();
    let file = lab.dir.database();
    let message = format!(
        "{} is damaged or not a gnt database: it is empty",
        file.display()
    );
    said(
        &lab,
        &["gnt-job", "list"],
        5,
        &message,
        "nothing was changed; keep a copy of",
    );
}

#[test]
fn newer() {
    let lab = founded();
    let file = lab.dir.database();
    let db = rusqlite::Connection::open(&file).unwrap();
    db.pragma_update(None, "user_version", 99).unwrap();
    drop(db);
    let message = format!("{} has schema 99, this program knows up to", file.display());
    said(
        &lab,
        &["gnt-job", "list"],
        5,
        &message,
        "use the newer program",
    );
}

#[test]
fn io() {
    let lab = Lab::new();
    fs::write(lab.path(), "").unwrap();
    let inner = lab.path().join("inner");
    let long = lab.temp.path().join("x".repeat(300));
    for (dir, why) in [(inner, "Not a directory"), (long, "File name too long")] {
        let dir = dir.to_str().unwrap();
        let words = ["gnt-node", "list", "--state-dir", dir];
        said(
            &lab,
            &words,
            5,
            &format!("{dir}: {why}"),
            "see whether the disk is well",
        );
    }
}

#[cfg(debug_assertions)]
#[test]
fn disk() {
    use gnt::failpoints::control::Action;
    use gnt::failpoints::{Point, Stage};
    use gnt::store::Commit;
    let mut lab = founded();
    let control = lab.steer();
    let point = Point::Commit(Commit::Submit, Stage::Commit);
    let file = lab.dir.database();
    for (action, code, message, hint) in [
        (
            Action::Full,
            1,
            format!("the disk of {} is full", file.display()),
            "make room",
        ),
        (
            Action::Error,
            1,
            format!("{}: disk I/O error", file.display()),
            "see whether the disk is well",
        ),
    ] {
        control.arm(point, action, 1).unwrap();
        let words = ["gnt-debug", "delay", "--submit", "0"];
        let output = lab.run(words).exits(code);
        assert!(
            output.stderr.contains(&format!("error: {message}")),
            "{output:#?}"
        );
        assert!(
            output.stderr.contains(&format!("hint: {hint}")),
            "{output:#?}"
        );
    }
    assert_eq!(lab.store().jobs().unwrap(), []);
}

#[cfg(not(debug_assertions))]
fn disk() {}

#[cfg(not(debug_assertions))]
fn refused() {}

/// Said to nobody but the runner that it happens to, which leaves; the next one takes over.
#[test]
fn deposed() {
    let lab = founded();
    let client = lab.spawn(["gnt-debug", "delay", "1"]);
    let store = lab.store();
    let runner = wait_for("a job that runs", || {
        let job = store.jobs().unwrap().pop()?;
        (job.status == Status::Running).then(|| lab.runner_pid())?
    });
    let raised = store.write(gnt::store::Commit::Begin, |tx| {
        tx.begin_runner(&gnt::store::Program::ours(std::path::PathBuf::new()))
    });
    raised.unwrap();
    client.finish().exits(0);
    assert_ne!(lab.runner_pid(), Some(runner));
    let log = fs::read_to_string(lab.dir.runner_log()).unwrap();
    assert!(
        log.contains(&format!("pid={runner} job=- another runner has taken over")),
        "{log}"
    );
}

#[test]
fn content() {
    let lab = founded();
    let reality = lab.path().join("reality-1.db");
    for (spoil, why) in [(true, "is empty"), (false, "is missing")] {
        match spoil {
            true => fs::write(&reality, "").unwrap(),
            false => fs::remove_file(&reality).unwrap(),
        }
        let message = format!("the simulator's reality {} {why}", reality.display());
        said(
            &lab,
            &["gnt-cluster", "verify-config"],
            5,
            &message,
            "nothing was changed; restore a backup of it",
        );
        let output = lab.run(["gnt-debug", "delay", "0"]).exits(1);
        assert!(output.stderr.contains(&message), "{output:#?}");
    }
}

/// A job comes while a cluster is about to be replaced.
#[cfg(debug_assertions)]
#[test]
fn refused() {
    use gnt::failpoints::control::Action;
    use gnt::failpoints::{Point, Stage};
    use gnt::hypervisor::fake::Change;
    use nix::sys::signal::Signal;
    let mut lab = founded();
    let control = lab.steer();
    let export = lab.temp.path().join("export.json");
    let export = export.to_str().unwrap();
    lab.run(["gnt-cluster", "export", "-o", export]).exits(0);
    lab.run(["gnt-cluster", "queue", "hold"]).exits(0);
    let point = Point::Change(Change::Create, Stage::Begin);
    control.arm(point, Action::Stop, 1).unwrap();
    let import = lab.spawn(["gnt-cluster", "import", "--replace", export]);
    wait_for("the import to stand still", || {
        (control.hits(point) > 0).then_some(())
    });
    lab.submit(["gnt-debug", "delay", "0"]);
    import.signal(Signal::SIGCONT);
    let output = import.finish().exits(1);
    assert!(
        output.stderr.contains("error: 1 jobs are unfinished"),
        "{output:#?}"
    );
    assert!(output.stderr.contains("hint: wait for them"), "{output:#?}");
}
