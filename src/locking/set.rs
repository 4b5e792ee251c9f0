//! Names of locks, modes, and sets of both.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::opcodes::words;

words! {
    /// The levels of locks, in the order in which they are shown.
    Level {
        /// The cluster as a whole.
        Cluster = "cluster",
        /// Instances, by name.
        Instance = "instance",
        /// Node groups, by UUID.
        NodeGroup = "nodegroup",
        /// Nodes, by UUID.
        Node = "node",
        /// The resources (disks, memory) of nodes, by UUID.
        NodeRes = "node-res",
    }
}

words! {
    /// How a lock is held.
    Mode {
        /// With others who share it.
        Shared = "shared",
        /// Alone.
        Exclusive = "exclusive",
    }
}

/// One lock: an object of a level, or the whole level.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lock {
    /// Its level.
    pub level: Level,
    /// Its object; `None` stands for all of the level, present and future.
    pub name: Option<Arc<str>>,
}

/// The name of the lock that stands for a whole level, as Ganeti shows it.
const WHOLE_LEVEL: &str = "[lockset]";

impl Lock {
    /// The lock of one object.
    #[must_use]
    pub fn one(level: Level, name: impl Into<Arc<str>>) -> Lock {
        Lock {
            level,
            name: Some(name.into()),
        }
    }

    /// The lock of a whole level.
    #[must_use]
    pub fn all(level: Level) -> Lock {
        Lock { level, name: None }
    }

    /// Whether holding one in `mine` keeps another from holding the other in `theirs`.
    #[must_use]
    pub fn conflicts(&self, mine: Mode, other: &Lock, theirs: Mode) -> bool {
        self.level == other.level
            && (self.name == other.name || self.name.is_none() || other.name.is_none())
            && (mine == Mode::Exclusive || theirs == Mode::Exclusive)
    }

    /// Reads the text form, `level/name`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Lock> {
        let (level, name) = text.split_once('/')?;
        let level = <Level as clap::ValueEnum>::from_str(level, false).ok()?;
        Some(match name {
            WHOLE_LEVEL => Lock::all(level),
            name => Lock::one(level, name),
        })
    }
}

impl fmt::Display for Lock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}/{}",
            self.level,
            self.name.as_deref().unwrap_or(WHOLE_LEVEL)
        )
    }
}

/// Everything that an opcode locks, each lock in one mode.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LockSet(BTreeMap<Lock, Mode>);

impl LockSet {
    /// The empty set: such an opcode never waits for a lock.
    #[must_use]
    pub fn new() -> LockSet {
        LockSet::default()
    }

    /// Adds a lock; exclusive wins over shared.
    pub fn add(&mut self, lock: Lock, mode: Mode) {
        let held = self.0.entry(lock).or_insert(mode);
        *held = (*held).max(mode);
    }

    /// The same set with one lock more.
    #[must_use]
    pub fn with(mut self, lock: Lock, mode: Mode) -> LockSet {
        self.add(lock, mode);
        self
    }

    /// The locks in order.
    pub fn iter(&self) -> impl Iterator<Item = (&Lock, Mode)> {
        self.0.iter().map(|(lock, mode)| (lock, *mode))
    }

    /// How many locks it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it locks nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first lock of this set that cannot be held beside `other`.
    #[must_use]
    pub fn conflict(&self, other: &LockSet) -> Option<&Lock> {
        self.0.iter().find_map(|(lock, mode)| {
            let clash = |(theirs, mode2): (&Lock, Mode)| lock.conflicts(*mode, theirs, mode2);
            other.iter().any(clash).then_some(lock)
        })
    }
}

impl FromIterator<(Lock, Mode)> for LockSet {
    fn from_iter<I: IntoIterator<Item = (Lock, Mode)>>(locks: I) -> LockSet {
        let mut set = LockSet::new();
        for (lock, mode) in locks {
            set.add(lock, mode);
        }
        set
    }
}
