//! What placement is asked and what it answers.

use std::collections::BTreeSet;

use crate::cluster::{Config, DiskTemplate, GroupUuid, Instance, InstanceUuid, NodeUuid};
use crate::opcodes::EvacMode;

use super::claim::{Claim, Role};

/// One role of an instance goes from one node to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedMove {
    /// Which role.
    pub role: Role,
    /// The node that loses it.
    pub from: NodeUuid,
    /// The node that gets it.
    pub to: NodeUuid,
}

/// What happens to one instance, in order, and the room that it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// Which instance.
    pub instance: InstanceUuid,
    /// Its moves, in the order in which they are to be made.
    pub moves: Vec<PlannedMove>,
    /// Room for them.
    pub claims: Vec<Claim>,
}

/// The nodes of an instance when it has moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// Where it runs.
    pub primary: NodeUuid,
    /// Where its second copy is, for drbd.
    pub secondary: Option<NodeUuid>,
}

/// An instance that cannot be moved as asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmovable {
    /// Which instance.
    pub instance: InstanceUuid,
    /// Why.
    pub reason: String,
    /// What an operator can do about it.
    pub hint: Option<String>,
}

/// Who goes where, in the order of the instances' names, and who cannot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Those that can move.
    pub placed: Vec<Placed>,
    /// Those that cannot.
    pub unmovable: Vec<Unmovable>,
}

/// Conditions of a placement.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rules {
    /// Break the soft rules (N+1, ratios, exclusion tags) if need be.
    pub ignore_soft_errors: bool,
}

/// What is to leave a node.
#[derive(Debug, Clone)]
pub struct Departure {
    /// The node.
    pub node: NodeUuid,
    /// Which role.
    pub mode: EvacMode,
    /// For [`EvacMode::SecondaryOnly`]: the new secondary of all, instead of a choice.
    pub new_secondary: Option<NodeUuid>,
    /// Where externally mirrored primaries go, instead of a choice.
    pub target: Option<NodeUuid>,
    /// Conditions.
    pub rules: Rules,
}

/// Which instances are to leave the groups that they are in.
#[derive(Debug, Clone)]
pub struct Regrouping {
    /// The instances.
    pub instances: BTreeSet<InstanceUuid>,
    /// The groups that are left. An instance of which only the second copy is in one of them keeps its
    /// primary node, and the copy follows it.
    pub leaving: BTreeSet<GroupUuid>,
    /// The groups that they may go to.
    pub targets: Vec<GroupUuid>,
    /// Conditions.
    pub rules: Rules,
}

/// What a new instance needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewInstance {
    /// Its identity-to-be, for its claims.
    pub instance: InstanceUuid,
    /// MiB.
    pub memory: u64,
    /// Virtual CPUs.
    pub vcpus: u64,
    /// Spindles it uses.
    pub spindle_use: u64,
    /// MiB of each disk.
    pub disks: Vec<u64>,
    /// How its disks are kept.
    pub template: DiskTemplate,
    /// Number of network interfaces.
    pub nics: u64,
    /// Its tags.
    pub tags: Vec<String>,
    /// Only in this group.
    pub group: Option<GroupUuid>,
    /// Whether it will run.
    pub start: bool,
}

impl NewInstance {
    /// An instance that is there as if it were to be made: what a policy says of it.
    #[must_use]
    pub fn like(config: &Config, instance: &Instance) -> NewInstance {
        let backend = config.backend(instance);
        NewInstance {
            instance: instance.uuid.clone(),
            memory: backend.maxmem,
            vcpus: backend.vcpus,
            spindle_use: backend.spindle_use,
            disks: config.disks_of(instance).map(|disk| disk.size).collect(),
            template: config.template(instance),
            nics: instance.nics.len() as u64,
            tags: instance.tags.clone(),
            group: None,
            start: Config::uses_memory(instance),
        }
    }
}

/// Where a new instance goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allocation {
    /// Its primary node.
    pub primary: NodeUuid,
    /// Its secondary node, for drbd.
    pub secondary: Option<NodeUuid>,
}
