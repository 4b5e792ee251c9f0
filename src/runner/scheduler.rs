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
//! Whatever happens concerns only jobs with a greater turn than the one that it happened to. So
//! jobs to look at again are kept in an ordered set, and [`Scheduler::settle`] takes the first
//! until none is left.

mod cap;
#[cfg(test)]
mod effort;
#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap};
use std::mem;
use std::ops::RangeInclusive;

use cap::Cap;

pub use crate::locking::Urgency;
use crate::locking::{Interned, LockManager, LockSet, Obstacle, Turn, Want};
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
    fn of(self, slot: Slot) -> usize {
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
    /// Nothing: [`Scheduler::next`] will give it.
    Free,
    /// There is no such unfinished job.
    Unknown,
}

/// How far a job has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
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
struct Job {
    turn: Turn,
    cap: Option<JobId>,
    locks: Interned,
    stage: Stage,
    /// How many jobs must be final before.
    unmet: u32,
    slot: Slot,
    begun: bool,
    /// Whether it is, or was, among those of [`Scheduler::take_newly_waiting`].
    noted: bool,
}

impl Job {
    /// Whether it has a place in its cap that nobody takes from it.
    fn occupies(&self) -> bool {
        self.begun || self.stage == Stage::Running
    }
}

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
    /// caller writes `waiting` for them, once.
    pub fn take_newly_waiting(&mut self) -> Vec<JobId> {
        let mut ids = mem::take(&mut self.newly_waiting);
        ids.retain(|id| {
            self.jobs.get_mut(id).is_some_and(|job| {
                job.noted = matches!(job.stage, Stage::Blocked(_));
                job.noted
            })
        });
        ids
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

/// The steps of which the above is made. None of them settles.
impl Scheduler {
    fn insert(&mut self, job: Pending, unmet: u32) {
        if let Some(parent) = job.cap {
            let cap = self.caps.entry(parent).or_default();
            cap.members += 1;
            cap.taken += usize::from(job.begun);
            self.adjust_cap(Some(parent));
        }
        let locks = self.locks.intern(&job.locks);
        let entry = Job {
            turn: Turn::new(job.id, job.urgency),
            cap: job.cap,
            locks,
            stage: Stage::Outside,
            unmet,
            slot: job.slot,
            begun: job.begun,
            noted: false,
        };
        self.jobs.insert(job.id, entry);
    }

    /// Writes down on what a job depends; gives how many that are.
    fn depend(&mut self, id: JobId, on: &[JobId]) -> u32 {
        let mut count = 0;
        for dependency in on.iter().filter(|dependency| **dependency != id) {
            count += u32::from(self.depends.insert((id, *dependency)));
            self.dependents.insert((*dependency, id));
        }
        count
    }

    /// Makes a job without unmet dependencies a candidate for its cap and for the locks.
    fn stand_in_line(&mut self, id: JobId) {
        if let Some(job) = self.jobs.get(&id)
            && job.unmet == 0
        {
            if !job.begun
                && let Some(cap) = job.cap.and_then(|parent| self.caps.get_mut(&parent))
            {
                cap.candidates.insert(job.turn);
            }
            self.again.insert(job.turn);
        }
    }

    /// The opposite: a waiting job leaves every queue that it is in.
    fn step_out(&mut self, id: JobId) {
        let Some(job) = self.jobs.get(&id) else {
            return;
        };
        let (turn, parent) = (job.turn, job.cap);
        self.go_outside(turn);
        self.again.remove(&turn);
        if let Some(cap) = parent.and_then(|parent| self.caps.get_mut(&parent)) {
            cap.candidates.remove(&turn);
        }
        self.adjust_cap(parent);
    }

    /// A running job does not run any more: it has neither locks nor slot, and is outside.
    fn stop(&mut self, id: JobId) -> Option<&Job> {
        if !self.running.remove(&id) {
            return None;
        }
        let job = self.jobs.get_mut(&id)?;
        job.stage = Stage::Outside;
        self.running_planning -= usize::from(job.slot == Slot::Planning);
        let (parent, begun) = (job.cap, job.begun);
        let woken = self.locks.release(id, &job.locks);
        self.woken(woken);
        if !begun && let Some(cap) = parent.and_then(|parent| self.caps.get_mut(&parent)) {
            cap.taken -= 1;
            self.adjust_cap(parent);
        }
        self.jobs.get(&id)
    }

    /// A free job runs.
    fn start(&mut self, turn: Turn) {
        let id = turn.job();
        self.set_free(turn, false);
        let Some(job) = self.jobs.get_mut(&id) else {
            return;
        };
        let was_counted = job.occupies();
        job.stage = Stage::Running;
        self.locks.grant(turn, &job.locks);
        let parent = job.cap;
        if !was_counted && let Some(cap) = parent.and_then(|parent| self.caps.get_mut(&parent)) {
            cap.candidates.remove(&turn);
            cap.taken += 1;
        }
        self.take_slot(id);
        self.adjust_cap(parent);
        self.settle();
    }

    fn take_slot(&mut self, id: JobId) {
        self.running.insert(id);
        if self
            .jobs
            .get(&id)
            .is_some_and(|job| job.slot == Slot::Planning)
        {
            self.running_planning += 1;
        }
    }

    fn used(&self, slot: Slot) -> usize {
        match slot {
            Slot::Work => self.running.len() - self.running_planning,
            Slot::Planning => self.running_planning,
        }
    }

    fn free(&self, slot: Slot) -> &BTreeSet<Turn> {
        match slot {
            Slot::Work => &self.free_work,
            Slot::Planning => &self.free_planning,
        }
    }

    /// Enters a job among the free ones, or strikes it off.
    fn set_free(&mut self, turn: Turn, free: bool) {
        let Some(job) = self.jobs.get(&turn.job()) else {
            return;
        };
        let set = match job.slot {
            Slot::Work => &mut self.free_work,
            Slot::Planning => &mut self.free_planning,
        };
        let cap = job.cap.filter(|_| !job.begun);
        let cap = cap.and_then(|parent| self.caps.get_mut(&parent));
        for set in [Some(set), cap.map(|cap| &mut cap.free)]
            .into_iter()
            .flatten()
        {
            if free {
                set.insert(turn);
            } else {
                set.remove(&turn);
            }
        }
    }

    /// Jobs that somebody came in before. One that was not free has not become so.
    fn overtaken(&mut self, lost: Vec<Turn>) {
        let jobs = &self.jobs;
        let free = |turn: &Turn| {
            jobs.get(&turn.job())
                .is_some_and(|job| job.stage == Stage::Free)
        };
        self.again.extend(lost.into_iter().filter(free));
    }

    /// Jobs that watched something in their way, which is not there any more.
    fn woken(&mut self, woken: Vec<Turn>) {
        for turn in woken {
            if let Some(job) = self.jobs.get_mut(&turn.job()) {
                job.stage = Stage::Entered;
                self.again.insert(turn);
            }
        }
    }

    /// Looks at all jobs that something happened to.
    fn settle(&mut self) {
        while let Some(turn) = self.again.pop_first() {
            self.look_at(turn);
        }
    }

    /// Finds out how far one job gets now.
    fn look_at(&mut self, turn: Turn) {
        let id = turn.job();
        let Some(job) = self.jobs.get_mut(&id) else {
            return;
        };
        if job.stage == Stage::Running || job.unmet > 0 {
            return;
        }
        let parent = job.cap.filter(|_| !job.begun);
        let cap = parent.and_then(|parent| self.caps.get_mut(&parent));
        if let Some(cap) = cap
            && !cap.admits(turn)
        {
            self.go_outside(turn);
            self.adjust_cap(parent);
            return;
        }
        match job.stage {
            Stage::Outside => {
                job.stage = Stage::Entered;
                let lost = self.locks.enter(turn, &job.locks);
                self.overtaken(lost);
            }
            Stage::Blocked(want) => self.locks.unwatch(turn, want),
            Stage::Entered | Stage::Free | Stage::Running => {}
        }
        let Some(job) = self.jobs.get_mut(&id) else {
            return;
        };
        let was_free = job.stage == Stage::Free;
        if let Some(want) = self.locks.obstacle(turn, &job.locks) {
            self.locks.watch(turn, want);
            job.stage = Stage::Blocked(want);
            if !mem::replace(&mut job.noted, true) {
                self.newly_waiting.push(id);
            }
        } else {
            job.stage = Stage::Free;
        }
        let is_free = job.stage == Stage::Free;
        if was_free != is_free {
            self.set_free(turn, is_free);
        }
        self.adjust_cap(parent);
    }

    /// Takes a waiting job out of the queues of its locks.
    fn go_outside(&mut self, turn: Turn) {
        let Some(job) = self.jobs.get_mut(&turn.job()) else {
            return;
        };
        let stage = mem::replace(&mut job.stage, Stage::Outside);
        if stage == Stage::Outside {
            return;
        }
        if let Stage::Blocked(want) = stage {
            self.locks.unwatch(turn, want);
        }
        let woken = self.locks.leave(turn, &job.locks);
        self.woken(woken);
        if stage == Stage::Free {
            self.set_free(turn, false);
        }
    }

    /// After a change in a cap: sends those out that have no room, lets the next one in.
    fn adjust_cap(&mut self, parent: Option<JobId>) {
        let Some(parent) = parent else {
            return;
        };
        while let Some(turn) = self.caps.get_mut(&parent).and_then(Cap::pop_excess) {
            self.go_outside(turn);
        }
        self.again
            .extend(self.caps.get_mut(&parent).and_then(Cap::admit_next));
    }

    fn leave_cap(&mut self, parent: Option<JobId>, begun: bool) {
        let Some(parent) = parent else {
            return;
        };
        if let Some(cap) = self.caps.get_mut(&parent) {
            cap.members -= 1;
            cap.taken -= usize::from(begun);
            if cap.members == 0 {
                self.caps.remove(&parent);
            }
        }
        self.adjust_cap(Some(parent));
    }
}

fn pairs(of: JobId) -> RangeInclusive<(JobId, JobId)> {
    (of, JobId(i64::MIN))..=(of, JobId(i64::MAX))
}

/// Removes the pairs that begin with `of`; gives their other halves.
fn take_pairs(set: &mut BTreeSet<(JobId, JobId)>, of: JobId) -> Vec<JobId> {
    let found: Vec<JobId> = set.range(pairs(of)).map(|pair| pair.1).collect();
    for other in &found {
        set.remove(&(of, *other));
    }
    found
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
