//! What the writing thread knows, and the transactions that it makes of it.
//!
//! All of it follows from the database: when a commit has failed, it is loaded anew and the outcomes
//! that were not committed are applied again, so that memory and disk never part.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::allocator::{Claim, World, still_fits};
use crate::cluster::{Config, Edit, NodeUuid, Touched};
use crate::hypervisor::{Interrupt, InterruptKind, Progress};
use crate::lu::{self, ChildJob, Failure, Outcome, Slot, UnitResult};
use crate::opcodes::{ErrorClass, ErrorCode, JobRef, OpError, Opcode, Priority};
use crate::processor::{self, Finished, SubmitManyJobs};
use crate::queue::submit::{NewJob, Origin, submit_many};
use crate::queue::{FinalStatus, JobId, Status, job_status};
use crate::store::{JobState, LogEntry, Settings, StoreError, Tx, now};

use super::log;
use super::pool::{Done, Task};
use super::scheduler::{NextOpcode, Scheduler};

/// How often an opcode is started: once, and again after each death of a runner on it.
const MAX_STARTS: u32 = 3;

/// How often a unit plans again at once because the world moved while it planned. After that its
/// plan is checked for room instead, so that a busy cluster cannot keep it planning for ever.
const MAX_REPLANS: u32 = 3;

/// Lines that one opcode may log; what comes after is dropped, saying so.
pub const MAX_LOG_ENTRIES: i64 = 10_000;

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
    /// How often it has been started.
    pub attempt: u32,
    /// How often it has planned again.
    pub replans: u32,
    /// How long its verbs may take.
    pub limits: Arc<lu::Limits>,
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
    world: Option<Arc<World>>,
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

/// What follows the end of an opcode for its job.
enum After {
    /// It plans again; nothing was written.
    Again,
    /// The runner leaves; it stays running.
    LeftBehind,
    /// The job's next opcode waits for its locks.
    Next(NextOpcode),
    /// The job has ended.
    Final,
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

    fn limits(&self) -> Arc<lu::Limits> {
        Arc::new(lu::Limits::with(&self.settings.verb_limits))
    }

    /// Configuration or claims have changed.
    pub fn world_moved(&mut self) {
        self.world_serial += 1;
        self.world = None;
    }

    /// One transaction: what has ended, what is reported, what starts next.
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
        for done in done {
            self.end(tx, done, &mut effects)?;
        }
        if start_more {
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
        for (job, index, time, text) in &reports.lines {
            let Some(active) = self.active.get_mut(job).filter(|a| a.index == *index) else {
                continue;
            };
            active.serial += 1;
            let message = match active.serial {
                serial if serial < MAX_LOG_ENTRIES => text.clone(),
                MAX_LOG_ENTRIES => {
                    format!("more than {MAX_LOG_ENTRIES} lines: the rest is not kept")
                }
                _ => continue,
            };
            let entry = LogEntry {
                index: *index,
                serial: active.serial,
                time: *time,
                kind: "message".to_owned(),
                message,
            };
            tx.log(*job, active.root, &entry)?;
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

    // ----------------------------------------------------------------- ends

    fn end(
        &mut self,
        tx: &mut Tx<'_>,
        done: &Done,
        effects: &mut Effects,
    ) -> Result<(), StoreError> {
        if self
            .active
            .get(&done.job)
            .is_none_or(|a| a.index != done.index)
        {
            return Ok(());
        }
        let before = self.config.clone();
        let tried = tx.part(|tx| self.end_as(tx, done.job, &done.finished, effects));
        let after = match tried {
            Ok(after) => after,
            Err(StoreError::Refused(why)) => {
                // Its own outcome cannot be applied: it fails alone.
                self.config = before;
                self.claims = tx.claims_by_job()?;
                self.world_moved();
                log::note(Some(done.job), &format!("outcome not applied: {why}"));
                let error = OpError::exec(why).code(ErrorCode::InternalError);
                self.end_as(tx, done.job, &Err(error.into()), effects)?
            }
            Err(other) => return Err(other),
        };
        match after {
            After::Again => {
                let world = self.world();
                if let Some(active) = self.active.get(&done.job) {
                    effects.tasks.push(active.task(done.job, world));
                    effects.replanned.push(done.job);
                }
            }
            After::LeftBehind => {}
            After::Next(next) => {
                self.scheduler.release(done.job, Some(next));
                effects.ended.push(done.job);
            }
            After::Final => {
                self.scheduler.release(done.job, None);
                effects.ended.push(done.job);
            }
        }
        Ok(())
    }

    fn end_as(
        &mut self,
        tx: &mut Tx<'_>,
        job: JobId,
        finished: &Finished,
        effects: &mut Effects,
    ) -> Result<After, StoreError> {
        let Some(state) = tx.state(job)? else {
            return Err(StoreError::Refused(format!("job {job} has vanished")));
        };
        match finished {
            Err(failure) if failure.left_behind => Ok(After::LeftBehind),
            Err(failure) => {
                let canceled = state.cancel && failure.error.class == ErrorClass::JobCanceled;
                self.edit(tx, &failure.edits, effects)?;
                self.fail(tx, job, state, failure, canceled)
            }
            Ok(outcome) => self.succeed(tx, job, state, outcome, effects),
        }
    }

    fn succeed(
        &mut self,
        tx: &mut Tx<'_>,
        job: JobId,
        state: JobState,
        outcome: &Outcome,
        effects: &mut Effects,
    ) -> Result<After, StoreError> {
        let Some(active) = self.active.get(&job) else {
            return Err(StoreError::Refused(format!("job {job} is not running")));
        };
        let (index, replans) = (active.index, active.replans);
        let mut parent = (*active.opcode).clone();
        let mut detail = outcome.detail.clone();
        if let UnitResult::Jobs(with_jobs) = &outcome.result {
            if state.cancel {
                // Cancelled while it planned: no child is inserted.
                let failure = OpError::canceled().into();
                return self.fail(tx, job, state, &failure, true);
            }
            let moved = with_jobs
                .planned_on
                .is_some_and(|on| on != self.world_serial);
            if moved && replans < MAX_REPLANS {
                return Ok(After::Again);
            }
            if moved {
                let claims = with_jobs.jobs.iter().flat_map(|job| &job.claims);
                let claims: Vec<Claim> = claims.cloned().collect();
                if let Err(lack) = still_fits(&self.world(), &claims) {
                    let failure = no_longer_fits(&lack).into();
                    return self.fail(tx, job, state, &failure, false);
                }
            }
            // A priority given later than the opcode counts, too.
            let priority = tx.priority(job)?;
            if priority != Priority::Normal {
                parent.common.priority = Some(priority);
            }
        }
        self.edit(tx, &outcome.edits, effects)?;
        let mut submit = Submit {
            tx,
            state: self,
            parent: (job, state.root),
            index,
        };
        let (result, answers) = processor::conclude(&parent, outcome.result.clone(), &mut submit)?;
        detail.refused = lu::Refused::of(&answers);
        tx.op_ended(job, index, Status::Success, &result, &detail, None)?;
        tx.unhold(job)?;
        if state.cancel {
            tx.end_rest(job, Status::Canceled, Some(&OpError::canceled()))?;
        }
        self.after(tx, job, state)
    }

    fn fail(
        &mut self,
        tx: &mut Tx<'_>,
        job: JobId,
        state: JobState,
        failure: &Failure,
        canceled: bool,
    ) -> Result<After, StoreError> {
        let index = self.active.get(&job).map_or(0, |active| active.index);
        let status = match canceled {
            true => Status::Canceled,
            false => Status::Error,
        };
        let error = &failure.error;
        let wire = error.to_wire();
        tx.op_ended(job, index, status, &wire, &failure.detail, Some(error))?;
        tx.unhold(job)?;
        if canceled {
            tx.end_rest(job, Status::Canceled, Some(error))?;
        } else {
            tx.end_rest(job, Status::Error, Some(&preceding_failed()))?;
        }
        self.after(tx, job, state)
    }

    /// What is left of a job after one of its opcodes has ended.
    fn after(&mut self, tx: &mut Tx<'_>, job: JobId, state: JobState) -> Result<After, StoreError> {
        let status = job_status(tx.op_states(job)?);
        if !status.is_final()
            && let Some((_, _, _, input)) = tx.next_op(job)?
        {
            tx.set_job_status(job, state.root, status)?;
            let (slot, locks) = self.needs(&input);
            // What any of its opcodes depends on was waited for before the first began.
            return Ok(After::Next(NextOpcode {
                slot,
                locks,
                depends: vec![],
            }));
        }
        tx.set_job_status(job, state.root, status)?;
        self.unclaim(tx, job)?;
        Ok(After::Final)
    }

    fn unclaim(&mut self, tx: &mut Tx<'_>, job: JobId) -> Result<(), StoreError> {
        tx.unclaim(job)?;
        if self.claims.remove(&job).is_some() {
            self.world_moved();
        }
        Ok(())
    }

    /// Applies edits in memory and on disk.
    fn edit(
        &mut self,
        tx: &mut Tx<'_>,
        edits: &[Edit],
        effects: &mut Effects,
    ) -> Result<(), StoreError> {
        let time = now() as f64 / 1e6;
        let mut touched: Vec<Touched> = vec![];
        for edit in edits {
            let changed = edit.apply(&mut self.config, time);
            touched.extend(changed.map_err(|error| StoreError::Refused(error.to_string()))?);
            if let Edit::ChangeNode { node, change } = edit
                && change.offline == Some(true)
            {
                effects.offline.push(node.clone());
            }
        }
        if touched.is_empty() {
            return Ok(());
        }
        self.config.serial += 1;
        self.world_moved();
        tx.write_objects(&self.config, &touched)?;
        tx.set_serials(self.config.serial, self.world_serial)
    }

    // ----------------------------------------------------------------- starts

    /// Slot and locks of an opcode in its stored form. What cannot be read needs neither; it fails
    /// when it starts.
    pub fn needs(&self, input: &str) -> (Slot, crate::locking::LockSet) {
        match serde_json::from_str::<Opcode>(input) {
            Ok(opcode) => {
                let unit = lu::unit(&opcode.op);
                (unit.slot(), unit.locks(&self.config))
            }
            Err(_) => (Slot::Work, crate::locking::LockSet::new()),
        }
    }

    /// A job that the scheduler has granted its locks and a slot.
    fn start(
        &mut self,
        tx: &mut Tx<'_>,
        id: JobId,
        effects: &mut Effects,
    ) -> Result<(), StoreError> {
        let state = tx.state(id)?.filter(|state| !state.status.is_final());
        let (Some(state), Some((index, _, starts, input))) = (state, tx.next_op(id)?) else {
            // Cancelled meanwhile by its submitter, whose event is on its way.
            self.scheduler.release(id, None);
            if self.claims.remove(&id).is_some() {
                self.world_moved();
            }
            return Ok(());
        };
        let opcode = match serde_json::from_str::<Opcode>(&input) {
            Ok(opcode) => opcode,
            Err(error) => {
                let error = OpError::prereq(ErrorCode::InvalidOpcode, error.to_string());
                return self.never_start(tx, id, index, state, &error, false);
            }
        };
        // The set was computed when the job came; the world may have moved since.
        let locks = lu::unit(&opcode.op).locks(&self.config);
        if self.scheduler.current_locks(id).as_ref() != Some(&locks)
            && !self.scheduler.regrant(id, &locks)
        {
            return Ok(());
        }
        match check_dependencies(tx, id, &opcode)? {
            Dependencies::Met => {}
            Dependencies::Canceled => {
                return self.never_start(tx, id, index, state, &OpError::canceled(), true);
            }
            Dependencies::Failed(error) => {
                return self.never_start(tx, id, index, state, &error, false);
            }
        }
        tx.op_running(id, index, Status::Running)?;
        tx.set_job_status(id, state.root, Status::Running)?;
        tx.hold(id, &locks)?;
        self.promise(tx, id, index, &opcode)?;
        let active = Active {
            index,
            root: state.root,
            opcode: Arc::new(opcode),
            interrupt: Arc::default(),
            serial: tx.last_serial(id)?,
            attempt: starts + 1,
            replans: 0,
            limits: self.limits(),
        };
        effects.tasks.push(active.task(id, self.world()));
        effects.begun.push((id, active));
        Ok(())
    }

    /// Claims the room that an opcode will need, if nobody has claimed it for its job and if it is
    /// there; where it is not, the unit will say so.
    fn promise(
        &mut self,
        tx: &mut Tx<'_>,
        id: JobId,
        index: u32,
        opcode: &Opcode,
    ) -> Result<(), StoreError> {
        if self.claims.contains_key(&id) || opcode.common.dry_run {
            return Ok(());
        }
        let world = self.world();
        let claims = lu::unit(&opcode.op).claims(&world, id, index);
        if claims.is_empty() || still_fits(&world, &claims).is_err() {
            return Ok(());
        }
        tx.claim(id, &claims)?;
        self.claims.insert(id, claims);
        self.world_moved();
        Ok(())
    }

    /// A job that a runner before this one left running. It has its locks; its unit looks at reality
    /// first.
    fn restart(
        &mut self,
        tx: &mut Tx<'_>,
        id: JobId,
        effects: &mut Effects,
    ) -> Result<(), StoreError> {
        let (Some(state), Some((index, _, starts, input))) = (tx.state(id)?, tx.next_op(id)?)
        else {
            self.scheduler.release(id, None);
            return Ok(());
        };
        let opcode = match serde_json::from_str::<Opcode>(&input) {
            Ok(opcode) => opcode,
            Err(error) => {
                let error = OpError::prereq(ErrorCode::InvalidOpcode, error.to_string());
                return self.never_start(tx, id, index, state, &error, false);
            }
        };
        if starts >= MAX_STARTS {
            log::note(Some(id), "the runner died on it for the last time");
            let error = OpError::exec(format!(
                "the runner died {MAX_STARTS} times while running this"
            ))
            .code(ErrorCode::Unknown)
            .hint("see runner.log in the state directory; gnt-cluster verify-config tells what is in disorder");
            let instance = (opcode.op.subject())
                .and_then(|name| self.config.instance_named(&name).map(|i| i.uuid.clone()));
            if let Some(instance) = instance {
                let reason = Some(error.message.clone());
                let edit = Edit::SetUncertain { instance, reason };
                self.edit(tx, &[edit], effects)?;
            }
            return self.never_start(tx, id, index, state, &error, false);
        }
        let status = match state.cancel {
            true => Status::Canceling,
            false => Status::Running,
        };
        tx.op_running(id, index, status)?;
        tx.set_job_status(id, state.root, status)?;
        let interrupt = Interrupt::default();
        if state.cancel {
            interrupt.raise(InterruptKind::Cancel);
        }
        let active = Active {
            index,
            root: state.root,
            opcode: Arc::new(opcode),
            interrupt: Arc::new(interrupt),
            serial: tx.last_serial(id)?,
            attempt: starts + 1,
            replans: 0,
            limits: self.limits(),
        };
        log::note(Some(id), &format!("adopted, start {}", starts + 1));
        effects.tasks.push(active.task(id, self.world()));
        effects.begun.push((id, active));
        Ok(())
    }

    /// A job that ends without being started (again).
    fn never_start(
        &mut self,
        tx: &mut Tx<'_>,
        id: JobId,
        index: u32,
        state: JobState,
        error: &OpError,
        canceled: bool,
    ) -> Result<(), StoreError> {
        if canceled {
            tx.end_rest(id, Status::Canceled, Some(error))?;
        } else {
            let wire = error.to_wire();
            let detail = lu::Detail::default();
            tx.op_ended(id, index, Status::Error, &wire, &detail, Some(error))?;
            tx.end_rest(id, Status::Error, Some(&preceding_failed()))?;
        }
        tx.unhold(id)?;
        tx.set_job_status(id, state.root, job_status(tx.op_states(id)?))?;
        self.unclaim(tx, id)?;
        self.scheduler.release(id, None);
        Ok(())
    }

    /// A job for which only locks are missing.
    fn wait(&mut self, tx: &mut Tx<'_>, id: JobId) -> Result<(), StoreError> {
        let Some(state) = tx.state(id)?.filter(|s| s.status == Status::Queued) else {
            return Ok(());
        };
        if let Some((index, Status::Queued, ..)) = tx.next_op(id)? {
            tx.op_waiting(id, index)?;
            tx.set_job_status(id, state.root, job_status(tx.op_states(id)?))?;
        }
        Ok(())
    }
}

impl Active {
    fn task(&self, job: JobId, world: Arc<World>) -> Task {
        Task {
            job,
            index: self.index,
            opcode: Arc::clone(&self.opcode),
            world,
            interrupt: Arc::clone(&self.interrupt),
            attempt: self.attempt,
            limits: Arc::clone(&self.limits),
        }
    }
}

/// The callback by which a unit's jobs reach the queue: in the transaction that ends its opcode.
struct Submit<'a, 'tx> {
    tx: &'a mut Tx<'tx>,
    state: &'a mut State,
    parent: (JobId, JobId),
    index: u32,
}

impl SubmitManyJobs for Submit<'_, '_> {
    type Error = StoreError;

    fn submit_many_jobs(
        &mut self,
        jobs: Vec<ChildJob>,
        parallel: Option<u32>,
    ) -> Result<Vec<Result<JobId, OpError>>, StoreError> {
        let jobs: Vec<NewJob> = (jobs.into_iter())
            .map(|job| NewJob {
                ops: Ok(job.ops),
                claims: job.claims,
            })
            .collect();
        let submitter = self.tx.submitter(self.parent.0)?;
        let origin = Origin {
            parent: Some(self.parent),
            submitter: &submitter,
            request: None,
        };
        let answers = submit_many(self.tx, &jobs, &origin)?;
        let ids = || answers.iter().filter_map(|answer| answer.as_ref().ok());
        let range = ids().min().copied().zip(ids().max().copied());
        self.tx
            .set_children(self.parent.0, self.index, range, parallel)?;
        self.state.scheduler.set_cap(self.parent.0, parallel);
        let mut claimed = false;
        for (answer, job) in answers.iter().zip(jobs) {
            if let Ok(id) = answer
                && !job.claims.is_empty()
            {
                self.state.claims.insert(*id, job.claims);
                claimed = true;
            }
        }
        if claimed {
            self.state.world_moved();
        }
        Ok(answers)
    }
}

fn preceding_failed() -> OpError {
    OpError::exec("Preceding opcode failed").code(ErrorCode::PrecedingFailed)
}

fn no_longer_fits(lack: &str) -> OpError {
    OpError::prereq(
        ErrorCode::InsufficientResources,
        format!("the room that was planned for is taken: {lack}"),
    )
    .hint("try again when the other operations have ended")
}

/// Whether the jobs that an opcode depends on ended as it wants.
enum Dependencies {
    Met,
    Canceled,
    Failed(OpError),
}

fn check_dependencies(tx: &Tx<'_>, id: JobId, opcode: &Opcode) -> Result<Dependencies, StoreError> {
    for dependency in &opcode.common.depends {
        let JobRef::Id(on) = dependency.job else {
            continue;
        };
        let bad = |message| {
            Dependencies::Failed(OpError::new(
                ErrorClass::OpPrereqError,
                Some(ErrorCode::BadDependency),
                message,
            ))
        };
        if on == id {
            return Ok(bad("Job can't depend on itself".to_owned()));
        }
        let Some(state) = tx.state(on)? else {
            return Ok(bad(format!("Dependency error: job {on} does not exist")));
        };
        let wanted = &dependency.statuses;
        match state.status.final_status() {
            // The scheduler starts nothing before its dependencies have ended.
            None => return Ok(bad(format!("job {on} has not ended"))),
            Some(status) if wanted.contains(&status) => {}
            Some(FinalStatus::Canceled) => return Ok(Dependencies::Canceled),
            Some(_) if wanted.is_empty() => {}
            Some(status) => {
                let wanted: Vec<_> = wanted.iter().map(|status| status.word()).collect();
                return Ok(bad(format!(
                    "it depends on job {on} ending in {}, which ended in {status}",
                    wanted.join(" or ")
                )));
            }
        }
    }
    Ok(Dependencies::Met)
}
