//! What a check of the whole database reads: rows as they are, also those that no tool shows.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::jobs::{JOB_COLUMNS, OP_COLUMNS, job_of, op_of};
use super::{JobRow, OpRow, Store, StoreError};

/// How much of the database is read. What grows with history is left out unless it is asked for, so
/// that a check takes as long as the queue is, not as its past.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// All but the archive and what was said of archived jobs.
    Queue,
    /// Every page and every row.
    Everything,
}

/// The tables that do not grow with history.
const LIVE_TABLES: [&str; 7] = [
    "setting", "job", "opcode", "progress", "held", "claim", "object",
];

/// Rows that have no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stray {
    /// A job's row with a state or priority that does not exist, or a submitter that is no JSON.
    Job,
    /// An opcode's row with a state that does not exist, or with a text that is no JSON.
    Opcode,
    /// The opcode of a job that is not there, or that is in the other one of live and archived.
    OpcodeWithoutJob,
    /// Progress of an opcode that is not on its way.
    Progress,
    /// An archived opcode of a job that is not there.
    ArchivedWithoutJob,
    /// Lines of an opcode that is not there.
    Log,
    /// An event about a job that is not there.
    Event,
    /// A job that is live and archived at once.
    Twice,
    /// An archived job that has not ended, or an opcode of it that has not.
    UnfinishedInArchive,
    /// A request id that two jobs have.
    Request,
    /// A job whose id was not given out yet.
    JobId,
    /// An event whose number was not given out yet.
    EventId,
}

/// How to find them; opcodes have the job's id times 1024 plus their place as their key. What grows
/// with history is looked at near its end only, or where live jobs are.
const STRAYS: [(Stray, &str); 10] = [
    (
        Stray::Job,
        "SELECT id FROM job WHERE status NOT IN (0, 1, 2, 3, 7, 8, 9)
            OR priority NOT IN (-10, 0, 10) OR NOT json_valid(submitter)",
    ),
    (
        Stray::Opcode,
        "SELECT id / 1024 FROM opcode WHERE status NOT IN (0, 1, 2, 3, 7, 8, 9)
            OR NOT json_valid(input) OR NOT json_valid(coalesce(result, 'null'))
            OR NOT json_valid(coalesce(detail, 'null')) OR NOT json_valid(coalesce(error, 'null'))",
    ),
    (
        Stray::OpcodeWithoutJob,
        "SELECT DISTINCT id / 1024 FROM opcode WHERE id / 1024 NOT IN (SELECT id FROM job)",
    ),
    (
        Stray::Progress,
        "SELECT opcode / 1024 FROM progress
         WHERE opcode NOT IN (SELECT id FROM opcode WHERE status IN (2, 3))",
    ),
    (
        Stray::Log,
        "SELECT DISTINCT log.opcode / 1024 FROM job CROSS JOIN log
            ON log.opcode BETWEEN job.id * 1024 AND job.id * 1024 + 1023
         WHERE NOT EXISTS (SELECT 1 FROM opcode WHERE id = log.opcode)
         UNION SELECT opcode / 1024 FROM log
         WHERE opcode > (SELECT max(id) FROM (SELECT max(id) AS id FROM opcode
            UNION ALL SELECT max(id) FROM opcode_archive))",
    ),
    (
        Stray::Event,
        "SELECT DISTINCT job FROM event
         WHERE id > (SELECT max(id) FROM event) - 1000
            AND job > coalesce((SELECT value FROM setting WHERE key = 'purged'), 0)
            AND NOT EXISTS (SELECT 1 FROM job WHERE id = event.job)
            AND NOT EXISTS (SELECT 1 FROM job_archive WHERE id = event.job)",
    ),
    (
        Stray::Twice,
        "SELECT id FROM job WHERE EXISTS (SELECT 1 FROM job_archive WHERE id = job.id)",
    ),
    (
        Stray::Request,
        "SELECT id FROM job WHERE request IS NOT NULL
            AND EXISTS (SELECT 1 FROM job_archive AS other WHERE other.request = job.request)",
    ),
    (
        Stray::JobId,
        "SELECT id FROM job
         WHERE id > coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'job'), 0) OR id < 1
         UNION SELECT max(id) FROM job_archive HAVING
            max(id) > coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'job'), 0)",
    ),
    (
        Stray::EventId,
        "SELECT max(id) FROM event HAVING
            max(id) > coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'event'), 0)",
    ),
];

/// How to find those for which all that ever was is read.
const STRAYS_OF_HISTORY: [(Stray, &str); 4] = [
    (
        Stray::UnfinishedInArchive,
        "SELECT id FROM job_archive WHERE status < 7
         UNION SELECT id / 1024 FROM opcode_archive WHERE status < 7",
    ),
    (
        Stray::ArchivedWithoutJob,
        "SELECT DISTINCT id / 1024 FROM opcode_archive
         WHERE id / 1024 NOT IN (SELECT id FROM job_archive)",
    ),
    (
        Stray::Log,
        "SELECT DISTINCT opcode / 1024 FROM log
         WHERE NOT EXISTS (SELECT 1 FROM opcode WHERE id = log.opcode)
            AND NOT EXISTS (SELECT 1 FROM opcode_archive WHERE id = log.opcode)",
    ),
    (
        Stray::Event,
        "SELECT DISTINCT job FROM event
         WHERE job > coalesce((SELECT value FROM setting WHERE key = 'purged'), 0)
            AND NOT EXISTS (SELECT 1 FROM job WHERE id = event.job)
            AND NOT EXISTS (SELECT 1 FROM job_archive WHERE id = event.job)",
    ),
];

impl Store {
    /// What SQLite itself finds damaged, in its words.
    ///
    /// # Errors
    /// [`StoreError`] of the database, when it is too damaged to be asked.
    pub fn damage(&self, reading: Reading) -> Result<Vec<String>, StoreError> {
        let checks: Vec<String> = match reading {
            Reading::Everything => vec!["PRAGMA integrity_check".to_owned()],
            Reading::Queue => LIVE_TABLES
                .map(|table| format!("PRAGMA integrity_check({table})"))
                .to_vec(),
        };
        let mut damage = vec![];
        for check in checks {
            let lines: Vec<String> = self.rows(&check, [], |row| row.get(0))?;
            damage.extend(lines.into_iter().filter(|line| line != "ok"));
        }
        damage.extend(self.rows("PRAGMA foreign_key_check", [], |row| {
            let (table, parent): (String, String) = (row.get(0)?, row.get(2)?);
            Ok(format!(
                "row of {table} refers to what {parent} does not have"
            ))
        })?);
        Ok(damage)
    }

    /// Rows that have no place, each with the id of its job (or event).
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn strays(&self, reading: Reading) -> Result<BTreeSet<(Stray, i64)>, StoreError> {
        let history = match reading {
            Reading::Queue => &[][..],
            Reading::Everything => &STRAYS_OF_HISTORY,
        };
        let mut found = BTreeSet::new();
        for (stray, sql) in STRAYS.iter().chain(history) {
            found.extend(self.rows(sql, [], |row| Ok((*stray, row.get(0)?)))?);
        }
        Ok(found)
    }

    /// Shows every live or every archived job with its opcodes, by id, one at a time.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn each_job(
        &self,
        archived: bool,
        mut visit: impl FnMut(&JobRow, &[OpRow]),
    ) -> Result<(), StoreError> {
        let suffix = if archived { "_archive" } else { "" };
        let jobs = format!("SELECT {JOB_COLUMNS} FROM job{suffix} ORDER BY id");
        let ops = format!("SELECT {OP_COLUMNS} FROM opcode{suffix} ORDER BY id");
        let mut walk = || -> rusqlite::Result<()> {
            let (mut jobs, mut ops) = (self.db.prepare(&jobs)?, self.db.prepare(&ops)?);
            let (mut jobs, mut ops) = (jobs.query([])?, ops.query([])?);
            let mut next = ops.next()?.map(op_of).transpose()?;
            while let Some(row) = jobs.next()? {
                let job = job_of(row, archived, &mut Arc::from(""))?;
                let mut own = vec![];
                while let Some(op) = next.take_if(|op| op.job <= job.id) {
                    // One without a job is a stray.
                    if op.job == job.id {
                        own.push(op);
                    }
                    next = ops.next()?.map(op_of).transpose()?;
                }
                visit(&job, &own);
            }
            Ok(())
        };
        walk().map_err(|error| self.wrong(error))
    }
}
