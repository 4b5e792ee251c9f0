//! What a check can find, as programs see it.

use std::fmt;

use serde::Serialize;

use crate::opcodes::words;
use crate::store::StoreError;

words! {
    /// Where something is wrong.
    Area {
        /// In the database's file.
        Database = "database",
        /// In the configuration itself.
        Config = "configuration",
        /// In the queue.
        Queue = "queue",
        /// Between configuration and reality.
        Reality = "reality",
    }
}

/// The codes and their areas. A code is a promise to programs: none is given another meaning.
macro_rules! codes {
    ($($area:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)* })*) => {
        words! {
            /// What is wrong.
            Code { $($($(#[$doc])* $variant = $word,)*)* }
        }

        impl Code {
            /// Where such a thing is wrong.
            #[must_use]
            pub fn area(self) -> Area {
                match self { $($(Code::$variant)|* => Area::$area,)* }
            }
        }
    };
}

codes! {
    Database {
        /// SQLite finds the file damaged.
        Damaged = "damaged",
        /// A row cannot be understood.
        Unreadable = "unreadable",
        /// A row belongs to nothing.
        Stray = "stray",
        /// An id was not given out yet.
        IdOutOfBounds = "id_out_of_bounds",
    }
    Config {
        /// A node's group does not exist.
        NodeWithoutGroup = "node_without_group",
        /// A node is more than one of offline, drained and master candidate.
        NodeFlags = "node_flags",
        /// A node is promised more than it has.
        Overbooked = "overbooked",
        /// An instance's primary node does not exist.
        InstanceWithoutNode = "instance_without_node",
        /// Nobody could tell what became of an instance.
        InstanceUncertain = "instance_uncertain",
        /// An instance's disk does not exist.
        DiskMissing = "disk_missing",
        /// A disk belongs to two instances.
        DiskShared = "disk_shared",
        /// A disk belongs to none.
        DiskUnused = "disk_unused",
        /// A disk's nodes are not those that it must have.
        DiskNodes = "disk_nodes",
    }
    Queue {
        /// A job does not have the opcodes that were submitted.
        OpcodeCount = "opcode_count",
        /// The states of a job's opcodes cannot follow one another.
        OpcodeOrder = "opcode_order",
        /// A job's state does not follow from its opcodes'.
        JobStatus = "job_status",
        /// Times are missing or too many.
        Times = "times",
        /// A job is being cancelled and is not marked so.
        CancelMark = "cancel_mark",
        /// A job's parent or root cannot be.
        WrongParent = "wrong_parent",
        /// Children and results of opcodes differ.
        Children = "children",
        /// More children run than are allowed at once.
        CapExceeded = "cap_exceeded",
        /// A job depends on one that cannot be, or began before it had ended.
        Dependency = "dependency",
        /// A job is live and archived, or archived and unfinished.
        Archive = "archive",
        /// Two jobs have one request id.
        RequestTwice = "request_twice",
        /// A job that does not run holds locks.
        HoldNotRunning = "hold_not_running",
        /// Two jobs hold what only one can.
        HoldsConflict = "holds_conflict",
        /// A job that has ended claims room.
        ClaimEnded = "claim_ended",
    }
    Reality {
        /// The simulator does not have a node.
        NodeMissing = "node_missing",
        /// The configuration does not have a node.
        NodeUnknown = "node_unknown",
        /// A node has another capacity.
        NodeCapacity = "node_capacity",
        /// A node does not answer and is not marked offline.
        NodeSilent = "node_silent",
        /// The configuration does not have an instance.
        InstanceUnknown = "instance_unknown",
        /// An instance runs more than once.
        RunsTwice = "runs_twice",
        /// An instance runs on a node that is not its primary.
        RunsElsewhere = "runs_elsewhere",
        /// An instance is meant to run and does not.
        RunsNot = "runs_not",
        /// An instance is meant to be stopped and runs.
        RunsStopped = "runs_stopped",
        /// Something is on its way with an instance on which no job works.
        Activity = "activity",
        /// A definition was left behind.
        LeftOver = "left_over",
        /// A copy of disks is missing.
        CopyMissing = "copy_missing",
        /// A copy of disks is not in sync.
        CopyNotInSync = "copy_not_in_sync",
        /// A copy of disks is too many.
        CopyExtra = "copy_extra",
        /// The guests of a machine have more memory than it has.
        Overcommitted = "overcommitted",
        /// An instance's machine does not know it.
        GuestMissing = "guest_missing",
        /// An instance's machine calls it otherwise.
        GuestName = "guest_name",
        /// An instance is not marked as the cluster's on its machine.
        GuestUnmarked = "guest_unmarked",
        /// A machine has a guest that is not the cluster's.
        GuestForeign = "guest_foreign",
        /// A machine starts an instance by itself.
        Autostart = "autostart",
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// Where.
    pub area: Area,
    /// What, for programs.
    pub code: Code,
    /// The object, such as `instance web1`.
    pub object: String,
    /// What is wrong with it, for people.
    pub text: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.area, self.object, self.text)
    }
}

impl Finding {
    /// Whether it may well be meant so: then it is told, and nothing is wrong.
    #[must_use]
    pub fn is_remark(&self) -> bool {
        self.code == Code::GuestForeign
    }

    /// Whether the database itself cannot be read as it should be.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        matches!(self.code, Code::Damaged | Code::Unreadable)
    }
}

#[derive(Debug, Default)]
pub(super) struct Findings(Vec<Finding>);

impl Findings {
    pub(super) fn say(&mut self, code: Code, object: impl Into<String>, text: impl Into<String>) {
        self.0.push(Finding {
            area: code.area(),
            code,
            object: object.into(),
            text: text.into(),
        });
    }

    /// What was read, or that it cannot be understood.
    pub(super) fn understood<T>(
        &mut self,
        read: Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        match read {
            Ok(value) => Ok(Some(value)),
            Err(StoreError::Content { what, .. }) => {
                self.say(Code::Unreadable, "database", what);
                Ok(None)
            }
            Err(other) => Err(other),
        }
    }

    pub(super) fn sorted(mut self) -> Vec<Finding> {
        self.0.sort();
        self.0
    }
}
