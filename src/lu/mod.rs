//! Logical units: what each opcode means.
//!
//! A unit names the locks it needs, checks what must be given, and does its work through the
//! hypervisor. It returns an [`Outcome`]: a result, edits of the configuration, and maybe jobs that
//! it wants. It knows neither queue nor runner nor database, only the callbacks in its [`Env`], and
//! it never waits for another job.
//!
//! A unit may be run again after the runner died in the middle: it looks at reality first and does
//! what is left to do, so that nothing is done twice.

mod advice;
mod cluster_params;
mod copies;
mod disk_size;
mod fence;
mod group;
mod group_change;
mod guest;
mod instance_adopt;
mod instance_batch;
mod instance_change;
mod instance_cleanup;
mod instance_create;
mod instance_define;
mod instance_forthcoming;
mod instance_move;
mod instance_new;
mod instance_place;
mod instance_plan;
mod instance_recreate;
mod instance_relocate;
mod instance_remove;
mod instance_replace;
mod instance_run;
mod instance_storage;
mod left_over;
mod limits;
mod maintenance;
mod node;
mod node_host;
mod node_plan;
mod parameters;
mod plan_jobs;
mod regroup;
mod remains;
mod settle;
mod shared;
mod shared_paths;
mod tags;
mod test;
mod test_allocator;
#[cfg(test)]
mod tests;
mod verify;
mod verify_disks;
mod verify_machines;

use std::path::Path;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::allocator::external::Allocators;
use crate::allocator::{Claim, Role, World};
use crate::cluster::{Config, Edit};
use crate::hypervisor::{Call, Driver, Interrupt, Progress};
use crate::locking::LockSet;
use crate::opcodes::{Common, Op, OpError, Opcode};
use crate::queue::JobId;

pub use limits::Limits;
pub use verify::{Finding, Severity};

/// Which kind of worker runs a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Slot {
    /// It only plans or only changes the configuration: two slots of their own, so that the
    /// failover of a dead node plans while long moves fill the others.
    Planning,
    /// It makes something happen in reality: one of `max_running_jobs`.
    Work,
}

/// The meaning of one kind of opcode.
pub trait LogicalUnit {
    /// Everything that must be locked, computed from the configuration alone. An object that is
    /// not there contributes nothing: the check will fail and say so.
    fn locks(&self, config: &Config) -> LockSet;

    /// Which kind of worker runs it.
    fn slot(&self) -> Slot {
        Slot::Work
    }

    /// The room that it will need, if its job was not promised any with its submission: claimed when
    /// it starts, so that two that start at once do not both take the last of it. Not for a plan,
    /// whose children have claims of their own.
    fn claims(&self, _world: &World, _job: JobId, _index: u32) -> Vec<Claim> {
        vec![]
    }

    /// Checks, under the locks, all that can be checked before anything is changed. A dry run
    /// ends here unless the unit makes a plan.
    ///
    /// # Errors
    /// What is not given.
    fn check(&self, env: &Env<'_>) -> Result<(), OpError>;

    /// Does it. With `dry_run` it is only called if [`LogicalUnit::plans`].
    ///
    /// # Errors
    /// What failed, with the edits that have to be made all the same.
    fn execute(&self, env: &Env<'_>) -> Result<Outcome, Failure>;

    /// Whether `execute` with `dry_run` makes a plan without carrying it out.
    fn plans(&self) -> bool {
        false
    }
}

/// What a unit can see and call.
#[derive(Clone, Copy)]
pub struct Env<'a> {
    /// The configuration and the claims at the moment at which its locks were granted.
    pub world: &'a World,
    /// What runs instances.
    pub driver: &'a Driver,
    /// The way back to the job queue.
    pub callbacks: &'a dyn Callbacks,
    /// How long verbs may take.
    pub limits: &'a Limits,
    /// The external allocators that it can ask.
    pub allocators: &'a Allocators,
    /// A directory of ours alone, for files that are gone when it ends.
    pub scratch: &'a Path,
    /// Raised when the unit is to stop waiting.
    pub interrupt: &'a Interrupt,
    /// Which job it is.
    pub job: JobId,
    /// Which opcode of the job, from 0.
    pub index: u32,
    /// The opcode's common parameters.
    pub common: &'a Common,
    /// How often it has been started, from 1; above 1 after a runner died on it.
    pub attempt: u32,
}

/// What the processor offers a unit while it runs.
pub trait Callbacks: Sync {
    /// Adds a line to the opcode's log.
    fn feedback(&self, message: &str);
    /// Tells how far it is; the newest replaces the one before.
    fn progress(&self, progress: Progress);
}

impl<'a> Env<'a> {
    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &'a Config {
        &self.world.config
    }

    /// Adds a line to the opcode's log.
    pub fn feedback(&self, message: impl AsRef<str>) {
        self.callbacks.feedback(message.as_ref());
    }

    /// Adds a warning to the opcode's log.
    pub fn warn(&self, message: impl AsRef<str>) {
        self.feedback(format!(" - WARNING: {}", message.as_ref()));
    }

    /// Adds a remark to the opcode's log.
    pub fn info(&self, message: impl AsRef<str>) {
        self.feedback(format!(" - INFO: {}", message.as_ref()));
    }

    /// Calls a verb under a limit of time.
    pub fn call<T>(&self, limit: Duration, verb: impl FnOnce(&Call<'_>) -> T) -> T {
        self.call_under(self.interrupt, limit, verb)
    }

    /// Calls a short verb that a cancelled job, too, has to see through: looking what became of
    /// something, taking back what was begun, finishing what cannot be taken back.
    pub fn call_undisturbed<T>(&self, limit: Duration, verb: impl FnOnce(&Call<'_>) -> T) -> T {
        self.call_under(&Interrupt::default(), limit, verb)
    }

    fn call_under<T>(
        &self,
        interrupt: &Interrupt,
        limit: Duration,
        verb: impl FnOnce(&Call<'_>) -> T,
    ) -> T {
        let progress = |progress| self.callbacks.progress(progress);
        verb(&Call {
            deadline: Instant::now() + limit,
            interrupt,
            progress: &progress,
        })
    }
}

/// How a unit ended well.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// The result on the wire; without the key `jobs`.
    pub result: UnitResult,
    /// What people and documents are told.
    pub detail: Detail,
    /// Changes of the configuration, applied in the transaction that ends the opcode.
    pub edits: Vec<Edit>,
}

/// What a unit returns.
#[derive(Debug, Clone)]
pub enum UnitResult {
    /// A plain value.
    Value(Value),
    /// Jobs to submit; see [`ResultWithJobs`].
    Jobs(ResultWithJobs),
}

impl Default for UnitResult {
    fn default() -> UnitResult {
        UnitResult::Value(Value::Null)
    }
}

/// Jobs that a unit wants. The processor submits them and puts the answers, in order, into the
/// result under `jobs`, beside the other keys.
#[derive(Debug, Clone, Default)]
pub struct ResultWithJobs {
    /// The jobs.
    pub jobs: Vec<ChildJob>,
    /// Other keys of the result; `jobs` is not one of them.
    pub other: Map<String, Value>,
    /// How many of the jobs run at once at most.
    pub parallel: Option<u32>,
    /// The world that they were planned on, if they were; if it has moved the unit plans again.
    pub planned_on: Option<u64>,
}

/// One job that a unit wants.
#[derive(Debug, Clone, Default)]
pub struct ChildJob {
    /// Its opcodes.
    pub ops: Vec<Opcode>,
    /// Room that it needs, until it ends.
    pub claims: Vec<Claim>,
}

/// How a unit failed.
#[derive(Debug, Clone)]
pub struct Failure {
    /// Why.
    pub error: OpError,
    /// What people and documents are told; boxed, so that a result is small.
    pub detail: Box<Detail>,
    /// Changes of the configuration that have to be made all the same, such as marking an instance
    /// uncertain.
    pub edits: Vec<Edit>,
    /// The runner leaves and the work goes on in reality: the opcode stays `running`, and the next
    /// runner adopts it.
    pub left_behind: bool,
}

impl From<OpError> for Failure {
    fn from(error: OpError) -> Failure {
        Failure {
            error,
            detail: Box::default(),
            edits: vec![],
            left_behind: false,
        }
    }
}

/// What an opcode tells beside its wire result. Documents and tables are made from this.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Detail {
    /// The instance that it was about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// What moved (or, in a dry run, would move).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub moves: Vec<Move>,
    /// It found nothing to do, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nothing_to_do: Option<String>,
    /// What each child job is about, in the order of the jobs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub plan: Vec<PlanItem>,
    /// Instances that cannot move.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unmovable: Vec<UnmovableItem>,
    /// Jobs that the queue refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<Refused>,
    /// What a check found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
}

/// A job that a unit wanted and the queue refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// Its place among the jobs, from 0.
    pub place: usize,
    /// Why.
    pub error: OpError,
}

impl Refused {
    /// The refusals among the answers.
    #[must_use]
    pub fn of(answers: &[Result<JobId, OpError>]) -> Vec<Refused> {
        let refused = |(place, answer): (usize, &Result<JobId, OpError>)| {
            let error = answer.as_ref().err()?.clone();
            Some(Refused { place, error })
        };
        answers.iter().enumerate().filter_map(refused).collect()
    }
}

/// One role of an instance went from one node to another, by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    /// Which role.
    pub role: Role,
    /// The node that lost it.
    pub from: String,
    /// The node that has it.
    pub to: String,
}

/// The moves of one instance, seen as a whole. When a mirrored instance changes its primary node, the
/// roles of its two nodes are swapped; a new secondary node afterwards takes the place of the node
/// that was secondary before, not of the one that had the role for a moment.
#[must_use]
pub fn net_moves(steps: Vec<Move>) -> Vec<Move> {
    let mut net: Vec<Move> = vec![];
    for mut step in steps {
        let swapped = net.iter().rev().find(|before| {
            before.role == Role::Primary && step.role == Role::Secondary && before.from == step.from
        });
        if let Some(swapped) = swapped {
            step.from = swapped.to.clone();
        }
        net.push(step);
    }
    net
}

/// What one child job is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanItem {
    /// The instance.
    pub instance: String,
    /// Its moves, in order.
    pub moves: Vec<Move>,
    /// The `OP_ID`s of the job's opcodes, in order.
    pub ops: Vec<String>,
}

/// An instance that cannot move, by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnmovableItem {
    /// The instance.
    pub instance: String,
    /// Why.
    pub reason: String,
    /// What an operator can do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// The unit of an operation.
#[must_use]
pub fn unit(op: &Op) -> &dyn LogicalUnit {
    match op {
        Op::NodeEvacuate(unit) => unit,
        Op::NodeFailover(unit) => unit,
        Op::NodeMigrate(unit) => unit,
        Op::NodeMaintenanceEnter(unit) => unit,
        Op::NodeRestore(unit) => unit,
        Op::NodeSetParams(unit) => unit,
        Op::NodeAdd(unit) => unit,
        Op::NodeRemove(unit) => unit,
        Op::InstanceCreate(unit) => unit,
        Op::InstanceRemove(unit) => unit,
        Op::InstanceStartup(unit) => unit,
        Op::InstanceShutdown(unit) => unit,
        Op::InstanceReboot(unit) => unit,
        Op::InstanceMigrate(unit) => unit,
        Op::InstanceFailover(unit) => unit,
        Op::InstanceReplaceDisks(unit) => unit,
        Op::InstanceSetParams(unit) => unit,
        Op::InstanceRename(unit) => unit,
        Op::InstanceMove(unit) => unit,
        Op::InstanceActivateDisks(unit) => unit,
        Op::InstanceDeactivateDisks(unit) => unit,
        Op::InstanceRecreateDisks(unit) => unit,
        Op::InstanceGrowDisk(unit) => unit,
        Op::InstanceMultiAlloc(unit) => unit,
        Op::InstanceChangeGroup(unit) => unit,
        Op::InstanceAdopt(unit) => unit,
        Op::InstanceForget(unit) => unit,
        Op::GroupEvacuate(unit) => unit,
        Op::GroupAdd(unit) => unit,
        Op::GroupRemove(unit) => unit,
        Op::GroupAssignNodes(unit) => unit,
        Op::GroupSetParams(unit) => unit,
        Op::GroupRename(unit) => unit,
        Op::ClusterRename(unit) => unit,
        Op::ClusterSetParams(unit) => unit,
        Op::TagsGet(unit) => unit,
        Op::TagsSearch(unit) => unit,
        Op::TagsSet(unit) => unit,
        Op::TagsDel(unit) => unit,
        Op::ClusterVerify(unit) => unit,
        Op::ClusterVerifyConfig(unit) => unit,
        Op::ClusterVerifyGroup(unit) => unit,
        Op::ClusterVerifyDisks(unit) => unit,
        Op::GroupVerifyDisks(unit) => unit,
        Op::TestDelay(unit) => unit,
        Op::TestAllocator(unit) => unit,
        Op::TestDummy(unit) => unit,
    }
}
