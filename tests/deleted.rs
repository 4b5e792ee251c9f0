//! Jobs end, are archived and deleted while somebody waits for them who does not see it.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test may end where it finds something amiss; it writes no database"
)]

mod common;

use common::{Lab, Output, Running, wait_for};
use gnt::queue::{JobId, Status};
use nix::sys::signal::Signal;
use nix::unistd::Pid;
use serde_json::{Value, json};

/// Waits until somebody waits for this operation.
fn is_awaited(lab: &Lab, root: JobId) {
    let file = lab.dir.path().join(format!("wake/{root}"));
    wait_for("a client that waits", || file.exists().then_some(()));
}

/// A client stands still while something happens. Tells how it ends when it is let go on.
fn meanwhile(lab: &Lab, client: Running, happens: impl FnOnce()) -> Output {
    client.signal(Signal::SIGSTOP);
    let pid = Pid::from_raw(client.id().cast_signed());
    wait_for("a client that stands still", || {
        lab.stopped_pids().contains(&pid).then_some(())
    });
    happens();
    client.signal(Signal::SIGCONT);
    client.finish()
}

/// Lets the queue go on, and deletes everything when this operation has ended.
fn end_and_delete(lab: &Lab, root: JobId) {
    lab.run(["gnt-cluster", "queue", "release"]).exits(0);
    let family = lab.wait_for_family(root);
    assert!(family.iter().all(|job| job.status == Status::Success));
    lab.run(["gnt-job", "autoarchive", "all"]).exits(0);
    lab.run(["gnt-job", "purge", "all"]).exits(0);
    assert_eq!(lab.store().job(root).unwrap(), None);
}

/// What a client says of a job that was deleted, in each of its forms.
#[track_caller]
fn tells(output: Output, job: JobId) {
    let output = output.exits(1);
    let message = format!("job {job} has ended and was deleted");
    let people = format!("error: {message}\nhint: how it ended is in the file of gnt-job purge");
    assert!(output.stderr.contains(&people), "{output:#?}");
    let Some(last) = output.stdout.lines().last() else {
        return;
    };
    // The log has its events, and no verdict.
    let Ok(document) = serde_json::from_str::<Value>(last) else {
        return assert!(!last.starts_with("done"), "{output:#?}");
    };
    let error = &document["error"];
    assert_eq!(error["message"], message, "{output:#?}");
    assert_eq!(error["code"], "unknown_entity", "{output:#?}");
    assert_eq!(document["verdict"], "failed", "{output:#?}");
    assert_eq!(document["exit"], json!(1), "{output:#?}");
}

#[test]
fn before_their_client_looks_again() {
    let lab = Lab::sample(3, 3, 0);
    let watch = |words: &'static str| (true, words);
    let submit = |words: &'static str| (false, words);
    let clients = [
        submit("gnt-debug delay 0"),
        submit("gnt-debug delay 0 --json"),
        submit("gnt-debug delay 0 --json-stream"),
        watch("gnt-job watch"),
        watch("gnt-job watch --json"),
        watch("gnt-job wait --json-stream"),
        watch("gnt-job wait --no-children"),
    ];
    for (nr, (watches, words)) in (1..).zip(clients) {
        lab.run(["gnt-cluster", "queue", "hold"]).exits(0);
        let job = JobId(nr);
        let id = job.to_string();
        let words = words.split(' ').map(str::to_owned);
        let client = match watches {
            true => {
                assert_eq!(lab.submit(["gnt-debug", "delay", "0"]), job);
                lab.spawn(words.chain([id]))
            }
            false => lab.spawn(words),
        };
        is_awaited(&lab, job);
        let output = meanwhile(&lab, client, || end_and_delete(&lab, job));
        tells(output, job);
    }
    // Nobody was ever given this one.
    let never = lab.run(["gnt-job", "wait", "99"]).exits(1);
    assert!(never.stderr.contains("job 99 does not exist"), "{never:?}");
    lab.verify_clean();
}

#[test]
fn with_their_children() {
    let lab = Lab::sample(3, 6, 0);
    lab.run(["gnt-cluster", "queue", "hold"]).exits(0);
    let root = JobId(1);
    let client = lab.spawn(["gnt-node", "evacuate", "-f", "node1", "--json"]);
    is_awaited(&lab, root);
    let output = meanwhile(&lab, client, || end_and_delete(&lab, root));
    tells(output, root);
    lab.verify_clean();
}

/// An operation is deleted in steps, children first: that a job is there and a child of it is not is
/// what a purge leaves that was killed between two. The other way round there is nothing.
#[cfg(debug_assertions)]
#[test]
fn by_half() {
    use gnt::failpoints::control::Action;
    use gnt::failpoints::{Point, Stage};
    use gnt::store::Commit;

    /// Whom a failing purge is to leave behind.
    const CHILDREN: usize = gnt::limits::STEP_JOBS + 20;

    let mut lab = Lab::sample(3, 3, 0);
    let control = lab.steer();
    let children = vec![json!([{ "OP_ID": "OP_TEST_DUMMY" }]); CHILDREN];
    let job = json!([{ "OP_ID": "OP_TEST_DUMMY", "submit_jobs": children }]);
    let file = lab.temp.path().join("job.json");
    std::fs::write(&file, job.to_string()).unwrap();
    let file = file.to_str().unwrap();

    lab.run(["gnt-cluster", "queue", "hold"]).exits(0);
    let client = lab.spawn(["gnt-debug", "submit-job", file, "--json"]);
    let root = JobId(1);
    is_awaited(&lab, root);
    // Each child that is not there is one of those of which a client may be told.
    let first_gone = || {
        let left = lab.children(root).len();
        assert!(0 < left && left < CHILDREN, "{left} children are left");
        JobId(root.0 + 1 + left as i64)
    };
    let output = meanwhile(&lab, client, || {
        lab.run(["gnt-cluster", "queue", "release"]).exits(0);
        lab.wait_for_family(root);
        lab.run(["gnt-job", "autoarchive", "all"]).exits(0);
        let point = Point::Commit(Commit::Purge, Stage::Committed);
        control.arm(point, Action::Kill, 1).unwrap();
        lab.run(["gnt-job", "purge", "all"]).exits(128 + 9);
    });
    tells(output, first_gone());
    let wait = ["gnt-job", "wait", "--json", "1"];
    tells(lab.run(wait), first_gone());
    // Who does not ask for the children is told how the job itself has ended.
    let alone = lab.run(wait.iter().chain(&["--no-children"])).exits(0);
    assert_eq!(alone.json()["status"], "success");
    lab.verify_clean();
    lab.run(["gnt-job", "purge", "all"]).exits(0);
    tells(lab.run(wait), root);
    lab.verify_clean();
}
