//! The driver as units get it: no verb is called without passing its failpoints.

use std::sync::Arc;

use super::{
    Call, Comparison, CopyState, Definition, Guest, Hypervisor, InstanceRef, MigrationPolicy,
    NodeFacts, NodeRef, Observed, Snapshot, Stop, VerbError,
};
use crate::cluster::{Capacity, Config, InstanceUuid, NodeUuid};
use crate::failpoints::{self, Point, Side};
use crate::opcodes::words;

words! {
    /// A verb of [`Hypervisor`].
    VerbName {
        /// [`Hypervisor::observe`].
        Observe = "observe",
        /// [`Hypervisor::answers`].
        Answers = "answers",
        /// [`Hypervisor::node_facts`].
        NodeFacts = "node-facts",
        /// [`Hypervisor::set_capacity`].
        SetCapacity = "set-capacity",
        /// [`Hypervisor::remove_node`].
        RemoveNode = "remove-node",
        /// [`Hypervisor::start`].
        Start = "start",
        /// [`Hypervisor::stop`].
        Stop = "stop",
        /// [`Hypervisor::reboot`].
        Reboot = "reboot",
        /// [`Hypervisor::migrate`].
        Migrate = "migrate",
        /// [`Hypervisor::snapshot`].
        Snapshot = "snapshot",
        /// [`Hypervisor::guests`].
        Guests = "guests",
        /// [`Hypervisor::definition`].
        Definition = "definition",
        /// [`Hypervisor::define`].
        Define = "define",
        /// [`Hypervisor::undefine`].
        Undefine = "undefine",
        /// [`Hypervisor::hand_over`].
        HandOver = "hand-over",
        /// [`Hypervisor::mark`].
        Mark = "mark",
        /// [`Hypervisor::autostart`].
        Autostart = "autostart",
        /// [`Hypervisor::delete_disk`].
        DeleteDisk = "delete-disk",
        /// [`Hypervisor::compare`].
        Compare = "compare",
        /// [`Hypervisor::copies`].
        Copies = "copies",
        /// [`Hypervisor::add_copy`].
        AddCopy = "add-copy",
        /// [`Hypervisor::blank_copy`].
        BlankCopy = "blank-copy",
        /// [`Hypervisor::drop_copy`].
        DropCopy = "drop-copy",
        /// [`Hypervisor::resize`].
        Resize = "resize",
        /// [`Hypervisor::activate`].
        Activate = "activate",
        /// [`Hypervisor::deactivate`].
        Deactivate = "deactivate",
    }
}

impl VerbName {
    /// Whether it only asks: then there is no effect whose end could be unknown.
    fn asks(self) -> bool {
        match self {
            VerbName::Observe
            | VerbName::Answers
            | VerbName::NodeFacts
            | VerbName::Snapshot
            | VerbName::Guests
            | VerbName::Definition
            | VerbName::Compare
            | VerbName::Copies => true,
            VerbName::SetCapacity
            | VerbName::RemoveNode
            | VerbName::Start
            | VerbName::Stop
            | VerbName::Reboot
            | VerbName::Migrate
            | VerbName::Define
            | VerbName::Undefine
            | VerbName::HandOver
            | VerbName::Mark
            | VerbName::Autostart
            | VerbName::DeleteDisk
            | VerbName::AddCopy
            | VerbName::BlankCopy
            | VerbName::DropCopy
            | VerbName::Resize
            | VerbName::Activate
            | VerbName::Deactivate => false,
        }
    }
}

/// What runs a cluster's instances, shared by all workers.
#[derive(Debug, Clone)]
pub struct Driver(Arc<dyn Hypervisor>);

impl Driver {
    /// The driver that has this to do the work.
    #[must_use]
    pub fn new(hypervisor: Arc<dyn Hypervisor>) -> Driver {
        Driver(hypervisor)
    }

    /// The only way to the driver.
    fn verb<T>(
        &self,
        verb: VerbName,
        call: impl FnOnce(&dyn Hypervisor) -> Result<T, VerbError>,
    ) -> Result<T, VerbError> {
        let pass = |side| failpoints::pass(Point::Verb(verb, side));
        pass(Side::Before)
            .map_err(|_| VerbError::Failed(format!("{verb} was made to fail by a test")))?;
        let answer = call(&*self.0);
        pass(Side::After).map_err(|_| {
            let text = format!("the answer to {verb} was made to be lost by a test");
            match verb.asks() {
                true => VerbError::Failed(text),
                false => VerbError::Unknown(text),
            }
        })?;
        answer
    }
}

impl Hypervisor for Driver {
    fn has_machines(&self) -> bool {
        // Nothing is asked for that.
        self.0.has_machines()
    }

    fn observe(
        &self,
        call: &Call<'_>,
        instance: &InstanceRef,
        nodes: &[NodeRef],
    ) -> Result<Observed, VerbError> {
        self.verb(VerbName::Observe, |h| h.observe(call, instance, nodes))
    }

    fn answers(&self, call: &Call<'_>, node: &NodeRef) -> Result<(), VerbError> {
        self.verb(VerbName::Answers, |h| h.answers(call, node))
    }

    fn node_facts(&self, call: &Call<'_>, node: &NodeRef) -> Result<NodeFacts, VerbError> {
        self.verb(VerbName::NodeFacts, |h| h.node_facts(call, node))
    }

    fn set_capacity(
        &self,
        call: &Call<'_>,
        node: &NodeRef,
        capacity: Capacity,
    ) -> Result<(), VerbError> {
        self.verb(VerbName::SetCapacity, |h| {
            h.set_capacity(call, node, capacity)
        })
    }

    fn remove_node(&self, call: &Call<'_>, node: &NodeRef) -> Result<(), VerbError> {
        self.verb(VerbName::RemoveNode, |h| h.remove_node(call, node))
    }

    fn start(
        &self,
        call: &Call<'_>,
        instance: &InstanceRef,
        node: &NodeRef,
        others: &[NodeRef],
    ) -> Result<(), VerbError> {
        self.verb(VerbName::Start, |h| h.start(call, instance, node, others))
    }

    fn stop(
        &self,
        call: &Call<'_>,
        instance: &InstanceRef,
        node: &NodeRef,
        how: Stop,
    ) -> Result<(), VerbError> {
        self.verb(VerbName::Stop, |h| h.stop(call, instance, node, how))
    }

    fn reboot(
        &self,
        call: &Call<'_>,
        instance: &InstanceRef,
        node: &NodeRef,
    ) -> Result<(), VerbError> {
        self.verb(VerbName::Reboot, |h| h.reboot(call, instance, node))
    }

    fn migrate(
        &self,
        call: &Call<'_>,
        instance: &InstanceRef,
        from: &NodeRef,
        to: &NodeRef,
        policy: &MigrationPolicy,
    ) -> Result<(), VerbError> {
        self.verb(VerbName::Migrate, |h| {
            h.migrate(call, instance, from, to, policy)
        })
    }

    fn snapshot(&self, call: &Call<'_>, config: &Config) -> Result<Snapshot, VerbError> {
        self.verb(VerbName::Snapshot, |h| h.snapshot(call, config))
    }

    fn guests(&self, call: &Call<'_>, node: &NodeRef) -> Result<Vec<Guest>, VerbError> {
        self.verb(VerbName::Guests, |h| h.guests(call, node))
    }

    fn definition(
        &self,
        call: &Call<'_>,
        guest: &InstanceUuid,
        node: &NodeRef,
    ) -> Result<Definition, VerbError> {
        self.verb(VerbName::Definition, |h| h.definition(call, guest, node))
    }

    fn define(
        &self,
        call: &Call<'_>,
        instance: &InstanceRef,
        node: &NodeRef,
    ) -> Result<(), VerbError> {
        self.verb(VerbName::Define, |h| h.define(call, instance, node))
    }

    fn undefine(
        &self,
        call: &Call<'_>,
        instance: &InstanceRef,
        node: &NodeRef,
    ) -> Result<(), VerbError> {
        self.verb(VerbName::Undefine, |h| h.undefine(call, instance, node))
    }

    fn hand_over(
        &self,
        call: &Call<'_>,
        instance: &InstanceRef,
        from: &NodeRef,
        to: &NodeRef,
    ) -> Result<(), VerbError> {
        self.verb(VerbName::HandOver, |h| {
            h.hand_over(call, instance, from, to)
        })
    }

    fn mark(
        &self,
        call: &Call<'_>,
        guest: &InstanceUuid,
        node: &NodeRef,
        cluster: Option<&str>,
    ) -> Result<(), VerbError> {
        self.verb(VerbName::Mark, |h| h.mark(call, guest, node, cluster))
    }

    fn autostart(
        &self,
        call: &Call<'_>,
        guest: &InstanceUuid,
        node: &NodeRef,
        on: bool,
    ) -> Result<(), VerbError> {
        self.verb(VerbName::Autostart, |h| h.autostart(call, guest, node, on))
    }

    fn delete_disk(&self, call: &Call<'_>, node: &NodeRef, path: &str) -> Result<(), VerbError> {
        self.verb(VerbName::DeleteDisk, |h| h.delete_disk(call, node, path))
    }

    fn compare(
        &self,
        call: &Call<'_>,
        node: &NodeRef,
        processor: &str,
    ) -> Result<Comparison, VerbError> {
        self.verb(VerbName::Compare, |h| h.compare(call, node, processor))
    }

    fn copies(
        &self,
        call: &Call<'_>,
        instance: &InstanceRef,
    ) -> Result<Vec<(NodeUuid, CopyState)>, VerbError> {
        self.verb(VerbName::Copies, |h| h.copies(call, instance))
    }

    fn add_copy(
        &self,
        call: &Call<'_>,
        instance: &InstanceRef,
        node: &NodeRef,
        wait: bool,
    ) -> Result<(), VerbError> {
        self.verb(VerbName::AddCopy, |h| {
            h.add_copy(call, instance, node, wait)
        })
    }

    fn blank_copy(
        &self,
        call: &Call<'_>,
        instance: &InstanceRef,
        node: &NodeRef,
    ) -> Result<(), VerbError> {
        self.verb(VerbName::BlankCopy, |h| h.blank_copy(call, instance, node))
    }

    fn drop_copy(
        &self,
        call: &Call<'_>,
        instance: &InstanceRef,
        node: &NodeRef,
    ) -> Result<(), VerbError> {
        self.verb(VerbName::DropCopy, |h| h.drop_copy(call, instance, node))
    }

    fn resize(
        &self,
        call: &Call<'_>,
        instance: &InstanceRef,
        nodes: &[NodeRef],
    ) -> Result<(), VerbError> {
        self.verb(VerbName::Resize, |h| h.resize(call, instance, nodes))
    }

    fn activate(
        &self,
        call: &Call<'_>,
        instance: &InstanceRef,
        node: &NodeRef,
    ) -> Result<(), VerbError> {
        self.verb(VerbName::Activate, |h| h.activate(call, instance, node))
    }
    fn deactivate(
        &self,
        call: &Call<'_>,
        instance: &InstanceRef,
        node: &NodeRef,
    ) -> Result<(), VerbError> {
        self.verb(VerbName::Deactivate, |h| h.deactivate(call, instance, node))
    }
}
