//! The lock by which there is one runner a state directory.
//!
//! It is a lock of the open file, not of the process, and only runners take it. Others ask for it,
//! which takes nothing. The runner keeps the file open for writing, so that its death is an event for
//! those who watch the file.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;

use nix::fcntl::{FcntlArg, fcntl};
use nix::libc;

use super::gate::{holder, open, open_to_look, try_lock, whole_file};
use super::{StateDir, StoreError};

/// The right to be the runner (or to change the configuration while there is none); given back on
/// drop.
#[derive(Debug)]
pub struct RunnerLock {
    file: File,
}

impl RunnerLock {
    /// Takes the lock if nobody has it.
    ///
    /// # Errors
    /// [`StoreError::Io`] when it cannot be locked at all.
    pub fn try_take(dir: &StateDir) -> Result<Option<RunnerLock>, StoreError> {
        let path = dir.runner_lock();
        let file = open(&path)?;
        match fcntl(&file, FcntlArg::F_OFD_SETLK(&whole_file(libc::F_WRLCK))) {
            Ok(_) => Ok(Some(RunnerLock { file })),
            Err(nix::Error::EAGAIN | nix::Error::EACCES) => Ok(None),
            Err(error) => Err(StoreError::io(&path, error)),
        }
    }

    /// Whether the file at the path is still the one that is locked.
    #[must_use]
    pub fn in_place(&self, dir: &StateDir) -> bool {
        let here = self.file.metadata().map(|m| (m.dev(), m.ino()));
        let there = fs::symlink_metadata(dir.runner_lock()).map(|m| (m.dev(), m.ino()));
        matches!((here, there), (Ok(here), Ok(there)) if here == there)
    }
}

/// What one process at a time does for a cluster, beside the runner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duty {
    /// Starts what should run and does not.
    Watcher,
    /// Takes one node after the other into maintenance.
    Rolling,
}

/// The right to a duty, of which there is one a state directory; given back on drop.
#[derive(Debug)]
pub struct DutyLock {
    /// Closing it frees the lock.
    _file: File,
}

impl DutyLock {
    /// Takes the lock if nobody has it.
    ///
    /// # Errors
    /// [`StoreError::Io`] when it cannot be locked at all.
    pub fn try_take(dir: &StateDir, duty: Duty) -> Result<Option<DutyLock>, StoreError> {
        let path = dir.duty_lock(duty);
        let file = open(&path)?;
        match try_lock(&file, &path)? {
            true => Ok(Some(DutyLock { _file: file })),
            false => Ok(None),
        }
    }
}

/// Whether a runner (or an import) has the lock. Where somebody has removed the file nobody has: who
/// held it notices, and leaves.
///
/// # Errors
/// [`StoreError::Io`] when it cannot be asked.
pub fn runner_alive(dir: &StateDir) -> Result<bool, StoreError> {
    let path = dir.runner_lock();
    // Only for reading: closing what was open for writing is the event of a runner's death.
    let file = match open_to_look(&path) {
        Err(StoreError::Io { error, .. }) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(false);
        }
        other => other?,
    };
    let mut asked = whole_file(libc::F_WRLCK);
    match fcntl(&file, FcntlArg::F_OFD_GETLK(&mut asked)) {
        Ok(_) => Ok(i32::from(asked.l_type) != libc::F_UNLCK),
        Err(error) => Err(StoreError::io(&path, error)),
    }
}

/// The pid of the runner, if it is stopped (`SIGSTOP`): then it keeps its place and does nothing.
#[must_use]
pub fn stopped_runner(dir: &StateDir) -> Option<u32> {
    let (pid, _, stopped) = holder(&dir.runner_lock())?;
    stopped.then_some(pid)
}
