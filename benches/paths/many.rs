//! Many jobs at once: submitting, running, depending, locking.

use std::time::Instant;

use serde_json::json;

use crate::common::{self, Lab};
use crate::ground::{
    Line, Sample, job_file, keep_runner, lab_for, ms, no_op, seconds_of_work, submit_many,
};
use crate::yardstick::Figures;

/// Submissions of one size; the first ones bring log and caches to their size.
const WARM_UP: usize = 2;
const ROUNDS: usize = 5;

/// Milliseconds to submit so many jobs to a queue that starts none.
fn submissions(lab: &Lab, jobs: usize) -> Sample {
    let file = job_file(lab, "job.json", &no_op());
    let mut sample = Sample::default();
    for round in 0..WARM_UP + ROUNDS {
        let took = submit_many(lab, &file, jobs);
        if round >= WARM_UP {
            sample.push(took);
        }
    }
    sample
}

/// A held queue for several rounds, with a runner that keeps the log short.
fn held_lab(jobs: usize) -> Lab {
    let lab = lab_for(jobs * (WARM_UP + ROUNDS));
    keep_runner(&lab);
    lab.run(["gnt-cluster", "queue", "hold"]).exits(0);
    lab
}

/// 1,000 and 5,000 jobs in one call.
pub(crate) fn submit(figures: &Figures) -> Vec<Line> {
    let sizes = [1_000, 5_000].map(|jobs| {
        let sample = submissions(&held_lab(jobs), jobs);
        let path = format!("submit {jobs} jobs in one call (--queue-limit raised)");
        let limit = figures.p50(&format!("submit-many-{jobs}-history-0"));
        let limit = limit.and_then(|limit| Some(limit + figures.p50("start-nop")?));
        Line::times(&path, sample.p50(), limit, 3.0).with_p99(sample.p99())
    });
    sizes.into()
}

/// One opcode that returns 5,000 jobs: from its start to all of them on disk.
pub(crate) fn children(figures: &Figures) -> Vec<Line> {
    const CHILDREN: usize = 5_000;
    let lab = lab_for(2 * CHILDREN);
    let child = [no_op()];
    let parent = json!({"OP_ID": "OP_TEST_DUMMY", "submit_jobs": vec![child; CHILDREN]});
    let file = job_file(&lab, "parent.json", &parent);
    let mut sample = Sample::default();
    for round in 0..2 {
        let id = lab.submit(["gnt-debug", "submit-job", &file]);
        let store = lab.store();
        // Those that hold the store wait for its commits, so it is looked at in pauses.
        let (started, seen) = common::wait_for("the children", || {
            let job = store.job(id).unwrap().unwrap();
            let here = job.status.is_final();
            here.then(|| (job.started.unwrap(), gnt::clock::now()))
        });
        assert_eq!(store.children(id).unwrap().len(), CHILDREN);
        if round > 0 {
            sample.push((seen - started) as f64 / 1e3);
        }
        common::wait_for("their ends", || {
            (store.unfinished_count().unwrap() == 0).then_some(())
        });
    }
    let path = "one opcode returns 5,000 jobs: running → all on disk";
    let limit = figures.p50("submit-many-5000-history-0");
    vec![Line::times(path, sample.p50(), limit, 3.0)]
}

/// Jobs that wait in a held queue, then are let go.
fn drain(lab: &Lab, before: i64) -> f64 {
    lab.run(["gnt-cluster", "queue", "release"]).exits(0);
    seconds_of_work(lab, before) * 1e3
}

/// 20,000 jobs that do nothing, and 5,000 that all want one lock.
pub(crate) fn cycle(figures: &Figures) -> Vec<Line> {
    let per = |jobs: f64, rate: Option<f64>| rate.map(|rate| jobs / rate * 1e3);
    let lab = lab_for(20_000);
    lab.run(["gnt-cluster", "queue", "hold"]).exits(0);
    let file = job_file(&lab, "job.json", &no_op());
    for _ in 0..4 {
        submit_many(&lab, &file, 5_000);
    }
    let took = drain(&lab, 0);
    let limit = per(20_000.0, figures.p50("cycle-merged-64"));
    let path = "20,000 no-op jobs queued → all final (--queue-limit raised)";
    let mut lines = vec![Line::times(path, took, limit, 6.0)];

    let lab = lab_for(5_000);
    lab.run(["gnt-cluster", "queue", "hold"]).exits(0);
    let locks = json!({"OP_ID": "OP_TEST_DELAY", "duration": 0.0, "on_nodes": ["node1"]});
    let file = job_file(&lab, "locks.json", &locks);
    submit_many(&lab, &file, 5_000);
    let took = drain(&lab, 0);
    let limit = per(5_000.0, figures.p50("cycle-1"));
    let path = "5,000 jobs that all want one lock exclusively";
    lines.push(Line::times(path, took, limit, 2.0));
    lines
}

/// 1,000 jobs, each depending on the one before it.
pub(crate) fn chain(figures: &Figures) -> Vec<Line> {
    let lab = lab_for(1_000);
    lab.run(["gnt-cluster", "queue", "hold"]).exits(0);
    let first = job_file(&lab, "first.json", &no_op());
    let next = json!({"OP_ID": "OP_TEST_DELAY", "duration": 0.0,
        "depends": [[-1, ["success"]]]});
    let next = job_file(&lab, "next.json", &next);
    let words = ["gnt-debug", "submit-job", "--submit", &first];
    let links = std::iter::repeat_n(next.as_str(), 999);
    lab.run(words.into_iter().chain(links)).exits(0);
    let took = drain(&lab, 0);
    let limit = figures.p50("chain").map(|seconds| seconds * 1e3);
    vec![Line::times(
        "chain of 1,000 dependent no-op jobs",
        took,
        limit,
        2.0,
    )]
}

/// Submitting with a million jobs behind it, against ourselves with none.
pub(crate) fn history(_: &Figures) -> Vec<Line> {
    const HISTORY: usize = 1_000_000;
    const BATCH: usize = 5_000;
    const PAIRS: usize = 9;
    let begun = Instant::now();
    let old = lab_for(4 * BATCH);
    let file = job_file(&old, "job.json", &no_op());
    let store = old.store();
    for _ in 0..HISTORY / BATCH {
        submit_many(&old, &file, BATCH);
        while store.unfinished_count().unwrap() > 2 * BATCH as u64 {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }
    while store.unfinished_count().unwrap() > 0 {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    old.run(["gnt-job", "autoarchive", "all"]).exits(0);
    eprintln!("  a million jobs in {:.0} s", ms(begun) / 1e3);
    let rounds = [1_000, BATCH].map(|jobs| {
        let (mut with, mut without, mut ratios) = (vec![], vec![], Sample::default());
        let limit = (jobs * 20).to_string();
        old.run(["gnt-cluster", "modify", "--queue-limit", &limit])
            .exits(0);
        let keeper = keep_runner(&old);
        old.run(["gnt-cluster", "queue", "hold"]).exits(0);
        let new = held_lab(jobs * 2);
        for round in 0..WARM_UP + PAIRS {
            let empty = submit_many(&new, &file, jobs);
            let full = submit_many(&old, &file, jobs);
            if round >= WARM_UP {
                without.push(empty);
                with.push(full);
                ratios.push(full / empty);
            }
        }
        old.run(["gnt-job", "cancel", "-f", "--pending"]).exits(0);
        old.run(["gnt-cluster", "queue", "release"]).exits(0);
        old.run(["gnt-job", "cancel", "-f", "--wait", &keeper.to_string()]);
        let path = format!("submit {jobs} jobs after 1,000,000 archived ones, against none");
        // The median of the ratios, not the ratio of the medians.
        let (with, without) = (Sample::from(with), Sample::from(without));
        Line::times(
            &path,
            ratios.p50() * without.p50(),
            Some(without.p50()),
            1.15,
        )
        .with_p99(with.p99())
    });
    rounds.into()
}
