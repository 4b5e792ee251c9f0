//! `gnt-libvirt`: how `gnt` reaches real virtual machines.
//!
//! A driver, as [`gnt_driver`] describes it: the runner starts it, opens a connection to one node's
//! libvirt with it, and asks one thing after another. Libvirt's calls can block without limit and its
//! library lives in the caller's memory; here neither can harm anybody but this process, which is made
//! to be killed.
//!
//! [`sys`] is libvirt, made safe; [`session`] a connection, made as [`reach`] says, and the way from a request
//! to its answer; the other modules are the verbs, each with what it knows: [`guests`], [`node`], [`definition`] (the XML),
//! [`storage`] (whether a file is there), [`lifecycle`], [`migration`], [`mark`].

mod definition;
mod guests;
mod lifecycle;
mod mark;
mod migration;
mod node;
mod reach;
mod session;
mod storage;
#[expect(unsafe_code, reason = "libvirt's interface is C; see there")]
mod sys;
mod trouble;
mod xml;

use std::env;
use std::io::{self, BufReader, IsTerminal, Write};
use std::os::fd::AsFd;
use std::process::ExitCode;
use std::sync::mpsc;
use std::thread;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// Wrong arguments; as the tools have it.
const USAGE: u8 = 2;

const VERSION: &str = concat!(
    "gnt-libvirt (gnt ",
    env!("CARGO_PKG_VERSION"),
    ") ",
    env!("CARGO_PKG_VERSION")
);

const HELP: &str = "\
The driver with which gnt reaches real virtual machines through libvirt.

The runner starts it, as often as it needs it, for clusters made with
`gnt-cluster init --driver libvirt`. It reads requests from standard input, a
JSON object a line, and writes an answer a line to standard output. There is
nothing to do with it by hand, but one can ask a host what it knows:

    printf '%s\\n' \\
      '{\"id\":1,\"ask\":\"open\",\"protocol\":1,\"node\":\"n\",\"access\":{\"uri\":\"qemu:///system\"}}' \\
      '{\"id\":2,\"ask\":\"list\"}' | gnt-libvirt

It needs libvirt.so.0 when it runs (Debian: apt-get install libvirt0).

Usage: gnt-libvirt

Options:
  -h, --help     Print help
  -V, --version  Print version
";

fn main() -> ExitCode {
    let arguments: Vec<String> = (env::args_os().skip(1))
        .map(|argument| argument.to_string_lossy().into_owned())
        .collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        [] if io::stdin().is_terminal() => {
            tell("error: gnt-libvirt is started by gnt-runner, not by hand");
            tell("hint: gnt-libvirt --help says what it is for");
            ExitCode::from(USAGE)
        }
        [] => serve(),
        ["-h" | "--help"] => print(HELP),
        ["-V" | "--version"] => print(&format!("{VERSION}\n")),
        [what, ..] => {
            tell(&format!("error: unexpected argument '{what}'"));
            tell("hint: gnt-libvirt --help says what it is for");
            ExitCode::from(USAGE)
        }
    }
}

/// Why there is nothing left to do.
enum End {
    /// There are no more requests, or none that can be read.
    Served(io::Result<()>),
    /// Nobody reads the answers.
    Unheard,
}

/// Answers requests until there are no more, or until nobody is there for whom to do it: a call that
/// blocks for ever does not outlive the runner.
fn serve() -> ExitCode {
    let (ended, end) = mpsc::channel();
    let unheard = ended.clone();
    thread::spawn(move || {
        if wait_until_unheard() {
            let _ = unheard.send(End::Unheard);
        }
    });
    thread::spawn(move || {
        let mut session = None;
        let requests = BufReader::new(io::stdin());
        let answer = |ask| session::answer(&mut session, ask);
        let _ = ended.send(End::Served(gnt_driver::serve(
            requests,
            io::stdout(),
            answer,
        )));
    });
    match end.recv() {
        Ok(End::Served(Err(error))) => {
            tell(&format!("gnt-libvirt: {error}"));
            ExitCode::FAILURE
        }
        Ok(End::Served(Ok(())) | End::Unheard) => ExitCode::SUCCESS,
        // Neither thread ends without a word but by a panic, which is in the log.
        Err(_) => ExitCode::FAILURE,
    }
}

/// Waits until the other end of standard output is closed. Says no where that cannot be waited for.
fn wait_until_unheard() -> bool {
    let stdout = io::stdout();
    loop {
        // Nothing is asked for: an end that is gone is told unasked.
        let mut fds = [PollFd::new(stdout.as_fd(), PollFlags::empty())];
        match poll(&mut fds, PollTimeout::NONE) {
            Ok(_) => {
                let gone = PollFlags::POLLERR | PollFlags::POLLHUP;
                return fds[0]
                    .revents()
                    .is_some_and(|events| events.intersects(gone));
            }
            Err(nix::errno::Errno::EINTR) => (),
            Err(_) => return false,
        }
    }
}

fn print(text: &str) -> ExitCode {
    match io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// Says something to whoever looks after standard error; nothing can be done if nobody does.
fn tell(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}
