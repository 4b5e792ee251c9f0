//! Telling others that a commit is on disk, and waiting to be told.
//!
//! The directory `wake/` holds 256 files and `runner`. Whoever has committed opens, for each operation
//! whose rows changed, the file of its root job's id modulo 256, which raises an inotify event there.
//! Waiters then look at the data itself; an event says no more than "look".

use std::collections::BTreeSet;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify, WatchDescriptor};

use super::StateDir;
use super::dir::WAKE_FILES;
use super::trust::{self, For};

/// Between looks where inotify is refused (it is limited to some instances a user): seldom enough that
/// a hundred who wait so hardly slow the runner, often enough that none of them notices.
pub const LOOK_WITHOUT_EVENTS: Duration = Duration::from_millis(20);

/// The net under the events: a look at least so often.
const LOOK_ANYWAY: Duration = Duration::from_secs(1);

/// Whom a commit concerns.
#[derive(Debug, Default)]
pub(super) struct Wakes {
    /// A bit for each wake file.
    files: [u128; (WAKE_FILES / u128::BITS) as usize],
    runner: bool,
}

impl Wakes {
    /// Rows of the operation that begins with this job changed.
    pub(super) fn root(&mut self, root: i64) {
        let nr = StateDir::wake_nr(root);
        self.files[(nr / u128::BITS) as usize] |= 1 << (nr % u128::BITS);
    }

    /// There is something for the runner.
    pub(super) fn runner(&mut self) {
        self.runner = true;
    }

    /// Raises the events. A file that cannot be opened costs a waiter its next regular look.
    pub(super) fn announce(self, dir: &StateDir) {
        for (word, base) in self
            .files
            .into_iter()
            .zip((0..).step_by(u128::BITS as usize))
        {
            for nr in (0..u128::BITS).filter(|nr| word & (1 << nr) != 0) {
                let _ = trust::open(&dir.wake_file(base + nr), For::Reading);
            }
        }
        if self.runner {
            let _ = trust::open(&dir.wake_runner(), For::Reading);
        }
    }
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
    inotify: Option<Inotify>,
    runner_lock: Option<WatchDescriptor>,
}

impl Watch {
    /// Watches the operations that begin with these jobs, and the runner's death.
    #[must_use]
    pub fn operations(dir: &StateDir, roots: impl IntoIterator<Item = i64>) -> Watch {
        let numbers: BTreeSet<u32> = roots.into_iter().map(StateDir::wake_nr).collect();
        let files: Vec<_> = numbers.into_iter().map(|nr| dir.wake_file(nr)).collect();
        let open = || -> nix::Result<(Inotify, WatchDescriptor)> {
            let inotify = Inotify::init(InitFlags::IN_NONBLOCK | InitFlags::IN_CLOEXEC)?;
            for file in &files {
                inotify.add_watch(file, AddWatchFlags::IN_OPEN)?;
            }
            let lock = inotify.add_watch(&dir.runner_lock(), AddWatchFlags::IN_CLOSE_WRITE)?;
            Ok((inotify, lock))
        };
        match open() {
            Ok((inotify, lock)) => Watch {
                inotify: Some(inotify),
                runner_lock: Some(lock),
            },
            Err(_) => Watch {
                inotify: None,
                runner_lock: None,
            },
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
            inotify: open().ok(),
            runner_lock: None,
        }
    }

    /// What can be polled for readiness, where there are events.
    #[must_use]
    pub fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.inotify.as_ref().map(AsFd::as_fd)
    }

    /// Sleeps until something may have changed, `limit` has passed (at most a second counts), or a
    /// signal arrives.
    #[must_use]
    pub fn wait(&self, limit: Duration) -> Woken {
        let limit = limit.min(LOOK_ANYWAY);
        let Some(inotify) = &self.inotify else {
            let pause = limit.min(LOOK_WITHOUT_EVENTS);
            std::thread::sleep(pause);
            return Woken::Look;
        };
        let until = Instant::now() + limit;
        let mut fds = [PollFd::new(inotify.as_fd(), PollFlags::POLLIN)];
        let left = until.saturating_duration_since(Instant::now());
        let millis = u16::try_from(left.as_micros().div_ceil(1000)).unwrap_or(u16::MAX);
        match poll(&mut fds, PollTimeout::from(millis)) {
            Ok(0) => Woken::TimeOut,
            Ok(_) => self.drain(),
            Err(_) => Woken::Look,
        }
    }

    /// Forgets the events that have arrived.
    pub fn drain(&self) -> Woken {
        let events = self.inotify.as_ref().and_then(|i| i.read_events().ok());
        let gone = |wd: WatchDescriptor| Some(wd) == self.runner_lock;
        match events.unwrap_or_default().iter().any(|e| gone(e.wd)) {
            true => Woken::RunnerGone,
            false => Woken::Look,
        }
    }
}
