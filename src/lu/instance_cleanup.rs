//! Finding out where an instance is of which that is not known, and putting it in order.

use std::sync::Arc;

use super::copies::{copies_of, state_on};
use super::instance_move::runs_twice;
use super::settle::{describe, failed, forget_but, look};
use super::shared::{Subject, about, group_mates, moved, reference, silent_hint};
use super::{Env, Failure, Outcome};
use crate::allocator::Role;
use crate::cluster::{Edit, Mirroring, Node, NodeUuid};
use crate::hypervisor::{
    Activity, CopyState, Hypervisor, MigrationPolicy, NodeRef, Observed, Stop, VerbError,
};
use crate::opcodes::{ErrorCode, OpError};

/// The nodes that have to be asked: all of the group that are not declared dead.
pub(super) fn cleanup_nodes<'a>(
    env: &Env<'a>,
    subject: &Subject<'a>,
) -> Result<Vec<&'a Arc<Node>>, OpError> {
    let online: Vec<_> = group_mates(env.config(), subject.primary)
        .filter(|node| !node.offline)
        .collect();
    if online.is_empty() {
        return Err(OpError::prereq(
            ErrorCode::WrongState,
            format!("all nodes that {} might be on are offline", subject.name()),
        )
        .hint(format!(
            "gnt-node modify --offline no {} lets it be asked again",
            subject.primary.name
        )));
    }
    Ok(online)
}

/// Asks every node, awaits what is still on its way, and writes down where the instance is.
pub(super) fn cleanup(env: &Env<'_>, subject: &Subject<'_>) -> Result<Outcome, Failure> {
    let name = subject.name();
    let nodes = cleanup_nodes(env, subject)?;
    let nodes: Vec<NodeRef> = nodes.iter().map(|node| reference(node)).collect();
    env.feedback(format!("* checking where {name} runs"));
    let mut seen = look(env, &subject.reference, &nodes)?;
    if let Some(activity) = seen.activity.take() {
        follow(env, subject, &activity)?;
        seen = look(env, &subject.reference, &nodes)?;
    }
    let name_of = |uuid: &NodeUuid| env.config().node_name(uuid).to_owned();
    if let Some(activity) = &seen.activity {
        let text = format!("instance {name} still {}", describe(activity, name_of));
        return Err(OpError::exec(text)
            .code(ErrorCode::WrongState)
            .hint("wait and run the cleanup again")
            .into());
    }
    if seen.running_on.len() > 1 {
        return Err(runs_twice(env, subject, &seen.running_on));
    }
    refuse_silence(env, name, &seen)?;
    mend(env, subject, &seen)?;
    match seen.running_on.first() {
        Some(uuid) => runs_on(env, subject, uuid),
        None => {
            let handed_over = handed_over(subject, &seen);
            if let Some(node) = handed_over.and_then(|uuid| env.config().nodes.get(uuid)) {
                env.info(format!(
                    "{name} is stopped, and known on {} alone",
                    node.name
                ));
                return Ok(is_on(subject, node));
            }
            env.info(match offline_of(env, subject) {
                None => format!("{name} runs nowhere"),
                // Nobody asked it.
                Some(node) => {
                    format!("{name} runs nowhere, unless {node} is not as offline as it is marked")
                }
            });
            match stranded(env, subject)? {
                Some(node) => lives_on(env, subject, node),
                None => Ok(known(subject)),
            }
        }
    }
}

/// Nodes forget what broken moves left on them: those that know the instance where another runs it, or,
/// if none does, where another is its primary node and knows it.
fn mend(env: &Env<'_>, subject: &Subject<'_>, seen: &Observed) -> Result<(), Failure> {
    let home = &subject.primary.uuid;
    let kept = match seen.running_on.first() {
        Some(node) => node,
        None if seen.defined_on.contains(home) => home,
        None => return Ok(()),
    };
    forget_but(env, &subject.reference, seen, kept)
}

/// The node that a stopped instance was handed over to, if its own, a real machine, knows it no more and one
/// other does: a failover broke off before it was written down.
fn handed_over<'a>(subject: &Subject<'_>, seen: &'a Observed) -> Option<&'a NodeUuid> {
    let home = subject.primary;
    match seen.defined_on.as_slice() {
        [one] if home.host.is_some() && !home.offline && *one != home.uuid => Some(one),
        _ => None,
    }
}

/// The first of the instance's nodes that is marked offline.
fn offline_of<'a>(env: &Env<'a>, subject: &Subject<'a>) -> Option<&'a str> {
    let secondary = env.config().secondary(subject.instance);
    let secondary = secondary.and_then(|uuid| env.config().nodes.get(uuid));
    let nodes = [Some(subject.primary), secondary];
    let mut offline = nodes.into_iter().flatten().filter(|node| node.offline);
    offline.next().map(|node| node.name.as_str())
}

/// A node that does not answer might run the instance.
fn refuse_silence(env: &Env<'_>, name: &str, seen: &Observed) -> Result<(), OpError> {
    let Some(first) = seen.silent.first() else {
        return Ok(());
    };
    let names: Vec<&str> = (seen.silent.iter())
        .map(|uuid| env.config().node_name(uuid))
        .collect();
    Err(OpError::exec(format!(
        "no answer from {}: whether {name} runs there is unknown",
        names.join(", ")
    ))
    .code(ErrorCode::Unknown)
    .hint(silent_hint(env.config().node_name(first))))
}

/// Joins what is on its way with the instance and awaits its end. How it ends is looked at
/// afterwards, so that only being disturbed is a failure.
fn follow(env: &Env<'_>, subject: &Subject<'_>, activity: &Activity) -> Result<(), Failure> {
    let config = env.config();
    let name_of = |uuid: &NodeUuid| config.node_name(uuid).to_owned();
    let node_ref = |uuid: &NodeUuid| match config.nodes.get(uuid) {
        Some(node) => reference(node),
        None => NodeRef {
            uuid: uuid.clone(),
            name: name_of(uuid),
            host: None,
        },
    };
    let what = describe(activity, name_of);
    env.info(format!("{} {what}: awaiting its end", subject.name()));
    let instance = &subject.reference;
    let end = match activity {
        Activity::Starting { node } => env.call(env.limits.start, |call| {
            (env.driver).start(call, instance, &node_ref(node), &[])
        }),
        Activity::Stopping { node } => env.call(env.limits.stop_margin, |call| {
            (env.driver).stop(call, instance, &node_ref(node), Stop::Destroy)
        }),
        Activity::Migrating { from, to } => env.call(env.limits.migrate, |call| {
            let (from, to) = (node_ref(from), node_ref(to));
            (env.driver).migrate(call, instance, &from, &to, &MigrationPolicy::LIVE)
        }),
    };
    match end {
        Err(error @ (VerbError::Aborted | VerbError::LeftBehind)) => {
            Err(failed(env, "await what is on its way", error))
        }
        Ok(()) => Ok(()),
        Err(other) => {
            env.info(format!("it ended: {other}"));
            Ok(())
        }
    }
}

fn runs_on(env: &Env<'_>, subject: &Subject<'_>, uuid: &NodeUuid) -> Result<Outcome, Failure> {
    let name = subject.name();
    let node = env.config().nodes.get(uuid);
    let node = node.ok_or_else(|| {
        OpError::exec(format!("{name} runs on unknown node {uuid}"))
            .hint("see gnt-cluster verify-config")
    })?;
    env.info(format!("{name} runs on {}", node.name));
    if node.uuid == subject.primary.uuid {
        return Ok(known(subject));
    }
    if subject.template().mirroring() == Mirroring::None {
        return lives_on(env, subject, node);
    }
    let secondary = subject.secondary.is_some_and(|s| s.uuid == node.uuid);
    let may = match subject.template().mirroring() {
        Mirroring::External => true,
        Mirroring::Internal => secondary,
        Mirroring::None => false,
    };
    if !may {
        return Err(without_disks(subject, node));
    }
    Ok(is_on(subject, node))
}

/// It is known again where the instance is: on another node than was believed.
fn is_on(subject: &Subject<'_>, node: &Node) -> Outcome {
    let mut outcome = known(subject);
    outcome.edits.push(Edit::SetPrimary {
        instance: subject.instance.uuid.clone(),
        node: node.uuid.clone(),
    });
    outcome.detail.moves = vec![moved(Role::Primary, subject.primary, node)];
    outcome
}

/// A move broke off: an instance whose disks are on one node is where they are.
fn lives_on(env: &Env<'_>, subject: &Subject<'_>, node: &Node) -> Result<Outcome, Failure> {
    let copies = copies_of(env, subject)?;
    if state_on(&copies, node) != Some(CopyState::InSync) {
        return Err(without_disks(subject, node));
    }
    let mut outcome = known(subject);
    outcome.edits.push(Edit::PlaceInstance {
        instance: subject.instance.uuid.clone(),
        nodes: vec![node.uuid.clone()],
    });
    outcome.detail.moves = vec![moved(Role::Primary, subject.primary, node)];
    Ok(outcome)
}

/// Where the disks of an instance are that runs nowhere, if that is one node alone and not its primary.
fn stranded<'a>(env: &Env<'a>, subject: &Subject<'_>) -> Result<Option<&'a Arc<Node>>, Failure> {
    if subject.template().mirroring() != Mirroring::None {
        return Ok(None);
    }
    Ok(match copies_of(env, subject)?.as_slice() {
        [(uuid, CopyState::InSync)] if *uuid != subject.primary.uuid => {
            env.config().nodes.get(uuid)
        }
        _ => None,
    })
}

fn without_disks(subject: &Subject<'_>, node: &Node) -> Failure {
    let text = format!(
        "{} runs on {}, which holds none of its disks",
        subject.name(),
        node.name
    );
    OpError::exec(text)
        .code(ErrorCode::WrongState)
        .hint("stop it there by hand and run the cleanup again")
        .into()
}

/// It is known again where the instance is.
fn known(subject: &Subject<'_>) -> Outcome {
    Outcome {
        detail: about(subject.name()),
        edits: vec![Edit::SetUncertain {
            instance: subject.instance.uuid.clone(),
            reason: None,
        }],
        ..Outcome::default()
    }
}
