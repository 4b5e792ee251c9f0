//! What is not as it should be on nodes on which nothing is broken.

use super::claim::World;
use super::ledger::Ledger;
use super::nodes::claimed;
use crate::cluster::{GroupUuid, NodeUuid};

/// What a node could not bear, or should not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Strain {
    /// The node.
    pub node: NodeUuid,
    /// MiB of memory that it lacks if another node fails and what it backs starts here.
    pub lacks: u64,
    /// How many primary instances share an exclusion tag with one before them.
    pub sharing: u64,
}

/// The nodes of a group, in the order of their names, that have any of it. What jobs on their way bring
/// counts.
#[must_use]
pub fn strains(world: &World, group: &GroupUuid) -> Vec<Strain> {
    let ledger = Ledger::new(world, None);
    let rooms =
        (ledger.rooms.iter()).filter(|room| room.node.group == *group && !room.node.offline);
    let strain = rooms.map(|room| Strain {
        node: room.node.uuid.clone(),
        lacks: match room.used.reserved > 0 {
            true => claimed(room.used.memory + room.used.reserved - room.limits.memory),
            false => 0,
        },
        sharing: claimed(room.used.surplus),
    });
    strain
        .filter(|strain| strain.lacks > 0 || strain.sharing > 0)
        .collect()
}
