//! What the measurements share: a line of the table, samples, processes.

use std::fs;
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use gnt::opcodes::Opcode;
use serde_json::{Value, json};

use crate::common::Lab;

/// What a path is held to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Bar {
    /// At most so many times the limit.
    Times(f64),
    /// Less than so much, in the line's unit.
    Below(f64),
    /// To nothing: it is what another line is to be seen beside.
    Beside,
}

/// One number of one path, measured once.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    /// The path, and what was changed for it.
    pub(crate) path: String,
    /// Ours.
    pub(crate) ours: f64,
    /// The 99th percentile where ours is a median.
    pub(crate) p99: Option<f64>,
    /// Of ours and of the limit.
    pub(crate) unit: &'static str,
    /// What it is compared with.
    pub(crate) limit: Option<f64>,
    /// What it is held to.
    pub(crate) bar: Bar,
}

impl Line {
    pub(crate) fn times(path: &str, ours: f64, limit: Option<f64>, bar: f64) -> Line {
        Line {
            path: path.to_owned(),
            ours,
            p99: None,
            unit: "ms",
            limit,
            bar: Bar::Times(bar),
        }
    }

    pub(crate) fn below(path: &str, ours: f64, unit: &'static str, bar: f64) -> Line {
        Line {
            path: path.to_owned(),
            ours,
            p99: None,
            unit,
            limit: None,
            bar: Bar::Below(bar),
        }
    }

    pub(crate) fn beside(path: &str, ours: f64, unit: &'static str) -> Line {
        Line {
            bar: Bar::Beside,
            ..Line::below(path, ours, unit, 0.0)
        }
    }

    pub(crate) fn with_p99(mut self, p99: f64) -> Line {
        self.p99 = Some(p99);
        self
    }
}

/// Many times of the same thing, in milliseconds.
#[derive(Debug, Default)]
pub(crate) struct Sample(Vec<f64>);

impl Sample {
    pub(crate) fn from(values: Vec<f64>) -> Sample {
        Sample(values)
    }

    pub(crate) fn push(&mut self, value: f64) {
        self.0.push(value);
    }

    /// Takes over what others have measured.
    pub(crate) fn extend(&mut self, others: impl IntoIterator<Item = f64>) {
        self.0.extend(others);
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn into_inner(self) -> Vec<f64> {
        self.0
    }

    pub(crate) fn of(times: usize, mut once: impl FnMut() -> f64) -> Sample {
        Sample((0..times).map(|_| once()).collect())
    }

    /// The value below which this share of them lies.
    pub(crate) fn at(&self, share: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        sorted[((sorted.len() - 1) as f64 * share).round() as usize]
    }

    pub(crate) fn p50(&self) -> f64 {
        self.at(0.5)
    }

    pub(crate) fn p99(&self) -> f64 {
        self.at(0.99)
    }

    pub(crate) fn worst(&self) -> f64 {
        self.at(1.0)
    }
}

pub(crate) fn ms(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}

/// Wall time of one process, from before fork to after wait.
pub(crate) fn process(command: &mut Command) -> f64 {
    command.stdout(Stdio::null());
    let start = Instant::now();
    let status = command.status().unwrap();
    let took = ms(start);
    assert!(status.success(), "{command:?}: {status}");
    took
}

/// The same with this tool of a lab. (Not by [`Lab::command`], which also sets the directory: for that
/// a statically linked program has to copy itself first.)
pub(crate) fn tool(lab: &Lab, words: &[&str]) -> f64 {
    let mut command = Command::new(crate::common::tool(words[0]));
    command
        .args(&words[1..])
        .env("GNT_STATE_DIR", lab.path())
        .stdin(Stdio::null());
    process(&mut command)
}

/// The most memory, in MiB, that a process has had resident when it wants to print. (What `wait4`
/// tells of a child also counts its parent's memory before `exec`.)
pub(crate) fn peak_of_tool(mut command: Command) -> f64 {
    let (reader, writer) = std::io::pipe().unwrap();
    // Full, so that the tool waits in its first write and can be looked at.
    let writer = OwnedFd::from(writer);
    let size = nix::fcntl::fcntl(&writer, nix::fcntl::FcntlArg::F_GETPIPE_SZ).unwrap();
    nix::unistd::write(&writer, &vec![0; size as usize]).unwrap();
    let mut child = command.stdout(writer).spawn().unwrap();
    let until = Instant::now() + Duration::from_secs(10);
    while !waits_in_write(child.id()) {
        assert!(Instant::now() < until, "{command:?} does not print");
        std::thread::sleep(Duration::from_micros(200));
    }
    let peak = memory(child.id(), "VmHWM");
    drop(reader);
    child.kill().unwrap();
    child.wait().unwrap();
    peak
}

fn waits_in_write(pid: u32) -> bool {
    let text = fs::read_to_string(format!("/proc/{pid}/syscall")).unwrap_or_default();
    // 1 is write, 20 writev, on x86-64; 64 and 66 elsewhere; to standard output.
    let mut words = text.split(' ');
    matches!(words.next(), Some("1" | "20" | "64" | "66")) && words.next() == Some("0x1")
}

/// A number of a process's `status`, in MiB.
pub(crate) fn memory(pid: impl std::fmt::Display, name: &str) -> f64 {
    status(pid, name) / 1024.0
}

/// A number of a process's `status`.
pub(crate) fn status(pid: impl std::fmt::Display, name: &str) -> f64 {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = text.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// A state directory whose queue takes so many jobs.
pub(crate) fn lab_for(jobs: usize) -> Lab {
    let lab = Lab::sample(3, 6, 0);
    let limit = (jobs + 10).max(5_000).to_string();
    lab.run(["gnt-cluster", "modify", "--queue-limit", &limit])
        .exits(0);
    lab
}

/// Keeps a runner alive, and waits until it works.
pub(crate) fn keep_runner(lab: &Lab) -> gnt::queue::JobId {
    let job = lab.submit(["gnt-debug", "delay", "600"]);
    lab.wait_for_status(job, &[gnt::queue::Status::Running]);
    job
}

/// An opcode that does nothing.
pub(crate) fn no_op() -> Value {
    json!({"OP_ID": "OP_TEST_DELAY", "duration": 0.0})
}

/// A job file of one opcode.
pub(crate) fn job_file(lab: &Lab, name: &str, op: &Value) -> String {
    assert!(Opcode::from_value(op.clone()).is_ok());
    let path = lab.temp.path().join(name);
    fs::write(&path, json!([op]).to_string()).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Submits so many jobs of this file in one call.
pub(crate) fn submit_many(lab: &Lab, file: &str, jobs: usize) -> f64 {
    let jobs = jobs.to_string();
    let words = [
        "gnt-debug",
        "submit-job",
        "--submit",
        "--job-repeat",
        &jobs,
        file,
    ];
    tool(lab, &words)
}

/// Waits, looking seldom, until no job is unfinished; then the seconds from the first job's start to
/// the last one's end by what the runner recorded, without the jobs before `after`.
pub(crate) fn seconds_of_work(lab: &Lab, after: i64) -> f64 {
    let store = lab.store();
    while store.unfinished_count().unwrap() > 0 {
        std::thread::sleep(Duration::from_millis(10));
    }
    let jobs = store.jobs().unwrap();
    let ours = || jobs.iter().filter(|job| job.id.0 > after);
    let begun = ours().filter_map(|job| job.started).min().unwrap();
    let ended = ours().filter_map(|job| job.ended).max().unwrap();
    (ended - begun) as f64 / 1e6
}
