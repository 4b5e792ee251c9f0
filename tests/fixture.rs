//! Databases of earlier versions, as they were left: a queue in all states, whose runner was killed.
//! Each is read, and continued to its end. `tests/fixtures/schema-N.db` is never made anew: it is what
//! is out there. When the schema changes, `GNT_FIXTURE=1 cargo test --test fixture -- --ignored` makes
//! the one of the new version beside it.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test may end where it finds something amiss; files that nobody has open"
)]

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use common::{Lab, wait_for};
use gnt::queue::{JobId, Status};
use nix::sys::signal::{Signal, kill};
use rusqlite::Connection;

/// What a list shows of each job.
const LIST: [&str; 9] = [
    "gnt-job",
    "list",
    "--archived",
    "--no-headers",
    "--separator",
    "|",
    "-o",
    "id,status,priority,summary",
    "--json",
];

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// The versions that there are.
fn versions() -> Vec<u32> {
    let names = fs::read_dir(fixtures()).unwrap();
    let number = |name: &str| {
        let number = name.strip_prefix("schema-")?.strip_suffix(".db")?;
        number.parse().ok()
    };
    let mut versions: Vec<u32> = names
        .filter_map(|entry| number(entry.unwrap().file_name().to_str()?))
        .collect();
    versions.sort_unstable();
    assert!(!versions.is_empty());
    versions
}

/// A state directory with the files of a version.
fn lab(version: u32) -> Lab {
    let lab = Lab::new();
    fs::create_dir(lab.path()).unwrap();
    fs::set_permissions(lab.path(), fs::Permissions::from_mode(0o700)).unwrap();
    for (name, to) in [("db", "gnt.db"), ("reality", "reality-1.db")] {
        let to = lab.path().join(to);
        fs::copy(fixtures().join(format!("schema-{version}.{name}")), &to).unwrap();
        fs::set_permissions(&to, fs::Permissions::from_mode(0o600)).unwrap();
    }
    lab
}

#[test]
fn every_version_is_read_and_continued() {
    for version in versions() {
        let lab = lab(version);
        let expected = fixtures().join(format!("schema-{version}.list"));
        let listed = lab.run(LIST).exits(0);
        assert_eq!(listed.stdout, fs::read_to_string(expected).unwrap());
        let ids: Vec<JobId> = (1..=lab.store().last_job().unwrap().0).map(JobId).collect();
        for id in &ids {
            lab.run(["gnt-job", "info", &id.to_string()]).exits(0);
        }
        lab.run(["gnt-cluster", "history"]).exits(0);
        lab.run(["gnt-node", "list"]).exits(0);
        lab.run(["gnt-instance", "list"]).exits(0);
        // The queue is held: nothing has begun to move.
        assert!(lab.store().settings().unwrap().held);
        assert!(!lab.store().held().unwrap().is_empty());
        assert!(!lab.store().claims().unwrap().is_empty());
        lab.durations(0);
        lab.run(["gnt-cluster", "queue", "release"]).exits(0);
        lab.run(["gnt-debug", "delay", "0"]).exits(0);
        wait_for("the end of all jobs", || {
            (lab.store().unfinished_count().unwrap() == 0).then_some(())
        });
        // What had ended stays as it was; what was on its way ended well, or as it was asked to.
        for id in &ids {
            let job = lab.job(*id);
            let listed = listed.json()["items"][usize::try_from(id.0 - 1).unwrap()].clone();
            match listed["status"].as_str().unwrap() {
                "canceling" => assert_eq!(job.status, Status::Canceled),
                "queued" | "waiting" | "running" => assert_eq!(job.status, Status::Success, "{id}"),
                ended => assert_eq!(job.status.word(), ended),
            }
        }
        lab.verify_clean();
    }
}

#[test]
fn a_newer_version_is_refused_and_left_as_it_is() {
    let version = *versions().last().unwrap();
    let lab = lab(version);
    let file = lab.path().join("gnt.db");
    let mut bytes = fs::read(&file).unwrap();
    // Where SQLite keeps `user_version`.
    bytes[60..64].copy_from_slice(&(version + 1).to_be_bytes());
    fs::write(&file, &bytes).unwrap();
    for words in [
        &["gnt-job", "list"][..],
        &["gnt-debug", "delay", "0"],
        &["gnt-cluster", "queue", "release"],
        &["gnt-cluster", "verify-config", "--deep"],
        &["gnt-cluster", "init", "other"],
        &["gnt-cluster", "destroy", "--yes-do-it"],
    ] {
        let output = lab.run(words);
        let error = &output.stderr;
        assert!(error.contains("newer"), "{words:?}: {error}");
        assert!(output.code == 5, "{words:?}: {output:?}");
        assert!(
            fs::read(&file).unwrap() == bytes,
            "{words:?} changed the file"
        );
    }
    let runner = lab
        .command(["gnt-runner", "--foreground"])
        .output()
        .unwrap();
    assert!(!runner.status.success(), "{runner:?}");
    assert!(
        fs::read(&file).unwrap() == bytes,
        "the runner changed the file"
    );
}

/// Makes the fixture of today's version: a story with the tools, at whose end the runner is killed.
#[test]
#[ignore = "makes a file that is checked in; see above"]
fn make() {
    if std::env::var_os("GNT_FIXTURE").is_none() {
        return;
    }
    let lab = Lab::sample(4, 12, 0);
    // Success, children, archived jobs, a log, errors.
    lab.run(["gnt-node", "evacuate", "-f", "node1"]).exits(0);
    lab.run(["gnt-job", "archive", "1", "2", "3"]).exits(0);
    let file = lab.temp.path().join("job.json");
    let file = file.to_str().unwrap();
    let ops = r#"[{"OP_ID": "OP_TEST_DUMMY", "messages": ["one", "two"], "result": 7},
        {"OP_ID": "OP_TEST_DUMMY", "fail": "told to"}, {"OP_ID": "OP_TEST_DUMMY"}]"#;
    fs::write(file, ops).unwrap();
    lab.run(["gnt-debug", "submit-job", file]).exits(1);
    lab.run(["gnt-debug", "delay", "0", "--request-id", "once"])
        .exits(0);
    // Running with claims and locks; queued for the cap; waiting for a lock.
    lab.run([
        "gnt-cluster",
        "modify",
        "--simulator",
        "migrate=60000,sync=60000",
    ])
    .exits(0);
    let parent = lab.submit(["gnt-node", "evacuate", "-f", "--parallel", "2", "node3"]);
    let children = wait_for("children at work", || {
        let children = lab.children(parent);
        let running = children.iter().filter(|job| job.status == Status::Running);
        (running.count() == 2).then_some(children)
    });
    assert!(children.len() > 2);
    let waiting = lab.submit(["gnt-debug", "delay", "0", "-n", "node3"]);
    lab.wait_for_status(waiting, &[Status::Waiting]);
    // Queued behind another; two opcodes.
    let ops = format!(
        r#"[{{"OP_ID": "OP_TEST_DELAY", "duration": 0, "depends": [[{waiting}, ["success"]]]}},
            {{"OP_ID": "OP_TEST_DUMMY"}}]"#
    );
    fs::write(file, ops).unwrap();
    let depends = lab.submit(["gnt-debug", "submit-job", file]);
    lab.run([
        "gnt-job",
        "change-priority",
        "--priority",
        "high",
        &depends.to_string(),
    ])
    .exits(0);
    let canceled = lab.submit(["gnt-debug", "delay", "0", "-n", "node3"]);
    lab.run(["gnt-job", "cancel", &canceled.to_string()])
        .exits(0);
    // Being cancelled, by a runner that does not get to it.
    let canceling = lab.submit(["gnt-debug", "delay", "600"]);
    lab.wait_for_status(canceling, &[Status::Running]);
    let runner = lab.runner_pid().unwrap();
    kill(runner, Signal::SIGSTOP).unwrap();
    let mut cancel = lab.spawn(["gnt-job", "cancel", &canceling.to_string()]);
    lab.wait_for_status(canceling, &[Status::Canceling]);
    lab.run(["gnt-cluster", "queue", "hold"]).exits(0);
    kill(runner, Signal::SIGKILL).unwrap();
    cancel.signal(Signal::SIGINT);
    wait_for("the end of gnt-job cancel", || {
        cancel.is_over().then_some(())
    });
    keep(&lab);
}

/// Copies the lab's files to the fixtures, without what they know of this machine.
fn keep(lab: &Lab) {
    let file = lab.path().join("gnt.db");
    let db = Connection::open(&file).unwrap();
    db.execute_batch(
        r#"UPDATE job SET submitter = '{"uid":0,"tool":"gnt-test","arguments":"","host":"host","pid":1}';
        UPDATE job_archive SET submitter = (SELECT submitter FROM job LIMIT 1);
        UPDATE event SET who = (SELECT submitter FROM job LIMIT 1);
        DELETE FROM setting WHERE key IN ('wanted_program');
        UPDATE setting SET value = json_set(value, '$.path', '/usr/bin/gnt-runner') WHERE key = 'program';
        PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE; VACUUM;"#,
    )
    .unwrap();
    let version: u32 = db
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .unwrap();
    let listed = lab.run(LIST).exits(0).stdout;
    db.execute_batch("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE;")
        .unwrap();
    drop(db);
    let reality = lab.path().join("reality-1.db");
    let db = Connection::open(&reality).unwrap();
    // On whatever machine it is opened, that one was booted since.
    db.execute_batch(
        "UPDATE facts SET value = 'of another host' WHERE key = 'boot';
        PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE; VACUUM;",
    )
    .unwrap();
    drop(db);
    fs::create_dir_all(fixtures()).unwrap();
    let to = |name: &str| fixtures().join(format!("schema-{version}.{name}"));
    assert!(
        !to("db").exists(),
        "there is one already, and it stays as it is"
    );
    fs::write(to("list"), listed).unwrap();
    fs::copy(file, to("db")).unwrap();
    fs::copy(reality, to("reality")).unwrap();
}
