//! What the opcodes of a move ask for: which instance, and to which node.

use std::sync::Arc;

use crate::allocator::{Claim, Role, Rules, World, choose_node};
use crate::cluster::{Config, Mirroring, Node};
use crate::hypervisor::{Activity, NodeRef};
use crate::locking::{LockSet, Mode};
use crate::lu::advice::{allocator_instead, check_allocator, is_named, move_goes_on_as};
use crate::lu::settle::look;
use crate::lu::shared::{
    Subject, arrival, check_same_group, find_instance, find_node, group_mates, has_left,
    lock_instance, place, reference, share_nodes,
};
use crate::lu::{Env, Failure, Outcome};
use crate::opcodes::{ErrorCode, OpError, Opcode};

/// What an instance has to do with a move, for both ways of moving.
pub(super) struct Request<'a> {
    pub(super) name: &'a str,
    pub(super) uuid: Option<&'a str>,
    pub(super) source: Option<&'a String>,
    pub(super) target: Option<&'a str>,
    pub(super) iallocator: Option<&'a String>,
}

impl Request<'_> {
    /// The instance alone; the nodes shared, so that moves run side by side: both nodes, or all of
    /// the group where the target is still to be chosen.
    pub(super) fn locks(&self, config: &Config, whole_group: bool) -> LockSet {
        let mut locks = LockSet::new();
        let Ok(subject) = Subject::find(config, self.name, None) else {
            return locks;
        };
        lock_instance(&mut locks, subject.name(), Mode::Exclusive);
        share_nodes(&mut locks, [subject.primary]);
        share_nodes(&mut locks, subject.secondary);
        let target = self.target.map(|name| find_node(config, name, None));
        if let Some(Ok(target)) = target {
            share_nodes(&mut locks, [target]);
        }
        let chosen = subject.template().mirroring() == Mirroring::External && target.is_none();
        if whole_group || chosen {
            share_nodes(&mut locks, group_mates(config, subject.primary));
        }
        locks
    }

    /// The room that it needs at its target, if that can be told.
    pub(super) fn claims(&self, world: &World) -> Vec<Claim> {
        let config = &world.config;
        let Ok(subject) = Subject::find(config, self.name, self.uuid) else {
            return vec![];
        };
        // The job that comes of it has them.
        if is_named(self.iallocator) {
            return vec![];
        }
        let named = self
            .target
            .and_then(|name| find_node(config, name, None).ok());
        let target = match (subject.template().mirroring(), named) {
            (_, Some(node)) => Some(node.uuid.clone()),
            (Mirroring::Internal, None) => subject.secondary.map(|node| node.uuid.clone()),
            (Mirroring::External, None) => {
                let uuid = &subject.instance.uuid;
                let placed = choose_node(world, uuid, Role::Primary, Rules::default());
                placed
                    .ok()
                    .and_then(|placed| Some(placed.moves.first()?.to.clone()))
            }
            (Mirroring::None, None) => None,
        };
        let node = target.and_then(|uuid| config.nodes.get(&uuid));
        let leaves = node.filter(|node| node.uuid != subject.primary.uuid);
        let claim = |node: &Arc<Node>| arrival(config, &subject, node, Role::Primary);
        leaves.map(claim).into_iter().collect()
    }

    /// Says so if the instance has left the node that it is to leave.
    pub(super) fn has_left(&self, config: &Config) -> Result<Option<Outcome>, OpError> {
        let instance = find_instance(config, self.name, self.uuid)?;
        let holder = config.nodes.get(&instance.primary_node);
        has_left(config, &instance.name, self.source, holder)
    }

    /// What the opcode means in this configuration: which instance, and to which node. `None` as
    /// target leaves the choice to the placement.
    pub(super) fn check<'a>(
        &self,
        env: &Env<'a>,
    ) -> Result<(Subject<'a>, Option<&'a Arc<Node>>), OpError> {
        let config = env.config();
        let subject = Subject::find(config, self.name, self.uuid)?;
        subject.check_known()?;
        check_allocator(env, self.iallocator, Some(&subject.primary.group))?;
        let wrong = |text: String| OpError::prereq(ErrorCode::WrongInput, text);
        if is_named(self.iallocator) && self.target.is_some() {
            return Err(wrong(
                "an allocator and a node were given: only one of them can choose".into(),
            ));
        }
        if is_named(self.iallocator) && subject.template().mirroring() == Mirroring::Internal {
            return Err(wrong(format!(
                "instance {} is mirrored by drbd: it moves to its secondary node, there is nothing for an allocator to choose",
                subject.name()
            )));
        }
        let target = match (subject.check_movable()?, self.target) {
            (Mirroring::Internal, None) => subject.secondary_or_fail()?,
            (Mirroring::Internal, Some(name)) => {
                let secondary = subject.secondary_or_fail()?;
                let target = find_node(config, name, None)?;
                // A job of an operation was planned before it ran: a mirrored instance has one place
                // to go to, and where that was changed meanwhile it is the new one.
                if target.uuid != secondary.uuid && self.source.is_none() {
                    return Err(wrong(format!(
                        "instance {} is mirrored by drbd: it moves to its secondary node {}, not to {name}",
                        subject.name(),
                        secondary.name
                    ))
                    .hint(format!(
                        "gnt-instance replace-disks -n {name} {} makes {name} its secondary node",
                        subject.name()
                    )));
                }
                secondary
            }
            (_, Some(name)) => find_node(config, name, None)?,
            (_, None) => return Ok((subject, None)),
        };
        if target.uuid == subject.primary.uuid {
            return Err(OpError::prereq(
                ErrorCode::WrongState,
                format!("instance {} is on {} already", subject.name(), target.name),
            ));
        }
        // A drbd instance goes where its copy is, and a job of an operation where that planned it to.
        if subject.template().mirroring() != Mirroring::Internal && self.source.is_none() {
            check_same_group(config, subject.primary, target)?;
        }
        Ok((subject, Some(target)))
    }

    /// Does what is asked for: `moves` brings the instance to its target, unless it has left already, or an
    /// allocator is to choose; then the job goes on as the same opcode `towards` the node that it chose.
    pub(super) fn carry_out<'a, T: Into<Opcode>>(
        &self,
        env: &Env<'a>,
        what: &str,
        towards: impl FnOnce(&Node, &Node) -> T,
        moves: impl FnOnce(&Subject<'a>, &'a Arc<Node>) -> Result<Outcome, Failure>,
    ) -> Result<Outcome, Failure> {
        if let Some(outcome) = self.has_left(env.config())? {
            return Ok(outcome);
        }
        let (subject, target) = self.check(env)?;
        env.feedback(format!("{what} instance {}", subject.name()));
        if let Some(name) = self.left_to(env, &subject, target) {
            return move_goes_on_as(env, name, &subject, |node| {
                towards(subject.primary, node).into()
            });
        }
        if env.common.dry_run {
            return Ok(Outcome::default());
        }
        moves(&subject, self.target(env, &subject, target)?)
    }

    /// The external allocator that is to choose the target, if one is.
    fn left_to<'a>(
        &'a self,
        env: &Env<'a>,
        subject: &Subject<'_>,
        target: Option<&Arc<Node>>,
    ) -> Option<&'a str> {
        match target {
            Some(_) => None,
            None => allocator_instead(env, self.iallocator, Some(&subject.primary.group)),
        }
    }

    /// The target: the one that is given, or what the placement chooses. An earlier run of this
    /// opcode may have begun with another choice; it is kept.
    fn target<'a>(
        &self,
        env: &Env<'a>,
        subject: &Subject<'a>,
        given: Option<&'a Arc<Node>>,
    ) -> Result<&'a Arc<Node>, Failure> {
        if let Some(node) = given {
            return Ok(node);
        }
        if env.attempt > 1
            && let Some(node) = begun_towards(env, subject)?
        {
            return Ok(node);
        }
        Ok(place(env, subject, Role::Primary)?)
    }
}

/// Where an earlier run of the opcode was about to bring the instance, if that can be seen.
fn begun_towards<'a>(
    env: &Env<'a>,
    subject: &Subject<'a>,
) -> Result<Option<&'a Arc<Node>>, Failure> {
    let config = env.config();
    let online = group_mates(config, subject.primary).filter(|node| !node.offline);
    let nodes: Vec<NodeRef> = online.map(|node| reference(node)).collect();
    let seen = look(env, &subject.reference, &nodes)?;
    let to = match &seen.activity {
        Some(Activity::Migrating { to, .. }) => Some(to),
        Some(Activity::Starting { node }) => Some(node),
        Some(Activity::Stopping { .. }) | None => seen.running_on.first(),
    };
    let elsewhere = to.filter(|to| **to != subject.primary.uuid);
    Ok(elsewhere.and_then(|to| config.nodes.get(to)))
}
