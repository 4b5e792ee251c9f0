//! One process of a driver, and the lines that go to it and come from it.

use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{ChildStderr, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use gnt_driver::{Answer, Ask, Outcome, Request};
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::executable::{ENVIRONMENT, Group, how};
use crate::hypervisor::InterruptKind;
use crate::limits::{DRIVER_BYTES, DRIVER_LINE_BYTES, DRIVER_LINES};
use crate::text::one_line;

/// How long one look at a process lasts before it is asked whether anybody still wants its answer. The
/// answer itself, and its end, are seen at once.
const LOOK: Duration = Duration::from_millis(20);

/// How long a process that has closed its output is given to end, so that it can be told how it did.
const ENDS_WITHIN: Duration = Duration::from_millis(200);

/// Why there is no answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Broken {
    /// There was none in time.
    Silent,
    /// Nobody wants it any longer.
    Interrupted(InterruptKind),
    /// The process ended. What was asked may have been begun.
    Ended(String),
    /// What it answered is not the language.
    Nonsense(String),
}

/// How long an answer is waited for, and by what that ends earlier.
#[derive(Clone, Copy)]
pub(super) struct Patience<'a> {
    /// Until then.
    pub(super) until: Instant,
    /// Something that was raised.
    pub(super) stop: &'a dyn Fn() -> Option<InterruptKind>,
}

impl Patience<'_> {
    fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }

    /// Whether it is over.
    fn check(&self) -> Result<(), Broken> {
        match (self.stop)() {
            Some(kind) => Err(Broken::Interrupted(kind)),
            None if self.left().is_zero() => Err(Broken::Silent),
            None => Ok(()),
        }
    }
}

/// One process. It ends, with all that it started, when the value does.
#[derive(Debug)]
pub(super) struct Channel {
    group: Group,
    requests: ChildStdin,
    answers: Answers,
    said: Said,
    asked: u64,
}

impl Channel {
    /// Starts the program; what it says on standard error goes to `log` as from `name`.
    pub(super) fn start(program: &Path, name: String, log: fn(&str)) -> io::Result<Channel> {
        let mut command = Command::new(program);
        command
            .env_clear()
            .envs(ENVIRONMENT)
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let group = Group::new(child);
        let (Some(requests), Some(answers), Some(said)) = pipes else {
            return Err(ErrorKind::BrokenPipe.into());
        };
        for pipe in [requests.as_fd(), answers.as_fd(), said.as_fd()] {
            fcntl(pipe, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        }
        Ok(Channel {
            group,
            requests,
            answers: Answers {
                pipe: Some(answers),
                bytes: vec![],
                searched: 0,
            },
            said: Said {
                pipe: Some(said),
                line: vec![],
                lines: 0,
                last: String::new(),
                name,
                log,
            },
            asked: 0,
        })
    }

    /// Whether it can still be asked.
    pub(super) fn is_alive(&mut self) -> bool {
        self.said.take();
        !self.group.has_ended()
    }

    /// Lets it go on by itself: what it does is not to be ended with us.
    pub(super) fn release(self) {
        self.group.release();
    }

    /// Asks, and waits for the answer.
    pub(super) fn ask(&mut self, ask: Ask, patience: Patience<'_>) -> Result<Outcome, Broken> {
        self.send(ask, patience)?;
        self.answer(patience)?.ok_or(Broken::Silent)
    }

    /// Asks, and does not wait for the answer.
    pub(super) fn send(&mut self, ask: Ask, patience: Patience<'_>) -> Result<(), Broken> {
        self.asked += 1;
        let id = self.asked;
        let line = serde_json::to_vec(&Request { id, ask });
        let mut line = line.map_err(|error| Broken::Nonsense(error.to_string()))?;
        line.push(b'\n');
        let mut rest = &line[..];
        while !rest.is_empty() {
            match self.requests.write(rest) {
                Ok(count) => rest = &rest[count..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    patience.check()?;
                    self.wait(patience.left(), true);
                    self.said.take();
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return Err(self.ended()),
            }
        }
        Ok(())
    }

    /// The answer to what was asked last; `None` if there is none in time.
    pub(super) fn answer(&mut self, patience: Patience<'_>) -> Result<Option<Outcome>, Broken> {
        loop {
            if let Some(line) = self.answers.line()? {
                let answer: Answer = serde_json::from_slice(&line)
                    .map_err(|error| Broken::Nonsense(error.to_string()))?;
                return match answer.id == self.asked {
                    true => Ok(Some(answer.outcome)),
                    false => Err(Broken::Nonsense(format!(
                        "it answered {} when it was asked {}",
                        answer.id, self.asked
                    ))),
                };
            }
            if self.answers.pipe.is_none() {
                return Err(self.ended());
            }
            match patience.check() {
                Err(Broken::Silent) => return Ok(None),
                other => other?,
            }
            self.wait(patience.left(), false);
            self.answers.take();
            self.said.take();
        }
    }

    /// Waits until it says something, or takes something.
    fn wait(&self, left: Duration, to_write: bool) {
        let mut fds = vec![];
        let said = self.said.pipe.as_ref().map(AsFd::as_fd);
        let answers = self.answers.pipe.as_ref().map(AsFd::as_fd);
        for pipe in [said, answers].into_iter().flatten() {
            fds.push(PollFd::new(pipe, PollFlags::POLLIN));
        }
        if to_write {
            fds.push(PollFd::new(self.requests.as_fd(), PollFlags::POLLOUT));
        }
        // Rounded up, so that the last part of a millisecond is not waited for in circles.
        let pause = left.min(LOOK) + Duration::from_millis(1);
        let millis = PollTimeout::try_from(pause).unwrap_or(PollTimeout::ZERO);
        // A signal that comes in between is as good as the pause being over.
        let _ = poll(&mut fds, millis);
    }

    /// It has ended, or is about to.
    fn ended(&mut self) -> Broken {
        let until = Instant::now() + ENDS_WITHIN;
        while !self.group.has_ended() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(1));
        }
        self.said.take();
        let status = self.group.end().map(how).unwrap_or_default();
        let last = std::mem::take(&mut self.said.last);
        let parts = [status, last].into_iter().filter(|part| !part.is_empty());
        Broken::Ended(parts.collect::<Vec<_>>().join(": "))
    }
}

/// What a process answers, as it comes.
#[derive(Debug)]
struct Answers {
    pipe: Option<ChildStdout>,
    bytes: Vec<u8>,
    /// So many of them have no end of a line.
    searched: usize,
}

impl Answers {
    /// The next whole line, without its end.
    fn line(&mut self) -> Result<Option<Vec<u8>>, Broken> {
        let new = &self.bytes[self.searched..];
        let Some(end) = new.iter().position(|byte| *byte == b'\n') else {
            self.searched = self.bytes.len();
            return match self.searched > DRIVER_BYTES {
                true => Err(Broken::Nonsense(format!(
                    "it printed a line of more than {DRIVER_BYTES} bytes"
                ))),
                false => Ok(None),
            };
        };
        let rest = self.bytes.split_off(self.searched + end + 1);
        let mut line = std::mem::replace(&mut self.bytes, rest);
        line.pop();
        self.searched = 0;
        Ok(Some(line))
    }

    fn take(&mut self) {
        read_all(&mut self.pipe, |part| {
            self.bytes.extend_from_slice(part);
            // Whoever prints without end is not read without end.
            self.bytes.len() <= DRIVER_BYTES
        });
    }
}

/// What a process says beside its answers: lines for the log, up to a limit.
#[derive(Debug)]
struct Said {
    pipe: Option<ChildStderr>,
    line: Vec<u8>,
    lines: usize,
    /// The last of them, which often says why it ended.
    last: String,
    name: String,
    log: fn(&str),
}

impl Said {
    fn take(&mut self) {
        let mut pipe = self.pipe.take();
        let mut read = 0;
        read_all(&mut pipe, |part| {
            for byte in part {
                match byte {
                    b'\n' => self.tell(),
                    _ if self.line.len() < DRIVER_LINE_BYTES => self.line.push(*byte),
                    _ => {}
                }
            }
            read += part.len();
            read < DRIVER_LINES * DRIVER_LINE_BYTES
        });
        if pipe.is_none() {
            self.tell();
        }
        self.pipe = pipe;
    }

    fn tell(&mut self) {
        let line = std::mem::take(&mut self.line);
        let line = String::from_utf8_lossy(&line);
        let line = one_line(line.trim());
        if line.is_empty() {
            return;
        }
        self.lines += 1;
        match self.lines.cmp(&DRIVER_LINES) {
            std::cmp::Ordering::Less => (self.log)(&format!("{}: {line}", self.name)),
            std::cmp::Ordering::Equal => {
                (self.log)(&format!("{} says more than is kept here", self.name));
            }
            std::cmp::Ordering::Greater => {}
        }
        self.last = line.into_owned();
    }
}

/// Reads what is there now, as long as `more` wants it. The pipe is gone afterwards if it was closed.
fn read_all<F: Read>(pipe: &mut Option<F>, mut more: impl FnMut(&[u8]) -> bool) {
    let mut buffer = [0; 16 << 10];
    while let Some(file) = pipe {
        match file.read(&mut buffer) {
            Ok(0) => *pipe = None,
            Ok(count) => {
                if !more(&buffer[..count]) {
                    return;
                }
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => return,
            Err(_) => *pipe = None,
        }
    }
}
