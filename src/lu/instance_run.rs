//! Starting, stopping and rebooting an instance where it is.

use std::sync::Arc;

use super::guest::refreshed;
use serde_json::Value;

use super::instance_move::{runs_twice, start, stop};
use super::parameters::{backend_changes, check_backend};
use super::settle::{describe, failed, look};
use super::shared::{
    Subject, about, check_memory, cleanup_hint, lock_instance, memory_at_home, reference,
    share_nodes, silent_hint,
};
use super::{Env, Failure, LogicalUnit, Outcome};
use crate::allocator::{Claim, World};
use crate::cluster::{AdminState, Config, Edit, Node, NodeUuid};
use crate::hypervisor::{Activity, Hypervisor, Observed};
use crate::locking::{LockSet, Mode};
use crate::opcodes::{
    ErrorCode, InstanceReboot, InstanceShutdown, InstanceStartup, OpError, RebootType,
};
use crate::queue::JobId;

/// Backend parameters that can be others for one run.
const FOR_ONE_RUN: [&str; 3] = ["maxmem", "minmem", "vcpus"];

/// The instance alone; its primary node shared, so that it does not go away.
fn locks(config: &Config, name: &str) -> LockSet {
    let mut locks = LockSet::new();
    if let Ok(subject) = Subject::find(config, name, None) {
        lock_instance(&mut locks, subject.name(), Mode::Exclusive);
        share_nodes(&mut locks, [subject.primary]);
    }
    locks
}

/// Refuses an instance whose node is declared dead.
fn check_node(subject: &Subject<'_>) -> Result<(), OpError> {
    let node = &subject.primary.name;
    if !subject.primary.offline {
        return Ok(());
    }
    Err(OpError::prereq(
        ErrorCode::WrongState,
        format!("{node}, the primary node of {}, is offline", subject.name()),
    )
    .hint(format!(
        "gnt-instance failover {} moves it without {node}",
        subject.name()
    )))
}

/// Looks at the instance on its own nodes, and refuses one that runs where it should not.
fn look_at_home(env: &Env<'_>, subject: &Subject<'_>) -> Result<Observed, Failure> {
    let online = |node: &&Arc<Node>| !node.offline;
    let nodes: Vec<_> = std::iter::once(subject.primary)
        .chain(subject.secondary)
        .filter(online)
        .map(|node| reference(node))
        .collect();
    let seen = look(env, &subject.reference, &nodes)?;
    if seen.running_on.len() > 1 {
        return Err(runs_twice(env, subject, &seen.running_on));
    }
    let config = env.config();
    let (name, home) = (subject.name(), &subject.primary.uuid);
    if let Some(node) = seen.running_on.iter().find(|node| *node != home) {
        let node = config.node_name(node);
        return Err(OpError::exec(format!(
            "instance {name} runs on {node}, not on its primary node {}",
            subject.primary.name
        ))
        .code(ErrorCode::WrongState)
        .hint(cleanup_hint(name))
        .into());
    }
    if let Some(activity @ Activity::Migrating { .. }) = &seen.activity {
        let name_of = |uuid: &NodeUuid| config.node_name(uuid).to_owned();
        return Err(
            OpError::exec(format!("instance {name} {}", describe(activity, name_of)))
                .code(ErrorCode::WrongState)
                .hint(cleanup_hint(name))
                .into(),
        );
    }
    if seen.silent.contains(home) {
        return Err(OpError::exec(format!(
            "{}, the primary node of {name}, does not answer",
            subject.primary.name
        ))
        .code(ErrorCode::EnvironmentError)
        .hint(silent_hint(&subject.primary.name))
        .into());
    }
    Ok(seen)
}

/// The outcome, remembering what is meant from now on unless that is not wanted.
fn remember(subject: &Subject<'_>, state: AdminState, remember: bool) -> Outcome {
    let edit = Edit::SetAdminState {
        instance: subject.instance.uuid.clone(),
        state,
    };
    Outcome {
        detail: about(subject.name()),
        edits: remember.then_some(edit).into_iter().collect(),
        ..Outcome::default()
    }
}

/// Refuses to start a mirrored instance whose secondary node does not answer.
fn check_secondary(
    subject: &Subject<'_>,
    seen: &Observed,
    anyway: bool,
    flag: &str,
) -> Result<(), OpError> {
    match subject.secondary {
        Some(node) if seen.silent.contains(&node.uuid) && !anyway => Err(OpError::exec(format!(
            "{}, the secondary node of {}, does not answer",
            node.name,
            subject.name()
        ))
        .code(ErrorCode::EnvironmentError)
        .hint(format!(
            "{}; {flag} starts without it",
            silent_hint(&node.name)
        ))),
        _ => Ok(()),
    }
}

impl InstanceStartup {
    /// The instance as it is to run this time. The room on its node is promised by what it has by itself:
    /// it cannot have more for once.
    fn subject<'a>(&self, config: &'a Config) -> Result<Subject<'a>, OpError> {
        let uuid = self.instance_uuid.as_deref();
        let mut subject = Subject::find(config, &self.instance_name, uuid)?;
        if self.beparams.is_empty() {
            return Ok(subject);
        }
        let wrong = |text: String| OpError::prereq(ErrorCode::WrongInput, text);
        check_backend(&self.beparams)?;
        let changes = backend_changes(&self.beparams);
        if let Some(key) = changes
            .keys()
            .find(|key| !FOR_ONE_RUN.contains(&key.as_str()))
        {
            let text = format!("backend parameter {key} is of no account for one run");
            return Err(wrong(text).hint("gnt-instance modify -B changes it"));
        }
        let name = subject.name();
        if subject.reference.definition.is_some() {
            let text = format!("instance {name} runs as it is defined on its node");
            return Err(wrong(text));
        }
        let mut own = subject.instance.beparams.clone();
        own.extend(changes);
        let (usual, once) = (config.backend(subject.instance), config.backend_of(&own));
        let pairs = [
            ("MiB of memory", once.maxmem, usual.maxmem),
            ("virtual CPUs", once.vcpus, usual.vcpus),
        ];
        if let Some((what, wanted, has)) = pairs.into_iter().find(|(_, now, has)| now > has) {
            let text =
                format!("instance {name} has {has} {what}: it cannot have {wanted} for one run");
            return Err(wrong(text).hint("gnt-instance modify -B gives it more"));
        }
        if once.minmem > once.maxmem {
            let (min, max) = (once.minmem, once.maxmem);
            return Err(wrong(format!(
                "minmem ({min}) is larger than maxmem ({max})"
            )));
        }
        subject.reference.memory = once.maxmem;
        subject.reference.vcpus = once.vcpus;
        Ok(subject)
    }

    /// Whether it is to run otherwise than its configuration says.
    fn is_special(&self) -> bool {
        !self.beparams.is_empty() || !self.hvparams.is_empty()
    }
}

impl LogicalUnit for InstanceStartup {
    fn claims(&self, world: &World, _: JobId, _: u32) -> Vec<Claim> {
        let config = &world.config;
        match Subject::find(config, &self.instance_name, self.instance_uuid.as_deref()) {
            Ok(subject) if !subject.is_up() => vec![memory_at_home(config, &subject)],
            _ => vec![],
        }
    }

    fn locks(&self, config: &Config) -> LockSet {
        locks(config, &self.instance_name)
    }

    fn check(&self, env: &Env<'_>) -> Result<(), OpError> {
        let subject = self.subject(env.config())?;
        subject.check_known()?;
        subject.check_not_offline()?;
        match subject.primary.offline && self.ignore_offline_nodes {
            true => Ok(()),
            false => check_node(&subject),
        }
    }

    fn execute(&self, env: &Env<'_>) -> Result<Outcome, Failure> {
        let subject = self.subject(env.config())?;
        if self.only_if_up && !subject.is_up() {
            env.info(format!("{} is not meant to run any more", subject.name()));
            return Ok(Outcome {
                detail: about(subject.name()),
                ..Outcome::default()
            });
        }
        let up = || Ok::<_, Failure>(remember(&subject, AdminState::Up, !self.no_remember));
        if subject.primary.offline {
            env.warn("its primary node is offline: only marking it as started");
            return up();
        }
        let seen = look_at_home(env, &subject)?;
        if !seen.running_on.is_empty() && seen.activity.is_none() {
            let name = subject.name();
            match self.is_special() {
                true => env.warn(format!("{name} runs already, as it was started before")),
                false => env.info(format!("{name} runs already")),
            }
            return up();
        }
        let starting = matches!(seen.activity, Some(Activity::Starting { .. }));
        if !starting && !subject.is_up() {
            check_memory(env, &subject)?;
        }
        check_secondary(&subject, &seen, self.force, "--force")?;
        if !self.hvparams.is_empty() {
            let hvparams = Value::from(self.hvparams.clone());
            env.info(format!("hypervisor parameters of this run: {hvparams}"));
        }
        start(env, &subject, &reference(subject.primary))?;
        let mut outcome = up()?;
        // It may have been changed by hand while it was off.
        let copy = refreshed(env, subject.instance, subject.primary);
        outcome.edits.extend(copy);
        Ok(outcome)
    }
}

impl LogicalUnit for InstanceShutdown {
    fn locks(&self, config: &Config) -> LockSet {
        locks(config, &self.instance_name)
    }

    fn check(&self, env: &Env<'_>) -> Result<(), OpError> {
        let uuid = self.instance_uuid.as_deref();
        let subject = Subject::find(env.config(), &self.instance_name, uuid)?;
        subject.check_known()?;
        if !self.force {
            subject.check_not_offline()?;
        }
        match subject.primary.offline && self.ignore_offline_nodes {
            true => Ok(()),
            false => check_node(&subject),
        }
    }

    fn execute(&self, env: &Env<'_>) -> Result<Outcome, Failure> {
        let uuid = self.instance_uuid.as_deref();
        let subject = Subject::find(env.config(), &self.instance_name, uuid)?;
        let remembers = !self.no_remember;
        if subject.primary.offline {
            env.warn("its primary node is offline: only marking it as stopped");
            return Ok(remember(&subject, AdminState::Down, remembers));
        }
        let seen = look_at_home(env, &subject)?;
        if seen.running_on.is_empty() && seen.activity.is_none() {
            env.info(format!("{} is stopped already", subject.name()));
        } else {
            stop(env, &subject, subject.primary, self.timeout)?;
        }
        // One that is marked offline stays so: only its guest was stopped.
        let offline = subject.instance.admin_state == AdminState::Offline;
        Ok(remember(&subject, AdminState::Down, remembers && !offline))
    }
}

impl LogicalUnit for InstanceReboot {
    fn locks(&self, config: &Config) -> LockSet {
        locks(config, &self.instance_name)
    }

    fn check(&self, env: &Env<'_>) -> Result<(), OpError> {
        let uuid = self.instance_uuid.as_deref();
        let subject = Subject::find(env.config(), &self.instance_name, uuid)?;
        subject.check_known()?;
        subject.check_not_offline()?;
        check_node(&subject)
    }

    fn execute(&self, env: &Env<'_>) -> Result<Outcome, Failure> {
        let uuid = self.instance_uuid.as_deref();
        let subject = Subject::find(env.config(), &self.instance_name, uuid)?;
        let node = reference(subject.primary);
        let seen = look_at_home(env, &subject)?;
        let runs = !seen.running_on.is_empty() && seen.activity.is_none();
        if runs && self.reboot_type != RebootType::Full {
            let end = env.call(env.limits.reboot, |call| {
                env.driver.reboot(call, &subject.reference, &node)
            });
            let what = format!("reboot {}", subject.name());
            end.map_err(|error| failed(env, &what, error))?;
            return Ok(remember(&subject, AdminState::Up, true));
        }
        if runs || matches!(seen.activity, Some(Activity::Stopping { .. })) {
            check_secondary(
                &subject,
                &seen,
                self.ignore_secondaries,
                "--ignore-secondaries",
            )?;
            stop(env, &subject, subject.primary, self.shutdown_timeout)?;
        } else if !subject.is_up() {
            check_memory(env, &subject)?;
        }
        start(env, &subject, &node)?;
        Ok(remember(&subject, AdminState::Up, true))
    }
}
