//! Checking that configuration, queue and reality agree. Reads only.

mod config;
mod finding;
mod machines;
mod queue;
mod reality;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::allocator::Claim;
use crate::cluster::{Config, Instance};
use crate::hypervisor::Snapshot;
use crate::locking::{Level, LockSet, Mode};
use crate::queue::JobId;
use crate::store::{Reading, Store, StoreError};

use super::AdminError;
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

/// Checks a cluster, without a look at reality only configuration and queue. Instances that a running job has locked are left out: they are between two
/// states. Where SQLite finds the file itself damaged nothing else is looked at: what stands on it
/// tells nothing.
///
/// # Errors
/// [`StoreError`] when the database cannot be read. What cannot be understood in it is a finding.
pub fn verify(
    store: &Store,
    reality: Option<&Snapshot>,
    reading: Reading,
) -> Result<Verdict, StoreError> {
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
                if let Some(reality) = reality {
                    let busy = Busy::new(&held);
                    reality::check(config, reality, &busy, &mut found);
                    machines::check(config, config, reality, &busy, &mut found);
                }
            }
            busy.extend(held.keys());
        }
        Ok(Verdict {
            findings: found.sorted(),
            busy,
        })
    })
}

/// How often a cluster that is at work is looked at until database and reality were seen as one.
const LOOKS: u32 = 20;

/// Checks a cluster that may be at work. What is in doubt is looked at again while jobs commit.
///
/// # Errors
/// [`AdminError`] when the database or reality cannot be read.
pub fn verify_at_work(store: &Store, reading: Reading) -> Result<Verdict, AdminError> {
    // What may well be meant so is not waited out.
    let doubtful = |f: &Finding| f.area == Area::Reality && !f.is_remark();
    let in_doubt = |verdict: &Verdict| verdict.findings.iter().any(doubtful);
    look_at_work(
        store,
        || super::reality(store),
        |reality| verify(store, Some(reality), reading),
        in_doubt,
    )
}

/// Looks at a cluster that may be at work. Reality is in a file of its own and cannot be seen in one
/// moment with the queue: a job that ends between the two looks has left things there that nobody seems
/// to work on. What is in doubt is looked at again if something was committed in between.
///
/// # Errors
/// [`AdminError`] when the database or reality cannot be read.
pub(super) fn look_at_work<T>(
    store: &Store,
    mut see: impl FnMut() -> Result<Snapshot, AdminError>,
    look: impl Fn(&Snapshot) -> Result<T, StoreError>,
    in_doubt: impl Fn(&T) -> bool,
) -> Result<T, AdminError> {
    let mut looks = 0;
    loop {
        looks += 1;
        let before = store.version()?;
        let seen = look(&see()?)?;
        if !in_doubt(&seen) || looks == LOOKS || store.version()? == before {
            return Ok(seen);
        }
    }
}

/// Checks the configuration by itself, and what jobs on their way are promised.
#[must_use]
pub fn check_configuration(config: &Config, claims: &[(JobId, Claim)]) -> Vec<Finding> {
    let mut found = Findings::default();
    config::check(config, claims, &mut found);
    found.sorted()
}

/// Holds a part of a configuration against reality while no job works on what it has.
#[must_use]
pub fn check_reality(config: &Config, whole: &Config, reality: &Snapshot) -> Vec<Finding> {
    let mut found = Findings::default();
    reality::check(config, reality, &Busy::default(), &mut found);
    machines::check(config, whole, reality, &Busy::default(), &mut found);
    found.sorted()
}

/// What jobs on their way are changing: there reality may be ahead of the configuration.
#[derive(Default)]
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

    /// Whether an instance is to be as it is configured.
    fn leaves(&self, instance: &Instance) -> bool {
        !self.instances.contains(&instance.name)
            && !instance.forthcoming
            && instance.uncertain.is_none()
    }
}
