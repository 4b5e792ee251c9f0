//! What a real machine that comes back still knows of instances that were moved away without it.
//!
//! A node that died keeps the definitions of what ran there, and some of it may be started there again, by a
//! hand or by habit. So nothing starts on it before it has forgotten them.

use std::sync::Arc;

use super::Env;
use super::guest::runs;
use super::remains::runs_at_home_alone;
use super::settle::failed;
use super::shared::{cleanup_hint, reference};
use crate::cluster::{Config, Instance, InstanceUuid, Node};
use crate::hypervisor::{Guest, Hypervisor, InstanceRef, VerbError};
use crate::opcodes::{ErrorCode, OpError};

/// The guests of a node that are instances which belong to another one, as the node knows them.
fn strangers<'a>(
    config: &'a Config,
    node: &Node,
    guests: &'a [Guest],
) -> impl Iterator<Item = (&'a Arc<Instance>, &'a Guest)> {
    let home = node.uuid.clone();
    guests.iter().filter_map(move |guest| {
        let uuid = InstanceUuid::from(guest.uuid.as_str());
        let instance = config.instances.get(&uuid)?;
        (instance.primary_node != home).then_some((instance, guest))
    })
}

/// Makes a node that comes back forget what is on other nodes by now. One of them that runs there is left
/// alone, unless it only stands still there beside itself running where it belongs.
///
/// # Errors
/// When the node cannot be asked, when it does not forget, and when an instance runs there.
pub(super) fn forget_left_overs(env: &Env<'_>, node: &Node) -> Result<(), OpError> {
    if node.host.is_none() {
        return Ok(());
    }
    let config = env.config();
    let at = reference(node);
    let guests = env.call_undisturbed(env.limits.look, |call| env.driver.guests(call, &at));
    let what = format!("see what {} still knows", node.name);
    let guests = guests.map_err(|error| failed(env, &what, error).error)?;
    let mut running = vec![];
    for (instance, guest) in strangers(config, node, &guests) {
        let of = InstanceRef::new(config, instance);
        if runs(guest) {
            let home = config.nodes.get(&instance.primary_node);
            let alone = home.is_some_and(|home| {
                // What cannot be seen, or stays, runs here.
                runs_at_home_alone(env, &of, home, &[node]).unwrap_or(false)
            });
            if !alone {
                running.push(instance);
            }
            continue;
        }
        let what = format!("make {} forget {}", node.name, instance.name);
        forget(env, &of, instance, node).map_err(|error| failed(env, &what, error).error)?;
    }
    match running.first() {
        None => Ok(()),
        Some(first) => Err(runs_there(config, node, &running, first)),
    }
}

/// Makes a node forget the definition of an instance that is on another one, and tells it.
pub(super) fn forget(
    env: &Env<'_>,
    of: &InstanceRef,
    instance: &Instance,
    node: &Node,
) -> Result<(), VerbError> {
    env.call_undisturbed(env.limits.node, |call| {
        env.driver.undefine(call, of, &reference(node))
    })?;
    let home = env.config().node_name(&instance.primary_node);
    env.info(format!(
        "{} has forgotten {}, which is on {home}",
        node.name, instance.name
    ));
    Ok(())
}

/// The refusal of a node that runs what belongs to others: it may run twice.
fn runs_there(
    config: &Config,
    node: &Node,
    running: &[&Arc<Instance>],
    first: &Instance,
) -> OpError {
    let names: Vec<String> = (running.iter())
        .map(|one| {
            let home = config.node_name(&one.primary_node);
            format!("{} (which belongs to {home})", one.name)
        })
        .collect();
    let text = format!(
        "{} runs {}: one that runs twice destroys its disks",
        node.name,
        names.join(", ")
    );
    OpError::prereq(ErrorCode::WrongState, text).hint(format!(
        "stop it there by hand, such as with virsh destroy; then, if need be, {}",
        cleanup_hint(&first.name)
    ))
}
