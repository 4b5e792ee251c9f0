//! Making an instance's disks usable or not, and larger.

use serde_json::{Value, json};

use super::copies::{copies_of, state_on};
use super::disk_size::{check_room_for, holders, resize, room_of, sync_on};
use super::instance_change::{check_meant_stopped, check_stopped};
use super::instance_plan::Plan;
use super::settle::ask_twice;
use super::shared::{
    Subject, about, check_answers, check_online, lock_instance, nothing_to_do, reference,
    refuse_violation, share_nodes,
};
use super::{Env, Failure, LogicalUnit, Outcome, UnitResult};
use crate::allocator::{Claim, NewInstance, World, policy_breaches};
use crate::cluster::{Config, Disk, DiskChange, DiskTemplate, Edit, Node};
use crate::hypervisor::{CopyState, Hypervisor};
use crate::limits::SIZE;
use crate::locking::{LockSet, Mode};
use crate::opcodes::{
    ErrorCode, InstanceActivateDisks, InstanceDeactivateDisks, InstanceGrowDisk, OpError,
};
use crate::queue::JobId;

/// The instance alone; its nodes shared.
fn locks(subject: Result<Subject<'_>, OpError>) -> LockSet {
    let mut locks = LockSet::new();
    if let Ok(subject) = subject {
        lock_instance(&mut locks, subject.name(), Mode::Exclusive);
        share_nodes(&mut locks, [subject.primary]);
        share_nodes(&mut locks, subject.secondary);
    }
    locks
}

/// That its disks are meant to be active, or not.
fn meant(subject: &Subject<'_>, active: bool) -> Edit {
    Edit::SetDisksActive {
        instance: subject.instance.uuid.clone(),
        active,
    }
}

/// Under which path a node has an active disk; none where the template tells none.
fn device(disk: &Disk, node: &Node) -> Option<String> {
    let id = |place: usize| disk.logical_id.get(place);
    match disk.dev_type {
        DiskTemplate::Drbd => {
            let first = id(0)?.as_str()? == node.uuid.as_str();
            let minor = id(if first { 3 } else { 4 })?.as_u64()?;
            Some(format!("/dev/drbd{minor}"))
        }
        DiskTemplate::Plain => Some(format!("/dev/{}/{}", id(0)?.as_str()?, id(1)?.as_str()?)),
        DiskTemplate::File
        | DiskTemplate::SharedFile
        | DiskTemplate::Gluster
        | DiskTemplate::BlockDev => Some(id(1)?.as_str()?.to_owned()),
        DiskTemplate::Rbd | DiskTemplate::Ext | DiskTemplate::Diskless => None,
    }
}

impl InstanceActivateDisks {
    fn subject<'a>(&self, config: &'a Config) -> Result<Subject<'a>, OpError> {
        Subject::find(config, &self.instance_name, self.instance_uuid.as_deref())
    }
}

/// Lets a second copy that has fallen behind come up again: active disks are mirrored. Nobody waits for
/// that, and the disks can be used without it.
fn reconnect(env: &Env<'_>, subject: &Subject<'_>) -> Result<(), Failure> {
    let Some(node) = subject.secondary.filter(|node| !node.offline) else {
        return Ok(());
    };
    let state = state_on(&copies_of(env, subject)?, node);
    if !matches!(state, Some(CopyState::Syncing(_))) {
        return Ok(());
    }
    let end = env.call(env.limits.storage, |call| {
        (env.driver).add_copy(call, &subject.reference, &reference(node), false)
    });
    match end {
        Ok(()) => env.info(format!("the copy on {} syncs", node.name)),
        Err(error) => env.warn(format!(
            "the copy of {} on {} does not sync: {error}",
            subject.name(),
            node.name
        )),
    }
    Ok(())
}

/// Refuses disks of which the primary node has no whole copy: to activate such a one would declare it
/// the true one.
fn check_whole(env: &Env<'_>, subject: &Subject<'_>) -> Result<(), Failure> {
    if !subject.template().uses_node_disk() {
        return Ok(());
    }
    let node = subject.primary;
    match state_on(&copies_of(env, subject)?, node) {
        Some(CopyState::InSync) => Ok(()),
        state => {
            let name = subject.name();
            let (why, hint) = match state {
                None => (
                    "is missing",
                    format!("gnt-instance recreate-disks {name} makes empty ones"),
                ),
                Some(_) => (
                    "is not in sync",
                    format!("gnt-instance replace-disks --auto {name} repairs it"),
                ),
            };
            let text = format!("the copy of {name}'s disks on {} {why}", node.name);
            Err(OpError::exec(text)
                .code(ErrorCode::WrongState)
                .hint(hint)
                .into())
        }
    }
}

impl LogicalUnit for InstanceActivateDisks {
    fn locks(&self, config: &Config) -> LockSet {
        locks(self.subject(config))
    }

    fn check(&self, env: &Env<'_>) -> Result<(), OpError> {
        let subject = self.subject(env.config())?;
        subject.check_known()?;
        check_online(subject.primary)
    }

    fn execute(&self, env: &Env<'_>) -> Result<Outcome, Failure> {
        let config = env.config();
        let subject = self.subject(config)?;
        let (name, node) = (subject.name(), subject.primary);
        check_whole(env, &subject)?;
        let what = format!("activate the disks of {name} on {}", node.name);
        ask_twice(env, &what, |call| {
            (env.driver).activate(call, &subject.reference, &reference(node))
        })?;
        match self.wait_for_sync {
            true => sync_on(env, &subject)?,
            false => reconnect(env, &subject)?,
        }
        let disks = config.disks_of(subject.instance);
        let paths: Vec<Value> = disks
            .map(|disk| json!([node.name, disk.iv_name, device(disk, node)]))
            .collect();
        Ok(Outcome {
            result: UnitResult::Value(Value::Array(paths)),
            detail: about(name),
            edits: vec![meant(&subject, true)],
        })
    }
}

impl InstanceDeactivateDisks {
    fn subject<'a>(&self, config: &'a Config) -> Result<Subject<'a>, OpError> {
        Subject::find(config, &self.instance_name, self.instance_uuid.as_deref())
    }
}

impl LogicalUnit for InstanceDeactivateDisks {
    fn locks(&self, config: &Config) -> LockSet {
        locks(self.subject(config))
    }

    fn check(&self, env: &Env<'_>) -> Result<(), OpError> {
        let subject = self.subject(env.config())?;
        subject.check_known()?;
        match self.force {
            true => Ok(()),
            false => check_meant_stopped(&subject, "lets go of its disks"),
        }
    }

    fn execute(&self, env: &Env<'_>) -> Result<Outcome, Failure> {
        let subject = self.subject(env.config())?;
        let name = subject.name();
        check_stopped(env, &subject)?;
        for node in holders(&subject) {
            if node.offline {
                env.info(format!("{} is offline: it is not asked", node.name));
                continue;
            }
            check_answers(env, node, ErrorCode::EnvironmentError)?;
            let what = format!("deactivate the disks of {name} on {}", node.name);
            ask_twice(env, &what, |call| {
                (env.driver).deactivate(call, &subject.reference, &reference(node))
            })?;
        }
        Ok(Outcome {
            detail: about(name),
            edits: vec![meant(&subject, false)],
            ..Outcome::default()
        })
    }
}

impl InstanceGrowDisk {
    fn subject<'a>(&self, config: &'a Config) -> Result<Subject<'a>, OpError> {
        Subject::find(config, &self.instance_name, self.instance_uuid.as_deref())
    }

    /// The disk, and the size that it is to have.
    fn growth<'a>(
        &self,
        config: &'a Config,
        subject: &Subject<'_>,
    ) -> Result<(&'a Disk, u64), OpError> {
        let wrong = |text: String| OpError::prereq(ErrorCode::WrongInput, text);
        let (name, template) = (subject.name(), subject.template());
        if matches!(template, DiskTemplate::Diskless | DiskTemplate::BlockDev) {
            let text = format!("instance {name} is kept as {template}: its disks do not grow");
            return Err(wrong(text));
        }
        let instance = config.instances.get(&subject.instance.uuid);
        let mut disks = instance.into_iter().flat_map(|one| config.disks_of(one));
        let count = subject.instance.disks.len();
        let disk = disks.nth(self.disk as usize).ok_or_else(|| {
            wrong(format!(
                "instance {name} has no disk {}: it has {count}",
                self.disk
            ))
        })?;
        let size = match self.absolute {
            true => self.amount,
            false => disk.size.saturating_add(self.amount),
        };
        if size > SIZE {
            return Err(wrong(format!(
                "a disk of {size} MiB is larger than any node"
            )));
        }
        match size < disk.size {
            true => Err(OpError::prereq(
                ErrorCode::WrongState,
                format!(
                    "disk {} of instance {name} has {} MiB: it does not shrink to {size}",
                    self.disk, disk.size
                ),
            )),
            false => Ok((disk, size)),
        }
    }

    fn plan(&self, config: &Config, subject: &Subject<'_>) -> Result<Plan, OpError> {
        let (disk, size) = self.growth(config, subject)?;
        let mut plan = Plan::new(config);
        plan.edit(Edit::ChangeDisk {
            disk: disk.uuid.clone(),
            change: DiskChange {
                size: Some(size),
                ..DiskChange::default()
            },
        })?;
        Ok(plan)
    }

    fn check_policy(
        &self,
        env: &Env<'_>,
        subject: &Subject<'_>,
        after: &Config,
    ) -> Result<(), OpError> {
        let group = &subject.primary.group;
        let breaches_in = |config: &Config| {
            let like = NewInstance::like(config, subject.instance);
            policy_breaches(config, group, &like)
        };
        let (before, mut breaches) = (breaches_in(env.config()), breaches_in(after));
        // What it violates already is not the fault of its growth.
        let what = |breach: &str| breach.split(" value ").next().map(str::to_owned);
        breaches.retain(|breach| !before.iter().any(|old| what(old) == what(breach)));
        if breaches.is_empty() {
            return Ok(());
        }
        let text = format!(
            "instance {} would violate the policy of its group: {}",
            subject.name(),
            breaches.join(", ")
        );
        refuse_violation(env, text, self.ignore_ipolicy, "grows it")
    }
}

impl LogicalUnit for InstanceGrowDisk {
    fn claims(&self, world: &World, _: JobId, _: u32) -> Vec<Claim> {
        let config = &world.config;
        let after = |subject: Subject<'_>| {
            let plan = self.plan(config, &subject).ok()?;
            Some(room_of(&plan.after, &subject.instance.uuid))
        };
        self.subject(config)
            .ok()
            .and_then(after)
            .unwrap_or_default()
    }

    fn locks(&self, config: &Config) -> LockSet {
        locks(self.subject(config))
    }

    fn check(&self, env: &Env<'_>) -> Result<(), OpError> {
        let subject = self.subject(env.config())?;
        subject.check_known()?;
        subject.check_changeable("the size of a disk")?;
        let plan = self.plan(env.config(), &subject)?;
        for node in holders(&subject) {
            check_online(node)?;
            check_answers(env, node, ErrorCode::EnvironmentError)?;
        }
        self.check_policy(env, &subject, &plan.after)?;
        let room = room_of(&plan.after, &subject.instance.uuid);
        check_room_for(env, subject.name(), &room)
    }

    fn execute(&self, env: &Env<'_>) -> Result<Outcome, Failure> {
        let config = env.config();
        let subject = self.subject(config)?;
        let (disk, size) = self.growth(config, &subject)?;
        if size == disk.size {
            let why = format!("disk {} of {} has {size} MiB", self.disk, subject.name());
            return Ok(nothing_to_do(subject.name(), why));
        }
        env.feedback(format!(
            "* growing disk {} of instance {} from {} to {size} MiB",
            self.disk,
            subject.name(),
            disk.size
        ));
        let plan = self.plan(config, &subject)?;
        resize(env, &subject, &plan.after)?;
        if self.wait_for_sync {
            sync_on(env, &subject)?;
        }
        Ok(Outcome {
            detail: about(subject.name()),
            edits: plan.edits,
            ..Outcome::default()
        })
    }
}
