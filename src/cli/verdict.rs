//! What became of an operation: its jobs and those that descend from them, summed up in a document.

use std::collections::BTreeMap;

use crate::lu::{Detail, net_moves};
use crate::opcodes::OpError;
use crate::queue::follow::Follower;
use crate::queue::{FinalStatus, JobId, Status};
use crate::store::{JobRow, OpRow};

use super::document::{Answer, Document, JobResult, OpResult, REFUSED, Summary, Verdict};
use super::exit::ExitCode;
use super::problem::Result;

pub(super) fn refused_result(
    instance: Option<String>,
    moves: Vec<crate::lu::Move>,
    ops: impl Iterator<Item = String>,
    error: &OpError,
) -> JobResult {
    JobResult {
        job: None,
        instance,
        status: REFUSED,
        error: Some(error.clone()),
        moves,
        ops: ops
            .map(|op| OpResult {
                op,
                status: REFUSED,
                result: serde_json::Value::Null,
            })
            .collect(),
    }
}

/// What is done to the instances of an operation: that tells what is said of those for which there is no
/// place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    /// They move.
    Move,
    /// They are created.
    Create,
}

impl Deed {
    /// By the opcodes of those that have a place.
    pub(super) fn of<'a>(mut ops: impl Iterator<Item = &'a str>) -> Deed {
        match ops.any(|op| op == "OP_INSTANCE_CREATE") {
            true => Deed::Create,
            false => Deed::Move,
        }
    }

    /// What an instance without a place does.
    pub(super) fn cannot(self) -> &'static str {
        match self {
            Deed::Move => "cannot move",
            Deed::Create => "cannot be placed",
        }
    }

    /// What became of it.
    pub(super) fn was_not(self) -> &'static str {
        match self {
            Deed::Move => "was not moved",
            Deed::Create => "was not created",
        }
    }
}

/// The jobs of a followed operation, with their opcodes.
#[derive(Debug)]
pub struct Family {
    jobs: BTreeMap<JobId, JobRow>,
    ops: BTreeMap<JobId, Vec<OpRow>>,
}

impl Family {
    /// What a follower has followed.
    ///
    /// # Errors
    /// When the queue cannot be read.
    pub fn of(follower: &Follower<'_>) -> Result<Family> {
        Ok(Family {
            jobs: follower.jobs().map(|job| (job.id, job.clone())).collect(),
            ops: follower.ops()?,
        })
    }

    fn ops(&self, id: JobId) -> &[OpRow] {
        self.ops.get(&id).map_or(&[], Vec::as_slice)
    }

    /// Whether a job returned jobs (or wanted to): its opcodes' results have answers.
    pub(super) fn is_parent(&self, id: JobId) -> bool {
        self.ops(id)
            .iter()
            .any(|op| op.result.get(crate::processor::JOBS_KEY).is_some())
    }

    /// The error that ended a job.
    fn error(&self, id: JobId) -> Option<&OpError> {
        let failed = |op: &&OpRow| matches!(op.status, Status::Error | Status::Canceled);
        self.ops(id).iter().find(failed)?.error.as_ref()
    }

    /// What became of one job.
    fn result(&self, job: &JobRow, instance: Option<String>) -> JobResult {
        let ops = self.ops(job.id);
        let told = ops.iter().find_map(|op| op.detail.instance.clone());
        JobResult {
            job: Some(job.id),
            instance: told.or(instance),
            status: job.status.word(),
            error: self.error(job.id).cloned(),
            moves: net_moves(ops.iter().flat_map(|op| op.detail.moves.clone()).collect()),
            ops: ops.iter().map(op_result).collect(),
        }
    }

    /// Adds to a document what became of a job and of those that it returned.
    fn tell(&self, document: &mut Document, id: JobId, name: Option<String>) {
        let Some(job) = self.jobs.get(&id) else {
            return;
        };
        let failed = matches!(job.status, Status::Error | Status::Canceled);
        if !self.is_parent(id) {
            for op in self.ops(id) {
                document
                    .unmovable
                    .extend(op.detail.unmovable.iter().cloned());
            }
            // A check has done its work when it has found something: what it checked has not passed.
            match self.is_found_wrong(id) {
                true => document.count(Status::Error),
                false => document.count(job.status),
            }
            self.tell_findings(document, id);
            document.results.push(self.result(job, name));
            return;
        }
        if failed {
            document.count(job.status);
        }
        for op in self.ops(id) {
            document
                .unmovable
                .extend(op.detail.unmovable.iter().cloned());
            self.tell_children(document, op);
        }
    }

    /// Whether a check found something wrong: then its result is `false`.
    fn is_found_wrong(&self, id: JobId) -> bool {
        self.checks(id).any(|op| op.result == false)
    }

    /// The opcodes of a job that check something.
    fn checks(&self, id: JobId) -> impl Iterator<Item = &OpRow> {
        let is_check = |op: &&OpRow| {
            let id = op.input.get("OP_ID").and_then(|id| id.as_str());
            id.is_some_and(|id| id.starts_with("OP_CLUSTER_VERIFY"))
        };
        self.ops(id).iter().filter(is_check)
    }

    fn tell_findings(&self, document: &mut Document, id: JobId) {
        for op in self.checks(id) {
            let findings = document.findings.get_or_insert_default();
            findings.extend(op.detail.findings.iter().cloned());
        }
    }

    fn tell_children(&self, document: &mut Document, parent: &OpRow) {
        let Some(answers) = parent.result.get(crate::processor::JOBS_KEY) else {
            return;
        };
        let answers = answers.as_array().map_or(&[][..], Vec::as_slice);
        let detail: &Detail = &parent.detail;
        for (place, answer) in answers.iter().enumerate() {
            let item = detail.plan.get(place);
            let instance = item.map(|item| item.instance.clone());
            if let Some(id) = answer.get(1).and_then(|id| id.as_i64()).map(JobId) {
                document.jobs.push(Answer::Taken(true, id));
                document.summary.submitted += 1;
                let before = document.results.len();
                self.tell(document, id, instance);
                // A child that has not got that far was still meant to move what was planned.
                if let (Some(item), Some(result)) = (item, document.results.get_mut(before))
                    && result.moves.is_empty()
                    && result.status != FinalStatus::Success.word()
                {
                    result.moves.clone_from(&item.moves);
                }
                continue;
            }
            let refused = detail.refused.iter().find(|refused| refused.place == place);
            let text = answer
                .get(1)
                .and_then(|text| text.as_str())
                .unwrap_or_default();
            let error = match refused {
                Some(refused) => refused.error.clone(),
                None => OpError::exec(text),
            };
            document
                .jobs
                .push(Answer::Refused(false, error.message.clone()));
            document.summary.refused += 1;
            let moves = item.map(|item| item.moves.clone()).unwrap_or_default();
            let ops = item.map(|item| item.ops.clone()).unwrap_or_default();
            (document.results).push(refused_result(instance, moves, ops.into_iter(), &error));
        }
    }
}

fn op_result(op: &OpRow) -> OpResult {
    let id = op
        .input
        .get("OP_ID")
        .and_then(|id| id.as_str())
        .unwrap_or("INVALID_OP");
    OpResult {
        op: id.to_owned(),
        status: op.status.word(),
        result: match op.error {
            Some(_) => serde_json::Value::Null,
            None => op.result.clone(),
        },
    }
}

impl Document {
    /// What was done, by the jobs that there were.
    pub(super) fn deed(&self) -> Deed {
        let ops = self.results.iter().flat_map(|result| &result.ops);
        Deed::of(ops.map(|op| op.op.as_str()))
    }

    pub(super) fn count(&mut self, status: Status) {
        match status {
            Status::Success => self.summary.succeeded += 1,
            Status::Error => self.summary.failed += 1,
            Status::Canceled => self.summary.canceled += 1,
            Status::Queued | Status::Waiting | Status::Canceling | Status::Running => {}
        }
    }

    /// Verdict and exit code from what became of the jobs.
    pub fn judge(&mut self, parent_failed: bool) {
        let summary = &mut self.summary;
        summary.unmovable = self.unmovable.len();
        let wrong = summary.refused + summary.failed + summary.canceled + summary.unmovable;
        let (verdict, exit) = match (parent_failed, wrong, summary.succeeded) {
            (true, ..) => (Verdict::Failed, ExitCode::Failed),
            // Of a check no part counts: what is wrong is wrong.
            (false, 1.., _) if self.findings.is_some() => (Verdict::Failed, ExitCode::Failed),
            (false, 0, _) => (Verdict::Done, ExitCode::Done),
            (false, _, 0) => (Verdict::Failed, ExitCode::Failed),
            (false, ..) => (Verdict::Partial, ExitCode::Partial),
        };
        self.verdict = verdict;
        self.exit = exit.number();
    }

    /// How many things went wrong.
    #[must_use]
    pub fn errors(&self) -> usize {
        let summary = &self.summary;
        summary.refused + summary.failed + summary.canceled + summary.unmovable
    }
}

/// The document of jobs that were followed, whoever submitted them. Each named job that returned
/// others is judged by these.
///
/// # Errors
/// When the queue cannot be read.
pub fn document(
    command: &str,
    follower: &Follower<'_>,
    named: &[(JobId, Option<String>)],
) -> Result<Document> {
    let family = Family::of(follower)?;
    let mut document = Document::new(command, Verdict::Done, 0);
    let mut parent_failed = false;
    for (id, name) in named {
        family.tell(&mut document, *id, name.clone());
        let job = family.jobs.get(id);
        let failed = job.is_some_and(|j| matches!(j.status, Status::Error | Status::Canceled));
        parent_failed |= failed && named.len() == 1;
        if named.len() == 1 {
            document.job = Some(*id);
            document.status = job.map(|job| job.status);
            document.error = family.error(*id).cloned();
        }
    }
    document.judge(parent_failed);
    Ok(document)
}

pub(super) fn exit_of(document: &Document) -> ExitCode {
    match document.verdict {
        Verdict::Done => ExitCode::Done,
        Verdict::Partial => ExitCode::Partial,
        _ => ExitCode::Failed,
    }
}

/// The jobs that did not end well, and why.
#[must_use]
pub fn wrongs(document: &Document) -> Vec<(JobId, String)> {
    let mut wrongs: Vec<(JobId, String)> = (document.results.iter())
        .filter_map(|result| {
            let error = result.error.as_ref()?;
            Some((result.job?, error.message.clone()))
        })
        .collect();
    if let (Some(job), Some(error)) = (document.job, &document.error)
        && !wrongs.iter().any(|(id, _)| *id == job)
    {
        wrongs.push((job, error.message.clone()));
    }
    wrongs
}

/// The verdict of jobs that somebody else submitted.
#[must_use]
pub fn in_words(document: &Document) -> String {
    let Summary {
        succeeded,
        failed,
        canceled,
        refused,
        unmovable,
        ..
    } = document.summary;
    let parts = [
        (succeeded, "succeeded"),
        (failed, "failed"),
        (canceled, "canceled"),
        (refused, "refused"),
        (unmovable, document.deed().cannot()),
    ];
    let parts: Vec<String> = (parts.iter())
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    match parts.is_empty() {
        true => format!("{}: nothing to do", document.verdict),
        false => format!("{}: {}", document.verdict, parts.join(", ")),
    }
}
