//! Copying a database while everybody goes on working with it, and looking at a copy that somebody
//! brings back.

use std::path::Path;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::schema;
use super::{Gate, Patience, Settings, Store, StoreError};
use crate::signals;

/// Pages that are copied between two looks at signals: four MiB.
const PAGES_AT_ONCE: i32 = 1_000;

/// A database at one moment; it goes on for everybody else.
#[derive(Debug)]
pub struct Frozen<'a> {
    store: &'a Store,
}

impl Store {
    /// Keeps what is on disk now for reading. `also` runs at the same moment: between the two nobody
    /// commits anything. So the runner, which writes down that an opcode runs before it has any
    /// effect, begins nothing that is not known here.
    ///
    /// # Errors
    /// [`StoreError`] of the database, or what `also` gave.
    pub fn freeze<T, E: From<StoreError>>(
        &self,
        also: impl FnOnce(&Settings) -> Result<T, E>,
    ) -> Result<(Frozen<'_>, T), E> {
        let gate = Gate::enter(self.dir(), Patience::Client)?;
        self.exec("BEGIN")?;
        let frozen = Frozen { store: self };
        // The first look is what the moment is of.
        let settings = self.settings()?;
        let value = also(&settings)?;
        drop(gate);
        Ok((frozen, value))
    }

    /// Moves the log into the file and closes it, so that the file alone is the database. Nobody else
    /// may have it open.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub fn close_whole(self) -> Result<(), StoreError> {
        let path = self.path();
        let wrong = |error| StoreError::from_sqlite(error, &path);
        self.db
            .execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")
            .map_err(wrong)?;
        self.db.close().map_err(|(_, error)| wrong(error))
    }
}

impl Frozen<'_> {
    /// Writes it to a file, which must be there and empty.
    ///
    /// # Errors
    /// [`StoreError`] of either database; [`StoreError::Interrupted`].
    pub fn copy_to(&self, file: &Path) -> Result<(), StoreError> {
        let done = copy_database(&self.store.db, file);
        match done.map_err(|error| StoreError::from_sqlite(error, file))? {
            true => Ok(()),
            false => Err(StoreError::Interrupted),
        }
    }
}

impl Drop for Frozen<'_> {
    fn drop(&mut self) {
        // Nothing was written: there is nothing that could fail to end.
        let _ = self.store.exec("COMMIT");
    }
}

/// Copies a database page by page, as it is in the transaction under way, to an empty file. Tells
/// whether it came to its end before a signal did.
pub(crate) fn copy_database(from: &Connection, file: &Path) -> rusqlite::Result<bool> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut to = Connection::open_with_flags(file, flags)?;
    // It is nobody's yet, and flushed by whoever keeps it.
    to.execute_batch("PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF;")?;
    let backup = Backup::new(from, &mut to)?;
    loop {
        match backup.step(PAGES_AT_ONCE)? {
            StepResult::Done => break,
            _ if signals::raised().is_some() => return Ok(false),
            _ => {}
        }
    }
    drop(backup);
    to.close().map_err(|(_, error)| error)?;
    Ok(true)
}

/// Looks at a file that came from elsewhere before it is used as a cluster's database.
///
/// # Errors
/// [`StoreError::Damaged`] when it is damaged or holds other than our tables, [`StoreError::Newer`].
pub fn inspect(file: &Path) -> Result<(), StoreError> {
    let wrong = |error| StoreError::from_sqlite(error, file);
    let db = Connection::open_with_flags(file, foreign_flags()).map_err(wrong)?;
    schema::check(&db, file)?;
    match distrust_database(&db, schema::create).map_err(wrong)? {
        None => Ok(()),
        Some(why) => Err(StoreError::Damaged {
            file: file.to_owned(),
            why,
        }),
    }
}

/// How a file that came from elsewhere is opened.
pub(crate) fn foreign_flags() -> OpenFlags {
    OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_NOFOLLOW
}

/// Why a database that came from elsewhere cannot be used, if so: it is damaged, or it holds other
/// tables, indexes, views or triggers than `create` makes.
pub(crate) fn distrust_database(
    db: &Connection,
    create: impl FnOnce(&Connection) -> rusqlite::Result<()>,
) -> rusqlite::Result<Option<String>> {
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    db.pragma_update(None, "cell_size_check", true)?;
    let ours = Connection::open_in_memory()?;
    create(&ours)?;
    let (found, expected) = (objects(db)?, objects(&ours)?);
    if let Some((kind, name, _)) = found.iter().find(|object| !expected.contains(object)) {
        return Ok(Some(format!("its {kind} {name} is none of ours")));
    }
    if let Some((kind, name, _)) = expected.iter().find(|object| !found.contains(object)) {
        return Ok(Some(format!("it has no {kind} {name}")));
    }
    let line: String = db.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    Ok((line != "ok").then_some(line))
}

/// Kind, name and definition of all that a database is made of.
fn objects(db: &Connection) -> rusqlite::Result<Vec<(String, String, Option<String>)>> {
    let mut query = db.prepare("SELECT type, name, sql FROM sqlite_schema ORDER BY name")?;
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    rows.collect()
}
