//! Moving an instance to another node: migrate and failover.

use std::sync::Arc;
use std::time::Duration;

use super::advice::{allocator_instead, check_allocator, is_named, move_goes_on_as};
use super::fence::{ensure_off, mark_offline};
use super::guest::{is_declared, refreshed};
use super::instance_cleanup::{cleanup, cleanup_nodes};
use super::instance_relocate::started_again;
use super::remains;
use super::settle::{
    Goal, ask_twice, describe, failed, forget_if_possible, look, settle, uncertain,
};
use super::shared::{
    Subject, about, arrival, check_room_on, check_same_group, check_target, cleanup_hint,
    find_instance, find_node, group_mates, has_left, lock_instance, moved, others, place,
    reference, share_nodes, silent, silent_hint,
};
use super::{Env, Failure, LogicalUnit, Outcome};
use crate::allocator::{Claim, Role, Rules, World, choose_node};
use crate::cluster::{Config, Edit, Mirroring, Node, NodeUuid};
use crate::hypervisor::{
    Activity, Call, CopyState, Hypervisor, MigrationPolicy, NodeRef, Observed, Stop, VerbError,
};
use crate::locking::{LockSet, Mode};
use crate::opcodes::{
    ErrorCode, InstanceFailover, InstanceMigrate, MigrationMode, OpError, PowerOff,
};
use crate::queue::JobId;

/// What an instance has to do with a move, for both ways of moving.
struct Request<'a> {
    name: &'a str,
    uuid: Option<&'a str>,
    source: Option<&'a String>,
    target: Option<&'a str>,
    iallocator: Option<&'a String>,
}

impl Request<'_> {
    /// The instance alone; the nodes shared, so that moves run side by side: both nodes, or all of
    /// the group where the target is still to be chosen.
    fn locks(&self, config: &Config, whole_group: bool) -> LockSet {
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
    fn claims(&self, world: &World) -> Vec<Claim> {
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
    fn has_left(&self, config: &Config) -> Result<Option<Outcome>, OpError> {
        let instance = find_instance(config, self.name, self.uuid)?;
        let holder = config.nodes.get(&instance.primary_node);
        has_left(config, &instance.name, self.source, holder)
    }

    /// What the opcode means in this configuration: which instance, and to which node. `None` as
    /// target leaves the choice to the placement.
    fn check<'a>(&self, env: &Env<'a>) -> Result<(Subject<'a>, Option<&'a Arc<Node>>), OpError> {
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

/// Refuses a target that does not take the instance. Asked before a move is begun, not when one is
/// on its way already.
fn admit(env: &Env<'_>, subject: &Subject<'_>, target: &Node) -> Result<(), OpError> {
    check_target(target)?;
    match subject.is_up() {
        true => check_room_on(env, subject, target, Role::Primary),
        false => Ok(()),
    }
}

/// The same, and it has to answer.
fn admit_seen(
    env: &Env<'_>,
    subject: &Subject<'_>,
    target: &Node,
    seen: &Observed,
) -> Result<(), OpError> {
    admit(env, subject, target)?;
    match seen.silent.contains(&target.uuid) {
        true => Err(silent(&target.name, ErrorCode::EnvironmentError)),
        false => Ok(()),
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

/// Looks whether the instance is at its source, if that is not declared dead, or at its target.
fn look_before(env: &Env<'_>, subject: &Subject<'_>, target: &Node) -> Result<Observed, Failure> {
    let mut nodes = vec![reference(target)];
    if !subject.primary.offline {
        nodes.push(reference(subject.primary));
    }
    let seen = look(env, &subject.reference, &nodes)?;
    if seen.running_on.len() > 1 {
        return Err(runs_twice(env, subject, &seen.running_on));
    }
    Ok(seen)
}

/// The failure that nothing may follow but an operator's decision.
pub(super) fn runs_twice(env: &Env<'_>, subject: &Subject<'_>, on: &[NodeUuid]) -> Failure {
    let names: Vec<&str> = on.iter().map(|uuid| env.config().node_name(uuid)).collect();
    let text = format!(
        "instance {} runs on {} at the same time: its disks are in danger",
        subject.name(),
        names.join(" and ")
    );
    let mut failure = uncertain(&subject.reference, text);
    failure.error = failure.error.hint(format!(
        "stop it by hand on all of them but one, then: {}",
        cleanup_hint(subject.name())
    ));
    failure
}

/// Refuses to move while something else is on its way with the instance.
pub(super) fn busy(env: &Env<'_>, subject: &Subject<'_>, activity: &Activity) -> OpError {
    let name_of = |uuid: &NodeUuid| env.config().node_name(uuid).to_owned();
    OpError::exec(format!(
        "instance {} {}",
        subject.name(),
        describe(activity, name_of)
    ))
    .code(ErrorCode::WrongState)
    .hint("wait for its end and submit again")
}

/// Refuses a drbd target whose copy of the disks is not usable.
fn check_in_sync(env: &Env<'_>, subject: &Subject<'_>, target: &Node) -> Result<(), Failure> {
    if subject.template().mirroring() != Mirroring::Internal {
        return Ok(());
    }
    let copies = env.call(env.limits.look, |call| {
        env.driver.copies(call, &subject.reference)
    });
    let what = format!("see the disks of {}", subject.name());
    let copies = copies.map_err(|error| failed(env, &what, error))?;
    let state = copies.iter().find(|(node, _)| *node == target.uuid);
    let why = match state {
        Some((_, CopyState::InSync)) => return Ok(()),
        Some((_, CopyState::Syncing(percent))) => format!("is not in sync ({percent:.0} %)"),
        None => "is missing".to_owned(),
    };
    let text = format!(
        "the copy of {}'s disks on {} {why}",
        subject.name(),
        target.name
    );
    Err(OpError::exec(text)
        .code(ErrorCode::WrongState)
        .hint(format!(
            "gnt-instance replace-disks --auto {} repairs it",
            subject.name()
        ))
        .into())
}

/// The instance is at its target: what that changes.
fn arrived(subject: &Subject<'_>, target: &Node) -> Outcome {
    let mut detail = about(subject.name());
    detail.moves = vec![moved(Role::Primary, subject.primary, target)];
    Outcome {
        detail,
        edits: vec![Edit::SetPrimary {
            instance: subject.instance.uuid.clone(),
            node: target.uuid.clone(),
        }],
        ..Outcome::default()
    }
}

impl InstanceMigrate {
    fn request(&self) -> Request<'_> {
        Request {
            name: &self.instance_name,
            uuid: self.instance_uuid.as_deref(),
            source: self.source_node.as_ref().filter(|_| !self.cleanup),
            target: self.target_node.as_deref(),
            iallocator: self.iallocator.as_ref(),
        }
    }

    /// Whether it is to be failed over instead, or why it can be neither.
    fn fails_over(&self, env: &Env<'_>, subject: &Subject<'_>) -> Result<bool, OpError> {
        let name = subject.name();
        let why = if !subject.is_up() {
            format!("instance {name} is meant to be stopped: there is nothing to migrate")
        } else if subject.primary.offline {
            format!("{} is offline: {name} cannot migrate", subject.primary.name)
        } else if env.config().backend(subject.instance).always_failover {
            format!("instance {name} is marked always_failover")
        } else {
            return Ok(false);
        };
        if self.allow_failover {
            return Ok(true);
        }
        Err(OpError::prereq(ErrorCode::WrongState, why)
            .hint(format!("gnt-instance failover {name} moves it")))
    }

    fn as_failover(&self) -> InstanceFailover {
        InstanceFailover {
            instance_name: self.instance_name.clone(),
            instance_uuid: self.instance_uuid.clone(),
            shutdown_timeout: crate::opcodes::shutdown_timeout(),
            ignore_consistency: false,
            target_node: self.target_node.clone(),
            source_node: self.source_node.clone(),
            iallocator: self.iallocator.clone(),
            ignore_ipolicy: self.ignore_ipolicy,
            power_off: None,
        }
    }

    /// How it is to be moved.
    fn policy(&self, config: &Config, subject: &Subject<'_>) -> MigrationPolicy {
        MigrationPolicy {
            live: self.mode != Some(MigrationMode::NonLive),
            // Of what the hypervisor knows to be shared nobody has to convince it.
            trust_storage: is_declared(config, subject.instance),
            ..self.migration.policy()
        }
    }

    fn migrate(&self, env: &Env<'_>, subject: &Subject<'_>, to: &Node) -> Result<Outcome, Failure> {
        let (name, from) = (subject.name(), subject.primary);
        let (source, target) = (reference(from), reference(to));
        let seen = look_before(env, subject, to)?;
        let on = |node: &Node| seen.running_on.contains(&node.uuid);
        match &seen.activity {
            Some(Activity::Migrating { from: a, to: b }) if *a == from.uuid && *b == to.uuid => {
                env.info(format!("{name} is migrating already: following it"));
            }
            Some(activity) => return Err(busy(env, subject, activity).into()),
            None if on(to) => {
                env.info(format!("{name} runs on {} already", to.name));
                forget_if_possible(env, &subject.reference, &seen)?;
                return Ok(arrived(subject, to));
            }
            None if self.fails_over(env, subject)? => return self.as_failover().execute(env),
            None if !on(from) => return Err(not_running(subject, &seen).into()),
            None => {
                admit_seen(env, subject, to, &seen)?;
                check_in_sync(env, subject, to)?;
                env.feedback(format!("* migrating instance to {}", to.name));
            }
        }
        let policy = self.policy(env.config(), subject);
        let end = env.call(policy.limit(env.limits.migrate), |call| {
            (env.driver).migrate(call, &subject.reference, &source, &target, &policy)
        });
        let goal = Goal::Moved {
            from: &source,
            to: &target,
        };
        let end = settle(env, &subject.reference, goal, end);
        let is_known = |failure: &Failure| {
            let unknown = failure.error.code == Some(ErrorCode::Unknown);
            !failure.left_behind && !unknown
        };
        if end.as_ref().err().is_none_or(is_known) {
            remains::clear(env, &subject.reference, [&source, &target]);
        }
        end?;
        env.feedback("* done");
        let mut outcome = arrived(subject, to);
        outcome.edits.extend(refreshed(env, subject.instance, to));
        Ok(outcome)
    }
}

/// Why an instance cannot migrate that runs neither here nor there.
fn not_running(subject: &Subject<'_>, seen: &Observed) -> OpError {
    let (name, primary) = (subject.name(), &subject.primary.name);
    if seen.silent.contains(&subject.primary.uuid) {
        return OpError::exec(format!(
            "{primary} does not answer: {name} cannot migrate away from it"
        ))
        .code(ErrorCode::EnvironmentError)
        .hint(format!(
            "{}, then: gnt-instance failover {name}",
            silent_hint(primary)
        ));
    }
    OpError::exec(format!(
        "instance {name} is meant to run on {primary} but does not run"
    ))
    .code(ErrorCode::WrongState)
    .hint(format!(
        "gnt-instance startup {name} starts it there, gnt-instance failover {name} elsewhere"
    ))
}

impl LogicalUnit for InstanceMigrate {
    fn plans(&self) -> bool {
        is_named(self.iallocator.as_ref()) && !self.cleanup
    }

    fn claims(&self, world: &World, _: JobId, _: u32) -> Vec<Claim> {
        match self.cleanup {
            true => vec![],
            false => self.request().claims(world),
        }
    }

    fn locks(&self, config: &Config) -> LockSet {
        self.request().locks(config, self.cleanup)
    }

    fn check(&self, env: &Env<'_>) -> Result<(), OpError> {
        let request = self.request();
        if self.cleanup {
            let subject = Subject::find(env.config(), request.name, request.uuid)?;
            return cleanup_nodes(env, &subject).map(|_| ());
        }
        if request.has_left(env.config())?.is_some() {
            return Ok(());
        }
        let (subject, target) = request.check(env)?;
        if env.attempt > 1 {
            // An earlier run may have begun: only a look tells whether what follows still matters.
            return Ok(());
        }
        self.fails_over(env, &subject)?;
        target.map_or(Ok(()), |target| admit(env, &subject, target))
    }

    fn execute(&self, env: &Env<'_>) -> Result<Outcome, Failure> {
        let request = self.request();
        if self.cleanup {
            let subject = Subject::find(env.config(), request.name, request.uuid)?;
            return cleanup(env, &subject);
        }
        if let Some(outcome) = request.has_left(env.config())? {
            return Ok(outcome);
        }
        let (subject, target) = request.check(env)?;
        env.feedback(format!("Migrating instance {}", subject.name()));
        if let Some(name) = request.left_to(env, &subject, target) {
            return move_goes_on_as(env, name, &subject, |node| {
                InstanceMigrate {
                    target_node: Some(node.name.clone()),
                    source_node: Some(subject.primary.name.clone()),
                    iallocator: None,
                    ..self.clone()
                }
                .into()
            });
        }
        if env.common.dry_run {
            return Ok(Outcome::default());
        }
        let target = request.target(env, &subject, target)?;
        self.migrate(env, &subject, target)
    }
}

impl InstanceFailover {
    fn request(&self) -> Request<'_> {
        Request {
            name: &self.instance_name,
            uuid: self.instance_uuid.as_deref(),
            source: self.source_node.as_ref(),
            target: self.target_node.as_deref(),
            iallocator: self.iallocator.as_ref(),
        }
    }

    fn fail_over(
        &self,
        env: &Env<'_>,
        subject: &Subject<'_>,
        to: &Node,
    ) -> Result<Outcome, Failure> {
        let target = reference(to);
        let mut off = None;
        let seen = look_before(env, subject, to)?;
        let there = seen.running_on.contains(&to.uuid)
            || matches!(&seen.activity, Some(Activity::Starting { node }) if *node == to.uuid);
        if !there {
            if let Some(activity) = &seen.activity
                && !matches!(activity, Activity::Stopping { node } if *node == subject.primary.uuid)
            {
                return Err(busy(env, subject, activity).into());
            }
            admit_seen(env, subject, to, &seen)?;
            if self.ignore_consistency {
                env.warn("the copy of the disks is used even if it is not in sync");
            } else {
                check_in_sync(env, subject, to)?;
            }
            off = self.stop_at_source(env, subject, &seen)?;
            self.hand_over(env, subject, &target, &seen)?;
            if self.ignore_consistency && subject.template().mirroring() == Mirroring::Internal {
                // A copy that is not in sync is only used when it is told that it counts.
                let active = env.call(env.limits.storage, |call| {
                    env.driver.activate(call, &subject.reference, &target)
                });
                let doing = format!("activate the disks of {} on {}", subject.name(), to.name);
                active.map_err(|error| failed(env, &doing, error))?;
            }
        }
        let mut outcome = arrived(subject, to);
        outcome.edits.extend(off);
        // One that runs at its target is followed even if it is meant to be stopped: that is not
        // this opcode's to decide.
        if subject.is_up() || there {
            env.feedback(format!("* starting instance on {}", to.name));
            if let Err(mut failure) = start_anyway(env, subject, &target) {
                if !there {
                    failure = stays_at_source(env, subject, failure)?;
                }
                // The disks are in use there now, or free to be: from here on it is there that the
                // instance has to be dealt with.
                failure.edits.append(&mut outcome.edits);
                failure.detail = Box::new(outcome.detail);
                if failure.error.hint.is_none() {
                    failure.error = failure.error.hint(format!(
                        "{} belongs to {} now and is stopped: gnt-instance startup {0}",
                        subject.name(),
                        to.name
                    ));
                }
                return Err(failure);
            }
        }
        Ok(outcome)
    }

    /// Makes the instance known at its target, and no longer at its source if that can be asked. One that
    /// had to be stopped for it is started again where that fails.
    fn hand_over(
        &self,
        env: &Env<'_>,
        subject: &Subject<'_>,
        target: &NodeRef,
        seen: &Observed,
    ) -> Result<(), Failure> {
        let source = subject.primary;
        let (name, from) = (subject.name(), reference(source));
        if source.offline || seen.silent.contains(&source.uuid) {
            if target.host.is_none() {
                return Ok(());
            }
            let what = format!("make {name} known on {}", target.name);
            ask_twice(env, &what, |call| {
                env.driver.define(call, &subject.reference, target)
            })?;
            return mark_again(env, subject, target);
        }
        let what = format!("hand {name} over from {} to {}", source.name, target.name);
        let end = ask_twice(env, &what, |call| {
            (env.driver).hand_over(call, &subject.reference, &from, target)
        });
        match end {
            Err(failure) if !failure.left_behind && !seen.running_on.is_empty() => {
                Err(started_again(env, subject, failure))
            }
            Err(failure) => Err(failure),
            Ok(()) => mark_again(env, subject, target),
        }
    }

    /// Makes sure that the instance does not run at its source. Gives what there is to be written of a
    /// source that was found to be off.
    fn stop_at_source(
        &self,
        env: &Env<'_>,
        subject: &Subject<'_>,
        seen: &Observed,
    ) -> Result<Option<Edit>, Failure> {
        let (name, node) = (subject.name(), subject.primary);
        if node.offline {
            if ensure_off(env, node, self.power_off)? == Some(PowerOff::Forced) {
                refuse_alive(env, subject)?;
            }
            env.info(format!(
                "{} is offline: not stopping {name} there",
                node.name
            ));
            return Ok(None);
        }
        if seen.silent.contains(&node.uuid) {
            if node.host.is_some() {
                ensure_off(env, node, self.power_off)?;
                return Ok(mark_offline(env, node));
            }
            if self.ignore_consistency {
                env.warn(format!(
                    "{} does not answer; {name} might still run there",
                    node.name
                ));
                return Ok(None);
            }
            return Err(OpError::exec(format!(
                "{} does not answer: {name} might still run there",
                node.name
            ))
            .code(ErrorCode::EnvironmentError)
            .hint(silent_hint(&node.name))
            .into());
        }
        let stopping = matches!(seen.activity, Some(Activity::Stopping { .. }));
        if seen.running_on.is_empty() && !stopping {
            return Ok(None);
        }
        env.feedback(format!("* shutting down instance on {}", node.name));
        match stop(env, subject, node, self.shutdown_timeout) {
            Err(failure) if self.ignore_consistency && !gives_up(env, &failure) => {
                env.warn(format!("{}; going on all the same", failure.error));
                Ok(None)
            }
            end => end.map(|()| None),
        }
    }
}

/// Marks an instance that a machine has just come to know as the cluster's: the mark need not be a part of its
/// definition.
fn mark_again(env: &Env<'_>, subject: &Subject<'_>, target: &NodeRef) -> Result<(), Failure> {
    let cluster = env.config().cluster.as_ref();
    let cluster = cluster.map(|cluster| cluster.uuid.as_str());
    match target.host.is_some() {
        false => Ok(()),
        true => ask_twice(env, &format!("mark {}", subject.name()), |call| {
            (env.driver).mark(call, &subject.instance.uuid, target, cluster)
        }),
    }
}

/// Refuses a source that is marked offline and runs the instance.
fn refuse_alive(env: &Env<'_>, subject: &Subject<'_>) -> Result<(), OpError> {
    let (name, node) = (subject.name(), subject.primary);
    let asked = env.call_undisturbed(env.limits.look, |call| {
        (env.driver).observe(call, &subject.reference, &[reference(node)])
    });
    match asked {
        Ok(seen) if seen.running_on.contains(&node.uuid) => Err(OpError::exec(format!(
            "{0} is marked offline, but it answers, and {name} runs there",
            node.name
        ))
        .code(ErrorCode::WrongState)
        .hint(format!(
            "gnt-node modify --offline no {0}, then move {name} away; or switch {0} off",
            node.name
        ))),
        _ => Ok(()),
    }
}

/// Whether a failure is one that no flag overrides: cancelled, or left to the next runner.
fn gives_up(env: &Env<'_>, failure: &Failure) -> bool {
    failure.left_behind || env.interrupt.canceled()
}

/// Stops an instance, giving its guest `timeout` seconds.
pub(super) fn stop(
    env: &Env<'_>,
    subject: &Subject<'_>,
    node: &Node,
    timeout: u32,
) -> Result<(), Failure> {
    let node = reference(node);
    let timeout = Duration::from_secs(timeout.into());
    let end = env.call(timeout + env.limits.stop_margin, |call| {
        (env.driver).stop(call, &subject.reference, &node, Stop::Graceful(timeout))
    });
    settle(env, &subject.reference, Goal::Stopped(&node), end)
}

/// Starts an instance.
pub(super) fn start(env: &Env<'_>, subject: &Subject<'_>, node: &NodeRef) -> Result<(), Failure> {
    let others = others(env.config(), subject, node);
    let end = env.call(env.limits.start, |call| {
        (env.driver).start(call, &subject.reference, node, &others)
    });
    settle(env, &subject.reference, Goal::Started(node), end)
}

/// Whether an instance that could not be started elsewhere runs at its source, which was believed to be
/// dead: then it has not moved, and nothing is to be written that says so. Gives the failure back if it
/// does not run there.
///
/// # Errors
/// The failure, if it does or if that cannot be seen.
fn stays_at_source(
    env: &Env<'_>,
    subject: &Subject<'_>,
    mut failure: Failure,
) -> Result<Failure, Failure> {
    let (name, source) = (subject.name(), &subject.primary.name);
    match look(env, &subject.reference, &[reference(subject.primary)]) {
        Ok(seen) if seen.running_on.contains(&subject.primary.uuid) => {
            failure.error = failure.error.hint(format!(
                "{source} is alive and {name} runs there; it stays where it is: switch {source} off, or bring it back with gnt-node modify --offline no {source}"
            ));
            Err(failure)
        }
        Ok(_) => Ok(failure),
        Err(unseen) if unseen.left_behind => Err(unseen),
        Err(_) => {
            let text = format!(
                "{}; whether {name} runs on {source} is unknown",
                failure.error
            );
            Err(uncertain(&subject.reference, text))
        }
    }
}

/// Starts an instance that was stopped to be started here: a cancellation that comes in between is
/// too late, for the instance would be left stopped.
pub(super) fn start_anyway(
    env: &Env<'_>,
    subject: &Subject<'_>,
    node: &NodeRef,
) -> Result<(), Failure> {
    let others = others(env.config(), subject, node);
    let begin = |call: &Call<'_>| env.driver.start(call, &subject.reference, node, &others);
    let mut end = env.call(env.limits.start, begin);
    if end == Err(VerbError::Aborted) && env.interrupt.canceled() {
        env.info("too late to cancel: the instance is started where it was moved to");
        end = env.call_undisturbed(env.limits.start, begin);
    }
    settle(env, &subject.reference, Goal::Started(node), end)
}

impl LogicalUnit for InstanceFailover {
    fn plans(&self) -> bool {
        is_named(self.iallocator.as_ref())
    }

    fn claims(&self, world: &World, _: JobId, _: u32) -> Vec<Claim> {
        self.request().claims(world)
    }

    fn locks(&self, config: &Config) -> LockSet {
        self.request().locks(config, false)
    }

    fn check(&self, env: &Env<'_>) -> Result<(), OpError> {
        let request = self.request();
        if request.has_left(env.config())?.is_some() {
            return Ok(());
        }
        let (subject, target) = request.check(env)?;
        match target.filter(|_| env.attempt == 1) {
            Some(target) => admit(env, &subject, target),
            None => Ok(()),
        }
    }

    fn execute(&self, env: &Env<'_>) -> Result<Outcome, Failure> {
        let request = self.request();
        if let Some(outcome) = request.has_left(env.config())? {
            return Ok(outcome);
        }
        let (subject, target) = request.check(env)?;
        env.feedback(format!("Failing over instance {}", subject.name()));
        if let Some(name) = request.left_to(env, &subject, target) {
            return move_goes_on_as(env, name, &subject, |node| {
                InstanceFailover {
                    target_node: Some(node.name.clone()),
                    source_node: Some(subject.primary.name.clone()),
                    iallocator: None,
                    ..self.clone()
                }
                .into()
            });
        }
        if env.common.dry_run {
            return Ok(Outcome::default());
        }
        let target = request.target(env, &subject, target)?;
        let outcome = self.fail_over(env, &subject, target)?;
        env.feedback("* done");
        Ok(outcome)
    }
}
