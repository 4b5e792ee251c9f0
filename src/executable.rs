//! Programs that somebody else wrote and we start, such as allocators and drivers: where they are,
//! whether they can be trusted, and how they end.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::Pid;

/// The environment in which they run: the same whoever starts them, so that what works from a terminal
/// works from the runner.
pub const ENVIRONMENT: [(&str, &str); 2] = [("PATH", PATH), ("LC_ALL", "C.UTF-8")];

/// Where the system has programs.
pub const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Permissions by which others could write a file.
const OTHERS_WRITE: u32 = 0o022;

/// Permissions by which somebody can execute a file.
const EXECUTE: u32 = 0o111;

/// How long a program that was killed is waited for. One that has not ended by then hangs in the kernel,
/// as on a file system whose server is gone; it is looked after when the next one ends.
const REAP_WITHIN: Duration = Duration::from_millis(500);

/// Why there is no program that could be started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotUsable {
    /// No directory has it.
    Missing,
    /// The first file of that name is not fit to be started.
    Unfit(String),
}

/// The program of this name: of the directories of the path the first that has it counts.
///
/// # Errors
/// [`NotUsable`]: it is nowhere, or somebody else could change it.
pub fn find<P: AsRef<Path>>(
    path: impl IntoIterator<Item = P>,
    name: &str,
) -> Result<PathBuf, NotUsable> {
    for directory in path {
        let directory = directory.as_ref();
        let file = directory.join(name);
        let Ok(meta) = fs::metadata(&file) else {
            continue;
        };
        let why = if !meta.is_file() {
            "is not a file"
        } else if meta.mode() & EXECUTE == 0 {
            "is not executable"
        } else if is_open(&meta) {
            "can be changed by others"
        } else if fs::metadata(directory).is_ok_and(|meta| is_open(&meta)) {
            "is in a directory that others can change"
        } else {
            return Ok(file);
        };
        return Err(NotUsable::Unfit(format!("{} {why}", file.display())));
    }
    Err(NotUsable::Missing)
}

/// Whether others than root and we can change a file or a directory.
fn is_open(meta: &fs::Metadata) -> bool {
    let me = nix::unistd::geteuid().as_raw();
    meta.mode() & OTHERS_WRITE != 0 || ![0, me].contains(&meta.uid())
}

/// Programs that were killed and had not ended when nobody wanted to wait any longer.
static UNREAPED: Mutex<Vec<Child>> = Mutex::new(vec![]);

/// A program with all that it starts: a process group of its own, ended with this value.
#[derive(Debug)]
pub struct Group(Option<Child>);

impl Group {
    /// The group of a program that was started as the first of one.
    #[must_use]
    pub fn new(child: Child) -> Group {
        Group(Some(child))
    }

    /// Whether the program has ended; it can still be waited for.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
        let status = self.pid().map(|pid| waitid(Id::Pid(pid), flags));
        !matches!(status, Some(Ok(WaitStatus::StillAlive)))
    }

    /// Ends what it may have left behind, and tells how it ended itself.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn end(&mut self) -> io::Result<ExitStatus> {
        self.kill();
        match &mut self.0 {
            Some(child) => child.wait(),
            None => Ok(ExitStatus::default()),
        }
    }

    /// Lets the program go on by itself.
    pub fn release(mut self) {
        self.0 = None;
    }

    fn pid(&self) -> Option<Pid> {
        let id = i32::try_from(self.0.as_ref()?.id()).ok()?;
        Some(Pid::from_raw(id))
    }

    fn kill(&self) {
        // The program is not waited for before: as long as it is not, its number is no one else's.
        let _ = self.pid().map(|pid| killpg(pid, Signal::SIGKILL));
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
        let Some(mut child) = self.0.take() else {
            return;
        };
        let mut unreaped = UNREAPED.lock().unwrap_or_else(PoisonError::into_inner);
        unreaped.retain_mut(|child| matches!(child.try_wait(), Ok(None)));
        drop(unreaped);
        let until = Instant::now() + REAP_WITHIN;
        while matches!(child.try_wait(), Ok(None)) {
            if Instant::now() > until {
                let mut unreaped = UNREAPED.lock().unwrap_or_else(PoisonError::into_inner);
                unreaped.push(child);
                return;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// How a program ended, in words; nothing if it ended well.
#[must_use]
pub fn how(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("killed by signal {signal}"),
        (None, None) => status.to_string(),
    }
}
