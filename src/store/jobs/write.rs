//! Changing jobs and opcodes in a transaction.

use rusqlite::{Row, params};
use serde_json::Value;

use crate::clock::now;
use crate::limits::RESULT_BYTES;
use crate::lu::Detail;
use crate::opcodes::{OpError, Priority};
use crate::queue::{JobId, Status};

use super::super::{StoreError, Tx};
use super::{InsertJob, JobState, LogEntry, OPS, op_key};

impl Tx<'_> {
    /// Inserts a job with the id that is [next](Tx::next_job_id).
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn insert_job(&mut self, job: &InsertJob<'_>) -> Result<(), StoreError> {
        let id = job.id;
        let root = job.parent.map_or(id, |(_, root)| root);
        self.run(
            "INSERT INTO job (id, parent, root, status, priority, received, ops, summary, request, submitter)
             VALUES (?1, ?2, ?3, 0, ?4, ?5, ?6, ?7, ?8, ?9)",
            params![
                id.0,
                job.parent.map(|(parent, _)| parent.0),
                root.0,
                job.priority.number(),
                job.received,
                job.ops as i64,
                job.summary,
                job.request,
                job.submitter
            ],
        )?;
        self.set_newest_job(id);
        // Nobody waits for an operation that begins with it.
        if root != id {
            self.wakes().root(root.0);
        }
        self.wakes().runner();
        Ok(())
    }

    /// The id that the next job gets: one that no job ever had.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn next_job_id(&mut self) -> Result<JobId, StoreError> {
        let last = match self.newest_job() {
            Some(last) => last,
            None => self
                .row(
                    "SELECT seq FROM sqlite_sequence WHERE name = 'job'",
                    [],
                    |row| row.get(0).map(JobId),
                )?
                .unwrap_or(JobId(0)),
        };
        self.set_newest_job(last);
        Ok(JobId(last.0 + 1))
    }

    /// Gives out no id up to this one any more.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn pass_over_jobs(&mut self, last: JobId) -> Result<(), StoreError> {
        let last = self.next_job_id()?.0.saturating_sub(1).max(last.0);
        self.set_newest_job(JobId(last));
        self.run("DELETE FROM sqlite_sequence WHERE name = 'job'", [])?;
        self.run(
            "INSERT INTO sqlite_sequence (name, seq) VALUES ('job', ?1)",
            [last],
        )
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

    /// The unfinished jobs of the operation that begins with this one, by id.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn unfinished_of(&self, root: JobId) -> Result<Vec<JobId>, StoreError> {
        let get = || {
            let mut query = (self.db()).prepare_cached(
                "SELECT id FROM job INDEXED BY job_unfinished
                 WHERE status < 7 AND root = ?1 ORDER BY id",
            )?;
            let rows = query.query_map([root.0], |row| row.get(0).map(JobId))?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        get().map_err(|error| self.wrong(error))
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

    /// Changes a job's state, if it is unfinished. Final states set the time of the end. A clock that
    /// was put back makes no job end before it began.
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
                started = CASE WHEN ?2 IN (1, 3) THEN coalesce(started, max(received, ?3)) ELSE started END,
                ended = CASE WHEN ?2 >= 7 THEN max(coalesce(started, received), ?3) END
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
                started = coalesce(started, ?2), executing = max(coalesce(started, ?2), ?2)
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
        if result.len() > RESULT_BYTES {
            return Err(StoreError::Refused(format!(
                "the result of opcode {index} has {} bytes, at most {RESULT_BYTES} are kept",
                result.len()
            )));
        }
        self.run(
            "UPDATE opcode SET status = ?2, ended = max(coalesce(executing, started, ?3), ?3), result = ?4, detail = ?5, error = ?6
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
            "UPDATE opcode SET status = ?3, ended = max(coalesce(executing, started, ?4), ?4), result = ?5, error = ?6
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

    /// Lines of an opcode's log up to the one of this number make room for one that says so, in the
    /// place of the last of them.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn fold_log(
        &mut self,
        job: JobId,
        index: u32,
        last: i64,
        message: &str,
    ) -> Result<(), StoreError> {
        self.run(
            "DELETE FROM log WHERE opcode = ?1 AND serial <= ?2",
            params![op_key(job, index), last],
        )?;
        self.run(
            "INSERT INTO log (opcode, serial, time, kind, message) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![op_key(job, index), last, now(), "folded", message],
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
        self.last_serial_before(job, OPS as u32)
    }

    /// The number of the newest line that a job logged before its opcode at this place; 0 when there
    /// is none.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn last_serial_before(&self, job: JobId, index: u32) -> Result<i64, StoreError> {
        let last = self.row(
            "SELECT coalesce(max(serial), 0) FROM log WHERE opcode >= ?1 AND opcode < ?2",
            [op_key(job, 0), op_key(job, index)],
            |row| row.get(0),
        )?;
        Ok(last.unwrap_or(0))
    }
}
