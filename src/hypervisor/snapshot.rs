//! The whole of reality at one moment, whatever the driver.

use std::collections::BTreeMap;

use gnt_driver::Guest;

use super::{Activity, CopyState, Machine};
use crate::cluster::{Capacity, InstanceUuid, NodeUuid};

/// The whole of reality at one moment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Snapshot {
    /// Nodes, dead ones too.
    pub nodes: BTreeMap<NodeUuid, NodeNow>,
    /// Instances of which there is anything: they run, something is on its way, a node holds a
    /// copy of their disks or a definition. Others do not run.
    pub instances: BTreeMap<InstanceUuid, InstanceNow>,
}

/// A node at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NodeNow {
    /// Its name.
    pub name: String,
    /// Whether it answers.
    pub alive: bool,
    /// What it can hold.
    pub capacity: Capacity,
    /// MiB of memory that running instances take; may be more than it has.
    pub memory_used: u64,
    /// MiB of disk that copies take.
    pub disk_used: u64,
    /// What it tells of itself, if it is a real machine that answers.
    pub machine: Option<Machine>,
    /// All guests that a real machine knows, ours or not.
    pub guests: Vec<Guest>,
    /// Why it does not answer, where that can be told.
    pub silence: Option<String>,
}

/// An instance at one moment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct InstanceNow {
    /// Its name.
    pub name: String,
    /// Where it runs.
    pub running_on: Vec<NodeUuid>,
    /// What is on its way with it.
    pub activity: Option<Activity>,
    /// Copies of its disks.
    pub copies: Vec<(NodeUuid, CopyState)>,
    /// Nodes with a definition that a broken migration left.
    pub left_over: Vec<NodeUuid>,
}
