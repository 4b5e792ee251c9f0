//! Why a job waits. Nothing is written for waiters: whoever shows one asks the scheduler's own
//! functions, on the database's content.

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;

use crate::clock::now;
use crate::cluster::Config;
use crate::locking::{Level, Lock};
use crate::runner::load;
use crate::runner::scheduler::Why;
use crate::runner::state::State;
use crate::store::{Store, StoreError};

use super::types::JobId;

/// Why a job waits, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Waits {
    /// The words.
    pub text: String,
    /// The jobs that it waits for.
    pub jobs: Vec<JobId>,
}

impl fmt::Display for Waits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The reasons of all waiting jobs at one moment.
#[derive(Debug)]
pub struct Reasons {
    state: State,
    /// Jobs that will not begin: the deadlines of their operations have passed, and a runner has still to
    /// cancel them.
    cut_off: BTreeSet<JobId>,
}

impl Reasons {
    /// Looks at the whole queue.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn load(store: &Store) -> Result<Reasons, StoreError> {
        let mut state = State::new(0, store.settings()?);
        load::load(&mut state, store)?;
        let cut_off = cut_off(&state, store)?;
        Ok(Reasons { state, cut_off })
    }

    /// Why a job waits; `None` if it does not.
    #[must_use]
    pub fn of(&self, id: JobId) -> Option<Waits> {
        if self.cut_off.contains(&id) {
            let text = "its deadline has passed, it does not begin any more".to_owned();
            return Some(Waits { text, jobs: vec![] });
        }
        let (text, jobs) = match self.state.scheduler.why(id) {
            Why::Unknown | Why::Running | Why::Free => return None,
            Why::Held => (
                "the queue is held (gnt-cluster queue release)".to_owned(),
                vec![],
            ),
            Why::Slot { limit, .. } => (format!("no free slot, {limit} jobs run"), vec![]),
            Why::Dependencies { first, count: 1 } => {
                (format!("waiting for job {first}"), vec![first])
            }
            Why::Dependencies { first, count } => (
                format!("waiting for job {first} and {} more", count - 1),
                vec![first],
            ),
            Why::Cap {
                parent,
                limit,
                running,
            } => (
                format!("{running} of {limit} children of job {parent} run"),
                vec![],
            ),
            Why::Lock(obstacle) => {
                let what = lock_name(&self.state.config, &obstacle.lock);
                let (verb, jobs) = match (obstacle.holders.first(), obstacle.ahead) {
                    (Some(holder), _) => {
                        (format!("held by job {holder}"), obstacle.holders.clone())
                    }
                    (None, Some(ahead)) => (format!("job {ahead} is before it"), vec![ahead]),
                    (None, None) => ("taken".to_owned(), vec![]),
                };
                (format!("waiting for {what}, {verb}"), jobs)
            }
        };
        Some(Waits { text, jobs })
    }
}

/// The jobs that have not begun and will not, since the deadlines of their operations have passed.
fn cut_off(state: &State, store: &Store) -> Result<BTreeSet<JobId>, StoreError> {
    let now = now();
    // There is mostly no deadline at all.
    if !state.deadlines.is_due(now) {
        return Ok(BTreeSet::new());
    }
    let mut jobs = store.unfinished()?;
    jobs.retain(|job| job.started.is_none() && state.deadlines.forbids_at(job.root, now));
    Ok(jobs.into_iter().map(|job| job.id).collect())
}

/// A lock as people call it: nodes and groups by name.
#[must_use]
pub fn lock_name(config: &Config, lock: &Lock) -> String {
    let Some(name) = lock.name.as_deref() else {
        return format!("all of {}", lock.level);
    };
    match lock.level {
        Level::Instance => format!("instance {name}"),
        Level::Node | Level::NodeRes => {
            let known = config.nodes.get(name).map_or(name, |node| &node.name);
            format!("node {known}")
        }
        Level::NodeGroup => {
            let known = config.groups.get(name).map_or(name, |group| &group.name);
            format!("group {known}")
        }
        Level::Cluster => "the cluster".to_owned(),
    }
}
