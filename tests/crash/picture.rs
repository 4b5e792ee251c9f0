//! What the database says at one moment, read with SQL of the tester's own.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Row};
use serde_json::Value;

/// The factor of an opcode's key.
const OPS: i64 = 1024;

/// The states, by their numbers in the database.
pub const QUEUED: i64 = 0;
pub const WAITING: i64 = 1;
pub const CANCELING: i64 = 2;
pub const RUNNING: i64 = 3;
pub const CANCELED: i64 = 7;
pub const SUCCESS: i64 = 8;
pub const ERROR: i64 = 9;

pub fn is_final(status: i64) -> bool {
    status >= CANCELED
}

/// A state's word.
pub fn word(status: i64) -> &'static str {
    match status {
        QUEUED => "queued",
        WAITING => "waiting",
        CANCELING => "canceling",
        RUNNING => "running",
        CANCELED => "canceled",
        SUCCESS => "success",
        ERROR => "error",
        _ => "no state",
    }
}

/// The state of this word.
pub fn of_word(text: &str) -> Option<i64> {
    let all = [
        QUEUED, WAITING, CANCELING, RUNNING, CANCELED, SUCCESS, ERROR,
    ];
    all.into_iter().find(|status| word(*status) == text)
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    pub parent: Option<i64>,
    pub root: i64,
    pub status: i64,
    pub cancel: bool,
    pub ops: u32,
    pub request: Option<String>,
    pub archived: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Op {
    pub status: i64,
    pub starts: i64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    pub job: i64,
    pub lock: String,
    pub exclusive: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    pub job: i64,
    pub node: String,
    pub instance: String,
    pub primary: bool,
    pub memory: u64,
    pub disk: u64,
}

/// All that has its laws.
#[derive(Debug, Clone, Default)]
pub struct Picture {
    pub jobs: BTreeMap<i64, Job>,
    pub ops: BTreeMap<(i64, u32), Op>,
    pub held: Vec<Held>,
    pub claims: Vec<Claim>,
    pub last_job: i64,
    pub settings: BTreeMap<String, i64>,
    /// How often the queue was drained or opened, held or released, by the number of the newest
    /// such event.
    pub last_drain: i64,
    pub last_limits: i64,
}

/// One opcode with all that is written of it.
#[derive(Debug, Clone)]
pub struct FullOp {
    pub status: i64,
    pub input: Value,
    pub result: Value,
    pub error: Value,
    /// Everything that may not change once it has ended.
    pub end: String,
}

/// A connection for looking only.
pub struct Eye {
    db: Connection,
}

impl Eye {
    pub fn open(database: &Path) -> rusqlite::Result<Eye> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(database, flags)?;
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        db.execute_batch("PRAGMA wal_autocheckpoint = 0; PRAGMA query_only = ON;")?;
        db.pragma_update(None, "busy_timeout", 10_000)?;
        Ok(Eye { db })
    }

    /// A number that changes with each commit of others.
    pub fn version(&self) -> rusqlite::Result<i64> {
        self.db
            .pragma_query_value(None, "data_version", |row| row.get(0))
    }

    /// One moment.
    pub fn look(&self) -> rusqlite::Result<Picture> {
        self.at_once(Eye::picture)?
    }

    /// Whatever is read by `look` is of one moment.
    pub fn at_once<T>(&self, look: impl FnOnce(&Eye) -> T) -> rusqlite::Result<T> {
        self.db.execute_batch("BEGIN")?;
        let seen = look(self);
        self.db.execute_batch("COMMIT")?;
        Ok(seen)
    }

    fn rows<T>(
        &self,
        sql: &str,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<Vec<T>> {
        let mut query = self.db.prepare_cached(sql)?;
        query.query_map([], read)?.collect()
    }

    fn number(&self, sql: &str) -> rusqlite::Result<i64> {
        Ok(self.rows(sql, |row| row.get(0))?.pop().unwrap_or(0))
    }

    /// What has its laws, not necessarily of one moment.
    pub fn picture(&self) -> rusqlite::Result<Picture> {
        let mut jobs = BTreeMap::new();
        let mut ops = BTreeMap::new();
        for (suffix, archived) in [("", false), ("_archive", true)] {
            let sql =
                format!("SELECT id, parent, root, status, cancel, ops, request FROM job{suffix}");
            for (id, job) in self.rows(&sql, |row| job_of(row, archived))? {
                assert_eq!(jobs.insert(id, job), None, "job {id} is there twice");
            }
            let sql = format!("SELECT id, status, starts FROM opcode{suffix}");
            for (key, op) in self.rows(&sql, op_of)? {
                assert_eq!(ops.insert(key, op), None, "opcode {key:?} is there twice");
            }
        }
        Ok(Picture {
            jobs,
            ops,
            held: self.rows("SELECT job, lock, mode FROM held", |row| {
                Ok(Held {
                    job: row.get(0)?,
                    lock: row.get(1)?,
                    exclusive: row.get::<_, String>(2)? == "exclusive",
                })
            })?,
            claims: self.rows(
                "SELECT job, node, instance, role, memory, disk FROM claim",
                |row| {
                    Ok(Claim {
                        job: row.get(0)?,
                        node: row.get(1)?,
                        instance: row.get(2)?,
                        primary: row.get::<_, String>(3)? == "primary",
                        memory: row.get::<_, i64>(4)?.unsigned_abs(),
                        disk: row.get::<_, i64>(5)?.unsigned_abs(),
                    })
                },
            )?,
            last_job: self.number("SELECT seq FROM sqlite_sequence WHERE name = 'job'")?,
            settings: (self.rows(
                "SELECT key, value FROM setting WHERE typeof(value) = 'integer'",
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?)
            .into_iter()
            .collect(),
            last_drain: self.number(
                "SELECT coalesce(max(id), 0) FROM event WHERE what IN ('drain', 'undrain')",
            )?,
            last_limits: self
                .number("SELECT coalesce(max(id), 0) FROM event WHERE what = 'limits'")?,
        })
    }

    /// One opcode, wherever it stands.
    pub fn op(&self, job: i64, index: u32) -> rusqlite::Result<FullOp> {
        let columns = "status, starts, input, result, error, ended, detail";
        self.db.query_row(
            &format!(
                "SELECT {columns} FROM opcode WHERE id = ?1
                 UNION ALL SELECT {columns} FROM opcode_archive WHERE id = ?1"
            ),
            [job * OPS + i64::from(index)],
            |row| {
                let text = |nr| row.get::<_, Option<String>>(nr);
                let json = |text: Option<String>| {
                    text.and_then(|text| serde_json::from_str(&text).ok())
                        .unwrap_or_default()
                };
                let ended: Option<i64> = row.get(5)?;
                let status: i64 = row.get(0)?;
                Ok(FullOp {
                    status,
                    input: json(text(2)?),
                    end: format!(
                        "{} {ended:?} {:?} {:?} {:?}",
                        word(status),
                        text(3)?,
                        text(4)?,
                        text(6)?
                    ),
                    result: json(text(3)?),
                    error: json(text(4)?),
                })
            },
        )
    }

    /// What a job's opcodes logged, in order.
    pub fn log(&self, job: i64) -> rusqlite::Result<Vec<String>> {
        let mut query = self.db.prepare_cached(
            "SELECT message FROM log WHERE opcode BETWEEN ?1 AND ?2 ORDER BY serial",
        )?;
        let rows = query.query_map([job * OPS, job * OPS + OPS - 1], |row| row.get(0))?;
        rows.collect()
    }

    /// Rows that stand for something on its way: there are none when nothing is.
    pub fn progress_rows(&self) -> rusqlite::Result<i64> {
        self.number("SELECT count(*) FROM progress")
    }

    /// The objects of the configuration of one kind, by uuid.
    pub fn objects(&self, kind: &str) -> rusqlite::Result<BTreeMap<String, Value>> {
        let mut query =
            (self.db).prepare_cached("SELECT uuid, value FROM object WHERE kind = ?1")?;
        let rows = query.query_map([kind], |row| {
            let text: String = row.get(1)?;
            Ok((row.get(0)?, serde_json::from_str(&text).unwrap_or_default()))
        })?;
        rows.collect()
    }
}

fn job_of(row: &Row<'_>, archived: bool) -> rusqlite::Result<(i64, Job)> {
    let job = Job {
        parent: row.get(1)?,
        root: row.get(2)?,
        status: row.get(3)?,
        cancel: row.get(4)?,
        ops: row.get(5)?,
        request: row.get(6)?,
        archived,
    };
    Ok((row.get(0)?, job))
}

fn op_of(row: &Row<'_>) -> rusqlite::Result<((i64, u32), Op)> {
    let key: i64 = row.get(0)?;
    let index = u32::try_from(key % OPS).unwrap_or_default();
    let op = Op {
        status: row.get(1)?,
        starts: row.get(2)?,
    };
    Ok(((key / OPS, index), op))
}
