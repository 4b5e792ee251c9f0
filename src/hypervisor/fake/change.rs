//! The name of every commit to reality.

use super::Sql;
use crate::failpoints::{self, Point, Stage};
use crate::opcodes::words;

words! {
    /// What a transaction on reality is for. Each has its failpoints, see [`crate::failpoints`].
    Change {
        /// A reality is built.
        Create = "create",
        /// The host was booted: what was on its way has ended.
        Welcome = "welcome",
        /// Verbs get other durations.
        Settings = "settings",
        /// A fault is switched on.
        AddFault = "add-fault",
        /// Faults are switched off.
        ClearFaults = "clear-faults",
        /// What was due is carried out, since somebody looks.
        Settle = "settle",
        /// A node gets its size.
        SetCapacity = "set-capacity",
        /// A node leaves.
        RemoveNode = "remove-node",
        /// An instance's disks get another size.
        Resize = "resize",
        /// A node forgets what a broken migration left there.
        Undefine = "undefine",
        /// A verb begins, or finds that there is nothing to do.
        Order = "order",
        /// A verb is ended because its job was cancelled.
        Cancel = "cancel",
        /// A verb is ended because a node of it was marked offline.
        GiveUp = "give-up",
    }
}

impl Change {
    /// Passes a failpoint of the transaction.
    pub(super) fn pass(self, stage: Stage) -> Sql<()> {
        failpoints::pass(Point::Change(self, stage)).map_err(Into::into)
    }

    /// Passes one behind the commit, where nothing can fail any more.
    pub(super) fn reach(self, stage: Stage) {
        let _ = self.pass(stage);
    }
}
