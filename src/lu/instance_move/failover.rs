//! Moving an instance by stopping it here and starting it there.

use super::arrived;
use super::checks::{admit, admit_seen, busy, check_in_sync, look_before};
use super::power::{start_anyway, stop};
use super::request::Request;
use crate::allocator::{Claim, World};
use crate::cluster::{Config, Edit, Mirroring, Node};
use crate::hypervisor::{Activity, Hypervisor, NodeRef, Observed};
use crate::locking::LockSet;
use crate::lu::advice::is_named;
use crate::lu::fence::{ensure_off, mark_offline};
use crate::lu::instance_relocate::started_again;
use crate::lu::settle::{ask_twice, failed, look, mark, uncertain};
use crate::lu::shared::{Subject, reference, silent_hint};
use crate::lu::{Env, Failure, LogicalUnit, Outcome};
use crate::opcodes::{ErrorCode, InstanceFailover, OpError, PowerOff};
use crate::queue::JobId;

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
    match target.host.is_some() {
        false => Ok(()),
        true => mark(env, &subject.reference, target),
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
        let towards = |from: &Node, to: &Node| InstanceFailover {
            target_node: Some(to.name.clone()),
            source_node: Some(from.name.clone()),
            iallocator: None,
            ..self.clone()
        };
        self.request()
            .carry_out(env, "Failing over", towards, |subject, target| {
                let outcome = self.fail_over(env, subject, target)?;
                env.feedback("* done");
                Ok(outcome)
            })
    }
}
