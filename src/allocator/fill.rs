//! How full the nodes are, and whether each could take over what it is the second home of.

use super::claim::World;
use super::ledger::Ledger;
use super::nodes::{Room, claimed};

/// What there is of something and what is taken of it, in MiB.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Level {
    /// All of it.
    pub total: u64,
    /// What instances and claims take.
    pub used: u64,
}

/// All nodes that are not offline, together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fill {
    /// Memory.
    pub memory: Level,
    /// Disk.
    pub disk: Level,
    /// Nodes that could not run what would fall to them if the one other node failed that matters
    /// most to them, by name, with the MiB of memory that are missing then (N+1).
    pub short: Vec<(String, u64)>,
}

/// Sums up the configuration and the claims of unfinished jobs.
#[must_use]
pub fn fill(world: &World) -> Fill {
    let ledger = Ledger::new(world, None);
    let mut fill = Fill::default();
    for room in ledger.rooms.iter().filter(|room| !room.node.offline) {
        let Room { limits, used, .. } = room;
        fill.memory.total += claimed(limits.memory);
        fill.memory.used += claimed(used.memory);
        fill.disk.total += claimed(limits.disk);
        fill.disk.used += claimed(used.disk);
        let missing = used.memory + used.reserved - limits.memory;
        if used.reserved > 0 && missing > 0 {
            fill.short.push((room.node.name.clone(), claimed(missing)));
        }
    }
    fill
}
