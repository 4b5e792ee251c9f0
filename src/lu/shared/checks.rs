//! What several units refuse, and what they tell an operator to do about it.

use super::reference;
use crate::cluster::{Config, Node};
use crate::hypervisor::{Hypervisor, VerbError};
use crate::lu::Env;
use crate::opcodes::{ErrorCode, OpError};

/// What an operator does about an uncertain instance.
pub(in crate::lu) fn cleanup_hint(name: &str) -> String {
    format!("gnt-instance migrate --cleanup {name} finds out")
}

/// What an operator does about a node that does not answer.
pub(in crate::lu) fn silent_hint(node: &str) -> String {
    format!("if the node is dead: gnt-node modify --offline yes {node}")
}

/// Refuses a node that does not take instances: offline, drained or not for instances.
pub(in crate::lu) fn check_target(node: &Node) -> Result<(), OpError> {
    check_online(node)?;
    let name = &node.name;
    let state = |text: String| OpError::prereq(ErrorCode::WrongState, text);
    if node.drained {
        return Err(state(format!("{name} is drained")).hint(format!(
            "gnt-node modify --drained no {name}, or name another node"
        )));
    }
    if !node.vm_capable {
        return Err(state(format!(
            "{name} is not vm_capable: it holds no instances"
        )));
    }
    Ok(())
}

/// Refuses a node that is declared dead.
pub(in crate::lu) fn check_online(node: &Node) -> Result<(), OpError> {
    if node.offline {
        let text = format!("{} is offline", node.name);
        return Err(OpError::prereq(ErrorCode::WrongState, text).hint(format!(
            "gnt-node modify --offline no {} once it is back",
            node.name
        )));
    }
    Ok(())
}

/// Refuses a node that is silent, at once: a verb towards it would wait until its limit.
pub(in crate::lu) fn check_answers(
    env: &Env<'_>,
    node: &Node,
    code: ErrorCode,
) -> Result<(), OpError> {
    let answer = env.call_undisturbed(env.limits.look, |call| {
        env.driver.answers(call, &reference(node))
    });
    match answer {
        Err(VerbError::Unreachable { reason, .. }) if node.host.is_some() => {
            let text = format!("{} does not answer: {reason}", node.name);
            Err(OpError::prereq(code, text).hint(silent_hint(&node.name)))
        }
        Err(VerbError::Unreachable { .. }) => Err(silent(&node.name, code)),
        _ => Ok(()),
    }
}

/// The refusal of a node that does not answer.
pub(in crate::lu) fn silent(node: &str, code: ErrorCode) -> OpError {
    OpError::prereq(code, format!("{node} does not answer")).hint(silent_hint(node))
}

/// Refuses a node outside the group that an instance or a node is in.
pub(in crate::lu) fn check_same_group(
    config: &Config,
    home: &Node,
    node: &Node,
) -> Result<(), OpError> {
    if home.group == node.group {
        return Ok(());
    }
    let group = |node: &Node| match config.groups.get(&node.group) {
        Some(group) => group.name.clone(),
        None => node.group.to_string(),
    };
    Err(OpError::prereq(
        ErrorCode::WrongInput,
        format!(
            "{} is in group {}, {} in group {}: instances move inside one group only",
            node.name,
            group(node),
            home.name,
            group(home)
        ),
    ))
}

/// Refuses what violates a policy, as `text` says; where that is to be ignored, it is only told.
pub(in crate::lu) fn refuse_violation(
    env: &Env<'_>,
    text: String,
    ignored: bool,
    all_the_same: &str,
) -> Result<(), OpError> {
    if ignored {
        env.warn(text);
        return Ok(());
    }
    let hint = format!("--ignore-ipolicy {all_the_same} all the same");
    Err(OpError::prereq(ErrorCode::WrongInput, text).hint(hint))
}
