//! Replacing copies of a mirrored instance's disks.

mod steps;

use std::sync::Arc;

use super::advice::{allocator_instead, check_allocator, goes_on_as, is_named, relocate};
use super::shared::{
    Subject, arrival, check_online, check_room_on, check_same_group, check_target, find_node,
    group_mates, has_left, lock_instance, moved, share_nodes,
};
use super::{
    ChildJob, Detail, Env, Failure, LogicalUnit, Outcome, PlanItem, ResultWithJobs, UnitResult,
};
use crate::allocator::{Claim, Role, Rules, World, choose_node};
use crate::cluster::{Config, DiskTemplate, Node};
use crate::locking::{LockSet, Mode};
use crate::opcodes::{ErrorCode, InstanceMigrate, InstanceReplaceDisks, OpError, ReplaceMode};
use crate::queue::JobId;

use steps::take_back_begun;

impl InstanceReplaceDisks {
    fn subject<'a>(&self, config: &'a Config) -> Result<Subject<'a>, OpError> {
        Subject::find(config, &self.instance_name, self.instance_uuid.as_deref())
    }

    /// Whether the node that is to lose the secondary role has lost it already.
    fn has_left(&self, config: &Config, subject: &Subject<'_>) -> Result<Option<Outcome>, OpError> {
        has_left(
            config,
            subject.name(),
            self.source_node.as_ref(),
            subject.secondary,
        )
    }

    /// On a node that is being emptied, the instance may have become primary where it was secondary
    /// (somebody migrated it meanwhile): then a job of its own moves it away, both roles.
    fn came_to_run(&self, subject: &Subject<'_>) -> Option<Outcome> {
        let source = self.source_node.as_ref()?;
        if !self.vacate || subject.primary.name != *source {
            return None;
        }
        let leave = InstanceMigrate {
            instance_uuid: self.instance_uuid.clone(),
            target_node: subject.secondary.map(|node| node.name.clone()),
            source_node: self.source_node.clone(),
            ignore_ipolicy: self.ignore_ipolicy,
            allow_failover: true,
            ..InstanceMigrate::of(&self.instance_name)
        };
        let replace = InstanceReplaceDisks {
            remote_node: None,
            ..self.clone()
        };
        let job = ChildJob {
            ops: vec![leave.into(), replace.into()],
            claims: vec![],
        };
        let item = PlanItem {
            instance: subject.name().to_owned(),
            moves: vec![],
            ops: job.ops.iter().map(|op| op.op.id().to_owned()).collect(),
        };
        Some(Outcome {
            result: UnitResult::Jobs(ResultWithJobs {
                jobs: vec![job],
                ..ResultWithJobs::default()
            }),
            detail: Detail {
                instance: Some(subject.name().to_owned()),
                plan: vec![item],
                ..Detail::default()
            },
            edits: vec![],
        })
    }

    /// The same with the node that an external allocator chooses, as a job of its own.
    fn goes_on(
        &self,
        env: &Env<'_>,
        subject: &Subject<'_>,
        old: &Node,
        allocator: &str,
    ) -> Result<Outcome, Failure> {
        let (new, claims) = relocate(env, allocator, subject, Role::Secondary)?;
        let op = InstanceReplaceDisks {
            remote_node: Some(new.name.clone()),
            source_node: Some(old.name.clone()),
            iallocator: None,
            ..self.clone()
        };
        let moves = vec![moved(Role::Secondary, old, new)];
        Ok(goes_on_as(env, subject.name(), op.into(), moves, claims))
    }

    /// Whether the node that was planned as the new secondary has become the primary before this job
    /// of an operation ran: the placement then chooses another.
    fn is_overtaken(&self, subject: &Subject<'_>, planned: &Node) -> bool {
        self.source_node.is_some() && planned.uuid == subject.primary.uuid
    }

    /// Parameters that go together, and an instance that has copies.
    fn check_shape(&self, env: &Env<'_>, subject: &Subject<'_>) -> Result<(), OpError> {
        let wrong = |text: &str| OpError::prereq(ErrorCode::WrongInput, text);
        subject.check_known()?;
        if subject.template() != DiskTemplate::Drbd {
            let text = format!(
                "instance {} is kept as {}: only copies made by drbd can be replaced",
                subject.name(),
                subject.template()
            );
            return Err(wrong(&text));
        }
        if self.mode != ReplaceMode::NewSecondary {
            if self.remote_node.is_some() || self.iallocator.is_some() {
                return Err(wrong(
                    "a node or an allocator can only be given when the secondary changes",
                ));
            }
        } else if self.remote_node.is_some() && self.iallocator.is_some() {
            return Err(wrong(
                "an allocator and a node were given: only one of them can choose",
            ));
        }
        check_allocator(env, self.iallocator.as_ref(), Some(&subject.primary.group))?;
        let single = matches!(self.mode, ReplaceMode::OnPrimary | ReplaceMode::OnSecondary);
        if !single && !self.disks.is_empty() {
            return Err(wrong("in this mode all disks are replaced: name none"));
        }
        let count = subject.instance.disks.len();
        if let Some(disk) = self.disks.iter().find(|disk| **disk as usize >= count) {
            let text = format!(
                "instance {} has no disk {disk}: it has {count}",
                subject.name()
            );
            return Err(wrong(&text));
        }
        check_online(subject.primary)
    }

    /// The new secondary node, if one is named.
    fn named<'a>(
        &self,
        env: &Env<'a>,
        subject: &Subject<'a>,
    ) -> Result<Option<&'a Arc<Node>>, OpError> {
        let Some(name) = &self.remote_node else {
            return Ok(None);
        };
        let config = env.config();
        let node = find_node(config, name, None)?;
        if self.is_overtaken(subject, node) {
            return Ok(None);
        }
        let is = |other: &Node| other.uuid == node.uuid;
        for (holder, role) in [
            (Some(subject.primary), "primary"),
            (subject.secondary, "secondary"),
        ] {
            if holder.is_some_and(|holder| is(holder)) {
                return Err(OpError::prereq(
                    ErrorCode::WrongInput,
                    format!(
                        "{} is the {role} node of instance {} already",
                        node.name,
                        subject.name()
                    ),
                ));
            }
        }
        // A job of an operation may be on the way to another group.
        if self.source_node.is_none() {
            check_same_group(config, subject.primary, node)?;
        }
        Ok(Some(node))
    }
}

impl LogicalUnit for InstanceReplaceDisks {
    fn plans(&self) -> bool {
        is_named(self.iallocator.as_ref())
    }

    fn claims(&self, world: &World, _: JobId, _: u32) -> Vec<Claim> {
        let config = &world.config;
        let Ok(subject) = self.subject(config) else {
            return vec![];
        };
        // One that is left to an allocator has no need of them: the job that comes of it has.
        if self.mode != ReplaceMode::NewSecondary || is_named(self.iallocator.as_ref()) {
            return vec![];
        }
        let node = match &self.remote_node {
            Some(name) => find_node(config, name, None).ok(),
            None => {
                let uuid = &subject.instance.uuid;
                let placed = choose_node(world, uuid, Role::Secondary, Rules::default()).ok();
                let to = placed
                    .as_ref()
                    .and_then(|placed| Some(&placed.moves.first()?.to));
                to.and_then(|to| config.nodes.get(to))
            }
        };
        let claim = |node: &Arc<Node>| arrival(config, &subject, node, Role::Secondary);
        node.map(claim).into_iter().collect()
    }

    fn locks(&self, config: &Config) -> LockSet {
        let mut locks = LockSet::new();
        let Ok(subject) = self.subject(config) else {
            return locks;
        };
        lock_instance(&mut locks, subject.name(), Mode::Exclusive);
        share_nodes(&mut locks, [subject.primary]);
        share_nodes(&mut locks, subject.secondary);
        let named = self.remote_node.as_ref();
        match named.map(|name| find_node(config, name, None)) {
            Some(Ok(node)) if !self.is_overtaken(&subject, node) => {
                share_nodes(&mut locks, [node]);
            }
            Some(Ok(_)) => share_nodes(&mut locks, group_mates(config, subject.primary)),
            None if self.mode == ReplaceMode::NewSecondary => {
                share_nodes(&mut locks, group_mates(config, subject.primary));
            }
            Some(Err(_)) | None => {}
        }
        locks
    }

    fn check(&self, env: &Env<'_>) -> Result<(), OpError> {
        let subject = self.subject(env.config())?;
        if self.has_left(env.config(), &subject)?.is_some() {
            return Ok(());
        }
        // What an earlier run has begun is looked at first, and taken back where it cannot go on.
        if env.attempt > 1 && self.mode == ReplaceMode::NewSecondary {
            return Ok(());
        }
        self.check_shape(env, &subject)?;
        let secondary = subject.secondary_or_fail()?;
        match self.mode {
            ReplaceMode::OnPrimary | ReplaceMode::OnSecondary => check_online(secondary),
            ReplaceMode::Auto => Ok(()),
            ReplaceMode::NewSecondary => {
                let Some(new) = self.named(env, &subject)? else {
                    return Ok(());
                };
                check_target(new)?;
                check_room_on(env, &subject, new, Role::Secondary)
            }
        }
    }

    fn execute(&self, env: &Env<'_>) -> Result<Outcome, Failure> {
        let subject = self.subject(env.config())?;
        if let Some(outcome) = self.has_left(env.config(), &subject)? {
            return Ok(self.came_to_run(&subject).unwrap_or(outcome));
        }
        let secondary = subject.secondary_or_fail()?;
        env.feedback(format!("Replacing disks of instance {}", subject.name()));
        if self.mode == ReplaceMode::NewSecondary
            && self.named(env, &subject)?.is_none()
            && let Some(name) =
                allocator_instead(env, self.iallocator.as_ref(), Some(&subject.primary.group))
        {
            return self.goes_on(env, &subject, secondary, name);
        }
        if env.common.dry_run {
            return Ok(Outcome::default());
        }
        match self.mode {
            ReplaceMode::NewSecondary if env.attempt > 1 => {
                let shape = self.check_shape(env, &subject).map_err(Failure::from);
                let end = shape.and_then(|()| self.change_secondary(env, &subject, secondary));
                end.inspect_err(|failure| {
                    if !failure.left_behind {
                        take_back_begun(env, &subject, secondary);
                    }
                })
            }
            ReplaceMode::NewSecondary => self.change_secondary(env, &subject, secondary),
            ReplaceMode::OnSecondary => self.renew(env, &subject, secondary, subject.primary),
            ReplaceMode::OnPrimary => self.renew(env, &subject, subject.primary, secondary),
            ReplaceMode::Auto => self.repair(env, &subject, secondary),
        }
    }
}
