//! The objects of the configuration, one struct each, as in Ganeti's `config.data`.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::host::Host;
use super::maintenance::{Homecoming, Maintenance};
use crate::opcodes::words;

macro_rules! text_newtype {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str { &self.0 }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> $name { $name(Arc::from(text)) }
        }

        impl From<String> for $name {
            fn from(text: String) -> $name { $name(Arc::from(text)) }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.pad(&self.0) }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { fmt::Debug::fmt(&self.0, f) }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str { &self.0 }
        }
    )*};
}

text_newtype! {
    /// Identity of a node. References between objects are by UUID, never by name.
    NodeUuid;
    /// Identity of a node group.
    GroupUuid;
    /// Identity of an instance.
    InstanceUuid;
    /// Identity of a disk.
    DiskUuid;
    /// A hypervisor's name as Ganeti has it (`kvm`, `xen-pvm`, …): data only. What really runs
    /// instances is the cluster's driver.
    HvName;
}

words! {
    /// How an instance's disks are kept, and with it how it can move.
    DiskTemplate {
        /// No disks: moves anywhere.
        Diskless = "diskless",
        /// A file on one node.
        File = "file",
        /// A file that every node sees.
        SharedFile = "sharedfile",
        /// A logical volume on one node.
        Plain = "plain",
        /// A device made beforehand that every node sees.
        BlockDev = "blockdev",
        /// Mirrored between a primary and a secondary node.
        Drbd = "drbd",
        /// A RADOS block device.
        Rbd = "rbd",
        /// A provider outside.
        Ext = "ext",
        /// A Gluster volume.
        Gluster = "gluster",
    }
}

/// Where the copies of an instance's disks are, which decides how it moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mirroring {
    /// On two nodes, kept equal by the cluster: moves to its secondary only.
    Internal,
    /// Seen from every node: moves anywhere.
    External,
    /// On one node: does not move.
    None,
}

impl DiskTemplate {
    /// How instances of this template move.
    #[must_use]
    pub fn mirroring(self) -> Mirroring {
        match self {
            DiskTemplate::Drbd => Mirroring::Internal,
            DiskTemplate::Plain | DiskTemplate::File => Mirroring::None,
            DiskTemplate::Diskless
            | DiskTemplate::SharedFile
            | DiskTemplate::BlockDev
            | DiskTemplate::Rbd
            | DiskTemplate::Ext
            | DiskTemplate::Gluster => Mirroring::External,
        }
    }

    /// Whether its disks use the space of the nodes that hold them.
    #[must_use]
    pub fn uses_node_disk(self) -> bool {
        matches!(
            self,
            DiskTemplate::Drbd | DiskTemplate::Plain | DiskTemplate::File
        )
    }
}

words! {
    /// Whether an instance is meant to run.
    AdminState {
        /// It is meant to run.
        Up = "up",
        /// It is meant not to run.
        Down = "down",
        /// It is meant not to run and its disks may be away.
        Offline = "offline",
    }
}

words! {
    /// Who set the admin state.
    AdminSource {
        /// An operator.
        Admin = "admin",
        /// The guest's user, by shutting it down from inside.
        User = "user",
    }
}

words! {
    /// Whether new instances may be placed in a group.
    AllocPolicy {
        /// First choice.
        Preferred = "preferred",
        /// Only when no preferred group has room.
        LastResort = "last_resort",
        /// Never, unless named.
        Unallocable = "unallocable",
    }
}

/// What a node can hold. Ours: Ganeti asks the hypervisor each time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Capacity {
    /// MiB of memory for instances.
    pub memory: u64,
    /// MiB of disk for instances.
    pub disk: u64,
    /// CPUs.
    pub cpus: u64,
    /// Spindles.
    #[serde(default = "one")]
    pub spindles: u64,
}

fn one() -> u64 {
    1
}

fn is_false(value: &bool) -> bool {
    !*value
}

fn yes() -> bool {
    true
}

/// What changes whenever an object changes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Stamps {
    /// Raised by one at each change.
    #[serde(default)]
    pub serial_no: u64,
    /// When it was made, seconds since 1970.
    #[serde(default)]
    pub ctime: f64,
    /// When it was changed last, seconds since 1970.
    #[serde(default)]
    pub mtime: f64,
}

/// The cluster itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cluster {
    /// Its name.
    pub cluster_name: String,
    /// Its identity.
    pub uuid: String,
    /// Hypervisor names, first is the default; data only.
    #[serde(default)]
    pub enabled_hypervisors: Vec<HvName>,
    /// First is the default.
    #[serde(default)]
    pub enabled_disk_templates: Vec<DiskTemplate>,
    /// Backend parameters, under the key `default`.
    #[serde(default)]
    pub beparams: Map<String, Value>,
    /// Node parameters.
    #[serde(default)]
    pub ndparams: Map<String, Value>,
    /// Instance policy, complete.
    #[serde(default)]
    pub ipolicy: Map<String, Value>,
    /// The node that Ganeti's master ran on; data only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub master_node: Option<NodeUuid>,
    /// How many nodes are to be master candidates; data only.
    #[serde(default)]
    pub candidate_pool_size: u64,
    /// Tags, among them those that steer the placement (`htools:…`).
    #[serde(default)]
    pub tags: Vec<String>,
    /// Ours: directories and devices that every node sees under the same path, as its operator says.
    /// Hypervisors cannot tell of most storage whether others see it.
    #[serde(
        default,
        rename = "gnt_shared_paths",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub shared_paths: Vec<String>,
    /// Serial number and times.
    #[serde(flatten)]
    pub stamps: Stamps,
    /// Everything else, as it came.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// A node group: instances with two copies and all moves stay inside one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// Its identity.
    pub uuid: GroupUuid,
    /// Whether new instances may be placed in it.
    #[serde(default = "preferred")]
    pub alloc_policy: AllocPolicy,
    /// Instance policy, partial: the cluster's fills it.
    #[serde(default)]
    pub ipolicy: Map<String, Value>,
    /// Node parameters, partial.
    #[serde(default)]
    pub ndparams: Map<String, Value>,
    /// Tags.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Serial number and times.
    #[serde(flatten)]
    pub stamps: Stamps,
    /// Everything else, as it came.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

fn preferred() -> AllocPolicy {
    AllocPolicy::Preferred
}

/// A node: a machine that runs instances.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// Its identity.
    pub uuid: NodeUuid,
    /// Its group.
    pub group: GroupUuid,
    /// Declared dead: not asked, not a target, its instances are failed over.
    #[serde(default)]
    pub offline: bool,
    /// Takes no new instances.
    #[serde(default)]
    pub drained: bool,
    /// Master candidate; data only.
    #[serde(default)]
    pub master_candidate: bool,
    /// May become master; data only.
    #[serde(default = "yes")]
    pub master_capable: bool,
    /// May hold instances.
    #[serde(default = "yes")]
    pub vm_capable: bool,
    /// Node parameters, partial.
    #[serde(default)]
    pub ndparams: Map<String, Value>,
    /// Primary IP address; data only.
    #[serde(default)]
    pub primary_ip: String,
    /// Secondary IP address; data only.
    #[serde(default)]
    pub secondary_ip: String,
    /// Tags.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Serial number and times.
    #[serde(flatten)]
    pub stamps: Stamps,
    /// Ours: its size.
    #[serde(default, rename = "gnt_capacity")]
    pub capacity: Capacity,
    /// Ours: in maintenance, and what was on it before.
    #[serde(
        default,
        rename = "gnt_maintenance",
        skip_serializing_if = "Option::is_none"
    )]
    pub maintenance: Option<Arc<Maintenance>>,
    /// Ours: in use again after maintenance, and what is not home yet.
    #[serde(
        default,
        rename = "gnt_homecoming",
        skip_serializing_if = "Option::is_none"
    )]
    pub homecoming: Option<Arc<Homecoming>>,
    /// Ours: the real machine that it is.
    #[serde(default, rename = "gnt_host", skip_serializing_if = "Option::is_none")]
    pub host: Option<Arc<Host>>,
    /// Everything else, as it came.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

words! {
    /// A node's role, by the letter that lists show.
    NodeRole {
        /// Ganeti's master; data only.
        Master = "M",
        /// Master candidate; data only.
        Candidate = "C",
        /// Drained.
        Drained = "D",
        /// Offline.
        Offline = "O",
        /// None of these.
        Regular = "R",
    }
}

/// An instance: a virtual machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Instance {
    /// Its name.
    pub name: String,
    /// Its identity.
    pub uuid: InstanceUuid,
    /// The node that it runs on, if it runs.
    pub primary_node: NodeUuid,
    /// Whether it is meant to run.
    #[serde(default = "down")]
    pub admin_state: AdminState,
    /// Who said so.
    #[serde(default = "admin")]
    pub admin_state_source: AdminSource,
    /// Its disks, in order.
    #[serde(default)]
    pub disks: Vec<DiskUuid>,
    /// Whether its disks are meant to be active.
    #[serde(default)]
    pub disks_active: bool,
    /// Hypervisor name; data only.
    #[serde(default = "no_hypervisor")]
    pub hypervisor: HvName,
    /// Operating system; data only.
    #[serde(default)]
    pub os: String,
    /// Backend parameters, partial: the cluster's fill them.
    #[serde(default)]
    pub beparams: Map<String, Value>,
    /// Hypervisor parameters, partial; data only.
    #[serde(default)]
    pub hvparams: Map<String, Value>,
    /// Network interfaces; data only.
    #[serde(default)]
    pub nics: Vec<Value>,
    /// Tags.
    #[serde(default)]
    pub tags: Vec<String>,
    /// A placeholder that does not exist yet.
    #[serde(default, skip_serializing_if = "is_false")]
    pub forthcoming: bool,
    /// Serial number and times.
    #[serde(flatten)]
    pub stamps: Stamps,
    /// Ours: why it is not known where the instance is, if so. Operations on it are refused until
    /// a cleanup has found out.
    #[serde(
        default,
        rename = "gnt_uncertain",
        skip_serializing_if = "Option::is_none"
    )]
    pub uncertain: Option<String>,
    /// Ours: what the driver of a real hypervisor needs to make it known on a node, kept here since a
    /// node that is dead cannot be asked.
    #[serde(
        default,
        rename = "gnt_definition",
        skip_serializing_if = "Option::is_none"
    )]
    pub definition: Option<Arc<str>>,
    /// Everything else, as it came.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

fn down() -> AdminState {
    AdminState::Down
}

fn admin() -> AdminSource {
    AdminSource::Admin
}

fn no_hypervisor() -> HvName {
    HvName::from("fake")
}

/// One disk of an instance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Disk {
    /// Its identity.
    pub uuid: DiskUuid,
    /// How it is kept.
    pub dev_type: DiskTemplate,
    /// Where it is; the shape depends on the template. For drbd
    /// `[node, node, port, minor, minor, secret]`, the order of the nodes is not that of their
    /// roles.
    #[serde(default)]
    pub logical_id: Vec<Value>,
    /// The nodes that hold it; for drbd two.
    #[serde(default)]
    pub nodes: Vec<NodeUuid>,
    /// MiB.
    #[serde(default)]
    pub size: u64,
    /// `disk/N`.
    #[serde(default)]
    pub iv_name: String,
    /// Serial number and times.
    #[serde(flatten)]
    pub stamps: Stamps,
    /// Everything else, as it came.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}
