//! Finding and running an allocator.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::AskError;
use crate::executable::{self, Group, NotUsable, how};
use crate::hypervisor::Call;
use crate::limits::{ALLOCATOR_BYTES, NAME_BYTES};

/// How long one look at the program lasts before it is asked whether anybody still wants the answer. What
/// it prints, and its end, are seen at once.
const LOOK: Duration = Duration::from_millis(20);

/// How much of what it says of its failure is kept: a few lines for a person to read.
const COMPLAINT_BYTES: usize = 2 << 10;

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
        command.env_clear().envs(executable::ENVIRONMENT);
        command.current_dir("/").process_group(0);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let child = command.spawn().map_err(|error| self.not_run(error))?;
        Asked::new(child).output(self)
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

/// An allocator on its way.
struct Asked {
    group: Group,
    printed: Pipe<ChildStdout>,
    said: Pipe<ChildStderr>,
}

impl Asked {
    fn new(mut child: Child) -> Asked {
        Asked {
            printed: Pipe::new(child.stdout.take(), ALLOCATOR_BYTES),
            said: Pipe::new(child.stderr.take(), COMPLAINT_BYTES),
            group: Group::new(child),
        }
    }

    fn output(self, run: &Run<'_>) -> Result<String, AskError> {
        let Asked {
            mut group,
            mut printed,
            mut said,
        } = self;
        let begun = Instant::now();
        loop {
            if let Some(why) = run.call.interrupt.check(&[]) {
                let name = run.name.to_owned();
                return Err(AskError::Interrupted { name, why });
            }
            if run.call.remaining().is_zero() {
                let seconds = begun.elapsed().as_secs_f64();
                return Err(run.failed(format!("no answer within {seconds:.1} s")));
            }
            let ended = group.has_ended();
            wait(
                &mut printed,
                &mut said,
                run.call.remaining().min(LOOK),
                ended,
            );
            let more = printed.take() | said.take();
            if printed.over {
                let text = format!("it printed more than {ALLOCATOR_BYTES} bytes");
                return Err(run.failed(text));
            }
            // Something that it started may hold the pipes open: what it had to say itself is read.
            if ended && !more {
                break;
            }
        }
        let status = group.end().map_err(|error| run.not_run(error))?;
        if !status.success() {
            let said = String::from_utf8_lossy(&said.bytes);
            let why = [how(status), said.trim().to_owned()];
            let why: Vec<String> = why.into_iter().filter(|part| !part.is_empty()).collect();
            return Err(run.failed(why.join(": ")));
        }
        String::from_utf8(printed.bytes).map_err(|_| AskError::Nonsense {
            name: run.name.to_owned(),
            why: "it is not text in UTF-8".to_owned(),
        })
    }
}

/// Waits until there is something to read, or for `pause`. One that has ended says nothing more.
fn wait<A: AsFd, B: AsFd>(one: &mut Pipe<A>, other: &mut Pipe<B>, pause: Duration, ended: bool) {
    let pause = if ended { Duration::ZERO } else { pause };
    let mut fds: Vec<PollFd<'_>> = vec![];
    fds.extend(
        one.file
            .as_ref()
            .map(|file| PollFd::new(file.as_fd(), PollFlags::POLLIN)),
    );
    fds.extend(
        other
            .file
            .as_ref()
            .map(|file| PollFd::new(file.as_fd(), PollFlags::POLLIN)),
    );
    // Both closed: its end is awaited, in short steps.
    let pause = match fds.is_empty() {
        true => pause.min(Duration::from_millis(1)),
        false => pause,
    };
    let millis = PollTimeout::try_from(pause).unwrap_or(PollTimeout::ZERO);
    // A signal that comes in between is as good as the pause being over.
    let _ = poll(&mut fds, millis);
}

/// The end of a pipe from which we read.
struct Pipe<F> {
    file: Option<F>,
    bytes: Vec<u8>,
    most: usize,
    /// There was more than it keeps.
    over: bool,
}

impl<F: Read + AsFd> Pipe<F> {
    fn new(file: Option<F>, most: usize) -> Pipe<F> {
        let file =
            file.filter(|file| fcntl(file.as_fd(), FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).is_ok());
        Pipe {
            file,
            bytes: vec![],
            most,
            over: false,
        }
    }

    /// Takes what is there now; tells whether anything was.
    fn take(&mut self) -> bool {
        let mut buffer = [0; 16 << 10];
        let mut any = false;
        while let Some(file) = &mut self.file {
            match file.read(&mut buffer) {
                Ok(0) => self.file = None,
                Ok(count) => {
                    any = true;
                    let room = self.most - self.bytes.len();
                    self.over |= count > room;
                    self.bytes.extend_from_slice(&buffer[..count.min(room)]);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return any,
                Err(_) => self.file = None,
            }
            // Whoever prints without end is not read without end.
            if self.over {
                return any;
            }
        }
        any
    }
}
