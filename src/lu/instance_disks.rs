//! Replacing copies of a mirrored instance's disks.

use std::sync::Arc;

use super::advice::{allocator_instead, check_allocator, goes_on_as, is_named, relocate};
use super::settle::failed;
use super::shared::{
    Subject, about, arrival, check_answers, check_online, check_room_on, check_same_group,
    check_target, find_node, group_mates, has_left, lock_instance, moved, nothing_to_do, place,
    reference, share_nodes,
};
use super::{
    ChildJob, Detail, Env, Failure, LogicalUnit, Outcome, PlanItem, ResultWithJobs, UnitResult,
};
use crate::allocator::{Claim, Role, Rules, World, choose_node};
use crate::cluster::{Config, DiskTemplate, Edit, Node, NodeUuid};
use crate::hypervisor::{CopyState, Hypervisor, NodeRef, VerbError};
use crate::locking::{LockSet, Mode};
use crate::opcodes::{ErrorCode, InstanceMigrate, InstanceReplaceDisks, OpError, ReplaceMode};
use crate::queue::JobId;

/// The copies of an instance's disks, by node.
type Copies = Vec<(NodeUuid, CopyState)>;

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

    /// The new secondary node: the one named, the one that an earlier run of this opcode had begun
    /// with, or what the placement chooses.
    fn new_secondary<'a>(
        &self,
        env: &Env<'a>,
        subject: &Subject<'a>,
        old: &Node,
        copies: &Copies,
    ) -> Result<&'a Arc<Node>, OpError> {
        if let Some(node) = self.named(env, subject)? {
            return Ok(node);
        }
        let config = env.config();
        let begun = copies
            .iter()
            .map(|(node, _)| node)
            .find(|node| env.attempt > 1 && **node != old.uuid && **node != subject.primary.uuid);
        if let Some(node) = begun.and_then(|node| config.nodes.get(node)) {
            return Ok(node);
        }
        place(env, subject, Role::Secondary)
    }

    fn change_secondary(
        &self,
        env: &Env<'_>,
        subject: &Subject<'_>,
        old: &Node,
    ) -> Result<Outcome, Failure> {
        let name = subject.name();
        step(env, 1, "Check device existence");
        let copies = copies_of(env, subject)?;
        let new = self.new_secondary(env, subject, old, &copies)?;
        env.info(format!("new secondary node of {name}: {}", new.name));
        step(env, 2, "Check peer consistency");
        check_source(subject, &copies, subject.primary)?;
        // One that is named was looked at in the checks of a first run, a moment ago.
        let looked_at = env.attempt == 1 && self.named(env, subject)?.is_some();
        if !looked_at && state_on(&copies, new).is_none() {
            check_target(new)?;
            check_room_on(env, subject, new, Role::Secondary)?;
        }
        check_answers(env, new, ErrorCode::EnvironmentError)?;
        // A dead node is not talked to: what it holds is forgotten.
        let early = self.early_release || old.offline;
        step(env, 3, "Allocate new storage");
        if early {
            add_copy(env, subject, new, Wait::No)?;
        }
        step(env, 4, "Changing drbd configuration");
        if early {
            step(env, 5, "Removing old storage");
            release(env, subject, old);
            step(env, 6, "Sync devices");
            add_copy(env, subject, new, Wait::ToTheEnd)
                .map_err(|failure| moved_all_the_same(env, subject, new, failure))?;
        } else {
            step(env, 5, "Sync devices");
            add_copy(env, subject, new, Wait::InSync)?;
            step(env, 6, "Removing old storage");
            release(env, subject, old);
        }
        let mut detail = about(name);
        detail.moves = vec![moved(Role::Secondary, old, new)];
        Ok(Outcome {
            detail,
            edits: vec![Edit::SetSecondary {
                instance: subject.instance.uuid.clone(),
                node: new.uuid.clone(),
            }],
            ..Outcome::default()
        })
    }

    /// Makes the copy on `node` anew from the one on `peer`.
    fn renew(
        &self,
        env: &Env<'_>,
        subject: &Subject<'_>,
        node: &Node,
        peer: &Node,
    ) -> Result<Outcome, Failure> {
        step(env, 1, "Check device existence");
        let copies = copies_of(env, subject)?;
        step(env, 2, "Check peer consistency");
        check_source(subject, &copies, peer)?;
        check_answers(env, node, ErrorCode::EnvironmentError)?;
        step(env, 3, "Allocate new storage");
        step(env, 4, "Changing drbd configuration");
        // An earlier run of this opcode has dropped it: what syncs now is the new one already.
        let renewing = matches!(state_on(&copies, node), Some(CopyState::Syncing(_)));
        if !(env.attempt > 1 && renewing) {
            drop_copy(env, subject, node)?;
        }
        step(env, 5, "Sync devices");
        add_copy(env, subject, node, Wait::ToTheEnd)?;
        step(env, 6, "Removing old storage");
        Ok(Outcome {
            detail: about(subject.name()),
            ..Outcome::default()
        })
    }

    /// Brings whichever copy is not usable in sync again.
    fn repair(
        &self,
        env: &Env<'_>,
        subject: &Subject<'_>,
        secondary: &Node,
    ) -> Result<Outcome, Failure> {
        let copies = copies_of(env, subject)?;
        let nodes = [subject.primary.as_ref(), secondary];
        let faulty: Vec<&Node> = nodes
            .into_iter()
            .filter(|node| state_on(&copies, node) != Some(CopyState::InSync))
            .collect();
        match faulty[..] {
            [] => Ok(nothing_to_do(
                subject.name(),
                format!("the copies of {}'s disks are in sync", subject.name()),
            )),
            [node] => {
                check_online(node)?;
                check_answers(env, node, ErrorCode::EnvironmentError)?;
                env.info(format!("the copy on {} is not in sync", node.name));
                step(env, 5, "Sync devices");
                add_copy(env, subject, node, Wait::ToTheEnd)?;
                Ok(Outcome {
                    detail: about(subject.name()),
                    ..Outcome::default()
                })
            }
            _ => Err(OpError::prereq(
                ErrorCode::WrongState,
                format!(
                    "no copy of {}'s disks is in sync: neither can repair the other",
                    subject.name()
                ),
            )
            .into()),
        }
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

/// Logs a step as Ganeti does.
fn step(env: &Env<'_>, number: u8, what: &str) {
    env.feedback(format!("STEP {number}/6 {what}"));
}

/// The copies as they are.
pub(super) fn copies_of(env: &Env<'_>, subject: &Subject<'_>) -> Result<Copies, Failure> {
    env.call_undisturbed(env.limits.look, |call| {
        env.driver.copies(call, &subject.reference)
    })
    .map_err(|error| failed(env, &format!("see the disks of {}", subject.name()), error))
}

pub(super) fn state_on(copies: &Copies, node: &Node) -> Option<CopyState> {
    let found = copies.iter().find(|(uuid, _)| *uuid == node.uuid);
    found.map(|(_, state)| *state)
}

/// Refuses to make a copy from one that is not whole itself.
fn check_source(subject: &Subject<'_>, copies: &Copies, node: &Node) -> Result<(), Failure> {
    if state_on(copies, node) == Some(CopyState::InSync) {
        return Ok(());
    }
    Err(OpError::exec(format!(
        "the copy of {}'s disks on {} is not in sync: nothing can be copied from it",
        subject.name(),
        node.name
    ))
    .code(ErrorCode::WrongState)
    .hint(format!(
        "gnt-instance replace-disks --auto {}",
        subject.name()
    ))
    .into())
}

/// Whether a new copy is awaited.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    /// Only until it has been begun.
    No,
    /// Until it is in sync.
    InSync,
    /// The same, and there is no other copy to fall back on: a cancelled job leaves it syncing.
    ToTheEnd,
}

/// Makes a copy. If that fails, it is taken back, so that the old ones stand as they did; unless nothing
/// stands in its place.
pub(super) fn add_copy(
    env: &Env<'_>,
    subject: &Subject<'_>,
    node: &Node,
    wait: Wait,
) -> Result<(), Failure> {
    let target = reference(node);
    let limit = match wait {
        Wait::No => env.limits.storage,
        Wait::InSync | Wait::ToTheEnd => env.limits.sync,
    };
    let end = env.call(limit, |call| {
        (env.driver).add_copy(call, &subject.reference, &target, wait != Wait::No)
    });
    let Err(error) = end else {
        return Ok(());
    };
    let name = subject.name();
    let what = format!("copy the disks of {name} to {}", node.name);
    let text = match error {
        VerbError::Unknown(text) => text,
        VerbError::LeftBehind => return Err(failed(env, &what, VerbError::LeftBehind)),
        VerbError::Aborted if wait == Wait::ToTheEnd && env.interrupt.canceled() => {
            begin_again(env, subject, &target);
            return Err(failed(env, &what, VerbError::Aborted));
        }
        // A verb that failed has taken back what it began; one that was begun by another call and
        // only joined has not.
        other => {
            take_back(env, subject, &target);
            return Err(failed(env, &what, other));
        }
    };
    env.warn(format!("{text}; looking at the copies of {name}"));
    let error = match copies_of(env, subject).map(|copies| state_on(&copies, node)) {
        Ok(Some(CopyState::InSync)) => return Ok(()),
        Ok(Some(CopyState::Syncing(_))) if wait == Wait::No => return Ok(()),
        Ok(Some(CopyState::Syncing(percent))) => {
            let fact = format!("{text}; the copy on {} is at {percent:.0} %", node.name);
            OpError::exec(fact).code(ErrorCode::Timeout)
        }
        Ok(None) => OpError::exec(format!("{text}; there is no copy on {}", node.name))
            .code(ErrorCode::Timeout),
        Err(_) => OpError::exec(format!(
            "{text}, whether there is a copy on {} is unknown",
            node.name
        ))
        .code(ErrorCode::Unknown),
    };
    if wait != Wait::ToTheEnd {
        take_back(env, subject, &target);
    }
    Err(error.into())
}

/// The old copy is given up, and the job ends before the new one is in sync: where that one is, is the
/// secondary now.
fn moved_all_the_same(
    env: &Env<'_>,
    subject: &Subject<'_>,
    new: &Node,
    mut failure: Failure,
) -> Failure {
    let there = || copies_of(env, subject).is_ok_and(|copies| state_on(&copies, new).is_some());
    if !failure.left_behind && there() {
        failure.edits.push(Edit::SetSecondary {
            instance: subject.instance.uuid.clone(),
            node: new.uuid.clone(),
        });
    }
    failure
}

/// Lets a copy sync on that nobody waits for any more: without it there would be one copy only.
fn begin_again(env: &Env<'_>, subject: &Subject<'_>, node: &NodeRef) {
    let end = env.call_undisturbed(env.limits.storage, |call| {
        (env.driver).add_copy(call, &subject.reference, node, false)
    });
    let name = subject.name();
    match end {
        Ok(()) => env.info(format!("the copy of {name} on {} syncs on", node.name)),
        Err(error) => env.warn(format!(
            "{name} has no second copy: it could not be made on {}: {error}",
            node.name
        )),
    }
}

/// Removes an unfinished copy, if the node lets us.
fn take_back(env: &Env<'_>, subject: &Subject<'_>, node: &NodeRef) {
    let end = env.call_undisturbed(env.limits.storage, |call| {
        (env.driver).drop_copy(call, &subject.reference, node)
    });
    if let Err(error) = end {
        env.warn(format!(
            "the unfinished copy of {} on {} could not be removed: {error}",
            subject.name(),
            node.name
        ));
    }
}

/// Removes copies that an earlier run of the opcode had begun, where the old one still stands.
fn take_back_begun(env: &Env<'_>, subject: &Subject<'_>, old: &Node) {
    let Ok(copies) = copies_of(env, subject) else {
        return;
    };
    if state_on(&copies, old).is_none() {
        return;
    }
    let begun = copies.iter().map(|(node, _)| node);
    let begun = begun.filter(|node| **node != old.uuid && **node != subject.primary.uuid);
    for node in begun.filter_map(|uuid| env.config().nodes.get(uuid)) {
        take_back(env, subject, &reference(node));
    }
}

/// Removes a copy; the job is past the point at which it could be cancelled.
pub(super) fn drop_copy(env: &Env<'_>, subject: &Subject<'_>, node: &Node) -> Result<(), Failure> {
    let end = env.call_undisturbed(env.limits.storage, |call| {
        (env.driver).drop_copy(call, &subject.reference, &reference(node))
    });
    let what = format!("remove the copy of {} on {}", subject.name(), node.name);
    let error = match end {
        Ok(()) => return Ok(()),
        Err(error) => error,
    };
    if let VerbError::Unknown(text) = &error {
        env.warn(format!(
            "{text}; looking at the copies of {}",
            subject.name()
        ));
        let copies = copies_of(env, subject);
        if copies.is_ok_and(|copies| state_on(&copies, node).is_none()) {
            return Ok(());
        }
    }
    Err(failed(env, &what, error))
}

/// Removes the copy on a node that is no longer needed. That it could not is no reason to fail: the
/// new one is what counts.
fn release(env: &Env<'_>, subject: &Subject<'_>, old: &Node) {
    if old.offline {
        env.info(format!(
            "{} is offline: its copy of {}'s disks is left there",
            old.name,
            subject.name()
        ));
        return;
    }
    let end = check_answers(env, old, ErrorCode::EnvironmentError).map_err(Failure::from);
    if let Err(failure) = end.and_then(|()| drop_copy(env, subject, old)) {
        env.warn(failure.error.to_string());
        env.feedback(" - INFO: remove the unused volumes by hand");
    }
}
