//! Creating an instance on real machines, from a template of its definition.
//!
//! What a guest is made of is its driver's own language. So the definition comes from the operator, and only
//! the words that make it this instance are put into it: its name, identity and size.

use std::sync::Arc;

use serde_json::json;

use super::guest::{instance, refuse_too_long};
use super::instance_move::start;
use super::instance_new::identity;
use super::node::{state, wrong};
use super::settle::{ask_twice, failed, look_everywhere, mark};
use super::shared::{Subject, about, reference};
use super::{Env, Failure, Outcome, UnitResult};
use crate::cluster::{AdminState, Backend, Disk, DiskTemplate, Edit, Instance, InstanceUuid, Node};
use crate::hypervisor::{Hypervisor, InstanceRef, Stop};
use crate::opcodes::{InstanceCreate, OpError};

/// The word in whose place the identity is put. No template is without it, nor without the name.
const UUID: &str = "@UUID@";
/// That for the name.
const NAME: &str = "@NAME@";
/// That for MiB of memory.
const MEMORY: &str = "@MEMORY@";
/// That for the number of virtual CPUs.
const VCPUS: &str = "@VCPUS@";

/// The definition that comes of a template.
fn filled(template: &str, name: &str, uuid: &InstanceUuid, size: &Backend) -> String {
    template
        .replace(UUID, uuid.as_str())
        .replace(NAME, name)
        .replace(MEMORY, &size.maxmem.to_string())
        .replace(VCPUS, &size.vcpus.to_string())
}

impl InstanceCreate {
    /// Refuses a template that makes no instance, and what only its driver could do.
    pub(super) fn check_definition(&self) -> Result<(), OpError> {
        let Some(template) = &self.definition else {
            return Ok(());
        };
        refuse_too_long(&self.instance_name, template.len())?;
        for word in [NAME, UUID] {
            if !template.contains(word) {
                return Err(wrong(format!("the definition does not have the word {word}")).hint(
                    "put @NAME@ and @UUID@ where name and UUID stand, @MEMORY@ and @VCPUS@ where MiB and CPUs do; or define a guest by hand, then gnt-instance adopt",
                ));
            }
        }
        let told = [
            ("disks", !self.disks.is_empty()),
            (
                "network interfaces",
                self.nics.iter().any(|nic| !nic.is_empty()),
            ),
            ("a disk template", self.disk_template.is_some()),
        ];
        match told.into_iter().find(|(_, given)| *given) {
            Some((what, _)) => Err(wrong(format!(
                "a definition and {what} were given: the definition tells them"
            ))),
            None => Ok(()),
        }
    }

    /// Refuses a real machine without a definition, and a simulated one with it.
    pub(super) fn check_kind(&self, home: &Node) -> Result<(), OpError> {
        match (home.host.is_some(), self.definition.is_some()) {
            (true, true) | (false, false) => Ok(()),
            (true, false) => Err(wrong(format!(
                "{} is a real machine: what the instance is made of has to be given",
                home.name
            ))
            .hint("--definition FILE is a template of it, --adopt-disk PATH a disk that there is; or gnt-instance adopt")),
            (false, true) => Err(wrong(format!(
                "{} is simulated: its instances have no definitions",
                home.name
            ))
            .hint("leave --definition out")),
        }
    }

    /// Where an earlier run of this opcode has begun, if it has.
    pub(super) fn begun<'a>(
        &self,
        env: &Env<'a>,
        instance: &InstanceRef,
    ) -> Result<Option<&'a Node>, Failure> {
        let config = env.config();
        let seen = look_everywhere(env, instance)?;
        let on = seen.running_on.iter().chain(&seen.defined_on).next();
        Ok(on.and_then(|uuid| config.nodes.get(uuid)).map(Arc::as_ref))
    }

    /// Makes the guest known, marks and starts it.
    pub(super) fn define(
        &self,
        env: &Env<'_>,
        template: &str,
        home: &Node,
    ) -> Result<Outcome, Failure> {
        let config = env.config();
        let (name, uuid) = (self.name(), identity(env));
        let size = self.backend(config);
        let definition = filled(template, &name, &uuid, &size);
        let of = InstanceRef {
            name: name.clone(),
            memory: size.maxmem,
            vcpus: size.vcpus,
            disk: 0,
            template: DiskTemplate::Diskless,
            definition: Some(Arc::from(definition)),
            uuid,
        };
        env.feedback(format!("* placing instance {name} on {}", home.name));
        match self.made(env, &of, home) {
            Ok((instance, disks)) => {
                env.feedback(format!("* adding instance {name} to cluster config"));
                Ok(Outcome {
                    result: UnitResult::Value(json!([home.name])),
                    detail: about(&name),
                    edits: vec![Edit::AddInstance {
                        instance: Box::new(instance),
                        disks,
                    }],
                })
            }
            Err(mut failure) => {
                // An instance that is not in the configuration cannot be marked there.
                failure.edits.clear();
                if !failure.left_behind {
                    undo(env, &of, home);
                }
                Err(failure)
            }
        }
    }

    fn made(
        &self,
        env: &Env<'_>,
        of: &InstanceRef,
        home: &Node,
    ) -> Result<(Instance, Vec<Disk>), Failure> {
        let config = env.config();
        let (name, at) = (&of.name, reference(home));
        ask_twice(env, &format!("define {name} on {}", home.name), |call| {
            env.driver.define(call, of, &at)
        })?;
        mark(env, of, &at)?;
        let guests = env.call_undisturbed(env.limits.look, |call| env.driver.guests(call, &at));
        let what = format!("see {name} on {}", home.name);
        let guests = guests.map_err(|error| failed(env, &what, error))?;
        let guest = guests.iter().find(|guest| guest.uuid == of.uuid.as_str());
        let guest = guest.filter(|guest| guest.name == *name).ok_or_else(|| {
            let text = format!(
                "the definition made no guest {name} with the UUID {} on {}",
                of.uuid, home.name
            );
            state(text).hint("@NAME@ and @UUID@ stand in the wrong places, or not as they are")
        })?;
        let read = env.call_undisturbed(env.limits.look, |call| {
            env.driver.definition(call, &of.uuid, &at)
        });
        let read = read.map_err(|error| failed(env, &what, error))?;
        let (made, disks) = instance(config, home, guest, &read);
        let made = Instance {
            admin_state: match self.start {
                true => AdminState::Up,
                false => AdminState::Down,
            },
            disks_active: self.start,
            tags: self.tags.clone(),
            os: self.os_type.clone().unwrap_or_default(),
            ..made
        };
        if self.start {
            env.feedback("* starting instance...");
            let shared = Arc::new(made.clone());
            let primary = Arc::new(home.clone());
            let subject = Subject {
                instance: &shared,
                reference: of.clone(),
                primary: &primary,
                secondary: None,
            };
            start(env, &subject, &at)?;
        }
        Ok((made, disks))
    }
}

/// Takes back what was made of an instance that could not be made.
fn undo(env: &Env<'_>, of: &InstanceRef, home: &Node) {
    env.info("removing what was made of the instance");
    let at = reference(home);
    let stopped = env.call_undisturbed(env.limits.stop_margin, |call| {
        env.driver.stop(call, of, &at, Stop::Destroy)
    });
    let undone = stopped.and_then(|()| {
        env.call_undisturbed(env.limits.node, |call| env.driver.undefine(call, of, &at))
    });
    if let Err(error) = undone {
        env.warn(format!("{} stays known on {}: {error}", of.name, home.name));
    }
}
