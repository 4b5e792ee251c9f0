//! What the end of an opcode means: its result, its edits of the configuration, the jobs that it
//! wants, and what is left of its job; all in the transaction that ends it.

use std::sync::Arc;

use crate::allocator::{Claim, still_fits};
use crate::clock::now;
use crate::cluster::{Edit, EditError, Touched};
use crate::lu::{self, ChildJob, Failure, Outcome, UnitResult};
use crate::opcodes::{ErrorClass, ErrorCode, OpError, Priority};
use crate::processor::{self, Finished, SubmitManyJobs};
use crate::queue::submit::{NewJob, Origin, submit_many};
use crate::queue::{JobId, Status, job_status};
use crate::store::{JobState, StoreError, Tx};

use super::log;
use super::pool::Done;
use super::scheduler::NextOpcode;
use super::state::{Effects, State, preceding_failed};

/// How often a unit plans again at once because the world moved while it planned. After that its
/// plan is checked for room instead, so that a busy cluster cannot keep it planning for ever.
const MAX_REPLANS: u32 = 3;

/// What follows the end of an opcode for its job.
enum After {
    /// It plans again; nothing was written.
    Again,
    /// The runner leaves; it stays running.
    LeftBehind,
    /// The job's next opcode waits for its locks.
    Next(NextOpcode),
    /// The job has ended.
    Final,
}

impl State {
    pub(super) fn end(
        &mut self,
        tx: &mut Tx<'_>,
        done: &Done,
        effects: &mut Effects,
    ) -> Result<(), StoreError> {
        if self
            .active
            .get(&done.job)
            .is_none_or(|a| a.index != done.index)
        {
            return Ok(());
        }
        let before = self.config.clone();
        let tried = tx.part(|tx| self.end_as(tx, done.job, &done.finished, effects));
        let after = match tried {
            Ok(after) => after,
            Err(StoreError::Refused(why)) => {
                // Its own outcome cannot be applied: it fails alone.
                self.config = before;
                self.claims = tx.claims_by_job()?;
                self.world_moved();
                log::note(Some(done.job), &format!("outcome not applied: {why}"));
                let error = OpError::exec(why).code(ErrorCode::InternalError);
                self.end_as(tx, done.job, &Err(error.into()), effects)?
            }
            Err(other) => return Err(other),
        };
        match after {
            After::Again => {
                let world = self.world();
                if let Some(active) = self.active.get(&done.job) {
                    effects.tasks.push(active.task(done.job, world));
                    effects.replanned.push(done.job);
                }
            }
            After::LeftBehind => {}
            After::Next(next) => {
                self.scheduler.release(done.job, Some(next));
                effects.ended.push(done.job);
            }
            After::Final => {
                self.scheduler.release(done.job, None);
                effects.ended.push(done.job);
            }
        }
        Ok(())
    }

    fn end_as(
        &mut self,
        tx: &mut Tx<'_>,
        job: JobId,
        finished: &Finished,
        effects: &mut Effects,
    ) -> Result<After, StoreError> {
        let Some(state) = tx.state(job)? else {
            return Err(StoreError::Refused(format!("job {job} has vanished")));
        };
        match finished {
            Err(failure) if failure.left_behind => Ok(After::LeftBehind),
            Err(failure) => {
                let canceled = state.cancel && failure.error.class == ErrorClass::JobCanceled;
                self.edit(tx, &failure.edits, effects)?;
                self.fail(tx, job, state, failure, canceled)
            }
            Ok(outcome) => self.succeed(tx, job, state, outcome, effects),
        }
    }

    fn succeed(
        &mut self,
        tx: &mut Tx<'_>,
        job: JobId,
        state: JobState,
        outcome: &Outcome,
        effects: &mut Effects,
    ) -> Result<After, StoreError> {
        let Some(active) = self.active.get(&job) else {
            return Err(StoreError::Refused(format!("job {job} is not running")));
        };
        let (index, replans) = (active.index, active.replans);
        let parent = Arc::clone(&active.opcode);
        let mut priority = parent.common.priority;
        let mut detail = outcome.detail.clone();
        if let UnitResult::Jobs(with_jobs) = &outcome.result {
            if self.deadlines.forbids(state.root) {
                let failure = OpError::deadline_passed("its jobs were submitted").into();
                return self.fail(tx, job, state, &failure, true);
            }
            if state.cancel {
                // Cancelled while it planned: no child is inserted.
                let failure = OpError::canceled().into();
                return self.fail(tx, job, state, &failure, true);
            }
            let moved = with_jobs
                .planned_on
                .is_some_and(|on| on != self.world_serial);
            if moved && replans < MAX_REPLANS {
                return Ok(After::Again);
            }
            if moved {
                let claims = with_jobs.jobs.iter().flat_map(|job| &job.claims);
                let claims: Vec<Claim> = claims.cloned().collect();
                if let Err(lack) = still_fits(&self.world(), &claims) {
                    let failure = no_longer_fits(&lack).into();
                    return self.fail(tx, job, state, &failure, false);
                }
            }
            let now = tx.priority(job)?;
            if now != Priority::Normal {
                priority = Some(now);
            }
        }
        let touched = match self.apply(&outcome.edits) {
            Ok(touched) => touched,
            // It has no lock that would have kept the object there, as what declares a node offline: in
            // the world as it is now it will say so.
            Err(_) if replans < MAX_REPLANS => return Ok(After::Again),
            Err(error) => return Err(StoreError::Refused(error.to_string())),
        };
        self.write_edits(tx, &outcome.edits, &touched, effects)?;
        let mut submit = Submit {
            tx,
            state: self,
            parent: (job, state.root),
            index,
        };
        let (result, answers) =
            processor::conclude(&parent, priority, outcome.result.clone(), &mut submit)?;
        detail.refused = lu::Refused::of(&answers);
        tx.op_ended(job, index, Status::Success, &result, &detail, None)?;
        tx.unhold(job)?;
        if state.cancel {
            tx.end_rest(job, Status::Canceled, Some(&OpError::canceled()))?;
        }
        self.after(tx, job, state)
    }

    fn fail(
        &mut self,
        tx: &mut Tx<'_>,
        job: JobId,
        state: JobState,
        failure: &Failure,
        canceled: bool,
    ) -> Result<After, StoreError> {
        let index = self.active.get(&job).map_or(0, |active| active.index);
        let status = match canceled {
            true => Status::Canceled,
            false => Status::Error,
        };
        let error = &failure.error;
        let wire = error.to_wire();
        tx.op_ended(job, index, status, &wire, &failure.detail, Some(error))?;
        tx.unhold(job)?;
        if canceled {
            tx.end_rest(job, Status::Canceled, Some(error))?;
        } else {
            tx.end_rest(job, Status::Error, Some(&preceding_failed()))?;
        }
        self.after(tx, job, state)
    }

    /// What is left of a job after one of its opcodes has ended.
    fn after(&mut self, tx: &mut Tx<'_>, job: JobId, state: JobState) -> Result<After, StoreError> {
        let status = job_status(tx.op_states(job)?);
        if !status.is_final()
            && let Some((_, _, _, input)) = tx.next_op(job)?
        {
            tx.set_job_status(job, state.root, status)?;
            let (slot, locks) = self.needs(&input);
            // What any of its opcodes depends on was waited for before the first began.
            return Ok(After::Next(NextOpcode {
                slot,
                locks,
                depends: vec![],
            }));
        }
        tx.set_job_status(job, state.root, status)?;
        self.unclaim(tx, job)?;
        Ok(After::Final)
    }

    pub(super) fn unclaim(&mut self, tx: &mut Tx<'_>, job: JobId) -> Result<(), StoreError> {
        tx.unclaim(job)?;
        if self.claims.remove(&job).is_some() {
            self.world_moved();
        }
        Ok(())
    }

    /// Applies edits in memory and on disk.
    pub(super) fn edit(
        &mut self,
        tx: &mut Tx<'_>,
        edits: &[Edit],
        effects: &mut Effects,
    ) -> Result<(), StoreError> {
        let refused = |error: EditError| StoreError::Refused(error.to_string());
        let touched = self.apply(edits).map_err(refused)?;
        self.write_edits(tx, edits, &touched, effects)
    }

    /// Applies edits in memory, all of them or none.
    fn apply(&mut self, edits: &[Edit]) -> Result<Vec<Touched>, EditError> {
        let time = now() as f64 / 1e6;
        let mut config = self.config.clone();
        let mut touched = vec![];
        for edit in edits {
            touched.extend(edit.apply(&mut config, time)?);
        }
        self.config = config;
        Ok(touched)
    }

    /// Writes down what edits touched.
    fn write_edits(
        &mut self,
        tx: &mut Tx<'_>,
        edits: &[Edit],
        touched: &[Touched],
        effects: &mut Effects,
    ) -> Result<(), StoreError> {
        effects
            .offline
            .extend(edits.iter().filter_map(|edit| match edit {
                Edit::ChangeNode { node, change } if change.offline == Some(true) => {
                    Some(node.clone())
                }
                _ => None,
            }));
        if touched.is_empty() {
            return Ok(());
        }
        self.config.serial += 1;
        self.world_moved();
        tx.write_objects(&self.config, touched)?;
        tx.set_serials(self.config.serial, self.world_serial)
    }
}

/// The callback by which a unit's jobs reach the queue: in the transaction that ends its opcode.
struct Submit<'a, 'tx> {
    tx: &'a mut Tx<'tx>,
    state: &'a mut State,
    parent: (JobId, JobId),
    index: u32,
}

impl SubmitManyJobs for Submit<'_, '_> {
    type Error = StoreError;

    fn submit_many_jobs(
        &mut self,
        jobs: Vec<ChildJob>,
        parallel: Option<u32>,
    ) -> Result<Vec<Result<JobId, OpError>>, StoreError> {
        let claims: Vec<_> = jobs.iter().map(|job| job.claims.clone()).collect();
        let jobs: Vec<NewJob> = (jobs.into_iter())
            .map(|job| NewJob {
                ops: Ok(job.ops),
                claims: job.claims,
            })
            .collect();
        let submitter = self.tx.submitter(self.parent.0)?;
        let origin = Origin {
            parent: Some(self.parent),
            submitter: &submitter,
            request: None,
        };
        let answers = submit_many(self.tx, jobs, &origin)?;
        let ids = || answers.iter().filter_map(|answer| answer.as_ref().ok());
        let range = ids().min().copied().zip(ids().max().copied());
        let parallel = parallel.filter(|_| range.is_some());
        self.tx
            .set_children(self.parent.0, self.index, range, parallel)?;
        // One that is given for no child caps none; without one that of an earlier opcode stays.
        if parallel.is_some() {
            self.state.scheduler.set_cap(self.parent.0, parallel);
        }
        let mut claimed = false;
        for (answer, claims) in answers.iter().zip(claims) {
            if let Ok(id) = answer
                && !claims.is_empty()
            {
                self.state.claims.insert(*id, claims);
                claimed = true;
            }
        }
        if claimed {
            self.state.world_moved();
        }
        Ok(answers)
    }
}

fn no_longer_fits(lack: &str) -> OpError {
    OpError::prereq(
        ErrorCode::InsufficientResources,
        format!("the room that was planned for is taken: {lack}"),
    )
    .hint("try again when the other operations have ended")
}
