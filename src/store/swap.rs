//! Putting a cluster that is whole in the place of the one that is there.
//!
//! The new one is made in a directory of its own below the state directory. Then the files of the old
//! one are moved aside, the database first: from then on there is no cluster, until one rename makes the
//! new one be there. Killed in between, the old one is complete aside, and whoever tries again goes
//! on from there. A log never stays beside a database that is not its own.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use super::dir::{rename_durably, with_suffix};
use super::trust::{self, For};
use super::{StateDir, StoreError};

/// What a database consists of, in the order in which it is moved.
const PARTS: [&str; 3] = ["", "-wal", "-shm"];

impl StateDir {
    /// Where a cluster is made that is to take the place of this one.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub fn restoring(&self) -> Result<StateDir, StoreError> {
        StateDir::locate(Some(&self.path().join("restoring")))
    }

    /// Where the cluster is that was here before.
    #[must_use]
    pub fn replaced(&self) -> PathBuf {
        self.path().join("replaced")
    }

    /// The highest generation of the realities that are here; 0 if there is none.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub fn last_reality(&self) -> Result<u64, StoreError> {
        let generations = self
            .realities()?
            .into_iter()
            .map(|(generation, _)| generation);
        Ok(generations.max().unwrap_or(0))
    }

    /// Files of realities, with their generations.
    fn realities(&self) -> Result<Vec<(u64, PathBuf)>, StoreError> {
        let wrong = |error| StoreError::io(self.path(), error);
        let mut found = vec![];
        for entry in fs::read_dir(self.path()).map_err(wrong)? {
            let name = entry.map_err(wrong)?.file_name();
            let generation = (name.to_str())
                .and_then(|name| name.strip_prefix("reality-"))
                .and_then(|rest| rest.split_once('.'))
                .and_then(|(number, _)| number.parse().ok());
            if let Some(generation) = generation {
                found.push((generation, self.path().join(name)));
            }
        }
        Ok(found)
    }

    /// Moves the cluster that was made in `from`, with the reality of this generation if it has one, to its
    /// place, and the one that was here aside. Nobody may be at work on either. Tells where the old one is,
    /// if there was one.
    ///
    /// # Errors
    /// [`StoreError::Io`]; the old one is then in its place, or aside.
    pub fn take_over(
        &self,
        from: &StateDir,
        generation: Option<u64>,
    ) -> Result<Option<PathBuf>, StoreError> {
        if let Some(generation) = generation {
            rename_durably(&from.reality(generation), &self.reality(generation))?;
        }
        let aside = self.set_aside()?;
        rename_durably(&from.database(), &self.database())?;
        for (other, file) in self.realities()? {
            match (&aside, file.file_name()) {
                _ if Some(other) == generation => {}
                (Some(aside), Some(name)) => rename_durably(&file, &aside.join(name))?,
                _ => super::dir::remove_if_there(&file)?,
            }
        }
        remove_all(from.path())?;
        Ok(aside)
    }

    /// Removes the directory with all that is in it, if it is there.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub fn remove_all(&self) -> Result<(), StoreError> {
        remove_all(self.path())
    }

    /// Flushes a file to the disk that nobody has open.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub fn flush(&self, file: &Path) -> Result<(), StoreError> {
        let open = trust::open(file, For::Reading)?;
        open.sync_all().map_err(|error| StoreError::io(file, error))
    }

    /// Moves the database aside, with its log. What was left by somebody who was killed while doing
    /// this is moved, too. Tells where it is now, if there is one.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub fn set_aside(&self) -> Result<Option<PathBuf>, StoreError> {
        let aside = self.replaced();
        if self.has_cluster() {
            remove_all(&aside)?;
            let made = DirBuilder::new().mode(0o700).create(&aside);
            made.map_err(|error| StoreError::io(&aside, error))?;
        }
        let kept = aside.is_dir();
        for part in PARTS {
            let file = with_suffix(&self.database(), part);
            match (file.exists(), kept, file.file_name()) {
                (true, true, Some(name)) => rename_durably(&file, &aside.join(name))?,
                // A log whose database is gone, and nobody has it.
                (true, ..) => super::dir::remove_if_there(&file)?,
                (false, ..) => {}
            }
        }
        Ok(kept.then_some(aside))
    }
}

/// Removes a directory with all that is in it, if it is there.
pub(super) fn remove_all(path: &Path) -> Result<(), StoreError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(StoreError::io(path, error)),
        _ => Ok(()),
    }
}
