//! Programs of others: run under the conditions of a call, and ended with all that they started.

use std::io::{self, ErrorKind, Read};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::executable::{ENVIRONMENT, Group, how};
use crate::hypervisor::{Call, InterruptKind};

/// How long one look at the program lasts before it is asked whether anybody still wants the answer. What
/// it prints, and its end, are seen at once.
const LOOK: Duration = Duration::from_millis(20);

/// How much of what it says of its failure is kept: a few lines for a person to read.
const COMPLAINT_BYTES: usize = 2 << 10;

/// Why a program did not come to its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Broken {
    /// It cannot be run.
    #[error(transparent)]
    NotRun(#[from] io::Error),
    /// Nobody wants it to go on.
    #[error("interrupted")]
    Interrupted(InterruptKind),
    /// It took too long.
    #[error("no answer within {0:.1} s")]
    Late(f64),
    /// It printed more than was to be read.
    #[error("it printed more than {0} bytes")]
    TooMuch(usize),
}

/// How a program ended, and what it said.
pub(crate) struct Ended {
    status: ExitStatus,
    /// What it printed.
    pub(crate) stdout: Vec<u8>,
    stderr: Vec<u8>,
}

impl Ended {
    /// How it failed and what it said to that, or `None` if it ended well.
    pub(crate) fn failure(&self) -> Option<String> {
        if self.status.success() {
            return None;
        }
        let said = String::from_utf8_lossy(&self.stderr);
        let how = how(self.status);
        Some(match said.trim() {
            "" => how,
            said => format!("{how}: {said}"),
        })
    }
}

/// Runs a program to its end, in an environment of almost nothing, and reads at most so many bytes of what
/// it prints. Whatever it started ends with it.
pub(crate) fn run(
    command: &mut Command,
    variables: &[(&str, &str)],
    call: &Call<'_>,
    most: usize,
) -> Result<Ended, Broken> {
    command
        .env_clear()
        .envs(ENVIRONMENT)
        .envs(variables.iter().copied())
        .current_dir("/")
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    finish(command.spawn()?, call, most)
}

/// Waits for its end.
fn finish(mut child: Child, call: &Call<'_>, most: usize) -> Result<Ended, Broken> {
    let mut printed = Pipe::new(child.stdout.take(), most);
    let mut said = Pipe::new(child.stderr.take(), COMPLAINT_BYTES);
    let mut group = Group::new(child);
    let begun = Instant::now();
    loop {
        if let Some(why) = call.interrupt.check(&[]) {
            return Err(Broken::Interrupted(why));
        }
        if call.remaining().is_zero() {
            return Err(Broken::Late(begun.elapsed().as_secs_f64()));
        }
        let ended = group.has_ended();
        wait(&mut printed, &mut said, call.remaining().min(LOOK), ended);
        let more = printed.take() | said.take();
        if printed.over {
            return Err(Broken::TooMuch(most));
        }
        // Something that it started may hold the pipes open: what it had to say itself is read.
        if ended && !more {
            break;
        }
    }
    Ok(Ended {
        status: group.end()?,
        stdout: printed.bytes,
        stderr: said.bytes,
    })
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
