//! What `--json` prints: typed, versioned, only ever added to.

use serde::Serialize;
use serde_json::Value;

use crate::clock::now;
use crate::lu::{Move, PlanItem, UnmovableItem};
use crate::opcodes::{OpError, words};
use crate::queue::{JobId, Status};

use super::table::utc_time;

/// The version of every document. Fields are added without raising it; it is raised if one ever has
/// to change its meaning.
pub const SCHEMA: u32 = 1;

words! {
    /// What became of a command.
    Verdict {
        /// All of it is done, also when there was nothing to do.
        Done = "done",
        /// Some of it is done.
        Partial = "partial",
        /// None of it is done.
        Failed = "failed",
        /// The queue did not take it.
        Refused = "refused",
        /// It was not confirmed.
        Declined = "declined",
        /// It goes on, nobody waits for it here.
        Detached = "detached",
        /// It goes on; `--submit` or the time to wait is over.
        Running = "running",
    }
}

/// The document of an operation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Document {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The command, such as `gnt-node evacuate`.
    pub command: String,
    /// What became of it.
    pub verdict: Verdict,
    /// The exit code.
    pub exit: u8,
    /// The job that was submitted; null where none or several were.
    pub job: Option<JobId>,
    /// Its state.
    pub status: Option<Status>,
    /// Why it failed.
    pub error: Option<OpError>,
    /// What the queue answered for the jobs that it returned, in order.
    pub jobs: Vec<Answer>,
    /// Instances that cannot move.
    pub unmovable: Vec<UnmovableItem>,
    /// What became of each job.
    pub results: Vec<JobResult>,
    /// The same in numbers.
    pub summary: Summary,
    /// With `--dry-run`: what would be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<Vec<PlanItem>>,
}

/// `[true, id]` or `[false, reason]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// It was taken.
    Taken(bool, JobId),
    /// It was refused.
    Refused(bool, String),
}

impl Answer {
    /// The form of an answer in a document.
    #[must_use]
    pub fn of(answer: &Result<JobId, OpError>) -> Answer {
        match answer {
            Ok(id) => Answer::Taken(true, *id),
            Err(error) => Answer::Refused(false, error.message.clone()),
        }
    }
}

/// What became of one job.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct JobResult {
    /// Its id; null if it was refused.
    pub job: Option<JobId>,
    /// The instance that it was about.
    pub instance: Option<String>,
    /// Its state, or `refused`.
    pub status: &'static str,
    /// Why it failed or was refused.
    pub error: Option<OpError>,
    /// What it moved, or was to move.
    pub moves: Vec<Move>,
    /// Its opcodes.
    pub ops: Vec<OpResult>,
}

/// What became of one opcode.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OpResult {
    /// Its `OP_ID`.
    pub op: String,
    /// Its state; `refused` with its job.
    pub status: &'static str,
    /// Its result on the wire; left out for the jobs of an operation, whose results are null.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub result: Value,
}

/// The word for a job that the queue did not take.
pub const REFUSED: &str = "refused";

/// The results in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Jobs that the queue took.
    pub submitted: usize,
    /// Jobs that it did not.
    pub refused: usize,
    /// Jobs that ended well.
    pub succeeded: usize,
    /// Jobs that ended badly.
    pub failed: usize,
    /// Jobs that were cancelled.
    pub canceled: usize,
    /// Instances that cannot move.
    pub unmovable: usize,
}

impl Document {
    /// A document of a command that has got nowhere yet.
    #[must_use]
    pub fn new(command: &str, verdict: Verdict, exit: u8) -> Document {
        Document {
            schema: SCHEMA,
            command: command.to_owned(),
            verdict,
            exit,
            job: None,
            status: None,
            error: None,
            jobs: vec![],
            unmovable: vec![],
            results: vec![],
            summary: Summary::default(),
            plan: None,
        }
    }

    /// The last event of a stream, on one line.
    #[must_use]
    pub fn event(&self) -> String {
        let mut value = serde_json::to_value(self).unwrap_or_default();
        value["event"] = Value::from("verdict");
        value["time"] = Value::from(utc_time(now()));
        value.to_string()
    }

    /// The text: one line, ended.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = serde_json::to_string(self).unwrap_or_default();
        text.push('\n');
        text
    }
}
