//! The verbs, as the trait has them.

use std::time::{Duration, Instant};

use super::deeds::{Effect, Order};
use super::reality::{Moment, Sql};
use super::work::{TICK, Work, told};
use super::{Change, Fake, Verb};
use crate::cluster::{Capacity, Config, InstanceUuid, NodeUuid};
use crate::hypervisor::{
    Call, Comparison, CopyState, Definition, Guest, Hypervisor, InstanceRef, InterruptKind,
    MigrationPolicy, NodeFacts, NodeRef, Observed, Snapshot, Stop, VerbError,
};

/// How long a question to a dead node waits for an answer.
const QUESTION_LIMIT: Duration = Duration::from_millis(500);

impl Fake {
    fn carry_out(
        &self,
        call: &Call<'_>,
        verb: Verb,
        instance: &InstanceRef,
        source: Option<&NodeRef>,
        target: Option<&NodeRef>,
    ) -> Result<(), VerbError> {
        let order = Order {
            verb,
            instance,
            source,
            target,
            at_most: i64::MAX,
        };
        Work::new(self, call, order).carry_out(true)
    }

    /// Asks a node something; a dead one is waited for, but not long.
    fn ask<T>(
        &self,
        call: &Call<'_>,
        node: &NodeRef,
        ask: impl Fn(&Moment<'_>) -> Sql<T>,
    ) -> Result<T, VerbError> {
        let until = call.deadline.min(Instant::now() + QUESTION_LIMIT);
        loop {
            let answer = self.read(|at| match at.node(&node.uuid)? {
                None => Ok(Err(VerbError::Failed(format!(
                    "{} is not a node of the simulator",
                    node.name
                )))),
                Some(row) if row.alive => ask(at).map(|answer| Ok(Some(answer))),
                Some(_) => Ok(Ok(None)),
            });
            let answer = answer.map_err(|error| VerbError::Failed(told(&error)))??;
            if let Some(answer) = answer {
                return Ok(answer);
            }
            let pause = until.min(Instant::now() + TICK);
            let raised = call.interrupt.wait(pause, &[&node.uuid]);
            if raised == Some(InterruptKind::Leave) {
                return Err(VerbError::LeftBehind);
            }
            if raised.is_some() || Instant::now() >= until {
                return Err(VerbError::Unreachable {
                    node: node.name.clone(),
                    reason: "it was asked what it runs".to_owned(),
                });
            }
        }
    }
}

impl Hypervisor for Fake {
    fn observe(
        &self,
        _call: &Call<'_>,
        instance: &InstanceRef,
        nodes: &[NodeRef],
    ) -> Result<Observed, VerbError> {
        let observed = self.read(|at| {
            let mut running_on = at.running_on(&instance.uuid)?;
            running_on.retain(|uuid| nodes.iter().any(|node| node.uuid == *uuid));
            let mut silent = vec![];
            for node in nodes {
                if at.node(&node.uuid)?.is_some_and(|row| !row.alive) {
                    silent.push(node.uuid.clone());
                }
            }
            let activity = at.under_way(&instance.uuid)?;
            let mut defined_on = at.left_over(&instance.uuid)?;
            defined_on.retain(|uuid| {
                !silent.contains(uuid) && nodes.iter().any(|node| node.uuid == *uuid)
            });
            Ok(Observed {
                running_on,
                activity: activity.and_then(|deed| deed.activity()),
                silent,
                defined_on,
                unsettled: None,
                remains_on: vec![],
            })
        });
        observed.map_err(|error| VerbError::Failed(told(&error)))
    }

    fn answers(&self, call: &Call<'_>, node: &NodeRef) -> Result<(), VerbError> {
        self.ask(call, node, |_| Ok(()))
    }

    fn node_facts(&self, call: &Call<'_>, node: &NodeRef) -> Result<NodeFacts, VerbError> {
        self.ask(call, node, |at| {
            let row = at.node(&node.uuid)?;
            let (memory_used, disk_used) = at.used(&node.uuid)?;
            Ok(NodeFacts {
                capacity: row.map_or(Capacity::default(), |row| row.capacity),
                memory_used,
                disk_used,
                machine: None,
            })
        })
    }

    fn set_capacity(
        &self,
        _call: &Call<'_>,
        node: &NodeRef,
        capacity: Capacity,
    ) -> Result<(), VerbError> {
        // The size is the simulator's own knowledge, so a dead node gets one, too.
        let set = self.write(Change::SetCapacity, |at| {
            let alive = !at.is_dead(&node.name)?;
            at.put_node(node, alive, capacity)
        });
        set.map_err(|error| VerbError::Failed(told(&error)))
    }

    fn remove_node(&self, _call: &Call<'_>, node: &NodeRef) -> Result<(), VerbError> {
        let removed = self.write(Change::RemoveNode, |at| at.remove_node(&node.uuid));
        match removed.map_err(|error| VerbError::Failed(told(&error)))? {
            None => Ok(()),
            Some(name) => {
                let reason = format!(
                    "{} is in use: {name} runs there or is on its way",
                    node.name
                );
                Err(VerbError::Failed(reason))
            }
        }
    }

    fn start(
        &self,
        call: &Call<'_>,
        instance: &InstanceRef,
        node: &NodeRef,
        _others: &[NodeRef],
    ) -> Result<(), VerbError> {
        // It sees all of reality, and so which node runs the instance.
        self.carry_out(call, Verb::Start, instance, None, Some(node))
    }

    fn stop(
        &self,
        call: &Call<'_>,
        instance: &InstanceRef,
        node: &NodeRef,
        how: Stop,
    ) -> Result<(), VerbError> {
        let at_most = match how {
            Stop::Graceful(limit) => i64::try_from(limit.as_micros()).unwrap_or(i64::MAX),
            Stop::Destroy => i64::MAX,
        };
        let order = Order {
            verb: Verb::Stop,
            instance,
            source: Some(node),
            target: None,
            at_most,
        };
        Work::new(self, call, order).carry_out(true)
    }

    fn reboot(
        &self,
        call: &Call<'_>,
        instance: &InstanceRef,
        node: &NodeRef,
    ) -> Result<(), VerbError> {
        self.carry_out(call, Verb::Reboot, instance, Some(node), None)
    }

    fn migrate(
        &self,
        call: &Call<'_>,
        instance: &InstanceRef,
        from: &NodeRef,
        to: &NodeRef,
        _policy: &MigrationPolicy,
    ) -> Result<(), VerbError> {
        self.carry_out(call, Verb::Migrate, instance, Some(from), Some(to))
    }

    fn snapshot(&self, _call: &Call<'_>, _config: &Config) -> Result<Snapshot, VerbError> {
        Fake::snapshot(self).map_err(|error| VerbError::Failed(told(&error)))
    }

    fn guests(&self, call: &Call<'_>, node: &NodeRef) -> Result<Vec<Guest>, VerbError> {
        self.ask(call, node, |at| at.guests(&node.uuid))
    }

    fn definition(
        &self,
        _call: &Call<'_>,
        _guest: &InstanceUuid,
        _node: &NodeRef,
    ) -> Result<Definition, VerbError> {
        let text = "the simulator's guests have no definitions";
        Err(VerbError::Failed(text.to_owned()))
    }

    fn define(
        &self,
        call: &Call<'_>,
        _instance: &InstanceRef,
        node: &NodeRef,
    ) -> Result<(), VerbError> {
        // Any node can start any instance whose disks it has.
        self.answers(call, node)
    }

    fn undefine(
        &self,
        call: &Call<'_>,
        instance: &InstanceRef,
        node: &NodeRef,
    ) -> Result<(), VerbError> {
        self.answers(call, node)?;
        let undefined = self.write(Change::Undefine, |at| {
            let runs = at.running_on(&instance.uuid)?.contains(&node.uuid);
            if !runs {
                at.effect(Effect::NotLeftOver(&instance.uuid, &node.uuid))?;
            }
            Ok(runs)
        });
        match undefined.map_err(|error| VerbError::Failed(told(&error)))? {
            false => Ok(()),
            true => {
                let text = format!("{} is running on {}", instance.name, node.name);
                Err(VerbError::Failed(text))
            }
        }
    }

    fn hand_over(
        &self,
        _call: &Call<'_>,
        _instance: &InstanceRef,
        _from: &NodeRef,
        _to: &NodeRef,
    ) -> Result<(), VerbError> {
        // What does not run is nowhere but in the configuration.
        Ok(())
    }

    fn mark(
        &self,
        call: &Call<'_>,
        _guest: &InstanceUuid,
        node: &NodeRef,
        _cluster: Option<&str>,
    ) -> Result<(), VerbError> {
        // All that it has is the cluster's.
        self.answers(call, node)
    }

    fn autostart(
        &self,
        call: &Call<'_>,
        _guest: &InstanceUuid,
        node: &NodeRef,
        on: bool,
    ) -> Result<(), VerbError> {
        self.answers(call, node)?;
        match on {
            false => Ok(()),
            true => {
                let text = "the simulator's nodes start nothing by themselves";
                Err(VerbError::Failed(text.to_owned()))
            }
        }
    }

    fn delete_disk(&self, _call: &Call<'_>, _node: &NodeRef, path: &str) -> Result<(), VerbError> {
        let text = format!("the simulator's nodes have no file {path}");
        Err(VerbError::Failed(text))
    }

    fn compare(
        &self,
        call: &Call<'_>,
        node: &NodeRef,
        _processor: &str,
    ) -> Result<Comparison, VerbError> {
        self.answers(call, node)?;
        Ok(Comparison {
            compatible: true,
            reason: None,
        })
    }

    fn copies(
        &self,
        _call: &Call<'_>,
        instance: &InstanceRef,
    ) -> Result<Vec<(NodeUuid, CopyState)>, VerbError> {
        let copies = self.read(|at| {
            let mut states = vec![];
            for (node, in_sync) in at.copies_of(&instance.uuid)? {
                let state = if in_sync {
                    CopyState::InSync
                } else {
                    let sync = at.sync_to(&instance.uuid, &node)?;
                    CopyState::Syncing(sync.map_or(0.0, |deed| deed.percent(at.now)))
                };
                states.push((node, state));
            }
            Ok(states)
        });
        copies.map_err(|error| VerbError::Failed(told(&error)))
    }

    fn add_copy(
        &self,
        call: &Call<'_>,
        instance: &InstanceRef,
        node: &NodeRef,
        wait: bool,
    ) -> Result<(), VerbError> {
        let order = Order {
            verb: Verb::Sync,
            instance,
            source: None,
            target: Some(node),
            at_most: i64::MAX,
        };
        Work::new(self, call, order).carry_out(wait)
    }

    fn blank_copy(
        &self,
        call: &Call<'_>,
        instance: &InstanceRef,
        node: &NodeRef,
    ) -> Result<(), VerbError> {
        self.carry_out(call, Verb::BlankCopy, instance, None, Some(node))
    }

    fn drop_copy(
        &self,
        call: &Call<'_>,
        instance: &InstanceRef,
        node: &NodeRef,
    ) -> Result<(), VerbError> {
        self.carry_out(call, Verb::DropCopy, instance, Some(node), None)
    }

    fn resize(
        &self,
        call: &Call<'_>,
        instance: &InstanceRef,
        nodes: &[NodeRef],
    ) -> Result<(), VerbError> {
        for node in nodes {
            self.answers(call, node)?;
        }
        let resized = self.write(Change::Resize, |at| at.resize(instance));
        match resized.map_err(|error| VerbError::Failed(told(&error)))? {
            None => Ok(()),
            Some(reason) => Err(VerbError::Failed(reason)),
        }
    }

    fn activate(
        &self,
        call: &Call<'_>,
        instance: &InstanceRef,
        node: &NodeRef,
    ) -> Result<(), VerbError> {
        self.carry_out(call, Verb::Activate, instance, None, Some(node))
    }
    fn deactivate(
        &self,
        call: &Call<'_>,
        instance: &InstanceRef,
        node: &NodeRef,
    ) -> Result<(), VerbError> {
        self.carry_out(call, Verb::Deactivate, instance, Some(node), None)
    }
}
