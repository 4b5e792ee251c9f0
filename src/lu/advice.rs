//! Who chooses nodes: the built-in placement, or an external allocator that the opcode or the cluster
//! names.
//!
//! A unit that would act on one instance does not act on a choice from outside itself: it returns the same
//! opcode with the node in it as a job, which is on disk together with a claim of the room there. So two
//! of them do not take the same room, and one that is run again has nothing begun to look for.

use std::sync::Arc;

use super::settle::failed;
use super::shared::{Subject, moved};
use super::{ChildJob, Detail, Env, Failure, Move, Outcome, PlanItem, ResultWithJobs, UnitResult};
use crate::allocator::external::{Adviser, AskError, BUILT_IN, DEFAULT, Request};
use crate::allocator::{Claim, Role, World, check_choice};
use crate::cluster::{GroupUuid, Node};
use crate::hypervisor::{InterruptKind, VerbError};
use crate::opcodes::{ErrorCode, OpError, Opcode};

/// The external allocator that is to choose, if one is.
pub(super) fn allocator<'a>(
    env: &Env<'a>,
    named: Option<&'a String>,
    group: Option<&GroupUuid>,
) -> Option<&'a str> {
    env.allocators.meant(named.map(String::as_str), group)
}

/// Refuses an allocator that is not there.
pub(super) fn check_allocator(
    env: &Env<'_>,
    named: Option<&String>,
    group: Option<&GroupUuid>,
) -> Result<(), OpError> {
    match env.allocators.meant(named.map(String::as_str), group) {
        Some(name) => (env.allocators.find(name))
            .map(drop)
            .map_err(|error| refusal(&error)),
        None => Ok(()),
    }
}

/// The external allocator that is to choose in place of a unit that would choose and act itself. One that
/// is run again may have begun so, if no allocator was named: then it goes on.
pub(super) fn allocator_instead<'a>(
    env: &Env<'a>,
    named: Option<&'a String>,
    group: Option<&GroupUuid>,
) -> Option<&'a str> {
    let by_name = is_named(named);
    allocator(env, named, group).filter(|_| by_name || env.attempt == 1)
}

/// Whether an external allocator is named, rather than whoever is meant otherwise.
pub(super) fn is_named(named: Option<&String>) -> bool {
    named.is_some_and(|name| name != DEFAULT && name != BUILT_IN)
}

/// Asks an allocator.
pub(super) fn ask<T>(
    env: &Env<'_>,
    name: &str,
    ignore_soft_errors: bool,
    question: impl FnOnce(&Adviser<'_>) -> Result<T, AskError>,
) -> Result<T, Failure> {
    let answer = env.call(env.limits.allocator, |call| {
        question(&Adviser {
            name,
            allocators: env.allocators,
            scratch: env.scratch,
            tag: format!("{}-{}", env.job, env.index),
            ignore_soft_errors,
            call,
        })
    });
    answer.map_err(|error| match &error {
        AskError::Interrupted { why, .. } => {
            let end = match why {
                InterruptKind::Leave => VerbError::LeftBehind,
                InterruptKind::Cancel | InterruptKind::NodeOffline(_) => VerbError::Aborted,
            };
            failed(env, &format!("ask iallocator {name}"), end)
        }
        _ => refusal(&error).into(),
    })
}

/// What an operator is told about an allocator that gave no answer.
fn refusal(error: &AskError) -> OpError {
    let built_in = format!("-I {BUILT_IN} lets the built-in placement choose");
    match error {
        AskError::NoName(_) => OpError::prereq(ErrorCode::WrongInput, error.to_string())
            .hint("it is a plain file name, without a directory"),
        AskError::NotFound { .. } => {
            OpError::prereq(ErrorCode::EnvironmentError, error.to_string())
                .hint("gnt-cluster modify --iallocator-search-path names the directories")
        }
        AskError::NotRun { .. } => {
            OpError::prereq(ErrorCode::EnvironmentError, error.to_string()).hint(built_in)
        }
        AskError::Refused { .. } => {
            OpError::prereq(ErrorCode::InsufficientResources, error.to_string()).hint(built_in)
        }
        AskError::Failed { .. } | AskError::Nonsense { .. } | AskError::Interrupted { .. } => {
            OpError::exec(error.to_string())
                .code(ErrorCode::EnvironmentError)
                .hint(built_in)
        }
    }
}

/// The world without what the job itself was promised when it started: it asks where it is to be.
pub(super) fn world_of_others(env: &Env<'_>) -> World {
    let others = (env.world.claims.iter()).filter(|(job, _)| *job != env.job);
    World {
        claims: Arc::new(others.cloned().collect()),
        ..env.world.clone()
    }
}

/// The node that an allocator chooses for a role of an instance, and the room that is needed there.
pub(super) fn relocate<'a>(
    env: &Env<'a>,
    name: &str,
    subject: &Subject<'a>,
    role: Role,
) -> Result<(&'a Arc<Node>, Vec<Claim>), Failure> {
    env.feedback(format!("* asking iallocator {name}"));
    let world = world_of_others(env);
    let request = Request::Relocate {
        instance: subject.instance,
        role,
    };
    let nodes = ask(env, name, false, |adviser| adviser.nodes(&world, &request))?;
    let node = chosen_node(env, name, nodes.first().map_or("", String::as_str))?;
    let placed = check_choice(&world, &subject.instance.uuid, role, &node.uuid);
    let placed = placed.map_err(|unmovable| {
        bad_choice(
            name,
            subject.name(),
            &[node],
            &unmovable.reason,
            ErrorCode::InsufficientResources,
        )
    })?;
    Ok((node, placed.claims))
}

/// The node of a name that an allocator gave.
pub(super) fn chosen_node<'a>(
    env: &Env<'a>,
    name: &str,
    node: &str,
) -> Result<&'a Arc<Node>, OpError> {
    env.config().node_named(node).ok_or_else(|| {
        refusal(&AskError::Nonsense {
            name: name.to_owned(),
            why: format!("there is no node {node:?}"),
        })
    })
}

/// The refusal of nodes that an allocator chose and that our rules do not allow.
pub(super) fn bad_choice(
    name: &str,
    instance: &str,
    nodes: &[&Arc<Node>],
    why: &str,
    code: ErrorCode,
) -> OpError {
    let nodes: Vec<&str> = nodes.iter().map(|node| node.name.as_str()).collect();
    let nodes = nodes.join(", ");
    OpError::prereq(
        code,
        format!("iallocator '{name}' chose {nodes} for instance {instance}: {why}"),
    )
    .hint(format!("-I {BUILT_IN} lets the built-in placement choose"))
}

/// The outcome of an opcode that goes on as a job of its own, with the nodes that were chosen for it.
pub(super) fn goes_on_as(
    env: &Env<'_>,
    instance: &str,
    op: Opcode,
    moves: Vec<Move>,
    claims: Vec<Claim>,
) -> Outcome {
    let item = PlanItem {
        instance: instance.to_owned(),
        moves,
        ops: vec![op.op.id().to_owned()],
    };
    let job = ChildJob {
        ops: vec![op],
        claims,
    };
    Outcome {
        result: UnitResult::Jobs(ResultWithJobs {
            jobs: vec![job],
            planned_on: Some(env.world.serial),
            ..ResultWithJobs::default()
        }),
        detail: Detail {
            instance: Some(instance.to_owned()),
            plan: vec![item],
            ..Detail::default()
        },
        edits: vec![],
    }
}

/// The outcome of a move that was left to an allocator: the same opcode towards the node that it chose.
pub(super) fn move_goes_on_as<'a>(
    env: &Env<'a>,
    name: &str,
    subject: &Subject<'a>,
    op: impl FnOnce(&Node) -> Opcode,
) -> Result<Outcome, Failure> {
    let (to, claims) = relocate(env, name, subject, Role::Primary)?;
    let moves = vec![moved(Role::Primary, subject.primary, to)];
    Ok(goes_on_as(env, subject.name(), op(to), moves, claims))
}
