//! Finding and running an allocator.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::AskError;
use crate::executable::{self, NotUsable};
use crate::hypervisor::Call;
use crate::limits::{ALLOCATOR_BYTES, NAME_BYTES};
use crate::program::{self, Broken};

/// The file of an allocator.
pub(super) fn find(path: &[PathBuf], name: &str) -> Result<PathBuf, AskError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+');
    if name.is_empty()
        || name.starts_with('.')
        || name.len() > NAME_BYTES
        || !name.chars().all(plain)
    {
        return Err(AskError::NoName(name.to_owned()));
    }
    executable::find(path, name).map_err(|why| match why {
        NotUsable::Unfit(why) => AskError::NotRun {
            name: name.to_owned(),
            why,
        },
        NotUsable::Missing => {
            let path: Vec<String> = path.iter().map(|dir| dir.display().to_string()).collect();
            AskError::NotFound {
                name: name.to_owned(),
                path: path.join(", "),
            }
        }
    })
}

/// One run of an allocator.
pub(super) struct Run<'a> {
    pub(super) name: &'a str,
    pub(super) program: &'a Path,
    pub(super) options: &'a [String],
    pub(super) input: &'a str,
    /// Where the input is written for it to read.
    pub(super) scratch: &'a Path,
    pub(super) call: &'a Call<'a>,
}

impl Run<'_> {
    /// What it prints, if it ends well.
    pub(super) fn output(&self) -> Result<String, AskError> {
        let _input = self.write_input()?;
        let mut command = Command::new(self.program);
        // The file stands before the options, and no shell sees either.
        command.arg(self.scratch).args(self.options);
        let ended = program::run(&mut command, &[], self.call, ALLOCATOR_BYTES);
        let ended = ended.map_err(|broken| match broken {
            Broken::NotRun(error) => self.not_run(error),
            Broken::Interrupted(why) => AskError::Interrupted {
                name: self.name.to_owned(),
                why,
            },
            broken @ (Broken::Late(_) | Broken::TooMuch(_)) => self.failed(broken.to_string()),
        })?;
        if let Some(why) = ended.failure() {
            return Err(self.failed(why));
        }
        String::from_utf8(ended.stdout).map_err(|_| AskError::Nonsense {
            name: self.name.to_owned(),
            why: "it is not text in UTF-8".to_owned(),
        })
    }

    /// Writes the input to a file that only we can read, and that is gone when the value is.
    #[expect(clippy::disallowed_methods, reason = "the allocator's input")]
    fn write_input(&self) -> Result<Scratch<'_>, AskError> {
        let write = || {
            // Left by a runner that died while it asked.
            match fs::remove_file(self.scratch) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let mut options = OpenOptions::new();
            options.write(true).create_new(true).mode(0o600);
            let mut file = options.open(self.scratch)?;
            let scratch = Scratch(self.scratch);
            file.write_all(self.input.as_bytes())?;
            Ok(scratch)
        };
        write().map_err(|error| self.not_run(format!("{}: {error}", self.scratch.display())))
    }

    fn not_run(&self, why: impl ToString) -> AskError {
        AskError::NotRun {
            name: self.name.to_owned(),
            why: why.to_string(),
        }
    }

    fn failed(&self, why: impl Into<String>) -> AskError {
        AskError::Failed {
            name: self.name.to_owned(),
            why: why.into(),
        }
    }
}

/// The input's file.
struct Scratch<'a>(&'a Path);

impl Drop for Scratch<'_> {
    fn drop(&mut self) {
        // Whoever asks next under this name removes it first.
        let _ = fs::remove_file(self.0);
    }
}
