//! The write-ahead log's length: the runner moves it into the database now and then.
//!
//! Not in the writers' queue as a rule: copying some thousand pages and flushing the database takes
//! as long as many commits, in which clients would wait. But when they write on meanwhile, the log is
//! never copied whole, and so never begun anew; one that has become long all the same is copied while
//! nobody else writes.

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

use rusqlite::Connection;

/// A log of so many pages is copied.
const LONG: i32 = 1_000;

/// A log of so many pages is copied while nobody else writes.
const TOO_LONG: i32 = 8 * LONG;

/// How many pages the log had after this connection's last commit.
#[derive(Debug, Default)]
pub(super) struct LogLength(Arc<AtomicI32>);

impl LogLength {
    /// Takes note of each commit.
    pub(super) fn watch(&self, db: &mut Connection) -> rusqlite::Result<()> {
        let pages = Arc::clone(&self.0);
        db.wal_hook(Some(move |_: &mut _, now| {
            pages.store(now, Ordering::Relaxed);
            Ok(())
        }))
    }

    /// Copies a log that is long, outside the writers' queue.
    pub(super) fn shorten(&self, db: &Connection) {
        self.copy_from(LONG, db);
    }

    /// Copies a log that is much too long; the caller keeps other writers away.
    pub(super) fn shorten_alone(&self, db: &Connection) {
        self.copy_from(TOO_LONG, db);
    }

    /// Copies the log as it is left, without waiting for anybody. A short one keeps its file: the next
    /// commits overwrite it, which is quicker than making it grow.
    pub(super) fn empty(&self, db: &Connection) {
        let _ = db.pragma_update(None, "busy_timeout", 0);
        let pages = |row: &rusqlite::Row<'_>| row.get::<_, i32>(1);
        // Busy is no failure: the next runner tries again.
        let copied = db.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], pages);
        if copied.is_ok_and(|pages| pages >= LONG) {
            let _ = db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        }
        let _ = db.pragma_update(None, "busy_timeout", super::BUSY_MS);
    }

    fn copy_from(&self, length: i32, db: &Connection) {
        if self.0.load(Ordering::Relaxed) < length {
            return;
        }
        self.0.store(0, Ordering::Relaxed);
        // What cannot be copied stays in the log: the next commit sees it again.
        let _ = db.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
    }
}
