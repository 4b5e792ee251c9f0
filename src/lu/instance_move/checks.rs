//! What has to hold for a move to be begun.

use crate::allocator::Role;
use crate::cluster::{Mirroring, Node, NodeUuid};
use crate::hypervisor::{Activity, CopyState, Hypervisor, Observed};
use crate::lu::remains::remove_standing;
use crate::lu::settle::{describe, failed, look, uncertain};
use crate::lu::shared::{Subject, check_room_on, check_target, cleanup_hint, reference, silent};
use crate::lu::{Env, Failure};
use crate::opcodes::{ErrorCode, OpError};

/// Refuses a target that does not take the instance. Asked before a move is begun, not when one is
/// on its way already.
pub(super) fn admit(env: &Env<'_>, subject: &Subject<'_>, target: &Node) -> Result<(), OpError> {
    check_target(target)?;
    match subject.is_up() {
        true => check_room_on(env, subject, target, Role::Primary),
        false => Ok(()),
    }
}

/// The same, and it has to answer.
pub(super) fn admit_seen(
    env: &Env<'_>,
    subject: &Subject<'_>,
    target: &Node,
    seen: &Observed,
) -> Result<(), OpError> {
    admit(env, subject, target)?;
    match seen.silent.contains(&target.uuid) {
        true => Err(silent(&target.name, ErrorCode::EnvironmentError)),
        false => Ok(()),
    }
}

/// Looks whether the instance is at its source, if that is not declared dead, or at its target.
pub(super) fn look_before(
    env: &Env<'_>,
    subject: &Subject<'_>,
    target: &Node,
) -> Result<Observed, Failure> {
    let mut nodes = vec![reference(target)];
    if !subject.primary.offline {
        nodes.push(reference(subject.primary));
    }
    let mut seen = look(env, &subject.reference, &nodes)?;
    if env.attempt > 1 && !seen.remains_on.is_empty() {
        // An earlier run has moved it, and did not live to see what was left.
        remove_standing(env, &subject.reference, &seen)?;
        seen = look(env, &subject.reference, &nodes)?;
    }
    if seen.running_on.len() > 1 {
        return Err(runs_twice(env, subject, &seen.running_on));
    }
    Ok(seen)
}

/// The failure that nothing may follow but an operator's decision.
pub(in crate::lu) fn runs_twice(env: &Env<'_>, subject: &Subject<'_>, on: &[NodeUuid]) -> Failure {
    let names: Vec<&str> = on.iter().map(|uuid| env.config().node_name(uuid)).collect();
    let text = format!(
        "instance {} runs on {} at the same time: its disks are in danger",
        subject.name(),
        names.join(" and ")
    );
    let mut failure = uncertain(&subject.reference, text);
    failure.error = failure.error.hint(format!(
        "stop it by hand on all of them but one, then: {}",
        cleanup_hint(subject.name())
    ));
    failure
}

/// Refuses to move while something else is on its way with the instance.
pub(in crate::lu) fn busy(env: &Env<'_>, subject: &Subject<'_>, activity: &Activity) -> OpError {
    let name_of = |uuid: &NodeUuid| env.config().node_name(uuid).to_owned();
    OpError::exec(format!(
        "instance {} {}",
        subject.name(),
        describe(activity, name_of)
    ))
    .code(ErrorCode::WrongState)
    .hint("wait for its end and submit again")
}

/// Refuses a drbd target whose copy of the disks is not usable.
pub(super) fn check_in_sync(
    env: &Env<'_>,
    subject: &Subject<'_>,
    target: &Node,
) -> Result<(), Failure> {
    if subject.template().mirroring() != Mirroring::Internal {
        return Ok(());
    }
    let copies = env.call(env.limits.look, |call| {
        env.driver.copies(call, &subject.reference)
    });
    let what = format!("see the disks of {}", subject.name());
    let copies = copies.map_err(|error| failed(env, &what, error))?;
    let state = copies.iter().find(|(node, _)| *node == target.uuid);
    let why = match state {
        Some((_, CopyState::InSync)) => return Ok(()),
        Some((_, CopyState::Syncing(percent))) => format!("is not in sync ({percent:.0} %)"),
        None => "is missing".to_owned(),
    };
    let text = format!(
        "the copy of {}'s disks on {} {why}",
        subject.name(),
        target.name
    );
    Err(OpError::exec(text)
        .code(ErrorCode::WrongState)
        .hint(format!(
            "gnt-instance replace-disks --auto {} repairs it",
            subject.name()
        ))
        .into())
}
