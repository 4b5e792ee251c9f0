//! Tools that look and go: how long a process takes.

use std::process::Command;

use crate::common;
use crate::ground::{
    Line, Sample, job_file, keep_runner, lab_for, no_op, peak_of_tool, process, submit_many, tool,
};
use crate::yardstick::Figures;

const TOOLS: [&str; 7] = [
    "gnt-node",
    "gnt-job",
    "gnt-instance",
    "gnt-cluster",
    "gnt-group",
    "gnt-debug",
    "gnt-runner",
];

const STARTS: usize = 100;
const LISTS: usize = 200;

/// `--version` of each tool, and 25 rows of a queue of 1,000 jobs.
pub(crate) fn measure(figures: &Figures) -> Vec<Line> {
    let mut lines = vec![];
    let nop = figures.p50("start-nop");
    let mut memory = 0.0_f64;
    for name in TOOLS {
        let sample = Sample::of(STARTS, || {
            process(Command::new(common::tool(name)).arg("--version"))
        });
        let path = format!("{name} --version");
        lines.push(Line::times(&path, sample.p50(), nop, 2.0).with_p99(sample.p99()));
        let mut command = Command::new(common::tool(name));
        command.arg("--version");
        memory = memory.max(peak_of_tool(command));
    }
    let path = "memory of --version, the largest";
    lines.push(Line::below(path, memory, "MiB", 8.0));

    let lab = lab_for(1_000);
    let file = job_file(&lab, "job.json", &no_op());
    submit_many(&lab, &file, 999);
    // The last one stays, so that a runner is there.
    keep_runner(&lab);
    let store = lab.store();
    common::wait_for("the others", || {
        (store.unfinished_count().unwrap() == 1).then_some(())
    });
    let ids: Vec<String> = (401..=425).map(|id| id.to_string()).collect();
    let words: Vec<&str> = ["gnt-job", "list"]
        .into_iter()
        .chain(ids.iter().map(String::as_str))
        .collect();
    let sample = Sample::of(LISTS, || tool(&lab, &words));
    let path = "gnt-job list, 25 rows of 1,000 jobs";
    let limit = figures.p50("start-peek");
    lines.push(Line::times(path, sample.p50(), limit, 2.5).with_p99(sample.p99()));
    lines
}

/// All of 10,000 jobs, as a table and as a document.
pub(crate) fn list(figures: &Figures) -> Vec<Line> {
    const TIMES: usize = 30;
    let lab = lab_for(10_000);
    let file = job_file(&lab, "job.json", &no_op());
    submit_many(&lab, &file, 5_000);
    submit_many(&lab, &file, 5_000);
    let store = lab.store();
    common::wait_for("all", || {
        (store.unfinished_count().unwrap() == 0).then_some(())
    });
    let ways: [(&[&str], &str, &str); 2] = [
        (
            &["gnt-job", "list"],
            "gnt-job list of 10,000 jobs",
            "list-table",
        ),
        (
            &["gnt-job", "list", "--json"],
            "gnt-job list --json of 10,000 jobs",
            "list-json",
        ),
    ];
    let measured = ways.map(|(words, path, limit)| {
        let sample = Sample::of(TIMES, || tool(&lab, words));
        Line::times(path, sample.p50(), figures.p50(limit), 3.0).with_p99(sample.p99())
    });
    measured.into()
}
