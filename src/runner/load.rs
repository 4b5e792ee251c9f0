//! From the database to the runner's state: at its start, when a commit has failed, and when
//! something new is there. The tools use it, too, to tell why a job waits.

use crate::hypervisor::InterruptKind;
use crate::opcodes::{Deadline, JobRef, Opcode};
use crate::queue::{JobId, Status};
use crate::store::{EventKind, JobRow, Settings, Store, StoreError};

use super::deadline::Deadlines;
use super::scheduler::{Limits, Pending, Scheduler, Urgency};
use super::state::State;

/// Jobs that are read at a time: their rows are far larger than what is kept of them, and there may be
/// a hundred thousand.
const JOBS_AT_ONCE: u32 = 1_000;

/// Slots for units that only plan or only change the configuration.
const PLANNING_SLOTS: usize = 2;

/// The scheduler's limits of these settings.
#[must_use]
pub fn limits(settings: &Settings) -> Limits {
    Limits {
        work: usize::try_from(settings.limits.max_running_jobs).unwrap_or(usize::MAX),
        planning: PLANNING_SLOTS,
    }
}

/// Fills an empty state: configuration, claims, and every unfinished job in its place. Jobs that are
/// running become orphans unless a worker has them.
///
/// # Errors
/// [`StoreError`].
pub fn load(state: &mut State, store: &Store) -> Result<(), StoreError> {
    store.read(|store| {
        state.settings = store.settings()?;
        state.scheduler = Scheduler::new(limits(&state.settings));
        state.scheduler.set_held(state.settings.held);
        state.config = store.config()?;
        state.claims.clear();
        for (job, claim) in store.claims()? {
            state.claims.entry(job).or_default().push(claim);
        }
        state.world_moved();
        state.orphans.clear();
        state.deadlines = Deadlines::default();
        state.seen = (JobId(0), store.last_event()?);
        add_jobs(state, store)?;
        if state.deadlines.next().is_some() {
            for root in store.passed_deadlines()? {
                state.deadlines.passed(root);
            }
        }
        // The events that said so may be among those that are passed over here.
        for (job, active) in &state.active {
            if store.job(*job)?.is_some_and(|row| row.cancel) {
                active.interrupt.raise(InterruptKind::Cancel);
            }
        }
        Ok(())
    })
}

/// Takes notice of what is new: jobs, and what operators did. Tells which jobs that a worker has are
/// to be cancelled.
///
/// # Errors
/// [`StoreError`].
pub fn news(state: &mut State, store: &Store) -> Result<Vec<JobId>, StoreError> {
    store.read(|store| {
        let events = store.events_after(state.seen.1)?;
        add_jobs(state, store)?;
        let mut cancel = vec![];
        for event in events {
            state.seen.1 = event.id;
            match (&event.kind, event.job) {
                (EventKind::Cancel, Some(job)) if state.active.contains_key(&job) => {
                    cancel.push(job);
                }
                (EventKind::Cancel, Some(job)) => {
                    let ended = store.job(job)?.is_none_or(|row| row.status.is_final());
                    if ended {
                        state.scheduler.ended(job);
                        if state.claims.remove(&job).is_some() {
                            state.world_moved();
                        }
                    }
                }
                (EventKind::Priority, Some(job)) => {
                    if let Some(row) = store.job(job)? {
                        let urgency = urgency(row.priority.number(), row.received);
                        state.scheduler.set_urgency(job, urgency);
                    }
                }
                (EventKind::Hold | EventKind::Release | EventKind::Limits, _) => {
                    state.settings = store.settings()?;
                    state.scheduler.set_limits(limits(&state.settings));
                    state.scheduler.set_held(state.settings.held);
                }
                (EventKind::Upgrade, _) => state.settings = store.settings()?,
                (EventKind::Yield, _) => state.asked_to_yield = true,
                _ => {}
            }
        }
        Ok(cancel)
    })
}

fn urgency(priority: i64, received: i64) -> Urgency {
    Urgency {
        priority,
        received: u64::try_from(received / 1_000_000).unwrap_or(0),
    }
}

/// Puts unfinished jobs that were not seen before in their places.
fn add_jobs(state: &mut State, store: &Store) -> Result<(), StoreError> {
    loop {
        let jobs = store.unfinished_after(state.seen.0, JOBS_AT_ONCE)?;
        if jobs.is_empty() {
            return Ok(());
        }
        add(state, store, jobs)?;
    }
}

fn add(state: &mut State, store: &Store, jobs: Vec<JobRow>) -> Result<(), StoreError> {
    let (Some(first), Some(last)) = (jobs.first(), jobs.last()) else {
        return Ok(());
    };
    let mut held = match jobs.iter().any(|job| is_running(job.status)) {
        true => store.held()?,
        false => Default::default(),
    };
    let mut inputs = store
        .unfinished_inputs(first.id, last.id)?
        .into_iter()
        .peekable();
    state.seen.0 = last.id;
    let mut looked = None;
    for job in jobs {
        while inputs.next_if(|(id, _)| *id < job.id).is_some() {}
        let mut own = vec![];
        while let Some((_, input)) = inputs.next_if(|(id, _)| *id == job.id) {
            own.push(input);
        }
        let Some(current) = own.first() else { continue };
        let (slot, locks) = state.needs(current);
        // Siblings mostly stand side by side.
        if looked.replace(job.root) != Some(job.root) {
            add_deadline(state, store, &job, &own)?;
        }
        if let Some(parent) = job.parent {
            let parallel = store.parallel(parent)?;
            state.scheduler.set_cap(parent, parallel);
        }
        let mut pending = Pending {
            id: job.id,
            urgency: urgency(job.priority.number(), job.received),
            depends: depends(state, store, &own)?,
            cap: job.parent,
            slot,
            locks,
            begun: (own.len() as u64) < u64::from(job.ops),
        };
        if is_running(job.status) && !state.active.contains_key(&job.id) {
            state.orphans.push(job.id);
        }
        if is_running(job.status) {
            pending.locks = held.remove(&job.id).unwrap_or_default();
            state.scheduler.adopt(pending);
        } else {
            state.scheduler.add(pending);
        }
    }
    Ok(())
}

/// Takes the deadline of a job's operation, if it has one. `own` are the job's unfinished opcodes.
fn add_deadline(
    state: &mut State,
    store: &Store,
    job: &JobRow,
    own: &[String],
) -> Result<(), StoreError> {
    if state.deadlines.knows(job.root) {
        return Ok(());
    }
    let root_is_here = job.id == job.root && own.len() as u64 == u64::from(job.ops);
    let deadline = match root_is_here {
        true => Deadline::of_inputs(own.iter().map(String::as_str)),
        false => store.deadline(job.root)?,
    };
    if let Some(deadline) = deadline {
        state.deadlines.add(job.root, deadline);
    }
    Ok(())
}

/// Whether an opcode of the job is on its way.
fn is_running(status: Status) -> bool {
    matches!(status, Status::Running | Status::Canceling)
}

/// The unfinished jobs that any of these opcodes depends on.
fn depends(state: &State, store: &Store, inputs: &[String]) -> Result<Vec<JobId>, StoreError> {
    let mut on = vec![];
    for input in inputs.iter().filter(|input| input.contains("\"depends\"")) {
        let Ok(opcode) = serde_json::from_str::<Opcode>(input) else {
            continue;
        };
        for dependency in &opcode.common.depends {
            let JobRef::Id(id) = dependency.job else {
                continue;
            };
            let unfinished = state.scheduler.knows(id)
                || store.job(id)?.is_some_and(|row| !row.status.is_final());
            if unfinished && !on.contains(&id) {
                on.push(id);
            }
        }
    }
    Ok(on)
}
