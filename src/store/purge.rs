//! Deleting archived jobs, some at a time, and giving back the room that they took.
//!
//! No id is ever given out again: SQLite keeps the highest one apart from the rows. What is deleted
//! leaves one mark, the highest id of them, by which a check knows that a reference to a job that is
//! not there is no damage.

use rusqlite::{Params, params};

use crate::queue::JobId;

use super::jobs::job_keys;
use super::{Store, StoreError, Tx};

/// The setting that holds the highest id of all deleted jobs.
pub(super) const PURGED: &str = "purged";

/// What a step of a purge came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deleted {
    /// The job is gone, with so many rows.
    Whole {
        /// How many.
        rows: usize,
    },
    /// It had more lines than were to be deleted at once.
    Part,
    /// It was not there: somebody else has deleted it.
    Nothing,
}

/// What is kept of what was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct History {
    /// Archived jobs.
    pub archived: u64,
    /// What operators did.
    pub events: u64,
}

impl Store {
    /// Archived first jobs of operations with ids above `after` that ended before this moment
    /// (microseconds since 1970), so many at most, by id.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn archived_roots(
        &self,
        after: JobId,
        before: i64,
        most: usize,
    ) -> Result<Vec<JobId>, StoreError> {
        self.rows(
            "SELECT id FROM job_archive
             WHERE id > ?1 AND coalesce(ended, started, received) < ?2 AND parent IS NULL
             ORDER BY id LIMIT ?3",
            params![after.0, before, most as i64],
            |row| row.get(0).map(JobId),
        )
    }

    /// How many archived jobs ended before this moment (microseconds since 1970).
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn archived_before(&self, before: i64) -> Result<u64, StoreError> {
        self.number(
            "SELECT count(*) FROM job_archive WHERE coalesce(ended, started, received) < ?1",
            [before],
        )
    }

    /// The wire forms of all opcodes of unfinished jobs that depend on other jobs.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn depending_inputs(&self) -> Result<Vec<String>, StoreError> {
        self.rows(
            "SELECT input FROM job INDEXED BY job_unfinished CROSS JOIN opcode
                ON opcode.id BETWEEN job.id * 1024 AND job.id * 1024 + 1023
             WHERE job.status < 7 AND instr(input, '\"depends\"')",
            [],
            |row| row.get(0),
        )
    }

    /// The highest id of all jobs that were deleted; 0 when none was.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn purged(&self) -> Result<JobId, StoreError> {
        let sql = "SELECT value FROM setting WHERE key = ?1";
        let found = self.rows(sql, [PURGED], |row| row.get(0).map(JobId))?;
        Ok(found.first().copied().unwrap_or(JobId(0)))
    }

    /// How many pages of the file hold nothing.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn free_pages(&self) -> Result<u64, StoreError> {
        self.number("PRAGMA freelist_count", [])
    }

    /// How much history there is.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn history(&self) -> Result<History, StoreError> {
        Ok(History {
            archived: self.number("SELECT count(*) FROM job_archive", [])?,
            events: self.number("SELECT count(*) FROM event", [])?,
        })
    }

    fn number(&self, sql: &str, params: impl Params) -> Result<u64, StoreError> {
        let found: Vec<i64> = self.rows(sql, params, |row| row.get(0))?;
        Ok(found.first().map_or(0, |number| number.unsigned_abs()))
    }
}

impl Tx<'_> {
    /// Deletes an archived job: its lines first, at most so many, then, if they are all gone, the rest.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn purge(&mut self, job: JobId, most_lines: usize) -> Result<Deleted, StoreError> {
        let (first, last) = job_keys(job);
        let lines = self.count(
            "DELETE FROM log WHERE (opcode, serial) IN
                (SELECT opcode, serial FROM log WHERE opcode BETWEEN ?1 AND ?2 LIMIT ?3)",
            params![first, last, most_lines as i64],
        )?;
        if lines >= most_lines {
            return Ok(Deleted::Part);
        }
        let opcodes = self.count(
            "DELETE FROM opcode_archive WHERE id BETWEEN ?1 AND ?2",
            [first, last],
        )?;
        if self.count("DELETE FROM job_archive WHERE id = ?1", [job.0])? == 0 {
            return Ok(Deleted::Nothing);
        }
        if self.get_number(PURGED)?.unwrap_or(0) < job.0 {
            self.set(PURGED, job.0)?;
        }
        Ok(Deleted::Whole {
            rows: lines + opcodes + 1,
        })
    }

    /// Takes at most so many pages that hold nothing out of the file, which gets shorter by them when
    /// the log is moved into it.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn give_back_pages(&mut self, most: u32) -> Result<(), StoreError> {
        let give = || {
            let mut query = (self.db()).prepare(&format!("PRAGMA incremental_vacuum({most})"))?;
            let mut rows = query.query([])?;
            // Each step takes out one.
            while rows.next()?.is_some() {}
            Ok(())
        };
        give().map_err(|error| self.wrong(error))
    }
}
