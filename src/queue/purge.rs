//! Deleting archived jobs that are old enough.
//!
//! An operation goes as a whole: when its first job and all that descend from it are archived and old
//! enough, and no unfinished job depends on one of them. It is deleted in steps, children first, each a
//! short transaction, so that nobody waits and a purge may be killed at any moment: what is left of
//! an operation still begins with its first job, and the next purge finds it there.

use std::collections::BTreeSet;

use crate::limits::{PURGE_PAGES, PURGE_ROWS, STEP_JOBS};
use crate::opcodes::{JobRef, Opcode};
use crate::store::{Commit, Deleted, EventKind, JobRow, Store, StoreError};

use super::types::JobId;

/// What a purge is told and asks for on its way.
pub trait Witness {
    /// Why it could not bear witness.
    type Error: From<StoreError>;

    /// These jobs are about to be deleted. When this returns whatever is to remain of them is safe.
    ///
    /// # Errors
    /// They are not deleted then.
    fn goodbye(&mut self, jobs: &[JobRow]) -> Result<(), Self::Error>;

    /// Whether to go on; who has said no says so from then on.
    fn go_on(&mut self) -> bool;
}

/// What is to be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Purge<'a> {
    /// Jobs that ended before this moment, in microseconds since 1970.
    pub before: i64,
    /// The same for people: what the history says of it.
    pub what: &'a str,
    /// Who deletes, as JSON.
    pub who: &'a str,
}

/// What came of a purge.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Purged {
    /// So many jobs were deleted.
    pub deleted: u64,
    /// So many that are archived and old enough are still there.
    pub left: u64,
}

impl Purge<'_> {
    /// Deletes, until all is gone that may go, or until the witness does not go on.
    ///
    /// # Errors
    /// [`StoreError`] of the database, or the witness's own; the steps before stand.
    pub fn run<W: Witness>(&self, store: &Store, witness: &mut W) -> Result<Purged, W::Error> {
        let mut run = Run {
            purge: self,
            store,
            batch: vec![],
            spared: BTreeSet::new(),
            noted: false,
            deleted: 0,
        };
        let mut after = JobId(0);
        let mut needed = awaited(store)?;
        while witness.go_on() {
            let roots = store.archived_roots(after, self.before, STEP_JOBS)?;
            let Some(last) = roots.last() else { break };
            after = *last;
            for root in roots {
                let family = store.family(root)?;
                if family.iter().all(|job| self.may_go(job, &needed)) {
                    run.add(family, witness)?;
                }
            }
            run.delete(witness)?;
            needed = awaited(store)?;
        }
        run.give_back(witness)?;
        Ok(Purged {
            deleted: run.deleted,
            left: store.archived_before(self.before)?,
        })
    }

    fn may_go(&self, job: &JobRow, needed: &BTreeSet<JobId>) -> bool {
        let ended = job.ended.or(job.started).unwrap_or(job.received);
        job.archived && ended < self.before && !needed.contains(&job.id)
    }
}

/// A purge on its way.
struct Run<'a> {
    purge: &'a Purge<'a>,
    store: &'a Store,
    /// Jobs that go together, each after its children.
    batch: Vec<JobRow>,
    /// First jobs of operations of which no more is deleted: one of theirs is needed after all.
    spared: BTreeSet<JobId>,
    /// The history says that there is a purge.
    noted: bool,
    deleted: u64,
}

impl Run<'_> {
    /// Adds an operation, whose first job comes first, to what goes next.
    fn add<W: Witness>(&mut self, family: Vec<JobRow>, witness: &mut W) -> Result<(), W::Error> {
        for job in family.into_iter().rev() {
            self.batch.push(job);
            if self.batch.len() >= STEP_JOBS {
                self.delete(witness)?;
            }
        }
        Ok(())
    }

    fn delete<W: Witness>(&mut self, witness: &mut W) -> Result<(), W::Error> {
        let batch = std::mem::take(&mut self.batch);
        if batch.is_empty() || !witness.go_on() {
            return Ok(());
        }
        witness.goodbye(&batch)?;
        let mut rest = &batch[..];
        while !rest.is_empty() {
            let done = self.step(rest)?;
            self.deleted += done.deleted;
            rest = rest.get(done.handled..).unwrap_or_default();
            if !witness.go_on() {
                break;
            }
        }
        Ok(())
    }

    /// One transaction: deletes the first of these jobs, as many as one takes.
    fn step(&mut self, jobs: &[JobRow]) -> Result<Step, StoreError> {
        let (Purge { what, who, .. }, store) = (*self.purge, self.store);
        let noted = std::mem::replace(&mut self.noted, true);
        let spared = &mut self.spared;
        store.write(Commit::Purge, |tx| {
            if !noted {
                tx.record(&EventKind::Purge, None, Some(what), who)?;
            }
            // Somebody may have submitted a job that depends on one of these since.
            let needed = awaited(store)?;
            let those = jobs.iter().filter(|job| needed.contains(&job.id));
            spared.extend(those.map(|job| job.root));
            let mut step = Step::default();
            let mut room = PURGE_ROWS;
            for job in jobs {
                if !spared.contains(&job.root) {
                    match tx.purge(job.id, room)? {
                        Deleted::Part => break,
                        Deleted::Nothing => {}
                        Deleted::Whole { rows } => {
                            step.deleted += 1;
                            room = room.saturating_sub(rows);
                        }
                    }
                }
                step.handled += 1;
            }
            tx.give_back_pages(PURGE_PAGES)?;
            Ok(step)
        })
    }

    /// Gives back what earlier purges, killed on their way, or others have left free.
    fn give_back<W: Witness>(&self, witness: &mut W) -> Result<(), W::Error> {
        let mut free = self.store.free_pages()?;
        while free > 0 && witness.go_on() {
            let give = |tx: &mut crate::store::Tx<'_>| tx.give_back_pages(PURGE_PAGES);
            self.store.write(Commit::Purge, give)?;
            let left = self.store.free_pages()?;
            if left >= free {
                break;
            }
            free = left;
        }
        Ok(())
    }
}

/// What one transaction came to.
#[derive(Debug, Clone, Copy, Default)]
struct Step {
    /// Jobs that were deleted.
    deleted: u64,
    /// Jobs that need no further look.
    handled: usize,
}

/// The jobs on which unfinished ones depend.
fn awaited(store: &Store) -> Result<BTreeSet<JobId>, StoreError> {
    let mut on = BTreeSet::new();
    for input in store.depending_inputs()? {
        let Ok(opcode) = serde_json::from_str::<Opcode>(&input) else {
            continue;
        };
        let jobs = opcode.common.depends.iter().filter_map(|d| match d.job {
            JobRef::Id(id) => Some(id),
            JobRef::Back(_) => None,
        });
        on.extend(jobs);
    }
    Ok(on)
}
