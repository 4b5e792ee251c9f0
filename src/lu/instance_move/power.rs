//! Starting and stopping an instance, settled.

use std::time::Duration;

use crate::cluster::Node;
use crate::hypervisor::{Call, Hypervisor, NodeRef, Stop, VerbError};
use crate::lu::settle::{Goal, settle};
use crate::lu::shared::{Subject, others, reference};
use crate::lu::{Env, Failure};

/// Stops an instance, giving its guest `timeout` seconds.
pub(in crate::lu) fn stop(
    env: &Env<'_>,
    subject: &Subject<'_>,
    node: &Node,
    timeout: u32,
) -> Result<(), Failure> {
    let node = reference(node);
    let timeout = Duration::from_secs(timeout.into());
    let end = env.call(timeout + env.limits.stop_margin, |call| {
        (env.driver).stop(call, &subject.reference, &node, Stop::Graceful(timeout))
    });
    settle(env, &subject.reference, Goal::Stopped(&node), end)
}

/// Starts an instance.
pub(in crate::lu) fn start(
    env: &Env<'_>,
    subject: &Subject<'_>,
    node: &NodeRef,
) -> Result<(), Failure> {
    let others = others(env.config(), subject, node);
    let end = env.call(env.limits.start, |call| {
        (env.driver).start(call, &subject.reference, node, &others)
    });
    settle(env, &subject.reference, Goal::Started(node), end)
}

/// Starts an instance that was stopped to be started here: a cancellation that comes in between is
/// too late, for the instance would be left stopped.
pub(in crate::lu) fn start_anyway(
    env: &Env<'_>,
    subject: &Subject<'_>,
    node: &NodeRef,
) -> Result<(), Failure> {
    let others = others(env.config(), subject, node);
    let begin = |call: &Call<'_>| env.driver.start(call, &subject.reference, node, &others);
    let mut end = env.call(env.limits.start, begin);
    if end == Err(VerbError::Aborted) && env.interrupt.canceled() {
        env.info("too late to cancel: the instance is started where it was moved to");
        end = env.call_undisturbed(env.limits.start, begin);
    }
    settle(env, &subject.reference, Goal::Started(node), end)
}
