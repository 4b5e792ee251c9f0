//! Removing an instance.

use std::sync::Arc;

use serde_json::Value;

use super::copies::{copies_of, drop_copy, droppable};
use super::guest::path_of;
use super::instance_move::stop;
use super::settle::{ask_twice, look};
use super::shared::{Subject, about, lock_instance, reference, share_nodes};
use super::{Env, Failure, LogicalUnit, Outcome};
use crate::cluster::{Config, DiskTemplate, Edit, Node};
use crate::hypervisor::Hypervisor;
use crate::locking::{LockSet, Mode};
use crate::opcodes::{InstanceRemove, OpError};

impl InstanceRemove {
    fn subject<'a>(&self, config: &'a Config) -> Result<Subject<'a>, OpError> {
        Subject::find(config, &self.instance_name, self.instance_uuid.as_deref())
    }

    /// Takes a failure as a warning if that was asked for; being cancelled or left is none.
    fn ignoring(&self, env: &Env<'_>, step: Result<(), Failure>) -> Result<(), Failure> {
        match step {
            Err(failure)
                if self.ignore_failures && !failure.left_behind && !env.interrupt.canceled() =>
            {
                env.warn(format!("{}; going on all the same", failure.error));
                Ok(())
            }
            end => end,
        }
    }

    fn stop_everywhere(
        &self,
        env: &Env<'_>,
        subject: &Subject<'_>,
        nodes: &[&Arc<Node>],
    ) -> Result<(), Failure> {
        let asked: Vec<_> = nodes.iter().map(|node| reference(node)).collect();
        let seen = look(env, &subject.reference, &asked)?;
        for node in nodes {
            let busy = seen.activity.is_some() && node.uuid == subject.primary.uuid;
            let silent = seen.silent.contains(&node.uuid);
            if busy || silent || seen.running_on.contains(&node.uuid) {
                env.feedback(format!("* shutting down instance on {}", node.name));
                let end = stop(env, subject, node, self.shutdown_timeout);
                self.ignoring(env, end)?;
            }
        }
        Ok(())
    }
}

/// Makes the nodes of an instance that does not run forget it, where they are real machines.
fn undefine(env: &Env<'_>, subject: &Subject<'_>, node: &Node) -> Result<(), Failure> {
    let what = format!("make {} forget {}", node.name, subject.name());
    ask_twice(env, &what, |call| {
        env.driver
            .undefine(call, &subject.reference, &reference(node))
    })
}

impl InstanceRemove {
    /// What there is of an instance of real machines beside its guest that runs.
    fn unmake(&self, env: &Env<'_>, subject: &Subject<'_>, node: &Node) -> Result<(), Failure> {
        env.feedback(format!("* removing its definition from {}", node.name));
        self.ignoring(env, undefine(env, subject, node))?;
        for disk in env.config().disks_of(subject.instance) {
            let name = disk.logical_id.get(1).and_then(Value::as_str);
            let name = name.unwrap_or(&disk.iv_name);
            let path = path_of(disk).filter(|_| self.delete_disks);
            let writable = disk.rest.get("mode").and_then(Value::as_str) != Some("ro");
            match (path, disk.dev_type) {
                (Some(path), DiskTemplate::File | DiskTemplate::SharedFile) if writable => {
                    env.feedback(format!("* deleting {path}"));
                    let deleted = ask_twice(env, &format!("delete {path}"), |call| {
                        env.driver.delete_disk(call, &reference(node), path)
                    });
                    self.ignoring(env, deleted)?;
                }
                _ => env.info(format!("{name} is left as it is")),
            }
        }
        Ok(())
    }
}

impl LogicalUnit for InstanceRemove {
    fn locks(&self, config: &Config) -> LockSet {
        let mut locks = LockSet::new();
        if let Ok(subject) = self.subject(config) {
            lock_instance(&mut locks, subject.name(), Mode::Exclusive);
            share_nodes(&mut locks, [subject.primary]);
            share_nodes(&mut locks, subject.secondary);
        }
        locks
    }

    fn check(&self, env: &Env<'_>) -> Result<(), OpError> {
        let subject = self.subject(env.config())?;
        // A forthcoming one can be removed: there is nothing to stop.
        match subject.instance.forthcoming {
            true => Ok(()),
            false => subject.check_known(),
        }
    }

    fn execute(&self, env: &Env<'_>) -> Result<Outcome, Failure> {
        let config = env.config();
        let subject = self.subject(config)?;
        let own: Vec<&Arc<Node>> = std::iter::once(subject.primary)
            .chain(subject.secondary)
            .collect();
        if !subject.instance.forthcoming {
            let online: Vec<_> = own.into_iter().filter(|node| !node.offline).collect();
            self.stop_everywhere(env, &subject, &online)?;
            if subject.primary.host.is_some() {
                match subject.primary.offline {
                    false => self.unmake(env, &subject, subject.primary)?,
                    true => env.warn(format!(
                        "{} is offline: definition and disks are left as they are",
                        subject.primary.name
                    )),
                }
            }
            env.feedback("* removing block devices");
            let copies = copies_of(env, &subject)?;
            for node in copies.iter().filter_map(|(uuid, _)| droppable(env, uuid)) {
                let end = drop_copy(env, &subject, node);
                self.ignoring(env, end)?;
            }
        }
        env.feedback(format!(
            "* removing instance {} from the configuration",
            subject.name()
        ));
        Ok(Outcome {
            detail: about(subject.name()),
            edits: vec![Edit::RemoveInstance(subject.instance.uuid.clone())],
            ..Outcome::default()
        })
    }
}
