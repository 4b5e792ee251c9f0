//! Operations that only exercise the queue.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::types::{EvacMode, words};
use super::{NewDisk, Opcode};
use crate::cluster::{DiskTemplate, HvName};

/// OP_TEST_DELAY: see [`super::Op::TestDelay`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestDelay {
    /// Seconds to wait, 0 allowed.
    pub duration: f64,
    /// Ganeti's flag; accepted, without effect here since there is no master.
    #[serde(default)]
    pub on_master: bool,
    /// Nodes that are locked exclusively meanwhile.
    #[serde(default)]
    pub on_nodes: Vec<String>,
    /// How many times more, each with a message; 0 means once, without.
    #[serde(default)]
    pub repeat: u32,
    /// Take no locks even if nodes are given.
    #[serde(default)]
    pub no_locks: bool,
}

impl TestDelay {
    /// The duration in whole nanoseconds, as the summary shows it.
    #[must_use]
    pub fn nanoseconds(&self) -> u64 {
        // `as` saturates: a negative or absurd duration is refused by the unit, not here.
        (self.duration * 1e9) as u64
    }
}

/// OP_TEST_DUMMY: see [`super::Op::TestDummy`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestDummy {
    /// The result to give.
    #[serde(default)]
    pub result: Value,
    /// Messages to log first.
    #[serde(default)]
    pub messages: Vec<String>,
    /// Fail with this text (a string), or with a standard one (`true`).
    #[serde(default)]
    pub fail: Value,
    /// Jobs to return: a list of lists of opcodes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submit_jobs: Option<Vec<Vec<Opcode>>>,
    /// How many of the returned jobs run at once at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parallel: Option<u32>,
}

words! {
    /// Which half of a talk with an allocator is shown.
    AllocatorDirection {
        /// What it is asked.
        In = "in",
        /// What it answers.
        Out = "out",
    }
}

words! {
    /// What an allocator is asked.
    AllocatorMode {
        /// The nodes of a new instance.
        Allocate = "allocate",
        /// Those of several.
        MultiAllocate = "multi-allocate",
        /// Another node for one role of an instance.
        Relocate = "relocate",
        /// Other nodes for instances that leave theirs.
        NodeEvacuate = "node-evacuate",
        /// Nodes in other groups.
        ChangeGroup = "change-group",
    }
}

fn one() -> u64 {
    1
}

/// OP_TEST_ALLOCATOR: see [`super::Op::TestAllocator`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestAllocator {
    /// Which half is wanted.
    pub direction: AllocatorDirection,
    /// What is asked.
    pub mode: AllocatorMode,
    /// The instance that it is about; of several new ones the beginning of their names.
    pub name: String,
    /// Network interfaces of a new instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nics: Option<Vec<Map<String, Value>>>,
    /// Disks of a new instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disks: Option<Vec<NewDisk>>,
    /// Hypervisor of a new instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hypervisor: Option<HvName>,
    /// Who is asked; absent means whoever is by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iallocator: Option<String>,
    /// Tags of a new instance.
    #[serde(default)]
    pub tags: Vec<String>,
    /// MiB of memory of a new instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<u64>,
    /// Virtual CPUs of a new instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vcpus: Option<u64>,
    /// Operating system of a new instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub os: Option<String>,
    /// How the disks of a new instance are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk_template: Option<DiskTemplate>,
    /// The only group for a new instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_name: Option<String>,
    /// The instances that leave their nodes or groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instances: Option<Vec<String>>,
    /// Which role leaves; absent means both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evac_mode: Option<EvacMode>,
    /// The groups to which instances may go; absent means all others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_groups: Option<Vec<String>>,
    /// Spindles that a new instance uses.
    #[serde(default = "one")]
    pub spindle_use: u64,
    /// How many new instances.
    #[serde(default = "one")]
    pub count: u64,
}
