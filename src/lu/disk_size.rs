//! Disks of another size: what that needs on the nodes, and how it is brought about.

use std::sync::Arc;

use super::copies::{Wait, add_copy};
use super::settle::ask_twice;
use super::shared::{Subject, reference};
use super::{Env, Failure};
use crate::allocator::{Claim, Role, still_fits};
use crate::cluster::{Config, InstanceUuid, Node, NodeUuid};
use crate::hypervisor::{Hypervisor, InstanceRef, NodeRef};
use crate::opcodes::{ErrorCode, OpError};

/// The room that an instance takes where it is: after a change, in the configuration that shows it.
pub(super) fn room_of(config: &Config, uuid: &InstanceUuid) -> Vec<Claim> {
    let Some(instance) = config.instances.get(uuid) else {
        return vec![];
    };
    let (runs, backend) = (Config::uses_memory(instance), config.backend(instance));
    let claim = |node: &NodeUuid, role: Role| Claim {
        node: node.clone(),
        instance: uuid.clone(),
        role,
        memory: if runs { backend.maxmem } else { 0 },
        disk: config.disk_on_node(instance),
        vcpus: match role {
            Role::Primary => backend.vcpus,
            Role::Secondary => 0,
        },
    };
    let mut claims = vec![claim(&instance.primary_node, Role::Primary)];
    let secondary = config.secondary(instance);
    claims.extend(secondary.map(|node| claim(node, Role::Secondary)));
    claims
}

/// Refuses a change for which a node has no room, unless the job was promised it.
pub(super) fn check_room_for(env: &Env<'_>, name: &str, claims: &[Claim]) -> Result<(), OpError> {
    let promised = env.world.claims.iter().any(|(job, _)| *job == env.job);
    if promised || claims.is_empty() {
        return Ok(());
    }
    still_fits(env.world, claims).map_err(|missing| {
        OpError::prereq(
            ErrorCode::InsufficientResources,
            format!("there is no room for the change of instance {name}: {missing}"),
        )
        .hint("gnt-node list shows what is free on which node")
    })
}

/// Gives the disks in reality the size that they have in the configuration `after`.
pub(super) fn resize(env: &Env<'_>, subject: &Subject<'_>, after: &Config) -> Result<(), Failure> {
    let Some(instance) = after.instances.get(&subject.instance.uuid) else {
        return Ok(());
    };
    let instance = InstanceRef::new(after, instance);
    let nodes: Vec<NodeRef> = holders(subject).map(|node| reference(node)).collect();
    let what = format!("resize the disks of {}", subject.name());
    ask_twice(env, &what, |call| {
        env.driver.resize(call, &instance, &nodes)
    })
}

/// The nodes that hold the disks.
pub(super) fn holders<'a>(subject: &Subject<'a>) -> impl Iterator<Item = &'a Arc<Node>> {
    let holds = subject.template().uses_node_disk();
    let nodes = std::iter::once(subject.primary).chain(subject.secondary);
    nodes.filter(move |_| holds)
}

/// Waits until the copy on the secondary node is in sync, if there is one.
pub(super) fn sync_on(env: &Env<'_>, subject: &Subject<'_>) -> Result<(), Failure> {
    match subject.secondary {
        Some(node) => add_copy(env, subject, node, Wait::ToTheEnd),
        None => Ok(()),
    }
}
