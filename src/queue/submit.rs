//! Submitting jobs: each is accepted or refused on its own, in order, with a reason.

use crate::allocator::Claim;
use crate::clock::now;
use crate::limits::JOBS_PER_SUBMISSION;
use crate::opcodes::{
    Dependency, ErrorClass, ErrorCode, JobRef, OpError, Opcode, Priority, Reason,
};
use crate::store::{InsertJob, StoreError, Tx};

use super::bounds::{self, bad_dependency, invalid};
use super::types::JobId;

/// One job that is to be submitted.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// Its opcodes; or why what was given are none.
    pub ops: Result<Vec<Opcode>, OpError>,
    /// Room that it needs until it ends.
    pub claims: Vec<Claim>,
}

impl NewJob {
    /// A job of these opcodes.
    #[must_use]
    pub fn of(ops: Vec<Opcode>) -> NewJob {
        NewJob {
            ops: Ok(ops),
            claims: vec![],
        }
    }
}

/// From where jobs are submitted.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'a> {
    /// The job whose opcode submits them, and the first job of its operation.
    pub parent: Option<(JobId, JobId)>,
    /// Who submits them, as JSON.
    pub submitter: &'a str,
    /// The name under which the first of them is submitted.
    pub request: Option<&'a str>,
}

/// The answers, in the order of the jobs: an id, or the reason of the refusal.
pub type Answers = Vec<Result<JobId, OpError>>;

/// Ganeti's `SubmitManyJobs`, but no job's refusal refuses another one (unless it depends on it).
///
/// # Errors
/// [`StoreError`] of the database only.
pub fn submit_many(
    tx: &mut Tx<'_>,
    jobs: Vec<NewJob>,
    origin: &Origin<'_>,
) -> Result<Answers, StoreError> {
    let (drained, limit) = tx.admission()?;
    let mut unfinished = tx.unfinished()?;
    let mut request = origin.request;
    let mut answers: Answers = Vec::with_capacity(jobs.len());
    for (place, NewJob { ops, claims }) in jobs.into_iter().enumerate() {
        let answer = if drained {
            Err(drained_error())
        } else if unfinished >= limit {
            Err(full_error(limit))
        } else if place >= JOBS_PER_SUBMISSION {
            Err(invalid(format!(
                "more than {JOBS_PER_SUBMISSION} jobs in one submission"
            )))
        } else {
            let ready = match ops {
                Ok(ops) => prepare(tx, ops, place, &answers)?,
                Err(refusal) => Err(refusal),
            };
            match ready {
                Err(refusal) => Err(refusal),
                Ok(ready) => {
                    let id = insert(tx, &ready, &claims, origin, request.take())?;
                    unfinished += 1;
                    Ok(id)
                }
            }
        };
        answers.push(answer);
    }
    Ok(answers)
}

/// The refusal of a drained queue.
fn drained_error() -> OpError {
    OpError::new(
        ErrorClass::JobQueueDrainError,
        Some(ErrorCode::QueueDrained),
        "job queue is drained, it takes no jobs",
    )
    .hint("gnt-cluster queue undrain lets it take jobs again")
}

/// The refusal of a full queue.
fn full_error(limit: u64) -> OpError {
    OpError::new(
        ErrorClass::JobQueueFull,
        Some(ErrorCode::QueueFull),
        format!("job queue is full ({limit} unfinished jobs)"),
    )
    .hint("wait until jobs have ended, or raise the limit: gnt-cluster modify --queue-limit N")
}

/// A job that will be accepted: what is stored of its opcodes.
struct Ready {
    /// The id that it will get.
    id: JobId,
    received: i64,
    priority: Priority,
    summary: String,
    /// Its opcodes on the wire, with dependencies by id and an entry for this job in their reasons.
    texts: Vec<String>,
}

/// What is stored of a job; or why it is refused.
fn prepare(
    tx: &mut Tx<'_>,
    mut ops: Vec<Opcode>,
    place: usize,
    before: &Answers,
) -> Result<Result<Ready, OpError>, StoreError> {
    if let Err(refusal) = bounds::check(&ops) {
        return Ok(Err(refusal));
    }
    for dependency in ops.iter_mut().flat_map(|op| &mut op.common.depends) {
        if let Err(refusal) = resolve_one(tx, dependency, place, before)? {
            return Ok(Err(refusal));
        }
    }
    let id = tx.next_job_id()?;
    let received = now();
    let mut texts = vec![];
    let mut sizes = bounds::Sizes::default();
    for (index, op) in ops.iter_mut().enumerate() {
        let name = op.op.id().trim_start_matches("OP_").to_lowercase();
        let entry = Reason(
            format!("gnt:opcode:{name}"),
            format!("job={id};index={index}"),
            received.saturating_mul(1_000),
        );
        // An opcode is as large as it was given: what is added here counts for nothing.
        let comma = usize::from(!op.common.reason.is_empty());
        let added = entry.to_text().len() + comma;
        op.common.reason.push(entry);
        let text = op.to_text();
        if let Err(refusal) = sizes.check(index, &text, added) {
            return Ok(Err(refusal));
        }
        texts.push(text);
    }
    if let Err(refusal) = sizes.check_job() {
        return Ok(Err(refusal));
    }
    let summary: Vec<String> = ops.iter().map(Opcode::summary).collect();
    let priority = ops.iter().map(Opcode::priority).min();
    Ok(Ok(Ready {
        id,
        received,
        priority: priority.unwrap_or(Priority::Normal),
        summary: summary.join(","),
        texts,
    }))
}

fn resolve_one(
    tx: &Tx<'_>,
    dependency: &mut Dependency,
    place: usize,
    before: &Answers,
) -> Result<Result<(), OpError>, StoreError> {
    match dependency.job {
        JobRef::Id(id) => Ok(match tx.state(id)? {
            Some(_) => Ok(()),
            None => Err(bad_dependency(format!(
                "it depends on job {id}, which does not exist"
            ))),
        }),
        JobRef::Back(places) => {
            let sibling = place.checked_sub(places as usize);
            let Some(answer) = sibling.and_then(|place| before.get(place)) else {
                return Ok(Err(bad_dependency(format!(
                    "it depends on the job {places} places before it, and there are {place} before it"
                ))));
            };
            Ok(match answer {
                Ok(id) => {
                    dependency.job = JobRef::Id(*id);
                    Ok(())
                }
                Err(refusal) => Err(bad_dependency(format!(
                    "it depends on the job {places} places before it, which was refused: {refusal}"
                ))),
            })
        }
    }
}

fn insert(
    tx: &mut Tx<'_>,
    job: &Ready,
    claims: &[Claim],
    origin: &Origin<'_>,
    request: Option<&str>,
) -> Result<JobId, StoreError> {
    tx.insert_job(&InsertJob {
        id: job.id,
        parent: origin.parent,
        priority: job.priority,
        summary: &job.summary,
        request,
        submitter: origin.submitter,
        ops: job.texts.len(),
        received: job.received,
    })?;
    for (index, text) in (0_u32..).zip(&job.texts) {
        tx.insert_op(job.id, index, text)?;
    }
    tx.claim(job.id, claims)?;
    Ok(job.id)
}
