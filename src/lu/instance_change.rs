//! Changing an instance's parameters and disks, and its name.

use serde_json::{Map, Value, json};

use super::disk_size::{check_room_for, holders, resize, room_of, sync_on};
use super::instance_plan::{Plan, change_disk};
use super::node::check_host_name;
use super::parameters::{backend_changes, check_backend, resets_as_null};
use super::settle::look;
use super::shared::{
    Subject, about, check_answers, check_online, lock_group, lock_instance, new_uuid_of, reference,
    share_nodes,
};
use super::{Env, Failure, LogicalUnit, Outcome, Slot, UnitResult};
use crate::allocator::{Claim, NewInstance, World, policy_breaches};
use crate::cluster::{AdminState, Config, Edit, InstanceChange};
use crate::locking::{LockSet, Mode};
use crate::opcodes::{DiskOp, ErrorCode, InstanceRename, InstanceSetParams, OpError};
use crate::queue::JobId;

fn wrong(text: impl Into<String>) -> OpError {
    OpError::prereq(ErrorCode::WrongInput, text)
}

fn state(text: impl Into<String>) -> OpError {
    OpError::prereq(ErrorCode::WrongState, text)
}

impl InstanceSetParams {
    fn subject<'a>(&self, config: &'a Config) -> Result<Subject<'a>, OpError> {
        Subject::find(config, &self.instance_name, self.instance_uuid.as_deref())
    }

    /// Whether disks come or go.
    fn resizes(&self) -> bool {
        let modifies = |op: &DiskOp| matches!(op, DiskOp::Modify { .. });
        !self.disks.iter().all(modifies)
    }

    fn parameters(&self) -> Result<InstanceChange, OpError> {
        check_backend(&self.beparams)?;
        Ok(InstanceChange {
            os: self.os_name.clone(),
            beparams: backend_changes(&self.beparams),
            hvparams: resets_as_null(&self.hvparams),
            osparams: resets_as_null(&self.osparams),
        })
    }

    /// Everything that changes, checked as far as the configuration tells.
    fn plan(
        &self,
        config: &Config,
        subject: &Subject<'_>,
        (job, index): (JobId, u32),
    ) -> Result<Plan, OpError> {
        let mut plan = Plan::new(config);
        for (nr, op) in self.disks.iter().enumerate() {
            let identity = || new_uuid_of(config, job, index, &format!("-disk{nr}"));
            change_disk(&mut plan, subject, op, identity)?;
        }
        let change = self.parameters()?;
        let groups: [(&str, &Map<String, Value>); 3] = [
            ("hv", &change.hvparams),
            ("be", &change.beparams),
            ("os", &change.osparams),
        ];
        for (group, parameters) in groups {
            for (key, value) in parameters {
                plan.tell(format!("{group}/{key}"), value);
            }
        }
        if let Some(os) = &change.os {
            plan.tell("os".to_owned(), &json!(os));
        }
        let instance = subject.instance.uuid.clone();
        if change != InstanceChange::default() {
            plan.edit(Edit::ChangeInstance {
                instance: instance.clone(),
                change,
            })?;
        }
        if let Some(offline) = self.offline {
            let state = match offline {
                true => AdminState::Offline,
                false => AdminState::Down,
            };
            plan.edit(Edit::SetAdminState { instance, state })?;
            plan.tell("admin_state".to_owned(), &json!(state));
        }
        Ok(plan)
    }

    fn planned(&self, env: &Env<'_>, subject: &Subject<'_>) -> Result<Plan, OpError> {
        self.plan(env.config(), subject, (env.job, env.index))
    }

    /// Refuses what the policy of the group does not allow, unless the instance is so already.
    fn check_policy(
        &self,
        config: &Config,
        subject: &Subject<'_>,
        plan: &Plan,
    ) -> Result<(), OpError> {
        let group = &subject.primary.group;
        let before = policy_breaches(config, group, &NewInstance::like(config, subject.instance));
        let after = NewInstance::like(&plan.after, &plan.instance(subject)?);
        let mut breaches = policy_breaches(&plan.after, group, &after);
        breaches.retain(|breach| !before.iter().any(|old| same_breach(old, breach)));
        if breaches.is_empty() || self.ignore_ipolicy {
            return Ok(());
        }
        let text = format!(
            "instance {} would violate the policy of its group: {}",
            subject.name(),
            breaches.join(", ")
        );
        Err(wrong(text).hint("--ignore-ipolicy changes it all the same"))
    }

    fn check_memory(&self, subject: &Subject<'_>, plan: &Plan) -> Result<(), OpError> {
        let backend = plan.after.backend(&plan.instance(subject)?);
        match backend.minmem > backend.maxmem {
            true => Err(wrong(format!(
                "minmem of {} would be {} MiB, above maxmem of {} MiB",
                subject.name(),
                backend.minmem,
                backend.maxmem
            ))),
            false => Ok(()),
        }
    }
}

/// Whether two breaches of a policy are the same, whatever place the disk has that they are about.
fn same_breach(left: &str, right: &str) -> bool {
    let placeless = |text: &str| -> Option<String> {
        let (key, rest) = text.split_once('/')?;
        let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        Some(format!("{key}{rest}"))
    };
    left == right || placeless(left).is_some_and(|left| placeless(right) == Some(left))
}

/// Refuses an instance that runs.
pub(super) fn check_stopped(env: &Env<'_>, subject: &Subject<'_>) -> Result<(), Failure> {
    let online = std::iter::once(subject.primary).chain(subject.secondary);
    let online = online.filter(|node| !node.offline);
    let nodes: Vec<_> = online.map(|node| reference(node)).collect();
    let seen = look(env, &subject.reference, &nodes)?;
    match seen.running_on.is_empty() && seen.activity.is_none() {
        true => Ok(()),
        false => Err(
            state(format!("instance {} is still running", subject.name()))
                .hint(format!("gnt-instance shutdown {}", subject.name()))
                .into(),
        ),
    }
}

/// Refuses an instance that is meant to run.
pub(super) fn check_meant_stopped(subject: &Subject<'_>, what: &str) -> Result<(), OpError> {
    match subject.is_up() {
        false => Ok(()),
        true => Err(state(format!(
            "instance {} is meant to run: it {what} only while it is stopped",
            subject.name()
        ))
        .hint(format!("gnt-instance shutdown {}", subject.name()))),
    }
}

/// The backend parameters that are a guest's size.
const SIZES: [&str; 4] = ["memory", "maxmem", "minmem", "vcpus"];

impl LogicalUnit for InstanceSetParams {
    fn locks(&self, config: &Config) -> LockSet {
        let mut locks = LockSet::new();
        if let Ok(subject) = self.subject(config) {
            lock_instance(&mut locks, subject.name(), Mode::Exclusive);
            lock_group(&mut locks, &subject.primary.group, Mode::Shared);
            share_nodes(&mut locks, [subject.primary]);
            share_nodes(&mut locks, subject.secondary);
        }
        locks
    }

    fn slot(&self) -> Slot {
        match self.resizes() {
            true => Slot::Work,
            false => Slot::Planning,
        }
    }

    fn claims(&self, world: &World, job: JobId, index: u32) -> Vec<Claim> {
        let config = &world.config;
        let Ok(subject) = self.subject(config) else {
            return vec![];
        };
        let uuid = &subject.instance.uuid;
        let plan = self.plan(config, &subject, (job, index));
        let after = plan.map(|plan| room_of(&plan.after, uuid));
        let after = after.unwrap_or_default();
        match after == room_of(config, uuid) {
            true => vec![],
            false => after,
        }
    }

    fn check(&self, env: &Env<'_>) -> Result<(), OpError> {
        let subject = self.subject(env.config())?;
        subject.check_known()?;
        if self.changes_nothing() {
            return Err(wrong("nothing to change was given"));
        }
        if !self.disks.is_empty() {
            subject.check_changeable("what disks it has")?;
        }
        if self
            .beparams
            .keys()
            .any(|key| SIZES.contains(&key.as_str()))
        {
            subject.check_changeable("its size")?;
        }
        let plan = self.planned(env, &subject)?;
        self.check_memory(&subject, &plan)?;
        self.check_policy(env.config(), &subject, &plan)?;
        if self.offline.is_some() {
            check_meant_stopped(&subject, "is marked offline")?;
        }
        if self.resizes() {
            for node in holders(&subject) {
                check_online(node)?;
                check_answers(env, node, ErrorCode::EnvironmentError)?;
            }
        }
        match self.force {
            true => Ok(()),
            false => {
                let room = room_of(&plan.after, &subject.instance.uuid);
                check_room_for(env, subject.name(), &room)
            }
        }
    }

    fn execute(&self, env: &Env<'_>) -> Result<Outcome, Failure> {
        let subject = self.subject(env.config())?;
        let plan = self.planned(env, &subject)?;
        if self.offline == Some(true) {
            check_stopped(env, &subject)?;
        }
        if self.resizes() {
            resize(env, &subject, &plan.after)?;
            if self.wait_for_sync {
                sync_on(env, &subject)?;
            }
        }
        Ok(Outcome {
            result: UnitResult::Value(Value::Array(plan.told)),
            detail: about(subject.name()),
            edits: plan.edits,
        })
    }
}

impl InstanceRename {
    fn subject<'a>(&self, config: &'a Config) -> Result<Subject<'a>, OpError> {
        Subject::find(config, &self.instance_name, self.instance_uuid.as_deref())
    }

    fn new_name(&self) -> String {
        self.new_name.to_lowercase()
    }
}

impl LogicalUnit for InstanceRename {
    fn locks(&self, config: &Config) -> LockSet {
        let mut locks = LockSet::new();
        if let Ok(subject) = self.subject(config) {
            lock_instance(&mut locks, subject.name(), Mode::Exclusive);
            lock_instance(&mut locks, &self.new_name(), Mode::Exclusive);
        }
        locks
    }

    fn slot(&self) -> Slot {
        Slot::Planning
    }

    fn check(&self, env: &Env<'_>) -> Result<(), OpError> {
        let config = env.config();
        let subject = self.subject(config)?;
        let name = self.new_name();
        check_host_name(&name)?;
        subject.check_known()?;
        subject.check_changeable("its name")?;
        check_online(subject.primary)?;
        check_meant_stopped(&subject, "is renamed")?;
        match config.instance_named(&name) {
            Some(_) => Err(OpError::prereq(
                ErrorCode::AlreadyExists,
                format!("instance {name} exists"),
            )),
            None => Ok(()),
        }
    }

    fn execute(&self, env: &Env<'_>) -> Result<Outcome, Failure> {
        let subject = self.subject(env.config())?;
        check_stopped(env, &subject)?;
        let name = self.new_name();
        Ok(Outcome {
            result: UnitResult::Value(json!(name)),
            detail: about(&name),
            edits: vec![Edit::RenameInstance {
                instance: subject.instance.uuid.clone(),
                name,
            }],
        })
    }
}
