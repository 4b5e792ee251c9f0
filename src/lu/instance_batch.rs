//! Creating several instances at once: they are placed together, each beside those before it, and made by
//! a job each.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::json;

use super::advice::{allocator, ask, bad_choice, check_allocator, chosen_node, is_named};
use super::instance_place::arrives;
use super::shared::new_uuid;
use super::{
    ChildJob, Detail, Env, Failure, LogicalUnit, Outcome, PlanItem, ResultWithJobs, Slot,
    UnitResult, UnmovableItem,
};
use crate::allocator::{NewInstance, World, allocate_all};
use crate::cluster::{Config, InstanceUuid, Node, NodeUuid};
use crate::limits::JOBS_PER_SUBMISSION;
use crate::locking::{Level, Lock, LockSet, Mode};
use crate::opcodes::{ErrorCode, InstanceCreate, InstanceMultiAlloc, OpError, Opcode};

fn wrong(text: impl Into<String>) -> OpError {
    OpError::prereq(ErrorCode::WrongInput, text)
}

/// What a refusal is about, where one of many is refused.
fn of(instance: &InstanceCreate, mut error: OpError) -> OpError {
    let name = &instance.instance_name;
    if !error.message.contains(name.as_str()) {
        error.message = format!("instance {name}: {}", error.message);
    }
    error
}

/// An instance with the nodes that it is to have, or why it has none.
type Placed = Result<InstanceCreate, String>;

impl InstanceMultiAlloc {
    /// Whether its instances name their nodes themselves; all do or none.
    fn names_nodes(&self) -> bool {
        self.instances.iter().any(|one| one.pnode.is_some())
    }

    /// What goes together, whatever the cluster is.
    fn check_shape(&self) -> Result<(), OpError> {
        if self.instances.is_empty() {
            return Err(wrong("no instances were given"));
        }
        if self.instances.len() > JOBS_PER_SUBMISSION {
            let text = format!("more than {JOBS_PER_SUBMISSION} instances were given");
            return Err(wrong(text));
        }
        let mut names = BTreeSet::new();
        for one in &self.instances {
            if !names.insert(one.name()) {
                return Err(of(one, wrong("it is there twice")));
            }
            if one.iallocator.is_some() {
                let text = "it names an allocator, but all are placed together";
                return Err(of(one, wrong(text)));
            }
            if one.pnode.is_some() != self.names_nodes() {
                let text = "some instances name their nodes and this one does not";
                return Err(of(one, wrong(text)));
            }
        }
        if self.names_nodes() && is_named(self.iallocator.as_ref()) {
            return Err(wrong(
                "an allocator and nodes were given: only one of them can choose",
            ));
        }
        Ok(())
    }

    /// What each instance needs, under an identity that is its own until its job gives it one.
    fn needs(&self, env: &Env<'_>) -> Result<Vec<NewInstance>, OpError> {
        let need = |(place, one): (usize, &InstanceCreate)| {
            let identity = InstanceUuid::from(new_uuid(env, &format!("-{place}")));
            let template = one
                .check_itself(env.config())
                .map_err(|error| of(one, error))?;
            one.need(env.config(), identity, template)
                .map_err(|error| of(one, error))
        };
        self.instances.iter().enumerate().map(need).collect()
    }

    /// The instances with their nodes: as they name them, by an external allocator, or by the built-in
    /// placement.
    fn placed(&self, env: &Env<'_>, needs: &[NewInstance]) -> Result<Vec<Placed>, Failure> {
        if self.names_nodes() {
            return Ok(self.instances.iter().cloned().map(Ok).collect());
        }
        let Some(name) = allocator(env, self.iallocator.as_ref(), None) else {
            let needs: Vec<&NewInstance> = needs.iter().collect();
            let homes = allocate_all(env.world, &needs)
                .into_iter()
                .zip(&self.instances);
            let name = |uuid: &NodeUuid| env.config().node_name(uuid).to_owned();
            let homes = homes.map(|(home, one)| {
                let home = home?;
                Ok(InstanceCreate {
                    pnode: Some(name(&home.primary)),
                    snode: home.secondary.as_ref().map(&name),
                    ..one.clone()
                })
            });
            return Ok(homes.collect());
        };
        env.feedback(format!("* asking iallocator {name}"));
        let names: Vec<String> = self.instances.iter().map(InstanceCreate::name).collect();
        let all: Vec<(&str, &NewInstance)> = names.iter().map(String::as_str).zip(needs).collect();
        let answers = ask(env, name, false, |adviser| {
            adviser.allocations(env.world, &all)
        })?;
        let answer = |(answer, one): (Result<Vec<String>, String>, &InstanceCreate)| {
            let nodes = match answer {
                Ok(nodes) => nodes,
                Err(why) => return Ok(Err(format!("iallocator '{name}': {why}"))),
            };
            for node in &nodes {
                chosen_node(env, name, node)?;
            }
            let mut nodes = nodes.into_iter();
            Ok(Ok(InstanceCreate {
                pnode: nodes.next(),
                snode: nodes.next(),
                ..one.clone()
            }))
        };
        let placed = answers.into_iter().zip(&self.instances).map(answer);
        Ok(placed.collect::<Result<_, OpError>>()?)
    }

    /// The job of an instance, if its nodes have the room beside those before it in `world`, which is then
    /// taken there.
    fn job(
        &self,
        env: &Env<'_>,
        world: &mut World,
        op: InstanceCreate,
        need: &NewInstance,
    ) -> Result<(PlanItem, ChildJob), OpError> {
        let config = env.config();
        let nodes = || -> Vec<&Arc<Node>> {
            let names = op.pnode.iter().chain(&op.snode);
            names.filter_map(|name| config.node_named(name)).collect()
        };
        let claims = op.admitted(world, need).map_err(|error| {
            match allocator(env, self.iallocator.as_ref(), None).filter(|_| !self.names_nodes()) {
                Some(name) => {
                    let nodes: Vec<&Arc<Node>> = nodes();
                    bad_choice(
                        name,
                        &op.name(),
                        &nodes,
                        &error.message,
                        ErrorCode::WrongState,
                    )
                }
                None => error,
            }
        })?;
        let job = env.job;
        Arc::make_mut(&mut world.claims).extend(claims.iter().map(|claim| (job, claim.clone())));
        let (instance, moves) = (op.name(), arrives(&nodes()));
        let op = Opcode::from(op);
        let item = PlanItem {
            instance,
            moves,
            ops: vec![op.op.id().to_owned()],
        };
        let ops = vec![op];
        Ok((item, ChildJob { ops, claims }))
    }
}

impl LogicalUnit for InstanceMultiAlloc {
    fn locks(&self, _config: &Config) -> LockSet {
        let mut locks = LockSet::new();
        for level in [Level::NodeGroup, Level::Node, Level::NodeRes] {
            locks.add(Lock::all(level), Mode::Shared);
        }
        locks
    }

    fn slot(&self) -> Slot {
        Slot::Planning
    }

    fn check(&self, env: &Env<'_>) -> Result<(), OpError> {
        self.check_shape()?;
        if !self.names_nodes() {
            check_allocator(env, self.iallocator.as_ref(), None)?;
        }
        self.needs(env).map(drop)
    }

    fn execute(&self, env: &Env<'_>) -> Result<Outcome, Failure> {
        let needs = self.needs(env)?;
        let mut world = env.world.clone();
        let (mut jobs, mut plan, mut unplaced) = (vec![], vec![], vec![]);
        let all = self.placed(env, &needs)?.into_iter().zip(&needs);
        for ((placed, need), one) in all.zip(&self.instances) {
            let job = placed.and_then(|op| {
                let job = self.job(env, &mut world, op, need);
                job.map_err(|error| error.message)
            });
            match job {
                Ok((item, job)) => {
                    plan.push(item);
                    jobs.push(job);
                }
                Err(reason) => {
                    env.warn(format!("{} is not created: {reason}", one.name()));
                    unplaced.push(UnmovableItem {
                        instance: one.name(),
                        reason,
                        hint: None,
                    });
                }
            }
        }
        let names = |of: &mut dyn Iterator<Item = &String>| json!(of.collect::<Vec<_>>());
        let mut result = ResultWithJobs {
            jobs,
            planned_on: Some(env.world.serial),
            ..ResultWithJobs::default()
        };
        let allocatable = names(&mut plan.iter().map(|item| &item.instance));
        let failed = names(&mut unplaced.iter().map(|item| &item.instance));
        result.other.insert("allocatable".to_owned(), allocatable);
        result.other.insert("failed".to_owned(), failed);
        let detail = Detail {
            plan,
            unmovable: unplaced,
            ..Detail::default()
        };
        if detail.plan.is_empty() {
            let reasons = detail.unmovable.iter();
            let reasons: Vec<String> = reasons
                .map(|one| format!("{} ({})", one.instance, one.reason))
                .collect();
            let text = format!("Unable to create instances {}", reasons.join(", "));
            let error = OpError::exec(text).code(ErrorCode::InsufficientResources);
            let mut failure =
                Failure::from(error.hint("gnt-node list shows what is free on which node"));
            failure.detail = Box::new(detail);
            return Err(failure);
        }
        Ok(Outcome {
            result: UnitResult::Jobs(result),
            detail,
            edits: vec![],
        })
    }

    fn plans(&self) -> bool {
        true
    }
}
