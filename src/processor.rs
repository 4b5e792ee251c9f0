//! Runs one opcode: checks → execute → submit children → result.
//!
//! It has two halves, since an opcode's end is one transaction. [`run`] happens in a worker, under
//! the locks that the scheduler has granted; [`conclude`] happens where the transaction is, when the
//! unit's answer is turned into the opcode's result: there a [`ResultWithJobs`] is recognised, and
//! the jobs in it are submitted through the [`SubmitManyJobs`] callback. The processor knows neither
//! the queue nor the database.

use serde_json::{Map, Value, json};

use crate::lu::{self, ChildJob, Env, Failure, Outcome, ResultWithJobs, UnitResult};
use crate::opcodes::{OpError, Opcode, Priority};
use crate::queue::JobId;

/// The key of an opcode's result under which the answers for its jobs stand.
pub const JOBS_KEY: &str = "jobs";

/// The jobs that an opcode's result names as submitted. What a unit answers under another meaning of the
/// key is none of ours: only an opcode that returned jobs has answers of this form.
pub fn children_in(result: &Value) -> impl Iterator<Item = JobId> {
    let answers = result.get(JOBS_KEY).and_then(Value::as_array);
    let taken = |answer: &Value| answer.get(1)?.as_i64().map(JobId);
    answers.into_iter().flatten().filter_map(taken)
}

/// How a worker's half ended.
pub type Finished = Result<Outcome, Failure>;

/// What the queue answers for jobs that were submitted together, in order: the id, or why it did not
/// take it.
pub type Answers = Vec<Result<JobId, OpError>>;

/// The callback by which jobs are submitted: what Ganeti's job queue offers as `SubmitManyJobs`.
pub trait SubmitManyJobs {
    /// Why it could not be tried at all; a refused job is not that.
    type Error;

    /// Submits jobs and answers for each, in order: its id, or why it was refused.
    ///
    /// # Errors
    /// When nothing was submitted.
    fn submit_many_jobs(
        &mut self,
        jobs: Vec<ChildJob>,
        parallel: Option<u32>,
    ) -> Result<Answers, Self::Error>;
}

/// The worker's half: checks what must be given, and executes. A dry run ends after the checks,
/// unless the unit can make a plan without carrying it out.
///
/// # Errors
/// The unit's.
pub fn run(opcode: &Opcode, env: &Env<'_>) -> Finished {
    let unit = lu::unit(&opcode.op);
    if env.interrupt.canceled() && env.attempt <= 1 {
        return Err(OpError::canceled().into());
    }
    unit.check(env)?;
    if opcode.common.dry_run && !unit.plans() {
        env.info("dry-run mode requested, not actually executing the operation");
        return Ok(Outcome::default());
    }
    unit.execute(env)
}

/// The transaction's half: the opcode's result on the wire. Jobs that the unit wants get what
/// children inherit, are submitted, and their answers stand under [`JOBS_KEY`]. `priority` is the
/// parent's as it is now: what was given later than the opcode counts, too.
///
/// # Errors
/// The callback's.
pub fn conclude<S: SubmitManyJobs>(
    parent: &Opcode,
    priority: Option<Priority>,
    result: UnitResult,
    callback: &mut S,
) -> Result<(Value, Answers), S::Error> {
    let with_jobs = match result {
        UnitResult::Value(value) => return Ok((value, vec![])),
        UnitResult::Jobs(with_jobs) => with_jobs,
    };
    let ResultWithJobs {
        mut jobs,
        other,
        parallel,
        planned_on: _,
    } = with_jobs;
    if parent.common.dry_run {
        jobs.clear();
    }
    for op in jobs.iter_mut().flat_map(|job| &mut job.ops) {
        inherit(parent, priority, op);
    }
    let answers = callback.submit_many_jobs(jobs, parallel)?;
    let wire = |answer: &Result<JobId, OpError>| match answer {
        Ok(id) => json!([true, id]),
        Err(refusal) => json!([false, refusal.message]),
    };
    let mut value: Map<String, Value> = other;
    value.insert(
        JOBS_KEY.to_owned(),
        answers.iter().map(wire).collect::<Vec<_>>().into(),
    );
    Ok((Value::Object(value), answers))
}

/// What a child has from its parent: debug level always; priority and comment if it has none of its
/// own; the parent's reason trail behind its own.
fn inherit(parent: &Opcode, priority: Option<Priority>, child: &mut Opcode) {
    let common = &mut child.common;
    common.debug_level = parent.common.debug_level;
    common.priority = common.priority.or(priority);
    if common.comment.is_none() {
        common.comment = Some(format!("Submitted by {}", parent.op.id()));
    }
    common.reason.extend(parent.common.reason.iter().cloned());
}
