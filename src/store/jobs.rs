//! Jobs and opcodes: their rows.

use rusqlite::types::Value as Sql;
use rusqlite::{Params, Row, params, params_from_iter};
use serde_json::Value;

use crate::lu::Detail;
use crate::opcodes::{OpError, Priority};
use crate::queue::{JobId, Status};

use super::{Store, StoreError, Tx, now};

/// Opcodes that one job may have. An opcode's key is its job's id times 1024 plus its place.
pub const MAX_OPS: usize = 1_000;

/// The factor of an opcode's key.
const OPS: i64 = 1_024;

/// The key of an opcode: its job's id times 1024 plus its place, from 0.
#[must_use]
pub fn op_key(job: JobId, index: u32) -> i64 {
    job.0 * OPS + i64::from(index)
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
    /// Who submitted it, as JSON.
    pub submitter: String,
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

const JOB_COLUMNS: &str = "id, parent, root, status, priority, received, started, ended, cancel, \
    parallel, ops, summary, request, submitter";
const OP_COLUMNS: &str = "id, status, starts, started, executing, ended, first_child, last_child, \
    input, result, detail, error";

fn job_of(row: &Row<'_>, archived: bool) -> rusqlite::Result<JobRow> {
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
        submitter: row.get(13)?,
        archived,
    })
}

fn op_of(row: &Row<'_>) -> rusqlite::Result<OpRow> {
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

impl Store {
    pub(super) fn rows<T>(
        &self,
        sql: &str,
        params: impl Params,
        mut read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        let get = || {
            let mut query = self.db.prepare_cached(sql)?;
            let rows = query.query_map(params, |row| read(row))?;
            rows.collect::<rusqlite::Result<Vec<T>>>()
        };
        get().map_err(|error| self.wrong(error))
    }

    /// A job by its id, archived or not.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn job(&self, id: JobId) -> Result<Option<JobRow>, StoreError> {
        for (table, archived) in [("job", false), ("job_archive", true)] {
            let sql = format!("SELECT {JOB_COLUMNS} FROM {table} WHERE id = ?1");
            let mut rows = self.rows(&sql, [id.0], |row| job_of(row, archived))?;
            if let Some(job) = rows.pop() {
                return Ok(Some(job));
            }
        }
        Ok(None)
    }

    /// The job that was submitted under this name.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn job_by_request(&self, request: &str) -> Result<Option<JobId>, StoreError> {
        let found = self.rows(
            "SELECT id FROM job WHERE request = ?1
             UNION ALL SELECT id FROM job_archive WHERE request = ?1",
            [request],
            |row| row.get(0),
        )?;
        Ok(found.first().map(|id| JobId(*id)))
    }

    /// All jobs that are not archived, by id.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn jobs(&self) -> Result<Vec<JobRow>, StoreError> {
        let sql = format!("SELECT {JOB_COLUMNS} FROM job ORDER BY id");
        self.rows(&sql, [], |row| job_of(row, false))
    }

    /// Unfinished jobs with ids above this one, by id.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn unfinished_after(&self, id: JobId) -> Result<Vec<JobRow>, StoreError> {
        let sql = format!(
            "SELECT {JOB_COLUMNS} FROM job INDEXED BY job_unfinished
             WHERE status < 7 AND id > ?1 ORDER BY id"
        );
        self.rows(&sql, [id.0], |row| job_of(row, false))
    }

    /// How many jobs are unfinished.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn unfinished_count(&self) -> Result<u64, StoreError> {
        let count: Vec<i64> = self.rows(
            "SELECT count(*) FROM job INDEXED BY job_unfinished WHERE status < 7",
            [],
            |row| row.get(0),
        )?;
        Ok(count.first().map_or(0, |n| n.unsigned_abs()))
    }

    /// All archived jobs, by id.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn archived_jobs(&self) -> Result<Vec<JobRow>, StoreError> {
        let sql = format!("SELECT {JOB_COLUMNS} FROM job_archive ORDER BY id");
        self.rows(&sql, [], |row| job_of(row, true))
    }

    /// Jobs with ids from `first` to `last`, archived or not, by id.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn jobs_between(&self, first: JobId, last: JobId) -> Result<Vec<JobRow>, StoreError> {
        let mut jobs = vec![];
        for (table, archived) in [("job", false), ("job_archive", true)] {
            let sql =
                format!("SELECT {JOB_COLUMNS} FROM {table} WHERE id BETWEEN ?1 AND ?2 ORDER BY id");
            jobs.extend(self.rows(&sql, [first.0, last.0], |row| job_of(row, archived))?);
        }
        jobs.sort_by_key(|job| job.id);
        Ok(jobs)
    }

    /// The opcodes of a job, in order.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn ops(&self, job: JobId) -> Result<Vec<OpRow>, StoreError> {
        self.ops_between(job, job)
    }

    /// The opcodes of all jobs with ids from `first` to `last`, in order.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn ops_between(&self, first: JobId, last: JobId) -> Result<Vec<OpRow>, StoreError> {
        let mut ops = vec![];
        for table in ["opcode", "opcode_archive"] {
            let sql =
                format!("SELECT {OP_COLUMNS} FROM {table} WHERE id BETWEEN ?1 AND ?2 ORDER BY id");
            let range = [op_key(first, 0), op_key(last, 0) + OPS - 1];
            ops.extend(self.rows(&sql, range, op_of)?);
        }
        ops.sort_by_key(|op| (op.job, op.index));
        Ok(ops)
    }

    /// States of a job's opcodes, in order, without their contents.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn op_states(&self, job: JobId) -> Result<Vec<Status>, StoreError> {
        let mut states = vec![];
        for table in ["opcode", "opcode_archive"] {
            let sql = format!("SELECT status FROM {table} WHERE id BETWEEN ?1 AND ?2 ORDER BY id");
            let range = [op_key(job, 0), op_key(job, 0) + OPS - 1];
            states.extend(self.rows(&sql, range, |row| {
                Ok(Status::from_code(row.get(0)?).unwrap_or(Status::Error))
            })?);
        }
        Ok(states)
    }

    /// The jobs that a job's opcodes submitted, by id; not their children.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn children(&self, job: JobId) -> Result<Vec<JobRow>, StoreError> {
        let mut found = vec![];
        for (first, last) in self.child_ranges(job)? {
            let jobs = self.jobs_between(first, last)?;
            found.extend(jobs.into_iter().filter(|child| child.parent == Some(job)));
        }
        Ok(found)
    }

    fn child_ranges(&self, job: JobId) -> Result<Vec<(JobId, JobId)>, StoreError> {
        let mut ranges = vec![];
        for table in ["opcode", "opcode_archive"] {
            let sql = format!(
                "SELECT first_child, last_child FROM {table}
                 WHERE id BETWEEN ?1 AND ?2 AND first_child IS NOT NULL ORDER BY id"
            );
            let range = [op_key(job, 0), op_key(job, 0) + OPS - 1];
            ranges.extend(self.rows(&sql, range, |row| {
                Ok((JobId(row.get(0)?), JobId(row.get(1)?)))
            })?);
        }
        Ok(ranges)
    }

    /// A job and all that descend from it: the job first, each before its children.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn family(&self, job: JobId) -> Result<Vec<JobRow>, StoreError> {
        let mut family: Vec<JobRow> = self.job(job)?.into_iter().collect();
        let mut next = 0;
        while let Some(row) = family.get(next) {
            let id = row.id;
            next += 1;
            family.extend(self.children(id)?);
        }
        Ok(family)
    }

    /// Lines of a job's log with numbers above `serial`, in order.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn log_after(&self, job: JobId, serial: i64) -> Result<Vec<LogEntry>, StoreError> {
        let mut entries = self.rows(
            "SELECT opcode, serial, time, kind, message FROM log
             WHERE opcode BETWEEN ?1 AND ?2 AND serial > ?3",
            [op_key(job, 0), op_key(job, 0) + OPS - 1, serial],
            |row| {
                Ok(LogEntry {
                    index: (row.get::<_, i64>(0)? % OPS) as u32,
                    serial: row.get(1)?,
                    time: row.get(2)?,
                    kind: row.get(3)?,
                    message: row.get(4)?,
                })
            },
        )?;
        entries.sort_by_key(|entry| entry.serial);
        Ok(entries)
    }

    /// How far the running opcodes of jobs with ids from `first` to `last` are, as JSON.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn progress_between(
        &self,
        first: JobId,
        last: JobId,
    ) -> Result<Vec<(JobId, u32, String)>, StoreError> {
        self.rows(
            "SELECT opcode, value FROM progress WHERE opcode BETWEEN ?1 AND ?2",
            [op_key(first, 0), op_key(last, 0) + OPS - 1],
            |row| {
                let key: i64 = row.get(0)?;
                Ok((JobId(key / OPS), (key % OPS) as u32, row.get(1)?))
            },
        )
    }

    /// The highest id that a job ever had; 0 when there never was one.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn last_job(&self) -> Result<JobId, StoreError> {
        let last = self.rows(
            "SELECT seq FROM sqlite_sequence WHERE name = 'job'",
            [],
            |row| row.get(0),
        )?;
        Ok(JobId(last.first().copied().unwrap_or(0)))
    }
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

impl Tx<'_> {
    /// Inserts a job and tells its id.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn insert_job(&mut self, job: &InsertJob<'_>) -> Result<JobId, StoreError> {
        self.run(
            "INSERT INTO job (parent, root, status, priority, received, ops, summary, request, submitter)
             VALUES (?1, coalesce(?2, 0), 0, ?3, ?4, ?5, ?6, ?7, ?8)",
            params![
                job.parent.map(|(parent, _)| parent.0),
                job.parent.map(|(_, root)| root.0),
                job.priority.number(),
                job.received,
                job.ops as i64,
                job.summary,
                job.request,
                job.submitter
            ],
        )?;
        let id = self.db().last_insert_rowid();
        let root = match job.parent {
            Some((_, root)) => root.0,
            None => {
                self.run("UPDATE job SET root = id WHERE id = ?1", [id])?;
                id
            }
        };
        self.wakes().root(root);
        self.wakes().runner();
        Ok(JobId(id))
    }

    /// Inserts an opcode of a job.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn insert_op(&mut self, job: JobId, index: u32, input: &str) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO opcode (id, status, input) VALUES (?1, 0, ?2)",
            params![op_key(job, index), input],
        )
    }

    /// How many jobs are unfinished.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn unfinished(&self) -> Result<u64, StoreError> {
        let count = self.row(
            "SELECT count(*) FROM job INDEXED BY job_unfinished WHERE status < 7",
            [],
            |row| row.get::<_, i64>(0),
        )?;
        Ok(count.unwrap_or(0).unsigned_abs())
    }

    /// A job's state, archived or not.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn state(&self, job: JobId) -> Result<Option<JobState>, StoreError> {
        let read = |row: &Row<'_>| {
            Ok(JobState {
                status: Status::from_code(row.get(0)?).unwrap_or(Status::Error),
                cancel: row.get(1)?,
                root: JobId(row.get(2)?),
            })
        };
        let live = self.row(
            "SELECT status, cancel, root FROM job WHERE id = ?1",
            [job.0],
            read,
        )?;
        match live {
            Some(state) => Ok(Some(state)),
            None => self.row(
                "SELECT status, cancel, root FROM job_archive WHERE id = ?1",
                [job.0],
                read,
            ),
        }
    }

    /// The first opcode of a job that is not final: its place, state, starts and wire form.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn next_op(&self, job: JobId) -> Result<Option<(u32, Status, u32, String)>, StoreError> {
        self.row(
            "SELECT id, status, starts, input FROM opcode
             WHERE id BETWEEN ?1 AND ?2 AND status < 7 ORDER BY id LIMIT 1",
            [op_key(job, 0), op_key(job, 0) + OPS - 1],
            |row| {
                let key: i64 = row.get(0)?;
                let status = Status::from_code(row.get(1)?).unwrap_or(Status::Queued);
                Ok(((key % OPS) as u32, status, row.get(2)?, row.get(3)?))
            },
        )
    }

    /// Changes a job's state, if it is unfinished. Final states set the time of the end.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn set_job_status(
        &mut self,
        job: JobId,
        root: JobId,
        status: Status,
    ) -> Result<(), StoreError> {
        let time = now();
        self.wakes().root(root.0);
        self.run(
            "UPDATE job SET status = ?2,
                started = CASE WHEN ?2 IN (1, 3) THEN coalesce(started, ?3) ELSE started END,
                ended = CASE WHEN ?2 >= 7 THEN ?3 END
             WHERE id = ?1 AND status < 7",
            params![job.0, status.code(), time],
        )
    }

    /// An opcode waits for locks.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn op_waiting(&mut self, job: JobId, index: u32) -> Result<(), StoreError> {
        self.run(
            "UPDATE opcode SET status = 1, started = coalesce(started, ?2)
             WHERE id = ?1 AND status = 0",
            params![op_key(job, index), now()],
        )
    }

    /// An opcode begins, once more.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn op_running(&mut self, job: JobId, index: u32, as_: Status) -> Result<(), StoreError> {
        self.run(
            "UPDATE opcode SET status = ?3, starts = starts + 1,
                started = coalesce(started, ?2), executing = ?2
             WHERE id = ?1 AND status < 7",
            params![op_key(job, index), now(), as_.code()],
        )
    }

    /// The runner leaves an opcode on its way to the next one: this start counts for no death. The
    /// first always counts, so that the next runner knows that it was begun.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn op_left(&mut self, job: JobId, index: u32) -> Result<(), StoreError> {
        self.run(
            "UPDATE opcode SET starts = starts - 1
             WHERE id = ?1 AND status IN (2, 3) AND starts > 1",
            [op_key(job, index)],
        )
    }

    /// An opcode ends. Its progress is forgotten.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn op_ended(
        &mut self,
        job: JobId,
        index: u32,
        status: Status,
        result: &Value,
        detail: &Detail,
        error: Option<&OpError>,
    ) -> Result<(), StoreError> {
        let text = |value: serde_json::Result<String>| {
            value.map_err(|e| StoreError::Refused(format!("result of job {job}: {e}")))
        };
        let detail = match *detail == Detail::default() {
            true => None,
            false => Some(text(serde_json::to_string(detail))?),
        };
        let error = error.map(serde_json::to_string).map(text).transpose()?;
        let result = text(serde_json::to_string(result))?;
        self.run(
            "UPDATE opcode SET status = ?2, ended = ?3, result = ?4, detail = ?5, error = ?6
             WHERE id = ?1 AND status < 7",
            params![
                op_key(job, index),
                status.code(),
                now(),
                result,
                detail,
                error
            ],
        )?;
        self.run(
            "DELETE FROM progress WHERE opcode = ?1",
            [op_key(job, index)],
        )
    }

    /// All opcodes of a job that are not final end the same way without having run.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn end_rest(
        &mut self,
        job: JobId,
        status: Status,
        error: Option<&OpError>,
    ) -> Result<(), StoreError> {
        let result = error.map(|error| error.to_wire().to_string());
        let error = error.and_then(|error| serde_json::to_string(error).ok());
        self.run(
            "UPDATE opcode SET status = ?3, ended = ?4, result = ?5, error = ?6
             WHERE id BETWEEN ?1 AND ?2 AND status < 7",
            params![
                op_key(job, 0),
                op_key(job, 0) + OPS - 1,
                status.code(),
                now(),
                result,
                error
            ],
        )
    }

    /// States of a job's opcodes, in order.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn op_states(&self, job: JobId) -> Result<Vec<Status>, StoreError> {
        let get = || {
            let mut query = (self.db()).prepare_cached(
                "SELECT status FROM opcode WHERE id BETWEEN ?1 AND ?2 ORDER BY id",
            )?;
            let range = [op_key(job, 0), op_key(job, 0) + OPS - 1];
            let rows = query.query_map(range, |row| {
                Ok(Status::from_code(row.get(0)?).unwrap_or(Status::Error))
            })?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        get().map_err(|error| self.wrong(error))
    }

    /// An opcode has submitted jobs with ids from `first` to `last`; of a job's children so many
    /// run at once.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn set_children(
        &mut self,
        job: JobId,
        index: u32,
        range: Option<(JobId, JobId)>,
        parallel: Option<u32>,
    ) -> Result<(), StoreError> {
        if let Some((first, last)) = range {
            self.run(
                "UPDATE opcode SET first_child = ?2, last_child = ?3 WHERE id = ?1",
                params![op_key(job, index), first.0, last.0],
            )?;
        }
        if let Some(parallel) = parallel {
            self.run(
                "UPDATE job SET parallel = ?2 WHERE id = ?1",
                params![job.0, parallel],
            )?;
        }
        Ok(())
    }

    /// A job is to be cancelled.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn mark_cancel(&mut self, job: JobId, root: JobId) -> Result<(), StoreError> {
        self.wakes().root(root.0);
        self.wakes().runner();
        self.run("UPDATE job SET cancel = 1 WHERE id = ?1", [job.0])
    }

    /// The running opcode of a job is being cancelled.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn op_canceling(&mut self, job: JobId) -> Result<(), StoreError> {
        self.run(
            "UPDATE opcode SET status = 2 WHERE id BETWEEN ?1 AND ?2 AND status = 3",
            [op_key(job, 0), op_key(job, 0) + OPS - 1],
        )
    }

    /// A job gets another priority, if it is unfinished; tells whether it was.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn set_priority(&mut self, job: JobId, priority: Priority) -> Result<bool, StoreError> {
        let changed = self.count(
            "UPDATE job SET priority = ?2 WHERE id = ?1 AND status < 7",
            params![job.0, priority.number()],
        )?;
        Ok(changed > 0)
    }

    /// Adds a line to an opcode's log.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn log(&mut self, job: JobId, root: JobId, entry: &LogEntry) -> Result<(), StoreError> {
        self.wakes().root(root.0);
        self.run(
            "INSERT OR REPLACE INTO log (opcode, serial, time, kind, message)
             VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                op_key(job, entry.index),
                entry.serial,
                entry.time,
                entry.kind,
                entry.message
            ],
        )
    }

    /// Tells how far a running opcode is; the newest replaces the one before.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn set_progress(
        &mut self,
        job: JobId,
        root: JobId,
        index: u32,
        value: &str,
    ) -> Result<(), StoreError> {
        self.wakes().root(root.0);
        self.run(
            "INSERT INTO progress (opcode, time, value) VALUES (?1, ?2, ?3)
             ON CONFLICT (opcode) DO UPDATE SET time = excluded.time, value = excluded.value",
            params![op_key(job, index), now(), value],
        )
    }
}

impl Store {
    /// Summaries and states of these jobs alone, for joins by id.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn jobs_of(&self, ids: &[JobId]) -> Result<Vec<JobRow>, StoreError> {
        let mut jobs = vec![];
        for chunk in ids.chunks(500) {
            let marks = vec!["?"; chunk.len()].join(",");
            for (table, archived) in [("job", false), ("job_archive", true)] {
                let sql = format!("SELECT {JOB_COLUMNS} FROM {table} WHERE id IN ({marks})");
                let params = params_from_iter(chunk.iter().map(|id| Sql::Integer(id.0)));
                jobs.extend(self.rows(&sql, params, |row| job_of(row, archived))?);
            }
        }
        jobs.sort_by_key(|job| job.id);
        Ok(jobs)
    }
}

impl Store {
    /// The wire forms of opcodes that are not final, of the jobs with ids from `first` to `last`, in
    /// order.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn unfinished_inputs(
        &self,
        first: JobId,
        last: JobId,
    ) -> Result<Vec<(JobId, String)>, StoreError> {
        self.rows(
            "SELECT id, input FROM opcode WHERE id BETWEEN ?1 AND ?2 AND status < 7 ORDER BY id",
            [op_key(first, 0), op_key(last, 0) + OPS - 1],
            |row| Ok((JobId(row.get::<_, i64>(0)? / OPS), row.get(1)?)),
        )
    }

    /// How many children of a job run at once at most.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn parallel(&self, job: JobId) -> Result<Option<u32>, StoreError> {
        let found = self.rows(
            "SELECT parallel FROM job WHERE id = ?1
             UNION ALL SELECT parallel FROM job_archive WHERE id = ?1",
            [job.0],
            |row| row.get(0),
        )?;
        Ok(found.first().copied().flatten())
    }
}

impl Tx<'_> {
    /// A job's priority; normal if there is no such job.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn priority(&self, job: JobId) -> Result<Priority, StoreError> {
        let number = self.row("SELECT priority FROM job WHERE id = ?1", [job.0], |row| {
            row.get(0)
        })?;
        Ok(number.and_then(Priority::from_number).unwrap_or_default())
    }

    /// Who submitted a job, as JSON.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn submitter(&self, job: JobId) -> Result<String, StoreError> {
        let found = self.row("SELECT submitter FROM job WHERE id = ?1", [job.0], |row| {
            row.get(0)
        })?;
        Ok(found.unwrap_or_default())
    }

    /// The number of the newest line that a job logged; 0 when there is none.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn last_serial(&self, job: JobId) -> Result<i64, StoreError> {
        let last = self.row(
            "SELECT coalesce(max(serial), 0) FROM log WHERE opcode BETWEEN ?1 AND ?2",
            [op_key(job, 0), op_key(job, 0) + OPS - 1],
            |row| row.get(0),
        )?;
        Ok(last.unwrap_or(0))
    }
}
