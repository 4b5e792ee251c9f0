//! The directory by which a test steers the processes that it starts.
//!
//! * `points/NAME`: what the point of this name does and at which hit, such as `kill 3`: all
//!   processes count together, from the moment at which the directory was made.
//! * `hits/NAME`: as many bytes as the point was hit.
//! * `clock`: so many seconds the wall clock is moved; looked at whenever the time is asked for.
//! * `version`: what a process believes to be its version; looked at once.
//!
//! Files of orders appear whole ([`Control`] renames them), so that nobody reads half of one.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::OnceLock;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::{Injected, Point};

/// The variable that names the directory.
pub const VARIABLE: &str = "GNT_TEST_CONTROL";

/// What a point does when its time has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// The process is killed.
    Kill,
    /// It stands still until somebody sends it `SIGCONT`.
    Stop,
    /// It waits so many milliseconds.
    Pause(u64),
    /// An error of the disk, or of the driver.
    Error,
    /// A full disk; for a verb like [`Action::Error`].
    Full,
    /// The thread panics.
    Panic,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Action::Kill => f.write_str("kill"),
            Action::Stop => f.write_str("stop"),
            Action::Pause(millis) => write!(f, "pause:{millis}"),
            Action::Error => f.write_str("error"),
            Action::Full => f.write_str("full"),
            Action::Panic => f.write_str("panic"),
        }
    }
}

impl FromStr for Action {
    type Err = ();

    fn from_str(word: &str) -> Result<Action, ()> {
        match word {
            "kill" => Ok(Action::Kill),
            "stop" => Ok(Action::Stop),
            "error" => Ok(Action::Error),
            "full" => Ok(Action::Full),
            "panic" => Ok(Action::Panic),
            _ => {
                let millis = word.strip_prefix("pause:").ok_or(())?;
                millis.parse().map(Action::Pause).map_err(drop)
            }
        }
    }
}

/// The test's end of the directory.
#[derive(Debug, Clone)]
pub struct Control {
    dir: PathBuf,
}

impl Control {
    /// Makes the directory at this absolute path, unless it is there.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn create(dir: &Path) -> io::Result<Control> {
        for part in ["points", "hits"] {
            fs::create_dir_all(dir.join(part))?;
        }
        Ok(Control { dir: dir.into() })
    }

    /// Where it is: the value of [`VARIABLE`] for the processes that are to be steered.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Lets the point do this at its hit of this number; hits from now on count from 1. It replaces
    /// what the point was to do before.
    ///
    /// # Errors
    /// When the order cannot be written, or the point cannot fail and is to.
    pub fn arm(&self, point: Point, action: Action, hit: u64) -> io::Result<()> {
        if matches!(action, Action::Error | Action::Full) && !point.can_fail() {
            return Err(io::Error::other(format!("{point} cannot fail")));
        }
        let hit = self.hits(point) + hit;
        self.put(&format!("points/{point}"), &format!("{action} {hit}"))
    }

    /// Lets the point do nothing.
    ///
    /// # Errors
    /// When the order cannot be removed.
    pub fn disarm(&self, point: Point) -> io::Result<()> {
        remove(&self.dir.join(format!("points/{point}")))
    }

    /// How often the point was hit, by whichever process.
    #[must_use]
    pub fn hits(&self, point: Point) -> u64 {
        let meta = fs::metadata(self.dir.join(format!("hits/{point}")));
        meta.map_or(0, |meta| meta.len())
    }

    /// Moves the wall clock so many seconds away from the true time.
    ///
    /// # Errors
    /// When the order cannot be written.
    pub fn set_clock(&self, seconds: i64) -> io::Result<()> {
        self.put("clock", &seconds.to_string())
    }

    /// Lets processes that begin from now on believe to be of this version; of their own, if `None`.
    ///
    /// # Errors
    /// When the order cannot be written.
    pub fn set_version(&self, version: Option<&str>) -> io::Result<()> {
        match version {
            Some(version) => self.put("version", version),
            None => remove(&self.dir.join("version")),
        }
    }

    #[expect(clippy::disallowed_methods, reason = "orders of a test")]
    fn put(&self, name: &str, text: &str) -> io::Result<()> {
        let new = self.dir.join("new");
        fs::write(&new, text)?;
        fs::rename(new, self.dir.join(name))
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The directory that steers this process.
fn dir() -> Option<&'static Path> {
    static DIR: OnceLock<Option<PathBuf>> = OnceLock::new();
    DIR.get_or_init(|| std::env::var_os(VARIABLE).map(PathBuf::from))
        .as_deref()
}

/// An order, if there is one.
#[expect(clippy::disallowed_methods, reason = "orders of a test")]
fn order(dir: &Path, name: &str) -> Option<String> {
    let text = fs::read_to_string(dir.join(name)).ok()?;
    Some(text.trim().to_owned())
}

/// See [`super::pass`].
pub(super) fn pass(point: Point) -> Result<(), Injected> {
    let Some(dir) = dir() else { return Ok(()) };
    // A test that cannot be obeyed must not look like one that found nothing.
    let hit = count(dir, point).map_err(|_| Injected::Io)?;
    let Some(order) = order(dir, &format!("points/{point}")) else {
        return Ok(());
    };
    let parsed = order.split_once(' ').and_then(|(action, at)| {
        let action: Action = action.parse().ok()?;
        Some((action, at.parse::<u64>().ok()?))
    });
    match parsed {
        None => Err(Injected::Io),
        Some((_, at)) if at != hit => Ok(()),
        Some((Action::Error, _)) => Err(Injected::Io),
        Some((Action::Full, _)) => Err(Injected::Full),
        Some((Action::Panic, _)) => panic!("a test made {point} panic"),
        Some((Action::Kill, _)) => {
            signal(Signal::SIGKILL);
            Ok(())
        }
        Some((Action::Stop, _)) => {
            signal(Signal::SIGSTOP);
            Ok(())
        }
        Some((Action::Pause(millis), _)) => {
            std::thread::sleep(Duration::from_millis(millis));
            Ok(())
        }
    }
}

/// Takes note of a hit; tells its number among those of all processes.
#[expect(clippy::disallowed_methods, reason = "notes for a test")]
fn count(dir: &Path, point: Point) -> io::Result<u64> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    let mut file = options.open(dir.join(format!("hits/{point}")))?;
    file.write_all(b".")?;
    // Where this write ended: no other one has ended there.
    file.stream_position()
}

/// Sends this process a signal that it cannot refuse; it has worked when this returns.
fn signal(signal: Signal) {
    // Fails for no process that sends to itself.
    let _ = kill(Pid::this(), signal);
}

/// See [`super::clock_offset`].
pub(super) fn clock_offset() -> i64 {
    let seconds = dir().and_then(|dir| order(dir, "clock")?.parse().ok());
    seconds.unwrap_or(0)
}

/// See [`super::version`].
pub(super) fn version() -> Option<&'static str> {
    static VERSION: OnceLock<Option<String>> = OnceLock::new();
    VERSION.get_or_init(|| order(dir()?, "version")).as_deref()
}

/// See [`super::environment`].
pub(super) fn environment() -> Option<(&'static str, &'static Path)> {
    dir().map(|dir| (VARIABLE, dir))
}
