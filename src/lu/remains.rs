//! What a move leaves on a side that did not see its end.
//!
//! A node whose hypervisor was gone or hung when a move ended may still have the guest afterwards: a
//! definition, or the guest itself, which stands still for ever. Both are removed, but only in sight of the
//! guest running on the other side.

use std::time::{Duration, Instant};

use super::settle::{LOOK_AGAIN, ask_twice, forget_if_possible, look};
use super::shared::reference;
use super::{Env, Failure};
use crate::cluster::{Node, NodeUuid};
use crate::hypervisor::{Hypervisor, InstanceRef, NodeRef, Observed, Stop};

/// How long a side that does not answer is waited for when its move is over: a daemon that was started again
/// answers within seconds, and one that hung when its move was given up has half a minute behind it.
const ANSWERS_WITHIN: Duration = Duration::from_secs(20);

/// Looks at both sides of a move that is over, and removes what it left. That fails no move: what cannot be
/// seen is told.
pub(super) fn clear(env: &Env<'_>, instance: &InstanceRef, sides: [&NodeRef; 2]) {
    if !env.driver.has_machines() {
        return;
    }
    let name = &instance.name;
    let until = Instant::now() + ANSWERS_WITHIN;
    let nodes = sides.map(NodeRef::clone);
    let mut waits = false;
    loop {
        let seen = env.call_undisturbed(env.limits.look, |call| {
            env.driver.observe(call, instance, &nodes)
        });
        let seen = match seen {
            Ok(seen) => seen,
            Err(error) => return env.warn(format!("what the move left is not known: {error}")),
        };
        let ends = remove_standing(env, instance, &seen)
            .and_then(|()| forget_if_possible(env, instance, &seen));
        if let Err(failure) = ends {
            return env.warn(failure.error.to_string());
        }
        let Some(silent) = seen.silent.first() else {
            return;
        };
        let node = env.config().node_name(silent);
        if Instant::now() >= until || env.interrupt.check(&[silent]).is_some() {
            return env.warn(format!(
                "{node} does not answer: it may still have {name}, stopped or standing still; gnt-cluster \
                 verify removes that when {node} is back"
            ));
        }
        if !waits {
            let seconds = ANSWERS_WITHIN.as_secs();
            env.info(format!(
                "{node} does not answer: looking for {seconds} s whether it still has {name}"
            ));
            waits = true;
        }
        std::thread::sleep(LOOK_AGAIN);
    }
}

/// Removes a guest that stands still beside itself running.
///
/// # Errors
/// When it cannot be stopped there, or forgotten.
pub(super) fn remove_standing(
    env: &Env<'_>,
    instance: &InstanceRef,
    seen: &Observed,
) -> Result<(), Failure> {
    let nodes = &env.config().nodes;
    for node in seen.remains_on.iter().filter_map(|uuid| nodes.get(uuid)) {
        let (name, node) = (&instance.name, reference(node));
        let on = &node.name;
        env.info(format!(
            "{on} has {name} standing still, which runs elsewhere: removing it there"
        ));
        let what = format!("remove {name} from {on}");
        ask_twice(env, &what, |call| {
            (env.driver).stop(call, instance, &node, Stop::Destroy)
        })?;
        ask_twice(env, &what, |call| {
            env.driver.undefine(call, instance, &node)
        })?;
    }
    Ok(())
}

/// Removes an instance from where it stands still, if in one look it is seen to run on `home`, its primary
/// node. Whether it runs there alone by now.
///
/// # Errors
/// When nodes cannot be looked at, or keep it.
pub(super) fn runs_at_home_alone(
    env: &Env<'_>,
    instance: &InstanceRef,
    home: &Node,
    others: &[&Node],
) -> Result<bool, Failure> {
    let nodes: Vec<NodeRef> = [&[home], others]
        .concat()
        .into_iter()
        .map(reference)
        .collect();
    let seen = look(env, instance, &nodes)?;
    let remains = |uuid: &NodeUuid| seen.remains_on.contains(uuid);
    let is_removable = |uuid: &NodeUuid| *uuid == home.uuid || remains(uuid);
    if remains(&home.uuid) || !seen.silent.is_empty() || !seen.running_on.iter().all(is_removable) {
        return Ok(false);
    }
    remove_standing(env, instance, &seen)?;
    Ok(seen.running_on.contains(&home.uuid))
}
