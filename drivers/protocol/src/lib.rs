//! The language between `gnt` and the programs that reach a hypervisor.
//!
//! A *driver* is a program. `gnt` starts it, writes one JSON object a line to its standard input, a
//! [`Request`], and reads one a line from its standard output, an [`Answer`]. It answers one request
//! after another, in order; what it prints to standard error goes to the runner's log. It ends when its
//! standard input does.
//!
//! A driver never does two things at once: who wants two things at once starts it twice. So a migration
//! is one process that says nothing until it is over, and how far it is, is asked of another. Whoever
//! does not want to wait any longer kills the process, and nothing else is lost with it. That makes
//! three rules for a driver:
//!
//! * it may be killed at any moment, and what it began goes on or fails without it;
//! * it keeps nothing that the next process would need;
//! * it never answers what it does not know: [`Trouble::Unknown`] is an answer.
//!
//! The first request to each process is [`Ask::Open`], with the node that all the others concern.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Read, Write};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The version of this language. A driver that does not speak it refuses [`Ask::Open`].
pub const PROTOCOL: u32 = 1;

/// The longest line either side accepts, in bytes: a hundred thousand guests, or the largest definition.
pub const LINE_LIMIT: usize = 64 << 20;

/// A line to the driver.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// Comes back in the answer.
    pub id: u64,
    /// What is asked.
    #[serde(flatten)]
    pub ask: Ask,
}

/// What a driver is asked. Guests are named by their UUID, in small letters with hyphens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "kebab-case")]
pub enum Ask {
    /// Connects to a node. Answer: [`Opened`].
    Open {
        /// [`PROTOCOL`].
        protocol: u32,
        /// The node's name, for messages.
        node: String,
        /// How to reach it; what is in it is the driver's own business. That of libvirt knows `uri`.
        access: BTreeMap<String, String>,
    },
    /// All guests that the node knows, running or not. Answer: a list of [`Guest`].
    List,
    /// One guest. Answer: a [`Guest`], or `null` if the node does not know it.
    Look {
        /// Which.
        guest: String,
    },
    /// The node's size and identity. Answer: [`Facts`].
    Facts,
    /// A guest's definition, as it is to be started next time, and its disks. Answer: [`Definition`].
    Definition {
        /// Which.
        guest: String,
    },
    /// Makes a guest known, shut off, or replaces the definition of one that is. Answer: `null`.
    Define {
        /// The definition, as [`Ask::Definition`] gave it.
        definition: String,
    },
    /// Makes the node forget a guest that does not run. One it does not know is forgotten already. Answer:
    /// `null`.
    Undefine {
        /// Which.
        guest: String,
    },
    /// Starts a guest that the node knows. One that runs is started already. Answer: `null`.
    Start {
        /// Which.
        guest: String,
    },
    /// Asks a guest to shut itself down, and does not wait for it. Answer: `null`.
    Shutdown {
        /// Which.
        guest: String,
    },
    /// Cuts a guest's power, and returns when it is off. Answer: `null`.
    Destroy {
        /// Which.
        guest: String,
    },
    /// Reboots a running guest. Answer: `null`.
    Reboot {
        /// Which.
        guest: String,
    },
    /// Stops a running guest's processors. Answer: `null`.
    Suspend {
        /// Which.
        guest: String,
    },
    /// Lets a suspended guest go on. Answer: `null`.
    Resume {
        /// Which.
        guest: String,
    },
    /// Moves a guest to another node, and its definition with it; returns when it is there, or is not.
    /// Answer: `null`.
    Migrate {
        /// Which.
        guest: String,
        /// How this node reaches the other one; the driver's own business. That of libvirt knows `uri`.
        to: BTreeMap<String, String>,
        /// How.
        how: Migration,
    },
    /// How far a migration is that leaves this node. Answer: a [`Transfer`], or `null` if none does.
    Transfer {
        /// Of which guest.
        guest: String,
    },
    /// Gives up a migration that leaves this node; that it was given up is the answer to
    /// [`Ask::Migrate`]. None is given up already. Answer: `null`.
    Abort {
        /// Of which guest.
        guest: String,
    },
    /// Changes a migration on its way. Answer: `null`.
    Tune {
        /// Of which guest.
        guest: String,
        /// How long the guest may stand still at the end, milliseconds.
        downtime: Option<u64>,
        /// MiB a second.
        bandwidth: Option<u64>,
    },
    /// Marks a guest as managed by this cluster, or takes the mark away. Answer: `null`.
    Mark {
        /// Which.
        guest: String,
        /// The cluster's UUID; `null` unmarks.
        cluster: Option<String>,
    },
    /// Whether the node starts the guest by itself when it boots. Answer: `null`.
    Autostart {
        /// Which.
        guest: String,
        /// Whether.
        on: bool,
    },
    /// Deletes a file that a disk lies in. One that is not there is deleted already. Answer: `null`.
    DeleteDisk {
        /// Its path.
        path: String,
    },
    /// Whether guests that run on a node of that processor could go on here. Answer: a [`Comparison`].
    Compare {
        /// [`Facts::processor`] of the other node.
        processor: String,
    },
}

impl Ask {
    /// Those that every driver has to answer. What is done without another one is in the document.
    pub const NEEDED: [&str; 8] = [
        "open",
        "list",
        "facts",
        "definition",
        "define",
        "undefine",
        "start",
        "destroy",
    ];

    /// What it is called in a [`Request`], and in [`Opened::can`].
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Ask::Open { .. } => "open",
            Ask::List => "list",
            Ask::Look { .. } => "look",
            Ask::Facts => "facts",
            Ask::Definition { .. } => "definition",
            Ask::Define { .. } => "define",
            Ask::Undefine { .. } => "undefine",
            Ask::Start { .. } => "start",
            Ask::Shutdown { .. } => "shutdown",
            Ask::Destroy { .. } => "destroy",
            Ask::Reboot { .. } => "reboot",
            Ask::Suspend { .. } => "suspend",
            Ask::Resume { .. } => "resume",
            Ask::Migrate { .. } => "migrate",
            Ask::Transfer { .. } => "transfer",
            Ask::Abort { .. } => "abort",
            Ask::Tune { .. } => "tune",
            Ask::Mark { .. } => "mark",
            Ask::Autostart { .. } => "autostart",
            Ask::DeleteDisk { .. } => "delete-disk",
            Ask::Compare { .. } => "compare",
        }
    }
}

/// A line from the driver.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// That of the request.
    pub id: u64,
    /// What was answered.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What was answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It is done; what the request's text says is in it.
    Ok(Value),
    /// It is not.
    Error(Refusal),
}

/// Why something was not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// What that means for the guest.
    pub trouble: Trouble,
    /// What happened, in the hypervisor's words.
    pub text: String,
    /// The hypervisor's number for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<i64>,
    /// Which part of the hypervisor said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// What an operator can do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// What it means that something was not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trouble {
    /// The node does not answer; nothing was begun.
    Unreachable,
    /// It was refused or failed, and all is as it was before.
    Failed,
    /// It was given up, as [`Ask::Abort`] asked.
    Aborted,
    /// The node does not know the guest.
    Absent,
    /// It was begun, and how it ended is not known.
    Unknown,
    /// The driver cannot do that.
    Unsupported,
}

/// The answer to [`Ask::Open`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// The driver's name and version, for messages.
    pub driver: String,
    /// What the node calls itself.
    pub host_name: String,
    /// What tells it from every other host, whatever it is called.
    pub host_uuid: String,
    /// The requests that the driver answers, by their [`Ask::name`]; all of them if it does not say. Names
    /// that are not known here are those of a later language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub can: Option<Vec<String>>,
}

impl Opened {
    /// Whether the driver answers a request of that name.
    #[must_use]
    pub fn can(&self, name: &str) -> bool {
        let known = self.can.as_ref();
        known.is_none_or(|can| can.iter().any(|one| one == name))
    }
}

/// A guest, as a node knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guest {
    /// Identity; stays the same wherever it goes.
    pub uuid: String,
    /// Name.
    pub name: String,
    /// What it does.
    pub state: GuestState,
    /// Whether a migration out of this node is on its way.
    #[serde(default)]
    pub leaving: bool,
    /// Whether the node knows it still when it has stopped.
    #[serde(default = "yes")]
    pub persistent: bool,
    /// Whether the node starts it by itself.
    #[serde(default)]
    pub autostart: bool,
    /// MiB of memory, at most.
    pub memory: u64,
    /// Virtual processors.
    pub vcpus: u64,
    /// The UUID of the cluster that it is marked to belong to.
    pub cluster: Option<String>,
}

fn yes() -> bool {
    true
}

/// What a guest does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GuestState {
    /// It runs.
    Running,
    /// It stands still, and its memory is there.
    Paused,
    /// It comes in by a migration, and does not run here yet.
    Incoming,
    /// It is being shut down, and runs still.
    Stopping,
    /// It does not run.
    Stopped,
    /// It does not run, since it or its hypervisor broke.
    Crashed,
}

/// A node's size and identity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// MiB of memory.
    pub memory: u64,
    /// MiB of it that nothing uses; if that is not told, what running guests do not take.
    pub memory_free: Option<u64>,
    /// Processors.
    pub cpus: u64,
    /// The hypervisor's name and version; the driver's if it is not told.
    pub hypervisor: Option<String>,
    /// What [`Ask::Compare`] needs to know of its processor; the driver's own business.
    #[serde(default)]
    pub processor: String,
}

/// A guest's definition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Definition {
    /// The definition; the driver's own business, but for its UUID, name and size, which [`Guest`] has.
    pub definition: String,
    /// Its disks, in order.
    #[serde(default)]
    pub disks: Vec<Disk>,
}

/// A disk of a guest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disk {
    /// What the guest knows it by, such as `vda`.
    pub target: String,
    /// What it is kept in.
    pub storage: Storage,
    /// The file, device or remote name; none for an empty drive.
    pub source: Option<String>,
    /// Whether this node sees it; none where that cannot be told.
    pub present: Option<bool>,
    /// MiB, where the node can tell.
    pub size: Option<u64>,
    /// Whether the guest can only read it.
    #[serde(default)]
    pub readonly: bool,
}

/// What a disk is kept in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Storage {
    /// A file, on a file system that the hypervisor knows that other hosts see, too.
    SharedFile,
    /// A file; whether others see it is not known.
    File,
    /// A block device; whether others see it is not known.
    Block,
    /// Reached over the network by the hypervisor itself.
    Network,
    /// Anything else.
    Other,
}

/// How a guest is to be moved.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Migration {
    /// It runs and is to go on running. Otherwise it does not run, and its definition alone moves.
    pub live: bool,
    /// The operator says that its disks can be seen from the other node, whatever the hypervisor thinks.
    pub trust_storage: bool,
    /// MiB a second at most.
    pub bandwidth: Option<u64>,
    /// How long the guest may stand still at the end, milliseconds.
    pub downtime: Option<u64>,
}

/// How far a migration is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Transfer {
    /// MiB of memory that there are in all; 0 before it is known.
    pub total: f64,
    /// MiB that have to go over still, in this pass.
    pub remaining: f64,
    /// MiB that went over so far, in all passes.
    pub processed: f64,
    /// Which pass over the memory this is, from 1.
    pub pass: u64,
    /// MiB a second.
    pub speed: Option<f64>,
    /// How long the guest would stand still now, milliseconds.
    pub downtime: Option<u64>,
}

/// Whether guests of another node could go on here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    /// Whether.
    pub compatible: bool,
    /// Why not.
    pub reason: Option<String>,
}

impl Refusal {
    /// A refusal in the driver's own words.
    #[must_use]
    pub fn new(trouble: Trouble, text: impl Into<String>) -> Refusal {
        Refusal {
            trouble,
            text: text.into(),
            code: None,
            domain: None,
            hint: None,
        }
    }

    /// The same with what an operator can do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Refusal {
        self.hint = Some(hint.into());
        self
    }
}

/// Answers requests until there are no more: all that a driver's `main` has to do.
///
/// # Errors
/// When `requests` cannot be read or `answers` cannot be written, and when a line is no request: who
/// writes such a line speaks another language. A request that is not known here is one of a later
/// language, and refused as [`Trouble::Unsupported`].
pub fn serve(
    mut requests: impl BufRead,
    mut answers: impl Write,
    mut answer: impl FnMut(Ask) -> Result<Value, Refusal>,
) -> io::Result<()> {
    while let Some(line) = read_line(&mut requests)? {
        let (id, ask) = read(&line)?;
        let outcome = match ask.and_then(&mut answer) {
            Ok(value) => Outcome::Ok(value),
            Err(refusal) => Outcome::Error(refusal),
        };
        let mut line = serde_json::to_vec(&Answer { id, outcome })?;
        line.push(b'\n');
        answers.write_all(&line)?;
        answers.flush()?;
    }
    Ok(())
}

/// A request, or the refusal of one that is not known.
fn read(line: &[u8]) -> io::Result<(u64, Result<Ask, Refusal>)> {
    #[derive(Deserialize)]
    struct Any {
        id: u64,
        ask: String,
    }
    match serde_json::from_slice(line) {
        Ok(Request { id, ask }) => Ok((id, Ok(ask))),
        Err(error) => {
            let Any { id, ask } = serde_json::from_slice(line)?;
            let text = format!("the request {ask} is not understood: {error}");
            Ok((id, Err(Refusal::new(Trouble::Unsupported, text))))
        }
    }
}

/// Reads one line without its end; `None` at the end of everything.
///
/// # Errors
/// When it cannot be read, is longer than [`LINE_LIMIT`], or breaks off.
pub fn read_line(from: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    let most = LINE_LIMIT as u64 + 1;
    if from.take(most).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    if line.pop() == Some(b'\n') {
        return Ok(Some(line));
    }
    Err(match line.len() < LINE_LIMIT {
        true => io::Error::new(io::ErrorKind::UnexpectedEof, "the last line breaks off"),
        false => io::Error::new(io::ErrorKind::InvalidData, "a line is too long"),
    })
}
