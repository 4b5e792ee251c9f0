//! Whether the queue's rows can have come about.

use std::collections::{BTreeMap, BTreeSet};

use crate::locking::LockSet;
use crate::opcodes::{JobRef, Opcode};
use crate::processor::children_in;
use crate::queue::{JobId, Status, job_status};
use crate::store::{JobRow, OpRow, Reading, Store, StoreError, Stray};

use super::finding::{Code, Findings};

/// Checks jobs, opcodes, locks and claims.
pub(super) fn check(
    store: &Store,
    held: &BTreeMap<JobId, LockSet>,
    reading: Reading,
    found: &mut Findings,
) -> Result<(), StoreError> {
    for (stray, id) in store.strays(reading)? {
        say_stray(stray, id, found);
    }
    let mut jobs = Jobs {
        purged: store.purged()?,
        met: BTreeMap::new(),
        named: BTreeSet::new(),
        depends: vec![],
    };
    store.each_job(false, |job, ops| {
        check_job(job, ops, found);
        jobs.meet(job, ops, found);
    })?;
    if reading == Reading::Everything {
        store.each_job(true, |job, ops| {
            check_job(job, ops, found);
            jobs.meet(job, ops, found);
        })?;
    }
    jobs.check_parents(store, found)?;
    jobs.check_children(store, found)?;
    jobs.check_caps(store, found)?;
    jobs.check_dependencies(store, found)?;
    check_holds(&jobs, held, found);
    let claiming: BTreeSet<JobId> = store.claims()?.iter().map(|(job, _)| *job).collect();
    for job in claiming {
        if jobs.status(job).is_none_or(Status::is_final) {
            let text = "has ended and still claims room";
            found.say(Code::ClaimEnded, object(job), text);
        }
    }
    Ok(())
}

fn object(job: JobId) -> String {
    format!("job {job}")
}

fn say_stray(stray: Stray, id: i64, found: &mut Findings) {
    let (code, text) = match stray {
        Stray::Job => (Code::Unreadable, "its row cannot be understood"),
        Stray::Opcode => (Code::Unreadable, "an opcode's row cannot be understood"),
        Stray::OpcodeWithoutJob => (Code::Stray, "has opcodes and is not in the queue"),
        Stray::ArchivedWithoutJob => (
            Code::Stray,
            "has archived opcodes and is not in the archive",
        ),
        Stray::Progress => (Code::Stray, "has progress and does not run"),
        Stray::Log => (Code::Stray, "has lines of an opcode that is not there"),
        Stray::Event => (Code::Stray, "has an event and is not there"),
        Stray::Twice => (Code::Archive, "is in the queue and in the archive"),
        Stray::UnfinishedInArchive => (Code::Archive, "is archived and has not ended"),
        Stray::Request => (Code::RequestTwice, "an archived job has its request id"),
        Stray::JobId => (Code::IdOutOfBounds, "its id was not given out yet"),
        Stray::EventId => (Code::IdOutOfBounds, "its number was not given out yet"),
    };
    let object = match stray {
        Stray::EventId => format!("event {id}"),
        _ => object(JobId(id)),
    };
    found.say(code, object, text);
}

// ------------------------------------------------------------------ each job

/// What can be said of a job alone.
fn check_job(job: &JobRow, ops: &[OpRow], found: &mut Findings) {
    let mut say = |code, text: String| found.say(code, object(job.id), text);
    let places = (0..).zip(ops).all(|(place, op)| op.index == place);
    if ops.len() != job.ops as usize || !places {
        let text = format!("has {} opcodes, {} were submitted", ops.len(), job.ops);
        say(Code::OpcodeCount, text);
    }
    let states: Vec<Status> = ops.iter().map(|op| op.status).collect();
    let expected = job_status(states.iter().copied());
    if expected != job.status {
        let text = format!("is {}, its opcodes say {expected}", job.status);
        say(Code::JobStatus, text);
    }
    if !in_order(&states) {
        let words: Vec<_> = states.iter().map(|status| status.word()).collect();
        let text = format!("its opcodes are {}", words.join(", "));
        say(Code::OpcodeOrder, text);
    }
    if job.status == Status::Canceling && !job.cancel {
        let text = "is being cancelled and is not marked so";
        say(Code::CancelMark, text.to_owned());
    }
    if let Some(why) = job_times(job) {
        say(Code::Times, why.to_owned());
    }
    for op in ops {
        if let Some(why) = op_times(op) {
            say(Code::Times, format!("opcode {}: {why}", op.index));
        }
        // One that has ended may be of a program that knew others.
        if !op.status.is_final()
            && let Err(error) = Opcode::from_value(op.input.clone())
        {
            say(Code::Unreadable, format!("opcode {}: {error}", op.index));
        }
    }
}

/// Opcodes run one after the other: those that succeeded, then at most one on its way, then those
/// that have not begun, or those that ended with the job.
fn in_order(states: &[Status]) -> bool {
    let mut rest = states
        .iter()
        .skip_while(|status| **status == Status::Success);
    match rest.next() {
        None => true,
        Some(Status::Error) => rest.all(|status| *status == Status::Error),
        Some(Status::Canceled) => rest.all(|status| *status == Status::Canceled),
        Some(_) => rest.all(|status| *status == Status::Queued),
    }
}

/// Which times are there; their order means nothing, since the clock may be set while a job runs.
fn job_times(job: &JobRow) -> Option<&'static str> {
    let on_its_way = matches!(
        job.status,
        Status::Waiting | Status::Running | Status::Canceling | Status::Success
    );
    if on_its_way && job.started.is_none() {
        Some("it has no time at which it started")
    } else if job.status.is_final() != job.ended.is_some() {
        Some("only a job that has ended has a time at which it ended")
    } else {
        None
    }
}

fn op_times(op: &OpRow) -> Option<&'static str> {
    let executed = matches!(
        op.status,
        Status::Running | Status::Canceling | Status::Success
    );
    if executed && (op.executing.is_none() || op.starts == 0) {
        Some("it has no time at which it had its locks")
    } else if op.status == Status::Queued && op.started.is_some() {
        Some("it has not begun and has a time at which it did")
    } else if op.status.is_final() != op.ended.is_some() {
        Some("only an opcode that has ended has a time at which it ended")
    } else {
        None
    }
}

// ------------------------------------------------------------- between jobs

/// What is remembered of a job while the others are read.
#[derive(Debug)]
struct Met {
    status: Status,
    archived: bool,
    parent: Option<JobId>,
    root: JobId,
}

/// How jobs refer to one another.
#[derive(Debug)]
struct Jobs {
    /// No job above this one was deleted on purpose.
    purged: JobId,
    met: BTreeMap<JobId, Met>,
    /// Child and parent, as the parents' results name them.
    named: BTreeSet<(JobId, JobId)>,
    /// A job and one that it depends on.
    depends: Vec<(JobId, JobId)>,
}

impl Jobs {
    fn status(&self, job: JobId) -> Option<Status> {
        self.met.get(&job).map(|met| met.status)
    }

    /// Whether a job that is not there may have been deleted while this one stays.
    fn outlives(&self, job: JobId, gone: JobId) -> bool {
        let keeps = self.met.get(&job);
        gone <= self.purged && keeps.is_some_and(|met| met.archived || met.status.is_final())
    }

    fn meet(&mut self, job: &JobRow, ops: &[OpRow], found: &mut Findings) {
        let met = Met {
            status: job.status,
            archived: job.archived,
            parent: job.parent,
            root: job.root,
        };
        self.met.insert(job.id, met);
        for op in ops {
            let children: Vec<JobId> = children_in(&op.result).collect();
            let (first, last) = (children.iter().min(), children.iter().max());
            if op.children != first.copied().zip(last.copied()) {
                let text = format!(
                    "opcode {}: its result names other jobs than it submitted",
                    op.index
                );
                found.say(Code::Children, object(job.id), text);
            }
            self.named
                .extend(children.into_iter().map(|child| (child, job.id)));
            if let Ok(opcode) = Opcode::from_value(op.input.clone()) {
                for dependency in &opcode.common.depends {
                    match dependency.job {
                        JobRef::Id(on) => self.depends.push((job.id, on)),
                        JobRef::Back(places) => {
                            let text = format!("depends on the job {places} places before it");
                            found.say(Code::Dependency, object(job.id), text);
                        }
                    }
                }
            }
        }
    }

    fn check_parents(&self, store: &Store, found: &mut Findings) -> Result<(), StoreError> {
        for (id, met) in &self.met {
            let Some(parent) = met.parent else {
                if met.root != *id {
                    let text = format!("has no parent, and {} as its root", met.root);
                    found.say(Code::WrongParent, object(*id), text);
                }
                continue;
            };
            let root = match self.met.get(&parent) {
                Some(met) => Some(met.root),
                None => store.job(parent)?.map(|job| job.root),
            };
            if parent >= *id {
                found.say(Code::WrongParent, object(*id), "is older than its parent");
            } else if root != Some(met.root) {
                let text = match root {
                    Some(root) => format!("has the root {}, its parent has {root}", met.root),
                    None => format!("its parent {parent} is not there"),
                };
                found.say(Code::WrongParent, object(*id), text);
            }
        }
        Ok(())
    }

    /// The children of a job are exactly those that its results name.
    fn check_children(&self, store: &Store, found: &mut Findings) -> Result<(), StoreError> {
        for (child, parent) in &self.named {
            let theirs = match self.met.get(child) {
                Some(met) => Some(met.parent),
                // It may have been archived before its parent.
                None => store.job(*child)?.map(|job| job.parent),
            };
            // A purge deletes children first, in steps, and may have been killed between two.
            let purged = theirs.is_none() && self.outlives(*parent, *child);
            if theirs.flatten() != Some(*parent) && !purged {
                let text = format!("its child {child} is not there");
                found.say(Code::Children, object(*parent), text);
            }
        }
        for (child, met) in &self.met {
            if let Some(parent) = met.parent.filter(|parent| self.met.contains_key(parent))
                && !self.named.contains(&(*child, parent))
            {
                let text = format!("has a child {child} that its result does not name");
                found.say(Code::Children, object(parent), text);
            }
        }
        Ok(())
    }

    fn check_caps(&self, store: &Store, found: &mut Findings) -> Result<(), StoreError> {
        let mut running: BTreeMap<JobId, u32> = BTreeMap::new();
        for met in self.met.values() {
            if let Some(parent) = met.parent.filter(|_| is_running(met.status)) {
                *running.entry(parent).or_default() += 1;
            }
        }
        for (parent, running) in running {
            // A later opcode may have lowered what an earlier one's children were started under.
            let ops = store.ops(parent)?;
            let submitted = ops.iter().filter(|op| op.children.is_some()).count();
            if let Some(limit) = store.parallel(parent)?
                && running > limit
                && submitted == 1
            {
                let text = format!("{running} of its children run, {limit} may at once");
                found.say(Code::CapExceeded, object(parent), text);
            }
        }
        Ok(())
    }

    fn check_dependencies(&self, store: &Store, found: &mut Findings) -> Result<(), StoreError> {
        for (job, on) in &self.depends {
            let mut say = |text: String| found.say(Code::Dependency, object(*job), text);
            let theirs = match self.status(*on) {
                Some(status) => Some(status),
                None => store.job(*on)?.map(|job| job.status),
            };
            let begun = (self.status(*job))
                .is_some_and(|status| is_running(status) || status == Status::Waiting);
            match theirs {
                _ if on >= job => say(format!("depends on the later job {on}")),
                None if self.outlives(*job, *on) => {}
                None => say(format!("depends on job {on}, which is not there")),
                Some(status) if begun && !status.is_final() => {
                    say(format!(
                        "has begun, and job {on} that it depends on is {status}"
                    ));
                }
                Some(_) => {}
            }
        }
        Ok(())
    }
}

fn is_running(status: Status) -> bool {
    matches!(status, Status::Running | Status::Canceling)
}

fn check_holds(jobs: &Jobs, held: &BTreeMap<JobId, LockSet>, found: &mut Findings) {
    for job in held.keys() {
        if !jobs.status(*job).is_some_and(is_running) {
            let text = "holds locks and does not run";
            found.say(Code::HoldNotRunning, object(*job), text);
        }
    }
    let sets: Vec<_> = held.iter().collect();
    for (place, (job, locks)) in sets.iter().enumerate() {
        for (other, theirs) in sets.iter().skip(place + 1) {
            if let Some(lock) = locks.conflict(theirs) {
                let text = format!("holds {lock} together with job {other}");
                found.say(Code::HoldsConflict, object(**job), text);
            }
        }
    }
}
