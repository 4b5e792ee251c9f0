//! `gnt-job purge`: deletes archived jobs, and writes them to a file before.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::libc;
use serde_json::{Value, json};

use crate::clock::now;
use crate::queue::purge::{Purge, Purged, Witness};
use crate::queue::{Client, JobId};
use crate::signals;
use crate::store::{JobRow, LogEntry, OpRow, StateDir, Store};

use super::args::job::PurgeArgs;
use super::context::Context;
use super::document::SCHEMA;
use super::exit::ExitCode;
use super::output;
use super::problem::{Problem, Result};
use super::table::utc_time;
use super::values::Age;

/// How many bytes are looked at at a time while the end of a file is searched for a line.
const LOOK_BACK: u64 = 1 << 16;

/// `gnt-job purge`.
pub(super) fn purge(args: &PurgeArgs, cx: &mut Context) -> Result<ExitCode> {
    let mut client = cx.open()?;
    signals::catch();
    let purged = delete(&mut client, args.age, args.export.as_deref())?;
    let exit = match signals::raised() {
        Some(signal) => ExitCode::Detached(signal.number()),
        None => ExitCode::Done,
    };
    if cx.printer.json {
        let document = json!({"schema": SCHEMA, "command": cx.command, "exit": exit.number(),
            "purged": purged.deleted, "left": purged.left, "export": args.export});
        cx.printer.line(&document.to_string())?;
    }
    let (deleted, left) = (purged.deleted, purged.left);
    cx.printer
        .deed(&format!("Purged {deleted} jobs, {left} left"))?;
    if left > 0 && exit == ExitCode::Done {
        cx.printer.say(
            "note: those are left of whose operation a job is not archived or not that old, \
             or is one on which an unfinished job depends",
        );
    }
    Ok(exit)
}

/// Deletes archived jobs that are so old, and before writes them to a file, if one is named.
pub(super) fn delete(client: &mut Client, age: Age, export: Option<&Path>) -> Result<Purged> {
    let (before, what) = match age {
        Age::All => (i64::MAX, "all".to_owned()),
        Age::AtLeast(age) => {
            let age = i64::try_from(age.as_micros()).unwrap_or(i64::MAX);
            let before = now().saturating_sub(age);
            (before, format!("ended before {}", utc_time(before)))
        }
    };
    let file = export.map(|file| ExportFile::open(client.store().dir(), file));
    // The runner may not be there, and this writes more than all else.
    client.keep_log_short()?;
    let store = client.store();
    let mut leave = Leave {
        store,
        file: file.transpose()?,
    };
    let purge = Purge {
        before,
        what: &what,
        who: client.who(),
    };
    let purged = purge.run(store, &mut leave);
    store.shorten_log();
    purged
}

/// What is left of jobs that are deleted.
struct Leave<'a> {
    store: &'a Store,
    file: Option<ExportFile>,
}

impl Witness for Leave<'_> {
    type Error = Problem;

    fn goodbye(&mut self, jobs: &[JobRow]) -> Result<()> {
        let Some(file) = &mut self.file else {
            return Ok(());
        };
        let mut text = String::new();
        // They come children first; by their ids parents come before children.
        let mut jobs: Vec<&JobRow> = jobs.iter().collect();
        jobs.sort_by_key(|job| job.id);
        for job in jobs {
            let (ops, log) = (self.store.ops(job.id)?, self.store.log_after(job.id, 0)?);
            text.push_str(&line(job, &ops, &log));
            text.push('\n');
        }
        file.append(&text)
    }

    fn go_on(&mut self) -> bool {
        signals::raised().is_none()
    }
}

/// A job with all that is known of it, as JSON on one line.
fn line(job: &JobRow, ops: &[OpRow], log: &[LogEntry]) -> String {
    let time = |micros: Option<i64>| micros.map(utc_time);
    let said = |index: u32| -> Vec<Value> {
        let own = log.iter().filter(|entry| entry.index == index);
        own.map(|entry| {
            json!({"serial": entry.serial, "logged": utc_time(entry.time),
                "kind": entry.kind, "message": entry.message})
        })
        .collect()
    };
    let op = |op: &OpRow| {
        json!({
            "op": op.index, "status": op.status, "starts": op.starts,
            "started": time(op.started), "executing": time(op.executing), "ended": time(op.ended),
            "children": children(op.children), "input": op.input, "result": op.result,
            "detail": op.detail, "error": op.error, "log": said(op.index),
        })
    };
    let submitter: Value = serde_json::from_str(&job.submitter).unwrap_or_default();
    let rest = json!({
        "parent": job.parent, "root": job.root, "status": job.status,
        "priority": job.priority.word(), "received": utc_time(job.received),
        "started": time(job.started), "ended": time(job.ended), "summary": job.summary,
        "request": job.request, "submitter": submitter,
        "ops": ops.iter().map(op).collect::<Vec<_>>(),
    });
    // By its beginning a line of ours is known again, also if it is not whole.
    let rest = rest.to_string();
    let rest = rest.strip_prefix('{').unwrap_or(&rest);
    format!("{}{},{rest}", beginning(), job.id)
}

fn beginning() -> String {
    format!("{{\"schema\":{SCHEMA},\"job\":")
}

/// The ids of the jobs that an opcode submitted.
fn children(range: Option<(JobId, JobId)>) -> Option<[JobId; 2]> {
    range.map(|(first, last)| [first, last])
}

/// The file to which jobs are appended.
#[derive(Debug)]
struct ExportFile {
    path: PathBuf,
    file: File,
}

impl ExportFile {
    /// Opens the file, or makes it, for its owner alone.
    ///
    /// # Errors
    /// When it is no regular file, another purge writes it, it does not end with a whole line, or the
    /// system refuses.
    fn open(dir: &StateDir, path: &Path) -> Result<ExportFile> {
        output::outside(dir, path)?;
        let wrong = |error: io::Error| Problem::file(path, &error);
        let file = open(path).map_err(wrong)?;
        if !file.metadata().map_err(wrong)?.is_file() {
            let text = format!("{}: it is not a regular file", path.display());
            return Err(
                Problem::input(text).hint("only what is flushed to a disk outlasts the jobs")
            );
        }
        if file.try_lock().is_err() {
            let text = format!("{}: somebody else writes it", path.display());
            return Err(Problem::input(text).hint("wait for the other purge, or name another file"));
        }
        output::keep_name(path).map_err(wrong)?;
        let file = ExportFile {
            path: path.to_owned(),
            file,
        };
        match file.cut_begun_line().map_err(wrong)? {
            true => Ok(file),
            false => Err(Problem::input(format!(
                "{}: its last line has no end, and is none of ours",
                path.display()
            ))
            .hint("name another file; nothing was deleted")),
        }
    }

    /// Takes out the line that a purge had begun when it was killed: its job was not deleted. Tells
    /// whether the file ends with a whole line now.
    fn cut_begun_line(&self) -> io::Result<bool> {
        let end = self.file.metadata()?.len();
        let mut begin = end;
        while begin > 0 {
            let from = begin.saturating_sub(LOOK_BACK);
            let mut bytes = vec![0; usize::try_from(begin - from).unwrap_or_default()];
            self.file.read_exact_at(&mut bytes, from)?;
            if let Some(at) = bytes.iter().rposition(|byte| *byte == b'\n') {
                begin = from + at as u64 + 1;
                break;
            }
            begin = from;
        }
        if begin == end {
            return Ok(true);
        }
        let ours = beginning();
        let mut bytes = vec![];
        let mut file = &self.file;
        file.seek(SeekFrom::Start(begin))?;
        file.take(ours.len() as u64).read_to_end(&mut bytes)?;
        if !ours.as_bytes().starts_with(&bytes) {
            return Ok(false);
        }
        self.file.set_len(begin)?;
        Ok(true)
    }

    /// Appends, and makes sure that it stays.
    fn append(&mut self, text: &str) -> Result<()> {
        let mut write = || {
            self.file.write_all(text.as_bytes())?;
            self.file.sync_data()
        };
        write().map_err(|error| {
            Problem::file(&self.path, &error)
                .hint("the jobs that were not written are still there; see to that, then try again")
        })
    }
}

/// Opens without waiting: a pipe would keep us until somebody comes to its other end.
#[expect(clippy::disallowed_methods, reason = "a file that an operator names")]
fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true).mode(0o600);
    options.custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY);
    options.open(path)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "files of the test's own")]
mod tests {
    use super::*;

    fn open_file(text: &str) -> (tempfile::TempDir, Result<ExportFile>, PathBuf) {
        let temp = tempfile::tempdir().unwrap();
        let dir = StateDir::locate(Some(&temp.path().join("state"))).unwrap();
        let path = temp.path().join("jobs");
        std::fs::write(&path, text).unwrap();
        let file = ExportFile::open(&dir, &path);
        (temp, file, path)
    }

    #[test]
    fn a_line_that_was_begun_is_taken_out_and_nothing_else() {
        let whole = format!("{}1,\"rest\":1}}\n", beginning());
        let long = format!("{whole}{}2,\"text\":\"{}", beginning(), "x".repeat(200_000));
        for begun in [whole.clone(), long, format!("{whole}{{\"sch")] {
            let (_temp, file, path) = open_file(&begun);
            file.unwrap().append("more\n").unwrap();
            let text = std::fs::read_to_string(path).unwrap();
            assert_eq!(text, format!("{whole}more\n"));
        }
        for other in ["text", "{\"schema\":2,", "a\nb"] {
            let (_temp, file, path) = open_file(other);
            let message = file.unwrap_err().error.message;
            assert!(message.contains("none of ours"), "{message}");
            assert_eq!(std::fs::read_to_string(path).unwrap(), other);
        }
    }

    #[test]
    fn what_keeps_nothing_is_refused() {
        let temp = tempfile::tempdir().unwrap();
        let dir = StateDir::locate(Some(temp.path())).unwrap();
        for path in ["/dev/null", "/nonexistent/jobs"] {
            assert!(ExportFile::open(&dir, Path::new(path)).is_err(), "{path}");
        }
        let message = ExportFile::open(&dir, &dir.database()).unwrap_err();
        assert!(message.error.message.ends_with("is in the state directory"));
        assert!(!dir.database().exists());
    }

    #[test]
    fn one_writes_at_a_time() {
        let (temp, file, path) = open_file("");
        let _file = file.unwrap();
        let dir = StateDir::locate(Some(&temp.path().join("state"))).unwrap();
        let message = ExportFile::open(&dir, &path).unwrap_err().error.message;
        assert!(message.ends_with("somebody else writes it"), "{message}");
    }
}
