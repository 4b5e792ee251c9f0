//! Steering jobs: cancel, priority, archive. Short transactions of the client, never jobs: they work
//! on a full, drained or stuck queue.

use std::collections::BTreeSet;

use crate::clock::now;
use crate::limits::STEP_JOBS;
use crate::opcodes::{OpError, Priority};
use crate::store::{Archived, Commit, EventKind, Store, StoreError, Tx};

use super::types::{JobId, Status};

/// Whether an id stands for its descendants, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// The job and all that descend from it.
    Family,
    /// The job alone.
    Alone,
}

/// What became of a wish to cancel a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelAnswer {
    /// It had not begun; it is cancelled.
    Canceled,
    /// It runs; it will be stopped, and may still end in success.
    Canceling,
    /// It has ended this way already.
    Ended(Status),
    /// There is no such job.
    Unknown,
}

impl CancelAnswer {
    /// Whether the wish was accepted.
    #[must_use]
    pub fn accepted(self) -> bool {
        matches!(self, CancelAnswer::Canceled | CancelAnswer::Canceling)
    }
}

/// Cancels jobs. The marks are on disk when this returns.
///
/// # Errors
/// [`StoreError`] of the database.
pub fn cancel(
    store: &Store,
    ids: &[JobId],
    reach: Reach,
    who: &str,
) -> Result<Vec<(JobId, CancelAnswer)>, StoreError> {
    in_steps(store, ids, reach, Commit::Cancel, |tx, ids| {
        let mut answers = vec![];
        for id in ids {
            let Some(state) = tx.state(id)? else {
                answers.push((id, CancelAnswer::Unknown));
                continue;
            };
            if state.status.is_final() {
                answers.push((id, CancelAnswer::Ended(state.status)));
                continue;
            }
            tx.record(&EventKind::Cancel, Some(id), None, who)?;
            let begun = tx
                .op_states(id)?
                .iter()
                .any(|s| matches!(s, Status::Running | Status::Canceling | Status::Success));
            // What has never begun has no error: nothing of it was done.
            let error = begun.then(OpError::canceled);
            answers.push((id, cancel_one(tx, id, state.root, error.as_ref())?));
        }
        Ok(answers)
    })
}

/// Cancels an unfinished job of the operation that begins with `root`. What it has not begun ends with
/// this error.
pub(crate) fn cancel_one(
    tx: &mut Tx<'_>,
    id: JobId,
    root: JobId,
    error: Option<&OpError>,
) -> Result<CancelAnswer, StoreError> {
    tx.mark_cancel(id, root)?;
    if tx
        .op_states(id)?
        .iter()
        .any(|s| matches!(s, Status::Running | Status::Canceling))
    {
        tx.op_canceling(id)?;
        tx.set_job_status(id, root, Status::Canceling)?;
        return Ok(CancelAnswer::Canceling);
    }
    // Not on its way now: it was never started, or is between two opcodes. What it has done stays
    // done; the rest does not begin.
    tx.end_rest(id, Status::Canceled, error)?;
    tx.set_job_status(id, root, Status::Canceled)?;
    tx.unclaim(id)?;
    Ok(CancelAnswer::Canceled)
}

/// Does something to the jobs that are named, or to their families, some a transaction. A family stays
/// together: a job that is marked returns no children after that.
fn in_steps<T>(
    store: &Store,
    ids: &[JobId],
    reach: Reach,
    commit: Commit,
    mut work: impl FnMut(&mut Tx<'_>, Vec<JobId>) -> Result<Vec<T>, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let mut seen = BTreeSet::new();
    let mut answers = vec![];
    for step in ids.chunks(STEP_JOBS) {
        answers.extend(store.write(commit, |tx| {
            let ids = widen(store, step, reach, &mut seen)?;
            work(tx, ids)
        })?);
    }
    Ok(answers)
}

/// The ids, or with their descendants, in the order in which they were named; each that was not seen
/// before.
fn widen(
    store: &Store,
    ids: &[JobId],
    reach: Reach,
    seen: &mut BTreeSet<JobId>,
) -> Result<Vec<JobId>, StoreError> {
    let mut wide = vec![];
    for id in ids {
        let family = match reach {
            Reach::Alone => vec![*id],
            Reach::Family => store.family(*id)?.iter().map(|job| job.id).collect(),
        };
        // An unknown id has no family; it must not vanish from the answers.
        let family = if family.is_empty() { vec![*id] } else { family };
        wide.extend(family.into_iter().filter(|id| seen.insert(*id)));
    }
    Ok(wide)
}

/// What became of a wish to change a job's priority.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PriorityAnswer {
    /// It has it now.
    Changed,
    /// It has ended.
    Ended(Status),
    /// There is no such job.
    Unknown,
}

/// Gives jobs another priority.
///
/// # Errors
/// [`StoreError`] of the database.
pub fn change_priority(
    store: &Store,
    ids: &[JobId],
    reach: Reach,
    priority: Priority,
    who: &str,
) -> Result<Vec<(JobId, PriorityAnswer)>, StoreError> {
    in_steps(store, ids, reach, Commit::Priority, |tx, ids| {
        let mut answers = vec![];
        for id in ids {
            let answer = match tx.state(id)? {
                None => PriorityAnswer::Unknown,
                Some(state) if state.status.is_final() => PriorityAnswer::Ended(state.status),
                Some(_) => {
                    tx.set_priority(id, priority)?;
                    let value = priority.word();
                    tx.record(&EventKind::Priority, Some(id), Some(value), who)?;
                    PriorityAnswer::Changed
                }
            };
            answers.push((id, answer));
        }
        Ok(answers)
    })
}

/// Archives these jobs.
///
/// # Errors
/// [`StoreError`] of the database.
pub fn archive(
    store: &Store,
    ids: &[JobId],
    who: &str,
) -> Result<Vec<(JobId, Archived)>, StoreError> {
    let mut answers = vec![];
    for step in ids.chunks(STEP_JOBS) {
        answers.extend(store.write(Commit::Archive, |tx| {
            let mut answers = vec![];
            for id in step {
                let answer = tx.archive(*id)?;
                if answer == Archived::Done {
                    tx.record(&EventKind::Archive, Some(*id), None, who)?;
                }
                answers.push((*id, answer));
            }
            Ok(answers)
        })?);
    }
    Ok(answers)
}

/// Archives all jobs that ended before `age` microseconds ago (all that have ended, if `None`), in
/// steps. `go_on` is asked before each step; tells how many were archived and how many remain.
///
/// # Errors
/// [`StoreError`] of the database; the steps before it stand.
pub fn autoarchive(
    store: &Store,
    age: Option<i64>,
    who: &str,
    mut go_on: impl FnMut(usize, usize) -> bool,
) -> Result<(usize, usize), StoreError> {
    let limit = age.map_or(i64::MAX, |age| now().saturating_sub(age));
    let ids = store.ended_before(limit)?;
    let mut done = 0;
    for step in ids.chunks(STEP_JOBS) {
        if !go_on(done, ids.len()) {
            break;
        }
        store.write(Commit::Autoarchive, |tx| {
            for id in step {
                tx.archive(*id)?;
            }
            Ok(())
        })?;
        done += step.len();
    }
    if done > 0 {
        store.write(Commit::AutoarchiveNote, |tx| {
            tx.record(&EventKind::Archive, None, Some(&done.to_string()), who)
        })?;
    }
    Ok((done, ids.len() - done))
}
