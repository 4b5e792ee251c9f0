//! How jobs get from gate to gate: the steps of which the scheduler's answers are made.

use std::collections::BTreeSet;
use std::mem;
use std::ops::RangeInclusive;

use super::Scheduler;
use super::cap::Cap;
use super::job::{Job, Pending, Stage};
use crate::locking::Turn;
use crate::lu::Slot;
use crate::queue::JobId;

impl Scheduler {
    pub(super) fn insert(&mut self, job: Pending, unmet: u32) {
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
    pub(super) fn depend(&mut self, id: JobId, on: &[JobId]) -> u32 {
        let mut count = 0;
        for dependency in on.iter().filter(|dependency| **dependency != id) {
            count += u32::from(self.depends.insert((id, *dependency)));
            self.dependents.insert((*dependency, id));
        }
        count
    }

    /// Makes a job without unmet dependencies a candidate for its cap and for the locks.
    pub(super) fn stand_in_line(&mut self, id: JobId) {
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
    pub(super) fn step_out(&mut self, id: JobId) {
        let Some(job) = self.jobs.get(&id) else {
            return;
        };
        let (turn, parent) = (job.turn, job.cap);
        self.go_outside(turn);
        if let Some(cap) = parent.and_then(|parent| self.caps.get_mut(&parent)) {
            cap.candidates.remove(&turn);
        }
        self.adjust_cap(parent);
    }

    /// A running job does not run any more: it has neither locks nor slot, and is outside.
    pub(super) fn stop(&mut self, id: JobId) -> Option<&Job> {
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
    pub(super) fn start(&mut self, turn: Turn) {
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

    pub(super) fn take_slot(&mut self, id: JobId) {
        self.running.insert(id);
        if self
            .jobs
            .get(&id)
            .is_some_and(|job| job.slot == Slot::Planning)
        {
            self.running_planning += 1;
        }
    }

    pub(super) fn used(&self, slot: Slot) -> usize {
        match slot {
            Slot::Work => self.running.len() - self.running_planning,
            Slot::Planning => self.running_planning,
        }
    }

    pub(super) fn free(&self, slot: Slot) -> &BTreeSet<Turn> {
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
    pub(super) fn overtaken(&mut self, lost: Vec<Turn>) {
        let jobs = &self.jobs;
        let free = |turn: &Turn| {
            jobs.get(&turn.job())
                .is_some_and(|job| job.stage == Stage::Free)
        };
        self.again.extend(lost.into_iter().filter(free));
    }

    /// Jobs that watched something in their way, which is not there any more.
    pub(super) fn woken(&mut self, woken: Vec<Turn>) {
        for turn in woken {
            if let Some(job) = self.jobs.get_mut(&turn.job()) {
                job.stage = Stage::Entered;
                self.again.insert(turn);
            }
        }
    }

    /// Looks at all jobs that something happened to.
    pub(super) fn settle(&mut self) {
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
        match job.stage {
            // What is in a blocked one's way says when it is not any more.
            Stage::Blocked(_) | Stage::Running => return,
            Stage::Outside if job.unmet > 0 => return,
            Stage::Outside | Stage::Entered | Stage::Free => {}
        }
        let parent = job.cap.filter(|_| !job.begun);
        let cap = parent.and_then(|parent| self.caps.get_mut(&parent));
        if let Some(cap) = cap
            && !cap.admits(turn)
        {
            debug_assert_eq!(job.stage, Stage::Outside, "{id} had room before");
            return;
        }
        if job.stage == Stage::Outside {
            job.stage = Stage::Entered;
            let lost = self.locks.enter(turn, &job.locks);
            self.overtaken(lost);
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
    pub(super) fn adjust_cap(&mut self, parent: Option<JobId>) {
        let Some(parent) = parent else {
            return;
        };
        while let Some(turn) = self.caps.get_mut(&parent).and_then(Cap::pop_excess) {
            self.go_outside(turn);
        }
        self.again
            .extend(self.caps.get_mut(&parent).and_then(Cap::admit_next));
    }

    pub(super) fn leave_cap(&mut self, parent: Option<JobId>, begun: bool) {
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

pub(super) fn pairs(of: JobId) -> RangeInclusive<(JobId, JobId)> {
    (of, JobId(i64::MIN))..=(of, JobId(i64::MAX))
}

/// Removes the pairs that begin with `of`; gives their other halves.
pub(super) fn take_pairs(set: &mut BTreeSet<(JobId, JobId)>, of: JobId) -> Vec<JobId> {
    let found: Vec<JobId> = set.range(pairs(of)).map(|pair| pair.1).collect();
    for other in &found {
        set.remove(&(of, *other));
    }
    found
}
