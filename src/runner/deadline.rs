//! The deadlines of the operations: which there are, and what is done when one passes.
//!
//! A deadline is a moment of the wall clock. Whoever puts the clock back or forth moves all of them,
//! so nobody here reckons how long it is until one, except for how long to sleep at most.

use std::collections::{BTreeSet, HashMap};

use crate::opcodes::{Deadline, OnDeadline, OpError};
use crate::queue::control::{CancelAnswer, cancel_one};
use crate::queue::{JobId, Status};
use crate::store::{EventKind, StoreError, Tx};

use super::state::{Effects, State};

/// What is known of an operation's deadline.
#[derive(Debug)]
struct Known {
    deadline: Deadline,
    passed: bool,
}

/// The deadlines of operations, by their first jobs. A plain value: no clock, no I/O.
#[derive(Debug, Default)]
pub struct Deadlines {
    known: HashMap<JobId, Known>,
    /// Those that have not passed, the next one first.
    to_come: BTreeSet<(i64, JobId)>,
}

impl Deadlines {
    /// Whether this operation's deadline is known.
    #[must_use]
    pub fn knows(&self, root: JobId) -> bool {
        self.known.contains_key(&root)
    }

    /// Takes an operation's deadline. One that is known already stays as it is.
    pub fn add(&mut self, root: JobId, deadline: Deadline) {
        if self.knows(root) {
            return;
        }
        let passed = false;
        self.known.insert(root, Known { deadline, passed });
        self.to_come.insert((deadline.at, root));
    }

    /// This operation's deadline passed in the time of a runner before this one. It does not pass again,
    /// whatever the clock says now.
    pub fn passed(&mut self, root: JobId) {
        if let Some(known) = self.known.get_mut(&root) {
            known.passed = true;
            self.to_come.remove(&(known.deadline.at, root));
        }
    }

    /// The next moment at which one passes.
    #[must_use]
    pub fn next(&self) -> Option<i64> {
        self.to_come.first().map(|(at, _)| *at)
    }

    /// Whether one passes now, or should have before.
    #[must_use]
    pub fn is_due(&self, now: i64) -> bool {
        self.next().is_some_and(|at| at <= now)
    }

    /// The first of those that pass now: it has passed from here on.
    fn pass_one(&mut self, now: i64) -> Option<(JobId, Deadline)> {
        if !self.is_due(now) {
            return None;
        }
        let (_, root) = self.to_come.pop_first()?;
        let known = self.known.get_mut(&root)?;
        known.passed = true;
        Some((root, known.deadline))
    }

    /// Whether nothing of this operation may begin at this moment, be it that a runner has not acted on
    /// that yet.
    #[must_use]
    pub fn forbids_at(&self, root: JobId, now: i64) -> bool {
        self.known.get(&root).is_some_and(|known| {
            let is_past = known.passed || known.deadline.at <= now;
            is_past && known.deadline.action != OnDeadline::Leave
        })
    }

    /// Nothing of this operation is left.
    fn forget(&mut self, root: JobId) {
        self.known.remove(&root);
    }

    /// Whether a deadline that lets nothing more begin has passed for this operation.
    #[must_use]
    pub fn forbids(&self, root: JobId) -> bool {
        self.known
            .get(&root)
            .is_some_and(|known| known.passed && known.deadline.action != OnDeadline::Leave)
    }
}

impl State {
    /// What the deadlines mean that have passed by this moment. In the transaction before anything
    /// starts, so that nothing begins after its deadline.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub(super) fn pass_deadlines(
        &mut self,
        tx: &mut Tx<'_>,
        now: i64,
        effects: &mut Effects,
    ) -> Result<(), StoreError> {
        while let Some((root, deadline)) = self.deadlines.pass_one(now) {
            let jobs = tx.unfinished_of(root)?;
            let Some(first) = jobs.first() else {
                self.deadlines.forget(root);
                continue;
            };
            let action = deadline.action;
            // They all have who submitted the operation: the one who set its deadline.
            let who = tx.submitter(*first)?;
            tx.record(&EventKind::Deadline, Some(root), Some(action.word()), &who)?;
            for id in jobs {
                match action {
                    OnDeadline::Stop if has_begun(tx, id)? => {}
                    OnDeadline::Stop | OnDeadline::Cancel => {
                        self.cut_off(tx, id, root, effects)?;
                    }
                    OnDeadline::Leave => {}
                }
            }
        }
        Ok(())
    }

    /// Cancels a job of an operation whose deadline has passed.
    fn cut_off(
        &mut self,
        tx: &mut Tx<'_>,
        id: JobId,
        root: JobId,
        effects: &mut Effects,
    ) -> Result<(), StoreError> {
        let error = match has_begun(tx, id)? {
            true => OpError::canceled(),
            false => OpError::deadline_passed("it began"),
        };
        match cancel_one(tx, id, root, Some(&error))? {
            CancelAnswer::Canceling => effects.canceling.push(id),
            _ => {
                self.unclaim(tx, id)?;
                self.scheduler.ended(id);
            }
        }
        Ok(())
    }
}

/// Whether any opcode of a job has begun. A job is not left half done: what comes after its first
/// opcode belongs to what that has begun, such as renewing the copies of a moved instance's disks.
fn has_begun(tx: &Tx<'_>, id: JobId) -> Result<bool, StoreError> {
    let waits = |status: &Status| matches!(status, Status::Queued | Status::Waiting);
    Ok(!tx.op_states(id)?.iter().all(waits))
}

#[cfg(test)]
mod tests;
