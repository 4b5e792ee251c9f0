//! Making a backup while everything runs, and making a cluster of one.
//!
//! # What a backup is of
//!
//! Configuration, jobs and reality have to fit each other. For a moment the writers' queue is held: what
//! is in the database then is looked at first, and what is so in reality after it, and nobody commits
//! in between. The runner writes down that an opcode runs before it has any effect, and that it has
//! ended after it had all of them. So an effect may be in the copy of reality and not in that of the
//! database, never the other way, and each belongs to a job that was running: a backup holds what a
//! failure of power at that moment would have left, and the runner does with it what it does then.
//! From there on both are copied at leisure, and nobody waits.
//!
//! Real machines are as they are, and no part of a backup: it has configuration and jobs alone, and what
//! has happened since is found by asking the machines.
//!
//! # What becomes of it
//!
//! The cluster is made in a directory of its own and looked at there: that both databases are whole
//! and hold our tables and nothing else, and all that `verify-config` looks at. It is written down there
//! that the queue is held. Only then does it take its place.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use crate::clock;
use crate::hypervisor::{DriverName, fake};
use crate::queue::JobId;
use crate::signals;
use crate::store::{
    Commit, EventKind, Gate, Patience, Reading, StateDir, Store, StoreError, inspect, private_file,
    remove_if_there,
};

use super::container::{self, ContainerError, Manifest, Packer};
use super::found::{AdminError, Existing, without_runner};
use super::verify::{Finding, verify};

/// Writes a backup of a cluster. `scratch` is where a copy may stand meanwhile; nobody else uses it.
///
/// # Errors
/// [`AdminError`].
pub fn backup<W: Write>(
    store: &Store,
    scratch: &Path,
    out: W,
) -> Result<(Manifest, W), AdminError> {
    let written = write(store, scratch, out);
    let removed = remove_if_there(scratch);
    let written = written?;
    removed?;
    Ok(written)
}

fn write<W: Write>(store: &Store, scratch: &Path, out: W) -> Result<(Manifest, W), AdminError> {
    let (frozen, (driver, reality)) = store.freeze(|settings| {
        let reality = match settings.driver.parse::<DriverName>()? {
            DriverName::Simulator => {
                let path = store.dir().reality(settings.reality);
                Some(fake::Frozen::open(&path)?)
            }
            DriverName::Program(_) => None,
        };
        Ok::<_, AdminError>((settings.driver.clone(), reality))
    })?;
    let now = clock::timestamp();
    let manifest = Manifest {
        schema: 0,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        made: now.to_string(),
        cluster: store.config()?.name().to_owned(),
        driver,
        unfinished: store.unfinished_count()?,
        files: vec![],
    };
    let mut packer = Packer::new(out, now.as_second().unsigned_abs());
    empty(scratch)?;
    frozen.copy_to(scratch)?;
    drop(frozen);
    packer.add(container::DATABASE, scratch)?;
    if let Some(reality) = reality {
        empty(scratch)?;
        if !reality.copy_to(scratch)? {
            return Err(StoreError::Interrupted.into());
        }
        drop(reality);
        packer.add(container::REALITY, scratch)?;
    }
    Ok(packer.finish(manifest)?)
}

/// An empty file, for nobody else to read.
fn empty(path: &Path) -> Result<(), StoreError> {
    remove_if_there(path)?;
    private_file(path)
}

/// What is done with findings in a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsound {
    /// It is not restored.
    Refuse,
    /// It is, unless the database itself is damaged.
    Accept,
}

/// A cluster that was made of a backup.
#[derive(Debug)]
pub struct Restored {
    /// What the backup said of itself.
    pub manifest: Manifest,
    /// What is not in order, and was accepted.
    pub findings: Vec<Finding>,
    /// Nodes.
    pub nodes: usize,
    /// Instances.
    pub instances: usize,
    /// Where the cluster is that was there before.
    pub replaced: Option<PathBuf>,
}

/// Makes a cluster of a backup; its queue is held.
///
/// # Errors
/// [`AdminError`]; what was there stays as it was.
pub fn restore(
    dir: &StateDir,
    from: impl Read,
    existing: Existing,
    unsound: Unsound,
    who: &str,
) -> Result<Restored, AdminError> {
    dir.create()?;
    if existing == Existing::Keep && dir.has_cluster() {
        return Err(StoreError::Exists(dir.path().to_owned()).into());
    }
    let old = open_old(dir)?;
    if let Some(old) = &old {
        refuse_at_work(old)?;
    }
    let _lock = without_runner(dir, old.as_ref(), who)?;
    // Another process may have founded one while the lock was waited for.
    if old.is_none() && existing == Existing::Keep && dir.has_cluster() {
        return Err(StoreError::Exists(dir.path().to_owned()).into());
    }
    let making = dir.restoring()?;
    making.remove_all()?;
    let last = old.as_ref().map(Store::last_job).transpose()?;
    let made = make(dir, &making, from, last, unsound, who);
    let (generation, mut restored) = match made {
        Ok(made) => made,
        Err(error) => {
            // What was begun is of no use to anybody; what cannot be removed now is next time.
            let _ = making.remove_all();
            return Err(error);
        }
    };
    // Whoever is about to submit waits here, and then finds another database.
    let _gate = Gate::enter(dir, Patience::Client)?;
    if let Some(old) = &old {
        refuse_at_work(old)?;
    }
    drop(old);
    restored.replaced = dir.take_over(&making, generation)?;
    Ok(restored)
}

/// The cluster that is to be replaced, if it can be used at all: a damaged one is why one restores.
fn open_old(dir: &StateDir) -> Result<Option<Store>, AdminError> {
    if !dir.has_cluster() {
        return Ok(None);
    }
    match Store::open(dir.clone()) {
        Ok(store) => Ok(Some(store)),
        Err(StoreError::Damaged { .. } | StoreError::Newer { .. } | StoreError::Content { .. }) => {
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// Jobs that are unfinished would be lost; but for those of a queue that is held: without a runner
/// nobody works on them, and it is kept as it is. So a backup that was the wrong one is replaced by
/// the right one.
fn refuse_at_work(old: &Store) -> Result<(), AdminError> {
    let unfinished = old.unfinished_count()?;
    match unfinished > 0 && !old.settings()?.held {
        true => Err(AdminError::Unfinished(unfinished)),
        false => Ok(()),
    }
}

/// Makes the cluster in `making`, for `dir`, in which ids up to `last` were given out. Tells the generation
/// of its reality, if it has one of its own.
fn make(
    dir: &StateDir,
    making: &StateDir,
    from: impl Read,
    last: Option<JobId>,
    unsound: Unsound,
    who: &str,
) -> Result<(Option<u64>, Restored), AdminError> {
    making.create()?;
    let generation = dir.last_reality()? + 1;
    let (database, reality) = (making.database(), making.reality(generation));
    let manifest = container::unpack(from, &database, &reality, || dir.free_mib())?;
    let driver: Result<DriverName, _> = manifest.driver.parse();
    let driver = driver.map_err(|error| ContainerError::Foreign(error.to_string()))?;
    let simulated = driver == DriverName::Simulator;
    if simulated != manifest.has_reality() {
        let text = match simulated {
            true => format!("it has no {}", container::REALITY),
            false => format!("its instances are run by {:?}", manifest.driver),
        };
        return Err(ContainerError::Foreign(text).into());
    }
    inspect(&database)?;
    if simulated {
        fake::inspect(&reality)?;
    }
    let store = Store::open(making.clone())?;
    store.write(Commit::Restore, |tx| {
        tx.settle_restored(generation, &manifest.driver)?;
        // What people were told of a job that is gone is not said of another one.
        if let Some(last) = last {
            tx.pass_over_jobs(last)?;
        }
        tx.record(&EventKind::Restore, None, Some(&manifest.made), who)
    })?;
    // Machines may have gone on since, and may be out of reach from here: that is for afterwards.
    let snapshot = match simulated {
        true => Some(super::reality(&store)?),
        false => None,
    };
    let findings = verify(&store, snapshot.as_ref(), Reading::Everything)?.findings;
    if findings.iter().any(Finding::is_damage)
        || (!findings.is_empty() && unsound == Unsound::Refuse)
    {
        return Err(AdminError::Unsound(findings));
    }
    if signals::raised().is_some() {
        return Err(StoreError::Interrupted.into());
    }
    let config = store.config()?;
    let restored = Restored {
        manifest,
        findings,
        nodes: config.nodes.len(),
        instances: config.instances.len(),
        replaced: None,
    };
    store.close_whole()?;
    if !simulated {
        return Ok((None, restored));
    }
    making.flush(&reality)?;
    Ok((Some(generation), restored))
}
