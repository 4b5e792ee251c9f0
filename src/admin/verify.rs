//! Checking that configuration, queue and reality agree. Reads only.

mod config;
mod finding;
mod queue;
mod reality;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::hypervisor::fake::Snapshot;
use crate::locking::{Level, LockSet, Mode};
use crate::queue::JobId;
use crate::store::{Reading, Store, StoreError};

use finding::Findings;
pub use finding::{Area, Code, Finding};

/// What a check found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// Jobs on their way; the instances that they work on were left out.
    pub busy: Vec<JobId>,
}

/// Checks a cluster. Instances that a running job has locked are left out: they are between two
/// states. Where SQLite finds the file itself damaged nothing else is looked at: what stands on it
/// tells nothing.
///
/// # Errors
/// [`StoreError`] when the database cannot be read. What cannot be understood in it is a finding.
pub fn verify(store: &Store, reality: &Snapshot, reading: Reading) -> Result<Verdict, StoreError> {
    store.read(|store| {
        let mut found = Findings::default();
        let damage = store.damage(reading)?;
        for text in &damage {
            found.say(Code::Damaged, "database", text);
        }
        let mut busy = vec![];
        if damage.is_empty() {
            let config = found.understood(store.config())?;
            let held = found.understood(store.held())?.unwrap_or_default();
            queue::check(store, &held, reading, &mut found)?;
            if let Some(config) = &config {
                config::check(config, &store.claims()?, &mut found);
                reality::check(config, reality, &Busy::new(&held), &mut found);
            }
            busy.extend(held.keys());
        }
        Ok(Verdict {
            findings: found.sorted(),
            busy,
        })
    })
}

/// What jobs on their way are changing: there reality may be ahead of the configuration.
struct Busy {
    /// Names of instances that are locked.
    instances: BTreeSet<String>,
    /// Nodes that come, go or change: UUIDs, and names of those that are new.
    nodes: BTreeSet<String>,
}

impl Busy {
    fn new(held: &BTreeMap<JobId, LockSet>) -> Busy {
        let of = |level: Level, counts: fn(Mode) -> bool| {
            let locks = held.values().flat_map(LockSet::iter);
            let those = locks.filter(|(lock, mode)| lock.level == level && counts(*mode));
            let names = those.filter_map(|(lock, _)| lock.name.as_deref().map(str::to_owned));
            names.collect()
        };
        Busy {
            instances: of(Level::Instance, |_| true),
            // Who only moves something there shares it.
            nodes: of(Level::Node, |mode| mode == Mode::Exclusive),
        }
    }
}
