//! Units that bring instances to other node groups: of a group all, or one. They only plan, as those do
//! that empty a node.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::advice::{allocator, ask, check_allocator};
use super::plan_jobs::{Manner, PARTIAL, Step, Terms};
use super::shared::{find_group, find_instance, lock_group, lock_instance, share_nodes};
use super::{Env, Failure, LogicalUnit, Outcome, Slot};
use crate::allocator::external::plan_regrouping_by;
use crate::allocator::{Plan, Regrouping, Role, Rules, plan_regrouping};
use crate::cluster::{AllocPolicy, Config, Group, GroupUuid, Instance};
use crate::locking::{LockSet, Mode};
use crate::opcodes::{
    ErrorCode, GroupEvacuate, InstanceChangeGroup, MigrationTerms, OpError, Opcode,
};

/// One of the two operations, in the terms that they share.
struct Moving<'a> {
    instances: Vec<&'a Arc<Instance>>,
    /// The groups that are left.
    leaving: BTreeSet<GroupUuid>,
    named: Option<&'a [String]>,
    iallocator: Option<&'a String>,
    early_release: bool,
    force_failover: bool,
    migration: MigrationTerms,
    terms: Terms,
}

fn wrong(text: impl Into<String>) -> OpError {
    OpError::prereq(ErrorCode::WrongInput, text)
}

/// The groups that an instance's nodes are in.
fn groups_of(config: &Config, instance: &Instance) -> BTreeSet<GroupUuid> {
    let nodes = std::iter::once(&instance.primary_node).chain(config.secondary(instance));
    nodes
        .filter_map(|node| Some(config.nodes.get(node)?.group.clone()))
        .collect()
}

impl Moving<'_> {
    /// The groups that instances may go to: those that are named, even if they take no new ones by
    /// themselves, else all others that take them.
    fn targets<'c>(&self, config: &'c Config) -> Result<Vec<&'c Arc<Group>>, OpError> {
        let mut targets: Vec<&Arc<Group>> = vec![];
        let Some(named) = self.named else {
            targets.extend(config.groups_by_name().filter(|group| {
                !self.leaving.contains(&group.uuid)
                    && group.alloc_policy != AllocPolicy::Unallocable
            }));
            return match targets.is_empty() {
                true => Err(wrong("there is no other group that takes instances")
                    .hint("gnt-group list shows the groups; --to names one, whatever its policy")),
                false => Ok(targets),
            };
        };
        for name in named {
            let group = find_group(config, name)?;
            if self.leaving.contains(&group.uuid) {
                let text = format!("group {} is to be left: it cannot be a target", group.name);
                return Err(wrong(text));
            }
            if !targets.iter().any(|other| other.uuid == group.uuid) {
                targets.push(group);
            }
        }
        match targets.is_empty() {
            true => Err(wrong("no target group was given")),
            false => Ok(targets),
        }
    }

    /// Instances, and their groups and the targets with all nodes, shared: the plan is over in an
    /// instant.
    fn locks(&self, config: &Config) -> LockSet {
        let mut locks = LockSet::new();
        let targets = self.targets(config).unwrap_or_default();
        let targets = targets.iter().map(|group| &group.uuid);
        let groups: BTreeSet<&GroupUuid> = self.leaving.iter().chain(targets).collect();
        for group in &groups {
            lock_group(&mut locks, group, Mode::Shared);
        }
        let nodes = config.nodes_by_name();
        share_nodes(
            &mut locks,
            nodes.filter(|node| groups.contains(&node.group)),
        );
        for instance in &self.instances {
            lock_instance(&mut locks, &instance.name, Mode::Shared);
        }
        locks
    }

    fn check(&self, env: &Env<'_>) -> Result<(), OpError> {
        if self.terms.parallel == Some(0) {
            return Err(wrong("0 jobs at once would move nothing"));
        }
        self.targets(env.config())?;
        check_allocator(env, self.iallocator, self.leaving.first())
    }

    fn plan(&self, env: &Env<'_>) -> Result<Plan, Failure> {
        let targets = self.targets(env.config())?;
        let regrouping = Regrouping {
            instances: self.instances.iter().map(|one| one.uuid.clone()).collect(),
            leaving: self.leaving.clone(),
            targets: targets.iter().map(|group| group.uuid.clone()).collect(),
            rules: Rules::default(),
        };
        match allocator(env, self.iallocator, self.leaving.first()) {
            None => Ok(plan_regrouping(env.world, &regrouping)),
            Some(name) => {
                env.feedback(format!("* asking iallocator {name}"));
                ask(env, name, false, |adviser| {
                    plan_regrouping_by(env.world, &regrouping, adviser)
                })
            }
        }
    }

    fn execute(&self, env: &Env<'_>) -> Result<Outcome, Failure> {
        let plan = self.plan(env)?;
        self.terms.outcome(env, &plan, |step| self.child(step))
    }

    fn child(&self, step: &Step<'_>) -> Opcode {
        match step.step.role {
            Role::Primary if self.force_failover => step.failover().into(),
            _ => step.child(Manner {
                early_release: self.early_release,
                vacate: false,
                migration: self.migration,
            }),
        }
    }
}

impl GroupEvacuate {
    fn moving<'a>(&'a self, config: &'a Config) -> Result<Moving<'a>, OpError> {
        let group = find_group(config, &self.group_name)?;
        let inside = |one: &&Arc<Instance>| groups_of(config, one).contains(&group.uuid);
        Ok(Moving {
            instances: config.instances_by_name().filter(inside).collect(),
            leaving: BTreeSet::from([group.uuid.clone()]),
            named: self.target_groups.as_deref(),
            iallocator: self.iallocator.as_ref(),
            early_release: self.early_release,
            force_failover: self.force_failover,
            migration: self.migration,
            terms: Terms {
                verb: "evacuate",
                nothing: format!("group {} has no instances to evacuate", group.name),
                allow_partial: self.allow_partial,
                hint: PARTIAL,
                parallel: match self.sequential {
                    true => Some(1),
                    false => self.parallel,
                },
            },
        })
    }
}

impl LogicalUnit for GroupEvacuate {
    fn locks(&self, config: &Config) -> LockSet {
        let moving = self.moving(config);
        moving.map_or_else(|_| LockSet::new(), |moving| moving.locks(config))
    }

    fn slot(&self) -> Slot {
        Slot::Planning
    }

    fn check(&self, env: &Env<'_>) -> Result<(), OpError> {
        self.moving(env.config())?.check(env)
    }

    fn execute(&self, env: &Env<'_>) -> Result<Outcome, Failure> {
        self.moving(env.config())?.execute(env)
    }

    fn plans(&self) -> bool {
        true
    }
}

impl InstanceChangeGroup {
    fn moving<'a>(&'a self, config: &'a Config) -> Result<Moving<'a>, OpError> {
        let uuid = self.instance_uuid.as_deref();
        let instance = find_instance(config, &self.instance_name, uuid)?;
        Ok(Moving {
            instances: vec![instance],
            leaving: groups_of(config, instance),
            named: self.target_groups.as_deref(),
            iallocator: self.iallocator.as_ref(),
            early_release: self.early_release,
            force_failover: false,
            migration: MigrationTerms::default(),
            terms: Terms {
                verb: "change the group of",
                nothing: format!("instance {} is in no group", instance.name),
                allow_partial: false,
                hint: "gnt-node list -o name,group,mfree,dfree shows what is free in which group",
                parallel: None,
            },
        })
    }
}

impl LogicalUnit for InstanceChangeGroup {
    fn locks(&self, config: &Config) -> LockSet {
        let moving = self.moving(config);
        moving.map_or_else(|_| LockSet::new(), |moving| moving.locks(config))
    }

    fn slot(&self) -> Slot {
        Slot::Planning
    }

    fn check(&self, env: &Env<'_>) -> Result<(), OpError> {
        self.moving(env.config())?.check(env)
    }

    fn execute(&self, env: &Env<'_>) -> Result<Outcome, Failure> {
        self.moving(env.config())?.execute(env)
    }

    fn plans(&self) -> bool {
        true
    }
}
