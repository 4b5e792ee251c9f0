//! What a unit tells of what it has done, or had not to do.

use std::sync::Arc;

use super::find::find_node;
use crate::allocator::Role;
use crate::cluster::{Config, Node};
use crate::lu::{Detail, Move, Outcome};
use crate::opcodes::OpError;

/// What is told about an opcode on one instance.
pub(in crate::lu) fn about(name: &str) -> Detail {
    Detail {
        instance: Some(name.to_owned()),
        ..Detail::default()
    }
}

/// One role went from one node to another.
pub(in crate::lu) fn moved(role: Role, from: &Node, to: &Node) -> Move {
    Move {
        role,
        from: from.name.clone(),
        to: to.name.clone(),
    }
}

/// If `source` is named and no longer is `holder`: the outcome of an opcode that was to take a role
/// away from a node that has lost it already.
pub(in crate::lu) fn has_left(
    config: &Config,
    name: &str,
    source: Option<&String>,
    holder: Option<&Arc<Node>>,
) -> Result<Option<Outcome>, OpError> {
    let Some(source) = source else {
        return Ok(None);
    };
    // A source that was removed meanwhile has lost every role.
    let source = match find_node(config, source, None) {
        Ok(node) if holder.is_some_and(|holder| holder.uuid == node.uuid) => return Ok(None),
        Ok(node) => &node.name,
        Err(_) => source,
    };
    Ok(Some(nothing_to_do(
        name,
        format!("{name} has left {source} already"),
    )))
}

/// The outcome of an opcode that found its work done.
pub(in crate::lu) fn nothing_to_do(name: &str, why: String) -> Outcome {
    Outcome {
        detail: Detail {
            nothing_to_do: Some(why),
            ..about(name)
        },
        ..Outcome::default()
    }
}
