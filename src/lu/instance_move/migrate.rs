//! Moving a running instance while it runs.

use super::arrived;
use super::checks::{admit, admit_seen, busy, check_in_sync, look_before};
use super::request::Request;
use crate::allocator::{Claim, World};
use crate::cluster::{Config, Node};
use crate::hypervisor::{Activity, Hypervisor, MigrationPolicy, Observed};
use crate::locking::LockSet;
use crate::lu::advice::is_named;
use crate::lu::guest::{is_declared, refreshed};
use crate::lu::instance_cleanup::{cleanup, cleanup_nodes};
use crate::lu::remains;
use crate::lu::settle::{Goal, has_left, settle, stopped_since, stopped_there};
use crate::lu::shared::{Subject, reference, silent_hint};
use crate::lu::{Env, Failure, LogicalUnit, Outcome};
use crate::opcodes::{ErrorCode, InstanceFailover, InstanceMigrate, MigrationMode, OpError};
use crate::queue::JobId;

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
                remains::clear(env, &subject.reference, [&source, &target]);
                return Ok(arrived(subject, to));
            }
            None if env.attempt > 1 && has_left(&seen, &source, &target) => {
                let text = stopped_since(name, &target);
                return Err(stopped_there(&subject.reference, to.uuid.clone(), text));
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
        let towards = |from: &Node, to: &Node| InstanceMigrate {
            target_node: Some(to.name.clone()),
            source_node: Some(from.name.clone()),
            iallocator: None,
            ..self.clone()
        };
        request.carry_out(env, "Migrating", towards, |subject, target| {
            self.migrate(env, subject, target)
        })
    }
}
