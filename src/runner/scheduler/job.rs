//! What the scheduler is told of a job, what it remembers, and what it answers.

use crate::locking::{Interned, LockSet, Obstacle, Turn, Urgency, Want};
use crate::lu::Slot;
use crate::queue::JobId;

/// How many jobs may run at once, by kind of worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Workers for [`Slot::Work`]: `max_running_jobs`.
    pub work: usize,
    /// Workers for [`Slot::Planning`].
    pub planning: usize,
}

impl Limits {
    pub(super) fn of(self, slot: Slot) -> usize {
        match slot {
            Slot::Work => self.work,
            Slot::Planning => self.planning,
        }
    }
}

/// A job that has an opcode to run.
#[derive(Debug, Clone)]
pub struct Pending {
    /// Its id.
    pub id: JobId,
    /// Its place in the order.
    pub urgency: Urgency,
    /// The jobs that must be final before, only those that are not.
    pub depends: Vec<JobId>,
    /// The parent whose cap counts it.
    pub cap: Option<JobId>,
    /// The kind of worker that runs the opcode.
    pub slot: Slot,
    /// What the opcode locks.
    pub locks: LockSet,
    /// Whether it is between two opcodes: then it keeps its place in its cap.
    pub begun: bool,
}

/// The opcode that a job wants to run after the one that has ended.
#[derive(Debug, Clone)]
pub struct NextOpcode {
    /// The jobs that must be final before, only those that are not.
    pub depends: Vec<JobId>,
    /// The kind of worker that runs it.
    pub slot: Slot,
    /// What it locks.
    pub locks: LockSet,
}

/// Why a job does not run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// It runs.
    Running,
    /// Other jobs must be final first.
    Dependencies {
        /// The one with the least id.
        first: JobId,
        /// How many.
        count: usize,
    },
    /// As many children of its parent run, or may run, as are allowed at once.
    Cap {
        /// The parent.
        parent: JobId,
        /// How many are allowed.
        limit: u32,
        /// How many run or are between two opcodes.
        running: usize,
    },
    /// Another job has or wants one of its locks first.
    Lock(Obstacle),
    /// It may start once the queue is released.
    Held,
    /// It may start once a worker is free.
    Slot {
        /// Of which kind.
        kind: Slot,
        /// How many there are.
        limit: usize,
    },
    /// Nothing: [`Scheduler::next`](super::Scheduler::next) will give it.
    Free,
    /// There is no such unfinished job.
    Unknown,
}

/// How far a job has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// It is not in the queues of its locks: dependencies or its cap keep it out.
    Outside,
    /// It is in the queues, and it is not known whether it is free.
    Entered,
    /// It is in the queues and watches what is in its way.
    Blocked(Want),
    /// It is in the queues, and nothing is in its way.
    Free,
    /// It runs and holds its locks.
    Running,
}

/// An unfinished job, small: there may be a hundred thousand.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) turn: Turn,
    pub(super) cap: Option<JobId>,
    pub(super) locks: Interned,
    pub(super) stage: Stage,
    /// How many jobs must be final before.
    pub(super) unmet: u32,
    pub(super) slot: Slot,
    pub(super) begun: bool,
    /// Whether it is, or was, among those of [`Scheduler::take_newly_waiting`](super::Scheduler::take_newly_waiting).
    pub(super) noted: bool,
}

impl Job {
    /// Whether it has a place in its cap that nobody takes from it.
    pub(super) fn occupies(&self) -> bool {
        self.begun || self.stage == Stage::Running
    }
}
