//! Operations on instances.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::migration::MigrationTerms;
use super::types::{MigrationMode, PowerOff, RebootType, ReplaceMode, shutdown_timeout, yes};
use super::{Op, Opcode};
use crate::cluster::{DiskTemplate, HvName, InstanceUuid};

/// One disk of an instance that is to be created.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewDisk {
    /// MiB.
    pub size: u64,
    /// `rw` (default) or `ro`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// A name of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// OP_INSTANCE_CREATE: see [`super::Op::InstanceCreate`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstanceCreate {
    /// The new instance's name; lower case.
    pub instance_name: String,
    /// Only `create` is supported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// Its disks, in order; empty for `diskless`.
    #[serde(default)]
    pub disks: Vec<NewDisk>,
    /// Its network interfaces; kept as data.
    #[serde(default)]
    pub nics: Vec<Map<String, Value>>,
    /// Absent means the cluster's first enabled one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk_template: Option<DiskTemplate>,
    /// Primary node; absent means by placement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pnode: Option<String>,
    /// Secondary node; drbd only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snode: Option<String>,
    /// An external allocator; absent means the built-in placement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iallocator: Option<String>,
    /// Restrict the placement to this group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_name: Option<String>,
    /// Operating system; kept as data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub os_type: Option<String>,
    /// Backend parameters: `maxmem`, `minmem`, `vcpus`, …
    #[serde(default)]
    pub beparams: Map<String, Value>,
    /// Hypervisor parameters; kept as data.
    #[serde(default)]
    pub hvparams: Map<String, Value>,
    /// Hypervisor name; kept as data. Absent means the cluster's first enabled one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hypervisor: Option<HvName>,
    /// Start it when it is made.
    #[serde(default = "yes")]
    pub start: bool,
    /// Wait until the copies of its disks are in sync.
    #[serde(default = "yes")]
    pub wait_for_sync: bool,
    /// Do not check the group's policy.
    #[serde(default)]
    pub ignore_ipolicy: bool,
    /// Its tags.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Parameters of its operating system; kept as data.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub osparams: Map<String, Value>,
    /// Ours: what it is made of on a real machine, in its driver's language, with the words `@NAME@`,
    /// `@UUID@`, `@MEMORY@` and `@VCPUS@` where these are to stand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition: Option<String>,
    /// Only note it: it has its nodes and its room on their disks, and is made when it is committed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub forthcoming: bool,
    /// Make one that was noted before. What is not given here is as it was noted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub commit: bool,
    /// The identity of one that is committed. It is not on the wire: its name tells.
    #[serde(skip)]
    pub committed: Option<InstanceUuid>,
}

/// OP_INSTANCE_REMOVE: see [`super::Op::InstanceRemove`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstanceRemove {
    /// The instance.
    pub instance_name: String,
    /// Its UUID; if given it must still belong to the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_uuid: Option<String>,
    /// Seconds the guest is given to stop.
    #[serde(default = "shutdown_timeout")]
    pub shutdown_timeout: u32,
    /// Forget it even if it could not be stopped or its disks not deleted.
    #[serde(default)]
    pub ignore_failures: bool,
    /// Ours: delete the files that its disks lie in, where nodes are real machines. The simulator always
    /// deletes them.
    #[serde(default, skip_serializing_if = "is_false")]
    pub delete_disks: bool,
}

/// OP_INSTANCE_STARTUP: see [`super::Op::InstanceStartup`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstanceStartup {
    /// The instance.
    pub instance_name: String,
    /// Its UUID; if given it must still belong to the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_uuid: Option<String>,
    /// Start without a secondary that answers.
    #[serde(default)]
    pub force: bool,
    /// If its node is offline only remember that it should run.
    #[serde(default)]
    pub ignore_offline_nodes: bool,
    /// Do not remember that it should run.
    #[serde(default)]
    pub no_remember: bool,
    /// Backend parameters for this run alone: `memory`, `maxmem`, `minmem` and `vcpus`, none of them more
    /// than the instance has by itself.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub beparams: Map<String, Value>,
    /// Hypervisor parameters for this run alone; kept as data.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub hvparams: Map<String, Value>,
    /// Do nothing if it is not meant to run any more when its turn comes; ours, not Ganeti's.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub only_if_up: bool,
}

/// OP_INSTANCE_SHUTDOWN: see [`super::Op::InstanceShutdown`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstanceShutdown {
    /// The instance.
    pub instance_name: String,
    /// Its UUID; if given it must still belong to the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_uuid: Option<String>,
    /// Also if it is marked offline.
    #[serde(default)]
    pub force: bool,
    /// Seconds the guest is given to stop.
    #[serde(default = "shutdown_timeout")]
    pub timeout: u32,
    /// If its node is offline only remember that it should not run.
    #[serde(default)]
    pub ignore_offline_nodes: bool,
    /// Do not remember that it should not run.
    #[serde(default)]
    pub no_remember: bool,
}

/// OP_INSTANCE_REBOOT: see [`super::Op::InstanceReboot`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstanceReboot {
    /// The instance.
    pub instance_name: String,
    /// Its UUID; if given it must still belong to the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_uuid: Option<String>,
    /// How.
    pub reboot_type: RebootType,
    /// Start without a secondary that answers.
    #[serde(default)]
    pub ignore_secondaries: bool,
    /// Seconds the guest is given to stop.
    #[serde(default = "shutdown_timeout")]
    pub shutdown_timeout: u32,
}

/// OP_INSTANCE_MIGRATE: see [`super::Op::InstanceMigrate`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstanceMigrate {
    /// The instance.
    pub instance_name: String,
    /// Its UUID; if given it must still belong to the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_uuid: Option<String>,
    /// Live or not; absent means live.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<MigrationMode>,
    /// Where it goes; for drbd its secondary or absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_node: Option<String>,
    /// Ours: the node that is to lose the primary role. If it no longer has it, the opcode
    /// succeeds with nothing to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_node: Option<String>,
    /// An external allocator; absent means the built-in placement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iallocator: Option<String>,
    /// Let the target change the instance's memory if it must.
    #[serde(default = "yes")]
    pub allow_runtime_changes: bool,
    /// Do not check the target group's policy.
    #[serde(default)]
    pub ignore_ipolicy: bool,
    /// Find out where the instance is after a failure of unknown effect, and put it in order.
    #[serde(default)]
    pub cleanup: bool,
    /// Fail over if it cannot migrate, or is stopped.
    #[serde(default)]
    pub allow_failover: bool,
    /// Ignore different hypervisor versions; kept as data.
    #[serde(default)]
    pub ignore_hvversions: bool,
    /// Ours: the terms of its migration.
    #[serde(default, skip_serializing_if = "MigrationTerms::is_default")]
    pub migration: MigrationTerms,
}

impl InstanceMigrate {
    /// The migration of an instance that is asked for by its name alone.
    #[must_use]
    pub fn of(name: &str) -> InstanceMigrate {
        InstanceMigrate {
            instance_name: name.to_owned(),
            instance_uuid: None,
            mode: None,
            target_node: None,
            source_node: None,
            iallocator: None,
            allow_runtime_changes: true,
            ignore_ipolicy: false,
            cleanup: false,
            allow_failover: false,
            ignore_hvversions: false,
            migration: MigrationTerms::default(),
        }
    }
}

/// OP_INSTANCE_FAILOVER: see [`super::Op::InstanceFailover`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstanceFailover {
    /// The instance.
    pub instance_name: String,
    /// Its UUID; if given it must still belong to the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_uuid: Option<String>,
    /// Seconds the guest is given to stop.
    #[serde(default = "shutdown_timeout")]
    pub shutdown_timeout: u32,
    /// Start from a copy that is not in sync, and do not insist on stopping the source.
    #[serde(default)]
    pub ignore_consistency: bool,
    /// Where it goes; for drbd its secondary or absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_node: Option<String>,
    /// Ours: the node that is to lose the primary role. If it no longer has it, the opcode
    /// succeeds with nothing to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_node: Option<String>,
    /// An external allocator; absent means the built-in placement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iallocator: Option<String>,
    /// Do not check the target group's policy.
    #[serde(default)]
    pub ignore_ipolicy: bool,
    /// Ours: how it is known that its node is powered off, if it is a real machine that is dead; absent
    /// means that its fence command has to say so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub power_off: Option<PowerOff>,
}

/// OP_INSTANCE_REPLACE_DISKS: see [`super::Op::InstanceReplaceDisks`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstanceReplaceDisks {
    /// The instance.
    pub instance_name: String,
    /// Its UUID; if given it must still belong to the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_uuid: Option<String>,
    /// Which copy is replaced.
    pub mode: ReplaceMode,
    /// Disk indices; empty means all.
    #[serde(default)]
    pub disks: Vec<u32>,
    /// The new secondary node, for `replace_new_secondary`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote_node: Option<String>,
    /// Ours: the node that is to lose the secondary role. If it no longer has it, the opcode
    /// succeeds with nothing to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_node: Option<String>,
    /// Ours: the source node is being emptied. If the instance has come to run there meanwhile, it
    /// is moved away again, through a job of its own.
    #[serde(default, skip_serializing_if = "is_false")]
    pub vacate: bool,
    /// An external allocator; absent means the built-in placement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iallocator: Option<String>,
    /// Release the old secondary before the new one is in sync.
    #[serde(default)]
    pub early_release: bool,
    /// Do not check the target group's policy.
    #[serde(default)]
    pub ignore_ipolicy: bool,
}

fn is_false(value: &bool) -> bool {
    !*value
}

/// OP_INSTANCE_CHANGE_GROUP: see [`super::Op::InstanceChangeGroup`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstanceChangeGroup {
    /// The instance.
    pub instance_name: String,
    /// Its UUID; if given it must still belong to the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_uuid: Option<String>,
    /// Release old copies before the new ones are in sync.
    #[serde(default)]
    pub early_release: bool,
    /// An external allocator; absent means the default one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iallocator: Option<String>,
    /// Where it may go; absent means all groups that it is not in and that take new instances.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_groups: Option<Vec<String>>,
}

/// OP_INSTANCE_MULTI_ALLOC: see [`super::Op::InstanceMultiAlloc`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstanceMultiAlloc {
    /// Ganeti's flag; accepted, without effect here since nothing is locked while instances are made.
    #[serde(default)]
    pub opportunistic_locking: bool,
    /// An external allocator; absent means the default one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iallocator: Option<String>,
    /// The instances, each as the parameters of an OP_INSTANCE_CREATE.
    #[serde(default, deserialize_with = "creations")]
    pub instances: Vec<InstanceCreate>,
}

/// Reads instances with or without the keys that an opcode of its own has.
fn creations<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<InstanceCreate>, D::Error> {
    let items = Vec::<Value>::deserialize(from)?;
    let read = |(place, item)| {
        creation(item).map_err(|why| D::Error::custom(format!("instance {place}: {why}")))
    };
    items.into_iter().enumerate().map(read).collect()
}

/// The parameters of one instance that is to be created: an OP_INSTANCE_CREATE, which need not say so.
fn creation(mut item: Value) -> Result<InstanceCreate, String> {
    if let Some(map) = item.as_object_mut() {
        map.entry("OP_ID")
            .or_insert_with(|| "OP_INSTANCE_CREATE".into());
    }
    match Opcode::from_value(item)
        .map_err(|error| error.to_string())?
        .op
    {
        Op::InstanceCreate(op) => Ok(op),
        other => Err(format!("{} creates no instance", other.id())),
    }
}
