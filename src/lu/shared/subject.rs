//! An instance and the nodes that have to do with it.

use std::sync::Arc;

use super::checks::cleanup_hint;
use super::find::find_instance;
use crate::cluster::{AdminState, Config, DiskTemplate, Instance, Mirroring, Node};
use crate::hypervisor::InstanceRef;
use crate::opcodes::{ErrorCode, OpError};

/// The instance that an opcode is about.
#[derive(Clone)]
pub(in crate::lu) struct Subject<'a> {
    pub(in crate::lu) instance: &'a Arc<Instance>,
    pub(in crate::lu) reference: InstanceRef,
    pub(in crate::lu) primary: &'a Arc<Node>,
    pub(in crate::lu) secondary: Option<&'a Arc<Node>>,
}

impl<'a> Subject<'a> {
    /// Finds it and its nodes.
    pub(in crate::lu) fn find(
        config: &'a Config,
        name: &str,
        uuid: Option<&str>,
    ) -> Result<Subject<'a>, OpError> {
        let instance = find_instance(config, name, uuid)?;
        let primary = config.nodes.get(&instance.primary_node).ok_or_else(|| {
            let text = format!(
                "instance {} has a primary node that is not known",
                instance.name
            );
            OpError::prereq(ErrorCode::InternalError, text).hint("see gnt-cluster verify-config")
        })?;
        Ok(Subject {
            instance,
            reference: InstanceRef::new(config, instance),
            primary,
            secondary: config
                .secondary(instance)
                .and_then(|uuid| config.nodes.get(uuid)),
        })
    }

    /// Its name.
    pub(in crate::lu) fn name(&self) -> &'a str {
        &self.instance.name
    }

    /// How its disks are kept.
    pub(in crate::lu) fn template(&self) -> DiskTemplate {
        self.reference.template
    }

    /// Whether it is meant to run.
    pub(in crate::lu) fn is_up(&self) -> bool {
        self.instance.admin_state == AdminState::Up
    }

    /// Refuses an instance of which nobody knows where it is, and one that is not there yet.
    pub(in crate::lu) fn check_known(&self) -> Result<(), OpError> {
        let name = self.name();
        if self.instance.forthcoming {
            return Err(OpError::prereq(
                ErrorCode::WrongState,
                format!("instance {name} is forthcoming: it does not exist yet"),
            )
            .hint(format!("gnt-instance add --commit {name} makes it")));
        }
        match &self.instance.uncertain {
            Some(reason) => Err(OpError::prereq(
                ErrorCode::WrongState,
                format!("it is uncertain where instance {name} is: {reason}"),
            )
            .hint(cleanup_hint(name))),
            None => Ok(()),
        }
    }

    /// Refuses an instance that is marked offline.
    pub(in crate::lu) fn check_not_offline(&self) -> Result<(), OpError> {
        match self.instance.admin_state {
            AdminState::Up | AdminState::Down => Ok(()),
            AdminState::Offline => Err(OpError::prereq(
                ErrorCode::WrongState,
                format!("instance {} is marked offline", self.name()),
            )
            .hint(format!(
                "gnt-instance modify --online {} takes that back",
                self.name()
            ))),
        }
    }

    /// Refuses to change what a guest of a real machine is made of: `what` completes "… is changed".
    pub(in crate::lu) fn check_changeable(&self, what: &str) -> Result<(), OpError> {
        match self.primary.host.is_some() {
            false => Ok(()),
            true => Err(OpError::prereq(
                ErrorCode::WrongState,
                format!(
                    "{} is a guest of a real machine: {what} is changed with the machine's own tools",
                    self.name()
                ),
            )
            .hint("such as virsh edit; then gnt-cluster verify takes it over")),
        }
    }

    /// How it moves, or why it does not.
    pub(in crate::lu) fn check_movable(&self) -> Result<Mirroring, OpError> {
        match self.template().mirroring() {
            Mirroring::None => Err(OpError::prereq(
                ErrorCode::WrongState,
                format!(
                    "instance {} cannot move: its disks are kept as {} on {} alone",
                    self.name(),
                    self.template(),
                    self.primary.name
                ),
            )
            .hint("only instances with mirrored or shared disks move")),
            mirroring => Ok(mirroring),
        }
    }

    /// Where a drbd instance can run beside its primary node.
    pub(in crate::lu) fn secondary_or_fail(&self) -> Result<&'a Arc<Node>, OpError> {
        self.secondary.ok_or_else(|| {
            OpError::prereq(
                ErrorCode::InternalError,
                format!(
                    "instance {} should have one secondary node, but has none that is known",
                    self.name()
                ),
            )
            .hint("see gnt-cluster verify-config")
        })
    }
}
