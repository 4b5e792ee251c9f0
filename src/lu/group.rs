//! Units on node groups.

use std::sync::Arc;

use serde_json::Value;

use super::parameters::{
    check_ipolicy, disk_parameters, node_parameters, resets_as_null, without_resets,
};
use super::shared::{find_group, find_node, lock_group, new_uuid};
use super::{Env, Failure, LogicalUnit, Outcome, Slot};
use crate::cluster::{
    AllocPolicy, Config, DiskTemplate, Edit, Group, GroupUuid, Instance, Node, Stamps,
};
use crate::limits::NAME_BYTES;
use crate::locking::{Level, Lock, LockSet, Mode};
use crate::opcodes::{ErrorCode, GroupAdd, GroupAssignNodes, GroupRemove, OpError};

/// Refuses what cannot be the name of a group, and the name of another one.
pub(super) fn check_group_name(config: &Config, name: &str) -> Result<(), OpError> {
    let odd = |c: char| c.is_whitespace() || c.is_control();
    if name.is_empty() || name.len() > NAME_BYTES || name.contains(odd) {
        return Err(OpError::prereq(
            ErrorCode::WrongInput,
            format!("{name:?} is not a name for a group"),
        ));
    }
    match config.group_named(name) {
        Some(_) => Err(OpError::prereq(
            ErrorCode::AlreadyExists,
            format!("group {name} exists"),
        )),
        None => Ok(()),
    }
}

impl GroupAdd {
    fn policy(&self) -> Result<AllocPolicy, OpError> {
        let Some(word) = &self.alloc_policy else {
            return Ok(AllocPolicy::Preferred);
        };
        clap::ValueEnum::from_str(word, false).map_err(|_| {
            OpError::prereq(
                ErrorCode::WrongInput,
                format!(
                    "allocation policy {word:?} is none of preferred, last_resort, unallocable"
                ),
            )
        })
    }
}

impl LogicalUnit for GroupAdd {
    fn locks(&self, _config: &Config) -> LockSet {
        // It has no UUID yet: its name keeps a second one of the same name away.
        let name = Lock::one(Level::NodeGroup, self.group_name.as_str());
        LockSet::new().with(name, Mode::Exclusive)
    }

    fn slot(&self) -> Slot {
        Slot::Planning
    }

    fn check(&self, env: &Env<'_>) -> Result<(), OpError> {
        self.policy()?;
        node_parameters(&self.ndparams)?;
        disk_parameters(&self.diskparams)?;
        check_ipolicy(env.config(), &resets_as_null(&self.ipolicy))?;
        check_group_name(env.config(), &self.group_name)
    }

    fn execute(&self, env: &Env<'_>) -> Result<Outcome, Failure> {
        let mut diskparams = disk_parameters(&self.diskparams)?;
        for parameters in diskparams.values_mut() {
            if let Value::Object(parameters) = parameters {
                parameters.retain(|_, value| !value.is_null());
            }
        }
        let group = Group {
            name: self.group_name.clone(),
            uuid: GroupUuid::from(new_uuid(env, "")),
            alloc_policy: self.policy()?,
            ipolicy: without_resets(&self.ipolicy),
            ndparams: without_resets(&node_parameters(&self.ndparams)?),
            tags: vec![],
            stamps: Stamps::default(),
            rest: (!diskparams.is_empty())
                .then(|| ("diskparams".to_owned(), Value::Object(diskparams)))
                .into_iter()
                .collect(),
        };
        Ok(Outcome {
            edits: vec![Edit::AddGroup(Box::new(group))],
            ..Outcome::default()
        })
    }
}

impl LogicalUnit for GroupRemove {
    fn locks(&self, config: &Config) -> LockSet {
        let group = find_group(config, &self.group_name).ok();
        let lock = |group: &Arc<Group>| Lock::one(Level::NodeGroup, group.uuid.as_str());
        group
            .map(|group| (lock(group), Mode::Exclusive))
            .into_iter()
            .collect()
    }

    fn slot(&self) -> Slot {
        Slot::Planning
    }

    fn check(&self, env: &Env<'_>) -> Result<(), OpError> {
        let config = env.config();
        let group = find_group(config, &self.group_name)?;
        let state = |text: String| OpError::prereq(ErrorCode::WrongState, text);
        let held: Vec<&str> = (config.nodes_by_name())
            .filter(|node| node.group == group.uuid)
            .map(|node| node.name.as_str())
            .collect();
        if !held.is_empty() {
            let text = format!("group {} is not empty: {}", group.name, held.join(", "));
            return Err(state(text).hint("gnt-group assign-nodes moves nodes to another group"));
        }
        if config.groups.len() == 1 {
            return Err(state(format!(
                "group {} is the only one: a cluster has at least one",
                group.name
            )));
        }
        Ok(())
    }

    fn execute(&self, env: &Env<'_>) -> Result<Outcome, Failure> {
        let group = find_group(env.config(), &self.group_name)?;
        Ok(Outcome {
            edits: vec![Edit::RemoveGroup(group.uuid.clone())],
            ..Outcome::default()
        })
    }
}

impl GroupAssignNodes {
    fn nodes<'a>(&self, config: &'a Config) -> Result<Vec<&'a Arc<Node>>, OpError> {
        let nodes = self.nodes.iter();
        nodes.map(|name| find_node(config, name, None)).collect()
    }

    /// Mirrored instances with a node in one group and the other in another one: those that would
    /// come to be split, and those that are and would stay so.
    fn splits<'a>(
        config: &'a Config,
        group: &Group,
        moving: &[&Arc<Node>],
    ) -> (Vec<&'a str>, Vec<&'a str>) {
        let before = |node: &Arc<Node>| node.group.clone();
        let after = |node: &Arc<Node>| match moving.iter().any(|moved| moved.uuid == node.uuid) {
            true => group.uuid.clone(),
            false => node.group.clone(),
        };
        let split = |instance: &Instance, group_of: &dyn Fn(&Arc<Node>) -> GroupUuid| {
            let primary = config.nodes.get(&instance.primary_node).map(group_of);
            let secondary = config.secondary(instance);
            let secondary = secondary.and_then(|node| config.nodes.get(node));
            primary
                .zip(secondary.map(group_of))
                .is_some_and(|(a, b)| a != b)
        };
        let mirrored = (config.instances_by_name())
            .filter(|instance| config.template(instance) == DiskTemplate::Drbd)
            .filter(|instance| split(instance, &after));
        let (old, new): (Vec<_>, Vec<_>) = mirrored.partition(|one| split(one, &before));
        let names = |list: Vec<&'a Arc<Instance>>| list.iter().map(|i| i.name.as_str()).collect();
        (names(new), names(old))
    }
}

impl LogicalUnit for GroupAssignNodes {
    fn locks(&self, config: &Config) -> LockSet {
        let mut locks = LockSet::new();
        if let Ok(group) = find_group(config, &self.group_name) {
            lock_group(&mut locks, &group.uuid, Mode::Exclusive);
        }
        for node in self.nodes(config).unwrap_or_default() {
            lock_group(&mut locks, &node.group, Mode::Exclusive);
            let node = Lock::one(Level::Node, node.uuid.as_str());
            locks.add(node, Mode::Exclusive);
        }
        locks
    }

    fn slot(&self) -> Slot {
        Slot::Planning
    }

    fn check(&self, env: &Env<'_>) -> Result<(), OpError> {
        let config = env.config();
        let group = find_group(config, &self.group_name)?;
        if self.nodes.is_empty() {
            return Err(OpError::prereq(
                ErrorCode::WrongInput,
                "no nodes were given",
            ));
        }
        let nodes = self.nodes(config)?;
        let (new, old) = GroupAssignNodes::splits(config, group, &nodes);
        if !old.is_empty() {
            env.warn(format!(
                "instances that are split between groups already: {}",
                old.join(", ")
            ));
        }
        match (new.is_empty(), self.force) {
            (true, _) => Ok(()),
            (false, true) => {
                env.warn(format!(
                    "instances that are split between groups now: {}",
                    new.join(", ")
                ));
                Ok(())
            }
            (false, false) => Err(OpError::exec(format!(
                "instances would be split between groups: {}",
                new.join(", ")
            ))
            .code(ErrorCode::WrongState)
            .hint("name both nodes of each, or --force")),
        }
    }

    fn execute(&self, env: &Env<'_>) -> Result<Outcome, Failure> {
        let config = env.config();
        let group = find_group(config, &self.group_name)?;
        let nodes = self.nodes(config)?;
        Ok(Outcome {
            edits: vec![Edit::AssignNodes {
                group: group.uuid.clone(),
                nodes: nodes.iter().map(|node| node.uuid.clone()).collect(),
            }],
            ..Outcome::default()
        })
    }
}
