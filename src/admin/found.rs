//! Founding a cluster, replacing it, destroying it.
//!
//! Configuration and reality become visible together: the reality is written whole under a name of
//! its own generation, and the transaction that writes the configuration names that generation.
//! Killed anywhere, the old pair stands or the new; files of the other generation are removed when
//! somebody comes by.

use std::time::{Duration, Instant};

use super::container::ContainerError;
use super::verify::Finding;
use crate::allocator::external::Allocators;
use crate::cluster::Config;
use crate::hypervisor::fake::{self, Fake, FakeError, FakeSettings};
use crate::hypervisor::{self, DriverName, OpenError, Opened, Snapshot};
use crate::store::{Commit, EventKind, Gate, Patience, RunnerLock, StateDir, Store, StoreError};

/// How long a runner that has nothing to do is waited for: it gives up its lock when asked.
const RUNNER_LEAVES_WITHIN: Duration = Duration::from_secs(5);

/// What is to run a cluster's instances.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewReality {
    /// A simulator, made as the configuration says that it is, with these durations.
    Simulated(FakeSettings),
    /// Real machines, which are as they are, reached by the program of this driver.
    Machines(String),
}

impl NewReality {
    /// The driver's name.
    #[must_use]
    pub fn driver(&self) -> DriverName {
        match self {
            NewReality::Simulated(_) => DriverName::Simulator,
            NewReality::Machines(name) => DriverName::Program(name.clone()),
        }
    }
}

/// A cluster that is to be.
#[derive(Debug)]
pub struct Founding {
    /// Its configuration.
    pub config: Config,
    /// What is to run its instances.
    pub reality: NewReality,
    /// Jobs that may be unfinished at once; `None` means the default.
    pub queue_limit: Option<u64>,
    /// Jobs that may run at once; `None` means the default.
    pub max_running_jobs: Option<u64>,
    /// External allocators; `None` leaves what is set.
    pub allocators: Option<Allocators>,
}

/// Whether a cluster that is there is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// It is left alone, and nothing is done.
    Keep,
    /// It is replaced, unless a job is unfinished. Its jobs stay as history.
    Replace,
}

/// Why a cluster was not founded, replaced or destroyed. Nothing was changed then.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// The state directory or its database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The simulator's reality.
    #[error(transparent)]
    Fake(#[from] FakeError),
    /// What runs the instances.
    #[error(transparent)]
    Driver(OpenError),
    /// Jobs are unfinished.
    #[error("{0} jobs are unfinished")]
    Unfinished(u64),
    /// A backup cannot be written or read.
    #[error(transparent)]
    Container(#[from] ContainerError),
    /// What a backup holds is not in order.
    #[error("{} things are not in order", .0.len())]
    Unsound(Vec<Finding>),
    /// The runner does not leave.
    #[error("the runner of {} does not leave", .0.path().display())]
    Runner(StateDir),
}

impl From<OpenError> for AdminError {
    fn from(error: OpenError) -> AdminError {
        match error {
            OpenError::Fake(error) => AdminError::Fake(error),
            error => AdminError::Driver(error),
        }
    }
}

impl AdminError {
    /// What to do next.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            AdminError::Store(error) => error.hint(),
            AdminError::Fake(error) => error.hint(),
            AdminError::Driver(error) => error.hint(),
            AdminError::Unfinished(_) => {
                Some("wait for them (gnt-job list), or cancel them (gnt-job cancel ID)".to_owned())
            }
            AdminError::Container(ContainerError::Newer { .. }) => {
                Some("use the newer program that made it".to_owned())
            }
            AdminError::Container(ContainerError::Room { .. } | ContainerError::Io(_)) => {
                Some("nothing was changed; see to that, then try again".to_owned())
            }
            AdminError::Container(ContainerError::Foreign(_) | ContainerError::Damaged(_)) => {
                Some("nothing was changed; use another backup".to_owned())
            }
            AdminError::Unsound(findings) => Some(match findings.iter().any(Finding::is_damage) {
                true => "nothing was changed; use another backup".to_owned(),
                false => {
                    "nothing was changed; --accept-findings restores it all the same".to_owned()
                }
            }),
            AdminError::Runner(dir) => Some(format!(
                "see {}; try again when its jobs have ended",
                dir.runner_log().display()
            )),
        }
    }
}

/// Founds a cluster in a state directory.
///
/// # Errors
/// [`AdminError`].
pub fn found(
    dir: &StateDir,
    founding: &Founding,
    existing: Existing,
    who: &str,
) -> Result<(), AdminError> {
    dir.create()?;
    let old = match dir.has_cluster() {
        true => Some(Store::open(dir.clone())?),
        false => None,
    };
    if old.is_some() && existing == Existing::Keep {
        return Err(StoreError::Exists(dir.path().to_owned()).into());
    }
    if let Some(store) = &old {
        refuse_unfinished(store)?;
    }
    let _lock = without_runner(dir, old.as_ref(), who)?;
    // Another process may have founded one while the lock was waited for.
    if old.is_none() && dir.has_cluster() {
        return Err(StoreError::Exists(dir.path().to_owned()).into());
    }
    let before = old.as_ref().map(Store::settings).transpose()?;
    let before = before.map(|settings| settings.reality);
    dir.remove_realities_but(before)?;
    let generation = before.unwrap_or(0) + 1;
    if let NewReality::Simulated(durations) = &founding.reality {
        fake::create(&dir.reality(generation), &founding.config, durations)?;
    }
    let fill = |tx: &mut crate::store::Tx<'_>| {
        tx.replace_config(&founding.config)?;
        tx.set_reality(generation, &founding.reality.driver().to_string())?;
        tx.set_limits(founding.queue_limit, founding.max_running_jobs, None)?;
        if let Some(allocators) = &founding.allocators {
            tx.set_allocators(allocators)?;
        }
        tx.record(&EventKind::Import, None, Some(founding.config.name()), who)
    };
    match &old {
        None => Store::create(dir, fill)?,
        Some(store) => {
            // Somebody may have submitted a job since.
            let unfinished = store.write(Commit::Replace, |tx| {
                let unfinished = tx.unfinished()?;
                if unfinished == 0 {
                    fill(tx)?;
                }
                Ok(unfinished)
            })?;
            if unfinished > 0 {
                dir.remove_realities_but(before)?;
                return Err(AdminError::Unfinished(unfinished));
            }
        }
    }
    Ok(dir.remove_realities_but(Some(generation))?)
}

/// Destroys the cluster of a state directory.
///
/// # Errors
/// [`AdminError`].
pub fn destroy(dir: &StateDir, who: &str) -> Result<(), AdminError> {
    let store = Store::open(dir.clone())?;
    refuse_unfinished(&store)?;
    let _lock = without_runner(dir, Some(&store), who)?;
    // Whoever is about to submit waits here, and then finds no cluster.
    let _gate = Gate::enter(dir, Patience::Client)?;
    refuse_unfinished(&store)?;
    drop(store);
    Ok(dir.destroy()?)
}

/// Opens what runs the instances of a cluster.
///
/// # Errors
/// [`AdminError`].
pub fn hypervisor(store: &Store) -> Result<Opened, AdminError> {
    let mut settings = store.settings()?;
    loop {
        let reality = store.dir().reality(settings.reality);
        let opened = hypervisor::open(&settings.driver, &reality);
        // Another one may have taken its place between the two looks.
        let now = store.settings()?;
        if (now.reality, &now.driver) == (settings.reality, &settings.driver) {
            return Ok(opened?.with_notes_in(store.dir().path()));
        }
        settings = now;
    }
}

/// Opens the simulator of a cluster, for what only it has.
///
/// # Errors
/// [`AdminError`], also where real machines run the instances.
pub fn simulator(store: &Store) -> Result<Fake, AdminError> {
    Ok(hypervisor(store)?.into_simulator()?)
}

/// The whole of a cluster's reality at one moment.
///
/// # Errors
/// [`AdminError`].
pub fn reality(store: &Store) -> Result<Snapshot, AdminError> {
    hypervisor(store)?.snapshot(|| Ok(store.config()?))
}

fn refuse_unfinished(store: &Store) -> Result<(), AdminError> {
    match store.unfinished_count()? {
        0 => Ok(()),
        some => Err(AdminError::Unfinished(some)),
    }
}

/// Takes the runner's place, so that no runner works on what is being replaced. One without work is
/// asked to leave.
pub(super) fn without_runner(
    dir: &StateDir,
    store: Option<&Store>,
    who: &str,
) -> Result<RunnerLock, AdminError> {
    let until = Instant::now() + RUNNER_LEAVES_WITHIN;
    let mut asked = false;
    loop {
        if let Some(lock) = RunnerLock::try_take(dir)? {
            return Ok(lock);
        }
        if let Some(store) = store.filter(|_| !asked) {
            store.write(Commit::Yield, |tx| {
                tx.record(&EventKind::Yield, None, None, who)
            })?;
            asked = true;
        }
        if Instant::now() > until {
            return Err(AdminError::Runner(dir.clone()));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}
