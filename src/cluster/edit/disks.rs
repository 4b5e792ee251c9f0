//! Edits of an instance's disks.

use serde_json::{Value, json};

use super::change::DiskChange;
use super::{EditError, Touched, born, changed, instance_of, node_of};
use crate::cluster::{Config, Disk, DiskTemplate, DiskUuid, InstanceUuid, NodeUuid};

/// A new disk at this place among the others.
pub(super) fn add(
    config: &mut Config,
    uuid: &InstanceUuid,
    at: usize,
    disk: &Disk,
    now: f64,
) -> Result<Vec<Touched>, EditError> {
    let mut instance = instance_of(config, uuid)?;
    if config.disks.contains_key(&disk.uuid) {
        return Err(EditError(format!("disk {} exists", disk.uuid)));
    }
    if at > instance.disks.len() {
        let text = format!("instance {} has no place {at} for a disk", instance.name);
        return Err(EditError(text));
    }
    let mut disk = disk.clone();
    disk.stamps = born(now);
    instance.disks.insert(at, disk.uuid.clone());
    changed(&mut instance.stamps, now);
    let mut touched = vec![
        Touched::Instance(uuid.clone()),
        Touched::Disk(disk.uuid.clone()),
    ];
    config.put_disk(disk);
    config.put_instance(instance);
    touched.extend(number(config, uuid, now)?);
    Ok(touched)
}

/// A disk goes.
pub(super) fn remove(
    config: &mut Config,
    uuid: &InstanceUuid,
    disk: &DiskUuid,
    now: f64,
) -> Result<Vec<Touched>, EditError> {
    let mut instance = instance_of(config, uuid)?;
    if !instance.disks.contains(disk) {
        return Err(EditError(format!(
            "instance {} has no disk {disk}",
            instance.name
        )));
    }
    instance.disks.retain(|one| one != disk);
    changed(&mut instance.stamps, now);
    config.put_instance(instance);
    config.remove_disk(disk);
    let mut touched = vec![Touched::Instance(uuid.clone()), Touched::Disk(disk.clone())];
    touched.extend(number(config, uuid, now)?);
    Ok(touched)
}

/// Disks are called by their places.
fn number(config: &mut Config, uuid: &InstanceUuid, now: f64) -> Result<Vec<Touched>, EditError> {
    let instance = instance_of(config, uuid)?;
    let mut touched = vec![];
    for (place, disk) in instance.disks.iter().enumerate() {
        let name = format!("disk/{place}");
        let Some(old) = config.disks.get(disk).filter(|old| old.iv_name != name) else {
            continue;
        };
        let mut disk = (**old).clone();
        disk.iv_name = name;
        changed(&mut disk.stamps, now);
        touched.push(Touched::Disk(disk.uuid.clone()));
        config.put_disk(disk);
    }
    Ok(touched)
}

/// A disk has another size, mode or name.
pub(super) fn change(
    config: &mut Config,
    uuid: &DiskUuid,
    change: &DiskChange,
    now: f64,
) -> Result<Vec<Touched>, EditError> {
    let old = config.disks.get(uuid);
    let old = old.ok_or_else(|| EditError(format!("disk {uuid} is gone")))?;
    let mut new = (**old).clone();
    if let Some(size) = change.size {
        new.size = size;
        // The volume below a mirrored disk; the other one holds its metadata.
        let data = children(&mut new).next().and_then(Value::as_object_mut);
        if let Some(data) = data {
            data.insert("size".to_owned(), json!(size));
        }
    }
    if let Some(mode) = &change.mode {
        new.rest.insert("mode".to_owned(), json!(mode));
    }
    match &change.name {
        Some(Some(name)) => drop(new.rest.insert("name".to_owned(), json!(name))),
        Some(None) => drop(new.rest.remove("name")),
        None => {}
    }
    if new == **old {
        return Ok(vec![]);
    }
    changed(&mut new.stamps, now);
    config.put_disk(new);
    Ok(vec![Touched::Disk(uuid.clone())])
}

/// An instance is on other nodes, the primary first, with its disks.
pub(super) fn place(
    config: &mut Config,
    uuid: &InstanceUuid,
    nodes: &[NodeUuid],
    now: f64,
) -> Result<Vec<Touched>, EditError> {
    for node in nodes {
        node_of(config, node)?;
    }
    let Some(primary) = nodes.first() else {
        return Err(EditError("an instance is on one node at least".to_owned()));
    };
    let mut instance = instance_of(config, uuid)?;
    let mut touched = vec![];
    let disks: Vec<Disk> = (config.disks_of(&instance))
        .filter(|disk| disk.dev_type.uses_node_disk())
        .map(|disk| (**disk).clone())
        .collect();
    for mut disk in disks {
        let old = disk.clone();
        disk.nodes = nodes.to_vec();
        if disk.dev_type == DiskTemplate::Drbd {
            for (place, node) in disk.logical_id.iter_mut().take(2).zip(nodes) {
                *place = json!(node);
            }
        }
        for child in children(&mut disk).filter_map(Value::as_object_mut) {
            child.insert("nodes".to_owned(), json!(nodes));
        }
        if disk != old {
            changed(&mut disk.stamps, now);
            touched.push(Touched::Disk(disk.uuid.clone()));
            config.put_disk(disk);
        }
    }
    if instance.primary_node != *primary {
        instance.primary_node = primary.clone();
        changed(&mut instance.stamps, now);
        config.put_instance(instance);
        touched.push(Touched::Instance(uuid.clone()));
    }
    Ok(touched)
}

/// An instance has another name, and so have the directories of its files.
pub(super) fn rename(
    config: &mut Config,
    uuid: &InstanceUuid,
    name: &str,
    now: f64,
) -> Result<Vec<Touched>, EditError> {
    let mut instance = instance_of(config, uuid)?;
    match config.instance_named(name) {
        Some(other) if other.uuid == *uuid => return Ok(vec![]),
        Some(_) => return Err(EditError(format!("instance {name} exists"))),
        None => {}
    }
    let (from, to) = (format!("/{}/", instance.name), format!("/{name}/"));
    let mut touched = vec![Touched::Instance(uuid.clone())];
    let disks: Vec<Disk> = (config.disks_of(&instance))
        .map(|disk| (**disk).clone())
        .collect();
    for mut disk in disks {
        let in_file = matches!(
            disk.dev_type,
            DiskTemplate::File | DiskTemplate::SharedFile | DiskTemplate::Gluster
        );
        let path = disk.logical_id.get(1).and_then(Value::as_str);
        let Some(path) = path.filter(|path| in_file && path.contains(&from)) else {
            continue;
        };
        disk.logical_id[1] = json!(path.replacen(&from, &to, 1));
        changed(&mut disk.stamps, now);
        touched.push(Touched::Disk(disk.uuid.clone()));
        config.put_disk(disk);
    }
    instance.name = name.to_owned();
    changed(&mut instance.stamps, now);
    config.put_instance(instance);
    Ok(touched)
}

/// What a disk is made of.
fn children(disk: &mut Disk) -> impl Iterator<Item = &mut Value> {
    let children = disk.rest.get_mut("children").and_then(Value::as_array_mut);
    children.into_iter().flatten()
}
