//! Tables and their version.

use std::path::Path;

use rusqlite::Connection;

use super::StoreError;

/// `gnt` and a zero: what kind of SQLite file this is.
const APPLICATION_ID: i64 = 0x676e_7400;

/// The version of the tables below. Only a runner raises a database's.
pub(super) const VERSION: i64 = 1;

/// Set before the first table, or they have no effect.
const FIRST: &str = "
    PRAGMA page_size = 4096;
    PRAGMA auto_vacuum = INCREMENTAL;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;";

/// Times are microseconds since 1970. An opcode's key is its job's id times 1024 plus its place, so
/// that it needs no index. The children that an opcode submitted have consecutive ids, kept with the
/// opcode: a family is found by ranges of the primary key, and no index grows with history.
const TABLES: &str = "
    CREATE TABLE setting (key TEXT PRIMARY KEY, value ANY) STRICT, WITHOUT ROWID;

    CREATE TABLE job (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        parent INTEGER, root INTEGER NOT NULL,
        status INTEGER NOT NULL, priority INTEGER NOT NULL,
        received INTEGER NOT NULL, started INTEGER, ended INTEGER,
        cancel INTEGER NOT NULL DEFAULT 0,
        parallel INTEGER,
        ops INTEGER NOT NULL,
        summary TEXT NOT NULL,
        request TEXT,
        submitter TEXT NOT NULL) STRICT;
    CREATE INDEX job_unfinished ON job (id) WHERE status < 7;
    CREATE UNIQUE INDEX job_request ON job (request) WHERE request IS NOT NULL;

    CREATE TABLE opcode (
        id INTEGER PRIMARY KEY,
        status INTEGER NOT NULL,
        starts INTEGER NOT NULL DEFAULT 0,
        started INTEGER, executing INTEGER, ended INTEGER,
        first_child INTEGER, last_child INTEGER,
        input TEXT NOT NULL, result TEXT, detail TEXT, error TEXT) STRICT;

    CREATE TABLE job_archive (
        id INTEGER PRIMARY KEY,
        parent INTEGER, root INTEGER NOT NULL,
        status INTEGER NOT NULL, priority INTEGER NOT NULL,
        received INTEGER NOT NULL, started INTEGER, ended INTEGER,
        cancel INTEGER NOT NULL, parallel INTEGER, ops INTEGER NOT NULL,
        summary TEXT NOT NULL, request TEXT, submitter TEXT NOT NULL) STRICT;
    CREATE UNIQUE INDEX job_archive_request ON job_archive (request) WHERE request IS NOT NULL;
    CREATE TABLE opcode_archive (
        id INTEGER PRIMARY KEY,
        status INTEGER NOT NULL, starts INTEGER NOT NULL,
        started INTEGER, executing INTEGER, ended INTEGER,
        first_child INTEGER, last_child INTEGER,
        input TEXT NOT NULL, result TEXT, detail TEXT, error TEXT) STRICT;

    CREATE TABLE log (
        opcode INTEGER NOT NULL, serial INTEGER NOT NULL,
        time INTEGER NOT NULL, kind TEXT NOT NULL, message TEXT NOT NULL,
        PRIMARY KEY (opcode, serial)) STRICT, WITHOUT ROWID;
    CREATE TABLE progress (
        opcode INTEGER PRIMARY KEY, time INTEGER NOT NULL, value TEXT NOT NULL) STRICT;

    CREATE TABLE held (
        job INTEGER NOT NULL, lock TEXT NOT NULL, mode TEXT NOT NULL,
        PRIMARY KEY (job, lock)) STRICT, WITHOUT ROWID;
    CREATE TABLE claim (
        job INTEGER NOT NULL, nr INTEGER NOT NULL,
        node TEXT NOT NULL, instance TEXT NOT NULL, role TEXT NOT NULL,
        memory INTEGER NOT NULL, disk INTEGER NOT NULL, vcpus INTEGER NOT NULL,
        PRIMARY KEY (job, nr)) STRICT, WITHOUT ROWID;

    CREATE TABLE object (
        kind TEXT NOT NULL, uuid TEXT NOT NULL, value TEXT NOT NULL,
        PRIMARY KEY (kind, uuid)) STRICT, WITHOUT ROWID;

    CREATE TABLE event (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        time INTEGER NOT NULL, what TEXT NOT NULL, job INTEGER, value TEXT,
        who TEXT NOT NULL) STRICT;";

/// Makes an empty file a database of our kind, without tables.
pub(super) fn prepare(db: &Connection) -> Result<(), rusqlite::Error> {
    db.execute_batch(FIRST)
}

/// Makes the tables in such a database, in the transaction under way.
pub(super) fn create(db: &Connection) -> Result<(), rusqlite::Error> {
    db.execute_batch(&format!(
        "{TABLES} PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION};"
    ))
}

/// Whether an opened file is a database that this program can use.
pub(super) fn check(db: &Connection, file: &Path) -> Result<(), StoreError> {
    let wrong = |error| StoreError::from_sqlite(error, file);
    let number = |pragma: &str| db.query_row(pragma, [], |row| row.get::<_, i64>(0));
    let id = number("PRAGMA application_id").map_err(wrong)?;
    if id != APPLICATION_ID {
        return Err(StoreError::Damaged {
            file: file.to_owned(),
            why: format!("it is another program's SQLite file (application id {id})"),
        });
    }
    let found = number("PRAGMA user_version").map_err(wrong)?;
    match found {
        VERSION => Ok(()),
        found if found > VERSION => Err(StoreError::Newer {
            file: file.to_owned(),
            found,
            known: VERSION,
        }),
        _ => Err(StoreError::Damaged {
            file: file.to_owned(),
            why: format!("it has no tables of ours (schema {found})"),
        }),
    }
}
