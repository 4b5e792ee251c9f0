//! Moving an instance to another node: migrate and failover.
//!
//! Both make a [`Request`](request::Request) of their opcode, look what is so ([`checks`]), and settle what they
//! began, so that one which is run again follows what an earlier run has left under way.

mod checks;
mod failover;
mod migrate;
mod power;
mod request;

use super::Outcome;
use super::shared::{Subject, about, moved};
use crate::allocator::Role;
use crate::cluster::{Edit, Node};

pub(super) use checks::{busy, runs_twice};
pub(super) use power::{start, start_anyway, stop};

/// The instance is at its target: what that changes.
fn arrived(subject: &Subject<'_>, target: &Node) -> Outcome {
    let mut detail = about(subject.name());
    detail.moves = vec![moved(Role::Primary, subject.primary, target)];
    Outcome {
        detail,
        edits: vec![Edit::SetPrimary {
            instance: subject.instance.uuid.clone(),
            node: target.uuid.clone(),
        }],
        ..Outcome::default()
    }
}
