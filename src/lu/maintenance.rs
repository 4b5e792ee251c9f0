//! Units that take a node into maintenance and bring it back.
//!
//! Both only plan, as those do that empty a node. What makes them more than that is written in the
//! transaction that submits their children: that the node takes no instances from now on, and what was
//! on it; or that it takes them again, and waits for what is not home yet. An instance that its job could
//! not move stays where it is, and the same opcode, given again, plans for what is left: what comes home
//! is struck out where its job writes that it did.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::left_over::forget_left_overs;
use super::node_plan::Leaving;
use super::plan_jobs::{Manner, Terms};
use super::shared::{
    check_answers, find_node, group_mates, lock_group, lock_instance, share_nodes,
};
use super::{Env, Failure, LogicalUnit, Outcome, Slot, UnitResult};
use crate::allocator::{Destination, Plan, PlannedMove, Role, World, fill, plan_homecoming};
use crate::clock::now;
use crate::cluster::{
    Config, Edit, Home, Homecoming, InstanceUuid, Maintenance, Node, NodeChange, NodeUuid, Places,
};
use crate::locking::{LockSet, Mode};
use crate::opcodes::{ErrorCode, EvacMode, NodeMaintenanceEnter, NodeRestore, OpError};

/// What to do when it fails because of some. Not only the command of that option enters nodes.
const ENTER_PARTIAL: &str = "nothing was moved, and the node is in use as before; gnt-node maintenance enter \
     --allow-partial moves those that can move";

/// Where an instance is on its way, from where it is now to where it is when it has made these moves.
fn way(now: Places, moves: &[PlannedMove]) -> Vec<Places> {
    let mut way = vec![now];
    for step in moves {
        let mut places = way[way.len() - 1].clone();
        match step.role {
            Role::Secondary => places.secondary = Some(step.to.clone()),
            Role::Primary => {
                // What runs on one of two copies runs on the other one then.
                let mirrored = places.secondary.is_some();
                places.secondary = mirrored.then_some(places.primary);
                places.primary = step.to.clone();
            }
        }
        way.push(places);
    }
    way
}

/// The world with a node changed, for a plan that is made of it.
fn with_node(world: &World, node: &Node, change: impl FnOnce(&mut Node)) -> World {
    let mut changed = world.clone();
    let mut node = node.clone();
    change(&mut node);
    changed.config.put_node(node);
    changed
}

/// The moves that are planned for an instance.
fn moves<'a>(plan: &'a Plan, instance: &InstanceUuid) -> Option<&'a [PlannedMove]> {
    let placed = plan.placed.iter().find(|one| one.instance == *instance)?;
    Some(&placed.moves)
}

/// The homes of instances that are away from other nodes than this one.
fn guests<'a>(config: &'a Config, node: &Node) -> BTreeMap<&'a InstanceUuid, &'a Home> {
    let others = config
        .nodes
        .values()
        .filter(|other| other.uuid != node.uuid);
    let away = others.flat_map(|other| {
        other.homes().iter().filter(|home| {
            let instance = config.instances.get(&home.instance);
            instance.is_some_and(|instance| {
                let now = Places::of(config, instance);
                !home.is_at(&now) && home.was_sent_to(&now, &other.uuid)
            })
        })
    });
    away.map(|home| (&home.instance, home)).collect()
}

/// What else is written of a plan: other nodes in maintenance, or after it, from which one of its instances
/// was sent away know where it goes now. Without that they would take it for moved by a person.
fn tell_others(config: &Config, node: &Node, plan: &Plan) -> Vec<Edit> {
    let told = |other: &Arc<Node>| {
        let tell = |home: &mut Home| {
            let moves = moves(plan, &home.instance)?;
            let now = Places::of(config, config.instances.get(&home.instance)?);
            if home.was_sent_to(&now, &other.uuid) {
                home.send(way(now, moves));
            }
            Some(())
        };
        let tell_all = |homes: &mut [Home]| homes.iter_mut().filter_map(tell).count() > 0;
        let mut change = NodeChange::default();
        if let Some(known) = &other.maintenance {
            let mut told = Maintenance::clone(known);
            let differs = tell_all(&mut told.homes);
            change.maintenance = differs.then(|| Some(Arc::new(told)));
        }
        if let Some(known) = &other.homecoming {
            let mut told = Homecoming::clone(known);
            let differs = tell_all(&mut told.homes);
            change.homecoming = differs.then(|| Some(Arc::new(told)));
        }
        (change != NodeChange::default()).then(|| Edit::ChangeNode {
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

    /// What is remembered: of what is known from before all but where it is sent, and what is new. Who
    /// was not home yet from the last time has his home where he had it then, and who is only here
    /// because another node was entered has it where he had it before that.
    fn remember(&self, env: &Env<'_>, node: &Node, plan: &Plan) -> Maintenance {
        let config = env.config();
        let mut maintenance = match &node.maintenance {
            Some(known) => (**known).clone(),
            None => Maintenance {
                since: now(),
                was_drained: node.drained,
                was_candidate: node.master_candidate,
                homes: (node.homecoming.as_ref()).map_or(vec![], |known| known.homes.clone()),
            },
        };
        let guests = guests(config, node);
        let on_it = config
            .primaries(&node.uuid)
            .chain(config.secondaries(&node.uuid));
        for instance in on_it {
            let before = Places::of(config, instance);
            let moves = moves(plan, &instance.uuid).unwrap_or_default();
            let way = way(before.clone(), moves);
            let mut known = maintenance.homes.iter_mut();
            if let Some(home) = known.find(|home| home.instance == instance.uuid) {
                home.send(way);
                continue;
            }
            let before = match guests.get(&instance.uuid) {
                Some(home) if home.before.hold(&node.uuid) => home.before.clone(),
                // The other node brings it home, and not back to this one.
                Some(_) => continue,
                None => before,
            };
            let mut home = Home {
                instance: instance.uuid.clone(),
                away: before.clone(),
                before,
                stops: vec![],
                instead: None,
                admin_state: instance.admin_state,
            };
            home.send(way);
            maintenance.homes.push(home);
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
                    homecoming: Some(None),
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
    /// Who comes home, and which instances are not home before they did.
    fn homecoming(&self, env: &Env<'_>, node: &Node) -> (Plan, Vec<Home>) {
        let config = env.config();
        let mut coming = BTreeMap::new();
        for home in node.homes().iter().filter(|_| self.restore) {
            // It was removed since.
            let Some(instance) = config.instances.get(&home.instance) else {
                continue;
            };
            let now = Places::of(config, instance);
            if now == home.before {
                continue;
            }
            if !home.was_sent_to(&now, &node.uuid) {
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
                let other = config.nodes.get(uuid);
                *uuid != node.uuid && other.is_none_or(|other| other.offline || other.drained)
            };
            if before.secondary.as_ref().is_some_and(away) {
                before.secondary = None;
            }
            if away(&before.primary) {
                before.primary = now.primary;
            }
            coming.insert(home.instance.clone(), before);
        }
        let world = match &node.maintenance {
            Some(maintenance) => with_node(env.world, node, |node| {
                node.offline = false;
                node.drained = maintenance.was_drained;
            }),
            None => env.world.clone(),
        };
        let plan = plan_homecoming(&world, &coming);
        let stuck = |home: &Home| {
            let mut stuck = plan.unmovable.iter();
            stuck.any(|one| one.instance == home.instance)
        };
        let waits = |home: &Home| {
            let mut home = home.clone();
            home.instead = None;
            let Some(moves) = moves(&plan, &home.instance) else {
                // Nothing of it can be here that is not here already, unless something is in the way.
                return stuck(&home).then_some(home);
            };
            let now = Places::of(config, config.instances.get(&home.instance)?);
            let mut way = way(now, moves);
            let end = way.pop()?;
            home.instead = (end != home.before).then_some(end);
            home.stops.extend(way);
            home.stops.sort();
            home.stops.dedup();
            Some(home)
        };
        let homes = node.homes().iter();
        let waiting = homes
            .filter(|home| coming.contains_key(&home.instance))
            .filter_map(waits)
            .collect();
        (plan, waiting)
    }

    /// What is written of the node: it is as it was before, if it was not already, and waits for these.
    fn change(node: &Node, homes: Vec<Home>) -> NodeChange {
        let known = node.homecoming.as_ref();
        let since = known.map_or_else(now, |known| known.since);
        let waits = (!homes.is_empty()).then(|| Arc::new(Homecoming { since, homes }));
        let maintenance = node.maintenance.as_ref();
        NodeChange {
            offline: maintenance.map(|_| false),
            drained: maintenance.map(|known| known.was_drained),
            master_candidate: maintenance.map(|known| known.was_candidate),
            maintenance: Some(None),
            homecoming: Some(waits),
            ..NodeChange::default()
        }
    }
}

impl LogicalUnit for NodeRestore {
    fn locks(&self, config: &Config) -> LockSet {
        let mut locks = LockSet::new();
        let Ok(node) = find_node(config, &self.node_name, None) else {
            return locks;
        };
        lock_group(&mut locks, &node.group, Mode::Shared);
        share_nodes(&mut locks, group_mates(config, node));
        for home in node.homes() {
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
        if !node.is_remembered() {
            return Ok(());
        }
        check_answers(env, node, ErrorCode::WrongState)
            .map_err(|error| error.hint(format!("start {} first", node.name)))
    }

    fn execute(&self, env: &Env<'_>) -> Result<Outcome, Failure> {
        let node = find_node(env.config(), &self.node_name, self.node_uuid.as_deref())?;
        if !node.is_remembered() {
            let mut outcome = Outcome {
                result: UnitResult::Jobs(super::ResultWithJobs::default()),
                ..Outcome::default()
            };
            let why = format!("{} is not in maintenance", node.name);
            outcome.detail.nothing_to_do = Some(why);
            return Ok(outcome);
        }
        if !env.common.dry_run && node.maintenance.is_some() {
            forget_left_overs(env, node)?;
        }
        let (plan, waiting) = self.homecoming(env, node);
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
                change: NodeRestore::change(node, waiting),
            });
        }
        Ok(outcome)
    }

    fn plans(&self) -> bool {
        true
    }
}
