//! Moving ended jobs out of the way, into tables of their own.

use rusqlite::params;

use crate::queue::JobId;

use super::{Store, StoreError, Tx};

/// What became of a wish to archive a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Archived {
    /// It is in the archive now.
    Done,
    /// It was there already.
    Already,
    /// It has not ended.
    Unfinished,
    /// There is no such job.
    Unknown,
}

impl Tx<'_> {
    /// Archives a job that has ended.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn archive(&mut self, job: JobId) -> Result<Archived, StoreError> {
        let status = self.row("SELECT status FROM job WHERE id = ?1", [job.0], |row| {
            row.get::<_, i64>(0)
        })?;
        match status {
            Some(status) if status < 7 => return Ok(Archived::Unfinished),
            Some(_) => {}
            None => {
                let there = self.row("SELECT 1 FROM job_archive WHERE id = ?1", [job.0], |_| {
                    Ok(())
                })?;
                return Ok(match there {
                    Some(()) => Archived::Already,
                    None => Archived::Unknown,
                });
            }
        }
        self.run(
            "INSERT INTO job_archive SELECT id, parent, root, status, priority, received, started,
                ended, cancel, parallel, ops, summary, request, submitter FROM job WHERE id = ?1",
            [job.0],
        )?;
        let range = params![
            super::op_key(job, 0),
            super::op_key(JobId(job.0 + 1), 0) - 1
        ];
        self.run(
            "INSERT INTO opcode_archive SELECT id, status, starts, started, executing, ended,
                first_child, last_child, input, result, detail, error FROM opcode
             WHERE id BETWEEN ?1 AND ?2",
            range,
        )?;
        self.run("DELETE FROM opcode WHERE id BETWEEN ?1 AND ?2", range)?;
        self.run("DELETE FROM job WHERE id = ?1", [job.0])?;
        Ok(Archived::Done)
    }
}

impl Store {
    /// Jobs that ended before this moment (microseconds since 1970) and are not archived, by id.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn ended_before(&self, time: i64) -> Result<Vec<JobId>, StoreError> {
        self.rows(
            "SELECT id FROM job WHERE status >= 7 AND coalesce(ended, started, received) < ?1
             ORDER BY id",
            [time],
            |row| Ok(JobId(row.get(0)?)),
        )
    }
}
