//! An instance of a list, and what reality says of it.

use std::rc::Rc;
use std::sync::Arc;

use super::super::super::table::Cell;
use super::super::Now;
use crate::cluster::{AdminState, Backend, Config, Group, Instance, Node};
use crate::hypervisor::fake::InstanceNow;

/// An instance, where it stands.
#[derive(Debug)]
pub struct Row {
    pub(super) now: Rc<Now>,
    pub(super) instance: Arc<Instance>,
}

/// Where an instance was found to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    /// Reality cannot be read, or the primary node does not answer.
    Unknown,
    /// On its primary node.
    Primary,
    /// On another node.
    Elsewhere,
    /// Nowhere.
    Nowhere,
}

impl Row {
    pub(super) fn config(&self) -> &Config {
        &self.now.config
    }

    pub(super) fn backend(&self) -> Backend {
        self.config().backend(&self.instance)
    }

    pub(super) fn primary(&self) -> Option<&Arc<Node>> {
        self.config().nodes.get(&self.instance.primary_node)
    }

    pub(super) fn group(&self, node: Option<&Arc<Node>>) -> Option<&Arc<Group>> {
        self.config().groups.get(&node?.group)
    }

    pub(super) fn secondary(&self) -> Option<&Arc<Node>> {
        let uuid = self.config().secondary(&self.instance)?;
        self.config().nodes.get(uuid)
    }

    pub(super) fn reality(&self) -> Option<&InstanceNow> {
        self.now
            .reality
            .as_ref()?
            .instances
            .get(&self.instance.uuid)
    }

    fn found(&self) -> Found {
        let Some(reality) = &self.now.reality else {
            return Found::Unknown;
        };
        let running = self.reality().map_or(&[][..], |now| &now.running_on);
        if running.contains(&self.instance.primary_node) {
            return Found::Primary;
        }
        if !running.is_empty() {
            return Found::Elsewhere;
        }
        match reality.nodes.get(&self.instance.primary_node) {
            Some(node) if node.alive => Found::Nowhere,
            _ => Found::Unknown,
        }
    }

    /// Ganeti's status words, in its order of precedence.
    pub(super) fn status(&self) -> &'static str {
        if self.primary().is_some_and(|node| node.offline) {
            return "ERROR_nodeoffline";
        }
        match (self.found(), self.instance.admin_state) {
            (Found::Unknown, _) => "ERROR_nodedown",
            (Found::Elsewhere, _) => "ERROR_wrongnode",
            (Found::Primary, AdminState::Up) => "running",
            (Found::Primary, AdminState::Down | AdminState::Offline) => "ERROR_up",
            (Found::Nowhere, AdminState::Up) => "ERROR_down",
            (Found::Nowhere, AdminState::Down) => "ADMIN_down",
            (Found::Nowhere, AdminState::Offline) => "ADMIN_offline",
        }
    }

    /// A value that only a running instance has.
    pub(super) fn live(&self, cell: Cell) -> Cell {
        match self.found() {
            _ if self.primary().is_some_and(|node| node.offline) => Cell::Offline,
            Found::Primary | Found::Elsewhere => cell,
            Found::Nowhere => Cell::Unavailable,
            Found::Unknown => Cell::NoData,
        }
    }
}

impl Cell {
    /// `N` for what does not apply.
    pub(super) fn or_no(self) -> Cell {
        match self {
            Cell::Unavailable => Cell::Bool(false),
            other => other,
        }
    }
}
