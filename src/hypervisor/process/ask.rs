//! Asking nodes: one, or several at once.

use std::cell::Cell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gnt_driver::{Ask, Facts, Guest, Opened, Outcome, Trouble};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::channel::{Broken, Patience};
use super::look::Look;
use super::pool::{Lease, SLOW};
use super::{NO_ANSWER, ProcessDriver, in_doubt, in_words, not_asked, refused, unreachable};
use crate::cluster::{InstanceUuid, NodeUuid};
use crate::hypervisor::{Call, InterruptKind, NodeRef, Progress, VerbError};

/// How long a node may take to answer a question. One that is well takes milliseconds, one that swaps may
/// need seconds; libvirt's own keepalive, where a driver sets it, finds a hung host in as long.
pub(super) const ANSWER_WITHIN: Duration = Duration::from_secs(8);

/// How long a short verb is waited for when its job was cancelled: it ends by itself unless it hangs.
const CANCELED_FOR: Duration = Duration::from_secs(10);

/// How long a node may let somebody wait before whoever follows the job is told.
const TOLD_AFTER: Duration = Duration::from_secs(1);

/// The stack of a thread that asks one node.
const STACK_BYTES: usize = 256 << 10;

impl ProcessDriver {
    /// Asks a node something that changes nothing.
    pub(super) fn question<T: DeserializeOwned>(
        &self,
        call: &Call<'_>,
        node: &NodeRef,
        ask: Ask,
    ) -> Result<T, VerbError> {
        let (value, _) = self.asked(call, node, |_| ask.clone())?;
        understood(node, value)
    }

    /// What a node tells of itself.
    pub(super) fn facts(
        &self,
        call: &Call<'_>,
        node: &NodeRef,
    ) -> Result<(Facts, Arc<Opened>), VerbError> {
        let (value, opened) = self.asked(call, node, |_| Ask::Facts)?;
        Ok((understood(node, value)?, opened))
    }

    /// Asks a node what `ask` makes of what its driver can.
    fn asked(
        &self,
        call: &Call<'_>,
        node: &NodeRef,
        ask: impl Fn(&Opened) -> Ask,
    ) -> Result<(Value, Arc<Opened>), VerbError> {
        let stop = waiting(call, node);
        loop {
            let mut lease = self.pool.take(call, node)?;
            let ask = ask(&lease.opened);
            if let Some(error) = lease.cannot(&ask) {
                return Err(error);
            }
            let begun = Instant::now();
            let until = call.deadline.min(begun + ANSWER_WITHIN);
            let outcome = lease.channel.ask(ask, Patience { until, stop: &stop });
            match outcome {
                Ok(Outcome::Ok(value)) => {
                    let opened = Arc::clone(&lease.opened);
                    lease.give_back();
                    return Ok((value, opened));
                }
                // Its connection has died since it was used last: another one is made.
                Ok(Outcome::Error(refusal)) if lease.used && lost(refusal.trouble) => {}
                Err(Broken::Ended(_)) if lease.used => {}
                Ok(Outcome::Error(refusal)) => {
                    if !lost(refusal.trouble) {
                        lease.give_back();
                    }
                    return Err(match refusal.trouble {
                        // Nothing was begun that could have an end.
                        Trouble::Unknown => unreachable(node, in_words(&refusal)),
                        _ => refused(node, &refusal),
                    });
                }
                Err(broken) => {
                    drop(lease);
                    if broken == Broken::Silent && begun.elapsed() > SLOW {
                        self.pool.found_silent(node, NO_ANSWER);
                    }
                    return Err(not_asked(node, broken));
                }
            }
        }
    }

    /// Asks a node to do something, and waits until it has; `doing` completes "how … ended". A cancelled
    /// job does not end it, unless it hangs.
    pub(super) fn effect(
        &self,
        call: &Call<'_>,
        node: &NodeRef,
        ask: Ask,
        doing: &str,
    ) -> Result<(), VerbError> {
        let canceled = Cell::new(None);
        let stop = || match call.interrupt.check(&[&node.uuid]) {
            Some(InterruptKind::Cancel) => {
                let since: Instant = canceled.get().unwrap_or_else(Instant::now);
                canceled.set(Some(since));
                (since.elapsed() > CANCELED_FOR).then_some(InterruptKind::Cancel)
            }
            other => other,
        };
        loop {
            let mut lease = self.pool.take(call, node)?;
            match lease.cannot(&ask) {
                None => {}
                Some(_) if is_done_without(&ask) => return Ok(()),
                Some(error) => return Err(error),
            }
            let until = call.deadline;
            let outcome = lease
                .channel
                .ask(ask.clone(), Patience { until, stop: &stop });
            match outcome {
                Ok(Outcome::Ok(_)) => {
                    lease.give_back();
                    return Ok(());
                }
                Ok(Outcome::Error(refusal))
                    if lease.used && refusal.trouble == Trouble::Unreachable => {}
                Ok(Outcome::Error(refusal)) => {
                    if !lost(refusal.trouble) {
                        lease.give_back();
                    }
                    return Err(refused(node, &refusal));
                }
                Err(broken) => return Err(left(lease, node, broken, doing)),
            }
        }
    }

    /// One node's word on a guest.
    pub(super) fn look(
        &self,
        call: &Call<'_>,
        guest: &InstanceUuid,
        node: &NodeRef,
    ) -> Result<Look, VerbError> {
        // A driver that looks at none alone is asked for all.
        let looks = |opened: &Opened| opened.can("look");
        let guest = guest.as_str();
        let ask = |opened: &Opened| match looks(opened) {
            true => Ask::Look {
                guest: guest.to_owned(),
            },
            false => Ask::List,
        };
        let (value, opened) = self.asked(call, node, ask)?;
        let found: Option<Guest> = match looks(&opened) {
            true => understood(node, value)?,
            false => {
                let all: Vec<Guest> = understood(node, value)?;
                all.into_iter().find(|one| one.uuid == guest)
            }
        };
        Ok(found.map_or(Look::Absent, Look::Guest))
    }

    /// The same, where a node that does not answer is one that is silent.
    pub(super) fn look_or_silent(
        &self,
        call: &Call<'_>,
        guest: &InstanceUuid,
        node: &NodeRef,
    ) -> Result<Look, VerbError> {
        match self.look(call, guest, node) {
            Err(VerbError::LeftBehind) => Err(VerbError::LeftBehind),
            Err(VerbError::Aborted) => Err(VerbError::Aborted),
            Err(_) => Ok(Look::Silent),
            Ok(look) => Ok(look),
        }
    }

    /// Several nodes' words on a guest.
    pub(super) fn looks(
        &self,
        call: &Call<'_>,
        guest: &InstanceUuid,
        nodes: &[NodeRef],
    ) -> Result<Vec<(NodeUuid, Look)>, VerbError> {
        let look = |node: &NodeRef| {
            let look = self.look_or_silent(call, guest, node)?;
            Ok((node.uuid.clone(), look))
        };
        each(nodes, look).into_iter().collect()
    }
}

/// Whether nothing is amiss where a driver cannot do this: its guests have no marks, and none is started
/// but by us.
fn is_done_without(ask: &Ask) -> bool {
    matches!(ask, Ask::Mark { .. } | Ask::Autostart { on: false, .. })
}

/// An answer in the form that it is to have.
fn understood<T: DeserializeOwned>(node: &NodeRef, value: Value) -> Result<T, VerbError> {
    serde_json::from_value(value)
        .map_err(|error| not_asked(node, Broken::Nonsense(error.to_string())))
}

/// What ends the waiting for a node early; it also tells that somebody waits for it.
pub(super) fn waiting<'a>(
    call: &'a Call<'_>,
    node: &'a NodeRef,
) -> impl Fn() -> Option<InterruptKind> + 'a {
    let since = Instant::now();
    let told = Cell::new(false);
    move || {
        if since.elapsed() > TOLD_AFTER && !told.replace(true) {
            (call.progress)(Progress::waiting(&node.name));
        }
        call.interrupt.check(&[&node.uuid])
    }
}

/// Whether a refusal means that the connection is of no use any more.
fn lost(trouble: Trouble) -> bool {
    matches!(trouble, Trouble::Unreachable | Trouble::Unknown)
}

/// There was no answer to something that was begun. A runner that leaves lets it go on.
pub(super) fn left(lease: Lease<'_>, node: &NodeRef, broken: Broken, doing: &str) -> VerbError {
    if broken == Broken::Interrupted(InterruptKind::Leave) {
        lease.channel.release();
    }
    in_doubt(node, broken, doing)
}

/// Does something for each node, all at once; the answers come in the nodes' order.
pub(super) fn each<T: Send>(nodes: &[NodeRef], work: impl Fn(&NodeRef) -> T + Sync) -> Vec<T> {
    let Some((last, others)) = nodes.split_last() else {
        return vec![];
    };
    std::thread::scope(|scope| {
        let work = &work;
        let asked: Vec<_> = (others.iter())
            .map(|node| {
                let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
                (node, thread.spawn_scoped(scope, move || work(node)).ok())
            })
            .collect();
        let of_last = work(last);
        let answers = asked.into_iter().map(|(node, thread)| {
            // Where the system has no thread left it is asked after the others.
            match thread.and_then(|thread| thread.join().ok()) {
                Some(answer) => answer,
                None => work(node),
            }
        });
        let mut answers: Vec<T> = answers.collect();
        answers.push(of_last);
        answers
    })
}
