//! Starting the opcodes that the scheduler has chosen, and those that a runner before this one left
//! running.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::allocator::still_fits;
use crate::cluster::{Config, Edit};
use crate::hypervisor::{Interrupt, InterruptKind};
use crate::locking::LockSet;
use crate::lu::{self, Slot};
use crate::opcodes::{ErrorClass, ErrorCode, JobRef, OpError, Opcode};
use crate::queue::{FinalStatus, JobId, Status, job_status};
use crate::store::{JobState, StoreError, Tx};

use super::log;
use super::state::{Active, Effects, State, preceding_failed};

/// How often an opcode is started: once, and again after each death of a runner on it.
const MAX_STARTS: u32 = 3;

/// An opcode that begins, and how often it had begun before.
struct Begun {
    index: u32,
    root: JobId,
    opcode: Opcode,
    starts: u32,
}

impl State {
    /// Slot and locks of an opcode in its stored form. What cannot be read needs neither; it fails
    /// when it starts.
    pub fn needs(&self, input: &str) -> (Slot, LockSet) {
        match serde_json::from_str::<Opcode>(input) {
            Ok(opcode) => (lu::unit(&opcode.op).slot(), self.locks(&opcode)),
            Err(_) => (Slot::Work, LockSet::new()),
        }
    }

    fn locks(&self, opcode: &Opcode) -> LockSet {
        guarded(opcode, || lu::unit(&opcode.op).locks(&self.config))
    }

    /// A job that the scheduler has granted its locks and a slot.
    pub(super) fn start(
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
        let locks = self.locks(&opcode);
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
        let begun = Begun {
            index,
            root: state.root,
            opcode,
            starts,
        };
        self.hand_over(tx, id, begun, Interrupt::default(), effects)
    }

    /// An opcode that is written down as running is handed to a worker when that is on disk.
    fn hand_over(
        &mut self,
        tx: &Tx<'_>,
        id: JobId,
        begun: Begun,
        interrupt: Interrupt,
        effects: &mut Effects,
    ) -> Result<(), StoreError> {
        let active = Active {
            index: begun.index,
            root: begun.root,
            opcode: Arc::new(begun.opcode),
            interrupt: Arc::new(interrupt),
            serial: tx.last_serial(id)?,
            logged_before: tx.last_serial_before(id, begun.index)?,
            attempt: begun.starts + 1,
            replans: 0,
            limits: self.limits(),
            allocators: Arc::clone(&self.settings.allocators),
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
        let claims = guarded(opcode, || lu::unit(&opcode.op).claims(&world, id, index));
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
    pub(super) fn restart(
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
            if let Some(edit) = uncertain(&self.config, &opcode, &error.message) {
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
        // They may have been marked while it was on its way, and who was to be told has died.
        for node in self.config.nodes.values().filter(|node| node.offline) {
            interrupt.raise(InterruptKind::NodeOffline(node.uuid.clone()));
        }
        log::note(Some(id), &format!("adopted, start {}", starts + 1));
        let begun = Begun {
            index,
            root: state.root,
            opcode,
            starts,
        };
        self.hand_over(tx, id, begun, interrupt, effects)
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
    pub(super) fn wait(&mut self, tx: &mut Tx<'_>, id: JobId) -> Result<(), StoreError> {
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

/// An opcode was broken off, nobody knows where: the instance that it was about is not what the
/// configuration says until somebody has looked.
pub(super) fn uncertain(config: &Config, opcode: &Opcode, reason: &str) -> Option<Edit> {
    let name = opcode.op.subject()?;
    Some(Edit::SetUncertain {
        instance: config.instance_named(&name)?.uuid.clone(),
        reason: Some(reason.to_owned()),
    })
}

/// What a unit says of itself in this thread, which must not die of it: one that panics says nothing
/// here, and fails its opcode when a worker runs it.
fn guarded<T: Default>(opcode: &Opcode, ask: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(ask)).unwrap_or_else(|_| {
        log::note(
            None,
            &format!("{} panicked when asked what it needs", opcode.op.id()),
        );
        T::default()
    })
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
