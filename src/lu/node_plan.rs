//! Units that make a node's instances leave: evacuate, failover, migrate. They only plan. Each
//! instance becomes one child job; an instance that cannot move makes the whole operation fail
//! before anything moves, unless the operator allows a part.

use super::advice::{allocator, ask, check_allocator};
use super::fence::{ensure_off, mark_offline};
use super::plan_jobs::{Manner, PARTIAL, Step, Terms};
use super::shared::{
    check_answers, check_same_group, check_target, find_node, group_mates, lock_group,
    lock_instance, share_nodes,
};
use super::{Env, Failure, LogicalUnit, Outcome, Slot};
use crate::allocator::external::plan_departure_by;
use crate::allocator::{Departure, Plan, Rules, plan_departure};
use crate::cluster::{Config, Edit};
use crate::locking::{LockSet, Mode};
use crate::opcodes::{
    ErrorCode, EvacMode, InstanceFailover, InstanceMigrate, NodeEvacuate, NodeFailover,
    NodeMigrate, OpError, Opcode, PowerOff,
};

/// One of the operations, in the terms that they share.
pub(super) struct Leaving<'a> {
    /// Completes `Unable to … instances`.
    pub(super) verb: &'static str,
    pub(super) node_name: &'a str,
    pub(super) node_uuid: Option<&'a str>,
    pub(super) mode: EvacMode,
    pub(super) new_secondary: Option<&'a str>,
    pub(super) target: Option<&'a str>,
    pub(super) iallocator: Option<&'a String>,
    pub(super) ignore_soft_errors: bool,
    pub(super) allow_partial: bool,
    pub(super) parallel: Option<u32>,
}

impl Leaving<'_> {
    /// Affected instances, and the group and its nodes, all shared: the plan is made when those
    /// that move at this moment have arrived, and is over in an instant.
    pub(super) fn locks(&self, config: &Config) -> LockSet {
        let mut locks = LockSet::new();
        let Ok(node) = find_node(config, self.node_name, None) else {
            return locks;
        };
        lock_group(&mut locks, &node.group, Mode::Shared);
        share_nodes(&mut locks, group_mates(config, node));
        let primaries = self.mode != EvacMode::SecondaryOnly;
        let secondaries = self.mode != EvacMode::PrimaryOnly;
        let leaving = (config.primaries(&node.uuid).filter(|_| primaries))
            .chain(config.secondaries(&node.uuid).filter(|_| secondaries));
        for instance in leaving {
            lock_instance(&mut locks, &instance.name, Mode::Shared);
        }
        locks
    }

    pub(super) fn check(&self, env: &Env<'_>) -> Result<(), OpError> {
        let config = env.config();
        let wrong = |text: String| OpError::prereq(ErrorCode::WrongInput, text);
        let node = find_node(config, self.node_name, self.node_uuid)?;
        if self.iallocator.is_some() && (self.new_secondary.or(self.target)).is_some() {
            return Err(wrong(
                "an allocator and a node were given: only one of them can choose".into(),
            ));
        }
        if self.parallel == Some(0) {
            return Err(wrong("0 jobs at once would move nothing".into()));
        }
        if self.new_secondary.is_some() && self.mode != EvacMode::SecondaryOnly {
            return Err(wrong(format!(
                "a new secondary node is only used when secondary instances alone leave, not in mode {}",
                self.mode
            ))
            .hint("add --secondary-only, or leave the choice to the placement"));
        }
        for name in [self.new_secondary, self.target].into_iter().flatten() {
            let other = find_node(config, name, None)?;
            if other.uuid == node.uuid {
                return Err(wrong(format!(
                    "{} cannot take its own instances",
                    node.name
                )));
            }
            check_target(other)?;
            check_same_group(config, node, other)?;
        }
        match self.new_secondary.or(self.target) {
            Some(_) => Ok(()),
            None => check_allocator(env, self.iallocator, Some(&node.group)),
        }
    }

    /// Who goes where: by the nodes that are named, an external allocator, or the built-in placement.
    fn plan(&self, env: &Env<'_>, departure: &Departure) -> Result<Plan, Failure> {
        let is_named = departure.new_secondary.is_some() || departure.target.is_some();
        let group = env
            .config()
            .nodes
            .get(&departure.node)
            .map(|node| &node.group);
        match allocator(env, self.iallocator, group).filter(|_| !is_named) {
            None => Ok(plan_departure(env.world, departure)),
            Some(name) => {
                env.feedback(format!("* asking iallocator {name}"));
                ask(env, name, self.ignore_soft_errors, |adviser| {
                    plan_departure_by(env.world, departure, adviser)
                })
            }
        }
    }

    /// Plans, and turns what is planned into child jobs with `child`.
    fn execute(
        &self,
        env: &Env<'_>,
        child: impl Fn(&Step<'_>) -> Opcode,
    ) -> Result<Outcome, Failure> {
        let plan = self.departures(env)?;
        self.terms(env.config())?.outcome(env, &plan, child)
    }

    /// Who goes where.
    pub(super) fn departures(&self, env: &Env<'_>) -> Result<Plan, Failure> {
        let config = env.config();
        let node = find_node(config, self.node_name, self.node_uuid)?;
        let uuid = |name| find_node(config, name, None).map(|node| node.uuid.clone());
        let departure = Departure {
            node: node.uuid.clone(),
            mode: self.mode,
            new_secondary: self.new_secondary.map(uuid).transpose()?,
            target: self.target.map(uuid).transpose()?,
            rules: Rules {
                ignore_soft_errors: self.ignore_soft_errors,
            },
        };
        self.plan(env, &departure)
    }

    pub(super) fn terms(&self, config: &Config) -> Result<Terms, OpError> {
        let node = find_node(config, self.node_name, self.node_uuid)?;
        Ok(Terms {
            verb: self.verb,
            nothing: format!("{} has no instances to {}", node.name, self.verb),
            allow_partial: self.allow_partial,
            hint: PARTIAL,
            parallel: self.parallel,
        })
    }
}

impl NodeEvacuate {
    fn leaving(&self) -> Leaving<'_> {
        Leaving {
            verb: "evacuate",
            node_name: &self.node_name,
            node_uuid: self.node_uuid.as_deref(),
            mode: self.mode,
            new_secondary: self.remote_node.as_deref(),
            target: None,
            iallocator: self.iallocator.as_ref(),
            ignore_soft_errors: self.ignore_soft_errors,
            allow_partial: self.allow_partial,
            parallel: self.parallel,
        }
    }
}

impl LogicalUnit for NodeEvacuate {
    fn locks(&self, config: &Config) -> LockSet {
        self.leaving().locks(config)
    }

    fn slot(&self) -> Slot {
        Slot::Planning
    }

    fn check(&self, env: &Env<'_>) -> Result<(), OpError> {
        self.leaving().check(env)
    }

    fn execute(&self, env: &Env<'_>) -> Result<Outcome, Failure> {
        self.leaving().execute(env, |step| {
            step.child(Manner {
                early_release: self.early_release,
                vacate: self.mode == EvacMode::All && step.leaves(&self.node_name),
                migration: self.migration,
            })
        })
    }

    fn plans(&self) -> bool {
        true
    }
}

impl NodeFailover {
    fn leaving(&self) -> Leaving<'_> {
        Leaving {
            verb: "fail over",
            node_name: &self.node_name,
            node_uuid: self.node_uuid.as_deref(),
            mode: EvacMode::PrimaryOnly,
            new_secondary: None,
            target: self.target_node.as_deref(),
            iallocator: self.iallocator.as_ref(),
            ignore_soft_errors: self.ignore_soft_errors,
            allow_partial: self.allow_partial,
            parallel: self.parallel,
        }
    }
}

impl NodeFailover {
    /// Makes sure, once for all that leave it, that a real machine that is dead is off.
    fn make_sure(&self, env: &Env<'_>) -> Result<(Option<PowerOff>, Option<Edit>), Failure> {
        let node = find_node(env.config(), &self.node_name, self.node_uuid.as_deref())?;
        let dead = || node.offline || check_answers(env, node, ErrorCode::WrongState).is_err();
        match node.host.is_some() && dead() {
            true => Ok((
                ensure_off(env, node, self.power_off)?,
                mark_offline(env, node),
            )),
            false => Ok((self.power_off, None)),
        }
    }
}

impl LogicalUnit for NodeFailover {
    fn locks(&self, config: &Config) -> LockSet {
        self.leaving().locks(config)
    }

    fn slot(&self) -> Slot {
        Slot::Planning
    }

    fn check(&self, env: &Env<'_>) -> Result<(), OpError> {
        self.leaving().check(env)
    }

    fn execute(&self, env: &Env<'_>) -> Result<Outcome, Failure> {
        let leaving = self.leaving();
        let plan = leaving.departures(env)?;
        let terms = leaving.terms(env.config())?;
        let goes = !plan.placed.is_empty() && (self.allow_partial || plan.unmovable.is_empty());
        let (power_off, off) = match goes && !env.common.dry_run {
            true => self.make_sure(env)?,
            false => (self.power_off, None),
        };
        let mut outcome = terms.outcome(env, &plan, |step| {
            InstanceFailover {
                shutdown_timeout: self.shutdown_timeout,
                ignore_consistency: self.ignore_consistency,
                ignore_ipolicy: self.ignore_ipolicy,
                power_off,
                ..step.failover()
            }
            .into()
        })?;
        outcome.edits.extend(off);
        Ok(outcome)
    }

    fn plans(&self) -> bool {
        true
    }
}

impl NodeMigrate {
    fn leaving(&self) -> Leaving<'_> {
        Leaving {
            verb: "migrate",
            node_name: &self.node_name,
            node_uuid: self.node_uuid.as_deref(),
            mode: EvacMode::PrimaryOnly,
            new_secondary: None,
            target: self.target_node.as_deref(),
            iallocator: self.iallocator.as_ref(),
            ignore_soft_errors: self.ignore_soft_errors,
            allow_partial: self.allow_partial,
            parallel: self.parallel,
        }
    }
}

impl LogicalUnit for NodeMigrate {
    fn locks(&self, config: &Config) -> LockSet {
        self.leaving().locks(config)
    }

    fn slot(&self) -> Slot {
        Slot::Planning
    }

    fn check(&self, env: &Env<'_>) -> Result<(), OpError> {
        self.leaving().check(env)
    }

    fn execute(&self, env: &Env<'_>) -> Result<Outcome, Failure> {
        self.leaving().execute(env, |step| {
            if step.migrates() {
                let migrate = InstanceMigrate {
                    mode: self.mode,
                    allow_runtime_changes: self.allow_runtime_changes,
                    ignore_ipolicy: self.ignore_ipolicy,
                    migration: self.migration,
                    ..step.migrate(false)
                };
                return migrate.into();
            }
            let ignore_ipolicy = self.ignore_ipolicy;
            InstanceFailover {
                ignore_ipolicy,
                ..step.failover()
            }
            .into()
        })
    }

    fn plans(&self) -> bool {
        true
    }
}
