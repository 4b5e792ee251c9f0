//! Jobs and opcodes: their rows. [`read`] finds them, [`write`] changes them in a transaction.

mod read;
mod write;

use std::sync::Arc;

use rusqlite::Row;
use serde_json::Value;

use crate::lu::Detail;
use crate::opcodes::{OpError, Priority};
use crate::queue::{JobId, Status};

/// The factor of an opcode's key: above the most opcodes that a job may have.
const OPS: i64 = 1_024;
const _: () = assert!(crate::limits::OPCODES_PER_JOB <= OPS as usize);

/// The key of an opcode: its job's id times 1024 plus its place, from 0.
#[must_use]
pub fn op_key(job: JobId, index: u32) -> i64 {
    job.0 * OPS + i64::from(index)
}

/// The lowest and the highest key that opcodes of a job can have.
pub(in crate::store) fn job_keys(job: JobId) -> (i64, i64) {
    (op_key(job, 0), op_key(job, 0) + OPS - 1)
}

/// A job as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobRow {
    /// Its identity.
    pub id: JobId,
    /// The job whose opcode submitted it.
    pub parent: Option<JobId>,
    /// The first job of its operation: itself, unless it has a parent.
    pub root: JobId,
    /// Its state.
    pub status: Status,
    /// Its priority: −10, 0 or 10.
    pub priority: Priority,
    /// When it was submitted, in microseconds since 1970.
    pub received: i64,
    /// When its first opcode began.
    pub started: Option<i64>,
    /// When it ended.
    pub ended: Option<i64>,
    /// Whether it is to be cancelled.
    pub cancel: bool,
    /// How many of its children run at once at most.
    pub parallel: Option<u32>,
    /// How many opcodes it has.
    pub ops: u32,
    /// Its opcodes in short, joined by commas.
    pub summary: String,
    /// The name under which it was submitted, so that a second submission joins it.
    pub request: Option<String>,
    /// Who submitted it, as JSON. Jobs that were submitted together share it.
    pub submitter: Arc<str>,
    /// Whether it is in the archive.
    pub archived: bool,
}

/// An opcode as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct OpRow {
    /// Its job.
    pub job: JobId,
    /// Its place in the job, from 0.
    pub index: u32,
    /// Its state.
    pub status: Status,
    /// How often it was started.
    pub starts: u32,
    /// When it first waited for locks or began, in microseconds since 1970.
    pub started: Option<i64>,
    /// When it had its locks.
    pub executing: Option<i64>,
    /// When it ended.
    pub ended: Option<i64>,
    /// First and last id of the jobs that it submitted.
    pub children: Option<(JobId, JobId)>,
    /// Its wire form.
    pub input: Value,
    /// Its result on the wire.
    pub result: Value,
    /// What documents are made from.
    pub detail: Detail,
    /// Why it failed.
    pub error: Option<OpError>,
}

/// One line of an opcode's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    /// Which opcode of the job, from 0.
    pub index: u32,
    /// Its number within the job, from 1.
    pub serial: i64,
    /// When, in microseconds since 1970.
    pub time: i64,
    /// What kind; `message` is text for people.
    pub kind: String,
    /// The text.
    pub message: String,
}

/// A job that is to be inserted.
#[derive(Debug)]
pub struct InsertJob<'a> {
    /// Its id, see [`Tx::next_job_id`](crate::store::Tx::next_job_id).
    pub id: JobId,
    /// The job whose opcode submits it, and the first job of its operation.
    pub parent: Option<(JobId, JobId)>,
    /// Its priority.
    pub priority: Priority,
    /// Its opcodes in short.
    pub summary: &'a str,
    /// The name under which it is submitted.
    pub request: Option<&'a str>,
    /// Who submits it, as JSON.
    pub submitter: &'a str,
    /// How many opcodes it has.
    pub ops: usize,
    /// When.
    pub received: i64,
}

pub(in crate::store) const JOB_COLUMNS: &str = "id, parent, root, status, priority, received, started, ended, cancel, \
    parallel, ops, summary, request, submitter";
pub(in crate::store) const OP_COLUMNS: &str = "id, status, starts, started, executing, ended, first_child, last_child, \
    input, result, detail, error";

/// A row as a job; `submitter` is that of the row before, and then of this one.
pub(in crate::store) fn job_of(
    row: &Row<'_>,
    archived: bool,
    submitter: &mut Arc<str>,
) -> rusqlite::Result<JobRow> {
    let text = row.get_ref(13)?.as_str()?;
    if **submitter != *text {
        *submitter = text.into();
    }
    Ok(JobRow {
        id: JobId(row.get(0)?),
        parent: row.get::<_, Option<i64>>(1)?.map(JobId),
        root: JobId(row.get(2)?),
        status: Status::from_code(row.get(3)?).unwrap_or(Status::Error),
        priority: Priority::from_number(row.get(4)?).unwrap_or_default(),
        received: row.get(5)?,
        started: row.get(6)?,
        ended: row.get(7)?,
        cancel: row.get(8)?,
        parallel: row.get(9)?,
        ops: row.get(10)?,
        summary: row.get(11)?,
        request: row.get(12)?,
        submitter: Arc::clone(submitter),
        archived,
    })
}

pub(in crate::store) fn op_of(row: &Row<'_>) -> rusqlite::Result<OpRow> {
    let key: i64 = row.get(0)?;
    let json = |nr| -> rusqlite::Result<Option<String>> { row.get(nr) };
    // What does not parse was not written by this program: shown as nothing rather than hidden
    // together with the rest of the row.
    fn parse<T: serde::de::DeserializeOwned + Default>(text: Option<String>) -> T {
        text.and_then(|t| serde_json::from_str(&t).ok())
            .unwrap_or_default()
    }
    let (first, last): (Option<i64>, Option<i64>) = (row.get(6)?, row.get(7)?);
    Ok(OpRow {
        job: JobId(key / OPS),
        index: (key % OPS) as u32,
        status: Status::from_code(row.get(1)?).unwrap_or(Status::Error),
        starts: row.get(2)?,
        started: row.get(3)?,
        executing: row.get(4)?,
        ended: row.get(5)?,
        children: first.zip(last).map(|(a, b)| (JobId(a), JobId(b))),
        input: parse(json(8)?),
        result: parse(json(9)?),
        detail: parse(json(10)?),
        error: parse(json(11)?),
    })
}

/// A job's row inside a transaction, as far as deciding what to do with it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobState {
    /// Its state.
    pub status: Status,
    /// Whether it is to be cancelled.
    pub cancel: bool,
    /// The first job of its operation.
    pub root: JobId,
}
