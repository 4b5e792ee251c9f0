//! Finding jobs and opcodes.

use std::sync::Arc;

use rusqlite::types::Value as Sql;
use rusqlite::{Params, Row, params_from_iter};

use crate::opcodes::Deadline;
use crate::queue::{JobId, Status};

use super::super::{Store, StoreError};
use super::{
    JOB_COLUMNS, JobRow, LogEntry, OP_COLUMNS, OPS, OpRow, job_keys, job_of, op_key, op_of,
};

/// Jobs and opcodes each stand in two tables.
const JOBS: [&str; 2] = ["job", "job_archive"];
const OPCODES: [&str; 2] = ["opcode", "opcode_archive"];

impl Store {
    pub(in crate::store) fn rows<T>(
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

    /// All rows of a query for jobs.
    fn job_rows(
        &self,
        sql: &str,
        params: impl Params,
        archived: bool,
    ) -> Result<Vec<JobRow>, StoreError> {
        let mut submitter = Arc::from("");
        self.rows(sql, params, |row| job_of(row, archived, &mut submitter))
    }

    /// What two tables hold together: of the living, then of the archived. Both belong to one moment, or
    /// what is archived in between would be seen twice.
    fn in_both<T>(
        &self,
        [living, archived]: [&str; 2],
        mut read: impl FnMut(&str, bool) -> Result<Vec<T>, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        self.read(|_| {
            let mut found = read(living, false)?;
            found.extend(read(archived, true)?);
            Ok(found)
        })
    }

    /// A job by its id, archived or not.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn job(&self, id: JobId) -> Result<Option<JobRow>, StoreError> {
        for (table, archived) in [("job", false), ("job_archive", true)] {
            let sql = format!("SELECT {JOB_COLUMNS} FROM {table} WHERE id = ?1");
            let mut rows = self.job_rows(&sql, [id.0], archived)?;
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
        self.job_rows(&sql, [], false)
    }

    /// All unfinished jobs, by id.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn unfinished(&self) -> Result<Vec<JobRow>, StoreError> {
        self.unfinished_after(JobId(0), u32::MAX)
    }

    /// So many unfinished jobs with ids above this one, by id.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn unfinished_after(&self, id: JobId, most: u32) -> Result<Vec<JobRow>, StoreError> {
        let sql = format!(
            "SELECT {JOB_COLUMNS} FROM job INDEXED BY job_unfinished
             WHERE status < 7 AND id > ?1 ORDER BY id LIMIT ?2"
        );
        self.job_rows(&sql, [id.0, most.into()], false)
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

    /// Whether no job of the operation that begins with this one is unfinished.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn is_operation_over(&self, root: JobId) -> Result<bool, StoreError> {
        let going_on: Vec<i64> = self.rows(
            "SELECT id FROM job INDEXED BY job_unfinished WHERE status < 7 AND root = ?1 LIMIT 1",
            [root.0],
            |row| row.get(0),
        )?;
        Ok(going_on.is_empty())
    }

    /// All archived jobs, by id.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn archived_jobs(&self) -> Result<Vec<JobRow>, StoreError> {
        let sql = format!("SELECT {JOB_COLUMNS} FROM job_archive ORDER BY id");
        self.job_rows(&sql, [], true)
    }

    /// Jobs with ids from `first` to `last`, archived or not, by id.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn jobs_between(&self, first: JobId, last: JobId) -> Result<Vec<JobRow>, StoreError> {
        let mut jobs = self.in_both(JOBS, |table, archived| {
            let sql =
                format!("SELECT {JOB_COLUMNS} FROM {table} WHERE id BETWEEN ?1 AND ?2 ORDER BY id");
            self.job_rows(&sql, [first.0, last.0], archived)
        })?;
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
        let range = [op_key(first, 0), op_key(last, 0) + OPS - 1];
        let mut ops = self.in_both(OPCODES, |table, _| {
            let sql =
                format!("SELECT {OP_COLUMNS} FROM {table} WHERE id BETWEEN ?1 AND ?2 ORDER BY id");
            self.rows(&sql, range, op_of)
        })?;
        ops.sort_by_key(|op| (op.job, op.index));
        Ok(ops)
    }

    /// States of a job's opcodes, in order, without their contents.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn op_states(&self, job: JobId) -> Result<Vec<Status>, StoreError> {
        let range = [op_key(job, 0), op_key(job, 0) + OPS - 1];
        self.in_both(OPCODES, |table, _| {
            let sql = format!("SELECT status FROM {table} WHERE id BETWEEN ?1 AND ?2 ORDER BY id");
            self.rows(&sql, range, |row| {
                Ok(Status::from_code(row.get(0)?).unwrap_or(Status::Error))
            })
        })
    }

    /// The jobs that a job's opcodes submitted, by id; not their children.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn children(&self, job: JobId) -> Result<Vec<JobRow>, StoreError> {
        self.read(|_| {
            let mut found = vec![];
            for (first, last) in self.child_ranges(job)? {
                let jobs = self.jobs_between(first, last)?;
                found.extend(jobs.into_iter().filter(|child| child.parent == Some(job)));
            }
            Ok(found)
        })
    }

    fn child_ranges(&self, job: JobId) -> Result<Vec<(JobId, JobId)>, StoreError> {
        let range = [op_key(job, 0), op_key(job, 0) + OPS - 1];
        self.in_both(OPCODES, |table, _| {
            let sql = format!(
                "SELECT first_child, last_child FROM {table}
                 WHERE id BETWEEN ?1 AND ?2 AND first_child IS NOT NULL ORDER BY id"
            );
            self.rows(&sql, range, |row| {
                Ok((JobId(row.get(0)?), JobId(row.get(1)?)))
            })
        })
    }

    /// A job and all that descend from it: the job first, each before its children.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn family(&self, job: JobId) -> Result<Vec<JobRow>, StoreError> {
        self.read(|_| {
            let mut family: Vec<JobRow> = self.job(job)?.into_iter().collect();
            let mut next = 0;
            while let Some(row) = family.get(next) {
                let id = row.id;
                next += 1;
                family.extend(self.children(id)?);
            }
            Ok(family)
        })
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

    /// Summaries and states of these jobs alone, for joins by id.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn jobs_of(&self, ids: &[JobId]) -> Result<Vec<JobRow>, StoreError> {
        let mut jobs = self.in_both(JOBS, |table, archived| {
            let mut jobs = vec![];
            for chunk in ids.chunks(500) {
                let marks = vec!["?"; chunk.len()].join(",");
                let sql = format!("SELECT {JOB_COLUMNS} FROM {table} WHERE id IN ({marks})");
                let params = params_from_iter(chunk.iter().map(|id| Sql::Integer(id.0)));
                jobs.extend(self.job_rows(&sql, params, archived)?);
            }
            Ok(jobs)
        })?;
        jobs.sort_by_key(|job| job.id);
        Ok(jobs)
    }

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

    /// The deadline of the operation that begins with this job.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn deadline(&self, root: JobId) -> Result<Option<Deadline>, StoreError> {
        let (first, last) = job_keys(root);
        let inputs: Vec<String> = self.in_both(OPCODES, |table, _| {
            let sql = format!("SELECT input FROM {table} WHERE id BETWEEN ?1 AND ?2");
            self.rows(&sql, [first, last], |row| row.get(0))
        })?;
        Ok(Deadline::of_inputs(inputs.iter().map(String::as_str)))
    }

    /// Whether an operation that has not ended has a deadline that has not passed yet, by what is
    /// written down.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn awaits_deadline(&self) -> Result<bool, StoreError> {
        let roots: Vec<JobId> = self.rows(
            "SELECT DISTINCT root FROM job INDEXED BY job_unfinished WHERE status < 7",
            [],
            |row| row.get(0).map(JobId),
        )?;
        let passed = self.passed_deadlines()?;
        for root in roots.into_iter().filter(|root| !passed.contains(root)) {
            if self.deadline(root)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
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
