//! The verbs: an order, and following it to its end.

use std::thread;
use std::time::{Duration, Instant};

use super::deeds::{Deed, Order};
use super::orders::{Answer, Lost};
use super::reality::{Moment, Sql, boot_clock, uint};
use super::{Fake, FakeError, Outcome, Verb};
use crate::cluster::{Capacity, InstanceUuid, NodeUuid};
use crate::hypervisor::{
    Call, CopyState, Hypervisor, InstanceRef, InterruptKind, NodeFacts, NodeRef, Observed,
    Progress, Stop, VerbError,
};

/// How often one who waits looks at reality and tells how far it is. Others may change it
/// meanwhile: abort, clear a fault.
const TICK: Duration = Duration::from_millis(100);

/// How long a verb that cannot be aborted waits between two looks at its interrupt, once its job
/// was cancelled.
const SHORT_TICK: Duration = Duration::from_millis(10);

/// How long a question to a dead node waits for an answer.
const QUESTION_LIMIT: Duration = Duration::from_millis(500);

/// One call of a verb.
struct Work<'a> {
    fake: &'a Fake,
    call: &'a Call<'a>,
    order: Order<'a>,
    since: Instant,
}

impl<'a> Work<'a> {
    fn nodes(&self) -> Vec<&'a NodeUuid> {
        let nodes = [self.order.source, self.order.target];
        nodes.into_iter().flatten().map(|node| &node.uuid).collect()
    }

    fn name(&self) -> &'a str {
        &self.order.instance.name
    }

    /// Whether a cancelled job ends it in the middle. The others are short, see the module's text.
    fn stops_on_cancel(&self) -> bool {
        matches!(self.order.verb, Verb::Migrate | Verb::Sync)
    }

    /// Begins it and, if `wait`, follows it to its end.
    fn carry_out(&self, wait: bool) -> Result<(), VerbError> {
        loop {
            if let Some(kind) = self.call.interrupt.check(&self.nodes())
                && let Some(answer) = self.not_begun(&kind)?
            {
                return answer;
            }
            let answer = (self.fake)
                .write(|at| at.order(&self.order))
                .map_err(|error| VerbError::Failed(told(&error)))?;
            match answer {
                Answer::Nothing => return Ok(()),
                Answer::Refused(reason) => return Err(VerbError::Failed(reason)),
                Answer::Silent(node) => self.wait_for(&node)?,
                Answer::Deed { deed, .. } if !wait && deed.outcome.is_none() => return Ok(()),
                Answer::Deed { deed, lost } => return self.follow(deed, lost),
            }
        }
    }

    /// What an interrupt means for a verb that has not begun; `None`: it begins all the same. What
    /// is on its way already, or where there is nothing to do, is found out by ordering it.
    fn not_begun(&self, kind: &InterruptKind) -> Result<Option<Result<(), VerbError>>, VerbError> {
        let known = self.fake.read(|at| {
            let instance = &self.order.instance.uuid;
            let going = match (self.order.verb, self.order.target) {
                (Verb::Sync, Some(node)) => at.sync_to(instance, &node.uuid)?,
                _ => at.under_way(instance)?,
            };
            Ok(going.is_some() || at.fulfilled(&self.order)?)
        });
        if known.map_err(|error| VerbError::Failed(told(&error)))? {
            return Ok(None);
        }
        Ok(match kind {
            InterruptKind::Leave => Some(Err(VerbError::LeftBehind)),
            InterruptKind::Cancel if self.stops_on_cancel() => Some(Err(VerbError::Aborted)),
            InterruptKind::Cancel => None,
            InterruptKind::NodeOffline(node) => Some(Err(self.unreachable(node))),
        })
    }

    /// Waits a little for a dead node to come back.
    fn wait_for(&self, node: &NodeRef) -> Result<(), VerbError> {
        let until = self.call.deadline.min(Instant::now() + TICK);
        match self.call.interrupt.wait(until, &self.nodes()) {
            Some(InterruptKind::Leave) => Err(VerbError::LeftBehind),
            // Nothing was begun, so nothing has changed.
            Some(InterruptKind::Cancel) => Err(VerbError::Aborted),
            Some(InterruptKind::NodeOffline(_)) => Err(self.unreachable(&node.uuid)),
            None if Instant::now() >= self.call.deadline => Err(self.unreachable(&node.uuid)),
            None => Ok(()),
        }
    }

    fn unreachable(&self, uuid: &NodeUuid) -> VerbError {
        VerbError::Unreachable {
            node: self.node_name(uuid),
            reason: format!(
                "the {} of {} was not begun",
                self.order.verb.noun(),
                self.name()
            ),
        }
    }

    fn node_name(&self, uuid: &NodeUuid) -> String {
        let nodes = [self.order.source, self.order.target];
        let node = nodes.into_iter().flatten().find(|node| node.uuid == *uuid);
        node.map_or(uuid.to_string(), |node| node.name.clone())
    }

    /// Follows what is on its way to its end.
    fn follow(&self, mut deed: Deed, lost: Option<Lost>) -> Result<(), VerbError> {
        loop {
            let now = boot_clock();
            if let Some(Lost::At(at)) = lost
                && at <= now
            {
                return Err(self.lost());
            }
            if let Some((outcome, message)) = deed.outcome {
                if lost.is_some() {
                    return Err(self.lost());
                }
                return answer(outcome, message);
            }
            self.tell(&deed, now);
            let next = match lost {
                Some(Lost::At(at)) => Some(deed.ends.map_or(at, |ends| ends.min(at))),
                _ => deed.ends,
            };
            let left = next.map_or(TICK, |next| {
                Duration::from_micros(uint(next - now)).min(TICK)
            });
            let until = (Instant::now() + left).min(self.call.deadline);
            match self.call.interrupt.wait(until, &self.nodes()) {
                None => {}
                Some(InterruptKind::Leave) => return Err(VerbError::LeftBehind),
                Some(InterruptKind::Cancel) => self.cancel(deed.id, left)?,
                Some(InterruptKind::NodeOffline(node)) => return self.give_up(deed.id, &node),
            }
            deed = self.look(deed.id)?;
            if deed.outcome.is_none() && Instant::now() >= self.call.deadline {
                return Err(self.too_late());
            }
        }
    }

    fn look(&self, id: i64) -> Result<Deed, VerbError> {
        let deed = self.fake.read(|at| at.deed(id));
        deed.map_err(|error| VerbError::Unknown(told(&error)))?
            .ok_or_else(|| self.lost())
    }

    /// Ends it because its job was cancelled, if it can be ended; else waits a little.
    fn cancel(&self, id: i64, left: Duration) -> Result<(), VerbError> {
        let all = self.stops_on_cancel();
        let aborted = self.fake.write(|at| match at.deed(id)? {
            Some(deed) if deed.outcome.is_none() && (all || deed.ends.is_none()) => {
                at.abort(&deed).map(|()| true)
            }
            _ => Ok(false),
        });
        if !aborted.map_err(|error| VerbError::Unknown(told(&error)))? && !all {
            thread::sleep(left.min(SHORT_TICK).min(self.call.remaining()));
        }
        Ok(())
    }

    /// A node of it was marked offline. A migration towards it is ended; of all else nobody can
    /// tell what becomes of it.
    fn give_up(&self, id: i64, node: &NodeUuid) -> Result<(), VerbError> {
        let towards = self.order.target.is_some_and(|to| to.uuid == *node);
        let endable = towards && self.order.verb == Verb::Migrate;
        let ended = self.fake.write(|at| {
            let deed = at.deed(id)?;
            if let Some(deed) = &deed
                && deed.outcome.is_none()
                && endable
            {
                at.abort(deed)?;
            }
            Ok(deed.and_then(|deed| deed.outcome))
        });
        let name = self.node_name(node);
        match ended.map_err(|error| VerbError::Unknown(told(&error)))? {
            Some((outcome, message)) => answer(outcome, message),
            None if endable => Err(VerbError::Failed(format!(
                "the migration of {} was given up: {name} was marked offline",
                self.name()
            ))),
            None => Err(VerbError::Unknown(format!(
                "{name} was marked offline during the {} of {}",
                self.order.verb.noun(),
                self.name()
            ))),
        }
    }

    fn tell(&self, deed: &Deed, now: i64) {
        let eta = deed.ends.map(|ends| {
            let left = Duration::from_micros(uint(ends - now));
            left.as_secs_f64()
        });
        (self.call.progress)(Progress {
            phase: self.order.verb.phase().to_owned(),
            percent: Some(deed.percent(now)),
            eta,
        });
    }

    fn lost(&self) -> VerbError {
        let (noun, name) = (self.order.verb.noun(), self.name());
        VerbError::Unknown(format!("the answer to the {noun} of {name} was lost"))
    }

    fn too_late(&self) -> VerbError {
        let seconds = self.since.elapsed().as_secs_f64();
        let node = self.order.source.or(self.order.target);
        let node = node.map_or("the node", |node| &node.name);
        let (noun, name) = (self.order.verb.noun(), self.name());
        VerbError::Unknown(format!(
            "no answer from {node} for {seconds:.0} s, how the {noun} of {name} ended is unknown"
        ))
    }
}

/// What a caller is told of an end.
fn answer(outcome: Outcome, message: String) -> Result<(), VerbError> {
    match outcome {
        Outcome::Done => Ok(()),
        Outcome::Failed | Outcome::LeftOver => Err(VerbError::Failed(message)),
        Outcome::Aborted => Err(VerbError::Aborted),
        Outcome::Crashed | Outcome::Killed => Err(VerbError::Unknown(message)),
    }
}

/// An error with its causes, in one line.
fn told(error: &FakeError) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

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
        self.work(call, order).carry_out(true)
    }

    fn work<'a>(&'a self, call: &'a Call<'a>, order: Order<'a>) -> Work<'a> {
        Work {
            fake: self,
            call,
            order,
            since: Instant::now(),
        }
    }

    /// Asks a node something; `None` from `ask` when it is not there.
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
            Ok(Observed {
                running_on,
                activity: activity.and_then(|deed| deed.activity()),
                silent,
            })
        });
        observed.map_err(|error| VerbError::Failed(told(&error)))
    }

    fn running(&self, call: &Call<'_>, node: &NodeRef) -> Result<Vec<InstanceUuid>, VerbError> {
        self.ask(call, node, |at| at.running_there(&node.uuid))
    }

    fn node_facts(&self, call: &Call<'_>, node: &NodeRef) -> Result<NodeFacts, VerbError> {
        self.ask(call, node, |at| {
            let row = at.node(&node.uuid)?;
            let (memory_used, disk_used) = at.used(&node.uuid)?;
            Ok(NodeFacts {
                capacity: row.map_or(Capacity::default(), |row| row.capacity),
                memory_used,
                disk_used,
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
        let set = self.write(|at| {
            let alive = !at.is_dead(&node.name)?;
            at.put_node(node, alive, capacity)
        });
        set.map_err(|error| VerbError::Failed(told(&error)))
    }

    fn remove_node(&self, _call: &Call<'_>, node: &NodeRef) -> Result<(), VerbError> {
        let removed = self.write(|at| at.remove_node(&node.uuid));
        match removed.map_err(|error| VerbError::Failed(told(&error)))? {
            None => Ok(()),
            Some(name) => {
                let reason = format!("{name} is running on {} or on its way there", node.name);
                Err(VerbError::Failed(reason))
            }
        }
    }

    fn start(
        &self,
        call: &Call<'_>,
        instance: &InstanceRef,
        node: &NodeRef,
    ) -> Result<(), VerbError> {
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
        self.work(call, order).carry_out(true)
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
        _live: bool,
    ) -> Result<(), VerbError> {
        self.carry_out(call, Verb::Migrate, instance, Some(from), Some(to))
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
        self.work(call, order).carry_out(wait)
    }

    fn drop_copy(
        &self,
        call: &Call<'_>,
        instance: &InstanceRef,
        node: &NodeRef,
    ) -> Result<(), VerbError> {
        self.carry_out(call, Verb::DropCopy, instance, Some(node), None)
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
