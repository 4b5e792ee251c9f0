//! The limits: what just fits is taken, one more is refused or cut, and says so.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on panics; it reads and writes what it likes"
)]

mod common;

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;

use common::{Lab, Output, Running, wait_for};
use gnt::limits::*;
use gnt::lu::{Outcome, UnitResult};
use gnt::queue::{JobId, Status};
use gnt::runner::load::load;
use gnt::runner::pool::Done;
use gnt::runner::state::{Reports, State};
use gnt::store::{Commit, Program};
use nix::sys::signal::{Signal, kill};
use serde_json::{Value, json};

fn file(lab: &Lab, text: &str) -> PathBuf {
    let path = lab.temp.path().join("input.json");
    fs::write(&path, text).unwrap();
    path
}

/// Submits a job of these opcodes from a file and waits for it.
fn submit(lab: &Lab, ops: &Value) -> Output {
    let path = file(lab, &ops.to_string());
    lab.run(["gnt-debug", "submit-job", path.to_str().unwrap()])
}

#[track_caller]
fn refused(output: Output, code: i32, words: &str) {
    let output = output.exits(code);
    assert!(output.stderr.contains(words), "{words}: {output:#?}");
}

fn dummy() -> Value {
    json!({"OP_ID": "OP_TEST_DUMMY"})
}

/// The queue is held, so that what is taken stays unfinished.
fn held() -> Lab {
    let lab = Lab::sample(3, 3, 0);
    lab.run(["gnt-cluster", "queue", "hold"]).exits(0);
    lab
}

#[test]
fn unfinished_jobs() {
    let lab = held();
    let path = file(&lab, &json!([dummy()]).to_string());
    let path = path.to_str().unwrap();
    let many = QUEUE_LIMIT.to_string();
    let words = ["gnt-debug", "submit-job", "--submit", "-q", "--job-repeat"];
    lab.run(words.into_iter().chain([many.as_str(), path]))
        .exits(0);
    let one = ["gnt-debug", "submit-job", "--submit", path];
    let output = lab.run(one).exits(1);
    assert!(
        output
            .stderr
            .contains("job queue is full (5000 unfinished jobs)"),
        "{output:#?}"
    );
    assert!(output.stderr.contains("--queue-limit N"), "{output:#?}");
    let limit = |n: u64| lab.run(["gnt-cluster", "modify", "--queue-limit", &n.to_string()]);
    limit(QUEUE_LIMIT + 1).exits(0);
    lab.run(one).exits(0);
    lab.run(one).exits(1);
    limit(QUEUE_LIMIT_MOST).exits(0);
    refused(limit(QUEUE_LIMIT_MOST + 1), 2, "1..=1000000");
    let running = |n: u64| {
        lab.run([
            "gnt-cluster",
            "modify",
            "--max-running-jobs",
            &n.to_string(),
        ])
    };
    running(MAX_RUNNING_JOBS_MOST).exits(0);
    refused(running(MAX_RUNNING_JOBS_MOST + 1), 2, "1..=1000");
    // Steered in many steps, each job once.
    let output = lab
        .run(["gnt-job", "cancel", "--pending", "--force"])
        .exits(0);
    assert_eq!(output.stdout.lines().count() as u64, QUEUE_LIMIT + 1);
    assert_eq!(lab.store().unfinished_count().unwrap(), 0);
}

#[test]
fn jobs_and_opcodes_of_a_call() {
    let lab = held();
    let path = file(&lab, &json!([dummy()]).to_string());
    let run = |option: &str, count: usize| {
        let count = count.to_string();
        lab.run([
            "gnt-debug",
            "submit-job",
            "--submit",
            option,
            &count,
            path.to_str().unwrap(),
        ])
    };
    // More jobs in one call than in the library's test would only take longer.
    refused(
        run("--job-repeat", JOBS_PER_SUBMISSION + 1),
        1,
        "100001 jobs are more than the 100000",
    );
    refused(
        run("--job-repeat", u32::MAX as usize),
        1,
        "4294967295 jobs are more",
    );
    run("--op-repeat", OPCODES_PER_JOB).exits(0);
    refused(
        run("--op-repeat", OPCODES_PER_JOB + 1),
        1,
        "1001 opcodes are more than the 1000",
    );
    refused(
        run("--op-repeat", u32::MAX as usize),
        1,
        "4294967295 opcodes are more",
    );
    assert_eq!(lab.store().jobs().unwrap().len(), 1);
}

#[test]
fn files() {
    let lab = held();
    // A job that just fits, padded with white space.
    let path = file(&lab, &json!([dummy()]).to_string());
    let used = fs::metadata(&path).unwrap().len();
    let mut open = File::options().append(true).open(&path).unwrap();
    open.write_all(&vec![b' '; (JOB_FILE_BYTES - used) as usize])
        .unwrap();
    let words = [
        "gnt-debug",
        "submit-job",
        "--submit",
        path.to_str().unwrap(),
    ];
    lab.run(words).exits(0);
    open.write_all(b" ").unwrap();
    refused(
        lab.run(words),
        1,
        "input.json: it is larger than 67108864 bytes",
    );
    open.set_len(CLUSTER_FILE_BYTES + 1).unwrap();
    let import = ["gnt-cluster", "import", "--replace", path.to_str().unwrap()];
    refused(
        lab.run(import),
        1,
        "input.json: it is larger than 268435456 bytes",
    );
    // Endless ones end.
    refused(
        lab.run(["gnt-debug", "submit-job", "/dev/zero"]),
        1,
        "/dev/zero: it is larger",
    );
}

#[test]
fn depth() {
    let lab = held();
    let nested = |levels: usize| (1..levels).fold(json!([]), |value, _| json!([value]));
    let job = |levels: usize| json!([{"OP_ID": "OP_TEST_DUMMY", "result": nested(levels)}]);
    let run = |ops: &Value| {
        let path = file(&lab, &ops.to_string());
        lab.run([
            "gnt-debug",
            "submit-job",
            "--submit",
            path.to_str().unwrap(),
        ])
    };
    // List and opcode are two levels.
    run(&job(JSON_DEPTH - 2)).exits(0);
    refused(run(&job(JSON_DEPTH - 1)), 1, "nested deeper than 64 levels");
    let path = file(&lab, &"[".repeat(1_000_000));
    let path = path.to_str().unwrap();
    refused(
        lab.run(["gnt-debug", "submit-job", path]),
        1,
        "nested deeper than 64 levels",
    );
    let text = format!("{{\"version\": 1, \"cluster\": {}", "[".repeat(1_000_000));
    file(&lab, &text);
    refused(
        lab.run(["gnt-cluster", "import", path]),
        1,
        "nested deeper than 64 levels",
    );
}

#[test]
fn names_reasons_and_request_ids() {
    let lab = held();
    let delay = |option: &str, length: usize| {
        let text = "x".repeat(length);
        lab.run(["gnt-debug", "delay", "--submit", option, &text, "0"])
    };
    delay("--request-id", NAME_BYTES).exits(0);
    refused(
        delay("--request-id", NAME_BYTES + 1),
        2,
        "longer than 255 bytes",
    );
    refused(delay("--request-id", 0), 2, "it is empty");
    delay("--reason", REASON_BYTES).exits(0);
    refused(
        delay("--reason", REASON_BYTES + 1),
        2,
        "longer than 1024 bytes",
    );
    let init = |length: usize| {
        let other = Lab::new();
        other.run(["gnt-cluster", "init", &"x".repeat(length)])
    };
    init(NAME_BYTES).exits(0);
    refused(init(NAME_BYTES + 1), 1, "no name for a cluster");
    let job = |key: &str, value: Value| {
        let mut op = dummy();
        op[key] = value;
        let path = file(&lab, &json!([op]).to_string());
        lab.run([
            "gnt-debug",
            "submit-job",
            "--submit",
            path.to_str().unwrap(),
        ])
    };
    job("comment", json!("x".repeat(REASON_BYTES))).exits(0);
    refused(
        job("comment", json!("x".repeat(REASON_BYTES + 1))),
        1,
        "longer than 1024 bytes",
    );
    // One more is the client's own.
    let reasons = |count: usize| json!(vec![json!(["a", "b", 1]); count - 1]);
    job("reason", reasons(REASONS)).exits(0);
    refused(
        job("reason", reasons(REASONS + 1)),
        1,
        "more than 64 entries",
    );
    let depends = |count: usize| json!(vec![json!([1, []]); count]);
    job("depends", depends(DEPENDENCIES)).exits(0);
    refused(
        job("depends", depends(DEPENDENCIES + 1)),
        1,
        "depends on more than 1000 jobs",
    );
}

#[test]
fn priorities_and_durations() {
    let lab = Lab::sample(3, 3, 0);
    for (priority, code) in [(-10, 0), (0, 0), (10, 0), (-11, 1), (1, 1), (i64::MAX, 1)] {
        let mut op = dummy();
        op["priority"] = json!(priority);
        let output = submit(&lab, &json!([op])).exits(code);
        let told = output
            .stderr
            .contains("is none of 10 (low), 0 (normal), -10 (high)");
        assert_eq!(told, code != 0, "{output:#?}");
    }
    let delay = |seconds: f64| {
        let op = json!({"OP_ID": "OP_TEST_DELAY", "duration": seconds});
        let path = file(&lab, &json!([op]).to_string());
        lab.run([
            "gnt-debug",
            "submit-job",
            "--print-jobid",
            "--submit",
            path.to_str().unwrap(),
        ])
    };
    let longest = delay(DELAY_SECONDS as f64).exits(0);
    let id: JobId = longest.stdout.trim().parse().unwrap();
    lab.wait_for_status(id, &[Status::Running]);
    lab.run(["gnt-job", "cancel", &id.to_string()]).exits(0);
    for seconds in [DELAY_SECONDS as f64 + 1.0, -1.0, 1e300] {
        let op = json!({"OP_ID": "OP_TEST_DELAY", "duration": seconds});
        refused(
            submit(&lab, &json!([op])),
            1,
            "a delay takes 0 to 31622400 seconds",
        );
    }
    let timeout =
        |seconds: u64| lab.run(["gnt-debug", "delay", "--timeout", &seconds.to_string(), "0"]);
    timeout(DURATION_SECONDS).exits(0);
    refused(
        timeout(DURATION_SECONDS + 1),
        2,
        "longer than a hundred years",
    );
    refused(timeout(u64::MAX), 2, "longer than a hundred years");
}

#[test]
fn tags() {
    let lab = Lab::sample(3, 3, 0);
    let create = |name: &str, tags: Vec<String>| {
        let op = json!({"OP_ID": "OP_INSTANCE_CREATE", "instance_name": name, "mode": "create",
            "disk_template": "plain", "disks": [{"size": 1024}], "nics": [{}], "pnode": "node1",
            "tags": tags});
        submit(&lab, &json!([op]))
    };
    let tags = |count: usize| (0..count).map(|nr| nr.to_string()).collect();
    create("many", tags(TAGS)).exits(0);
    refused(
        create("toomany", tags(TAGS + 1)),
        1,
        "at most 4096 tags, this one would have 4097",
    );
    create("long", vec!["x".repeat(TAG_BYTES)]).exits(0);
    refused(
        create("toolong", vec!["x".repeat(TAG_BYTES + 1)]),
        1,
        "at most 128 bytes",
    );
    // The same in a file.
    let exported = lab.run(["gnt-cluster", "export"]).exits(0).json();
    let import = |change: &dyn Fn(&mut Value)| {
        let mut value = exported.clone();
        change(&mut value);
        let path = file(&lab, &value.to_string());
        lab.run(["gnt-cluster", "import", "--replace", path.to_str().unwrap()])
    };
    fn first<'a>(value: &'a mut Value, section: &str) -> &'a mut Value {
        let objects = value[section].as_object_mut().unwrap();
        objects.values_mut().next().unwrap()
    }
    let numbered = |count: usize| json!((0..count).map(|nr| nr.to_string()).collect::<Vec<_>>());
    import(&|v| first(v, "nodes")["tags"] = numbered(TAGS)).exits(0);
    refused(
        import(&|v| first(v, "nodes")["tags"] = numbered(TAGS + 1)),
        1,
        "more than 4096 tags",
    );
    let long = "x".repeat(TAG_BYTES + 1);
    refused(
        import(&|v| first(v, "nodegroups")["tags"] = json!([long])),
        1,
        "a tag of more than 128 bytes",
    );
    let name = |length: usize| "x".repeat(length);
    import(&|v| first(v, "instances")["name"] = json!(name(NAME_BYTES))).exits(0);
    for section in ["nodes", "nodegroups", "instances"] {
        let output = import(&|v| first(v, section)["name"] = json!(name(NAME_BYTES + 1)));
        refused(output, 1, "a name has at most 255 bytes");
    }
    import(&|v| v["gnt"]["queue_limit"] = json!(QUEUE_LIMIT_MOST)).exits(0);
    for wrong in [0, QUEUE_LIMIT_MOST + 1] {
        let output = import(&|v| v["gnt"]["queue_limit"] = json!(wrong));
        refused(
            output,
            1,
            "gnt.queue_limit: expected a number from 1 to 1000000",
        );
    }
    let output = import(&|v| v["cluster"]["max_running_jobs"] = json!(MAX_RUNNING_JOBS_MOST + 1));
    refused(
        output,
        1,
        "cluster.max_running_jobs: expected a number from 1 to 1000",
    );
}

#[test]
fn lines_of_a_log() {
    let lab = Lab::sample(3, 3, 0);
    let lines = LOG_LINES as usize;
    let op = |count: usize| {
        let messages: Vec<String> = (1..=count).map(|nr| format!("line {nr}")).collect();
        json!({"OP_ID": "OP_TEST_DUMMY", "messages": messages})
    };
    submit(
        &lab,
        &json!([op(lines), op(lines + 1), op(3 * lines), op(2)]),
    )
    .exits(0);
    let store = lab.store();
    let job = store.jobs().unwrap().pop().unwrap().id;
    let log = store.log_after(job, 0).unwrap();
    let of = |index: u32| -> Vec<&str> {
        let own = log.iter().filter(|entry| entry.index == index);
        own.map(|entry| entry.message.as_str()).collect()
    };
    assert_eq!(of(0).len(), lines);
    assert_eq!(of(0)[0], "line 1");
    for (index, older) in [(1, 1), (2, 2 * lines)] {
        let lines_of = of(index);
        assert_eq!(lines_of.len(), lines + 1);
        let folded = format!("{older} older lines are left out, the newest 10000 are kept");
        assert_eq!(lines_of[0], folded);
        assert_eq!(lines_of[1], format!("line {}", older + 1));
        assert_eq!(*lines_of.last().unwrap(), format!("line {}", older + lines));
    }
    assert_eq!(of(3), ["line 1", "line 2"]);
    let shown = lab.run(["gnt-job", "info", &job.to_string()]).exits(0);
    assert_eq!(shown.stdout.matches("older lines are left out").count(), 2);
}

#[test]
fn a_log_that_grows_from_report_to_report_keeps_its_newest_lines() {
    let lab = Lab::sample(3, 3, 0);
    let rounds = LOG_LINES + 500;
    let op = json!({"OP_ID": "OP_TEST_DELAY", "duration": 0.0001, "repeat": rounds});
    let path = file(&lab, &json!([op]).to_string());
    let client = lab.spawn(["gnt-debug", "submit-job", path.to_str().unwrap()]);
    let store = lab.store();
    wait_for("a good part of it", || {
        let job = store.jobs().unwrap().pop()?.id;
        (store.log_after(job, 0).unwrap().len() > 1_000).then_some(())
    });
    // The next runner begins the opcode anew, and its log goes on.
    kill(lab.runner_pid().unwrap(), Signal::SIGKILL).unwrap();
    client.finish().exits(0);
    let job = store.jobs().unwrap().pop().unwrap().id;
    let log = store.log_after(job, 0).unwrap();
    assert_eq!(log.len() as i64, LOG_LINES + 1);
    let all = log.last().unwrap().serial;
    assert!(all > rounds + 1_000, "{all}");
    let folded = format!("{} older lines are left out", all - LOG_LINES);
    assert!(log[0].message.starts_with(&folded), "{:?}", log[0]);
    assert!(log[1].message.contains("iteration 500/"), "{:?}", log[1]);
}

#[test]
fn a_line_and_an_error_are_cut() {
    let lab = Lab::sample(3, 3, 0);
    let fits = "x".repeat(MESSAGE_BYTES);
    let long = "y".repeat(MESSAGE_BYTES + 1);
    let op = json!({"OP_ID": "OP_TEST_DUMMY", "messages": [fits, long], "fail": long});
    let output = submit(&lab, &json!([op])).exits(1);
    assert!(output.stderr.contains("… (cut, 8193 bytes in all)"));
    let store = lab.store();
    let job = store.jobs().unwrap().pop().unwrap().id;
    let log = store.log_after(job, 0).unwrap();
    assert_eq!(log[0].message, fits);
    assert_eq!(log[1].message, cut_message(&long));
    let error = store.ops(job).unwrap().pop().unwrap().error.unwrap();
    assert_eq!(error.message, cut_message(&long));
}

/// More clients than a user may have inotify instances.
#[test]
fn clients_that_wait() {
    let most = fs::read_to_string("/proc/sys/fs/inotify/max_user_instances").unwrap();
    let most: usize = most.trim().parse().unwrap();
    // Where an administrator has raised it the usual number still makes a crowd.
    let crowd = most.min(128) + 12;
    let lab = held();
    let job = lab.submit(["gnt-debug", "delay", "0"]).to_string();
    let clients: Vec<_> = (0..crowd)
        .map(|_| lab.spawn(["gnt-job", "wait", &job]))
        .collect();
    let has = |client: &Running, what: &str| {
        let files = fs::read_dir(format!("/proc/{}/fd", client.id())).unwrap();
        let links = files
            .flatten()
            .filter_map(|file| fs::read_link(file.path()).ok());
        links
            .into_iter()
            .any(|link| link.to_string_lossy().contains(what))
    };
    wait_for("all clients to look at the queue", || {
        clients
            .iter()
            .all(|client| has(client, "gnt.db"))
            .then_some(())
    });
    let events = clients.iter().filter(|client| has(client, "inotify"));
    assert!(
        events.count() < crowd || most > 128,
        "none waits without events"
    );
    lab.run(["gnt-cluster", "queue", "release"]).exits(0);
    for client in clients {
        client.finish().exits(0);
    }
}

#[test]
fn results() {
    let lab = held();
    let fits = lab.submit(["gnt-debug", "delay", "0"]);
    let long = lab.submit(["gnt-debug", "delay", "0"]);
    let store = lab.store();
    // The runner is played here, since no opcode of its own has a result that large.
    let begin = store.write(Commit::Begin, |tx| {
        tx.set_held(false)?;
        tx.begin_runner(&Program::ours(PathBuf::new()))
    });
    let mut state = State::new(begin.unwrap().epoch, store.settings().unwrap());
    load(&mut state, &store).unwrap();
    let none = Reports::default();
    let started = store.write(Commit::Step, |tx| {
        state.step(tx, None, &[], &[], &none, true)
    });
    state.committed(&mut started.unwrap());
    let done = |job: JobId, bytes: usize| Done {
        job,
        index: 0,
        finished: Ok(Outcome {
            result: UnitResult::Value("x".repeat(bytes - 2).into()),
            ..Outcome::default()
        }),
    };
    let done = [done(fits, RESULT_BYTES), done(long, RESULT_BYTES + 1)];
    let ended = store.write(Commit::Step, |tx| {
        state.step(tx, None, &[], &done, &none, false)
    });
    state.committed(&mut ended.unwrap());
    assert_eq!(lab.job(fits).status, Status::Success);
    assert_eq!(lab.job(long).status, Status::Error);
    let error = store.ops(long).unwrap().pop().unwrap().error.unwrap();
    let words = "the result of opcode 0 has 33554433 bytes, at most 33554432 are kept";
    assert_eq!(error.message, words);
}
