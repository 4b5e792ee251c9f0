//! Moving an instance whose disks are on one node: they are copied while it is stopped.

use std::sync::Arc;

use super::copies::{Wait, add_copy, copies_of, drop_copy, state_on};
use super::instance_move::{busy, runs_twice, start_anyway, stop};
use super::settle::{Goal, look, settle};
use super::shared::{
    Subject, about, arrival, check_answers, check_online, check_room_on, check_target, find_node,
    lock_instance, moved, reference, refuse_violation, share_nodes,
};
use super::{Env, Failure, LogicalUnit, Outcome};
use crate::allocator::{Claim, NewInstance, Role, World, policy_breaches};
use crate::cluster::{Config, Edit, Mirroring, Node};
use crate::hypervisor::{Activity, CopyState, Hypervisor, Observed};
use crate::locking::{LockSet, Mode};
use crate::opcodes::{ErrorCode, InstanceMove, OpError};
use crate::queue::JobId;

impl InstanceMove {
    fn subject<'a>(&self, config: &'a Config) -> Result<Subject<'a>, OpError> {
        Subject::find(config, &self.instance_name, self.instance_uuid.as_deref())
    }

    fn target<'a>(&self, config: &'a Config) -> Result<&'a Arc<Node>, OpError> {
        find_node(config, &self.target_node, None)
    }

    /// Refuses parameters that this program does not have, and disks that need no such move.
    fn check_shape(&self, subject: &Subject<'_>, target: &Node) -> Result<(), OpError> {
        let wrong = |text: String| OpError::prereq(ErrorCode::WrongInput, text);
        let state = |text: String| OpError::prereq(ErrorCode::WrongState, text);
        subject.check_known()?;
        if let Some(compress) = self.compress.as_ref().filter(|how| *how != "none") {
            return Err(wrong(format!(
                "disks are not compressed with {compress} on their way"
            )));
        }
        if self.ignore_consistency {
            return Err(wrong(
                "a copy of disks that are in use is of no worth".to_owned(),
            ));
        }
        let (name, template) = (subject.name(), subject.template());
        if template.mirroring() != Mirroring::None {
            let text = format!("instance {name} is kept as {template}: its disks need no copying");
            return Err(state(text).hint(format!(
                "gnt-instance migrate {name}, or failover if it is stopped"
            )));
        }
        match target.uuid == subject.primary.uuid {
            true => Err(state(format!(
                "instance {name} is on {} already",
                target.name
            ))),
            false => Ok(()),
        }
    }

    fn check_policy(
        &self,
        env: &Env<'_>,
        subject: &Subject<'_>,
        target: &Node,
    ) -> Result<(), OpError> {
        let config = env.config();
        let like = NewInstance::like(config, subject.instance);
        let breaches = match target.group == subject.primary.group {
            true => vec![],
            false => policy_breaches(config, &target.group, &like),
        };
        if breaches.is_empty() {
            return Ok(());
        }
        let text = format!(
            "instance {} violates the policy of the group of {}: {}",
            subject.name(),
            target.name,
            breaches.join(", ")
        );
        refuse_violation(env, text, self.ignore_ipolicy, "moves it")
    }

    /// Stops it and brings its disks to the target; where that fails it is as it was.
    fn copy(
        &self,
        env: &Env<'_>,
        subject: &Subject<'_>,
        target: &Node,
        seen: &Observed,
    ) -> Result<(), Failure> {
        let source = subject.primary;
        let stopping = matches!(seen.activity, Some(Activity::Stopping { .. }));
        if stopping || seen.running_on.contains(&source.uuid) {
            env.feedback(format!("* shutting down instance on {}", source.name));
            stop(env, subject, source, self.shutdown_timeout)?;
        }
        env.feedback(format!("* copying disks to {}", target.name));
        add_copy(env, subject, target, Wait::InSync).map_err(|failure| {
            match subject.is_up() && !failure.left_behind {
                true => started_again(env, subject, failure),
                false => failure,
            }
        })
    }
}

/// Removes the disks on the node that the instance has left. What failed is tried once more; that it
/// could not be done is no reason to fail: the instance is elsewhere.
fn leave(env: &Env<'_>, subject: &Subject<'_>) -> Result<(), Failure> {
    for _ in 0..2 {
        match drop_copy(env, subject, subject.primary) {
            Ok(()) => return Ok(()),
            Err(failure) if failure.left_behind => return Err(failure),
            Err(failure) => env.warn(failure.error.to_string()),
        }
    }
    env.info("remove the unused volumes by hand");
    Ok(())
}

/// The move has failed, and the instance is started where it was.
pub(super) fn started_again(env: &Env<'_>, subject: &Subject<'_>, mut failure: Failure) -> Failure {
    let source = reference(subject.primary);
    env.feedback(format!("* starting instance on {} again", source.name));
    let end = env.call_undisturbed(env.limits.start, |call| {
        (env.driver).start(call, &subject.reference, &source, &[])
    });
    if let Err(second) = settle(env, &subject.reference, Goal::Started(&source), end) {
        failure.edits.extend(second.edits);
        failure.error.message = format!("{}; and {}", failure.error.message, second.error);
    }
    failure
}

impl LogicalUnit for InstanceMove {
    fn claims(&self, world: &World, _: JobId, _: u32) -> Vec<Claim> {
        let config = &world.config;
        let claim = |subject: Subject<'_>| {
            let target = self.target(config).ok()?;
            let leaves = target.uuid != subject.primary.uuid;
            leaves.then(|| arrival(config, &subject, target, Role::Primary))
        };
        self.subject(config)
            .ok()
            .and_then(claim)
            .into_iter()
            .collect()
    }

    fn locks(&self, config: &Config) -> LockSet {
        let mut locks = LockSet::new();
        if let Ok(subject) = self.subject(config) {
            lock_instance(&mut locks, subject.name(), Mode::Exclusive);
            share_nodes(&mut locks, [subject.primary]);
            share_nodes(&mut locks, self.target(config).ok());
        }
        locks
    }

    fn check(&self, env: &Env<'_>) -> Result<(), OpError> {
        let config = env.config();
        let (subject, target) = (self.subject(config)?, self.target(config)?);
        self.check_shape(&subject, target)?;
        if env.attempt > 1 {
            // An earlier run may have begun: only a look tells whether what follows still matters.
            return Ok(());
        }
        check_online(subject.primary)?;
        check_answers(env, subject.primary, ErrorCode::EnvironmentError)?;
        check_target(target)?;
        check_answers(env, target, ErrorCode::EnvironmentError)?;
        self.check_policy(env, &subject, target)?;
        check_room_on(env, &subject, target, Role::Primary)
    }

    fn execute(&self, env: &Env<'_>) -> Result<Outcome, Failure> {
        let config = env.config();
        let (subject, target) = (self.subject(config)?, self.target(config)?);
        let source = subject.primary;
        let seen = look(
            env,
            &subject.reference,
            &[reference(source), reference(target)],
        )?;
        if seen.running_on.len() > 1 {
            return Err(runs_twice(env, &subject, &seen.running_on));
        }
        let there = seen.running_on.contains(&target.uuid)
            || matches!(&seen.activity, Some(Activity::Starting { node }) if *node == target.uuid);
        let stopping =
            matches!(&seen.activity, Some(Activity::Stopping { node }) if *node == source.uuid);
        if let Some(activity) = seen.activity.as_ref().filter(|_| !there && !stopping) {
            return Err(busy(env, &subject, activity).into());
        }
        env.feedback(format!("Moving instance {}", subject.name()));
        let copies = copies_of(env, &subject)?;
        // An earlier run may have come so far.
        let copied = state_on(&copies, target) == Some(CopyState::InSync)
            && state_on(&copies, source).is_none();
        if !there && !copied {
            self.copy(env, &subject, target, &seen)?;
        }
        env.feedback(format!("* removing the disks on {}", source.name));
        leave(env, &subject)?;
        let edit = Edit::PlaceInstance {
            instance: subject.instance.uuid.clone(),
            nodes: vec![target.uuid.clone()],
        };
        let mut detail = about(subject.name());
        detail.moves = vec![moved(Role::Primary, source, target)];
        if subject.is_up() || there {
            env.feedback(format!("* starting instance on {}", target.name));
            if let Err(mut failure) = start_anyway(env, &subject, &reference(target)) {
                failure.edits.push(edit);
                failure.detail = Box::new(detail);
                let hint = format!(
                    "{} belongs to {} now and is stopped: gnt-instance startup {0}",
                    subject.name(),
                    target.name
                );
                failure.error.hint.get_or_insert(hint);
                return Err(failure);
            }
        }
        env.feedback("* done");
        Ok(Outcome {
            detail,
            edits: vec![edit],
            ..Outcome::default()
        })
    }
}
