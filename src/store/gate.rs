//! The writers' queue: two lock files.
//!
//! A writer takes `write.next`, takes `write.lock`, frees `write.next`, and frees `write.lock` after
//! its commit. So exactly one waits for the commit under way and all others wait behind it, which
//! keeps the worst wait short; with SQLite's busy handler, or one lock, somebody starves.

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use nix::fcntl::{FcntlArg, fcntl};
use nix::libc;

use crate::limits::CLIENT_WAIT_SECONDS;
use crate::signals;

use super::trust::{self, For};
use super::{StateDir, StoreError};

/// While it waits a client looks so often whether it was interrupted.
const LOOK_FOR_SIGNALS: Duration = Duration::from_millis(50);

/// How long a writer waits for its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// A client: so long, then it says who is in its way.
    Client,
    /// The runner: as long as it takes.
    Runner,
}

/// The right to write; given back on drop.
#[derive(Debug)]
pub struct Gate {
    /// Closing it frees the lock.
    _lock: File,
}

impl Gate {
    /// Waits for the right to write.
    ///
    /// # Errors
    /// [`StoreError::Busy`] naming the holder, [`StoreError::Io`].
    pub fn enter(dir: &StateDir, patience: Patience) -> Result<Gate, StoreError> {
        let [next, lock] = dir.gates();
        let turn = open(&next)?;
        let has_turn = try_lock(&turn, &next)? && {
            let file = open(&lock)?;
            if try_lock(&file, &lock)? {
                return Ok(Gate { _lock: file });
            }
            true
        };
        let wait = {
            let (next, lock) = (next.clone(), lock.clone());
            move || wait_for_both(turn, has_turn, &next, &lock)
        };
        let lock = match patience {
            Patience::Runner => wait()?,
            Patience::Client => within_limit(wait, || busy(&next, &lock))?,
        };
        Ok(Gate { _lock: lock })
    }
}

/// Opens a lock file. One that somebody has removed is made again: whoever holds the old one is told by
/// its absence, and SQLite's own lock keeps two writers apart meanwhile.
pub(super) fn open(path: &Path) -> Result<File, StoreError> {
    trust::open(path, For::Locking)
}

/// Opens a lock file only to ask about it.
pub(super) fn open_to_look(path: &Path) -> Result<File, StoreError> {
    trust::open(path, For::Reading)
}

/// The whole file, as the operating system wants it described.
pub(super) fn whole_file(kind: i32) -> libc::flock {
    libc::flock {
        l_type: kind as libc::c_short,
        l_whence: libc::SEEK_SET as libc::c_short,
        l_start: 0,
        l_len: 0,
        l_pid: 0,
    }
}

/// Takes a lock if nobody has it; tells whether it did.
pub(super) fn try_lock(file: &File, path: &Path) -> Result<bool, StoreError> {
    match fcntl(file, FcntlArg::F_OFD_SETLK(&whole_file(libc::F_WRLCK))) {
        Ok(_) => Ok(true),
        Err(nix::Error::EAGAIN | nix::Error::EACCES) => Ok(false),
        Err(error) => Err(StoreError::io(path, error)),
    }
}

/// Waits for a lock, however long it takes.
fn wait_for(file: &File, path: &Path) -> Result<(), StoreError> {
    loop {
        match fcntl(file, FcntlArg::F_OFD_SETLKW(&whole_file(libc::F_WRLCK))) {
            Ok(_) => return Ok(()),
            Err(nix::Error::EINTR) => {}
            Err(error) => return Err(StoreError::io(path, error)),
        }
    }
}

/// Waits for the turn, unless it is had already, then for the writer before; gives the writer's lock.
fn wait_for_both(turn: File, has_turn: bool, next: &Path, lock: &Path) -> Result<File, StoreError> {
    if !has_turn {
        wait_for(&turn, next)?;
    }
    let file = open(lock)?;
    wait_for(&file, lock)?;
    Ok(file)
}

/// Waits as long as a client does. A lock cannot be waited for with a limit: the thread is left behind
/// when the limit passes; the process is about to end then.
fn within_limit(
    wait: impl FnOnce() -> Result<File, StoreError> + Send + 'static,
    held_by: impl Fn() -> StoreError,
) -> Result<File, StoreError> {
    let until = Instant::now() + Duration::from_secs(CLIENT_WAIT_SECONDS);
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || tell.send(wait()));
    loop {
        match told.recv_timeout(LOOK_FOR_SIGNALS) {
            Ok(taken) => return taken,
            Err(_) if signals::raised().is_some() => return Err(StoreError::Interrupted),
            Err(_) if Instant::now() >= until => return Err(held_by()),
            Err(_) => {}
        }
    }
}

/// Who is in the way: the one that writes, rather than those who wait for it, too.
fn busy(next: &Path, lock: &Path) -> StoreError {
    let (file, found) = match holder(lock) {
        None => (next, holder(next)),
        found => (lock, found),
    };
    let (holder, hint) = match found {
        Some((pid, name, true)) => (
            format!("{name}, pid {pid}, is stopped"),
            format!("kill -CONT {pid} lets it go on"),
        ),
        Some((pid, name, false)) => (
            format!("{name}, pid {pid}, holds it"),
            "try again; the disk may be slow".to_owned(),
        ),
        None => ("somebody holds it".to_owned(), "try again".to_owned()),
    };
    StoreError::Busy {
        file: file.to_owned(),
        seconds: CLIENT_WAIT_SECONDS,
        holder,
        hint,
    }
}

/// Pid and name of the process that has the lock file open and its lock, and whether it is stopped.
/// The kernel does not tell the owner of an open file's lock, so those who have the file open are
/// asked for it.
#[expect(clippy::disallowed_methods, reason = "/proc")]
pub(super) fn holder(path: &Path) -> Option<(u32, String, bool)> {
    let inode = fs::metadata(path).ok()?.ino();
    let me = std::process::id();
    let mut found = None;
    for entry in fs::read_dir("/proc").ok()?.flatten() {
        let Some(pid) = entry
            .file_name()
            .to_str()
            .and_then(|n| n.parse::<u32>().ok())
        else {
            continue;
        };
        let Ok(fds) = fs::read_dir(entry.path().join("fdinfo")) else {
            continue;
        };
        let holds = fds.flatten().any(|fd| {
            let text = fs::read_to_string(fd.path()).unwrap_or_default();
            text.lines().any(|line| {
                line.starts_with("lock:")
                    && line.contains(&format!(":{inode} "))
                    && line.contains("WRITE")
            })
        });
        if pid != me && holds {
            let name = fs::read_to_string(entry.path().join("comm")).unwrap_or_default();
            let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
            let state = stat
                .rsplit_once(')')
                .map_or("", |(_, rest)| rest.trim_start());
            found = Some((pid, name.trim().to_owned(), state.starts_with(['T', 't'])));
        }
    }
    found
}
