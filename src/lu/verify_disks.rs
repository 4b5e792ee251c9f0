//! Units that look whether the disks that should be active are whole where they should be.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::copies::{copies_of, state_on};
use super::shared::{Subject, find_group, reference};
use super::verify::{group_locks, groups_asked, part};
use super::{ChildJob, Env, Failure, LogicalUnit, Outcome, ResultWithJobs, Slot, UnitResult};
use crate::cluster::{Config, Disk, DiskTemplate, Node, NodeUuid};
use crate::hypervisor::{CopyState, Hypervisor};
use crate::locking::LockSet;
use crate::opcodes::{ClusterVerifyDisks, GroupVerifyDisks, OpError, Opcode};

impl LogicalUnit for ClusterVerifyDisks {
    fn locks(&self, _config: &Config) -> LockSet {
        LockSet::new()
    }

    fn slot(&self) -> Slot {
        Slot::Planning
    }

    fn check(&self, env: &Env<'_>) -> Result<(), OpError> {
        groups_asked(env.config(), self.group_name.as_ref()).map(drop)
    }

    fn execute(&self, env: &Env<'_>) -> Result<Outcome, Failure> {
        let groups = groups_asked(env.config(), self.group_name.as_ref())?;
        let job = |name: &str| {
            let op = GroupVerifyDisks {
                group_name: name.to_owned(),
                is_strict: self.is_strict,
            };
            ChildJob {
                ops: vec![Opcode::from(op)],
                claims: vec![],
            }
        };
        Ok(Outcome {
            result: UnitResult::Jobs(ResultWithJobs {
                jobs: groups.into_iter().map(job).collect(),
                ..ResultWithJobs::default()
            }),
            ..Outcome::default()
        })
    }
}

/// What a group's disks are like.
#[derive(Default)]
struct Report {
    /// Nodes that could not be asked, and why.
    silent: BTreeMap<NodeUuid, String>,
    /// Instances whose disks are to be activated.
    weak: Vec<String>,
    /// Volumes that are not where they should be, by instance.
    missing: BTreeMap<String, Vec<(NodeUuid, String)>>,
}

impl Report {
    /// The result as Ganeti has it.
    fn to_json(&self) -> Value {
        json!([self.silent, self.weak, self.missing])
    }

    /// What one instance's disks are like.
    fn look_at(&mut self, env: &Env<'_>, subject: &Subject<'_>) -> Result<(), Failure> {
        let asked = |node: &Node| !node.offline && !self.silent.contains_key(&node.uuid);
        if !asked(subject.primary) {
            return Ok(());
        }
        let copies = copies_of(env, subject)?;
        let nodes = std::iter::once(subject.primary).chain(subject.secondary);
        let (mut weak, mut missing) = (false, vec![]);
        for node in nodes.filter(|node| asked(node)) {
            match state_on(&copies, node) {
                Some(CopyState::InSync) => {}
                // One that has got somewhere goes on by itself. To activate one that has only just begun
                // does nothing to it.
                Some(CopyState::Syncing(percent)) => weak |= percent == 0.0,
                None => {
                    let disks = env.config().disks_of(subject.instance);
                    let volumes = disks.flat_map(|disk| volumes(disk));
                    missing.extend(volumes.map(|volume| (node.uuid.clone(), volume)));
                }
            }
        }
        let name = subject.name().to_owned();
        match missing.is_empty() {
            false => drop(self.missing.insert(name, missing)),
            true if weak => self.weak.push(name),
            true => {}
        }
        Ok(())
    }
}

/// The volumes of which a disk is made on a node, as far as the configuration tells; else its own name.
fn volumes(disk: &Disk) -> Vec<String> {
    let of = |id: &[Value]| match id {
        [Value::String(group), Value::String(name), ..] => Some(format!("{group}/{name}")),
        _ => None,
    };
    let found = match disk.dev_type {
        DiskTemplate::Plain => Vec::from_iter(of(&disk.logical_id)),
        DiskTemplate::Drbd => {
            let children = disk.rest.get("children").and_then(Value::as_array);
            let ids = children.into_iter().flatten();
            let ids = ids.filter_map(|child| child.get("logical_id")?.as_array());
            ids.filter_map(|id| of(id)).collect()
        }
        _ => vec![],
    };
    match found.is_empty() {
        true => vec![disk.iv_name.clone()],
        false => found,
    }
}

impl LogicalUnit for GroupVerifyDisks {
    fn locks(&self, config: &Config) -> LockSet {
        group_locks(config, &self.group_name)
    }

    fn check(&self, env: &Env<'_>) -> Result<(), OpError> {
        find_group(env.config(), &self.group_name).map(drop)
    }

    fn execute(&self, env: &Env<'_>) -> Result<Outcome, Failure> {
        let group = find_group(env.config(), &self.group_name)?;
        env.feedback(format!("* Verifying the disks of group '{}'", group.name));
        let part = part(env.config(), &group.uuid);
        let mut report = Report::default();
        for node in part.nodes_by_name().filter(|node| !node.offline) {
            let answer = env.call(env.limits.look, |call| {
                env.driver.answers(call, &reference(node))
            });
            if let Err(error) = answer {
                report.silent.insert(node.uuid.clone(), error.to_string());
            }
        }
        for instance in part
            .instances_by_name()
            .filter(|one| one.disks_active && !one.forthcoming)
        {
            if env.interrupt.canceled() {
                return Err(OpError::canceled().into());
            }
            let uuid = instance.uuid.to_string();
            let subject = Subject::find(env.config(), &instance.name, Some(&uuid))?;
            if subject.template().uses_node_disk() {
                report.look_at(env, &subject)?;
            }
        }
        Ok(Outcome {
            result: UnitResult::Value(report.to_json()),
            ..Outcome::default()
        })
    }
}
