//! Instances that are only noted at first, and made later.
//!
//! Such a one is in the configuration, with its nodes, and its disks take room there; reality knows nothing
//! of it. Who commits it makes an instance as usual, in a world in which it is not noted, under the same
//! identity; the end puts the one in place of the other.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::instance_new::{Home, identity, objects};
use super::shared::about;
use super::{Env, Failure, Outcome, UnitResult};
use crate::allocator::World;
use crate::cluster::{Config, Disk, DiskTemplate, Edit, HvName, Instance, InstanceUuid};
use crate::opcodes::{ErrorCode, InstanceCreate, NewDisk, OpError};

/// A disk as it would be asked for.
fn asked(disk: &Disk) -> NewDisk {
    let text = |key: &str| Some(disk.rest.get(key)?.as_str()?.to_owned());
    NewDisk {
        size: disk.size,
        mode: text("mode"),
        name: text("name"),
    }
}

/// What is given, before what was noted.
fn over(given: &Map<String, Value>, noted: &Map<String, Value>) -> Map<String, Value> {
    let mut all = noted.clone();
    all.extend(given.clone());
    all
}

impl InstanceCreate {
    /// Whether it is about an instance that was noted, and that was not looked up yet.
    pub(super) fn commits(&self) -> bool {
        self.commit && self.committed.is_none()
    }

    /// The identity of the instance.
    pub(super) fn identity(&self, env: &Env<'_>) -> InstanceUuid {
        self.committed.clone().unwrap_or_else(|| identity(env))
    }

    /// The instance that was noted.
    fn noted<'a>(&self, config: &'a Config) -> Result<&'a Arc<Instance>, OpError> {
        let name = self.name();
        if self.forthcoming {
            let text = "an instance is noted, or committed, not both";
            return Err(OpError::prereq(ErrorCode::WrongInput, text));
        }
        let Some(instance) = config.instance_named(&name) else {
            let text = format!("instance {name} was not noted: there is nothing to commit");
            return Err(OpError::prereq(ErrorCode::WrongInput, text)
                .hint("gnt-instance add --forthcoming notes one"));
        };
        match instance.forthcoming {
            true => Ok(instance),
            false => {
                let text = format!("instance {name} is there already");
                Err(OpError::prereq(ErrorCode::WrongState, text))
            }
        }
    }

    /// The same with all that was noted and is not given.
    pub(super) fn with_noted(&self, config: &Config) -> Result<InstanceCreate, OpError> {
        let noted = self.noted(config)?;
        let mut whole = InstanceCreate {
            committed: Some(noted.uuid.clone()),
            disk_template: (self.disk_template).or_else(|| Some(config.template(noted))),
            os_type: (self.os_type.clone()).or_else(|| Some(noted.os.clone())),
            beparams: over(&self.beparams, &noted.beparams),
            hvparams: over(&self.hvparams, &noted.hvparams),
            hypervisor: (self.hypervisor.clone()).or_else(|| Some(noted.hypervisor.clone())),
            ..self.clone()
        };
        if let Some(Value::Object(osparams)) = noted.rest.get("osparams") {
            whole.osparams = over(&self.osparams, osparams);
        }
        if whole.disks.is_empty() {
            whole.disks = config.disks_of(noted).map(|disk| asked(disk)).collect();
        }
        if whole.nics.is_empty() {
            let nics = noted.nics.iter().filter_map(Value::as_object);
            whole.nics = nics.map(asked_nic).collect();
        }
        if whole.tags.is_empty() {
            whole.tags.clone_from(&noted.tags);
        }
        let placed = [&self.pnode, &self.snode, &self.iallocator, &self.group_name];
        if placed.iter().all(|given| given.is_none()) {
            let name = |uuid| config.node_name(uuid).to_owned();
            whole.pnode = Some(name(&noted.primary_node));
            whole.snode = config.secondary(noted).map(name);
        }
        Ok(whole)
    }

    /// Does something with the whole of it, in a world in which it is not noted.
    pub(super) fn committing<T, E: From<OpError>>(
        &self,
        env: &Env<'_>,
        then: impl FnOnce(&InstanceCreate, &Env<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let whole = self.with_noted(env.config())?;
        let world = without(env.world, whole.committed.as_ref());
        let env = Env {
            world: &world,
            ..*env
        };
        then(&whole, &env)
    }

    /// The outcome of a commit: the instance takes the place of the one that was noted.
    pub(super) fn in_its_place(
        &self,
        env: &Env<'_>,
        mut outcome: Outcome,
    ) -> Result<Outcome, Failure> {
        // One that goes on as another job has changed nothing.
        if !outcome.edits.is_empty() {
            let noted = self.noted(env.config())?.uuid.clone();
            outcome.edits.insert(0, Edit::RemoveInstance(noted));
        }
        Ok(outcome)
    }

    /// The outcome of one that is only noted.
    pub(super) fn note(
        &self,
        env: &Env<'_>,
        template: DiskTemplate,
        hypervisor: HvName,
        home: Home<'_>,
    ) -> Outcome {
        let (instance, disks) = objects(env, self, template, hypervisor, home);
        let names: Vec<&str> = home.nodes().map(|node| node.name.as_str()).collect();
        env.feedback(format!(
            "* noting instance {} on {}",
            instance.name,
            names.join(", ")
        ));
        Outcome {
            result: UnitResult::Value(serde_json::json!(names)),
            detail: about(&instance.name),
            edits: vec![Edit::AddInstance {
                instance: Box::new(instance),
                disks,
            }],
        }
    }
}

/// The same world without an instance.
pub(super) fn without(world: &World, instance: Option<&InstanceUuid>) -> World {
    let mut world = world.clone();
    if let Some(uuid) = instance {
        // It is of this configuration.
        let _ = Edit::RemoveInstance(uuid.clone()).apply(&mut world.config, 0.0);
    }
    world
}

/// A network interface as it would be asked for: its parameters beside what it has by itself.
fn asked_nic(nic: &Map<String, Value>) -> Map<String, Value> {
    const OWN: [&str; 4] = ["ip", "mac", "name", "network"];
    let mut asked = match nic.get("nicparams") {
        Some(Value::Object(parameters)) => parameters.clone(),
        _ => Map::new(),
    };
    for key in OWN {
        if let Some(value) = nic.get(key).filter(|value| !value.is_null()) {
            asked.insert(key.to_owned(), value.clone());
        }
    }
    asked
}
