//! Copying a reality while everybody goes on working with it, and looking at a copy that somebody
//! brings back.

use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::FakeError;
use super::reality;
use crate::store::{copy_database, distrust_database, foreign_flags};

/// A reality at one moment; it goes on for everybody else.
#[derive(Debug)]
pub struct Frozen {
    db: Connection,
    path: PathBuf,
}

impl Frozen {
    /// Keeps what is so now for reading. What is on its way goes on in a copy by the same clock.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn open(path: &Path) -> Result<Frozen, FakeError> {
        let db = reality::open(path)?;
        // The first look is what the moment is of.
        db.execute_batch("BEGIN; SELECT count(*) FROM facts;")
            .map_err(|error| FakeError::database(path, error))?;
        let path = path.to_owned();
        Ok(Frozen { db, path })
    }

    /// Writes it to a file, which must be there and empty. Tells whether it came to its end before a
    /// signal did.
    ///
    /// # Errors
    /// When either file cannot be used.
    pub fn copy_to(&self, file: &Path) -> Result<bool, FakeError> {
        copy_database(&self.db, file).map_err(|error| FakeError::database(&self.path, error))
    }
}

/// Looks at a file that came from elsewhere before it is used as a reality.
///
/// # Errors
/// When it is damaged, none of ours, or of another layout.
pub fn inspect(file: &Path) -> Result<(), FakeError> {
    let wrong = |error| FakeError::database(file, error);
    drop(reality::open(file)?);
    let db = Connection::open_with_flags(file, foreign_flags()).map_err(wrong)?;
    let create = |db: &Connection| db.execute_batch(reality::SCHEMA);
    match distrust_database(&db, create).map_err(wrong)? {
        None => Ok(()),
        Some(why) => Err(FakeError::Strange {
            path: file.to_owned(),
            why,
        }),
    }
}
