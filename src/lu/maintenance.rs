//! Units that take a node into maintenance and bring it back.
//!
//! Both only plan, as those do that empty a node. What makes them more than that is written in the
//! transaction that submits their children: that the node takes no instances from now on, and what was
//! on it; or that it takes them again, and that nothing is remembered any more. An instance that its
//! job could not move stays where it is, and the same opcode, given again, plans for what is left.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::left_over::forget_left_overs;
use super::node_plan::Leaving;
use super::plan_jobs::{Manner, Terms};
use super::shared::{check_answers, find_node, group_mates, lock_instance, share_nodes};
use super::{Env, Failure, LogicalUnit, Outcome, Slot, UnitResult};
use crate::allocator::{Destination, Plan, PlannedMove, Role, World, fill, plan_homecoming};
use crate::clock::now;
use crate::cluster::{
    Config, Edit, Home, Instance, Maintenance, Node, NodeChange, NodeUuid, Places,
};
use crate::locking::{Level, Lock, LockSet, Mode};
use crate::opcodes::{ErrorCode, EvacMode, NodeMaintenanceEnter, NodeRestore, OpError};

/// What to do when it fails because of some. Not only the command of that option enters nodes.
const ENTER_PARTIAL: &str = "nothing was moved, and the node is in use as before; gnt-node maintenance enter \
     --allow-partial moves those that can move";

/// Where an instance is.
fn places(config: &Config, instance: &Instance) -> Places {
    Places {
        primary: instance.primary_node.clone(),
        secondary: config.secondary(instance).cloned(),
    }
}

/// Where it will be when it has made these moves.
fn after(mut places: Places, moves: &[PlannedMove]) -> Places {
    for step in moves {
        match step.role {
            Role::Secondary => places.secondary = Some(step.to.clone()),
            Role::Primary => {
                // What runs on one of two copies runs on the other one then.
                let mirrored = places.secondary.is_some();
                places.secondary = mirrored.then_some(places.primary);
                places.primary = step.to.clone();
            }
        }
    }
    places
}

/// The world with a node changed, for a plan that is made of it.
fn with_node(world: &World, node: &Node, change: impl FnOnce(&mut Node)) -> World {
    let mut changed = world.clone();
    let mut node = node.clone();
    change(&mut node);
    changed.config.put_node(node);
    changed
}

/// What else is written of a plan: other nodes in maintenance from which one of its instances was sent
/// away know where it goes now. Without that they would take it for moved by a person.
fn tell_others(config: &Config, node: &Node, plan: &Plan) -> Vec<Edit> {
    let told = |other: &Arc<Node>| {
        let known = other.maintenance.as_ref()?;
        let mut told = (**known).clone();
        for home in &mut told.homes {
            let placed = plan.placed.iter().find(|one| one.instance == home.instance);
            let instance = config.instances.get(&home.instance);
            let (Some(placed), Some(instance)) = (placed, instance) else {
                continue;
            };
            let now = places(config, instance);
            if now == home.away {
                home.away = after(now, &placed.moves);
            }
        }
        let change = NodeChange {
            maintenance: Some(Some(Arc::new(told))),
            ..NodeChange::default()
        };
        Some(Edit::ChangeNode {
            node: other.uuid.clone(),
            change,
        })
    };
    let others = config
        .nodes_by_name()
        .filter(|other| other.uuid != node.uuid);
    others.filter_map(told).collect()
}

impl NodeMaintenanceEnter {
    fn leaving(&self) -> Leaving<'_> {
        Leaving {
            verb: "evacuate",
            node_name: &self.node_name,
            node_uuid: self.node_uuid.as_deref(),
            mode: EvacMode::All,
            new_secondary: None,
            target: None,
            iallocator: self.iallocator.as_ref(),
            ignore_soft_errors: self.ignore_soft_errors,
            allow_partial: self.allow_partial,
            parallel: self.parallel,
        }
    }

    /// The world in which nothing is sent to the nodes that are entered, too.
    fn world(&self, env: &Env<'_>) -> Result<World, OpError> {
        let mut world = env.world.clone();
        for name in &self.beside {
            let node = find_node(env.config(), name, None)?;
            world = with_node(&world, node, |node| node.drained = true);
        }
        Ok(world)
    }

    /// Refuses a plan after which a node could not take over what it has the second copies of, where
    /// it could before.
    fn check_redundancy(&self, env: &Env<'_>, node: &Node, plan: &Plan) -> Result<(), OpError> {
        let mut after = with_node(env.world, node, |node| node.offline = true);
        let claims = plan.placed.iter().flat_map(|placed| &placed.claims);
        let claims = claims.map(|claim| (env.job, claim.clone()));
        after.claims = Arc::new(env.world.claims.iter().cloned().chain(claims).collect());
        let before = fill(env.world).short;
        let lacks: Vec<String> = (fill(&after).short.iter())
            .filter(|(name, _)| before.iter().all(|(known, _)| known != name))
            .map(|(name, missing)| format!("{name} lacks {missing} MiB of memory for it"))
            .collect();
        if lacks.is_empty() {
            return Ok(());
        }
        Err(OpError::prereq(
            ErrorCode::InsufficientResources,
            format!(
                "without {} the cluster could not bear the loss of another node: {}",
                node.name,
                lacks.join(", ")
            ),
        )
        .hint("make room first; without --min-free it is entered all the same"))
    }

    /// What is remembered: of what is known from before all but where it is sent, and what is new.
    fn remember(&self, env: &Env<'_>, node: &Node, plan: &Plan) -> Maintenance {
        let config = env.config();
        let mut maintenance = match &node.maintenance {
            Some(known) => (**known).clone(),
            None => Maintenance {
                since: now(),
                was_drained: node.drained,
                was_candidate: node.master_candidate,
                homes: vec![],
            },
        };
        let on_it = config
            .primaries(&node.uuid)
            .chain(config.secondaries(&node.uuid));
        for instance in on_it {
            let before = places(config, instance);
            let placed = plan.placed.iter().find(|one| one.instance == instance.uuid);
            let moves = placed.map_or(&[][..], |placed| &placed.moves);
            let away = after(before.clone(), moves);
            let known = maintenance.homes.iter_mut();
            match known
                .into_iter()
                .find(|home| home.instance == instance.uuid)
            {
                Some(home) => home.away = away,
                None => maintenance.homes.push(Home {
                    instance: instance.uuid.clone(),
                    before,
                    away,
                    admin_state: instance.admin_state,
                }),
            }
        }
        maintenance
    }
}

impl LogicalUnit for NodeMaintenanceEnter {
    fn locks(&self, config: &Config) -> LockSet {
        self.leaving().locks(config)
    }

    fn slot(&self) -> Slot {
        Slot::Planning
    }

    fn check(&self, env: &Env<'_>) -> Result<(), OpError> {
        self.world(env)?;
        self.leaving().check(env)
    }

    fn execute(&self, env: &Env<'_>) -> Result<Outcome, Failure> {
        let leaving = self.leaving();
        let node = find_node(env.config(), &self.node_name, self.node_uuid.as_deref())?;
        let world = self.world(env)?;
        let plan = leaving.departures(&Env {
            world: &world,
            ..*env
        })?;
        if self.keep_redundancy {
            self.check_redundancy(env, node, &plan)?;
        }
        let terms = Terms {
            hint: ENTER_PARTIAL,
            ..leaving.terms(env.config())?
        };
        let mut outcome = terms.outcome(env, &plan, |step| {
            step.child(Manner {
                early_release: self.early_release,
                vacate: step.leaves(&self.node_name),
                migration: self.migration,
            })
        })?;
        if !env.common.dry_run {
            outcome.edits = tell_others(env.config(), node, &plan);
            outcome.edits.push(Edit::ChangeNode {
                node: node.uuid.clone(),
                change: NodeChange {
                    // An offline node takes nothing anyway, and is one or the other.
                    drained: (!node.offline).then_some(true),
                    master_candidate: (!node.offline).then_some(false),
                    maintenance: Some(Some(Arc::new(self.remember(env, node, &plan)))),
                    ..NodeChange::default()
                },
            });
        }
        Ok(outcome)
    }

    fn plans(&self) -> bool {
        true
    }
}

impl NodeRestore {
    /// Who comes home, and says of the others why not.
    fn homes(&self, env: &Env<'_>, node: &Node, maintenance: &Maintenance) -> Plan {
        let config = env.config();
        let mut coming = BTreeMap::new();
        for home in maintenance.homes.iter().filter(|_| self.restore) {
            // It was removed since.
            let Some(instance) = config.instances.get(&home.instance) else {
                continue;
            };
            let now = places(config, instance);
            if now == home.before {
                continue;
            }
            // One that still has something on the node stopped on its way.
            if now != home.away && !now.hold(&node.uuid) {
                env.info(format!(
                    "{} stays: somebody has moved it since",
                    instance.name
                ));
                continue;
            }
            let mut before = Destination {
                primary: home.before.primary.clone(),
                secondary: home.before.secondary.clone(),
            };
            // Where its other node is not to be had what was here comes home alone.
            let away = |uuid: &NodeUuid| {
                let other = config
                    .nodes
                    .get(uuid)
                    .filter(|other| other.uuid != node.uuid);
                other.is_some_and(|other| other.offline || other.drained)
            };
            if before.secondary.as_ref().is_some_and(away) {
                before.secondary = None;
            }
            if away(&before.primary) {
                before.primary = now.primary;
            }
            coming.insert(home.instance.clone(), before);
        }
        let world = with_node(env.world, node, |node| {
            node.offline = false;
            node.drained = maintenance.was_drained;
        });
        plan_homecoming(&world, &coming)
    }
}

impl LogicalUnit for NodeRestore {
    fn locks(&self, config: &Config) -> LockSet {
        let mut locks = LockSet::new();
        let Ok(node) = find_node(config, &self.node_name, None) else {
            return locks;
        };
        locks.add(
            Lock::one(Level::NodeGroup, node.group.as_str()),
            Mode::Shared,
        );
        share_nodes(&mut locks, group_mates(config, node));
        let homes = (node.maintenance.as_ref()).map_or(&[][..], |known| &known.homes);
        for home in homes {
            if let Some(instance) = config.instances.get(&home.instance) {
                lock_instance(&mut locks, &instance.name, Mode::Shared);
            }
        }
        locks
    }

    fn slot(&self) -> Slot {
        Slot::Planning
    }

    fn check(&self, env: &Env<'_>) -> Result<(), OpError> {
        if self.parallel == Some(0) {
            let text = "0 jobs at once would move nothing";
            return Err(OpError::prereq(ErrorCode::WrongInput, text));
        }
        let node = find_node(env.config(), &self.node_name, self.node_uuid.as_deref())?;
        if node.maintenance.is_none() {
            return Ok(());
        }
        check_answers(env, node, ErrorCode::WrongState)
            .map_err(|error| error.hint(format!("start {} first", node.name)))
    }

    fn execute(&self, env: &Env<'_>) -> Result<Outcome, Failure> {
        let node = find_node(env.config(), &self.node_name, self.node_uuid.as_deref())?;
        let Some(maintenance) = &node.maintenance else {
            let mut outcome = Outcome {
                result: UnitResult::Jobs(super::ResultWithJobs::default()),
                ..Outcome::default()
            };
            let why = format!("{} is not in maintenance", node.name);
            outcome.detail.nothing_to_do = Some(why);
            return Ok(outcome);
        };
        if !env.common.dry_run {
            forget_left_overs(env, node)?;
        }
        let plan = self.homes(env, node, maintenance);
        let terms = Terms {
            verb: "bring home",
            nothing: format!("nothing has to come home to {}", node.name),
            allow_partial: true,
            hint: "",
            parallel: self.parallel,
        };
        let manner = Manner {
            early_release: self.early_release,
            vacate: false,
            migration: self.migration,
        };
        let mut outcome = terms.outcome(env, &plan, |step| step.child(manner))?;
        if !env.common.dry_run {
            outcome.edits = tell_others(env.config(), node, &plan);
            outcome.edits.push(Edit::ChangeNode {
                node: node.uuid.clone(),
                change: NodeChange {
                    offline: Some(false),
                    drained: Some(maintenance.was_drained),
                    master_candidate: Some(maintenance.was_candidate),
                    maintenance: Some(None),
                    ..NodeChange::default()
                },
            });
        }
        Ok(outcome)
    }

    fn plans(&self) -> bool {
        true
    }
}
