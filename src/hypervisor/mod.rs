//! What really runs where, and the verbs that change it.
//!
//! A [`Hypervisor`] is asked by logical units only. It has two halves: instances (what runs where,
//! start, stop, reboot, migrate, node facts) and the copies of their disks. Each verb
//!
//! * is given a [`Call`]: a limit after which it returns whatever happened, an [`Interrupt`] that
//!   asks it to give up earlier, and a place to tell its progress;
//! * returns only when it knows, or when the limit has passed. A verb that was begun and whose end
//!   is not known answers [`VerbError::Unknown`]; the caller then looks at reality, once, and never
//!   guesses;
//! * goes on in reality when its caller dies: whoever comes next finds it by
//!   [`Hypervisor::observe`] as an [`Activity`] and follows it to its end by calling the same verb
//!   again, which *joins* what is on its way instead of beginning anew;
//! * does nothing and succeeds where reality already is what it would bring about.
//!
//! The last two make every verb safe to repeat, which is what recovery rests on.

mod call;
mod driver;
mod facts;
pub mod fake;
mod interrupt;
mod observed;
mod open;
mod policy;
mod process;
mod snapshot;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::cluster::{
    Capacity, Config, DiskTemplate, Host, Instance, InstanceUuid, Node, NodeUuid,
};
pub use call::{Call, Progress, VerbError};
pub use driver::{Driver, VerbName};
pub use facts::{Machine, NodeFacts};
pub use gnt_driver::{Comparison, Definition, Disk, Guest, GuestState, Storage};
pub use interrupt::{Interrupt, InterruptKind};
pub use observed::{Activity, Observed};
pub use open::{DriverName, OpenError, Opened, open};
pub use policy::{MigrationPolicy, OnTimeout};
pub use process::{NoProgram, ProcessDriver};
pub use snapshot::{InstanceNow, NodeNow, Snapshot};

/// A node as a driver is told of it: identity and name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeRef {
    /// Identity.
    pub uuid: NodeUuid,
    /// Name, for messages.
    pub name: String,
    /// The real machine that it is.
    pub host: Option<Arc<Host>>,
}

impl From<&Node> for NodeRef {
    fn from(node: &Node) -> NodeRef {
        NodeRef {
            uuid: node.uuid.clone(),
            name: node.name.clone(),
            host: node.host.clone(),
        }
    }
}

/// An instance as a driver is told of it: identity, name and what it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceRef {
    /// Identity.
    pub uuid: InstanceUuid,
    /// Name, for messages.
    pub name: String,
    /// MiB of memory.
    pub memory: u64,
    /// Virtual CPUs.
    pub vcpus: u64,
    /// MiB of disk on each node that holds a copy; 0 where none does.
    pub disk: u64,
    /// How its disks are kept.
    pub template: DiskTemplate,
    /// What makes it known on a node that never had it; none on the simulator.
    pub definition: Option<Arc<str>>,
}

impl InstanceRef {
    /// What a driver has to know of an instance of this configuration.
    #[must_use]
    pub fn new(config: &Config, instance: &Instance) -> InstanceRef {
        let backend = config.backend(instance);
        InstanceRef {
            uuid: instance.uuid.clone(),
            name: instance.name.clone(),
            memory: backend.maxmem,
            vcpus: backend.vcpus,
            disk: config.disk_on_node(instance),
            template: config.template(instance),
            definition: instance.definition.clone(),
        }
    }
}

/// One copy of an instance's disks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum CopyState {
    /// Usable.
    InSync,
    /// Being made, so many per cent.
    Syncing(f64),
}

/// How an instance is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The guest is asked, and its power cut after so long.
    Graceful(Duration),
    /// Its power is cut.
    Destroy,
}

/// The verbs; see the module's text for what all of them promise.
pub trait Hypervisor: Send + Sync + fmt::Debug {
    /// Whether its nodes are real machines, which have to be told how they are reached.
    fn has_machines(&self) -> bool {
        false
    }

    // --- instances

    /// What runs where: asks each of `nodes` for the instance.
    ///
    /// # Errors
    /// Only when reality itself cannot be read; a node that does not answer is in
    /// [`Observed::silent`].
    fn observe(
        &self,
        call: &Call<'_>,
        instance: &InstanceRef,
        nodes: &[NodeRef],
    ) -> Result<Observed, VerbError>;

    /// Whether a node answers: the quickest of all questions, asked before a verb is begun.
    ///
    /// # Errors
    /// [`VerbError::Unreachable`] when it does not.
    fn answers(&self, call: &Call<'_>, node: &NodeRef) -> Result<(), VerbError>;

    /// A node's size and use.
    ///
    /// # Errors
    /// [`VerbError::Unreachable`] when it does not answer.
    fn node_facts(&self, call: &Call<'_>, node: &NodeRef) -> Result<NodeFacts, VerbError>;

    /// A node joins with this size, or gets another one.
    ///
    /// # Errors
    /// See [`VerbError`].
    fn set_capacity(
        &self,
        call: &Call<'_>,
        node: &NodeRef,
        capacity: Capacity,
    ) -> Result<(), VerbError>;

    /// A node leaves for good.
    ///
    /// # Errors
    /// See [`VerbError`].
    fn remove_node(&self, call: &Call<'_>, node: &NodeRef) -> Result<(), VerbError>;

    /// Starts an instance on `node`, which must hold a copy of its disks, and makes it known there if it
    /// is not. It is not started while one of `others` runs it; those that do not answer are passed
    /// over: the caller decides which have to.
    ///
    /// # Errors
    /// See [`VerbError`].
    fn start(
        &self,
        call: &Call<'_>,
        instance: &InstanceRef,
        node: &NodeRef,
        others: &[NodeRef],
    ) -> Result<(), VerbError>;

    /// Stops an instance on `node`.
    ///
    /// # Errors
    /// See [`VerbError`].
    fn stop(
        &self,
        call: &Call<'_>,
        instance: &InstanceRef,
        node: &NodeRef,
        how: Stop,
    ) -> Result<(), VerbError>;

    /// Reboots a running instance without stopping its virtual machine.
    ///
    /// # Errors
    /// See [`VerbError`].
    fn reboot(
        &self,
        call: &Call<'_>,
        instance: &InstanceRef,
        node: &NodeRef,
    ) -> Result<(), VerbError>;

    /// Moves a running instance. An interrupt aborts it; it then answers
    /// [`VerbError::Aborted`] only if the instance was seen to run at its source, and `Ok` if it
    /// had got through.
    ///
    /// # Errors
    /// See [`VerbError`].
    fn migrate(
        &self,
        call: &Call<'_>,
        instance: &InstanceRef,
        from: &NodeRef,
        to: &NodeRef,
        policy: &MigrationPolicy,
    ) -> Result<(), VerbError>;

    /// The whole of reality at one moment: what each node of the configuration tells, all of them asked
    /// at once. Those that are marked offline are not asked.
    ///
    /// # Errors
    /// Only when reality itself cannot be read.
    fn snapshot(&self, call: &Call<'_>, config: &Config) -> Result<Snapshot, VerbError>;

    // --- what real machines have beside that

    /// All guests that a node knows, whether they are the cluster's or not.
    ///
    /// # Errors
    /// [`VerbError::Unreachable`] when it does not answer.
    fn guests(&self, call: &Call<'_>, node: &NodeRef) -> Result<Vec<Guest>, VerbError>;

    /// A guest's definition, as `node` would start it next time, and its disks.
    ///
    /// # Errors
    /// See [`VerbError`]; [`VerbError::Failed`] also where the driver has none.
    fn definition(
        &self,
        call: &Call<'_>,
        guest: &InstanceUuid,
        node: &NodeRef,
    ) -> Result<Definition, VerbError>;

    /// Makes an instance known on `node` by its [`InstanceRef::definition`], or changes what is known of
    /// one there: from its next start on, if it runs.
    ///
    /// # Errors
    /// See [`VerbError`].
    fn define(
        &self,
        call: &Call<'_>,
        instance: &InstanceRef,
        node: &NodeRef,
    ) -> Result<(), VerbError>;

    /// Makes `node` forget an instance that does not run there.
    ///
    /// # Errors
    /// See [`VerbError`].
    fn undefine(
        &self,
        call: &Call<'_>,
        instance: &InstanceRef,
        node: &NodeRef,
    ) -> Result<(), VerbError>;

    /// An instance that does not run is to be started on `to` from now on: it is made known there, all of
    /// its disks are seen to be there, and `from` forgets it. Its definition is the one that `from` has.
    ///
    /// # Errors
    /// See [`VerbError`].
    fn hand_over(
        &self,
        call: &Call<'_>,
        instance: &InstanceRef,
        from: &NodeRef,
        to: &NodeRef,
    ) -> Result<(), VerbError>;

    /// Marks a guest as that of a cluster, or takes the mark away.
    ///
    /// # Errors
    /// See [`VerbError`].
    fn mark(
        &self,
        call: &Call<'_>,
        guest: &InstanceUuid,
        node: &NodeRef,
        cluster: Option<&str>,
    ) -> Result<(), VerbError>;

    /// Whether `node` starts the guest by itself when it boots.
    ///
    /// # Errors
    /// See [`VerbError`].
    fn autostart(
        &self,
        call: &Call<'_>,
        guest: &InstanceUuid,
        node: &NodeRef,
        on: bool,
    ) -> Result<(), VerbError>;

    /// Deletes what a disk lies in, by its path on `node`. There must be no use for it any more.
    ///
    /// # Errors
    /// See [`VerbError`].
    fn delete_disk(&self, call: &Call<'_>, node: &NodeRef, path: &str) -> Result<(), VerbError>;

    /// Whether guests could go on at `node` that run on a machine with that [`Machine::processor`].
    ///
    /// # Errors
    /// See [`VerbError`].
    fn compare(
        &self,
        call: &Call<'_>,
        node: &NodeRef,
        processor: &str,
    ) -> Result<Comparison, VerbError>;

    // --- disks

    /// The copies of an instance's disks: which nodes hold one, and in which state. For templates
    /// that every node sees it is empty.
    ///
    /// # Errors
    /// Only when reality itself cannot be read.
    fn copies(
        &self,
        call: &Call<'_>,
        instance: &InstanceRef,
    ) -> Result<Vec<(NodeUuid, CopyState)>, VerbError>;

    /// Makes a copy on `node` and brings it in sync with the others; the first copy is in sync at
    /// once. Long; an interrupt ends it and removes the unfinished copy. With `wait` false it
    /// returns when the copy has been begun.
    ///
    /// # Errors
    /// See [`VerbError`].
    fn add_copy(
        &self,
        call: &Call<'_>,
        instance: &InstanceRef,
        node: &NodeRef,
        wait: bool,
    ) -> Result<(), VerbError>;

    /// Makes an empty copy on `node`, or empties the one that is there. It counts as whole from then
    /// on, and no other does, whether its node answers or not. The instance must not run.
    ///
    /// # Errors
    /// See [`VerbError`].
    fn blank_copy(
        &self,
        call: &Call<'_>,
        instance: &InstanceRef,
        node: &NodeRef,
    ) -> Result<(), VerbError>;

    /// Removes the copy on `node`, if there is one.
    ///
    /// # Errors
    /// See [`VerbError`].
    fn drop_copy(
        &self,
        call: &Call<'_>,
        instance: &InstanceRef,
        node: &NodeRef,
    ) -> Result<(), VerbError>;

    /// Gives an instance's disks the size that `instance` says, on all of `nodes`, which are those
    /// that hold them.
    ///
    /// # Errors
    /// See [`VerbError`].
    fn resize(
        &self,
        call: &Call<'_>,
        instance: &InstanceRef,
        nodes: &[NodeRef],
    ) -> Result<(), VerbError>;

    /// Makes the disks usable on `node`.
    ///
    /// # Errors
    /// See [`VerbError`].
    fn activate(
        &self,
        call: &Call<'_>,
        instance: &InstanceRef,
        node: &NodeRef,
    ) -> Result<(), VerbError>;

    /// Lets go of the disks on `node`, where the instance must not run.
    ///
    /// # Errors
    /// See [`VerbError`].
    fn deactivate(
        &self,
        call: &Call<'_>,
        instance: &InstanceRef,
        node: &NodeRef,
    ) -> Result<(), VerbError>;
}
