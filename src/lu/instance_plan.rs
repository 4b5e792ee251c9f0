//! Changes of an instance step by step: what is to be edited, and the configuration that comes of it.

use serde_json::{Value, json};

use super::instance_create::{MAX_DISKS, check_mode, check_new_disk};
use super::instance_new::{Home, new_disk};
use super::shared::Subject;
use crate::cluster::{Config, Disk, DiskChange, DiskTemplate, Edit, Instance};
use crate::opcodes::{DiskAt, DiskOp, DiskParams, ErrorCode, NewDisk, OpError};

fn wrong(text: impl Into<String>) -> OpError {
    OpError::prereq(ErrorCode::WrongInput, text)
}

fn state(text: impl Into<String>) -> OpError {
    OpError::prereq(ErrorCode::WrongState, text)
}

/// What is to be done, step by step, and the configuration that comes of it.
pub(super) struct Plan {
    pub(super) after: Config,
    pub(super) edits: Vec<Edit>,
    /// The result: each parameter and its new value.
    pub(super) told: Vec<Value>,
}

impl Plan {
    /// One that changes nothing yet.
    pub(super) fn new(config: &Config) -> Plan {
        Plan {
            after: config.clone(),
            edits: vec![],
            told: vec![],
        }
    }

    /// One step more.
    pub(super) fn edit(&mut self, edit: Edit) -> Result<(), OpError> {
        let applied = edit.apply(&mut self.after, 0.0);
        applied.map_err(|error| OpError::prereq(ErrorCode::InternalError, error.to_string()))?;
        self.edits.push(edit);
        Ok(())
    }

    /// One line more of the result; `null` is a parameter that goes back to its default.
    pub(super) fn tell(&mut self, name: String, value: &Value) {
        let value = match value {
            Value::Null => json!("default"),
            value => value.clone(),
        };
        self.told.push(json!([name, value]));
    }

    /// The instance as it is after the steps so far.
    pub(super) fn instance(&self, subject: &Subject<'_>) -> Result<Instance, OpError> {
        let instance = self.after.instances.get(&subject.instance.uuid);
        let instance = instance.map(|instance| (**instance).clone());
        instance.ok_or_else(|| wrong(format!("instance {} is gone", subject.name())))
    }

    /// The disk that is meant, and its place.
    fn disk(&self, subject: &Subject<'_>, at: &DiskAt) -> Result<(usize, Disk), OpError> {
        let instance = self.instance(subject)?;
        let named = |disk: &Disk, name: &str| {
            disk.uuid.as_str() == name
                || disk.rest.get("name").and_then(Value::as_str) == Some(name)
        };
        let mut disks = self.after.disks_of(&instance).enumerate();
        let found = match at {
            DiskAt::Last => disks.last(),
            DiskAt::Index(index) => disks.nth(*index as usize),
            DiskAt::Named(name) => disks.find(|(_, disk)| named(disk, name)),
        };
        found
            .map(|(place, disk)| (place, (**disk).clone()))
            .ok_or_else(|| {
                wrong(format!(
                    "instance {} has no disk {at}: it has {}",
                    subject.name(),
                    instance.disks.len()
                ))
            })
    }
}

/// One step of the plan: a disk comes, goes or changes.
pub(super) fn change_disk(
    plan: &mut Plan,
    subject: &Subject<'_>,
    op: &DiskOp,
    identity: impl FnOnce() -> String,
) -> Result<(), OpError> {
    let name = subject.name();
    if subject.template() == DiskTemplate::Diskless {
        return Err(wrong(format!("instance {name} is diskless and stays so")));
    }
    let count = plan.instance(subject)?.disks.len();
    match op {
        DiskOp::Add { at, disk } => {
            if count >= MAX_DISKS {
                return Err(state(format!("instance {name} has {count} disks already")));
            }
            let at = match at {
                DiskAt::Last => count,
                DiskAt::Index(index) if *index as usize <= count => *index as usize,
                at => {
                    return Err(wrong(format!(
                        "{at} is no place for a disk: {count} is the next"
                    )));
                }
            };
            add_disk(plan, subject, at, disk, identity())
        }
        DiskOp::Remove { at } => {
            let (place, disk) = plan.disk(subject, at)?;
            if count == 1 {
                return Err(
                    state(format!("disk {place} is the last one of instance {name}"))
                        .hint(format!("gnt-instance remove {name} removes it altogether")),
                );
            }
            plan.edit(Edit::RemoveDisk {
                instance: subject.instance.uuid.clone(),
                disk: disk.uuid,
            })?;
            plan.tell(format!("disk/{place}"), &json!("remove"));
            Ok(())
        }
        DiskOp::Modify { at, change } => modify_disk(plan, subject, at, change),
    }
}

fn add_disk(
    plan: &mut Plan,
    subject: &Subject<'_>,
    at: usize,
    new: &NewDisk,
    uuid: String,
) -> Result<(), OpError> {
    check_new_disk(at, new)?;
    let home = Home {
        primary: subject.primary,
        secondary: subject.secondary.map(AsRef::as_ref),
    };
    let disk = new_disk(
        &plan.after,
        subject.name(),
        subject.template(),
        home,
        (uuid, at),
        new,
    );
    plan.edit(Edit::AddDisk {
        instance: subject.instance.uuid.clone(),
        at,
        disk: Box::new(disk),
    })?;
    let mode = new.mode.as_deref().unwrap_or("rw");
    let text = format!("add:size={},mode={mode}", new.size);
    plan.tell(format!("disk/{at}"), &json!(text));
    Ok(())
}

fn modify_disk(
    plan: &mut Plan,
    subject: &Subject<'_>,
    at: &DiskAt,
    change: &DiskParams,
) -> Result<(), OpError> {
    let (place, disk) = plan.disk(subject, at)?;
    if change.size.is_some() {
        let name = subject.name();
        return Err(wrong("the size of a disk is no parameter of it")
            .hint(format!("gnt-instance grow-disk {name} {place} AMOUNT")));
    }
    check_mode(place, change.mode.as_deref())?;
    let name = change.name.as_ref();
    let name = name.map(|name| Some(name.clone()).filter(|name| name != "none"));
    plan.edit(Edit::ChangeDisk {
        disk: disk.uuid,
        change: DiskChange {
            size: None,
            mode: change.mode.clone(),
            name,
        },
    })?;
    for (key, value) in [("mode", &change.mode), ("name", &change.name)] {
        if let Some(value) = value {
            plan.tell(format!("disk.{key}/{place}"), &json!(value));
        }
    }
    Ok(())
}
