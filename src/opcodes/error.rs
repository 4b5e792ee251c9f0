//! How an opcode fails: Ganeti's exception classes and error codes, with a hint.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::types::words;

words! {
    /// What kind of failure it is, by the name of Ganeti's exception.
    ErrorClass {
        /// The operation was not begun: something it needs is not given.
        OpPrereqError = "OpPrereqError",
        /// The operation was begun and failed.
        OpExecError = "OpExecError",
        /// The job was cancelled.
        JobCanceled = "JobCanceled",
        /// The queue holds as many unfinished jobs as it may.
        JobQueueFull = "JobQueueFull",
        /// The queue takes no jobs.
        JobQueueDrainError = "JobQueueDrainError",
        /// The filter of a list makes no sense.
        QueryFilterParseError = "QueryFilterParseError",
        /// Anything else: the text tells.
        GenericError = "GenericError",
    }
}

words! {
    /// Machine-readable reason. The first ten are Ganeti's (`ECODE_…`); the rest are ours.
    ErrorCode {
        /// A name could not be resolved.
        ResolverError = "resolver_error",
        /// Not enough memory, disk or CPU, or no node to go to.
        InsufficientResources = "insufficient_resources",
        /// The same, but trying again may help.
        TempInsufficientResources = "temp_insufficient_resources",
        /// Parameters that make no sense.
        WrongInput = "wrong_input",
        /// An object is not in the state that this needs.
        WrongState = "wrong_state",
        /// Something named does not exist.
        UnknownEntity = "unknown_entity",
        /// Something that is to be made exists.
        AlreadyExists = "already_exists",
        /// A name or address is used twice.
        ResourceNotUnique = "resource_not_unique",
        /// A bug.
        InternalError = "internal_error",
        /// A node or tool did not do its part.
        EnvironmentError = "environment_error",
        /// The queue is full.
        QueueFull = "queue_full",
        /// The queue is drained.
        QueueDrained = "queue_drained",
        /// A job that this one depends on is missing, refused, or ended otherwise than wanted.
        BadDependency = "bad_dependency",
        /// Not an opcode.
        InvalidOpcode = "invalid_opcode",
        /// Cancelled by request.
        Canceled = "canceled",
        /// The deadline of its operation passed before it began.
        DeadlinePassed = "deadline_passed",
        /// A limit of time passed; what happened was looked up and is in the text.
        Timeout = "timeout",
        /// It is not known what happened; the instance is marked uncertain.
        Unknown = "unknown_outcome",
        /// An earlier opcode of the job failed.
        PrecedingFailed = "preceding_failed",
    }
}

/// Why an opcode failed or a job was refused: what happened to what and why, and what to do next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct OpError {
    /// Ganeti's exception.
    pub class: ErrorClass,
    /// The reason, for programs.
    #[serde(default)]
    pub code: Option<ErrorCode>,
    /// The reason, for people.
    pub message: String,
    /// What to do next.
    #[serde(default)]
    pub hint: Option<String>,
}

impl OpError {
    /// Something that the operation needs is not given.
    #[must_use]
    pub fn prereq(code: ErrorCode, message: impl Into<String>) -> OpError {
        OpError::new(ErrorClass::OpPrereqError, Some(code), message)
    }

    /// The operation failed on the way.
    #[must_use]
    pub fn exec(message: impl Into<String>) -> OpError {
        OpError::new(ErrorClass::OpExecError, None, message)
    }

    /// The job was cancelled.
    #[must_use]
    pub fn canceled() -> OpError {
        OpError::new(
            ErrorClass::JobCanceled,
            Some(ErrorCode::Canceled),
            "Job canceled by request",
        )
    }

    /// The deadline of its operation passed before this was done.
    #[must_use]
    pub fn deadline_passed(before: &str) -> OpError {
        OpError::new(
            ErrorClass::JobCanceled,
            Some(ErrorCode::DeadlinePassed),
            format!("the deadline of its operation passed before {before}"),
        )
        .hint("the same command takes up what is left; it needs a new request id if it had one")
    }

    /// An error of these parts.
    #[must_use]
    pub fn new(class: ErrorClass, code: Option<ErrorCode>, message: impl Into<String>) -> OpError {
        OpError {
            class,
            code,
            message: message.into(),
            hint: None,
        }
    }

    /// The same with another code.
    #[must_use]
    pub fn code(mut self, code: ErrorCode) -> OpError {
        self.code = Some(code);
        self
    }

    /// The same with a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> OpError {
        self.hint = Some(hint.into());
        self
    }

    /// The opcode's result on the wire: `["OpPrereqError", ["text", "wrong_state"]]`.
    #[must_use]
    pub fn to_wire(&self) -> Value {
        match self.code {
            Some(code) if self.class == ErrorClass::OpPrereqError => {
                json!([self.class.word(), [self.message, code.word()]])
            }
            _ => json!([self.class.word(), [self.message]]),
        }
    }
}
