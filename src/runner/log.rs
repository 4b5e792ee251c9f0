//! What the runner has to say: `runner.log`, 0600, at most two files of 8 MiB.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use crate::clock;
use crate::limits::{RUNNER_LOG_BYTES, cut_message};
use crate::queue::JobId;
use crate::store::{For, StoreError, open_small};
use crate::text::one_line;

/// So much of the log's end is looked at for the last line that begins so.
const TAIL_BYTES: u64 = 1 << 14;

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
    fn open(path: PathBuf, also_stderr: bool) -> Result<Log, StoreError> {
        let file = open_small(&path, For::Appending)?;
        let meta = file.metadata();
        let bytes = meta.map_err(|error| StoreError::io(&path, error))?.len();
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
/// When the file cannot be opened, or is not ours.
pub fn open(path: PathBuf, also_stderr: bool) -> Result<(), StoreError> {
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
        let text = cut_message(text).replace('\n', " | ");
        log.write(&format!(
            "{now:.3} pid={pid} job={job} {}\n",
            one_line(&text)
        ));
    }
}

/// What the last runner that could not run said of it, from the end of its log.
#[must_use]
pub fn last_fatal(path: &std::path::Path) -> Option<String> {
    let mut file = open_small(path, For::Reading).ok()?;
    let bytes = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(bytes.saturating_sub(TAIL_BYTES)))
        .ok()?;
    let mut tail = vec![];
    file.take(TAIL_BYTES).read_to_end(&mut tail).ok()?;
    let tail = String::from_utf8_lossy(&tail);
    let fatal = tail.lines().rev().find_map(|line| line.split_once(FATAL))?;
    Some(fatal.1.to_owned())
}
