//! The simulator: a hypervisor whose *reality* is a file.
//!
//! The file stands for the machines. It outlives every process, several processes may have it open
//! at once, and it is apart from configuration and queue, so that the two can disagree as they do
//! in the real world. What is on its way (a migration, a sync) is part of it and needs no process;
//! see the module `deeds`. Nodes die and verbs fail when a [`Fault`] says so.
//!
//! What it does as real hosts do: an instance does not start while another living node runs it
//! (the image lock of its disks), nor on a copy that is not in sync; a second verb on an instance
//! is refused while one is on its way. What it does not check either: whether a node has room.
//!
//! Starting, stopping and rebooting are short, and finish when their job is cancelled; only when a
//! fault makes them hang they are given up.

mod change;
mod copy;
mod create;
mod deeds;
mod faults;
mod orders;
mod reality;
mod snapshot;
#[cfg(test)]
mod tests;
mod verbs;
mod work;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rusqlite::{Connection, TransactionBehavior};
use serde::{Deserialize, Serialize};

pub use self::change::Change;
pub use self::copy::{Frozen, inspect};
pub use self::create::create;
pub use self::faults::{Fault, FaultKind};
use self::reality::{Moment, Sql};
pub use self::snapshot::LogEntry;
use crate::failpoints::Stage;
use crate::opcodes::words;

/// The simulator, on an open reality. One is shared by all threads of a process.
#[derive(Debug)]
pub struct Fake {
    path: PathBuf,
    // One connection is enough: a transaction takes well under a millisecond, and nobody waits
    // while holding it.
    db: Mutex<Connection>,
}

/// How long verbs take, in milliseconds. Zero means at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FakeSettings {
    /// A start.
    pub start: u64,
    /// A stop; a graceful one takes at most as long as the guest is given.
    pub stop: u64,
    /// A reboot.
    pub reboot: u64,
    /// A migration.
    pub migrate: u64,
    /// A sync of a copy, whatever its size.
    pub sync: u64,
    /// What comes on top for each GiB of the copy.
    pub sync_per_gib: u64,
}

impl Default for FakeSettings {
    fn default() -> FakeSettings {
        FakeSettings {
            start: 200,
            stop: 200,
            reboot: 300,
            migrate: 1000,
            sync: 1500,
            sync_per_gib: 0,
        }
    }
}

impl FakeSettings {
    /// Every verb ends at once.
    pub const ZERO: FakeSettings = FakeSettings {
        start: 0,
        stop: 0,
        reboot: 0,
        migrate: 0,
        sync: 0,
        sync_per_gib: 0,
    };
}

words! {
    /// A verb, as faults and the log name it.
    Verb {
        /// Start an instance.
        Start = "start",
        /// Stop it.
        Stop = "stop",
        /// Reboot it.
        Reboot = "reboot",
        /// Move it while it runs.
        Migrate = "migrate",
        /// Bring a copy of its disks in sync.
        Sync = "sync",
        /// Make an empty copy, which counts as whole.
        BlankCopy = "blank-copy",
        /// Remove a copy.
        DropCopy = "drop-copy",
        /// Make its disks usable on a node.
        Activate = "activate",
        /// Let go of its disks on a node.
        Deactivate = "deactivate",
    }
}

impl Verb {
    /// For messages: "the … of inst1".
    fn noun(self) -> &'static str {
        match self {
            Verb::Start => "start",
            Verb::Stop => "stop",
            Verb::Reboot => "reboot",
            Verb::Migrate => "migration",
            Verb::Sync => "sync",
            Verb::BlankCopy => "making of a copy",
            Verb::DropCopy => "removal of a copy",
            Verb::Activate => "activation",
            Verb::Deactivate => "deactivation",
        }
    }

    /// For progress.
    fn phase(self) -> &'static str {
        match self {
            Verb::Start => "starting",
            Verb::Stop => "stopping",
            Verb::Reboot => "rebooting",
            Verb::Migrate => "migrating",
            Verb::Sync => "syncing",
            Verb::BlankCopy => "making a copy",
            Verb::DropCopy => "removing a copy",
            Verb::Activate => "activating",
            Verb::Deactivate => "deactivating",
        }
    }
}

words! {
    /// How a verb ended in reality, whatever its caller was told.
    Outcome {
        /// Its effect happened.
        Done = "done",
        /// It failed, and reality was as before.
        Failed = "failed",
        /// It was given up, and reality was as before.
        Aborted = "aborted",
        /// The virtual machine crashed.
        Crashed = "crashed",
        /// It failed and left a definition on the target.
        LeftOver = "left-over",
        /// A node died under it.
        Killed = "killed",
    }
}

/// Why the simulator's reality cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FakeError {
    /// There is no such file.
    #[error("the simulator's reality {} is missing", path.display())]
    Missing {
        /// Which file.
        path: PathBuf,
    },
    /// The file is empty.
    #[error("the simulator's reality {} is empty", path.display())]
    Empty {
        /// Which file.
        path: PathBuf,
    },
    /// Others can change the file, or it is a link, a pipe, a device.
    #[error("the simulator's reality {} cannot be trusted: {why}", path.display())]
    Untrusted {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The file is something else, or was never completed.
    #[error("{} is not a simulator's reality", path.display())]
    Foreign {
        /// Which file.
        path: PathBuf,
    },
    /// The file is damaged.
    #[error("the simulator's reality {} is damaged", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// A copy from elsewhere is damaged, or holds other things than it should.
    #[error("the simulator's reality {} cannot be used: {why}", path.display())]
    Strange {
        /// Which file.
        path: PathBuf,
        /// What was found.
        why: String,
    },
    /// Another version of this program made the file.
    #[error("the simulator's reality {} has layout {layout}, this program knows {}", path.display(), reality::LAYOUT)]
    Layout {
        /// Which file.
        path: PathBuf,
        /// Its layout.
        layout: i64,
    },
    /// The file was to be created and is there.
    #[error("the simulator's reality {} exists already", path.display())]
    Exists {
        /// Which file.
        path: PathBuf,
    },
    /// The file system does not let us.
    #[error("the simulator's reality {} cannot be used", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// SQLite does not let us.
    #[error("the simulator's reality {} cannot be used", path.display())]
    Database {
        /// Which file.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// A fault names a node that is not there.
    #[error("the simulator has no node {0:?}")]
    UnknownNode(String),
    /// A fault does not make sense.
    #[error("{0}")]
    BadFault(String),
    /// There is no fault of this number.
    #[error("there is no fault {0}")]
    NoSuchFault(i64),
}

impl FakeError {
    /// What to do next.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            FakeError::Missing { .. }
            | FakeError::Empty { .. }
            | FakeError::Foreign { .. }
            | FakeError::Strange { .. }
            | FakeError::Damaged { .. } => "nothing was changed; restore a backup of it, or make \
                the cluster anew: gnt-cluster export, gnt-cluster import --replace"
                .to_owned(),
            FakeError::Layout { .. } => "use the program that made it".to_owned(),
            FakeError::Exists { .. } => "remove it if no cluster uses it".to_owned(),
            FakeError::Untrusted { .. } => "only its owner may be able to write it".to_owned(),
            FakeError::Io { .. } | FakeError::Database { .. } => {
                "see whether the disk is well, and try again".to_owned()
            }
            FakeError::UnknownNode(_) => "gnt-node list shows the nodes".to_owned(),
            FakeError::BadFault(_) | FakeError::NoSuchFault(_) => return None,
        })
    }
}

impl Fake {
    /// Opens the reality at `path`.
    ///
    /// If the host was booted since it was used last, everything that was on its way has ended.
    ///
    /// # Errors
    /// When the file is missing, empty, damaged or no reality, or cannot be used.
    pub fn open(path: &Path) -> Result<Fake, FakeError> {
        let fake = Fake {
            path: path.to_owned(),
            db: Mutex::new(reality::open(path)?),
        };
        let boot = reality::boot_id();
        if fake.read(|at| at.after_boot(&boot))? {
            // Asked again under the lock: before, what somebody began since the clock was read looks
            // as if it had begun in the future.
            fake.write(Change::Welcome, |at| match at.after_boot(&boot)? {
                true => at.welcome(&boot),
                false => Ok(()),
            })?;
        }
        Ok(fake)
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How long verbs take.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn settings(&self) -> Result<FakeSettings, FakeError> {
        self.read(|at| at.settings())
    }

    /// Sets how long verbs take that begin from now on.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn set_settings(&self, settings: &FakeSettings) -> Result<(), FakeError> {
        self.write(Change::Settings, |at| {
            let text = serde_json::to_string(settings).map_err(reality::bad_text)?;
            at.set_fact("settings", &text)
        })
    }

    /// Switches a fault on; tells its number. The `id` that it carries is ignored.
    ///
    /// # Errors
    /// When it does not make sense or names an unknown node, or the file cannot be written.
    pub fn add_fault(&self, fault: &Fault) -> Result<i64, FakeError> {
        self.write(Change::AddFault, |at| at.add_fault(fault))?
    }

    /// The faults that are on; `count` is what is left of it.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn list_faults(&self) -> Result<Vec<Fault>, FakeError> {
        self.read(|at| at.faults())
    }

    /// Switches one fault off, or all; tells how many there were. What hung because of them goes
    /// on, and nodes that were dead come back.
    ///
    /// # Errors
    /// When there is none of this number, or the file cannot be written.
    pub fn clear_faults(&self, id: Option<i64>) -> Result<usize, FakeError> {
        let cleared = self.write(Change::ClearFaults, |at| at.clear_faults(id))?;
        match id {
            Some(id) if cleared == 0 => Err(FakeError::NoSuchFault(id)),
            _ => Ok(cleared),
        }
    }

    /// Carries out what is due, then changes something, as one transaction.
    fn write<T>(
        &self,
        change: Change,
        work: impl FnOnce(&Moment<'_>) -> Sql<T>,
    ) -> Result<T, FakeError> {
        let mut db = self.db.lock().unwrap_or_else(PoisonError::into_inner);
        written(&mut db, change, work).map_err(|error| FakeError::database(&self.path, error))
    }

    /// Reads at one moment, at which what is due has been carried out.
    fn read<T>(&self, query: impl FnOnce(&Moment<'_>) -> Sql<T>) -> Result<T, FakeError> {
        let mut db = self.db.lock().unwrap_or_else(PoisonError::into_inner);
        let now = reality::boot_clock();
        let read = || {
            let tx = db.transaction()?;
            let due = Moment { db: &tx, now }.due()?;
            if !due {
                return query(&Moment { db: &tx, now });
            }
            drop(tx);
            written(&mut db, Change::Settle, query)
        };
        read().map_err(|error| FakeError::database(&self.path, error))
    }
}

fn written<T>(
    db: &mut Connection,
    change: Change,
    work: impl FnOnce(&Moment<'_>) -> Sql<T>,
) -> Sql<T> {
    change.pass(Stage::Begin)?;
    let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // The clock is read under the lock, so that what happens later also has a later time.
    let now = reality::boot_clock();
    let at = Moment { db: &tx, now };
    at.settle()?;
    let answer = work(&at)?;
    change.pass(Stage::Commit)?;
    tx.commit()?;
    change.reach(Stage::Committed);
    Ok(answer)
}
