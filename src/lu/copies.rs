//! The copies of an instance's disks: looked at, made and dropped.

use std::sync::Arc;

use super::settle::failed;
use super::shared::{Subject, reference};
use super::{Env, Failure};
use crate::cluster::{Node, NodeUuid};
use crate::hypervisor::{CopyState, Hypervisor, NodeRef, VerbError};
use crate::opcodes::{ErrorCode, OpError};

/// The copies of an instance's disks, by node.
pub(super) type Copies = Vec<(NodeUuid, CopyState)>;

/// The copies as they are.
pub(super) fn copies_of(env: &Env<'_>, subject: &Subject<'_>) -> Result<Copies, Failure> {
    env.call_undisturbed(env.limits.look, |call| {
        env.driver.copies(call, &subject.reference)
    })
    .map_err(|error| failed(env, &format!("see the disks of {}", subject.name()), error))
}

pub(super) fn state_on(copies: &Copies, node: &Node) -> Option<CopyState> {
    let found = copies.iter().find(|(uuid, _)| *uuid == node.uuid);
    found.map(|(_, state)| *state)
}

/// Whether a new copy is awaited.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    /// Only until it has been begun.
    No,
    /// Until it is in sync.
    InSync,
    /// The same, and there is no other copy to fall back on: a cancelled job leaves it syncing.
    ToTheEnd,
}

/// Makes a copy. If that fails, it is taken back, so that the old ones stand as they did; unless nothing
/// stands in its place.
pub(super) fn add_copy(
    env: &Env<'_>,
    subject: &Subject<'_>,
    node: &Node,
    wait: Wait,
) -> Result<(), Failure> {
    let target = reference(node);
    let limit = match wait {
        Wait::No => env.limits.storage,
        Wait::InSync | Wait::ToTheEnd => env.limits.sync,
    };
    let end = env.call(limit, |call| {
        (env.driver).add_copy(call, &subject.reference, &target, wait != Wait::No)
    });
    let Err(error) = end else {
        return Ok(());
    };
    let name = subject.name();
    let what = format!("copy the disks of {name} to {}", node.name);
    let text = match error {
        VerbError::Unknown(text) => text,
        VerbError::LeftBehind => return Err(failed(env, &what, VerbError::LeftBehind)),
        VerbError::Aborted if wait == Wait::ToTheEnd && env.interrupt.canceled() => {
            begin_again(env, subject, &target);
            return Err(failed(env, &what, VerbError::Aborted));
        }
        // A verb that failed has taken back what it began; one that was begun by another call and
        // only joined has not.
        other => {
            take_back(env, subject, &target);
            return Err(failed(env, &what, other));
        }
    };
    env.warn(format!("{text}; looking at the copies of {name}"));
    let error = match copies_of(env, subject).map(|copies| state_on(&copies, node)) {
        Ok(Some(CopyState::InSync)) => return Ok(()),
        Ok(Some(CopyState::Syncing(_))) if wait == Wait::No => return Ok(()),
        Ok(Some(CopyState::Syncing(percent))) => {
            let fact = format!("{text}; the copy on {} is at {percent:.0} %", node.name);
            OpError::exec(fact).code(ErrorCode::Timeout)
        }
        Ok(None) => OpError::exec(format!("{text}; there is no copy on {}", node.name))
            .code(ErrorCode::Timeout),
        Err(_) => OpError::exec(format!(
            "{text}, whether there is a copy on {} is unknown",
            node.name
        ))
        .code(ErrorCode::Unknown),
    };
    if wait != Wait::ToTheEnd {
        take_back(env, subject, &target);
    }
    Err(error.into())
}

/// Lets a copy sync on that nobody waits for any more: without it there would be one copy only.
fn begin_again(env: &Env<'_>, subject: &Subject<'_>, node: &NodeRef) {
    let end = env.call_undisturbed(env.limits.storage, |call| {
        (env.driver).add_copy(call, &subject.reference, node, false)
    });
    let name = subject.name();
    match end {
        Ok(()) => env.info(format!("the copy of {name} on {} syncs on", node.name)),
        Err(error) => env.warn(format!(
            "{name} has no second copy: it could not be made on {}: {error}",
            node.name
        )),
    }
}

/// Removes an unfinished copy, if the node lets us.
pub(super) fn take_back(env: &Env<'_>, subject: &Subject<'_>, node: &NodeRef) {
    let end = env.call_undisturbed(env.limits.storage, |call| {
        (env.driver).drop_copy(call, &subject.reference, node)
    });
    if let Err(error) = end {
        env.warn(format!(
            "the unfinished copy of {} on {} could not be removed: {error}",
            subject.name(),
            node.name
        ));
    }
}

/// The node of a copy that can be removed; of one that is offline it is told that its copy stays there.
pub(super) fn droppable<'a>(env: &Env<'a>, on: &NodeUuid) -> Option<&'a Arc<Node>> {
    let node = env.config().nodes.get(on)?;
    if node.offline {
        env.warn(format!(
            "{} is offline: its copy of the disks is left there",
            node.name
        ));
        return None;
    }
    Some(node)
}

/// Removes a copy; the job is past the point at which it could be cancelled.
pub(super) fn drop_copy(env: &Env<'_>, subject: &Subject<'_>, node: &Node) -> Result<(), Failure> {
    let end = env.call_undisturbed(env.limits.storage, |call| {
        (env.driver).drop_copy(call, &subject.reference, &reference(node))
    });
    let what = format!("remove the copy of {} on {}", subject.name(), node.name);
    let error = match end {
        Ok(()) => return Ok(()),
        Err(error) => error,
    };
    if let VerbError::Unknown(text) = &error {
        env.warn(format!(
            "{text}; looking at the copies of {}",
            subject.name()
        ));
        let copies = copies_of(env, subject);
        if copies.is_ok_and(|copies| state_on(&copies, node).is_none()) {
            return Ok(());
        }
    }
    Err(failed(env, &what, error))
}
