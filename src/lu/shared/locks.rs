//! The locks of what a unit touches, and the nodes that these are for.

use std::sync::Arc;

use crate::cluster::{Config, GroupUuid, Node};
use crate::locking::{Level, Lock, LockSet, Mode};

/// Adds an instance, which is locked by its name.
pub(in crate::lu) fn lock_instance(locks: &mut LockSet, name: &str, mode: Mode) {
    locks.add(Lock::one(Level::Instance, name), mode);
}

/// Adds a group, without its nodes.
pub(in crate::lu) fn lock_group(locks: &mut LockSet, group: &GroupUuid, mode: Mode) {
    locks.add(Lock::one(Level::NodeGroup, group.as_str()), mode);
}

/// Adds nodes, shared, and what they hold.
pub(in crate::lu) fn share_nodes<'a>(
    locks: &mut LockSet,
    nodes: impl IntoIterator<Item = &'a Arc<Node>>,
) {
    for node in nodes {
        for level in [Level::Node, Level::NodeRes] {
            locks.add(Lock::one(level, node.uuid.as_str()), Mode::Shared);
        }
    }
}

/// The nodes of the group that `node` is in, in the order of their names.
pub(in crate::lu) fn group_mates<'a>(
    config: &'a Config,
    node: &'a Node,
) -> impl Iterator<Item = &'a Arc<Node>> {
    config
        .nodes_by_name()
        .filter(move |other| other.group == node.group)
}
