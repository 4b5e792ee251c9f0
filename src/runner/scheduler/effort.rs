//! What long queues cost: looks at locks, which no busy machine distorts, and memory.

use std::process::Command;
use std::sync::Arc;

use super::*;
use crate::locking::{Level, Lock, Mode};

const LIMITS: Limits = Limits {
    work: 20,
    planning: 2,
};

fn scheduler() -> Scheduler {
    Scheduler::new(LIMITS)
}

fn pending(id: i64, locks: LockSet) -> Pending {
    Pending {
        id: JobId(id),
        urgency: Urgency {
            priority: 0,
            received: 1_760_000_000,
        },
        depends: Vec::new(),
        cap: None,
        slot: Slot::Work,
        locks,
        begun: false,
    }
}

/// What a move locks: its instance alone, two nodes and their resources with others.
fn move_of(instance: i64, nodes: &[Arc<str>]) -> LockSet {
    let mut set = LockSet::new();
    set.add(
        Lock::one(Level::Instance, format!("inst{instance}.example.org")),
        Mode::Exclusive,
    );
    for node in [instance * 7, instance * 7 + 1] {
        let node = &nodes[usize::try_from(node).unwrap() % nodes.len()];
        for level in [Level::Node, Level::NodeRes] {
            set.add(Lock::one(level, Arc::clone(node)), Mode::Shared);
        }
    }
    set
}

fn nodes(count: usize) -> Vec<Arc<str>> {
    (0..count)
        .map(|node| format!("c0ffee00-0000-4000-8000-{node:012}").into())
        .collect()
}

/// Runs everything to its end; gives the order in which jobs started.
fn run(scheduler: &mut Scheduler) -> Vec<JobId> {
    let mut order = Vec::new();
    while !scheduler.is_idle() {
        let started: Vec<JobId> = std::iter::from_fn(|| scheduler.next()).collect();
        assert!(!started.is_empty(), "jobs are left and none may start");
        for id in &started {
            scheduler.release(*id, None);
        }
        order.extend(started);
    }
    order
}

#[test]
fn a_hundred_thousand_moves() {
    const JOBS: i64 = 100_000;
    let nodes = nodes(200);
    let mut scheduler = scheduler();
    for id in 1..=JOBS {
        scheduler.add(pending(id, move_of(id, &nodes)));
    }
    assert_eq!(run(&mut scheduler).len(), 100_000);
    // Five locks each, and each job is looked at once.
    assert!(
        scheduler.locks.looks <= 6 * 100_000,
        "{}",
        scheduler.locks.looks
    );
}

#[test]
fn five_thousand_for_one_lock() {
    let mut scheduler = scheduler();
    let web1 = || LockSet::new().with(Lock::one(Level::Instance, "web1"), Mode::Exclusive);
    for id in 1..=5_000 {
        scheduler.add(pending(id, web1()));
    }
    let order = run(&mut scheduler);
    assert!(order.is_sorted());
    assert!(
        scheduler.locks.looks <= 3 * 5_000,
        "{}",
        scheduler.locks.looks
    );
}

#[test]
fn two_thousand_behind_one_exclusive() {
    let nodes = nodes(2);
    let mut scheduler = scheduler();
    let node = LockSet::new().with(
        Lock::one(Level::Node, Arc::clone(&nodes[0])),
        Mode::Exclusive,
    );
    scheduler.add(pending(1, node));
    assert_eq!(scheduler.next(), Some(JobId(1)));
    for id in 2..=2_001 {
        scheduler.add(pending(id, move_of(id, &nodes)));
    }
    assert_eq!(scheduler.next(), None);
    scheduler.release(JobId(1), None);
    assert_eq!(run(&mut scheduler).len(), 2_000);
    assert!(
        scheduler.locks.looks <= 2 * 6 * 2_000,
        "{}",
        scheduler.locks.looks
    );
}

#[test]
fn a_whole_level_behind_ten_thousand_members() {
    let nodes = nodes(20);
    let mut scheduler = scheduler();
    for id in 1..=10_000 {
        scheduler.add(pending(id, move_of(id, &nodes)));
    }
    let all = LockSet::new().with(Lock::all(Level::Instance), Mode::Exclusive);
    scheduler.add(pending(10_001, all));
    let order = run(&mut scheduler);
    assert_eq!(order.last(), Some(&JobId(10_001)));
    assert!(
        scheduler.locks.looks <= 12 * 10_000,
        "{}",
        scheduler.locks.looks
    );
}

#[test]
fn a_cap_of_two_over_five_thousand_children() {
    let nodes = nodes(20);
    let mut scheduler = scheduler();
    scheduler.set_cap(JobId(1), Some(2));
    for id in 2..=5_001 {
        let mut job = pending(id, move_of(id, &nodes));
        job.cap = Some(JobId(1));
        scheduler.add(job);
    }
    assert_eq!(run(&mut scheduler).len(), 5_000);
    assert!(
        scheduler.locks.looks <= 2 * 6 * 5_000,
        "{}",
        scheduler.locks.looks
    );
}

#[test]
fn a_chain_of_a_thousand() {
    let mut scheduler = scheduler();
    for id in (1..=1_000).rev() {
        let mut job = pending(id, LockSet::new());
        job.depends = (id > 1).then_some(JobId(id - 1)).into_iter().collect();
        scheduler.add(job);
    }
    for id in 1..=1_000 {
        assert_eq!(scheduler.next(), Some(JobId(id)));
        assert_eq!(scheduler.next(), None);
        let freed = scheduler.release(JobId(id), None);
        let expected = (id < 1_000).then_some(JobId(id + 1));
        assert_eq!(freed, Vec::from_iter(expected));
    }
}

/// What one pending job may take: a runner with 100,000 of them is to stay under 60 MiB, and needs some
/// 15 MiB without any.
const BYTES_A_JOB: u64 = 45 * (1 << 20) / 100_000;

/// Memory is that of a process of its own: in this one other tests run. It is counted by resident
/// pages, so the allocator's rounding is in it.
#[test]
fn a_hundred_thousand_pending_jobs_fit() {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", "--test-threads=1"])
        .arg("runner::scheduler::effort::measure_memory")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let bytes = text
        .split_once("bytes a job: ")
        .and_then(|(_, rest)| rest.split_whitespace().next())
        .unwrap_or_else(|| panic!("no measurement in {text}"));
    let bytes: u64 = bytes.parse().unwrap();
    assert!(bytes < BYTES_A_JOB, "{bytes} bytes a job");
}

#[test]
#[ignore = "run in a process of its own by the test above"]
fn measure_memory() {
    const JOBS: i64 = 100_000;
    let nodes = nodes(200);
    let mut scheduler = scheduler();
    scheduler.set_cap(JobId(1_000_000), Some(100));
    let before = resident_kib();
    for id in 1..=JOBS {
        let mut job = pending(id, move_of(id, &nodes));
        job.cap = (id % 2 == 0).then_some(JobId(1_000_000));
        scheduler.add(job);
    }
    let bytes = (resident_kib() - before) * 1024 / u64::try_from(JOBS).unwrap();
    println!("bytes a job: {bytes}");
    assert_eq!(scheduler.pending_len(), 100_000);
}

#[expect(clippy::disallowed_methods, reason = "/proc")]
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
