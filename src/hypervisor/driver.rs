//! The driver as units get it: no verb is called without passing its failpoints.

use std::sync::Arc;

use super::{
    Call, Comparison, CopyState, Definition, Guest, Hypervisor, InstanceRef, MigrationPolicy,
    NodeFacts, NodeRef, Observed, Snapshot, Stop, VerbError,
};
use crate::cluster::{Capacity, Config, InstanceUuid, NodeUuid};
use crate::failpoints::{self, Point, Side};
use crate::opcodes::words;

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

/// Of each verb its name, its word, whether it only asks, and how it is called: from this table come
/// [`VerbName`] and the driver's half of [`Hypervisor`], which has every verb pass its failpoints.
macro_rules! verbs {
    ($($name:ident = $word:literal: $does:ident
        $verb:ident($($given:ident: $type:ty),*) -> $answer:ty,)*) => {
        words! {
            /// A verb of [`Hypervisor`].
            VerbName {
                $(#[doc = concat!("[`Hypervisor::", stringify!($verb), "`].")] $name = $word,)*
            }
        }

        impl VerbName {
            /// Whether it only asks: then there is no effect whose end could be unknown.
            fn asks(self) -> bool {
                match self { $(VerbName::$name => verbs!(@ $does),)* }
            }
        }

        impl Hypervisor for Driver {
            fn has_machines(&self) -> bool {
                // Nothing is asked for that.
                self.0.has_machines()
            }

            $(fn $verb(&self, call: &Call<'_>, $($given: $type),*) -> Result<$answer, VerbError> {
                self.verb(VerbName::$name, |hypervisor| hypervisor.$verb(call, $($given),*))
            })*
        }
    };
    (@ asks) => { true };
    (@ acts) => { false };
}

verbs! {
    Observe = "observe": asks observe(instance: &InstanceRef, nodes: &[NodeRef]) -> Observed,
    Answers = "answers": asks answers(node: &NodeRef) -> (),
    NodeFacts = "node-facts": asks node_facts(node: &NodeRef) -> NodeFacts,
    SetCapacity = "set-capacity": acts set_capacity(node: &NodeRef, capacity: Capacity) -> (),
    RemoveNode = "remove-node": acts remove_node(node: &NodeRef) -> (),
    Start = "start": acts start(instance: &InstanceRef, node: &NodeRef, others: &[NodeRef]) -> (),
    Stop = "stop": acts stop(instance: &InstanceRef, node: &NodeRef, how: Stop) -> (),
    Reboot = "reboot": acts reboot(instance: &InstanceRef, node: &NodeRef) -> (),
    Migrate = "migrate": acts migrate(
        instance: &InstanceRef, from: &NodeRef, to: &NodeRef, policy: &MigrationPolicy
    ) -> (),
    Snapshot = "snapshot": asks snapshot(config: &Config) -> Snapshot,
    Guests = "guests": asks guests(node: &NodeRef) -> Vec<Guest>,
    Definition = "definition": asks definition(guest: &InstanceUuid, node: &NodeRef) -> Definition,
    Define = "define": acts define(instance: &InstanceRef, node: &NodeRef) -> (),
    Undefine = "undefine": acts undefine(instance: &InstanceRef, node: &NodeRef) -> (),
    HandOver = "hand-over": acts hand_over(
        instance: &InstanceRef, from: &NodeRef, to: &NodeRef
    ) -> (),
    Mark = "mark": acts mark(guest: &InstanceUuid, node: &NodeRef, cluster: Option<&str>) -> (),
    Autostart = "autostart": acts autostart(guest: &InstanceUuid, node: &NodeRef, on: bool) -> (),
    DeleteDisk = "delete-disk": acts delete_disk(node: &NodeRef, path: &str) -> (),
    Compare = "compare": asks compare(node: &NodeRef, processor: &str) -> Comparison,
    Copies = "copies": asks copies(instance: &InstanceRef) -> Vec<(NodeUuid, CopyState)>,
    AddCopy = "add-copy": acts add_copy(instance: &InstanceRef, node: &NodeRef, wait: bool) -> (),
    BlankCopy = "blank-copy": acts blank_copy(instance: &InstanceRef, node: &NodeRef) -> (),
    DropCopy = "drop-copy": acts drop_copy(instance: &InstanceRef, node: &NodeRef) -> (),
    Resize = "resize": acts resize(instance: &InstanceRef, nodes: &[NodeRef]) -> (),
    Activate = "activate": acts activate(instance: &InstanceRef, node: &NodeRef) -> (),
    Deactivate = "deactivate": acts deactivate(instance: &InstanceRef, node: &NodeRef) -> (),
}
