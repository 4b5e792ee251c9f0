//! Following jobs: what has changed since the last look, until all have ended.
//!
//! A [`Follower`] knows no terminal. It turns the queue's rows into [`Event`]s; bars, lines and JSON
//! are made from these by whoever shows them. An id stands for all that descends from it: when a
//! job has ended, the jobs that it submitted are followed in its place.
//!
//! Jobs may be archived and deleted as soon as they have ended. What was seen to end is known to the
//! last detail from then on; of what was not it is said that it was deleted.

mod ends;
mod runner;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::hypervisor::Progress;
use crate::store::{
    JobRow, LogEntry, OpRow, StateDir, Store, StoreError, Watch, Woken, runner_alive,
};

use super::client::{NoRunner, needs_runner};
use super::types::{JobId, Status};
use super::why::{Reasons, Waits};
use ends::{Ends, runs};
use runner::Runner;

/// Waiting jobs are asked for their reason at most so often: it means looking at the whole queue.
const REASON_EVERY: Duration = Duration::from_secs(1);

/// After a look that brought nothing the next events are let collect for a while, doubling up to
/// this: a hundred waiters must not slow the runner.
const MAX_PAUSE: Duration = Duration::from_millis(20);
const FIRST_PAUSE: Duration = Duration::from_millis(2);

/// A look that takes longer is one at many jobs.
const LONG_LOOK: Duration = Duration::from_millis(1);

/// Something that those who follow are told.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A job is followed from now on, or its state has changed.
    State(Box<JobRow>),
    /// A job's opcode logged a line.
    Log(JobId, LogEntry),
    /// How far a job's running opcode (by its place) is.
    Progress(JobId, u32, Progress),
    /// Why a job waits.
    Waits(JobId, Waits),
    /// The runner had died; another one was started.
    NewRunner,
    /// The disk is full: the runner cannot commit, and tries again.
    DiskFull,
    /// The runner of this pid is stopped: nothing goes on until somebody lets it.
    RunnerStopped(u32),
}

/// How much a follower is to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// States only.
    States,
    /// Also progress and why jobs wait.
    Progress,
    /// Also the log.
    Log,
}

/// Why following ended before the jobs did.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The queue cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Nobody executes the jobs.
    #[error(transparent)]
    NoRunner(#[from] NoRunner),
    /// There is no such job.
    #[error("job {0} does not exist")]
    NoSuchJob(JobId),
    /// A job was deleted before its end was seen.
    #[error("job {0} has ended and was deleted")]
    Deleted(JobId),
    /// Each runner that is started ends at once.
    #[error("the runner ended {starts} times in a row without doing anything: {why}")]
    RunnerEnds {
        /// How often it was started.
        starts: u32,
        /// What it said.
        why: String,
    },
}

/// A job that is followed.
#[derive(Debug, Clone)]
struct Followed {
    row: JobRow,
    serial: i64,
    progress: Option<(u32, Progress)>,
    waits: Option<Waits>,
}

/// Follows jobs; see the module's text.
#[derive(Debug)]
pub struct Follower<'a> {
    store: &'a Store,
    depth: Depth,
    watch: Watch,
    jobs: BTreeMap<JobId, Followed>,
    /// The named jobs, then each one's descendants, in the order of their discovery.
    order: Vec<JobId>,
    reach: Reach,
    /// Whether the operations are followed from their roots: when all has ended nobody waits for them.
    whole: bool,
    ends: Ends,
    events: Vec<Event>,
    reasons_at: Option<Instant>,
    pause: Duration,
    told_full: bool,
    runner: Runner,
}

/// Whether the jobs that a followed job submits are followed, too.
pub use super::control::Reach;

impl<'a> Follower<'a> {
    /// Begins to follow these jobs. Their present states are the first events.
    ///
    /// # Errors
    /// [`FollowError::NoSuchJob`], [`FollowError::Deleted`], [`StoreError`].
    pub fn new(
        store: &'a Store,
        ids: &[JobId],
        reach: Reach,
        depth: Depth,
    ) -> Result<Follower<'a>, FollowError> {
        let mut roots = vec![];
        let mut whole = reach == Reach::Family;
        for id in ids {
            let Some(job) = store.job(*id)? else {
                return Err(missing(store, *id)?);
            };
            whole &= job.root == job.id;
            roots.push(job.root.0);
        }
        let mut follower = Follower {
            store,
            depth,
            // Watched before the first look: nothing falls between.
            watch: Watch::operations(store.dir(), roots),
            jobs: BTreeMap::new(),
            order: vec![],
            reach,
            whole,
            ends: Ends::default(),
            events: vec![],
            reasons_at: None,
            pause: Duration::ZERO,
            told_full: false,
            runner: Runner::new(),
        };
        let deleted = store.read(|store| {
            for id in ids {
                match store.job(*id)? {
                    Some(job) => follower.begin(job)?,
                    None => return Ok(Some(*id)),
                }
            }
            follower.keep_ends()
        })?;
        not_deleted(deleted)?;
        follower.look()?;
        if !follower.is_over() {
            Ends::get_ready(store)?;
        }
        Ok(follower)
    }

    /// Whether every followed job has ended.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.jobs.values().all(|job| job.row.status.is_final())
    }

    /// The followed jobs as last seen, the named ones first, each before its descendants.
    pub fn jobs(&self) -> impl Iterator<Item = &JobRow> {
        self.order
            .iter()
            .filter_map(|id| self.jobs.get(id))
            .map(|job| &job.row)
    }

    /// What happened since the last call.
    pub fn take_events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    /// The opcodes of the followed jobs, by job: as they ended, of the others as they are now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn ops(&self) -> Result<BTreeMap<JobId, Vec<OpRow>>, StoreError> {
        let mut ops = self.ends.ops().clone();
        for (first, last) in runs(self.open()) {
            for op in self.store.ops_between(first, last)? {
                ops.entry(op.job).or_default().push(op);
            }
        }
        Ok(ops)
    }

    /// Sleeps until something may have happened, at most until `until`, and looks. Starts a runner
    /// where there is none.
    ///
    /// # Errors
    /// [`FollowError`].
    pub fn wait(&mut self, until: Option<Instant>) -> Result<(), FollowError> {
        if self.is_over() || !self.events.is_empty() {
            return Ok(());
        }
        let left = |limit: Duration| {
            let left = until.map(|u| u.saturating_duration_since(Instant::now()));
            left.map_or(limit, |left| left.min(limit))
        };
        if !self.pause.is_zero() {
            std::thread::sleep(left(self.pause));
        }
        let woken = self.watch.wait(left(Duration::from_secs(1)));
        if self.runner.is_due(woken) {
            self.see_to_runner()?;
        }
        let stopped = self.runner.stopped(self.store.dir());
        self.events.extend(stopped.map(Event::RunnerStopped));
        let looked = Instant::now();
        self.look()?;
        let took = looked.elapsed();
        if self
            .events
            .iter()
            .any(|event| !matches!(event, Event::NewRunner))
        {
            self.runner.has_worked();
        }
        // Only an event that brought nothing is followed by a pause: at rest there are none. Who follows a
        // thousand jobs does not spend all his time looking.
        self.pause = match self.events.is_empty() && woken == Woken::Look {
            false if took < LONG_LOOK => Duration::ZERO,
            false => (took * 4).min(MAX_PAUSE),
            true => (self.pause * 2).clamp(FIRST_PAUSE, MAX_PAUSE),
        };
        Ok(())
    }

    fn see_to_runner(&mut self) -> Result<(), FollowError> {
        let dir = self.store.dir();
        if runner_alive(dir)? || self.is_over() || !needs_runner(self.store)? {
            self.note_disk(dir);
            return Ok(());
        }
        // It may have ended because nothing was left to do.
        self.look()?;
        if !self.is_over() && self.runner.start(dir)? {
            self.events.push(Event::NewRunner);
        }
        Ok(())
    }

    fn note_disk(&mut self, dir: &StateDir) {
        let full = dir.free_mib() == Some(0);
        if full && !self.told_full {
            self.events.push(Event::DiskFull);
        }
        self.told_full = full;
    }

    /// Compares the queue with what is known.
    fn look(&mut self) -> Result<(), FollowError> {
        let store = self.store;
        let deleted = store.read(|store| {
            loop {
                let open: Vec<JobId> = self.open().collect();
                let rows = rows_of(store, &open)?;
                // Whoever stood still while they ended may find that they were deleted.
                if let Some(id) = first_without_row(&open, &rows) {
                    return Ok(Some(id));
                }
                let mut grown = false;
                for row in rows {
                    grown |= self.update(row)?;
                }
                if self.depth != Depth::States {
                    self.look_closer(&open)?;
                }
                if !grown {
                    return self.keep_ends();
                }
            }
        })?;
        not_deleted(deleted)?;
        if self.depth != Depth::States {
            self.look_for_reasons()?;
        }
        Ok(())
    }

    /// Keeps the opcodes of the jobs that were just seen to have ended. Returns a child of one of them
    /// that was deleted already: an operation is deleted in steps, children first.
    fn keep_ends(&mut self) -> Result<Option<JobId>, StoreError> {
        let children = self.ends.read(self.store)?;
        let unknown = |child: &JobId| !self.jobs.contains_key(child);
        let deleted = children.into_iter().find(unknown);
        Ok(deleted.filter(|_| self.reach == Reach::Family))
    }

    fn open(&self) -> impl Iterator<Item = JobId> {
        let open = self
            .jobs
            .iter()
            .filter(|(_, job)| !job.row.status.is_final());
        open.map(|(id, _)| *id)
    }

    /// A job is followed from now on, with the children that it has.
    fn begin(&mut self, row: JobRow) -> Result<(), StoreError> {
        let id = row.id;
        if self.jobs.contains_key(&id) {
            return Ok(());
        }
        self.ends.note(&row);
        self.events.push(Event::State(Box::new(row.clone())));
        let followed = Followed {
            row,
            serial: 0,
            progress: None,
            waits: None,
        };
        self.jobs.insert(id, followed);
        self.order.push(id);
        if self.depth == Depth::Log {
            self.look_at_log(id)?;
        }
        // Also of one that has not ended: an opcode before its last may have submitted them.
        self.adopt_children(id).map(drop)
    }

    fn adopt_children(&mut self, id: JobId) -> Result<bool, StoreError> {
        if self.reach == Reach::Alone {
            return Ok(false);
        }
        let children = self.store.children(id)?;
        let before = self.jobs.len();
        for child in children {
            self.begin(child)?;
        }
        Ok(self.jobs.len() > before)
    }

    fn update(&mut self, row: JobRow) -> Result<bool, StoreError> {
        let id = row.id;
        let Some(known) = self.jobs.get_mut(&id) else {
            return Ok(false);
        };
        if known.row == row {
            return Ok(false);
        }
        let changed = known.row.status != row.status;
        known.row = row.clone();
        if row.status != Status::Waiting && row.status != Status::Queued {
            known.waits = None;
        }
        if !changed {
            return Ok(false);
        }
        if self.depth == Depth::Log {
            self.look_at_log(id)?;
        }
        self.ends.note(&row);
        self.events.push(Event::State(Box::new(row)));
        self.adopt_children(id)
    }

    fn look_at_log(&mut self, id: JobId) -> Result<(), StoreError> {
        let Some(known) = self.jobs.get_mut(&id) else {
            return Ok(());
        };
        for entry in self.store.log_after(id, known.serial)? {
            known.serial = entry.serial;
            self.events.push(Event::Log(id, entry));
        }
        Ok(())
    }

    /// Progress and log of the jobs that were open before this look.
    fn look_closer(&mut self, open: &[JobId]) -> Result<(), StoreError> {
        let begun = |id: &&JobId| self.jobs.get(id).is_some_and(|j| j.row.started.is_some());
        let begun: Vec<JobId> = open.iter().filter(begun).copied().collect();
        let (Some(first), Some(last)) = (begun.first(), begun.last()) else {
            return Ok(());
        };
        for (job, index, text) in self.store.progress_between(*first, *last)? {
            let Some(known) = self.jobs.get_mut(&job) else {
                continue;
            };
            let Ok(progress) = serde_json::from_str::<Progress>(&text) else {
                continue;
            };
            let new = Some((index, progress.clone()));
            if known.progress != new {
                known.progress = new;
                self.events.push(Event::Progress(job, index, progress));
            }
        }
        if self.depth == Depth::Log {
            for id in begun {
                self.look_at_log(id)?;
            }
        }
        Ok(())
    }

    fn look_for_reasons(&mut self) -> Result<(), StoreError> {
        let now = Instant::now();
        let due = self
            .reasons_at
            .is_none_or(|at| now.duration_since(at) >= REASON_EVERY);
        let waits = |job: &Followed| matches!(job.row.status, Status::Queued | Status::Waiting);
        if !due || !self.jobs.values().any(waits) {
            return Ok(());
        }
        // The first time is a second after the beginning: most waits are over by then.
        if self.reasons_at.replace(now).is_none() {
            return Ok(());
        }
        let reasons = Reasons::load(self.store)?;
        for (id, job) in &mut self.jobs {
            if !waits(job) {
                continue;
            }
            let reason = reasons.of(*id);
            if job.waits != reason {
                job.waits.clone_from(&reason);
                if let Some(reason) = reason {
                    self.events.push(Event::Waits(*id, reason));
                }
            }
        }
        Ok(())
    }
}

impl Drop for Follower<'_> {
    fn drop(&mut self) {
        if self.whole && self.is_over() {
            self.watch.over();
        }
    }
}

/// The rows of these jobs (in order of their ids), by ranges where they are dense.
fn rows_of(store: &Store, ids: &[JobId]) -> Result<Vec<JobRow>, StoreError> {
    let (Some(first), Some(last)) = (ids.first(), ids.last()) else {
        return Ok(vec![]);
    };
    let span = last.0 - first.0;
    if span > 4 * ids.len() as i64 + 16 {
        return store.jobs_of(ids);
    }
    let mut rows = store.jobs_between(*first, *last)?;
    rows.retain(|row| ids.binary_search(&row.id).is_ok());
    Ok(rows)
}

/// The first of these ids of which there is no row; both are in order.
fn first_without_row(ids: &[JobId], rows: &[JobRow]) -> Option<JobId> {
    let pairs = ids.iter().zip(rows);
    let here = pairs.take_while(|(id, row)| **id == row.id).count();
    ids.get(here).copied()
}

fn not_deleted(deleted: Option<JobId>) -> Result<(), FollowError> {
    deleted.map_or(Ok(()), |id| Err(FollowError::Deleted(id)))
}

/// Why a job is not there: ids grow, so those below one that was deleted were given out.
fn missing(store: &Store, id: JobId) -> Result<FollowError, StoreError> {
    Ok(match (1..=store.purged()?.0).contains(&id.0) {
        true => FollowError::Deleted(id),
        false => FollowError::NoSuchJob(id),
    })
}
