//! What several units need: finding what an opcode names, the checks that they have in common, and
//! the locks of the things that they touch.

mod checks;
mod find;
mod locks;
mod outcome;
mod room;
mod subject;

use crate::cluster::{Config, Node};
use crate::hypervisor::NodeRef;

pub(super) use checks::{
    check_answers, check_online, check_same_group, check_target, cleanup_hint, refuse_violation,
    silent, silent_hint,
};
pub(super) use find::{find_group, find_instance, find_node, new_uuid, new_uuid_of};
pub(super) use locks::{group_mates, lock_group, lock_instance, share_nodes};
pub(super) use outcome::{about, has_left, moved, nothing_to_do};
pub(super) use room::{arrival, check_memory, check_room_on, memory_at_home, no_room, place};
pub(super) use subject::Subject;

/// A node for the hypervisor.
pub(super) fn reference(node: &Node) -> NodeRef {
    NodeRef::from(node)
}

/// The other nodes that might run an instance that is to be started on `node`: a driver of real machines
/// asks them before. The simulator sees all of them anyway.
pub(super) fn others(config: &Config, subject: &Subject<'_>, node: &NodeRef) -> Vec<NodeRef> {
    group_mates(config, subject.primary)
        .filter(|other| other.host.is_some() && !other.offline && other.uuid != node.uuid)
        .map(|other| reference(other))
        .collect()
}
