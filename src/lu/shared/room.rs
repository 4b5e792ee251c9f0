//! The room of a node: whether it is enough, what is claimed of it, and where there is some.

use std::sync::Arc;

use super::subject::Subject;
use crate::allocator::{Claim, Role, Rules, check_room, choose_node, still_fits};
use crate::cluster::{Config, Mirroring, Node};
use crate::lu::Env;
use crate::opcodes::{ErrorCode, OpError};

/// Refuses a node without room for a role of an instance. Room that its own job was promised does
/// not stand in its way.
pub(in crate::lu) fn check_room_on(
    env: &Env<'_>,
    subject: &Subject<'_>,
    node: &Node,
    role: Role,
) -> Result<(), OpError> {
    if is_promised(env, subject, node, role) {
        return Ok(());
    }
    check_room(env.world, &subject.instance.uuid, &node.uuid, role)
        .map_err(|missing| no_room(&subject.instance.name, node, &missing))
}

/// The room that an instance needs on a node that it comes to in this role.
pub(in crate::lu) fn arrival(
    config: &Config,
    subject: &Subject<'_>,
    node: &Node,
    role: Role,
) -> Claim {
    let backend = config.backend(subject.instance);
    let runs = subject.is_up();
    // A secondary node keeps memory free for the day on which the instance has to run there.
    Claim {
        node: node.uuid.clone(),
        instance: subject.instance.uuid.clone(),
        role,
        memory: if runs { backend.maxmem } else { 0 },
        disk: match role {
            Role::Primary if subject.template().mirroring() == Mirroring::Internal => 0,
            _ => config.disk_on_node(subject.instance),
        },
        vcpus: match role {
            Role::Primary => backend.vcpus,
            Role::Secondary => 0,
        },
    }
}

/// Whether this job has a claim: then the room was found when the claim was made, and is kept.
fn is_promised(env: &Env<'_>, subject: &Subject<'_>, node: &Node, role: Role) -> bool {
    env.world.claims.iter().any(|(job, claim)| {
        *job == env.job
            && claim.role == role
            && claim.node == node.uuid
            && claim.instance == subject.instance.uuid
    })
}

/// The memory that an instance that is meant to be stopped needs when it is started.
pub(in crate::lu) fn memory_at_home(config: &Config, subject: &Subject<'_>) -> Claim {
    Claim {
        node: subject.primary.uuid.clone(),
        instance: subject.instance.uuid.clone(),
        role: Role::Primary,
        memory: config.backend(subject.instance).maxmem,
        disk: 0,
        vcpus: 0,
    }
}

/// Refuses to start an instance that is meant to be stopped where its memory is not free.
pub(in crate::lu) fn check_memory(env: &Env<'_>, subject: &Subject<'_>) -> Result<(), OpError> {
    if is_promised(env, subject, subject.primary, Role::Primary) {
        return Ok(());
    }
    still_fits(env.world, &[memory_at_home(env.config(), subject)])
        .map_err(|missing| no_room(subject.name(), subject.primary, &missing))
}

/// The refusal of a node that is too full.
pub(in crate::lu) fn no_room(name: &str, node: &Node, missing: &str) -> OpError {
    OpError::prereq(
        ErrorCode::InsufficientResources,
        format!("{} has no room for instance {name}: {missing}", node.name),
    )
    .hint("gnt-node list shows what is free on which node")
}

/// The node that the placement chooses for this role of the instance, or why there is none.
pub(in crate::lu) fn place<'a>(
    env: &Env<'a>,
    subject: &Subject<'a>,
    role: Role,
) -> Result<&'a Arc<Node>, OpError> {
    let name = subject.name();
    let placed = choose_node(env.world, &subject.instance.uuid, role, Rules::default());
    let placed = placed.map_err(|none| {
        let text = match role {
            Role::Primary => format!("no node can take instance {name}: {}", none.reason),
            Role::Secondary => format!(
                "no node can be the secondary node of instance {name}: {}",
                none.reason
            ),
        };
        let hint = none.hint.unwrap_or_else(|| "name a node with -n".into());
        OpError::prereq(ErrorCode::InsufficientResources, text).hint(hint)
    })?;
    let to = placed.moves.first().map(|step| &step.to);
    to.and_then(|to| env.config().nodes.get(to))
        .ok_or_else(|| OpError::prereq(ErrorCode::InternalError, "the placement chose no node"))
}
