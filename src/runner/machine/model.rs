//! The queue as plain values: what must be true, computed by looking at everything each time.

use std::collections::{BTreeMap, BTreeSet};

use crate::opcodes::Priority;
use crate::queue::control::Reach;
use crate::queue::{FinalStatus, JobId, Status, job_status};

/// What a job is submitted as.
#[derive(Debug, Clone)]
pub(super) struct Spec {
    /// For each opcode the nodes that it locks.
    pub(super) ops: Vec<BTreeSet<u8>>,
    /// What one of its opcodes (by its place) waits for, and how that must have ended.
    pub(super) after: Option<(usize, After, Vec<FinalStatus>)>,
    /// The priority of its first opcode.
    pub(super) priority: Option<Priority>,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum After {
    /// The job so many places before it.
    Back(u32),
    /// A job.
    Id(i64),
}

#[derive(Debug, Clone)]
pub(super) struct Op {
    pub(super) status: Status,
    pub(super) starts: u32,
    nodes: BTreeSet<u8>,
    after: Option<(JobId, Vec<FinalStatus>)>,
    priority: Option<Priority>,
}

#[derive(Debug, Clone)]
pub(super) struct Job {
    pub(super) parent: Option<JobId>,
    pub(super) ops: Vec<Op>,
    pub(super) priority: Priority,
    pub(super) cancel: bool,
    pub(super) parallel: Option<u32>,
    pub(super) archived: bool,
}

impl Job {
    pub(super) fn status(&self) -> Status {
        job_status(self.ops.iter().map(|op| op.status))
    }

    fn is_over(&self) -> bool {
        self.status().is_final()
    }

    pub(super) fn is_running(&self) -> bool {
        matches!(self.status(), Status::Running | Status::Canceling)
    }

    fn has_begun(&self) -> bool {
        self.is_running() || self.ops.iter().any(|op| op.status.is_final())
    }

    /// The opcode that is next, or on its way.
    fn current(&mut self) -> Option<&mut Op> {
        self.ops.iter_mut().find(|op| !op.status.is_final())
    }

    fn next(&self) -> Option<&Op> {
        self.ops.iter().find(|op| !op.status.is_final())
    }

    /// What it holds if it runs.
    pub(super) fn nodes(&self) -> BTreeSet<u8> {
        self.next().map(|op| op.nodes.clone()).unwrap_or_default()
    }

    fn end_rest(&mut self, status: Status) {
        while let Some(op) = self.current() {
            op.status = status;
        }
    }
}

/// How an opcode ends.
#[derive(Debug, Clone)]
pub(super) enum Ending {
    Success,
    Children(Vec<Spec>, Option<u32>),
    Failure,
    Canceled,
}

#[derive(Debug, Clone)]
pub(super) struct Model {
    /// Job 1 is the first.
    pub(super) jobs: Vec<Job>,
    pub(super) requests: BTreeMap<String, JobId>,
    /// Opcodes that a worker has.
    pub(super) active: BTreeSet<JobId>,
    pub(super) drained: bool,
    pub(super) held: bool,
    pub(super) queue_limit: u64,
    pub(super) max_running: usize,
}

impl Model {
    pub(super) fn ids(&self) -> impl Iterator<Item = JobId> + use<> {
        (1..=self.jobs.len() as i64).map(JobId)
    }

    pub(super) fn job(&self, id: JobId) -> Option<&Job> {
        self.jobs.get(usize::try_from(id.0 - 1).ok()?)
    }

    fn job_mut(&mut self, id: JobId) -> &mut Job {
        &mut self.jobs[usize::try_from(id.0 - 1).unwrap()]
    }

    pub(super) fn unfinished(&self) -> u64 {
        self.jobs.iter().filter(|job| !job.is_over()).count() as u64
    }

    /// The id of each job that is taken.
    pub(super) fn submit(
        &mut self,
        specs: &[Spec],
        parent: Option<JobId>,
        inherited: Option<Priority>,
    ) -> Vec<Option<JobId>> {
        let mut answers: Vec<Option<JobId>> = vec![];
        for (place, spec) in specs.iter().enumerate() {
            let on = spec.after.as_ref().map(|(_, after, _)| match after {
                After::Id(id) => self.job(JobId(*id)).map(|_| JobId(*id)),
                After::Back(back) => {
                    let sibling = place.checked_sub(*back as usize);
                    sibling.and_then(|at| answers.get(at).copied().flatten())
                }
            });
            let full = self.unfinished() >= self.queue_limit;
            if self.drained || full || spec.ops.is_empty() || on == Some(None) {
                answers.push(None);
                continue;
            }
            let mut ops: Vec<Op> = (spec.ops.iter())
                .map(|nodes| Op {
                    status: Status::Queued,
                    starts: 0,
                    nodes: nodes.clone(),
                    after: None,
                    priority: inherited,
                })
                .collect();
            ops[0].priority = spec.priority.or(inherited);
            if let (Some((at, _, wanted)), Some(Some(on))) = (&spec.after, on) {
                let at = at % ops.len();
                ops[at].after = Some((on, wanted.clone()));
            }
            let priorities = ops.iter().map(|op| op.priority.unwrap_or_default());
            self.jobs.push(Job {
                parent,
                priority: priorities.min().unwrap(),
                ops,
                cancel: false,
                parallel: None,
                archived: false,
            });
            answers.push(Some(JobId(self.jobs.len() as i64)));
        }
        answers
    }

    /// A job and all that descend from it, the elder first.
    fn family(&self, id: JobId, reach: Reach) -> Vec<JobId> {
        let mut family = vec![id];
        if reach == Reach::Family {
            // Children have greater ids than their parents.
            for child in self.ids() {
                let parent = self.job(child).and_then(|job| job.parent);
                if parent.is_some_and(|parent| family.contains(&parent)) {
                    family.push(child);
                }
            }
        }
        family
    }

    pub(super) fn cancel(&mut self, id: JobId, reach: Reach) {
        for id in self.family(id, reach) {
            if self.job(id).is_none_or(Job::is_over) {
                continue;
            }
            let job = self.job_mut(id);
            job.cancel = true;
            match job.is_running() {
                true => job.current().unwrap().status = Status::Canceling,
                false => job.end_rest(Status::Canceled),
            }
        }
    }

    pub(super) fn set_priority(&mut self, id: JobId, reach: Reach, priority: Priority) {
        for id in self.family(id, reach) {
            if self.job(id).is_some_and(|job| !job.is_over()) {
                self.job_mut(id).priority = priority;
            }
        }
    }

    pub(super) fn archive(&mut self, id: JobId) {
        if self.job(id).is_some_and(Job::is_over) {
            self.job_mut(id).archived = true;
        }
    }

    // ---------------------------------------------------------------- running

    /// The runner is gone, and another one is there.
    pub(super) fn crash(&mut self) {
        self.active.clear();
    }

    /// The opcode that a worker has ends.
    pub(super) fn end(&mut self, id: JobId, ending: &Ending) {
        self.active.remove(&id);
        let cancel = self.job(id).unwrap().cancel;
        match ending {
            Ending::Children(..) if cancel => self.job_mut(id).end_rest(Status::Canceled),
            Ending::Success | Ending::Children(..) => {
                if let Ending::Children(specs, parallel) = ending {
                    self.children(id, specs, *parallel);
                }
                let job = self.job_mut(id);
                job.current().unwrap().status = Status::Success;
                if cancel {
                    job.end_rest(Status::Canceled);
                }
            }
            Ending::Canceled if cancel => self.job_mut(id).end_rest(Status::Canceled),
            Ending::Canceled | Ending::Failure => self.job_mut(id).end_rest(Status::Error),
        }
    }

    fn children(&mut self, id: JobId, specs: &[Spec], parallel: Option<u32>) {
        let job = self.job(id).unwrap();
        // One that was given later than the opcode counts.
        let inherited = match job.priority {
            Priority::Normal => job.next().unwrap().priority,
            other => Some(other),
        };
        let before = self.jobs.len();
        self.submit(specs, Some(id), inherited);
        if self.jobs.len() > before {
            let job = self.job_mut(id);
            job.parallel = parallel.or(job.parallel);
        }
    }

    /// The runner takes over what was left running, and starts what may start of the jobs that it has
    /// seen: the first so many. While the queue is held it does neither.
    pub(super) fn start_all(&mut self, seen: usize) {
        let running: Vec<JobId> = (self.ids())
            .filter(|id| self.job(*id).unwrap().is_running() && !self.active.contains(id))
            .collect();
        let running = if self.held { vec![] } else { running };
        for id in running {
            let op = self.job_mut(id).current().unwrap();
            if op.starts >= 3 {
                self.job_mut(id).end_rest(Status::Error);
            } else {
                op.starts += 1;
                self.active.insert(id);
            }
        }
        while let Some(id) = self.startable(seen) {
            self.start(id);
        }
    }

    /// The first job, by priority and id, that waits for no job, whose siblings leave it room, whose
    /// locks nobody has and nobody before it wants; if a worker is free for it.
    fn startable(&self, seen: usize) -> Option<JobId> {
        let running = self.jobs.iter().filter(|job| job.is_running()).count();
        if self.held || running >= self.max_running {
            return None;
        }
        let mut taken: BTreeSet<u8> = BTreeSet::new();
        let mut siblings: BTreeMap<JobId, u32> = BTreeMap::new();
        for job in self.jobs.iter().filter(|job| !job.is_over()) {
            if job.is_running() {
                taken.extend(job.nodes());
            }
            if let Some(parent) = job.parent.filter(|_| job.has_begun()) {
                *siblings.entry(parent).or_default() += 1;
            }
        }
        let mut order: Vec<JobId> = (self.ids().take(seen))
            .filter(|id| !self.job(*id).unwrap().is_over() && !self.job(*id).unwrap().is_running())
            .collect();
        order.sort_by_key(|id| (self.job(*id).unwrap().priority, *id));
        for id in order {
            let job = self.job(id).unwrap();
            let waits = (job.ops.iter())
                .filter_map(|op| op.after.as_ref())
                .any(|(on, _)| !self.job(*on).unwrap().is_over());
            let full = job
                .parent
                .filter(|_| !job.has_begun())
                .is_some_and(|parent| {
                    let limit = self.job(parent).unwrap().parallel;
                    let there = siblings.get(&parent).copied().unwrap_or(0);
                    limit.is_some_and(|limit| there >= limit)
                });
            if (waits && !job.has_begun()) || full {
                continue;
            }
            if job.nodes().is_disjoint(&taken) {
                return Some(id);
            }
            taken.extend(job.nodes());
        }
        None
    }

    fn start(&mut self, id: JobId) {
        let after = self.job(id).unwrap().next().unwrap().after.clone();
        if let Some((on, wanted)) = after {
            let ended = self.job(on).unwrap().status().final_status().unwrap();
            if !wanted.contains(&ended) {
                if ended == FinalStatus::Canceled {
                    return self.job_mut(id).end_rest(Status::Canceled);
                }
                if !wanted.is_empty() {
                    return self.job_mut(id).end_rest(Status::Error);
                }
            }
        }
        let op = self.job_mut(id).current().unwrap();
        op.status = Status::Running;
        op.starts += 1;
        self.active.insert(id);
    }
}
