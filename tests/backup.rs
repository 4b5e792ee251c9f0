//! A backup is taken while everything runs, and a cluster made of it goes on where it was.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test may end where it finds something amiss, and makes files of its own"
)]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use common::{Lab, wait_for};
use gnt::admin::simulator;
use gnt::queue::{JobId, Status};
use gnt::store::Store;
use nix::sys::signal::{Signal, kill};
use rusqlite::Connection;

fn backup(lab: &Lab, name: &str) -> PathBuf {
    let file = lab.temp.path().join(name);
    lab.run(["gnt-cluster", "backup", file.to_str().unwrap()])
        .exits(0);
    file
}

fn restore(lab: &Lab, file: &Path, code: i32) -> common::Output {
    lab.run(["gnt-cluster", "restore", file.to_str().unwrap()])
        .exits(code)
}

/// The states of all jobs, and how many verbs were begun in reality.
fn picture(store: &Store) -> (BTreeMap<JobId, Status>, usize) {
    let jobs = store.jobs().unwrap();
    let deeds = simulator(store).unwrap().log().unwrap().len();
    // When it is written down that a job waits for others is the runner's choice.
    let plain = |status| match status {
        Status::Waiting => Status::Queued,
        other => other,
    };
    let states = jobs.iter().map(|job| (job.id, plain(job.status)));
    (states.collect(), deeds)
}

/// A restored cluster is in order, stands still until it is released, and then comes to its end.
fn check_restored(lab: &Lab) {
    lab.run(["gnt-cluster", "verify-config", "--deep"]).exits(0);
    let before = picture(&lab.store());
    lab.run(["gnt-job", "list"]).exits(0);
    assert_eq!(lab.runner_pid(), None);
    // Not even a runner that somebody starts begins anything, or anything again.
    lab.run(["gnt-cluster", "modify", "--runner-idle", "0"])
        .exits(0);
    let state = lab.path().to_str().unwrap();
    lab.run(["gnt-runner", "--foreground", "--state-dir", state])
        .exits(0);
    assert_eq!(picture(&lab.store()), before);
    lab.run(["gnt-cluster", "queue", "release"]).exits(0);
    for job in lab.store().unfinished().unwrap() {
        lab.wait_for_family(job.id);
    }
    lab.verify_clean();
}

#[test]
fn an_evacuation_goes_on_in_a_restored_cluster() {
    let lab = Lab::sample(4, 24, 150);
    lab.run(["gnt-cluster", "modify", "--max-running-jobs", "3"])
        .exits(0);
    let job = lab.submit(["gnt-node", "evacuate", "-f", "node1"]);
    let mut files = vec![backup(&lab, "first")];
    let children = wait_for("children", || {
        let children = lab.children(job);
        (children.len() > 4).then_some(children)
    });
    // Whenever another child has ended.
    for done in [0, 1, children.len() / 2] {
        let store = lab.store();
        wait_for("children that have ended", || {
            let family = store.children(job).unwrap();
            let ended = family.iter().filter(|job| job.status.is_final()).count();
            (ended >= done).then_some(())
        });
        files.push(backup(&lab, &format!("after-{done}")));
    }
    let mut unfinished = 0;
    for file in &files {
        let mode = fs::metadata(file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let other = Lab::new();
        let said = restore(&other, file, 0).stdout;
        assert!(said.contains("Cluster demo of "), "{said}");
        unfinished += other.store().unfinished_count().unwrap();
        check_restored(&other);
        assert!(other.primaries("node1").is_empty());
        let family = other.store().family(job).unwrap();
        assert!(family.iter().all(|job| job.status == Status::Success));
    }
    assert!(unfinished > 0);
    lab.wait_for_family(job);
    lab.verify_clean();
}

#[test]
fn a_backup_of_any_moment_fits() {
    let lab = Lab::sample(4, 12, 20);
    let mut moves = lab.spawn_command({
        let mut command = std::process::Command::new("/bin/sh");
        // Until the end is said, since it is not known what a backup takes.
        let round =
            "while [ ! -e end ]; do gnt-node evacuate -f node1; gnt-node evacuate -f node2; done";
        let tools = common::tool("gnt-node");
        let path = format!("{}:/usr/bin:/bin", tools.parent().unwrap().display());
        command
            .args(["-c", round])
            .current_dir(lab.temp.path())
            .env("PATH", path)
            .env("GNT_STATE_DIR", lab.path());
        command
    });
    for count in 0..9 {
        assert!(!moves.is_over());
        // Now and then the runner dies while it works on something, and the next one adopts that.
        if count % 3 == 1
            && let Some(runner) = lab.runner_pid()
        {
            let _ = kill(runner, Signal::SIGKILL);
        }
        let file = backup(&lab, "moment");
        let other = Lab::new();
        restore(&other, &file, 0);
        other.run(["gnt-cluster", "verify-config"]).exits(0);
        if count % 3 == 1 {
            check_restored(&other);
        }
    }
    fs::write(lab.temp.path().join("end"), "").unwrap();
    moves.finish();
}

#[test]
fn what_is_in_the_way_is_kept_aside_or_not_replaced() {
    let lab = Lab::sample(3, 3, 0);
    let file = backup(&lab, "file");
    let name = file.to_str().unwrap();
    let said = restore(&lab, &file, 1).stderr;
    assert!(said.contains("there is a cluster in"), "{said}");
    // Jobs that are unfinished would be lost.
    let delay = lab.submit(["gnt-debug", "delay", "60"]);
    lab.wait_for_status(delay, &[Status::Running]);
    let replace = ["gnt-cluster", "restore", "--replace", name];
    let said = lab.run(replace).exits(1).stderr;
    assert!(said.contains("1 jobs are unfinished"), "{said}");
    lab.run(["gnt-job", "cancel", "--wait", &delay.to_string()])
        .exits(0);
    lab.run(["gnt-instance", "shutdown", "inst1"]).exits(0);
    lab.run(replace).exits(0);
    assert_eq!(lab.store().jobs().unwrap(), []);
    assert!(lab.path().join("replaced/gnt.db").exists());
    check_restored(&lab);
    // No id means two jobs.
    assert_eq!(lab.submit(["gnt-debug", "delay", "0"]), JobId(3));
    // A queue that is held may be replaced: nobody works on it.
    lab.run(["gnt-cluster", "queue", "hold"]).exits(0);
    lab.submit(["gnt-debug", "delay", "0"]);
    lab.run(replace).exits(0);
    assert_eq!(lab.store().unfinished_count().unwrap(), 0);
    // So may a damaged one.
    for part in ["gnt.db-wal", "gnt.db-shm"] {
        let _ = fs::remove_file(lab.path().join(part));
    }
    fs::write(lab.path().join("gnt.db"), "damaged").unwrap();
    lab.run(["gnt-node", "list"]).exits(5);
    lab.run(replace).exits(0);
    check_restored(&lab);
    let kept = fs::read(lab.path().join("replaced/gnt.db")).unwrap();
    assert_eq!(kept, b"damaged");
    let left: Vec<_> = fs::read_dir(lab.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("reality-") && name.ends_with(".db"))
        .collect();
    assert_eq!(left.len(), 1, "{left:?}");
    lab.run(["gnt-cluster", "destroy", "--yes-do-it"]).exits(0);
    assert!(!lab.path().join("replaced").exists());
}

#[test]
fn a_restore_that_was_killed_while_the_old_one_was_aside_is_done_again() {
    let lab = Lab::sample(3, 3, 0);
    let file = backup(&lab, "file");
    lab.run(["gnt-job", "list"]).exits(0);
    let old = lab.store();
    drop(old);
    // As far as this it may have come: the database is aside, its log is not yet.
    let aside = lab.path().join("replaced");
    fs::create_dir(&aside).unwrap();
    fs::rename(lab.path().join("gnt.db"), aside.join("gnt.db")).unwrap();
    assert!(lab.path().join("gnt.db-wal").exists());
    let said = lab.run(["gnt-node", "list"]).exits(5).stderr;
    assert!(said.contains("a restore was interrupted"), "{said}");
    restore(&lab, &file, 0);
    check_restored(&lab);
    assert!(aside.join("gnt.db").exists() && aside.join("gnt.db-wal").exists());
}

/// A backup with something else in it.
fn changed(lab: &Lab, change: impl Fn(&mut tar::Builder<fs::File>)) -> PathBuf {
    let changed = lab.temp.path().join("changed");
    let mut builder = tar::Builder::new(fs::File::create(&changed).unwrap());
    change(&mut builder);
    builder.finish().unwrap();
    changed
}

/// The members of a backup.
fn members(file: &Path) -> Vec<(String, Vec<u8>)> {
    let mut tar = tar::Archive::new(fs::File::open(file).unwrap());
    let mut members = vec![];
    for entry in tar.entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().to_str().unwrap().to_owned();
        let mut bytes = vec![];
        std::io::Read::read_to_end(&mut entry, &mut bytes).unwrap();
        members.push((name, bytes));
    }
    members
}

fn put(builder: &mut tar::Builder<fs::File>, name: &str, bytes: &[u8]) {
    let mut header = tar::Header::new_gnu();
    header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
    header.set_size(bytes.len() as u64);
    header.set_mode(0o600);
    header.set_cksum();
    builder.append(&header, bytes).unwrap();
}

/// Its manifest with the checksums of other members.
fn manifest(members: &[(String, Vec<u8>)]) -> Vec<u8> {
    use sha2::Digest;
    let mut manifest: serde_json::Value = serde_json::from_slice(&members[2].1).unwrap();
    for (nr, (_, bytes)) in members[..2].iter().enumerate() {
        let sum = sha2::Sha256::digest(bytes);
        let sum: String = sum.iter().map(|byte| format!("{byte:02x}")).collect();
        manifest["files"][nr]["sha256"] = sum.into();
        manifest["files"][nr]["bytes"] = bytes.len().into();
    }
    manifest.to_string().into_bytes()
}

#[test]
fn what_is_no_sound_backup_is_refused_and_changes_nothing() {
    let lab = Lab::sample(3, 3, 0);
    lab.run(["gnt-debug", "delay", "0"]).exits(0);
    let file = backup(&lab, "file");
    let whole = fs::read(&file).unwrap();
    let other = Lab::new();
    let refused = |file: &Path, words: &str| {
        let output = restore(&other, file, 1);
        assert!(output.stderr.contains(words), "{words}: {output:?}");
        assert!(output.stderr.contains("hint: "), "{output:?}");
        assert!(!other.dir.has_cluster());
        assert!(!other.path().join("restoring").exists());
        assert!(!other.temp.path().join("escaped").exists());
    };
    let with = |bytes: &[u8]| {
        let path = lab.temp.path().join("bytes");
        fs::write(&path, bytes).unwrap();
        path
    };
    refused(&with(b""), "it has no gnt.db");
    refused(&with(&[b'x'; 4096]), "no backup of a gnt cluster");
    for cut in [1000, 9000, whole.len() - 4000] {
        refused(&with(&whole[..cut]), "hint: nothing was changed");
    }
    for at in (6000..whole.len() - 4096).step_by(whole.len() / 7) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        refused(&with(&bytes), "hint: nothing was changed");
    }
    let parts = members(&file);
    let names: Vec<&str> = parts.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["gnt.db", "reality.db", "gnt-backup.json"]);
    for name in ["../escaped", "/tmp/escaped", "reality.db", "./gnt.db"] {
        let file = changed(&lab, |tar| {
            put(tar, name, &parts[0].1);
            put(tar, "reality.db", &parts[1].1);
            put(tar, "gnt-backup.json", &parts[2].1);
        });
        refused(&file, "where gnt.db should be is");
    }
    let link = changed(&lab, |tar| {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Symlink);
        header.set_size(0);
        tar.append_link(&mut header, "gnt.db", "/etc/passwd")
            .unwrap();
    });
    refused(&link, "gnt.db is not a file");
    let more = changed(&lab, |tar| {
        for (name, bytes) in &parts {
            put(tar, name, bytes);
        }
        put(tar, "more", b"x");
    });
    refused(&more, "there is more behind gnt-backup.json");
    let huge = changed(&lab, |tar| {
        let mut header = tar::Header::new_gnu();
        header.set_path("gnt.db").unwrap();
        header.set_size(1 << 60);
        header.set_cksum();
        tar.append(&header, &b"x"[..]).unwrap();
    });
    refused(&huge, "MiB are free");
    // Its members fit, and do other things than hold our rows.
    for (member, sql) in [
        (
            0,
            "CREATE TRIGGER t AFTER INSERT ON event BEGIN DELETE FROM job; END",
        ),
        (0, "CREATE VIEW v AS SELECT 1"),
        (0, "DROP INDEX job_request"),
        (0, "PRAGMA user_version = 99"),
        (0, "PRAGMA application_id = 1"),
        (1, "CREATE TABLE t (x)"),
        (1, "PRAGMA user_version = 99"),
        (0, "UPDATE job SET status = 3"),
        (1, "DELETE FROM running"),
    ] {
        let mut parts = parts.clone();
        let path = lab.temp.path().join("member");
        for suffix in ["", "-wal", "-shm"] {
            let _ = fs::remove_file(lab.temp.path().join(format!("member{suffix}")));
        }
        fs::write(&path, &parts[member].1).unwrap();
        let db = Connection::open(&path).unwrap();
        db.execute_batch(sql).unwrap();
        db.close().unwrap();
        parts[member].1 = fs::read(&path).unwrap();
        parts[2].1 = manifest(&parts);
        let file = changed(&lab, |tar| {
            for (name, bytes) in &parts {
                put(tar, name, bytes);
            }
        });
        let output = other.run(["gnt-cluster", "restore", file.to_str().unwrap()]);
        assert!([1, 5].contains(&output.code), "{sql}: {output:?}");
        assert!(!other.dir.has_cluster(), "{sql}: {output:?}");
        if sql == "DELETE FROM running" {
            assert!(output.stderr.contains("is meant to run"), "{output:?}");
            let words = ["gnt-cluster", "restore", "--accept-findings"];
            other
                .run(words.into_iter().chain([file.to_str().unwrap()]))
                .exits(0);
        }
    }
}

#[test]
fn a_backup_that_is_killed_leaves_the_one_before() {
    let lab = Lab::sample(3, 30, 0);
    let file = backup(&lab, "file");
    let whole = fs::read(&file).unwrap();
    for nr in 0..10 {
        let running = lab.spawn(["gnt-cluster", "backup", file.to_str().unwrap()]);
        let unfinished = lab.temp.path().join("file.new");
        if nr % 2 == 0 {
            wait_for("a beginning", || {
                (unfinished.exists() || fs::read(&file).unwrap() != whole).then_some(())
            });
        }
        running.signal(Signal::SIGKILL);
        running.finish();
        assert_eq!(members(&file).len(), 3);
    }
    backup(&lab, "file");
    for left in ["file.new", "file.new.copy"] {
        assert!(!lab.temp.path().join(left).exists(), "{left}");
    }
    // While one is written nobody else writes it.
    let running = lab.spawn(["gnt-cluster", "backup", file.to_str().unwrap()]);
    running.signal(Signal::SIGSTOP);
    let second = lab.run(["gnt-cluster", "backup", file.to_str().unwrap()]);
    assert!([0, 1].contains(&second.code), "{second:?}");
    let pid = nix::unistd::Pid::from_raw(running.id().cast_signed());
    kill(pid, Signal::SIGCONT).unwrap();
    running.finish();
    assert_eq!(members(&file).len(), 3);
}

#[test]
fn a_backup_goes_through_a_pipe() {
    let lab = Lab::sample(3, 3, 0);
    let other = Lab::new();
    let tools = common::tool("gnt-node");
    let mut command = std::process::Command::new("/bin/sh");
    command
        .args([
            "-c",
            "gnt-cluster backup - | GNT_STATE_DIR=$OTHER gnt-cluster restore -",
        ])
        .env(
            "PATH",
            format!("{}:/usr/bin:/bin", tools.parent().unwrap().display()),
        )
        .env("GNT_STATE_DIR", lab.path())
        .env("OTHER", other.path());
    lab.spawn_command(command).finish().exits(0);
    check_restored(&other);
    assert!(!lab.path().join("backup.new").exists());
    let inside = lab.path().join("file");
    lab.run(["gnt-cluster", "backup", inside.to_str().unwrap()])
        .exits(1);
    lab.run(["gnt-cluster", "backup", "--json", "-"]).exits(2);
}
