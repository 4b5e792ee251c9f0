//! Some hosts with libvirt, real guests, and everything that can break, on one machine.
//!
//! A [`Node`] is a tree of processes in namespaces of its own, with files, a name and a network card of
//! its own, and a real libvirtd. Ending the first of these processes is a power failure: the kernel ends
//! all others with it. The hosts are joined by a bridge in a network of its own; this machine sees
//! nothing of it and reaches them only by their sockets. A [`Guest`] is a real qemu, without hardware
//! virtualisation, that boots one sector of code and says on its serial line that it lives.
//!
//! Nothing of a lab outlives it: all of it hangs on pipes that the test's process holds. When they break,
//! however the test ended, the hosts go, and the directory after them.
//!
//! It needs root, and programs that [`missing`] names.

#![expect(
    clippy::disallowed_methods,
    reason = "a lab has no database to be careful of"
)]

mod guest;
mod node;

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

pub use guest::{DiskPlace, Guest, Said};
pub use node::{Cable, Node, Process};

/// Programs without which there is no lab, and the Debian packages that have them.
const PROGRAMS: [(&str, &str); 7] = [
    ("libvirtd", "libvirt-daemon"),
    ("virsh", "libvirt-clients"),
    ("qemu-system-x86_64", "qemu-system-x86"),
    ("ip", "iproute2"),
    ("mount", "mount"),
    ("nsenter", "util-linux"),
    ("unshare", "util-linux"),
];

/// How often something that is waited for is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// A lab.
pub struct Lab {
    directory: PathBuf,
    lan: Started,
    nodes: Vec<Node>,
}

/// Why something in the lab did not work.
#[derive(Debug)]
pub struct Failure(String);

impl Failure {
    fn new(what: &str, why: impl fmt::Display) -> Failure {
        Failure(format!("{what}: {why}"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failure {}

/// What this machine lacks for a lab, if it lacks something.
#[must_use]
pub fn missing() -> Option<String> {
    for (program, package) in PROGRAMS {
        let known = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"].iter();
        if !known
            .into_iter()
            .any(|place| Path::new(place).join(program).exists())
        {
            return Some(format!("{program} is not installed (Debian: {package})"));
        }
    }
    let mut try_it = Command::new("unshare");
    try_it.args(["--mount", "--uts", "--ipc", "--net", "--pid", "--fork"]);
    try_it.args([
        "sh",
        "-c",
        "mount -t proc proc /proc && ip link add lan type bridge",
    ]);
    match succeed(try_it) {
        Ok(_) => None,
        Err(failure) => Some(format!("no namespaces: {failure}")),
    }
}

impl Lab {
    /// Brings up so many hosts.
    ///
    /// # Errors
    /// When that does not work, though nothing is [`missing`].
    pub fn new(hosts: usize) -> Result<Lab, Failure> {
        let made = tempfile::Builder::new().prefix("gnt-lab-").tempdir();
        // Taken away by the wire, which outlives this process if need be.
        let directory = made.map_err(|error| Failure::new("the lab", error))?.keep();
        let mut command = Command::new("unshare");
        command
            .args(["--net", "sh", "-c", include_str!("lan.sh"), "lan"])
            .arg(&directory);
        let lan = start(command, &directory.join("lan.log")).inspect_err(|_| {
            let _ = std::fs::remove_dir_all(&directory);
        })?;
        let mut lab = Lab {
            directory,
            lan,
            nodes: Vec::new(),
        };
        std::fs::create_dir(lab.shared()).map_err(|error| Failure::new("the lab", error))?;
        for number in 1..=hosts {
            lab.nodes
                .push(Node::new(&lab.directory, number, lab.lan.pid)?);
        }
        let results: Vec<Result<(), Failure>> = thread::scope(|scope| {
            let nodes = lab.nodes.iter_mut();
            let threads: Vec<_> = nodes.map(|node| scope.spawn(|| node.power_on())).collect();
            let panicked = |_| Err(Failure::new("the lab", "a thread panicked"));
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap_or_else(panicked))
                .collect()
        });
        results.into_iter().collect::<Result<(), Failure>>()?;
        Ok(lab)
    }

    /// The host of a number; 1 is the first.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn node(&self, number: usize) -> &Node {
        &self.nodes[number - 1]
    }

    /// The same, to switch it off and on.
    ///
    /// # Panics
    /// When there is none.
    pub fn node_mut(&mut self, number: usize) -> &mut Node {
        &mut self.nodes[number - 1]
    }

    /// All hosts.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The directory that all hosts see under the same path: disks and serial lines.
    #[must_use]
    pub fn shared(&self) -> PathBuf {
        self.directory.join("shared")
    }

    /// What a guest said so far, wherever it ran.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn said(&self, guest: &str) -> Result<Said, Failure> {
        guest::said(&self.shared(), guest).map_err(|error| Failure::new(guest, error))
    }

    /// Waits until a guest has shown that it lives: a dot more than now.
    ///
    /// # Errors
    /// When it does not.
    pub fn wait_for_life(&self, guest: &str) -> Result<(), Failure> {
        let before = self.said(guest)?.dots;
        wait_for(Duration::from_secs(30), &format!("{guest} lives"), || {
            self.said(guest).is_ok_and(|said| said.dots > before)
        })
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        for node in &mut self.nodes {
            if let Some(mut child) = node.take() {
                drop(child.stdin.take());
                let _ = child.wait();
            }
        }
        // The last one out takes the directory away.
        drop(self.lan.child.stdin.take());
        let _ = self.lan.child.wait();
    }
}

/// Waits until something is so.
///
/// # Errors
/// When it is not within `limit`.
pub fn wait_for(
    limit: Duration,
    what: &str,
    mut is_so: impl FnMut() -> bool,
) -> Result<(), Failure> {
    let began = Instant::now();
    while !is_so() {
        if began.elapsed() > limit {
            return Err(Failure::new(
                what,
                format!("not within {} s", limit.as_secs()),
            ));
        }
        thread::sleep(LOOK);
    }
    Ok(())
}

/// A process that stays until its standard input ends.
struct Started {
    child: Child,
    /// Of the process that said so, which may be a child of `child`.
    pid: u32,
}

impl Started {
    /// Ends it at once, and waits until it is gone.
    fn kill(mut self) -> io::Result<()> {
        let pid = self.pid.to_string();
        let killed = Command::new("kill").args(["-KILL", &pid]).status()?;
        if !killed.success() {
            return Err(io::Error::other(format!("process {pid} cannot be killed")));
        }
        self.child.wait().map(drop)
    }
}

/// Starts such a process, and waits for the line with which it says that it is there: its number.
fn start(mut command: Command, log: &Path) -> Result<Started, Failure> {
    let what = format!("{:?}", command.get_program());
    let log = File::create(log).map_err(|error| Failure::new(&what, error))?;
    let command = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(log);
    let mut child = command
        .spawn()
        .map_err(|error| Failure::new(&what, error))?;
    let mut line = String::new();
    if let Some(out) = child.stdout.take() {
        let _ = BufReader::new(out).read_line(&mut line);
    }
    match line.trim().parse() {
        Ok(pid) => Ok(Started { child, pid }),
        Err(_) => {
            let _ = child.kill();
            let _ = child.wait();
            Err(Failure::new(&what, "it ended before it was there"))
        }
    }
}

/// A command that runs within the namespaces of a process.
fn inside(pid: u32) -> Command {
    let mut command = Command::new("nsenter");
    command.args(["-t", &pid.to_string(), "-m", "-u", "-i", "-n", "-p", "--"]);
    command.env_remove("XDG_RUNTIME_DIR");
    command
}

/// Runs a command that is to succeed.
fn succeed(mut command: Command) -> Result<Output, Failure> {
    let output = command.stdin(Stdio::null()).output();
    match output {
        Ok(output) if output.status.success() => Ok(output),
        Ok(output) => {
            let why = String::from_utf8_lossy(&output.stderr);
            Err(Failure::new(&format!("{command:?}"), why.trim()))
        }
        Err(error) => Err(Failure::new(&format!("{command:?}"), error)),
    }
}
