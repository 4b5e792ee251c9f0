//! What the end of a verb means for the opcode that called it.
//!
//! A verb that failed left reality as it was. One whose end is not known makes the unit look at
//! reality, once: it then either knows, or says that it does not and marks the instance uncertain.
//! Nothing is ever guessed.

use std::time::{Duration, Instant};

use super::remains::remove_standing;
use super::shared::{cleanup_hint, reference, silent_hint};
use super::{Env, Failure};
use crate::cluster::{Edit, NodeUuid};
use crate::hypervisor::{
    Activity, Call, Hypervisor, InstanceRef, InterruptKind, NodeRef, Observed, VerbError,
};
use crate::opcodes::{ErrorCode, OpError};

/// How long what cannot last is left alone before it is looked at again.
pub(super) const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// What a verb was to bring about.
#[derive(Debug, Clone, Copy)]
pub(super) enum Goal<'a> {
    /// The instance runs on another node.
    Moved {
        /// Where it ran.
        from: &'a NodeRef,
        /// Where it is to run.
        to: &'a NodeRef,
    },
    /// The instance runs.
    Started(&'a NodeRef),
    /// The instance does not run.
    Stopped(&'a NodeRef),
}

/// What reality says about a goal.
enum Verdict {
    Reached,
    NotReached(String),
    /// It got there, and has stopped since: its qemu or its node did not outlive it.
    StoppedThere(NodeUuid, String),
    Untellable,
}

impl Goal<'_> {
    fn doing(&self, name: &str) -> String {
        match self {
            Goal::Moved { from, to } => {
                format!("migrate {name} from {} to {}", from.name, to.name)
            }
            Goal::Started(node) => format!("start {name} on {}", node.name),
            Goal::Stopped(node) => format!("stop {name} on {}", node.name),
        }
    }

    fn question(&self, name: &str) -> String {
        match self {
            Goal::Moved { .. } => format!("whether {name} moved is unknown"),
            Goal::Started(node) => format!("whether {name} runs on {} is unknown", node.name),
            Goal::Stopped(node) => {
                format!("whether {name} still runs on {} is unknown", node.name)
            }
        }
    }

    fn nodes(&self) -> Vec<NodeRef> {
        match self {
            Goal::Moved { from, to } => vec![(*from).clone(), (*to).clone()],
            Goal::Started(node) | Goal::Stopped(node) => vec![(*node).clone()],
        }
    }

    fn judge(&self, name: &str, seen: &Observed) -> Verdict {
        if seen.activity.is_some() {
            return Verdict::Untellable;
        }
        let runs = |node: &NodeRef| seen.running_on == [node.uuid.clone()];
        let silent = |node: &NodeRef| seen.silent.contains(&node.uuid);
        match self {
            Goal::Moved { to, .. } if runs(to) => Verdict::Reached,
            Goal::Moved { from, .. } if runs(from) => {
                Verdict::NotReached(format!("{name} still runs on {}", from.name))
            }
            Goal::Moved { from, to } if silent(from) || silent(to) => Verdict::Untellable,
            Goal::Moved { from, to } if has_left(seen, from, to) => {
                Verdict::StoppedThere(to.uuid.clone(), stopped_since(name, to))
            }
            Goal::Moved { from, to } if seen.running_on.is_empty() => Verdict::NotReached(format!(
                "{name} runs on neither {} nor {}",
                from.name, to.name
            )),
            Goal::Moved { .. } => Verdict::Untellable,
            Goal::Started(node) if runs(node) => Verdict::Reached,
            Goal::Stopped(node) if runs(node) => {
                Verdict::NotReached(format!("{name} still runs on {}", node.name))
            }
            Goal::Started(node) | Goal::Stopped(node) if silent(node) => Verdict::Untellable,
            Goal::Started(node) => {
                Verdict::NotReached(format!("{name} does not run on {}", node.name))
            }
            Goal::Stopped(_) => Verdict::Reached,
        }
    }
}

/// Turns the end of a verb into success or failure, looking at reality once if need be.
pub(super) fn settle(
    env: &Env<'_>,
    instance: &InstanceRef,
    goal: Goal<'_>,
    end: Result<(), VerbError>,
) -> Result<(), Failure> {
    let text = match end {
        Ok(()) => return Ok(()),
        Err(VerbError::Unknown(text)) => text,
        Err(error) => return Err(failed(env, &goal.doing(&instance.name), error)),
    };
    let name = &instance.name;
    env.warn(format!("{text}; looking where {name} is"));
    let mut seen = look(env, instance, &goal.nodes());
    if let (Goal::Moved { .. }, Ok(before)) = (&goal, &seen)
        && !before.remains_on.is_empty()
    {
        match remove_standing(env, instance, before) {
            Ok(()) => seen = look(env, instance, &goal.nodes()),
            Err(failure) => env.warn(failure.error.to_string()),
        }
    }
    if let (Goal::Moved { .. }, Ok(seen)) = (&goal, &seen) {
        forget_if_possible(env, instance, seen)?;
    }
    match seen.map_or(Verdict::Untellable, |seen| goal.judge(name, &seen)) {
        Verdict::Reached => Ok(()),
        Verdict::NotReached(fact) => {
            let error = OpError::exec(format!("{text}; {fact}")).code(ErrorCode::Timeout);
            Err(error.into())
        }
        Verdict::StoppedThere(node, fact) => {
            Err(stopped_there(instance, node, format!("{text}; {fact}")))
        }
        Verdict::Untellable => {
            let text = format!("{text}, {}", goal.question(name));
            Err(uncertain(instance, text))
        }
    }
}

/// What is said of an instance that [`has_left`].
pub(super) fn stopped_since(name: &str, to: &NodeRef) -> String {
    format!("{name} has moved to {}, and does not run any more", to.name)
}

/// Whether an instance that runs nowhere is one of `to` by now: both real machines answer, and only that one
/// knows it. A source forgets a guest when it runs at its target, and not before.
pub(super) fn has_left(seen: &Observed, from: &NodeRef, to: &NodeRef) -> bool {
    seen.running_on.is_empty()
        && seen.activity.is_none()
        && seen.defined_on == [to.uuid.clone()]
        && ![from, to]
            .iter()
            .any(|side| seen.silent.contains(&side.uuid))
}

/// The failure of a move whose instance got to `node` and has stopped there since: it is written down where
/// it is.
pub(super) fn stopped_there(instance: &InstanceRef, node: NodeUuid, text: String) -> Failure {
    let name = &instance.name;
    let mut failure = Failure::from(
        OpError::exec(text)
            .code(ErrorCode::WrongState)
            .hint(format!(
                "gnt-instance startup {name} starts it where it is now"
            )),
    );
    failure.edits.push(Edit::SetPrimary {
        instance: instance.uuid.clone(),
        node,
    });
    failure
}

/// The failure of an opcode that does not know where its instance is: it marks it.
pub(super) fn uncertain(instance: &InstanceRef, text: String) -> Failure {
    let mut failure = Failure::from(
        OpError::exec(text.clone())
            .code(ErrorCode::Unknown)
            .hint(cleanup_hint(&instance.name)),
    );
    failure.edits.push(Edit::SetUncertain {
        instance: instance.uuid.clone(),
        reason: Some(text),
    });
    failure
}

/// The failure of a verb that was to do `what`, when there is nothing to look at: `what` completes
/// "could not …".
pub(super) fn failed(env: &Env<'_>, what: &str, error: VerbError) -> Failure {
    match error {
        VerbError::Failed(why) => OpError::exec(format!("could not {what}: {why}")).into(),
        VerbError::Aborted if env.interrupt.canceled() => OpError::canceled().into(),
        VerbError::Aborted => {
            OpError::exec(format!("gave up to {what}: a node was marked offline")).into()
        }
        VerbError::Unreachable { ref node, .. } => {
            let hint = silent_hint(node);
            OpError::exec(format!("could not {what}: {error}"))
                .code(ErrorCode::EnvironmentError)
                .hint(hint)
                .into()
        }
        VerbError::Unknown(why) => OpError::exec(format!(
            "it is not known whether it was possible to {what}: {why}"
        ))
        .code(ErrorCode::Unknown)
        .into(),
        VerbError::LeftBehind => Failure {
            error: OpError::exec(format!("the runner left while it was to {what}")),
            detail: Box::default(),
            edits: vec![],
            left_behind: true,
        },
    }
}

/// Asks a node to do something that it can be asked to twice, again if its answer was lost.
pub(super) fn ask_twice(
    env: &Env<'_>,
    what: &str,
    verb: impl Fn(&Call<'_>) -> Result<(), VerbError>,
) -> Result<(), Failure> {
    let mut end = env.call_undisturbed(env.limits.storage, &verb);
    if let Err(VerbError::Unknown(text)) = &end {
        env.warn(format!("{text}; asking again"));
        end = env.call_undisturbed(env.limits.storage, &verb);
    }
    end.map_err(|error| failed(env, what, error))
}

/// Marks a guest as the cluster's.
pub(super) fn mark(env: &Env<'_>, guest: &InstanceRef, at: &NodeRef) -> Result<(), Failure> {
    let cluster = env.config().cluster.as_ref();
    let cluster = cluster.map(|cluster| cluster.uuid.as_str());
    ask_twice(env, &format!("mark {}", guest.name), |call| {
        env.driver.mark(call, &guest.uuid, at, cluster)
    })
}

/// Nodes forget an instance that they know and that another runs, or keeps: what a broken move left there
/// would be in the way of the next.
pub(super) fn forget_but(
    env: &Env<'_>,
    instance: &InstanceRef,
    seen: &Observed,
    keeps: &NodeUuid,
) -> Result<(), Failure> {
    let left = seen.defined_on.iter().filter(|node| *node != keeps);
    for node in left.filter_map(|uuid| env.config().nodes.get(uuid)) {
        let (name, node) = (&instance.name, reference(node));
        env.info(format!(
            "{} has a definition of {name} left over",
            node.name
        ));
        ask_twice(env, &format!("remove {name} from {}", node.name), |call| {
            env.driver.undefine(call, instance, &node)
        })?;
    }
    Ok(())
}

/// The same where the instance is where it is meant to be: what cannot be removed is told, and found again
/// by whoever verifies the cluster.
pub(super) fn forget_if_possible(
    env: &Env<'_>,
    instance: &InstanceRef,
    seen: &Observed,
) -> Result<(), Failure> {
    let [runs_on] = seen.running_on.as_slice() else {
        return Ok(());
    };
    match forget_but(env, instance, seen, runs_on) {
        Err(failure) if failure.left_behind => Err(failure),
        Err(failure) => {
            env.warn(failure.error.to_string());
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

/// What is on its way with an instance, for messages.
pub(super) fn describe(activity: &Activity, name_of: impl Fn(&NodeUuid) -> String) -> String {
    match activity {
        Activity::Starting { node } => format!("is being started on {}", name_of(node)),
        Activity::Stopping { node } => format!("is being stopped on {}", name_of(node)),
        Activity::Migrating { from, to } => {
            format!("is migrating from {} to {}", name_of(from), name_of(to))
        }
    }
}

/// Asks every node that is not offline where an instance is.
pub(super) fn look_everywhere(env: &Env<'_>, instance: &InstanceRef) -> Result<Observed, Failure> {
    let online = (env.config().nodes_by_name()).filter(|node| !node.offline);
    let nodes: Vec<NodeRef> = online.map(|node| reference(node)).collect();
    look(env, instance, &nodes)
}

/// Looks where an instance is; a cancelled job looks, too. Where an earlier run of the opcode may have
/// moved it and nobody can see whether it did, it is uncertain.
pub(super) fn look(
    env: &Env<'_>,
    instance: &InstanceRef,
    nodes: &[NodeRef],
) -> Result<Observed, Failure> {
    let mut until = None;
    loop {
        let seen = env.call_undisturbed(env.limits.look, |call| {
            env.driver.observe(call, instance, nodes)
        });
        let seen = seen.map_err(|error| {
            let failure = failed(env, &format!("see where {} is", instance.name), error);
            let begun = env.attempt > 1 && env.config().instances.contains_key(&instance.uuid);
            match begun && !failure.left_behind {
                true => uncertain(instance, failure.error.message),
                false => failure,
            }
        })?;
        let Some(within) = seen.unsettled else {
            return Ok(seen);
        };
        // What is seen goes over by itself; a cancelled job has to know it, too.
        let until = *until.get_or_insert_with(|| {
            let (name, seconds) = (&instance.name, within.as_secs());
            env.info(format!(
                "{name} is between two nodes: looking again, for {seconds} s at most"
            ));
            Instant::now() + within
        });
        if Instant::now() >= until {
            return Ok(seen);
        }
        if env.interrupt.check(&[]) == Some(InterruptKind::Leave) {
            let what = format!("see where {} is", instance.name);
            return Err(failed(env, &what, VerbError::LeftBehind));
        }
        std::thread::sleep(LOOK_AGAIN);
    }
}
