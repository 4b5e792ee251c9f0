//! What operators did to the queue: cancel, priority, drain, hold, limits. The runner reads new rows
//! here to learn of them. It adds itself that the deadline of an operation passed.

use rusqlite::params;

use crate::clock::now;
use crate::queue::JobId;

use super::{Store, StoreError, Tx};

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventKind {
    /// A job was cancelled.
    Cancel,
    /// A job got another priority.
    Priority,
    /// The queue takes no more jobs.
    Drain,
    /// The queue takes jobs again.
    Undrain,
    /// The queue starts no more jobs.
    Hold,
    /// The queue starts jobs again.
    Release,
    /// The watcher is paused.
    WatcherPause,
    /// The watcher goes on.
    WatcherContinue,
    /// Limits were changed.
    Limits,
    /// Jobs were archived.
    Archive,
    /// Archived jobs were deleted.
    Purge,
    /// The cluster was made or replaced.
    Import,
    /// The cluster came from a backup.
    Restore,
    /// The runner is asked to give up its place if it has nothing to do.
    Yield,
    /// A newer program is to be the runner.
    Upgrade,
    /// The deadline of an operation passed.
    Deadline,
    /// A word that this program does not know.
    Other(String),
}

impl EventKind {
    /// The word in the database.
    #[must_use]
    pub fn word(&self) -> &str {
        match self {
            EventKind::Cancel => "cancel",
            EventKind::Priority => "priority",
            EventKind::Drain => "drain",
            EventKind::Undrain => "undrain",
            EventKind::Hold => "hold",
            EventKind::Release => "release",
            EventKind::WatcherPause => "watcher-pause",
            EventKind::WatcherContinue => "watcher-continue",
            EventKind::Limits => "limits",
            EventKind::Archive => "archive",
            EventKind::Purge => "purge",
            EventKind::Import => "import",
            EventKind::Restore => "restore",
            EventKind::Yield => "yield",
            EventKind::Upgrade => "upgrade",
            EventKind::Deadline => "deadline",
            EventKind::Other(word) => word,
        }
    }

    fn from_word(word: String) -> EventKind {
        use EventKind::{
            Archive, Cancel, Deadline, Drain, Hold, Import, Limits, Priority, Purge, Release,
            Restore, Undrain, Upgrade, WatcherContinue, WatcherPause, Yield,
        };
        let known = [
            Cancel,
            Priority,
            Drain,
            Undrain,
            Hold,
            Release,
            Limits,
            Archive,
            Purge,
            Import,
            Restore,
            Yield,
            Upgrade,
            Deadline,
            WatcherPause,
            WatcherContinue,
        ];
        let known = known.into_iter().find(|kind| kind.word() == word);
        known.unwrap_or(EventKind::Other(word))
    }
}

/// One thing that an operator did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its number; grows.
    pub id: i64,
    /// When, in microseconds since 1970.
    pub time: i64,
    /// What.
    pub kind: EventKind,
    /// To which job.
    pub job: Option<JobId>,
    /// The value that was set.
    pub value: Option<String>,
    /// Who, as JSON.
    pub who: String,
}

impl Tx<'_> {
    /// Records what is done.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn record(
        &mut self,
        kind: &EventKind,
        job: Option<JobId>,
        value: Option<&str>,
        who: &str,
    ) -> Result<(), StoreError> {
        self.wakes().runner();
        self.run(
            "INSERT INTO event (time, what, job, value, who) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![now(), kind.word(), job.map(|j| j.0), value, who],
        )
    }
}

impl Store {
    /// Events after the one of this number, oldest first.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn events_after(&self, id: i64) -> Result<Vec<Event>, StoreError> {
        self.rows(
            "SELECT id, time, what, job, value, who FROM event WHERE id > ?1 ORDER BY id",
            [id],
            |row| {
                Ok(Event {
                    id: row.get(0)?,
                    time: row.get(1)?,
                    kind: EventKind::from_word(row.get(2)?),
                    job: row.get::<_, Option<i64>>(3)?.map(JobId),
                    value: row.get(4)?,
                    who: row.get(5)?,
                })
            },
        )
    }

    /// The first jobs of the operations whose deadlines passed before they had ended.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn passed_deadlines(&self) -> Result<Vec<JobId>, StoreError> {
        self.rows(
            "SELECT job FROM event WHERE what = ?1 AND job IS NOT NULL",
            [EventKind::Deadline.word()],
            |row| row.get(0).map(JobId),
        )
    }

    /// The number of the newest event; 0 when there is none.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn last_event(&self) -> Result<i64, StoreError> {
        let last = self.rows("SELECT coalesce(max(id), 0) FROM event", [], |r| r.get(0))?;
        Ok(last.first().copied().unwrap_or(0))
    }
}
