//! Making sure that a dead machine is dead.
//!
//! Two guests on one disk destroy it. So whatever a real machine may still run is started elsewhere only
//! when somebody vouches for its being off: its operator, or its fence command, which has cut the power.
//! That it does not answer says nothing: its network may be down and its guests well.

use std::process::Command;

use super::settle::failed;
use super::{Env, Failure};
use crate::cluster::{Edit, Node, NodeChange};
use crate::hypervisor::{InterruptKind, VerbError};
use crate::opcodes::{ErrorCode, OpError, PowerOff};
use crate::program::{self, Broken};

/// How much of what a fence command prints is read: nothing of it is used.
const PRINTED_BYTES: usize = 64 << 10;

/// Makes sure that a node that cannot be told to stop anything is powered off, and says how that is known.
/// A node that is no real machine is as dead as it is marked.
///
/// # Errors
/// When nobody says so.
pub(super) fn ensure_off(
    env: &Env<'_>,
    node: &Node,
    given: Option<PowerOff>,
) -> Result<Option<PowerOff>, Failure> {
    let Some(host) = &node.host else {
        return Ok(given);
    };
    let name = &node.name;
    let forced = given == Some(PowerOff::Forced) && node.offline;
    match (given, &host.fence_cmd) {
        (Some(PowerOff::Confirmed), _) => {
            env.info(format!("{name} is powered off: that was confirmed"));
            Ok(given)
        }
        (Some(PowerOff::Fenced), _) => Ok(given),
        (_, Some(command)) => match fence(env, node, command) {
            Err(failure) if forced && !failure.left_behind && !env.interrupt.canceled() => {
                env.warn(format!("{}; going on all the same", failure.error));
                Ok(given)
            }
            Err(failure) => Err(failure),
            Ok(()) => Ok(Some(PowerOff::Fenced)),
        },
        (_, None) if forced => {
            env.warn(format!(
                "{name} is marked offline; nobody has made sure that it is powered off"
            ));
            Ok(given)
        }
        (_, None) => Err(unsure(node).into()),
    }
}

/// The refusal where nobody says that a node is off.
fn unsure(node: &Node) -> OpError {
    let name = &node.name;
    let text = match node.offline {
        true => format!("{name} is marked offline, but nobody says that it is powered off"),
        false => format!(
            "{name} does not answer, and nobody says that it is powered off: what ran there might run on"
        ),
    };
    OpError::exec(text).code(ErrorCode::WrongState).hint(format!(
        "switch {name} off, then add --i-confirm-power-off; or let a command do it: gnt-node modify --fence-cmd CMD {name}"
    ))
}

/// Runs the fence command.
fn fence(env: &Env<'_>, node: &Node, command: &str) -> Result<(), Failure> {
    let name = &node.name;
    env.feedback(format!("* fencing {name}: {command}"));
    let mut shell = Command::new("/bin/sh");
    shell.arg("-c").arg(command);
    let variables = [
        ("GNT_NODE", name.as_str()),
        ("GNT_CLUSTER", env.config().name()),
    ];
    let end = env.call(env.limits.fence, |call| {
        program::run(&mut shell, &variables, call, PRINTED_BYTES)
    });
    let why = match end {
        Ok(ended) => match ended.failure() {
            None => {
                env.info(format!(
                    "{name} is powered off: its fence command succeeded"
                ));
                return Ok(());
            }
            Some(why) => why,
        },
        Err(Broken::Interrupted(InterruptKind::Leave)) => {
            return Err(failed(env, &format!("fence {name}"), VerbError::LeftBehind));
        }
        Err(Broken::Interrupted(_)) => {
            return Err(failed(env, &format!("fence {name}"), VerbError::Aborted));
        }
        Err(broken) => broken.to_string(),
    };
    let text = format!("the fence command of {name} failed, so it may still run: {why}");
    Err(OpError::exec(text)
        .code(ErrorCode::EnvironmentError)
        .hint(format!(
            "see to {name}; switch it off by hand, then add --i-confirm-power-off"
        ))
        .into())
}

/// A node that was found to be off is marked offline: nothing asks it any more, and when it comes back it
/// is looked at before anything starts there.
pub(super) fn mark_offline(env: &Env<'_>, node: &Node) -> Option<Edit> {
    if node.host.is_none() || node.offline {
        return None;
    }
    env.info(format!("{} is marked offline", node.name));
    Some(Edit::ChangeNode {
        node: node.uuid.clone(),
        change: NodeChange {
            offline: Some(true),
            drained: Some(false),
            master_candidate: Some(false),
            ..NodeChange::default()
        },
    })
}
