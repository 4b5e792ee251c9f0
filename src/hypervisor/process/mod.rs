//! Real machines, reached by programs that speak the language of the crate `gnt_driver`.
//!
//! One process of such a program does one thing at a time. Several are started for one node, so that a
//! question need not wait for a migration; idle ones are used again. A node that hangs costs whoever asks
//! it the limit of the call, and nobody else anything: the process is ended, and the node remembered as
//! silent for a moment. Nothing is known of what an ended process was doing: it is looked for by asking
//! another one, on both sides of a move.

mod ask;
mod channel;
mod course;
mod look;
mod migration;
mod notes;
mod pool;
mod program;
mod run;
mod whole;

use std::collections::BTreeMap;
use std::path::PathBuf;

use gnt_driver::{Ask, Refusal, Trouble};

use self::ask::each;
use self::channel::Broken;
use self::look::judge;
use self::notes::Notes;
use self::pool::Pool;
pub use self::program::NoProgram;
use super::{
    Call, Comparison, CopyState, Definition, DriverName, Guest, Hypervisor, InstanceRef,
    InterruptKind, MigrationPolicy, NodeFacts, NodeRef, Observed, Snapshot, Stop, VerbError,
};
use crate::cluster::{Capacity, Config, InstanceUuid, NodeUuid};

/// What is said of a node that hangs.
const NO_ANSWER: &str = "there was no answer in time";

/// A driver that is a program.
#[derive(Debug)]
pub struct ProcessDriver {
    pool: Pool,
}

impl ProcessDriver {
    /// The driver of this name. Nothing is started yet.
    ///
    /// # Errors
    /// [`NoProgram`] when its program is nowhere, or not to be trusted.
    pub fn find(name: &str) -> Result<ProcessDriver, NoProgram> {
        Ok(ProcessDriver::at(program::find(name)?, name))
    }

    /// The driver that this program is, by the name that it has in messages.
    #[must_use]
    pub fn at(program: PathBuf, name: &str) -> ProcessDriver {
        let pool = Pool::new(program, name.to_owned());
        ProcessDriver { pool }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> DriverName {
        DriverName::Program(self.pool.name().to_owned())
    }

    /// Sends what its processes say to a log.
    pub fn log_to(&mut self, log: fn(&str)) {
        self.pool.log_to(log);
    }

    /// Shares with other processes which nodes hang, by small files in this directory.
    pub fn keep_notes_in(&self, directory: PathBuf) {
        self.pool.keep_notes(Notes::in_directory(directory));
    }

    /// What a driver that keeps its guests' disks where all nodes see them, or not at all, answers when it
    /// is asked for copies of them.
    fn no_copies(&self, instance: &InstanceRef) -> Result<(), VerbError> {
        match instance.template.uses_node_disk() {
            false => Ok(()),
            true => Err(VerbError::Failed(format!(
                "the driver {} keeps no copies of disks, as {} needs them for {}",
                self.name(),
                instance.template,
                instance.name
            ))),
        }
    }
}

/// How a driver is told to reach a node.
fn access(uri: &str) -> BTreeMap<String, String> {
    BTreeMap::from([("uri".to_owned(), uri.to_owned())])
}

/// A refusal in one line.
fn in_words(refusal: &Refusal) -> String {
    let Refusal {
        text,
        code,
        domain,
        hint,
        ..
    } = refusal;
    let number = match (code, domain) {
        (Some(code), Some(domain)) => format!(" ({domain}, error {code})"),
        (Some(code), None) => format!(" (error {code})"),
        (None, Some(domain)) => format!(" ({domain})"),
        (None, None) => String::new(),
    };
    let hint = hint.as_ref().map(|hint| format!("; {hint}"));
    format!("{text}{number}{}", hint.unwrap_or_default())
}

/// What a refusal means for whoever called a verb.
fn refused(node: &NodeRef, refusal: &Refusal) -> VerbError {
    let text = in_words(refusal);
    match refusal.trouble {
        Trouble::Unreachable => unreachable(node, text),
        Trouble::Failed | Trouble::Absent | Trouble::Unsupported => {
            VerbError::Failed(format!("{}: {text}", node.name))
        }
        Trouble::Aborted => VerbError::Aborted,
        Trouble::Unknown => VerbError::Unknown(format!("{}: {text}", node.name)),
    }
}

fn unreachable(node: &NodeRef, reason: impl Into<String>) -> VerbError {
    VerbError::Unreachable {
        node: node.name.clone(),
        reason: reason.into(),
    }
}

/// There was no answer, and nothing was begun.
fn not_asked(node: &NodeRef, broken: Broken) -> VerbError {
    match broken {
        Broken::Silent => unreachable(node, NO_ANSWER),
        Broken::Interrupted(InterruptKind::Leave) => VerbError::LeftBehind,
        Broken::Interrupted(InterruptKind::Cancel) => VerbError::Aborted,
        Broken::Interrupted(InterruptKind::NodeOffline(_)) => {
            unreachable(node, "it was marked offline")
        }
        Broken::Ended(how) => unreachable(node, format!("its driver ended: {how}")),
        Broken::Nonsense(what) => VerbError::Failed(format!(
            "what the driver answers for {} cannot be understood: {what}",
            node.name
        )),
    }
}

/// There was no answer to something that was begun: `doing` completes "how … ended".
fn in_doubt(node: &NodeRef, broken: Broken, doing: &str) -> VerbError {
    let name = &node.name;
    let why = match broken {
        Broken::Interrupted(InterruptKind::Leave) => return VerbError::LeftBehind,
        Broken::Silent => format!("no answer from {name} in time"),
        Broken::Interrupted(InterruptKind::Cancel) => {
            format!("the job was cancelled, {name} hangs")
        }
        Broken::Interrupted(InterruptKind::NodeOffline(_)) => {
            format!("{name} was marked offline")
        }
        Broken::Ended(how) => format!("the driver for {name} ended: {how}"),
        Broken::Nonsense(what) => format!("the driver for {name} answers nonsense: {what}"),
    };
    VerbError::Unknown(format!("{why}; how {doing} ended is unknown"))
}

impl Hypervisor for ProcessDriver {
    fn has_machines(&self) -> bool {
        true
    }

    fn observe(
        &self,
        call: &Call<'_>,
        instance: &InstanceRef,
        nodes: &[NodeRef],
    ) -> Result<Observed, VerbError> {
        Ok(judge(&self.looks(call, &instance.uuid, nodes)?))
    }

    fn answers(&self, call: &Call<'_>, node: &NodeRef) -> Result<(), VerbError> {
        self.facts(call, node).map(drop)
    }

    fn node_facts(&self, call: &Call<'_>, node: &NodeRef) -> Result<NodeFacts, VerbError> {
        let (facts, opened) = self.facts(call, node)?;
        let guests = self.guests(call, node)?;
        Ok(whole::facts(facts, &opened, &guests))
    }

    fn set_capacity(
        &self,
        _call: &Call<'_>,
        _node: &NodeRef,
        _capacity: Capacity,
    ) -> Result<(), VerbError> {
        // A machine has what it has.
        Ok(())
    }

    fn remove_node(&self, _call: &Call<'_>, node: &NodeRef) -> Result<(), VerbError> {
        self.pool.forget(&node.uuid);
        Ok(())
    }

    fn start(
        &self,
        call: &Call<'_>,
        instance: &InstanceRef,
        node: &NodeRef,
        others: &[NodeRef],
    ) -> Result<(), VerbError> {
        self.start_guest(call, instance, node, others)
    }

    fn stop(
        &self,
        call: &Call<'_>,
        instance: &InstanceRef,
        node: &NodeRef,
        how: Stop,
    ) -> Result<(), VerbError> {
        self.stop_guest(call, instance, node, how)
    }

    fn reboot(
        &self,
        call: &Call<'_>,
        instance: &InstanceRef,
        node: &NodeRef,
    ) -> Result<(), VerbError> {
        self.reboot_guest(call, instance, node)
    }

    fn migrate(
        &self,
        call: &Call<'_>,
        instance: &InstanceRef,
        from: &NodeRef,
        to: &NodeRef,
        policy: &MigrationPolicy,
    ) -> Result<(), VerbError> {
        migration::Move::new(self, call, instance, from, to, policy).carry_out()
    }

    fn snapshot(&self, call: &Call<'_>, config: &Config) -> Result<Snapshot, VerbError> {
        Ok(self.whole(call, config, None))
    }

    fn guests(&self, call: &Call<'_>, node: &NodeRef) -> Result<Vec<Guest>, VerbError> {
        self.question(call, node, Ask::List)
    }

    fn definition(
        &self,
        call: &Call<'_>,
        guest: &InstanceUuid,
        node: &NodeRef,
    ) -> Result<Definition, VerbError> {
        let guest = guest.as_str().to_owned();
        self.question(call, node, Ask::Definition { guest })
    }

    fn define(
        &self,
        call: &Call<'_>,
        instance: &InstanceRef,
        node: &NodeRef,
    ) -> Result<(), VerbError> {
        self.define_guest(call, instance, node)
    }

    fn undefine(
        &self,
        call: &Call<'_>,
        instance: &InstanceRef,
        node: &NodeRef,
    ) -> Result<(), VerbError> {
        self.undefine_guest(call, instance, node)
    }

    fn hand_over(
        &self,
        call: &Call<'_>,
        instance: &InstanceRef,
        from: &NodeRef,
        to: &NodeRef,
    ) -> Result<(), VerbError> {
        self.hand_over_guest(call, instance, from, to)
    }

    fn mark(
        &self,
        call: &Call<'_>,
        guest: &InstanceUuid,
        node: &NodeRef,
        cluster: Option<&str>,
    ) -> Result<(), VerbError> {
        let ask = Ask::Mark {
            guest: guest.as_str().to_owned(),
            cluster: cluster.map(str::to_owned),
        };
        self.effect(call, node, ask, "marking a guest")
    }

    fn autostart(
        &self,
        call: &Call<'_>,
        guest: &InstanceUuid,
        node: &NodeRef,
        on: bool,
    ) -> Result<(), VerbError> {
        let guest = guest.as_str().to_owned();
        let ask = Ask::Autostart { guest, on };
        self.effect(call, node, ask, "changing what starts by itself")
    }

    fn delete_disk(&self, call: &Call<'_>, node: &NodeRef, path: &str) -> Result<(), VerbError> {
        let ask = Ask::DeleteDisk {
            path: path.to_owned(),
        };
        self.effect(call, node, ask, &format!("deleting {path}"))
    }

    fn compare(
        &self,
        call: &Call<'_>,
        node: &NodeRef,
        processor: &str,
    ) -> Result<Comparison, VerbError> {
        let processor = processor.to_owned();
        self.question(call, node, Ask::Compare { processor })
    }

    fn copies(
        &self,
        _call: &Call<'_>,
        _instance: &InstanceRef,
    ) -> Result<Vec<(NodeUuid, CopyState)>, VerbError> {
        // Of disks that lie on one node it is not asked which: they cannot leave it.
        Ok(vec![])
    }

    fn add_copy(
        &self,
        _call: &Call<'_>,
        instance: &InstanceRef,
        _node: &NodeRef,
        _wait: bool,
    ) -> Result<(), VerbError> {
        self.no_copies(instance)
    }

    fn blank_copy(
        &self,
        _call: &Call<'_>,
        instance: &InstanceRef,
        _node: &NodeRef,
    ) -> Result<(), VerbError> {
        self.no_copies(instance)
    }

    fn drop_copy(
        &self,
        _call: &Call<'_>,
        instance: &InstanceRef,
        _node: &NodeRef,
    ) -> Result<(), VerbError> {
        self.no_copies(instance)
    }

    fn resize(
        &self,
        _call: &Call<'_>,
        instance: &InstanceRef,
        _nodes: &[NodeRef],
    ) -> Result<(), VerbError> {
        Err(VerbError::Failed(format!(
            "the driver {} does not change the size of disks: those of {} keep theirs",
            self.name(),
            instance.name
        )))
    }

    fn activate(
        &self,
        _call: &Call<'_>,
        _instance: &InstanceRef,
        _node: &NodeRef,
    ) -> Result<(), VerbError> {
        // The hypervisor opens a disk when its guest starts.
        Ok(())
    }

    fn deactivate(
        &self,
        _call: &Call<'_>,
        _instance: &InstanceRef,
        _node: &NodeRef,
    ) -> Result<(), VerbError> {
        Ok(())
    }
}
