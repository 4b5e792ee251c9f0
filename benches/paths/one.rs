//! One job at a time: submitting it, its start, its end.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::{Duration, Instant};

use gnt::opcodes::{Opcode, TestDelay};
use gnt::queue::submit::NewJob;
use gnt::queue::{Client, JobId, Status};
use gnt::store::Store;

use crate::common::{self, Lab};
use crate::ground::{Line, Sample, keep_runner, lab_for, ms, tool};
use crate::yardstick::Figures;

/// One job as a process, while a runner is there.
pub(crate) fn submit(figures: &Figures) -> Vec<Line> {
    const TIMES: usize = 300;
    let lab = lab_for(2_000);
    keep_runner(&lab);
    let sample = Sample::of(TIMES, || {
        tool(&lab, &["gnt-debug", "delay", "0", "--submit"])
    });
    let path = "submit one job, runner alive";
    let limit = figures.p50("submit-one");
    vec![Line::times(path, sample.p50(), limit, 2.0).with_p99(sample.p99())]
}

/// As the yardstick does.
const LOOK_AGAIN: Duration = Duration::from_micros(20);

/// So long after its last commit the runner waits for events again.
const FALL_ASLEEP: Duration = Duration::from_micros(300);

fn delay(seconds: f64) -> NewJob {
    let op = TestDelay {
        duration: seconds,
        ..TestDelay::default()
    };
    NewJob::of(vec![Opcode::from(op)])
}

/// Looks again and again until the job is in a state like this; in between it leaves the processor to
/// those whom it watches.
fn witness(store: &Store, job: JobId, seen: impl Fn(Status) -> bool) {
    let until = Instant::now() + common::PATIENCE;
    while !seen(store.job(job).unwrap().unwrap().status) {
        std::thread::sleep(LOOK_AGAIN);
        assert!(Instant::now() < until, "job {job} does not go on");
    }
}

/// Milliseconds from before the submission until `running` can be read.
fn until_running(client: &Client) -> f64 {
    let begun = Instant::now();
    let job = client.submit_one(delay(0.003), None).unwrap().unwrap();
    let runner = common::tool("gnt-runner");
    gnt::queue::client::start_program(client.store().dir(), runner).unwrap();
    witness(client.store(), job, |status| status >= Status::Running);
    let took = ms(begun);
    witness(client.store(), job, Status::is_final);
    took
}

/// From submission to running, with and without a runner; from the last end to who waits for it.
pub(crate) fn wake(figures: &Figures) -> Vec<Line> {
    const TIMES: usize = 300;
    const COLD: usize = 30;
    let lab = lab_for(2_000);
    let keeper = keep_runner(&lab);
    let client = lab.client();
    let warm = Sample::of(TIMES, || {
        // The runner falls asleep, the disk does not: after some idle milliseconds a flush takes twice as
        // long, and those of the limit follow each other at once.
        std::thread::sleep(FALL_ASLEEP);
        until_running(&client)
    });
    let sum = |name: fn(&Figures, &str) -> Option<f64>| {
        Some(name(figures, "wake-poke-from-begin")? + name(figures, "fsync-overwrite")?)
    };
    let limit = sum(Figures::p50);
    let mut lines = vec![
        Line::times("submitted → running on disk", warm.p50(), limit, 3.0).with_p99(warm.p99()),
        Line::times(
            "submitted → running on disk, 99 %",
            warm.p99(),
            sum(Figures::p99),
            6.0,
        ),
        last_end(&lab, figures),
    ];

    // Without patience the runner leaves as soon as there is nothing to do.
    lab.run(["gnt-cluster", "modify", "--runner-idle", "0"])
        .exits(0);
    lab.run(["gnt-job", "cancel", "--wait", &keeper.to_string()])
        .exits(0);
    let cold = Sample::of(COLD, || {
        common::wait_for("the runner's end", || {
            (!gnt::store::runner_alive(&lab.dir).unwrap()).then_some(())
        });
        until_running(&client)
    });
    let more = cold.p50() - warm.p50();
    let path = "the same without a runner: what comes on top";
    lines.push(Line::times(path, more, figures.p50("start-nop"), 5.0).with_p99(cold.p99()));
    lines
}

/// The client prints an event a line; the last job's end can be read at one moment, and the line
/// that tells it arrives at another.
fn last_end(lab: &Lab, figures: &Figures) -> Line {
    const TIMES: usize = 60;
    let client = lab.client();
    let mut sample = Sample::default();
    for _ in 0..TIMES {
        let job = client.submit_one(delay(0.05), None).unwrap().unwrap();
        let words = ["gnt-job", "watch", "--json-stream", &job.to_string()];
        let mut watcher = lab.command(words).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(watcher.stdout.take().unwrap()).lines();
        let reader = std::thread::spawn(move || {
            // Its first line says that it follows.
            lines.next().unwrap().unwrap();
            let told = lines.find(|line| line.as_ref().unwrap().contains("\"success\""));
            assert!(told.is_some());
            let at = Instant::now();
            lines.for_each(drop);
            at
        });
        witness(client.store(), job, Status::is_final);
        let ended = Instant::now();
        let told = reader.join().unwrap();
        sample.push(told.saturating_duration_since(ended).as_secs_f64() * 1e3);
        assert!(watcher.wait().unwrap().success());
    }
    let path = "last job ends → the waiting client has told it";
    let limit = figures.p50("wake-poke-from-commit");
    Line::times(path, sample.p50(), limit, 10.0).with_p99(sample.p99())
}
