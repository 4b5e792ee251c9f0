//! One call of a verb: beginning it, and following it to its end.

use std::thread;
use std::time::{Duration, Instant};

use super::deeds::{Deed, Order};
use super::orders::{Answer, Lost};
use super::reality::{boot_clock, uint};
use super::{Change, Fake, FakeError, Outcome, Verb};
use crate::cluster::NodeUuid;
use crate::hypervisor::{Call, InterruptKind, NodeRef, Progress, VerbError};

/// How often one who waits looks at reality and tells how far it is. Others may change it
/// meanwhile: abort, clear a fault.
pub(super) const TICK: Duration = Duration::from_millis(100);

/// How long a verb that cannot be aborted waits between two looks at its interrupt, once its job
/// was cancelled.
const SHORT_TICK: Duration = Duration::from_millis(10);

/// One call of a verb.
pub(super) struct Work<'a> {
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

    /// A call of a verb that begins now.
    pub(super) fn new(fake: &'a Fake, call: &'a Call<'a>, order: Order<'a>) -> Work<'a> {
        Work {
            fake,
            call,
            order,
            since: Instant::now(),
        }
    }

    /// Begins it and, if `wait`, follows it to its end.
    pub(super) fn carry_out(&self, wait: bool) -> Result<(), VerbError> {
        loop {
            if let Some(kind) = self.call.interrupt.check(&self.nodes())
                && let Some(answer) = self.not_begun(&kind)?
            {
                return answer;
            }
            let answer = (self.fake)
                .write(Change::Order, |at| at.order(&self.order))
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
                // Whoever aborts looks himself what became of it.
                if lost.is_some() && outcome != Outcome::Aborted {
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
            // A sync also needs the node that it copies from, which the order does not name.
            let nodes = [deed.source.as_ref(), deed.target.as_ref()];
            let nodes: Vec<&NodeUuid> = nodes.into_iter().flatten().collect();
            match self.call.interrupt.wait(until, &nodes) {
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
        let aborted = self.fake.write(Change::Cancel, |at| match at.deed(id)? {
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
        let ended = self.fake.write(Change::GiveUp, |at| {
            let deed = at.deed(id)?;
            if let Some(deed) = &deed
                && deed.outcome.is_none()
                && endable
            {
                at.abort(deed)?;
            }
            let name = at.node(node)?.map_or(node.to_string(), |row| row.name);
            Ok((name, deed.and_then(|deed| deed.outcome)))
        });
        let (name, outcome) = ended.map_err(|error| VerbError::Unknown(told(&error)))?;
        match outcome {
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
pub(super) fn told(error: &FakeError) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
