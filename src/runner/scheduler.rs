//! Which job may start next.
//!
//! A job passes four gates, in this order: its dependencies are final, its operation's cap has
//! room for it, no running and no earlier job that is through the first two gates conflicts with
//! its locks, and a worker of its kind is free. A job that is through three of them is *free*.
//!
//! Earlier means a lesser [`Turn`]. A job counts against its cap while it runs, between its
//! opcodes, and while it is free, so that as many siblings stand in the queues of the locks as are
//! needed to fill the cap: one that waits for a lock lets the next one in, and goes out again when
//! the cap is full without it.
//!
//! What looking at a job brings to light concerns, beside itself, only jobs with a greater turn. So
//! the jobs to look at again are kept in order, the first is taken until none is left, and none is
//! looked at twice for one event.

mod cap;
#[cfg(test)]
mod effort;
mod gates;
mod job;
#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap};
use std::mem;

use cap::Cap;
use gates::{pairs, take_pairs};
use job::{Job, Stage};

pub use crate::locking::Urgency;
use crate::locking::{LockManager, LockSet, Turn};
use crate::lu::Slot;
use crate::queue::JobId;
pub use job::{Limits, NextOpcode, Pending, Why};

/// Jobs for which `waiting` is written in one transaction: some milliseconds' work.
const WAITING_AT_ONCE: usize = 500;

/// Says which job may start next. A plain value: no clock, no thread, no I/O.
#[derive(Debug)]
pub struct Scheduler {
    limits: Limits,
    held: bool,
    jobs: HashMap<JobId, Job>,
    locks: LockManager,
    caps: HashMap<JobId, Cap>,
    /// (a job, one that it depends on)
    depends: BTreeSet<(JobId, JobId)>,
    /// The same pairs, the other way round.
    dependents: BTreeSet<(JobId, JobId)>,
    free_work: BTreeSet<Turn>,
    free_planning: BTreeSet<Turn>,
    running: BTreeSet<JobId>,
    running_planning: usize,
    again: BTreeSet<Turn>,
    newly_waiting: Vec<JobId>,
}

impl Scheduler {
    /// One that knows no job.
    #[must_use]
    pub fn new(limits: Limits) -> Scheduler {
        Scheduler {
            limits,
            held: false,
            jobs: HashMap::new(),
            locks: LockManager::default(),
            caps: HashMap::new(),
            depends: BTreeSet::new(),
            dependents: BTreeSet::new(),
            free_work: BTreeSet::new(),
            free_planning: BTreeSet::new(),
            running: BTreeSet::new(),
            running_planning: 0,
            again: BTreeSet::new(),
            newly_waiting: Vec::new(),
        }
    }

    /// Changes how many jobs may run. Below what runs now, nothing starts until enough has ended.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// Holds or releases the queue: while it is held, nothing starts.
    pub fn set_held(&mut self, held: bool) {
        self.held = held;
    }

    /// Says how many children of `parent` may run at once; `None` is without limit. It may be said
    /// before the first child is added, and is forgotten with the last one.
    pub fn set_cap(&mut self, parent: JobId, limit: Option<u32>) {
        let cap = self.caps.entry(parent).or_default();
        cap.limit = limit;
        if limit.is_none() && cap.members == 0 {
            self.caps.remove(&parent);
        }
        self.adjust_cap(Some(parent));
        self.settle();
    }

    /// Takes a job that has an opcode to run. A job that is known already stays as it is.
    pub fn add(&mut self, job: Pending) {
        if self.jobs.contains_key(&job.id) {
            return;
        }
        let id = job.id;
        let unmet = self.depend(id, &job.depends);
        self.insert(job, unmet);
        self.stand_in_line(id);
        self.settle();
    }

    /// Takes a job that runs already, with the locks that it holds (recovery). What it depends on
    /// does not matter any more.
    pub fn adopt(&mut self, job: Pending) {
        if self.jobs.contains_key(&job.id) {
            return;
        }
        let id = job.id;
        let begun = Pending { begun: true, ..job };
        self.insert(begun, 0);
        if let Some(job) = self.jobs.get_mut(&id) {
            job.stage = Stage::Running;
            // For a moment it stands at the head of every queue: who is free in spite of it?
            let lost = self.locks.enter(Turn::FIRST, &job.locks);
            self.locks.take(id, &job.locks);
            let woken = self.locks.leave(Turn::FIRST, &job.locks);
            self.take_slot(id);
            self.overtaken(lost);
            self.woken(woken);
        }
        self.settle();
    }

    /// The next job that may start now: its locks are granted, its slot and its place in its cap
    /// are taken. `None`: nothing may start until something else happens.
    #[expect(
        clippy::should_implement_trait,
        reason = "it is no iterator: what it gives changes"
    )]
    pub fn next(&mut self) -> Option<JobId> {
        if self.held {
            return None;
        }
        let turn = [Slot::Work, Slot::Planning]
            .into_iter()
            .filter(|slot| self.used(*slot) < self.limits.of(*slot))
            .filter_map(|slot| self.free(slot).first().copied())
            .min()?;
        self.start(turn);
        Some(turn.job())
    }

    /// The locks that a running job holds, or that a pending one wants.
    #[must_use]
    pub fn current_locks(&self, id: JobId) -> Option<LockSet> {
        Some(self.locks.set(&self.jobs.get(&id)?.locks))
    }

    /// Exchanges the locks of a job that [`next`](Self::next) has just given: the world moved
    /// since its set was computed. `false`: the new set cannot be had now, and the job waits for
    /// it in its old place; its slot is free again.
    #[must_use = "with false the job does not run"]
    pub fn regrant(&mut self, id: JobId, locks: &LockSet) -> bool {
        let Some(job) = self.stop(id) else {
            return false;
        };
        let (turn, slot) = (job.turn, job.slot);
        let locks = self.locks.intern(locks);
        let old = self
            .jobs
            .get_mut(&id)
            .map(|job| mem::replace(&mut job.locks, locks));
        self.locks.forget(old.unwrap_or_default());
        self.stand_in_line(id);
        self.settle();
        let granted = self
            .jobs
            .get(&id)
            .is_some_and(|job| job.stage == Stage::Free)
            && self.used(slot) < self.limits.of(slot);
        if granted {
            self.start(turn);
        }
        granted
    }

    /// Takes back what [`next`](Self::next) gave: the start did not reach the disk. The job waits
    /// again in its old place. (One that was cancelled meanwhile has [`ended`](Self::ended).)
    pub fn put_back(&mut self, id: JobId) {
        if self.stop(id).is_some() {
            self.stand_in_line(id);
            self.settle();
        }
    }

    /// The opcode of a running job has ended: its locks and its slot are free. With a next opcode
    /// it waits for that one's locks, in the same place, and keeps its place in its cap. Without,
    /// the job is final, and the answer is that of [`ended`](Self::ended).
    pub fn release(&mut self, id: JobId, next: Option<NextOpcode>) -> Vec<JobId> {
        let Some(next) = next else {
            return self.ended(id);
        };
        if self.stop(id).is_none() {
            return Vec::new();
        }
        let unmet = self.depend(id, &next.depends);
        let locks = self.locks.intern(&next.locks);
        if let Some(job) = self.jobs.get_mut(&id) {
            let old = mem::replace(&mut job.locks, locks);
            job.unmet = unmet;
            job.slot = next.slot;
            job.noted = false;
            if !mem::replace(&mut job.begun, true)
                && let Some(cap) = job.cap.and_then(|parent| self.caps.get_mut(&parent))
            {
                cap.taken += 1;
            }
            self.locks.forget(old);
        }
        self.stand_in_line(id);
        self.settle();
        Vec::new()
    }

    /// A job is final, whether it ran, waited, or is not known here: it is forgotten. Gives the
    /// jobs that depend on nothing unfinished any more; they are candidates already.
    pub fn ended(&mut self, id: JobId) -> Vec<JobId> {
        self.stop(id);
        self.step_out(id);
        if let Some(job) = self.jobs.remove(&id) {
            self.locks.forget(job.locks);
            self.leave_cap(job.cap, job.begun);
        }
        for dependency in take_pairs(&mut self.depends, id) {
            self.dependents.remove(&(dependency, id));
        }
        let mut freed = Vec::new();
        for dependent in take_pairs(&mut self.dependents, id) {
            self.depends.remove(&(dependent, id));
            if let Some(job) = self.jobs.get_mut(&dependent) {
                job.unmet -= 1;
                if job.unmet == 0 {
                    freed.push(dependent);
                    self.stand_in_line(dependent);
                }
            }
        }
        self.settle();
        freed
    }

    /// Changes a job's place in the order; that of a running one counts for its next opcode.
    pub fn set_urgency(&mut self, id: JobId, urgency: Urgency) {
        let Some(job) = self.jobs.get(&id) else {
            return;
        };
        let (waits, turn) = (job.stage != Stage::Running, Turn::new(id, urgency));
        if turn == job.turn {
            return;
        }
        if waits {
            self.step_out(id);
        }
        if let Some(job) = self.jobs.get_mut(&id) {
            job.turn = turn;
        }
        if waits {
            self.stand_in_line(id);
        }
        self.settle();
    }

    /// The jobs that wait only for locks and were not given here before (for this opcode). The
    /// caller writes `waiting` for them, once. Some at a time: when a long queue begins to wait, clients
    /// must not wait for all of it to be written down.
    pub fn take_newly_waiting(&mut self) -> Vec<JobId> {
        let some = self.newly_waiting.len().min(WAITING_AT_ONCE);
        let mut ids: Vec<JobId> = self.newly_waiting.drain(..some).collect();
        ids.retain(|id| {
            self.jobs.get_mut(id).is_some_and(|job| {
                job.noted = matches!(job.stage, Stage::Blocked(_));
                job.noted
            })
        });
        ids
    }

    /// Whether [`take_newly_waiting`](Self::take_newly_waiting) has left any.
    #[must_use]
    pub fn more_wait(&self) -> bool {
        !self.newly_waiting.is_empty()
    }

    /// Why a job does not run.
    #[must_use]
    pub fn why(&self, id: JobId) -> Why {
        let Some(job) = self.jobs.get(&id) else {
            return Why::Unknown;
        };
        match job.stage {
            Stage::Running => Why::Running,
            Stage::Outside if job.unmet > 0 => Why::Dependencies {
                first: self
                    .depends
                    .range(pairs(id))
                    .next()
                    .map_or(id, |pair| pair.1),
                count: job.unmet as usize,
            },
            Stage::Outside | Stage::Entered => {
                let (parent, cap) = match job.cap {
                    Some(parent) => (parent, self.caps.get(&parent)),
                    None => (id, None),
                };
                Why::Cap {
                    parent,
                    limit: cap.and_then(|cap| cap.limit).unwrap_or(u32::MAX),
                    running: cap.map_or(0, |cap| cap.taken),
                }
            }
            Stage::Blocked(want) => Why::Lock(self.locks.describe(job.turn, want)),
            Stage::Free if self.held => Why::Held,
            Stage::Free if self.used(job.slot) >= self.limits.of(job.slot) => Why::Slot {
                kind: job.slot,
                limit: self.limits.of(job.slot),
            },
            Stage::Free => Why::Free,
        }
    }

    /// The jobs that run, by id.
    pub fn running(&self) -> impl Iterator<Item = JobId> {
        self.running.iter().copied()
    }

    /// How many jobs wait for whatever reason.
    #[must_use]
    pub fn pending_len(&self) -> usize {
        self.jobs.len() - self.running.len()
    }

    /// Whether this job is unfinished.
    #[must_use]
    pub fn knows(&self, id: JobId) -> bool {
        self.jobs.contains_key(&id)
    }

    /// Whether there is no unfinished job.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.jobs.is_empty()
    }
}

#[cfg(test)]
impl Scheduler {
    /// Whether no queue or table remembers jobs that are gone.
    fn leaves_nothing_behind(&self) -> bool {
        self.depends.is_empty()
            && self.dependents.is_empty()
            && self.free_work.is_empty()
            && self.free_planning.is_empty()
            && self.again.is_empty()
            && self.running_planning == 0
            && self.caps.values().all(|cap| cap.members == 0)
            && self.locks.is_empty()
    }
}
