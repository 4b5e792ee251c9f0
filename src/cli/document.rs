//! What `--json` prints: typed, versioned, only ever added to.

use serde::Serialize;
use serde_json::Value;

use crate::clock::now;
use crate::lu::{Finding, Move, PlanItem, UnmovableItem};
use crate::opcodes::{OpError, words};
use crate::queue::{JobId, Status};

use super::deadline::DeadlineState;
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
        /// It goes on; `--submit`, or the time to wait is over, or the deadline of what goes on after it has passed.
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
    /// The operation's deadline; absent where it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline: Option<DeadlineState>,
    /// What a check of the cluster found; absent where nothing was checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub findings: Option<Vec<Finding>>,
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

impl Summary {
    fn add(&mut self, other: &Summary) {
        self.submitted += other.submitted;
        self.refused += other.refused;
        self.succeeded += other.succeeded;
        self.failed += other.failed;
        self.canceled += other.canceled;
        self.unmovable += other.unmovable;
    }
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
            deadline: None,
            findings: None,
            plan: None,
        }
    }

    /// The document of a command that consists of several operations, one after the other, and ended with
    /// this code.
    #[must_use]
    pub fn of_several(command: &str, exit: u8, parts: Vec<Document>) -> Document {
        // The one that gave the code tells what became of the whole.
        let verdict = parts.iter().find(|part| part.exit == exit);
        let verdict = verdict.map_or(Verdict::Failed, |part| part.verdict);
        let mut whole = Document::new(command, verdict, exit);
        for part in parts {
            whole.jobs.extend(part.job.map(|id| Answer::of(&Ok(id))));
            whole.error = whole.error.or(part.error);
            whole.unmovable.extend(part.unmovable);
            whole.results.extend(part.results);
            whole.summary.add(&part.summary);
            whole.deadline = part.deadline.or(whole.deadline);
            if let Some(plan) = part.plan {
                whole.plan.get_or_insert_default().extend(plan);
            }
        }
        whole
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::opcodes::ErrorCode;

    #[test]
    fn a_document_is_a_line_with_all_its_fields() {
        let text = Document::new("gnt-node evacuate", Verdict::Declined, 13).text();
        assert!(text.ends_with("}\n") && text.lines().count() == 1);
        let value: Value = serde_json::from_str(&text).unwrap();
        let expected = json!({
            "schema": SCHEMA, "command": "gnt-node evacuate", "verdict": "declined", "exit": 13,
            "job": null, "status": null, "error": null, "jobs": [], "unmovable": [], "results": [],
            "summary": {"submitted": 0, "refused": 0, "succeeded": 0, "failed": 0, "canceled": 0,
                "unmovable": 0},
        });
        assert_eq!(value, expected);
        // It is there only with --dry-run; no field may come or go unseen.
        let mut document = Document::new("x", Verdict::Done, 0);
        document.plan = Some(vec![]);
        assert!(document.text().contains("\"plan\":[]"));
    }

    #[test]
    fn several_operations_have_one_document() {
        let part = |job, verdict, exit, succeeded| {
            let mut part = Document::new("x", verdict, exit);
            part.job = Some(JobId(job));
            part.summary.succeeded = succeeded;
            part
        };
        let parts = vec![
            part(1, Verdict::Done, 0, 2),
            part(4, Verdict::Partial, 3, 1),
        ];
        let whole = Document::of_several("x", 3, parts);
        assert_eq!(
            (whole.verdict, whole.exit, whole.job),
            (Verdict::Partial, 3, None)
        );
        assert_eq!(json!(whole.jobs), json!([[true, 1], [true, 4]]));
        assert_eq!(whole.summary.succeeded, 3);
    }

    #[test]
    fn answers_are_pairs_as_on_the_wire() {
        let refusal = OpError::prereq(ErrorCode::QueueFull, "full");
        assert_eq!(json!(Answer::of(&Ok(JobId(7)))), json!([true, 7]));
        assert_eq!(json!(Answer::of(&Err(refusal))), json!([false, "full"]));
    }

    #[test]
    fn an_opcode_without_a_result_has_no_key_for_it() {
        let with = |result| OpResult {
            op: "OP_TEST_DUMMY".into(),
            status: REFUSED,
            result,
        };
        assert_eq!(
            json!(with(Value::Null)),
            json!({"op": "OP_TEST_DUMMY", "status": "refused"})
        );
        assert_eq!(json!(with(json!(1)))["result"], 1);
    }

    #[test]
    fn lines_of_others_stay_in_the_line() {
        let mut document = Document::new("x", Verdict::Failed, 1);
        document.error = Some(OpError::exec("a\nb\u{1b}"));
        assert_eq!(document.text().lines().count(), 1);
        assert!(!document.text().contains('\u{1b}'));
    }
}
