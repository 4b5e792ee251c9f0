//! Many processes, and a runner that has much to do or nothing.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use gnt::queue::{JobId, Status};
use serde_json::json;

use crate::common::{Lab, wait_for};
use crate::ground::{
    Line, Sample, job_file, keep_runner, lab_for, memory, ms, status, submit_many, tool,
};
use crate::yardstick::Figures;

/// A node with 1,000 instances is emptied, and nothing takes time.
pub(crate) fn evacuate(_: &Figures) -> Vec<Line> {
    // Half of the instances of three nodes are, in one role or the other, on each of them.
    let lab = Lab::sample(3, 2_000, 0);
    let took = tool(&lab, &["gnt-node", "evacuate", "-f", "--json", "node1"]);
    assert!(lab.primaries("node1").is_empty());
    lab.verify_clean();
    vec![Line::below(
        "evacuate 1,000 instances, zero durations, Enter to prompt",
        took,
        "ms",
        500.0,
    )]
}

/// A client that waits for a job; it prints nothing.
fn waiter(lab: &Lab, job: JobId) -> Child {
    let words = ["gnt-job", "wait", &job.to_string()];
    lab.command(words).stdout(Stdio::null()).spawn().unwrap()
}

/// How long a client still took to exit, and its job's end.
fn exits(lab: &Lab, clients: Vec<(JobId, Child)>) -> Sample {
    let threads: Vec<_> = clients
        .into_iter()
        .map(|(job, mut client)| {
            let thread = std::thread::Builder::new().stack_size(64 << 10);
            let wait = move || {
                let status = client.wait().unwrap();
                let now = gnt::clock::now();
                assert!(status.success(), "{status}");
                now
            };
            (job, thread.spawn(wait).unwrap())
        })
        .collect();
    let mut sample = Sample::default();
    for (job, thread) in threads {
        let exit = thread.join().unwrap();
        let ended = lab.job(job).ended.unwrap();
        sample.push((exit - ended) as f64 / 1e3);
    }
    sample
}

/// From this job's end to that of the last one that waited for it, milliseconds. Waiting, too, begins
/// with a job's start: that is no work.
fn work_after(lab: &Lab, holder: JobId) -> f64 {
    let store = lab.store();
    wait_for("their ends", || {
        (store.unfinished_count().unwrap() == 0).then_some(())
    });
    let jobs = store.jobs().unwrap();
    let last = jobs.iter().filter_map(|job| job.ended).max();
    let released = lab.job(holder).ended.unwrap();
    (last.unwrap() - released) as f64 / 1e3
}

/// 200 clients, each waiting for a job of its own; and what they cost the runner.
pub(crate) fn waiters(_: &Figures) -> Vec<Line> {
    const CLIENTS: usize = 200;
    // Ends come one after the other: each wants the same lock.
    const JOBS: usize = 2_000;
    let mut rates = [0.0; 2];
    let mut ends = Sample::default();
    for (round, rate) in rates.iter_mut().enumerate() {
        let lab = lab_for(JOBS);
        let locks = json!({"OP_ID": "OP_TEST_DELAY", "duration": 0.0, "on_nodes": ["node1"]});
        let file = job_file(&lab, "locks.json", &locks);
        let holder = lab.submit(["gnt-debug", "delay", "600", "-n", "node1"]);
        submit_many(&lab, &file, JOBS);
        let jobs: Vec<JobId> = lab.store().jobs().unwrap().iter().map(|j| j.id).collect();
        let followed: Vec<JobId> = (jobs[1..].iter().copied())
            .step_by(JOBS / CLIENTS)
            .collect();
        let clients: Vec<_> = match round {
            0 => vec![],
            _ => followed.iter().map(|id| (*id, waiter(&lab, *id))).collect(),
        };
        wait_for("all to follow", || {
            let asleep = |(_, client): &(JobId, Child)| {
                // poll, ppoll and clock_nanosleep, on x86-64 and elsewhere.
                let path = format!("/proc/{}/syscall", client.id());
                let at = std::fs::read_to_string(path).unwrap_or_default();
                matches!(
                    at.split(' ').next(),
                    Some("7" | "271" | "73" | "230" | "115")
                )
            };
            clients.iter().all(asleep).then_some(())
        });
        lab.run(["gnt-job", "cancel", &holder.to_string()]).exits(0);
        ends.extend(exits(&lab, clients).into_inner());
        *rate = work_after(&lab, holder);
    }
    let path = "200 clients wait for 200 jobs: a job's end → its client's exit, 99 %";
    let slower = "the runner beside 200 waiting clients, against none";
    vec![
        Line::below(path, ends.p99(), "ms", 50.0),
        Line::times(slower, rates[1], Some(rates[0]), 1.4),
    ]
}

/// 50 processes at once, 40 times over each: how long each took, and all together.
fn fifty(lab: &Lab, words: &[&str]) -> (Sample, f64) {
    let begun = Instant::now();
    let mut all = Sample::default();
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE)
            .map(|_| scope.spawn(|| (0..TIMES).map(|_| tool(lab, words)).collect::<Vec<_>>()))
            .collect();
        for worker in workers {
            all.extend(worker.join().unwrap());
        }
    });
    (all, ms(begun))
}

const AT_ONCE: usize = 50;
const TIMES: usize = 40;

/// 50 processes at once submit a job each, 40 times over; against one after the other, and beside as
/// many that do nothing.
pub(crate) fn submitters(_: &Figures) -> Vec<Line> {
    let lab = lab_for(AT_ONCE * TIMES * 2);
    keep_runner(&lab);
    let submit = ["gnt-debug", "delay", "0", "--submit"];
    let alone = Sample::of(300, || tool(&lab, &submit));
    let (all, took) = fifty(&lab, &submit);
    let (nothing, _) = fifty(&lab, &["gnt-debug", "--version"]);
    let per_job = took / (AT_ONCE * TIMES) as f64;
    vec![
        Line::below("50 processes submit at once, 99 %", all.p99(), "ms", 100.0)
            .with_p99(all.worst()),
        Line::beside(
            "50 processes do nothing but `--version` at once, 99 %",
            nothing.p99(),
            "ms",
        )
        .with_p99(nothing.worst()),
        Line::times(
            "50 processes submit at once: a job's share, against one process",
            per_job,
            Some(alone.p50()),
            2.0,
        ),
    ]
}

/// One process submits while the runner commits without a pause.
pub(crate) fn beside_runner(_: &Figures) -> Vec<Line> {
    const TIMES: usize = 200;
    let lab = lab_for(40_000);
    lab.run(["gnt-cluster", "queue", "hold"]).exits(0);
    let locks = json!({"OP_ID": "OP_TEST_DELAY", "duration": 0.0, "on_nodes": ["node1"]});
    let locks = job_file(&lab, "locks.json", &locks);
    submit_many(&lab, &locks, 10_000);
    lab.run(["gnt-cluster", "queue", "release"]).exits(0);
    let client = lab.client();
    let mut sample = Sample::default();
    let op: gnt::opcodes::Opcode = gnt::opcodes::TestDelay::default().into();
    let job = gnt::queue::submit::NewJob::of(vec![op]);
    while (sample.len() < TIMES) && client.store().unfinished_count().unwrap() > 500 {
        let begun = Instant::now();
        client.submit_one(job.clone(), None).unwrap().unwrap();
        sample.push(ms(begun));
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(sample.len() >= TIMES / 2, "the runner was too quick");
    let path = "submit while the runner commits without a pause, worst";
    vec![Line::below(path, sample.worst(), "ms", 20.0).with_p99(sample.p99())]
}

/// 100,000 queued jobs, and nothing to do.
pub(crate) fn rest(_: &Figures) -> Vec<Line> {
    const QUEUED: usize = 100_000;
    let lab = lab_for(QUEUED);
    lab.submit(["gnt-debug", "delay", "600", "-n", "node1"]);
    let locks = json!({"OP_ID": "OP_TEST_DELAY", "duration": 0.0, "on_nodes": ["node1"]});
    let locks = job_file(&lab, "locks.json", &locks);
    for _ in 0..QUEUED / 5_000 {
        submit_many(&lab, &locks, 5_000);
    }
    let store = lab.store();
    wait_for("all wait", || {
        let last = store.last_job().unwrap();
        let seen = store.job(last).unwrap().unwrap().status;
        (seen == Status::Waiting).then_some(())
    });
    let runner = lab.runner_pid().unwrap();
    let peak = memory(runner, "VmHWM");
    let mut lines = vec![Line::below(
        "memory of the runner with 100,000 queued jobs",
        peak,
        "MiB",
        60.0,
    )];

    // A runner that has just worked, a queue that starts nothing, and one who waits all the same.
    let lab = lab_for(10);
    lab.submit(["gnt-debug", "delay", "0"]);
    lab.run(["gnt-cluster", "queue", "hold"]).exits(0);
    let job = lab.submit(["gnt-debug", "delay", "0"]);
    let mut client = waiter(&lab, job);
    let runner = lab.runner_pid().unwrap();
    std::thread::sleep(Duration::from_secs(1));
    for (path, pid) in [
        ("wake-ups a second of a runner at rest", runner.to_string()),
        (
            "wake-ups a second of a client that waits",
            client.id().to_string(),
        ),
    ] {
        const SECONDS: u64 = 5;
        let before = (wakeups(&pid), ticks(&pid));
        std::thread::sleep(Duration::from_secs(SECONDS));
        let after = (wakeups(&pid), ticks(&pid));
        let a_second = (after.0 - before.0) / SECONDS as f64;
        // A tenth over one a second is a matter of when the clock was started.
        lines.push(Line::below(path, a_second, "/s", 1.3));
        let path = path.replace("wake-ups a second", "processor time in 5 s");
        let millis = (after.1 - before.1) * 10.0;
        lines.push(Line::below(&path, millis, "ms", 10.1));
    }
    client.kill().unwrap();
    client.wait().unwrap();
    lines
}

/// How often the threads of a process went to sleep of their own accord.
fn wakeups(pid: &str) -> f64 {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let of = |task: std::fs::DirEntry| {
        let task = format!("{pid}/task/{}", task.file_name().to_str().unwrap());
        status(task, "voluntary_ctxt_switches")
    };
    tasks.map(|task| of(task.unwrap())).sum()
}

/// Hundredths of a second that a process has worked.
fn ticks(pid: &str) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let (_, rest) = text.rsplit_once(')').unwrap();
    let words: Vec<&str> = rest.split_whitespace().collect();
    words[11].parse::<f64>().unwrap() + words[12].parse::<f64>().unwrap()
}
