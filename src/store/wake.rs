//! Telling others that a commit is on disk, and waiting to be told.
//!
//! Who waits for an operation makes a file in the directory `wake/`, named by the id of its root job.
//! Whoever has committed opens the file of each operation whose rows changed, which raises an inotify
//! event there; where nobody waits there is no file, and nobody wakes for nothing. Who waits for many
//! operations has the file `all` instead, which is opened whichever changed. Waiters then look at the
//! data itself; an event says no more than "look".
//!
//! The system has only so many inotify instances for a user. Who gets none has a socket without a file
//! instead, named after the wake file, to which an empty message is sent. Anybody on the machine can
//! send one, or hear one: it says no more than an event.
//!
//! A file goes with the operation: who sees its end removes it, and a runner that ends those that
//! somebody left who died. Nothing is ever written to them: that would be one more thing to
//! flush with the commits.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::queue::JobId;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify, WatchDescriptor};

use super::trust::{self, For};
use super::{StateDir, Store};

/// Who waits for more operations is woken by every one: a file for each would cost more than looks.
const MANY: usize = 32;

/// Between looks where there are no events at all: seldom enough that a hundred who wait so hardly
/// slow the runner, often enough that nobody notices.
pub const LOOK_WITHOUT_EVENTS: Duration = Duration::from_millis(20);

/// Who waits for an operation has one of so many sockets, the first that is free.
const SOCKETS: u32 = 64;

/// The net under the events: a look at least so often.
const LOOK_ANYWAY: Duration = Duration::from_secs(1);

/// One read brings at most some hundred events; with fewer than this there were no more.
const FEW: usize = 32;

/// So many reads empty the longest queue that the kernel keeps.
const READS: usize = 512;

/// Whom a commit concerns.
#[derive(Debug, Default)]
pub(super) struct Wakes {
    /// Roots of operations, some of them more than once.
    roots: Vec<i64>,
    runner: bool,
}

impl Wakes {
    /// Rows of the operation that begins with this job changed.
    pub(super) fn root(&mut self, root: i64) {
        if self.roots.last() != Some(&root) {
            self.roots.push(root);
        }
    }

    /// There is something for the runner.
    pub(super) fn runner(&mut self) {
        self.runner = true;
    }

    /// Raises the events. A file that cannot be opened costs a waiter its next regular look.
    pub(super) fn announce(mut self, dir: &StateDir) {
        self.roots.sort_unstable();
        self.roots.dedup();
        if !self.roots.is_empty() {
            tell(dir, &dir.wake_all());
        }
        for root in self.roots {
            tell(dir, &dir.wake_file(root));
        }
        if self.runner {
            let _ = trust::open(&dir.wake_runner(), For::Reading);
        }
    }
}

/// Wakes those who wait at a file, if there are any.
fn tell(dir: &StateDir, file: &Path) {
    if !trust::touch(file) {
        return;
    }
    let Ok(socket) = UnixDatagram::unbound() else {
        return;
    };
    // Whoever does not empty his socket keeps nobody.
    let _ = socket.set_nonblocking(true);
    for nr in 0..SOCKETS {
        let heard = address(dir, file, nr).and_then(|to| socket.send_to_addr(&[], &to));
        if heard.is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused) {
            return;
        }
    }
}

/// The name of a socket for those who wait at a file. A state directory is known by what it is on this
/// machine, whatever it is called.
fn address(dir: &StateDir, file: &Path, nr: u32) -> io::Result<SocketAddr> {
    let place = fs::metadata(dir.path())?;
    let file = file.file_name().unwrap_or_default().display();
    let name = format!("gnt/{:x}-{:x}/{file}/{nr}", place.dev(), place.ino());
    SocketAddr::from_abstract_name(name)
}

impl Store {
    /// Removes the wake files of those who died before the operation that they waited for was over.
    pub fn tidy_wakes(&self) {
        let (Ok(entries), Ok(newest)) = (fs::read_dir(self.dir().wake_dir()), self.last_job())
        else {
            return;
        };
        for path in entries.flatten().map(|entry| entry.path()) {
            // Looked at after the file was seen: a job is there before anybody waits for it.
            let over = |root| root <= newest && self.is_operation_over(root).is_ok_and(|over| over);
            if root_of(&path).is_some_and(over) {
                let _ = fs::remove_file(&path);
            }
        }
    }
}

/// The operation for which a wake file is there.
fn root_of(path: &Path) -> Option<JobId> {
    path.file_name()?.to_str()?.parse().ok().map(JobId)
}

/// What ended a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Woken {
    /// Something may have changed.
    Look,
    /// The runner has ended (or something else closed its lock file).
    RunnerGone,
    /// The time has passed.
    TimeOut,
}

/// A place from which changes are seen.
#[derive(Debug)]
pub struct Watch {
    ear: Ear,
    /// The wake files that are there for these operations alone.
    files: Vec<PathBuf>,
}

/// By which a waiter hears that there is something to look at.
#[derive(Debug)]
enum Ear {
    /// Events, of the runner's death, too, where its lock file is watched.
    Inotify(Inotify, Option<WatchDescriptor>),
    /// Messages.
    Socket(UnixDatagram),
    /// The system has neither for us.
    Deaf,
}

impl Ear {
    fn inotify(dir: &StateDir, files: &[PathBuf]) -> nix::Result<Ear> {
        let inotify = Inotify::init(InitFlags::IN_NONBLOCK | InitFlags::IN_CLOEXEC)?;
        for file in files {
            // One that is no file of ours is not made, and never opened: it costs the regular looks.
            let _ = trust::open(file, For::Locking);
            inotify.add_watch(file, AddWatchFlags::IN_OPEN)?;
        }
        let lock = inotify.add_watch(&dir.runner_lock(), AddWatchFlags::IN_CLOSE_WRITE)?;
        Ok(Ear::Inotify(inotify, Some(lock)))
    }

    fn socket(dir: &StateDir, file: &Path) -> Option<Ear> {
        let _ = trust::open(file, For::Locking);
        let bind = |nr| UnixDatagram::bind_addr(&address(dir, file, nr).ok()?).ok();
        let socket = (0..SOCKETS).find_map(bind)?;
        socket.set_nonblocking(true).ok()?;
        Some(Ear::Socket(socket))
    }
}

impl Watch {
    /// Watches the operations that begin with these jobs, and the runner's death.
    #[must_use]
    pub fn operations(dir: &StateDir, roots: impl IntoIterator<Item = i64>) -> Watch {
        let roots: BTreeSet<i64> = roots.into_iter().collect();
        let own = |most| match roots.len() > most {
            true => vec![],
            false => roots.iter().map(|root| dir.wake_file(*root)).collect(),
        };
        Watch::with_inotify(dir, own(MANY)).unwrap_or_else(|_| Watch::with_socket(dir, own(1)))
    }

    fn with_inotify(dir: &StateDir, files: Vec<PathBuf>) -> nix::Result<Watch> {
        let ear = match files.is_empty() {
            true => Ear::inotify(dir, &[dir.wake_all()]),
            false => Ear::inotify(dir, &files),
        };
        ear.map(|ear| Watch { ear, files })
    }

    /// One socket serves one operation, or all of them.
    fn with_socket(dir: &StateDir, files: Vec<PathBuf>) -> Watch {
        let ear = match files.first() {
            Some(file) => Ear::socket(dir, file),
            None => Ear::socket(dir, &dir.wake_all()),
        };
        let ear = ear.unwrap_or(Ear::Deaf);
        Watch { ear, files }
    }

    /// Watches all operations, whichever they are, and what is there for the runner, as new ones are.
    #[must_use]
    pub fn everything(dir: &StateDir) -> Watch {
        let files = [dir.wake_all(), dir.wake_runner()];
        let ear = Ear::inotify(dir, &files).ok();
        let ear = ear.or_else(|| Ear::socket(dir, &dir.wake_all()));
        Watch {
            ear: ear.unwrap_or(Ear::Deaf),
            files: vec![],
        }
    }

    /// Watches for what concerns the runner.
    #[must_use]
    pub fn runner(dir: &StateDir) -> Watch {
        let open = || -> nix::Result<Inotify> {
            let inotify = Inotify::init(InitFlags::IN_NONBLOCK | InitFlags::IN_CLOEXEC)?;
            inotify.add_watch(&dir.wake_runner(), AddWatchFlags::IN_OPEN)?;
            Ok(inotify)
        };
        Watch {
            ear: open().map_or(Ear::Deaf, |inotify| Ear::Inotify(inotify, None)),
            files: vec![],
        }
    }

    /// Removes the wake files, when the operations are over: nobody waits for them any more.
    pub fn over(&mut self) {
        for file in self.files.drain(..) {
            let _ = fs::remove_file(file);
        }
    }

    /// What can be polled for readiness, where there is such a thing.
    #[must_use]
    pub fn fd(&self) -> Option<BorrowedFd<'_>> {
        match &self.ear {
            Ear::Inotify(inotify, _) => Some(inotify.as_fd()),
            Ear::Socket(socket) => Some(socket.as_fd()),
            Ear::Deaf => None,
        }
    }

    /// Sleeps until something may have changed, `limit` has passed (at most a second counts), or a
    /// signal arrives.
    #[must_use]
    pub fn wait(&self, limit: Duration) -> Woken {
        let limit = limit.min(LOOK_ANYWAY);
        let Some(fd) = self.fd() else {
            std::thread::sleep(limit.min(LOOK_WITHOUT_EVENTS));
            return Woken::Look;
        };
        let millis = u16::try_from(limit.as_micros().div_ceil(1000)).unwrap_or(u16::MAX);
        match poll(
            &mut [PollFd::new(fd, PollFlags::POLLIN)],
            PollTimeout::from(millis),
        ) {
            Ok(0) => Woken::TimeOut,
            Ok(_) => self.drain(),
            Err(_) => Woken::Look,
        }
    }

    /// Forgets the events that have arrived.
    pub fn drain(&self) -> Woken {
        match &self.ear {
            Ear::Inotify(inotify, runner_lock) => {
                let mut woken = Woken::Look;
                // Those that keep arriving must not keep us here: the next look is for them.
                for _ in 0..READS {
                    let events = inotify.read_events().unwrap_or_default();
                    if events.iter().any(|event| Some(event.wd) == *runner_lock) {
                        woken = Woken::RunnerGone;
                    }
                    if events.len() < FEW {
                        break;
                    }
                }
                woken
            }
            Ear::Socket(socket) => {
                while socket.recv(&mut []).is_ok() {}
                Woken::Look
            }
            Ear::Deaf => Woken::Look,
        }
    }
}

#[cfg(test)]
mod tests;
