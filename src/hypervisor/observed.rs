//! What reality says of one instance.

use std::time::Duration;

use crate::cluster::NodeUuid;

/// What reality says of one instance.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Observed {
    /// Nodes on which it runs: none when it is stopped, more than one is a disaster.
    pub running_on: Vec<NodeUuid>,
    /// What is on its way with it.
    pub activity: Option<Activity>,
    /// Nodes that did not answer, so that the instance might run there too.
    pub silent: Vec<NodeUuid>,
    /// Nodes that know it and do not run it. Where one of them is not its primary node, or another runs
    /// it, something broke off there, and [`super::Hypervisor::undefine`] mends it.
    pub defined_on: Vec<NodeUuid>,
    /// Nodes among [`Observed::running_on`] on which it only stands still, neither coming nor leaving, while
    /// one other alone really runs it: what a migration left whose end the node did not see. To stop it there
    /// loses nothing.
    pub remains_on: Vec<NodeUuid>,
    /// What is seen cannot last, such as one half of a migration: within so long it is over by itself,
    /// and asking again then tells more.
    pub unsettled: Option<Duration>,
}

/// Something that a verb began and that is not over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Activity {
    /// It is being started.
    Starting {
        /// Where.
        node: NodeUuid,
    },
    /// It is being stopped.
    Stopping {
        /// Where.
        node: NodeUuid,
    },
    /// It is migrating.
    Migrating {
        /// From which node.
        from: NodeUuid,
        /// To which node.
        to: NodeUuid,
    },
}
