//! Units that change a group itself, and the cluster's name.

use serde_json::{Value, json};

use super::group::check_group_name;
use super::parameters::{check_ipolicy, disk_parameters, node_parameters, resets_as_null, told};
use super::shared::{find_group, lock_group, lock_instance};
use super::{Env, Failure, LogicalUnit, Outcome, Slot, UnitResult};
use crate::allocator::{NewInstance, policy_breaches};
use crate::cluster::{Config, Edit, Group, GroupChange, is_cluster_name};
use crate::locking::{Level, Lock, LockSet, Mode};
use crate::opcodes::{ClusterRename, ErrorCode, GroupRename, GroupSetParams, OpError};

fn wrong(text: impl Into<String>) -> OpError {
    OpError::prereq(ErrorCode::WrongInput, text)
}

fn edit(group: &Group, change: GroupChange) -> Edit {
    Edit::ChangeGroup {
        group: group.uuid.clone(),
        change,
    }
}

impl GroupSetParams {
    fn change(&self) -> Result<GroupChange, OpError> {
        let ndparams = self.ndparams.as_ref().map(node_parameters);
        Ok(GroupChange {
            name: None,
            alloc_policy: self.alloc_policy,
            ndparams: ndparams.transpose()?.unwrap_or_default(),
            ipolicy: self
                .ipolicy
                .as_ref()
                .map(resets_as_null)
                .unwrap_or_default(),
            diskparams: (self.diskparams.as_ref())
                .map(disk_parameters)
                .transpose()?
                .unwrap_or_default(),
        })
    }

    /// Instances that the group's policy allows now and would not allow afterwards.
    fn violating<'a>(config: &'a Config, group: &'a Group, change: &GroupChange) -> Vec<&'a str> {
        let mut after = config.clone();
        if edit(group, change.clone()).apply(&mut after, 0.0).is_err() {
            return vec![];
        }
        let breaks = |config: &Config, new: &NewInstance| {
            !policy_breaches(config, &group.uuid, new).is_empty()
        };
        (config.instances_in(&group.uuid))
            .filter(|instance| {
                let new = NewInstance::like(config, instance);
                breaks(&after, &new) && !breaks(config, &new)
            })
            .map(|instance| instance.name.as_str())
            .collect()
    }

    /// What the result tells: each parameter and its new value.
    fn told(change: &GroupChange) -> Value {
        let policy = (change.alloc_policy).map(|policy| json!(["alloc_policy", policy]));
        let mut all: Vec<Value> = policy.into_iter().collect();
        all.extend(told("ndparams", &change.ndparams));
        all.extend(told("ipolicy", &change.ipolicy));
        for (template, parameters) in &change.diskparams {
            if let Value::Object(parameters) = parameters {
                all.extend(told(&format!("diskparams/{template}"), parameters));
            }
        }
        Value::Array(all)
    }
}

impl LogicalUnit for GroupSetParams {
    fn locks(&self, config: &Config) -> LockSet {
        let mut locks = LockSet::new();
        if let Ok(group) = find_group(config, &self.group_name) {
            lock_group(&mut locks, &group.uuid, Mode::Exclusive);
            for instance in config.instances_in(&group.uuid) {
                lock_instance(&mut locks, &instance.name, Mode::Shared);
            }
        }
        locks
    }

    fn slot(&self) -> Slot {
        Slot::Planning
    }

    fn check(&self, env: &Env<'_>) -> Result<(), OpError> {
        let config = env.config();
        let group = find_group(config, &self.group_name)?;
        let change = self.change()?;
        if change == GroupChange::default() {
            return Err(wrong("nothing to change was given"));
        }
        check_ipolicy(config, &change.ipolicy)?;
        let violating = GroupSetParams::violating(config, group, &change);
        if !violating.is_empty() {
            env.warn(format!(
                "instances that violate the policy of group {} from now on: {}",
                group.name,
                violating.join(", ")
            ));
        }
        Ok(())
    }

    fn execute(&self, env: &Env<'_>) -> Result<Outcome, Failure> {
        let group = find_group(env.config(), &self.group_name)?;
        let change = self.change()?;
        Ok(Outcome {
            result: UnitResult::Value(GroupSetParams::told(&change)),
            edits: vec![edit(group, change)],
            ..Outcome::default()
        })
    }
}

impl LogicalUnit for GroupRename {
    fn locks(&self, config: &Config) -> LockSet {
        let Ok(group) = find_group(config, &self.group_name) else {
            return LockSet::new();
        };
        // The new name keeps a new group of that name away.
        [group.uuid.as_str(), self.new_name.as_str()]
            .map(|name| (Lock::one(Level::NodeGroup, name), Mode::Exclusive))
            .into_iter()
            .collect()
    }

    fn slot(&self) -> Slot {
        Slot::Planning
    }

    fn check(&self, env: &Env<'_>) -> Result<(), OpError> {
        find_group(env.config(), &self.group_name)?;
        check_group_name(env.config(), &self.new_name)
    }

    fn execute(&self, env: &Env<'_>) -> Result<Outcome, Failure> {
        let group = find_group(env.config(), &self.group_name)?;
        Ok(Outcome {
            result: UnitResult::Value(json!(self.new_name)),
            edits: vec![edit(
                group,
                GroupChange {
                    name: Some(self.new_name.clone()),
                    ..GroupChange::default()
                },
            )],
            ..Outcome::default()
        })
    }
}

impl LogicalUnit for ClusterRename {
    fn locks(&self, _config: &Config) -> LockSet {
        LockSet::new().with(Lock::all(Level::Cluster), Mode::Exclusive)
    }

    fn slot(&self) -> Slot {
        Slot::Planning
    }

    fn check(&self, env: &Env<'_>) -> Result<(), OpError> {
        let name = &self.name;
        if !is_cluster_name(name) {
            return Err(wrong(format!("{name:?} is no name for a cluster")));
        }
        match env.config().name() == name {
            true => Err(wrong(format!("the cluster is called {name} already"))),
            false => Ok(()),
        }
    }

    fn execute(&self, _env: &Env<'_>) -> Result<Outcome, Failure> {
        Ok(Outcome {
            result: UnitResult::Value(json!(self.name)),
            edits: vec![Edit::RenameCluster(self.name.clone())],
            ..Outcome::default()
        })
    }
}
