//! How copies are replaced: step by step, as Ganeti logs it.

use std::sync::Arc;

use crate::allocator::Role;
use crate::cluster::{Edit, Node};
use crate::hypervisor::CopyState;
use crate::lu::copies::{Copies, Wait, add_copy, copies_of, drop_copy, state_on, take_back};
use crate::lu::shared::{
    Subject, about, check_answers, check_online, check_room_on, check_target, moved, nothing_to_do,
    place, reference,
};
use crate::lu::{Env, Failure, Outcome};
use crate::opcodes::{ErrorCode, InstanceReplaceDisks, OpError};

impl InstanceReplaceDisks {
    /// The new secondary node: the one named, the one that an earlier run of this opcode had begun
    /// with, or what the placement chooses.
    fn new_secondary<'a>(
        &self,
        env: &Env<'a>,
        subject: &Subject<'a>,
        old: &Node,
        copies: &Copies,
    ) -> Result<&'a Arc<Node>, OpError> {
        if let Some(node) = self.named(env, subject)? {
            return Ok(node);
        }
        let config = env.config();
        let begun = copies
            .iter()
            .map(|(node, _)| node)
            .find(|node| env.attempt > 1 && **node != old.uuid && **node != subject.primary.uuid);
        if let Some(node) = begun.and_then(|node| config.nodes.get(node)) {
            return Ok(node);
        }
        place(env, subject, Role::Secondary)
    }

    pub(super) fn change_secondary(
        &self,
        env: &Env<'_>,
        subject: &Subject<'_>,
        old: &Node,
    ) -> Result<Outcome, Failure> {
        let name = subject.name();
        step(env, 1, "Check device existence");
        let copies = copies_of(env, subject)?;
        let new = self.new_secondary(env, subject, old, &copies)?;
        env.info(format!("new secondary node of {name}: {}", new.name));
        step(env, 2, "Check peer consistency");
        check_source(subject, &copies, subject.primary)?;
        // One that is named was looked at in the checks of a first run, a moment ago.
        let looked_at = env.attempt == 1 && self.named(env, subject)?.is_some();
        if !looked_at && state_on(&copies, new).is_none() {
            check_target(new)?;
            check_room_on(env, subject, new, Role::Secondary)?;
        }
        check_answers(env, new, ErrorCode::EnvironmentError)?;
        // A dead node is not talked to: what it holds is forgotten.
        let early = self.early_release || old.offline;
        step(env, 3, "Allocate new storage");
        if early {
            add_copy(env, subject, new, Wait::No)?;
        }
        step(env, 4, "Changing drbd configuration");
        if early {
            step(env, 5, "Removing old storage");
            release(env, subject, old);
            step(env, 6, "Sync devices");
            add_copy(env, subject, new, Wait::ToTheEnd)
                .map_err(|failure| moved_all_the_same(env, subject, new, failure))?;
        } else {
            step(env, 5, "Sync devices");
            add_copy(env, subject, new, Wait::InSync)?;
            step(env, 6, "Removing old storage");
            release(env, subject, old);
        }
        let mut detail = about(name);
        detail.moves = vec![moved(Role::Secondary, old, new)];
        Ok(Outcome {
            detail,
            edits: vec![Edit::SetSecondary {
                instance: subject.instance.uuid.clone(),
                node: new.uuid.clone(),
            }],
            ..Outcome::default()
        })
    }

    /// Makes the copy on `node` anew from the one on `peer`.
    pub(super) fn renew(
        &self,
        env: &Env<'_>,
        subject: &Subject<'_>,
        node: &Node,
        peer: &Node,
    ) -> Result<Outcome, Failure> {
        step(env, 1, "Check device existence");
        let copies = copies_of(env, subject)?;
        step(env, 2, "Check peer consistency");
        check_source(subject, &copies, peer)?;
        check_answers(env, node, ErrorCode::EnvironmentError)?;
        step(env, 3, "Allocate new storage");
        step(env, 4, "Changing drbd configuration");
        // An earlier run of this opcode has dropped it: what syncs now is the new one already.
        let renewing = matches!(state_on(&copies, node), Some(CopyState::Syncing(_)));
        if !(env.attempt > 1 && renewing) {
            drop_copy(env, subject, node)?;
        }
        step(env, 5, "Sync devices");
        add_copy(env, subject, node, Wait::ToTheEnd)?;
        step(env, 6, "Removing old storage");
        Ok(Outcome {
            detail: about(subject.name()),
            ..Outcome::default()
        })
    }

    /// Brings whichever copy is not usable in sync again.
    pub(super) fn repair(
        &self,
        env: &Env<'_>,
        subject: &Subject<'_>,
        secondary: &Node,
    ) -> Result<Outcome, Failure> {
        let copies = copies_of(env, subject)?;
        let nodes = [subject.primary.as_ref(), secondary];
        let faulty: Vec<&Node> = nodes
            .into_iter()
            .filter(|node| state_on(&copies, node) != Some(CopyState::InSync))
            .collect();
        match faulty[..] {
            [] => Ok(nothing_to_do(
                subject.name(),
                format!("the copies of {}'s disks are in sync", subject.name()),
            )),
            [node] => {
                check_online(node)?;
                check_answers(env, node, ErrorCode::EnvironmentError)?;
                env.info(format!("the copy on {} is not in sync", node.name));
                step(env, 5, "Sync devices");
                add_copy(env, subject, node, Wait::ToTheEnd)?;
                Ok(Outcome {
                    detail: about(subject.name()),
                    ..Outcome::default()
                })
            }
            _ => Err(OpError::prereq(
                ErrorCode::WrongState,
                format!(
                    "no copy of {}'s disks is in sync: neither can repair the other",
                    subject.name()
                ),
            )
            .hint(format!(
                "gnt-instance recreate-disks {} makes them anew, without what is on them",
                subject.name()
            ))
            .into()),
        }
    }
}

/// Logs a step as Ganeti does.
fn step(env: &Env<'_>, number: u8, what: &str) {
    env.feedback(format!("STEP {number}/6 {what}"));
}

/// Refuses to make a copy from one that is not whole itself.
fn check_source(subject: &Subject<'_>, copies: &Copies, node: &Node) -> Result<(), Failure> {
    if state_on(copies, node) == Some(CopyState::InSync) {
        return Ok(());
    }
    Err(OpError::exec(format!(
        "the copy of {}'s disks on {} is not in sync: nothing can be copied from it",
        subject.name(),
        node.name
    ))
    .code(ErrorCode::WrongState)
    .hint(format!(
        "gnt-instance replace-disks --auto {}",
        subject.name()
    ))
    .into())
}

/// The old copy is given up, and the job ends before the new one is in sync: where that one is, is the
/// secondary now.
fn moved_all_the_same(
    env: &Env<'_>,
    subject: &Subject<'_>,
    new: &Node,
    mut failure: Failure,
) -> Failure {
    let there = || copies_of(env, subject).is_ok_and(|copies| state_on(&copies, new).is_some());
    if !failure.left_behind && there() {
        failure.edits.push(Edit::SetSecondary {
            instance: subject.instance.uuid.clone(),
            node: new.uuid.clone(),
        });
    }
    failure
}

/// Removes copies that an earlier run of the opcode had begun, where the old one still stands.
pub(super) fn take_back_begun(env: &Env<'_>, subject: &Subject<'_>, old: &Node) {
    let Ok(copies) = copies_of(env, subject) else {
        return;
    };
    if state_on(&copies, old).is_none() {
        return;
    }
    let begun = copies.iter().map(|(node, _)| node);
    let begun = begun.filter(|node| **node != old.uuid && **node != subject.primary.uuid);
    for node in begun.filter_map(|uuid| env.config().nodes.get(uuid)) {
        take_back(env, subject, &reference(node));
    }
}

/// Removes the copy on a node that is no longer needed. That it could not is no reason to fail: the
/// new one is what counts.
fn release(env: &Env<'_>, subject: &Subject<'_>, old: &Node) {
    if old.offline {
        env.info(format!(
            "{} is offline: its copy of {}'s disks is left there",
            old.name,
            subject.name()
        ));
        return;
    }
    let end = check_answers(env, old, ErrorCode::EnvironmentError).map_err(Failure::from);
    if let Err(failure) = end.and_then(|()| drop_copy(env, subject, old)) {
        env.warn(failure.error.to_string());
        env.feedback(" - INFO: remove the unused volumes by hand");
    }
}
