//! What the runner has to say: `runner.log`, 0600, at most two files of 8 MiB.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use crate::clock;
use crate::limits::RUNNER_LOG_BYTES;
use crate::queue::JobId;

/// How the line begins that says why a runner cannot run.
pub const FATAL: &str = "fatal: ";

/// The log of this process; lines go nowhere until it is opened.
static LOG: Mutex<Option<Log>> = Mutex::new(None);

struct Log {
    path: PathBuf,
    file: File,
    bytes: u64,
    also_stderr: bool,
}

impl Log {
    #[expect(clippy::disallowed_methods, reason = "the log")]
    fn open(path: PathBuf, also_stderr: bool) -> std::io::Result<Log> {
        let mut options = OpenOptions::new();
        options.append(true).create(true).mode(0o600);
        options.custom_flags(nix::libc::O_NOFOLLOW);
        let file = options.open(&path)?;
        let bytes = file.metadata()?.len();
        Ok(Log {
            path,
            file,
            bytes,
            also_stderr,
        })
    }

    /// A log that cannot be written must not stop the work: errors end here.
    fn write(&mut self, line: &str) {
        if self.bytes > RUNNER_LOG_BYTES {
            let old = self.path.with_extension("log.1");
            if std::fs::rename(&self.path, old).is_ok()
                && let Ok(new) = Log::open(self.path.clone(), self.also_stderr)
            {
                *self = new;
            }
        }
        self.bytes += line.len() as u64;
        let _ = self.file.write_all(line.as_bytes());
        if self.also_stderr {
            let _ = std::io::stderr().write_all(line.as_bytes());
        }
    }
}

/// Opens the log, and sends panics to it.
///
/// # Errors
/// When the file cannot be opened.
pub fn open(path: PathBuf, also_stderr: bool) -> std::io::Result<()> {
    let log = Log::open(path, also_stderr)?;
    *LOG.lock().unwrap_or_else(PoisonError::into_inner) = Some(log);
    std::panic::set_hook(Box::new(|panic| note(None, &format!("panic: {panic}"))));
    Ok(())
}

/// Writes one line, with the time, this process, and the job that it is about.
pub fn note(job: Option<JobId>, text: &str) {
    let mut log = LOG.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(log) = log.as_mut() {
        let now = clock::timestamp();
        let pid = std::process::id();
        let job = job.map_or_else(|| "-".to_owned(), |job| job.to_string());
        let text = text.replace('\n', " | ");
        log.write(&format!("{now:.3} pid={pid} job={job} {text}\n"));
    }
}

/// What the last runner that could not run said of it, from the end of its log.
#[must_use]
pub fn last_fatal(path: &std::path::Path) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "the runner's log")]
    let text = std::fs::read(path).ok()?;
    let tail = &text[text.len().saturating_sub(1 << 12)..];
    let tail = String::from_utf8_lossy(tail);
    let fatal = tail.lines().rev().find_map(|line| line.split_once(FATAL))?;
    Some(fatal.1.to_owned())
}
