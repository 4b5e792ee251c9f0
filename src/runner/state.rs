//! What the writing thread knows, and the transactions that it makes of it.
//!
//! All of it follows from the database: when a commit has failed, it is loaded anew and the outcomes
//! that were not committed are applied again, so that memory and disk never part.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::allocator::external::Allocators;
use crate::allocator::{Claim, World};
use crate::clock::now;
use crate::cluster::{Config, NodeUuid};
use crate::hypervisor::{Interrupt, Progress};
use crate::limits::LOG_LINES;
use crate::lu;
use crate::opcodes::{ErrorCode, OpError, Opcode};
use crate::queue::JobId;
use crate::store::{LogEntry, Settings, StoreError, Tx};

use super::deadline::Deadlines;
use super::pool::{Done, Task};
use super::scheduler::Scheduler;

/// An opcode that a worker has.
#[derive(Debug)]
pub struct Active {
    /// Its place in the job, from 0.
    pub index: u32,
    /// The first job of its operation.
    pub root: JobId,
    /// The opcode.
    pub opcode: Arc<Opcode>,
    /// By which it is told to give up.
    pub interrupt: Arc<Interrupt>,
    /// The number of the newest line that its job logged.
    pub serial: i64,
    /// The number of the last line before its own.
    pub logged_before: i64,
    /// How often it has been started.
    pub attempt: u32,
    /// How often it has planned again.
    pub replans: u32,
    /// How long its verbs may take.
    pub limits: Arc<lu::Limits>,
    /// The external allocators that it can ask.
    pub allocators: Arc<Allocators>,
}

/// What the writing thread knows.
#[derive(Debug)]
pub struct State {
    /// This runner's time.
    pub epoch: u64,
    /// The configuration.
    pub config: Config,
    /// Room promised to jobs on their way.
    pub claims: BTreeMap<JobId, Vec<Claim>>,
    /// Raised whenever configuration or claims change.
    pub world_serial: u64,
    /// Which job may start.
    pub scheduler: Scheduler,
    /// Until when the operations may begin jobs.
    pub deadlines: Deadlines,
    /// What the workers have.
    pub active: HashMap<JobId, Active>,
    /// The newest job and event that were seen.
    pub seen: (JobId, i64),
    /// Jobs that a runner before this one left running: they are asked about and go on.
    pub orphans: Vec<JobId>,
    /// Somebody wants the runner's place if it has nothing to do.
    pub asked_to_yield: bool,
    /// What operators have set.
    pub settings: Settings,
    /// The same world for all who start in one transaction.
    pub(super) world: Option<Arc<World>>,
}

/// What is to be done when the transaction is on disk.
#[derive(Debug, Default)]
pub struct Effects {
    /// Opcodes for the workers.
    pub tasks: Vec<Task>,
    /// Nodes that were marked offline: nobody waits for them any longer.
    pub offline: Vec<NodeUuid>,
    /// Jobs whose opcode has ended.
    pub ended: Vec<JobId>,
    /// Jobs whose opcode is handed to a worker.
    pub begun: Vec<(JobId, Active)>,
    /// Jobs whose unit plans again.
    pub replanned: Vec<JobId>,
    /// Jobs that run and are to give up, since a deadline has passed.
    pub canceling: Vec<JobId>,
}

/// Lines and progress that have not been written yet.
#[derive(Debug, Default)]
pub struct Reports {
    /// Lines, in order.
    pub lines: Vec<(JobId, u32, i64, String)>,
    /// The newest progress of each job.
    pub progress: BTreeMap<JobId, (u32, Progress)>,
}

impl Reports {
    /// Whether there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.progress.is_empty()
    }
}

impl State {
    /// A state that knows nothing yet; see [`super::load`].
    #[must_use]
    pub fn new(epoch: u64, settings: Settings) -> State {
        State {
            epoch,
            config: Config::default(),
            claims: BTreeMap::new(),
            world_serial: 0,
            scheduler: Scheduler::new(super::load::limits(&settings)),
            settings,
            asked_to_yield: false,
            deadlines: Deadlines::default(),
            active: HashMap::new(),
            seen: (JobId(0), 0),
            orphans: vec![],
            world: None,
        }
    }

    /// The world as it is now.
    pub fn world(&mut self) -> Arc<World> {
        let make = || {
            let claims = (self.claims.iter())
                .flat_map(|(job, claims)| claims.iter().map(|claim| (*job, claim.clone())));
            Arc::new(World {
                config: self.config.clone(),
                claims: Arc::new(claims.collect()),
                serial: self.world_serial,
            })
        };
        Arc::clone(self.world.get_or_insert_with(make))
    }

    pub(super) fn limits(&self) -> Arc<lu::Limits> {
        Arc::new(lu::Limits::with(&self.settings.verb_limits))
    }

    /// Configuration or claims have changed.
    pub fn world_moved(&mut self) {
        self.world_serial += 1;
        self.world = None;
    }

    /// One transaction: which deadlines have passed, what has ended, what is reported, what starts next.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was written then, and this state has to be loaded anew.
    pub fn step(
        &mut self,
        tx: &mut Tx<'_>,
        first: Option<JobId>,
        waiting: &[JobId],
        done: &[Done],
        reports: &Reports,
        start_more: bool,
    ) -> Result<Effects, StoreError> {
        tx.check_epoch(self.epoch)?;
        let mut effects = Effects::default();
        self.report(tx, reports)?;
        self.pass_deadlines(tx, now(), &mut effects)?;
        for done in done {
            self.end(tx, done, &mut effects)?;
        }
        // While the queue is held nobody begins anything again, either.
        if start_more && !self.settings.held {
            for id in std::mem::take(&mut self.orphans) {
                self.restart(tx, id, &mut effects)?;
            }
        }
        let mut next = first;
        while let Some(id) = next.take().or_else(|| match start_more {
            true => self.scheduler.next(),
            false => None,
        }) {
            self.start(tx, id, &mut effects)?;
        }
        let waiting_now = self.scheduler.take_newly_waiting();
        for id in waiting.iter().chain(&waiting_now) {
            self.wait(tx, *id)?;
        }
        Ok(effects)
    }

    fn report(&mut self, tx: &mut Tx<'_>, reports: &Reports) -> Result<(), StoreError> {
        let mut to_come: HashMap<(JobId, u32), i64> = HashMap::new();
        for (job, index, ..) in &reports.lines {
            *to_come.entry((*job, *index)).or_default() += 1;
        }
        for (job, index, time, text) in &reports.lines {
            let Some(active) = self.active.get_mut(job).filter(|a| a.index == *index) else {
                continue;
            };
            active.serial += 1;
            let to_come = to_come.entry((*job, *index)).or_default();
            *to_come -= 1;
            // It would be folded at once.
            if *to_come >= LOG_LINES {
                continue;
            }
            let entry = LogEntry {
                index: *index,
                serial: active.serial,
                time: *time,
                kind: "message".to_owned(),
                message: text.clone(),
            };
            tx.log(*job, active.root, &entry)?;
        }
        for (job, index) in to_come.into_keys() {
            let active = self.active.get(&job).filter(|a| a.index == index);
            let older = active.map_or(0, |a| a.serial - a.logged_before - LOG_LINES);
            if let Some(active) = active.filter(|_| older > 0) {
                let last = active.logged_before + older;
                tx.fold_log(job, index, last, &folded(older))?;
            }
        }
        for (job, (index, progress)) in &reports.progress {
            let Some(active) = self.active.get(job).filter(|a| a.index == *index) else {
                continue;
            };
            let value = serde_json::to_string(progress).unwrap_or_default();
            tx.set_progress(*job, active.root, *index, &value)?;
        }
        Ok(())
    }

    /// What a committed transaction means for who works on what. Not before: a transaction that
    /// fails leaves the workers with what they had.
    pub fn committed(&mut self, effects: &mut Effects) {
        for id in effects.ended.drain(..) {
            self.active.remove(&id);
        }
        for id in effects.replanned.drain(..) {
            if let Some(active) = self.active.get_mut(&id) {
                active.replans += 1;
            }
        }
        self.active.extend(effects.begun.drain(..));
    }
}

impl Active {
    pub(super) fn task(&self, job: JobId, world: Arc<World>) -> Task {
        Task {
            job,
            index: self.index,
            opcode: Arc::clone(&self.opcode),
            world,
            interrupt: Arc::clone(&self.interrupt),
            attempt: self.attempt,
            limits: Arc::clone(&self.limits),
            allocators: Arc::clone(&self.allocators),
        }
    }
}

/// What stands in the place of the older lines of a long log.
fn folded(older: i64) -> String {
    format!("{older} older lines are left out, the newest {LOG_LINES} are kept")
}

pub(super) fn preceding_failed() -> OpError {
    OpError::exec("Preceding opcode failed").code(ErrorCode::PrecedingFailed)
}
