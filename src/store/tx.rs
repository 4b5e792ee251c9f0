//! One transaction that writes.

use rusqlite::{Connection, OptionalExtension, Params, Row};

use super::wake::Wakes;
use super::{StateDir, StoreError};
use crate::queue::JobId;

/// A transaction under way, and whom its commit will concern. Its methods stand with the tables they
/// change.
#[derive(Debug)]
pub struct Tx<'a> {
    db: &'a Connection,
    dir: &'a StateDir,
    wakes: Wakes,
    /// The highest id that a job ever had, once it was asked for.
    newest_job: Option<JobId>,
}

impl<'a> Tx<'a> {
    pub(super) fn new(db: &'a Connection, dir: &'a StateDir) -> Tx<'a> {
        Tx {
            db,
            dir,
            wakes: Wakes::default(),
            newest_job: None,
        }
    }

    pub(super) fn db(&self) -> &'a Connection {
        self.db
    }

    pub(super) fn wakes(&mut self) -> &mut Wakes {
        &mut self.wakes
    }

    pub(super) fn newest_job(&self) -> Option<JobId> {
        self.newest_job
    }

    pub(super) fn set_newest_job(&mut self, id: JobId) {
        self.newest_job = Some(id);
    }

    pub(super) fn into_wakes(self) -> Wakes {
        self.wakes
    }

    pub(super) fn wrong(&self, error: rusqlite::Error) -> StoreError {
        StoreError::from_sqlite(error, &self.dir.database())
    }

    /// Runs one statement.
    pub(super) fn run(&self, sql: &str, params: impl Params) -> Result<(), StoreError> {
        self.count(sql, params).map(drop)
    }

    /// Runs one statement and tells how many rows it changed.
    pub(super) fn count(&self, sql: &str, params: impl Params) -> Result<usize, StoreError> {
        let run = || self.db.prepare_cached(sql)?.execute(params);
        run().map_err(|error| self.wrong(error))
    }

    /// Reads one row, if there is one.
    pub(super) fn row<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, StoreError> {
        let get = || {
            self.db
                .prepare_cached(sql)?
                .query_row(params, read)
                .optional()
        };
        get().map_err(|error| self.wrong(error))
    }

    /// A part of the transaction that can fail without the rest.
    ///
    /// # Errors
    /// What `work` gave; its changes are undone then.
    pub fn part<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.run("SAVEPOINT part", [])?;
        match work(self) {
            Ok(value) => {
                self.run("RELEASE part", [])?;
                Ok(value)
            }
            Err(error) => {
                self.newest_job = None;
                self.run("ROLLBACK TO part", [])?;
                self.run("RELEASE part", [])?;
                Err(error)
            }
        }
    }
}
