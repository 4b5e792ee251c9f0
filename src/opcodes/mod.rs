//! Every operation as a typed value that serialises to its wire form.
//!
//! An [`Opcode`] is what a client submits and what a logical unit carries out: the parameters that
//! every operation has ([`Common`]) and the operation itself ([`Op`]). On the wire it is one JSON
//! object with the key `OP_ID`, as Ganeti has it: unknown keys are refused, `null` means the same
//! as a missing key.

mod cluster;
mod deadline;
mod error;
mod instance;
mod instance_change;
mod instance_disks;
mod instance_guest;
mod migration;
mod node;
mod tags;
mod test;
mod types;
mod verify;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use cluster::*;
pub use deadline::*;
pub use error::*;
pub use instance::*;
pub use instance_change::*;
pub use instance_disks::*;
pub use instance_guest::*;
pub use migration::*;
pub use node::*;
pub use tags::*;
pub use test::*;
pub(crate) use types::words;
pub use types::*;
pub use verify::*;

use crate::text::one_line;

/// Why a JSON value is not an opcode. The text names the opcode and the parameter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ParseError(pub String);

/// One operation as it is submitted: common parameters and the operation.
#[derive(Debug, Clone, PartialEq)]
pub struct Opcode {
    /// Parameters that every operation has.
    pub common: Common,
    /// What is to be done.
    pub op: Op,
}

/// Parameters of every opcode. Each is optional on the wire.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Common {
    /// Run the checks and make the plan, but change nothing.
    #[serde(default)]
    pub dry_run: bool,
    /// Ganeti's debug level; kept and handed on to children, not used.
    #[serde(default)]
    pub debug_level: u32,
    /// Urgency; absent means: the parent's for a child, else normal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// Until when the operation that begins with this opcode's job may begin jobs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Deadline>,
    /// Jobs that must have ended first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub depends: Vec<Dependency>,
    /// Free text; children carry `Submitted by OP_…` here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Who wanted this and why, oldest entry first.
    #[serde(default)]
    pub reason: Vec<Reason>,
}

/// The keys of [`Common`] on the wire.
const COMMON_KEYS: [&str; 7] = [
    "dry_run",
    "debug_level",
    "priority",
    "deadline",
    "depends",
    "comment",
    "reason",
];

macro_rules! operations {
    ($($(#[$doc:meta])* $name:ident = $id:literal, summary $field:expr;)*) => {
        /// The operation of an [`Opcode`], one variant an `OP_ID`.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Op {
            $($(#[$doc])* $name($name),)*
        }

        impl Op {
            /// Every `OP_ID` that this program knows.
            pub const IDS: &'static [&'static str] = &[$($id),*];

            /// The name on the wire, such as `OP_NODE_EVACUATE`.
            #[must_use]
            pub fn id(&self) -> &'static str {
                match self { $(Op::$name(_) => $id,)* }
            }

            fn parse(id: &str, fields: Map<String, Value>) -> Result<Op, ParseError> {
                let wrong = |error: serde_json::Error| ParseError(format!("{id}: {error}"));
                match id {
                    $($id => serde_json::from_value(Value::Object(fields))
                        .map(Op::$name).map_err(wrong),)*
                    _ => Err(ParseError(format!("unknown opcode {id}"))),
                }
            }

            /// The text in the parentheses of a job's summary, such as the instance's name.
            #[must_use]
            pub fn subject(&self) -> Option<String> {
                match self { $(Op::$name(op) => { let f: fn(&$name) -> Option<String> = $field; f(op) })* }
            }
        }

        impl Serialize for Fields<'_> {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                match self.0 { $(Op::$name(op) => op.serialize(to),)* }
            }
        }

        $(impl From<$name> for Op { fn from(op: $name) -> Op { Op::$name(op) } })*
        $(impl From<$name> for Opcode {
            fn from(op: $name) -> Opcode { Opcode { common: Common::default(), op: Op::$name(op) } }
        })*
    };
}

operations! {
    /// Empties a node of instances, through one child job an instance.
    NodeEvacuate = "OP_NODE_EVACUATE", summary |op| Some(op.node_name.clone());
    /// Fails every primary instance of a node over, through one child job an instance.
    NodeFailover = "OP_NODE_FAILOVER", summary |op| Some(op.node_name.clone());
    /// Migrates every primary instance off a node, through one child job an instance.
    NodeMigrate = "OP_NODE_MIGRATE", summary |op| Some(op.node_name.clone());
    /// Empties a node for maintenance, and remembers what was on it.
    NodeMaintenanceEnter = "OP_NODE_MAINTENANCE_ENTER", summary |op| Some(op.node_name.clone());
    /// Brings a node back from maintenance, and its instances home.
    NodeRestore = "OP_NODE_RESTORE", summary |op| Some(op.node_name.clone());
    /// Changes a node's flags or capacity.
    NodeSetParams = "OP_NODE_SET_PARAMS", summary |op| Some(op.node_name.clone());
    /// Adds a node to the cluster.
    NodeAdd = "OP_NODE_ADD", summary |op| Some(op.node_name.clone());
    /// Removes a node that holds nothing.
    NodeRemove = "OP_NODE_REMOVE", summary |op| Some(op.node_name.clone());
    /// Creates an instance, its disks, and usually starts it.
    InstanceCreate = "OP_INSTANCE_CREATE", summary |op| Some(op.instance_name.clone());
    /// Stops an instance, deletes its disks and forgets it.
    InstanceRemove = "OP_INSTANCE_REMOVE", summary |op| Some(op.instance_name.clone());
    /// Starts an instance.
    InstanceStartup = "OP_INSTANCE_STARTUP", summary |op| Some(op.instance_name.clone());
    /// Stops an instance.
    InstanceShutdown = "OP_INSTANCE_SHUTDOWN", summary |op| Some(op.instance_name.clone());
    /// Reboots an instance.
    InstanceReboot = "OP_INSTANCE_REBOOT", summary |op| Some(op.instance_name.clone());
    /// Moves a running instance to another node without stopping it.
    InstanceMigrate = "OP_INSTANCE_MIGRATE", summary |op| Some(op.instance_name.clone());
    /// Stops an instance where it is (or declares it gone) and starts it on another node.
    InstanceFailover = "OP_INSTANCE_FAILOVER", summary |op| Some(op.instance_name.clone());
    /// Replaces copies of a mirrored instance's disks.
    InstanceReplaceDisks = "OP_INSTANCE_REPLACE_DISKS", summary |op| Some(op.instance_name.clone());
    /// Changes an instance's parameters and disks.
    InstanceSetParams = "OP_INSTANCE_SET_PARAMS", summary |op| Some(op.instance_name.clone());
    /// Gives an instance another name.
    InstanceRename = "OP_INSTANCE_RENAME", summary |_| None;
    /// Moves an instance whose disks are on one node, copying them.
    InstanceMove = "OP_INSTANCE_MOVE", summary |op| Some(op.instance_name.clone());
    /// Makes an instance's disks usable on its primary node.
    InstanceActivateDisks = "OP_INSTANCE_ACTIVATE_DISKS", summary |op| Some(op.instance_name.clone());
    /// Lets go of the disks of a stopped instance.
    InstanceDeactivateDisks = "OP_INSTANCE_DEACTIVATE_DISKS", summary |op| Some(op.instance_name.clone());
    /// Makes a stopped instance's disks anew, empty.
    InstanceRecreateDisks = "OP_INSTANCE_RECREATE_DISKS", summary |op| Some(op.instance_name.clone());
    /// Makes a disk larger.
    InstanceGrowDisk = "OP_INSTANCE_GROW_DISK", summary |op| Some(op.instance_name.clone());
    /// Creates several instances, through one child job each.
    InstanceMultiAlloc = "OP_INSTANCE_MULTI_ALLOC", summary |_| None;
    /// Brings an instance to another node group, through one child job.
    InstanceChangeGroup = "OP_INSTANCE_CHANGE_GROUP", summary |op| Some(op.instance_name.clone());
    /// Takes guests of a real machine into the configuration.
    InstanceAdopt = "OP_INSTANCE_ADOPT", summary |op| Some(op.node_name.clone());
    /// Gives an instance back: its guest stays as it is, and is the cluster's no more.
    InstanceForget = "OP_INSTANCE_FORGET", summary |op| Some(op.instance_name.clone());
    /// Empties a node group of instances, through one child job an instance.
    GroupEvacuate = "OP_GROUP_EVACUATE", summary |op| Some(op.group_name.clone());
    /// Adds a node group.
    GroupAdd = "OP_GROUP_ADD", summary |op| Some(op.group_name.clone());
    /// Removes an empty node group.
    GroupRemove = "OP_GROUP_REMOVE", summary |op| Some(op.group_name.clone());
    /// Moves nodes into a group.
    GroupAssignNodes = "OP_GROUP_ASSIGN_NODES", summary |op| Some(op.group_name.clone());
    /// Changes a group's allocation policy, instance policy or node parameters.
    GroupSetParams = "OP_GROUP_SET_PARAMS", summary |op| Some(op.group_name.clone());
    /// Gives a group another name.
    GroupRename = "OP_GROUP_RENAME", summary |_| None;
    /// Gives the cluster another name.
    ClusterRename = "OP_CLUSTER_RENAME", summary |op| Some(op.name.clone());
    /// Changes what the cluster enables, and parameters that its objects inherit.
    ClusterSetParams = "OP_CLUSTER_SET_PARAMS", summary |_| None;
    /// Tells the tags of an object.
    TagsGet = "OP_TAGS_GET", summary |op| op.name.clone();
    /// Finds tags and those that have them.
    TagsSearch = "OP_TAGS_SEARCH", summary |op| Some(op.pattern.clone());
    /// Gives an object more tags.
    TagsSet = "OP_TAGS_SET", summary |op| op.name.clone();
    /// Takes tags away from an object.
    TagsDel = "OP_TAGS_DEL", summary |op| op.name.clone();
    /// Checks the cluster, through one child job for the configuration and one for each group.
    ClusterVerify = "OP_CLUSTER_VERIFY", summary |_| None;
    /// Checks the configuration.
    ClusterVerifyConfig = "OP_CLUSTER_VERIFY_CONFIG", summary |_| None;
    /// Checks nodes and instances of a group.
    ClusterVerifyGroup = "OP_CLUSTER_VERIFY_GROUP", summary |op| Some(op.group_name.clone());
    /// Looks whether the disks of all groups are active, through one child job for each group.
    ClusterVerifyDisks = "OP_CLUSTER_VERIFY_DISKS", summary |_| None;
    /// Looks whether the disks of a group's instances are active.
    GroupVerifyDisks = "OP_GROUP_VERIFY_DISKS", summary |op| Some(op.group_name.clone());
    /// Waits for a while, with or without node locks.
    TestDelay = "OP_TEST_DELAY", summary |op| Some(format!("{}", op.nanoseconds()) + " ns");
    /// Tells what an allocator is asked, or what it answers.
    TestAllocator = "OP_TEST_ALLOCATOR", summary |op| Some(op.iallocator.clone().unwrap_or("None".to_owned()));
    /// Gives the result, messages, failure or child jobs that it is asked for.
    TestDummy = "OP_TEST_DUMMY", summary |_| None;
}

impl Opcode {
    /// Reads the wire form.
    ///
    /// # Errors
    /// A [`ParseError`] that names the opcode and what is wrong with which key: not an object, no
    /// or an unknown `OP_ID`, an unknown key, a value of the wrong type.
    pub fn from_value(value: Value) -> Result<Opcode, ParseError> {
        let Value::Object(mut map) = value else {
            return Err(ParseError(format!(
                "an opcode is a JSON object, not {}",
                kind_of(&value)
            )));
        };
        let id = match map.remove("OP_ID") {
            Some(Value::String(id)) => id,
            Some(other) => {
                return Err(ParseError(format!(
                    "OP_ID is a string, not {}",
                    kind_of(&other)
                )));
            }
            None => return Err(ParseError("an opcode has a key OP_ID".into())),
        };
        map.retain(|_, value| !value.is_null());
        let mut common = Map::new();
        for key in COMMON_KEYS {
            if let Some(value) = map.remove(key) {
                common.insert(key.to_owned(), value);
            }
        }
        let common = serde_json::from_value(Value::Object(common))
            .map_err(|error| ParseError(format!("{id}: {error}")))?;
        Ok(Opcode {
            common,
            op: Op::parse(&id, map)?,
        })
    }

    /// The wire form: one JSON object with `OP_ID`.
    #[must_use]
    pub fn to_value(&self) -> Value {
        // Every operation is a struct of plain fields, which serialises to an object.
        serde_json::to_value(self).unwrap_or_default()
    }

    /// The wire form as it is stored.
    #[must_use]
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// One line for lists: the id without `OP_`, the subject in parentheses.
    #[must_use]
    pub fn summary(&self) -> String {
        let id = self.op.id().trim_start_matches("OP_");
        match self.op.subject() {
            // It is shown on terminals, and names come from whoever submits.
            Some(subject) => format!("{id}({})", one_line(&subject)),
            None => id.to_owned(),
        }
    }

    /// The priority that counts: the given one, else normal.
    #[must_use]
    pub fn priority(&self) -> Priority {
        self.common.priority.unwrap_or_default()
    }
}

/// What kind of JSON value this is, with an article, for messages.
fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

impl From<Op> for Opcode {
    fn from(op: Op) -> Opcode {
        Opcode {
            common: Common::default(),
            op,
        }
    }
}

/// The fields of an operation, beside those that every one has.
struct Fields<'a>(&'a Op);

/// What is written: all in one object.
#[derive(Serialize)]
struct Wire<'a> {
    #[serde(rename = "OP_ID")]
    id: &'static str,
    #[serde(flatten)]
    op: Fields<'a>,
    #[serde(flatten)]
    common: &'a Common,
}

impl Serialize for Opcode {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let wire = Wire {
            id: self.op.id(),
            op: Fields(&self.op),
            common: &self.common,
        };
        wire.serialize(to)
    }
}

impl<'de> Deserialize<'de> for Opcode {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Opcode, D::Error> {
        Opcode::from_value(Value::deserialize(from)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
