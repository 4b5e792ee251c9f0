//! What a node tells about itself.

use crate::cluster::Capacity;

/// What a node tells about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeFacts {
    /// What it can hold. A real machine does not tell what it has of disk and spindles: 0 then.
    pub capacity: Capacity,
    /// MiB of memory that its running instances take.
    pub memory_used: u64,
    /// MiB of disk that copies on it take.
    pub disk_used: u64,
    /// What a real machine tells beside that; none on the simulator.
    pub machine: Option<Machine>,
}

/// A real machine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Machine {
    /// What it calls itself.
    pub host_name: String,
    /// What tells it from every other, whatever it is called.
    pub host_uuid: String,
    /// MiB of memory that nothing uses.
    pub memory_free: u64,
    /// The driver's name and version.
    pub driver: String,
    /// The hypervisor's name and version.
    pub hypervisor: String,
    /// What [`super::Hypervisor::compare`] needs to know of its processor.
    pub processor: String,
    /// Its guests cannot be marked as a cluster's.
    pub markless: bool,
}

impl NodeFacts {
    /// What of the `promised` capacity is there. An operator may promise less than a machine has, and
    /// what a machine does not tell is believed; the simulator has what it was told.
    #[must_use]
    pub fn granted(&self, promised: Capacity) -> Capacity {
        match self.machine {
            None => self.capacity,
            Some(_) => Capacity {
                memory: promised.memory.min(self.capacity.memory),
                cpus: promised.cpus.min(self.capacity.cpus),
                ..promised
            },
        }
    }
}
