//! The file that holds reality, and the rows in it.
//!
//! `synchronous=OFF` is right here: after a power cut of the host no real machine would run on
//! either, so what the last moments wrote need not survive one. It does survive every death of a
//! process, since the pages are the kernel's by then.

use std::path::Path;
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, Transaction, params};

use super::{FakeError, FakeSettings};
use crate::cluster::{Capacity, DiskTemplate, InstanceUuid, NodeUuid};
use crate::hypervisor::{InstanceRef, NodeRef};
use crate::store::distrust;

/// What a query answers.
pub(super) type Sql<T> = rusqlite::Result<T>;

/// Marks the file as ours: `gntR` in ASCII.
pub(super) const APPLICATION_ID: i64 = 0x676e_7452;

/// The layout of the tables that this program writes.
pub(super) const LAYOUT: i64 = 1;

/// How long a transaction waits for those of other processes, which take milliseconds each.
const BUSY_LIMIT: Duration = Duration::from_secs(10);

/// The page cache of a connection: a reality of some thousand instances, which each verb looks up all
/// over.
const CACHE_KIB: i64 = 8 << 10;

/// Statements that are kept prepared: there are about fifty.
const STATEMENTS: usize = 64;

/// All tables. Times are microseconds of the host's boot clock, which no change of the wall clock
/// touches; `wall` is microseconds since 1970, for people.
pub(super) const SCHEMA: &str = "
CREATE TABLE facts (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE nodes (
    uuid TEXT PRIMARY KEY, name TEXT NOT NULL, alive INTEGER NOT NULL,
    memory INTEGER NOT NULL, disk INTEGER NOT NULL, cpus INTEGER NOT NULL,
    spindles INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE instances (
    uuid TEXT PRIMARY KEY, name TEXT NOT NULL, memory INTEGER NOT NULL, vcpus INTEGER NOT NULL,
    disk INTEGER NOT NULL, template TEXT NOT NULL) WITHOUT ROWID;
-- What runs where. Two rows of one instance are the disaster that others look for.
CREATE TABLE running (
    instance TEXT NOT NULL, node TEXT NOT NULL, PRIMARY KEY (instance, node)) WITHOUT ROWID;
CREATE INDEX running_node ON running (node);
CREATE TABLE copies (
    instance TEXT NOT NULL, node TEXT NOT NULL, in_sync INTEGER NOT NULL,
    PRIMARY KEY (instance, node)) WITHOUT ROWID;
CREATE INDEX copies_node ON copies (node);
-- Definitions that a migration which broke off left on its target.
CREATE TABLE left_over (
    instance TEXT NOT NULL, node TEXT NOT NULL, PRIMARY KEY (instance, node)) WITHOUT ROWID;
-- Verbs that were begun: those on their way have no end, the others are the log.
CREATE TABLE deeds (
    id INTEGER PRIMARY KEY AUTOINCREMENT, verb TEXT NOT NULL,
    instance TEXT NOT NULL, instance_name TEXT NOT NULL,
    source TEXT, source_name TEXT, target TEXT, target_name TEXT,
    began INTEGER NOT NULL, wall INTEGER NOT NULL, lasts INTEGER NOT NULL,
    ends INTEGER, plan TEXT NOT NULL, plan_message TEXT NOT NULL, stuck REAL, fault INTEGER,
    fresh INTEGER NOT NULL, ended INTEGER, outcome TEXT, message TEXT);
CREATE INDEX deeds_due ON deeds (ends) WHERE ended IS NULL;
CREATE UNIQUE INDEX deeds_instance ON deeds (instance) WHERE ended IS NULL AND verb <> 'sync';
CREATE UNIQUE INDEX deeds_sync ON deeds (instance, target) WHERE ended IS NULL AND verb = 'sync';
CREATE TABLE faults (
    id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, fault TEXT NOT NULL, left INTEGER);
-- How often a fault with a probability was asked about, so that its dice do not depend on who asks.
CREATE TABLE throws (
    fault INTEGER NOT NULL, instance TEXT NOT NULL, verb TEXT NOT NULL, tries INTEGER NOT NULL,
    PRIMARY KEY (fault, instance, verb)) WITHOUT ROWID;
";

/// Microseconds of the host's boot clock.
pub(super) fn boot_clock() -> i64 {
    // The clock exists on every Linux that this program runs on; 0 would only make all that is on
    // its way look as if it had not begun.
    clock_gettime(ClockId::CLOCK_BOOTTIME)
        .map_or(0, |time| time.tv_sec() * 1_000_000 + time.tv_nsec() / 1_000)
}

/// Names this boot of the host; empty where the kernel does not tell.
#[expect(clippy::disallowed_methods, reason = "/proc")]
pub(super) fn boot_id() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id")
        .map_or(String::new(), |id| id.trim().to_owned())
}

/// A number for SQLite, which has signed ones only.
pub(super) fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A number from SQLite.
pub(super) fn uint(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// Opens the file and sets what each connection has to set.
pub(super) fn connect(path: &Path) -> Sql<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags)?;
    db.busy_timeout(BUSY_LIMIT)?;
    db.set_prepared_statement_cache_capacity(STATEMENTS);
    db.pragma_update(None, "synchronous", "OFF")?;
    db.pragma_update(None, "cache_size", -CACHE_KIB)?;
    Ok(db)
}

/// Opens a reality that exists.
pub(super) fn open(path: &Path) -> Result<Connection, FakeError> {
    // Looked at by name only: closing a descriptor of our own would drop the locks that this
    // process may hold through another connection.
    match std::fs::symlink_metadata(path) {
        Ok(meta) => match distrust(&meta) {
            Some(why) => {
                let path = path.into();
                return Err(FakeError::Untrusted { path, why });
            }
            None if meta.len() == 0 => return Err(FakeError::Empty { path: path.into() }),
            None => {}
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(FakeError::Missing { path: path.into() });
        }
        Err(source) => {
            let path = path.into();
            return Err(FakeError::Io { path, source });
        }
    }
    let fail = |error| FakeError::database(path, error);
    let db = connect(path).map_err(fail)?;
    let number = |name: &str| db.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    if number("application_id").map_err(fail)? != APPLICATION_ID {
        return Err(FakeError::Foreign { path: path.into() });
    }
    let layout = number("user_version").map_err(fail)?;
    if layout != LAYOUT {
        let path = path.into();
        return Err(FakeError::Layout { path, layout });
    }
    Ok(db)
}

impl FakeError {
    /// What an error of SQLite means for the file at `path`.
    pub(super) fn database(path: &Path, source: rusqlite::Error) -> FakeError {
        let path = path.to_owned();
        match source.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => FakeError::Foreign { path },
            Some(ErrorCode::DatabaseCorrupt) => FakeError::Damaged { path, source },
            _ => FakeError::Database { path, source },
        }
    }
}

/// Reality at one moment, inside a transaction.
#[derive(Clone, Copy)]
pub(super) struct Moment<'a> {
    pub(super) db: &'a Transaction<'a>,
    /// Microseconds of the boot clock.
    pub(super) now: i64,
}

/// A node as the file has it.
#[derive(Debug, Clone)]
pub(super) struct NodeRow {
    pub(super) name: String,
    pub(super) alive: bool,
    pub(super) capacity: Capacity,
}

impl Moment<'_> {
    /// Runs one statement; tells how many rows it changed.
    pub(super) fn run(&self, sql: &str, params: impl rusqlite::Params) -> Sql<usize> {
        self.db.prepare_cached(sql)?.execute(params)
    }

    /// The first row of a query.
    pub(super) fn row<T>(
        &self,
        sql: &str,
        params: impl rusqlite::Params,
        read: impl FnOnce(&rusqlite::Row<'_>) -> Sql<T>,
    ) -> Sql<Option<T>> {
        let mut statement = self.db.prepare_cached(sql)?;
        statement.query_row(params, read).optional()
    }

    /// All rows of a query.
    pub(super) fn rows<T>(
        &self,
        sql: &str,
        params: impl rusqlite::Params,
        read: impl FnMut(&rusqlite::Row<'_>) -> Sql<T>,
    ) -> Sql<Vec<T>> {
        let mut statement = self.db.prepare_cached(sql)?;
        statement.query_map(params, read)?.collect()
    }

    /// Whether a query finds anything.
    pub(super) fn any(&self, sql: &str, params: impl rusqlite::Params) -> Sql<bool> {
        self.db.prepare_cached(sql)?.exists(params)
    }

    /// One of the single values.
    pub(super) fn fact(&self, key: &str) -> Sql<Option<String>> {
        self.row("SELECT value FROM facts WHERE key = ?1", [key], |row| {
            row.get(0)
        })
    }

    /// Sets one of the single values.
    pub(super) fn set_fact(&self, key: &str, value: &str) -> Sql<()> {
        let sql = "INSERT INTO facts VALUES (?1, ?2)
            ON CONFLICT (key) DO UPDATE SET value = excluded.value";
        self.run(sql, [key, value]).map(drop)
    }

    /// The durations; the built-in ones where none are stored.
    pub(super) fn settings(&self) -> Sql<FakeSettings> {
        let Some(text) = self.fact("settings")? else {
            return Ok(FakeSettings::default());
        };
        serde_json::from_str(&text).map_err(bad_text)
    }

    /// A node.
    pub(super) fn node(&self, uuid: &NodeUuid) -> Sql<Option<NodeRow>> {
        let sql = "SELECT name, alive, memory, disk, cpus, spindles FROM nodes WHERE uuid = ?1";
        self.row(sql, [uuid.as_str()], |row| {
            Ok(NodeRow {
                name: row.get(0)?,
                alive: row.get(1)?,
                capacity: Capacity {
                    memory: uint(row.get(2)?),
                    disk: uint(row.get(3)?),
                    cpus: uint(row.get(4)?),
                    spindles: uint(row.get(5)?),
                },
            })
        })
    }

    /// A node's UUID by its name.
    pub(super) fn node_named(&self, name: &str) -> Sql<Option<NodeUuid>> {
        self.row("SELECT uuid FROM nodes WHERE name = ?1", [name], |row| {
            Ok(NodeUuid::from(row.get::<_, String>(0)?))
        })
    }

    /// Adds a node, or gives it another size and name.
    pub(super) fn put_node(&self, node: &NodeRef, alive: bool, size: Capacity) -> Sql<()> {
        let sql = "INSERT INTO nodes VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
            ON CONFLICT (uuid) DO UPDATE SET name = excluded.name, alive = excluded.alive,
                memory = excluded.memory, disk = excluded.disk, cpus = excluded.cpus,
                spindles = excluded.spindles";
        let params = params![
            node.uuid.as_str(),
            node.name,
            alive,
            int(size.memory),
            int(size.disk),
            int(size.cpus),
            int(size.spindles)
        ];
        self.run(sql, params).map(drop)
    }

    /// Forgets a node and the copies on it; or names an instance that runs there, or of which
    /// something is on its way from or to there, so that it stays.
    pub(super) fn remove_node(&self, node: &NodeUuid) -> Sql<Option<String>> {
        let sql = "SELECT i.name FROM instances i WHERE i.uuid IN (
            SELECT instance FROM running WHERE node = ?1 UNION
            SELECT instance FROM deeds WHERE ended IS NULL AND ?1 IN (source, target))";
        let busy = self.row(sql, [node.as_str()], |row| row.get(0))?;
        if busy.is_none() {
            for table in ["copies", "left_over"] {
                let sql = format!("DELETE FROM {table} WHERE node = ?1");
                self.run(&sql, [node.as_str()])?;
            }
            self.run("DELETE FROM nodes WHERE uuid = ?1", [node.as_str()])?;
        }
        Ok(busy)
    }

    /// MiB of memory and of disk that are taken on a node.
    pub(super) fn used(&self, node: &NodeUuid) -> Sql<(u64, u64)> {
        let memory = "SELECT COALESCE(SUM(i.memory), 0) FROM running r
            JOIN instances i ON i.uuid = r.instance WHERE r.node = ?1";
        let disk = "SELECT COALESCE(SUM(i.disk), 0) FROM copies c
            JOIN instances i ON i.uuid = c.instance WHERE c.node = ?1";
        let sum = |sql| self.row(sql, [node.as_str()], |row| Ok(uint(row.get(0)?)));
        Ok((sum(memory)?.unwrap_or(0), sum(disk)?.unwrap_or(0)))
    }

    /// Takes note of an instance and what it needs.
    pub(super) fn put_instance(&self, instance: &InstanceRef) -> Sql<()> {
        let sql = "INSERT INTO instances VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            ON CONFLICT (uuid) DO UPDATE SET name = excluded.name, memory = excluded.memory,
                vcpus = excluded.vcpus, disk = excluded.disk, template = excluded.template
            WHERE (name, memory, vcpus, disk, template) IS NOT
                (excluded.name, excluded.memory, excluded.vcpus, excluded.disk, excluded.template)";
        let params = params![
            instance.uuid.as_str(),
            instance.name,
            int(instance.memory),
            int(instance.vcpus),
            int(instance.disk),
            instance.template.word()
        ];
        self.run(sql, params).map(drop)
    }

    /// The nodes that an instance runs on.
    pub(super) fn running_on(&self, instance: &InstanceUuid) -> Sql<Vec<NodeUuid>> {
        let sql = "SELECT node FROM running WHERE instance = ?1";
        self.rows(sql, [instance.as_str()], |row| {
            Ok(NodeUuid::from(row.get::<_, String>(0)?))
        })
    }

    /// The nodes with a definition that a broken migration left.
    pub(super) fn left_over(&self, instance: &InstanceUuid) -> Sql<Vec<NodeUuid>> {
        let sql = "SELECT node FROM left_over WHERE instance = ?1";
        self.rows(sql, [instance.as_str()], |row| {
            Ok(NodeUuid::from(row.get::<_, String>(0)?))
        })
    }

    /// Whether the copy on a node is in sync; `None` when there is no copy.
    pub(super) fn copy(&self, instance: &InstanceUuid, node: &NodeUuid) -> Sql<Option<bool>> {
        let sql = "SELECT in_sync FROM copies WHERE instance = ?1 AND node = ?2";
        self.row(sql, [instance.as_str(), node.as_str()], |row| row.get(0))
    }

    /// The nodes with a copy, and whether each is in sync.
    pub(super) fn copies_of(&self, instance: &InstanceUuid) -> Sql<Vec<(NodeUuid, bool)>> {
        let sql = "SELECT node, in_sync FROM copies WHERE instance = ?1";
        self.rows(sql, [instance.as_str()], |row| {
            Ok((NodeUuid::from(row.get::<_, String>(0)?), row.get(1)?))
        })
    }

    /// A living node other than `node` whose copy is in sync.
    pub(super) fn peer_in_sync(
        &self,
        instance: &InstanceUuid,
        node: &NodeUuid,
    ) -> Sql<Option<NodeRef>> {
        let sql = "SELECT n.uuid, n.name FROM copies c JOIN nodes n ON n.uuid = c.node
            WHERE c.instance = ?1 AND c.node <> ?2 AND c.in_sync AND n.alive ORDER BY n.name";
        self.row(sql, [instance.as_str(), node.as_str()], |row| {
            Ok(NodeRef {
                uuid: NodeUuid::from(row.get::<_, String>(0)?),
                name: row.get(1)?,
                host: None,
            })
        })
    }

    /// Adds a copy, or sets its state.
    pub(super) fn put_copy(
        &self,
        instance: &InstanceUuid,
        node: &NodeUuid,
        in_sync: bool,
    ) -> Sql<()> {
        let sql = "INSERT INTO copies VALUES (?1, ?2, ?3)
            ON CONFLICT (instance, node) DO UPDATE SET in_sync = excluded.in_sync";
        self.run(sql, params![instance.as_str(), node.as_str(), in_sync])
            .map(drop)
    }
}

/// A stored word or document that this program would not have written.
pub(super) fn bad_text(error: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(error))
}

/// Whether the template's copies are rows: external ones are seen from everywhere.
pub(super) fn has_copies(template: DiskTemplate) -> bool {
    template.uses_node_disk()
}
