//! The embedded database: one SQLite file for the configuration and the jobs, opened by every tool
//! itself.
//!
//! All SQL of the queue stands here; what leaves this module are the project's own types. The rules
//! that cost a job when forgotten:
//!
//! * **Only SQLite opens the database**, its `-wal` and `-shm`: closing any other descriptor of them
//!   drops SQLite's POSIX locks, and the next tool's exit deletes the log under us.
//! * **Writers queue** on two lock files (`gate`), the runner too.
//! * **After a commit the committer wakes** who waits for it (`wake`): the log itself is written
//!   before the commit can be seen.
//! * Finished jobs are in no index that a submitter or the runner touches; archived ones are in
//!   tables of their own.

mod archive;
mod check;
mod commit;
mod copy;
mod dir;
mod error;
mod events;
mod gate;
mod jobs;
mod log_length;
mod names;
mod objects;
mod purge;
mod runner_lock;
mod schema;
mod settings;
mod swap;
mod trust;
mod tx;
mod wake;

use std::path::PathBuf;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::failpoints::{self, Injected, Point, Stage};
use crate::signals;
use log_length::LogLength;

pub use archive::Archived;
pub use check::{Reading, Stray};
pub use commit::Commit;
pub use copy::{Frozen, inspect};
pub(crate) use copy::{copy_database, distrust_database, foreign_flags};
pub use dir::{SCRATCH, StateDir};
pub(crate) use dir::{private_file, remove_if_there};
pub use error::StoreError;
pub use events::{Event, EventKind};
pub use gate::{Gate, Patience};
pub use jobs::{InsertJob, JobRow, JobState, LogEntry, OpRow, op_key};
pub use names::Jobs;
pub use purge::{Deleted, History};
pub use runner_lock::{Duty, DutyLock, RunnerLock, runner_alive, stopped_runner};
pub use settings::{Limits, Program, RunnerBegin, Settings};
pub(crate) use trust::{For, distrust, open as open_small};
pub use tx::Tx;
pub use wake::{LOOK_WITHOUT_EVENTS, Watch, Woken};

/// How long SQLite itself waits, in milliseconds. Writers queue outside, so this is for the moments in
/// which the log is recovered or started anew.
const BUSY_MS: u32 = 10_000;

/// A connection to a cluster's database.
#[derive(Debug)]
pub struct Store {
    db: Connection,
    dir: StateDir,
    /// Device and inode of the database's file when it was opened.
    file: Option<(u64, u64)>,
    log: LogLength,
}

impl Store {
    /// Opens the database of a state directory.
    ///
    /// # Errors
    /// [`StoreError`]: there is no cluster, it is damaged, of a newer program, on a network file
    /// system, another user's.
    pub fn open(dir: StateDir) -> Result<Store, StoreError> {
        dir.check()?;
        let path = dir.database();
        dir.check_database()?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let wrong = |error| StoreError::from_sqlite(error, &path);
        let db = Connection::open_with_flags(&path, flags).map_err(wrong)?;
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
            .map_err(wrong)?;
        // A page cache that is soon reused: memory touched for the first time is dear on a
        // virtual machine.
        db.execute_batch(
            "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA wal_autocheckpoint = 0;
             PRAGMA cache_size = -8192;",
        )
        .map_err(wrong)?;
        (db.pragma_update(None, "busy_timeout", BUSY_MS)).map_err(wrong)?;
        db.set_prepared_statement_cache_capacity(64);
        schema::check(&db, &path)?;
        let file = dir.database_identity();
        Ok(Store {
            db,
            dir,
            file,
            log: LogLength::default(),
        })
    }

    /// Makes the database of a new cluster, complete or not at all: it appears under its name when
    /// `fill` has filled it.
    ///
    /// # Errors
    /// [`StoreError`]; the directory is then as it was.
    pub fn create(
        dir: &StateDir,
        fill: impl FnOnce(&mut Tx<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let unfinished = dir.unfinished_database();
        dir::remove_database(&unfinished)?;
        let wrong = |error| StoreError::from_sqlite(error, &unfinished);
        let db = Connection::open(&unfinished).map_err(wrong)?;
        dir::private_file(&unfinished)?;
        schema::prepare(&db).map_err(wrong)?;
        let pass = |stage| pass(Commit::Found, stage).map_err(|error| wrong(error.into()));
        pass(Stage::Begin)?;
        db.execute_batch("BEGIN IMMEDIATE").map_err(wrong)?;
        schema::create(&db).map_err(wrong)?;
        fill(&mut Tx::new(&db, dir))?;
        pass(Stage::Commit)?;
        db.execute_batch("COMMIT").map_err(wrong)?;
        reach(Commit::Found, Stage::Committed);
        // The log is moved into the file, and leaves with its last user: one rename makes the whole
        // appear, and the file says already that it has a log.
        db.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")
            .map_err(wrong)?;
        db.close().map_err(|(_, error)| wrong(error))?;
        // The log of one that was here before would be taken for that of the new one.
        dir.set_aside()?;
        dir::rename_durably(&unfinished, &dir.database())?;
        reach(Commit::Found, Stage::Announced);
        Ok(())
    }

    /// The state directory.
    #[must_use]
    pub fn dir(&self) -> &StateDir {
        &self.dir
    }

    /// The database's path, for messages.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.dir.database()
    }

    /// Whether the file at the database's path is still the one that was opened.
    #[must_use]
    pub fn in_place(&self) -> bool {
        self.file.is_some() && self.file == self.dir.database_identity()
    }

    /// Reads several things that belong to one moment: that of the transaction under way, if there is
    /// one.
    ///
    /// # Errors
    /// [`StoreError`] of `read` or of the database.
    pub fn read<T>(
        &self,
        read: impl FnOnce(&Store) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if !self.db.is_autocommit() {
            return read(self);
        }
        self.exec("BEGIN")?;
        let value = read(self);
        // Nothing was written: there is nothing that could fail to end.
        let _ = self.exec("COMMIT");
        value
    }

    /// A number that is another one when others have committed something since it was asked for.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn version(&self) -> Result<i64, StoreError> {
        (self.db)
            .pragma_query_value(None, "data_version", |row| row.get(0))
            .map_err(|error| self.wrong(error))
    }

    /// One durable transaction, in the writers' queue. What it changed is announced to those who
    /// wait when it is on disk.
    ///
    /// # Errors
    /// [`StoreError`] of `work` or of the database; nothing is changed then.
    pub fn write<T>(
        &self,
        commit: Commit,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let patience = commit.patience();
        let gate = Gate::enter(&self.dir, patience)?;
        if patience == Patience::Client && signals::raised().is_some() {
            return Err(StoreError::Interrupted);
        }
        // Destroyed meanwhile: what was written to a file without a name would be lost. (The runner
        // looks for itself.)
        if patience == Patience::Client && !self.in_place() {
            return Err(StoreError::NoCluster(self.dir.path().to_owned()));
        }
        let pass = |stage| pass(commit, stage).map_err(|error| self.wrong(error.into()));
        pass(Stage::Begin)?;
        self.exec("BEGIN IMMEDIATE")?;
        let mut tx = Tx::new(&self.db, &self.dir);
        let done = work(&mut tx).and_then(|value| pass(Stage::Commit).map(|()| value));
        let wakes = tx.into_wakes();
        match done.and_then(|value| self.exec("COMMIT").map(|()| value)) {
            Ok(value) => {
                reach(commit, Stage::Committed);
                self.log.shorten_alone(&self.db);
                drop(gate);
                wakes.announce(&self.dir);
                reach(commit, Stage::Announced);
                self.log.shorten(&self.db);
                Ok(value)
            }
            Err(error) => {
                // After some errors SQLite has rolled back already; then this one says so.
                let _ = self.exec("ROLLBACK");
                Err(error)
            }
        }
    }

    /// The runner moves the log into the database whenever it has grown, without waiting for anybody.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn keep_log_short(&mut self) -> Result<(), StoreError> {
        let watched = self.log.watch(&mut self.db);
        watched.map_err(|error| self.wrong(error))
    }

    /// Moves the log into the database if nobody is in the way, and empties its file if that is long;
    /// nobody is waited for.
    pub fn shorten_log(&self) {
        self.log.empty(&self.db);
    }

    fn exec(&self, sql: &str) -> Result<(), StoreError> {
        let run = |db: &Connection| db.prepare_cached(sql)?.execute([]);
        run(&self.db).map(drop).map_err(|e| self.wrong(e))
    }

    fn wrong(&self, error: rusqlite::Error) -> StoreError {
        StoreError::from_sqlite(error, &self.path())
    }
}

/// Passes a failpoint of a commit.
fn pass(commit: Commit, stage: Stage) -> Result<(), Injected> {
    failpoints::pass(Point::Commit(commit, stage))
}

/// Passes a failpoint of a commit that is on disk, and so cannot fail any more.
fn reach(commit: Commit, stage: Stage) {
    let _ = pass(commit, stage);
}
