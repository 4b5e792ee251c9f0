//! What a job may be: the limits to which every submission is held, whoever submits.

use crate::limits::{
    DEPENDENCIES, JOB_BYTES, JSON_DEPTH, NAME_BYTES, OPCODE_BYTES, OPCODES_PER_JOB, REASON_BYTES,
    REASONS, json_depth,
};
use crate::opcodes::{ErrorClass, ErrorCode, OpError, Opcode};

/// Refuses a job that has no opcode, too many, or one that is not what it may be; how large they are is
/// looked at when they are written out ([`Sizes`]).
///
/// # Errors
/// The refusal, which names the opcode by its place.
pub(super) fn check(ops: &[Opcode]) -> Result<(), OpError> {
    if ops.is_empty() {
        return Err(invalid("a job needs at least one opcode".into()));
    }
    if ops.len() > OPCODES_PER_JOB {
        let given = ops.len();
        return Err(invalid(format!(
            "a job has at most {OPCODES_PER_JOB} opcodes, this one has {given}"
        )));
    }
    for (index, op) in ops.iter().enumerate() {
        check_opcode(index, op)?;
    }
    Ok(())
}

/// How large a job is: its opcodes as they are stored.
#[derive(Debug, Default)]
pub(super) struct Sizes {
    bytes: usize,
}

impl Sizes {
    /// Refuses an opcode that is too large or too deep; so many of its bytes are not its own.
    ///
    /// # Errors
    /// The refusal, which names the opcode by its place.
    pub(super) fn check(&mut self, index: usize, text: &str, added: usize) -> Result<(), OpError> {
        if json_depth(text) > JSON_DEPTH {
            return Err(invalid(format!(
                "opcode {index} of the job is nested deeper than {JSON_DEPTH} levels"
            )));
        }
        let bytes = text.len() - added;
        if bytes > OPCODE_BYTES {
            return Err(invalid(format!(
                "opcode {index} of the job is larger than {OPCODE_BYTES} bytes"
            )));
        }
        self.bytes += bytes;
        Ok(())
    }

    /// Refuses a job whose opcodes are too large together.
    ///
    /// # Errors
    /// The refusal.
    pub(super) fn check_job(&self) -> Result<(), OpError> {
        match self.bytes > JOB_BYTES {
            true => Err(invalid(format!(
                "the opcodes of a job have at most {JOB_BYTES} bytes, these have {}",
                self.bytes
            ))),
            false => Ok(()),
        }
    }
}

/// What an opcode may be, but for its size.
fn check_opcode(index: usize, op: &Opcode) -> Result<(), OpError> {
    if let Some(name) = op.op.subject().filter(|name| name.len() > NAME_BYTES) {
        let start: String = name.chars().take(40).collect();
        return Err(invalid(format!(
            "a name has at most {NAME_BYTES} bytes, {start}… has {}",
            name.len()
        )));
    }
    let common = &op.common;
    if common.reason.len() > REASONS {
        return Err(invalid(format!(
            "the reason of opcode {index} has more than {REASONS} entries"
        )));
    }
    let reasons = common.reason.iter().flat_map(|entry| [&entry.0, &entry.1]);
    if (reasons.chain(&common.comment)).any(|text| text.len() > REASON_BYTES) {
        return Err(invalid(format!(
            "a reason or comment of opcode {index} is longer than {REASON_BYTES} bytes"
        )));
    }
    if common.depends.len() > DEPENDENCIES {
        return Err(bad_dependency(format!(
            "opcode {index} of the job depends on more than {DEPENDENCIES} jobs"
        )));
    }
    Ok(())
}

pub(super) fn invalid(message: String) -> OpError {
    OpError::prereq(ErrorCode::InvalidOpcode, message)
}

pub(super) fn bad_dependency(message: String) -> OpError {
    OpError::new(
        ErrorClass::OpPrereqError,
        Some(ErrorCode::BadDependency),
        message,
    )
}
