//! What an opcode names, found in the configuration; and the identity of what it makes.

use std::sync::Arc;

use uuid::Uuid;

use crate::cluster::{
    Config, Group, Instance, Node, UnknownName, expand_group, expand_instance, expand_node,
};
use crate::lu::Env;
use crate::opcodes::{ErrorCode, OpError};
use crate::queue::JobId;

/// The node of a name, and of a UUID if one is given.
pub(in crate::lu) fn find_node<'a>(
    config: &'a Config,
    name: &str,
    uuid: Option<&str>,
) -> Result<&'a Arc<Node>, OpError> {
    let node = expand_node(config, name).map_err(unknown)?;
    same_identity("node", name, node.uuid.as_str(), uuid)?;
    Ok(node)
}

/// The instance of a name, and of a UUID if one is given.
pub(in crate::lu) fn find_instance<'a>(
    config: &'a Config,
    name: &str,
    uuid: Option<&str>,
) -> Result<&'a Arc<Instance>, OpError> {
    let instance = expand_instance(config, name).map_err(unknown)?;
    same_identity("instance", name, instance.uuid.as_str(), uuid)?;
    Ok(instance)
}

/// The group of a name or UUID.
pub(in crate::lu) fn find_group<'a>(
    config: &'a Config,
    name: &str,
) -> Result<&'a Arc<Group>, OpError> {
    expand_group(config, name).map_err(unknown)
}

fn unknown(name: UnknownName) -> OpError {
    OpError::prereq(ErrorCode::UnknownEntity, name.to_string()).hint(name.hint())
}

/// Guards against an object that was renamed, or removed and made anew, since the opcode was
/// submitted.
fn same_identity(kind: &str, name: &str, is: &str, wanted: Option<&str>) -> Result<(), OpError> {
    match wanted {
        Some(wanted) if wanted != is => Err(OpError::prereq(
            ErrorCode::ResourceNotUnique,
            format!("{kind} {name} has the UUID {is}, not {wanted}"),
        )
        .hint("the object was renamed or made anew meanwhile; look at it and submit again")),
        _ => Ok(()),
    }
}

/// The identity of an object that an opcode makes: the same each time the opcode is run, so that
/// one that is run again finds what it had begun.
pub(in crate::lu) fn new_uuid(env: &Env<'_>, part: &str) -> String {
    new_uuid_of(env.config(), env.job, env.index, part)
}

/// The same, for an opcode that does not run yet.
pub(in crate::lu) fn new_uuid_of(config: &Config, job: JobId, index: u32, part: &str) -> String {
    let cluster = config.cluster.as_ref();
    let space = cluster
        .and_then(|cluster| Uuid::parse_str(&cluster.uuid).ok())
        .unwrap_or(Uuid::NAMESPACE_OID);
    let name = format!("job-{job}-{index}{part}");
    Uuid::new_v5(&space, name.as_bytes()).to_string()
}
